//! Restores that AWS Backup carried out, and what came of them, after its API reference (ListRestoreJobs).

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::backup::Backup;
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
    /// When that point was made, as the job tells (UTC): a copy keeps the date of what it copies ("Copy a backup", AWS Backup Developer
    /// Guide). `None`: the job does not tell.
    pub taken_at: Option<Timestamp>,
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

    /// How long it took; `None`: it did not end, or its dates cannot be true.
    pub fn took(&self) -> Option<Duration> {
        let took = self.ended_at?.duration_since(self.began_at?);
        Duration::try_from(took).ok()
    }

    /// Whether its recovery point is a continuous one: it can be restored to any moment after its date, and the job does not tell to which.
    pub fn is_continuous(&self) -> bool {
        self.point.contains(":continuous:")
    }
}

/// What a restore measured of a recovery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// How long it took, from its beginning to its end.
    pub took: Option<Duration>,
    /// How old the data was when it began: what was written since would have been lost. `None`: nobody tells.
    pub data_age: Option<Duration>,
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
        let told = restore.store.as_deref();
        let told = told.or_else(|| Some(self.point_of(restore)?.store.as_str()));
        told.filter(|store| !store.is_empty())
    }

    /// Recovery points as they were told of last.
    fn points(&self) -> impl Iterator<Item = &Backup> {
        let points = self.recovery_points.value.iter().flat_map(|p| &p.backups);
        let abroad = self.recovery_points_abroad.value.iter();
        points.chain(abroad.flat_map(|a| &a.backups))
    }

    /// The recovery point that a restore was made from, where it is known.
    fn point_of(&self, restore: &Restore) -> Option<&Backup> {
        let mut points = self.points().filter(|b| !b.arn.is_empty());
        points.find(|b| b.arn == restore.point)
    }

    /// When the recovery point of a restore was made: of a continuous one that says nothing.
    fn taken(&self, restore: &Restore) -> Option<Timestamp> {
        let taken = restore.taken_at;
        let taken = taken.or_else(|| self.point_of(restore)?.taken_at);
        taken.filter(|_| !restore.is_continuous())
    }

    /// Why the age of the data of a restore says nothing of what a disaster would have lost then; `None`: it does. A restore testing plan
    /// that picks by chance (`RANDOM_WITHIN_WINDOW`) takes points of weeks ago beside those of that day: of one of its restores it has to
    /// be known that there was no newer point, which it is as long as the one that was restored is still there.
    pub fn passed_over(
        &self,
        store: &str,
        restore: &Restore,
        now: Timestamp,
    ) -> Option<&'static str> {
        let (began, taken) = restore.began_at.zip(self.taken(restore))?;
        let is_newer = |at: Timestamp| taken < at && at <= began;
        let mut newer = self.points().filter(|b| b.complete && b.store == store);
        if newer.any(|b| b.arn != restore.point && b.taken_at.is_some_and(is_newer)) {
            return Some("of an older recovery point than there was, which measures no RPO");
        }
        let points = &self.recovery_points;
        let whole = points.fresh(now).filter(|p| p.vaults_unread == 0);
        let known = whole.is_some() && !points.cut && self.point_of(restore).is_some();
        (restore.by_plan && !known)
            .then_some("a plan may restore any, and whether there was a newer one nobody tells")
    }

    /// What a restore measured. The date of a recovery point never changes, so it is as good from an old answer as from a new one.
    pub fn measured(&self, restore: &Restore) -> Measured {
        // A point of a later date than its restore tells no age.
        let age = restore.began_at.zip(self.taken(restore));
        let age =
            age.and_then(|(began, taken)| Duration::try_from(began.duration_since(taken)).ok());
        Measured {
            took: restore.took(),
            data_age: age,
        }
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

    #[test]
    fn what_a_restore_measured_is_told_by_its_own_dates_and_its_recovery_point_s() {
        let at = |hour: i64| Timestamp::from_second(3_600 * hour).ok();
        let hours = |n: u64| Some(Duration::from_secs(3_600 * n));
        let restore = Restore {
            point: "arn:p".into(),
            began_at: at(10),
            ended_at: at(12),
            ..Restore::default()
        };
        let mut estate = Estate::default();
        let took = hours(2);
        let none = Measured {
            took,
            data_age: None,
        };
        assert_eq!(estate.measured(&restore), none, "the point is gone");
        let point = |arn: &str, taken_at| Backup {
            arn: arn.into(),
            taken_at,
            ..Backup::default()
        };
        let points = super::super::backup::Points {
            backups: vec![point("arn:p", at(7)), point("arn:continuous:p", at(1))],
            ..Default::default()
        };
        estate.recovery_points.value = Some(std::sync::Arc::new(points));
        let measured = |restore: &Restore| estate.measured(restore).data_age;
        assert_eq!(measured(&restore), hours(3));
        let of = |taken_at, point: &str| Restore {
            taken_at,
            point: point.into(),
            ..restore.clone()
        };
        assert_eq!(measured(&of(at(9), "arn:p")), hours(1), "the job tells");
        assert_eq!(measured(&of(at(11), "arn:p")), None, "made later");
        assert_eq!(measured(&of(None, "arn:continuous:p")), None);
        let backwards = Restore {
            ended_at: at(9),
            ..restore.clone()
        };
        assert_eq!(backwards.took(), None);
    }
}
