//! A stack: its resources, its events, and the words in which the service tells of them.

use serde_json::Value;

use super::change_set::ChangeSet;
use super::progress::Operation;
use super::template::{self, Parameters};
use crate::wire::{Node, list, map};
use crate::world::names;

/// Events that a stack keeps.
const EVENTS: usize = 400;

/// A resource of a stack.
#[derive(Clone, Debug)]
pub struct Resource {
    pub logical: String,
    pub physical: String,
    pub kind: String,
    /// With parameters put in.
    pub properties: Value,
    pub status: &'static str,
    pub reason: Option<String>,
    pub updated: f64,
    /// Drift, and when it was looked for.
    pub drift: (&'static str, Option<f64>),
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    id: String,
    logical: String,
    physical: String,
    kind: String,
    status: &'static str,
    reason: Option<String>,
    token: Option<String>,
    at: f64,
}

/// A stack.
#[derive(Debug)]
pub struct Stack {
    pub name: String,
    pub id: String,
    pub body: Value,
    pub parameters: Parameters,
    pub status: &'static str,
    pub reason: Option<String>,
    pub created: f64,
    pub updated: Option<f64>,
    pub deleted: Option<f64>,
    pub resources: Vec<Resource>,
    /// Oldest first.
    pub events: Vec<Event>,
    pub change_sets: Vec<ChangeSet>,
    pub drift: (&'static str, Option<f64>),
    pub protected: bool,
    pub keep_on_failure: bool,
    pub capabilities: Vec<String>,
    pub tags: Node,
    pub token: Option<String>,
    /// Tokens of requests that were carried out.
    pub tokens: Vec<String>,
    pub operation: Option<Operation>,
}

impl Stack {
    /// A stack that holds nothing yet.
    pub fn new(name: &str, uuid: &str, at: f64) -> Self {
        Self {
            name: name.to_owned(),
            id: format!(
                "arn:aws:cloudformation:{}:{}:stack/{name}/{uuid}",
                names::REGION,
                names::ACCOUNT
            ),
            body: Value::Null,
            parameters: Parameters::new(),
            status: "REVIEW_IN_PROGRESS",
            reason: None,
            created: at,
            updated: None,
            deleted: None,
            resources: Vec::new(),
            events: Vec::new(),
            change_sets: Vec::new(),
            drift: ("NOT_CHECKED", None),
            protected: false,
            keep_on_failure: false,
            capabilities: Vec::new(),
            tags: Node::List(Vec::new()),
            token: None,
            tokens: Vec::new(),
            operation: None,
        }
    }

    /// Whether a name or an id means it. A deleted stack is found by its id alone.
    pub fn is(&self, wanted: &str) -> bool {
        self.id == wanted || (self.name == wanted && self.deleted.is_none())
    }

    /// Whether work is going on.
    pub fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    /// A resource by its logical name.
    pub fn resource(&self, logical: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.logical == logical)
    }

    /// Sets the stack's status, which is an event, too.
    pub fn set(&mut self, at: f64, status: &'static str, reason: Option<String>) {
        self.status = status;
        self.reason.clone_from(&reason);
        let (logical, physical) = (self.name.clone(), self.id.clone());
        self.say(
            at,
            logical,
            physical,
            "AWS::CloudFormation::Stack",
            status,
            reason,
        );
    }

    /// Sets a resource's status, which is an event, too.
    pub fn set_resource(
        &mut self,
        at: f64,
        logical: &str,
        status: &'static str,
        reason: Option<String>,
    ) {
        let Some(r) = self.resources.iter_mut().find(|r| r.logical == logical) else {
            return;
        };
        (r.status, r.updated) = (status, at);
        r.reason.clone_from(&reason);
        let (logical, physical, kind) = (r.logical.clone(), r.physical.clone(), r.kind.clone());
        self.say(at, logical, physical, &kind, status, reason);
    }

    fn say(
        &mut self,
        at: f64,
        logical: String,
        physical: String,
        kind: &str,
        status: &'static str,
        reason: Option<String>,
    ) {
        let number = self.events.last().map_or(0, |e| e.number() + 1);
        self.events.push(Event {
            id: format!("{number:08x}-{logical}-{status}"),
            logical,
            physical,
            kind: kind.to_owned(),
            status,
            reason,
            token: self.token.clone(),
            at,
        });
        let excess = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..excess);
    }

    /// As DescribeStacks tells it.
    pub fn show(&self) -> Node {
        let parameters = self
            .parameters
            .iter()
            .map(|(k, v)| map([("ParameterKey", k.into()), ("ParameterValue", v.into())]));
        let outputs = self
            .body
            .get("Outputs")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let outputs = outputs.map(|(key, o)| {
            let value = self.output(&o["Value"]);
            map([
                ("OutputKey", Node::from(key)),
                ("OutputValue", value.into()),
                ("Description", o["Description"].as_str().into()),
            ])
        });
        self.named()
            .with("Description", self.body["Description"].as_str())
            .with("Parameters", list(parameters))
            .with("Outputs", list(outputs))
            .with("DisableRollback", self.keep_on_failure)
            .with("NotificationARNs", Node::List(Vec::new()))
            .with("Capabilities", list(&self.capabilities))
            .with("Tags", self.tags.clone())
            .with("EnableTerminationProtection", self.protected)
            .with("RollbackConfiguration", map::<&str, 0>([]))
    }

    /// As ListStacks tells it.
    pub fn summary(&self) -> Node {
        self.named()
            .with("TemplateDescription", self.body["Description"].as_str())
    }

    fn named(&self) -> Node {
        let time = |t: Option<f64>| t.map_or(Node::Null, Node::Time);
        map([
            ("StackId", Node::from(&self.id)),
            ("StackName", (&self.name).into()),
            ("CreationTime", Node::Time(self.created)),
            ("LastUpdatedTime", time(self.updated)),
            ("DeletionTime", time(self.deleted)),
            ("StackStatus", self.status.into()),
            ("StackStatusReason", self.reason.clone().into()),
            (
                "DriftInformation",
                map([
                    ("StackDriftStatus", self.drift.0.into()),
                    ("LastCheckTimestamp", time(self.drift.1)),
                ]),
            ),
        ])
    }

    /// An output's value: text, or the physical id of what it refers to.
    fn output(&self, value: &Value) -> String {
        let resolved = template::properties(
            &serde_json::json!({"Properties": {"v": value}}),
            &self.parameters,
            &self.name,
        );
        let refers = resolved["v"]["Ref"].as_str().and_then(|l| self.resource(l));
        match (&resolved["v"], refers) {
            (_, Some(r)) => r.physical.clone(),
            (Value::String(s), _) => s.clone(),
            (other, _) => other.to_string(),
        }
    }
}

impl Resource {
    /// As ListStackResources tells it; DescribeStackResources calls the time otherwise.
    pub fn show(&self, time: &str) -> Node {
        let looked = self.drift.1.map_or(Node::Null, Node::Time);
        map([
            ("LogicalResourceId", Node::from(&self.logical)),
            ("PhysicalResourceId", (&self.physical).into()),
            ("ResourceType", (&self.kind).into()),
            (time, Node::Time(self.updated)),
            ("ResourceStatus", self.status.into()),
            ("ResourceStatusReason", self.reason.clone().into()),
            (
                "DriftInformation",
                map([
                    ("StackResourceDriftStatus", self.drift.0.into()),
                    ("LastCheckTimestamp", looked),
                ]),
            ),
        ])
    }
}

impl Event {
    /// When it was.
    pub fn at(&self) -> f64 {
        self.at
    }

    fn number(&self) -> u64 {
        self.id
            .split('-')
            .next()
            .and_then(|n| u64::from_str_radix(n, 16).ok())
            .unwrap_or(0)
    }

    /// As DescribeStackEvents tells it.
    pub fn show(&self, stack: &Stack) -> Node {
        map([
            ("StackId", Node::from(&stack.id)),
            ("EventId", (&self.id).into()),
            ("StackName", (&stack.name).into()),
            ("LogicalResourceId", (&self.logical).into()),
            ("PhysicalResourceId", (&self.physical).into()),
            ("ResourceType", (&self.kind).into()),
            ("Timestamp", Node::Time(self.at)),
            ("ResourceStatus", self.status.into()),
            ("ResourceStatusReason", self.reason.clone().into()),
            ("ClientRequestToken", self.token.clone().into()),
        ])
    }
}
