//! How a preview is written: what would happen, from what, with which calls, and what speaks against it.

use serde_json::{Value, json};

use super::out::Out;
use super::paint::Role;
use crate::domain::action::{Confirm, DiffLine, DiffMark, Preview};
use crate::domain::problem::Problem;
use crate::domain::text::{inert, width};

/// Lines of a diff that are written where a preview is told in short.
const SHORT: usize = 6;

/// Writes a preview for people.
pub fn print(p: &Preview, out: &mut Out) -> Result<(), Problem> {
    title(p, out)?;
    facts(p.facts.iter(), out)?;
    diff(p.diff.iter(), out)?;
    calls(p, out)?;
    for warning in &p.warnings {
        out.pieces(&[(Role::Warn, "  warning  "), (Role::Plain, &inert(warning))])?;
    }
    for refusal in &p.refusals {
        out.pieces(&[(Role::Bad, "  refused  "), (Role::Plain, &inert(refusal))])?;
    }
    out.flush()
}

/// Writes in short what is about to be done, where nobody is asked: what changes, and what is called for it.
pub fn brief(p: &Preview, out: &mut Out) -> Result<(), Problem> {
    title(p, out)?;
    let leads = |f: &&(String, String)| Preview::LEADS.contains(&f.0.as_str());
    facts(p.facts.iter().filter(leads), out)?;
    let changes = || p.diff.iter().filter(|l| l.mark != DiffMark::Same);
    diff(changes().take(SHORT), out)?;
    if let more @ 1.. = changes().count().saturating_sub(SHORT) {
        let text = format!("    … {more} more lines change; --preview shows them");
        out.painted(Role::Dim, &text)?;
    }
    calls(p, out)?;
    out.flush()
}

fn title(p: &Preview, out: &mut Out) -> Result<(), Problem> {
    let place = p.own_environment();
    let place = place.map_or_else(String::new, |e| format!("  environment {}", inert(e)));
    out.pieces(&[(Role::Strong, &inert(&p.title)), (Role::Plain, &place)])
}

fn facts<'f>(
    facts: impl Iterator<Item = &'f (String, String)> + Clone,
    out: &mut Out,
) -> Result<(), Problem> {
    let widths = facts.clone().map(|(name, _)| width(&inert(name)));
    let widest = widths.max().unwrap_or(0);
    for (name, value) in facts {
        let name = inert(name);
        let pad = " ".repeat(widest - width(&name).min(widest));
        out.pieces(&[
            (Role::Dim, &format!("  {name}{pad}  ")),
            (Role::Plain, &inert(value)),
        ])?;
    }
    Ok(())
}

fn diff<'d>(lines: impl Iterator<Item = &'d DiffLine>, out: &mut Out) -> Result<(), Problem> {
    for line in lines {
        let (role, mark) = match line.mark {
            DiffMark::Same => (Role::Dim, ' '),
            DiffMark::Removed => (Role::Bad, '-'),
            DiffMark::Added => (Role::Ok, '+'),
        };
        out.painted(role, &format!("  {mark} {}", inert(&line.text)))?;
    }
    Ok(())
}

fn calls(p: &Preview, out: &mut Out) -> Result<(), Problem> {
    for call in &p.calls {
        out.pieces(&[(Role::Dim, "  calls    "), (Role::Plain, &inert(call))])?;
    }
    Ok(())
}

/// A preview as a member of a JSON object.
pub fn object(p: &Preview) -> Value {
    let pairs = |list: &[(String, String)]| -> Vec<Value> {
        list.iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect()
    };
    json!({
        "action": p.intent.verb(),
        "subject": p.intent.subject(),
        "title": p.title,
        "environment": p.environment,
        "facts": pairs(&p.facts),
        "diff": p.diff,
        "warnings": p.warnings,
        "refusals": p.refusals,
        "calls": p.calls,
        "inputs": pairs(&p.inputs),
        "fingerprint": p.fingerprint,
        "confirm": match &p.confirm {
            Confirm::Key => json!({"level": "key", "word": null}),
            Confirm::Type(word) => json!({"level": "type", "word": word}),
        },
        "at": p.at,
    })
}
