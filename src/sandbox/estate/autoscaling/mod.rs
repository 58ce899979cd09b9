//! Application Auto Scaling (API version 2016-02-06, AWS JSON 1.1) for ECS services: bounds, target tracking, and what it did. It
//! follows the load as the vendor documents it: out when the metric stands above its target for three minutes, in when it stands
//! a tenth below for fifteen (Application Auto Scaling user guide, "Target tracking scaling policies").

mod alarms;
mod parts;
mod story;

use parts::{Activity, Policy, Target, resource};

use crate::wire::{ApiError, Node, list, map};
use crate::world::{Key, World};

/// Story seconds above the target, and below nine tenths of it, before something happens.
const OUT_AFTER_S: f64 = 180.0;
const IN_AFTER_S: f64 = 900.0;
const NAMESPACE: &str = "ecs";
const DIMENSION: &str = "ecs:service:DesiredCount";

/// Everything that scales.
#[derive(Debug, Default)]
pub struct Scaling {
    targets: Vec<Target>,
    policies: Vec<Policy>,
    /// Newest first.
    activities: Vec<Activity>,
    made: u64,
}

impl Scaling {
    /// Lets time go on: looks at the load, and moves what must move.
    pub fn step(&mut self, world: &mut World) {
        let (story, now) = (world.story_time(), world.stamp());
        for a in self.activities.iter_mut().filter(|a| a.until.is_none()) {
            let running = world.tasks_of(&a.key).filter(|t| t.is_running()).count();
            if running == a.wanted as usize {
                a.until = Some(now);
            }
        }
        let mut moves = Vec::new();
        for p in &mut self.policies {
            let Some(t) = self.targets.iter().find(|t| t.key == p.key) else {
                continue;
            };
            let Some(s) = world.services.get(&p.key) else {
                continue;
            };
            let Some((value, goal)) = p.measure(world) else {
                continue;
            };
            p.above = (value > goal).then(|| p.above.unwrap_or(story));
            p.below = (value < goal * 0.9).then(|| p.below.unwrap_or(story));
            let cooldown = |name: &str, usual: f64| p.config.get(name).as_f64().unwrap_or(usual);
            let rested = story - p.acted;
            let due = |since: Option<f64>, after: f64| since.is_some_and(|s| story - s >= after);
            // The size at which the metric would stand at its target.
            let fit = (f64::from(s.desired.max(1)) * value / goal).ceil() as u32;
            let fixed = p.config.get("DisableScaleIn").as_bool() == Some(true);
            let [no_in, no_out, _] = t.suspended;
            let wanted = if due(p.above, OUT_AFTER_S)
                && rested >= cooldown("ScaleOutCooldown", 300.0)
                && !no_out
            {
                fit.max(s.desired + 1).min(t.max).max(s.desired)
            } else if due(p.below, IN_AFTER_S)
                && rested >= cooldown("ScaleInCooldown", 300.0)
                && !no_in
                && !fixed
            {
                fit.max(t.min).min(s.desired)
            } else {
                s.desired
            };
            if wanted != s.desired {
                let level = if wanted > s.desired { "High" } else { "Low" };
                let cause = format!(
                    "monitor alarm {} in state ALARM triggered policy {}",
                    p.alarm(level),
                    p.name
                );
                p.acted = story;
                moves.push((p.key.clone(), wanted, cause));
            }
        }
        for (key, wanted, cause) in moves {
            self.scale(world, key, wanted, cause);
        }
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &mut World,
    ) -> Result<Node, ApiError> {
        let space = input.get("ServiceNamespace").as_text().unwrap_or_default();
        if space.is_empty() {
            return Err(invalid(
                "Value null at 'serviceNamespace' failed to satisfy constraint: Member must not be null",
            ));
        }
        let ours = space == NAMESPACE;
        let one = input.get("ResourceId").as_text();
        let asked = |key: &Key| ours && one.is_none_or(|r| r == resource(key));
        match operation {
            "DescribeScalableTargets" => {
                let some = input.get("ResourceIds").as_strs();
                let asked = |t: &&Target| {
                    ours && (some.is_empty() || some.contains(&resource(&t.key).as_str()))
                };
                let all = self.targets.iter().filter(asked).map(Target::show);
                page(input, all.collect(), "ScalableTargets")
            }
            "DescribeScalingPolicies" => {
                let named = input.get("PolicyNames").as_strs();
                let all = self.policies.iter().filter(|p| asked(&p.key));
                let all = all.filter(|p| named.is_empty() || named.contains(&p.name.as_str()));
                page(input, all.map(Policy::show).collect(), "ScalingPolicies")
            }
            "DescribeScalingActivities" => {
                let all = self.activities.iter().filter(|a| asked(&a.key));
                page(
                    input,
                    all.map(Activity::show).collect(),
                    "ScalingActivities",
                )
            }
            "RegisterScalableTarget" => self.register(input, world),
            "DeregisterScalableTarget" => {
                let key = self.target(input)?.key.clone();
                self.targets.retain(|t| t.key != key);
                self.policies.retain(|p| p.key != key);
                Ok(Node::Map(Vec::new()))
            }
            "PutScalingPolicy" => self.put_policy(input, world),
            "DeleteScalingPolicy" => {
                let key = self.target(input)?.key.clone();
                let name = input.get("PolicyName").as_text().unwrap_or_default();
                let before = self.policies.len();
                self.policies.retain(|p| !(p.key == key && p.name == name));
                if self.policies.len() == before {
                    return Err(not_found(&format!(
                        "No scaling policy found for service namespace: ecs, policy name: {name}"
                    )));
                }
                Ok(Node::Map(Vec::new()))
            }
            other => Err(ApiError::unknown_operation(other)),
        }
    }

    fn target(&mut self, input: &Node) -> Result<&mut Target, ApiError> {
        let id = input.get("ResourceId").as_text().unwrap_or_default();
        self.targets.iter_mut().find(|t| resource(&t.key) == id).ok_or_else(|| {
            not_found(&format!(
                "No scalable target found for service namespace: ecs, resource ID: {id}, scalable dimension: {DIMENSION}"
            ))
        })
    }

    fn register(&mut self, input: &Node, world: &mut World) -> Result<Node, ApiError> {
        let id = input.get("ResourceId").as_text().unwrap_or_default();
        let key = world.services.keys().find(|k| resource(k) == id).cloned();
        let key = key.ok_or_else(|| invalid(&format!("ECS service doesn't exist: {id}")))?;
        let bound = |name: &str| -> Result<Option<u32>, ApiError> {
            let number = |n: i64| {
                u32::try_from(n).map_err(|_| invalid(&format!("{name} must not be negative")))
            };
            input.get(name).as_i64().map(number).transpose()
        };
        let (min, max) = (bound("MinCapacity")?, bound("MaxCapacity")?);
        let old = self.targets.iter().find(|t| t.key == key);
        let (Some(min), Some(max)) = (min.or(old.map(|t| t.min)), max.or(old.map(|t| t.max)))
        else {
            return Err(invalid(
                "MinCapacity and MaxCapacity are required when registering a new scalable target",
            ));
        };
        if min > max {
            return Err(invalid(
                "Maximum capacity cannot be less than minimum capacity",
            ));
        }
        if old.is_none() {
            let (id, created) = (self.id(), world.stamp());
            self.targets.push(Target {
                key: key.clone(),
                min,
                max,
                created,
                id,
                suspended: [false; 3],
            });
        }
        let mut arn = String::new();
        if let Some(t) = self.targets.iter_mut().find(|t| t.key == key) {
            (t.min, t.max) = (min, max);
            let names = [
                "DynamicScalingInSuspended",
                "DynamicScalingOutSuspended",
                "ScheduledScalingSuspended",
            ];
            for (flag, name) in t.suspended.iter_mut().zip(names) {
                *flag = input
                    .get("SuspendedState")
                    .get(name)
                    .as_bool()
                    .unwrap_or(*flag);
            }
            arn = t.arn();
        }
        let desired = world.services.get(&key).map_or(min, |s| s.desired);
        let wanted = desired.clamp(min, max);
        if wanted != desired {
            let (bound, number) = if wanted > desired {
                ("minimum", min)
            } else {
                ("maximum", max)
            };
            self.scale(
                world,
                key,
                wanted,
                format!("{bound} capacity was set to {number}"),
            );
        }
        Ok(map([("ScalableTargetARN", arn.into())]))
    }

    fn put_policy(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let key = self.target(input)?.key.clone();
        let name = input
            .get("PolicyName")
            .as_text()
            .ok_or_else(|| invalid("PolicyName must not be null"))?;
        let old = self
            .policies
            .iter()
            .find(|p| p.key == key && p.name == name);
        let kind = input
            .get("PolicyType")
            .as_text()
            .or(old.map(|p| p.kind.as_str()))
            .unwrap_or("StepScaling")
            .to_owned();
        let config = input.get(&format!("{kind}PolicyConfiguration")).clone();
        if kind == "TargetTrackingScaling"
            && config.get("TargetValue").as_f64().is_none_or(|v| v <= 0.0)
        {
            return Err(invalid("TargetValue must be a positive number"));
        }
        self.policies.retain(|p| !(p.key == key && p.name == name));
        let arn = self.policy(key, name, &kind, config, world.stamp());
        let alarms = self.policies.last().map(Policy::alarms);
        Ok(map([
            ("PolicyARN", Node::from(arn)),
            ("Alarms", list(alarms.unwrap_or_default())),
        ]))
    }

    fn policy(&mut self, key: Key, name: &str, kind: &str, config: Node, created: f64) -> String {
        let policy = Policy {
            key,
            name: name.to_owned(),
            id: self.id(),
            created,
            kind: kind.to_owned(),
            config,
            above: None,
            below: None,
            acted: f64::NEG_INFINITY,
        };
        let arn = policy.arn();
        self.policies.push(policy);
        arn
    }

    fn scale(&mut self, world: &mut World, key: Key, wanted: u32, cause: String) {
        if let Some(s) = world.services.get_mut(&key) {
            s.desired = wanted;
            s.steady = false;
        }
        self.did(key, wanted, cause, world.stamp(), None);
    }

    fn did(&mut self, key: Key, wanted: u32, cause: String, from: f64, until: Option<f64>) {
        let id = self.id();
        let what = format!("Setting desired count to {wanted}.");
        self.activities.insert(
            0,
            Activity {
                id,
                key,
                what,
                cause,
                from,
                until,
                wanted,
            },
        );
        // The vendor keeps six weeks.
        self.activities.truncate(500);
    }

    fn id(&mut self) -> String {
        self.made += 1;
        format!(
            "{:08x}-5ca1-4e5c-a1e5-{:012x}",
            0x5ca1_0000 + self.made,
            0xd3c4_0000 + self.made * 7
        )
    }
}

fn page(input: &Node, all: Vec<Node>, member: &str) -> Result<Node, ApiError> {
    let size = input.get("MaxResults").as_i64().unwrap_or(50);
    let size = usize::try_from(size).unwrap_or(50).clamp(1, 50);
    let start: usize = match input.get("NextToken").as_text() {
        None => 0,
        Some(token) => token
            .parse()
            .map_err(|_| ApiError::new("InvalidNextTokenException", "The token is not valid."))?,
    };
    let end = start.saturating_add(size);
    let next = (end < all.len()).then(|| end.to_string());
    Ok(map([
        (member, list(all.into_iter().skip(start).take(size))),
        ("NextToken", next.into()),
    ]))
}

fn invalid(why: &str) -> ApiError {
    ApiError::new("ValidationException", why)
}

fn not_found(why: &str) -> ApiError {
    ApiError::new("ObjectNotFoundException", why)
}
