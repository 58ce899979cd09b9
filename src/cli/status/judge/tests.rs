//! What speaks against "healthy".

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::domain::facts::ProviderHealth;
use crate::domain::github::{Job, Outcome, Pipelines, Run, RunJobs, Workflow};
use crate::domain::part::Part;
use crate::domain::probe::{Grade, HttpsProbe, HttpsTarget};
use crate::domain::problem::Problem;
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
        latency_ms: None,
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
    let said = silent(&facts, now());
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
fn a_mail_server_out_of_reach_counts_while_slack_answers() {
    let mut facts = quiet(&["slack", "smtp"]);
    facts.estate.slack = Part::answered(
        Arc::new(Workspace {
            team: "t".into(),
            user: "u".into(),
            url: String::new(),
            channels: Vec::new(),
            cut: false,
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
    let with = |right: u16, status: Option<u16>| {
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
        };
        facts.https.insert(
            url.clone(),
            status.map_or_else(Part::default, |s| part(probe(s))),
        );
        found(&facts).into_iter().map(|f| f.0).next()
    };
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
            "api-tg: 0",
            "api-tg: 0",
            "api-tg two: 0"
        ]
    );
}
