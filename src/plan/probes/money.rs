//! Capacity and cost: enough is left, and not too much is spent.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Probe, number};
use crate::domain::capacity::headrooms;
use crate::domain::connections::CONNECTIONS;
use crate::domain::cost::Cost;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "capacity.headroom",
        question: "is enough left of every component at its busiest?",
        params: &[number("min", "30")],
        judge: headroom,
    },
    Probe {
        name: "cost.within-budget",
        question: "will this month stay within its budget?",
        params: &[],
        judge: budget,
    },
];

fn headroom(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.series, "the series")?;
    let least = look.number("min");
    let mut found = Findings::new("component", look.question(seen.source), seen.at);
    for h in headrooms(look.facts) {
        let name = format!("{} {}", h.component, h.resource);
        let e = &look.facts.estate;
        // Bounds and sizes that were read long ago say nothing of now.
        let stale = match h.resource {
            "tasks" => look.fresh(&e.scaling, "the bounds of scaling").err(),
            "storage" => look.fresh(&e.databases, "the databases").err(),
            // Only a whole that is known can be out of date.
            CONNECTIONS if h.left.is_none() => None,
            CONNECTIONS if h.source == e.redis.source => look.fresh(&e.redis, "Redis").err(),
            // A formula is of the class, and a class and a group are what the instance tells.
            CONNECTIONS if h.source == e.db_limits.source => look
                .fresh(&e.db_limits, "the parameters of databases")
                .err()
                .or_else(|| look.fresh(&e.databases, "the databases").err()),
            CONNECTIONS => look.fresh(&e.postgres, "PostgreSQL").err(),
            _ => None,
        };
        match (h.left, stale) {
            (_, Some(why)) => found.unknown(name, why.reason),
            (Some(left), None) => {
                let of = h
                    .whole
                    .iter()
                    .map(|w| format!(" ({w})"))
                    .collect::<String>();
                found.check(left >= least, &name, &format!("{left:.0} % left{of}"));
            }
            (None, None) => {
                let why = h.unknown.as_deref();
                found.unknown(name, why.unwrap_or("the size of the whole is not known"));
            }
        }
    }
    Ok(found.verdict())
}

fn budget(look: &Look<'_>) -> Verdict {
    look.configured("cost")?;
    let seen = look.fresh(&look.facts.estate.cost, "the bill")?;
    let cost: &Cost = seen.value;
    let Some(budget) = cost.budget else {
        return Err(Judgement::unknown(
            "no budget: set monthly_budget in [cost] of flightdeck.toml",
        ));
    };
    let c = &cost.currency;
    let settled = |ok: bool, answer: String| {
        // The evidence is as old as the bill, not as the look at the shelf.
        Ok(Judgement::single(
            ok,
            look.question(seen.source),
            answer,
            cost.asked_at,
        ))
    };
    match cost.month_end {
        // What is spent already needs no forecast.
        _ if cost.month > budget => settled(
            false,
            format!("{:.2} {c} spent of {budget:.2} {c}", cost.month),
        ),
        Some(end) => settled(
            end <= budget,
            format!(
                "{:.2} {c} spent, {end:.2} {c} expected of {budget:.2} {c}",
                cost.month
            ),
        ),
        None => Err(Judgement::unknown(format!(
            "{:.2} {c} spent of {budget:.2} {c}, and no forecast yet",
            cost.month
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use crate::domain::database::{Database, Databases, DbVitals};
    use crate::domain::db_limit::DbLimit;
    use crate::domain::facts::Facts;
    use crate::domain::metric::{MetricId, MetricQuery, Series, Stat, Unit};
    use crate::domain::part::Part;
    use crate::domain::postgres::{Connections, Counters, PostgresNow, Replication};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{ago, judged, now, part};

    /// A server behind a tunnel that so many clients are connected to, of a hundred.
    fn server(open: i64) -> PostgresNow {
        PostgresNow {
            address: "localhost:5432/laser".into(),
            version: "15.18".into(),
            tls: true,
            started_at: now(),
            standby: false,
            connections: Connections {
                limit: 100,
                reserved: 3,
                by_state: vec![("idle".into(), open)],
                waiting: 0,
            },
            running: Vec::new(),
            blocked: Vec::new(),
            replication: Replication::default(),
            counters: Counters::default(),
            unseen: Vec::new(),
        }
    }

    fn series(metric: &str, value: f64) -> (MetricQuery, Arc<Series>) {
        let query = MetricQuery {
            metric: MetricId::new("AWS/RDS", metric, &[("DBInstanceIdentifier", "db")]),
            stat: Stat::Average,
            period_s: 60,
        };
        let series = Series {
            query: query.clone(),
            label: String::new(),
            unit: Unit::Count,
            points: [(now(), value)].into(),
            partial: false,
        };
        (query, Arc::new(series))
    }

    /// A database that idles, and of whose disk so much is free.
    fn facts(free: f64, gib: Option<i64>) -> Facts {
        let all = [
            series("FreeStorageSpace", free),
            series("CPUUtilization", 10.0),
        ];
        let mut facts = Facts {
            series: part(Arc::new(BTreeMap::from(all))),
            ..Facts::default()
        };
        let db = Database {
            id: "db".into(),
            storage_gib: gib,
            ..Database::default()
        };
        facts.estate.databases = part(Arc::new(Databases {
            instances: vec![db],
            ..Databases::default()
        }));
        facts
    }

    /// Connections against their maximum, as the server tells both; without a server that tells, nobody knows.
    #[test]
    fn connections_are_judged_by_their_maximum_and_without_one_prove_nothing() {
        let gib = 1024.0 * 1024.0 * 1024.0;
        let with = |open: i64, told: bool| {
            let mut facts = facts(40.0 * gib, Some(100));
            facts.estate.db_vitals = part(Arc::new(vec![DbVitals {
                id: "db".into(),
                connections: Some(open as f64),
                ..DbVitals::default()
            }]));
            let databases = facts.estate.databases.value.as_mut().unwrap();
            Arc::make_mut(databases).instances[0].engine = "postgres".into();
            if told {
                facts.estate.postgres = part(Arc::new(server(open)));
            }
            facts
        };
        let judge = |facts: &Facts| judged("capacity.headroom min=30", facts);
        assert_eq!(judge(&with(60, true)).state, Proved);
        let crowded = judge(&with(90, true));
        assert_eq!(crowded.state, Failing);
        let whole = "(max_connections as PostgreSQL tells it)";
        assert_eq!(crowded.reason, format!("db connections: 7 % left {whole}"));
        let untold = judge(&with(90, false));
        assert_eq!(untold.state, Unknown);
        assert!(untold.reason.contains("90 open"), "{}", untold.reason);
        let mut old = with(60, true);
        old.estate.postgres.observed_at = ago(1);
        assert_eq!(judge(&old).state, Unknown, "a limit of an hour ago");
        // Where the server is not asked, its parameter group tells; an old word of that proves nothing either.
        let mut by_group = with(60, false);
        let limit = DbLimit {
            id: "db".into(),
            group: "pg15".into(),
            said: Some("100".into()),
            ..DbLimit::default()
        };
        by_group.estate.db_limits = part(Arc::new(vec![limit.of("db.r6g.large", false)]));
        let told = judge(&by_group);
        assert_eq!(told.state, Proved, "{told:?}");
        assert!(
            told.evidence[0]
                .answer
                .contains("max_connections 100 in pg15"),
            "{told:?}"
        );
        // Of the connections alone, whatever is known of the disk.
        let mut resized = by_group.clone();
        resized.series = part(Arc::new(BTreeMap::from([series("CPUUtilization", 10.0)])));
        assert_eq!(judge(&resized).state, Proved);
        resized.estate.databases.observed_at = ago(1);
        assert_eq!(judge(&resized).state, Unknown, "a class of an hour ago");
        by_group.estate.db_limits.observed_at = ago(1);
        assert_eq!(judge(&by_group).state, Unknown);
    }

    #[test]
    fn a_disk_is_judged_by_its_share_and_what_is_not_known_proves_nothing() {
        let state = |facts: &Facts| judged("capacity.headroom min=30", facts).state;
        let gib = 1024.0 * 1024.0 * 1024.0;
        assert_eq!(state(&facts(40.0 * gib, Some(100))), Proved);
        assert_eq!(state(&facts(20.0 * gib, Some(100))), Failing);
        assert_eq!(state(&facts(40.0 * gib, None)), Unknown);
        let mut unasked = facts(40.0 * gib, Some(100));
        unasked.estate.databases = Part::default();
        assert_eq!(state(&unasked), Unknown);
    }
}
