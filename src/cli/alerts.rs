//! `flightdeck alerts [ALARM]`: alarms, firing first; of one alarm also its history.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use super::paint::Role;
use super::session::{Session, Standing, standing, standing_of};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::config::mistake::suggest;
use crate::domain::alarm::{Alarm, AlarmEvent, AlarmRule, AlarmState, Severity, listed};
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clip_middle;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// One alarm, with its history
    alarm: Option<String>,
    /// Only alarms in ALARM
    #[arg(long)]
    firing: bool,
}

/// Runs the command.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    let picture = session
        .demand(Vec::new(), &[&|f| standing(&f.alarms)])
        .await?;
    if let Some(name) = &args.alarm {
        let all = picture.facts.alarm_rows();
        let alarm = all.iter().find(|a| a.name == *name);
        let alarm = alarm.ok_or_else(|| unknown(name, all.iter().map(|a| a.name.as_str())))?;
        return history(alarm, session).await;
    }
    // The table does not say who is muted: nobody waits for that there.
    let picture = match session.out.is_json() {
        true => session.hope(&[&watched, &mutes]).await?,
        false => session.hope(&[&watched]).await?,
    };
    let facts = &picture.facts;
    let part = &facts.alarms;
    let all = facts.alarm_rows();
    let mut rows: Vec<&Alarm> = all
        .iter()
        .map(AsRef::as_ref)
        .filter(|a| !args.firing || a.state == AlarmState::Alarm)
        .collect();
    // What the vendor scales by fires for days, and is no news.
    rows.order_by_key(|a| a.state == AlarmState::Alarm && facts.scales_quietly(a));
    let now = Timestamp::now();
    if session.out.is_json() {
        let rows = rows.iter().map(|a| object(a, facts)).collect();
        let told = json!(!facts.log_alarms_untold);
        session.list_and("alerts", rows, part, [("log_alarms_told", told)])?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        session.out.line(match (args.firing, all.is_empty()) {
            (true, false) => "No alarm is firing.",
            _ => "No alarms: CloudWatch has none in this account and region.",
        })?;
    } else {
        session.out.table(&table(&rows, facts, now))?;
    }
    let those = |scaling| {
        let all = all.iter().filter(|a| a.state == AlarmState::Alarm);
        all.filter(|a| facts.scales_quietly(a) == scaling).count()
    };
    let mut count = format!(
        "{}, {} firing",
        words::count(rows.len(), "alarm"),
        those(false)
    );
    match those(true) {
        0 => {}
        n => count.push_str(&format!(", {n} in ALARM to scale by")),
    }
    session.footer(count, part, now)?;
    if facts.log_alarms_untold {
        let line = "log alarms are not told here: CloudWatch's endpoint does not know them";
        session.out.painted(Role::Warn, line)?;
    }
    Ok(Exit::OK)
}

/// The rules that mute alarms.
fn mutes(facts: &Facts) -> Standing {
    standing(&facts.estate.alarm_mutes)
}

/// The services, where one of their deployments may watch an alarm that counts for nothing else.
fn watched(facts: &Facts) -> Standing {
    let is_quiet = |a: &Alarm| a.state == AlarmState::Alarm && facts.scales_quietly(a);
    match facts.alarm_rows().iter().any(|a| is_quiet(a)) {
        true => standing(&facts.services),
        false => Standing::Answered,
    }
}

async fn history(alarm: &Alarm, session: &mut Session) -> Result<Exit, Problem> {
    let name = &alarm.name;
    session
        .demand(
            vec![Interest::AlarmHistory(name.clone())],
            &[&|f| standing_of(f.alarm_history.get(name))],
        )
        .await?;
    let picture = session.hope(&[&watched, &mutes]).await?;
    let Some(part) = picture.facts.alarm_history.get(name) else {
        return Ok(Exit::NO_ANSWER);
    };
    let events = part.value.as_deref().map_or(&[][..], Vec::as_slice);
    let now = Timestamp::now();
    if session.out.is_json() {
        let mut row = object(alarm, &picture.facts);
        if let Some(members) = row.as_object_mut() {
            members.insert("history".into(), events.iter().map(event).collect());
        }
        session.list("alerts", vec![row], part)?;
        return Ok(Exit::OK);
    }
    session.out.table(&table(&[alarm], &picture.facts, now))?;
    if let Some(why) = picture.facts.silenced(alarm, now) {
        session.out.line(&format!("its actions are {why}"))?;
    }
    let unread = match mutes(&picture.facts) {
        Standing::Waiting => Some("no answer yet"),
        _ => picture.facts.mutes_unread(),
    };
    if let Some(why) = unread {
        session
            .out
            .line(&format!("whether a rule mutes it is not known: {why}"))?;
    }
    session.out.line("")?;
    let mut table = Table::new(&[
        ("AGE", Align::Right),
        ("KIND", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for e in events {
        table.row(vec![
            cell(words::ago(Some(e.at), now)),
            cell(&e.kind),
            cell(&e.summary),
        ]);
    }
    session.out.table(&table)?;
    session.footer(words::count(events.len(), "event"), part, now)?;
    Ok(Exit::OK)
}

fn unknown<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> Problem {
    let hint = suggest(name, all)
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    Problem::new(
        ProblemKind::Argument,
        "cloudwatch",
        format!("unknown alarm \"{name}\"{hint}"),
        "CloudWatch has no alarm of that name in this account and region",
        "flightdeck alerts lists them",
    )
}

fn table(rows: &[&Alarm], facts: &Facts, now: Timestamp) -> Table {
    let mut table = Table::new(&[
        ("STATE", Align::Left),
        ("SEVERITY", Align::Left),
        ("SINCE", Align::Right),
        ("ALARM", Align::Left),
        ("RULE", Align::Left),
        ("WHY", Align::Left),
    ])
    .whole(&["STATE", "SEVERITY"])
    .names("ALARM", 26, |name, columns| {
        clip_middle(&listed(name, columns), columns)
    })
    .beneath("WHY", 40)
    .beneath("RULE", 28);
    for a in rows {
        let scales = facts.scales_quietly(a);
        let role = role(a, scales);
        let cells = vec![
            painted(role, a.state.word()),
            painted(role, severity(a, scales)),
            cell(words::ago(a.since, now)),
            cell(&a.name),
            cell(rule(a)),
            cell(&a.reason),
        ];
        // Of one that was asked for alone all is told, however it stands.
        let fires = a.state == AlarmState::Alarm && !scales;
        match fires || rows.len() == 1 {
            true => table.row_told(cells),
            false => table.row(cells),
        }
    }
    table
}

/// How much it matters; of one that the vendor quietly scales by, that it does so.
fn severity(a: &Alarm, scales: bool) -> &'static str {
    match scales {
        true => "auto",
        false => a.severity.word(),
    }
}

/// The role of an alarm: its state, and how much it matters while it fires.
fn role(a: &Alarm, scales: bool) -> Role {
    match (a.state, a.severity) {
        (AlarmState::Alarm, _) if scales => Role::Dim,
        (AlarmState::Alarm, Severity::Critical) => Role::Bad,
        (AlarmState::Alarm, _) => Role::Warn,
        (AlarmState::InsufficientData, _) => Role::Dim,
        (AlarmState::Ok, _) => Role::Plain,
    }
}

/// What an alarm watches, in a line, its limit before what is missed least where that is cut.
fn rule(a: &Alarm) -> String {
    match &a.rule {
        AlarmRule::Composite { rule } => rule.clone(),
        AlarmRule::Log { .. } => a.rule.limit().unwrap_or_default(),
        AlarmRule::Metric {
            query,
            expression,
            comparison,
            threshold,
            datapoints,
            periods,
            period_s,
            ..
        } => {
            let (what, stat) = match (query, expression) {
                (Some(q), _) => (q.metric.name.as_str(), format!("{} ", q.stat.word())),
                (None, Some(e)) => (e.as_str(), String::new()),
                (None, None) => ("metric math", String::new()),
            };
            let threshold = threshold.map(|t| format!(" {t}")).unwrap_or_default();
            format!(
                "{what} {comparison}{threshold}, {stat}{datapoints} of {periods} x {period_s} s"
            )
        }
    }
}

fn event(e: &AlarmEvent) -> Value {
    json!({"at": e.at, "kind": e.kind, "summary": e.summary})
}

fn object(a: &Alarm, facts: &Facts) -> Value {
    let members: Vec<&str> = facts
        .alarm_rows()
        .iter()
        .filter(|o| a.is_made_of(&o.name))
        .map(|o| o.name.as_str())
        .collect();
    let watches = match &a.rule {
        AlarmRule::Composite { rule } => {
            json!({"kind": "composite", "rule": rule, "members": members})
        }
        AlarmRule::Log {
            query,
            groups,
            aggregation,
            comparison,
            threshold,
            datapoints,
            periods,
        } => json!({
            "kind": "log",
            "query": query,
            "log_groups": groups,
            "aggregation": aggregation,
            "comparison": comparison,
            "threshold": threshold,
            "datapoints": datapoints,
            "periods": periods,
        }),
        AlarmRule::Metric {
            query,
            expression,
            comparison,
            threshold,
            datapoints,
            periods,
            period_s,
            ..
        } => json!({
            "kind": "metric",
            "namespace": query.as_ref().map(|q| &q.metric.namespace),
            "metric": query.as_ref().map(|q| &q.metric.name),
            "dimensions": query.as_ref().map(|q| super::metrics::dimensions(&q.metric)),
            "stat": query.as_ref().map(|q| q.stat.word()),
            "expression": expression,
            "comparison": comparison,
            "threshold": threshold,
            "datapoints": datapoints,
            "periods": periods,
            "period_s": period_s,
        }),
    };
    json!({
        "name": a.name,
        "arn": a.arn,
        "description": a.description,
        "state": a.state,
        "severity": a.severity,
        "reason": a.reason,
        "since": a.since,
        "updated_at": a.updated_at,
        "rule": watches,
        "actions_enabled": a.actions_enabled,
        "actions": a.actions,
        "scaling": facts.scales_quietly(a),
        "silenced": facts.silenced(a, Timestamp::now()),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::part::Part;

    /// What counts as `auto` is told as `status` tells it, which knows what deployments watch.
    #[test]
    fn the_services_are_waited_for_only_where_they_may_make_a_quiet_alarm_count() {
        let alarm = |comparison: &str| Alarm {
            name: "api-cpu".into(),
            arn: String::new(),
            description: String::new(),
            state: AlarmState::Alarm,
            severity: Severity::Critical,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule: AlarmRule::Metric {
                query: None,
                expression: None,
                parts: Vec::new(),
                comparison: comparison.into(),
                threshold: Some(1.0),
                datapoints: 1,
                periods: 1,
                period_s: 60,
            },
            actions_enabled: true,
            actions: vec!["arn:aws:autoscaling:home:1:scalingPolicy:a".into()],
            other_actions: Vec::new(),
            held_back: None,
        };
        let of = |alarm: Alarm| Facts {
            alarms: Part {
                value: Some(Arc::new(vec![Arc::new(alarm)])),
                ..Part::default()
            },
            ..Facts::default()
        };
        let (low, high) = (alarm("<"), alarm(">"));
        let facts = of(low.clone());
        assert!(matches!(watched(&facts), Standing::Waiting));
        assert_eq!(object(&low, &facts)["scaling"], true);
        let scales = facts.scales_quietly(&low);
        assert_eq!(
            (severity(&low, scales), role(&low, scales)),
            ("auto", Role::Dim)
        );
        let facts = of(high.clone());
        assert!(matches!(watched(&facts), Standing::Answered));
        assert_eq!(object(&high, &facts)["scaling"], false);
        let scales = facts.scales_quietly(&high);
        assert_eq!(
            (severity(&high, scales), role(&high, scales)),
            ("CRIT", Role::Bad)
        );
    }
}
