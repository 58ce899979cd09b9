//! Which groups are asked about, and what is published of the answers.

use std::sync::LazyLock;

use super::turns::{A_ROUND, FIRST};
use super::*;
use crate::config::Config;
use crate::domain::interest::Interest;
use crate::domain::part::{Freshness, Part};
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, LoadBalancerBinding, Revision, Rollout, Service,
    ServiceEvent, ServiceId, Strategy, TaskCounts,
};

fn arn(n: usize) -> String {
    format!("arn:tg/{n:03}")
}

fn group(n: usize) -> TargetGroup {
    TargetGroup {
        arn: arn(n),
        name: format!("tg-{n}"),
        load_balancers: Vec::new(),
        protocol: None,
        health_check_path: None,
        targets: Vec::new(),
    }
}

/// Of these minutes: what is long ago is asked about anew.
fn second(n: i64) -> Timestamp {
    static BEGAN: LazyLock<i64> = LazyLock::new(|| Timestamp::now().as_second());
    Timestamp::from_second(*BEGAN + n).unwrap()
}

fn denied() -> Problem {
    Problem::new(ProblemKind::Denied, "elb", "w", "y", "f")
}

fn service(n: usize, moves: bool) -> Service {
    let counts = TaskCounts {
        desired: 1,
        running: 1,
        pending: 0,
        failed: 0,
    };
    let revision = Revision::parse("arn:aws:ecs:us-east-1:1:task-definition/app:1").unwrap();
    let rollout = Rollout {
        id: "r".into(),
        status: "PRIMARY".into(),
        revision: revision.clone(),
        counts,
        rollout_state: if moves { "IN_PROGRESS" } else { "COMPLETED" }.into(),
        rollout_reason: String::new(),
        created_at: None,
        updated_at: None,
    };
    Service {
        id: ServiceId {
            cluster: "prod".into(),
            name: format!("s{n:03}"),
        },
        arn: String::new(),
        status: "ACTIVE".into(),
        counts,
        revision,
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
            target_group_arn: arn(n),
            container: "app".into(),
            port: 80,
        }],
        rollouts: vec![rollout],
        revisions: vec![],
        scaling: None,
        events: Vec::new(),
        created_at: None,
    }
}

/// So many services, each bound to a group of its own; the first few move.
fn picture(services: usize, moving: usize) -> Picture {
    let mut p = Picture::new(Arc::new(Config::default()));
    for n in 0..services {
        let s = service(n, n < moving);
        p.services.insert(s.id.clone(), Arc::new(s));
    }
    let rows = p.services.values().cloned().collect();
    p.facts.services.take(Ok(Arc::new(rows)), second(0));
    take_groups(&mut p, Ok((0..services).map(group).collect()), second(0));
    p
}

/// One round at a time: whom it asked.
fn round(p: &mut Picture, at: i64) -> Vec<String> {
    let asked = choose(p);
    let answers = asked.iter().map(|arn| (arn.clone(), Ok(Vec::new())));
    take(p, Health(answers.collect()), second(at));
    asked
}

fn part(p: &Picture) -> &Part<Arc<Vec<TargetGroup>>> {
    &p.facts.target_groups
}

#[test]
fn a_list_of_groups_makes_old_targets_no_younger_and_forgives_no_failure_of_theirs() {
    let mut p = picture(2, 0);
    round(&mut p, 10);
    assert_eq!(part(&p).observed_at, Some(second(10)));
    take(&mut p, Health(vec![(arn(0), Err(denied()))]), second(30));
    assert_eq!(part(&p).freshness(second(30)), Freshness::Failed);
    take_groups(&mut p, Ok((0..2).map(group).collect()), second(120));
    assert_eq!(part(&p).error, Some(denied()));
    assert_eq!(part(&p).observed_at, Some(second(10)));
    // A good answer for another group does not speak for this one either.
    take(&mut p, Health(vec![(arn(1), Ok(Vec::new()))]), second(130));
    let failure = |p: &Picture| p.facts.targets_told.of(&arn(0)).unwrap().failure.clone();
    assert_eq!(failure(&p), Some(denied()));
    assert_eq!(part(&p).error, None, "nor does this one for the other");
    assert_eq!(part(&p).observed_at, Some(second(130)));
    round(&mut p, 140);
    assert_eq!(failure(&p), None);
    assert_eq!(part(&p).freshness(second(140)), Freshness::Fresh);
    // And health forgives no failure of the list.
    take_groups(&mut p, Err(denied()), second(240));
    round(&mut p, 250);
    assert_eq!(part(&p).freshness(second(250)), Freshness::Failed);
}

#[test]
fn a_group_that_was_never_told_of_is_missing_for_all() {
    let mut p = picture(2, 0);
    let answers = vec![(arn(0), Ok(Vec::new())), (arn(1), Err(denied()))];
    take(&mut p, Health(answers), second(10));
    assert_eq!(part(&p).error, Some(denied()));
}

#[test]
fn since_when_no_target_is_healthy_is_kept_until_one_is() {
    let mut p = picture(1, 0);
    let mut since = |at: i64, answer| {
        take(&mut p, Health(vec![(arn(0), answer)]), second(at));
        p.facts.targets_told.of(&arn(0)).unwrap().none_since
    };
    assert_eq!(since(10, Ok(sick())), Some(second(10)));
    assert_eq!(since(40, Ok(sick())), Some(second(10)));
    assert_eq!(since(70, Err(denied())), Some(second(10)));
    let well = |t: Target| Target {
        state: "healthy".into(),
        ..t
    };
    let one = sick().into_iter().map(well).chain(sick()).collect();
    assert_eq!(since(100, Ok(one)), None);
    assert_eq!(since(130, Ok(sick())), Some(second(130)));
    assert_eq!(since(430, Ok(sick())), Some(second(130)));
    assert_eq!(since(731, Ok(sick())), Some(second(731)), "nobody looked");
}

#[test]
fn the_part_is_as_old_as_the_group_read_the_longest_ago() {
    let mut p = picture(25, 0);
    round(&mut p, 10);
    assert_eq!(round(&mut p, 30).len(), A_ROUND);
    assert_eq!(part(&p).observed_at, Some(second(10)));
    round(&mut p, 50);
    round(&mut p, 70);
    assert_eq!(part(&p).observed_at, Some(second(30)));
    assert_eq!(part(&p).freshness(second(70)), Freshness::Fresh);
}

#[test]
fn groups_of_services_that_move_starve_no_other() {
    let mut p = picture(30, 20);
    round(&mut p, 0);
    let mut asked = HashSet::new();
    for n in 1..=6 {
        asked.extend(round(&mut p, n * 20));
    }
    assert_eq!(asked.len(), 30);
}

#[test]
fn a_part_of_a_large_account_is_published_as_nothing() {
    let mut p = picture(90, 0);
    assert_eq!(round(&mut p, 0).len(), FIRST);
    assert!(part(&p).value.is_none());
    assert_eq!(part(&p).freshness(second(1)), Freshness::Never);
    round(&mut p, 1);
    round(&mut p, 2);
    assert_eq!(part(&p).value.as_ref().unwrap().len(), 90);
    // A new service's group is not there yet: what is published grows old meanwhile.
    let s = service(90, false);
    p.services.insert(s.id.clone(), Arc::new(s));
    take_groups(&mut p, Ok((0..91).map(group).collect()), second(500));
    assert_eq!(part(&p).observed_at, Some(second(0)));
    assert_eq!(choose(&p).first(), Some(&arn(90)));
}

#[test]
fn who_does_not_know_the_services_knows_no_groups_without_targets_either() {
    let mut p = Picture::new(Arc::new(Config::default()));
    p.facts.services.error = Some(denied());
    take_groups(&mut p, Ok(vec![group(1)]), second(0));
    assert!(part(&p).value.is_none());
    assert_eq!(part(&p).error, Some(denied()));
}

fn sick() -> Vec<Target> {
    vec![Target {
        id: "10.0.0.1".into(),
        port: 80,
        zone: "a".into(),
        state: "unhealthy.draining".into(),
        reason: String::new(),
    }]
}

/// All of so many groups asked about, a round that is of another time after it.
fn asked(services: usize, moving: usize) -> Picture {
    let mut p = picture(services, moving);
    while unasked(&p, &bound(&p)) > 0 {
        round(&mut p, 0);
    }
    p
}

/// A lid was closed for a night: at the open one is 3 a.m., and a turn each would take a quarter of an hour.
#[test]
fn what_nobody_believes_any_more_is_caught_up_as_at_a_start() {
    let mut p = asked(200, 0);
    assert_eq!(behind(&p, &bound(&p)), 0);
    let few = choose(&p).len();
    for asked in p.targets.asked.values_mut() {
        asked.read = Some((second(-20_000), Vec::new()));
    }
    assert_eq!(behind(&p, &bound(&p)), 200);
    assert_eq!(choose(&p).len(), FIRST);
    round(&mut p, 5);
    assert_eq!(behind(&p, &bound(&p)), 200 - FIRST);
    for asked in p.targets.asked.values_mut() {
        asked.failure = Some(denied());
    }
    assert_eq!(choose(&p).len(), few, "a vendor that fails is not hurried");
}

/// Whether its targets are well by now is what somebody waits for: it is not left until its turn comes round.
#[test]
fn a_group_with_sick_targets_is_asked_about_before_others() {
    let mut p = asked(60, 0);
    assert!(!choose(&p).contains(&arn(59)));
    take(&mut p, Health(vec![(arn(59), Ok(sick()))]), second(20));
    assert!(choose(&p).contains(&arn(59)));
    assert_eq!(choose(&p).len(), A_ROUND);
}

/// Staging that is broken for weeks must not keep production's canary waiting, nor production's own faults.
#[test]
fn what_moves_comes_before_what_is_sick_and_what_is_sick_here_before_what_is_elsewhere() {
    let mut p = picture(90, 1);
    p.facts.environment = "production".into();
    p.facts.environments = vec!["staging".into()];
    for n in 20..90 {
        let mut s = service(n, false);
        p.services.remove(&s.id);
        s.id.cluster = "laser-staging".into();
        p.services.insert(s.id.clone(), Arc::new(s));
    }
    let looked_at = service(1, false).id;
    p.interests = Arc::new(vec![Interest::Tasks(looked_at)]);
    while unasked(&p, &bound(&p)) > 0 {
        round(&mut p, 0);
    }
    // 60 sick groups of staging and two of production.
    let sick_ones = (30..90).chain([2, 3]);
    let answers = sick_ones.map(|n| (arn(n), Ok(sick())));
    take(&mut p, Health(answers.collect()), second(20));
    for n in 0..4 {
        let asked = choose(&p);
        for wanted in 0..4 {
            assert!(
                asked.contains(&arn(wanted)),
                "round {n}: {wanted} of {asked:?}"
            );
        }
        let answers = asked.iter().map(|arn| {
            let read = p.targets.asked[arn].read.clone().unwrap();
            (arn.clone(), Ok(read.1))
        });
        let answers = answers.collect();
        take(&mut p, Health(answers), second(40 + n));
    }
}

#[test]
fn rollouts_without_end_leave_a_seat_to_what_is_sick() {
    let mut p = asked(60, 30);
    take(&mut p, Health(vec![(arn(59), Ok(sick()))]), second(20));
    assert!(choose(&p).contains(&arn(59)));
}

/// ECS says so of each target that it brings in, takes away or finds unhealthy, long before all groups of a big account had their turn.
#[test]
fn a_group_that_its_service_tells_of_has_its_turn_at_once() {
    let told = |at: i64, message: &str, running: u32| {
        let mut p = asked(60, 0);
        let mut s = service(59, false);
        s.counts.running = running;
        s.events = vec![ServiceEvent {
            id: "e".into(),
            at: second(at),
            message: message.into(),
        }];
        p.services.insert(s.id.clone(), Arc::new(s));
        choose(&p).contains(&arn(59))
    };
    let unhealthy = "(service s059) (port 80) is unhealthy in (target-group arn:tg/059)";
    assert!(told(1, unhealthy, 1));
    assert!(!told(-1, unhealthy, 1), "it was read since");
    assert!(!told(1, "(service s059) has reached a steady state.", 1));
    assert!(told(1, "(service s059) has stopped 1 running tasks", 0));
}

#[test]
fn in_a_big_account_each_has_its_turn_within_the_time_that_is_said() {
    for (groups, minutes) in [(10, 0.5), (70, 7.0), (200, 17.0), (1_000, 34.0)] {
        let mut p = asked(groups, 0);
        let period = part(&p).period;
        assert!(
            period.as_secs_f64() <= minutes * 60.0,
            "{groups}: {period:?}"
        );
        // All favoured seats are taken.
        let ill = (0..5).map(|n| (arn(n), Ok(sick())));
        take(&mut p, Health(ill.collect()), second(1));
        let mut seen = HashSet::new();
        for n in 0..(period.as_secs() / ROUND.as_secs()) {
            let asked = choose(&p);
            let answers = asked.iter().map(|a| {
                let is_ill = (0..5).any(|n| *a == arn(n));
                (a.clone(), Ok(if is_ill { sick() } else { Vec::new() }))
            });
            let answers = answers.collect();
            take(&mut p, Health(answers), second(30 + n as i64));
            seen.extend(asked);
        }
        assert_eq!(seen.len(), groups);
    }
}

#[test]
fn how_old_each_group_is_stands_beside_the_part() {
    let mut p = picture(2, 0);
    round(&mut p, 10);
    take(
        &mut p,
        Health(vec![(arn(0), Ok(sick())), (arn(1), Err(denied()))]),
        second(700),
    );
    let told = |n| p.facts.targets_told.of(&arn(n)).unwrap();
    assert_eq!((told(0).read, &told(0).failure), (second(700), &None));
    assert_eq!(
        (told(1).read, &told(1).failure),
        (second(10), &Some(denied()))
    );
    // The one that fails makes the others no older and no worse, and is not known itself after a while.
    assert_eq!(part(&p).freshness(second(701)), Freshness::Fresh);
    p.facts.taken_at = second(701);
    p.facts.judge_targets();
    let health = |n: usize| p.facts.served(&p.facts.service_rows()[n]).word();
    assert_eq!((health(0), health(1)), ("DOWN", "unknown"));
}
