//! The register of success metrics: which of its criteria are promises that the console measures, and which wait for others.

use super::checklist::{Checklist, CriterionStatus, RegisterStatus};
use crate::domain::slo::SloKind;

/// The probe that a promise is proved by.
const MET: &str = "slo.met";

/// Which promise a criterion is, if it is one: proved by `slo.met` and by no other system.
fn kind_of(c: &CriterionStatus) -> Option<SloKind> {
    let probes = c.probe.as_deref().filter(|_| c.future_probe.is_none())?;
    let mut calls = probes.split(", ");
    let met = calls.find(|call| call.split(' ').next() == Some(MET))?;
    let word = met
        .split(' ')
        .find_map(|word| word.strip_prefix("kind="))
        .unwrap_or(SloKind::Availability.word());
    [
        SloKind::Availability,
        SloKind::ResponseTime,
        SloKind::ErrorRate,
    ]
    .into_iter()
    .find(|k| k.word() == word)
}

/// The register that promises stand in.
fn register(list: &Checklist) -> Option<&RegisterStatus> {
    let promises = |r: &&RegisterStatus| r.criteria.iter().any(|c| kind_of(c).is_some());
    list.registers.iter().find(promises)
}

/// The criterion of a promise.
pub fn criterion(list: &Checklist, kind: SloKind) -> Option<&CriterionStatus> {
    let mut all = register(list)?.criteria.iter();
    all.find(|c| kind_of(c) == Some(kind))
}

/// Success metrics that are no promise measured here, in the plan's order.
pub fn others(list: &Checklist) -> impl Iterator<Item = &CriterionStatus> {
    let all = register(list).map_or(&[][..], |r| &r.criteria);
    all.iter().filter(|c| kind_of(c).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Facts;
    use crate::plan::{Plan, evaluate};
    use jiff::Timestamp;

    #[test]
    fn the_default_plan_promises_three_things_and_waits_for_the_rest() {
        let plan = Plan::default_plan();
        let list = evaluate(&plan, &Facts::default(), Timestamp::UNIX_EPOCH);
        let ids = [
            SloKind::Availability,
            SloKind::ResponseTime,
            SloKind::ErrorRate,
        ]
        .map(|k| criterion(&list, k).map(|c| c.id.as_str()));
        assert_eq!(ids, [Some("M.1.a"), Some("M.1.b"), Some("M.1.c")]);
        let rest: Vec<_> = others(&list).map(|c| c.id.as_str()).collect();
        assert_eq!(rest, ["M.1.d", "M.2.a", "M.2.b", "M.2.c", "M.2.d"]);
        assert_eq!(others(&Checklist::default()).count(), 0);
    }
}
