//! `flightdeck slo`: each promise with its budget and burn rates, and the other success metrics of the plan.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::paint::Role;
use super::session::{Session, standing};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::domain::metric::{MetricQuery, Stat, Unit, Window, last_whole};
use crate::domain::problem::Problem;
use crate::domain::slo::{
    Burn, Ending, HOUR_S, SIX_HOURS_S, Slo, SloKind, Standing, THREE_DAYS_S, Urgency,
    left_percent_words, rate_words,
};
use crate::plan::checklist::{CriterionState, CriterionStatus};
use crate::plan::promises;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {}

/// Percentiles of the response time that are told, over this many seconds.
const PERCENTILES: [(u16, &str); 3] = [(500, "p50"), (950, "p95"), (990, "p99")];
const PERIOD_S: u32 = 300;

/// Runs the command.
pub async fn run(_: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    let first = session.look(Vec::new()).await?;
    let queries = percentiles(&first.facts);
    let picture = if queries.is_empty() {
        first
    } else {
        let window = Window {
            length_s: HOUR_S,
            until: None,
        };
        // Context: without it the promises are told all the same.
        session
            .demand(
                vec![Interest::Metrics { queries, window }],
                &[&|f| standing(&f.charts)],
            )
            .await
            .unwrap_or(first)
    };
    let (facts, list) = (&picture.facts, &picture.checklist);
    let slos = facts.slos.rows();
    let others: Vec<&CriterionStatus> = promises::others(list).collect();
    let now = Timestamp::now();
    if session.out.is_json() {
        let rows = slos
            .iter()
            .map(|s| object(s, promises::criterion(list, s.kind)))
            .collect();
        let mut more = Map::new();
        more.insert("environment".into(), json!(session.config.environment));
        more.extend(super::session::provenance(&facts.slos));
        more.insert("traffic".into(), traffic(facts));
        let told = others.iter().map(|c| other(c)).collect::<Vec<_>>();
        more.insert("others".into(), json!(told));
        session.out.list("slo", rows, more)?;
        return Ok(exit(facts));
    }
    if slos.is_empty() {
        session.out.line(match &facts.slos.error {
            Some(_) => "No promise can be told.",
            None => "No promises: no load balancer of this account counts requests.",
        })?;
    } else {
        session.out.table(&table(slos, now))?;
        session.out.line(&traffic_words(facts, now))?;
    }
    if !others.is_empty() {
        session.out.line("")?;
        session.out.table(&others_table(&others))?;
    }
    let measured = slos.first().map_or_else(String::new, |s| {
        let age = |s: u64| words::age(std::time::Duration::from_secs(s));
        let missing = s.counted.missing.iter().map(|m| format!("; {m}"));
        let missing: String = missing.collect();
        if s.is_whole() {
            format!(", measured over {}{missing}", age(s.wanted_s))
        } else {
            let (known, wanted) = (age(s.window_s), age(s.wanted_s));
            format!(", measured over {known} of {wanted}{missing}")
        }
    });
    let counted = slos.first().and_then(|s| s.counted.until);
    let counted = counted.map_or_else(String::new, |at| {
        format!(", counted until {} ago", words::ago(Some(at), now))
    });
    let count = format!("{}{measured}{counted}", words::count(slos.len(), "promise"));
    session.footer(count, &facts.slos, now)?;
    Ok(exit(facts))
}

/// Whether the promises could be asked about.
fn exit(facts: &Facts) -> Exit {
    if facts.slos.value.is_some() {
        Exit::OK
    } else {
        Exit::NO_ANSWER
    }
}

fn percentiles(facts: &Facts) -> Vec<MetricQuery> {
    let all = facts.slos.rows().iter();
    all.filter(|s| s.kind == SloKind::ResponseTime)
        .flat_map(|s| s.queries.iter())
        .filter(|q| matches!(q.stat, Stat::Percentile(_)))
        .map(|q| MetricQuery {
            period_s: PERIOD_S,
            ..q.clone()
        })
        .collect()
}

/// A percentile of the last whole five minutes, milliseconds, and when they ended; of several load balancers the worst.
fn newest(facts: &Facts, tenths: u16) -> Option<(Timestamp, f64)> {
    let wanted = percentiles(facts);
    let charts = facts.charts.value.as_ref()?;
    let read = facts.charts.observed_at?;
    let series = charts
        .series
        .iter()
        .filter(|s| s.query.stat == Stat::Percentile(tenths) && wanted.contains(&s.query));
    let values: Vec<(Timestamp, f64)> = series
        .filter_map(|s| last_whole(&s.points, PERIOD_S, read))
        .collect();
    // One that is silent tells of another five minutes.
    let until = values.iter().map(|v| v.0).max()?;
    let then = values.iter().filter(|v| v.0 == until);
    let worst = then.map(|v| v.1 * 1000.0).reduce(f64::max)?;
    Some((until, worst))
}

/// When the five minutes ended that the percentiles are of.
fn measured_until(facts: &Facts) -> Option<Timestamp> {
    let ends = PERCENTILES.map(|(tenths, _)| newest(facts, tenths).map(|n| n.0));
    ends.into_iter().flatten().max()
}

fn per_second(facts: &Facts) -> Option<f64> {
    facts.slos.rows().first()?.counted.per_second
}

fn traffic(facts: &Facts) -> Value {
    let mut object = Map::new();
    object.insert("requests_per_s".into(), json!(per_second(facts)));
    for (tenths, word) in PERCENTILES {
        object.insert(
            format!("{word}_ms"),
            json!(newest(facts, tenths).map(|n| n.1)),
        );
    }
    object.insert("measured_until".into(), json!(measured_until(facts)));
    Value::Object(object)
}

fn traffic_words(facts: &Facts, now: Timestamp) -> String {
    let rate = per_second(facts).map_or("?".to_owned(), |r| Unit::Count.format(r));
    let each = PERCENTILES.map(|(tenths, word)| {
        let ms = newest(facts, tenths).map(|n| n.1);
        let ms = ms.map_or("?".to_owned(), |v| Unit::Milliseconds.format(v));
        format!("   {word} {ms}")
    });
    let until = measured_until(facts).map_or_else(String::new, |at| {
        format!("   (five minutes until {} ago)", words::ago(Some(at), now))
    });
    format!("traffic {rate} requests/s{}{until}", each.concat())
}

fn role(s: &Slo) -> Role {
    match s.standing() {
        Standing::Broken | Standing::Burning(Urgency::Page) => Role::Bad,
        Standing::Burning(Urgency::Ticket) => Role::Warn,
        Standing::Unknown => Role::Dim,
        Standing::Kept => Role::Ok,
    }
}

fn ends(ending: Ending, now: Timestamp) -> String {
    match ending {
        Ending::Unknown => "?".into(),
        Ending::Spent => "spent".into(),
        Ending::Lasts => "lasts".into(),
        Ending::At(at) => format!("in {}", words::ago(Some(now), at)),
    }
}

fn table(slos: &[Slo], now: Timestamp) -> Table {
    let mut table = Table::new(&[
        ("STATE", Align::Left),
        ("PROMISE", Align::Left),
        ("NOW", Align::Right),
        ("TARGET", Align::Left),
        ("LEFT", Align::Right),
        ("BURN 1H", Align::Right),
        ("6H", Align::Right),
        ("3D", Align::Right),
        ("ENDS", Align::Right),
        ("BUDGET", Align::Left),
    ])
    .sparing(&["BUDGET"]);
    for s in slos {
        let current = s.current.map_or("no data".into(), |v| s.kind.amount(v));
        let rate = |window_s| {
            let burn = s.burn(window_s);
            let fires = burn.and_then(Burn::fires) == Some(true);
            let words = rate_words(burn.and_then(|b| b.rate));
            painted(if fires { Role::Bad } else { Role::Plain }, words)
        };
        table.row(vec![
            painted(role(s), s.standing().word()),
            cell(s.kind.word()),
            painted(role(s), current),
            cell(s.kind.promise(s.target)),
            cell(left_percent_words(s.budget_left_percent)),
            rate(HOUR_S),
            rate(SIX_HOURS_S),
            rate(THREE_DAYS_S),
            cell(ends(s.ending(), now)),
            cell(
                s.left_words()
                    .map_or(String::new(), |w| format!("{w} left")),
            ),
        ]);
    }
    table
}

fn others_table(others: &[&CriterionStatus]) -> Table {
    let mut table = Table::new(&[
        ("STATE", Align::Left),
        ("OTHER SUCCESS METRICS", Align::Left),
        ("NOW", Align::Right),
        ("TARGET", Align::Left),
        ("WHY", Align::Left),
    ])
    .whole(&["STATE"])
    .beneath("WHY", 40);
    for c in others {
        let role = match c.state {
            CriterionState::Failing => Role::Bad,
            CriterionState::Waived => Role::Warn,
            CriterionState::Unknown => Role::Dim,
            CriterionState::SignedOff | CriterionState::Proved => Role::Ok,
        };
        let cells = vec![
            painted(role, c.state.word()),
            cell(&c.title),
            cell(c.figure.as_ref().map_or("-", |f| &f.now)),
            cell(c.figure.as_ref().map_or("-", |f| &f.target)),
            cell(&c.reason),
        ];
        match role == Role::Ok {
            true => table.row(cells),
            false => table.row_told(cells),
        }
    }
    table
}

fn ending(e: Ending) -> (&'static str, Option<Timestamp>) {
    match e {
        Ending::Unknown => ("unknown", None),
        Ending::Spent => ("spent", None),
        Ending::At(at) => ("ends", Some(at)),
        Ending::Lasts => ("lasts", None),
    }
}

fn burn(b: &Burn) -> Value {
    let (word, at) = ending(b.ending);
    json!({
        "window_s": b.window_s,
        "known_s": b.covered_s,
        "rate": b.rate,
        "short_window_s": b.short_s,
        "short_rate": b.short_rate,
        "threshold": b.threshold,
        "urgency": b.urgency,
        "fires": b.fires(),
        "ending": word,
        "ends_at": at,
    })
}

fn object(s: &Slo, criterion: Option<&CriterionStatus>) -> Value {
    let (word, at) = ending(s.ending());
    let state = match s.standing() {
        Standing::Broken => "broken",
        Standing::Burning(_) => "burning",
        Standing::Unknown => "unknown",
        Standing::Kept => "kept",
    };
    let series: Vec<Value> = s.queries.iter().map(series).collect();
    json!({
        "kind": s.kind,
        "target": s.target,
        "current": s.current,
        "met": s.is_met(),
        "state": state,
        "budget_left_percent": s.budget_left_percent,
        "budget": s.budget.map(|b| json!({
            "unit": if s.kind == SloKind::ResponseTime { "seconds" } else { "requests" },
            "allowed": b.allowed,
            "spent": b.spent,
            "left": b.left(),
            "minutes_left": b.minutes_left,
        })),
        "burn": s.burns.iter().map(burn).collect::<Vec<_>>(),
        "ending": word,
        "ends_at": at,
        "requests": s.counted.requests,
        "failures": s.counted.failures,
        "window_s": s.wanted_s,
        "known_s": s.window_s,
        "silent_since": s.silent_since,
        "missing": s.counted.missing,
        "counted_until": s.counted.until,
        "criterion": criterion.map(|c| &c.id),
        "series": series,
    })
}

fn series(q: &MetricQuery) -> Value {
    json!({
        "namespace": q.metric.namespace,
        "name": q.metric.name,
        "dimensions": super::metrics::dimensions(&q.metric),
        "stat": q.stat.word(),
    })
}

fn other(c: &CriterionStatus) -> Value {
    json!({
        "id": c.id,
        "title": c.title,
        "state": c.state,
        "reason": c.reason,
        "figure": c.figure,
        "probe": c.probe,
        "future_probe": c.future_probe,
        "person": c.person,
    })
}
