//! Secrets by name: ages and rotation. Values are never read.

use jiff::Timestamp;
use serde::Serialize;

/// A secret of AWS Secrets Manager, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Secret {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// What it is for.
    pub description: String,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
    /// Its value last changed (UTC).
    pub changed_at: Option<Timestamp>,
    /// Last rotation (UTC).
    pub rotated_at: Option<Timestamp>,
    /// Next rotation (UTC).
    pub next_rotation_at: Option<Timestamp>,
    /// Whether it rotates by itself.
    pub rotates: bool,
    /// Days between rotations.
    pub rotation_days: Option<i64>,
}

impl Secret {
    /// When its value was last new (UTC).
    pub fn fresh_at(&self) -> Option<Timestamp> {
        let all = [self.created_at, self.changed_at, self.rotated_at];
        all.into_iter().flatten().max()
    }
}
