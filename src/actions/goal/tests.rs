use super::*;
use crate::actions::purpose::replaces;
use crate::domain::deployment::RevisionLoad;
use crate::domain::service::{CircuitBreaker, DeploymentConfig, Strategy, TaskCounts};

const NOW: Duration = Duration::ZERO;
const PATIENCE: Duration = Duration::from_secs(20);
const LATE: Duration = Duration::from_secs(60);

fn id() -> ServiceId {
    ServiceId {
        cluster: "laser".into(),
        name: "api".into(),
    }
}

fn revision(n: u32) -> Revision {
    Revision::parse(&format!("arn:aws:ecs:us-east-1:1:task-definition/api:{n}")).unwrap()
}

fn counts(desired: u32, running: u32, failed: u32) -> TaskCounts {
    TaskCounts {
        desired,
        running,
        pending: 0,
        failed,
    }
}

fn roll(rid: &str, status: &str, n: u32, state: &str, why: &str, c: TaskCounts) -> Rollout {
    Rollout {
        id: rid.into(),
        status: status.into(),
        revision: revision(n),
        counts: c,
        rollout_state: state.into(),
        rollout_reason: why.into(),
        created_at: None,
        updated_at: None,
    }
}

fn load(n: u32, c: TaskCounts) -> RevisionLoad {
    RevisionLoad {
        digests: Vec::new(),
        revision: revision(n),
        service_revision: None,
        image: None,
        counts: c,
        traffic_percent: None,
    }
}

fn deployment(did: &str, from: u32, to: u32, state: DeploymentState) -> Deployment {
    Deployment {
        id: did.into(),
        service: id(),
        strategy: Strategy::Rolling,
        state,
        reason: "because".into(),
        from: vec![load(from, counts(6, 2, 0))],
        to: Some(load(to, counts(6, 4, 0))),
        circuit_breaker: CircuitBreaker {
            enabled: true,
            rollback: true,
            ..CircuitBreaker::default()
        },
        failures: Some((2, 3)),
        alarms: vec![],
        lifecycle_stage: None,
        pace: Default::default(),
        rollback_reason: None,
        rollback_to: None,
        rollback_since: None,
        created_at: None,
        started_at: None,
        finished_at: None,
        source: DeploymentSource::ServiceDeployments,
    }
}

fn sight(rollouts: Vec<Rollout>, deployments: Vec<Deployment>, c: TaskCounts) -> Sight {
    Sight {
        service: Service {
            id: id(),
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: c,
            revision: revision(42),
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
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![],
            rollouts,
            revisions: vec![],
            scaling: None,
            events: vec![],
            created_at: None,
        },
        deployments,
        unread: None,
    }
}

fn before() -> Sight {
    let old = roll("ecs-svc/1", "PRIMARY", 41, "COMPLETED", "", counts(6, 6, 0));
    let past = deployment("d1", 40, 41, DeploymentState::Successful);
    sight(vec![old], vec![past], counts(6, 6, 0))
}

fn deploying() -> Goal {
    Goal::Rollout {
        service: id(),
        revision: revision(42),
        seen: before().marks(),
    }
}

fn old() -> Rollout {
    roll("ecs-svc/1", "ACTIVE", 41, "COMPLETED", "", counts(2, 2, 0))
}

#[test]
fn a_deployment_is_followed_by_its_own_state() {
    let goal = deploying();
    assert!(!goal.is_visible(&before()));
    let with = |state| {
        let list = vec![
            deployment("d2", 41, 42, state),
            deployment("d1", 40, 41, DeploymentState::Successful),
        ];
        sight(vec![], list, counts(6, 6, 0))
    };
    assert!(goal.is_visible(&with(DeploymentState::Pending)));
    let going = goal.judge(&with(DeploymentState::InProgress), NOW, PATIENCE);
    let expected = "rolling out, 2 of 3 failures: 1 more and the breaker trips";
    assert_eq!(
        going,
        Step::Going {
            done: Some((4, 6)),
            note: expected.into()
        }
    );
    assert!(matches!(
        goal.judge(&with(DeploymentState::Successful), NOW, PATIENCE),
        Step::Reached(_)
    ));
    let Step::Going { note, .. } = goal.judge(&with(DeploymentState::RollingBack), NOW, PATIENCE)
    else {
        panic!("a rollback under way is not the end");
    };
    assert!(note.contains("ROLLING BACK to api:41"));
    for (state, word) in [
        (
            DeploymentState::RolledBack,
            "rolled back to api:41: because",
        ),
        (DeploymentState::Stopped, "stopped: because"),
        (DeploymentState::Failed, "gave up"),
    ] {
        let Step::Lost(why) = goal.judge(&with(state), NOW, PATIENCE) else {
            panic!("{state:?} is an end");
        };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn a_deployment_that_somebody_replaced_is_told_so() {
    let newer = deployment("d3", 42, 50, DeploymentState::InProgress);
    let ours = deployment("d2", 41, 42, DeploymentState::Stopped);
    let seen = sight(vec![], vec![newer, ours], counts(6, 6, 0));
    let Step::Superseded(why) = deploying().judge(&seen, NOW, PATIENCE) else {
        panic!("ours has ended");
    };
    let wanted = format!("superseded by deployment d3 of api:50{STRANGER}");
    assert_eq!(why, wanted);
}

#[test]
fn where_an_endpoint_has_no_service_deployments_the_rollouts_tell() {
    let goal = deploying();
    let judge = |rollouts| goal.judge(&sight(rollouts, vec![], counts(6, 6, 0)), NOW, PATIENCE);
    let new =
        |state: &str, failed| roll("ecs-svc/2", "PRIMARY", 42, state, "", counts(6, 4, failed));
    let failed = || {
        roll(
            "ecs-svc/2",
            "ACTIVE",
            42,
            "FAILED",
            "tasks failed to start",
            counts(0, 0, 3),
        )
    };
    let back = |state: &str| {
        roll(
            "ecs-svc/3",
            "PRIMARY",
            41,
            state,
            "rolling back to deploymentId ecs-svc/1",
            counts(6, 5, 0),
        )
    };
    assert!(matches!(judge(vec![old()]), Step::Going { done: None, .. }));
    assert!(matches!(
        judge(vec![new("IN_PROGRESS", 0), old()]),
        Step::Going {
            done: Some((4, 6)),
            ..
        }
    ));
    assert!(matches!(judge(vec![new("COMPLETED", 0)]), Step::Reached(_)));
    assert!(matches!(judge(vec![new("FAILED", 3)]), Step::Lost(_)));
    assert!(matches!(
        judge(vec![back("IN_PROGRESS"), failed()]),
        Step::Going { .. }
    ));
    let Step::Lost(why) = judge(vec![back("COMPLETED")]) else {
        panic!("it went back");
    };
    assert!(why.contains("rolled back to api:41"), "{why}");
    let silent = roll(
        "ecs-svc/3",
        "PRIMARY",
        41,
        "IN_PROGRESS",
        "in progress",
        counts(6, 5, 0),
    );
    let Step::Going { note, .. } = judge(vec![silent, failed()]) else {
        panic!("ours failed, ECS goes back");
    };
    assert!(note.contains("tasks failed to start"), "{note}");
    let stranger = roll(
        "ecs-svc/9",
        "PRIMARY",
        77,
        "IN_PROGRESS",
        "",
        counts(6, 0, 0),
    );
    let Step::Superseded(why) = judge(vec![stranger]) else {
        panic!("somebody else's");
    };
    assert!(why.contains("api:77"), "{why}");
}

#[test]
fn a_restart_is_a_deployment_that_was_not_there_before() {
    let goal = Goal::Rollout {
        service: id(),
        revision: revision(41),
        seen: before().marks(),
    };
    assert!(!goal.is_visible(&before()));
    let again = roll("ecs-svc/2", "PRIMARY", 41, "COMPLETED", "", counts(6, 6, 0));
    let after = sight(vec![again], vec![], counts(6, 6, 0));
    assert!(goal.is_visible(&after));
    assert!(matches!(
        goal.judge(&after, NOW, PATIENCE),
        Step::Reached(_)
    ));
}

#[test]
fn counting_waits_for_all_tasks_and_sees_somebody_elses_hand() {
    let goal = Goal::Count {
        before: Some(6),
        service: id(),
        desired: 3,
    };
    let at = |desired, running| sight(vec![], vec![], counts(desired, running, 0));
    assert!(matches!(
        goal.judge(&at(3, 3), NOW, PATIENCE),
        Step::Reached(_)
    ));
    assert!(matches!(
        goal.judge(&at(3, 5), LATE, PATIENCE),
        Step::Going {
            done: Some((5, 3)),
            ..
        }
    ));
    assert!(matches!(
        goal.judge(&at(6, 6), NOW, PATIENCE),
        Step::Going { .. }
    ));
    assert!(matches!(
        goal.judge(&at(6, 6), LATE, PATIENCE),
        Step::Lost(_)
    ));
}

/// CodeDeploy keeps the old tasks for an hour, and has the new ones wait for days: neither are what was asked for.
#[test]
fn counting_goes_by_the_tasks_that_have_the_traffic() {
    let judge = |desired: u32, primary: (u32, u32), other: (u32, u32)| {
        let set = |status: &str, n, (running, wanted)| {
            roll(status, status, n, "", "", counts(wanted, running, 0))
        };
        let sets = vec![set("PRIMARY", 42, primary), set("ACTIVE", 43, other)];
        let all = counts(desired, primary.0 + other.0, 0);
        let mut sight = sight(sets, vec![], all);
        sight.service.deployment.strategy = Strategy::CodeDeploy;
        let goal = Goal::Count {
            before: Some(2),
            service: id(),
            desired,
        };
        goal.judge(&sight, NOW, PATIENCE)
    };
    let reached = Step::Reached("4 of 4 running".into());
    assert_eq!(judge(4, (4, 4), (4, 4)), reached);
    let going = Step::Going {
        done: Some((4, 6)),
        note: "starting tasks".into(),
    };
    assert_eq!(judge(6, (4, 6), (2, 6)), going);
}

#[test]
fn a_stop_ends_as_asked_or_says_how_it_did() {
    let goal = |rollback| Goal::Ended {
        service: id(),
        deployment: "d2".into(),
        rollback,
    };
    let with = |state| {
        sight(
            vec![],
            vec![deployment("d2", 41, 42, state)],
            counts(6, 6, 0),
        )
    };
    let judge = |rollback, state| goal(rollback).judge(&with(state), NOW, PATIENCE);
    assert!(!goal(true).is_visible(&with(DeploymentState::InProgress)));
    assert!(goal(true).is_visible(&with(DeploymentState::StopRequested)));
    assert!(matches!(
        judge(true, DeploymentState::RolledBack),
        Step::Reached(_)
    ));
    assert!(matches!(
        judge(true, DeploymentState::Stopped),
        Step::Lost(_)
    ));
    assert!(matches!(
        judge(false, DeploymentState::Stopped),
        Step::Reached(_)
    ));
    assert!(matches!(
        judge(true, DeploymentState::Successful),
        Step::Lost(_)
    ));
    assert!(matches!(
        judge(true, DeploymentState::RollingBack),
        Step::Going { .. }
    ));
    let gone = sight(vec![], vec![], counts(6, 6, 0));
    assert!(matches!(
        goal(true).judge(&gone, LATE, PATIENCE),
        Step::Lost(_)
    ));
    let mut primary = deployment("ecs-svc/2", 41, 42, DeploymentState::InProgress);
    primary.source = DeploymentSource::Rollouts;
    let otherwise_told = sight(vec![], vec![primary], counts(6, 6, 0));
    assert!(
        matches!(
            goal(true).judge(&otherwise_told, LATE, PATIENCE),
            Step::Going { .. }
        ),
        "rollouts have ids of their own: they do not say that a service deployment is gone"
    );
}

#[test]
fn no_effect_is_believed_only_where_nothing_else_moved() {
    let goal = deploying();
    assert!(goal.is_untouched(&before()));
    // Somebody else deployed meanwhile: ours may have come and gone.
    let theirs = roll("ecs-svc/2", "PRIMARY", 43, "COMPLETED", "", counts(6, 6, 0));
    let other = deployment("d3", 41, 43, DeploymentState::Successful);
    let past = deployment("d1", 40, 41, DeploymentState::Successful);
    let moved = sight(vec![theirs], vec![other, past], counts(6, 6, 0));
    assert!(!goal.is_visible(&moved) && !goal.is_untouched(&moved));

    let scale = |before| Goal::Count {
        service: id(),
        desired: 8,
        before,
    };
    let wanted = |n| sight(vec![], vec![], counts(n, n, 0));
    assert!(scale(Some(6)).is_untouched(&wanted(6)));
    assert!(
        !scale(Some(6)).is_untouched(&wanted(7)),
        "automatic scaling"
    );
    assert!(!scale(None).is_untouched(&wanted(6)), "an earlier journal");
    let earlier = r#"{"goal":"count","service":{"cluster":"c","name":"s"},"desired":8}"#;
    let read: Goal = serde_json::from_str(earlier).unwrap();
    assert!(matches!(read, Goal::Count { before: None, .. }));

    let stop = Goal::Ended {
        service: id(),
        deployment: "d2".into(),
        rollback: true,
    };
    let at = |state| {
        let list = vec![deployment("d2", 41, 42, state)];
        sight(vec![], list, counts(6, 6, 0))
    };
    assert!(stop.is_untouched(&at(DeploymentState::InProgress)));
    assert!(!stop.is_untouched(&at(DeploymentState::Unknown)));
    assert!(!stop.is_untouched(&wanted(6)), "it is not in the list");
}

fn rollout(to: u32, seen: &[String]) -> Goal {
    Goal::Rollout {
        service: id(),
        revision: revision(to),
        seen: seen.to_vec(),
    }
}

#[test]
fn what_found_ours_and_stands_in_its_place_has_replaced_it() {
    let (ours, back) = (rollout(42, &[]), rollout(41, &["d2".into()]));
    let at = |s: i64| jiff::Timestamp::from_second(s).ok();
    let mut old = deployment("d2", 41, 42, DeploymentState::Stopped);
    let mut new = deployment("d3", 42, 41, DeploymentState::InProgress);
    (old.finished_at, new.created_at) = (at(10), at(10));
    let seen = |old: &Deployment, new: &Deployment| {
        sight(
            vec![],
            vec![new.clone(), old.clone()],
            TaskCounts::default(),
        )
    };
    assert!(replaces(&back, &ours, &seen(&old, &new)));
    // One that had not seen ours, one whose deployment is not there, one that began when ours was over.
    assert!(!replaces(&rollout(41, &[]), &ours, &seen(&old, &new)));
    let other = rollout(40, &["d2".into()]);
    assert!(!replaces(&other, &ours, &seen(&old, &new)));
    new.created_at = at(11);
    assert!(!replaces(&back, &ours, &seen(&old, &new)));
    new.created_at = at(10);
    old.state = DeploymentState::RolledBack;
    assert!(!replaces(&back, &ours, &seen(&old, &new)));
}

#[test]
fn a_rollout_is_replaced_where_the_endpoint_knows_no_deployments() {
    let told = |n: u32, id: &str, status: &str| {
        let counts = TaskCounts::default();
        roll(id, status, n, "IN_PROGRESS", "", counts)
    };
    let before = sight(
        vec![told(41, "1", "PRIMARY")],
        vec![],
        TaskCounts::default(),
    );
    let ours = rollout(42, &before.marks());
    let both = vec![told(42, "2", "PRIMARY"), told(41, "1", "ACTIVE")];
    let while_ours = sight(both, vec![], TaskCounts::default());
    let back = rollout(41, &while_ours.marks());
    let now = sight(
        vec![told(41, "3", "PRIMARY")],
        vec![],
        TaskCounts::default(),
    );
    assert!(replaces(&back, &ours, &now));
    assert!(!replaces(&back, &ours, &while_ours), "it has not begun");
    assert!(!replaces(&rollout(41, &before.marks()), &ours, &now));
}

/// A rollback and, during its bake, a restart: two deployments of one revision.
#[test]
fn ours_is_the_first_of_its_revision_and_no_later_one() {
    let goal = rollout(42, &before().marks());
    let past = || deployment("d1", 40, 41, DeploymentState::Successful);
    let with = |ours, restart| {
        let list = vec![
            deployment("d3", 42, 42, restart),
            deployment("d2", 41, 42, ours),
            past(),
        ];
        sight(vec![], list, counts(6, 6, 0))
    };
    let both = with(DeploymentState::Stopped, DeploymentState::InProgress);
    assert_eq!(goal.deployment(&both).map(|d| d.id.as_str()), Some("d2"));
    let wanted = format!("superseded by deployment d3 of api:42{STRANGER}");
    for restart in [
        DeploymentState::InProgress,
        DeploymentState::Stopped,
        DeploymentState::Successful,
    ] {
        let seen = with(DeploymentState::Stopped, restart);
        let step = goal.judge(&seen, NOW, PATIENCE);
        assert_eq!(step, Step::Superseded(wanted.clone()), "{restart:?}");
    }
    // The restart has found the other, and is followed by its own.
    let theirs = rollout(42, &[before().marks(), vec!["d2".into()]].concat());
    assert_eq!(theirs.deployment(&both).map(|d| d.id.as_str()), Some("d3"));
    assert!(replaces(&theirs, &goal, &both));
    // Of those that came later the first took its place.
    let mut third = both;
    let last = deployment("d4", 42, 50, DeploymentState::InProgress);
    third.deployments.insert(0, last);
    let step = goal.judge(&third, NOW, PATIENCE);
    assert_eq!(step, Step::Superseded(wanted));
}

#[test]
fn where_rollouts_alone_tell_a_later_one_of_our_revision_is_not_ours_either() {
    let at = |s: i64| jiff::Timestamp::from_second(s).ok();
    let mut restart = roll("ecs-svc/3", "PRIMARY", 42, "COMPLETED", "", counts(6, 6, 0));
    let mut ours = roll(
        "ecs-svc/2",
        "ACTIVE",
        42,
        "IN_PROGRESS",
        "",
        counts(6, 1, 0),
    );
    (ours.created_at, restart.created_at) = (at(10), at(20));
    let seen = sight(vec![restart, ours], vec![], counts(6, 6, 0));
    let step = deploying().judge(&seen, NOW, PATIENCE);
    let wanted = format!("superseded by deployment 3 of api:42{STRANGER}");
    assert_eq!(step, Step::Superseded(wanted));
}

/// The list was read and the revisions were not: the service's own word, by which such a goal is judged, has other ids than the list.
#[test]
fn a_blind_rollback_whose_call_was_never_made_finds_all_as_it_was() {
    let mut seen = before();
    seen.unread = Some(crate::domain::problem::Problem::new(
        crate::domain::problem::ProblemKind::Vendor,
        "ecs",
        "Cannot read the revisions",
        "ill",
        "",
    ));
    let goal = Goal::Rollout {
        service: id(),
        revision: revision(40),
        seen: seen.marks(),
    };
    assert!(goal.is_blind());
    let by_service = |rollouts: Vec<Rollout>| {
        let mut later = sight(rollouts, vec![], counts(6, 6, 0));
        later.deployments = crate::backend::aws::ecs::of_rollouts(&later.service);
        later
    };
    let same = by_service(before().service.rollouts);
    assert!(!same.deployments.is_empty());
    assert!(goal.is_untouched(&same) && !goal.is_visible(&same));
    let new = roll(
        "ecs-svc/2",
        "PRIMARY",
        43,
        "IN_PROGRESS",
        "",
        counts(6, 0, 0),
    );
    assert!(
        !goal.is_untouched(&by_service(vec![new, old()])),
        "another's"
    );
}

/// ECS lists deployments a little late: none before the call, and after it those of before.
#[test]
fn an_old_deployment_that_is_listed_late_is_not_what_the_call_brought() {
    let at = |s: i64| jiff::Timestamp::from_second(s).ok();
    let mut primary = roll("ecs-svc/4", "PRIMARY", 43, "COMPLETED", "", counts(6, 6, 0));
    primary.created_at = at(400);
    let goal = |to| {
        rollout(
            to,
            &sight(vec![primary.clone()], vec![], counts(6, 6, 0)).marks(),
        )
    };
    let listed = |id: &str, to: u32, state, created: i64| {
        let mut d = deployment(id, 41, to, state);
        d.created_at = at(created);
        d
    };
    let done = DeploymentState::Successful;
    let stale = || vec![listed("d4", 43, done, 400), listed("d3", 42, done, 300)];
    let mut ours = roll(
        "ecs-svc/5",
        "PRIMARY",
        42,
        "IN_PROGRESS",
        "",
        counts(6, 0, 0),
    );
    ours.created_at = at(500);
    let mut late = sight(vec![ours, primary.clone()], stale(), counts(6, 6, 0));
    let step = goal(42).judge(&late, NOW, PATIENCE);
    assert!(
        matches!(&step, Step::Going { note, .. } if note == "rolling out"),
        "{step:?}"
    );
    // The same where what runs is begun anew: the last deployment has the revision of ours.
    assert_eq!(goal(43).deployment(&late), None);
    // As soon as it is listed it is followed by its own state.
    let own = listed("d5", 42, DeploymentState::InProgress, 500);
    late.deployments.insert(0, own);
    assert_eq!(
        goal(42).deployment(&late).map(|d| d.id.as_str()),
        Some("d5")
    );
}

#[test]
fn what_one_list_calls_completed_is_not_while_the_service_rolls_it_out() {
    let goal = deploying();
    let with = |state: &str| {
        let ours = roll("ecs-svc/2", "PRIMARY", 42, state, "", counts(6, 4, 0));
        let list = vec![
            deployment("d2", 41, 42, DeploymentState::Successful),
            deployment("d1", 40, 41, DeploymentState::Successful),
        ];
        goal.judge(
            &sight(vec![ours, old()], list, counts(6, 6, 0)),
            NOW,
            PATIENCE,
        )
    };
    assert!(matches!(with("IN_PROGRESS"), Step::Going { .. }));
    assert!(matches!(with("COMPLETED"), Step::Reached(_)));
}

#[test]
fn a_deployment_that_ended_in_a_state_that_nobody_knows_is_not_followed_for_ever() {
    let goal = Goal::Rollout {
        service: id(),
        revision: revision(42),
        seen: before().marks(),
    };
    let at = |state: &str, finished: Option<jiff::Timestamp>| {
        let mut ours = deployment("d2", 41, 42, DeploymentState::Unknown);
        ours.finished_at = finished;
        let new = roll("ecs-svc/2", "PRIMARY", 42, state, "why", counts(6, 6, 0));
        let past = deployment("d1", 40, 41, DeploymentState::Successful);
        let sight = sight(vec![new], vec![ours, past], counts(6, 6, 0));
        goal.judge(&sight, LATE, PATIENCE)
    };
    let ended = Some(jiff::Timestamp::UNIX_EPOCH);
    assert!(matches!(at("COMPLETED", None), Step::Going { .. }));
    assert!(matches!(at("COMPLETED", ended), Step::Reached(_)));
    assert!(matches!(at("FAILED", ended), Step::Lost(_)));
    let Step::Lost(why) = at("EXPLODED", ended) else {
        panic!("nothing says that it is in place");
    };
    assert!(why.contains("not known here: because"), "{why}");
}

/// Somebody's restart, or the next deploy, before ours was verified: what there is then is no failure of ours.
#[test]
fn what_comes_after_ours_has_ended_well_is_not_ours_to_verify() {
    use DeploymentState::{InProgress, Successful};
    let primary = |n| roll("p", "PRIMARY", n, "IN_PROGRESS", "", counts(6, 3, 0));
    let after = |newer: Option<(u32, DeploymentState)>| {
        let to = newer.map_or(42, |(n, _)| n);
        let newer = newer.map(|(n, state)| deployment("new", 42, n, state));
        let ours = deployment("ours", 41, 42, Successful);
        let all = newer.into_iter().chain([ours]).chain(before().deployments);
        deploying().overtaken(&sight(vec![primary(to)], all.collect(), counts(6, 6, 0)))
    };
    let said = |n: u32| Some(format!("superseded by deployment new of api:{n}{STRANGER}"));
    assert_eq!(after(Some((42, InProgress))), said(42));
    assert_eq!(after(Some((43, Successful))), said(43));
    assert_eq!(after(Some((42, Successful))), None, "all is as asked again");
    assert_eq!(after(None), None);
    // An endpoint that tells rollouts alone.
    let at = |mut r: Rollout, second| {
        r.created_at = Some(jiff::Timestamp::from_second(second).unwrap());
        r
    };
    let alone = |all: Vec<Rollout>| deploying().overtaken(&sight(all, vec![], counts(6, 6, 0)));
    let ours = at(
        roll("ours", "ACTIVE", 42, "COMPLETED", "", counts(6, 3, 0)),
        100,
    );
    assert!(alone(vec![at(primary(42), 200), ours]).is_some());
    assert_eq!(alone(vec![at(primary(42), 100), at(old(), 50)]), None);
}

/// Automatic scaling undoes what a person asked for: nobody waits for what nobody wants any more.
#[test]
fn a_count_that_somebody_else_has_set_is_told_and_soon_given_up() {
    let goal = Goal::Count {
        service: id(),
        desired: 4,
        before: Some(2),
    };
    let judge = |desired: u32, elapsed: u64| {
        let sight = sight(vec![], vec![], counts(desired, 3, 0));
        goal.judge(&sight, Duration::from_secs(elapsed), PATIENCE)
    };
    let going = |note: &str| Step::Going {
        done: Some((3, 4)),
        note: note.into(),
    };
    assert_eq!(judge(4, 1), going("starting tasks"));
    assert_eq!(judge(2, 19), going("ECS says 2 wanted as yet"));
    let note = "3 wanted now, by somebody else or by automatic scaling";
    assert_eq!(judge(3, 1), going(note));
    let lost = |n: u32| Step::Lost(format!("the desired count was set to {n}{SOMEBODY}"));
    assert_eq!(judge(3, 6), lost(3));
    assert_eq!(judge(2, 21), lost(2));
}
