//! The version of each environment's database schema, where the console's connection can tell it. It is never guessed.

use jiff::Timestamp;

use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::postgres::SchemaVersion;
use crate::domain::problem::Problem;
use crate::present::{Cell, Tone};

/// What is known of an environment's schema.
pub(super) struct Schema {
    pub(super) versions: Option<Vec<SchemaVersion>>,
    /// Why it is not known.
    pub(super) why: Option<String>,
    pub(super) cell: Cell,
}

impl Schema {
    /// What differs from production's, in words, and in the cell's colour. Where either is not known nothing differs.
    pub(super) fn drift(&mut self, production: &Self) -> Option<String> {
        let (ours, theirs) = (self.versions.as_ref()?, production.versions.as_ref()?);
        let same = |a: &SchemaVersion, b: &SchemaVersion| {
            (&a.table, &a.version, a.whole) == (&b.table, &b.version, b.whole)
        };
        let all = |a: &[SchemaVersion], b: &[SchemaVersion]| {
            a.iter().all(|x| b.iter().any(|y| same(x, y)))
        };
        if all(ours, theirs) && all(theirs, ours) {
            return None;
        }
        if self.cell.tone == Tone::Plain {
            self.cell.tone = Tone::Info;
        }
        Some(format!(
            "{}, not production's {}",
            self.cell.text, production.cell.text
        ))
    }
}

fn not_known(why: impl Into<String>, tone: Tone) -> Schema {
    let why = why.into();
    Schema {
        versions: None,
        cell: Cell::new(format!("not known: {why}"), tone),
        why: Some(why),
    }
}

/// The schema of an environment: the `[postgres]` in use leads to one database, which is that of the environment its name tells,
/// else of the one that is looked at; those of other environments are asked beside it.
pub(super) fn of(env: Env, facts: &Facts, now: Timestamp) -> Schema {
    let configured = |name: &str| {
        let found = facts.providers.iter().find(|p| p.name == name);
        found.is_some_and(|p| p.configured)
    };
    let owner = owner(facts);
    if configured("postgres") && env == owner {
        let part = &facts.estate.postgres_shape;
        return match part.fresh(now) {
            Some(shape) => known(&shape.schema),
            None => not_asked(part.error.as_ref()),
        };
    }
    if configured("postgres-elsewhere") {
        let part = &facts.estate.schemas;
        match part.fresh(now) {
            None => return not_asked(part.error.as_ref()),
            Some(all) => {
                if let Some(found) = all.iter().find(|s| s.env == env) {
                    return known(&found.schema);
                }
            }
        }
    }
    if configured("postgres") {
        let (owner, env) = (owner.word(), env.word());
        let why =
            format!("[postgres] leads to the database of {owner}; none in [environments.{env}]");
        return not_known(why, Tone::Muted);
    }
    not_known("no [postgres] in flightdeck.toml", Tone::Muted)
}

fn not_asked(problem: Option<&Problem>) -> Schema {
    let why = problem.map(|p| p.why.clone());
    not_known(why.unwrap_or_else(|| "not asked yet".into()), Tone::Unknown)
}

fn known(schema: &Result<Vec<SchemaVersion>, String>) -> Schema {
    match schema {
        Err(why) => not_known(why.clone(), Tone::Unknown),
        Ok(all) => {
            let words: Vec<String> = all.iter().map(version).collect();
            let whole = all.iter().all(|s| s.whole);
            let tone = if whole { Tone::Plain } else { Tone::Bad };
            Schema {
                cell: Cell::new(words.join(", "), tone),
                versions: Some(all.clone()),
                why: None,
            }
        }
    }
}

/// Whose database the connection leads to.
fn owner(facts: &Facts) -> Env {
    let here = Env::looked_at(facts);
    let Some(now) = &facts.estate.postgres.value else {
        return here;
    };
    let host = now.address.split(['.', ':', '/']).next();
    let database = now.address.rsplit('/').next();
    let told = host.and_then(Env::named);
    told.or_else(|| database.and_then(Env::named))
        .unwrap_or(here)
}

/// A version in words.
pub(in crate::present) fn version(s: &SchemaVersion) -> String {
    match (&s.version, s.whole) {
        (Some(version), true) => version.clone(),
        (Some(version), false) => format!("{version} did not go through"),
        (None, _) => "no migration yet".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::facts::ProviderHealth;
    use crate::domain::part::Part;
    use crate::domain::postgres::{EnvSchema, PostgresShape};

    fn facts(schema: Result<Vec<SchemaVersion>, String>, now: Timestamp) -> Facts {
        let shape = PostgresShape {
            index_sizes: Vec::new(),
            more_indexes: false,
            database: "laser".into(),
            bytes: None,
            xid_age: 1,
            statements: Ok(Vec::new()),
            tables: Vec::new(),
            more_tables: false,
            unused: Vec::new(),
            missing: Vec::new(),
            schema,
            unseen: Vec::new(),
        };
        let mut facts = Facts {
            environment: "laser-staging".into(),
            ..Facts::default()
        };
        facts.providers.push(ProviderHealth {
            name: "postgres".into(),
            last_ok: None,
            problem: None,
            next_try: None,
            calls_per_minute: 0,
            metered: None,
            latency_ms: None,
            clock_s: None,
            configured: true,
        });
        facts.estate.postgres_shape =
            Part::answered(Arc::new(shape), now, "postgres:x", Duration::from_secs(300));
        facts
    }

    #[test]
    fn a_schema_is_told_of_the_environment_that_the_connection_leads_to_alone() {
        let now = Timestamp::from_second(1_000).unwrap();
        let newest = SchemaVersion {
            table: "public.knex_migrations".into(),
            tool: "Knex".into(),
            version: Some("20261101_quotes.js".into()),
            at: None,
            whole: true,
        };
        let known = facts(Ok(vec![newest.clone()]), now);
        assert_eq!(
            of(Env::Staging, &known, now).cell.text,
            "20261101_quotes.js"
        );
        let other = of(Env::Production, &known, now);
        assert!(other.versions.is_none() && other.cell.text.contains("of staging"));
        let broken = SchemaVersion {
            whole: false,
            ..newest
        };
        let broken = of(Env::Staging, &facts(Ok(vec![broken]), now), now);
        assert_eq!(broken.cell.tone, Tone::Bad);
        assert!(broken.cell.text.contains("did not go through"));
    }

    #[test]
    fn the_schema_of_an_environment_that_is_not_looked_at_is_compared() {
        let now = Timestamp::from_second(1_000).unwrap();
        let of_version = |version: &str| SchemaVersion {
            table: "public.knex_migrations".into(),
            tool: "Knex".into(),
            version: Some(version.into()),
            at: None,
            whole: true,
        };
        let mut facts = facts(Ok(vec![of_version("20261102_rush.js")]), now);
        facts.providers.push(ProviderHealth {
            name: "postgres-elsewhere".into(),
            ..facts.providers[0].clone()
        });
        let mut elsewhere = |schema| {
            let all = vec![EnvSchema {
                env: Env::Production,
                schema,
            }];
            facts.estate.schemas =
                Part::answered(Arc::new(all), now, "postgres:x", Duration::from_secs(300));
            let production = of(Env::Production, &facts, now);
            let mut staging = of(Env::Staging, &facts, now);
            let drift = staging.drift(&production);
            (production.cell.text, staging.cell.tone, drift)
        };
        let (text, tone, drift) = elsewhere(Ok(vec![of_version("20261101_quotes.js")]));
        assert_eq!((text.as_str(), tone), ("20261101_quotes.js", Tone::Info));
        let words = "20261102_rush.js, not production's 20261101_quotes.js";
        assert_eq!(drift.as_deref(), Some(words));
        let (_, tone, drift) = elsewhere(Ok(vec![of_version("20261102_rush.js")]));
        assert_eq!((tone, drift), (Tone::Plain, None));
        // What is not known differs from nothing.
        let (text, tone, drift) = elsewhere(Err("nothing listens there".into()));
        assert_eq!((tone, drift), (Tone::Plain, None));
        assert!(text.contains("nothing listens"));
        let development = of(Env::Development, &facts, now);
        assert!(
            development
                .cell
                .text
                .contains("none in [environments.development]")
        );
    }

    #[test]
    fn why_it_is_not_known_is_said() {
        let now = Timestamp::from_second(1_000).unwrap();
        let withheld = facts(Err("the role may not read it".into()), now);
        let words = of(Env::Staging, &withheld, now).cell.text;
        assert_eq!(words, "not known: the role may not read it");
        let none = of(Env::Staging, &Facts::default(), now);
        assert!(none.cell.text.contains("no [postgres]"));
    }
}
