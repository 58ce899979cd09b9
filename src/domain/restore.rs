//! Restores that AWS Backup carried out, and what came of them, after its API reference (ListRestoreJobs).

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::Serialize;

use super::estate::Estate;
use super::order::Ordered;
use super::skew;
use super::stores::is_ours;

/// A restore job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Restore {
    /// Id.
    pub id: String,
    /// Name of the store whose backup was restored; `None`: the job does not tell.
    pub store: Option<String>,
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

    /// When it ended, or, until then, when it began (UTC).
    pub fn when(&self) -> Option<Timestamp> {
        self.ended_at.or(self.began_at)
    }

    /// Whether that is yet to come: one of the clocks is wrong.
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        self.when().is_some_and(|at| skew::ahead(at, now).is_some())
    }
}

/// What restores say of the stores of one environment.
#[derive(Debug, Default)]
pub struct Drilled<'a> {
    /// The newest restore of each store that says whether the store can be restored, by the store's name.
    pub telling: Vec<(&'a str, &'a Restore)>,
    /// Restores that were completed and say nothing of that, because nobody checked what came of them.
    pub unchecked: usize,
    /// Restores of which nobody tells what they are of: they may be another environment's.
    pub unnamed: usize,
}

impl Estate {
    /// The store that a restore is of: as the job itself tells, or as the recovery point does that it was made from. `None`: neither.
    pub fn store_of<'a>(&'a self, restore: &'a Restore) -> Option<&'a str> {
        let points = self.recovery_points.value.iter().flat_map(|p| &p.backups);
        let abroad = self.recovery_points_abroad.value.iter();
        let abroad = abroad.flat_map(|a| &a.backups);
        let mut points = points.chain(abroad).filter(|b| !b.arn.is_empty());
        let told = restore.store.as_deref();
        let told = told.or_else(|| Some(points.find(|b| b.arn == restore.point)?.store.as_str()));
        told.filter(|store| !store.is_empty())
    }

    /// Whether a store belongs to an environment: by the tag of a database, else by its name.
    fn owns(&self, store: &str, environment: &str) -> bool {
        let known = self.databases.value.as_deref();
        let instances = known.into_iter().flat_map(|d| &d.instances);
        let instances = instances.map(|d| (&d.id, &d.environment));
        let clusters = known.into_iter().flat_map(|d| &d.clusters);
        let mut all = instances.chain(clusters.map(|c| (&c.id, &c.environment)));
        let tag = all.find(|(id, _)| *id == store);
        is_ours(tag.and_then(|(_, tag)| tag.as_deref()), store, environment)
    }

    /// What the restores since a moment say of the stores of an environment. One that is dated after `now` is told of where there is no
    /// other: its date is not true.
    pub fn drilled(&self, environment: &str, since: Timestamp, now: Timestamp) -> Drilled<'_> {
        let mut found = Drilled::default();
        let all = self.restores.value.iter().flat_map(|all| all.iter());
        for r in all.filter(|r| r.when().is_some_and(|at| at >= since)) {
            let Some(store) = self.store_of(r) else {
                found.unnamed += 1;
                continue;
            };
            if !self.owns(store, environment) {
                continue;
            }
            match r.proves() {
                Some(_) => found.telling.push((store, r)),
                None => found.unchecked += usize::from(r.state == "COMPLETED"),
            }
        }
        found
            .telling
            .order_by_key(|(store, r)| (*store, r.is_ahead(now), Reverse(r.when())));
        found.telling.dedup_by(|a, b| a.0 == b.0);
        found
    }

    /// Stores of an environment that have backups and of which none of these restores tells, by name.
    pub fn undrilled(
        &self,
        drilled: &Drilled<'_>,
        environment: &str,
        now: Timestamp,
    ) -> Vec<String> {
        let stores = self.stores_of(&self.backups(), environment, now, None);
        let backed_up = stores
            .into_iter()
            .filter(|s| s.needs_copies() && s.here + s.abroad > 0);
        backed_up
            .map(|s| s.store)
            .filter(|name| !drilled.telling.iter().any(|(told, _)| told == name))
            .collect()
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
