//! Web ACLs and DDoS protection, after the AWS WAF (2019-07-29) and Shield (2016-06-02) API references.

use serde::Serialize;

/// A rule of a web ACL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WallRule {
    /// Name.
    pub name: String,
    /// What it looks at: `rate`, `managed`, or the vendor's word for its statement.
    pub kind: String,
    /// What it does: `block`, `count`, `allow`, `captcha`, `challenge`, or `as the group says`.
    pub action: String,
    /// Requests that it lets pass in its window, for rates.
    pub limit: Option<u64>,
    /// Seconds of that window.
    pub window_s: Option<u32>,
}

impl WallRule {
    /// Whether it holds back those who ask too much.
    pub fn limits(&self) -> bool {
        self.limit.is_some() && matches!(self.action.as_str(), "block" | "captcha" | "challenge")
    }
}

/// A web ACL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebAcl {
    /// Name.
    pub name: String,
    /// Whether it lets through what no rule speaks of.
    pub allows: bool,
    /// In the order of their priority.
    pub rules: Vec<WallRule>,
    /// Load balancers behind it, by name.
    pub guards: Vec<String>,
}

/// What stands before the load balancers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Walls {
    /// By name.
    pub acls: Vec<WebAcl>,
    /// How many more there are that were not read.
    pub unread: usize,
    /// Whether Shield Advanced is subscribed to; `None`: the vendor did not say.
    pub shield_advanced: Option<bool>,
}
