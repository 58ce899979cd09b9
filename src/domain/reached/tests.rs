//! What targets say of a service, for how long, and what load balancers say against it.

use super::*;
use crate::domain::metric::{MetricQuery, Series, Unit};
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::queries;
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, LoadBalancerBinding, Revision, Rollout, Strategy, TaskCounts,
};
use crate::domain::targets_told::{GroupTold, TargetsTold};

const BALANCER: &str = "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/p/1";

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + n).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, second(0), "x:Y", Duration::from_secs(20))
}

fn arn(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:r:1:targetgroup/{name}/1")
}

fn service(name: &str, groups: &[&str], running: u32, desired: u32) -> Arc<Service> {
    let binding = |group: &&str| LoadBalancerBinding {
        target_group_arn: arn(group),
        alternate_target_group_arn: None,
        container: "app".into(),
        port: 80,
    };
    Arc::new(Service {
        id: ServiceId {
            cluster: "prod".into(),
            name: name.into(),
        },
        arn: String::new(),
        status: "ACTIVE".into(),
        counts: TaskCounts {
            desired,
            running,
            ..TaskCounts::default()
        },
        revision: Revision::parse("api:3").unwrap(),
        launch_type: "FARGATE".into(),
        deployment: DeploymentConfig {
            strategy: Strategy::Rolling,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker::default(),
            alarms: vec![],
            alarms_rollback: false,
            bake_minutes: None,
            shift_minutes: None,
        },
        load_balancers: groups.iter().map(binding).collect(),
        rollouts: vec![],
        revisions: vec![],
        scaling: None,
        events: vec![],
        created_at: None,
    })
}

fn group(name: &str, states: &[&str]) -> TargetGroup {
    let target = |(n, state): (usize, &&str)| Target {
        id: format!("10.0.0.{n}"),
        port: 80,
        zone: "a".into(),
        state: (*state).into(),
        reason: String::new(),
    };
    TargetGroup {
        arn: arn(name),
        name: name.into(),
        load_balancers: vec![BALANCER.into()],
        protocol: None,
        health_check_path: None,
        targets: states.iter().enumerate().map(target).collect(),
    }
}

/// When groups were read well, and whether the last question failed. None of them has had a healthy target for an hour.
fn all_told(groups: &[(&str, i64, bool)]) -> Arc<TargetsTold> {
    let failed = || Problem::new(ProblemKind::Timeout, "elb", "w", "y", "f");
    let told = |(name, at, fails): &(&str, i64, bool)| {
        let told = GroupTold {
            read: second(*at),
            none_since: Some(second(-3_600)),
            failure: fails.then(failed),
        };
        (arn(name), told)
    };
    Arc::new(groups.iter().map(told).collect())
}

/// One service that runs as wanted, behind such groups, all read just now.
fn facts(groups: &[(&str, &[&str])]) -> Facts {
    let names: Vec<&str> = groups.iter().map(|g| g.0).collect();
    let mut facts = Facts {
        taken_at: second(0),
        services: part(Arc::new(vec![service("api", &names, 4, 4)])),
        target_groups: part(Arc::new(groups.iter().map(|(n, s)| group(n, s)).collect())),
        targets_told: all_told(&names.iter().map(|n| (*n, 0, false)).collect::<Vec<_>>()),
        ..Facts::default()
    };
    facts.judge_targets();
    facts
}

fn later(mut facts: Facts, minutes: i64) -> Facts {
    facts.taken_at = second(minutes * 60);
    facts.judge_targets();
    facts
}

/// How the only service is, and what is said of it.
fn told(facts: &Facts) -> (ServiceHealth, Option<String>) {
    let service = &facts.service_rows()[0];
    (facts.served(service), facts.unhealthy_words(service))
}

fn words(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn one_rule_says_which_targets_are_sick() {
    use ServiceHealth::*;
    for (states, health, said) in [
        (&["unhealthy"; 4][..], Down, words("0 of 4 targets healthy")),
        (
            &["unhealthy.draining"; 4],
            Down,
            words("0 of 4 targets healthy"),
        ),
        (
            &[
                "unhealthy",
                "unhealthy.draining",
                "unhealthy.draining",
                "unhealthy.draining",
            ],
            Down,
            words("0 of 4 targets healthy"),
        ),
        (
            &["healthy", "unhealthy.draining", "draining"],
            Degraded,
            words("1 of 2 targets healthy"),
        ),
        (&["initial", "initial"], Steady, None),
        (
            &["healthy", "draining", "unused", "unavailable"],
            Steady,
            None,
        ),
    ] {
        assert_eq!(told(&facts(&[("a", states)])), (health, said), "{states:?}");
    }
}

/// Vanished data reads as recovered: it must not.
#[test]
fn a_service_whose_targets_nobody_tells_of_any_more_is_unknown_and_neither_steady_nor_down() {
    let sick = || facts(&[("a", &["unhealthy"; 4])]);
    assert_eq!(told(&later(sick(), 10)).0, ServiceHealth::Down);
    let lost = later(sick(), 12);
    let said = words("targets not told for 12m; 0 of 4 were healthy");
    assert_eq!(told(&lost), (ServiceHealth::Unknown, said));
    let api = &lost.service_rows()[0];
    assert!(lost.is_lost(api) && lost.is_untold(&api.id));
    assert_eq!(lost.unhealthy_targets(&api.id), None);
    assert_eq!(lost.health_of(api), ServiceHealth::Unknown);
    assert_eq!(
        lost.told_by(&group("a", &["unhealthy"])).map(|s| &s.id),
        Some(&api.id),
        "one fault is told by one"
    );
    // One that was well is not known to be, but was no fault.
    let well = later(facts(&[("a", &["healthy"; 4])]), 180);
    let said = words("targets not told for 3h");
    assert_eq!(told(&well), (ServiceHealth::Unknown, said));
    assert!(!well.is_lost(&well.service_rows()[0]));
    // What its own counts say is known all the same.
    let own = |running, desired, sick: bool| {
        let mut facts = facts(&[("a", if sick { &["unhealthy"] } else { &["healthy"] })]);
        let mut service = Service::clone(&service("api", &["a"], running, desired));
        if running == 1 {
            service.rollouts = vec![Rollout {
                id: "r".into(),
                status: "PRIMARY".into(),
                revision: service.revision.clone(),
                counts: service.counts,
                rollout_state: "IN_PROGRESS".into(),
                rollout_reason: String::new(),
                created_at: None,
                updated_at: None,
            }];
        }
        facts.services = part(Arc::new(vec![Arc::new(service)]));
        told(&later(facts, 12)).0
    };
    assert_eq!(own(0, 4, true), ServiceHealth::Down);
    assert_eq!(own(3, 4, true), ServiceHealth::Degraded);
    assert_eq!(own(0, 0, true), ServiceHealth::Unserved);
    assert_eq!(own(1, 1, false), ServiceHealth::Deploying);
    assert_eq!(own(1, 1, true), ServiceHealth::Unknown, "it was down");
}

/// CodeDeploy tests the new tasks while the old ones have all the traffic.
#[test]
fn a_service_of_task_sets_is_down_where_its_primary_ones_targets_are_sick() {
    use ServiceHealth::*;
    let health = |strategy, blue: &str, green: &str| {
        let mut facts = facts(&[("blue", &[blue; 2]), ("green", &[green; 2])]);
        let mut service = Service::clone(&service("api", &["blue"], 4, 2));
        service.load_balancers[0].alternate_target_group_arn = Some(arn("green"));
        service.deployment.strategy = strategy;
        let set = |id: &str, status: &str| Rollout {
            id: id.into(),
            status: status.into(),
            revision: service.revision.clone(),
            counts: TaskCounts {
                desired: 2,
                running: 2,
                ..TaskCounts::default()
            },
            rollout_state: String::new(),
            rollout_reason: String::new(),
            created_at: None,
            updated_at: None,
        };
        service.rollouts = vec![set("2", "ACTIVE"), set("1", "PRIMARY")];
        facts.services = part(Arc::new(vec![Arc::new(service)]));
        facts.judge_targets();
        told(&facts)
    };
    let said = words("0 of 2 targets healthy");
    assert_eq!(
        health(Strategy::CodeDeploy, "unhealthy", "healthy"),
        (Down, said)
    );
    // New tasks that fail their test serve nobody yet.
    let tested = health(Strategy::CodeDeploy, "healthy", "unhealthy");
    assert_eq!(tested.0, Deploying);
    // ECS's own pair is judged together: which of the two has the traffic is not told.
    let own = health(Strategy::BlueGreen, "unhealthy", "healthy");
    assert_eq!(own.0, Deploying);
}

#[test]
fn each_group_has_an_age_of_its_own() {
    // One group of many is not told of; the part is as old as that one.
    let mut all = facts(&[("a", &["unhealthy"; 2])]);
    let mut rows = (**all.target_groups.value.as_ref().unwrap()).clone();
    rows.push(group("b", &["unhealthy"; 2]));
    all.target_groups.value = Some(Arc::new(rows));
    let services = vec![service("api", &["a"], 2, 2), service("web", &["b"], 2, 2)];
    all.services = part(Arc::new(services));
    all.targets_told = all_told(&[("a", 0, false), ("b", 12 * 60, false)]);
    let all = later(all, 12);
    let health = |n: usize| all.served(&all.service_rows()[n]);
    assert_eq!(health(0), ServiceHealth::Unknown);
    assert_eq!(health(1), ServiceHealth::Down, "it was read a moment ago");
    // Of two groups of a service one that is not told of makes the other no better.
    for (b, health) in [
        ("unhealthy", ServiceHealth::Down),
        ("healthy", ServiceHealth::Degraded),
    ] {
        let mut two = facts(&[("a", &["unhealthy"]), ("b", &[b])]);
        two.targets_told = all_told(&[("a", 12 * 60, false), ("b", 0, false)]);
        assert_eq!(told(&later(two, 12)).0, health);
    }
}

/// In a big account each waits longer for its turn, and is judged all the same; but not where it was asked about and did not answer, nor
/// where nobody was told of any more.
#[test]
fn what_failed_since_it_was_told_is_believed_for_ten_minutes_however_many_groups_there_are() {
    let health = |minutes: i64, failed: bool, another: i64| {
        let mut big = facts(&[("a", &["healthy"; 2])]);
        big.target_groups.period = Duration::from_secs(20 * 60);
        big.targets_told = all_told(&[("a", 0, failed), ("z", another * 60, false)]);
        told(&later(big, minutes)).0
    };
    assert_eq!(health(29, false, 29), ServiceHealth::Steady);
    assert_eq!(health(31, false, 31), ServiceHealth::Unknown);
    assert_eq!(health(9, true, 9), ServiceHealth::Steady);
    assert_eq!(health(11, true, 11), ServiceHealth::Unknown);
    assert_eq!(health(9, false, 0), ServiceHealth::Steady);
    assert_eq!(health(11, false, 0), ServiceHealth::Unknown);
}

/// What the load balancer of the only group counted in each minute of the hour up to now, by metric and minute (-60 to -1).
fn counted(mut facts: Facts, told: impl Fn(&str, i64) -> Option<f64>) -> Facts {
    let of = group("a", &[]);
    let all = queries::golden_signals(&of);
    let all = all.into_iter().chain(queries::proof(&of));
    let series = all.map(|query| {
        let point = |n: i64| Some((second(60 * n), told(&query.metric.name, n)?));
        let series = Series {
            query: query.clone(),
            points: (-60..0).filter_map(point).collect(),
            label: String::new(),
            unit: Unit::None,
            partial: false,
        };
        (query, Arc::new(series))
    });
    let series: BTreeMap<MetricQuery, Arc<Series>> = series.collect();
    facts.series = part(Arc::new(series));
    facts.judge_targets();
    facts
}

const ANSWERED: &str = queries::SUCCEEDED[0];
const HEALTHY: &str = "HealthyHostCount";

/// 500 requests a minute, nearly all answered well.
fn well(metric: &str, _: i64) -> Option<f64> {
    match metric {
        queries::REQUESTS => Some(500.0),
        ANSWERED => Some(485.0),
        queries::REJECTED => Some(15.0),
        _ => None,
    }
}

fn sick() -> Facts {
    facts(&[("a", &["unhealthy"; 4])])
}

/// The health of a service without a healthy target, where one metric is another one than where all is answered well.
fn unlike(metric: &'static str, value: impl Fn(i64) -> Option<f64>) -> ServiceHealth {
    let told_of = |name: &str, n| match name == metric {
        true => value(n),
        false => well(name, n),
    };
    told(&counted(sick(), told_of)).0
}

/// A load balancer without a healthy target sends to all of them: whether that serves is told by what it counts alone.
#[test]
fn where_requests_are_answered_well_no_healthy_target_is_no_outage() {
    use ServiceHealth::*;
    let all = counted(sick(), well);
    assert_eq!(told(&all), (Degraded, words(OPEN)));
    let api = &all.service_rows()[0];
    assert!(all.fails_open(&api.id));
    assert_eq!(all.health_of(api), Degraded);
    assert!(all.told_by(&group("a", &["unhealthy"])).is_some());
    // Errors of targets or of the balancer itself: some in a hundred, or all of the last minute.
    for metric in [queries::FAILED, queries::REFUSED] {
        assert_eq!(unlike(metric, |_| Some(20.0)), Degraded, "{metric}");
        assert_eq!(unlike(metric, |_| Some(30.0)), Down, "{metric}");
        let lately = |n| (n == -1).then_some(500.0);
        assert_eq!(unlike(metric, lately), Down, "{metric}");
    }
    // Who gives up before a target answers is counted as none of these.
    assert_eq!(unlike(ANSWERED, |_| None), Down, "it hangs");
    assert_eq!(unlike(ANSWERED, |_| Some(465.0)), Degraded);
    assert_eq!(unlike(ANSWERED, |_| Some(440.0)), Down);
    // What is refused is answered, and no proof.
    let refused = |metric: &str, _| match metric {
        ANSWERED => Some(200.0),
        queries::REJECTED => Some(300.0),
        other => well(other, 0),
    };
    assert_eq!(told(&counted(sick(), refused)).0, Down);
    let led_on = |metric: &str, _| match metric {
        ANSWERED => None,
        m if m == queries::SUCCEEDED[1] => Some(485.0),
        other => well(other, 0),
    };
    assert_eq!(told(&counted(sick(), led_on)).0, Degraded);
    // Of no requests nothing follows.
    assert_eq!(unlike(queries::REQUESTS, |_| Some(0.0)), Down);
    assert_eq!(unlike(queries::REQUESTS, |_| None), Down);
    // Nobody counts now, or not all, or not there.
    assert_eq!(told(&sick()).0, Down, "nothing is known");
    assert_eq!(told(&later(all.clone(), 5)).0, Down, "that was before");
    let but = |change: fn(&mut Facts)| {
        let mut facts = all.clone();
        change(&mut facts);
        facts.judge_targets();
        told(&facts).0
    };
    assert_eq!(but(|_| ()), Degraded);
    let in_part = |facts: &mut Facts| {
        let all = Arc::make_mut(facts.series.value.as_mut().unwrap());
        all.values_mut()
            .for_each(|s| Arc::make_mut(s).partial = true);
    };
    assert_eq!(but(in_part), Down);
    let of_two = |facts: &mut Facts| {
        let groups = Arc::make_mut(facts.target_groups.value.as_mut().unwrap());
        groups[0].load_balancers.push("arn:other".into());
    };
    assert_eq!(but(of_two), Down);
    let unread = |facts: &mut Facts| {
        let problem = Problem::new(ProblemKind::Timeout, "cloudwatch", "w", "y", "f");
        facts.series.error = Some(problem);
    };
    assert_eq!(but(unread), Down);
}

/// Every outage has minutes before it in which all was answered well.
#[test]
fn only_whole_minutes_without_a_healthy_target_prove_that_it_answers_all_the_same() {
    use ServiceHealth::*;
    let since = |second_of: i64, healthy: Option<f64>| {
        let mut facts = sick();
        let told_now = GroupTold {
            read: second(0),
            none_since: Some(second(second_of)),
            failure: None,
        };
        facts.targets_told = Arc::new([(arn("a"), told_now)].into_iter().collect());
        let told_of = |name: &str, n| match name {
            HEALTHY => healthy,
            other => well(other, n),
        };
        told(&counted(facts, told_of)).0
    };
    assert_eq!(since(0, None), Down, "just now");
    assert_eq!(since(-59, None), Down, "not for a whole minute");
    assert_eq!(since(-60, None), Degraded);
    // Whoever has only begun to look is told by the load balancer since when.
    assert_eq!(since(0, Some(0.0)), Degraded);
    assert_eq!(since(0, Some(1.0)), Down);
}

/// A request every five minutes is answered well, or is not: it is not the one now and the other then.
#[test]
fn requests_that_come_seldom_may_stay_away_as_long_as_they_use_to() {
    use ServiceHealth::*;
    let after = |every: i64, seconds: i64| {
        let told_of = |name: &str, n: i64| well(name, n).filter(|_| n % every == 0 && n <= -5);
        let mut facts = counted(sick(), told_of);
        facts.taken_at = second(seconds);
        facts.series.observed_at = Some(facts.taken_at);
        facts.judge_targets();
        told(&facts).0
    };
    for seconds in [0, 60, 120, 180, 240] {
        assert_eq!(after(5, seconds), Degraded, "{seconds}");
    }
    assert_eq!(after(5, 300), Down, "one did not come");
    assert_eq!(after(1, 0), Degraded);
    assert_eq!(after(1, 60), Down, "of the many none comes any more");
}
