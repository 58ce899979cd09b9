//! Changing instances that are there: settings, restarts, failing over, promoting.

use super::instance::Then;
use super::read::{no_cluster, no_instance};
use super::{Databases, Instance, Now, required};
use crate::wire::{ApiError, Node, map};
use crate::world::names;

/// Members of ModifyDBInstance that wait for the maintenance window unless they are to be applied at once.
const LATER: [&str; 5] = [
    "DBInstanceClass",
    "AllocatedStorage",
    "MultiAZ",
    "EngineVersion",
    "StorageType",
];

impl Instance {
    /// Makes the pending changes true.
    pub(super) fn apply_pending(&mut self) {
        for (member, value) in std::mem::take(&mut self.pending) {
            let text = value.as_str().unwrap_or_default().to_owned();
            match member {
                "DBInstanceClass" => self.class = text,
                "AllocatedStorage" => {
                    self.storage_gib.0 = value.as_i64().unwrap_or(self.storage_gib.0);
                }
                "MultiAZ" => self.multi_az = value.as_bool().unwrap_or(self.multi_az),
                "EngineVersion" => self.version = text,
                _ => self.storage = text,
            }
        }
    }

    fn keep_pending(&mut self, member: &'static str, value: Node) {
        self.pending.retain(|(m, _)| *m != member);
        self.pending.push((member, value));
    }
}

impl Databases {
    pub(super) fn find(&mut self, input: &Node, region: &str) -> Result<&mut Instance, ApiError> {
        let id = required(input, "DBInstanceIdentifier")?;
        let found = self
            .instances
            .iter_mut()
            .find(|i| i.region == region && i.id.eq_ignore_ascii_case(id));
        found.ok_or_else(|| no_instance(id))
    }

    /// The instance, which must be available.
    pub(super) fn find_available(
        &mut self,
        input: &Node,
        region: &str,
    ) -> Result<&mut Instance, ApiError> {
        let instance = self.find(input, region)?;
        match instance.status() {
            "available" => Ok(instance),
            status => {
                let why = format!(
                    "Database instance is not in available state. It is {status}: {}",
                    instance.id
                );
                Err(ApiError::new("InvalidDBInstanceState", why))
            }
        }
    }

    fn reply(&self, region: &str, id: &str, now: Now) -> Node {
        let found = self
            .instances
            .iter()
            .find(|i| i.region == region && i.id == id);
        map([(
            "DBInstance",
            found.map(|i| self.show_instance(i, now)).into(),
        )])
    }

    pub(super) fn modify(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let i = self.find_available(input, region)?;
        let id = i.id.clone();
        if let Some(days) = input.get("BackupRetentionPeriod").as_i64() {
            if !(0..=35).contains(&days) {
                let why =
                    format!("Invalid backup retention period: {days}. Must be between 0 and 35.");
                return Err(ApiError::new("InvalidParameterValue", why));
            }
            i.retention_days = days;
        }
        if let Some(gib) = input.get("AllocatedStorage").as_i64()
            && gib < i.storage_gib.0
        {
            let why = "Requested storage size is less than the current one.";
            return Err(ApiError::new("InvalidParameterCombination", why));
        }
        let text = |member: &str| input.get(member).as_text().map(str::to_owned);
        i.window = text("PreferredBackupWindow").unwrap_or_else(|| i.window.clone());
        i.maintenance = text("PreferredMaintenanceWindow").unwrap_or_else(|| i.maintenance.clone());
        i.protected = input
            .get("DeletionProtection")
            .as_bool()
            .unwrap_or(i.protected);
        i.public = input
            .get("PubliclyAccessible")
            .as_bool()
            .unwrap_or(i.public);
        if let Some(on) = input.get("EnablePerformanceInsights").as_bool() {
            i.insights = on;
        }
        if let Some(most) = input.get("MaxAllocatedStorage").as_i64() {
            i.storage_gib.1 = Some(most);
        }
        let mut grows = false;
        for member in LATER {
            let value = input.get(member);
            let value = match member {
                "AllocatedStorage" => value.as_i64().map(Node::Int),
                "MultiAZ" => value.as_bool().map(Node::Bool),
                _ => value.as_text().map(Node::from),
            };
            if let Some(value) = value {
                grows |= member == "AllocatedStorage";
                i.keep_pending(member, value);
            }
        }
        if input.get("ApplyImmediately").as_bool() == Some(true) && !i.pending.is_empty() {
            // A bigger disk can be used at once and is put in order afterwards.
            let after = if grows { 120.0 } else { 0.0 };
            i.go(
                now,
                &[
                    ("modifying", 180.0, Then::Apply),
                    ("storage-optimization", after, Then::Nothing),
                ],
            );
            let words = (
                "configuration change",
                "Applying modification to DB instance",
            );
            self.happened(region, "db-instance", &id, words, now.stamp);
        }
        Ok(self.reply(region, &id, now))
    }

    pub(super) fn reboot(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let forced = input.get("ForceFailover").as_bool() == Some(true);
        let i = self.find_available(input, region)?;
        let id = i.id.clone();
        if forced && !i.multi_az {
            let why = "Cannot reboot with failover: the instance is not a Multi-AZ one.";
            return Err(ApiError::new("InvalidParameterCombination", why));
        }
        if forced {
            i.go(
                now,
                &[
                    ("rebooting", 45.0, Then::SwapZones),
                    ("rebooting", 15.0, Then::Restarted),
                ],
            );
            let words = ("failover", "Multi-AZ instance failover started.");
            self.happened(region, "db-instance", &id, words, now.stamp);
        } else {
            i.go(now, &[("rebooting", 30.0, Then::Restarted)]);
        }
        Ok(self.reply(region, &id, now))
    }

    pub(super) fn promote(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let i = self.find_available(input, region)?;
        let id = i.id.clone();
        if i.replica_of.is_none() {
            let why = "The instance is not a read replica.";
            return Err(ApiError::new("InvalidDBInstanceState", why));
        }
        i.go(
            now,
            &[
                ("modifying", 60.0, Then::Promoted),
                ("rebooting", 30.0, Then::Restarted),
            ],
        );
        Ok(self.reply(region, &id, now))
    }

    pub(super) fn fail_over(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let id = required(input, "DBClusterIdentifier")?;
        let all = self.instances.iter();
        let members: Vec<&Instance> = all.filter(|i| i.cluster.as_deref() == Some(id)).collect();
        let cluster = self.clusters.iter_mut().find(|c| c.id == id);
        let cluster = cluster.filter(|_| region == names::REGION);
        let cluster = cluster.ok_or_else(|| no_cluster(id))?;
        let wanted = input.get("TargetDBInstanceIdentifier").as_text();
        let next = members
            .iter()
            .find(|i| i.id != cluster.writer && wanted.is_none_or(|w| w == i.id));
        let Some(next) = next else {
            let why = "No other instance of the cluster can take over.";
            return Err(ApiError::new("InvalidDBClusterStateFault", why));
        };
        cluster.writer.clone_from(&next.id);
        cluster.failing_over_until = now.story + 30.0;
        let shown = cluster.show(now, &members);
        let words = ("failover", "Started cross AZ failover to DB instance");
        self.happened(region, "db-cluster", id, words, now.stamp);
        Ok(map([("DBCluster", shown)]))
    }
}
