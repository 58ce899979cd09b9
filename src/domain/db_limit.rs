//! How many connections a database of RDS allows: `max_connections` of its parameter group, a number or a formula of its class's memory.

use serde::Serialize;

use super::formula;
use super::told::Told;

/// The parameter.
pub const PARAMETER: &str = "max_connections";

const GIB: i64 = 1 << 30;

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
    /// What that comes to.
    pub limit: Told<i64>,
}

impl DbLimit {
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

    /// Whether a formula says it: a little of a class's memory is the machine's own, so that there are some fewer.
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
            (true, Told::Set(n)) => format!("about {n}: {PARAMETER} {said} in {group}{by}"),
            _ => format!("{PARAMETER} {said} in {group}{by}"),
        }
    }
}

fn evaluated(said: &str, class: &str) -> Result<i64, String> {
    let memory = memory_gib(class).map(|gib| gib * GIB);
    let limit = formula::evaluate(said, |name| match name {
        "DBInstanceClassMemory" => memory,
        _ => None,
    });
    match limit {
        Ok(n) if n > 0 => Ok(n),
        Ok(n) => Err(format!("that comes to {n}")),
        Err(_) if memory.is_none() && said.contains("DBInstanceClassMemory") => {
            Err(format!("how much memory {class} has is not known"))
        }
        Err(why) => Err(why),
    }
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

    fn of(said: Option<&str>, class: &str, waits: bool) -> DbLimit {
        let told = DbLimit {
            id: "shop".into(),
            group: "pg15".into(),
            source: "user".into(),
            said: said.map(str::to_owned),
            limit: Told::Unset,
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
        assert_eq!(by_class.limit, Told::Set(1_802));
        assert!(by_class.words().starts_with("about 1802: "));
        assert_eq!(
            of(Some("200"), "", false).words(),
            "max_connections 200 in pg15 (user)"
        );
        for (limit, why) in [
            (of(Some(formula), "db.serverless", false), "db.serverless"),
            (of(None, "db.r6g.large", false), "RDS does not tell"),
            (of(Some("200"), "db.r6g.large", true), "waits for a restart"),
            (of(Some("-1"), "db.r6g.large", false), "a value is missing"),
        ] {
            let said = limit.limit.why_unknown().unwrap();
            assert!(said.contains(why), "{said}");
        }
    }
}
