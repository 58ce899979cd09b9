//! Which services scale, and a busy afternoon three days ago.

use super::Scaling;
use super::parts::Target;
use crate::wire::{Node, map};
use crate::world::{Key, World};

const HOUR_S: f64 = 3_600.0;

/// Services that scale by themselves: name, bounds, target in percent of CPU. pdf-render has bounds but no policy, and the
/// worker nothing: findings.
const PLANS: [(&str, u32, u32, Option<f64>); 4] = [
    ("api", 4, 12, Some(60.0)),
    ("auth", 2, 6, Some(60.0)),
    ("calculator", 3, 10, Some(65.0)),
    ("pdf-render", 2, 4, None),
];

/// A campaign three days ago: hours since its beginning, and the tasks of the API from then on.
const CAMPAIGN: [(f64, u32, u32); 5] = [
    (0.0, 4, 6),
    (0.2, 6, 8),
    (3.1, 8, 7),
    (3.4, 7, 6),
    (4.0, 6, 4),
];

impl Scaling {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        let mut scaling = Self::default();
        if !told {
            return scaling;
        }
        let now = world.stamp();
        for (service, min, max, percent) in PLANS {
            let key: Key = ("laser-prod".into(), service.into());
            let created = now - 1_900.0 * HOUR_S;
            let id = scaling.id();
            scaling.targets.push(Target {
                key: key.clone(),
                min,
                max,
                created,
                id,
                suspended: [false; 3],
            });
            if let Some(percent) = percent {
                let metric = map([(
                    "PredefinedMetricType",
                    "ECSServiceAverageCPUUtilization".into(),
                )]);
                let config = map([
                    ("TargetValue", Node::Float(percent)),
                    ("PredefinedMetricSpecification", metric),
                    ("ScaleOutCooldown", 60.into()),
                    ("ScaleInCooldown", 300.into()),
                    ("DisableScaleIn", false.into()),
                ]);
                scaling.policy(
                    key,
                    &format!("{service}-cpu"),
                    "TargetTrackingScaling",
                    config,
                    created,
                );
            }
        }
        let began = now - 71.0 * HOUR_S;
        for (hours, from, to) in CAMPAIGN {
            let at = began + hours * HOUR_S;
            let level = if to > from { "High" } else { "Low" };
            let cause = format!(
                "monitor alarm TargetTracking-service/laser-prod/api-Alarm{level}-{} in state ALARM triggered policy api-cpu",
                scaling.id()
            );
            let key = ("laser-prod".into(), "api".into());
            scaling.did(key, to, cause, at, Some(at + 74.0));
        }
        scaling
    }
}
