//! The interceptor on every SDK client: counts what really leaves, and is the last gate of read-only mode.

use std::sync::Arc;
use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::ErrorKind;

use jiff::Timestamp;

use super::meter::Meter;

/// Counts attempts and latencies of one provider's SDK client, and keeps its retries within the budget of the line.
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
        if cfg
            .load::<RequestAttempts>()
            .is_some_and(|a| a.attempts() > 1)
        {
            self.meter.spend_retry();
        }
        cfg.interceptor_state().store_put(SentAt(Instant::now()));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(said) = context.response().headers().get("date") {
            self.meter.date(said, Timestamp::now());
        }
        if let Some(SentAt(at)) = cfg.load::<SentAt>() {
            self.meter.latency(at.elapsed());
        }
        Ok(())
    }
}

/// The SDK's own bucket of retries is as deep as a hundred of them: this one holds back what a strained vendor asks not to hear.
impl ClassifyRetry for Tally {
    fn classify_retry(&self, _context: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        if let RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. }) = previous
            && *kind == ErrorKind::ThrottlingError
        {
            self.meter.throttled();
        }
        match previous.should_retry() && !self.meter.has_retry() {
            true => RetryAction::RetryForbidden,
            false => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "Tally"
    }

    /// After those that say whether a failure may pass.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::{Tally, only_reads};
    use crate::backend::transport::errand::{RETRIES, errand};
    use crate::backend::transport::evidence::{Evidence, Reach};
    use crate::backend::transport::meter::Meter;
    use crate::backend::transport::read_retries;
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

    /// Answers every request as a vendor that throttles, and counts them.
    async fn throttling() -> (String, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    let mut seen = vec![0; 1 << 16];
                    // A request of these fits into one read of loopback.
                    while stream.read(&mut seen).await.is_ok_and(|n| n > 0) {
                        counted.fetch_add(1, Ordering::SeqCst);
                        let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
                        let head =
                            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.1";
                        let answer =
                            format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        (endpoint, calls)
    }

    /// A client whose pauses are short.
    fn impatient(endpoint: &str, meter: &Arc<Meter>) -> aws_sdk_ecs::Client {
        let keys = aws_credential_types::Credentials::new("AKIDEXAMPLE", "x", None, None, "test");
        let sdk = aws_sdk_ecs::Config::builder()
            .behavior_version(aws_sdk_ecs::config::BehaviorVersion::v2026_01_12())
            .region(aws_sdk_ecs::config::Region::new("us-east-1"))
            .credentials_provider(keys)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(endpoint)
            .retry_config(
                read_retries()
                    .with_initial_backoff(Duration::from_millis(1))
                    .with_max_backoff(Duration::from_millis(5)),
            )
            .interceptor(Tally::new(meter.clone(), true))
            .retry_classifier(Tally::new(meter.clone(), true))
            .build();
        aws_sdk_ecs::Client::from_conf(sdk)
    }

    /// The SDK alone would have asked each of them three times.
    #[tokio::test]
    async fn a_vendor_that_throttles_is_not_asked_three_times_as_often() {
        let (endpoint, calls) = throttling().await;
        let meter = Arc::new(Meter::new("ecs"));
        let client = impatient(&endpoint, &meter);
        for _ in 0..20 {
            let error = client.list_clusters().send().await.unwrap_err();
            assert_eq!(Evidence::of(&error).kind(), ProblemKind::Throttled);
        }
        let calls = calls.load(Ordering::SeqCst);
        assert!((21..=26).contains(&calls), "{calls} for 20 questions");
    }

    #[tokio::test]
    async fn a_read_of_an_errand_is_asked_again_where_the_watch_may_not() {
        let (endpoint, calls) = throttling().await;
        let meter = Arc::new(Meter::new("ecs"));
        let client = impatient(&endpoint, &meter);
        while meter.spend_retry() {}
        let asked = async || {
            let before = calls.load(Ordering::SeqCst);
            client.list_clusters().send().await.unwrap_err();
            calls.load(Ordering::SeqCst) - before
        };
        assert_eq!(asked().await, 1);
        let (first, last) = errand(async {
            let first = asked().await;
            for _ in 0..RETRIES {
                asked().await;
            }
            (first, asked().await)
        })
        .await;
        assert_eq!((first, last), (3, 1), "within bounds of its own");
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
