//! Databases: instances, clusters, what happened to them.

use jiff::Timestamp;
use serde::Serialize;

use super::words::{bytes, count, span};
use super::{Cell, Group, Head, Make, Section, Tone, View, firing};
use crate::domain::database::{Database, DbCluster, DbEvent, DbVitals};
use crate::domain::facts::Facts;
use crate::domain::stores::is_ours;
use crate::domain::told::Told;
use crate::domain::transit::DbTransit;

pub(super) const VIEW: View = View {
    id: "databases",
    title: "Databases",
    doc: "Instances and clusters of RDS: state, zones, replicas, disk, connections, backups; and their events",
    group: Group::Data,
    lines: &["rds"],
    needs: &[
        "databases",
        "db_vitals",
        "db_transit",
        "db_events",
        "alarms",
    ],
    make: Make::Facts(make),
};

const HEADS: &[Head] = &[
    Head::left("database", 20).grow(2),
    Head::left("state", 11),
    Head::left("role", 10).grow(1),
    Head::left("engine", 15).drop(3),
    Head::left("class", 14).drop(3),
    Head::left("zones", 7),
    Head::right("disk", 8).drop(4),
    Head::right("free", 8).drop(5),
    Head::right("conns", 6),
    Head::right("lag", 6),
    Head::right("kept", 5),
    Head::left("window", 12).drop(6),
    Head::left("encrypted", 9).drop(1),
    Head::left("tls", 8).drop(2),
    Head::left("address", 8).drop(7),
];

/// Which of them is the one of connections.
const CONNS: usize = 8;

const CLUSTER_HEADS: &[Head] = &[
    Head::left("cluster", 16).grow(2),
    Head::left("state", 10),
    Head::left("engine", 22).drop(1),
    Head::left("instances", 14).grow(2),
    Head::left("zones", 7),
    Head::right("kept", 5),
    Head::left("window", 12).drop(2),
    Head::left("encrypted", 9),
    Head::left("tls", 8),
];

const EVENT_HEADS: &[Head] = &[
    Head::right("when", 6),
    Head::left("of", 24).grow(1),
    Head::left("about", 20).drop(1),
    Head::left("what", 40).grow(3),
];

/// Events shown.
const EVENTS: usize = 60;
/// Seconds that a replica may be behind before it is said.
const LAG_S: f64 = 30.0;

/// Everything known of an instance.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    database: &'a Database,
    vitals: Option<&'a DbVitals>,
    transit: Option<&'a DbTransit>,
}

/// Everything known of a cluster.
#[derive(Serialize)]
struct ShownCluster<'a> {
    #[serde(flatten)]
    cluster: &'a DbCluster,
    transit: Option<&'a DbTransit>,
}

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    vec![
        instances(facts, now),
        clusters(facts, now),
        events(facts, now),
    ]
}

fn instances(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.databases;
    let empty = "No databases: RDS has none in this account and region.";
    let mut section = Section::of(part, now, "databases", "Databases", HEADS, empty);
    let known = part.value.as_deref();
    let vitals: &[DbVitals] = match &facts.estate.db_vitals.value {
        Some(all) => all,
        None => &[],
    };
    for d in known.iter().flat_map(|k| &k.instances) {
        let vitals = vitals.iter().find(|v| v.id == d.id);
        let ours = is_ours(d.environment.as_deref(), &d.id, &facts.environment);
        let alarms = firing::about(facts, "AWS/RDS", &d.id);
        firing::tell(&mut section, &d.id, &alarms, now);
        let mut cells = cells(d, vitals, ours, facts);
        let crowded = firing::on(&alarms, "DatabaseConnections");
        if let Some(cell) = cells.get_mut(CONNS).filter(|_| crowded) {
            cell.tone = Tone::Warn;
        }
        section.row(
            &d.id,
            cells,
            &Shown {
                database: d,
                vitals,
                transit: transit(facts, d.cluster.as_ref().unwrap_or(&d.id)),
            },
        );
        for (what, value) in &d.pending {
            section.note(
                format!(
                    "{}: {what} becomes {value} in the window {}",
                    d.id, d.maintenance_window
                ),
                Tone::Info,
            );
        }
    }
    if let Some(problem) = &facts.estate.db_vitals.error {
        section.note(
            format!(
                "connections and lag are not known: {}: {}",
                problem.what, problem.why
            ),
            Tone::Unknown,
        );
    }
    section
}

/// Whether a database, or a cluster, refuses connections in the clear.
fn transit<'a>(facts: &'a Facts, id: &str) -> Option<&'a DbTransit> {
    let known = facts.estate.db_transit.value.iter();
    known.flat_map(|all| all.iter()).find(|t| t.id == id)
}

fn refused(transit: Option<&DbTransit>, ours: bool) -> Cell {
    match transit.map(|t| &t.forced) {
        Some(Told::Set(true)) => Cell::plain("forced"),
        Some(Told::Set(false)) if ours => Cell::new("optional", Tone::Warn),
        Some(Told::Set(false)) => Cell::muted("optional"),
        Some(Told::Unset) => Cell::muted("-"),
        Some(Told::Unknown(_)) => Cell::new("?", Tone::Unknown),
        None => Cell::muted("?"),
    }
}

fn cells(d: &Database, vitals: Option<&DbVitals>, ours: bool, facts: &Facts) -> Vec<Cell> {
    let number = |n: Option<f64>| n.map_or_else(|| "-".into(), |n| format!("{n:.0}"));
    let lag = vitals.and_then(|v| v.lag_s);
    let two_zones = d.multi_az || !d.stands_alone() || !ours;
    let kept = d.retention_days > 0 || !d.stands_alone() || !ours;
    let disk = match d.storage_gib {
        Some(gib) if d.cluster.is_none() => format!("{gib} GiB"),
        _ => "-".into(),
    };
    let free = vitals.and_then(|v| v.free_bytes);
    // A tenth of the disk and less is little (unless the disk grows by itself).
    let little = match (free, d.storage_gib) {
        (Some(free), Some(gib)) => {
            free < gib as f64 * 107_374_182.4 && d.storage_limit_gib.is_none()
        }
        _ => false,
    };
    vec![
        Cell::name(&d.id),
        Cell::new(&d.status, state(&d.status, d.is_serving())),
        role(d, facts),
        Cell::plain(format!("{} {}", d.engine, d.version)),
        Cell::plain(&d.class),
        Cell::new(zones(d), Tone::fine(two_zones)),
        Cell::plain(disk),
        Cell::new(
            free.map_or_else(|| "-".into(), |f| bytes(f.max(0.0) as u64)),
            Tone::fine(!little),
        ),
        Cell::plain(number(vitals.and_then(|v| v.connections))),
        Cell::new(
            lag.map_or_else(|| "-".into(), |s| format!("{s:.1}s")),
            Tone::fine(lag.is_none_or(|s| s < LAG_S)),
        ),
        Cell::new(
            if d.stands_alone() {
                format!("{}d", d.retention_days)
            } else {
                "-".into()
            },
            Tone::fine(kept),
        ),
        Cell::muted(if d.stands_alone() {
            d.backup_window.as_str()
        } else {
            "-"
        }),
        Cell::on(d.encrypted),
        refused(transit(facts, d.cluster.as_ref().unwrap_or(&d.id)), ours),
        // A public address: its security groups alone stand between it and the world.
        match d.public {
            Some(true) => Cell::new("public", Tone::Bad),
            Some(false) => Cell::muted("private"),
            None => Cell::new("not told", Tone::Unknown),
        },
    ]
}

fn role(d: &Database, facts: &Facts) -> Cell {
    if let Some(of) = &d.replica_of {
        return match &d.replication {
            Some((status, normal)) if !normal => {
                Cell::new(format!("replica of {of}: {status}"), Tone::Bad)
            }
            _ => Cell::plain(format!("replica of {of}")),
        };
    }
    let Some(cluster) = &d.cluster else {
        return Cell::plain("primary");
    };
    let known = facts
        .estate
        .databases
        .value
        .iter()
        .flat_map(|k| &k.clusters);
    let writes = known
        .filter(|c| &c.id == cluster)
        .flat_map(|c| &c.members)
        .any(|(id, writes)| *id == d.id && *writes);
    Cell::plain(if writes { "writer" } else { "reader" })
}

/// The letters at the ends of its zones' names: `a + b`.
fn zones(d: &Database) -> String {
    let letter = |zone: &str| zone.chars().last().map(String::from).unwrap_or_default();
    match (&d.standby_zone, d.multi_az) {
        (Some(other), true) => format!("{} + {}", letter(&d.zone), letter(other)),
        (None, true) => "two".into(),
        _ => format!("{} alone", letter(&d.zone)),
    }
}

/// What a state of the vendor's means.
fn state(status: &str, serving: bool) -> Tone {
    match status {
        "available" => Tone::Ok,
        s if s.contains("fail")
            || s.contains("incompatible")
            || s.contains("inaccessible")
            || s == "storage-full" =>
        {
            Tone::Bad
        }
        "modifying" => Tone::Info,
        _ if serving => Tone::Info,
        _ => Tone::Warn,
    }
}

fn clusters(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.databases;
    let empty = "No clusters: every database stands by itself.";
    let mut section = Section::of(part, now, "clusters", "Clusters", CLUSTER_HEADS, empty);
    for c in part.value.iter().flat_map(|k| &k.clusters) {
        let ours = is_ours(c.environment.as_deref(), &c.id, &facts.environment);
        let told = transit(facts, &c.id);
        let mut cells = cluster(c);
        cells.push(refused(told, ours));
        let shown = ShownCluster {
            cluster: c,
            transit: told,
        };
        section.row(&c.id, cells, &shown);
    }
    section
}

fn cluster(c: &DbCluster) -> Vec<Cell> {
    let members = c.members.iter();
    let members: Vec<String> = members
        .map(|(id, writes)| format!("{id}{}", if *writes { " (writes)" } else { "" }))
        .collect();
    vec![
        Cell::name(&c.id),
        Cell::new(&c.status, state(&c.status, c.status == "backing-up")),
        Cell::plain(format!("{} {}", c.engine, c.version)),
        Cell::plain(members.join(", ")),
        Cell::new(
            if c.multi_az { "several" } else { "one" },
            Tone::fine(c.multi_az),
        ),
        Cell::new(
            format!("{}d", c.retention_days),
            Tone::fine(c.retention_days > 0),
        ),
        Cell::muted(&c.backup_window),
        Cell::on(c.encrypted),
    ]
}

fn events(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.db_events;
    let empty = "Nothing happened to a database in the last seven days.";
    let mut section = Section::of(part, now, "events", "Events", EVENT_HEADS, empty);
    let all: &[DbEvent] = part.value.as_ref().map_or(&[], |v| v.as_slice());
    for (n, e) in all.iter().take(EVENTS).enumerate() {
        // Events have no names of their own.
        let at = e.at.map(|at| at.as_millisecond()).unwrap_or_default();
        let tone = if e.is_trouble() {
            Tone::Warn
        } else {
            Tone::Plain
        };
        let cells = vec![
            Cell::ago(e.at, now).toned(Tone::Muted),
            Cell::name(&e.source),
            Cell::plain(e.categories.join(", ")),
            Cell::new(&e.message, tone),
        ];
        section.row(format!("{at} {} {n}", e.source), cells, e);
    }
    if all.len() > EVENTS {
        let oldest = all.last().and_then(|e| e.at);
        let since = oldest.map(|at| span(now.duration_since(at).as_secs()));
        let words = format!(
            "the newest {EVENTS} of {} in {}",
            count(all.len(), "event"),
            since.unwrap_or_default()
        );
        section.note(words, Tone::Muted);
    }
    section
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
    use crate::domain::database::Databases;
    use crate::domain::facts::ProviderHealth;
    use crate::domain::metric::{MetricId, MetricQuery, Stat};
    use crate::domain::part::Part;

    #[test]
    fn a_public_address_is_seen_on_the_page_and_among_what_is_not_safe() {
        let now = Timestamp::UNIX_EPOCH;
        let looked = |public: bool| {
            let instances = vec![Database {
                id: "main".into(),
                encrypted: true,
                public: Some(public),
                ..Database::default()
            }];
            let known = Arc::new(Databases {
                instances,
                ..Databases::default()
            });
            let mut facts = Facts::default();
            let period = std::time::Duration::from_secs(60);
            facts.estate.databases = Part::answered(known, now, "rds:DescribeDBInstances", period);
            facts.providers = vec![ProviderHealth {
                name: "rds".into(),
                last_ok: Some(now),
                problem: None,
                next_try: None,
                calls_per_minute: 0,
                metered: None,
                latency_ms: None,
                clock_s: None,
                configured: true,
            }];
            let address = HEADS.iter().position(|h| h.title == "address").unwrap();
            let tone = make(&facts, now)[0].rows[0].cells[address].tone;
            let unsafe_rows = super::super::security::VIEW.make(&facts, now);
            let words = unsafe_rows.iter().flat_map(|s| &s.rows);
            let words = words.flat_map(|r| &r.cells).map(|c| c.text.clone());
            (tone, words.filter(|w| w.contains("address public")).count())
        };
        assert_eq!(looked(true), (Tone::Bad, 1));
        assert_eq!(looked(false), (Tone::Muted, 0));
    }
    /// A database about which an alarm fires is not well, on its own page and on the one of what is left.
    #[test]
    fn no_page_says_well_of_a_database_about_which_an_alarm_fires() {
        let now = Timestamp::UNIX_EPOCH;
        let every = std::time::Duration::from_secs(60);
        let looked = |state: AlarmState| {
            let instances = vec![Database {
                id: "main".into(),
                status: "available".into(),
                multi_az: true,
                encrypted: true,
                retention_days: 7,
                public: Some(false),
                ..Database::default()
            }];
            let known = Databases {
                instances,
                ..Databases::default()
            };
            let metric = MetricId::new(
                "AWS/RDS",
                "DatabaseConnections",
                &[("DBInstanceIdentifier", "main")],
            );
            let alarm = Alarm {
                name: "crowded".into(),
                arn: String::new(),
                description: String::new(),
                state,
                severity: Severity::Warning,
                reason: String::new(),
                since: Timestamp::from_second(-240).ok(),
                updated_at: None,
                rule: AlarmRule::Metric {
                    query: Some(MetricQuery {
                        metric,
                        stat: Stat::Average,
                        period_s: 60,
                    }),
                    expression: None,
                    parts: Vec::new(),
                    comparison: ">".into(),
                    threshold: Some(150.0),
                    datapoints: 3,
                    periods: 3,
                    period_s: 60,
                },
                actions_enabled: true,
                other_actions: Vec::new(),
                held_back: None,
                actions: Vec::new(),
            };
            let mut facts = Facts::default();
            facts.estate.databases = Part::answered(Arc::new(known), now, "rds", every);
            facts.estate.db_vitals = Part::answered(
                Arc::new(vec![DbVitals {
                    id: "main".into(),
                    connections: Some(170.0),
                    ..DbVitals::default()
                }]),
                now,
                "rds",
                every,
            );
            facts.alarms = Part::answered(Arc::new(vec![Arc::new(alarm)]), now, "cw", every);
            facts.series = Part::answered(Arc::default(), now, "cw", every);
            let page = instances_of(&facts, now);
            let conns = page.rows[0].cells[CONNS].clone();
            let said = page.notes.iter().map(|n| n.text.clone());
            let left = super::super::capacity::VIEW.make(&facts, now);
            let left = left[0].notes.iter().map(|n| n.text.clone());
            let tone = page.worst();
            (
                tone,
                conns.tone,
                said.collect::<String>(),
                left.collect::<String>(),
            )
        };
        let (tone, conns, said, left) = looked(AlarmState::Alarm);
        assert_eq!((tone, conns), (Tone::Warn, Tone::Warn));
        assert_eq!(said, "main: alarm crowded fires for 4m");
        assert!(left.contains("170 open"), "{left}");
        assert!(!left.contains("of everything is left"), "{left}");
        let (tone, conns, said, _) = looked(AlarmState::Ok);
        assert_eq!((tone, conns, said.as_str()), (Tone::Ok, Tone::Plain, ""));
    }

    fn instances_of(facts: &Facts, now: Timestamp) -> Section {
        make(facts, now).remove(0)
    }
}
