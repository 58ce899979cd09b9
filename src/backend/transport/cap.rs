//! How much of an answer is read at most: an endpoint that never stops talking must not take this machine's memory.

use std::error::Error;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::{LengthLimitError, Limited};

/// The most of an answer's body that is read, in megabytes (2^20 bytes). The biggest that AWS sends are pages of
/// `GetMetricData` and `FilterLogEvents`, which end at a few.
pub const MEGABYTES: usize = 32;

/// Caps the bodies that one SDK client reads, and keeps it from asking again for an answer that was too large.
#[derive(Clone, Copy, Debug)]
pub struct Cap;

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

fn capped(body: SdkBody) -> SdkBody {
    // One that says itself that it is too large is not read at all.
    let limit = MEGABYTES << 20;
    let said = body.content_length().unwrap_or(0);
    let limit = if said > limit as u64 { 0 } else { limit };
    SdkBody::from_body_1_x(Limited::new(body, limit))
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
        *response.body_mut() = capped(response.take_body());
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
