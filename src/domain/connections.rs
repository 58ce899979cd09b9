//! Connections of databases and of Redis, against as many as there may be: from what the servers say of themselves.

use std::net::IpAddr;

use super::cache::CacheGroup;
use super::capacity::Headroom;
use super::database::Database;
use super::facts::Facts;
use super::postgres::PostgresNow;
use super::stores::is_ours;

/// What connections are called among what is left.
pub const CONNECTIONS: &str = "connections";

/// The host of an address: `rediss://cache.example:6379/0`, `db.example:5432/laser`.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let place = rest.split('/').next().unwrap_or(rest);
    match place.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or(six),
        None => place.split(':').next().unwrap_or(place),
    }
}

/// Whether an address is this machine's: the end of a tunnel, so that its name says nothing of the server behind it.
fn is_tunnel(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn ours(facts: &Facts) -> impl Iterator<Item = &Database> {
    let all = facts
        .estate
        .databases
        .value
        .iter()
        .flat_map(|d| &d.instances);
    all.filter(|d| is_ours(d.environment.as_deref(), &d.id, &facts.environment))
}

/// The only one of some.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// The instance of RDS that the configured PostgreSQL is: by its host; where that is a tunnel's, the only one of this environment
/// that stands alone.
pub fn instance_of<'a>(p: &PostgresNow, facts: &'a Facts) -> Option<&'a Database> {
    let host = host(&p.address);
    let named = ours(facts).find(|d| d.host.as_deref() == Some(host));
    let alone = || {
        let postgres = |d: &&Database| d.engine.contains("postgres") && d.stands_alone();
        only(ours(facts).filter(postgres)).filter(|_| is_tunnel(host))
    };
    named.or_else(alone)
}

/// The group of ElastiCache that the configured Redis is: by its host; where that is a tunnel's, the only one whose name tells of no
/// other environment.
pub fn group_of<'a>(address: &str, facts: &'a Facts) -> Option<&'a CacheGroup> {
    let at = host(address);
    let all = || facts.estate.caches.value.iter().flat_map(|c| &c.groups);
    let named = all().find(|g| host(&g.endpoint) == at);
    let here = |g: &&CacheGroup| is_ours(None, &g.id, &facts.environment);
    named.or_else(|| only(all().filter(here)).filter(|_| is_tunnel(at)))
}

/// Most that were open in the window that is watched, as CloudWatch has it.
fn most(facts: &Facts, id: &str) -> Option<f64> {
    let all = facts.series.value.iter().flat_map(|m| m.values());
    let of = |m: &super::metric::MetricId| {
        m.namespace == "AWS/RDS"
            && m.name == "DatabaseConnections"
            && m.dimensions.len() == 1
            && m.dimensions
                .iter()
                .any(|(n, v)| n == "DBInstanceIdentifier" && v == id)
    };
    let points = all
        .filter(|s| of(&s.query.metric))
        .flat_map(|s| s.points.iter());
    points.map(|p| p.1).reduce(f64::max)
}

fn row(component: &str, open: f64, limit: Option<f64>, source: &str) -> Headroom {
    let used = limit.map(|limit| open / limit * 100.0);
    Headroom {
        component: component.to_owned(),
        resource: CONNECTIONS,
        used,
        left: used.map(|used| (100.0 - used).max(0.0)),
        busiest: None,
        amount: limit.map(|limit| (limit - open).max(0.0)),
        runs_out: None,
        endless: None,
        unknown: None,
        whole: None,
        source: source.to_owned(),
    }
}

/// What is left of the connections of every store that tells how many are open.
pub fn headrooms(facts: &Facts) -> Vec<Headroom> {
    let e = &facts.estate;
    let mut all = Vec::new();
    let server = e.postgres.value.as_deref();
    let is = server.and_then(|p| instance_of(p, facts));
    let places = server.map(|p| (p.connections.limit - p.connections.reserved) as f64);
    let places = places.filter(|n| *n > 0.0);
    for d in ours(facts) {
        let own = is.filter(|server| server.id == d.id).and(server);
        // A standby must allow at least as many as its primary (PostgreSQL documentation, "Hot Standby").
        let follows = is.is_some_and(|server| d.replica_of.as_deref() == Some(&server.id));
        let vitals = e.db_vitals.value.iter().flat_map(|v| v.iter());
        let told = vitals.filter(|v| v.id == d.id).find_map(|v| v.connections);
        let counted = own.map(|p| p.connections.total() as f64);
        let open = [most(facts, &d.id), told, counted].into_iter().flatten();
        let Some(open) = open.reduce(f64::max) else {
            // Nobody said how many are open of it, which is not that there are enough.
            all.push(Headroom {
                used: None,
                left: None,
                amount: None,
                unknown: Some("how many are open was not told".into()),
                ..row(&d.id, 0.0, None, &e.db_vitals.source)
            });
            continue;
        };
        let asked = places.filter(|_| own.is_some() || follows);
        let mut limits = e.db_limits.value.iter().flat_map(|all| all.iter());
        let told = e.databases.value.as_deref();
        let by_group = limits
            .find(|l| l.id == d.id)
            .map(|l| told.map_or_else(|| l.clone(), |told| l.now(d, told)));
        let row = match (asked, &by_group) {
            (Some(limit), _) => {
                let whole = match own {
                    Some(_) => "max_connections as PostgreSQL tells it",
                    None => "max_connections as PostgreSQL tells it of its primary",
                };
                Headroom {
                    whole: Some(whole.into()),
                    ..row(&d.id, open, Some(limit), &e.postgres.source)
                }
            }
            (None, Some(by)) if by.limit.value().is_some() => Headroom {
                whole: Some(by.words()),
                ..row(
                    &d.id,
                    open,
                    by.limit.value().map(|n| *n as f64),
                    &e.db_limits.source,
                )
            },
            (None, by) => {
                let why = by.as_ref().and_then(|l| l.limit.why_unknown());
                let why = why.unwrap_or("max_connections was not read");
                Headroom {
                    unknown: Some(format!(
                        "{open:.0} open, how many there may be is not known: {why}"
                    )),
                    ..row(&d.id, open, None, &e.db_vitals.source)
                }
            }
        };
        all.push(row);
    }
    if let (Some(p), None) = (server, is) {
        let open = p.connections.total() as f64;
        all.push(row(&p.address, open, places, &e.postgres.source));
    }
    if let Some(r) = e.redis.value.as_deref() {
        let group = group_of(&r.address, facts);
        let name = group.map_or(r.address.as_str(), |g| g.id.as_str());
        let limit = r.clients_limit.filter(|n| *n > 0).map(|n| n as f64);
        let open = r.clients.map_or(0.0, |n| n as f64);
        let limit = limit.filter(|_| r.clients.is_some());
        let mut row = row(name, open, limit, &e.redis.source);
        row.unknown = match (r.clients, limit) {
            (None, _) => Some("the server does not tell how many are open".to_owned()),
            (Some(n), None) => Some(format!("{n} open, the server does not tell maxclients")),
            (Some(_), Some(_)) => row.unknown,
        };
        all.push(row);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_out_of_every_kind_of_address() {
        for (address, name, tunnel) in [
            ("rediss://cache.example:6379/0", "cache.example", false),
            ("db.example:5432/laser", "db.example", false),
            ("localhost:5432/laser", "localhost", true),
            ("[::1]:5432/laser", "::1", true),
            ("127.0.0.1:6379", "127.0.0.1", true),
        ] {
            assert_eq!((host(address), is_tunnel(host(address))), (name, tunnel));
        }
    }
    #[test]
    fn where_postgresql_is_not_asked_the_parameter_group_says_how_many_there_may_be() {
        use std::sync::Arc;
        use std::time::Duration;

        use jiff::Timestamp;

        use crate::domain::database::{Databases, DbVitals};
        use crate::domain::db_limit::DbLimit;
        use crate::domain::part::Part;

        let (now, every) = (Timestamp::UNIX_EPOCH, Duration::from_secs(900));
        let told = |said: Option<&str>| {
            let database = Database {
                id: "shop".into(),
                class: "db.r6g.large".into(),
                ..Database::default()
            };
            let vitals = DbVitals {
                id: "shop".into(),
                connections: Some(50.0),
                ..DbVitals::default()
            };
            let limit = DbLimit {
                id: "shop".into(),
                group: "pg15".into(),
                source: "user".into(),
                said: said.map(str::to_owned),
                ..DbLimit::default()
            };
            let limit = limit.of(&database.class, false);
            let mut facts = Facts::default();
            let all = Databases {
                instances: vec![database],
                ..Databases::default()
            };
            facts.estate.databases = Part::answered(Arc::new(all), now, "rds:x", every);
            facts.estate.db_vitals = Part::answered(Arc::new(vec![vitals]), now, "cw:x", every);
            facts.estate.db_limits =
                Part::answered(Arc::new(vec![limit]), now, "rds:parameters", every);
            headrooms(&facts).remove(0)
        };
        let set = told(Some("200"));
        assert_eq!((set.used, set.amount), (Some(25.0), Some(150.0)));
        assert_eq!(set.source, "rds:parameters");
        assert_eq!(
            set.whole.as_deref(),
            Some("max_connections 200 in pg15 (user)")
        );
        let formula = told(Some("LEAST({DBInstanceClassMemory/9531392},5000)"));
        assert_eq!(formula.amount, Some(1_539.0));
        let unset = told(None);
        assert_eq!((unset.used, unset.left), (None, None));
        assert!(unset.unknown.unwrap().starts_with("50 open, "));
    }
}
