//! Scale: change the desired count.

use std::time::Duration;

use super::draft::Draft;
use super::goal::Goal;
use super::hands::{Halt, Hands};
use super::look::{Look, Need};
use super::words;
use crate::backend::aws::ecs::UpdateService;
use crate::domain::problem::Problem;
use crate::domain::scaling::ScalableTarget;
use crate::domain::service::{ServiceId, Strategy};

/// Tasks that ECS allows in a service (Amazon ECS service quotas).
const MOST: u32 = 5_000;
/// A jump that is more often a slip of the finger than a wish.
const JUMP: u32 = 10;

/// How long the bounds of auto scaling are waited for: of a big account they are many pages, and a count may have to change now.
const PATIENCE: Duration = Duration::from_secs(4);

/// The intent's parts.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    pub service: &'a ServiceId,
    pub desired: u32,
}

impl Scale<'_> {
    /// What it would do.
    pub async fn draft(&self, look: &Look<'_>) -> Result<Draft, Problem> {
        let id = self.service;
        let mut draft = Draft::new(format!(
            "Scale {} to {}  {}",
            id.name,
            words::tasks(self.desired),
            id.cluster
        ));
        let Some(subject) = Box::pin(look.subject(&mut draft, id, Need::Count)).await? else {
            return Ok(draft);
        };
        let service = subject.service();
        let now = service.counts;
        draft.input("desired count", now.desired.to_string());
        draft.fact(
            "from",
            format!(
                "{} wanted, {} running",
                now.desired,
                service.answering().running
            ),
        );
        draft.fact("to", format!("{} wanted", self.desired));
        draft.fact("revision", service.revision.to_string());
        if self.desired == now.desired {
            draft.refuse(format!("{} are wanted already", words::tasks(now.desired)));
        }
        if self.desired > MOST {
            draft.refuse(format!("ECS runs at most {MOST} tasks in a service"));
        }
        if self.desired == 0 {
            draft.warn("scales to nothing: the service will be down");
            draft.names(&id.name);
        } else if self.desired > now.desired.max(1).saturating_mul(JUMP) {
            draft.warn(format!("more than {JUMP} times as many tasks as now"));
        }
        let definition = subject.definition()?;
        let cpu = definition.cpu_units.unwrap_or(0);
        let memory = definition.memory_mib.unwrap_or(0);
        if cpu > 0 && memory > 0 {
            let more = i64::from(self.desired) - i64::from(now.desired);
            draft.fact(
                "capacity",
                format!(
                    "{:+} vCPU, {:+} GiB",
                    more as f64 * f64::from(cpu) / 1024.0,
                    more as f64 * f64::from(memory) / 1024.0
                ),
            );
        }
        let asked = look.backend.estate.autoscaling.targets();
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(targets)) => {
                let own = |t: &&ScalableTarget| t.service() == Some((&id.cluster, &id.name));
                let target = targets.iter().find(own);
                draft.fact("bounds", bounds(target));
                if let Some(words) = target.and_then(|t| beyond(t, self.desired)) {
                    draft.warn(words);
                }
            }
            told => {
                let why = match &told {
                    Ok(Err(p)) => p.why.as_str(),
                    _ => "no answer in time",
                };
                draft.fact("bounds", "unknown");
                draft.warn(format!(
                    "whether it scales by itself could not be read: {why}"
                ));
            }
        }
        look.under_way(&mut draft, &subject).await;
        if subject.sight.running().is_some() {
            draft.warn(meanwhile(service.deployment.strategy));
        }
        Box::pin(look.alarms(&mut draft, &subject, false)).await;
        draft.call(self.words());
        Ok(draft)
    }

    fn words(&self) -> String {
        format!(
            "ecs:UpdateService  cluster={} service={} desiredCount={}",
            self.service.cluster, self.service.name, self.desired
        )
    }

    /// Does it.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        let change = UpdateService {
            desired: Some(self.desired),
            ..UpdateService::default()
        };
        hands
            .update(self.service, change, &self.words(), |seen| Goal::Count {
                before: Some(seen.service.counts.desired),
                service: self.service.clone(),
                desired: self.desired,
            })
            .await
    }
}

/// What becomes of a deployment that runs (Amazon ECS developer guide, "CodeDeploy blue/green deployments", considerations).
fn meanwhile(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::CodeDeploy => {
            "a deployment is running: CodeDeploy stops and fails it unless all tasks are steady within 5 minutes"
        }
        _ => "a deployment is running: it goes on with the new count",
    }
}

/// Between how many tasks it scales by itself.
fn bounds(target: Option<&ScalableTarget>) -> String {
    match target {
        Some(t) => format!("{} to {} by Application Auto Scaling", t.min, t.max),
        None => "none: it does not scale by itself".into(),
    }
}

/// What becomes of a count outside the bounds: what scales out lifts it to the minimum, what scales in lowers it to the maximum
/// (Amazon ECS developer guide, "Automatically scale your Amazon ECS service").
fn beyond(target: &ScalableTarget, desired: u32) -> Option<String> {
    let (min, max) = (target.min, target.max);
    let (side, way, to) = match desired {
        n if n > max => ("above the maximum", "in", max),
        n if n < min => ("below the minimum", "out", min),
        _ => return None,
    };
    let held = target.policies.is_empty() || target.suspended.iter().any(|s| s == way);
    let then = match held {
        true => format!("scaling {way} is off now, and once it is on takes it back to {to}"),
        false => {
            format!("Application Auto Scaling takes it back to {to} as soon as it scales {way}")
        }
    };
    Some(format!(
        "{desired} is {side} of its bounds {min} to {max}: {then}; change the bounds to keep it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scaling::ScalingPolicy;

    #[test]
    fn a_deployment_of_code_deploy_is_not_said_to_go_on() {
        assert!(meanwhile(Strategy::CodeDeploy).contains("stops and fails it"));
        assert!(meanwhile(Strategy::Rolling).contains("goes on with the new count"));
    }

    #[test]
    fn a_count_outside_the_bounds_says_where_it_will_go() {
        let mut target = ScalableTarget {
            resource: "service/laser-prod/api".into(),
            min: 2,
            max: 8,
            suspended: Vec::new(),
            policies: vec![ScalingPolicy {
                name: "cpu".into(),
                kind: "TargetTrackingScaling".into(),
                metric: None,
                target: Some(60.0),
            }],
        };
        let says = |t: &ScalableTarget, n| beyond(t, n).unwrap_or_default();
        assert_eq!([2, 5, 8].map(|n| says(&target, n)), ["", "", ""]);
        let above = says(&target, 9);
        assert!(
            above.starts_with("9 is above the maximum of its bounds 2 to 8"),
            "{above}"
        );
        assert!(
            above.contains("back to 8 as soon as it scales in"),
            "{above}"
        );
        let below = says(&target, 1);
        assert!(
            below.contains("back to 2 as soon as it scales out"),
            "{below}"
        );
        target.suspended.push("in".into());
        let held = says(&target, 9);
        assert!(held.contains("scaling in is off now"), "{held}");
    }
}
