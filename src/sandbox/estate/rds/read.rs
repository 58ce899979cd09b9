//! What can be asked.

use super::{Databases, Instance, Kind, Now, Snapshot, missing, page, passes};
use crate::wire::{ApiError, Node, list, map};

/// `(identifier asked for, how its ARN may be given)`: the vendor takes both.
fn named<'a>(input: &'a Node, member: &str) -> Option<&'a str> {
    let name = input.get(member).as_text()?;
    if !name.starts_with("arn:") {
        return Some(name);
    }
    // The sixth field on: names of automated snapshots have a colon themselves.
    name.splitn(7, ':').nth(6)
}

impl Databases {
    /// Identifiers of the replicas of an instance.
    fn replicas(&self, of: &Instance) -> Vec<String> {
        let all = self.instances.iter();
        all.filter(|i| i.region == of.region && i.replica_of.as_ref() == Some(&of.id))
            .map(|i| i.id.clone())
            .collect()
    }

    pub(super) fn show_instance(&self, instance: &Instance, now: Now) -> Node {
        instance.show(now, &self.replicas(instance))
    }

    pub(super) fn describe_instances(
        &self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        const FILTERS: &[&str] = &[
            "db-cluster-id",
            "db-instance-id",
            "dbi-resource-id",
            "engine",
        ];
        let wanted = named(input, "DBInstanceIdentifier");
        let mut shown = Vec::new();
        for i in self.instances.iter().filter(|i| i.region == region) {
            let value = |name: &str| match name {
                "db-cluster-id" => i.cluster.as_deref().unwrap_or_default(),
                "db-instance-id" => i.id.as_str(),
                "dbi-resource-id" => i.resource_id.as_str(),
                _ => i.engine,
            };
            let asked = wanted.is_none_or(|w| w.eq_ignore_ascii_case(&i.id));
            if passes(input, FILTERS, value)? && asked {
                shown.push(self.show_instance(i, now));
            }
        }
        match wanted {
            Some(name) if shown.is_empty() => Err(no_instance(name)),
            _ => page(input, "DBInstances", &shown, 20),
        }
    }

    pub(super) fn describe_clusters(
        &self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        const FILTERS: &[&str] = &["db-cluster-id", "engine"];
        let wanted = named(input, "DBClusterIdentifier");
        let here = region == crate::world::names::REGION;
        let mut shown = Vec::new();
        for c in self.clusters.iter().filter(|_| here) {
            let value = |name: &str| match name {
                "db-cluster-id" => c.id.as_str(),
                _ => "aurora-postgresql",
            };
            if passes(input, FILTERS, value)? && wanted.is_none_or(|w| w == c.id) {
                let all = self.instances.iter();
                let members: Vec<&Instance> =
                    all.filter(|i| i.cluster.as_ref() == Some(&c.id)).collect();
                shown.push(c.show(now, &members));
            }
        }
        match wanted {
            Some(name) if shown.is_empty() => Err(no_cluster(name)),
            _ => page(input, "DBClusters", &shown, 20),
        }
    }

    pub(super) fn describe_snapshots(
        &self,
        input: &Node,
        region: &str,
        clusters: bool,
    ) -> Result<Node, ApiError> {
        let (of, id, called, filters): (_, _, _, &[&str]) = if clusters {
            let filters = &[
                "db-cluster-id",
                "db-cluster-snapshot-id",
                "snapshot-type",
                "engine",
            ];
            let of = "DBClusterIdentifier";
            (
                of,
                "DBClusterSnapshotIdentifier",
                "DBClusterSnapshots",
                filters,
            )
        } else {
            let filters = &[
                "db-instance-id",
                "db-snapshot-id",
                "snapshot-type",
                "engine",
            ];
            let of = "DBInstanceIdentifier";
            (of, "DBSnapshotIdentifier", "DBSnapshots", filters)
        };
        let (of, id) = (named(input, of), named(input, id));
        // Without a type: what AWS Backup made is left out, as the vendor does.
        let kind = input.get("SnapshotType").as_text();
        let typed = |s: &Snapshot| match kind {
            None => id.is_some() || s.kind != Kind::Backup,
            Some(word) => s.kind.word() == word,
        };
        let mut shown = Vec::new();
        let here = |s: &&Snapshot| s.region == region && s.is_cluster == clusters && typed(s);
        for s in self.snapshots.iter().filter(here) {
            let value = |name: &str| match name {
                "db-cluster-id" | "db-instance-id" => s.of.as_str(),
                "snapshot-type" => s.kind.word(),
                "engine" => s.engine.0,
                _ => s.id.as_str(),
            };
            let asked = of.is_none_or(|w| w == s.of) && id.is_none_or(|w| w == s.id);
            if passes(input, filters, value)? && asked {
                shown.push(s.show());
            }
        }
        match id {
            Some(name) if shown.is_empty() => Err(no_snapshot(name, clusters)),
            _ => page(input, called, &shown, 20),
        }
    }

    /// Automated backups: of the region's own instances, and those that were replicated into it.
    pub(super) fn describe_automated(
        &self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let wanted = named(input, "DBInstanceIdentifier");
        let resource = input.get("DbiResourceId").as_text();
        let mut shown = Vec::new();
        for i in self.instances.iter().filter(|i| i.is_backed_up()) {
            let own = i.region == region;
            let replicated = i.replicated_to == Some(region);
            let asked = wanted.is_none_or(|w| w == i.id)
                && resource.is_none_or(|w| w == i.resource_id)
                && i.status() != "creating";
            let status = |_: &str| if own { "active" } else { "replicating" };
            if (own || replicated) && asked && passes(input, &["status"], status)? {
                shown.push(i.show_automated(region, now));
            }
        }
        page(input, "DBInstanceAutomatedBackups", &shown, 20)
    }

    pub(super) fn describe_maintenance(
        &self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let wanted = input.get("ResourceIdentifier").as_text();
        let due = self.instances.iter().filter(|i| {
            let same = wanted.is_none_or(|arn| arn == i.arn());
            // The replica runs an older minor version: the vendor offers the next one.
            i.region == region && i.replica_of.is_some() && same
        });
        let shown: Vec<Node> = due
            .map(|i| {
                let action = map([
                    ("Action", "system-update".into()),
                    (
                        "Description",
                        "New Operating System update is available".into(),
                    ),
                    (
                        "AutoAppliedAfterDate",
                        Node::Time(now.stamp + 11.0 * super::DAY_S),
                    ),
                ]);
                map([
                    ("ResourceIdentifier", i.arn().into()),
                    ("PendingMaintenanceActionDetails", list([action])),
                ])
            })
            .collect();
        page(input, "PendingMaintenanceActions", &shown, 20)
    }

    pub(super) fn tags(&self, input: &Node) -> Result<Node, ApiError> {
        let arn = super::required(input, "ResourceName")?;
        let known = self.instances.iter().any(|i| i.arn() == arn)
            || self.clusters.iter().any(|c| c.arn() == arn)
            || self.snapshots.iter().any(|s| s.arn() == arn);
        if !known {
            return Err(no_instance(arn));
        }
        Ok(map([("TagList", super::tags(arn))]))
    }
}

/// No such instance.
pub(super) fn no_instance(name: &str) -> ApiError {
    missing(
        "DBInstanceNotFound",
        format!("DBInstance {name} not found."),
    )
}

/// No such cluster.
pub(super) fn no_cluster(name: &str) -> ApiError {
    let why = format!("DBCluster {name} not found.");
    missing("DBClusterNotFoundFault", why)
}

/// No such snapshot.
pub(super) fn no_snapshot(name: &str, cluster: bool) -> ApiError {
    if cluster {
        let why = format!("DBClusterSnapshot {name} not found.");
        return missing("DBClusterSnapshotNotFoundFault", why);
    }
    missing(
        "DBSnapshotNotFound",
        format!("DBSnapshot {name} not found."),
    )
}
