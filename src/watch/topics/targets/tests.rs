//! Which groups are asked about, and what is published of the answers.

use super::*;
use crate::config::Config;
use crate::domain::part::{Freshness, Part};
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, LoadBalancerBinding, Revision, Rollout, Service, ServiceId,
    Strategy, TaskCounts,
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

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + n).unwrap()
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
    assert_eq!(part(&p).error, Some(denied()));
    round(&mut p, 140);
    assert_eq!(part(&p).freshness(second(140)), Freshness::Fresh);
    // And health forgives no failure of the list.
    take_groups(&mut p, Err(denied()), second(240));
    round(&mut p, 250);
    assert_eq!(part(&p).freshness(second(250)), Freshness::Failed);
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

/// Whether its targets are well by now is what somebody waits for: it is not left until its turn comes round.
#[test]
fn a_group_with_sick_targets_is_asked_about_in_every_round() {
    let mut p = picture(60, 0);
    while unasked(&p, &bound(&p)) > 0 {
        round(&mut p, 0);
    }
    assert!(!choose(&p).contains(&arn(59)));
    take(&mut p, Health(vec![(arn(59), Ok(sick()))]), second(20));
    assert!(choose(&p).contains(&arn(59)));
    assert_eq!(choose(&p).len(), A_ROUND);
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
    let read = |n| p.facts.targets_read.get(&arn(n)).copied();
    assert_eq!((read(0), read(1)), (Some(second(700)), Some(second(10))));
    assert_eq!(part(&p).observed_at, Some(second(10)));
    // The whole part fails for the one; the other is judged all the same, and down.
    p.facts.taken_at = second(701);
    p.facts.judge_targets();
    let health = |n: usize| p.facts.served(&p.facts.service_rows()[n]).word();
    assert_eq!((health(0), health(1)), ("DOWN", "unknown"));
}
