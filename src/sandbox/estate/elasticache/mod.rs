//! ElastiCache (API version 2015-02-02, AWS Query): replication groups, their nodes, serverless caches, events, snapshots, and a test
//! failover.

mod group;
mod serverless;
mod show;
mod story;

use crate::wire::{ApiError, Node, list, map};
use crate::world::World;
use group::{Group, Snapshot};

/// Minutes for which events are kept: 14 days.
const KEPT_MINUTES: i64 = 14 * 24 * 60;
/// Minutes that are shown where the question does not say.
const SHOWN_MINUTES: i64 = 60;
/// Story seconds that a failover takes.
const FAILOVER_S: f64 = 25.0;

/// Something that happened.
#[derive(Debug)]
struct Event {
    at: f64,
    source: String,
    kind: &'static str,
    message: String,
}

/// Every cache.
#[derive(Debug, Default)]
pub struct Caches {
    groups: Vec<Group>,
    events: Vec<Event>,
    manual: Vec<Snapshot>,
    serverless: serverless::All,
}

impl Caches {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        if told {
            story::tell(world.stamp())
        } else {
            Self::default()
        }
    }

    /// Ends failovers whose time has come.
    pub fn step(&mut self, world: &World) {
        let (now, story) = (world.stamp(), world.story_time());
        for group in &mut self.groups {
            let Some((since, to)) = group.failing else {
                continue;
            };
            if story - since < FAILOVER_S {
                continue;
            }
            let name = |n: usize| group.nodes.get(n).map_or("", |n| n.id.as_str());
            let (from, next) = (name(group.primary).to_owned(), name(to).to_owned());
            group.primary = to;
            group.failing = None;
            let said = |source: &str, kind, message: String| Event {
                at: now,
                source: source.to_owned(),
                kind,
                message,
            };
            self.events.push(said(
                &group.id,
                "replication-group",
                format!("Failover from primary node {from} to replica node {next} completed"),
            ));
            self.events.push(said(
                &from,
                "cache-cluster",
                "Finished recovery for cache nodes 0001".to_owned(),
            ));
        }
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &World,
    ) -> Result<Node, ApiError> {
        match operation {
            "DescribeReplicationGroups" => self.describe_groups(input),
            "DescribeCacheClusters" => self.describe_clusters(input),
            "DescribeEvents" => self.describe_events(input, world.stamp()),
            "DescribeSnapshots" => self.describe_snapshots(input, world.stamp()),
            "CreateServerlessCache" => self.serverless.create(input, world.stamp()),
            "DescribeServerlessCaches" => self.serverless.describe(input, world.stamp()),
            "DescribeServerlessCacheSnapshots" => self.serverless.snapshots(input),
            "CreateSnapshot" => self.create_snapshot(input, world.stamp()),
            "TestFailover" => self.test_failover(input, world),
            other => Err(ApiError::unknown_operation(other)),
        }
    }

    fn group(&self, id: &str) -> Result<&Group, ApiError> {
        let found = self.groups.iter().find(|g| g.id == id);
        found.ok_or_else(|| no_group(id))
    }

    fn describe_groups(&self, input: &Node) -> Result<Node, ApiError> {
        let chosen: Vec<&Group> = match input.get("ReplicationGroupId").as_text() {
            Some(id) => vec![self.group(id)?],
            None => self.groups.iter().collect(),
        };
        page("ReplicationGroups", chosen, input, Group::show)
    }

    fn describe_clusters(&self, input: &Node) -> Result<Node, ApiError> {
        let with_nodes = input.get("ShowCacheNodeInfo").as_bool() == Some(true);
        let alone = input
            .get("ShowCacheClustersNotInReplicationGroups")
            .as_bool()
            == Some(true);
        let all = self.groups.iter().filter(|_| !alone);
        let all = all.flat_map(|g| (0..g.nodes.len()).map(move |n| (g, n)));
        let chosen: Vec<(&Group, usize)> = match input.get("CacheClusterId").as_text() {
            Some(id) => {
                let mut one = all.filter(|(g, n)| g.nodes.get(*n).is_some_and(|n| n.id == id));
                vec![one.next().ok_or_else(|| no_cluster(id))?]
            }
            None => all.collect(),
        };
        page("CacheClusters", chosen, input, |(g, n)| {
            g.show_cluster(n, with_nodes)
        })
    }

    fn describe_events(&self, input: &Node, now: f64) -> Result<Node, ApiError> {
        let minutes = input.get("Duration").as_i64();
        if minutes.is_some_and(|m| !(1..=KEPT_MINUTES).contains(&m)) {
            let why = format!("The duration must be between 1 and {KEPT_MINUTES} minutes.");
            return Err(invalid(why));
        }
        let begins = now - minutes.unwrap_or(SHOWN_MINUTES) as f64 * 60.0;
        let from = input.get("StartTime").as_time().unwrap_or(begins);
        let to = input.get("EndTime").as_time().unwrap_or(now);
        let (source, kind) = (input.get("SourceIdentifier"), input.get("SourceType"));
        if source.as_text().is_some() && kind.as_text().is_none() {
            let why = "SourceType must be given with SourceIdentifier.";
            return Err(ApiError::new("InvalidParameterCombinationException", why));
        }
        let mut all: Vec<Event> = self
            .groups
            .iter()
            .flat_map(|g| g.snapshot_events(now))
            .collect();
        all.extend(self.events.iter().map(|e| Event {
            source: e.source.clone(),
            message: e.message.clone(),
            ..*e
        }));
        all.retain(|e| {
            let asked = |by: &Node, is: &str| by.as_text().is_none_or(|t| t == is);
            e.at >= from && e.at <= to && asked(source, &e.source) && asked(kind, e.kind)
        });
        all.sort_by(|a, b| a.at.total_cmp(&b.at));
        page("Events", all, input, |e| {
            map([
                ("SourceIdentifier", e.source.into()),
                ("SourceType", e.kind.into()),
                ("Message", e.message.into()),
                ("Date", Node::Time(e.at)),
            ])
        })
    }

    fn describe_snapshots(&self, input: &Node, now: f64) -> Result<Node, ApiError> {
        let mut all: Vec<(&Group, Snapshot)> = Vec::new();
        for group in &self.groups {
            all.extend(group.automatic(now).into_iter().map(|s| (group, s)));
            let manual = self.manual.iter().filter(|s| s.group == group.id);
            all.extend(manual.map(|s| (group, s.clone())));
        }
        let source = match input.get("SnapshotSource").as_text() {
            None => None,
            Some("system") => Some("automated"),
            Some("user") => Some("manual"),
            Some(other) => {
                return Err(invalid(format!(
                    "The snapshot source {other} is not valid."
                )));
            }
        };
        if let Some(id) = input.get("ReplicationGroupId").as_text() {
            self.group(id)?;
            all.retain(|(g, _)| g.id == id);
        }
        if let Some(name) = input.get("SnapshotName").as_text() {
            all.retain(|(_, s)| s.name == name);
            if all.is_empty() {
                let why = format!("Snapshot not found: {name}");
                return Err(ApiError::new("SnapshotNotFoundFault", why).with_status(404));
            }
        }
        all.retain(|(_, s)| source.is_none_or(|kind| s.source == kind));
        page("Snapshots", all, input, |(g, s)| s.show(g, now))
    }

    fn create_snapshot(&mut self, input: &Node, now: f64) -> Result<Node, ApiError> {
        let name = input.get("SnapshotName").as_text().unwrap_or_default();
        let group = input
            .get("ReplicationGroupId")
            .as_text()
            .unwrap_or_default();
        let group = self.group(group)?;
        if self.manual.iter().any(|s| s.name == name) {
            let why = format!("Snapshot with specified name already exists: {name}");
            return Err(ApiError::new("SnapshotAlreadyExistsFault", why));
        }
        let snapshot = Snapshot::manual(name, group, now);
        let shown = snapshot.show(group, now);
        self.manual.push(snapshot);
        Ok(map([("Snapshot", shown)]))
    }

    fn test_failover(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let id = input
            .get("ReplicationGroupId")
            .as_text()
            .unwrap_or_default();
        let shard = input.get("NodeGroupId").as_text().unwrap_or_default();
        let group = self.groups.iter_mut().find(|g| g.id == id);
        let group = group.ok_or_else(|| no_group(id))?;
        if shard != "0001" {
            let why = format!("Node group {shard} not found");
            return Err(ApiError::new("NodeGroupNotFoundFault", why).with_status(404));
        }
        if !group.failover {
            let why = "TestFailover is available with automatic failover enabled alone.";
            return Err(ApiError::new("TestFailoverNotAvailableFault", why));
        }
        if group.failing.is_some() {
            let why = format!("Replication group {id} is not in available state.");
            return Err(ApiError::new("InvalidReplicationGroupState", why));
        }
        let next = (group.primary + 1) % group.nodes.len().max(1);
        group.failing = Some((world.story_time(), next));
        self.events.push(Event {
            at: world.stamp(),
            source: id.to_owned(),
            kind: "replication-group",
            message: format!("Test Failover API called for node group {shard}"),
        });
        Ok(map([("ReplicationGroup", group.show())]))
    }
}

/// One page of a list: `MaxRecords` from 20 to 100, and the place to go on from as `Marker`.
fn page<T>(
    name: &str,
    all: Vec<T>,
    input: &Node,
    show: impl Fn(T) -> Node,
) -> Result<Node, ApiError> {
    let size = input.get("MaxRecords").as_i64().unwrap_or(100);
    if !(20..=100).contains(&size) {
        return Err(invalid("MaxRecords must be between 20 and 100.".into()));
    }
    let size = usize::try_from(size).unwrap_or(100);
    let start: usize = match input.get("Marker").as_text() {
        None => 0,
        Some(marker) => marker
            .parse()
            .map_err(|_| invalid("The marker is not valid.".into()))?,
    };
    let end = start.saturating_add(size);
    let more = end < all.len();
    let shown = all.into_iter().skip(start).take(size).map(show);
    let page = map([(name, list(shown))]);
    Ok(if more {
        page.with("Marker", end.to_string())
    } else {
        page
    })
}

fn invalid(why: String) -> ApiError {
    ApiError::new("InvalidParameterValueException", why)
}

fn no_group(id: &str) -> ApiError {
    ApiError::new(
        "ReplicationGroupNotFoundFault",
        format!("ReplicationGroup {id} not found."),
    )
    .with_status(404)
}

fn no_cluster(id: &str) -> ApiError {
    ApiError::new(
        "CacheClusterNotFoundFault",
        format!("CacheCluster not found: {id}"),
    )
    .with_status(404)
}
