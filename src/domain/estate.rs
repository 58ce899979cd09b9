//! The rest of the estate: what is known of each further system, one part each. Which there are, who is asked and how often is
//! said once, in `watch::estate`.

use std::sync::Arc;

use super::part::Part;
use super::secret::Secret;
use super::slack::Workspace;

/// One part a system.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Secrets of AWS Secrets Manager, by name.
    pub secrets: Part<Arc<Vec<Secret>>>,
    /// Slack.
    pub slack: Part<Arc<Workspace>>,
}
