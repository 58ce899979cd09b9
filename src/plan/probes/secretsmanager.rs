//! Secrets Manager: secrets rotate, or were renewed lately.

use super::judgement::{Findings, Verdict, list};
use super::look::{Look, span, within};
use super::{Probe, number};
use crate::domain::secret::named_by;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "secretsmanager.referenced",
        question: "does every secret that a service names exist?",
        params: &[],
        judge: referenced,
    },
    Probe {
        name: "secretsmanager.rotation",
        question: "does every secret rotate, or was it renewed lately?",
        params: &[number("days", "180")],
        judge: rotation,
    },
];

fn referenced(look: &Look<'_>) -> Verdict {
    let definitions = look.definitions()?;
    let seen = look.fresh(&look.facts.estate.secrets, "the secrets")?;
    let mut found = Findings::new("service", look.question(seen.source), seen.at);
    for (service, definition) in definitions.rows {
        let name = &service.id.name;
        let Some(d) = definition else {
            found.unknown(name, format!("{} not read yet", service.revision));
            continue;
        };
        let references = || d.containers.iter().flat_map(|c| &c.secrets);
        let missing: Vec<String> = references()
            .filter(|(_, from)| named_by(from).is_some() && !seen.value.iter().any(|s| s.is(from)))
            .map(|(variable, from)| {
                format!("{variable} from {}", named_by(from).unwrap_or_default())
            })
            .collect();
        match missing.is_empty() {
            true => found.good(name, &format!("{} named", references().count())),
            false => found.bad(name, format!("no such secret: {}", list(&missing, 3))),
        }
    }
    Ok(found.verdict())
}

fn rotation(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.secrets, "the secrets")?;
    let days = look.number("days");
    let mut found = Findings::new("secret", look.question(seen.source), seen.at);
    for s in seen.value.iter() {
        let fresh = s.fresh_at();
        let age = fresh.map(|at| look.now.duration_since(at));
        let age = age
            .and_then(|d| std::time::Duration::try_from(d).ok())
            .map(span);
        let age = age.unwrap_or_else(|| "at a time unknown".into());
        let lately = fresh.is_some_and(|at| within(at, look.now, days));
        match (s.rotates, lately) {
            (true, _) => found.good(&s.name, "rotates"),
            (false, true) => found.good(&s.name, &format!("renewed {age} ago")),
            (false, false) => found.bad(&s.name, format!("never rotates, last renewed {age} ago")),
        }
    }
    Ok(found.verdict())
}
