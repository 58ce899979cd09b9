//! `flightdeck status`: one look at everything, and one word for it as exit code.

mod judge;
mod services;

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use super::explain::{self, ProblemJson};
use super::paint::Role;
use super::session::Session;
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::domain::facts::{Facts, ProviderHealth};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::rights::Rights;
use crate::domain::service::ServiceHealth;
use crate::domain::slo::{HOUR_S, SIX_HOURS_S, Slo, THREE_DAYS_S};
use crate::domain::text::inert;
use crate::plan::Checklist;
use crate::present::Pages;
use crate::watch::Snapshot;
use judge::{Finding, Silence, Verdict, judge};

/// Systems that an advice names before it says how many more it is about.
const NAMED: usize = 4;

/// Runs the command.
pub async fn run(session: &mut Session) -> Result<Exit, Problem> {
    let picture = session.look(Vec::new()).await?;
    let facts = &picture.facts;
    let now = Timestamp::now();
    let findings = judge(facts, now);
    // What is a finding as well is not said twice.
    let mut aside = judge::silent(&Pages::new(facts, now));
    aside.retain(|s| s.verdict.is_none());
    let verdict = judge::word(facts, &findings);
    if session.out.is_json() {
        session
            .out
            .object(&object(verdict, &findings, &aside, &picture))?;
    } else {
        print(verdict, &findings, &aside, &picture, session)?;
    }
    Ok(verdict.exit())
}

fn print(
    verdict: Verdict,
    findings: &[Finding],
    aside: &[Silence],
    picture: &Snapshot,
    session: &mut Session,
) -> Result<(), Problem> {
    let (facts, checklist) = (&picture.facts, &picture.checklist);
    let now = Timestamp::now();
    let account = facts.identity.value.as_ref().map_or_else(
        || "account unknown".into(),
        |i| format!("{} {}", i.account, i.region),
    );
    let place = format!(
        "  {}  {}",
        inert(&session.config.environment),
        inert(&account)
    );
    let out = &mut session.out;
    out.pieces(&[
        (verdict.role(), &verdict.word().to_uppercase()),
        (Role::Plain, &place),
    ])?;
    for f in findings {
        let word = format!("  {:<9} ", f.verdict.word());
        let text = format!("  {}", f.text);
        out.pieces(&[
            (f.verdict.role(), &word),
            (Role::Strong, &f.about),
            (Role::Plain, &text),
        ])?;
    }
    for way in services::counted(facts, now) {
        out.painted(Role::Dim, &format!("  {way}"))?;
    }
    for s in services::elsewhere(facts, now) {
        let text = format!("  {}", s.text);
        out.pieces(&[
            (Role::Dim, "  elsewhere "),
            (Role::Plain, &s.about),
            (Role::Warn, &text),
        ])?;
    }
    for s in aside {
        let text = format!("  not known {}: {}", s.about, inert(&s.text));
        out.painted(Role::Dim, &text)?;
    }
    out.line("")?;
    out.line(&counts(facts, checklist))?;
    out.line(&slo_line(facts.slos.rows(), now))?;
    out.line("")?;
    out.table(&providers(&facts.providers, now))?;
    for (fix, names) in advice(&facts.providers) {
        let text = format!("{}  ({})", inert(fix), inert(&named(&names)));
        out.pieces(&[(Role::Dim, "   do: "), (Role::Plain, &text)])?;
    }
    Ok(())
}

/// What to do about systems that fail, each advice once, with those that it is about.
fn advice(all: &[ProviderHealth]) -> Vec<(&str, Vec<&str>)> {
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for provider in all.iter().filter(|p| p.configured) {
        let Some(fix) = provider.problem.as_ref().map(|p| p.fix.as_str()) else {
            continue;
        };
        match told.iter_mut().find(|(known, _)| *known == fix) {
            Some((_, names)) => names.push(&provider.name),
            None => told.push((fix, vec![&provider.name])),
        }
    }
    told.retain(|(fix, _)| !fix.is_empty());
    told
}

fn named(names: &[&str]) -> String {
    let shown = names.get(..NAMED).unwrap_or(names).join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Counts of what is known; what nobody answered is not counted as none.
fn counts(facts: &Facts, checklist: &Checklist) -> String {
    let rows = facts.service_rows();
    let those = |health: [ServiceHealth; 2]| {
        let rows = rows.iter().filter(|s| health.contains(&facts.health_of(s)));
        rows.count()
    };
    let steady = those([ServiceHealth::Steady, ServiceHealth::Inactive]);
    let zero = match those([ServiceHealth::Unserved, ServiceHealth::Idle]) {
        0 => String::new(),
        n => format!(", {n} scaled to 0"),
    };
    let firing = facts.firing_here().count();
    let moving = facts
        .deployment_rows()
        .iter()
        .filter(|d| d.state.is_running())
        .count();
    let known = |is: bool, text: String| if is { text } else { "unknown".to_owned() };
    let services = format!("{steady}/{} steady{zero}", rows.len());
    let here = facts.alarms_for_people();
    let here = here.filter(|a| facts.alarm_elsewhere(a).is_none()).count();
    let untold = match facts.log_alarms_untold {
        true => " (log alarms are not told here)",
        false => "",
    };
    let alarms = format!("{firing}/{here} firing{untold}");
    let deploys = format!("{moving} running");
    let ready = checklist.success_counts();
    format!(
        "services {}   alarms {}   deploys {}   go-live {}/{} ready",
        known(facts.services.value.is_some(), services),
        known(facts.alarms.value.is_some(), alarms),
        known(facts.deployments.value.is_some(), deploys),
        ready.ready(),
        ready.total()
    )
}

fn slo_line(slos: &[Slo], now: Timestamp) -> String {
    let each: Vec<String> = slos
        .iter()
        .map(|s| {
            let now = s
                .current
                .map_or_else(|| "no data".into(), |v| s.kind.amount(v));
            format!("{} {now} of {}", s.kind.word(), s.kind.amount(s.target))
        })
        .collect();
    if each.is_empty() {
        "promises: no data".into()
    } else {
        let until = slos.first().and_then(|s| s.counted.until);
        let until = until.map_or_else(String::new, |at| {
            format!("   counted until {} ago", words::ago(Some(at), now))
        });
        format!("{}{until}", each.join("   "))
    }
}

/// What is wrong with a provider. One that was asked and has answered nothing is no more "not asked" than well.
fn problem(p: &ProviderHealth) -> Option<Cow<'_, Problem>> {
    if let Some(known) = &p.problem {
        return Some(Cow::Borrowed(known));
    }
    (p.last_ok.is_none() && p.calls_per_minute > 0).then(|| {
        Cow::Owned(Problem::new(
            ProblemKind::Timeout,
            &p.name,
            format!("Asking {}", p.name),
            judge::NO_ANSWER,
            "Ask again: what it tells is missing here.",
        ))
    })
}

fn providers(all: &[ProviderHealth], now: Timestamp) -> Table {
    let mut table = Table::new(&[
        ("SYSTEM", Align::Left),
        ("STATE", Align::Left),
        ("ANSWERED", Align::Right),
        ("CALLS/MIN", Align::Right),
        ("WHY", Align::Left),
    ]);
    for p in all {
        let problem = problem(p);
        let (role, word) = match (p.configured, &problem, p.last_ok) {
            (false, _, _) => (Role::Dim, "not configured"),
            (true, Some(_), _) => (Role::Bad, "failing"),
            (true, None, Some(_)) => (Role::Ok, "ok"),
            (true, None, None) => (Role::Dim, "not asked"),
        };
        table.row(vec![
            cell(&p.name),
            painted(role, word),
            cell(words::ago(p.last_ok, now)),
            cell(p.calls_per_minute.to_string()),
            cell(problem.as_deref().map_or_else(String::new, explain::line)),
        ]);
    }
    table
}

fn object(verdict: Verdict, findings: &[Finding], aside: &[Silence], picture: &Snapshot) -> Value {
    let (facts, checklist) = (&picture.facts, &picture.checklist);
    let aside: Vec<Value> = aside
        .iter()
        .map(|s| json!({"about": s.about, "text": inert(&s.text)}))
        .collect();
    let findings: Vec<Value> = findings
        .iter()
        .map(|f| json!({"verdict": f.verdict.word(), "about": f.about, "text": f.text}))
        .collect();
    let elsewhere = services::elsewhere(facts, facts.taken_at);
    let elsewhere: Vec<Value> = elsewhere
        .iter()
        .map(|s| json!({"about": s.about, "text": s.text}))
        .collect();
    let slos: Vec<Value> = facts
        .slos
        .rows()
        .iter()
        .map(|s| {
            json!({
                "kind": s.kind,
                "target": s.target,
                "current": s.current,
                "met": s.is_met(),
                "budget_left_percent": s.budget_left_percent,
                "burn_1h": s.burn_rate(HOUR_S),
                "burn_6h": s.burn_rate(SIX_HOURS_S),
                "burn_3d": s.burn_rate(THREE_DAYS_S),
                "window_s": s.window_s,
                "counted_until": s.counted.until,
            })
        })
        .collect();
    let providers: Vec<Value> = facts
        .providers
        .iter()
        .map(|p| {
            json!({
                "name": p.name,
                "configured": p.configured,
                "last_ok": p.last_ok,
                "problem": problem(p).as_deref().map(ProblemJson::from),
                "next_try": p.next_try,
                "calls_per_minute": p.calls_per_minute,
                "latency_ms": p.latency_ms,
            })
        })
        .collect();
    let services = facts.service_rows().iter();
    let firing = facts.firing_here();
    json!({
        "status": verdict.word(),
        "environment": facts.environment,
        "demo": facts.demo,
        "account": facts.identity.value.as_ref().map(|i| &i.account),
        "region": facts.identity.value.as_ref().map(|i| &i.region),
        "rights": Rights::of(facts, facts.taken_at),
        "findings": findings,
        "not_known": aside,
        "elsewhere": elsewhere,
        "services": services.map(|s| crate::cli::services::object(s, facts)).collect::<Vec<_>>(),
        "firing": firing.map(|a| json!({"name": a.name, "severity": a.severity, "since": a.since}))
            .collect::<Vec<_>>(),
        "deployments_running": facts.deployment_rows().iter().filter(|d| d.state.is_running()).count(),
        "slos": slos,
        "go_live": checklist.success_counts(),
        "systems": providers,
        "taken_at": facts.taken_at,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
    use crate::domain::metric::{MetricId, MetricQuery, Stat};
    use crate::domain::part::Part;

    fn alarm(name: &str, cluster: &str, state: AlarmState) -> Arc<Alarm> {
        let query = MetricQuery {
            metric: MetricId::new("AWS/ECS", "CPUUtilization", &[("ClusterName", cluster)]),
            stat: Stat::Average,
            period_s: 60,
        };
        Arc::new(Alarm {
            name: name.into(),
            arn: String::new(),
            description: String::new(),
            state,
            severity: Severity::Critical,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule: AlarmRule::Metric {
                query: Some(query),
                expression: None,
                parts: Vec::new(),
                comparison: ">".into(),
                threshold: Some(1.0),
                datapoints: 1,
                periods: 1,
                period_s: 60,
            },
            actions_enabled: true,
            other_actions: Vec::new(),
            held_back: None,
            actions: Vec::new(),
        })
    }

    /// `healthy` beside alarms that fire would be read as a mistake of one of the two.
    #[test]
    fn alarms_of_another_environment_are_not_counted_as_firing_here() {
        let rows = vec![
            alarm("ours", "laser-prod", AlarmState::Alarm),
            alarm("theirs", "laser-staging", AlarmState::Alarm),
            alarm("calm", "laser-prod", AlarmState::Ok),
        ];
        let now = Timestamp::UNIX_EPOCH;
        let facts = Facts {
            environment: "production".into(),
            environments: vec!["production".into(), "staging".into()],
            alarms: Part::answered(Arc::new(rows), now, "x:y", Duration::from_secs(15)),
            ..Facts::default()
        };
        let words = counts(&facts, &Checklist::default());
        assert!(words.contains("alarms 1/2 firing"), "{words}");
        let picture = Snapshot {
            facts,
            ..Snapshot::default()
        };
        let told = object(Verdict::Healthy, &[], &[], &picture);
        let firing = told["firing"].as_array().unwrap();
        assert_eq!((firing.len(), &firing[0]["name"]), (1, &json!("ours")));
    }

    #[test]
    fn a_system_that_was_asked_and_told_nothing_fails_and_says_why() {
        let told = |calls_per_minute, last_ok| {
            let provider = ProviderHealth {
                name: "cloudwatch".into(),
                last_ok,
                problem: None,
                next_try: None,
                calls_per_minute,
                metered: None,
                latency_ms: None,
                clock_s: None,
                configured: true,
            };
            problem(&provider).map(|p| (p.kind, p.why.clone()))
        };
        let why = "no answer in time".to_owned();
        assert_eq!(told(15, None), Some((ProblemKind::Timeout, why)));
        assert_eq!(told(0, None), None, "not asked");
        assert_eq!(told(15, Some(Timestamp::UNIX_EPOCH)), None);
    }
}
