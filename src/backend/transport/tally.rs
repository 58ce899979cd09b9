//! The interceptor on every SDK client: counts what really leaves, and is the last gate of read-only mode.

use std::sync::Arc;
use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::meter::Meter;

/// Counts attempts and latencies of one provider's SDK client.
#[derive(Debug)]
pub struct Tally {
    meter: Arc<Meter>,
    read_only: bool,
}

#[derive(Clone, Copy, Debug)]
struct SentAt(Instant);

impl Storable for SentAt {
    type Storer = StoreReplace<Self>;
}

/// A mutating operation met a read-only client.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a read, and this console is read-only")]
pub(super) struct ReadOnly(String);

impl Tally {
    /// For a client that reports to `meter`.
    pub fn new(meter: Arc<Meter>, read_only: bool) -> Self {
        Self { meter, read_only }
    }
}

/// Whether an AWS operation only reads, by the verbs that AWS uses for reads in the services that we call. An allow-list:
/// an operation with a verb that nobody thought of is not a read. The two of Logs Insights are named whole: a query only reads,
/// while other operations that start or stop something do not.
fn only_reads(operation: &str) -> bool {
    ["StartQuery", "StopQuery"].contains(&operation)
        || ["Describe", "List", "Get", "Filter"]
            .iter()
            .any(|verb| operation.starts_with(verb))
}

#[dyn_dispatch_hint]
impl Intercept for Tally {
    fn name(&self) -> &'static str {
        "Tally"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("", |m| m.name());
        if self.read_only && !only_reads(operation) {
            return Err(ReadOnly(operation.to_owned()).into());
        }
        self.meter.attempt();
        cfg.interceptor_state().store_put(SentAt(Instant::now()));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        _context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(SentAt(at)) = cfg.load::<SentAt>() {
            self.meter.latency(at.elapsed());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Tally, only_reads};
    use crate::backend::transport::evidence::{Evidence, Reach};
    use crate::backend::transport::meter::Meter;
    use crate::backend::transport::words::{Question, Whereabouts, word};
    use crate::domain::problem::ProblemKind;

    #[tokio::test]
    async fn what_the_gate_keeps_back_is_refused_and_no_trouble_of_the_provider() {
        let keys = aws_credential_types::Credentials::new("AKIDEXAMPLE", "x", None, None, "test");
        let meter = Arc::new(Meter::new("ecs"));
        let sdk = aws_sdk_ecs::Config::builder()
            .behavior_version(aws_sdk_ecs::config::BehaviorVersion::v2026_01_12())
            .region(aws_sdk_ecs::config::Region::new("us-east-1"))
            .credentials_provider(keys)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url("http://127.0.0.1:1")
            .interceptor(Tally::new(meter.clone(), true))
            .build();
        let client = aws_sdk_ecs::Client::from_conf(sdk);
        let error = client.update_service().service("api").send().await;
        let seen = Evidence::of(&error.unwrap_err());
        assert_eq!(seen.reach, Reach::ReadOnly, "{seen:?}");
        assert!(!seen.may_pass(), "asking again does not help");
        let asked = Question::new("ecs", "UpdateService", "change the service")
            .at(Arc::new(Whereabouts::default()));
        for asked in [asked.clone(), asked.mutating()] {
            let problem = word(&asked, &seen);
            assert_eq!(problem.kind, ProblemKind::Refused, "{problem:?}");
            assert!(problem.why.contains("read-only"), "{problem:?}");
            for _ in 0..9 {
                meter.outcome(Some(&problem));
            }
        }
        assert_eq!(meter.next_try(), None, "the provider is not rested for it");
    }

    #[test]
    fn what_is_not_known_to_read_is_not_a_read() {
        assert!(
            [
                "DescribeServices",
                "ListTasks",
                "GetMetricData",
                "FilterLogEvents",
                "StartQuery",
                "StopQuery"
            ]
            .iter()
            .all(|o| only_reads(o))
        );
        assert!(
            ![
                "UpdateService",
                "StopServiceDeployment",
                "StartQueryExecution",
                "StartTask",
                "RegisterTaskDefinition",
                "",
                "PutMetricData"
            ]
            .iter()
            .any(|o| only_reads(o))
        );
    }
}
