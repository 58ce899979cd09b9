//! Bounds, policies and activities, and how they are shown.

use super::{DIMENSION, NAMESPACE};
use crate::telemetry::strain;
use crate::wire::{Node, list, map};
use crate::world::{Key, World, names};

/// Bounds of a service.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) key: Key,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) created: f64,
    pub(super) id: String,
    /// Scaling in, scaling out, scheduled scaling: whether it is suspended.
    pub(super) suspended: [bool; 3],
}

/// A policy. Only target tracking scales here; others are kept as they were put.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) key: Key,
    pub(super) name: String,
    pub(super) id: String,
    pub(super) created: f64,
    pub(super) kind: String,
    pub(super) config: Node,
    /// Story time since which the metric is above or below its target.
    pub(super) above: Option<f64>,
    pub(super) below: Option<f64>,
    /// Story time of its last activity.
    pub(super) acted: f64,
}

/// Something that was done.
#[derive(Debug)]
pub(super) struct Activity {
    pub(super) id: String,
    pub(super) key: Key,
    pub(super) what: String,
    pub(super) cause: String,
    pub(super) from: f64,
    /// Wall-clock time of its end; `None`: under way.
    pub(super) until: Option<f64>,
    pub(super) wanted: u32,
}

impl Target {
    pub(super) fn arn(&self) -> String {
        format!(
            "arn:aws:application-autoscaling:{}:{}:scalable-target/{}",
            names::REGION,
            names::ACCOUNT,
            self.id.replace('-', "")
        )
    }

    pub(super) fn show(&self) -> Node {
        let [scale_in, scale_out, scheduled] = self.suspended;
        let role = format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
            names::ACCOUNT
        );
        let suspended = map([
            ("DynamicScalingInSuspended", scale_in),
            ("DynamicScalingOutSuspended", scale_out),
            ("ScheduledScalingSuspended", scheduled),
        ]
        .map(|(k, v)| (k, Node::from(v))));
        about(&self.key)
            .with("MinCapacity", self.min)
            .with("MaxCapacity", self.max)
            .with("RoleARN", role)
            .with("CreationTime", Node::Time(self.created))
            .with("SuspendedState", suspended)
            .with("ScalableTargetARN", self.arn())
    }
}

impl Policy {
    pub(super) fn arn(&self) -> String {
        format!(
            "arn:aws:autoscaling:{}:{}:scalingPolicy:{}:resource/ecs/{}:policyName/{}",
            names::REGION,
            names::ACCOUNT,
            self.id,
            resource(&self.key),
            self.name
        )
    }

    /// Value and target of the metric that it tracks; `None` for what is not played here.
    pub(super) fn measure(&self, world: &World) -> Option<(f64, f64)> {
        let goal = self.config.get("TargetValue").as_f64()?;
        let metric = self
            .config
            .get("PredefinedMetricSpecification")
            .get("PredefinedMetricType");
        let now = strain(world, &self.key, world.stamp())?;
        match metric.as_text()? {
            "ECSServiceAverageCPUUtilization" => Some((now.cpu, goal)),
            "ECSServiceAverageMemoryUtilization" => Some((now.memory, goal)),
            _ => None,
        }
    }

    pub(super) fn show(&self) -> Node {
        about(&self.key)
            .with("PolicyARN", self.arn())
            .with("PolicyName", &self.name)
            .with("PolicyType", &self.kind)
            .with(
                format!("{}PolicyConfiguration", self.kind),
                self.config.clone(),
            )
            .with("Alarms", list(self.alarms()))
            .with("CreationTime", Node::Time(self.created))
    }
}

impl Activity {
    pub(super) fn show(&self) -> Node {
        let (code, words) = match self.until {
            Some(_) => (
                "Successful",
                format!(
                    "Successfully set desired count to {}. Change successfully fulfilled by ecs.",
                    self.wanted
                ),
            ),
            None => (
                "InProgress",
                format!(
                    "Successfully set desired count to {}. Waiting for change to be fulfilled by ecs.",
                    self.wanted
                ),
            ),
        };
        about(&self.key)
            .with("ActivityId", &self.id)
            .with("Description", &self.what)
            .with("Cause", &self.cause)
            .with("StartTime", Node::Time(self.from))
            .with("EndTime", self.until.map_or(Node::Null, Node::Time))
            .with("StatusCode", code)
            .with("StatusMessage", words)
    }
}

/// The id of a service as a resource.
pub(super) fn resource(key: &Key) -> String {
    format!("service/{}/{}", key.0, key.1)
}

fn about(key: &Key) -> Node {
    map([
        ("ServiceNamespace", Node::from(NAMESPACE)),
        ("ResourceId", resource(key).into()),
        ("ScalableDimension", DIMENSION.into()),
    ])
}
