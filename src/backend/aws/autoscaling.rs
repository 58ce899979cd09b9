//! Application Auto Scaling (API version 2016-02-06, AWS JSON): bounds, policies and activities of ECS services.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Question;
use super::convert::{nullable, reason, seconds, some_text, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::{NoCount, Required, count, counted};
use crate::backend::transport::Line;
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::scaling::{ScalableTarget, ScalingActivity, ScalingPolicy};
use crate::domain::service::ServiceId;

const API: Api = Api {
    host: "application-autoscaling",
    signing: "application-autoscaling",
    variable: "APPLICATION_AUTO_SCALING",
    target: "AnyScaleFrontendService",
    version: "",
    only_in: None,
};
const TARGETS: Question = Question::new(
    "autoscaling",
    "DescribeScalableTargets",
    "read the bounds of services",
);
const POLICIES: Question = Question::new(
    "autoscaling",
    "DescribeScalingPolicies",
    "read the scaling policies",
);
const ACTIVITIES: Question = Question::new(
    "autoscaling",
    "DescribeScalingActivities",
    "read what was scaled",
);
/// Pages of activities: the newest are enough.
const NEWEST: usize = 3;
/// Of every resource.
const EVERY: Option<&str> = None;
/// What of a service is scaled.
const TASKS: &str = "ecs:service:DesiredCount";

/// The Application Auto Scaling client.
#[derive(Debug)]
pub struct AutoScaling {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetPage {
    scalable_targets: Required<Vec<Target>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyPage {
    scaling_policies: Required<Vec<Policy>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ActivityPage {
    scaling_activities: Required<Vec<Activity>>,
    next_token: Option<String>,
}

/// What has no default here AWS always sends: without a bound, a policy or a state it cannot be said that a service scales.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    resource_id: String,
    min_capacity: i64,
    max_capacity: i64,
    suspended_state: Option<Suspended>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Suspended {
    dynamic_scaling_in_suspended: bool,
    dynamic_scaling_out_suspended: bool,
    scheduled_scaling_suspended: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    policy_name: String,
    resource_id: String,
    policy_type: String,
    #[serde(default, deserialize_with = "nullable")]
    target_tracking_scaling_policy_configuration: Tracking,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tracking {
    target_value: Option<f64>,
    #[serde(deserialize_with = "nullable")]
    predefined_metric_specification: Predefined,
    #[serde(deserialize_with = "nullable")]
    customized_metric_specification: Customized,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Predefined {
    predefined_metric_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Customized {
    metric_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Activity {
    activity_id: String,
    resource_id: String,
    #[serde(default, deserialize_with = "nullable")]
    description: String,
    #[serde(default, deserialize_with = "nullable")]
    cause: String,
    status_code: String,
    start_time: Option<f64>,
    end_time: Option<f64>,
}

impl AutoScaling {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// Bounds of services, with their policies.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn targets(&self) -> Result<Vec<ScalableTarget>, Problem> {
        let (targets, policies) = futures_util::try_join!(
            self.pages(TARGETS, EVERY, Pages::default(), |p: TargetPage| (
                p.scalable_targets.0,
                p.next_token
            )),
            self.pages(POLICIES, EVERY, Pages::default(), |p: PolicyPage| (
                p.scaling_policies.0,
                p.next_token
            )),
        )?;
        let (targets, policies) = (targets.0, policies.0);
        let targets: Result<Vec<ScalableTarget>, NoCount> = targets
            .into_iter()
            .map(|t| {
                let mine = policies.iter().filter(|p| p.resource_id == t.resource_id);
                target(&t, mine)
            })
            .collect();
        let mut targets = counted(&self.line, TARGETS, targets)?;
        targets.order_by(|a, b| a.resource.cmp(&b.resource));
        Ok(targets)
    }

    /// What was scaled lately, newest first.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn activities(&self) -> Result<Vec<ScalingActivity>, Problem> {
        Ok(self.done_to(EVERY).await?.0)
    }

    /// The same of the tasks of one service. The flag says whether there is more than was read: which of all that is, is not promised.
    ///
    /// # Errors
    /// As of all.
    pub async fn activities_of(
        &self,
        service: &ServiceId,
    ) -> Result<(Vec<ScalingActivity>, bool), Problem> {
        let resource = format!("service/{service}");
        self.done_to(Some(&resource)).await
    }

    async fn done_to(
        &self,
        resource: Option<&str>,
    ) -> Result<(Vec<ScalingActivity>, bool), Problem> {
        let split = |p: ActivityPage| (p.scaling_activities.0, p.next_token);
        let pages = Pages::at_most(NEWEST);
        let (all, is_cut) = self.pages(ACTIVITIES, resource, pages, split).await?;
        let mut all: Vec<ScalingActivity> = all.into_iter().map(activity).collect();
        all.order_by_key(|a| std::cmp::Reverse(a.started_at));
        Ok((all, is_cut))
    }

    /// Page by page, of one resource or of every; the flag says whether the list went on.
    async fn pages<P: DeserializeOwned, T>(
        &self,
        question: Question,
        resource: Option<&str>,
        mut pages: Pages,
        split: impl Fn(P) -> (Vec<T>, Option<String>),
    ) -> Result<(Vec<T>, bool), Problem> {
        let mut all = Vec::new();
        loop {
            let mut input = json!({"ServiceNamespace": "ecs", "MaxResults": 50});
            if let Some(members) = input.as_object_mut() {
                if let Some(resource) = resource {
                    members.insert("ResourceId".into(), json!(resource));
                    members.insert("ScalableDimension".into(), json!(TASKS));
                }
                if let Some(token) = pages.token() {
                    members.insert("NextToken".into(), json!(token));
                }
            }
            let page: P = self.signed.json(&self.line, &API, question, &input).await?;
            let (items, next) = split(page);
            all.extend(items);
            if !pages.turn(all.len(), next)? {
                break;
            }
        }
        Ok((all, pages.is_cut()))
    }
}

fn target<'a>(
    t: &Target,
    policies: impl Iterator<Item = &'a Policy>,
) -> Result<ScalableTarget, NoCount> {
    let flags = |s: &Suspended| {
        [
            ("in", s.dynamic_scaling_in_suspended),
            ("out", s.dynamic_scaling_out_suspended),
            ("scheduled", s.scheduled_scaling_suspended),
        ]
    };
    let suspended = t.suspended_state.iter().flat_map(flags);
    let resource = text(Some(&t.resource_id));
    Ok(ScalableTarget {
        min: count("MinCapacity", &resource, t.min_capacity)?,
        max: count("MaxCapacity", &resource, t.max_capacity)?,
        resource,
        suspended: suspended
            .filter(|(_, is)| *is)
            .map(|(word, _)| word.to_owned())
            .collect(),
        policies: policies.map(policy).collect(),
    })
}

fn policy(p: &Policy) -> ScalingPolicy {
    let tracking = &p.target_tracking_scaling_policy_configuration;
    let metric = tracking
        .predefined_metric_specification
        .predefined_metric_type
        .as_deref()
        .or(tracking
            .customized_metric_specification
            .metric_name
            .as_deref());
    ScalingPolicy {
        name: text(Some(&p.policy_name)),
        kind: text(Some(&p.policy_type)),
        metric: some_text(metric),
        target: tracking.target_value,
    }
}

fn activity(a: Activity) -> ScalingActivity {
    ScalingActivity {
        id: text(Some(&a.activity_id)),
        resource: text(Some(&a.resource_id)),
        wanted: wanted(&a.description),
        description: reason(Some(&a.description)),
        cause: reason(Some(&a.cause)),
        status: text(Some(&a.status_code)),
        started_at: seconds(a.start_time),
        ended_at: seconds(a.end_time),
    }
}

/// The number in `Setting desired count to 8.`
fn wanted(description: &str) -> Option<u32> {
    let (_, tail) = description.split_once("desired count to ")?;
    tail.trim_end_matches('.').trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_without_a_word_on_suspension_is_not_suspended() {
        let page: TargetPage = serde_json::from_value(json!({"ScalableTargets": [
            {"ResourceId": "service/a/b", "MinCapacity": 1, "MaxCapacity": 2, "SuspendedState": null},
        ]}))
        .unwrap();
        let target = target(&page.scalable_targets.0[0], std::iter::empty()).unwrap();
        assert!(target.suspended.is_empty());
    }

    #[test]
    fn bounds_policies_and_activities_that_lack_what_is_always_sent_are_none() {
        let whole = json!({"ResourceId": "service/a/b", "MinCapacity": 1, "MaxCapacity": 2,
            "SuspendedState": {"DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": true,
                "ScheduledScalingSuspended": false}});
        let read = |v: &serde_json::Value| serde_json::from_value::<Target>(v.clone()).is_ok();
        assert!(read(&whole));
        for member in ["ResourceId", "MinCapacity", "MaxCapacity"] {
            let mut half = whole.clone();
            half.as_object_mut().unwrap().remove(member);
            assert!(!read(&half), "{member}");
        }
        let mut half = whole.clone();
        let state = half["SuspendedState"].as_object_mut().unwrap();
        state.remove("DynamicScalingOutSuspended");
        assert!(!read(&half), "who cannot tell is not told that it scales");
        let policy = |v| serde_json::from_value::<Policy>(v).is_ok();
        let name = json!({"PolicyName": "p", "ResourceId": "service/a/b"});
        assert!(!policy(name), "of no type");
        let done = |v| serde_json::from_value::<Activity>(v).is_ok();
        let mut activity =
            json!({"ActivityId": "1", "ResourceId": "service/a/b", "StatusCode": "Failed"});
        assert!(done(activity.clone()));
        activity.as_object_mut().unwrap().remove("StatusCode");
        assert!(!done(activity), "how it ended is not known");
    }

    #[test]
    fn the_vendors_words_tell_how_many() {
        assert_eq!(wanted("Setting desired count to 8."), Some(8));
        assert_eq!(wanted("Setting capacity to 8."), None);
    }
}
