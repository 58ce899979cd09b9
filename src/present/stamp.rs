//! Whether what a view is made of was answered anew: who keeps a line about a view makes it again then, and not each time that anything
//! else is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;

use super::View;
use crate::domain::facts::Facts;
use crate::domain::part::{Freshness, Part};

/// What the parts of a view were like: another one after any of them was answered, failed, or became too old to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u64);

/// When a part was answered, and how far it can be trusted.
fn answered<T>(part: &Part<T>, now: Timestamp) -> (Option<Timestamp>, Freshness) {
    (part.observed_at, part.freshness(now))
}

/// The same of a part that is asked every few seconds and keeps its value where nothing changed: the value itself says whether it did.
fn kept<T>(part: &Part<Arc<T>>, now: Timestamp) -> (usize, Freshness) {
    let value = part.value.as_ref().map(Arc::as_ptr);
    (value.map_or(0, |p| p.addr()), part.freshness(now))
}

impl View {
    /// What it is made of, as it is at `now` (UTC).
    pub fn stamp(&self, facts: &Facts, now: Timestamp) -> Stamp {
        let mut hasher = DefaultHasher::new();
        for need in self.needs {
            hash(need, facts, now, &mut hasher);
        }
        Stamp(hasher.finish())
    }
}

/// When a need was last answered, by the name that it has in [`View::needs`]; `None` for one that is put together of many.
pub fn observed(need: &str, facts: &Facts) -> Option<Timestamp> {
    match need {
        "identity" => facts.identity.observed_at,
        "services" => facts.services.observed_at,
        "definitions" => facts.task_definitions.observed_at,
        "deployments" => facts.deployments.observed_at,
        "targets" => facts.target_groups.observed_at,
        "alarms" => facts.alarms.observed_at,
        "measures" => facts.series.observed_at,
        "outside" | "records" => None,
        part => facts.estate.answered(part, facts.taken_at)?.0,
    }
}

/// Adds what a need is like, by the name that it has in [`View::needs`].
fn hash(need: &str, facts: &Facts, now: Timestamp, into: &mut DefaultHasher) {
    match need {
        "identity" => answered(&facts.identity, now).hash(into),
        "services" => {
            let unread = facts.services_unread.as_ref().map(|all| all.len());
            (kept(&facts.services, now), unread).hash(into);
            facts.clusters.value.as_ref().map(Vec::len).hash(into);
        }
        "definitions" => kept(&facts.task_definitions, now).hash(into),
        "deployments" => kept(&facts.deployments, now).hash(into),
        "targets" => kept(&facts.target_groups, now).hash(into),
        "alarms" => kept(&facts.alarms, now).hash(into),
        "measures" => {
            (kept(&facts.series, now), answered(&facts.slos, now)).hash(into);
            answered(&facts.trends, now).hash(into);
        }
        "outside" => {
            facts
                .https
                .values()
                .for_each(|p| answered(p, now).hash(into));
            facts.tls.values().for_each(|p| answered(p, now).hash(into));
            facts.dns.values().for_each(|p| answered(p, now).hash(into));
            facts
                .guards
                .values()
                .for_each(|p| answered(p, now).hash(into));
        }
        "records" => {
            let newest = facts.signoffs.value.iter().flatten().map(|s| s.at).max();
            (newest, facts.signoffs.error.is_some()).hash(into);
            Arc::as_ptr(&facts.drills).addr().hash(into);
        }
        part => facts.estate.answered(part, now).hash(into),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::present::VIEWS;

    #[test]
    fn a_stamp_is_another_one_after_a_part_of_the_view_was_answered_or_failed_and_after_no_other() {
        let (caches, buckets) = (View::named("caches"), View::named("buckets"));
        let at = Timestamp::from_second(1_000).unwrap();
        let stamps = |facts: &Facts| [caches, buckets].map(|v| v.unwrap().stamp(facts, at));
        let mut facts = Facts::default();
        let before = stamps(&facts);
        assert_eq!(before, stamps(&facts.clone()));
        let minute = Duration::from_secs(60);
        facts.estate.buckets = Part::answered(Arc::default(), at, "s3:ListBuckets", minute);
        let after = stamps(&facts);
        assert_eq!(
            (before[0] == after[0], before[1] == after[1]),
            (true, false)
        );
        let later = Timestamp::from_second(2_000).unwrap();
        let old = buckets.unwrap().stamp(&facts, later);
        assert_ne!(old, after[1], "what is too old to be believed is another");
        assert_eq!(observed("buckets", &facts), Some(at));
    }

    /// A need that no stamp knows would leave a line standing.
    #[test]
    fn every_need_of_a_view_is_known() {
        const WATCHED: [&str; 9] = [
            "identity",
            "services",
            "definitions",
            "deployments",
            "targets",
            "alarms",
            "measures",
            "outside",
            "records",
        ];
        let estate = Facts::default().estate;
        for view in VIEWS {
            for need in view.needs {
                let known = WATCHED.contains(need)
                    || estate.answered(need, Timestamp::UNIX_EPOCH).is_some();
                assert!(known, "{view:?} needs {need}");
            }
        }
    }
}
