//! A stage or a register in full: what it is for, how far it is, what comes next in it, and the timeline of all stages.

use super::detail::{Line, labelled};
use super::gantt;
use super::row::{counted, days, state};
use crate::plan::checklist::{
    Counts, CriterionState, CriterionStatus, RegisterStatus, StageStatus,
};
use crate::ui::screens::Cx;

fn ready(n: &Counts) -> String {
    match n.total() {
        0 => "nothing".to_owned(),
        all => format!("{} of {all} ready: {}", n.ready(), counted(n)),
    }
}

/// The first success criterion that fails, else the first that nobody has settled.
fn next(s: &StageStatus) -> Option<&CriterionStatus> {
    let first = |state| s.criteria.iter().find(|c| c.success && c.state == state);
    first(CriterionState::Failing).or_else(|| first(CriterionState::Unknown))
}

/// A stage: its goal, its days, how far it is, what is next; then all stages in time.
pub(super) fn stage(s: &StageStatus, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let mut all = labelled("stage", &s.title, t.strong, columns, cx);
    all.extend(labelled("goal", &s.goal, t.text, columns, cx));
    let style = if s.late_days > 0 { t.warn } else { t.text };
    all.extend(labelled("days", &days(s), style, columns, cx));
    let decides = ready(&s.success_counts());
    all.extend(labelled("go-live", &decides, t.text, columns, cx));
    let rest = Counts::of(s.criteria.iter().filter(|c| !c.success));
    all.extend(labelled("leads to it", &ready(&rest), t.text, columns, cx));
    if let Some(c) = next(s) {
        let (sign, style) = state(c.state, cx);
        let words = format!("{sign}  {} {}", c.id, c.title);
        all.extend(labelled("next", &words, style, columns, cx));
        all.extend(labelled("", &c.reason, t.text, columns, cx));
    }
    all.push(Vec::new());
    all.extend(timeline(s.number, cx, columns));
    all
}

fn timeline(here: u8, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let (t, list) = (cx.theme, &cx.snapshot.checklist);
    let mut all = gantt::lines(here, cx, columns);
    let blocked = blocked(&list.success_counts());
    match list.go_live {
        Some(day) => {
            let words = format!("planned for {day}{blocked}");
            all.extend(labelled(" go-live", &words, t.text, columns, cx));
        }
        None => {
            let words = "the plan names no first day, so nothing counts as late: set `plan_start` in flightdeck.toml";
            all.extend(labelled(" go-live", words, t.muted, columns, cx));
        }
    }
    let poll = "no poll in this version: it comes with the war room";
    all.extend(labelled(" go/no-go", poll, t.muted, columns, cx));
    if !list.next_step.is_empty() {
        all.extend(labelled(" next step", &list.next_step, t.text, columns, cx));
    }
    all
}

/// What stands between now and go-live.
fn blocked(n: &Counts) -> String {
    match (n.failing, n.unknown) {
        (0, 0) => String::new(),
        (failing, 0) => format!(", blocked by {failing} failing"),
        (0, unknown) => format!(", blocked by {unknown} unknown"),
        (failing, unknown) => format!(", blocked by {failing} failing, {unknown} unknown"),
    }
}

/// A register: how far it is, and that it decides nothing.
pub(super) fn register(r: &RegisterStatus, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let n = Counts::of(r.criteria.iter());
    let mut all = labelled("list", &r.title, t.strong, columns, cx);
    all.extend(labelled("so far", &ready(&n), t.text, columns, cx));
    let words = "it informs; go-live does not wait for it";
    all.extend(labelled("go-live", words, t.muted, columns, cx));
    all
}
