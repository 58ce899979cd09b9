//! The graph by hand and from facts.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
use crate::domain::cloudflare::Zone;
use crate::domain::database::{Database, Databases};
use crate::domain::facts::ProviderHealth;
use crate::domain::metric::{MetricId, MetricQuery, Stat};
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::sentry::{Errors, Project};
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, LoadBalancerBinding, Revision, Service, ServiceId, Strategy,
    TaskCounts,
};
use crate::domain::target::{Target, TargetGroup};
use crate::domain::vercel::Hosting;

/// Every step of the plan, with the tones that are given; the others are well.
fn nodes(tones: &[(&str, Tone)]) -> Vec<Node> {
    let tone = |id: &str| tones.iter().find(|t| t.0 == id).map_or(Tone::Ok, |t| t.1);
    STEPS
        .iter()
        .map(|s| Node {
            id: s.id,
            short: s.short,
            title: s.title,
            tone: tone(s.id),
            state: word(tone(s.id)),
            says: format!("{} speaks", s.short),
            asked_by: s.asked_by,
            beside: s.asked_by.is_none() && s.id != "browser",
            observed_at: Some(Timestamp::UNIX_EPOCH),
            ..Node::default()
        })
        .collect()
}

fn ids<'a>(nodes: impl Iterator<Item = &'a Node>) -> Vec<&'static str> {
    nodes.map(|n| n.id).collect()
}

fn reached(graph: &Graph) -> Vec<&'static str> {
    ids(graph.nodes.iter().filter(|n| !n.reached_by.is_empty()))
}

fn faulty(graph: &Graph) -> Vec<&'static str> {
    let edges = graph.edges.iter().filter(|e| e.fault);
    edges.map(|e| e.to).collect()
}

#[test]
fn a_fault_in_the_database_reaches_services_balancer_edge_and_browser_and_nothing_else() {
    let graph = Graph::of(nodes(&[("postgres", Tone::Bad)]));
    assert_eq!(ids(graph.starts()), ["postgres"]);
    assert_eq!(
        graph.node("postgres").unwrap().reaches,
        ["ecs", "balancer", "cloudflare", "browser"]
    );
    assert_eq!(
        reached(&graph),
        ["browser", "cloudflare", "balancer", "ecs"]
    );
    assert_eq!(
        faulty(&graph),
        ["cloudflare", "balancer", "ecs", "postgres"]
    );
    let headline = graph.headline();
    assert_eq!(headline.len(), 1, "{headline:?}");
    assert_eq!(
        headline[0].text,
        "starts at PostgreSQL: PostgreSQL speaks; reaches ECS, ALB, Cloudflare, browser"
    );
    assert_eq!(headline[0].tone, Tone::Bad);
    assert_eq!(graph.node("ecs").unwrap().sign().1, "REACHED");
}

#[test]
fn a_fault_in_the_hosting_does_not_reach_the_services() {
    let graph = Graph::of(nodes(&[("vercel", Tone::Bad)]));
    assert_eq!(reached(&graph), ["browser", "cloudflare"]);
    assert_eq!(faulty(&graph), ["cloudflare", "vercel"]);
    assert!(graph.nodes.iter().all(|n| n.id != "ecs" || !n.suffers()));
}

#[test]
fn what_is_bad_because_of_something_deeper_starts_nothing() {
    // The services between them look well: the fault is still the store's.
    let graph = Graph::of(nodes(&[("balancer", Tone::Bad), ("redis", Tone::Bad)]));
    assert_eq!(ids(graph.starts()), ["redis"]);
    assert_eq!(graph.node("balancer").unwrap().reached_by, ["redis"]);
    assert_eq!(graph.node("balancer").unwrap().sign().1, "BAD");
    let graph = Graph::of(nodes(&[("vercel", Tone::Bad), ("redis", Tone::Bad)]));
    assert_eq!(ids(graph.starts()), ["vercel", "redis"]);
    assert_eq!(
        graph.node("browser").unwrap().reached_by,
        ["vercel", "redis"]
    );
}

#[test]
fn unknown_is_neither_a_fault_nor_well() {
    let graph = Graph::of(nodes(&[("postgres", Tone::Unknown)]));
    assert!(graph.starts().next().is_none() && faulty(&graph).is_empty());
    assert_eq!(graph.node("postgres").unwrap().sign().1, "unknown");
    let headline = graph.headline();
    assert_eq!(headline.len(), 1);
    assert_eq!(
        headline[0].text,
        "not known: PostgreSQL (PostgreSQL speaks)"
    );
    assert_ne!(headline[0].tone, Tone::Ok);
    // One cause that silences all is said once, and not as if somebody still might answer.
    let mut silent = nodes(&[]);
    for n in &mut silent {
        n.tone = Tone::Unknown;
        n.says = "no region is set".into();
        n.error = Some(n.says.clone());
        n.observed_at = None;
    }
    let text = Graph::of(silent).headline().remove(0).text;
    assert!(
        text.starts_with("not known: browser, Cloudflare, "),
        "{text}"
    );
    assert!(text.ends_with(", Slack (no region is set)"), "{text}");
}

#[test]
fn a_warning_reaches_nobody_and_what_stands_beside_the_path_starts_nothing() {
    let graph = Graph::of(nodes(&[("postgres", Tone::Warn), ("sentry", Tone::Bad)]));
    assert!(graph.starts().next().is_none() && reached(&graph).is_empty());
    let lines: Vec<_> = graph.headline().into_iter().map(|c| c.text).collect();
    assert_eq!(
        lines,
        [
            "beside the path: Sentry (Sentry speaks)",
            "also PostgreSQL (PostgreSQL speaks)"
        ]
    );
}

#[test]
fn where_nothing_is_ill_all_is_well() {
    let graph = Graph::of(nodes(&[]));
    let headline = graph.headline();
    assert_eq!(headline.len(), 1);
    assert_eq!(headline[0].tone, Tone::Ok);
    assert!(headline[0].text.starts_with("all is well: each of the 8"));
    assert!(Graph::of(Vec::new()).headline()[0].text == "asking ...");
}

#[test]
fn branches_are_heavy_along_the_fault() {
    let graph = Graph::of(nodes(&[("redis", Tone::Bad)]));
    let twigs = [
        "cloudflare",
        "vercel",
        "balancer",
        "ecs",
        "postgres",
        "redis",
        "s3",
        "slack",
    ]
    .map(|id| graph.twig(id));
    assert_eq!(
        twigs,
        [
            "┗━ ",
            "   ┠─ ",
            "   ┗━ ",
            "      ┗━ ",
            "         ┠─ ",
            "         ┡━ ",
            "         └─ ",
            "· "
        ]
    );
}

#[test]
fn measures_are_short_and_a_few_failures_are_not_none() {
    let m = |latency_ms, errors_percent| Measure {
        latency_ms,
        errors_percent,
        ..Measure::default()
    };
    for (measure, latency, errors) in [
        (m(Some(0.94), Some(0.0)), Some("0.9 ms"), Some("0 %")),
        (m(Some(143.4), Some(0.001)), Some("143 ms"), Some("<0.01 %")),
        (m(Some(12_000.0), Some(2.345)), Some("12 s"), Some("2.35 %")),
        (m(Some(f64::NAN), Some(100.0)), None, Some("100 %")),
        (m(None, None), None, None),
    ] {
        assert_eq!(measure.latency().as_deref(), latency);
        assert_eq!(measure.errors().as_deref(), errors);
        for text in [measure.latency(), measure.errors()].into_iter().flatten() {
            assert!(text.chars().count() <= 7, "{text}");
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, now(), "test", Duration::from_secs(60))
}

fn line(name: &str) -> ProviderHealth {
    ProviderHealth {
        name: name.into(),
        last_ok: None,
        problem: None,
        next_try: None,
        calls_per_minute: 0,
        metered: None,
        latency_ms: None,
        clock_s: None,
        configured: true,
    }
}

fn with_database(status: &str) -> Facts {
    let mut facts = Facts {
        providers: vec![line("rds")],
        alarms: part(Arc::default()),
        ..Facts::default()
    };
    facts.estate.databases = part(Arc::new(Databases {
        instances: vec![Database {
            id: "db\u{1b}[2J".into(),
            status: status.into(),
            multi_az: true,
            ..Database::default()
        }],
        ..Databases::default()
    }));
    facts
}

#[test]
fn what_is_not_configured_is_absent_and_its_askers_are_joined() {
    let graph = graph(&with_database("available"), now());
    assert_eq!(
        ids(graph.nodes.iter()),
        ["browser", "balancer", "ecs", "postgres"]
    );
    assert_eq!(graph.node("balancer").unwrap().asked_by, Some("browser"));
    // No databases are unwise in this way and that; no request suffers.
    assert_eq!(graph.node("postgres").unwrap().tone, Tone::Ok);
}

#[test]
fn a_failed_database_starts_a_fault_and_a_failed_question_only_is_unknown() {
    let mut facts = with_database("storage-full");
    let map = graph(&facts, now());
    assert_eq!(ids(map.starts()), ["postgres"]);
    let says = &map.node("postgres").unwrap().says;
    assert_eq!(says, "db\\e[2J: storage-full");
    // The API goes silent: the last answer may not be believed, and is neither good nor a fault.
    facts.estate.databases.error = Some(Problem::new(
        ProblemKind::Throttled,
        "rds",
        "Databases cannot be read",
        "Rate exceeded",
        "wait",
    ));
    let map = graph(&facts, now());
    let node = map.node("postgres").unwrap();
    assert_eq!(
        (node.state, node.says.as_str()),
        ("unknown", "Rate exceeded")
    );
    assert_eq!(node.error.as_deref(), Some("Rate exceeded"));
    assert!(map.starts().next().is_none());
    // So does age alone.
    let later = now() + jiff::SignedDuration::from_mins(10);
    let map = graph(&with_database("available"), later);
    assert_eq!(map.node("postgres").unwrap().state, "unknown");
}

#[test]
fn a_database_that_answers_nobody_is_a_fault_unless_it_is_another_environments() {
    let mut facts = with_database("stopped");
    facts.environment = "production".into();
    let map = graph(&facts, now());
    assert_eq!(ids(map.starts()), ["postgres"]);
    let mut elsewhere = with_database("stopped");
    elsewhere.environment = "production".into();
    let mut databases = (**elsewhere.estate.databases.value.as_ref().unwrap()).clone();
    databases.instances[0].environment = Some("staging".into());
    elsewhere.estate.databases = part(Arc::new(databases));
    let map = graph(&elsewhere, now());
    assert_eq!(map.node("postgres").unwrap().tone, Tone::Ok);
    let backing_up = graph(&with_database("backing-up"), now());
    assert_eq!(backing_up.node("postgres").unwrap().state, "moving");
}

#[test]
fn an_alarm_speaks_for_the_step_whose_metric_it_watches() {
    let alarm = |name: &str, namespace: &str, metric: &str, severity| {
        Arc::new(Alarm {
            name: name.into(),
            arn: String::new(),
            description: String::new(),
            state: AlarmState::Alarm,
            severity,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule: AlarmRule::Metric {
                query: Some(MetricQuery {
                    metric: MetricId::new(namespace, metric, &[]),
                    stat: Stat::Sum,
                    period_s: 60,
                }),
                expression: None,
                parts: Vec::new(),
                comparison: ">".into(),
                threshold: None,
                datapoints: 1,
                periods: 1,
                period_s: 60,
            },
            actions_enabled: true,
            other_actions: Vec::new(),
            held_back: None,
            actions: Vec::new(),
        })
    };
    let mut facts = with_database("available");
    facts.alarms = part(Arc::new(vec![
        alarm("full", "AWS/RDS", "DatabaseConnections", Severity::Critical),
        alarm(
            "5xx",
            "AWS/ApplicationELB",
            "HTTPCode_Target_5XX_Count",
            Severity::Critical,
        ),
        alarm(
            "refused",
            "AWS/ApplicationELB",
            "HTTPCode_ELB_5XX_Count",
            Severity::Warning,
        ),
        alarm("noise", "AWS/RDS", "CPUUtilization", Severity::Info),
    ]));
    let map = graph(&facts, now());
    assert_eq!(ids(map.starts()), ["postgres"]);
    let postgres = map.node("postgres").unwrap();
    assert_eq!(postgres.says, "alarm full");
    assert_eq!(postgres.about(), None, "it names no database");
    assert_eq!(map.node("ecs").unwrap().says, "alarm 5xx");
    let balancer = map.node("balancer").unwrap();
    assert_eq!(balancer.says, "alarm refused");
    // It leads to the row of what it watches, and not to the first of the page.
    let known = facts.estate.databases.value.as_mut().map(Arc::make_mut);
    let known = &mut known.unwrap().instances;
    let other = known[0].clone();
    known[0].id = "analytics".into();
    known.push(Database {
        id: "main".into(),
        ..other
    });
    let mut full = (*facts.alarm_rows()[0]).clone();
    if let AlarmRule::Metric { query: Some(q), .. } = &mut full.rule {
        let of = [("DBInstanceIdentifier", "main")];
        q.metric = MetricId::new("AWS/RDS", "DatabaseConnections", &of);
    }
    facts.alarms = part(Arc::new(vec![Arc::new(full)]));
    let about = graph(&facts, now()).node("postgres").unwrap().about();
    assert_eq!(
        about.map(|p| (p.view, p.section, p.row)),
        Some(("databases", "databases", "main".to_owned()))
    );
    // That nobody told of the targets is not lost.
    let lines: Vec<_> = map.headline().into_iter().map(|c| c.text).collect();
    assert!(
        lines.iter().any(|l| l.contains("ALB, ECS (asking ...)")),
        "{lines:?}"
    );
}

#[test]
fn table_and_json_hold_what_the_screen_holds() {
    let sections = VIEW.make(&with_database("failed"), now());
    let names: Vec<_> = sections.iter().map(|s| s.name).collect();
    assert_eq!(names, ["nodes", "edges"]);
    let node = sections[0]
        .rows
        .iter()
        .find(|r| r.id == "postgres")
        .unwrap();
    assert_eq!(node.thing["starts"], true);
    assert_eq!(node.thing["reaches"][0], "ecs");
    assert_eq!(node.thing["state"], "bad");
    assert!(node.thing["latency_ms"].is_null());
    assert_eq!(node.name(), "PostgreSQL (RDS)");
    let edge = sections[1].rows.iter().find(|r| r.id == "ecs>postgres");
    assert_eq!(edge.unwrap().thing["fault"], true);
    assert!(
        sections[0].notes[0]
            .text
            .starts_with("starts at PostgreSQL")
    );
}

#[test]
fn alarms_promises_and_series_that_nobody_tells_of_leave_nothing_green() {
    let failed = || Problem::new(ProblemKind::Denied, "cloudwatch", "w", "not allowed", "f");
    let mut facts = well();
    let tone = |f: &Facts, id: &str| graph(f, now()).node(id).unwrap().tone;
    for id in ["balancer", "ecs", "postgres"] {
        assert_eq!(tone(&facts, id), Tone::Ok, "{id}");
    }
    facts.alarms.error = Some(failed());
    for id in ["balancer", "ecs", "postgres"] {
        assert_eq!(tone(&facts, id), Tone::Unknown, "{id}");
    }
    // What is known without CloudWatch is told all the same, and who is silent by name; the reason is said once.
    let map = graph(&facts, now());
    let said = ["balancer", "ecs", "postgres"].map(|id| map.node(id).unwrap().says.as_str());
    let of_ecs = "1 of 1 steady; CloudWatch: not allowed";
    assert_eq!(said[0], "1 of 1 targets healthy; CloudWatch: not allowed");
    assert_eq!((said[1], said[2]), (of_ecs, "not allowed"));
    let lines: Vec<_> = map.headline().into_iter().map(|c| c.text).collect();
    assert!(
        lines
            .iter()
            .any(|l| l.contains("ALB, ECS, PostgreSQL (not allowed)")),
        "{lines:?}"
    );
    // Nobody sets an alarm on a browser.
    let browser = graph(&facts, now());
    let remarks = &browser.node("browser").unwrap().remarks;
    assert!(
        remarks.iter().all(|r| r.text != "not allowed"),
        "{remarks:?}"
    );
    let mut facts = well();
    facts.slos.error = Some(failed());
    assert_eq!(tone(&facts, "balancer"), Tone::Unknown);
    assert_eq!(tone(&facts, "ecs"), Tone::Ok);
    let mut facts = well();
    facts.series.error = Some(failed());
    assert_eq!(tone(&facts, "ecs"), Tone::Unknown);
    assert_eq!(tone(&facts, "balancer"), Tone::Ok);
    // Age alone is enough.
    let mut facts = well();
    facts.series.observed_at = Some(now() - jiff::SignedDuration::from_mins(10));
    assert_eq!(tone(&facts, "ecs"), Tone::Unknown);
}

/// A service behind a balancer with a healthy target, a database, and everything that tells of them.
fn well() -> Facts {
    let mut facts = with_database("available");
    let target = Target {
        id: "10.0.0.1".into(),
        port: 80,
        zone: "a".into(),
        state: "healthy".into(),
        reason: String::new(),
    };
    facts.target_groups = part(Arc::new(vec![TargetGroup {
        arn: "arn:aws:elasticloadbalancing:r:1:targetgroup/api/1".into(),
        name: "api".into(),
        load_balancers: vec!["arn:aws:elasticloadbalancing:r:1:loadbalancer/app/a/1".into()],
        protocol: None,
        health_check_path: None,
        targets: vec![target],
    }]));
    let counts = TaskCounts {
        desired: 1,
        running: 1,
        pending: 0,
        failed: 0,
    };
    facts.services = part(Arc::new(vec![Arc::new(Service {
        id: ServiceId {
            cluster: "prod".into(),
            name: "api".into(),
        },
        arn: String::new(),
        status: "ACTIVE".into(),
        counts,
        revision: Revision::parse("arn:aws:ecs:r:1:task-definition/api:1").unwrap(),
        launch_type: "FARGATE".into(),
        deployment: DeploymentConfig {
            strategy: Strategy::Rolling,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker {
                enabled: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            alarms: Vec::new(),
            alarms_rollback: false,
            bake_minutes: None,
            shift_minutes: None,
        },
        load_balancers: vec![LoadBalancerBinding {
            alternate_target_group_arn: None,
            target_group_arn: "arn:aws:elasticloadbalancing:r:1:targetgroup/api/1".into(),
            container: "api".into(),
            port: 80,
        }],
        rollouts: Vec::new(),
        revisions: vec![],
        scaling: None,
        events: Vec::new(),
        created_at: None,
    })]));
    facts.slos = part(Vec::new());
    facts.series = part(Arc::default());
    facts
}

#[test]
fn a_service_at_none_behind_a_balancer_starts_a_fault_and_a_worker_at_none_is_no_fault() {
    let drained = |state: &str| {
        let mut facts = well();
        let mut service = Service::clone(&facts.service_rows()[0]);
        service.counts = TaskCounts::default();
        facts.services = part(Arc::new(vec![Arc::new(service)]));
        let groups = facts.target_groups.value.as_mut().map(Arc::make_mut);
        let groups = groups.unwrap().iter_mut();
        for target in groups.flat_map(|g| &mut g.targets) {
            target.state = state.into();
        }
        facts.judge_targets();
        graph(&facts, now())
    };
    let scaled = |bound: bool| {
        let mut facts = well();
        let mut service = Service::clone(&facts.service_rows()[0]);
        service.counts = TaskCounts::default();
        if bound {
            let groups = facts.target_groups.value.as_deref().unwrap().clone();
            let emptied = groups.into_iter().map(|mut g| {
                g.targets.clear();
                g
            });
            facts.target_groups = part(Arc::new(emptied.collect()));
        }
        if !bound {
            service.load_balancers.clear();
        }
        let steady = facts.service_rows()[0].clone();
        facts.services = part(Arc::new(vec![Arc::new(service), steady]));
        graph(&facts, now())
    };
    let map = scaled(true);
    assert_eq!(ids(map.starts()), ["ecs"]);
    let ecs = map.node("ecs").unwrap();
    assert_eq!(ecs.tone, Tone::Bad);
    assert_eq!(
        ecs.says,
        "api: scaled to 0, nothing runs behind its load balancer"
    );
    assert_eq!(ecs.reaches, ["balancer", "browser"]);
    // The other faces of the same fault are as bad, name the service, and make no row of their own.
    let balancer = map.node("balancer").unwrap();
    assert_eq!(balancer.says, "api: no targets, api is scaled to 0");
    assert_eq!((balancer.tone, map.tells_more()), (Tone::Bad, false));
    // While its targets drain it is the same one fault.
    let map = drained("draining");
    let balancer = map.node("balancer").unwrap();
    assert_eq!(balancer.says, "api: all targets leave, api is scaled to 0");
    assert_eq!((balancer.tone, map.tells_more()), (Tone::Bad, false));
    let map = scaled(false);
    let ecs = map.node("ecs").unwrap();
    assert!(map.starts().next().is_none());
    assert_eq!(ecs.says, "1 of 2 steady, 1 scaled to 0");
}

#[test]
fn a_server_that_takes_no_connection_is_told_and_the_way_to_it_is_not_well() {
    let refused = |kind| {
        let mut facts = well();
        facts.providers.push(line("postgres"));
        let why = "the connection is refused";
        facts.estate.postgres.error = Some(Problem::new(kind, "postgres", "w", why, "f"));
        facts.estate.db_vitals = part(Arc::new(vec![crate::domain::database::DbVitals {
            read_ms: Some(1.6),
            ..Default::default()
        }]));
        graph(&facts, now())
    };
    let map = refused(ProblemKind::Unreachable);
    let node = map.node("postgres").unwrap();
    assert_eq!(node.tone, Tone::Warn, "{:?}", node.remarks);
    assert_eq!(
        node.says,
        "no connection from here: the connection is refused; the way from here may be at fault"
    );
    let way = map.edge_to("postgres").unwrap();
    assert_eq!((way.state, way.tone), ("errors", Tone::Warn));
    assert_eq!(way.measure.latency_ms, None, "a figure of RDS's disks");
    let headline: Vec<_> = map.headline().into_iter().map(|c| c.text).collect();
    assert_eq!(headline[0], "no connection from here to PostgreSQL");
    assert!(headline.iter().all(|l| !l.contains("no fault is known")));
    // An answer that does not come in time says less.
    let map = refused(ProblemKind::Timeout);
    assert_eq!(map.node("postgres").unwrap().tone, Tone::Unknown);
}

#[test]
fn a_group_without_targets_is_no_good_news_and_no_bad_news() {
    let mut facts = well();
    let mut groups = (**facts.target_groups.value.as_ref().unwrap()).clone();
    groups[0].targets.clear();
    facts.target_groups = part(Arc::new(groups));
    let map = graph(&facts, now());
    let node = map.node("balancer").unwrap();
    assert_eq!(
        (node.tone, node.says.as_str()),
        (Tone::Unknown, "api: no targets")
    );
}

/// One that fails says nothing of the others, and is not known itself.
#[test]
fn a_group_that_nobody_tells_of_any_more_is_not_known_and_the_others_are() {
    use crate::domain::targets_told::GroupTold;
    let mut facts = well();
    let mut groups = (**facts.target_groups.value.as_ref().unwrap()).clone();
    let mut other = groups[0].clone();
    (other.arn, other.name) = (format!("{}2", other.arn), "web".into());
    other.targets[0].state = "unhealthy".into();
    groups.push(other);
    let told = |(n, g): (usize, &TargetGroup)| {
        let failed = n == 0;
        let told = GroupTold {
            read: now() - jiff::SignedDuration::from_mins(if failed { 12 } else { 0 }),
            none_since: None,
            failure: failed.then(|| Problem::new(ProblemKind::Timeout, "elb", "w", "late", "f")),
        };
        (g.arn.clone(), told)
    };
    facts.targets_told = Arc::new(groups.iter().enumerate().map(told).collect());
    facts.target_groups = part(Arc::new(groups));
    facts.taken_at = now();
    let map = graph(&facts, now());
    let node = map.node("balancer").unwrap();
    let said: Vec<_> = node.remarks.iter().map(|r| r.text.as_str()).collect();
    assert!(said.contains(&"api: targets not told for 12m"), "{said:?}");
    assert!(said.contains(&"web: 0 of 1 targets healthy"), "{said:?}");
    assert_eq!(node.tone, Tone::Bad);
}

#[test]
fn what_an_account_has_none_of_is_absent_and_what_is_configured_and_empty_is_not_known() {
    let mut facts = well();
    facts.estate.databases = part(Arc::default());
    assert!(graph(&facts, now()).node("postgres").is_none());
    facts.estate.databases.error =
        Some(Problem::new(ProblemKind::Timeout, "rds", "w", "late", "f"));
    assert_eq!(graph(&facts, now()).node("postgres").unwrap().says, "late");
    for name in ["cloudflare", "vercel", "sentry", "github"] {
        facts.providers.push(line(name));
    }
    facts.estate.cloudflare_zones = part(Arc::default());
    facts.estate.vercel = part(Arc::default());
    facts.estate.errors = part(Arc::default());
    facts.estate.pipelines = part(Arc::default());
    let map = graph(&facts, now());
    for id in ["cloudflare", "vercel", "github"] {
        let node = map.node(id).unwrap();
        assert_eq!(node.tone, Tone::Unknown, "{id}");
        assert!(node.says.starts_with("No "), "{id}: {}", node.says);
    }
    // Sentry looks at no project; where it does, that nothing is wrong is what it is asked for.
    assert_eq!(map.node("sentry").unwrap().tone, Tone::Unknown);
    facts.estate.errors = part(Arc::new(Errors {
        projects: vec![Project {
            id: "1".into(),
            slug: "web".into(),
            platform: String::new(),
        }],
        ..Errors::default()
    }));
    assert_eq!(graph(&facts, now()).node("sentry").unwrap().tone, Tone::Ok);
    // Zones and projects that the file names and nobody knows.
    let mut zone = Zone::unseen("laser.example");
    facts.estate.cloudflare_zones = part(Arc::new(vec![zone.clone()]));
    facts.estate.vercel = part(Arc::new(Hosting {
        missing: vec!["web".into()],
        ..Hosting::default()
    }));
    let map = graph(&facts, now());
    let says = |id: &str| map.node(id).unwrap().says.clone();
    assert_eq!(says("cloudflare"), "laser.example: not found");
    assert_eq!(says("vercel"), "web: not found");
    assert_eq!(map.node("vercel").unwrap().tone, Tone::Unknown);
    zone.id = "z1".into();
    zone.status = "active".into();
    facts.estate.cloudflare_zones = part(Arc::new(vec![zone]));
    facts.estate.cloudflare_traffic = part(Arc::default());
    assert_eq!(
        graph(&facts, now()).node("cloudflare").unwrap().tone,
        Tone::Ok
    );
}

#[test]
fn an_edge_whose_traffic_nobody_tells_is_not_green_and_says_why() {
    let mut facts = Facts::default();
    facts.providers.push(line("cloudflare"));
    let probe = crate::domain::probe::HttpsProbe {
        url: "https://laser.example/".into(),
        status: 200,
        latency_ms: 12.0,
        headers: Vec::new(),
        grade: crate::domain::probe::Grade {
            letter: "A".into(),
            reasons: Vec::new(),
        },
        mitigated: None,
    };
    let mut zone = Zone::unseen("laser.example");
    zone.id = "z1".into();
    zone.status = "active".into();
    facts.estate.cloudflare_zones = part(Arc::new(vec![zone]));
    facts
        .https
        .insert("https://laser.example/".into(), part(probe));
    facts.estate.cloudflare_traffic = part(Arc::default());
    let known = graph(&facts, now());
    assert_eq!(known.edge_to("cloudflare").unwrap().state, "ok");
    let node = known.node("cloudflare").unwrap();
    assert_eq!(node.tone, Tone::Ok, "{node:?}");
    facts.estate.cloudflare_traffic.error = Some(Problem::new(
        ProblemKind::Denied,
        "cloudflare",
        "w",
        "the token may not read analytics",
        "f",
    ));
    let map = graph(&facts, now());
    let edge = map.edge_to("cloudflare").unwrap();
    assert_eq!((edge.state, edge.tone), ("unknown", Tone::Unknown));
    let why = edge.measure.unmeasured.as_deref();
    assert_eq!(
        why,
        Some("errors not known: the token may not read analytics")
    );
    let node = map.node("cloudflare").unwrap();
    assert_eq!(node.tone, Tone::Unknown);
    assert!(
        node.says.contains("may not read analytics"),
        "{}",
        node.says
    );
}

#[test]
fn no_fault_starts_at_the_browser_where_this_machine_hears_nobody() {
    let told = |ago_s: i64, refused: Option<ProblemKind>, late_s: i64| {
        let mut facts = Facts {
            taken_at: now(),
            ..Facts::default()
        };
        let ago = |s| now() - jiff::SignedDuration::from_secs(s);
        let mut ecs = line("ecs");
        ecs.last_ok = Some(ago(ago_s));
        ecs.problem = refused.map(|kind| Problem::new(kind, "ecs", "w", "y", "f"));
        ecs.calls_per_minute = 6;
        facts.providers.push(ecs);
        let probe = crate::domain::probe::HttpsProbe {
            url: "https://laser.example/".into(),
            status: 200,
            latency_ms: 12.0,
            headers: Vec::new(),
            grade: crate::domain::probe::Grade {
                letter: "A".into(),
                reasons: Vec::new(),
            },
            mitigated: None,
        };
        let mut late = part(probe.clone());
        late.observed_at = Some(ago(late_s));
        late.error = Some(Problem::new(
            ProblemKind::Timeout,
            "https",
            "w",
            "late",
            "f",
        ));
        facts
            .https
            .insert("https://app.laser.example/".into(), late);
        facts.https.insert(probe.url.clone(), part(probe));
        graph(&facts, now()).node("browser").unwrap().tone
    };
    assert_eq!(told(5, None, 0), Tone::Bad);
    assert_eq!(told(30, None, 0), Tone::Unknown);
    // Whoever refuses is heard, and so is another host that answers while this one does not.
    assert_eq!(told(300, Some(ProblemKind::Expired), 0), Tone::Bad);
    assert_eq!(told(300, Some(ProblemKind::Timeout), 0), Tone::Unknown);
    assert_eq!(told(300, Some(ProblemKind::Timeout), 150), Tone::Bad);
}

#[test]
fn a_fault_is_as_old_as_what_went_wrong_not_as_the_answer() {
    let mut facts = well();
    let failed: Timestamp = now() - jiff::SignedDuration::from_secs(30);
    let mut ill = Service::clone(&facts.service_rows()[0]);
    ill.rollouts.push(crate::domain::service::Rollout {
        id: "ecs-svc/1".into(),
        status: "ACTIVE".into(),
        revision: ill.revision.clone(),
        counts: TaskCounts::default(),
        rollout_state: "FAILED".into(),
        rollout_reason: String::new(),
        created_at: None,
        updated_at: Some(failed),
    });
    facts.services = part(Arc::new(vec![Arc::new(ill)]));
    let map = graph(&facts, now());
    assert_eq!(map.node("ecs").unwrap().since, Some(failed));
}

/// What another environment's zone waits for is no matter of a request here; that nothing is cached is.
#[test]
fn the_edge_of_a_request_is_the_zone_of_its_environment() {
    let (now, every) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
    let zone = |name: &str, status: &str, development_s| Zone {
        id: format!("id-of-{name}"),
        status: status.into(),
        development_s,
        ..Zone::unseen(name)
    };
    let mut facts = Facts {
        environment: "production".into(),
        ..Facts::default()
    };
    facts.providers.push(ProviderHealth {
        name: "cloudflare".into(),
        last_ok: None,
        problem: None,
        next_try: None,
        calls_per_minute: 0,
        metered: None,
        latency_ms: None,
        clock_s: None,
        configured: true,
    });
    let mut said = |development_s| {
        let zones = vec![
            zone("laser-staging.example", "pending", 0),
            zone("laser.example", "active", development_s),
        ];
        let source = "cloudflare:GET /zones";
        facts.estate.cloudflare_zones = Part::answered(Arc::new(zones), now, source, every);
        facts.estate.cloudflare_traffic = Part::answered(Arc::default(), now, source, every);
        let graph = graph(&facts, now);
        let node = graph.node("cloudflare").unwrap();
        (node.tone, node.says.clone())
    };
    assert_eq!(said(0).0, Tone::Ok);
    let (tone, says) = said(600);
    assert_eq!(tone, Tone::Warn);
    assert_eq!(says, "laser.example: development mode, nothing is cached");
}
