//! How many connections a database of RDS allows: `max_connections` of its parameter group, a number or a formula of its class's memory.

use serde::Serialize;

use super::database::{Database, Databases, Groups};
use super::formula;
use super::told::Told;

/// The parameter.
pub const PARAMETER: &str = "max_connections";

const GIB: i64 = 1 << 30;
/// Taken off whatever the size.
const RESERVED: i64 = 300 << 20;

/// The most that an engine takes; a value beyond it is none that holds. PostgreSQL ends at `MAX_BACKENDS` (its documentation, "Connections and
/// Authentication"; RDS allows 6 to 262143), MySQL and MariaDB at 100000 (their manuals, "Server System Variables"), Aurora MySQL at 16000
/// (Aurora User Guide, "Maximum connections to an Aurora MySQL DB instance"). Of an engine that is not among these the widest holds.
fn most(engine: &str) -> i64 {
    match engine {
        "aurora" | "aurora-mysql" => 16_000,
        "mysql" | "mariadb" => 100_000,
        _ => 262_143,
    }
}

/// How many connections an instance allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DbLimit {
    /// The instance.
    pub id: String,
    /// The parameter group that says so; empty where none was told.
    pub group: String,
    /// Who set it there: `user`, `system`, `engine-default`; empty where that was not told.
    pub source: String,
    /// What stands there: a number or a formula.
    pub said: Option<String>,
    /// Whether it is the group of the instance's cluster.
    pub of_cluster: bool,
    /// The parameter groups of the instance and of its cluster when it was read.
    #[serde(skip)]
    pub groups: Groups,
    /// What that comes to.
    pub limit: Told<i64>,
}

impl DbLimit {
    /// The same of an instance as it is told now: its class changes without the group's doing, and what one group says holds no more
    /// once the instance, or its cluster, has another.
    pub fn now(&self, d: &Database, known: &Databases) -> Self {
        let mut now = self.clone();
        if self.groups != known.groups(d) {
            now.limit = Told::Unknown(format!(
                "{PARAMETER} was read of {}, and there is another parameter group since it was read",
                self.group
            ));
            return now;
        }
        if self.said.is_some() {
            now = now.of(&d.class, known.waits(d, self.of_cluster));
        }
        if let Some(n) = now.limit.value().copied().filter(|n| *n > most(&d.engine)) {
            now.limit = Told::Unknown(beyond(n, most(&d.engine)));
        }
        now
    }

    /// What a group says of an instance of a class. `waits`: its parameters hold from the next restart on.
    pub fn of(mut self, class: &str, waits: bool) -> Self {
        let (group, said) = (&self.group, self.said.as_deref().map(str::trim));
        self.limit = match said.filter(|s| !s.is_empty()) {
            None => Told::Unknown(format!(
                "{PARAMETER} has no value in its parameter group {group}: the engine's own default holds, which RDS does not tell"
            )),
            Some(said) => match evaluated(said, class) {
                Err(why) => Told::Unknown(format!("{PARAMETER} is {said} in {group}: {why}")),
                Ok(n) if waits => Told::Unknown(format!(
                    "{PARAMETER} will be {n} by {group}, which waits for a restart"
                )),
                Ok(n) => Told::Set(n),
            },
        };
        self
    }

    /// Whether a formula says it, of memory that is known by the class alone.
    pub fn is_formula(&self) -> bool {
        let said = self.said.as_deref().map(str::trim);
        said.is_some_and(|s| s.parse::<i64>().is_err())
    }

    /// Who says how many, in words.
    pub fn words(&self) -> String {
        let said = self.said.as_deref().unwrap_or_default();
        let (group, source) = (&self.group, &self.source);
        let by = match source.is_empty() {
            true => String::new(),
            false => format!(" ({source})"),
        };
        match (self.is_formula(), &self.limit) {
            (true, Told::Set(n)) => format!("at least {n}: {PARAMETER} {said} in {group}{by}"),
            _ => format!("{PARAMETER} {said} in {group}{by}"),
        }
    }
}

fn beyond(told: i64, most: i64) -> String {
    format!("{PARAMETER} comes to {told}, and the engine takes {most} at most")
}

fn evaluated(said: &str, class: &str) -> Result<i64, String> {
    let memory = memory_gib(class).and_then(left_to_database);
    let limit = formula::evaluate(said, |name| match name {
        "DBInstanceClassMemory" => memory,
        _ => None,
    });
    match limit {
        Ok(n) if n > most("") => Err(beyond(n, most(""))),
        Ok(n) if n > 0 => Ok(n),
        Ok(n) => Err(format!("that comes to {n}")),
        Err(_) if memory.is_none() && said.contains("DBInstanceClassMemory") => {
            Err(format!("how much memory {class} has is not known"))
        }
        Err(why) => Err(why),
    }
}

/// Bytes of a class's memory that are the database's at least. `DBInstanceClassMemory` is less than the class's memory by what the
/// system and RDS's own processes take (RDS User Guide, "DB parameter formula variables"), which is told nowhere: a share and some
/// hundred megabytes are taken off, so that there are rather more places than are told, and none too few are called enough.
fn left_to_database(gib: i64) -> Option<i64> {
    let all = gib.checked_mul(GIB)?;
    Some(all - all / 10 - RESERVED).filter(|bytes| *bytes > 0)
}

/// Memory of a class, GiB: so many for each virtual processor of its family (Amazon RDS User Guide, "Hardware specifications for DB
/// instance classes"). Classes of other shapes, and serverless ones, are not known.
fn memory_gib(class: &str) -> Option<i64> {
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    let letters = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let (kind, generation) = family.split_at(family.len() - letters.len());
    let generation: u32 = generation.chars().next()?.to_digit(10)?;
    if kind == "t" {
        let known = [
            ("micro", 1),
            ("small", 2),
            ("medium", 4),
            ("large", 8),
            ("xlarge", 16),
            ("2xlarge", 32),
        ];
        return known.iter().find(|(s, _)| *s == size).map(|(_, gib)| *gib);
    }
    let processors: i64 = match size {
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        more => more
            .strip_suffix("xlarge")?
            .parse::<i64>()
            .ok()?
            .checked_mul(4)?,
    };
    let each = match (kind, generation) {
        ("c", 5..) => 2,
        ("m", 4..) => 4,
        ("r", 5..) | ("z", 1) => 8,
        ("x", 2) if family.starts_with("x2g") => 16,
        ("x", 2) if family == "x2iedn" || family == "x2iezn" => 32,
        ("x", 2) if family == "x2idn" => 16,
        _ => return None,
    };
    processors.checked_mul(each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::database::DbCluster;

    fn of(said: Option<&str>, class: &str, waits: bool) -> DbLimit {
        let told = DbLimit {
            id: "shop".into(),
            group: "pg15".into(),
            source: "user".into(),
            said: said.map(str::to_owned),
            limit: Told::Unset,
            ..DbLimit::default()
        };
        told.of(class, waits)
    }

    #[test]
    fn a_class_has_the_memory_that_the_vendor_documents() {
        for (class, gib) in [
            ("db.t4g.micro", Some(1)),
            ("db.t3.medium", Some(4)),
            ("db.m5.large", Some(8)),
            ("db.m4.10xlarge", Some(160)),
            ("db.r6g.large", Some(16)),
            ("db.r5.24xlarge", Some(768)),
            ("db.r6gd.xlarge", Some(32)),
            ("db.x2g.16xlarge", Some(1_024)),
            ("db.x2iedn.32xlarge", Some(4_096)),
            ("db.c6gd.large", Some(4)),
            ("db.r5.large.tpc1.mem2x", None),
            ("db.serverless", None),
            ("db.r4.large", None),
            ("db.", None),
            ("", None),
        ] {
            assert_eq!(memory_gib(class), gib, "{class}");
        }
    }

    #[test]
    fn what_a_group_says_is_worked_out_and_what_it_does_not_say_is_not_made_up() {
        let formula = "LEAST({DBInstanceClassMemory/9531392},5000)";
        assert_eq!(of(Some("200"), "db.r6g.large", false).limit, Told::Set(200));
        let by_class = of(Some(formula), "db.r6g.large", false);
        assert_eq!(by_class.limit, Told::Set(1_589));
        assert!(by_class.words().starts_with("at least 1589: "));
        assert_eq!(
            of(Some("200"), "", false).words(),
            "max_connections 200 in pg15 (user)"
        );
        for (limit, why) in [
            (of(Some(formula), "db.serverless", false), "db.serverless"),
            (of(None, "db.r6g.large", false), "RDS does not tell"),
            (of(Some("200"), "db.r6g.large", true), "waits for a restart"),
            (of(Some("-1"), "db.r6g.large", false), "a value is missing"),
            (
                of(Some("9223372036854775807"), "db.r6g.large", false),
                "takes 262143 at most",
            ),
            (of(Some("262144"), "", false), "takes 262143 at most"),
            (
                of(Some("{(0-9223372036854775807-1)/(0-1)}"), "", false),
                "it is too large",
            ),
            (of(Some("{1/0}"), "", false), "it divides by nothing"),
            (of(Some(formula), "db.r5.9999999999xlarge", false), "memory"),
            (of(Some(formula), "db.r5.-5xlarge", false), "memory"),
        ] {
            let said = limit.limit.why_unknown().unwrap();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn a_limit_is_that_of_the_class_now_and_of_the_group_that_holds_now() {
        let formula = "LEAST({DBInstanceClassMemory/9531392},5000)";
        let mut limit = of(Some(formula), "db.r6g.4xlarge", false);
        assert_eq!(limit.limit, Told::Set(5_000));
        let d = Database {
            id: "shop".into(),
            class: "db.r6g.large".into(),
            cluster: Some("all".into()),
            parameters: Some("in-sync".into()),
            ..Database::default()
        };
        let mut known = Databases {
            clusters: vec![DbCluster {
                id: "all".into(),
                ..DbCluster::default()
            }],
            ..Databases::default()
        };
        assert_eq!(limit.now(&d, &known).limit, Told::Set(1_589));
        for (engine, said, holds) in [
            ("mysql", "100000", true),
            ("mysql", "100001", false),
            ("aurora-mysql", "16001", false),
            ("postgres", "262143", true),
        ] {
            let limit = of(Some(said), &d.class, false);
            let engine = Database {
                engine: engine.into(),
                ..d.clone()
            };
            let now = limit.now(&engine, &known).limit;
            assert_eq!(now.value().is_some(), holds, "{engine:?} {said}");
        }
        limit.of_cluster = true;
        let waits = limit.now(&d, &known).limit;
        assert!(waits.why_unknown().unwrap().contains("waits for a restart"));
        known.clusters[0].parameters_hold = vec!["shop".into()];
        assert_eq!(limit.now(&d, &known).limit, Told::Set(1_589));
    }

    /// A group is changed, the instance restarts, and its new group holds: what the old one said is read for minutes yet.
    #[test]
    fn what_a_group_said_is_unknown_once_there_is_another() {
        let mut d = Database {
            id: "shop".into(),
            class: "db.r6g.large".into(),
            cluster: Some("all".into()),
            parameter_group: Some("pg15".into()),
            parameters: Some("in-sync".into()),
            ..Database::default()
        };
        let mut known = Databases {
            clusters: vec![DbCluster {
                id: "all".into(),
                parameter_group: Some("apg15".into()),
                parameters_hold: vec!["shop".into()],
                ..DbCluster::default()
            }],
            ..Databases::default()
        };
        let mut limit = of(Some("200"), "db.r6g.large", false);
        limit.groups = known.groups(&d);
        assert_eq!(limit.now(&d, &known).limit, Told::Set(200));
        let other = "there is another parameter group since it was read";
        let unknown = |d: &Database, known: &Databases| {
            let now = limit.now(d, known).limit;
            now.why_unknown().is_some_and(|why| why.contains(other))
        };
        d.parameter_group = Some("small".into());
        assert!(unknown(&d, &known));
        d.parameter_group = Some("pg15".into());
        assert!(!unknown(&d, &known));
        // What somebody sets in the cluster's holds where nobody set it in the instance's.
        known.clusters[0].parameter_group = Some("small".into());
        assert!(unknown(&d, &known));
    }
}
