//! What the platform tells of itself: metrics that follow from load and health, alarms on them, and logs.

mod alarms;
mod boards;
mod chatter;
mod month;
pub mod noise;
mod recall;
pub mod traffic;
mod visitors;

pub use noise::{
    cache_connections, cache_hit_percent, cache_memory_percent, database_connections,
    database_used, load, replica_lag,
};
pub use traffic::strain;

use std::collections::BTreeSet;

use super::cloudwatch::{AlarmStore, DashboardStore, MetricStore};
use super::logs::LogStore;
use super::world::{Key, World, names, rollout};

/// The stores, and how far they were filled.
#[derive(Debug)]
pub struct Telemetry {
    /// Metrics.
    pub metrics: MetricStore,
    /// Those of the second region: what is measured of copies is published where they are.
    pub metrics_abroad: MetricStore,
    /// Alarms.
    pub alarms: AlarmStore,
    /// Dashboards.
    pub dashboards: DashboardStore,
    /// Logs.
    pub logs: LogStore,
    /// Wall-clock time up to which metrics were recorded.
    recorded: f64,
    /// Wall-clock time back to which the past was told.
    told_from: f64,
    /// How far back the past is to be told.
    oldest: f64,
    said: f64,
    /// How far the past of a fleet's services was told.
    recalled: recall::Recalled,
    noise: fastrand::Rng,
}

/// Seconds of the past that are told before the first question can come; the rest is told while time goes on.
const AT_ONCE_S: f64 = 3_600.0;
/// Seconds of the past that are told in all.
const PAST_S: f64 = 26.0 * 3_600.0;
/// Seconds before the story that are told minute by minute; what lies before comes in points of five minutes. Charts of three hours are
/// asked for by the minute, and their first one may have begun before.
const BY_MINUTE_S: f64 = 3.25 * 3_600.0;
/// Seconds at its beginning that are told in minutes.
const FIRST_S: f64 = 600.0;
/// Seconds of the past that one step tells.
const STEP_BACK_S: f64 = 2.0 * 3_600.0;
/// Story seconds after a period until alarms see its data.
const LATE_S: f64 = 30.0;
/// Seconds of past log lines.
const LOG_PAST_S: f64 = 900.0;

/// The beginning of the minute that a time lies in.
fn whole_minute(at: f64) -> f64 {
    (at / 60.0).floor() * 60.0
}

impl Telemetry {
    /// Empty stores for a world that begins now.
    pub fn new(world: &World, seed: u64) -> Self {
        let now = world.stamp();
        // At speed, a story minute is shorter than a minute: so are the buckets, that alarms can judge by them.
        let width = if world.speed > 1.0 {
            (60.0 / world.speed).ceil().clamp(1.0, 60.0) as u32
        } else {
            60
        };
        Self {
            metrics: MetricStore::with_bucket_seconds(width),
            metrics_abroad: MetricStore::with_bucket_seconds(width),
            alarms: AlarmStore::new(names::REGION, names::ACCOUNT)
                .late_by((LATE_S / world.speed).ceil() as i64),
            dashboards: DashboardStore::new(names::ACCOUNT),
            logs: LogStore::new(names::REGION, names::ACCOUNT),
            recorded: now,
            told_from: now,
            oldest: whole_minute(now - PAST_S),
            said: now - LOG_PAST_S,
            recalled: recall::Recalled::default(),
            noise: fastrand::Rng::with_seed(seed ^ 0x7e1e),
        }
    }

    /// Tells the recent past and defines alarms and log groups.
    pub fn begin(&mut self, world: &World) {
        alarms::define(&mut self.alarms, world);
        boards::pin(&mut self.dashboards, world);
        chatter::groups(&mut self.logs, world);
        month::tell(self, world, self.oldest);
        if recall::tells_late(world) {
            self.told_from = self.oldest;
            traffic::record(self, world, world.stamp(), 0.0, false);
        }
        self.tell_back(world, AT_ONCE_S);
        self.judge_past(world);
        self.step(world);
    }

    /// Tells so much more of the past, minute by minute as the clock has them: the minute in which the story begins is told up to then,
    /// and what follows fills the rest of it.
    fn tell_back(&mut self, world: &World, seconds: f64) {
        let until = self.told_from;
        let from = whole_minute(until - seconds).max(self.oldest);
        let recent = world.begun() - BY_MINUTE_S;
        // The further past is told in five-minute points.
        let apart = |at: f64| if at >= recent { 60.0 } else { 300.0 };
        let mut at = from;
        while at < until {
            let span: f64 = apart(at);
            traffic::record(self, world, at, span.min(until - at), true);
            at += span;
        }
        self.told_from = from;
    }

    /// What the alarms say follows from the past: since when, and what became of them before. It is judged before the first question
    /// can come, so that whoever asks reads the same, however early; of the hours between, which bring no change, nothing is
    /// needed but their beginning, told in minutes as the alarms count.
    fn judge_past(&mut self, world: &World) {
        let mut past = self.alarms.unjudged(self.oldest, world.begun());
        if past.alarm_count() == 0 {
            return;
        }
        let first = (self.oldest + FIRST_S).min(self.told_from);
        let mut at = self.oldest;
        while at < first {
            traffic::record(self, world, at, 60.0, true);
            at += 60.0;
        }
        past.evaluate_past(&self.metrics, self.oldest, first);
        // An alarm looks some periods back: further than what is told, it would find nothing there.
        past.evaluate_past(&self.metrics, self.told_from + FIRST_S, world.begun());
        self.alarms.take_past(past);
        self.oldest = first;
    }

    /// Records what happened since the last step, judges the alarms, and says what the services say.
    pub fn step(&mut self, world: &World) {
        let now = world.stamp();
        let least = (5.0 / world.speed).clamp(0.25, 5.0);
        if now - self.recorded >= least {
            let span = (now - self.recorded).min(60.0);
            traffic::record(self, world, now - span / 2.0, span, false);
            self.recorded = now;
        }
        self.alarms.evaluate(&self.metrics, now as i64, world.speed);
        if self.told_from > self.oldest {
            self.tell_back(world, STEP_BACK_S);
        }
        self.said = chatter::speak(&mut self.logs, world, &mut self.noise, self.said, now);
    }

    /// Turns deployments back whose alarms fire. One that fired before the deployment began does not count (Amazon ECS
    /// developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures"), or no repair could be deployed.
    pub fn guard(&self, world: &mut World) {
        let open = world.deployments.iter().filter(|d| d.is_open());
        let keys: BTreeSet<Key> = open.map(|d| d.key.clone()).collect();
        for key in keys {
            let watched = world
                .services
                .get(&key)
                .map(|s| s.settings.alarms.clone())
                .unwrap_or_default();
            let open = world
                .deployments
                .iter_mut()
                .rev()
                .find(|d| d.key == key && d.is_open() && d.rollback.is_none());
            let Some(d) = open else { continue };
            let firing: Vec<String> = watched
                .into_iter()
                .filter(|a| {
                    self.alarms
                        .in_alarm_since(a)
                        .is_some_and(|t| t > d.created_at)
                })
                .collect();
            if !firing.is_empty() {
                d.fired.clone_from(&firing);
                rollout::fail(
                    world,
                    &key,
                    "deployment failed: alarm detected.",
                    &format!(
                        "Service deployment rolled back because alarm(s) {} entered the ALARM state.",
                        firing.join(", ")
                    ),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::State;
    use crate::wire::{Node, list, map};
    use crate::world::service::Strategy;
    use crate::world::story;

    /// Minutes of the hour of the datapoints that a reason names, newest first.
    fn minutes(reason: &str) -> Vec<i64> {
        let stamps = reason.split('(').filter_map(|part| part.split_once(')'));
        stamps
            .filter_map(|(at, _)| at.get(12..14)?.parse().ok())
            .collect()
    }

    /// What an alarm says does not depend on how much of the past was told when somebody asks: it is as old as its series has it, and
    /// the datapoints that it names lie as far apart as its periods.
    #[test]
    fn what_the_alarms_say_is_the_same_at_the_first_question_and_when_all_is_told() {
        let now = 1_800_000_000.0;
        let mut world = World::new(7, 1.0, now);
        story::tell(&mut world);
        let mut telemetry = Telemetry::new(&world, 7);
        telemetry.begin(&world);
        let early = telemetry.alarms.told();
        while telemetry.told_from > telemetry.oldest {
            telemetry.step(&world);
        }
        assert_eq!(early, telemetry.alarms.told());
        let mut pairs = 0;
        for (name, state, since, reason) in early {
            let ago = now - since;
            match state {
                State::Alarm => assert!((2_200.0..2_520.0).contains(&ago), "{name}: {ago}"),
                State::Ok => assert!(ago > 90_000.0, "{name}: {ago}"),
                State::InsufficientData => {}
            }
            let points = minutes(&reason);
            for (new, old) in points.iter().zip(points.iter().skip(1)) {
                assert_eq!((new - old).rem_euclid(60), 1, "{name}: {reason}");
                pairs += 1;
            }
        }
        assert!(pairs >= 2, "{pairs} pairs of datapoints");
        let firing = "laser-prod-db-connections";
        assert_eq!(telemetry.alarms.state(firing), Some(State::Alarm));
    }

    /// Its load balancer and target group, as dimensions of metrics.
    fn api(world: &World) -> (String, String) {
        let service = &world.services[&("laser-prod".to_owned(), "api".to_owned())];
        let group = &world.target_groups[service.target_group.as_ref().unwrap()];
        let id = &world.load_balancers[&group.load_balancer];
        let balancer = format!("app/{}/{id}", group.load_balancer);
        (balancer, format!("targetgroup/{}/{}", group.name, group.id))
    }

    /// Requests that the load balancer counted, a sum a minute.
    fn sums(telemetry: &mut Telemetry, world: &World, span: (f64, f64)) -> Vec<f64> {
        let balancer = api(world).0;
        let of = ("AWS/ApplicationELB", "RequestCount");
        counted(telemetry, world, of, &[("LoadBalancer", &balancer)], span)
    }

    /// What was counted, a sum a minute.
    fn counted(
        telemetry: &mut Telemetry,
        world: &World,
        (namespace, name): (&str, &str),
        dimensions: &[(&str, &str)],
        (from, until): (f64, f64),
    ) -> Vec<f64> {
        let dimension = |(name, value): &(&str, &str)| -> Node {
            map([("Name", *name), ("Value", *value)].map(|(k, v)| (k, v.into())))
        };
        let metric = map([
            ("Namespace", namespace.into()),
            ("MetricName", name.into()),
            ("Dimensions", list(dimensions.iter().map(dimension))),
        ]);
        let stat = map([
            ("Metric", metric),
            ("Period", 60.into()),
            ("Stat", "Sum".into()),
        ]);
        let question = map([
            (
                "MetricDataQueries",
                list([map([("Id", "q".into()), ("MetricStat", stat)])]),
            ),
            ("StartTime", Node::Time(from)),
            ("EndTime", Node::Time(until)),
            ("ScanBy", "TimestampAscending".into()),
        ]);
        let (metrics, alarms) = (&mut telemetry.metrics, &mut telemetry.alarms);
        let answer =
            crate::cloudwatch::handle("GetMetricData", &question, metrics, alarms, world.stamp())
                .unwrap();
        let values = answer.get("MetricDataResults").as_list()[0].get("Values");
        values.as_list().iter().filter_map(Node::as_f64).collect()
    }

    /// A console looks every few seconds, and what happens once in ten of them happens all the same.
    #[test]
    fn what_happens_seldom_goes_on_happening() {
        let start = 1_800_000_000.0;
        let mut world = World::new(7, 1.0, start);
        story::tell(&mut world);
        let mut telemetry = Telemetry::new(&world, 7);
        telemetry.begin(&world);
        for second in 1..=900 {
            world.step(start + f64::from(second));
            telemetry.step(&world);
        }
        let mut mean = |from: f64, until: f64| {
            let of = ("Laser/Business", "Conversions");
            let all = counted(&mut telemetry, &world, of, &[], (from, until));
            all.iter().sum::<f64>() / (until - from) * 60.0
        };
        let (before, since) = (mean(start - 900.0, start), mean(start, start + 900.0));
        assert!(
            before > 1.0 && (since / before - 1.0).abs() < 0.3,
            "{before} {since}"
        );
    }

    #[test]
    fn without_a_target_the_balancer_answers_by_itself() {
        let start = 1_800_000_000.0;
        let mut world = World::new(7, 1.0, start);
        story::tell(&mut world);
        let mut telemetry = Telemetry::new(&world, 7);
        telemetry.begin(&world);
        let key = ("laser-prod".to_owned(), "api".to_owned());
        world.services.get_mut(&key).unwrap().desired = 0;
        for second in 1..=600 {
            world.step(start + f64::from(second));
            telemetry.step(&world);
        }
        assert_eq!(world.tasks_of(&key).filter(|t| t.is_running()).count(), 0);
        let (balancer, group) = api(&world);
        let alone = [("LoadBalancer", balancer.as_str())];
        let both = [alone[0], ("TargetGroup", group.as_str())];
        let mut of = |name: &str, dims: &[(&str, &str)], from: f64, until: f64| {
            let of = ("AWS/ApplicationELB", name);
            let all = counted(
                &mut telemetry,
                &world,
                of,
                dims,
                (start + from, start + until),
            );
            all.iter().sum::<f64>()
        };
        let name = "HTTPCode_Target_2XX_Count";
        let served = of(name, &both, -300.0, 0.0);
        assert!(served > 1_000.0, "{served}");
        for name in [name, "RequestCount", "HTTPCode_Target_5XX_Count"] {
            assert_eq!(of(name, &both, 300.0, 600.0), 0.0, "{name}");
        }
        let dims = [("ClusterName", "laser-prod"), ("ServiceName", "api")];
        let used = ("AWS/ECS", "CPUUtilization");
        let span = |from: f64| (start + from, start + from + 300.0);
        assert!(!counted(&mut telemetry, &world, used, &dims, span(-300.0)).is_empty());
        // Tasks that are not there use nothing, not even none.
        let gone = counted(&mut telemetry, &world, used, &dims, span(300.0));
        assert!(gone.is_empty(), "{gone:?}");
        let mut of = |name: &str, dims: &[(&str, &str)], from: f64, until: f64| {
            let of = ("AWS/ApplicationELB", name);
            let span = (start + from, start + until);
            let all = counted(&mut telemetry, &world, of, dims, span);
            all.iter().sum::<f64>()
        };
        assert_eq!(of("HTTPCode_ELB_5XX_Count", &alone, -300.0, 0.0), 0.0);
        let refused = of("HTTPCode_ELB_5XX_Count", &alone, 300.0, 600.0);
        assert!(
            (refused / served - 1.0).abs() < 0.3,
            "{refused} of {served}"
        );
    }

    /// Nobody turns it back but its own checks: the deployment watches no alarm here.
    #[test]
    fn a_bad_image_fires_the_alarm_and_burns_the_budget_and_both_recover() {
        let start = 1_800_000_000.0;
        let mut world = World::new(7, 1.0, start);
        story::tell(&mut world);
        let mut telemetry = Telemetry::new(&world, 7);
        telemetry.begin(&world);
        let key = ("laser-prod".to_owned(), "api".to_owned());
        let is_bad = |n: &u32| {
            let known = world.definition("laser-prod-api", *n);
            known.is_some_and(|d| d.image.contains("bad"))
        };
        let bad = (1..10).find(is_bad).unwrap();
        let settings = &mut world.services.get_mut(&key).unwrap().settings;
        settings.strategy = Strategy::Rolling;
        settings.alarms.clear();
        let begun = start + 600.0;
        let (mut fired, mut recovered, mut end) = (None, None, start);
        for step in 1..=2_400_u32 {
            end = start + f64::from(step) * 2.0;
            if step == 300 {
                rollout::begin(&mut world, &key, bad);
            }
            world.step(end);
            telemetry.step(&world);
            telemetry.guard(&mut world);
            let state = telemetry.alarms.state("laser-prod-api-5xx");
            let moves = world
                .deployments
                .iter()
                .any(|d| d.key == key && d.is_open());
            match (state, fired, recovered) {
                (Some(State::Alarm), None, _) => fired = Some(end),
                (Some(State::Ok), Some(_), None) if !moves => recovered = Some(end),
                (_, _, Some(at)) if end >= at + 600.0 => break,
                _ => {}
            }
        }
        let fired = fired.expect("the alarm fires");
        assert!(fired > begun, "{fired}");
        let recovered = recovered.expect("the alarm recovers");
        let went_back = world
            .deployments
            .iter()
            .any(|d| d.key == key && d.created_at > start && d.status == "ROLLBACK_SUCCESSFUL");
        assert!(went_back, "{:?}", world.deployments.last());
        let state = telemetry.alarms.state("laser-prod-api-5xx");
        assert_eq!(state, Some(State::Ok), "ten minutes later");
        // How many times faster than 99.9 % of good answers allow errors come.
        let (balancer, group) = api(&world);
        let dimensions = [
            ("LoadBalancer", balancer.as_str()),
            ("TargetGroup", group.as_str()),
        ];
        let mut burn = |from: f64, until: f64| {
            let mut sum = |metric| {
                let of = ("AWS/ApplicationELB", metric);
                let all = counted(&mut telemetry, &world, of, &dimensions, (from, until));
                all.iter().sum::<f64>()
            };
            sum("HTTPCode_Target_5XX_Count") / sum("RequestCount") / 0.001
        };
        let (before, during) = (burn(start, begun), burn(begun, recovered));
        let after = burn(recovered, end);
        assert!(before < 1.0 && during > 1.0, "{before} {during}");
        assert!(after < 1.0, "{after}");
    }

    /// The sum of requests in each minute around the one in which the story begins: none of them is short of traffic.
    #[test]
    fn the_minute_of_the_start_has_all_of_its_traffic() {
        let minute = 1_800_000_000.0;
        let start = minute + 48.0;
        let mut world = World::new(7, 1.0, start);
        story::tell(&mut world);
        let mut telemetry = Telemetry::new(&world, 7);
        telemetry.begin(&world);
        for second in 1..=140 {
            world.step(start + f64::from(second));
            telemetry.step(&world);
        }
        let sums = sums(&mut telemetry, &world, (minute - 300.0, minute + 120.0));
        assert_eq!(sums.len(), 7, "{sums:?}");
        let mean = sums.iter().sum::<f64>() / 7.0;
        let near = |sum: &f64| (sum / mean - 1.0).abs() < 0.25;
        assert!(sums.iter().all(near), "{sums:?}");
    }

    /// The first minute of a chart of three hours is one minute, too, though it lies a little before them.
    #[test]
    fn every_minute_of_three_hours_is_one() {
        let start = 1_800_000_048.0;
        let mut world = World::new(7, 1.0, start);
        story::tell(&mut world);
        let mut telemetry = Telemetry::new(&world, 7);
        telemetry.begin(&world);
        while telemetry.told_from > telemetry.oldest {
            telemetry.step(&world);
        }
        let end = 1_800_000_000.0;
        let sums = sums(&mut telemetry, &world, (end - 3.1 * 3_600.0, end));
        assert_eq!(sums.len(), 186, "{sums:?}");
        let pairs = sums.iter().zip(sums.iter().skip(1));
        for (a, b) in pairs {
            assert!((a / b - 1.0).abs() < 0.5, "{a} {b}: {sums:?}");
        }
    }
}
