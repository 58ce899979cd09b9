//! AWS CloudFormation (API version 2010-05-15): stacks with their resources, last events, drift and change sets.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Deserialize;

use super::Question;
use super::convert::{reason, some_reason, some_text, stamp, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::Required;
use crate::backend::transport::Line;
use crate::domain::order::Ordered;
use crate::domain::part::Part;
use crate::domain::problem::Problem;
use crate::domain::stack::{ChangeSet, Drift, Stack, StackEvent, StackHealth, StackResource};

const API: Api = Api {
    host: "cloudformation",
    signing: "cloudformation",
    variable: "CLOUDFORMATION",
    target: "",
    version: "2010-05-15",
    only_in: None,
};
const STACKS: Question = Question::new("cloudformation", "DescribeStacks", "list the stacks");
const RESOURCES: Question = Question::new(
    "cloudformation",
    "ListStackResources",
    "read a stack's resources",
);
const EVENTS: Question = Question::new(
    "cloudformation",
    "DescribeStackEvents",
    "read a stack's events",
);
const DRIFTS: Question = Question::new(
    "cloudformation",
    "DescribeStackResourceDrifts",
    "read a stack's drift",
);
const SETS: Question = Question::new(
    "cloudformation",
    "ListChangeSets",
    "list a stack's change sets",
);

/// Stacks that are asked about at once.
const ABREAST: usize = 3;
/// Stacks whose details are read.
const DETAILED: usize = 100;
/// Events of a stack that are kept.
const KEPT: usize = 30;

/// The CloudFormation client.
#[derive(Debug)]
pub struct CloudFormation {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

/// A list of XML: `<X><member>..</member></X>`.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Members<T> {
    #[serde(rename = "member", default = "Vec::new")]
    all: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StackPage {
    stacks: Required<Members<StackEntry>>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StackEntry {
    stack_name: String,
    stack_id: String,
    stack_status: String,
    stack_status_reason: Option<String>,
    description: Option<String>,
    creation_time: Option<String>,
    last_updated_time: Option<String>,
    enable_termination_protection: Option<String>,
    drift_information: DriftInformation,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DriftInformation {
    stack_drift_status: Option<String>,
    stack_resource_drift_status: Option<String>,
    last_check_timestamp: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourcePage {
    stack_resource_summaries: Required<Members<ResourceEntry>>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ResourceEntry {
    logical_resource_id: String,
    physical_resource_id: Option<String>,
    resource_type: String,
    resource_status: String,
    resource_status_reason: Option<String>,
    last_updated_timestamp: Option<String>,
    drift_information: DriftInformation,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EventPage {
    stack_events: Required<Members<EventEntry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EventEntry {
    timestamp: Option<String>,
    logical_resource_id: Option<String>,
    resource_type: Option<String>,
    resource_status: Option<String>,
    resource_status_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DriftPage {
    stack_resource_drifts: Required<Members<DriftEntry>>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DriftEntry {
    logical_resource_id: String,
    physical_resource_id: Option<String>,
    resource_type: String,
    stack_resource_drift_status: String,
    property_differences: Members<Difference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Difference {
    property_path: String,
    expected_value: Option<String>,
    actual_value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetPage {
    summaries: Required<Members<SetEntry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct SetEntry {
    change_set_name: String,
    change_set_id: String,
    status: String,
    status_reason: Option<String>,
    execution_status: String,
    creation_time: Option<String>,
}

impl CloudFormation {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// All stacks that are not deleted, by name. Resources, events and drift of a stack are read again when the stack changed; what
    /// cannot be read of one is said there.
    ///
    /// # Errors
    /// Where the stacks cannot be listed.
    pub async fn stacks(&self, before: &Part<Arc<Vec<Stack>>>) -> Result<Vec<Stack>, Problem> {
        let mut all: Vec<Stack> = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let params: Vec<(&str, &str)> =
                token.iter().map(|t| ("NextToken", t.as_str())).collect();
            let page: StackPage = self.signed.query(&self.line, &API, STACKS, &params).await?;
            all.extend(page.stacks.0.all.into_iter().map(stack));
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        all.order_by(|a, b| a.name.cmp(&b.name));
        let known = before.value.as_deref().map_or(&[][..], Vec::as_slice);
        let detailed = stream::iter(all.into_iter().enumerate()).map(|(n, stack)| async move {
            if n >= DETAILED {
                let why = format!("only the first {DETAILED} stacks are looked into");
                return Stack {
                    missing: vec![why],
                    ..stack
                };
            }
            self.detailed(stack, known).await
        });
        let mut all: Vec<Stack> = detailed.buffer_unordered(ABREAST).collect().await;
        all.order_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn detailed(&self, mut stack: Stack, known: &[Stack]) -> Stack {
        let id = stack.id.clone();
        let settled = stack.health != StackHealth::Moving;
        let same = known
            .iter()
            .find(|k| k.id == id && k.stamp() == stack.stamp() && k.missing.is_empty());
        match same.filter(|_| settled) {
            Some(same) => {
                stack.resources.clone_from(&same.resources);
                stack.events.clone_from(&same.events);
                stack.drifts.clone_from(&same.drifts);
            }
            None => {
                let resources = self.resources(&id).await;
                stack.resources = or_missing(resources, &mut stack.missing);
                let events = self.events(&id).await;
                stack.events = or_missing(events, &mut stack.missing);
                if stack.drift == "DRIFTED" {
                    let drifts = self.drifts(&id).await;
                    stack.drifts = or_missing(drifts, &mut stack.missing);
                }
            }
        }
        let sets = self.change_sets(&id).await;
        stack.change_sets = or_missing(sets, &mut stack.missing);
        stack
    }

    async fn resources(&self, stack: &str) -> Result<Vec<StackResource>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let mut params = vec![("StackName", stack)];
            params.extend(token.iter().map(|t| ("NextToken", t.as_str())));
            let page: ResourcePage = self
                .signed
                .query(&self.line, &API, RESOURCES, &params)
                .await?;
            all.extend(
                page.stack_resource_summaries
                    .0
                    .all
                    .into_iter()
                    .map(resource),
            );
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        Ok(all)
    }

    /// The newest events: the first page holds as many as are kept.
    async fn events(&self, stack: &str) -> Result<Vec<StackEvent>, Problem> {
        let page: EventPage = self
            .signed
            .query(&self.line, &API, EVENTS, &[("StackName", stack)])
            .await?;
        Ok(page
            .stack_events
            .0
            .all
            .into_iter()
            .take(KEPT)
            .map(event)
            .collect())
    }

    async fn drifts(&self, stack: &str) -> Result<Vec<Drift>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let mut params = vec![
                ("StackName", stack),
                ("StackResourceDriftStatusFilters.member.1", "MODIFIED"),
                ("StackResourceDriftStatusFilters.member.2", "DELETED"),
            ];
            params.extend(token.iter().map(|t| ("NextToken", t.as_str())));
            let page: DriftPage = self.signed.query(&self.line, &API, DRIFTS, &params).await?;
            all.extend(
                page.stack_resource_drifts
                    .0
                    .all
                    .into_iter()
                    .flat_map(drifts),
            );
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        Ok(all)
    }

    async fn change_sets(&self, stack: &str) -> Result<Vec<ChangeSet>, Problem> {
        let page: SetPage = self
            .signed
            .query(&self.line, &API, SETS, &[("StackName", stack)])
            .await?;
        Ok(page.summaries.0.all.into_iter().map(change_set).collect())
    }
}

/// The rows, or none and why.
fn or_missing<T>(answer: Result<Vec<T>, Problem>, missing: &mut Vec<String>) -> Vec<T> {
    answer.unwrap_or_else(|p| {
        missing.push(format!("{}: {}", p.what, p.why));
        Vec::new()
    })
}

fn stack(e: StackEntry) -> Stack {
    Stack {
        name: text(Some(&e.stack_name)),
        id: text(Some(&e.stack_id)),
        health: StackHealth::of(&e.stack_status),
        status: text(Some(&e.stack_status)),
        reason: some_reason(e.stack_status_reason.as_deref()),
        description: reason(e.description.as_deref()),
        created_at: stamp(e.creation_time.as_deref()),
        updated_at: stamp(e.last_updated_time.as_deref()),
        drift: drift_word(e.drift_information.stack_drift_status.as_deref()),
        drift_checked_at: stamp(e.drift_information.last_check_timestamp.as_deref()),
        protected: e.enable_termination_protection.as_deref() == Some("true"),
        resources: Vec::new(),
        events: Vec::new(),
        drifts: Vec::new(),
        change_sets: Vec::new(),
        missing: Vec::new(),
    }
}

/// A vendor's word for drift; an endpoint that says nothing of it was never asked to look.
fn drift_word(word: Option<&str>) -> String {
    some_text(word).unwrap_or_else(|| "NOT_CHECKED".into())
}

fn resource(e: ResourceEntry) -> StackResource {
    StackResource {
        logical: text(Some(&e.logical_resource_id)),
        physical: text(e.physical_resource_id.as_deref()),
        kind: text(Some(&e.resource_type)),
        status: text(Some(&e.resource_status)),
        reason: some_reason(e.resource_status_reason.as_deref()),
        updated_at: stamp(e.last_updated_timestamp.as_deref()),
        drift: drift_word(e.drift_information.stack_resource_drift_status.as_deref()),
    }
}

fn event(e: EventEntry) -> StackEvent {
    StackEvent {
        at: stamp(e.timestamp.as_deref()),
        logical: text(e.logical_resource_id.as_deref()),
        kind: text(e.resource_type.as_deref()),
        status: text(e.resource_status.as_deref()),
        reason: some_reason(e.resource_status_reason.as_deref()),
    }
}

/// One row a property, so that a list of them reads by itself; values that look secret are redacted.
fn drifts(e: DriftEntry) -> Vec<Drift> {
    let row = |property: &str, expected: &str, actual: &str| Drift {
        logical: text(Some(&e.logical_resource_id)),
        physical: text(e.physical_resource_id.as_deref()),
        kind: text(Some(&e.resource_type)),
        status: text(Some(&e.stack_resource_drift_status)),
        property: text(Some(property)),
        expected: value(property, expected),
        actual: value(property, actual),
    };
    if e.property_differences.all.is_empty() {
        return vec![row("", "", "")];
    }
    let all = e.property_differences.all.iter();
    all.map(|d| {
        row(
            &d.property_path,
            d.expected_value.as_deref().unwrap_or(""),
            d.actual_value.as_deref().unwrap_or(""),
        )
    })
    .collect()
}

fn value(property: &str, value: &str) -> String {
    let name = property.rsplit('/').next().unwrap_or_default();
    let shown = match serde_json::from_str::<serde_json::Value>(value) {
        Ok(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
            crate::domain::redact::json(&json).to_string()
        }
        _ => crate::domain::redact::named(name, value),
    };
    reason(Some(&shown))
}

fn change_set(e: SetEntry) -> ChangeSet {
    ChangeSet {
        name: text(Some(&e.change_set_name)),
        id: text(Some(&e.change_set_id)),
        status: text(Some(&e.status)),
        execution: text(Some(&e.execution_status)),
        reason: some_reason(e.status_reason.as_deref()),
        created_at: stamp(e.creation_time.as_deref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drifted_resource_is_a_row_a_property_and_one_that_is_gone_is_one() {
        let body = "<R><StackResourceDrifts><member><LogicalResourceId>B</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType><StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus><PropertyDifferences><member><PropertyPath>/A/B</PropertyPath><ExpectedValue>1</ExpectedValue><ActualValue>2</ActualValue></member><member><PropertyPath>/MasterUserPassword</PropertyPath><ExpectedValue>hunter2</ExpectedValue><ActualValue>null</ActualValue></member></PropertyDifferences></member><member><LogicalResourceId>Q</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType><StackResourceDriftStatus>DELETED</StackResourceDriftStatus></member></StackResourceDrifts></R>";
        let page: DriftPage = quick_xml::de::from_str(body).unwrap();
        let rows: Vec<Drift> = page
            .stack_resource_drifts
            .0
            .all
            .into_iter()
            .flat_map(drifts)
            .collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(
            (rows[0].property.as_str(), rows[0].actual.as_str()),
            ("/A/B", "2")
        );
        assert!(!rows[1].expected.contains("hunter2"), "{:?}", rows[1]);
        assert_eq!(
            (rows[2].status.as_str(), rows[2].property.as_str()),
            ("DELETED", "")
        );
    }

    #[test]
    fn an_empty_account_has_no_stacks() {
        for body in ["<R><Stacks/></R>", "<R><Stacks></Stacks></R>"] {
            let page: StackPage = quick_xml::de::from_str(body).unwrap();
            assert!(page.stacks.0.all.is_empty(), "{body}");
        }
        let nothing = quick_xml::de::from_str::<StackPage>("<R/>").unwrap_err();
        assert!(
            nothing.to_string().contains("missing field `Stacks`"),
            "{nothing}"
        );
    }
}
