//! One vendor that hangs for as long as anybody looks: all that others tell is there as soon as they told it, and stays fresh.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::assemble::demo;
use flightdeck::backend::Backend;
use flightdeck::config::Config;
use flightdeck::domain::estate::Estate;
use flightdeck::domain::facts::Facts;
use flightdeck::domain::part::{Freshness, Part};
use flightdeck::domain::problem::ProblemKind;
use flightdeck::present::{Section, VIEWS};
use flightdeck::sandbox;
use jiff::Timestamp;

/// How long it hangs, and is watched.
const HANGS: Duration = Duration::from_secs(30);
/// What a busy machine may take for the first answers of all the others.
const FIRST: Duration = Duration::from_secs(20);
/// What lies between an answer and the picture that shows it, and between two looks at pictures here.
const SHOWN: Duration = Duration::from_millis(1_500);

/// A part: whether it was answered, and how far it can be trusted.
type Standing = (bool, Freshness);

/// Every part of the picture, by name. One that is added to the estate is missing here until it is named.
fn parts(facts: &Facts, now: Timestamp) -> BTreeMap<&'static str, Standing> {
    fn of<T>(part: &Part<T>, now: Timestamp) -> Standing {
        (part.observed_at.is_some(), part.freshness(now))
    }
    macro_rules! estate {
        ($($part:ident),* $(,)?) => {{
            let Estate { $($part),* } = &facts.estate;
            [$((stringify!($part), of($part, now))),*]
        }};
    }
    let estate = estate!(
        alarm_mutes,
        databases,
        db_vitals,
        db_transit,
        db_limits,
        db_events,
        statements,
        snapshots,
        snapshots_abroad,
        recovery_points,
        recovery_points_abroad,
        backup_jobs,
        restores,
        pipelines,
        github_deployments,
        scanners,
        cost,
        flags,
        network,
        scaled,
        scaling,
        walls,
        secrets,
        access,
        targets_abroad,
        caches,
        redis,
        redis_elsewhere,
        postgres,
        postgres_shape,
        schemas,
        buckets,
        stacks,
        registry,
        topics,
        errors,
        error_events,
        error_releases,
        slack,
        smtp,
        vercel,
        vercel_settings,
        vercel_aliases,
        cloudflare_zones,
        cloudflare_records,
        cloudflare_settings,
        cloudflare_firewall,
        cloudflare_traffic,
    );
    let mut all = BTreeMap::from([
        ("identity", of(&facts.identity, now)),
        ("clusters", of(&facts.clusters, now)),
        ("services", of(&facts.services, now)),
        ("definitions", of(&facts.task_definitions, now)),
        ("deployments", of(&facts.deployments, now)),
        ("targets", of(&facts.target_groups, now)),
        ("alarms", of(&facts.alarms, now)),
        ("measures", of(&facts.series, now)),
        ("promises", of(&facts.slos, now)),
        ("log_groups", of(&facts.log_groups, now)),
    ]);
    all.extend(estate);
    for (name, seen) in [
        (
            "https",
            facts.https.values().map(|p| of(p, now)).collect::<Vec<_>>(),
        ),
        ("tls", facts.tls.values().map(|p| of(p, now)).collect()),
        ("dns", facts.dns.values().map(|p| of(p, now)).collect()),
    ] {
        assert!(!seen.is_empty(), "the demo has hosts");
        let worst = seen
            .iter()
            .map(|(_, f)| *f)
            .max_by_key(|f| *f != Freshness::Fresh);
        let answered = seen.iter().all(|(answered, _)| *answered);
        all.insert(name, (answered, worst.unwrap_or(Freshness::Never)));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_vendor_that_hangs_for_half_a_minute_holds_no_other_up_on_any_screen() {
    let options = sandbox::Options {
        faults: vec!["slack:hang=1".parse().unwrap()],
        ..sandbox::Options::default()
    };
    let platform = sandbox::start(options).await.unwrap();
    let mut config = Config::default();
    demo::aim(&mut config, &platform);
    let config = Arc::new(config);
    let backend = Arc::new(Backend::new(&config).await.unwrap());
    let (_runs, runs) = tokio::sync::watch::channel(Arc::default());
    let mut handle = flightdeck::watch::start(config, backend, Arc::default(), None, runs).await;
    let began = Instant::now();
    let mut first: BTreeMap<&str, Duration> = BTreeMap::new();
    let mut shown: BTreeMap<&str, Duration> = BTreeMap::new();
    let mut all_were = false;
    while began.elapsed() < HANGS {
        assert!(handle.changed().await);
        let (snapshot, now, at) = (handle.snapshot(), Timestamp::now(), began.elapsed());
        let facts = &snapshot.facts;
        let mut parts = parts(facts, now);
        // The demo names no other Redis.
        parts.remove("redis_elsewhere");
        let slack = parts.remove("slack").unwrap();
        assert_ne!(slack.1, Freshness::Fresh, "it hangs");
        for (name, _) in parts.iter().filter(|(_, (answered, _))| *answered) {
            first.entry(name).or_insert(at);
        }
        for view in VIEWS.iter().filter(|v| !v.needs.contains(&"slack")) {
            let sections = view.make(facts, now);
            // Nobody answers what the demo does not name, nor what the console knows by itself; and there is no store here.
            let elsewhere = facts.estate.redis_elsewhere.source.as_str();
            let nobodys = [elsewhere, "this console", "store"];
            let unasked =
                |s: &Section| !s.is_asked() || nobodys.contains(&s.standing.source.as_str());
            if sections.iter().all(|s| s.is_answered() || unasked(s)) {
                shown.entry(view.id).or_insert(at);
            }
        }
        let late: Vec<_> = parts
            .iter()
            .filter(|(_, (_, f))| *f != Freshness::Fresh)
            .collect();
        all_were |= late.is_empty();
        if all_were || at > FIRST {
            assert!(late.is_empty(), "after {at:?}: {late:?}");
        }
    }
    // Each screen shows its first data as soon as the slowest of its own systems told it, though another one hangs.
    for view in VIEWS.iter().filter(|v| !v.needs.contains(&"slack")) {
        let there = shown
            .get(view.id)
            .unwrap_or_else(|| panic!("{view:?} shows nothing"));
        let of_its_own = view.needs.iter().filter_map(|need| first.get(need));
        let slowest = of_its_own.max().copied().unwrap_or(FIRST);
        assert!(
            *there <= slowest + SHOWN,
            "{view:?}: {there:?}, and its systems answered by {slowest:?}"
        );
    }
    let snapshot = handle.snapshot();
    let problem = snapshot
        .facts
        .estate
        .slack
        .error
        .as_ref()
        .expect("the hung one says so");
    assert_eq!(problem.kind, ProblemKind::Timeout);
}
