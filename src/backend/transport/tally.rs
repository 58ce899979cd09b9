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
struct ReadOnly(String);

impl Tally {
    /// For a client that reports to `meter`.
    pub fn new(meter: Arc<Meter>, read_only: bool) -> Self {
        Self { meter, read_only }
    }
}

/// Whether an AWS operation only reads, by the verbs that AWS uses for reads in the services that we call. An allow-list:
/// an operation with a verb that nobody thought of is not a read.
fn only_reads(operation: &str) -> bool {
    ["Describe", "List", "Get", "Filter"]
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
    use super::only_reads;

    #[test]
    fn what_is_not_known_to_read_is_not_a_read() {
        assert!(
            [
                "DescribeServices",
                "ListTasks",
                "GetMetricData",
                "FilterLogEvents"
            ]
            .iter()
            .all(|o| only_reads(o))
        );
        assert!(
            ![
                "UpdateService",
                "StopServiceDeployment",
                "RegisterTaskDefinition",
                "",
                "PutMetricData"
            ]
            .iter()
            .any(|o| only_reads(o))
        );
    }
}
