//! CloudFormation (API version 2010-05-15, Query): stacks with their resources and events, change sets, drift, and the engine that
//! makes, changes, turns back and removes them as time goes on.

mod change_set;
mod drift;
mod goal;
mod progress;
mod requests;
mod stack;
mod story;
mod template;
mod work;

use super::s3::Buckets;
use crate::wire::{ApiError, Node, list, map};
use crate::world::World;
use change_set::ChangeSet;
use drift::Detection;
use goal::Goal;
use progress::Kind;
use stack::{Resource, Stack};
use template::invalid;

/// Stacks, resources or events of a page.
const PAGE: usize = 100;

/// Every stack.
#[derive(Debug)]
pub struct Stacks {
    all: Vec<Stack>,
    detections: Vec<Detection>,
    dice: Dice,
    /// Whether the story's stacks are still to be told.
    is_untold: bool,
}

/// Where ids come from.
#[derive(Debug)]
struct Dice(fastrand::Rng);

impl Dice {
    /// Random hex digits.
    fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .filter_map(|_| char::from_digit(self.0.u32(0..16), 16))
            .collect()
    }

    /// A random id in the vendor's form.
    fn uuid(&mut self) -> String {
        let mut part = |digits| self.hex(digits);
        format!(
            "{}-{}-4{}-8{}-{}",
            part(8),
            part(4),
            part(3),
            part(3),
            part(12)
        )
    }
}

impl Stacks {
    /// What the story begins with; it is told with the first step, when all that the stacks hold exists.
    pub fn new(told: bool) -> Self {
        Self {
            all: Vec::new(),
            detections: Vec::new(),
            dice: Dice(fastrand::Rng::with_seed(0x57ac_0001)),
            is_untold: told,
        }
    }

    /// Lets time go on.
    pub fn step(&mut self, world: &World, buckets: &Buckets) {
        if std::mem::take(&mut self.is_untold) {
            self.all = story::stacks(world, buckets, &mut self.dice);
        }
        let (now, speed) = (world.stamp(), world.speed);
        for stack in &mut self.all {
            stack.advance(now, speed);
        }
        for d in self
            .detections
            .iter_mut()
            .filter(|d| !d.done && d.until <= now)
        {
            d.done = true;
            if let Some(stack) = self.all.iter_mut().find(|s| s.id == d.stack) {
                drift::look(stack, &d.only, d.until, world, buckets);
            }
        }
        let excess = self.detections.len().saturating_sub(100);
        self.detections.drain(..excess);
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &World,
        buckets: &Buckets,
    ) -> Result<Node, ApiError> {
        self.step(world, buckets);
        match operation {
            "DescribeStacks" => self.describe(input),
            "ListStacks" => {
                let wanted = input.get("StackStatusFilter").as_strs();
                let all = self
                    .all
                    .iter()
                    .rev()
                    .filter(|s| wanted.is_empty() || wanted.contains(&s.status));
                Ok(page(
                    "StackSummaries",
                    all.map(Stack::summary).collect(),
                    input,
                ))
            }
            "ListStackResources" => {
                let all = self
                    .stack(input)?
                    .resources
                    .iter()
                    .map(|r| r.show("LastUpdatedTimestamp"));
                Ok(page("StackResourceSummaries", all.collect(), input))
            }
            "DescribeStackResources" => {
                let stack = self.stack(input)?;
                let only = input.get("LogicalResourceId").as_text();
                let all = stack
                    .resources
                    .iter()
                    .filter(|r| only.is_none_or(|l| l == r.logical));
                let named = |r: &Resource| {
                    r.show("Timestamp")
                        .with("StackName", &stack.name)
                        .with("StackId", &stack.id)
                };
                Ok(map([("StackResources", list(all.map(named)))]))
            }
            "DescribeStackEvents" => {
                let stack = self.stack(input)?;
                let all = stack.events.iter().rev().map(|e| e.show(stack));
                Ok(page("StackEvents", all.collect(), input))
            }
            "GetTemplate" => {
                let body = self.stack(input)?.body.to_string();
                Ok(map([
                    ("TemplateBody", body.into()),
                    ("StagesAvailable", list(["Original", "Processed"])),
                ]))
            }
            "ValidateTemplate" => validate(input),
            "DetectStackDrift" => self.detect(input, world),
            "DescribeStackDriftDetectionStatus" => self.detection(input),
            "DescribeStackResourceDrifts" => self.drifts(input, world, buckets),
            "ListChangeSets" => {
                let (stack, now) = (self.stack(input)?, world.stamp());
                Ok(page(
                    "Summaries",
                    stack
                        .change_sets
                        .iter()
                        .map(|c| c.summary(stack, now))
                        .collect(),
                    input,
                ))
            }
            "DescribeChangeSet" => {
                let (stack, set) = self.change_set(input)?;
                let changes = if world.stamp() < set.ready {
                    Vec::new()
                } else {
                    set.changes.clone()
                };
                let Node::Map(members) = page("Changes", changes, input) else {
                    return Ok(Node::Null);
                };
                Ok(members
                    .into_iter()
                    .fold(set.show(stack, world.stamp()), |n, (k, v)| n.with(k, v)))
            }
            "CreateChangeSet" => self.create_change_set(input, world),
            "ExecuteChangeSet" => self.execute(input, world),
            "DeleteChangeSet" => self.delete_change_set(input),
            "CreateStack" => self.create(input, world),
            "UpdateStack" => self.update(input, world),
            "CancelUpdateStack" => self.cancel(input, world),
            "ContinueUpdateRollback" => self.resume(input, world),
            "DeleteStack" => self.delete(input, world),
            other => Err(ApiError::unknown_operation(other)),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|s| s.is(name))
    }

    fn stack(&self, input: &Node) -> Result<&Stack, ApiError> {
        let name = input.get("StackName").as_text().unwrap_or_default();
        let found = self.find(name).and_then(|n| self.all.get(n));
        found.ok_or_else(|| missing(name))
    }

    fn stack_mut(&mut self, input: &Node) -> Result<&mut Stack, ApiError> {
        let name = input.get("StackName").as_text().unwrap_or_default();
        let found = self.find(name).and_then(|n| self.all.get_mut(n));
        found.ok_or_else(|| missing(name))
    }

    fn describe(&self, input: &Node) -> Result<Node, ApiError> {
        if input.get("StackName").as_text().is_some() {
            return Ok(map([("Stacks", list([self.stack(input)?.show()]))]));
        }
        let all = self.all.iter().rev().filter(|s| s.deleted.is_none());
        Ok(page("Stacks", all.map(Stack::show).collect(), input))
    }

    fn detect(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let id = self.dice.uuid();
        let stack = self.stack(input)?;
        if stack.is_busy() {
            return Err(invalid(format!(
                "Drift detection cannot be performed on stack {} while it is in {}",
                stack.id, stack.status
            )));
        }
        let now = world.stamp();
        self.detections.push(Detection {
            id: id.clone(),
            stack: stack.id.clone(),
            begun: now,
            until: now + drift::SECONDS / world.speed,
            done: false,
            only: input
                .get("LogicalResourceIds")
                .as_strs()
                .into_iter()
                .map(str::to_owned)
                .collect(),
        });
        Ok(map([("StackDriftDetectionId", id.into())]))
    }

    fn detection(&self, input: &Node) -> Result<Node, ApiError> {
        let id = input
            .get("StackDriftDetectionId")
            .as_text()
            .unwrap_or_default();
        let found = self.detections.iter().find(|d| d.id == id);
        let stack = found.and_then(|d| self.all.iter().find(|s| s.id == d.stack));
        let both = found.zip(stack);
        let (detection, stack) =
            both.ok_or_else(|| invalid(format!("Drift detection id {id} does not exist")))?;
        Ok(drift::status(detection, stack))
    }

    fn drifts(&self, input: &Node, world: &World, buckets: &Buckets) -> Result<Node, ApiError> {
        let stack = self.stack(input)?;
        let wanted = input.get("StackResourceDriftStatusFilters").as_strs();
        let looked = stack.resources.iter().filter(|r| r.drift.1.is_some());
        let all = looked.filter(|r| wanted.is_empty() || wanted.contains(&r.drift.0));
        Ok(page(
            "StackResourceDrifts",
            all.map(|r| drift::show(stack, r, world, buckets)).collect(),
            input,
        ))
    }
}

fn missing(name: &str) -> ApiError {
    invalid(format!("Stack with id {name} does not exist"))
}

/// A page of a list; the token is where the next one begins.
fn page(name: &str, all: Vec<Node>, input: &Node) -> Node {
    let start: usize = input
        .get("NextToken")
        .as_text()
        .and_then(|t| t.parse().ok())
        .unwrap_or(0);
    let next = (start + PAGE < all.len()).then(|| (start + PAGE).to_string());
    map([
        (
            name,
            Node::List(all.into_iter().skip(start).take(PAGE).collect()),
        ),
        ("NextToken", next.into()),
    ])
}

fn validate(input: &Node) -> Result<Node, ApiError> {
    let body = template::parse(input.get("TemplateBody").as_text().unwrap_or_default())?;
    let declared = body["Parameters"].as_object().into_iter().flatten();
    let declared = declared.map(|(key, about)| {
        map([
            ("ParameterKey", Node::from(key)),
            ("DefaultValue", about["Default"].as_str().into()),
            ("NoEcho", false.into()),
        ])
    });
    Ok(map([
        ("Parameters", list(declared)),
        ("Description", body["Description"].as_str().into()),
    ]))
}
