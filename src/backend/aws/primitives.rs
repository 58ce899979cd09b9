//! Counts that the SDK cannot miss: it makes them zero where ECS's answer leaves them out, and no task running of none wanted is what a
//! service that is scaled to nothing looks like. The answer itself is looked at for them.

use std::error::Error;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::Deserialize;

/// The answer leaves out a count that ECS always sends, or has none in its place; in the words of whoever reads JSON, which name it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct LeftOut(serde_json::Error);

/// Looks at ECS's answers for the counts that they must have.
#[derive(Debug)]
pub(super) struct Primitives;

/// DescribeServices.
#[derive(Debug, Deserialize)]
struct Services {
    #[serde(default, rename = "services")]
    _all: Vec<Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    #[serde(rename = "desiredCount")]
    _desired: i64,
    #[serde(rename = "runningCount")]
    _running: i64,
    #[serde(rename = "pendingCount")]
    _pending: i64,
    #[serde(default, rename = "deployments")]
    _deployments: Vec<Deployment>,
}

#[derive(Debug, Deserialize)]
struct Deployment {
    #[serde(rename = "desiredCount")]
    _desired: i64,
    #[serde(rename = "runningCount")]
    _running: i64,
    #[serde(rename = "pendingCount")]
    _pending: i64,
}

/// DescribeClusters.
#[derive(Debug, Deserialize)]
struct Clusters {
    #[serde(default, rename = "clusters")]
    _all: Vec<Cluster>,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    #[serde(rename = "activeServicesCount")]
    _services: i64,
    #[serde(rename = "runningTasksCount")]
    _running: i64,
    #[serde(rename = "pendingTasksCount")]
    _pending: i64,
}

/// Whether the answer to an operation has its counts.
fn whole(operation: &str, body: &[u8]) -> Result<(), LeftOut> {
    let read = match operation {
        "DescribeServices" => serde_json::from_slice::<Services>(body).map(drop),
        "DescribeClusters" => serde_json::from_slice::<Clusters>(body).map(drop),
        _ => Ok(()),
    };
    read.map_err(LeftOut)
}

#[dyn_dispatch_hint]
impl Intercept for Primitives {
    fn name(&self) -> &'static str {
        "Primitives"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("", |m| m.name());
        let body = context.response().body().bytes();
        match (context.output_or_error(), body) {
            // What could not be read has its own words.
            (Ok(_), Some(body)) => Ok(whole(operation, body)?),
            _ => Ok(()),
        }
    }
}

impl ClassifyRetry for Primitives {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let mut next: Option<&(dyn Error + 'static)> = match context.output_or_error() {
            Some(Err(e)) => Some(e),
            _ => None,
        };
        while let Some(e) = next {
            if e.is::<LeftOut>() {
                return RetryAction::RetryForbidden;
            }
            next = e.source();
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "Primitives"
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn every_count_that_is_left_out_is_named_and_the_rest_may_be() {
        let service = r#"{"services": [{"serviceName": "api", "desiredCount": 2, "runningCount": 2, "pendingCount": 0,
            "deployments": [{"desiredCount": 2, "runningCount": 2, "pendingCount": 0}], "events": []}]}"#;
        let cluster = r#"{"clusters": [{"activeServicesCount": 1, "runningTasksCount": 2, "pendingTasksCount": 0}]}"#;
        for (operation, body, counts) in [
            (
                "DescribeServices",
                service,
                ["desiredCount", "runningCount", "pendingCount"],
            ),
            (
                "DescribeClusters",
                cluster,
                [
                    "activeServicesCount",
                    "runningTasksCount",
                    "pendingTasksCount",
                ],
            ),
        ] {
            assert!(whole(operation, body.as_bytes()).is_ok());
            assert!(whole(operation, b"{\"failures\": []}").is_ok());
            for count in counts {
                for (nth, _) in body.match_indices(count) {
                    let (head, tail) = body.split_at(nth);
                    let body = format!("{head}x{tail}");
                    let why = whole(operation, body.as_bytes()).unwrap_err();
                    let named = format!("missing field `{count}`");
                    assert!(why.to_string().contains(&named), "{why}");
                }
            }
        }
        assert!(whole("ListServices", b"no JSON").is_ok());
        let none = service.replace("\"runningCount\": 2", "\"runningCount\": null");
        assert!(whole("DescribeServices", none.as_bytes()).is_err());
    }
}
