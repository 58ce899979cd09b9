//! What discovery makes of a picture: which values the file gets, and what is said of each system.

use super::init::Known;
use super::vendors::{hosts, vendors};
use crate::config::Config;
use crate::config::credentials::{POSTGRES, REDIS};
use crate::config::discovered::{Discovered, ELSEWHERE, Fate, Value};
use crate::domain::cache::CacheGroup;
use crate::domain::database::{Databases, belongs};
use crate::domain::environment::{Belongings, Env};
use crate::domain::facts::Facts;
use crate::domain::part::Part;

/// What there is, as far as it was seen.
pub(super) fn of(facts: &Facts, config: &Config, known: &Known) -> Discovered {
    let mut found = Discovered::default();
    aws(&mut found, facts);
    vendors(&mut found, facts, config, known);
    found.hosts = hosts(facts);
    found
}

/// Why a part is not known, in words; `None` where it was answered.
pub(super) fn why_not<T>(part: &Part<T>) -> Option<String> {
    match (&part.error, &part.value) {
        (Some(problem), _) => Some(problem.why.clone()),
        (None, None) => Some("nobody answered in time".into()),
        (None, Some(_)) => None,
    }
}

fn aws(found: &mut Discovered, facts: &Facts) {
    let Some(identity) = facts.identity.value.as_ref() else {
        let why = why_not(&facts.identity).unwrap_or_default();
        found.misses("AWS", why);
        return;
    };
    account(found, &identity.account);
    if identity.region.is_empty() {
        found.misses("region", "no region is set: AWS_REGION, or the profile's");
    } else {
        found.region = Some(identity.region.clone());
        found.wrote("region", vec![identity.region.clone()], "[aws] region");
    }
    if let Some(profile) = std::env::var("AWS_PROFILE").ok().filter(|p| !p.is_empty()) {
        let value = Value::text("aws", "profile", &profile);
        found.values.push(
            value.behind("AWS_PROFILE names it, and goes before this key where it is left out"),
        );
    }
    clusters(found, facts);
    databases(found, facts);
    caches(found, facts);
    region(found, facts);
    itself(found, "log groups", &facts.log_groups, |all| {
        all.iter().map(|g| g.name.clone()).collect()
    });
    itself(found, "dashboards", &facts.dashboards, |all| {
        all.iter().map(|d| d.name.clone()).collect()
    });
    itself(found, "feature flags", &facts.estate.flags, |all| {
        all.flags.iter().map(|f| f.key.clone()).collect()
    });
    if facts.estate.cost.value.is_none() {
        found.misses(
            "cost",
            "not asked, for each question costs USD 0.01: fill [cost] to allow it",
        );
    }
}

/// Why the balancers that promises are about are not written down.
const PROMISES: &str = "found without a key by what production's services stand behind; what is listed counts for every environment of the file";

/// The account, where what the endpoint calls one may stand in the file: else nothing could be read from it afterwards.
fn account(found: &mut Discovered, id: &str) {
    if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
        found.misses("account", "what the endpoint answered is no account id");
        return;
    }
    found.account = Some(id.to_owned());
    found.wrote("account", vec![id.to_owned()], "[aws] expected_account");
}

/// What the console finds without a key.
fn itself<T>(
    found: &mut Discovered,
    what: &'static str,
    part: &Part<T>,
    names: impl Fn(&T) -> Vec<String>,
) {
    let none = || "none in this account and region".to_owned();
    match part.value.as_ref().map(names) {
        Some(all) if !all.is_empty() => {
            found.tell(what, all, Fate::ByItself, "found without a key")
        }
        _ => found.misses(what, why_not(part).unwrap_or_else(none)),
    }
}

fn clusters(found: &mut Discovered, facts: &Facts) {
    found.clusters = facts
        .clusters
        .rows()
        .iter()
        .map(|c| c.name.clone())
        .collect();
    if found.clusters.is_empty() {
        let none = || "ECS has none in this account and region".to_owned();
        found.misses("clusters", why_not(&facts.clusters).unwrap_or_else(none));
        return;
    }
    match found.has_others() {
        true => found.tell(
            "clusters",
            found.clusters.clone(),
            Fate::Commented,
            ELSEWHERE,
        ),
        false => found.wrote("clusters", found.clusters.clone(), "[aws] clusters"),
    }
    // Promises are made to the users of production.
    let what = Belongings::of(Env::Production, facts);
    let mut balancers: Vec<String> = what
        .services
        .iter()
        .flat_map(|s| facts.targets_of(s))
        .flat_map(|group| &group.load_balancers)
        .filter_map(|arn| Some(arn.split_once("loadbalancer/")?.1.to_owned()))
        .collect();
    balancers.sort_unstable();
    balancers.dedup();
    if balancers.is_empty() {
        let none = || "no service of production is behind one".to_owned();
        found.misses(
            "load balancers",
            why_not(&facts.target_groups).unwrap_or_else(none),
        );
    } else {
        let value = Value::texts("slo", "load_balancers", &balancers);
        found.values.push(value.behind(PROMISES));
        found.tell("load balancers", balancers, Fate::Commented, PROMISES);
    }
}

/// A server: its name, and its URL without a password.
struct Server {
    name: String,
    url: String,
}

fn postgres(all: &Databases, environment: &str) -> Vec<Server> {
    // The role that psql would take, else the one that the documentation names.
    let user = std::env::var("PGUSER").ok().filter(|u| is_plain(u));
    let user = user.as_deref().unwrap_or("flightdeck");
    let url = |host: &str, port: Option<u16>, database: &Option<String>| {
        let database = database
            .as_deref()
            .filter(|d| is_plain(d))
            .unwrap_or("postgres");
        format!(
            "postgres://{user}@{host}:{}/{database}",
            port.unwrap_or(5_432)
        )
    };
    let ours = |tag: &Option<String>| belongs(tag.as_deref(), environment);
    let is_postgres = |engine: &str| engine.contains("postgres");
    let clusters = all
        .clusters
        .iter()
        .filter(|c| is_postgres(&c.engine) && ours(&c.environment));
    let clusters = clusters.filter_map(|c| {
        let host = c.host.as_deref()?;
        Some(Server {
            name: c.id.clone(),
            url: url(host, c.port, &c.database),
        })
    });
    let alone = |d: &&crate::domain::database::Database| {
        is_postgres(&d.engine) && d.stands_alone() && ours(&d.environment)
    };
    let instances = all.instances.iter().filter(alone).filter_map(|d| {
        let host = d.host.as_deref()?;
        Some(Server {
            name: d.id.clone(),
            url: url(host, d.port, &d.database),
        })
    });
    instances.chain(clusters).collect()
}

/// Whether a name can stand in a URL as it is.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn databases(found: &mut Discovered, facts: &Facts) {
    let part = &facts.estate.databases;
    let Some(all) = part.value.as_deref() else {
        found.misses("databases", why_not(part).unwrap_or_default());
        return;
    };
    let servers = postgres(all, &facts.environment);
    let lacks =
        "it needs a role and its password (flightdeck login postgres), and a way to it from here";
    let none = match all.instances.len() + all.clusters.len() {
        0 => "RDS has none in this account and region",
        _ => "RDS has no PostgreSQL of this environment that has an address",
    };
    server(
        found,
        "databases",
        ("postgres", servers),
        POSTGRES.find().is_ok_and(|t| t.is_some()),
        lacks,
        none,
    );
}

fn redis(group: &CacheGroup) -> Option<Server> {
    let plain = ["redis", "valkey"].contains(&group.engine.as_str()) && !group.endpoint.is_empty();
    let scheme = if group.in_transit { "rediss" } else { "redis" };
    plain.then(|| Server {
        name: group.id.clone(),
        url: format!("{scheme}://{}", group.endpoint),
    })
}

fn caches(found: &mut Discovered, facts: &Facts) {
    let part = &facts.estate.caches;
    let Some(all) = part.value.as_deref() else {
        found.misses("caches", why_not(part).unwrap_or_default());
        return;
    };
    // Caches have no tag that is read: their names tell.
    let here = Env::looked_at(facts);
    let ours = |g: &&CacheGroup| Env::named(&g.id).is_none_or(|env| env == here);
    let servers = all.groups.iter().filter(ours).filter_map(redis).collect();
    let lacks = "it needs a way to it from here, and its password where it has one (flightdeck login redis)";
    let none = match all.groups.len() {
        0 => "ElastiCache has none in this account and region",
        _ => "ElastiCache has no Redis of this environment that has an address",
    };
    server(
        found,
        "caches",
        ("redis", servers),
        REDIS.find().is_ok_and(|t| t.is_some()),
        lacks,
        none,
    );
}

/// A server that is asked directly: in use once its password is there, until then behind a `#`.
fn server(
    found: &mut Discovered,
    what: &'static str,
    (section, servers): (&'static str, Vec<Server>),
    has_password: bool,
    lacks: &str,
    none: &str,
) {
    let Some(first) = servers.first() else {
        found.misses(what, none);
        return;
    };
    let value = Value::text(section, "url", &first.url);
    let names = servers.iter().map(|s| s.name.clone()).collect();
    let place = format!("[{section}] url");
    if has_password {
        found.values.push(value);
        found.wrote(what, names, place);
    } else {
        found
            .values
            .push(value.behind(format!("{}; {lacks}", first.name)));
        found.tell(
            what,
            names,
            Fate::Commented,
            format!("{place}, behind a #: {lacks}"),
        );
    }
}

fn region(found: &mut Discovered, facts: &Facts) {
    let databases = facts.estate.databases.value.iter();
    let mut replicated = databases.flat_map(|d| d.instances.iter().flat_map(|i| &i.replicated_to));
    let told = replicated
        .next()
        .map(String::as_str)
        .or_else(|| facts.estate.second_region());
    match told {
        Some(region) => {
            found
                .values
                .push(Value::text("backups", "second_region", region));
            found.wrote(
                "second region",
                vec![region.to_owned()],
                "[backups] second_region",
            );
        }
        None => found.misses("second region", "no backup is copied to another region"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::database::Database;

    #[test]
    fn only_what_can_be_read_again_is_written() {
        let told = |id: &str| {
            let mut found = Discovered::default();
            account(&mut found, id);
            (found.account, found.told[0].fate)
        };
        assert_eq!(
            told("123456789012"),
            (Some("123456789012".into()), Fate::Written)
        );
        for odd in ["", "12345678901", "\u{202e}EVIL", "12345678901\u{664}"] {
            assert_eq!(told(odd), (None, Fate::NotFound), "{odd}");
        }
    }

    #[test]
    fn a_database_of_another_environment_is_not_written_into_this_ones_file() {
        let db = |id: &str, tag: &str| Database {
            id: id.into(),
            engine: "postgres".into(),
            host: Some(format!("{id}.example")),
            environment: Some(tag.into()),
            ..Database::default()
        };
        let all = Databases {
            instances: vec![db("staging-db", "staging"), db("prod-db", "production")],
            ..Databases::default()
        };
        let servers = postgres(&all, "production");
        let names: Vec<&str> = servers.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["prod-db"]);
        assert!(servers[0].url.contains("@prod-db.example:5432/postgres"));
    }
}
