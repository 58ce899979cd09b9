//! How much of an answer is read at most: an endpoint that never stops talking must not take this machine's memory.

use std::error::Error;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use http_body_util::{BodyStream, LengthLimitError, Limited, StreamBody};

use super::budget::{Budget, Share};

/// The most of an answer's body that is read, in megabytes (2^20 bytes). The biggest that AWS sends are pages of
/// `GetMetricData` and `FilterLogEvents`, which end at a few.
pub const MEGABYTES: usize = 32;

/// Caps the bodies that one SDK client reads, and keeps it from asking again for an answer that was too large.
#[derive(Clone, Debug)]
pub struct Cap(Arc<Budget>);

impl Cap {
    /// Whose answers share a budget with all others.
    pub fn new(budget: Arc<Budget>) -> Self {
        Self(budget)
    }
}

/// Whether an error says that an answer was too large.
pub fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(e) = next {
        if e.is::<LengthLimitError>() {
            return true;
        }
        next = e.source();
    }
    false
}

fn capped(body: SdkBody, share: Arc<Share>) -> SdkBody {
    // One that says itself that it is too large is not read at all.
    let limit = MEGABYTES << 20;
    let said = body.content_length().unwrap_or(0);
    let limit = if said > limit as u64 { 0 } else { limit };
    let frames = Box::pin(BodyStream::new(Limited::new(body, limit)));
    let counted = unfold((frames, share), |(mut frames, share)| async move {
        let frame = frames.next().await?;
        if let Some(data) = frame.as_ref().ok().and_then(|f| f.data_ref()) {
            share.take(data.len()).await;
        }
        Some((frame, (frames, share)))
    });
    // The SDK asks once more behind the end.
    SdkBody::from_body_1_x(StreamBody::new(counted.fuse()))
}

#[dyn_dispatch_hint]
impl Intercept for Cap {
    fn name(&self) -> &'static str {
        "Cap"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let share = self.0.share();
        // The SDK lets the body go when it has read it, and keeps the response until the answer is made of it.
        response.add_extension(share.clone());
        *response.body_mut() = capped(response.take_body(), share);
        Ok(())
    }
}

impl ClassifyRetry for Cap {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(e)) if is_too_large(e) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "Cap"
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn what_an_sdk_reads_counts_until_its_answer_is_made() {
        let budget = Arc::new(Budget::default());
        let share = budget.share();
        let body = capped(SdkBody::from(vec![b' '; 3 << 20]), share.clone());
        let read = BodyExt::collect(body).await.unwrap().to_bytes();
        assert_eq!((read.len(), budget.peak()), (3 << 20, 3 << 20));
        assert_eq!(budget.held(), 3 << 20, "the response holds its share");
        drop(share);
        assert_eq!(budget.held(), 0);
    }
}
