//! Stacks, after the AWS CloudFormation API reference (version 2010-05-15).

use jiff::Timestamp;
use serde::Serialize;

/// A resource of a stack (ListStackResources).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackResource {
    /// Name in the template.
    pub logical: String,
    /// Name or id of the thing itself.
    pub physical: String,
    /// `AWS::RDS::DBInstance`.
    pub kind: String,
    /// `CREATE_COMPLETE` ...
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// Last change (UTC).
    pub updated_at: Option<Timestamp>,
    /// `IN_SYNC`, `MODIFIED`, `DELETED`, `NOT_CHECKED` ...
    pub drift: String,
}

/// Something that happened to a stack (DescribeStackEvents).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackEvent {
    /// When (UTC).
    pub at: Option<Timestamp>,
    /// Name in the template, or the stack's own.
    pub logical: String,
    /// `AWS::RDS::DBInstance`.
    pub kind: String,
    /// `UPDATE_IN_PROGRESS` ...
    pub status: String,
    /// Why.
    pub reason: Option<String>,
}

/// A property that is not as the template says (DescribeStackResourceDrifts).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Name in the template.
    pub logical: String,
    /// Name or id of the thing itself.
    pub physical: String,
    /// `AWS::S3::Bucket`.
    pub kind: String,
    /// `MODIFIED`, `DELETED`.
    pub status: String,
    /// `/ReplicationConfiguration`; empty where the whole resource is gone.
    pub property: String,
    /// What the template says.
    pub expected: String,
    /// What there is.
    pub actual: String,
}

/// A change that was prepared (ListChangeSets).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeSet {
    /// Name.
    pub name: String,
    /// ARN.
    pub id: String,
    /// `CREATE_COMPLETE`, `FAILED` ...
    pub status: String,
    /// `AVAILABLE`, `EXECUTE_COMPLETE` ...
    pub execution: String,
    /// Why.
    pub reason: Option<String>,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
}

/// How a stack stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StackHealth {
    /// Work on it is going on.
    Moving,
    /// The last work on it was done.
    Complete,
    /// The last work on it failed and was turned back: it is as it was before.
    TurnedBack,
    /// The last work on it failed.
    Failed,
    /// A change set that nobody has carried out yet made its name, and nothing else: there is nothing of it.
    Planned,
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stack {
    /// Name.
    pub name: String,
    /// ARN.
    pub id: String,
    /// The vendor's word: `UPDATE_COMPLETE` ...
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// How it stands.
    pub health: StackHealth,
    /// What it is, in the template's words.
    pub description: String,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
    /// Last update (UTC).
    pub updated_at: Option<Timestamp>,
    /// `IN_SYNC`, `DRIFTED`, `NOT_CHECKED`, `UNKNOWN`: as it was when last looked for.
    pub drift: String,
    /// When drift was last looked for (UTC).
    pub drift_checked_at: Option<Timestamp>,
    /// Whether it refuses to be deleted.
    pub protected: bool,
    /// Resources.
    pub resources: Vec<StackResource>,
    /// What happened last, newest first.
    pub events: Vec<StackEvent>,
    /// What is not as the template says.
    pub drifts: Vec<Drift>,
    /// Changes that wait or were made.
    pub change_sets: Vec<ChangeSet>,
    /// What could not be read of it, in words; empty: nothing.
    pub missing: Vec<String>,
}

impl StackHealth {
    /// Read from the vendor's word for a stack's status.
    pub fn of(status: &str) -> Self {
        match status {
            "REVIEW_IN_PROGRESS" => Self::Planned,
            s if s.ends_with("_IN_PROGRESS") => Self::Moving,
            s if s.ends_with("_FAILED") => Self::Failed,
            // A stack whose making was turned back holds nothing and can only be deleted.
            "ROLLBACK_COMPLETE" => Self::Failed,
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => Self::TurnedBack,
            s if s.ends_with("_COMPLETE") => Self::Complete,
            _ => Self::Failed,
        }
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Moving => "moving",
            Self::Complete => "complete",
            Self::TurnedBack => "turned back",
            Self::Failed => "failed",
            Self::Planned => "planned",
        }
    }
}

impl Stack {
    /// What of it was read when it had this stamp holds until the stamp changes.
    pub fn stamp(&self) -> (&str, Option<Timestamp>, Option<Timestamp>) {
        (&self.status, self.updated_at, self.drift_checked_at)
    }

    /// Change sets that could be carried out.
    pub fn waiting(&self) -> impl Iterator<Item = &ChangeSet> {
        self.change_sets
            .iter()
            .filter(|c| c.execution == "AVAILABLE")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_vendors_has_a_health() {
        let of = StackHealth::of;
        assert_eq!(of("CREATE_COMPLETE"), StackHealth::Complete);
        assert_eq!(
            of("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            StackHealth::Moving
        );
        assert_eq!(of("UPDATE_ROLLBACK_COMPLETE"), StackHealth::TurnedBack);
        assert_eq!(of("REVIEW_IN_PROGRESS"), StackHealth::Planned);
        assert_eq!(of("ROLLBACK_COMPLETE"), StackHealth::Failed);
        assert_eq!(of("UPDATE_ROLLBACK_FAILED"), StackHealth::Failed);
        assert_eq!(
            of("SOMETHING_NEW"),
            StackHealth::Failed,
            "unknown is not green"
        );
    }
}
