//! Whether what a view is made of was answered anew: who keeps a line about a view makes it again then, and not each time that anything
//! else is.

use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Weak};

use jiff::Timestamp;

use super::View;
use crate::domain::facts::Facts;
use crate::domain::part::{Freshness, Part};

/// What the parts of a view were like: another one after any of them was answered, failed, or became too old to be believed.
#[derive(Clone, Debug)]
pub struct Stamp {
    of: u64,
    /// What it knows by its address, which is not used for another value while this is kept.
    held: Vec<Weak<dyn Any + Send + Sync>>,
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        let mut pairs = self.held.iter().zip(&other.held);
        let are_same = self.held.len() == other.held.len();
        self.of == other.of && are_same && pairs.all(|(a, b)| Weak::ptr_eq(a, b))
    }
}

impl Eq for Stamp {}

/// A stamp in the making.
#[derive(Default)]
struct Stamping {
    hasher: DefaultHasher,
    held: Vec<Weak<dyn Any + Send + Sync>>,
}

impl Stamping {
    fn add(&mut self, what: impl Hash) {
        what.hash(&mut self.hasher);
    }

    /// Adds a value by its address.
    fn hold<T: Any + Send + Sync>(&mut self, value: &Arc<T>) {
        let held: Weak<T> = Arc::downgrade(value);
        self.held.push(held);
    }

    /// Adds a part that is asked every few seconds and keeps its value where nothing changed: the value itself says whether it did.
    fn kept<T: Any + Send + Sync>(&mut self, part: &Part<Arc<T>>, now: Timestamp) {
        self.add((part.value.is_some(), part.freshness(now)));
        part.value.iter().for_each(|value| self.hold(value));
    }
}

/// When a part was answered, and how far it can be trusted.
fn answered<T>(part: &Part<T>, now: Timestamp) -> (Option<Timestamp>, Freshness) {
    (part.observed_at, part.freshness(now))
}

impl View {
    /// What it is made of, as it is at `now` (UTC).
    pub fn stamp(&self, facts: &Facts, now: Timestamp) -> Stamp {
        let mut all = Stamping::default();
        for need in self.needs {
            add(need, facts, now, &mut all);
        }
        Stamp {
            of: all.hasher.finish(),
            held: all.held,
        }
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
fn add(need: &str, facts: &Facts, now: Timestamp, into: &mut Stamping) {
    match need {
        "identity" => into.add(answered(&facts.identity, now)),
        "services" => {
            into.kept(&facts.services, now);
            into.add(facts.services_unread.as_ref().map(|all| all.len()));
            into.add(facts.clusters.value.as_ref().map(Vec::len));
        }
        "definitions" => into.kept(&facts.task_definitions, now),
        "deployments" => into.kept(&facts.deployments, now),
        "targets" => into.kept(&facts.target_groups, now),
        "alarms" => into.kept(&facts.alarms, now),
        "measures" => {
            into.kept(&facts.series, now);
            into.add(answered(&facts.slos, now));
            into.add(answered(&facts.trends, now));
        }
        "outside" => {
            let https = facts.https.values().map(|p| answered(p, now));
            let tls = facts.tls.values().map(|p| answered(p, now));
            let dns = facts.dns.values().map(|p| answered(p, now));
            let guards = facts.guards.values().map(|p| answered(p, now));
            https
                .chain(tls)
                .chain(dns)
                .chain(guards)
                .for_each(|p| into.add(p));
        }
        "records" => {
            let newest = facts.signoffs.value.iter().flatten().map(|s| s.at).max();
            into.add((newest, facts.signoffs.error.is_some()));
            into.hold(&facts.drills);
        }
        part => into.add(facts.estate.answered(part, now)),
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

    /// The address of a value that is gone may be the next one's but one, and the line about it would stay.
    #[test]
    fn a_value_is_another_one_though_nothing_else_of_it_is() {
        let targets = View::named("targets").unwrap();
        let at = Timestamp::from_second(1_000).unwrap();
        let mut facts = Facts::default();
        let part = |n: u8| {
            let group = crate::domain::target::TargetGroup {
                arn: n.to_string(),
                name: String::new(),
                load_balancers: Vec::new(),
                protocol: None,
                health_check_path: None,
                targets: Vec::new(),
            };
            Part::answered(Arc::new(vec![group]), at, "elb:x", Duration::from_secs(60))
        };
        facts.target_groups = part(0);
        let first = targets.stamp(&facts, at);
        assert_eq!(first, targets.stamp(&facts, at));
        for n in 1..100 {
            facts.target_groups = Part::default();
            facts.target_groups = part(n);
            assert_ne!(first, targets.stamp(&facts, at), "{n}");
        }
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
