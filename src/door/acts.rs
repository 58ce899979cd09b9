//! Actions, as a face asks for them.

use std::sync::Arc;

use crate::domain::action::{Intent, Preview};
use crate::domain::problem::Problem;
use crate::domain::quote::Quote;
use crate::domain::service::ServiceId;

/// What shows and starts actions.
pub trait Acts: Send + Sync + 'static {
    /// What an intent would do. Reads only.
    ///
    /// # Errors
    /// Where the platform or the store cannot be read; what cannot work is a refusal inside the preview.
    fn preview(&self, intent: Intent) -> impl Future<Output = Result<Preview, Problem>> + Send;

    /// What the vendor itself says of a service, asked anew.
    ///
    /// # Errors
    /// Where it cannot be asked or refuses.
    fn quote(&self, service: ServiceId) -> impl Future<Output = Result<Quote, Problem>> + Send;

    /// Starts what a preview showed, with what was typed to confirm it. Returns the run's id; the intent is durable by then.
    ///
    /// # Errors
    /// A wrong confirmation, a refusal, what moved since the preview, who else acts, or a store that cannot be written.
    fn start(
        self: Arc<Self>,
        preview: Preview,
        typed: Option<String>,
    ) -> impl Future<Output = Result<String, Problem>> + Send;
}
