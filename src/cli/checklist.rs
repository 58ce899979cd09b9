//! `flightdeck checklist`: the plan's criteria, each with its state, its evidence and why.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use super::paint::Role;
use super::session::Session;
use super::words;
use super::wrap::wrapped;
use crate::domain::facts::Facts;
use crate::domain::problem::Problem;
use crate::domain::text::{clip, inert, width};
use crate::plan::checklist::{Counts, RegisterStatus};
use crate::plan::{Checklist, CriterionState, CriterionStatus, StageStatus};

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Only this stage
    #[arg(long, value_name = "N")]
    stage: Option<u8>,
    /// Show the evidence behind each criterion
    #[arg(long)]
    evidence: bool,
}

/// Runs the command. What could not be asked leaves its criteria unknown; the exit code says so only if nobody answered.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    let picture = session.look(Vec::new()).await?;
    let list = &picture.checklist;
    let stages: Vec<&StageStatus> = list
        .stages
        .iter()
        .filter(|s| args.stage.is_none_or(|n| s.number == n))
        .collect();
    if stages.is_empty() {
        return Err(no_stage(args.stage, list));
    }
    // Risks and success metrics belong to no stage.
    let registers: &[RegisterStatus] = match args.stage {
        Some(_) => &[],
        None => &list.registers,
    };
    if session.out.is_json() {
        let environment = session.config.environment.clone();
        let whole = json(&picture.facts, list, &stages, registers, &environment);
        session.out.object(&whole)?;
    } else {
        print(list, &stages, registers, args.evidence, session)?;
    }
    Ok(match &picture.facts.services.error {
        Some(_) if picture.facts.identity.value.is_none() => Exit::NO_ANSWER,
        _ => Exit::OK,
    })
}

fn no_stage(stage: Option<u8>, list: &Checklist) -> Problem {
    let numbers: Vec<String> = list.stages.iter().map(|s| s.number.to_string()).collect();
    Problem::new(
        crate::domain::problem::ProblemKind::Argument,
        "plan",
        format!("the plan has no stage {}", stage.unwrap_or_default()),
        format!("its stages are {}", numbers.join(", ")),
        "name one of them with --stage",
    )
}

fn print(
    list: &Checklist,
    stages: &[&StageStatus],
    registers: &[RegisterStatus],
    evidence: bool,
    session: &mut Session,
) -> Result<(), Problem> {
    let now = Timestamp::now();
    let out = &mut session.out;
    for stage in stages {
        let n = stage.success_counts();
        let title = format!("{} {}", stage.number, inert(&stage.title));
        let counts = format!("  {} of {} ready", n.ready(), n.total());
        out.pieces(&[
            (Role::Strong, &title),
            (Role::Plain, &counts),
            (Role::Bad, &late(stage)),
        ])?;
        let mut section = "";
        for c in &stage.criteria {
            if c.section != section {
                section = &c.section;
                out.painted(Role::Dim, &format!("  {}", inert(section)))?;
            }
            criterion(c, evidence, now, out)?;
        }
        out.line("")?;
    }
    for register in registers {
        let n = Counts::of(register.criteria.iter());
        let title = format!("{} {}", inert(&register.id), inert(&register.title));
        let counts = format!("  {} of {} ready", n.ready(), n.total());
        out.pieces(&[(Role::Strong, &title), (Role::Plain, &counts)])?;
        for c in &register.criteria {
            criterion(c, evidence, now, out)?;
        }
        out.line("")?;
    }
    let n = list.success_counts();
    let line = format!(
        "go-live: {} of {} ready  {} failing  {} unknown",
        n.ready(),
        n.total(),
        n.failing,
        n.unknown
    );
    out.painted(Role::Strong, &line)?;
    match list.next_step.as_str() {
        "" => Ok(()),
        next => {
            let room = out.columns().unwrap_or(usize::MAX);
            for line in wrapped(&format!("next: {}", inert(next)), room) {
                out.line(&line)?;
            }
            Ok(())
        }
    }
}

fn late(stage: &StageStatus) -> String {
    match stage.late_days {
        0 => String::new(),
        n => format!("  {} late", words::count(n as usize, "day")),
    }
}

fn criterion(
    c: &CriterionStatus,
    evidence: bool,
    now: Timestamp,
    out: &mut super::out::Out,
) -> Result<(), Problem> {
    let state = format!("    {:<10}", c.state.word());
    let title = format!("  {:<6} {}", inert(&c.id), inert(&c.title));
    let reason = inert(&c.reason);
    let room = out.columns().unwrap_or(usize::MAX);
    // The reason stands beside the title where both fit, else below it.
    let beside = width(&state) + width(&title) + 2 + width(&reason) <= room;
    let tail = match reason.as_str() {
        "" => String::new(),
        why if beside => format!("  {why}"),
        _ => String::new(),
    };
    let title = clip(&title, room.saturating_sub(width(&state)));
    out.pieces(&[
        (role(c.state), &state),
        (Role::Plain, &title),
        (Role::Dim, &tail),
    ])?;
    if !beside {
        for line in wrapped(&reason, room.saturating_sub(INDENT)) {
            out.painted(Role::Dim, &format!("{:INDENT$}{line}", ""))?;
        }
    }
    if !evidence {
        return Ok(());
    }
    for e in &c.evidence {
        let mark = if e.ok {
            (Role::Ok, "+")
        } else {
            (Role::Bad, "-")
        };
        let text = format!(
            "{}{}  {}  {} ago",
            c.of_probe(e),
            inert(&e.question),
            inert(&e.answer),
            words::ago(Some(e.at), now)
        );
        let lead = " ".repeat(INDENT - 2);
        let lines = wrapped(&text, room.saturating_sub(INDENT));
        for (i, line) in lines.iter().enumerate() {
            let mark = if i == 0 { mark } else { (Role::Plain, " ") };
            let pieces = [(Role::Plain, lead.as_str()), mark, (Role::Plain, " ")];
            out.pieces(&[&pieces[..], &[(Role::Plain, line)]].concat())?;
        }
    }
    Ok(())
}

/// Where reasons and evidence begin: below the titles.
const INDENT: usize = 23;

/// The role of a criterion's state.
pub fn role(state: CriterionState) -> Role {
    match state {
        CriterionState::Failing => Role::Bad,
        CriterionState::Unknown => Role::Warn,
        CriterionState::Waived | CriterionState::SignedOff => Role::Plain,
        CriterionState::Proved => Role::Ok,
    }
}

fn json(
    facts: &Facts,
    list: &Checklist,
    stages: &[&StageStatus],
    registers: &[RegisterStatus],
    environment: &str,
) -> Value {
    let of_stages = stages.iter().flat_map(|s| &s.criteria);
    let of_registers = registers.iter().flat_map(|r| &r.criteria);
    let criteria: Vec<Value> = of_stages
        .chain(of_registers)
        .map(|c| object(c, facts))
        .collect();
    let registers: Vec<Value> = registers
        .iter()
        .map(|r| json!({"id": r.id, "title": r.title, "counts": Counts::of(r.criteria.iter())}))
        .collect();
    let stages: Vec<Value> = stages
        .iter()
        .map(|s| {
            json!({
                "number": s.number,
                "title": s.title,
                "goal": s.goal,
                "success": s.success_counts(),
                "planned_days": {"from": s.planned_days.0, "to": s.planned_days.1},
                "planned": s.planned.map(|(from, to)| json!({"from": from, "to": to})),
                "actual_start": s.actual_start,
                "actual_end": s.actual_end,
                "late_days": s.late_days,
            })
        })
        .collect();
    let calendar: Vec<Value> = list
        .calendar
        .iter()
        .map(|m| {
            json!({
                "title": m.title,
                "stage": m.stage,
                "go_live": m.go_live,
                "days": {"from": m.days.0, "to": m.days.1},
                "planned": m.planned.map(|(from, to)| json!({"from": from, "to": to})),
            })
        })
        .collect();
    json!({
        "criteria": criteria,
        "stages": stages,
        "registers": registers,
        "success": list.success_counts(),
        "title": list.title,
        "calendar": calendar,
        "go_live": list.go_live,
        "next_step": list.next_step,
        "judged_at": list.at,
        "environment": environment,
    })
}

/// The contract's shape of a criterion: `evidence` is the most telling piece, `all_evidence` every piece.
fn object(c: &CriterionStatus, facts: &Facts) -> Value {
    let proved = facts.proven.value.as_ref().and_then(|all| all.get(&c.id));
    let evidence: Vec<Value> = c
        .evidence
        .iter()
        .map(|e| json!({"question": e.question, "answer": e.answer, "at": e.at, "ok": e.ok, "probe": e.probe}))
        .collect();
    json!({
        "id": c.id,
        "stage": c.stage,
        "section": c.section,
        "success": c.success,
        "title": c.title,
        "state": c.state,
        "probe": c.probe,
        "future_probe": c.future_probe,
        "person": c.person,
        "evidence": evidence.first(),
        "all_evidence": evidence,
        "reason": c.reason,
        "signoff": c.signoff,
        "first_proved_at": proved.map(|p| p.first),
        "last_proved_at": proved.map(|p| p.last),
    })
}
