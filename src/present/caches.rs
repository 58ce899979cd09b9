//! Caches of ElastiCache: how each is protected, where its nodes are, how young its snapshots.

use jiff::Timestamp;

use serde_json::json;

use super::words::count;
use super::{Cell, Group, Head, Make, Section, Tone, View, firing};
use crate::domain::cache::{CacheGroup, Caches};
use crate::domain::facts::Facts;
use crate::domain::measured::{self, CacheMeasures};
use crate::domain::stores::is_ours;

pub(super) const VIEW: View = View {
    id: "caches",
    title: "Caches",
    doc: "ElastiCache: nodes and zones, serverless ones, memory, hit rate, evictions, failover, encryption, snapshots, events",
    group: Group::Data,
    lines: &["elasticache"],
    // Series are asked for once services, targets and alarms are known.
    needs: &["caches", "services", "targets", "alarms", "measures"],
    make: Make::Facts(make),
};

const GROUPS: &[Head] = &[
    Head::left("cache", 20).grow(2),
    Head::left("status", 10),
    Head::left("engine", 13).drop(2),
    Head::left("type", 15).drop(3),
    Head::right("nodes", 5),
    Head::right("zones", 5),
    Head::left("multi-az", 8),
    Head::left("failover", 8),
    Head::left("transit", 7),
    Head::left("rest", 5),
    Head::left("auth", 4).drop(1),
    Head::right("snapshot", 8),
];

const NODES: &[Head] = &[
    Head::left("node", 24).grow(2),
    Head::left("role", 8),
    Head::left("zone", 12).drop(2),
    Head::left("status", 10),
    Head::right("memory", 7),
    Head::right("hits", 7),
    Head::right("evicted", 8),
    Head::left("cache", 20).grow(1).drop(1),
];

const SNAPSHOTS: &[Head] = &[
    Head::left("snapshot", 30).grow(2),
    Head::left("of", 20).grow(1).drop(1),
    Head::right("age", 6),
    Head::left("taken", 10),
    Head::right("size", 9),
    Head::left("status", 10),
];

const EVENTS: &[Head] = &[
    Head::right("age", 6),
    Head::left("of", 22).drop(1),
    Head::left("what", 40).grow(3),
];

/// Events that are shown.
const MOST_EVENTS: usize = 20;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.caches;
    let section = |name, title, heads, empty| Section::of(part, now, name, title, heads, empty);
    let known = part.value.as_deref();
    let unread = known.is_some_and(|c| c.serverless_unseen().is_some());
    let mut groups = section(
        "caches",
        "Caches",
        GROUPS,
        match unread {
            true => "No caches with nodes in this account and region.",
            false => "No caches: ElastiCache has none in this account and region.",
        },
    );
    let mut nodes = section("nodes", "Nodes", NODES, "No nodes.");
    let mut snapshots = section(
        "snapshots",
        "Snapshots",
        SNAPSHOTS,
        "No snapshots: set a snapshot retention on the replication group.",
    );
    let mut events = section(
        "events",
        "Events, two weeks",
        EVENTS,
        "No events in two weeks.",
    );
    let none = Caches::default();
    let caches = part.value.as_deref().unwrap_or(&none);
    for why in &caches.unseen {
        // Said where it is missed: an empty list would be a lie.
        let section = match why.split(':').next() {
            Some(w) if w.starts_with("snapshots") => &mut snapshots,
            Some("events") => &mut events,
            _ => &mut groups,
        };
        section.note(format!("not seen: {why}"), Tone::Unknown);
    }
    let mut silent = false;
    for group in &caches.groups {
        let mut cells = cells(group, caches, now);
        // What production asks is not asked of another environment's.
        if !is_ours(None, &group.id, &facts.environment) {
            let asked = cells.iter_mut().skip(2);
            asked
                .filter(|c| c.tone.weight() >= Tone::Warn.weight())
                .for_each(|c| c.tone = Tone::Muted);
        }
        groups.row(&group.id, cells, group);
        for id in std::iter::once(&group.id).chain(group.nodes.iter().map(|n| &n.id)) {
            let alarms = firing::about(facts, "AWS/ElastiCache", id);
            firing::tell(&mut groups, id, &alarms, now);
        }
        let seen = measured::caches(facts, group, now);
        for (node, seen) in group.measured().iter().zip(seen) {
            let well = node.status.is_empty() || node.status == "available";
            silent |= seen == CacheMeasures::default();
            let cells = vec![
                Cell::name(&node.id),
                Cell::plain(&node.role),
                Cell::plain(&node.zone),
                Cell::new(&node.status, Tone::fine(well)),
                percent(seen.memory_percent),
                percent(seen.hit_percent),
                evicted(seen.evicted_per_min),
                Cell::muted(&group.id),
            ];
            let thing = json!({
                "id": node.id,
                "role": node.role,
                "zone": node.zone,
                "status": node.status,
                "cache": group.id,
                "memory_percent": seen.memory_percent,
                "hit_percent": seen.hit_percent,
                "evicted_per_min": seen.evicted_per_min,
            });
            nodes.row(&node.id, cells, &thing);
        }
    }
    if let Some(why) = unmeasured(facts, silent, now) {
        nodes.note(why, Tone::Muted);
    }
    let ours = |g: &&CacheGroup| is_ours(None, &g.id, &facts.environment);
    let short = caches.groups.iter().filter(ours);
    let short = short.filter(|g| !g.lacks().is_empty());
    let short = short.count();
    if short > 0 {
        groups.note(
            format!(
                "{} without all that production asks of one",
                count(short, "cache")
            ),
            Tone::Warn,
        );
    }
    for s in &caches.snapshots {
        let cells = vec![
            Cell::name(&s.name),
            Cell::plain(&s.of),
            Cell::ago(s.at, now),
            Cell::plain(if s.automatic { "by itself" } else { "by hand" }),
            Cell::plain(&s.size),
            Cell::new(&s.status, Tone::fine(s.status == "available")),
        ];
        snapshots.row(&s.name, cells, s);
    }
    for (n, e) in caches.events.iter().take(MOST_EVENTS).enumerate() {
        let cells = vec![
            Cell::ago(e.at, now),
            Cell::muted(&e.of),
            Cell::plain(&e.message),
        ];
        events.row(format!("{} {n}", e.at), cells, e);
    }
    vec![groups, nodes, snapshots, events]
}

/// Why memory, hits and evictions of some nodes are not shown.
fn unmeasured(facts: &Facts, silent: bool, now: Timestamp) -> Option<String> {
    if !silent {
        return None;
    }
    let part = &facts.series;
    Some(match (part.fresh(now), &part.error) {
        (Some(_), _) => "a dash: CloudWatch has no points of it in the last minutes".into(),
        (None, Some(problem)) => format!("memory, hits and evictions not read: {}", problem.why),
        (None, None) => "memory, hits and evictions: asking ...".into(),
    })
}

fn percent(value: Option<f64>) -> Cell {
    Cell::plain(value.map_or_else(|| "-".into(), |v| format!("{v:.1} %")))
}

/// What is thrown out for want of memory was wanted.
fn evicted(a_minute: Option<f64>) -> Cell {
    match a_minute {
        None => Cell::plain("-"),
        Some(n) if n <= 0.0 => Cell::plain("none"),
        Some(n) => Cell::new(format!("{n:.1}/min"), Tone::Warn),
    }
}

fn cells(g: &CacheGroup, caches: &Caches, now: Timestamp) -> Vec<Cell> {
    let newest = caches.newest_snapshot(&g.id).and_then(|s| s.at);
    let zones = g.zones().len();
    vec![
        Cell::name(&g.id),
        Cell::new(&g.status, Tone::good(g.status == "available")),
        Cell::plain(format!("{} {}", g.engine, g.version)),
        Cell::muted(&g.node_type),
        match g.serverless {
            true => Cell::muted("-"),
            false => Cell::new(g.nodes.len().to_string(), Tone::fine(g.nodes.len() > 1)),
        },
        match g.serverless {
            true => Cell::muted("-"),
            false => Cell::new(zones.to_string(), Tone::fine(zones > 1)),
        },
        Cell::on(g.multi_az),
        Cell::on(g.failover),
        Cell::on(g.in_transit),
        Cell::on(g.at_rest),
        Cell::on(g.auth),
        Cell::ago(newest, now).toned(Tone::fine(newest.is_some() || g.retention_days == 0)),
    ]
}
