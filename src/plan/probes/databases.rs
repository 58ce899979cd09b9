//! PostgreSQL and Redis, asked directly: statements within their budget, room for connections, replication in time, a cache that
//! answers.

use super::judgement::{Findings, Judgement, Verdict, list};
use super::look::Look;
use super::{Probe, number};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "redis.hit-ratio",
        question: "does the cache find what it is asked for, and keep what it was given?",
        params: &[number("min", "80")],
        judge: hit_ratio,
    },
    Probe {
        name: "postgres.statements",
        question: "is every statement's mean time within the budget?",
        params: &[number("budget_ms", "500")],
        judge: statements,
    },
    Probe {
        name: "postgres.connections",
        question: "is there room for connections, and nobody stuck behind a lock?",
        params: &[number("max_percent", "80"), number("lock_s", "30")],
        judge: connections,
    },
    Probe {
        name: "postgres.replication",
        question: "does a standby follow in time?",
        params: &[number("lag_s", "10")],
        judge: replication,
    },
];

fn hit_ratio(look: &Look<'_>) -> Verdict {
    look.configured("redis")?;
    let seen = look.fresh(&look.facts.estate.redis, "Redis")?;
    let server = seen.value;
    let min = look.number("min");
    let Some(ratio) = server.hit_ratio() else {
        return Err(Judgement::unknown(format!(
            "{}: nothing was ever looked up",
            server.address
        )));
    };
    let percent = ratio * 100.0;
    let evicted = server.lately.map_or(0, |l| l.counters.evicted);
    let when = match server.lately {
        Some(l) => format!("in {:.0} s", l.seconds),
        None => "since it started".into(),
    };
    let answer = format!(
        "{percent:.1} % of look-ups hit {when} (wanted: {min:.0} %), {evicted} keys evicted lately"
    );
    Ok(Judgement::single(
        percent >= min,
        look.question(seen.source),
        answer,
        seen.at,
    ))
}

fn statements(look: &Look<'_>) -> Verdict {
    look.configured("postgres")?;
    let seen = look.fresh(
        &look.facts.estate.postgres_shape,
        "the statements of PostgreSQL",
    )?;
    let budget = look.number("budget_ms");
    let all = match &seen.value.statements {
        Ok(all) if !all.is_empty() => all,
        Ok(_) => return Err(Judgement::unknown("no statement was counted yet")),
        Err(why) => return Err(Judgement::unknown(why.clone())),
    };
    let mut found = Findings::new("statement", look.question(seen.source), seen.at);
    for s in all {
        let name = crate::domain::text::clip(&s.text, 80);
        let answer = format!("{:.1} ms on average, {} calls", s.mean_ms, s.calls);
        if s.mean_ms > budget {
            found.bad(name, answer);
        } else {
            found.good(&name, "");
        }
    }
    Ok(found.verdict())
}

fn connections(look: &Look<'_>) -> Verdict {
    look.configured("postgres")?;
    let seen = look.fresh(&look.facts.estate.postgres, "PostgreSQL")?;
    let (most, lock_s) = (look.number("max_percent"), look.number("lock_s"));
    let c = &seen.value.connections;
    let Some(share) = c.share() else {
        return Err(Judgement::unknown("the limit of connections is not known"));
    };
    let mut found = Findings::new("figure", look.question(seen.source), seen.at);
    let places = c.limit - c.reserved;
    found.check(
        share * 100.0 <= most,
        "connections",
        &format!("{} of {places} ({:.0} %)", c.total(), share * 100.0),
    );
    let stuck: Vec<String> = seen
        .value
        .blocked
        .iter()
        .filter(|b| b.waits_s.is_some_and(|s| s >= lock_s))
        .map(|b| {
            format!(
                "{} behind {:?} for {:.0} s",
                b.pid,
                b.by,
                b.waits_s.unwrap_or(0.0)
            )
        })
        .collect();
    match stuck.is_empty() {
        true => found.good("locks", &format!("nobody waits for {lock_s:.0} s")),
        false => found.bad("locks", list(&stuck, 4)),
    }
    Ok(found.verdict())
}

fn replication(look: &Look<'_>) -> Verdict {
    look.configured("postgres")?;
    let seen = look.fresh(&look.facts.estate.postgres, "PostgreSQL")?;
    let most = look.number("lag_s");
    let replication = &seen.value.replication;
    let mut found = Findings::new("standby", look.question(seen.source), seen.at);
    if seen.value.standby {
        match replication.behind_s {
            Some(s) => found.check(s <= most, "this standby", &format!("{s:.1} s behind")),
            None => found.unknown("this standby", "nothing was ever replayed"),
        }
    }
    for s in &replication.standbys {
        match (s.state.as_str(), s.lag_s) {
            ("streaming", Some(lag)) => {
                found.check(lag <= most, &s.name, &format!("{lag:.1} s behind"));
            }
            ("streaming", None) => found.unknown(&s.name, "its lag is not told"),
            (state, _) => found.bad(&s.name, format!("is {state}")),
        }
    }
    for (slot, _) in &replication.idle_slots {
        found.bad(slot, "a slot that nobody reads keeps the log");
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::Timestamp;

    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::domain::postgres::{
        Connections, Counters, PostgresNow, PostgresShape, Replication, Standby, Statement,
    };
    use crate::plan::checklist::CriterionState;
    use crate::plan::expect::Expectations;
    use crate::plan::probes::{Call, judge};

    const PERIOD: Duration = Duration::from_secs(30);

    fn moment() -> PostgresNow {
        PostgresNow {
            address: "db:5432/laser".into(),
            version: "15.18".into(),
            tls: true,
            started_at: Timestamp::UNIX_EPOCH,
            standby: false,
            connections: Connections {
                limit: 103,
                reserved: 3,
                by_state: vec![("idle".into(), 80)],
                waiting: 0,
            },
            running: Vec::new(),
            blocked: Vec::new(),
            replication: Replication::default(),
            counters: Counters::default(),
            unseen: Vec::new(),
        }
    }

    fn state(call: &str, facts: &Facts) -> CriterionState {
        let call = Call::parse(call).unwrap();
        judge(
            &call,
            facts,
            &Expectations::default(),
            Timestamp::UNIX_EPOCH,
        )
        .state
    }

    fn with(now: PostgresNow) -> Facts {
        let mut facts = Facts::default();
        facts.estate.postgres =
            Part::answered(Arc::new(now), Timestamp::UNIX_EPOCH, "postgres:x", PERIOD);
        facts
    }

    #[test]
    fn connections_have_a_limit_and_no_answer_is_no_proof() {
        use CriterionState::{Failing, Proved, Unknown};
        assert_eq!(state("postgres.connections", &Facts::default()), Unknown);
        assert_eq!(state("postgres.connections", &with(moment())), Proved);
        let strict = "postgres.connections max_percent=79";
        assert_eq!(state(strict, &with(moment())), Failing);
    }

    #[test]
    fn no_standby_is_no_replication_and_a_late_one_fails() {
        use CriterionState::{Failing, Proved, Unknown};
        assert_eq!(state("postgres.replication", &with(moment())), Unknown);
        let mut now = moment();
        now.replication.standbys.push(Standby {
            name: "s1".into(),
            state: "streaming".into(),
            sync: "async".into(),
            lag_s: Some(4.0),
            lag_bytes: Some(9),
        });
        assert_eq!(state("postgres.replication", &with(now.clone())), Proved);
        assert_eq!(state("postgres.replication lag_s=3", &with(now)), Failing);
    }

    #[test]
    fn one_statement_over_its_budget_fails_and_none_known_proves_nothing() {
        use CriterionState::{Failing, Proved, Unknown};
        let shape = |statements| PostgresShape {
            database: "laser".into(),
            bytes: None,
            xid_age: 1,
            statements,
            tables: Vec::new(),
            more_tables: false,
            unused: Vec::new(),
            missing: Vec::new(),
            schema: Err("no table".into()),
            unseen: Vec::new(),
        };
        let facts = |statements| {
            let mut facts = Facts::default();
            facts.estate.postgres_shape = Part::answered(
                Arc::new(shape(statements)),
                Timestamp::UNIX_EPOCH,
                "postgres:y",
                PERIOD,
            );
            facts
        };
        let slow = Statement {
            id: 1,
            text: "SELECT ?".into(),
            calls: 3,
            mean_ms: 120.0,
            max_ms: 130.0,
            total_ms: 360.0,
            rows: 3,
        };
        assert_eq!(
            state("postgres.statements", &facts(Err("not there".into()))),
            Unknown
        );
        assert_eq!(
            state("postgres.statements", &facts(Ok(Vec::new()))),
            Unknown
        );
        assert_eq!(
            state("postgres.statements", &facts(Ok(vec![slow.clone()]))),
            Proved
        );
        let strict = "postgres.statements budget_ms=100";
        assert_eq!(state(strict, &facts(Ok(vec![slow]))), Failing);
    }
}
