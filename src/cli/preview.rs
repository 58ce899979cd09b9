//! How a preview is written: what would happen, from what, with which calls, and what speaks against it.

use serde_json::{Value, json};

use super::out::Out;
use super::paint::Role;
use crate::domain::action::{Confirm, DiffMark, Preview};
use crate::domain::problem::Problem;
use crate::domain::text::{inert, width};

/// Writes a preview for people.
pub fn print(p: &Preview, out: &mut Out) -> Result<(), Problem> {
    let place = format!("  environment {}", inert(&p.environment));
    out.pieces(&[(Role::Strong, &inert(&p.title)), (Role::Plain, &place)])?;
    let widest = p
        .facts
        .iter()
        .map(|(name, _)| width(&inert(name)))
        .max()
        .unwrap_or(0);
    for (name, value) in &p.facts {
        let name = inert(name);
        let pad = " ".repeat(widest - width(&name).min(widest));
        out.pieces(&[
            (Role::Dim, &format!("  {name}{pad}  ")),
            (Role::Plain, &inert(value)),
        ])?;
    }
    for line in &p.diff {
        let (role, mark) = match line.mark {
            DiffMark::Same => (Role::Dim, ' '),
            DiffMark::Removed => (Role::Bad, '-'),
            DiffMark::Added => (Role::Ok, '+'),
        };
        out.painted(role, &format!("  {mark} {}", inert(&line.text)))?;
    }
    for call in &p.calls {
        out.pieces(&[(Role::Dim, "  calls    "), (Role::Plain, &inert(call))])?;
    }
    for warning in &p.warnings {
        out.pieces(&[(Role::Warn, "  warning  "), (Role::Plain, &inert(warning))])?;
    }
    for refusal in &p.refusals {
        out.pieces(&[(Role::Bad, "  refused  "), (Role::Plain, &inert(refusal))])?;
    }
    out.flush()
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
