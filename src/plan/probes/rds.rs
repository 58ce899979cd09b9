//! Databases: available, in two zones, encrypted, backed up; and no statement over its budget.

use super::judgement::{Findings, Verdict, list};
use super::look::Look;
use super::{Probe, number, words};
use crate::domain::database::{Database, DbCluster};
use crate::domain::stores::is_ours;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "rds.available",
        question: "is every database available, in two zones, encrypted, and backed up?",
        // A platform may have databases of other kinds beside the one that is asked for.
        params: &[number("kept", "1"), words("engine", "")],
        judge: available,
    },
    Probe {
        name: "rds.statements",
        question: "does every statement that loads a database keep within its time?",
        params: &[number("ms", "250")],
        judge: statements,
    },
];

fn available(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.databases, "the databases")?;
    let mut found = Findings::new("database", look.question(seen.source), seen.at);
    let kept = look.number("kept");
    let ours =
        |tag: &Option<String>, id: &str| is_ours(tag.as_deref(), id, &look.facts.environment);
    let wanted: Vec<&str> = look.words("engine").collect();
    let said = |status: &str, engine: &str| match wanted.is_empty() {
        true => format!("is {status}"),
        false => format!("{engine}, is {status}"),
    };
    let mut engines: Vec<(&str, &str)> = Vec::new();
    for d in seen
        .value
        .instances
        .iter()
        .filter(|d| ours(&d.environment, &d.id))
    {
        engines.push((&d.id, &d.engine));
        match wrong_with(d, kept) {
            wrong if wrong.is_empty() && d.may_serve() => {
                found.unknown(
                    &d.id,
                    format!("is {}: it may serve meanwhile, or not", d.status),
                );
            }
            wrong if wrong.is_empty() => found.good(&d.id, &said(&d.status, &d.engine)),
            wrong => found.bad(&d.id, wrong.join(", ")),
        }
    }
    for c in seen
        .value
        .clusters
        .iter()
        .filter(|c| ours(&c.environment, &c.id))
    {
        engines.push((&c.id, &c.engine));
        match wrong_with_cluster(c, kept) {
            wrong if wrong.is_empty() => found.good(&c.id, &said(&c.status, &c.engine)),
            wrong => found.bad(&c.id, wrong.join(", ")),
        }
    }
    engine(&wanted, &engines, &mut found);
    Ok(found.verdict())
}

/// Says where none of the databases is of a kind that is asked for, by the vendor's names for it: `postgres`, `aurora-postgresql`.
fn engine(wanted: &[&str], all: &[(&str, &str)], found: &mut Findings) {
    if wanted.is_empty() || all.is_empty() {
        return;
    }
    let is_it = |engine: &str| wanted.iter().any(|w| engine.contains(w));
    if !all.iter().any(|(_, engine)| is_it(engine)) {
        let told = all.iter().map(|(id, engine)| format!("{id} is {engine}"));
        let told: Vec<String> = told.collect();
        let wanted = wanted.join(" or ");
        found.bad("engine", format!("none is {wanted}: {}", list(&told, 4)));
    }
}

fn wrong_with(d: &Database, kept: f64) -> Vec<String> {
    let mut wrong = Vec::new();
    if !d.is_serving() && !d.may_serve() {
        wrong.push(d.status.clone());
    }
    if !d.encrypted {
        wrong.push("not encrypted".into());
    }
    if let Some((status, false)) = &d.replication {
        wrong.push(format!("replication {status}"));
    }
    // Replicas are what others fail over to; a cluster's zones and backups are the cluster's.
    if d.stands_alone() && !d.multi_az {
        wrong.push("in one zone alone".into());
    }
    if d.stands_alone() && (d.retention_days as f64) < kept {
        wrong.push(match d.retention_days {
            0 => "no automated backups".into(),
            n => format!("backups kept for {n} days only"),
        });
    }
    wrong
}

fn wrong_with_cluster(c: &DbCluster, kept: f64) -> Vec<String> {
    let mut wrong = Vec::new();
    if !matches!(c.status.as_str(), "available" | "backing-up") {
        wrong.push(c.status.clone());
    }
    if !c.encrypted {
        wrong.push("not encrypted".into());
    }
    if !c.multi_az {
        wrong.push("in one zone alone".into());
    }
    if (c.retention_days as f64) < kept {
        wrong.push(format!("backups kept for {} days only", c.retention_days));
    }
    wrong
}

/// Characters of a statement in a reason.
const SHOWN: usize = 60;

fn statements(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.statements, "the top statements")?;
    let databases = look.fresh(&look.facts.estate.databases, "the databases")?;
    let ours = |id: &str| {
        let known = databases.value.instances.iter().find(|d| d.id == id);
        known.is_none_or(|d| is_ours(d.environment.as_deref(), &d.id, &look.facts.environment))
    };
    let budget = look.number("ms");
    let mut found = Findings::new("statement", look.question(seen.source), seen.at);
    for s in seen.value.statements.iter().filter(|s| ours(&s.database)) {
        let text: String = s.text.chars().take(SHOWN).collect();
        let name = format!("{}: {text}", s.database);
        match s.mean_ms {
            Some(ms) => found.check(ms <= budget, &name, &format!("{ms:.0} ms a call")),
            None => found.unknown(name, "Performance Insights tells no time of a call"),
        }
    }
    for id in seen.value.unwatched.iter().filter(|id| ours(id)) {
        found.unknown(id, "is not watched: Performance Insights is off");
    }
    for (id, status) in seen.value.unasked.iter().filter(|(id, _)| ours(id)) {
        found.unknown(id, format!("is not asked while it is {status}"));
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::database::{Databases, TopStatements};
    use crate::domain::facts::Facts;
    use crate::plan::checklist::CriterionState;
    use crate::plan::probes::testing::{judged, part};

    fn sound() -> Database {
        Database {
            status: "available".into(),
            multi_az: true,
            encrypted: true,
            retention_days: 7,
            ..Database::default()
        }
    }

    #[test]
    fn each_shortcoming_is_named_and_replicas_need_no_standby() {
        assert_eq!(wrong_with(&sound(), 1.0), Vec::<String>::new());
        let bad = Database {
            status: "storage-full".into(),
            multi_az: false,
            encrypted: false,
            retention_days: 0,
            ..sound()
        };
        let words = [
            "storage-full",
            "not encrypted",
            "in one zone alone",
            "no automated backups",
        ];
        assert_eq!(wrong_with(&bad, 1.0), words);
        assert_eq!(wrong_with(&sound(), 14.0), ["backups kept for 7 days only"]);
        let replica = Database {
            replica_of: Some("db".into()),
            replication: Some(("terminated".into(), false)),
            multi_az: false,
            retention_days: 0,
            ..sound()
        };
        assert_eq!(wrong_with(&replica, 1.0), ["replication terminated"]);
    }

    /// A rotated password or a restored volume stops nobody; what a change does meanwhile is not told by its word.
    #[test]
    fn a_database_that_is_busy_serves_and_one_that_changes_is_not_known() {
        let of = |status: &str| {
            let instance = Database {
                id: "db".into(),
                status: status.into(),
                ..sound()
            };
            let mut facts = Facts::default();
            facts.estate.databases = part(Arc::new(Databases {
                instances: vec![instance],
                ..Databases::default()
            }));
            judged("rds.available", &facts).state
        };
        for status in [
            "available",
            "resetting-master-credentials",
            "storage-initialization",
        ] {
            assert_eq!(of(status), CriterionState::Proved, "{status}");
        }
        assert_eq!(of("modifying"), CriterionState::Unknown);
        assert_eq!(of("rebooting"), CriterionState::Failing);
    }

    #[test]
    fn a_database_that_was_not_asked_for_its_state_is_not_one_without_insights() {
        let mut facts = Facts::default();
        facts.estate.databases = part(Arc::new(Databases::default()));
        facts.estate.statements = part(Arc::new(TopStatements {
            unasked: vec![("db".into(), "modifying".into())],
            ..TopStatements::default()
        }));
        let got = judged("rds.statements", &facts);
        let why = "db: is not asked while it is modifying";
        assert_eq!(
            (got.state, got.reason.as_str()),
            (CriterionState::Unknown, why)
        );
    }

    #[test]
    fn another_kind_of_database_is_not_the_one_that_is_asked_for() {
        use crate::domain::database::Databases;
        use crate::domain::facts::Facts;
        use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
        use crate::plan::probes::testing::{judged, part};
        let with = |engines: &[&str]| {
            let of = |engine: &&str| Database {
                id: format!("db-{engine}"),
                engine: (*engine).into(),
                ..sound()
            };
            let mut facts = Facts::default();
            facts.estate.databases = part(std::sync::Arc::new(Databases {
                instances: engines.iter().map(of).collect(),
                ..Databases::default()
            }));
            facts
        };
        let asked = "rds.available engine=postgres";
        assert_eq!(judged(asked, &with(&["postgres"])).state, Proved);
        assert_eq!(
            judged(asked, &with(&["mysql", "aurora-postgresql"])).state,
            Proved
        );
        let told = judged(asked, &with(&["mysql"]));
        assert_eq!(told.state, Failing);
        assert!(
            told.reason.contains("none is postgres: db-mysql is mysql"),
            "{}",
            told.reason
        );
        assert_eq!(judged("rds.available", &with(&["mysql"])).state, Proved);
        assert_eq!(judged(asked, &with(&[])).state, Unknown);
    }

    #[test]
    fn the_budget_of_the_plan_is_that_of_the_screen() {
        let probe = PROBES.iter().find(|p| p.name == "rds.statements").unwrap();
        let ms: f64 = probe.params[0].default.parse().unwrap();
        assert_eq!(ms, crate::domain::database::STATEMENT_BUDGET_MS);
    }
}
