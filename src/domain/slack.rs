//! Slack, as far as alerts go there.

use serde::Serialize;

/// Whom the token belongs to, and where it may post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Workspace {
    /// Team.
    pub team: String,
    /// User that the token acts as.
    pub user: String,
    /// Address.
    pub url: String,
    /// Channels that it can see.
    pub channels: Vec<Channel>,
    /// Whether there are more than were read.
    pub cut: bool,
    /// The scope that the token lacks for private channels, which are then not among these.
    pub lacks: Option<String>,
    /// The channel that alerts go to, by configuration.
    pub alerts_to: Option<String>,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// Id.
    pub id: String,
    /// Name, without `#`.
    pub name: String,
    /// Whether the token's user is in it, as it must be to post.
    pub is_member: bool,
}
