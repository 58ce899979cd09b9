//! RDS's answers as XML, as far as they are shown. Numbers and switches are read as text: servers differ in how they write them.

use serde::Deserialize;

use super::super::convert::{some_text, stamp, text};
use super::super::sound::Required;
use super::Paged;
use super::member::{self, Member};
use crate::domain::database::{Database, DbCluster};

/// A list's holder: `Holder { items }` for `<Item>` elements.
macro_rules! holders {
    ($($holder:ident = $item:literal, $row:ident;)*) => {$(
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct $holder {
            #[serde(rename = $item)]
            pub(super) items: Vec<$row>,
        }
    )*};
}

/// A page of a list: its holder and the marker of the next.
macro_rules! pages {
    ($($page:ident = $list:literal, $holder:ident, $row:ident;)*) => {$(
        #[derive(Debug, Deserialize)]
        pub(super) struct $page {
            #[serde(rename = $list)]
            rows: Required<$holder>,
            #[serde(rename = "Marker")]
            marker: Option<String>,
        }

        impl Paged for $page {
            type Row = $row;
            fn split(self) -> (Vec<$row>, Option<String>) {
                (self.rows.0.items, self.marker)
            }
        }
    )*};
}

holders! {
    InstanceRows = "DBInstance", Instance;
    ClusterRows = "DBCluster", Cluster;
    SnapshotRows = "DBSnapshot", Snapshot;
    ClusterSnapshotRows = "DBClusterSnapshot", ClusterSnapshot;
    AutomatedRows = "DBInstanceAutomatedBackup", Automated;
    EventRows = "Event", Event;
    Categories = "EventCategory", String;
    Tags = "Tag", Tag;
    Replicas = "ReadReplicaDBInstanceIdentifier", String;
    Statuses = "DBInstanceStatusInfo", StatusInfo;
    Members = "DBClusterMember", Member;
    Replications = "DBInstanceAutomatedBackupsReplication", Replication;
    MeasuredRows = "member", MeasuredRow;
    Values = "member", String;
    ParameterGroups = "DBParameterGroup", ParameterGroup;
}

pages! {
    Instances = "DBInstances", InstanceRows, Instance;
    Clusters = "DBClusters", ClusterRows, Cluster;
    Snapshots = "DBSnapshots", SnapshotRows, Snapshot;
    ClusterSnapshots = "DBClusterSnapshots", ClusterSnapshotRows, ClusterSnapshot;
    AutomatedBackups = "DBInstanceAutomatedBackups", AutomatedRows, Automated;
    Events = "Events", EventRows, Event;
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ParameterGroup {
    #[serde(rename = "DBParameterGroupName")]
    name: Option<String>,
    #[serde(rename = "ParameterApplyStatus")]
    status: Option<String>,
}

/// A switch; off where nothing is said.
fn on(text: Option<&str>) -> bool {
    text.is_some_and(|t| t.trim().eq_ignore_ascii_case("true"))
}

/// A count or a size, where it is one: none of them is negative.
pub(super) fn whole(text: Option<&str>) -> Option<i64> {
    text?.trim().parse().ok().filter(|n| *n >= 0)
}

/// A size of what cannot be empty, such as a disk: 0 is none.
fn size(text: Option<&str>) -> Option<i64> {
    whole(text).filter(|n| *n > 0)
}

/// A switch, where it is said.
pub(super) fn maybe(text: Option<&str>) -> Option<bool> {
    text.map(|t| on(Some(t)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// The environment that a tag names.
fn environment(tags: &Tags) -> Option<String> {
    const KEYS: [&str; 3] = ["environment", "env", "stage"];
    let named = |key: &str| {
        let tag = tags.items.iter().find(|t| t.key.eq_ignore_ascii_case(key));
        tag.map(|t| text(Some(&t.value)))
    };
    KEYS.into_iter().find_map(named)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct StatusInfo {
    status_type: Option<String>,
    normal: Option<String>,
    status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Replication {
    #[serde(rename = "DBInstanceAutomatedBackupsArn")]
    arn: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Endpoint {
    address: Option<String>,
    port: Option<String>,
}

/// A port, where it is one.
fn port(text: Option<&str>) -> Option<u16> {
    text?.trim().parse().ok().filter(|n| *n > 0)
}

/// What waits for the maintenance window.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pending {
    #[serde(rename = "DBInstanceClass")]
    class: Option<String>,
    #[serde(rename = "AllocatedStorage")]
    storage: Option<String>,
    #[serde(rename = "EngineVersion")]
    version: Option<String>,
    #[serde(rename = "MultiAZ")]
    multi_az: Option<String>,
    #[serde(rename = "BackupRetentionPeriod")]
    retention: Option<String>,
    #[serde(rename = "StorageType")]
    storage_type: Option<String>,
    #[serde(rename = "CACertificateIdentifier")]
    authority: Option<String>,
    #[serde(rename = "MasterUserPassword")]
    password: Option<String>,
}

impl Pending {
    fn into_pairs(self) -> Vec<(String, String)> {
        // The vendor masks the password; not even that is kept.
        let password = self.password.map(|_| "changed".to_owned());
        let all = [
            ("class", self.class),
            ("storage", self.storage),
            ("version", self.version),
            ("multi-az", self.multi_az),
            ("retention", self.retention),
            ("storage type", self.storage_type),
            ("certificate authority", self.authority),
            ("password", password),
        ];
        all.into_iter()
            .filter_map(|(what, value)| Some((what.to_owned(), some_text(value.as_deref())?)))
            .collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Instance {
    #[serde(rename = "DBInstanceIdentifier")]
    id: String,
    #[serde(rename = "DBInstanceArn")]
    arn: Option<String>,
    dbi_resource_id: Option<String>,
    engine: Option<String>,
    engine_version: Option<String>,
    #[serde(rename = "DBInstanceClass")]
    class: Option<String>,
    #[serde(rename = "DBInstanceStatus")]
    status: Option<String>,
    #[serde(rename = "MultiAZ")]
    multi_az: Option<String>,
    availability_zone: Option<String>,
    secondary_availability_zone: Option<String>,
    allocated_storage: Option<String>,
    max_allocated_storage: Option<String>,
    storage_type: Option<String>,
    storage_encrypted: Option<String>,
    backup_retention_period: Option<String>,
    preferred_backup_window: Option<String>,
    preferred_maintenance_window: Option<String>,
    latest_restorable_time: Option<String>,
    instance_create_time: Option<String>,
    #[serde(rename = "ReadReplicaSourceDBInstanceIdentifier")]
    replica_of: Option<String>,
    #[serde(rename = "ReadReplicaDBInstanceIdentifiers")]
    replicas: Replicas,
    status_infos: Statuses,
    #[serde(rename = "DBClusterIdentifier")]
    cluster: Option<String>,
    performance_insights_enabled: Option<String>,
    publicly_accessible: Option<String>,
    deletion_protection: Option<String>,
    endpoint: Option<Endpoint>,
    #[serde(rename = "DBName")]
    database: Option<String>,
    pending_modified_values: Pending,
    #[serde(rename = "DBInstanceAutomatedBackupsReplications")]
    replications: Replications,
    #[serde(rename = "DBParameterGroups")]
    parameter_groups: ParameterGroups,
    tag_list: Tags,
}

impl Instance {
    pub(super) fn into_domain(self) -> Database {
        let replication = self.status_infos.items.iter().find(|s| {
            let kind = s.status_type.as_deref().unwrap_or_default();
            kind.eq_ignore_ascii_case("read replication")
        });
        // The sixth field of an ARN is what it names, the fourth its region.
        let region = |r: &Replication| text(r.arn.split(':').nth(3));
        let endpoint = self.endpoint.as_ref();
        let group = self.parameter_groups.items.first();
        Database {
            id: text(Some(&self.id)),
            arn: text(self.arn.as_deref()),
            resource_id: text(self.dbi_resource_id.as_deref()),
            engine: text(self.engine.as_deref()),
            version: text(self.engine_version.as_deref()),
            class: text(self.class.as_deref()),
            status: text(self.status.as_deref()),
            multi_az: on(self.multi_az.as_deref()),
            zone: text(self.availability_zone.as_deref()),
            standby_zone: some_text(self.secondary_availability_zone.as_deref()),
            storage_gib: size(self.allocated_storage.as_deref()),
            storage_limit_gib: size(self.max_allocated_storage.as_deref()),
            storage_type: text(self.storage_type.as_deref()),
            encrypted: on(self.storage_encrypted.as_deref()),
            parameter_group: group.and_then(|g| some_text(g.name.as_deref())),
            parameters: group.and_then(|g| some_text(g.status.as_deref())),
            retention_days: whole(self.backup_retention_period.as_deref()).unwrap_or(0),
            backup_window: text(self.preferred_backup_window.as_deref()),
            maintenance_window: text(self.preferred_maintenance_window.as_deref()),
            restorable_until: stamp(self.latest_restorable_time.as_deref()),
            created_at: stamp(self.instance_create_time.as_deref()),
            replica_of: some_text(self.replica_of.as_deref()),
            replicas: self.replicas.items.iter().map(|r| text(Some(r))).collect(),
            replication: replication.map(|s| {
                let status = text(s.status.as_deref());
                (status, on(s.normal.as_deref()))
            }),
            cluster: some_text(self.cluster.as_deref()),
            insights: on(self.performance_insights_enabled.as_deref()),
            public: maybe(self.publicly_accessible.as_deref()),
            protected: on(self.deletion_protection.as_deref()),
            host: endpoint.and_then(|e| some_text(e.address.as_deref())),
            port: endpoint.and_then(|e| port(e.port.as_deref())),
            database: some_text(self.database.as_deref()),
            pending: self.pending_modified_values.into_pairs(),
            replicated_to: self.replications.items.iter().map(region).collect(),
            environment: environment(&self.tag_list),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Cluster {
    #[serde(rename = "DBClusterIdentifier")]
    id: String,
    #[serde(rename = "DBClusterArn")]
    arn: Option<String>,
    engine: Option<String>,
    engine_version: Option<String>,
    status: Option<String>,
    #[serde(rename = "MultiAZ")]
    multi_az: Option<String>,
    #[serde(rename = "DBClusterMembers")]
    members: Members,
    storage_encrypted: Option<String>,
    backup_retention_period: Option<String>,
    preferred_backup_window: Option<String>,
    latest_restorable_time: Option<String>,
    deletion_protection: Option<String>,
    endpoint: Option<String>,
    port: Option<String>,
    database_name: Option<String>,
    #[serde(rename = "DBClusterParameterGroup")]
    parameter_group: Option<String>,
    tag_list: Tags,
}

impl Cluster {
    pub(super) fn into_domain(self) -> DbCluster {
        DbCluster {
            id: text(Some(&self.id)),
            arn: text(self.arn.as_deref()),
            engine: text(self.engine.as_deref()),
            version: text(self.engine_version.as_deref()),
            status: text(self.status.as_deref()),
            multi_az: on(self.multi_az.as_deref()),
            parameters_hold: member::held(&self.members.items),
            members: member::told(&self.members.items),
            encrypted: on(self.storage_encrypted.as_deref()),
            parameter_group: some_text(self.parameter_group.as_deref()),
            retention_days: whole(self.backup_retention_period.as_deref()).unwrap_or(0),
            backup_window: text(self.preferred_backup_window.as_deref()),
            restorable_until: stamp(self.latest_restorable_time.as_deref()),
            protected: on(self.deletion_protection.as_deref()),
            host: some_text(self.endpoint.as_deref()),
            port: port(self.port.as_deref()),
            database: some_text(self.database_name.as_deref()),
            environment: environment(&self.tag_list),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Snapshot {
    #[serde(rename = "DBSnapshotIdentifier")]
    pub(super) id: String,
    #[serde(rename = "DBSnapshotArn")]
    pub(super) arn: Option<String>,
    #[serde(rename = "DBInstanceIdentifier")]
    pub(super) of: Option<String>,
    pub(super) snapshot_type: Option<String>,
    pub(super) snapshot_create_time: Option<String>,
    pub(super) original_snapshot_create_time: Option<String>,
    pub(super) status: Option<String>,
    pub(super) percent_progress: Option<String>,
    pub(super) encrypted: Option<String>,
    pub(super) full_snapshot_size_in_bytes: Option<String>,
    #[serde(rename = "SourceDBSnapshotIdentifier")]
    pub(super) source: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ClusterSnapshot {
    #[serde(rename = "DBClusterSnapshotIdentifier")]
    pub(super) id: String,
    #[serde(rename = "DBClusterSnapshotArn")]
    pub(super) arn: Option<String>,
    #[serde(rename = "DBClusterIdentifier")]
    pub(super) of: Option<String>,
    pub(super) snapshot_type: Option<String>,
    pub(super) snapshot_create_time: Option<String>,
    pub(super) status: Option<String>,
    pub(super) percent_progress: Option<String>,
    pub(super) storage_encrypted: Option<String>,
    #[serde(rename = "SourceDBClusterSnapshotArn")]
    pub(super) source: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RestoreWindow {
    pub(super) latest_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Automated {
    #[serde(rename = "DBInstanceIdentifier")]
    pub(super) of: String,
    #[serde(rename = "DBInstanceAutomatedBackupsArn")]
    pub(super) arn: Option<String>,
    pub(super) region: Option<String>,
    pub(super) status: Option<String>,
    pub(super) encrypted: Option<String>,
    pub(super) restore_window: RestoreWindow,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "SourceIdentifier")]
    pub(super) source: Option<String>,
    #[serde(rename = "SourceType")]
    pub(super) kind: Option<String>,
    #[serde(rename = "Message")]
    pub(super) message: Option<String>,
    #[serde(rename = "EventCategories")]
    pub(super) categories: Categories,
    #[serde(rename = "Date")]
    pub(super) date: Option<String>,
}

/// GetMetricData.
#[derive(Debug, Deserialize)]
pub(super) struct Measured {
    #[serde(rename = "MetricDataResults")]
    pub(super) results: Required<MeasuredRows>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct MeasuredRow {
    pub(super) id: String,
    pub(super) values: Values,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Vec<Database> {
        let text = format!("<R><DBInstances>{inside}</DBInstances><Marker>m</Marker></R>");
        let page: Instances = quick_xml::de::from_str(&text).unwrap();
        let (rows, marker) = page.split();
        assert_eq!(marker.as_deref(), Some("m"));
        rows.into_iter().map(Instance::into_domain).collect()
    }

    #[test]
    fn an_instance_is_read_whole_and_its_password_is_not() {
        let rows = read(
            "<DBInstance><DBInstanceIdentifier>a\u{202e}b</DBInstanceIdentifier><MultiAZ>true</MultiAZ>\
            <StorageEncrypted>True</StorageEncrypted><AllocatedStorage>100</AllocatedStorage>\
            <BackupRetentionPeriod>14</BackupRetentionPeriod><LatestRestorableTime>2026-11-26T03:00:00.500Z</LatestRestorableTime>\
            <StatusInfos><DBInstanceStatusInfo><StatusType>read replication</StatusType><Normal>false</Normal>\
            <Status>error</Status></DBInstanceStatusInfo></StatusInfos>\
            <ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>r1</ReadReplicaDBInstanceIdentifier>\
            <ReadReplicaDBInstanceIdentifier>r2</ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>\
            <PendingModifiedValues><DBInstanceClass>db.r6g.xlarge</DBInstanceClass><MasterUserPassword>hidden</MasterUserPassword>\
            </PendingModifiedValues><TagList><Tag><Key>Env</Key><Value>prod</Value></Tag></TagList>\
            <DBInstanceAutomatedBackupsReplications><DBInstanceAutomatedBackupsReplication><DBInstanceAutomatedBackupsArn>\
            arn:aws:rds:eu-west-1:1:auto-backup:ab-x</DBInstanceAutomatedBackupsArn></DBInstanceAutomatedBackupsReplication>\
            </DBInstanceAutomatedBackupsReplications><Unknown><Deep/></Unknown></DBInstance>",
        );
        let d = &rows[0];
        assert!(!d.id.contains('\u{202e}'), "{:?}", d.id);
        assert!(d.multi_az && d.encrypted && !d.insights);
        assert_eq!(d.public, None, "it was left out");
        assert_eq!((d.storage_gib, d.retention_days), (Some(100), 14));
        assert_eq!(d.restorable_until.unwrap().as_millisecond() % 1_000, 500);
        assert_eq!(d.replication, Some(("error".into(), false)));
        assert_eq!(d.replicas, ["r1", "r2"]);
        assert_eq!(d.replicated_to, ["eu-west-1"]);
        assert_eq!(d.environment.as_deref(), Some("prod"));
        let pending = [("class", "db.r6g.xlarge"), ("password", "changed")];
        let pending = pending.map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(d.pending, pending);
    }

    #[test]
    fn what_is_empty_or_left_out_is_nothing_and_no_failure() {
        let rows = read(
            "<DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier><ReadReplicaSourceDBInstanceIdentifier/>\
            <ReadReplicaDBInstanceIdentifiers/><StatusInfos/><PendingModifiedValues/><TagList/><LatestRestorableTime/>\
            <AllocatedStorage/><MaxAllocatedStorage>-9223372036854775808</MaxAllocatedStorage><BackupRetentionPeriod>-1\
            </BackupRetentionPeriod><Endpoint/></DBInstance>",
        );
        let d = &rows[0];
        assert!(d.stands_alone() && d.replicas.is_empty() && d.pending.is_empty());
        assert_eq!(
            (d.restorable_until, d.storage_gib, &d.host),
            (None, None, &None)
        );
        assert_eq!((d.storage_limit_gib, d.retention_days), (None, 0));
        let rows = read(
            "<DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier><AllocatedStorage>0</AllocatedStorage></DBInstance>",
        );
        assert_eq!(rows[0].storage_gib, None, "no disk is that small");
        assert!(read("").is_empty());
    }
}
