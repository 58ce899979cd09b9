//! Instances that come and go: restored from a snapshot or to a point in time, deleted.

use std::collections::VecDeque;

use super::instance::Then;
use super::read::{no_instance, no_snapshot};
use super::{Databases, Instance, Kind, Now, identifier, required, resource_id};
use crate::wire::{ApiError, Node, map};

/// Story seconds that a restored instance takes to be made, and to make its first backup.
const RESTORE_S: (f64, f64) = (150.0, 45.0);

/// What a restored instance is like, where the request does not say.
struct Source {
    engine: &'static str,
    version: String,
    storage_gib: i64,
    storage: String,
    encrypted: bool,
    class: String,
    retention_days: i64,
}

impl Databases {
    /// Whether an instance is there and answers.
    pub(in crate::estate) fn is_available(&self, id: &str) -> bool {
        let mut all = self.instances.iter();
        all.any(|i| i.id == id && i.status() == "available")
    }

    fn free_instance(&self, id: &str, region: &str) -> Result<(), ApiError> {
        if self
            .instances
            .iter()
            .any(|i| i.id == id && i.region == region)
        {
            let why = format!("DB instance already exists: {id}");
            return Err(ApiError::new("DBInstanceAlreadyExists", why));
        }
        Ok(())
    }

    fn restore(
        &mut self,
        input: &Node,
        id: String,
        region: &str,
        source: Source,
        now: Now,
    ) -> Node {
        let number = self.fresh();
        let zone = ['a', 'b', 'c']
            .get(number as usize % 3)
            .copied()
            .unwrap_or('a');
        let text = |member: &str| input.get(member).as_text().map(str::to_owned);
        let mut instance = Instance {
            resource_id: resource_id("db", &format!("{id}{number}")),
            region: region.to_owned(),
            class: text("DBInstanceClass").unwrap_or(source.class),
            engine: source.engine,
            version: source.version,
            multi_az: input.get("MultiAZ").as_bool().unwrap_or(false),
            zones: (zone, if zone == 'a' { 'b' } else { 'a' }),
            storage_gib: (source.storage_gib, None),
            storage: text("StorageType").unwrap_or(source.storage),
            encrypted: source.encrypted,
            retention_days: source.retention_days,
            window: "03:00-03:30".to_owned(),
            maintenance: "sun:04:30-sun:05:00".to_owned(),
            created: now.stamp,
            protected: input.get("DeletionProtection").as_bool().unwrap_or(false),
            public: input.get("PubliclyAccessible").as_bool().unwrap_or(false),
            replica_of: None,
            cluster: None,
            insights: false,
            replicated_to: None,
            pending: Vec::new(),
            course: VecDeque::new(),
            since: now.story,
            id,
        };
        instance.go(
            now,
            &[
                ("creating", RESTORE_S.0, Then::Born),
                ("backing-up", RESTORE_S.1, Then::Nothing),
            ],
        );
        let shown = instance.show(now, &[]);
        let words = ("restoration", "Restored from snapshot");
        self.happened(region, "db-instance", &instance.id, words, now.stamp);
        self.instances.push(instance);
        map([("DBInstance", shown)])
    }

    pub(in crate::estate) fn restore_from_snapshot(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let member = "DBInstanceIdentifier";
        let id = identifier(required(input, member)?, member)?;
        let given = required(input, "DBSnapshotIdentifier")?;
        self.free_instance(&id, region)?;
        let snapshot = self
            .snapshots
            .iter()
            .find(|s| s.region == region && !s.is_cluster && (s.id == given || s.arn() == given))
            .ok_or_else(|| no_snapshot(given, false))?;
        if !snapshot.is_available() {
            let why = format!(
                "The snapshot {given} is in the state {}.",
                snapshot.status()
            );
            return Err(ApiError::new("InvalidDBSnapshotState", why));
        }
        let like = self.instances.iter().find(|i| i.id == snapshot.of);
        let source = Source {
            engine: snapshot.engine.0,
            version: snapshot.engine.1.clone(),
            storage_gib: snapshot.storage_gib,
            storage: snapshot.storage.clone(),
            encrypted: snapshot.encrypted,
            class: like.map_or_else(|| "db.t4g.medium".to_owned(), |i| i.class.clone()),
            retention_days: like.map_or(1, |i| i.retention_days),
        };
        Ok(self.restore(input, id, region, source, now))
    }

    pub(super) fn restore_to_point(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let member = "TargetDBInstanceIdentifier";
        let id = identifier(required(input, member)?, member)?;
        self.free_instance(&id, region)?;
        let given = input.get("SourceDBInstanceIdentifier").as_text();
        let resource = input.get("SourceDbiResourceId").as_text();
        let backup = input.get("SourceDBInstanceAutomatedBackupsArn").as_text();
        let from = self.instances.iter().find(|i| {
            let own = i.region == region;
            own && (given == Some(i.id.as_str()) || resource == Some(i.resource_id.as_str()))
                || backup == Some(i.backup_arn(region).as_str())
        });
        let name = given.or(resource).or(backup).unwrap_or_default();
        let from = from.ok_or_else(|| no_instance(name))?;
        if !from.is_backed_up() {
            let why = "Automated backups are not enabled for the source instance.";
            return Err(ApiError::new("PointInTimeRestoreNotEnabled", why));
        }
        let latest = input.get("UseLatestRestorableTime").as_bool() == Some(true);
        let wanted = input.get("RestoreTime").as_str();
        let wanted = wanted.and_then(|t| t.parse::<jiff::Timestamp>().ok());
        let earliest = now.stamp - from.retention_days as f64 * super::DAY_S;
        let at = match (latest, wanted) {
            (true, None) => from.restorable_until(now),
            (false, Some(at)) => at.as_second() as f64,
            _ => {
                let why = "Either RestoreTime or UseLatestRestorableTime must be given.";
                return Err(ApiError::new("InvalidParameterCombination", why));
            }
        };
        if at < earliest.max(from.created) || at > from.restorable_until(now) {
            let why = "The specified time is outside of the window that can be restored to.";
            return Err(ApiError::new("InvalidRestoreFault", why));
        }
        let source = Source {
            engine: from.engine,
            version: from.version.clone(),
            storage_gib: from.storage_gib.0,
            storage: from.storage.clone(),
            encrypted: from.encrypted,
            class: from.class.clone(),
            retention_days: from.retention_days,
        };
        Ok(self.restore(input, id, region, source, now))
    }

    pub(super) fn delete_instance(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let skip = input.get("SkipFinalSnapshot").as_bool() == Some(true);
        let last = input
            .get("FinalDBSnapshotIdentifier")
            .as_text()
            .map(str::to_owned);
        let i = self.find(input, region)?;
        let id = i.id.clone();
        if i.status() == "deleting" {
            let why = format!("Instance {id} is already being deleted.");
            return Err(ApiError::new("InvalidDBInstanceState", why));
        }
        if i.protected {
            let why = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
            return Err(ApiError::new("InvalidParameterCombination", why));
        }
        match (skip, &last) {
            (true, Some(_)) => {
                let why = "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.";
                return Err(ApiError::new("InvalidParameterCombination", why));
            }
            (false, None) if i.replica_of.is_none() && i.cluster.is_none() => {
                let why =
                    "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
                return Err(ApiError::new("InvalidParameterCombination", why));
            }
            _ => {}
        }
        i.course.clear();
        i.go(now, &[("deleting", 60.0, Then::Gone)]);
        if let Some(name) = last {
            let name = identifier(&name, "FinalDBSnapshotIdentifier")?;
            self.take(name, &id, false, Kind::Manual, now, 60.0);
        }
        let found = self
            .instances
            .iter()
            .find(|i| i.region == region && i.id == id);
        let shown = found.map(|i| self.show_instance(i, now));
        Ok(map([("DBInstance", shown.into())]))
    }
}
