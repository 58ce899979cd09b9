//! The past of a fleet is told when somebody asks for it: of a thousand services with a day behind them, a console draws a few dozen
//! for three hours. What it says depends on time alone, so that it is the same whoever asks first, and for how much.

use std::collections::{BTreeMap, BTreeSet};

use super::{BY_MINUTE_S, Telemetry, traffic};
use crate::wire::Node;
use crate::world::{Key, World};

/// How far back each service's past was told, in seconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Recalled(BTreeMap<Key, f64>);

impl Telemetry {
    /// Tells the past of the services that a question to CloudWatch names, as far back as it asks.
    pub fn recall(&mut self, question: &Node, world: &World) {
        if !tells_late(world) {
            return;
        }
        let start = question.get("StartTime").as_time();
        let from = start.map_or(self.oldest, |at| at.max(self.oldest));
        for key in Named::by(question).keys(world) {
            self.recall_service(&key, from, world);
        }
    }

    fn recall_service(&mut self, key: &Key, from: f64, world: &World) {
        let begun = world.begun();
        let mut at = self.recalled.0.get(key).copied().unwrap_or(begun);
        while at > from {
            let span = if at > begun - BY_MINUTE_S {
                60.0
            } else {
                300.0
            };
            at -= span;
            traffic::service(self, world, key, at, span, true);
        }
        self.recalled.0.insert(key.clone(), at);
    }
}

/// Whether a world's past is told no sooner than it is asked for.
pub(super) fn tells_late(world: &World) -> bool {
    world.load_balancers.is_empty()
}

/// The services that a question names.
#[derive(Debug, PartialEq)]
enum Named<'a> {
    These(BTreeSet<&'a str>),
    /// A search may find any.
    Any,
}

impl<'a> Named<'a> {
    fn by(question: &'a Node) -> Self {
        let mut names = BTreeSet::new();
        if collect(question, &mut names) {
            return Self::Any;
        }
        Self::These(names)
    }

    fn keys(&self, world: &World) -> Vec<Key> {
        match self {
            Self::Any => world.services.keys().cloned().collect(),
            Self::These(names) => {
                let of = |cluster: &String| {
                    let cluster = cluster.clone();
                    let key = move |name: &&str| (cluster.clone(), (*name).to_owned());
                    names.iter().map(key)
                };
                let keys = world.clusters.iter().flat_map(of);
                keys.filter(|key| world.services.contains_key(key))
                    .collect()
            }
        }
    }
}

/// Gathers the values of the dimension `ServiceName`, up to a search: whether there is one.
fn collect<'a>(node: &'a Node, names: &mut BTreeSet<&'a str>) -> bool {
    match node {
        Node::List(items) => items.iter().any(|n| collect(n, names)),
        Node::Map(members) => {
            if node.get("Name").as_str() == Some("ServiceName") {
                names.extend(node.get("Value").as_text());
            }
            let found = node.get("Expression").as_str();
            let searches = found.is_some_and(|text| text.contains("SEARCH"));
            searches || members.iter().any(|(_, n)| collect(n, names))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{list, map};
    use crate::world::story::{self, Scale};

    const NOW: f64 = 1_800_000_000.0;

    fn question(service: &str, start: f64) -> Node {
        let dims = [("ClusterName", "fleet"), ("ServiceName", service)].map(|(name, value)| {
            map([("Name", name), ("Value", value)].map(|(k, v)| (k, v.into())))
        });
        let metric = map([
            ("Namespace", "AWS/ECS".into()),
            ("MetricName", "CPUUtilization".into()),
            ("Dimensions", list(dims)),
        ]);
        let stat: Node = map([
            ("Metric", metric),
            ("Period", 60.into()),
            ("Stat", "Average".into()),
        ]);
        let query: Node = map([("Id", "q".into()), ("MetricStat", stat)]);
        map([
            ("MetricDataQueries", list([query])),
            ("StartTime", Node::Time(start)),
            ("EndTime", Node::Time(NOW)),
        ])
    }

    fn fleet() -> (World, Telemetry) {
        let mut world = World::new(7, 1.0, NOW);
        let scale = Scale {
            services: 40,
            tasks_per_service: 1,
        };
        story::fleet(&mut world, scale);
        let mut telemetry = Telemetry::new(&world, 7);
        telemetry.begin(&world);
        (world, telemetry)
    }

    fn answer(t: &mut Telemetry, world: &World, question: &Node) -> Node {
        t.recall(question, world);
        let (metrics, alarms) = (&mut t.metrics, &mut t.alarms);
        crate::cloudwatch::handle("GetMetricData", question, metrics, alarms, NOW).unwrap()
    }

    /// Two hours asked for at once, or an hour and then two: the same answer, and of no other service anything is told.
    #[test]
    fn a_past_is_the_same_however_it_is_asked_for_and_only_what_is_asked_is_told() {
        let asked = question("svc-0003", NOW - 7_200.0);
        let (world, mut at_once) = fleet();
        let before = at_once.metrics.bucket_count();
        let whole = answer(&mut at_once, &world, &asked);
        assert_eq!(at_once.metrics.bucket_count() - before, 3 * 120);
        let (world, mut in_two) = fleet();
        answer(&mut in_two, &world, &question("svc-0003", NOW - 3_600.0));
        let again = answer(&mut in_two, &world, &asked);
        assert_eq!(whole, again);
        let result = &whole.get("MetricDataResults").as_list()[0];
        assert_eq!(result.get("Values").as_list().len(), 120);
    }

    #[test]
    fn a_search_may_be_about_any_service() {
        let search: Node = map([("Expression", "SEARCH('{AWS/ECS}', 'Average')".into())]);
        let asked = map([("MetricDataQueries", list([search]))]);
        assert_eq!(Named::by(&asked), Named::Any);
        let (world, _) = fleet();
        assert_eq!(Named::by(&asked).keys(&world).len(), 40);
        let named = question("svc-0003", NOW);
        assert_eq!(Named::by(&named).keys(&world).len(), 1);
    }
}
