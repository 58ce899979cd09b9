//! What targets say of a service, for how long, and what load balancers say against it.

use super::*;
use crate::domain::counts::Bucket;
use crate::domain::metric::{MetricQuery, Series, Stat, Unit};
use crate::domain::part::Part;
use crate::domain::queries;
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, LoadBalancerBinding, Revision, Rollout, Strategy, TaskCounts,
};
use crate::domain::slo::{Counted, Slo, SloKind};

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

/// One service that runs as wanted, behind such groups, all read just now.
fn facts(groups: &[(&str, &[&str])]) -> Facts {
    let names: Vec<&str> = groups.iter().map(|g| g.0).collect();
    let mut facts = Facts {
        taken_at: second(0),
        services: part(Arc::new(vec![service("api", &names, 4, 4)])),
        target_groups: part(Arc::new(groups.iter().map(|(n, s)| group(n, s)).collect())),
        targets_read: Arc::new(names.iter().map(|n| (arn(n), second(0))).collect()),
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

#[test]
fn each_group_has_an_age_of_its_own() {
    let read = |facts: &mut Facts, name: &str, at: i64| {
        Arc::make_mut(&mut facts.targets_read).insert(arn(name), second(at));
    };
    // One group of many is not told of; the part is as old as that one.
    let mut all = facts(&[("a", &["unhealthy"; 2])]);
    let mut rows = (**all.target_groups.value.as_ref().unwrap()).clone();
    rows.push(group("b", &["unhealthy"; 2]));
    all.target_groups.value = Some(Arc::new(rows));
    let services = vec![service("api", &["a"], 2, 2), service("web", &["b"], 2, 2)];
    all.services = part(Arc::new(services));
    read(&mut all, "b", 12 * 60);
    let all = later(all, 12);
    let health = |n: usize| all.served(&all.service_rows()[n]);
    assert_eq!(health(0), ServiceHealth::Unknown);
    assert_eq!(health(1), ServiceHealth::Down, "it was read a moment ago");
    // In a big account each waits longer for its turn, and is judged all the same.
    let mut big = facts(&[("a", &["unhealthy"; 2])]);
    big.target_groups.period = Duration::from_secs(20 * 60);
    assert_eq!(told(&later(big.clone(), 39)).0, ServiceHealth::Down);
    assert_eq!(told(&later(big, 41)).0, ServiceHealth::Unknown);
    // Of two groups of a service one that is not told of makes the other no better.
    for (b, health) in [
        ("unhealthy", ServiceHealth::Down),
        ("healthy", ServiceHealth::Degraded),
    ] {
        let mut two = facts(&[("a", &["unhealthy"]), ("b", &[b])]);
        read(&mut two, "a", 12 * 60);
        assert_eq!(told(&later(two, 12)).0, health);
    }
}

/// A minute of a load balancer that the promises are measured at, and of a group: requests, and of the balancer failures.
fn counted(mut facts: Facts, groups: &[(&str, f64)], failures: &[f64]) -> Facts {
    let minute = |n: usize| second(-300 + 60 * n as i64);
    let minutes: Vec<Bucket> = failures
        .iter()
        .enumerate()
        .map(|(n, failures)| Bucket {
            at: minute(n),
            requests: 1_000.0,
            failures: *failures,
            timed: 1_000.0,
            seconds: 50.0,
        })
        .collect();
    facts.slos = part(vec![Slo {
        kind: SloKind::ErrorRate,
        target: 0.1,
        current: Some(0.0),
        budget_left_percent: None,
        budget: None,
        burns: Vec::new(),
        window_s: 0,
        wanted_s: 0,
        silent_since: None,
        recent: Arc::default(),
        history: Arc::default(),
        remaining: Arc::default(),
        counted: Arc::new(Counted {
            minutes: minutes.into(),
            ..Counted::default()
        }),
        queries: queries::promise(SloKind::ErrorRate, "app/p/1").into(),
    }]);
    let series = groups.iter().map(|(name, n)| {
        let query = queries::target_group(&group(name, &[]), "RequestCount", Stat::Sum).unwrap();
        let points = (0..failures.len()).map(|at| (minute(at), *n));
        let series = Series {
            query: query.clone(),
            points: points.collect(),
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

/// A load balancer without a healthy target sends to all of them: whether that serves is told by what it counts alone.
#[test]
fn where_requests_are_answered_well_no_healthy_target_is_no_outage() {
    use ServiceHealth::*;
    let sick = || facts(&[("a", &["unhealthy"; 4])]);
    let well = counted(sick(), &[("a", 500.0)], &[0.0; 4]);
    assert_eq!(told(&well), (Degraded, words(OPEN)));
    let api = &well.service_rows()[0];
    assert!(well.fails_open(&api.id));
    assert_eq!(well.health_of(api), Degraded);
    assert!(well.told_by(&group("a", &["unhealthy"])).is_some());
    // Errors of targets or of the balancer itself: some in a hundred, or all of the last minute.
    let told_of = |groups: &[(&str, f64)], failures: &[f64]| {
        let facts = counted(sick(), groups, failures);
        told(&facts).0
    };
    assert_eq!(told_of(&[("a", 500.0)], &[20.0; 4]), Degraded);
    assert_eq!(told_of(&[("a", 500.0)], &[30.0; 4]), Down);
    assert_eq!(told_of(&[("a", 500.0)], &[0.0, 0.0, 0.0, 500.0]), Down);
    // Of requests that come to others nothing follows, nor of none.
    assert_eq!(told_of(&[("b", 500.0)], &[0.0; 4]), Down);
    assert_eq!(told_of(&[("a", 0.0)], &[0.0; 4]), Down);
    // Nobody counts now, or not all, or not there.
    assert_eq!(told(&sick()).0, Down, "nothing is known");
    let old = counted(sick(), &[("a", 500.0)], &[0.0; 4]);
    assert_eq!(told(&later(old, 5)).0, Down, "that was before");
    let unlike = |change: fn(&mut Facts)| {
        let mut facts = counted(sick(), &[("a", 500.0)], &[0.0; 4]);
        change(&mut facts);
        facts.judge_targets();
        told(&facts).0
    };
    assert_eq!(unlike(|_| ()), Degraded);
    let missing = |facts: &mut Facts| {
        let slo = &mut facts.slos.value.as_mut().unwrap()[0];
        Arc::make_mut(&mut slo.counted).missing = Some("20 of 21".into());
    };
    assert_eq!(unlike(missing), Down);
    let another = |facts: &mut Facts| {
        let slo = &mut facts.slos.value.as_mut().unwrap()[0];
        slo.queries = queries::promise(SloKind::ErrorRate, "app/other/1").into();
    };
    assert_eq!(unlike(another), Down);
    let unread = |facts: &mut Facts| {
        facts.series.error = Some(crate::domain::problem::Problem::new(
            crate::domain::problem::ProblemKind::Timeout,
            "cloudwatch",
            "w",
            "y",
            "f",
        ));
    };
    assert_eq!(unlike(unread), Down);
}
