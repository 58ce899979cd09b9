//! Databases of Amazon RDS: instances, clusters, what happened to them, and which statements load them.

use jiff::Timestamp;
use serde::Serialize;

/// Milliseconds that one call of a statement may take, unless the plan says otherwise.
pub const STATEMENT_BUDGET_MS: f64 = 250.0;

/// What there is in the region.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Databases {
    /// Region.
    pub region: String,
    /// Instances, by name; members of clusters among them.
    pub instances: Vec<Database>,
    /// Clusters, by name.
    pub clusters: Vec<DbCluster>,
}

/// The parameter groups that an instance has, and its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The instance's.
    pub own: Option<String>,
    /// That of its cluster.
    pub cluster: Option<String>,
}

impl Databases {
    /// The parameter groups that decide what holds for an instance.
    pub fn groups(&self, d: &Database) -> Groups {
        let mut clusters = self.clusters.iter();
        let cluster = clusters.find(|c| d.cluster.as_ref() == Some(&c.id));
        Groups {
            own: d.parameter_group.clone(),
            cluster: cluster.and_then(|c| c.parameter_group.clone()),
        }
    }

    /// Whether what an instance's group, or that of its cluster, says holds from its next restart on; of a member whose cluster does not
    /// tell, as well.
    pub fn waits(&self, d: &Database, of_cluster: bool) -> bool {
        let holds = |c: &DbCluster| c.parameters_hold.contains(&d.id);
        let mut mine = self
            .clusters
            .iter()
            .filter(|c| d.cluster.as_ref() == Some(&c.id));
        d.waits_for_restart() || (of_cluster && !mine.any(holds))
    }
}

/// A database instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Database {
    /// Name.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// What Performance Insights knows it by.
    pub resource_id: String,
    /// Engine, such as `postgres`.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// Class, such as `db.r6g.large`.
    pub class: String,
    /// State in the vendor's words: `available`, `backing-up`, `rebooting` ...
    pub status: String,
    /// Whether a standby waits in another zone.
    pub multi_az: bool,
    /// Zone.
    pub zone: String,
    /// Zone of the standby.
    pub standby_zone: Option<String>,
    /// Size of the disk, gibibytes.
    pub storage_gib: Option<i64>,
    /// How far the disk grows by itself, gibibytes.
    pub storage_limit_gib: Option<i64>,
    /// Kind of disk, such as `gp3`.
    pub storage_type: String,
    /// Whether the disk is encrypted.
    pub encrypted: bool,
    /// Its parameter group.
    pub parameter_group: Option<String>,
    /// Whether the group's parameters hold, in the vendor's words: `in-sync`, `pending-reboot` ...
    pub parameters: Option<String>,
    /// Days that automated backups are kept; 0: none are made.
    pub retention_days: i64,
    /// Daily window of backups, UTC.
    pub backup_window: String,
    /// Weekly window of maintenance, UTC.
    pub maintenance_window: String,
    /// The last moment that it can be restored to (UTC).
    pub restorable_until: Option<Timestamp>,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
    /// The instance that it replicates.
    pub replica_of: Option<String>,
    /// Its replicas.
    pub replicas: Vec<String>,
    /// State of the replication in the vendor's words, for a replica, and whether that is normal.
    pub replication: Option<(String, bool)>,
    /// The cluster that it belongs to.
    pub cluster: Option<String>,
    /// Whether Performance Insights is on.
    pub insights: bool,
    /// Whether it can be reached from the internet; `None`: the answer did not say.
    pub public: Option<bool>,
    /// Whether it cannot be deleted by mistake.
    pub protected: bool,
    /// Host name.
    pub host: Option<String>,
    /// Port that it listens on.
    pub port: Option<u16>,
    /// Name of the database that it was made with.
    pub database: Option<String>,
    /// Changes that wait for the maintenance window: what, and to which value.
    pub pending: Vec<(String, String)>,
    /// Regions that its automated backups are replicated to.
    pub replicated_to: Vec<String>,
    /// The environment that a tag (`environment`, `env`, `stage`) names.
    pub environment: Option<String>,
}

impl Database {
    /// Whether it serves, though a backup or the like may be under way (Amazon RDS user guide, "Viewing Amazon RDS DB instance
    /// status": in these states the instance can be used).
    pub fn is_serving(&self) -> bool {
        matches!(
            self.status.as_str(),
            "available"
                | "backing-up"
                | "configuring-enhanced-monitoring"
                | "configuring-iam-database-auth"
                | "configuring-log-exports"
                | "resetting-master-credentials"
                | "storage-initialization"
                | "storage-optimization"
                | "storage-config-upgrade"
        )
    }

    /// Whether it may serve or not: most changes leave it at work, some restart it, and its state does not tell which of them goes on.
    pub fn may_serve(&self) -> bool {
        matches!(self.status.as_str(), "modifying" | "maintenance")
    }

    /// Whether parameters of its group hold from its next restart on.
    pub fn waits_for_restart(&self) -> bool {
        self.parameters.as_deref() == Some("pending-reboot")
    }

    /// Whether it stands by itself: no replica, no member of a cluster.
    pub fn stands_alone(&self) -> bool {
        self.replica_of.is_none() && self.cluster.is_none()
    }
}

/// A cluster: its storage is shared by its instances.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DbCluster {
    /// Name.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// Engine, such as `aurora-postgresql`.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// State in the vendor's words.
    pub status: String,
    /// Whether its instances stand in several zones.
    pub multi_az: bool,
    /// Instances, and whether each writes.
    pub members: Vec<(String, bool)>,
    /// Whether its storage is encrypted.
    pub encrypted: bool,
    /// Its cluster parameter group.
    pub parameter_group: Option<String>,
    /// Members for which that holds already, not from their next restart on.
    pub parameters_hold: Vec<String>,
    /// Days that automated backups are kept.
    pub retention_days: i64,
    /// Daily window of backups, UTC.
    pub backup_window: String,
    /// The last moment that it can be restored to (UTC).
    pub restorable_until: Option<Timestamp>,
    /// Whether it cannot be deleted by mistake.
    pub protected: bool,
    /// Host name of whichever instance writes.
    pub host: Option<String>,
    /// Port that it listens on.
    pub port: Option<u16>,
    /// Name of the database that it was made with.
    pub database: Option<String>,
    /// The environment that a tag names.
    pub environment: Option<String>,
}

/// What a database measures of itself, each with its latest point.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DbVitals {
    /// The instance.
    pub id: String,
    /// Open connections.
    pub connections: Option<f64>,
    /// Seconds that a replica is behind.
    pub lag_s: Option<f64>,
    /// Processor in use, percent.
    pub cpu_percent: Option<f64>,
    /// Free disk, bytes.
    pub free_bytes: Option<f64>,
    /// Mean time of a read from its disk, milliseconds.
    pub read_ms: Option<f64>,
    /// Mean time of a write to its disk, milliseconds.
    pub write_ms: Option<f64>,
}

/// Something that happened to a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DbEvent {
    /// When (UTC).
    pub at: Option<Timestamp>,
    /// The instance, cluster or snapshot.
    pub source: String,
    /// What that is, in the vendor's words: `db-instance`.
    pub kind: String,
    /// Categories, in the vendor's words.
    pub categories: Vec<String>,
    /// What happened.
    pub message: String,
}

impl DbEvent {
    /// Whether it says that something went wrong or away.
    pub fn is_trouble(&self) -> bool {
        const TROUBLE: [&str; 4] = ["failure", "failover", "low storage", "security"];
        self.categories
            .iter()
            .any(|c| TROUBLE.contains(&c.as_str()))
    }
}

/// A statement as Performance Insights counts it: with its values taken out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statement {
    /// The instance.
    pub database: String,
    /// The vendor's id of it.
    pub id: String,
    /// The statement.
    pub text: String,
    /// Average number of sessions that it keeps busy.
    pub load: f64,
    /// Calls a second.
    pub calls_per_second: Option<f64>,
    /// Milliseconds of a call.
    pub mean_ms: Option<f64>,
    /// Rows of a call.
    pub rows_per_call: Option<f64>,
}

/// The statements that load the databases most, over a window that ended when it was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TopStatements {
    /// Seconds of the window.
    pub window_s: u64,
    /// Instances that were asked, and those that Performance Insights does not watch.
    pub watched: Vec<String>,
    /// Instances without Performance Insights.
    pub unwatched: Vec<String>,
    /// Instances with it that were not asked for their state, and that state.
    pub unasked: Vec<(String, String)>,
    /// Statements that were asked how long they take, and did not tell.
    pub untimed: usize,
    /// Biggest load first, over all instances.
    pub statements: Vec<Statement>,
}

/// What an environment's name says it is, in one word for its many spellings; `None` where it says nothing.
fn kind_of_environment(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| match word {
        "production" | "prod" | "prd" | "live" => Some("production"),
        "staging" | "stage" | "stg" | "preprod" => Some("staging"),
        "development" | "dev" => Some("development"),
        "test" | "testing" | "qa" => Some("test"),
        _ => None,
    })
}

/// Whether a thing tagged for an environment belongs to the one that is looked at. Without a tag, and where either name says
/// nothing, it does: what is not known to be elsewhere's counts.
pub fn belongs(tagged: Option<&str>, environment: &str) -> bool {
    match (
        tagged.and_then(kind_of_environment),
        kind_of_environment(environment),
    ) {
        (Some(its), Some(ours)) => its == ours,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tagged_for_another_environment_is_not_ours() {
        assert!(!belongs(Some("staging"), "laser-prod"));
        assert!(!belongs(Some("dev"), "production"));
        assert!(belongs(Some("prod"), "production"));
        assert!(belongs(None, "production"));
        assert!(belongs(Some("blue"), "production"));
        assert!(belongs(Some("staging"), "default"));
    }
}
