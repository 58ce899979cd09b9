//! How much of an answer is read at most: an endpoint that never stops talking must not take this machine's memory.

use std::error::Error;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use futures_util::StreamExt;
use futures_util::stream::unfold;
use http_body_util::{BodyStream, LengthLimitError, Limited, StreamBody};

use super::allowance::{self, Spent};
use super::budget::{Budget, Share};
use super::evidence::Reach;
use super::rows::{DETAILS, MANY, RICH, Rows, TARGETS, TooMany};

/// The most of an answer's body that is read, in megabytes (2^20 bytes). The biggest that AWS sends are pages of
/// `GetMetricData` and `FilterLogEvents`, which end at a few.
pub const MEGABYTES: usize = 32;

/// Caps the bodies that one SDK client reads, and keeps it from asking again for an answer that was too large.
#[derive(Clone, Debug)]
pub struct Cap(Arc<Budget>);

/// Who was asked.
#[derive(Debug)]
struct Host(String);

impl Storable for Host {
    type Storer = StoreReplace<Self>;
}

impl Cap {
    /// Whose answers share a budget with all others.
    pub fn new(budget: Arc<Budget>) -> Self {
        Self(budget)
    }
}

/// What an error says of an answer that was more than is read, in whatever way.
pub(super) fn beyond(error: &(dyn Error + 'static)) -> Option<Reach> {
    let mut next = Some(error);
    while let Some(e) = next {
        if e.is::<LengthLimitError>() {
            return Some(Reach::TooLarge);
        }
        if let Some(TooMany(rows)) = e.downcast_ref() {
            return Some(Reach::TooMany(*rows));
        }
        if e.is::<Spent>() {
            return Some(Reach::TooMuch);
        }
        next = e.source();
    }
    None
}

/// Rows of one answer to an operation. Tables of small cells and lists of log lines have more of them; what is one thing's own, fewer.
fn rows(operation: &str) -> usize {
    match operation {
        "FilterLogEvents" | "GetLogEvents" | "GetQueryResults" => MANY,
        "DescribeTargetHealth" => TARGETS,
        "DescribeServiceDeployments" => DETAILS,
        _ => RICH,
    }
}

fn capped(body: SdkBody, share: Arc<Share>, rows: usize) -> SdkBody {
    // One that says itself that it is too large is not read at all.
    let limit = MEGABYTES << 20;
    let said = body.content_length().unwrap_or(0);
    let limit = if said > limit as u64 { 0 } else { limit };
    let frames = Box::pin(BodyStream::new(Limited::new(body, limit)));
    let begun = (frames, share, Rows::at_most(rows));
    let counted = unfold(begun, |(mut frames, share, mut rows)| async move {
        let mut frame = frames.next().await?;
        if let Some(data) = frame.as_ref().ok().and_then(|f| f.data_ref()) {
            share.take(data.len()).await;
            let spent = allowance::take(data.len()).map_err(BoxError::from);
            if let Err(e) = spent.and_then(|()| Ok(rows.take(data)?)) {
                frame = Err(e);
            }
        }
        Some((frame, (frames, share, rows)))
    });
    // The SDK asks once more behind the end.
    SdkBody::from_body_1_x(StreamBody::new(counted.fuse()))
}

#[dyn_dispatch_hint]
impl Intercept for Cap {
    fn name(&self) -> &'static str {
        "Cap"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri = context.request().uri();
        let host = uri.split("://").last().and_then(|u| u.split('/').next());
        let host = Host(host.unwrap_or_default().to_owned());
        cfg.interceptor_state().store_put(host);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("", |m| m.name());
        let share = self.0.share(cfg.load::<Host>().map_or("", |h| &h.0));
        let response = context.response_mut();
        // The SDK lets the body go when it has read it, and keeps the response until the answer is made of it.
        response.add_extension(share.clone());
        *response.body_mut() = capped(response.take_body(), share, rows(operation));
        Ok(())
    }
}

impl ClassifyRetry for Cap {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(e)) if beyond(e).is_some() => RetryAction::RetryForbidden,
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
        let share = budget.share("a");
        let body = capped(SdkBody::from(vec![b' '; 3 << 20]), share.clone(), RICH);
        let read = BodyExt::collect(body).await.unwrap().to_bytes();
        assert_eq!((read.len(), budget.peak()), (3 << 20, 3 << 20));
        assert_eq!(budget.held(), 3 << 20, "the response holds its share");
        drop(share);
        assert_eq!(budget.held(), 0);
    }

    #[tokio::test]
    async fn an_answer_of_too_many_rows_or_bytes_is_not_read_to_its_end() {
        let budget = Arc::new(Budget::default());
        let read = async |body: String| {
            let body = capped(SdkBody::from(body), budget.share("a"), RICH);
            BodyExt::collect(body).await
        };
        let list = |rows| format!("{{\"services\": [{}{{}}]}}", "{},".repeat(rows));
        assert!(read(list(100)).await.is_ok());
        let error = read(list(RICH)).await.unwrap_err();
        assert_eq!(beyond(&*error), Some(Reach::TooMany(RICH)));
        let question = allowance::within(1_000, async {
            for _ in 0..9 {
                assert!(read(list(30)).await.is_ok());
            }
            read(list(30)).await
        });
        let error = question.await.unwrap_err();
        assert_eq!(beyond(&*error), Some(Reach::TooMuch));
    }
}
