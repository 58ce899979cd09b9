//! Change sets: what an update would do, worked out before anybody does it.

use serde_json::Value;

use super::goal::{Goal, changed, differences, is_replaced};
use super::stack::{Resource, Stack};
use super::template::{self, Parameters};
use crate::wire::{Node, list, map};
use crate::world::names;

/// Story seconds that the service takes to work one out.
pub const SECONDS: f64 = 3.0;

/// A change set.
#[derive(Clone, Debug)]
pub struct ChangeSet {
    pub name: String,
    pub id: String,
    pub about: Option<String>,
    pub body: Value,
    pub parameters: Parameters,
    pub capabilities: Vec<String>,
    pub tags: Node,
    pub created: f64,
    /// When it is worked out.
    pub ready: f64,
    pub changes: Vec<Node>,
    pub execution: &'static str,
    hex: String,
}

impl ChangeSet {
    /// The difference between a stack and a goal.
    pub fn new(
        name: &str,
        uuid: &str,
        stack: &Stack,
        goal: Goal,
        (created, ready): (f64, f64),
    ) -> Self {
        let changes = differences(stack, &goal).into_iter();
        let changes = changes.filter_map(|(logical, becomes)| {
            change(stack.resource(&logical), becomes.as_ref(), &goal.body)
        });
        Self {
            name: name.to_owned(),
            id: format!(
                "arn:aws:cloudformation:{}:{}:changeSet/{name}/{uuid}",
                names::REGION,
                names::ACCOUNT
            ),
            about: None,
            changes: changes.collect(),
            body: goal.body,
            parameters: goal.parameters,
            capabilities: Vec::new(),
            tags: Node::Null,
            created,
            ready,
            execution: "AVAILABLE",
            hex: goal.hex,
        }
    }

    /// The goal that carrying it out has.
    pub fn goal(&self) -> Goal {
        Goal {
            body: self.body.clone(),
            parameters: self.parameters.clone(),
            hex: self.hex.clone(),
        }
    }

    /// Status, execution status and reason.
    pub fn state(&self, now: f64) -> (&'static str, &'static str, Option<&'static str>) {
        if now < self.ready {
            return ("CREATE_IN_PROGRESS", "UNAVAILABLE", None);
        }
        if self.changes.is_empty() {
            let why = "The submitted information didn't contain changes. Submit different information to create a change set.";
            return ("FAILED", "UNAVAILABLE", Some(why));
        }
        ("CREATE_COMPLETE", self.execution, None)
    }

    /// As ListChangeSets tells it.
    pub fn summary(&self, stack: &Stack, now: f64) -> Node {
        let (status, execution, reason) = self.state(now);
        map([
            ("ChangeSetName", Node::from(&self.name)),
            ("ChangeSetId", (&self.id).into()),
            ("StackName", (&stack.name).into()),
            ("StackId", (&stack.id).into()),
            ("Description", self.about.clone().into()),
            ("CreationTime", Node::Time(self.created)),
            ("Status", status.into()),
            ("StatusReason", reason.into()),
            ("ExecutionStatus", execution.into()),
            ("IncludeNestedStacks", false.into()),
        ])
    }

    /// As DescribeChangeSet tells it, with a page of its changes.
    pub fn show(&self, stack: &Stack, now: f64) -> Node {
        let parameters = self
            .parameters
            .iter()
            .map(|(k, v)| map([("ParameterKey", k.into()), ("ParameterValue", v.into())]));
        self.summary(stack, now)
            .with("Parameters", list(parameters))
            .with("Capabilities", list(&self.capabilities))
            .with("NotificationARNs", Node::List(Vec::new()))
            .with("Tags", self.tags.clone())
    }
}

/// What happens to a resource, as `Changes` tells it.
fn change(now: Option<&Resource>, becomes: Option<&Resource>, body: &Value) -> Option<Node> {
    let one = becomes.or(now)?;
    let mut told = map([
        ("LogicalResourceId", Node::from(&one.logical)),
        (
            "PhysicalResourceId",
            now.map(|r| r.physical.as_str()).into(),
        ),
        ("ResourceType", (&one.kind).into()),
    ]);
    told = match (now, becomes) {
        (None, _) => told
            .with("Action", "Add")
            .with("Scope", Node::List(Vec::new()))
            .with("Details", Node::List(Vec::new())),
        (Some(_), None) => {
            let policy = one.properties["DeletionPolicy"]
                .as_str()
                .unwrap_or("Delete")
                .to_owned();
            told.with("Action", "Remove")
                .with("PolicyAction", policy)
                .with("Scope", Node::List(Vec::new()))
        }
        (Some(now), Some(becomes)) => {
            let about = template::resources(body)
                .find(|(l, _)| **l == one.logical)
                .map(|(_, r)| &r["Properties"]);
            let details = changed(&now.properties, &becomes.properties);
            let conditional = details
                .iter()
                .any(|p| template::recreation(&one.kind, p) == "Conditionally");
            let replacement = match is_replaced(now, &becomes.kind, &becomes.properties) {
                true => "True",
                false if conditional => "Conditional",
                false => "False",
            };
            let details = details.iter().map(|p| detail(p, now, becomes, about));
            told.with("Action", "Modify")
                .with("Replacement", replacement)
                .with("Scope", list(["Properties"]))
                .with("Details", list(details))
        }
    };
    Some(map([("Type", "Resource".into()), ("ResourceChange", told)]))
}

fn detail(property: &str, now: &Resource, becomes: &Resource, about: Option<&Value>) -> Node {
    let text = |v: &Value| match v {
        Value::Null => None,
        Value::String(s) => Some(s.clone()),
        other => Some(other.to_string()),
    };
    let (before, after) = (
        text(&now.properties[property]),
        text(&becomes.properties[property]),
    );
    let how = match (&before, &after) {
        (None, _) => "Add",
        (_, None) => "Remove",
        _ => "Modify",
    };
    let parameter = about.and_then(|p| p[property]["Ref"].as_str());
    let target = map([
        ("Attribute", Node::from("Properties")),
        ("Name", property.into()),
        ("Path", format!("/Properties/{property}").into()),
        (
            "RequiresRecreation",
            template::recreation(&becomes.kind, property).into(),
        ),
        ("BeforeValue", before.into()),
        ("AfterValue", after.into()),
        ("AttributeChangeType", how.into()),
    ]);
    map([
        ("Target", target),
        ("Evaluation", "Static".into()),
        (
            "ChangeSource",
            if parameter.is_some() {
                "ParameterReference"
            } else {
                "DirectModification"
            }
            .into(),
        ),
        ("CausingEntity", parameter.into()),
    ])
}
