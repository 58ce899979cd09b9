//! What the interface asks of the world, or of itself: plain data, so that it can be logged, replayed and tested.

use super::form::Form;
use super::overlays::picker::Picker;
use super::screens::Nav;
use crate::domain::action::{Intent, Preview};
use crate::domain::problem::Problem;
use crate::domain::service::{Service, ServiceId};

/// What stands in a document until the vendor's own words come.
pub const WAITING: &str = "asking ECS for its own words ...";

/// An effect of an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make a preview; the answer comes as a message.
    Preview(Intent),
    /// Begin what was confirmed.
    Start {
        /// What was shown.
        preview: Box<Preview>,
        /// What was typed to confirm it.
        typed: Option<String>,
    },
    /// Ask the vendor for its own words on a service; the answer comes as a message.
    Quote(ServiceId),
    /// Put text on the terminal's clipboard.
    Copy(String),
    /// Ask every system again now.
    Refresh,
    /// Paint everything again.
    Redraw,
    /// Wear the theme of that name until the console ends.
    Theme(&'static str),
    /// Back to the shell for a while.
    Suspend,
    /// Leave.
    Quit,
    /// Show a place (handled within the interface).
    Go(Nav),
    /// Ask something of the person (handled within the interface).
    Ask(Form),
    /// Let the person choose several things (handled within the interface).
    Pick(Box<Picker>),
    /// Show a document (handled within the interface).
    Describe {
        /// Its title.
        title: String,
        /// Inert lines.
        lines: Vec<String>,
    },
    /// Say something in the status line (handled within the interface).
    Say(String),
    /// Show a problem (handled within the interface).
    Fail(Problem),
}

impl Effect {
    /// Describes a service, and asks the vendor for its own words on it: they come first, and ours below them.
    pub fn describe_service(service: &Service) -> Vec<Self> {
        let mut ours = Self::describe(service.id.to_string(), service);
        if let Self::Describe { lines, .. } = &mut ours {
            let head = [WAITING, "", "what this console makes of it:"];
            lines.splice(0..0, head.map(str::to_owned));
        }
        vec![ours, Self::Quote(service.id.clone())]
    }

    /// Describes a thing as pretty JSON, made inert.
    pub fn describe(title: impl Into<String>, thing: &impl serde::Serialize) -> Self {
        let text = serde_json::to_string_pretty(thing)
            .unwrap_or_else(|e| format!("cannot be shown as JSON: {e}"));
        Self::Describe {
            title: title.into(),
            lines: crate::domain::text::inert_lines(&text),
        }
    }
}
