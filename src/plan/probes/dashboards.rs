//! Dashboards: there, where people look.

use super::judgement::{Judgement, Verdict, list};
use super::look::Look;
use super::{Probe, number};

/// Names that an answer holds at most.
const NAMED: usize = 4;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "dashboards.exist",
    question: "is there a dashboard that somebody made for this platform?",
    params: &[number("min", "1")],
    judge: exist,
}];

/// Those of the account count, and a user's own that can be read; the built-in ones do not: they are there in any case.
fn exist(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.dashboards, "the dashboards")?;
    let theirs = seen.value.iter().map(|d| d.name.clone());
    let own = look
        .facts
        .own_dashboards
        .value
        .iter()
        .flat_map(|v| v.iter());
    let files = own
        .filter(|o| o.file.is_some() && o.read.is_ok())
        .map(|o| o.name.clone());
    let names: Vec<String> = theirs.chain(files).collect();
    let least = look.number("min");
    let answer = match names.len() {
        0 => "none".to_owned(),
        n => format!("{n}: {}", list(&names, NAMED)),
    };
    let ok = names.len() as f64 >= least;
    let answer = if ok {
        answer
    } else {
        format!("{answer}; wanted {least}")
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer,
        seen.at,
    ))
}
