//! Clusters, services, tasks and task definitions, after the Amazon ECS API reference.

pub use super::balancing::LoadBalancerBinding;
pub use super::rollout::{RevisionTasks, Rollout, STABILIZING, TaskCounts};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::breaker::{CircuitBreaker, Threshold};
use super::deployment::DeploymentState;
use super::scaling::ScaleOut;
pub use super::strategy::Strategy;

/// Who we are to AWS (STS GetCallerIdentity).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// ARN of the caller.
    pub arn: String,
    /// Region that the clients use.
    pub region: String,
}

/// A cluster (DescribeClusters).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// Full ARN.
    pub arn: String,
    /// Short name.
    pub name: String,
    /// `ACTIVE`, `PROVISIONING` ...
    pub status: String,
    /// Services in ACTIVE state.
    pub active_services: u32,
    /// Tasks in RUNNING state.
    pub running_tasks: u32,
    /// Tasks in PENDING state.
    pub pending_tasks: u32,
    /// Instances of one's own that its tasks may run on.
    pub container_instances: u32,
    /// Where its tasks may be placed: `FARGATE`, `FARGATE_SPOT`, or a provider of one's own.
    pub capacity_providers: Vec<String>,
}

/// What names a service for good: rows, selections and actions are tied to this.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceId {
    /// Short name of the cluster.
    pub cluster: String,
    /// Short name of the service.
    pub name: String,
}

impl std::fmt::Display for ServiceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

/// A task definition's family and revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Revision {
    /// Family.
    pub family: String,
    /// Number within the family.
    pub number: u32,
    /// Full ARN as the API gave it.
    pub arn: String,
}

impl Revision {
    /// Reads `arn:...:task-definition/family:7` or `family:7`.
    pub fn parse(text: &str) -> Option<Self> {
        let tail = text.rsplit('/').next()?;
        let (family, number) = tail.rsplit_once(':')?;
        Some(Self {
            family: family.to_owned(),
            number: number.parse().ok()?,
            arn: text.to_owned(),
        })
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.family, self.number)
    }
}

/// How a service deploys (DeploymentConfiguration).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeploymentConfig {
    /// Strategy.
    pub strategy: Strategy,
    /// Percent of desired that must stay healthy.
    pub minimum_healthy_percent: u32,
    /// Percent of desired that may run at once.
    pub maximum_percent: u32,
    /// Circuit breaker.
    pub circuit_breaker: CircuitBreaker,
    /// Names of the CloudWatch alarms watched, when watching is on.
    pub alarms: Vec<String>,
    /// Whether a deployment alarm rolls back.
    pub alarms_rollback: bool,
    /// Minutes between traffic shift and the end, for blue/green.
    pub bake_minutes: Option<u32>,
    /// Minutes that the pauses between the steps of a canary or linear traffic shift take together.
    pub shift_minutes: Option<u32>,
}

/// One line of a service's event list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceEvent {
    /// Vendor's id.
    pub id: String,
    /// When (UTC).
    pub at: Timestamp,
    /// ECS's own words.
    pub message: String,
}

/// A service (DescribeServices).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Identity.
    pub id: ServiceId,
    /// Full ARN.
    pub arn: String,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub status: String,
    /// Counts over all revisions.
    pub counts: TaskCounts,
    /// Revision that the service is set to.
    pub revision: Revision,
    /// `FARGATE`, `EC2`, or a capacity provider.
    pub launch_type: String,
    /// How it deploys.
    pub deployment: DeploymentConfig,
    /// Load balancers.
    pub load_balancers: Vec<LoadBalancerBinding>,
    /// `deployments[]`; its task sets where another controller than ECS's own deploys it.
    pub rollouts: Vec<Rollout>,
    /// `currentServiceRevisions`; none where the endpoint does not tell them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<RevisionTasks>,
    /// That more tasks were asked for lately than run yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling: Option<ScaleOut>,
    /// Newest first.
    pub events: Vec<ServiceEvent>,
    /// Created (UTC).
    pub created_at: Option<Timestamp>,
}

impl Service {
    /// Whether a rollout is going on, as far as `deployments[]` says.
    pub fn is_deploying(&self) -> bool {
        self.rollouts.len() > 1
            || self
                .rollouts
                .iter()
                .any(|r| r.rollout_state == "IN_PROGRESS")
    }

    /// What is said of it that nobody knows the meaning of here, in words: as many tasks as wanted make no service steady that ECS calls
    /// something else.
    pub fn doubt(&self) -> Option<String> {
        match self.status.as_str() {
            "ACTIVE" | "DRAINING" | "INACTIVE" => {}
            "" => return Some("ECS tells no status of it".into()),
            other => return Some(format!("ECS calls it {other}")),
        }
        let Some(primary) = Rollout::primary(&self.rollouts) else {
            if !self.rollouts.is_empty() {
                return Some("none of its deployments is the primary one".into());
            }
            // Whatever moves there is not seen: as many tasks as wanted may be those of two revisions.
            let by = self.deployment.strategy.deployer()?;
            return Some(format!("deployed by {by}: its deployments are not told"));
        };
        match primary.rollout_state.as_str() {
            "" | "COMPLETED" | "IN_PROGRESS" | "FAILED" => None,
            STABILIZING => Some("not all tasks of its task set are healthy yet".into()),
            other => Some(format!("ECS calls its deployment {other}")),
        }
    }

    /// The worst thing that can be said of it from its own counts.
    pub fn health(&self) -> ServiceHealth {
        let from_nothing = self.scaling.is_some_and(|s| s.from == 0);
        let primary = self.primary_set();
        let is_none = |c: TaskCounts| c.desired > 0 && c.running == 0;
        let is_short = |c: TaskCounts| c.running < c.desired;
        // A word that nobody knows yet makes no service one that is not wanted: its counts tell.
        if matches!(self.status.as_str(), "INACTIVE" | "DRAINING") {
            ServiceHealth::Inactive
        } else if (is_none(self.counts) || primary.is_some_and(is_none)) && !from_nothing {
            ServiceHealth::Down
        } else if self.failed_rollout().is_some() {
            ServiceHealth::Failed
        } else if primary.is_some_and(is_short) && self.scaling_out().is_none() {
            ServiceHealth::Degraded
        } else if self.is_deploying() {
            ServiceHealth::Deploying
        } else if self.counts.running < self.counts.desired && self.scaling_out().is_some() {
            ServiceHealth::Scaling
        } else if self.counts.running < self.counts.desired {
            ServiceHealth::Degraded
        } else if self.counts.desired == 0 && self.counts.running == 0 {
            match self.load_balancers.is_empty() {
                true => ServiceHealth::Idle,
                false => ServiceHealth::Unserved,
            }
        } else if self.doubt().is_some() {
            ServiceHealth::Unknown
        } else {
            ServiceHealth::Steady
        }
    }
}

/// Health of a service by its own counts, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceHealth {
    /// Wanted, and nothing runs.
    Down,
    /// The last rollout failed.
    Failed,
    /// A rollout goes back by itself, and no person wanted that.
    RollingBack,
    /// Scaled to 0 behind a load balancer: whoever asks it is answered by nobody.
    Unserved,
    /// Fewer tasks than wanted.
    Degraded,
    /// As many tasks run as wanted, and ECS says something else of it that is not known here.
    Unknown,
    /// More tasks were asked for lately, and are starting.
    Scaling,
    /// A rollout is going on.
    Deploying,
    /// As wanted.
    Steady,
    /// Scaled to 0, and no load balancer sends it anything: neither well nor a fault.
    Idle,
    /// Draining or inactive.
    Inactive,
}

impl ServiceHealth {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Down => "DOWN",
            Self::Failed => "FAILED",
            Self::RollingBack => DeploymentState::RollingBack.word(),
            Self::Degraded => "DEGRADED",
            Self::Unknown => "unknown",
            Self::Scaling => "scaling",
            Self::Deploying => "deploying",
            Self::Steady => "steady",
            Self::Unserved | Self::Idle => "scaled to 0",
            Self::Inactive => "inactive",
        }
    }
}

/// A container of a running task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Container {
    /// Name in the task definition.
    pub name: String,
    /// Image as started.
    pub image: String,
    /// Digest, where the agent reported it.
    pub digest: Option<String>,
    /// `RUNNING`, `STOPPED` ...
    pub status: String,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: String,
    /// Exit code once stopped.
    pub exit_code: Option<i32>,
    /// Why it stopped.
    pub reason: Option<String>,
}

/// A task (DescribeTasks).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Full ARN.
    pub arn: String,
    /// Last part of the ARN.
    pub id: String,
    /// `group` without `service:`.
    pub service: String,
    /// Last known status.
    pub status: String,
    /// Where ECS wants it to be.
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: String,
    /// Revision it runs.
    pub revision: Option<Revision>,
    /// Availability zone.
    pub zone: String,
    /// CPU units (1024 = one vCPU).
    pub cpu_units: Option<u32>,
    /// Memory, MiB.
    pub memory_mib: Option<u32>,
    /// Private IPv4 address.
    pub ip: Option<String>,
    /// Created (UTC).
    pub created_at: Option<Timestamp>,
    /// Started (UTC).
    pub started_at: Option<Timestamp>,
    /// Stopped (UTC).
    pub stopped_at: Option<Timestamp>,
    /// Why it stopped or is stopping.
    pub stopped_reason: Option<String>,
    /// Containers.
    pub containers: Vec<Container>,
}

/// A container in a task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContainerSpec {
    /// Name.
    pub name: String,
    /// Image reference.
    pub image: String,
    /// CPU units reserved.
    pub cpu_units: Option<u32>,
    /// Hard memory limit, MiB.
    pub memory_mib: Option<u32>,
    /// Soft memory limit, MiB.
    pub memory_reservation_mib: Option<u32>,
    /// Whether the task stops with it.
    pub essential: bool,
    /// Health check command, joined; `None` if there is none.
    pub health_check: Option<String>,
    /// Plain environment: names with values. Values are shown in diffs only after redaction.
    pub environment: Vec<(String, String)>,
    /// Files that more of its environment comes from, by ARN; what they hold is not read.
    pub environment_files: Vec<String>,
    /// Secrets: names with where they come from; never values.
    pub secrets: Vec<(String, String)>,
    /// Container ports.
    pub ports: Vec<u16>,
    /// What takes its lines: `awslogs`, `awsfirelens` ...
    pub log_driver: Option<String>,
    /// `awslogs-group`, where the driver is awslogs.
    pub log_group: Option<String>,
    /// `awslogs-stream-prefix`, by which the streams of its tasks are named.
    pub log_prefix: Option<String>,
}

/// A task definition (DescribeTaskDefinition).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskDefinition {
    /// Family and revision.
    pub revision: Revision,
    /// `ACTIVE`, `INACTIVE`.
    pub status: String,
    /// Task-level CPU units.
    pub cpu_units: Option<u32>,
    /// Task-level memory, MiB.
    pub memory_mib: Option<u32>,
    /// Containers.
    pub containers: Vec<ContainerSpec>,
    /// Registered (UTC).
    pub registered_at: Option<Timestamp>,
    /// ARN of who registered it.
    pub registered_by: Option<String>,
}

impl TaskDefinition {
    /// The container that traffic or logs are about: the bound one, else the first essential one.
    pub fn main_container(&self, bound: Option<&str>) -> Option<&ContainerSpec> {
        bound
            .and_then(|name| self.containers.iter().find(|c| c.name == name))
            .or_else(|| self.containers.iter().find(|c| c.essential))
            .or_else(|| self.containers.first())
    }
}

/// The tag (or short digest) of an image reference, as people call it: `1.8.2` of `repo/api:1.8.2`.
pub fn image_tag(image: &str) -> &str {
    if let Some((_, digest)) = image.split_once('@') {
        return digest.get(..19).unwrap_or(digest);
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':').map_or("latest", |(_, tag)| tag)
}

/// The name of an image without registry and tag: `api` of `123.dkr.ecr.../laser/api:1.8.2`.
pub fn image_name(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(['@', ':']).next().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_references_are_read_as_people_say_them() {
        let ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/api:1.8.2";
        assert_eq!((image_name(ecr), image_tag(ecr)), ("api", "1.8.2"));
        assert_eq!(image_tag("localhost:5000/api"), "latest");
        assert_eq!(
            image_tag("api@sha256:0123456789abcdef0123"),
            "sha256:0123456789ab"
        );
    }

    #[test]
    fn revisions_are_read_as_the_vendor_writes_them() {
        let r = Revision::parse("arn:aws:ecs:us-east-1:1:task-definition/api:42").unwrap();
        assert_eq!((r.family.as_str(), r.number), ("api", 42));
        assert!(Revision::parse("api").is_none());
    }
}
