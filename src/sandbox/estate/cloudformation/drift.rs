//! Drift: what a template says of a resource against what the resource is set to. It is looked at where this platform knows the
//! resource: buckets and services.

use serde_json::{Value, json};

use super::stack::{Resource, Stack};
use crate::estate::s3::Buckets;
use crate::wire::{Node, list, map};
use crate::world::World;

/// Story seconds that a look takes.
pub const SECONDS: f64 = 8.0;

/// A look for drift.
#[derive(Debug)]
pub struct Detection {
    pub id: String,
    pub stack: String,
    pub begun: f64,
    /// When it ends.
    pub until: f64,
    pub done: bool,
    /// Logical names; empty: all.
    pub only: Vec<String>,
}

/// A property that is not as the template says: path, what is expected, what there is.
pub type Difference = (String, Value, Value);

/// What a resource is really set to; `None`: this platform cannot say.
fn actual(resource: &Resource, world: &World, buckets: &Buckets) -> Option<Value> {
    match resource.kind.as_str() {
        "AWS::S3::Bucket" => buckets.properties(&resource.physical),
        "AWS::ECS::Service" => {
            let mut steps = resource.physical.rsplit('/');
            let (service, cluster) = (steps.next()?, steps.next()?);
            let found = world
                .services
                .get(&(cluster.to_owned(), service.to_owned()))?;
            Some(json!({"Cluster": cluster, "ServiceName": service, "DesiredCount": found.desired}))
        }
        _ => None,
    }
}

/// How a resource differs from its template.
pub fn differences(resource: &Resource, world: &World, buckets: &Buckets) -> Vec<Difference> {
    let mut all = Vec::new();
    if let Some(actual) = actual(resource, world, buckets) {
        compare("", &resource.properties, &actual, &mut all);
    }
    all
}

/// Only what the template says is compared, as the vendor does.
fn compare(path: &str, expected: &Value, actual: &Value, found: &mut Vec<Difference>) {
    match (expected, actual) {
        (Value::Object(members), Value::Object(_)) => {
            for (name, value) in members {
                compare(&format!("{path}/{name}"), value, &actual[name], found);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (n, (value, other)) in items.iter().zip(others).enumerate() {
                compare(&format!("{path}/{n}"), value, other, found);
            }
        }
        // Numbers may be given as text.
        _ if text(expected) == text(actual) => {}
        _ => found.push((path.to_owned(), expected.clone(), actual.clone())),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Looks: sets the drift of the stack and of its resources.
pub fn look(stack: &mut Stack, only: &[String], at: f64, world: &World, buckets: &Buckets) {
    for resource in stack
        .resources
        .iter_mut()
        .filter(|r| only.is_empty() || only.contains(&r.logical))
    {
        let is_drifted = !differences(resource, world, buckets).is_empty();
        resource.drift = (if is_drifted { "MODIFIED" } else { "IN_SYNC" }, Some(at));
    }
    let any = stack.resources.iter().any(|r| r.drift.0 == "MODIFIED");
    stack.drift = (if any { "DRIFTED" } else { "IN_SYNC" }, Some(at));
}

/// As DescribeStackResourceDrifts tells it.
pub fn show(stack: &Stack, resource: &Resource, world: &World, buckets: &Buckets) -> Node {
    let found = match resource.drift.0 {
        "MODIFIED" => differences(resource, world, buckets),
        _ => Vec::new(),
    };
    let actual = actual(resource, world, buckets).unwrap_or_else(|| resource.properties.clone());
    let told = found.iter().map(|(path, expected, actual)| {
        map([
            ("PropertyPath", Node::from(path)),
            ("ExpectedValue", text(expected).into()),
            ("ActualValue", text(actual).into()),
            (
                "DifferenceType",
                if actual.is_null() {
                    "REMOVE"
                } else {
                    "NOT_EQUAL"
                }
                .into(),
            ),
        ])
    });
    map([
        ("StackId", Node::from(&stack.id)),
        ("LogicalResourceId", (&resource.logical).into()),
        ("PhysicalResourceId", (&resource.physical).into()),
        ("ResourceType", (&resource.kind).into()),
        ("StackResourceDriftStatus", resource.drift.0.into()),
        ("ExpectedProperties", resource.properties.to_string().into()),
        ("ActualProperties", actual.to_string().into()),
        ("PropertyDifferences", list(told)),
        ("Timestamp", resource.drift.1.map_or(Node::Null, Node::Time)),
    ])
}

/// As DescribeStackDriftDetectionStatus tells it.
pub fn status(detection: &Detection, stack: &Stack) -> Node {
    let drifted = stack
        .resources
        .iter()
        .filter(|r| r.drift.0 == "MODIFIED")
        .count();
    let told = map([
        ("StackId", Node::from(&stack.id)),
        ("StackDriftDetectionId", (&detection.id).into()),
        (
            "DetectionStatus",
            if detection.done {
                "DETECTION_COMPLETE"
            } else {
                "DETECTION_IN_PROGRESS"
            }
            .into(),
        ),
        ("Timestamp", Node::Time(detection.begun)),
    ]);
    if !detection.done {
        return told;
    }
    told.with("StackDriftStatus", stack.drift.0)
        .with("DriftedStackResourceCount", drifted)
}
