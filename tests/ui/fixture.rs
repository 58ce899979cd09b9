//! A picture of a platform made by hand, for drawing: fixed times, no I/O.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::action::{
    Confirm, DiffLine, DiffMark, Intent, Phase, Preview, Run, RunLine,
};
use flightdeck::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
use flightdeck::domain::audit::{AuditRow, ChainVerdict, Outcome, SignOff, SignOffKind};
use flightdeck::domain::counts::Bucket;
use flightdeck::domain::deployment::{Deployment, DeploymentSource, DeploymentState, RevisionLoad};
use flightdeck::domain::facts::{Facts, ProviderHealth};
use flightdeck::domain::metric::{MetricId, MetricQuery, Series, Stat, Unit};
use flightdeck::domain::part::Part;
use flightdeck::domain::queries;
use flightdeck::domain::service::*;
use flightdeck::domain::slo::{
    Budget, Burn, Counted, Ending, HOUR_S, SIX_HOURS_S, Slo, SloKind, THREE_DAYS_S, Urgency,
};
use flightdeck::domain::target::{Target, TargetGroup};
use flightdeck::plan::{
    Checklist, CriterionState, CriterionStatus, Evidence, Figure, Milestone, RegisterStatus,
    StageStatus,
};
use flightdeck::watch::Snapshot;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

pub fn now() -> Timestamp {
    "2026-11-23T12:41:07Z".parse().unwrap()
}

pub fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, ago(2), "test", Duration::from_secs(10))
}

pub fn id(name: &str) -> ServiceId {
    ServiceId {
        cluster: "laser-prod".into(),
        name: name.into(),
    }
}

fn revision(name: &str, number: u32) -> Revision {
    Revision::parse(&format!(
        "arn:aws:ecs:us-east-1:123456789012:task-definition/{name}:{number}"
    ))
    .unwrap()
}

fn service(name: &str, desired: u32, running: u32, number: u32) -> Arc<Service> {
    let counts = TaskCounts {
        desired,
        running,
        pending: 0,
        failed: 0,
    };
    Arc::new(Service {
        id: id(name),
        arn: format!("arn:aws:ecs:us-east-1:123456789012:service/laser-prod/{name}"),
        status: "ACTIVE".into(),
        counts,
        revision: revision(name, number),
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
            alarms: if name == "api" {
                vec!["laser-prod-api-5xx".into()]
            } else {
                Vec::new()
            },
            alarms_rollback: true,
            bake_minutes: None,
            shift_minutes: None,
        },
        load_balancers: if name == "worker" {
            Vec::new()
        } else {
            vec![LoadBalancerBinding {
                target_group_arn: group_arn(name),
                alternate_target_group_arn: None,
                container: name.into(),
                port: 8080,
            }]
        },
        rollouts: vec![Rollout {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            revision: revision(name, number),
            counts,
            rollout_state: if name == "worker" {
                "IN_PROGRESS"
            } else {
                "COMPLETED"
            }
            .into(),
            rollout_reason: String::new(),
            created_at: Some(ago(7_300)),
            updated_at: Some(ago(7_200)),
        }],
        revisions: vec![],
        scaling: None,
        events: vec![
            ServiceEvent {
                id: "e2".into(),
                at: ago(30),
                message: format!("(service {name}) has reached a steady state."),
            },
            ServiceEvent {
                id: "e1".into(),
                at: ago(90),
                message: format!("(service {name}) has started 2 tasks: (task 4f2c8a)."),
            },
        ],
        created_at: Some(ago(900_000)),
    })
}

fn group_arn(name: &str) -> String {
    format!(
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tg-{name}/0123456789abcdef"
    )
}

fn group(name: &str) -> TargetGroup {
    let target = |n: u32, state: &str| Target {
        id: format!("10.0.{n}.17"),
        port: 8080,
        zone: format!("us-east-1{}", ["a", "b", "c"][n as usize % 3]),
        state: state.into(),
        reason: if state == "healthy" {
            String::new()
        } else {
            "Target.ResponseCodeMismatch: 502".into()
        },
    };
    TargetGroup {
        arn: group_arn(name),
        name: format!("tg-{name}"),
        load_balancers: vec![
            "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/laser-prod/50dc6c495c0c9188"
                .into(),
        ],
        protocol: None,
        health_check_path: Some("/health".into()),
        targets: vec![
            target(0, "healthy"),
            target(1, "healthy"),
            target(
                2,
                if name == "pdf-render" {
                    "unhealthy"
                } else {
                    "healthy"
                },
            ),
        ],
    }
}

fn definition(name: &str, number: u32) -> (String, Arc<TaskDefinition>) {
    let revision = revision(name, number);
    let spec = ContainerSpec {
        name: name.into(),
        image: format!(
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/{name}:1.8.{}",
            number % 10
        ),
        essential: true,
        log_group: Some(format!("/ecs/{name}")),
        health_check: Some("CMD-SHELL curl -fs http://localhost:8080/health || exit 1".into()),
        ..ContainerSpec::default()
    };
    let d = TaskDefinition {
        revision: revision.clone(),
        status: "ACTIVE".into(),
        cpu_units: Some(512),
        memory_mib: Some(1024),
        containers: vec![spec],
        registered_at: Some(ago(7_400)),
        registered_by: Some("arn:aws:iam::123456789012:user/ana".into()),
    };
    (revision.arn, Arc::new(d))
}

fn series(query: MetricQuery, base: f64, swing: f64) -> (MetricQuery, Arc<Series>) {
    let points: Vec<_> = (0..60)
        .map(|i| (ago(3_600 - i * 60), base + swing * (i as f64 / 7.0).sin()))
        .collect();
    let unit = Unit::of(&query.metric);
    (
        query.clone(),
        Arc::new(Series {
            query,
            label: String::new(),
            unit,
            points: points.into(),
            partial: false,
        }),
    )
}

fn alarm(
    name: &str,
    state: AlarmState,
    severity: Severity,
    metric: MetricQuery,
    threshold: f64,
) -> Arc<Alarm> {
    Arc::new(Alarm {
        name: name.into(),
        arn: format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"),
        description: String::new(),
        state,
        severity,
        reason:
            "Threshold Crossed: 3 out of the last 3 datapoints were greater than the threshold."
                .into(),
        since: Some(ago(252)),
        updated_at: Some(ago(60)),
        rule: AlarmRule::Metric {
            query: Some(metric),
            expression: None,
            parts: Vec::new(),
            comparison: ">".into(),
            threshold: Some(threshold),
            datapoints: 3,
            periods: 3,
            period_s: 60,
        },
        actions_enabled: true,
        other_actions: Vec::new(),
        held_back: None,
        actions: vec!["arn:aws:sns:us-east-1:123456789012:oncall".into()],
    })
}

fn slo(kind: SloKind, target: f64, current: f64, left: f64) -> Slo {
    let burn = |window_s: u32, rate: f64, threshold: f64, ending| Burn {
        window_s,
        covered_s: window_s,
        rate: Some(rate),
        short_s: window_s / 12,
        short_rate: Some(rate * 0.9),
        threshold,
        urgency: if window_s == THREE_DAYS_S {
            Urgency::Ticket
        } else {
            Urgency::Page
        },
        ending,
    };
    // Waves on the good side of the target, with one bad hour two days ago.
    let value = |seconds_ago: i64| {
        let wave = (seconds_ago as f64 / 5_000.0).sin() * 0.2 + 1.0;
        let bad = if (170_000..174_000).contains(&seconds_ago) {
            3.0
        } else {
            1.0
        };
        match kind {
            SloKind::Availability => 100.0 - (100.0 - current) * wave * bad,
            SloKind::ResponseTime | SloKind::ErrorRate => current * wave * bad,
        }
    };
    let hours = 30 * 24;
    let fall = |i: i64| 100.0 - (100.0 - left) * i as f64 / hours as f64;
    Slo {
        kind,
        target,
        current: Some(current),
        budget_left_percent: Some(left),
        budget: Some(Budget {
            allowed: 185_000.0,
            spent: 185_000.0 * (1.0 - left / 100.0),
            minutes_left: (kind != SloKind::ResponseTime).then_some(43.2 * left / 100.0),
        }),
        burns: vec![
            burn(HOUR_S, 0.6, 14.4, Ending::Lasts),
            burn(SIX_HOURS_S, 0.4, 6.0, Ending::Lasts),
            match kind {
                SloKind::ErrorRate => {
                    let end = Ending::At(ago(-(9 * 86_400 + 7_200)));
                    burn(THREE_DAYS_S, 1.2, 1.0, end)
                }
                _ => burn(THREE_DAYS_S, 0.5, 1.0, Ending::Lasts),
            },
        ],
        window_s: 30 * 86_400,
        wanted_s: 30 * 86_400,
        silent_since: None,
        recent: (0..72)
            .map(|i| (ago((72 - i) * 300), value((72 - i) * 300)))
            .collect(),
        history: (0..hours)
            .map(|i| (ago((hours - i) * 3_600), value((hours - i) * 3_600)))
            .collect(),
        remaining: (1..=hours)
            .map(|i| (ago((hours - i) * 3_600), fall(i)))
            .collect(),
        counted: Arc::new(Counted {
            requests: 185e6,
            failures: 72_150.0,
            per_second: Some(71.4),
            minutes: (3..=60)
                .rev()
                .map(|i| Bucket {
                    at: ago(i * 60),
                    requests: 4_284.0,
                    failures: 4_284.0 * 0.000_4,
                    timed: 4_284.0,
                    seconds: 4_284.0 * 0.145,
                })
                .collect(),
            until: Some(ago(120)),
            ..Counted::default()
        }),
        queries: queries::promise(kind, "app/laser-prod/50dc6c495c0c9188").into(),
    }
}

/// Three days a stage from Monday 2026-11-16 on: the second should have been done on the 21st.
fn planned(number: u8) -> Option<(Date, Date)> {
    let first = 16 + 3 * (i8::try_from(number).unwrap() - 1);
    let day = |n| Date::new(2026, 11, n).unwrap();
    Some((day(first), day(first + 2)))
}

/// The stages one after another, then days that are for none, then the go-live.
fn calendar() -> Vec<Milestone> {
    let row = |title: &str, stage: Option<u8>, from: u32, to: u32| {
        let start = Date::new(2026, 11, 16).unwrap();
        let day = |n: u32| start.checked_add(i64::from(n - 1).days()).unwrap();
        Milestone {
            title: title.into(),
            stage,
            go_live: title.contains("go-live"),
            days: (from, to),
            planned: Some((day(from), day(to))),
        }
    };
    let stages = (1..=5u8).map(|n| row("", Some(n), 3 * u32::from(n) - 2, 3 * u32::from(n)));
    let rest = [
        row("Final testing and validation", None, 16, 18),
        row("Production go-live", None, 19, 20),
    ];
    stages.chain(rest).collect()
}

fn stage(number: u8, title: &str, states: &[CriterionState]) -> StageStatus {
    use CriterionState::{Failing, SignedOff, Unknown};
    let criterion = |(i, state): (usize, &CriterionState)| CriterionStatus {
        id: format!("{number}.S{}", i + 1),
        stage: number,
        section: "Success criteria".into(),
        success: true,
        title: format!("criterion {} of {title}", i + 1),
        state: *state,
        probe: Some("ecs.services-running".into()),
        future_probe: None,
        person: None,
        evidence: vec![Evidence {
            question: "ecs:DescribeServices?".into(),
            answer: if *state == Failing {
                "5 of 6"
            } else {
                "6 of 6"
            }
            .into(),
            probe: "ecs.services-running",
            at: ago(4),
            ok: *state != Failing,
        }],
        reason: match state {
            Failing => "laser-prod/api: 5 of 6 tasks run".into(),
            Unknown => "nothing has been asked yet".into(),
            _ => "all 6 services run what they want".into(),
        },
        figure: None,
        failed_at: None,
        signoff: (*state == SignedOff).then(|| SignOff {
            criterion: format!("{number}.S{}", i + 1),
            kind: SignOffKind::SignedOff,
            who: "ana".into(),
            why: "seen in the staging account".into(),
            link: "https://wiki.example/evidence".into(),
            at: ago(7_200),
            until: None,
            proven: true,
        }),
    };
    let leads = CriterionStatus {
        id: format!("{number}.1.a"),
        section: format!("{number}.1 What leads to it"),
        success: false,
        title: "a smaller step".into(),
        ..criterion((0, &Unknown))
    };
    StageStatus {
        number,
        title: title.into(),
        goal: format!("what stage {number} is for"),
        planned_days: (2, 3),
        planned: planned(number),
        actual_start: (number < 3)
            .then(|| planned(number))
            .flatten()
            .map(|(from, _)| from),
        actual_end: (number == 1)
            .then(|| planned(number))
            .flatten()
            .map(|(_, to)| to),
        late_days: if number == 2 { 2 } else { 0 },
        criteria: states
            .iter()
            .enumerate()
            .map(criterion)
            .chain([leads])
            .collect(),
    }
}

/// The success metrics: promises that are proved, and others that wait.
pub fn success_metrics() -> RegisterStatus {
    use CriterionState::{Failing, Proved, Unknown};
    let rows = [
        (
            "M.1.a",
            "Uptime: 99.9% availability target",
            Proved,
            Some("slo.met kind=availability"),
            None,
        ),
        (
            "M.1.b",
            "Response Time: <200ms average",
            Proved,
            Some("slo.met kind=response"),
            None,
        ),
        (
            "M.1.c",
            "Error Rate: <0.1% error rate",
            Proved,
            Some("slo.met kind=errors"),
            None,
        ),
        (
            "M.1.d",
            "Security: Zero critical vulnerabilities",
            Failing,
            Some("ecr.scanned"),
            None,
        ),
        (
            "M.2.c",
            "Scalability: Handle 10x traffic increase",
            Unknown,
            None,
            Some("loadtest.sustained"),
        ),
    ];
    let criterion =
        |(id, title, state, probe, future): (&str, &str, _, Option<&str>, Option<&str>)| {
            CriterionStatus {
                id: id.into(),
                stage: 0,
                section: "M.1 Technical Metrics".into(),
                success: false,
                title: title.into(),
                state,
                probe: probe.map(str::to_owned),
                future_probe: future.map(str::to_owned),
                person: None,
                evidence: vec![],
                reason: match state {
                    Failing => "api:1.8.2 has 1 critical finding".into(),
                    Unknown => "loadtest.sustained will prove it: sign off until then".into(),
                    _ => "kept".into(),
                },
                figure: (state == Failing).then(|| Figure {
                    now: "1 in images".into(),
                    target: "0 critical".into(),
                }),
                failed_at: None,
                signoff: None,
            }
        };
    RegisterStatus {
        id: "M".into(),
        title: "Success Metrics".into(),
        criteria: rows.map(criterion).to_vec(),
    }
}

pub fn run() -> Run {
    Run {
        id: "run-1".into(),
        intent: Intent::Deploy {
            service: id("worker"),
            image: ":1.9.0".into(),
            container: None,
            strategy: None,
        },
        title: "Deploy worker  laser-prod".into(),
        phase: Phase::Follow,
        progress: Some((2, 4)),
        lines: vec![
            RunLine {
                at: ago(69),
                phase: Phase::Journal,
                text: "intent written to the journal".into(),
            },
            RunLine {
                at: ago(68),
                phase: Phase::Execute,
                text: "RegisterTaskDefinition gave worker:18".into(),
            },
        ],
        started_at: ago(70),
        finished_at: None,
        outcome: None,
        stopped_in: None,
        recorded: false,
        who: "ana".into(),
        reattached: false,
        brings: None,
        scaled_from: None,
        deployment: None,
        silent: None,
    }
}

pub fn preview() -> Preview {
    Preview {
        intent: Intent::Deploy {
            service: id("api"),
            image: ":1.8.3".into(),
            container: None,
            strategy: None,
        },
        title: "Deploy api  laser-prod".into(),
        environment: "production".into(),
        facts: vec![
            ("from".into(), ":42  api:1.8.2, 2 days old".into()),
            ("to".into(), "a new revision with api:1.8.3".into()),
            ("tasks".into(), "4, never fewer than 4, at most 8".into()),
        ],
        diff: vec![
            DiffLine {
                mark: DiffMark::Same,
                text: "container api".into(),
            },
            DiffLine {
                mark: DiffMark::Removed,
                text: "  image laser/api:1.8.2".into(),
            },
            DiffLine {
                mark: DiffMark::Added,
                text: "  image laser/api:1.8.3".into(),
            },
        ],
        warnings: vec!["1 alarm fires: laser-prod-db-connections".into()],
        refusals: Vec::new(),
        calls: vec![
            "ecs:RegisterTaskDefinition".into(),
            "ecs:UpdateService".into(),
        ],
        inputs: Vec::new(),
        fingerprint: "f".repeat(64),
        confirm: Confirm::Type("production".into()),
        elsewhere: None,
        at: now(),
    }
}

fn audit(seq: u64, event: &str, outcome: Option<Outcome>) -> AuditRow {
    AuditRow {
        seq,
        at: ago(600 - seq as i64),
        who: "ana".into(),
        host: "jump-1".into(),
        environment: "production".into(),
        action: "deploy".into(),
        subject: "laser-prod/api".into(),
        event: event.into(),
        parameters: serde_json::json!({"image": "api:1.8.2"}),
        preview: "ab".repeat(32),
        outcome,
        detail: "running the new revision, targets healthy".into(),
        duration_s: outcome.map(|_| 81.4),
        run: "run-0".into(),
        previous: "0".repeat(64),
        hash: "cd".repeat(32),
    }
}

/// The whole picture.
pub fn snapshot() -> Snapshot {
    let names = [
        ("admin", 2, 2, 11),
        ("api", 4, 4, 42),
        ("calculator", 3, 3, 27),
        ("pdf-render", 3, 2, 9),
        ("worker", 4, 4, 18),
    ];
    let services: Vec<_> = names
        .iter()
        .map(|(n, d, r, rev)| service(n, *d, *r, *rev))
        .collect();
    let connections = MetricQuery {
        metric: MetricId::new(
            "AWS/RDS",
            "DatabaseConnections",
            &[("DBInstanceIdentifier", "laser-prod-db")],
        ),
        stat: Stat::Average,
        period_s: 60,
    };
    let mut common: BTreeMap<_, _> = BTreeMap::new();
    for s in &services {
        common.extend([
            series(queries::service_cpu(&s.id), 45.0, 20.0),
            series(queries::service_memory(&s.id), 62.0, 4.0),
        ]);
    }
    common.extend([series(connections.clone(), 160.0, 12.0)]);
    let worker = Deployment {
        id: "arn:aws:ecs:us-east-1:1:service-deployment/laser-prod/worker/abc".into(),
        service: id("worker"),
        strategy: Strategy::Rolling,
        state: DeploymentState::InProgress,
        reason: String::new(),
        from: vec![RevisionLoad {
            digests: Vec::new(),
            revision: revision("worker", 17),
            service_revision: None,
            image: Some("laser/worker:1.8.2".into()),
            counts: TaskCounts {
                desired: 2,
                running: 2,
                pending: 0,
                failed: 0,
            },
            traffic_percent: None,
        }],
        to: Some(RevisionLoad {
            digests: Vec::new(),
            revision: revision("worker", 18),
            service_revision: None,
            image: Some("laser/worker:1.9.0".into()),
            counts: TaskCounts {
                desired: 4,
                running: 2,
                pending: 2,
                failed: 0,
            },
            traffic_percent: None,
        }),
        circuit_breaker: CircuitBreaker {
            enabled: true,
            rollback: true,
            ..CircuitBreaker::default()
        },
        failures: Some((0, 3)),
        alarms: vec![("laser-prod-worker-errors".into(), false)],
        lifecycle_stage: None,
        pace: Default::default(),
        rollback_reason: None,
        rollback_to: None,
        rollback_since: None,
        created_at: Some(ago(68)),
        started_at: Some(ago(68)),
        finished_at: None,
        source: DeploymentSource::ServiceDeployments,
    };
    let past = Deployment {
        id: "arn:aws:ecs:us-east-1:1:service-deployment/laser-prod/api/def".into(),
        service: id("api"),
        state: DeploymentState::RolledBack,
        reason:
            "Service deployment rolled back because the circuit breaker threshold was exceeded."
                .into(),
        failures: Some((3, 3)),
        started_at: Some(ago(172_000)),
        finished_at: Some(ago(171_700)),
        created_at: Some(ago(172_000)),
        ..worker.clone()
    };
    use CriterionState::{Failing, Proved, SignedOff, Unknown};
    let provider = |name: &str| ProviderHealth {
        name: name.into(),
        last_ok: Some(ago(3)),
        problem: None,
        next_try: None,
        calls_per_minute: 6,
        metered: None,
        latency_ms: Some(3.0),
        clock_s: None,
        configured: true,
    };
    let facts = Facts {
        seq: 1,
        taken_at: now(),
        environment: "production".into(),
        environments: ["production", "staging", "dev"].map(str::to_owned).into(),
        identity: part(Identity {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/ana".into(),
            region: "us-east-1".into(),
        }),
        target_groups: part(Arc::new(
            services
                .iter()
                .filter(|s| !s.load_balancers.is_empty())
                .map(|s| group(&s.id.name))
                .collect(),
        )),
        task_definitions: part(Arc::new(
            names
                .iter()
                .map(|(n, _, _, rev)| definition(n, *rev))
                .collect(),
        )),
        clusters: part(vec![Cluster {
            arn: "arn:aws:ecs:us-east-1:1:cluster/laser-prod".into(),
            name: "laser-prod".into(),
            status: "ACTIVE".into(),
            active_services: 5,
            running_tasks: 15,
            pending_tasks: 0,
            container_instances: 0,
            capacity_providers: vec!["FARGATE".into(), "FARGATE_SPOT".into()],
        }]),
        services: part(Arc::new(services)),
        deployments: part(Arc::new(vec![Arc::new(worker), Arc::new(past)])),
        alarms: part(Arc::new(vec![
            alarm(
                "laser-prod-api-5xx",
                AlarmState::Alarm,
                Severity::Critical,
                queries::service_cpu(&id("api")),
                80.0,
            ),
            alarm(
                "laser-prod-db-connections",
                AlarmState::Alarm,
                Severity::Warning,
                connections,
                150.0,
            ),
            alarm(
                "laser-prod-api-p95",
                AlarmState::Ok,
                Severity::Warning,
                queries::service_memory(&id("api")),
                80.0,
            ),
        ])),
        series: part(Arc::new(common)),
        slos: part(vec![
            slo(SloKind::Availability, 99.9, 99.94, 61.0),
            slo(SloKind::ResponseTime, 200.0, 143.0, 28.5),
            slo(SloKind::ErrorRate, 0.1, 0.04, 60.0),
        ]),
        audit: part(Arc::new(vec![
            audit(2, "outcome", Some(Outcome::Succeeded)),
            audit(1, "intent", None),
        ])),
        chain: part(ChainVerdict::Intact {
            rows: 2,
            head: "cd".repeat(32),
        }),
        runs: Arc::new(vec![run()]),
        providers: [
            "sts",
            "ecs",
            "elb",
            "cloudwatch",
            "logs",
            "https",
            "tls",
            "dns",
        ]
        .map(provider)
        .to_vec(),
        ..Facts::default()
    };
    let checklist = Checklist {
        title: "Production".into(),
        stages: vec![
            stage(
                1,
                "Infrastructure Setup",
                &[Proved, Proved, Proved, SignedOff, Proved],
            ),
            stage(
                2,
                "CI/CD Pipeline Implementation",
                &[Proved, Failing, Proved, Proved],
            ),
            stage(
                3,
                "Monitoring & Logging System",
                &[Proved, Unknown, Proved, Proved],
            ),
            stage(
                4,
                "Performance & Security Optimization",
                &[Proved, Proved, Failing, Proved],
            ),
            stage(
                5,
                "Backup & Disaster Recovery",
                &[Unknown, Unknown, Unknown, Unknown],
            ),
        ],
        calendar: calendar(),
        go_live: Some(Date::new(2026, 12, 4).unwrap()),
        next_step: "fix 2.S2 Docker images building successfully: laser-prod/api: 5 of 6 tasks run"
            .into(),
        at: now(),
        ..Checklist::default()
    };
    Snapshot {
        facts,
        checklist: Arc::new(checklist),
        ..Snapshot::default()
    }
}
