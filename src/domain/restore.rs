//! Restores that AWS Backup carried out, and what came of them, after its API reference (ListRestoreJobs).

use jiff::Timestamp;
use serde::Serialize;

/// A restore job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Restore {
    /// Id.
    pub id: String,
    /// Name of the store whose backup was restored.
    pub store: String,
    /// What it is, in the vendor's words: `RDS`, `S3`.
    pub store_type: String,
    /// ARN of the recovery point.
    pub point: String,
    /// State in the vendor's words: `PENDING`, `RUNNING`, `COMPLETED`, `ABORTED`, `FAILED`.
    pub state: String,
    /// Why, where it failed.
    pub message: String,
    /// What a check of the restored data said: `SUCCESSFUL`, `FAILED`, `TIMED_OUT`, `VALIDATING`; `None`: nobody checked it.
    pub validation: Option<String>,
    /// What the check said in words.
    pub validation_message: String,
    /// Begun (UTC).
    pub began_at: Option<Timestamp>,
    /// Ended (UTC).
    pub ended_at: Option<Timestamp>,
    /// Whether a restore testing plan began it.
    pub by_plan: bool,
}

impl Restore {
    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "PENDING" | "RUNNING")
    }

    /// What it says of whether the store can be restored: that the restored data was checked and found good, or that it could not be
    /// restored or was not good. `None`: it says neither, for nobody checked, or somebody called it off.
    pub fn proves(&self) -> Option<bool> {
        match (self.state.as_str(), self.validation.as_deref()) {
            ("FAILED", _) | (_, Some("FAILED" | "TIMED_OUT")) => Some(false),
            ("COMPLETED", Some("SUCCESSFUL")) => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_checked_proves_that_a_store_can_be_restored() {
        let proves = |state: &str, validation: Option<&str>| {
            Restore {
                state: state.into(),
                validation: validation.map(str::to_owned),
                ..Restore::default()
            }
            .proves()
        };
        assert_eq!(proves("COMPLETED", Some("SUCCESSFUL")), Some(true));
        assert_eq!(proves("COMPLETED", None), None);
        assert_eq!(proves("COMPLETED", Some("VALIDATING")), None);
        assert_eq!(proves("COMPLETED", Some("FAILED")), Some(false));
        assert_eq!(proves("COMPLETED", Some("TIMED_OUT")), Some(false));
        assert_eq!(proves("FAILED", None), Some(false));
        assert_eq!(proves("ABORTED", None), None);
        assert_eq!(proves("RUNNING", None), None);
    }
}
