//! What speaks against "healthy".

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState, RevisionLoad};
use crate::domain::facts::ProviderHealth;
use crate::domain::github::{Job, Outcome, Pipelines, Run, RunJobs, Workflow};
use crate::domain::part::Part;
use crate::domain::probe::{Grade, HttpsProbe, HttpsTarget};
use crate::domain::problem::Problem;
use crate::domain::progress::Pace;
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, Identity, LoadBalancerBinding, Revision, Service,
    ServiceEvent, ServiceId, Strategy, TaskCounts,
};
use crate::domain::slack::Workspace;
use crate::domain::target::{Target, TargetGroup, TargetsAbroad};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn problem(kind: ProblemKind) -> Problem {
    Problem::new(kind, "x", "what", "why", "fix")
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, now(), "x:Y", Duration::from_secs(60))
}

/// Nothing speaks against it but that there are no services.
fn quiet(lines: &[&str]) -> Facts {
    let provider = |name: &&str| ProviderHealth {
        name: (*name).into(),
        last_ok: None,
        problem: None,
        next_try: None,
        calls_per_minute: 0,
        metered: None,
        latency_ms: None,
        clock_s: None,
        configured: true,
    };
    Facts {
        services: part(Arc::default()),
        alarms: part(Arc::default()),
        providers: lines.iter().map(provider).collect(),
        ..Facts::default()
    }
}

/// What is found beside that there are no services.
fn found(facts: &Facts) -> Vec<(Verdict, String)> {
    let all = judge(facts, now()).into_iter();
    all.filter(|f| f.about != "services")
        .map(|f| (f.verdict, format!("{}: {}", f.about, f.text)))
        .collect()
}

#[test]
fn unknown_is_not_green_and_known_trouble_wins_over_it() {
    let mut facts = Facts::default();
    let worst = |f: &Facts| judge(f, now()).first().map(|f| f.verdict);
    assert_eq!(worst(&facts), Some(Verdict::Unknown));
    facts.services.value = Some(Default::default());
    facts.alarms.value = Some(Default::default());
    assert_eq!(worst(&facts), Some(Verdict::Unknown), "nothing is no green");
    facts.https.insert(
        "https://x".into(),
        Part {
            error: Some(problem(ProblemKind::Timeout)),
            ..Part::default()
        },
    );
    facts.alarms.error = Some(problem(ProblemKind::Denied));
    assert_eq!(worst(&facts), Some(Verdict::Degraded));
    assert_eq!(judge(&facts, now()).len(), 3);
}

/// What is well or ill there is another account's: of ours nobody told anything.
#[test]
fn another_account_than_the_expected_one_is_unknown_whatever_it_shows() {
    let mut facts = quiet(&[]);
    facts.identity = part(Identity {
        account: "123456789012".into(),
        arn: String::new(),
        region: "us-east-1".into(),
    });
    let told = |facts: &Facts| {
        let findings = judge(facts, now());
        (word(facts, &findings), findings[0].about.clone())
    };
    facts.expected_account = Some("123456789012".into());
    assert_eq!(told(&facts), (Verdict::Unknown, "services".into()));
    facts.expected_account = Some("999999999999".into());
    assert_eq!(told(&facts), (Verdict::Unknown, "account".into()));
    let failed = Part {
        error: Some(problem(ProblemKind::Timeout)),
        ..Part::default()
    };
    facts.https.insert("https://x".into(), failed);
    assert_eq!(told(&facts), (Verdict::Unknown, "account".into()));
    facts.expected_account = None;
    assert_eq!(told(&facts).0, Verdict::Degraded);
    // Nobody tells who calls: the services' own names say whose they are.
    facts.identity = Part::default();
    facts.expected_account = Some("999999999999".into());
    let silent = judge(&facts, now());
    let about = |f: &&Finding| f.about == "account";
    let vain = silent.iter().find(about).unwrap();
    assert_eq!(vain.verdict, Verdict::Unknown);
    assert!(vain.text.starts_with("nobody tells whose"), "{}", vain.text);
    let mut theirs = Service::clone(&at_none("shop", Vec::new()).service_rows()[0]);
    theirs.arn = "arn:aws:ecs:us-east-1:123456789012:service/shop/api".into();
    facts.services = part(Arc::new(vec![Arc::new(theirs)]));
    assert_eq!(told(&facts), (Verdict::Unknown, "account".into()));
    assert_eq!(facts.stray().unwrap().is, "123456789012");
}

#[test]
fn a_configured_system_that_does_not_tell_is_unknown_and_one_reason_is_said_once() {
    let mut facts = quiet(&["vercel", "rds", "elasticache"]);
    let text = found(&facts);
    assert_eq!(text.len(), 1, "{text:?}");
    assert_eq!(text[0].0, Verdict::Unknown);
    for view in ["vercel", "databases", "caches"] {
        assert!(text[0].1.contains(view), "{text:?}");
    }
    assert!(text[0].1.ends_with(": no answer in time"), "{text:?}");
    facts.estate.vercel = part(Arc::default());
    facts.estate.databases = part(Arc::default());
    facts.estate.caches = part(Arc::default());
    let backups = found(&facts);
    assert!(
        backups.iter().all(|(_, t)| t.starts_with("backups")),
        "{backups:?}"
    );
    facts.estate.vercel.error = Some(problem(ProblemKind::BadCredentials));
    assert!(found(&facts).contains(&(Verdict::Unknown, "vercel: why".into())));
    // A vendor was configured on purpose: that its token may not ask is no answer.
    facts.estate.vercel.error = Some(problem(ProblemKind::Denied));
    assert!(found(&facts).contains(&(Verdict::Unknown, "vercel: why".into())));
    // What nobody configured owes no answer.
    facts.providers.clear();
    assert_eq!(found(&facts), []);
}

#[test]
fn rights_that_are_narrow_are_said_and_change_no_verdict() {
    let mut facts = quiet(&["s3", "appconfig"]);
    facts.estate.buckets.error = Some(problem(ProblemKind::Denied));
    facts.estate.flags.error = Some(problem(ProblemKind::Throttled));
    assert_eq!(found(&facts), [(Verdict::Unknown, "flags: why".into())]);
    let said = silent(&Pages::new(&facts, now()));
    assert!(
        said.iter()
            .any(|s| s.verdict.is_none() && s.about == "buckets" && s.text == "why"),
        "{said:?}"
    );
}

#[test]
fn servers_named_by_their_address_are_ill_where_they_are_out_of_reach() {
    for kind in [ProblemKind::Unreachable, ProblemKind::Timeout] {
        let mut facts = quiet(&["postgres", "redis"]);
        facts.estate.postgres.error = Some(problem(kind));
        facts.estate.redis.error = Some(problem(kind));
        let found = found(&facts);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, Verdict::Degraded, "{found:?}");
    }
    let mut facts = quiet(&["redis"]);
    facts.estate.redis.error = Some(problem(ProblemKind::BadCredentials));
    assert_eq!(found(&facts)[0].0, Verdict::Unknown);
}

#[test]
fn what_is_out_of_reach_is_not_known_where_nobody_else_is_reached() {
    let told = |url: ProblemKind, sts: Result<(), ProblemKind>| {
        let mut facts = quiet(&["postgres", "sts"]);
        facts.estate.postgres.error = Some(problem(ProblemKind::Unreachable));
        facts.https.insert(
            "https://x".into(),
            Part {
                error: Some(problem(url)),
                ..Part::default()
            },
        );
        match sts {
            Ok(()) => facts.providers[1].last_ok = Some(now()),
            Err(kind) => facts.providers[1].problem = Some(problem(kind)),
        }
        found(&facts).into_iter().map(|f| f.0).collect::<Vec<_>>()
    };
    use Verdict::{Degraded, Unknown};
    let lost = ProblemKind::Unreachable;
    assert_eq!(told(lost, Ok(())), [Degraded, Degraded]);
    assert_eq!(told(ProblemKind::Timeout, Err(lost)), [Unknown, Unknown]);
    let denied = Err(ProblemKind::NoCredentials);
    assert_eq!(told(lost, denied), [Degraded, Degraded], "nothing says so");
    assert_eq!(
        told(ProblemKind::Offline, Ok(())),
        [Degraded, Unknown],
        "of this machine's own"
    );
}

#[test]
fn a_mail_server_out_of_reach_counts_while_slack_answers() {
    let mut facts = quiet(&["slack", "smtp"]);
    facts.estate.slack = Part::answered(
        Arc::new(Workspace {
            team: "t".into(),
            user: "u".into(),
            url: String::new(),
            channels: Vec::new(),
            cut: false,
            lacks: None,
            alerts_to: None,
        }),
        now(),
        "slack:auth.test",
        Duration::from_secs(300),
    );
    facts.estate.smtp = Part::never("smtp:EHLO, NOOP", Duration::from_secs(300));
    assert_eq!(found(&facts), [], "nobody waits for it");
    facts.estate.smtp.error = Some(problem(ProblemKind::Unreachable));
    assert_eq!(found(&facts), [(Verdict::Degraded, "mail: why".into())]);
}

#[test]
fn a_url_answers_what_is_right_or_is_degraded_and_one_that_says_nothing_is_unknown() {
    let told = |right: u16, status: Option<u16>, mitigated: Option<&str>| {
        let mut facts = quiet(&[]);
        let url = "https://x/".to_owned();
        facts.https_targets.push(HttpsTarget {
            url: url.clone(),
            status: right,
            verifies: None,
        });
        let probe = |status| HttpsProbe {
            url: url.clone(),
            status,
            latency_ms: 1.0,
            headers: Vec::new(),
            grade: Grade {
                letter: "A".into(),
                reasons: Vec::new(),
            },
            mitigated: mitigated.map(str::to_owned),
        };
        facts.https.insert(
            url.clone(),
            status.map_or_else(Part::default, |s| part(probe(s))),
        );
        found(&facts).into_iter().map(|f| f.0).next()
    };
    let with = |right, status| told(right, status, None);
    let challenged = Some("Cloudflare challenged this machine");
    assert_eq!(told(200, Some(403), challenged), Some(Verdict::Unknown));
    assert_eq!(told(200, Some(503), challenged), Some(Verdict::Unknown));
    assert_eq!(with(200, Some(200)), None);
    assert_eq!(with(301, Some(301)), None);
    assert_eq!(with(200, Some(404)), Some(Verdict::Degraded));
    assert_eq!(with(401, Some(200)), Some(Verdict::Degraded));
    assert_eq!(with(200, Some(502)), Some(Verdict::Degraded));
    assert_eq!(with(200, None), Some(Verdict::Unknown));
}

#[test]
fn a_red_workflow_is_one_finding_with_its_count() {
    let run = |outcome| Run {
        id: 7,
        workflow_id: 1,
        workflow: "deploy".into(),
        number: 418,
        attempt: 1,
        title: "Deploy api".into(),
        event: "push".into(),
        branch: "main".into(),
        sha: "f00".into(),
        actor: "ana".into(),
        outcome,
        started_at: Some(now()),
        updated_at: Some(now()),
        url: String::new(),
    };
    let mut facts = quiet(&["github"]);
    let failed = run(Outcome::Failed);
    facts.estate.pipelines = part(Arc::new(Pipelines {
        repository: "laser/platform".into(),
        branch: "main".into(),
        workflows: vec![Workflow {
            id: 1,
            name: "deploy".into(),
            file: "deploy.yml".into(),
            active: true,
            runs: vec![failed.clone()],
        }],
        runs: vec![failed.clone()],
        looked_into: vec![RunJobs {
            run: failed,
            jobs: vec![Job {
                id: 1,
                name: "roll out".into(),
                outcome: Outcome::Failed,
                started_at: Some(now()),
                ended_at: Some(now()),
                steps: Vec::new(),
            }],
        }],
    }));
    let of_pipelines = |facts: &Facts| {
        let mut all = judge(facts, now());
        all.retain(|f| f.verdict == Verdict::Degraded);
        all.into_iter().map(|f| f.text).collect::<Vec<_>>()
    };
    assert_eq!(of_pipelines(&facts), ["1 red workflow on main: deploy"]);
}

#[test]
fn what_is_bad_of_one_thing_hides_nothing_of_another() {
    let group = |region: &str, name: &str, states: &[&str]| {
        let target = |state: &&str| Target {
            id: "10.0.0.1".into(),
            port: 80,
            zone: "a".into(),
            state: (*state).into(),
            reason: String::new(),
        };
        TargetGroup {
            arn: format!("arn:aws:elasticloadbalancing:{region}:1:targetgroup/{name}/1"),
            name: name.into(),
            load_balancers: Vec::new(),
            protocol: None,
            health_check_path: None,
            targets: states.iter().map(target).collect(),
        }
    };
    let mut facts = quiet(&["elb", "elb-abroad"]);
    let ill = ["unhealthy"; 4];
    let here = vec![group("home", "old-tg", &[]), group("home", "api-tg", &ill)];
    facts.target_groups = part(Arc::new(here));
    // One of the same name, and one that its name begins with, in the other region.
    let abroad = vec![
        group("away", "api-tg", &["unhealthy"]),
        group("away", "api-tg two", &["unhealthy"]),
    ];
    facts.estate.targets_abroad = part(Arc::new(TargetsAbroad {
        region: "away".into(),
        groups: abroad,
        unread: 0,
    }));
    let degraded = |facts: &Facts| {
        let mut all = judge(facts, now());
        all.retain(|f| f.about == "targets");
        all.into_iter().map(|f| f.text).collect::<Vec<_>>()
    };
    assert_eq!(
        degraded(&facts),
        [
            "old-tg has no target",
            "api-tg: 0 of 4 targets healthy",
            "api-tg: 0 of 1 targets healthy",
            "api-tg two: 0 of 1 targets healthy"
        ]
    );
}

/// A service at none behind a load balancer, and the group that it has left.
fn at_none(cluster: &str, events: Vec<ServiceEvent>) -> Facts {
    let arn = "arn:aws:elasticloadbalancing:home:1:targetgroup/tg-auth/1";
    let service = Service {
        id: ServiceId {
            cluster: cluster.into(),
            name: "auth".into(),
        },
        arn: String::new(),
        status: "ACTIVE".into(),
        counts: TaskCounts::default(),
        revision: Revision::parse("auth:4").unwrap(),
        launch_type: "FARGATE".into(),
        deployment: DeploymentConfig {
            strategy: Strategy::Rolling,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker::default(),
            alarms: Vec::new(),
            alarms_rollback: false,
            bake_minutes: None,
            shift_minutes: None,
        },
        load_balancers: vec![LoadBalancerBinding {
            alternate_target_group_arn: None,
            target_group_arn: arn.into(),
            container: "auth".into(),
            port: 80,
        }],
        rollouts: Vec::new(),
        revisions: Vec::new(),
        scaling: None,
        events,
        created_at: None,
    };
    let mut facts = quiet(&["elb"]);
    facts.environment = "production".into();
    facts.environments = vec!["production".into(), "staging".into()];
    facts.services = part(Arc::new(vec![Arc::new(service)]));
    facts.target_groups = part(Arc::new(vec![TargetGroup {
        arn: arn.into(),
        name: "tg-auth".into(),
        load_balancers: vec!["arn:aws:elasticloadbalancing:home:1:loadbalancer/app/p/1".into()],
        protocol: None,
        health_check_path: None,
        targets: Vec::new(),
    }]));
    facts.slos = part(Vec::new());
    facts.series = part(Arc::default());
    facts
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

#[test]
fn a_service_that_is_gone_is_down_and_named_once_and_anothers_is_a_warning() {
    let event = |seconds, message: &str| ServiceEvent {
        id: String::new(),
        at: ago(seconds),
        message: message.into(),
    };
    let events = vec![
        event(30, "(service auth) has reached a steady state."),
        event(240, "(service auth) has stopped 2 running tasks: (task 1)."),
    ];
    let facts = at_none("laser-prod", events);
    let bad = |facts: &Facts| {
        let mut all = found(facts);
        all.retain(|(verdict, _)| *verdict > Verdict::Unknown);
        all
    };
    let text = "laser-prod/auth: scaled to 0: nothing has run behind its load balancer for 4m";
    assert_eq!(bad(&facts), [(Verdict::Down, text.to_owned())]);
    // No event tells since when, and no action of ours did it.
    let facts = at_none("laser-prod", Vec::new());
    let text = "laser-prod/auth: scaled to 0: nothing runs behind its load balancer";
    assert_eq!(bad(&facts), [(Verdict::Down, text.to_owned())]);
    // Another one's is its own affair: it is said, and nothing follows.
    let facts = at_none("laser-staging", Vec::new());
    assert_eq!(bad(&facts), []);
    assert_eq!(
        said_elsewhere(&facts),
        ["laser-staging/auth: scaled to 0: nothing runs behind its load balancer"]
    );
}

fn said_elsewhere(facts: &Facts) -> Vec<String> {
    let all = services::elsewhere(facts, now()).into_iter();
    all.map(|s| format!("{}: {}", s.about, s.text)).collect()
}

/// Production is not down because staging is.
#[test]
fn a_service_of_another_environment_changes_no_verdict_however_ill_it_is() {
    let of_staging = |states: &[&str], running: u32| {
        let mut facts = reached(states);
        let services = facts.services.value.as_mut().map(Arc::make_mut).unwrap();
        let service = Arc::make_mut(&mut services[0]);
        service.id.cluster = "laser-staging".into();
        service.counts.running = running;
        facts.judge_targets();
        let mut all = found(&facts);
        all.retain(|f| f.0 > Verdict::Unknown);
        assert_eq!(all, [], "{states:?} {running}");
        assert!(said_elsewhere(&reached(states)).is_empty(), "it is ours");
        said_elsewhere(&facts)
    };
    assert_eq!(
        of_staging(&["unhealthy"; 4], 4),
        ["laser-staging/auth: DOWN: 0 of 4 targets healthy"]
    );
    assert_eq!(
        of_staging(&["healthy", "unhealthy"], 4),
        ["laser-staging/auth: DEGRADED: 1 of 2 targets healthy"]
    );
    assert_eq!(
        of_staging(&[], 0),
        ["laser-staging/auth: DOWN: 0 of 4 running"]
    );
    assert!(of_staging(&["healthy"; 4], 4).is_empty());
}

fn rollout(state: DeploymentState, number: u32, ended: Option<i64>) -> Arc<Deployment> {
    let revision = Revision::parse(&format!("api:{number}")).unwrap();
    Arc::new(Deployment {
        id: format!("d{number}"),
        service: ServiceId {
            cluster: "laser-prod".into(),
            name: "api".into(),
        },
        strategy: Strategy::Rolling,
        state,
        reason: String::new(),
        from: Vec::new(),
        to: Some(RevisionLoad {
            digests: Vec::new(),
            revision,
            service_revision: None,
            image: None,
            counts: TaskCounts::default(),
            traffic_percent: None,
        }),
        circuit_breaker: CircuitBreaker::default(),
        failures: None,
        alarms: Vec::new(),
        lifecycle_stage: None,
        pace: Pace::default(),
        rollback_reason: Some("circuit breaker threshold was exceeded".into()),
        rollback_to: None,
        rollback_since: None,
        created_at: Some(ago(7_200)),
        started_at: None,
        finished_at: ended.map(ago),
        source: DeploymentSource::ServiceDeployments,
    })
}

#[test]
fn a_rollout_that_went_back_is_told_of_for_an_hour_unless_a_newer_one_went_well() {
    use DeploymentState::{Failed, InProgress, RolledBack, Successful};

    let told = |rows: Vec<Arc<Deployment>>| {
        let mut facts = quiet(&[]);
        facts.deployments = part(Arc::new(rows));
        found(&facts)
    };
    let text = "laser-prod/api: the rollout of api:7 ROLLED BACK 20s ago: circuit breaker threshold was exceeded";
    let back = rollout(RolledBack, 7, Some(20));
    assert_eq!(told(vec![back.clone()]), [(Verdict::Degraded, text.into())]);
    assert_eq!(told(vec![rollout(Failed, 7, Some(20))]).len(), 1);
    assert_eq!(told(vec![rollout(Failed, 7, Some(3_700))]), [], "long ago");
    assert_eq!(
        told(vec![rollout(Successful, 8, Some(5)), back.clone()]),
        []
    );
    assert_eq!(told(vec![rollout(InProgress, 8, None), back]), []);
}

/// What takes itself back is being mended: its word, its way and its reason are those of the console.
#[test]
fn a_rollout_that_goes_back_by_itself_is_told_as_that_and_why() {
    use crate::domain::service::Rollout;

    let told = |state: Option<DeploymentState>, why: &str| {
        let mut facts = reached(&["healthy"; 4]);
        let services = facts.services.value.as_mut().map(Arc::make_mut).unwrap();
        let auth = Arc::make_mut(&mut services[0]);
        auth.rollouts.push(Rollout {
            id: "ecs-svc/6".into(),
            status: "ACTIVE".into(),
            revision: Revision::parse("auth:6").unwrap(),
            counts: TaskCounts::default(),
            rollout_state: "FAILED".into(),
            rollout_reason: "tasks failed to start".into(),
            created_at: None,
            updated_at: None,
        });
        let rows = state.map(|state| {
            let mut d = rollout(state, 6, None);
            let going = Arc::make_mut(&mut d);
            going.service = auth.id.clone();
            going.rollback_reason = Some(why.into());
            let before = rollout(DeploymentState::Successful, 5, None);
            going.from = before.to.iter().cloned().collect();
            d
        });
        facts.deployments = part(Arc::new(rows.into_iter().collect()));
        found_of(&facts)
    };
    let goes_back = Some(DeploymentState::RollingBack);
    let text = "laser-prod/auth: ROLLING BACK :6 → :5, 4 of 4 run: the threshold was exceeded";
    assert_eq!(
        told(goes_back, "the threshold was exceeded"),
        [(Verdict::Degraded, text.into())]
    );
    let by_hand = "Service deployment stopped by the user with rollback.";
    assert_eq!(told(goes_back, by_hand), []);
    // Nobody tells of its deployment: what the service says of it.
    let text = "laser-prod/auth: FAILED: 4 of 4 running; :6 failed: tasks failed to start";
    assert_eq!(told(None, ""), [(Verdict::Degraded, text.into())]);
}

/// A service of production whose tasks run, with targets in such states.
fn reached(states: &[&str]) -> Facts {
    let mut facts = at_none("laser-prod", Vec::new());
    let service = facts.services.value.as_mut().map(Arc::make_mut).unwrap();
    let counts = &mut Arc::make_mut(&mut service[0]).counts;
    (counts.desired, counts.running) = (4, 4);
    let groups = facts
        .target_groups
        .value
        .as_mut()
        .map(Arc::make_mut)
        .unwrap();
    let target = |(n, state): (usize, &&str)| Target {
        id: format!("10.0.0.{n}"),
        port: 80,
        zone: ["a", "b", "c"][n % 3].into(),
        state: (*state).into(),
        reason: String::new(),
    };
    groups[0].targets = states.iter().enumerate().map(target).collect();
    facts.taken_at = now();
    facts.judge_targets();
    facts
}

#[test]
fn a_service_without_a_healthy_target_is_down_and_one_with_some_is_degraded() {
    let facts = reached(&["unhealthy"; 4]);
    assert_eq!(
        found_of(&facts),
        [(
            Verdict::Down,
            "laser-prod/auth: DOWN: 0 of 4 targets healthy".to_owned()
        )]
    );
    let facts = reached(&["healthy", "healthy", "healthy", "unhealthy", "draining"]);
    assert_eq!(
        found_of(&facts),
        [(
            Verdict::Degraded,
            "laser-prod/auth: DEGRADED: 3 of 4 targets healthy".to_owned()
        )]
    );
    // What is just being brought in is no fault, and neither is what leaves.
    for well in [
        &["healthy", "initial"][..],
        &["healthy", "draining"],
        &["initial"],
    ] {
        let told = found_of(&reached(well));
        assert!(told.iter().all(|f| f.0 != Verdict::Down), "{told:?}");
        assert!(!told.iter().any(|f| f.1.contains("DEGRADED")), "{told:?}");
    }
    // Nobody answers about targets any more: they are no better for that, and after a while not known.
    let mut lost = reached(&["unhealthy"; 4]);
    lost.target_groups.error = Some(problem(ProblemKind::Timeout));
    for (minutes, verdict, text) in [
        (5, Verdict::Down, "DOWN: 0 of 4 targets healthy"),
        (
            12,
            Verdict::Unknown,
            "unknown: targets not told for 12m; 0 of 4 were healthy",
        ),
    ] {
        lost.taken_at = now() + jiff::SignedDuration::from_mins(minutes);
        lost.judge_targets();
        let text = format!("laser-prod/auth: {text}");
        assert_eq!(found_of(&lost), [(verdict, text)]);
    }
}

/// What is found of services and targets.
fn found_of(facts: &Facts) -> Vec<(Verdict, String)> {
    let mut all = found(facts);
    all.retain(|f| f.1.contains("auth"));
    all
}

/// What a person stops did not fail, and another environment's failure is that one's affair.
#[test]
fn a_rollout_that_went_back_on_purpose_or_elsewhere_is_not_told_of() {
    use crate::domain::audit::{AuditRow, Outcome as Ended};

    let went_back = || rollout(DeploymentState::RolledBack, 7, Some(20));
    let told = |change: &dyn Fn(&mut Deployment), rows: Vec<AuditRow>| {
        let mut d = went_back();
        change(Arc::make_mut(&mut d));
        let mut facts = quiet(&[]);
        facts.environment = "production".into();
        facts.environments = vec!["production".into(), "staging".into()];
        facts.deployments = part(Arc::new(vec![d]));
        facts.audit = part(Arc::new(rows));
        found(&facts).len()
    };
    let row = |action: &str, outcome, at: i64| AuditRow {
        seq: 1,
        at: ago(at),
        who: "ana".into(),
        host: "h".into(),
        environment: "production".into(),
        action: action.into(),
        subject: "laser-prod/api".into(),
        event: "outcome".into(),
        parameters: serde_json::Value::Null,
        preview: String::new(),
        outcome: Some(outcome),
        detail: String::new(),
        duration_s: Some(30.0),
        run: "r".into(),
        previous: String::new(),
        hash: String::new(),
    };
    let same = |_: &mut Deployment| {};
    assert_eq!(told(&same, vec![]), 1);
    assert_eq!(told(&same, vec![row("stop", Ended::Succeeded, 10)]), 0);
    for other in [
        row("stop", Ended::Refused, 10),
        row("stop", Ended::Succeeded, 900),
        row("scale", Ended::Succeeded, 10),
    ] {
        assert_eq!(told(&same, vec![other.clone()]), 1, "{other:?}");
    }
    let by_hand = |d: &mut Deployment| {
        d.rollback_reason = Some("Service deployment stopped by the user with rollback.".into());
    };
    assert_eq!(told(&by_hand, vec![]), 0);
    let stuck = |d: &mut Deployment| d.state = DeploymentState::Failed;
    assert_eq!(told(&stuck, vec![row("stop", Ended::Succeeded, 10)]), 1);
    let elsewhere = |d: &mut Deployment| d.service.cluster = "laser-staging".into();
    assert_eq!(told(&elsewhere, vec![]), 0);
    let unknown = |d: &mut Deployment| d.service.cluster = "shop-dev".into();
    assert_eq!(told(&unknown, vec![]), 1, "nobody else looks after it");
}

/// Without a file there is production alone, and whoever's credentials these are hears what is down.
#[test]
fn what_is_named_like_an_environment_that_nobody_configured_counts_here() {
    for cluster in ["shop-dev", "integration", "demo-x"] {
        let mut facts = at_none(cluster, Vec::new());
        facts.environments = vec!["production".into()];
        let findings = judge(&facts, now());
        assert_eq!(word(&facts, &findings), Verdict::Down, "{cluster}");
        assert_eq!(said_elsewhere(&facts), [""; 0]);
        let env = facts.counted_in(cluster).unwrap().word();
        let way = format!(
            "to set aside {cluster}: [environments.production] and [environments.{env}] in flightdeck.toml"
        );
        assert_eq!(services::counted(&facts, now()), [way]);
    }
    let mut facts = at_none("shop-dev", Vec::new());
    assert_eq!(
        services::counted(&facts, now()),
        ["to set aside shop-dev: [environments.development] in flightdeck.toml"]
    );
    facts.listed_clusters = vec!["shop-dev".into()];
    assert_eq!(services::counted(&facts, now()), [""; 0], "it is listed");
    let ours = at_none("shop", Vec::new());
    assert_eq!(services::counted(&ours, now()), [""; 0]);
}

/// Of production nothing was seen, however well the others are.
#[test]
fn an_environment_of_which_no_service_was_seen_is_unknown() {
    let mut facts = reached(&["healthy"; 4]);
    facts.environments.push("dev".into());
    facts.alarms = part(Arc::default());
    let rows = facts.services.value.as_mut().map(Arc::make_mut).unwrap();
    let in_cluster = |service: &Arc<Service>, cluster: &str| {
        let mut service = Service::clone(service);
        service.id.cluster = cluster.into();
        Arc::new(service)
    };
    let ours = rows[0].clone();
    *rows = ["shop-dev", "shop-staging", "shop-test"]
        .map(|cluster| in_cluster(&ours, cluster))
        .into();
    let told = |facts: &Facts| -> Vec<(Verdict, String)> {
        let all = judge(facts, now()).into_iter();
        let all = all.filter(|f| f.about == "services");
        all.map(|f| (f.verdict, f.text)).collect()
    };
    let why = "no service of production here: 1 of staging, 2 of development";
    assert_eq!(told(&facts), [(Verdict::Unknown, why.to_owned())]);
    let rows = facts.services.value.as_mut().map(Arc::make_mut).unwrap();
    rows.push(in_cluster(&ours, "shop"));
    assert_eq!(told(&facts), []);
}

/// It changes no verdict, and is said of each.
#[test]
fn a_service_of_another_environment_whose_targets_nobody_tells_is_said() {
    let mut facts = reached(&["unhealthy"; 4]);
    let rows = facts.services.value.as_mut().map(Arc::make_mut).unwrap();
    Arc::make_mut(&mut rows[0]).id.cluster = "shop-staging".into();
    facts.target_groups.error = Some(problem(ProblemKind::Timeout));
    facts.taken_at = now() + jiff::SignedDuration::from_mins(12);
    facts.judge_targets();
    assert_eq!(
        said_elsewhere(&facts),
        ["shop-staging/auth: unknown: targets not told for 12m; 0 of 4 were healthy"]
    );
    assert_eq!(found_of(&facts), []);
}

#[test]
fn another_environments_target_groups_change_no_verdict_in_whatever_region() {
    let target = || Target {
        id: "10.0.0.1".into(),
        port: 80,
        zone: "a".into(),
        state: "unhealthy".into(),
        reason: String::new(),
    };
    let group = |name: &str, targets| TargetGroup {
        arn: format!("arn:aws:elasticloadbalancing:away:1:targetgroup/{name}/1"),
        name: name.into(),
        load_balancers: Vec::new(),
        protocol: None,
        health_check_path: None,
        targets,
    };
    let mut facts = quiet(&["elb", "elb-abroad"]);
    facts.environments = vec!["production".into(), "staging".into()];
    facts.target_groups = part(Arc::default());
    let degraded = |facts: &mut Facts| {
        facts.estate.targets_abroad = part(Arc::new(TargetsAbroad {
            region: "away".into(),
            groups: vec![
                group("shop-staging-old", Vec::new()),
                group("shop-staging", vec![target()]),
                group("shop", vec![target()]),
            ],
            unread: 0,
        }));
        let mut all = judge(facts, now());
        all.retain(|f| f.verdict == Verdict::Degraded);
        all.into_iter().map(|f| f.text).collect::<Vec<_>>()
    };
    assert_eq!(degraded(&mut facts), ["shop: 0 of 1 targets healthy"]);
    facts.environments.pop();
    assert_eq!(degraded(&mut facts).len(), 3, "nobody else looks after it");
}

/// Whose clock is wrong is no matter of the platform.
#[test]
fn a_clock_of_this_machine_that_is_off_is_said_and_changes_no_verdict() {
    let mut facts = quiet(&["sts"]);
    facts.providers[0].clock_s = Some(240);
    assert_eq!(found(&facts), []);
    let said = silent(&Pages::new(&facts, now()));
    let clock = said.iter().find(|s| s.about == "clock").unwrap();
    assert_eq!(clock.verdict, None);
    assert!(clock.text.contains("4m slow by aws"), "{}", clock.text);
    facts.providers[0].clock_s = Some(0);
    let said = silent(&Pages::new(&facts, now()));
    assert!(said.iter().all(|s| s.about != "clock"), "{said:?}");
}
