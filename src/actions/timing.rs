//! The paces of the engine.

use std::time::Duration;

/// Paces of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two looks at a running action; a quarter of it for the first ten.
    pub poll: Duration,
    /// After so long without anything new, following ends and the outcome is unknown; bake and step times come on top.
    pub timeout: Duration,
    /// How late ECS may show the effect of a call.
    pub patience: Duration,
    /// How long verification may take to come true.
    pub verify: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(2),
            timeout: Duration::from_secs(30 * 60),
            patience: Duration::from_secs(20),
            verify: Duration::from_secs(90),
        }
    }
}
