//! Whether what a view is made of was answered anew: who keeps a line about a view makes it again then, and not each time that anything
//! else is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::View;
use crate::domain::estate::Answered;
use crate::domain::facts::Facts;
use crate::domain::part::Part;

/// What the parts of a view were like: another one after any of them was answered, or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u64);

/// When a part was answered, and whether it failed since.
fn answered<T>(part: &Part<T>) -> Answered {
    (part.observed_at, part.error.is_some())
}

/// The same of a part that is asked every few seconds and keeps its value where nothing changed: the value itself says whether it did.
fn kept<T>(part: &Part<Arc<T>>) -> (usize, bool) {
    let value = part.value.as_ref().map(Arc::as_ptr);
    (value.map_or(0, |p| p.addr()), part.error.is_some())
}

impl View {
    /// What it is made of, as it is now.
    pub fn stamp(&self, facts: &Facts) -> Stamp {
        let mut hasher = DefaultHasher::new();
        for need in self.needs {
            hash(need, facts, &mut hasher);
        }
        Stamp(hasher.finish())
    }
}

/// Adds what a need is like, by the name that it has in [`View::needs`].
fn hash(need: &str, facts: &Facts, into: &mut DefaultHasher) {
    match need {
        "identity" => answered(&facts.identity).hash(into),
        "services" => {
            let unread = facts.services_unread.as_ref().map(|all| all.len());
            (kept(&facts.services), unread).hash(into);
            facts.clusters.value.as_ref().map(Vec::len).hash(into);
        }
        "definitions" => kept(&facts.task_definitions).hash(into),
        "deployments" => kept(&facts.deployments).hash(into),
        "targets" => kept(&facts.target_groups).hash(into),
        "alarms" => kept(&facts.alarms).hash(into),
        "measures" => {
            (kept(&facts.series), answered(&facts.slos)).hash(into);
            answered(&facts.trends).hash(into);
        }
        "outside" => {
            facts.https.values().for_each(|p| answered(p).hash(into));
            facts.tls.values().for_each(|p| answered(p).hash(into));
            facts.dns.values().for_each(|p| answered(p).hash(into));
            facts.guards.values().for_each(|p| answered(p).hash(into));
        }
        "records" => {
            let newest = facts.signoffs.value.iter().flatten().map(|s| s.at).max();
            (newest, facts.signoffs.error.is_some()).hash(into);
            Arc::as_ptr(&facts.drills).addr().hash(into);
        }
        part => facts.estate.answered(part).hash(into),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::present::VIEWS;

    #[test]
    fn a_stamp_is_another_one_after_a_part_of_the_view_was_answered_or_failed_and_after_no_other() {
        let (caches, buckets) = (View::named("caches"), View::named("buckets"));
        let stamps = |facts: &Facts| [caches, buckets].map(|v| v.unwrap().stamp(facts));
        let mut facts = Facts::default();
        let before = stamps(&facts);
        assert_eq!(before, stamps(&facts.clone()));
        let at = Timestamp::from_second(1_000).unwrap();
        let minute = Duration::from_secs(60);
        facts.estate.buckets = Part::answered(Arc::default(), at, "s3:ListBuckets", minute);
        let after = stamps(&facts);
        assert_eq!(
            (before[0] == after[0], before[1] == after[1]),
            (true, false)
        );
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
                let known = WATCHED.contains(need) || estate.answered(need).is_some();
                assert!(known, "{view:?} needs {need}");
            }
        }
    }
}
