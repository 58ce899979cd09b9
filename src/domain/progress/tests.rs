use super::*;
use crate::domain::deployment::{DeploymentSource, RevisionLoad};
use crate::domain::service::{CircuitBreaker, Revision, ServiceId, Strategy, TaskCounts};

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + n).unwrap()
}

fn load(number: u32, desired: u32, running: u32, traffic: Option<f64>) -> RevisionLoad {
    RevisionLoad {
        digests: Vec::new(),
        revision: Revision {
            arn: String::new(),
            family: "api".into(),
            number,
        },
        service_revision: None,
        image: None,
        counts: TaskCounts {
            desired,
            running,
            ..TaskCounts::default()
        },
        traffic_percent: traffic,
    }
}

/// A deployment of three tasks that began at second zero.
fn deployment(strategy: Strategy, stage: Option<&str>, started: u32, old: u32) -> Deployment {
    let traffic = strategy.shifts_traffic().then_some(0.0);
    Deployment {
        id: "d".into(),
        service: ServiceId {
            cluster: "prod".into(),
            name: "api".into(),
        },
        strategy,
        state: DeploymentState::InProgress,
        reason: String::new(),
        from: vec![load(3, 3, old, traffic)],
        to: Some(load(4, 3, started, traffic)),
        circuit_breaker: CircuitBreaker::default(),
        failures: None,
        alarms: Vec::new(),
        lifecycle_stage: stage.map(str::to_owned),
        pace: Pace {
            bake_minutes: strategy.shifts_traffic().then_some(1),
            shift_minutes: None,
            stage_since: stage.map(|_| second(30)),
        },
        rollback_reason: None,
        rollback_to: None,
        rollback_since: None,
        created_at: Some(second(0)),
        started_at: Some(second(0)),
        finished_at: None,
        source: DeploymentSource::ServiceDeployments,
    }
}

/// All new tasks run half a minute after the start of a canary: it has a third of its way behind it, not all of it.
#[test]
fn a_canary_is_not_done_when_its_tasks_run() {
    let mut d = deployment(Strategy::Canary, Some("SCALE_UP"), 0, 3);
    let percent = |d: &Deployment, at| d.percent(second(at)).unwrap();
    let mut seen = vec![percent(&d, 5)];
    d.to = Some(load(4, 3, 2, Some(0.0)));
    seen.push(percent(&d, 20));
    d.lifecycle_stage = Some("PRODUCTION_TRAFFIC_SHIFT".into());
    d.to = Some(load(4, 3, 3, Some(10.0)));
    seen.push(percent(&d, 30));
    d.lifecycle_stage = Some("BAKE_TIME".into());
    d.to = Some(load(4, 3, 3, Some(100.0)));
    seen.push(percent(&d, 30));
    seen.push(percent(&d, 60));
    d.lifecycle_stage = Some("CLEAN_UP".into());
    d.from = vec![load(3, 0, 1, Some(0.0))];
    seen.push(percent(&d, 95));
    d.from = vec![load(3, 0, 0, Some(0.0))];
    seen.push(percent(&d, 100));
    assert_eq!(seen, [0, 16, 27, 50, 62, 91, 99]);
    d.state = DeploymentState::Successful;
    assert_eq!((percent(&d, 101), d.steps(second(101))), (100, vec![]));
}

#[test]
fn a_rolling_update_counts_what_starts_and_what_stops() {
    let percent = |started, old| {
        let d = deployment(Strategy::Rolling, None, started, old);
        d.percent(second(10)).unwrap()
    };
    let seen = [
        percent(0, 3),
        percent(1, 3),
        percent(3, 3),
        percent(3, 1),
        percent(3, 0),
    ];
    assert_eq!(seen, [0, 16, 50, 83, 99]);
    // The bake time that the vendor tells of one that keeps none is in nobody's way.
    let mut d = deployment(Strategy::Rolling, Some("BAKE_TIME"), 3, 3);
    d.pace.bake_minutes = Some(1);
    assert_eq!(d.bake_left(second(40)), None);
    let kinds: Vec<_> = d
        .steps(second(40))
        .iter()
        .map(|s| (s.kind, s.now))
        .collect();
    assert_eq!(kinds, [(StepKind::Start, false), (StepKind::Drain, true)]);
}

/// Its counts alone would pass for those of a rolling one: half done, and so long to go.
#[test]
fn how_far_a_canary_is_stays_unknown_until_its_stage_is_told() {
    let rest = |d: &Deployment| {
        let at = second(20);
        let steps: Vec<_> = d.steps(at).iter().map(|s| s.kind).collect();
        (d.percent(at), steps, d.estimate(at, Some(100)))
    };
    for strategy in [Strategy::Canary, Strategy::Linear, Strategy::BlueGreen] {
        let mut d = deployment(strategy, None, 3, 3);
        d.source = DeploymentSource::Rollouts;
        for state in [DeploymentState::InProgress, DeploymentState::RollingBack] {
            d.state = state;
            assert_eq!(d.untold(second(20)), Some(Untold::ServiceDeployment));
            assert_eq!(rest(&d), (None, vec![], None), "{strategy:?} {state:?}");
        }
        d.state = DeploymentState::Successful;
        assert_eq!(
            (d.untold(second(20)), d.percent(second(20))),
            (None, Some(100))
        );
    }
    let mut d = deployment(Strategy::Canary, Some("A_STAGE_OF_LATER"), 3, 3);
    assert_eq!(d.untold(second(20)), Some(Untold::Stage));
    assert_eq!(rest(&d), (None, vec![], None));
    // What has not begun has all of its own steps to come.
    d.state = DeploymentState::Pending;
    let (percent, steps, _) = rest(&d);
    assert_eq!((percent, steps.len()), (Some(0), 4));
    // A rolling one is told by its counts, whoever tells them.
    let mut d = deployment(Strategy::Rolling, None, 3, 3);
    d.source = DeploymentSource::Rollouts;
    assert_eq!(rest(&d).0, Some(50));
}

/// Tasks of the revision that comes back run from the first moment, and some are started anew: what is started is done when none
/// starts any more, what is stopped when none is left, and all of it when the vendor says so.
#[test]
fn a_rollback_counts_the_tasks_that_it_starts_and_is_done_when_the_vendor_says_so() {
    let mut d = deployment(Strategy::Rolling, None, 2, 3);
    d.state = DeploymentState::RollingBack;
    let told = |d: &Deployment| {
        let steps = d.steps(second(20));
        let done: Vec<bool> = steps.iter().map(|s| s.share >= 1.0 && !s.now).collect();
        let tally = d.tally();
        (
            d.percent(second(20)).unwrap(),
            (tally.started, tally.to_stop),
            done,
        )
    };
    d.from[0].counts.pending = 3;
    let mut seen = vec![told(&d)];
    (d.from[0].counts.running, d.from[0].counts.pending) = (5, 1);
    seen.push(told(&d));
    (d.from[0].counts.running, d.from[0].counts.pending) = (3, 0);
    seen.push(told(&d));
    // Of what failed nothing runs any more, while tasks that others take the place of still do.
    d.to = Some(load(4, 0, 0, None));
    d.from[0].counts.running = 4;
    seen.push(told(&d));
    d.from[0].counts.running = 3;
    d.to.as_mut().unwrap().counts.pending = 1;
    seen.push(told(&d));
    d.to.as_mut().unwrap().counts.pending = 0;
    seen.push(told(&d));
    let wanted = [
        (0, (0, 5), vec![false, false]),
        (33, (2, 5), vec![false, false]),
        (66, (3, 2), vec![true, false]),
        (83, (3, 1), vec![true, false]),
        (83, (3, 1), vec![true, false]),
        (99, (3, 0), vec![true, true]),
    ];
    assert_eq!(seen, wanted);
    d.state = DeploymentState::RolledBack;
    assert_eq!(d.percent(second(20)), Some(100));
}

#[test]
fn the_bake_time_runs_down_and_is_unknown_where_its_start_is() {
    let mut d = deployment(Strategy::BlueGreen, Some("BAKE_TIME"), 3, 3);
    let left = |d: &Deployment, at| d.bake_left(second(at));
    assert_eq!((left(&d, 48), left(&d, 300)), (Some(42), Some(0)));
    assert_eq!(left(&d, 0), Some(60), "the vendor's clock is ahead");
    let by = Estimate::BakeTime { seconds: 42 };
    assert_eq!(d.estimate(second(48), Some(500)), Some(by));
    d.pace.stage_since = None;
    assert_eq!((left(&d, 48), d.percent(second(48))), (None, Some(50)));
    d.pace.stage_since = Some(second(30));
    d.lifecycle_stage = Some("PRODUCTION_TRAFFIC_SHIFT".into());
    assert_eq!(left(&d, 48), None);
}

#[test]
fn an_estimate_says_what_it_is_known_by() {
    let mut d = deployment(Strategy::Canary, Some("SCALE_UP"), 1, 3);
    d.pace.shift_minutes = Some(2);
    let seconds = 180;
    // What it is configured to wait for comes in any case.
    assert_eq!(
        [
            d.estimate(second(20), None),
            d.estimate(second(20), Some(100))
        ],
        [
            Some(Estimate::Waits { seconds }),
            Some(Estimate::Waits { seconds })
        ]
    );
    // What it waits for is the least that it takes, however long the last one took.
    let signs = [
        Estimate::BakeTime { seconds },
        Estimate::Waits { seconds },
        Estimate::SoFar { seconds },
    ];
    let signs = signs.map(|e| e.seconds().unwrap().0);
    assert_eq!(signs, ["≥", "≥", "~"]);
    let longer = Estimate::LastRun {
        seconds: 280,
        took: 300,
    };
    assert_eq!(d.estimate(second(20), Some(300)), Some(longer));
    let d = deployment(Strategy::Rolling, None, 0, 3);
    let took = 60;
    assert_eq!(
        [10, 70].map(|at| d.estimate(second(at), Some(took))),
        [
            Some(Estimate::LastRun { seconds: 50, took }),
            Some(Estimate::Overdue { took })
        ]
    );
    assert_eq!(d.estimate(second(10), None), None, "nothing tells");
    let half = deployment(Strategy::Rolling, None, 3, 3);
    let so_far = Some(Estimate::SoFar { seconds: 30 });
    assert_eq!(half.estimate(second(30), None), so_far);
}

#[test]
fn since_when_a_stage_lasts_stays_what_was_told_of_it_first() {
    let shift = deployment(Strategy::Canary, Some("PRODUCTION_TRAFFIC_SHIFT"), 3, 3);
    let mut bake = deployment(Strategy::Canary, Some("BAKE_TIME"), 3, 3);
    bake.pace.stage_since = Some(second(45));
    bake.carry_stage(Some(&shift), second(47));
    assert_eq!(bake.pace.stage_since, Some(second(45)));
    // Something else of the deployment changed since.
    let mut later = bake.clone();
    later.pace.stage_since = Some(second(70));
    later.carry_stage(Some(&bake), second(71));
    assert_eq!(later.pace.stage_since, Some(second(45)));
    // An endpoint that tells no time of change: whoever saw the stage change knows it.
    let mut silent = bake.clone();
    silent.pace.stage_since = None;
    silent.carry_stage(Some(&shift), second(47));
    assert_eq!(silent.pace.stage_since, Some(second(47)));
}

/// Of an answer that cannot be true no share, no countdown and no length is made.
#[test]
fn an_answer_that_contradicts_itself_is_unknown_and_says_why() {
    let at = second(20);
    let told = |d: &Deployment| {
        let counted = (d.percent(at), d.estimate(at, Some(100)), d.bake_left(at));
        (d.untold(at), counted, d.took(at), d.steps(at).len())
    };
    let nothing = |why| (Some(why), (None, None, None), None, 0);
    let mut staged = deployment(Strategy::Canary, Some("BAKE_TIME"), 3, 3);
    let mut rolling = deployment(Strategy::Rolling, None, 2, 2);
    assert_eq!(told(&rolling).0, None);
    assert_eq!(told(&rolling).2, Some(20));
    for d in [&mut staged, &mut rolling] {
        for state in [DeploymentState::Pending, DeploymentState::InProgress] {
            d.state = state;
            (d.created_at, d.started_at) = (Some(second(0)), Some(second(0)));
            d.finished_at = Some(second(10));
            assert_eq!(told(d), nothing(Untold::Ended));
            assert_eq!(d.began(at), Some(second(0)));
            d.finished_at = None;
            d.started_at = Some(second(81));
            assert_eq!(told(d), nothing(Untold::Future));
            d.started_at = None;
            d.created_at = Some(second(81));
            assert_eq!(told(d), nothing(Untold::Future));
            assert_eq!(d.began(at), None);
            // The vendor's clock may be a little ahead.
            d.created_at = Some(second(80));
            assert_eq!(told(d).0, None);
        }
    }
    // One that was stopped goes back after its end; one that is over has its own.
    rolling.created_at = Some(second(0));
    rolling.finished_at = Some(second(10));
    rolling.state = DeploymentState::RollingBack;
    assert_eq!(rolling.untold(at), None);
    rolling.state = DeploymentState::Successful;
    assert_eq!((rolling.untold(at), rolling.took(at)), (None, Some(10)));
    // By the list alone no task of it is known, which is not as if none ran.
    let mut listed = deployment(Strategy::Rolling, None, 2, 2);
    listed.from.clear();
    listed.to = None;
    let (why, counted, took, steps) = told(&listed);
    assert_eq!((why, took, steps), (Some(Untold::Revisions), Some(20), 0));
    assert_eq!(counted.0, None);
}
