//! Secrets Manager: secrets rotate, or were renewed lately.

use super::judgement::{Findings, Verdict};
use super::look::{Look, span, within};
use super::{Probe, number};

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "secretsmanager.rotation",
    question: "does every secret rotate, or was it renewed lately?",
    params: &[number("days", "180")],
    judge: rotation,
}];

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
