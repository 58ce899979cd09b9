//! ECS answers as domain types: pure functions, every outside string inert.

use std::collections::BTreeSet;

use aws_sdk_ecs::types as sdk;

use super::convert::{self, reason, some_reason, some_text, tail, text, time};
use super::ecs_task_sets;
use super::sound::{NoCount, count};
use crate::domain::order::Ordered;
use crate::domain::progress::Pace;
use crate::domain::service::{
    CircuitBreaker, Cluster, Container, DeploymentConfig, LoadBalancerBinding, Revision,
    RevisionTasks, Rollout, Service, ServiceEvent, ServiceId, Strategy, Task, TaskCounts,
    Threshold,
};

/// Events kept of a service: ECS sends up to a hundred, of which the old ones help nobody and weigh megabytes in a big account.
const EVENTS_KEPT: usize = 30;

/// Entries of `deployments[]` kept of a service: ECS takes one away once its tasks are gone, so that there are two or three as a rule,
/// and each is held against all others.
const ROLLOUTS_KEPT: usize = 30;

/// A cluster.
///
/// # Errors
/// Where a count is none.
pub(super) fn cluster(c: &sdk::Cluster) -> Result<Cluster, NoCount> {
    let name = c
        .cluster_name()
        .map_or_else(|| text(c.cluster_arn().map(tail)), |n| text(Some(n)));
    Ok(Cluster {
        arn: text(c.cluster_arn()),
        status: text(c.status()),
        active_services: count("activeServicesCount", &name, c.active_services_count())?,
        running_tasks: count("runningTasksCount", &name, c.running_tasks_count())?,
        pending_tasks: count("pendingTasksCount", &name, c.pending_tasks_count())?,
        container_instances: count(
            "registeredContainerInstancesCount",
            &name,
            c.registered_container_instances_count(),
        )?,
        capacity_providers: c
            .capacity_providers()
            .iter()
            .map(|p| text(Some(p)))
            .collect(),
        name,
    })
}

/// A revision from what the API calls a task definition: an ARN or `family:7`.
pub fn revision(name: Option<&str>) -> Option<Revision> {
    Revision::parse(&text(name))
}

/// A service; `None` where the answer does not even name it.
///
/// # Errors
/// Where a count is none.
pub(super) fn service(s: &sdk::Service) -> Result<Option<Service>, NoCount> {
    let id = ServiceId {
        cluster: text(s.cluster_arn().map(tail)),
        name: text(s.service_name()),
    };
    if id.name.is_empty() {
        return Ok(None);
    }
    let mut events: Vec<ServiceEvent> = s.events().iter().filter_map(event).collect();
    events.order_by_key(|e| std::cmp::Reverse(e.at));
    events.truncate(EVENTS_KEPT);
    let mut rollouts: Vec<Rollout> = Vec::new();
    for d in s.deployments() {
        rollouts.extend(rollout(d, &id.name)?);
    }
    let deployment = deployment_config(s);
    // Task sets stand in place of deployments where another controller deploys: there is never both.
    if rollouts.is_empty() {
        rollouts = ecs_task_sets::rollouts(s, &id.name)?;
    }
    let rollouts = bounded(rollouts);
    let primary = Rollout::primary(&rollouts);
    let mut load_balancers = ecs_task_sets::bindings(s);
    if load_balancers.is_empty() {
        load_balancers.extend(s.load_balancers().iter().filter_map(binding));
    }
    let revisions = s.current_service_revisions().iter();
    let revisions: Result<Vec<_>, NoCount> = revisions
        .filter_map(|r| revision_tasks(r, &id.name))
        .collect();
    Ok(Some(Service {
        arn: text(s.service_arn()),
        status: text(s.status()),
        counts: TaskCounts {
            desired: count("desiredCount", &id.name, s.desired_count())?,
            running: count("runningCount", &id.name, s.running_count())?,
            pending: count("pendingCount", &id.name, s.pending_count())?,
            failed: primary.map_or(0, |r| r.counts.failed),
        },
        // Of task sets the primary one serves; what the service was made with long ago does not.
        revision: primary
            .filter(|_| deployment.strategy.has_task_sets())
            .map(|r| r.revision.clone())
            .or_else(|| revision(s.task_definition()))
            .or_else(|| rollouts.first().map(|r| r.revision.clone()))
            .unwrap_or_else(|| unrevised(s.task_definition())),
        launch_type: launch_type(s),
        deployment,
        load_balancers,
        rollouts,
        // They say again what `deployments[]` says, by another name: where a count is none, they say nothing.
        revisions: revisions.unwrap_or_default(),
        scaling: None,
        events,
        created_at: time(s.created_at()),
        id,
    }))
}

/// As many rollouts as are kept, as they were listed: the newest primary one, those that failed, and the newest of the others. The
/// first of them says how many were left out.
fn bounded(mut all: Vec<Rollout>) -> Vec<Rollout> {
    let more = all.len().saturating_sub(ROLLOUTS_KEPT);
    if more == 0 {
        return all;
    }
    let primary = Rollout::primary(&all).map(|r| r.id.clone());
    let rank = |r: &Rollout| {
        let is_primary = primary.as_ref() == Some(&r.id);
        let newest = std::cmp::Reverse(r.created_at);
        (!is_primary, r.rollout_state != "FAILED", newest)
    };
    let mut ranked: Vec<usize> = (0..all.len()).collect();
    ranked.order_by_key(|n| all.get(*n).map(rank));
    let kept: BTreeSet<usize> = ranked.into_iter().take(ROLLOUTS_KEPT).collect();
    let mut place = 0..;
    all.retain(|_| place.next().is_some_and(|n: usize| kept.contains(&n)));
    all.shrink_to_fit();
    let at = all.iter().position(|r| Some(&r.id) == primary.as_ref());
    if let Some(told) = all.get_mut(at.unwrap_or(0)) {
        let words = format!("{more} more deployments were told and are not looked at");
        told.rollout_reason = match told.rollout_reason.as_str() {
            "" => words,
            said => format!("{said} {words}"),
        };
    }
    all
}

/// Services of an external controller may name no revision.
fn unrevised(name: Option<&str>) -> Revision {
    Revision {
        family: text(name),
        number: 0,
        arn: text(name),
    }
}

fn launch_type(s: &sdk::Service) -> String {
    let provider = s.capacity_provider_strategy().first();
    match (s.launch_type(), provider) {
        (Some(kind), _) => text(Some(kind.as_str())),
        (None, Some(p)) => text(Some(p.capacity_provider())),
        (None, None) => String::new(),
    }
}

pub(super) fn binding(lb: &sdk::LoadBalancer) -> Option<LoadBalancerBinding> {
    Some(LoadBalancerBinding {
        target_group_arn: some_text(lb.target_group_arn())?,
        alternate_target_group_arn: lb
            .advanced_configuration()
            .and_then(|c| some_text(c.alternate_target_group_arn())),
        container: text(lb.container_name()),
        port: u16::try_from(lb.container_port().unwrap_or(0)).unwrap_or(0),
    })
}

fn event(e: &sdk::ServiceEvent) -> Option<ServiceEvent> {
    Some(ServiceEvent {
        id: text(e.id()),
        at: time(e.created_at())?,
        message: reason(e.message()),
    })
}

fn rollout(d: &sdk::Deployment, of: &str) -> Result<Option<Rollout>, NoCount> {
    let Some(revision) = revision(d.task_definition()) else {
        return Ok(None);
    };
    Ok(Some(Rollout {
        id: text(d.id()),
        status: text(d.status()),
        revision,
        counts: TaskCounts {
            desired: count("desiredCount", of, d.desired_count())?,
            running: count("runningCount", of, d.running_count())?,
            pending: count("pendingCount", of, d.pending_count())?,
            failed: count("failedTasks", of, d.failed_tasks())?,
        },
        rollout_state: text(d.rollout_state().map(sdk::DeploymentRolloutState::as_str)),
        rollout_reason: reason(d.rollout_state_reason()),
        created_at: time(d.created_at()),
        updated_at: time(d.updated_at()),
    }))
}

fn revision_tasks(
    r: &sdk::ServiceCurrentRevisionSummary,
    of: &str,
) -> Option<Result<RevisionTasks, NoCount>> {
    let arn = some_text(r.arn())?;
    let counts = || {
        Ok(TaskCounts {
            desired: count("requestedTaskCount", of, r.requested_task_count())?,
            running: count("runningTaskCount", of, r.running_task_count())?,
            pending: count("pendingTaskCount", of, r.pending_task_count())?,
            failed: 0,
        })
    };
    Some(counts().map(|counts| RevisionTasks {
        arn,
        counts,
        digests: Vec::new(),
    }))
}

/// What the steps of a traffic shift wait for, all of them together: a canary waits once, a linear shift after each step.
fn shift_minutes(c: &sdk::DeploymentConfiguration) -> Option<u32> {
    match c.strategy()? {
        sdk::DeploymentStrategy::Canary => {
            let canary = c.canary_configuration()?;
            canary.canary_bake_time_in_minutes().map(convert::count)
        }
        sdk::DeploymentStrategy::Linear => {
            let linear = c.linear_configuration()?;
            let each = linear.step_bake_time_in_minutes().map(convert::count)?;
            // Three percent is the least that the API takes.
            let percent = linear.step_percent().unwrap_or(10.0).clamp(3.0, 100.0);
            let steps = (100.0 / percent).ceil() as u32;
            Some(each.saturating_mul(steps))
        }
        _ => None,
    }
}

/// What a deployment is configured to wait for. The vendor tells a bake time of a rolling one as well, and keeps none.
pub fn pace(c: &sdk::DeploymentConfiguration, strategy: Strategy) -> Pace {
    let bake = c.bake_time_in_minutes().map(convert::count);
    Pace {
        bake_minutes: bake.filter(|_| strategy.shifts_traffic()),
        shift_minutes: shift_minutes(c),
        stage_since: None,
    }
}

fn deployment_config(s: &sdk::Service) -> DeploymentConfig {
    let controller = s.deployment_controller().map(|c| c.r#type());
    let c = s.deployment_configuration();
    let strategy = c.and_then(|c| c.strategy());
    let breaker = c.and_then(|c| c.deployment_circuit_breaker());
    let alarms = c.and_then(|c| c.alarms()).filter(|a| a.enable());
    DeploymentConfig {
        strategy: match controller {
            None | Some(sdk::DeploymentControllerType::Ecs) => {
                strategy.map_or(Strategy::Rolling, self::strategy)
            }
            Some(sdk::DeploymentControllerType::CodeDeploy) => Strategy::CodeDeploy,
            Some(sdk::DeploymentControllerType::External) => Strategy::External,
            Some(_) => Strategy::Other,
        },
        minimum_healthy_percent: c
            .and_then(|c| c.minimum_healthy_percent())
            .map_or(100, convert::count),
        maximum_percent: c
            .and_then(|c| c.maximum_percent())
            .map_or(200, convert::count),
        circuit_breaker: breaker.map_or_else(CircuitBreaker::default, circuit_breaker),
        alarms: alarms.map_or_else(Vec::new, |a| {
            a.alarm_names().iter().map(|n| text(Some(n))).collect()
        }),
        alarms_rollback: alarms.is_some_and(|a| a.rollback()),
        bake_minutes: c.and_then(|c| c.bake_time_in_minutes()).map(convert::count),
        shift_minutes: c.and_then(shift_minutes),
    }
}

/// A circuit breaker; what it does not say is what ECS takes then.
pub fn circuit_breaker(b: &sdk::DeploymentCircuitBreaker) -> CircuitBreaker {
    let unset = CircuitBreaker::default();
    CircuitBreaker {
        enabled: b.enable(),
        rollback: b.rollback(),
        threshold: b
            .threshold_configuration()
            .map_or(unset.threshold, threshold),
        resets_on_healthy_task: b
            .reset_on_healthy_task()
            .unwrap_or(unset.resets_on_healthy_task),
    }
}

fn threshold(t: &sdk::ThresholdConfiguration) -> Threshold {
    match (u32::try_from(t.value()), t.r#type()) {
        (Ok(0) | Err(_), _) => Threshold::Unknown,
        (Ok(n), sdk::ThresholdType::Count) => Threshold::Count(n),
        (Ok(n), sdk::ThresholdType::BoundedPercent) => Threshold::BoundedPercent(n),
        (Ok(n), sdk::ThresholdType::UnboundedPercent) => Threshold::UnboundedPercent(n),
        (Ok(_), _) => Threshold::Unknown,
    }
}

/// A strategy in our words.
pub fn strategy(s: &sdk::DeploymentStrategy) -> Strategy {
    match s {
        sdk::DeploymentStrategy::Rolling => Strategy::Rolling,
        sdk::DeploymentStrategy::BlueGreen => Strategy::BlueGreen,
        sdk::DeploymentStrategy::Canary => Strategy::Canary,
        sdk::DeploymentStrategy::Linear => Strategy::Linear,
        _ => Strategy::Other,
    }
}

/// A task.
pub fn task(t: &sdk::Task) -> Task {
    let ip = t
        .containers()
        .iter()
        .flat_map(|c| c.network_interfaces())
        .find_map(|n| some_text(n.private_ipv4_address()));
    let attached = || {
        t.attachments()
            .iter()
            .flat_map(|a| a.details())
            .find(|d| d.name() == Some("privateIPv4Address"))
            .and_then(|d| some_text(d.value()))
    };
    let group = text(t.group());
    Task {
        arn: text(t.task_arn()),
        id: text(t.task_arn().map(tail)),
        service: group.strip_prefix("service:").unwrap_or(&group).to_owned(),
        status: text(t.last_status()),
        desired_status: text(t.desired_status()),
        health: text(t.health_status().map(sdk::HealthStatus::as_str)),
        revision: revision(t.task_definition_arn()),
        zone: text(t.availability_zone()),
        cpu_units: number(t.cpu()),
        memory_mib: number(t.memory()),
        ip: ip.or_else(attached),
        created_at: time(t.created_at()),
        started_at: time(t.started_at()),
        stopped_at: time(t.stopped_at()),
        stopped_reason: some_reason(t.stopped_reason()),
        containers: t.containers().iter().map(container).collect(),
    }
}

fn container(c: &sdk::Container) -> Container {
    Container {
        name: text(c.name()),
        image: text(c.image()),
        digest: some_text(c.image_digest()),
        status: text(c.last_status()),
        health: text(c.health_status().map(sdk::HealthStatus::as_str)),
        exit_code: c.exit_code(),
        reason: some_reason(c.reason()),
    }
}

/// CPU and memory come as text.
pub fn number(n: Option<&str>) -> Option<u32> {
    n?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::ServiceHealth;
    use aws_smithy_types::DateTime;

    #[test]
    fn a_service_is_read_whole_and_inert() {
        let s = sdk::Service::builder()
            .cluster_arn("arn:aws:ecs:us-east-1:1:cluster/prod")
            .service_name("api")
            .status("ACTIVE")
            .desired_count(6)
            .running_count(5)
            .task_definition("arn:aws:ecs:us-east-1:1:task-definition/api:42")
            .events(
                sdk::ServiceEvent::builder()
                    .created_at(DateTime::from_secs(1))
                    .message("old")
                    .build(),
            )
            .events(
                sdk::ServiceEvent::builder()
                    .created_at(DateTime::from_secs(2))
                    .message("\u{1b}[2Jnew")
                    .build(),
            )
            .build();
        let got = service(&s).unwrap().unwrap();
        assert_eq!(got.id.to_string(), "prod/api");
        assert_eq!((got.counts.desired, got.counts.running), (6, 5));
        assert_eq!(got.revision.number, 42);
        assert_eq!(
            got.events[0].message, "\\e[2Jnew",
            "newest first, and inert"
        );
        assert_eq!(got.deployment.strategy, Strategy::Rolling);
        assert_eq!(service(&sdk::Service::builder().build()), Ok(None));
    }

    #[test]
    fn of_a_thousand_deployments_the_newest_primary_and_those_that_failed_are_kept() {
        let told = (0..1_000_i64).map(|n| {
            let failed = n == 500;
            let state = if failed { "FAILED" } else { "COMPLETED" };
            sdk::Deployment::builder()
                .id(format!("ecs-svc/{n}"))
                .status("PRIMARY")
                .task_definition("api:42")
                .rollout_state(state.into())
                .created_at(DateTime::from_secs(n))
                .build()
        });
        let s = sdk::Service::builder()
            .service_name("api")
            .set_deployments(Some(told.collect()))
            .build();
        let got = service(&s).unwrap().unwrap();
        assert_eq!(got.rollouts.len(), ROLLOUTS_KEPT);
        assert!(got.failed_rollout().is_some_and(|r| r.id == "ecs-svc/500"));
        let rows = crate::backend::aws::ecs::of_rollouts(&got);
        let loads: usize = rows.iter().map(|d| d.from.len()).sum();
        assert_eq!((rows.len(), loads), (2, ROLLOUTS_KEPT - 1), "one primary");
        assert_eq!(rows[0].id, "ecs-svc/999");
        assert!(
            rows[0].reason.starts_with("970 more "),
            "{}",
            rows[0].reason
        );
    }

    #[test]
    fn a_count_below_zero_makes_a_service_unreadable() {
        let named = || sdk::Service::builder().service_name("api");
        assert!(service(&named().running_count(-3).build()).is_err());
        assert!(service(&named().pending_count(-1).build()).is_err());
        let rollout = sdk::Deployment::builder()
            .task_definition("api:42")
            .failed_tasks(-1)
            .build();
        assert!(service(&named().deployments(rollout).build()).is_err());
        assert!(cluster(&sdk::Cluster::builder().running_tasks_count(-1).build()).is_err());
    }

    #[test]
    fn a_status_that_nobody_knows_hides_no_service_that_is_down() {
        let health = |status: &str| {
            let s = sdk::Service::builder()
                .service_name("x")
                .status(status)
                .desired_count(4)
                .build();
            service(&s).unwrap().unwrap().health()
        };
        for status in ["ACTIVE", "WEIRD", ""] {
            assert_eq!(health(status), ServiceHealth::Down, "{status}");
        }
        for status in ["DRAINING", "INACTIVE"] {
            assert_eq!(health(status), ServiceHealth::Inactive, "{status}");
        }
    }

    #[test]
    fn what_ecs_says_that_nobody_knows_makes_no_service_steady() {
        let told = |status: &str, rollout: &str, state: &str| {
            let rollout = sdk::Deployment::builder()
                .status(rollout)
                .task_definition("api:42")
                .rollout_state(state.into());
            let s = sdk::Service::builder()
                .service_name("x")
                .status(status)
                .desired_count(4)
                .running_count(4)
                .deployments(rollout.build())
                .build();
            let s = service(&s).unwrap().unwrap();
            (s.health(), s.doubt().unwrap_or_default())
        };
        assert_eq!(
            told("ACTIVE", "PRIMARY", "COMPLETED").0,
            ServiceHealth::Steady
        );
        for (status, rollout, state, words) in [
            ("PAUSED", "PRIMARY", "COMPLETED", "ECS calls it PAUSED"),
            ("", "PRIMARY", "COMPLETED", "ECS tells no status of it"),
            (
                "ACTIVE",
                "PRIMARY",
                "EXPLODED",
                "ECS calls its deployment EXPLODED",
            ),
            (
                "ACTIVE",
                "ACTIVE",
                "COMPLETED",
                "none of its deployments is the primary one",
            ),
        ] {
            assert_eq!(
                told(status, rollout, state),
                (ServiceHealth::Unknown, words.into())
            );
        }
    }

    #[test]
    fn the_pauses_of_a_traffic_shift_are_counted_by_its_strategy() {
        let linear = sdk::LinearConfiguration::builder()
            .step_percent(15.0)
            .step_bake_time_in_minutes(10)
            .build();
        let canary = sdk::CanaryConfiguration::builder()
            .canary_bake_time_in_minutes(25)
            .build();
        let minutes = |strategy| {
            let config = sdk::DeploymentConfiguration::builder()
                .strategy(strategy)
                .linear_configuration(linear.clone())
                .canary_configuration(canary.clone())
                .build();
            shift_minutes(&config)
        };
        assert_eq!(minutes(sdk::DeploymentStrategy::Linear), Some(70));
        assert_eq!(minutes(sdk::DeploymentStrategy::Canary), Some(25));
        assert_eq!(minutes(sdk::DeploymentStrategy::BlueGreen), None);
    }

    #[test]
    fn both_target_groups_of_a_blue_green_service_are_read() {
        let pair = sdk::AdvancedConfiguration::builder()
            .alternate_target_group_arn("arn:green")
            .build();
        let s = sdk::Service::builder()
            .service_name("x")
            .load_balancers(
                sdk::LoadBalancer::builder()
                    .target_group_arn("arn:blue")
                    .advanced_configuration(pair)
                    .build(),
            )
            .build();
        let got = service(&s).unwrap().unwrap();
        let groups: Vec<&str> = got.load_balancers[0].groups().collect();
        assert_eq!(groups, ["arn:blue", "arn:green"]);
    }

    #[test]
    fn another_controller_is_not_ours_to_drive() {
        let controller = sdk::DeploymentController::builder()
            .r#type(sdk::DeploymentControllerType::CodeDeploy)
            .build()
            .unwrap();
        let s = sdk::Service::builder()
            .service_name("x")
            .deployment_controller(controller)
            .build();
        let got = service(&s).unwrap().unwrap();
        assert_eq!(got.deployment.strategy, Strategy::CodeDeploy);
    }
}
