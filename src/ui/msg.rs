//! What happened.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;

use crate::domain::action::Preview;
use crate::domain::problem::Problem;
use crate::domain::quote::Quote;
use crate::domain::service::ServiceId;
use crate::door::Snapshot;

/// A message to [`super::update::update`]. Time enters as a message, too.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// Text from the terminal's clipboard.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has a new size: columns, rows.
    Resize(u16, u16),
    /// A second has passed.
    Tick(Timestamp),
    /// A new picture.
    Snapshot(Arc<Snapshot>),
    /// The preview asked for.
    Previewed(Result<Box<Preview>, Problem>),
    /// The vendor's own words on a service.
    Quoted(ServiceId, Result<Quote, Problem>),
    /// What was confirmed has begun (its run), or was refused.
    Started(Result<String, Problem>),
    /// An effect failed.
    Failed(Problem),
}
