//! Secrets by name: ages and rotation. Values are never read.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::guest::Guest;
use super::skew;
use super::told::Told;

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
    /// Whom its policy lets in; unset: it has no policy.
    pub guests: Told<Vec<Guest>>,
}

/// Days that a rotation may be late: its window ends with the day, and the vendor tries again.
const SLACK_DAYS: i64 = 1;

/// The part of a reference in a task definition (`valueFrom`) that names a secret: a name, or a name with the six characters
/// that end its ARN. `None`: the reference is not one to Secrets Manager.
pub fn named_by(reference: &str) -> Option<&str> {
    let mut parts = reference.splitn(7, ':');
    let service = parts.nth(2)?;
    let kind = parts.nth(2)?;
    // Behind the id may stand a key of its JSON, a stage and a version.
    let id = parts.next()?.split(':').next()?;
    (service == "secretsmanager" && kind == "secret" && !id.is_empty()).then_some(id)
}

impl Secret {
    /// Whether a reference in a task definition means it.
    pub fn is(&self, reference: &str) -> bool {
        let own = named_by(&self.arn);
        named_by(reference).is_some_and(|id| id == self.name || Some(id) == own)
    }

    /// Whether its rotation works: the next one is still to come, or the last one is no older than the rule allows. That it is
    /// switched on is a wish; where it fails, the vendor leaves the next date in the past (Secrets Manager API reference,
    /// "DescribeSecret", `NextRotationDate`). `None`: there is neither a date nor a rule to hold a rotation to, or the last one is
    /// dated ahead.
    pub fn rotates_in_time(&self, now: Timestamp) -> Option<bool> {
        if self
            .rotated_at
            .is_some_and(|at| skew::ahead(at, now).is_some())
        {
            return None;
        }
        let by = |at: Timestamp, days: i64| {
            let due = at.saturating_add(SignedDuration::from_hours(days.saturating_mul(24)));
            due.is_ok_and(|due| due > now)
        };
        let last = self.rotated_at.zip(self.rotation_days);
        let last = last.map(|(at, days)| by(at, days.saturating_add(SLACK_DAYS)));
        let next = self.next_rotation_at.map(|at| by(at, SLACK_DAYS));
        match (last, next) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (None, None) => None,
            _ => Some(false),
        }
    }

    /// When its value was last new (UTC).
    pub fn fresh_at(&self) -> Option<Timestamp> {
        let all = [self.created_at, self.changed_at, self.rotated_at];
        all.into_iter().flatten().max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_task_definitions_name_their_secret() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-a1b2c3";
        let secret = Secret {
            name: "prod/db".into(),
            arn: arn.into(),
            description: String::new(),
            created_at: None,
            changed_at: None,
            rotated_at: None,
            next_rotation_at: None,
            rotates: false,
            rotation_days: None,
            guests: Told::Unset,
        };
        let short = arn.strip_suffix("-a1b2c3").unwrap();
        for good in [
            arn.to_owned(),
            short.to_owned(),
            format!("{arn}:password::"),
            format!("{short}:password:AWSCURRENT:"),
        ] {
            assert!(secret.is(&good), "{good}");
        }
        let other = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db2";
        assert!(!secret.is(other));
        assert!(!secret.is("arn:aws:ssm:us-east-1:123456789012:parameter/prod/db"));
        assert_eq!(named_by("/prod/db"), None);
    }
}
