//! Promises to users, as measured.

use super::judgement::{Judgement, Verdict};
use super::look::{Look, span};
use super::{Param, ParamKind, Probe};
use crate::domain::slo::{Slo, SloKind};

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "slo.met",
    question: "is the promise kept over the window measured?",
    params: &[Param {
        name: "kind",
        default: "availability",
        kind: ParamKind::OneOf(&["availability", "response", "errors"]),
    }],
    judge: met,
}];

fn met(look: &Look<'_>) -> Verdict {
    let word = look.call.value("kind");
    let seen = look.fresh(&look.facts.slos, "the promises")?;
    let slo = seen.value.iter().find(|s| s.kind.word() == word);
    let Some((slo, current, ok)) = slo.and_then(|s| Some((s, s.current?, s.is_met()?))) else {
        return Err(Judgement::unknown(format!("{word}: no data yet")));
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        words(slo, current),
        seen.at,
    ))
}

fn words(slo: &Slo, current: f64) -> String {
    let window = span(std::time::Duration::from_secs(slo.window_s));
    let (value, target) = match slo.kind {
        SloKind::ResponseTime => (format!("{current:.0} ms"), format!("{} ms", slo.target)),
        SloKind::Availability | SloKind::ErrorRate => {
            (format!("{current:.3} %"), format!("{} %", slo.target))
        }
    };
    format!("{} {value} of {target} over {window}", slo.kind.word())
}
