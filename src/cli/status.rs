//! `flightdeck status`: one look at everything, and one word for it as exit code.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use super::explain::{self, ProblemJson};
use super::paint::Role;
use super::session::{Session, Standing, standing};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::domain::alarm::{AlarmState, Severity};
use crate::domain::facts::{Facts, ProviderHealth};
use crate::domain::metric::Unit;
use crate::domain::problem::Problem;
use crate::domain::service::ServiceHealth;
use crate::domain::slo::{Slo, SloKind};
use crate::domain::text::inert;
use crate::plan::Checklist;

/// The one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Healthy,
    Unknown,
    Degraded,
    Down,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    fn exit(self) -> Exit {
        match self {
            Self::Healthy => Exit::OK,
            Self::Unknown => Exit::NO_ANSWER,
            Self::Degraded => Exit::FAILED,
            Self::Down => Exit::REFUSED,
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Healthy => Role::Ok,
            Self::Unknown | Self::Degraded => Role::Warn,
            Self::Down => Role::Bad,
        }
    }
}

/// One thing that speaks against "healthy".
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    verdict: Verdict,
    about: String,
    text: String,
}

/// Runs the command.
pub async fn run(session: &mut Session) -> Result<Exit, Problem> {
    let picture = session.look(Vec::new()).await?;
    let facts = &picture.facts;
    let findings = judge(facts);
    let verdict = findings
        .iter()
        .map(|f| f.verdict)
        .max()
        .unwrap_or(Verdict::Healthy);
    if session.out.is_json() {
        session
            .out
            .object(&object(verdict, &findings, facts, &picture.checklist))?;
    } else {
        print(verdict, &findings, facts, &picture.checklist, session)?;
    }
    Ok(verdict.exit())
}

/// Everything that speaks against "healthy", the worst first. The worst that is known wins; unknown is not green.
fn judge(facts: &Facts) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut find = |verdict, about: &str, text: String| {
        all.push(Finding {
            verdict,
            about: inert(about),
            text: inert(&text),
        });
    };
    for s in facts.service_rows() {
        let verdict = match s.health() {
            ServiceHealth::Down => Verdict::Down,
            ServiceHealth::Failed | ServiceHealth::Degraded => Verdict::Degraded,
            ServiceHealth::Deploying | ServiceHealth::Steady | ServiceHealth::Inactive => continue,
        };
        let counts = format!("{} of {} running", s.counts.running, s.counts.desired);
        find(
            verdict,
            &s.id.to_string(),
            format!("{}: {counts}", s.health().word()),
        );
    }
    for a in facts
        .alarm_rows()
        .iter()
        .filter(|a| a.state == AlarmState::Alarm)
    {
        if a.severity != Severity::Info {
            find(
                Verdict::Degraded,
                &a.name,
                format!("alarm {}: {}", a.severity.word(), a.reason),
            );
        }
    }
    for slo in facts
        .slos
        .rows()
        .iter()
        .filter(|s| s.is_met() == Some(false))
    {
        let now = slo
            .current
            .map_or_else(String::new, |v| amount(slo.kind, v));
        let target = amount(slo.kind, slo.target);
        find(
            Verdict::Degraded,
            slo.kind.word(),
            format!("promise broken: {now} of {target}"),
        );
    }
    for (url, part) in &facts.https {
        match (&part.value, &part.error) {
            (_, Some(problem)) => find(Verdict::Degraded, url, explain::line(problem)),
            (Some(p), None) if p.status >= 500 => {
                find(Verdict::Degraded, url, format!("answers {}", p.status));
            }
            _ => {}
        }
    }
    for (what, problem) in unasked(facts) {
        find(Verdict::Unknown, what, problem);
    }
    all.sort_by_key(|f| std::cmp::Reverse(f.verdict));
    all
}

/// The questions that "healthy" rests on and that nobody answered.
fn unasked(facts: &Facts) -> Vec<(&'static str, String)> {
    [
        ("services", standing(&facts.services)),
        ("alarms", standing(&facts.alarms)),
    ]
    .into_iter()
    .filter_map(|(what, standing)| match standing {
        Standing::Answered => None,
        Standing::Waiting => Some((what, "no answer in time".to_owned())),
        Standing::Failed(problem) => Some((what, explain::line(&problem))),
    })
    .collect()
}

fn amount(kind: SloKind, value: f64) -> String {
    match kind {
        SloKind::Availability | SloKind::ErrorRate => format!("{value:.3} %"),
        SloKind::ResponseTime => Unit::Milliseconds.format(value),
    }
}

fn print(
    verdict: Verdict,
    findings: &[Finding],
    facts: &Facts,
    checklist: &Checklist,
    session: &mut Session,
) -> Result<(), Problem> {
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
    out.line("")?;
    let rows = facts.service_rows();
    let steady = rows
        .iter()
        .filter(|s| matches!(s.health(), ServiceHealth::Steady | ServiceHealth::Inactive))
        .count();
    let firing = facts
        .alarm_rows()
        .iter()
        .filter(|a| a.state == AlarmState::Alarm)
        .count();
    let moving = facts
        .deployment_rows()
        .iter()
        .filter(|d| d.state.is_running())
        .count();
    let ready = checklist.success_counts();
    out.line(&format!(
        "services {steady}/{} steady   alarms {firing}/{} firing   deploys {moving} running   go-live {}/{} ready",
        rows.len(),
        facts.alarm_rows().len(),
        ready.ready(),
        ready.total()
    ))?;
    out.line(&slo_line(facts.slos.rows()))?;
    out.line("")?;
    out.table(&providers(&facts.providers, now))
}

fn slo_line(slos: &[Slo]) -> String {
    let each: Vec<String> = slos
        .iter()
        .map(|s| {
            let now = s
                .current
                .map_or_else(|| "no data".into(), |v| amount(s.kind, v));
            format!("{} {now} of {}", s.kind.word(), amount(s.kind, s.target))
        })
        .collect();
    if each.is_empty() {
        "promises: no data".into()
    } else {
        each.join("   ")
    }
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
        let (role, word) = match (p.configured, &p.problem, p.last_ok) {
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
            cell(p.problem.as_ref().map_or_else(String::new, explain::line)),
        ]);
    }
    table
}

fn object(verdict: Verdict, findings: &[Finding], facts: &Facts, checklist: &Checklist) -> Value {
    let findings: Vec<Value> = findings
        .iter()
        .map(|f| json!({"verdict": f.verdict.word(), "about": f.about, "text": f.text}))
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
                "burn_1h": s.burn_1h,
                "burn_6h": s.burn_6h,
                "window_s": s.window_s,
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
                "problem": p.problem.as_ref().map(ProblemJson::from),
                "next_try": p.next_try,
                "calls_per_minute": p.calls_per_minute,
                "latency_ms": p.latency_ms,
            })
        })
        .collect();
    let services = facts.service_rows().iter();
    let firing = facts
        .alarm_rows()
        .iter()
        .filter(|a| a.state == AlarmState::Alarm);
    json!({
        "status": verdict.word(),
        "environment": facts.environment,
        "demo": facts.demo,
        "account": facts.identity.value.as_ref().map(|i| &i.account),
        "region": facts.identity.value.as_ref().map(|i| &i.region),
        "findings": findings,
        "services": services.map(|s| super::services::object(s, facts)).collect::<Vec<_>>(),
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
    use super::*;
    use crate::domain::part::Part;
    use crate::domain::problem::ProblemKind;

    #[test]
    fn unknown_is_not_green_and_known_trouble_wins_over_it() {
        let mut facts = Facts::default();
        let worst = |f: &Facts| judge(f).first().map(|f| f.verdict);
        assert_eq!(worst(&facts), Some(Verdict::Unknown));
        facts.services.value = Some(Default::default());
        facts.alarms.value = Some(Default::default());
        assert_eq!(worst(&facts), None);
        facts.https.insert(
            "https://x".into(),
            Part {
                error: Some(Problem::new(
                    ProblemKind::Timeout,
                    "https",
                    "no answer",
                    "late",
                    "",
                )),
                ..Part::default()
            },
        );
        facts.alarms.error = Some(Problem::new(
            ProblemKind::Denied,
            "cloudwatch",
            "w",
            "y",
            "f",
        ));
        assert_eq!(worst(&facts), Some(Verdict::Degraded));
        assert_eq!(judge(&facts).len(), 2);
    }
}
