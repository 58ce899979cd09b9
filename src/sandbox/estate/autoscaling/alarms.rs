//! The alarms that the vendor makes for each target tracking policy, and scales by: the high one stands above the target for three
//! minutes, the low one a tenth below it for fifteen, and at the minimum the low one stays in ALARM (Application Auto Scaling user guide,
//! "How target tracking scaling for Application Auto Scaling works").

use super::Scaling;
use super::parts::{Policy, resource};
use crate::cloudwatch::{AlarmSpec, Comparison, Stat};
use crate::wire::{Node, map};
use crate::world::names;

/// What a policy tracks, as CloudWatch names it; `None` for what is not played here.
fn tracked(policy: &Policy) -> Option<(&'static str, f64)> {
    let goal = policy.config.get("TargetValue").as_f64()?;
    let metric = policy
        .config
        .get("PredefinedMetricSpecification")
        .get("PredefinedMetricType");
    Some(match metric.as_text()? {
        "ECSServiceAverageCPUUtilization" => ("CPUUtilization", goal),
        "ECSServiceAverageMemoryUtilization" => ("MemoryUtilization", goal),
        _ => return None,
    })
}

impl Policy {
    /// The name of one of its alarms: `High`, `Low`.
    pub(super) fn alarm(&self, level: &str) -> String {
        let resource = resource(&self.key);
        format!("TargetTracking-{resource}-Alarm{level}-{}", self.id)
    }

    fn specs(&self) -> Option<[AlarmSpec; 2]> {
        let (metric, goal) = tracked(self)?;
        let dimensions = [
            ("ClusterName", self.key.0.as_str()),
            ("ServiceName", self.key.1.as_str()),
        ];
        let spec = |level: &str, comparison, limit: f64, minutes| {
            let of = ("AWS/ECS", metric);
            let name = self.alarm(level);
            let spec = AlarmSpec::metric(&name, of, &dimensions, Stat::Average, comparison, limit);
            let words = format!(
                "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {}.",
                self.arn()
            );
            AlarmSpec {
                alarm_actions: vec![self.arn()],
                ..spec.described(&words).over(minutes, minutes, 60)
            }
        };
        Some([
            spec("High", Comparison::GreaterThanThreshold, goal, 3),
            spec("Low", Comparison::LessThanThreshold, goal * 0.9, 15),
        ])
    }

    /// The alarms as the policy shows them.
    pub(super) fn alarms(&self) -> Vec<Node> {
        let specs = self.specs().into_iter().flatten();
        let (region, account) = (names::REGION, names::ACCOUNT);
        let arn = |name: &str| format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}");
        let show = |s: AlarmSpec| {
            let arn = arn(&s.name);
            map([
                ("AlarmName", Node::from(s.name)),
                ("AlarmARN", Node::from(arn)),
            ])
        };
        specs.map(show).collect()
    }
}

impl Scaling {
    /// The alarms of every policy.
    pub fn alarms(&self) -> Vec<AlarmSpec> {
        let all = self.policies.iter().filter_map(Policy::specs);
        all.flatten().collect()
    }
}
