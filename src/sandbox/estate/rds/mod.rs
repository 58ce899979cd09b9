//! Amazon RDS (Query API 2014-10-31): database instances, clusters, their snapshots and automated backups in two regions, and
//! what happened to them. Databases take their time: stories of states, counted in story seconds.

mod automated;
mod change;
mod cluster;
mod events;
mod instance;
mod modify;
mod parameters;
mod read;
mod restore;
mod snapshot;
mod story;

pub use instance::Instance;
pub use snapshot::{Kind, Snapshot};

use crate::wire::{ApiError, Node, list, map};
use crate::world::{World, names};

use cluster::Cluster;
use events::Event;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// Every database of the account, in both regions.
#[derive(Debug, Default)]
pub struct Databases {
    /// Instances, members of clusters among them.
    pub instances: Vec<Instance>,
    clusters: Vec<Cluster>,
    /// Snapshots of instances and of clusters, oldest first.
    pub snapshots: Vec<Snapshot>,
    events: Vec<Event>,
    /// Wall-clock time up to which the daily backups are made.
    backed_up: f64,
    /// How many names were given out.
    named: u32,
}

/// A moment: what stamps are made of, and what durations are counted in.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Wall-clock time, seconds since 1970.
    pub stamp: f64,
    /// Seconds of the story.
    pub story: f64,
}

impl Now {
    /// The world's.
    pub fn of(world: &World) -> Self {
        Self {
            stamp: world.stamp(),
            story: world.story_time(),
        }
    }
}

impl Databases {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        let mut all = Self {
            backed_up: world.stamp(),
            ..Self::default()
        };
        if told {
            story::tell(&mut all, Now::of(world));
        }
        all
    }

    /// Lets time go on: states move, daily backups are made and old ones are thrown away.
    pub fn step(&mut self, world: &World) {
        let now = Now::of(world);
        self.move_instances(now);
        self.move_snapshots(now);
        self.make_daily(now);
        self.forget(now);
    }

    /// Answers an operation asked in a region.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        region: &str,
        world: &World,
    ) -> Result<Node, ApiError> {
        let now = Now::of(world);
        match operation {
            "DescribeDBInstances" => self.describe_instances(input, region, now),
            "DescribeDBClusters" => self.describe_clusters(input, region, now),
            "DescribeDBSnapshots" => self.describe_snapshots(input, region, false),
            "DescribeDBClusterSnapshots" => self.describe_snapshots(input, region, true),
            "DescribeEvents" => self.describe_events(input, region, now),
            "DescribeDBInstanceAutomatedBackups" => self.describe_automated(input, region, now),
            "DescribePendingMaintenanceActions" => self.describe_maintenance(input, region, now),
            "DescribeDBParameters" => self.describe_parameters(input, region, false),
            "DescribeDBClusterParameters" => self.describe_parameters(input, region, true),
            "ListTagsForResource" => self.tags(input),
            "CreateDBSnapshot" => self.create_snapshot(input, region, now),
            "CreateDBClusterSnapshot" => self.create_cluster_snapshot(input, region, now),
            "CopyDBSnapshot" => self.copy_asked(input, region, now, false),
            "CopyDBClusterSnapshot" => self.copy_asked(input, region, now, true),
            "DeleteDBSnapshot" => self.delete_snapshot(input, region, now, false),
            "DeleteDBClusterSnapshot" => self.delete_snapshot(input, region, now, true),
            "RestoreDBInstanceFromDBSnapshot" => self.restore_from_snapshot(input, region, now),
            "RestoreDBInstanceToPointInTime" => self.restore_to_point(input, region, now),
            "ModifyDBInstance" => self.modify(input, region, now),
            "RebootDBInstance" => self.reboot(input, region, now),
            "PromoteReadReplica" => self.promote(input, region, now),
            "FailoverDBCluster" => self.fail_over(input, region, now),
            "DeleteDBInstance" => self.delete_instance(input, region, now),
            other => Err(ApiError::unknown_operation(other)),
        }
    }

    /// An id that nothing else has: the same from run to run.
    fn fresh(&mut self) -> u32 {
        self.named += 1;
        self.named
    }
}

/// An ARN of RDS.
fn arn(region: &str, kind: &str, name: &str) -> String {
    format!("arn:aws:rds:{region}:{}:{kind}:{name}", names::ACCOUNT)
}

/// The key that everything of a region is encrypted with.
fn key(region: &str) -> String {
    let id = if region == names::REGION {
        "5b1d7f0e-0f4e-4c1c-9a55-3d2f6a9e7c10"
    } else {
        "c04f2b6a-7d1e-4a86-8f0b-91e7d3a5b2c4"
    };
    format!("arn:aws:kms:{region}:{}:key/{id}", names::ACCOUNT)
}

/// A resource id as the vendor makes them: a prefix and 26 capital letters and digits, the same for the same name.
fn resource_id(prefix: &str, name: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in name.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let letters = (0..26).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(*LETTERS.get((state >> 59) as usize).unwrap_or(&b'A'))
    });
    format!("{prefix}-{}", letters.collect::<String>())
}

/// Tags of what has a name: which environment it is for, and whose it is.
fn tags(name: &str) -> Node {
    let environment = if name.contains("staging") {
        "staging"
    } else {
        "production"
    };
    let tag = |key: &str, value: &str| map([("Key", key.into()), ("Value", value.into())]);
    list([tag("environment", environment), tag("owner", "laser")])
}

/// The caller names what is not there.
fn missing(code: &str, words: String) -> ApiError {
    ApiError::new(code, words).with_status(404)
}

/// A parameter that must be there.
fn required<'a>(input: &'a Node, name: &str) -> Result<&'a str, ApiError> {
    input.get(name).as_text().ok_or_else(|| {
        let why = format!("The request must contain the parameter {name}.");
        ApiError::new("MissingParameter", why)
    })
}

/// An identifier as the vendor takes them: letters, digits and single hyphens, a letter first.
fn identifier(name: &str, of: &str) -> Result<String, ApiError> {
    let hyphens = name.ends_with('-') || name.contains("--");
    let letters = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if letters && rest && !hyphens && name.len() <= 255 {
        return Ok(name.to_ascii_lowercase());
    }
    let why = format!(
        "The parameter {of} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    );
    Err(ApiError::new("InvalidParameterValue", why))
}

/// A page of a list: what `MaxRecords` and `Marker` ask for, as a reply.
fn page(input: &Node, called: &'static str, all: &[Node], least: usize) -> Result<Node, ApiError> {
    let most = input.get("MaxRecords").as_i64().unwrap_or(100);
    let size = usize::try_from(most).unwrap_or(0);
    if !(least..=100).contains(&size) {
        let why = format!("Invalid value {most} for MaxRecords. Must be between {least} and 100");
        return Err(ApiError::new("InvalidParameterValue", why));
    }
    let marker = input.get("Marker").as_text();
    let start: usize = match marker.map(str::parse) {
        None => 0,
        Some(Ok(n)) if n <= all.len() => n,
        Some(_) => {
            let why = "The parameter Marker is not a valid value.";
            return Err(ApiError::new("InvalidParameterValue", why));
        }
    };
    let end = all.len().min(start + size);
    let items = all.get(start..end).unwrap_or_default().to_vec();
    let next = (end < all.len()).then(|| end.to_string());
    Ok(Node::Map(vec![
        ("Marker".into(), next.into()),
        (called.into(), Node::List(items)),
    ]))
}

/// Whether something passes the request's filters. `value` tells what a filter's name means.
fn passes<'a>(
    input: &Node,
    known: &[&str],
    value: impl Fn(&str) -> &'a str,
) -> Result<bool, ApiError> {
    for filter in input.get("Filters").as_list() {
        let name = filter.get("Name").as_str().unwrap_or_default();
        if !known.contains(&name) {
            let why = format!("Unrecognized filter name: {name}");
            return Err(ApiError::new("InvalidParameterValue", why));
        }
        let is = value(name);
        // Names may be given as ARNs.
        let same = |wanted: &&str| *wanted == is || wanted.rsplit(':').next() == Some(is);
        if !filter.get("Values").as_strs().iter().any(same) {
            return Ok(false);
        }
    }
    Ok(true)
}
