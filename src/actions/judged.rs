//! What the plan says of the criterion that a person's word is about.

use super::draft::Draft;
use crate::domain::action::Intent;

/// What the plan says of a criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its title.
    pub title: String,
    /// Why its probe says that it fails, if it says so.
    pub failing: Option<String>,
}

type Says = dyn Fn(&str) -> Option<Judged> + Send + Sync;

/// Tells what the plan says of a criterion; nothing of one that it does not know.
pub struct Judge(Box<Says>);

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Judge")
    }
}

impl Judge {
    /// Whoever knows the plan.
    pub fn new(says: impl Fn(&str) -> Option<Judged> + Send + Sync + 'static) -> Self {
        Self(Box::new(says))
    }

    /// Adds to a draft what a person should know of the criterion: what it says, and that a probe outranks a sign-off.
    pub fn tell(&self, intent: &Intent, draft: &mut Draft) {
        let (Intent::SignOff { criterion, .. }
        | Intent::Waive { criterion, .. }
        | Intent::Withdraw { criterion, .. }) = intent
        else {
            return;
        };
        let Some(judged) = (self.0)(criterion) else {
            return;
        };
        draft.criterion(&judged.title);
        if let (Intent::SignOff { .. }, Some(why)) = (intent, judged.failing) {
            draft.warn(format!(
                "its probe says failing ({why}), and a probe outranks a sign-off: {criterion} stays failing until the probe passes"
            ));
        }
    }
}
