//! Task sets: what ECS tells in place of deployments of a service that CodeDeploy or an external controller deploys.

use aws_sdk_ecs::types as sdk;

use super::convert::{text, time};
use super::ecs_map::{binding, revision};
use super::sound::{NoCount, count};
use crate::domain::order::Ordered;
use crate::domain::service::{LoadBalancerBinding, Rollout, TaskCounts};

/// The set that is being stopped, and whose targets are being taken away.
const DRAINING: &str = "DRAINING";

/// Task sets of a service, the newest first, as deployments are listed.
///
/// # Errors
/// Where a count is none.
pub(super) fn rollouts(s: &sdk::Service, of: &str) -> Result<Vec<Rollout>, NoCount> {
    let mut all = Vec::new();
    for set in s.task_sets() {
        all.extend(rollout(set, of)?);
    }
    all.order_by_key(|r: &Rollout| std::cmp::Reverse(r.created_at));
    Ok(all)
}

fn rollout(set: &sdk::TaskSet, of: &str) -> Result<Option<Rollout>, NoCount> {
    let Some(revision) = revision(set.task_definition()) else {
        return Ok(None);
    };
    let stability = set.stability_status().map(sdk::StabilityStatus::as_str);
    Ok(Some(Rollout {
        id: text(set.id()),
        status: text(set.status()),
        revision,
        counts: TaskCounts {
            desired: count("computedDesiredCount", of, set.computed_desired_count())?,
            running: count("runningCount", of, set.running_count())?,
            pending: count("pendingCount", of, set.pending_count())?,
            failed: 0,
        },
        rollout_state: text(stability.filter(|s| *s != "STEADY_STATE")),
        rollout_reason: String::new(),
        created_at: time(set.created_at()),
        updated_at: time(set.updated_at()),
    }))
}

/// How a service is reached by its task sets: each has a target group of its own. That of the primary set and that of the newest other
/// one are a pair, as the two of ECS's own blue/green are, the primary one's before the other. None where the sets name no group.
pub(super) fn bindings(s: &sdk::Service) -> Vec<LoadBalancerBinding> {
    let mut sets: Vec<&sdk::TaskSet> = s.task_sets().iter().collect();
    sets.retain(|t| t.status() != Some(DRAINING));
    sets.order_by_key(|t| {
        let newest = std::cmp::Reverse(time(t.created_at()));
        (t.status() != Some("PRIMARY"), newest)
    });
    let mut found: Vec<LoadBalancerBinding> = Vec::new();
    let groups = sets.iter().flat_map(|t| t.load_balancers());
    for one in groups.filter_map(binding) {
        if found
            .iter()
            .any(|b| b.groups().any(|g| g == one.target_group_arn))
        {
            continue;
        }
        let place = |b: &&mut LoadBalancerBinding| {
            (b.container == one.container && b.port == one.port)
                && b.alternate_target_group_arn.is_none()
        };
        match found.iter_mut().find(place) {
            Some(pair) => pair.alternate_target_group_arn = Some(one.target_group_arn),
            None => found.push(one),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::ecs::of_rollouts;
    use super::super::ecs_map::service;
    use crate::domain::deployment::{Deployment, DeploymentState};
    use crate::domain::scaling::ScaleOut;
    use crate::domain::service::{Service, ServiceHealth, Strategy};
    use aws_sdk_ecs::types as sdk;
    use aws_smithy_types::DateTime;
    use jiff::Timestamp;

    /// A task set as DescribeServices tells it, made at a second, of a revision, with so many tasks of 2 that run.
    fn set(status: &str, at: i64, number: u32, running: i32) -> sdk::TaskSet {
        let steady = match running {
            2 => sdk::StabilityStatus::SteadyState,
            _ => sdk::StabilityStatus::Stabilizing,
        };
        let balancer = sdk::LoadBalancer::builder()
            .target_group_arn(format!("arn:group/{number}"))
            .container_name("api")
            .container_port(80);
        sdk::TaskSet::builder()
            .id(format!("ecs-svc/{at}"))
            .status(status)
            .task_definition(format!("arn:aws:ecs:home:1:task-definition/api:{number}"))
            .computed_desired_count(2)
            .running_count(running)
            .stability_status(steady)
            .load_balancers(balancer.build())
            .created_at(DateTime::from_secs(at))
            .build()
    }

    fn by(kind: sdk::DeploymentControllerType, sets: Vec<sdk::TaskSet>) -> Service {
        let controller = sdk::DeploymentController::builder().r#type(kind);
        let told = sdk::Service::builder()
            .service_name("api")
            .status("ACTIVE")
            .desired_count(2)
            .running_count(2)
            .task_definition("api:1")
            .deployment_controller(controller.build().unwrap())
            .set_task_sets(Some(sets))
            .build();
        service(&told).unwrap().unwrap()
    }

    fn one(s: &Service) -> Deployment {
        let mut rows = of_rollouts(s);
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    fn numbers(d: &Deployment) -> (Vec<u32>, Option<u32>) {
        let (from, to) = d.sides();
        let from = from.iter().map(|r| r.revision.number).collect();
        (from, to.map(|r| r.revision.number))
    }

    #[test]
    fn a_service_that_code_deploy_moves_is_seen_moving() {
        let code_deploy = sdk::DeploymentControllerType::CodeDeploy;
        let s = by(
            code_deploy.clone(),
            vec![set("PRIMARY", 1, 7, 2), set("ACTIVE", 2, 8, 0)],
        );
        assert_eq!(s.deployment.strategy, Strategy::CodeDeploy);
        assert_eq!(s.health(), ServiceHealth::Deploying);
        assert_eq!(s.revision.number, 7, "what serves");
        let d = one(&s);
        assert_eq!(d.state, DeploymentState::InProgress);
        assert_eq!(numbers(&d), (vec![7], Some(8)));
        let groups: Vec<&str> = s.load_balancers.iter().flat_map(|b| b.groups()).collect();
        assert_eq!(groups, ["arn:group/7", "arn:group/8"], "looked at, both");
        // Traffic is over there, and the old tasks are kept for a while.
        let s = by(
            code_deploy.clone(),
            vec![set("ACTIVE", 1, 7, 2), set("PRIMARY", 2, 8, 2)],
        );
        assert_eq!(numbers(&one(&s)), (vec![7], Some(8)));
        assert_eq!(s.revision.number, 8);
        // It goes back: the newer ones are taken away.
        let s = by(
            code_deploy.clone(),
            vec![set("PRIMARY", 1, 7, 2), set("DRAINING", 2, 8, 1)],
        );
        let d = one(&s);
        assert_eq!(d.state, DeploymentState::RollingBack);
        assert_eq!(numbers(&d), (vec![8], Some(7)));
        let groups: Vec<&str> = s.load_balancers.iter().flat_map(|b| b.groups()).collect();
        assert_eq!(groups, ["arn:group/7"], "what drains is no fault");
        // And it rests.
        let s = by(code_deploy, vec![set("PRIMARY", 1, 7, 2)]);
        assert_eq!(s.health(), ServiceHealth::Steady);
        let d = one(&s);
        assert_eq!(d.state, DeploymentState::Successful);
        assert!(d.reason.contains("CodeDeploy"), "{}", d.reason);
    }

    /// CodeDeploy may wait for days before it moves the traffic: until then the new tasks answer nobody.
    #[test]
    fn new_tasks_do_not_make_up_for_those_that_have_the_traffic() {
        for (running, health) in [
            (0, ServiceHealth::Down),
            (1, ServiceHealth::Degraded),
            (2, ServiceHealth::Deploying),
        ] {
            let s = by(
                sdk::DeploymentControllerType::CodeDeploy,
                vec![set("PRIMARY", 1, 7, running), set("ACTIVE", 2, 8, 2)],
            );
            assert_eq!(s.health(), health, "{running} of 2");
            assert_eq!(s.answering().running, u32::try_from(running).unwrap());
        }
    }

    /// Where one of those with the traffic dies, one is lacking, and not all that stand by as well.
    #[test]
    fn tasks_that_stand_by_are_told_beside_those_that_have_the_traffic() {
        for running in [1_u32, 2] {
            let mut s = by(
                sdk::DeploymentControllerType::CodeDeploy,
                vec![
                    set("PRIMARY", 1, 7, i32::try_from(running).unwrap()),
                    set("ACTIVE", 2, 8, 2),
                ],
            );
            s.counts.running = running + 2;
            let told = s.answering();
            let counts = (told.running, told.desired, s.beside());
            assert_eq!(counts, (running, 2, 2));
        }
    }

    /// An external controller may want a part of the tasks in each set: what is lacking in the other is not hidden by the primary one.
    #[test]
    fn what_the_primary_set_does_not_lack_may_lack_all_the_same() {
        let told = |wanted: u32, primary: (i32, i32), all: u32| {
            let mut set = set("PRIMARY", 1, 7, primary.0);
            set.computed_desired_count = primary.1;
            let mut s = by(sdk::DeploymentControllerType::External, vec![set]);
            (s.counts.desired, s.counts.running) = (wanted, all);
            (s.answering().running, s.answering().desired)
        };
        assert_eq!(told(4, (2, 2), 3), (3, 4));
        assert_eq!(told(4, (2, 2), 4), (2, 2));
        assert_eq!(told(4, (1, 2), 4), (1, 2));
        // "0 of 0" would be well.
        assert_eq!(told(4, (0, 0), 0), (0, 4));
        assert_eq!(told(4, (0, 0), 4), (4, 4));
        assert_eq!(told(0, (0, 0), 1), (0, 0));
    }

    /// More tasks of the new set are none of those that ran before: what has the traffic lost one.
    #[test]
    fn what_lacks_a_task_of_before_does_not_scale() {
        let mut s = by(
            sdk::DeploymentControllerType::CodeDeploy,
            vec![set("PRIMARY", 1, 7, 1), set("ACTIVE", 2, 8, 2)],
        );
        s.scaling = Some(ScaleOut {
            from: 2,
            since: Timestamp::UNIX_EPOCH,
        });
        assert_eq!(s.scaling_out(), None);
        assert_eq!(s.health(), ServiceHealth::Degraded);
    }

    #[test]
    fn what_another_controller_does_not_tell_makes_no_service_steady() {
        let external = sdk::DeploymentControllerType::External;
        let untold = by(external.clone(), Vec::new());
        assert_eq!(untold.health(), ServiceHealth::Unknown);
        assert!(of_rollouts(&untold).is_empty());
        let doubt = untold.doubt().unwrap_or_default();
        assert!(doubt.contains("an external controller"), "{doubt}");
        let mut sick = by(external.clone(), vec![set("PRIMARY", 1, 7, 1)]);
        assert_eq!(sick.health(), ServiceHealth::Degraded);
        assert_eq!(one(&sick).state, DeploymentState::Unknown);
        // As many run as wanted, and ECS does not call them steady.
        sick.rollouts[0].counts.running = 2;
        assert_eq!(sick.health(), ServiceHealth::Unknown);
        assert_eq!(one(&sick).state, DeploymentState::Unknown);
        // A canary that is over is taken away on purpose.
        let over = by(
            external.clone(),
            vec![set("PRIMARY", 1, 7, 2), set("DRAINING", 2, 8, 1)],
        );
        let d = one(&over);
        assert_eq!(d.state, DeploymentState::InProgress);
        assert_eq!((d.rollback_reason.as_ref(), numbers(&d).1), (None, Some(7)));
        let unserved = by(external, vec![set("ACTIVE", 1, 7, 2)]);
        assert_eq!(unserved.health(), ServiceHealth::Unknown);
        assert_eq!(one(&unserved).state, DeploymentState::Unknown);
    }
}
