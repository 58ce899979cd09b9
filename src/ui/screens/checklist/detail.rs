//! One criterion in full: what it is worth and why, what was asked, what came back, who vouches for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::row::{counted, days, state};
use crate::domain::audit::{SignOff, SignOffKind};
use crate::plan::checklist::{Counts, CriterionStatus, StageStatus};
use crate::ui::screens::Cx;
use crate::ui::widgets::{ago, clock, line, panel, scrolled, wrapped};

type Line = Vec<(String, Style)>;

/// Columns of the labels on the left.
const LABEL: usize = 12;

fn labelled(label: &str, text: &str, style: Style, columns: usize, cx: &Cx<'_>) -> Vec<Line> {
    let room = columns.saturating_sub(LABEL).max(10);
    let lines = wrapped(text, room).into_iter().enumerate();
    let head = |i| if i == 0 { label } else { "" };
    lines
        .map(|(i, words)| {
            let label = format!("{:<LABEL$}", head(i));
            vec![(label, cx.theme.muted), (words, style)]
        })
        .collect()
}

fn word(s: &SignOff, columns: usize, cx: &Cx<'_>) -> Vec<Line> {
    let t = cx.theme;
    let label = match s.kind {
        SignOffKind::SignedOff => "signed off",
        SignOffKind::Waived => "waived",
        SignOffKind::Withdrawn => "withdrawn",
    };
    let who = format!("by {}, {}", s.who, ago(cx.now, s.at));
    let mut lines = labelled(label, &who, t.info, columns, cx);
    lines.extend(labelled("", &s.why, t.text, columns, cx));
    if !s.link.is_empty() {
        lines.extend(labelled("link", &s.link, t.text, columns, cx));
    }
    if let Some(until) = s.until {
        let words = clock(cx.now, until);
        lines.extend(labelled("until", &words, t.warn, columns, cx));
    }
    lines
}

fn lines(c: &CriterionStatus, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let place = if c.stage > 0 {
        format!("   stage {}, {}", c.stage, c.section)
    } else {
        format!("   {}", c.section)
    };
    let mut all = vec![vec![state(c.state, cx), (place, t.muted)], Vec::new()];
    all.extend(labelled("criterion", &c.title, t.strong, columns, cx));
    if !c.reason.is_empty() {
        all.extend(labelled("why", &c.reason, t.text, columns, cx));
    }
    let probe = match (&c.probe, &c.future_probe) {
        (Some(probe), _) => probe.clone(),
        (None, Some(probe)) => {
            format!("a person's word, until `{probe}` can prove it")
        }
        (None, None) => "none: only a person can judge it".to_owned(),
    };
    all.extend(labelled("probe", &probe, t.text, columns, cx));
    if let Some(s) = &c.signoff {
        all.push(Vec::new());
        all.extend(word(s, columns, cx));
    }
    if !c.evidence.is_empty() {
        all.extend([Vec::new(), vec![("Evidence".to_owned(), t.strong)]]);
    }
    for e in &c.evidence {
        let (sign, style) = if e.ok {
            ("✓", t.ok)
        } else {
            ("▲", t.critical)
        };
        let room = columns.saturating_sub(2).max(10);
        for (i, words) in wrapped(&e.question, room).into_iter().enumerate() {
            let sign = if i == 0 { sign } else { " " };
            all.push(vec![(format!("{sign} "), style), (words, t.muted)]);
        }
        let answer = format!("{}  ({})", e.answer, ago(cx.now, e.at));
        let room = columns.saturating_sub(4).max(10);
        for words in wrapped(&answer, room) {
            all.push(vec![(format!("    {words}"), t.text)]);
        }
    }
    if c.evidence.is_empty() && c.probe.is_some() {
        all.extend([
            Vec::new(),
            vec![("nothing has been asked yet".to_owned(), t.unknown)],
        ]);
    }
    all
}

fn inside(area: Rect) -> (usize, usize) {
    (
        usize::from(area.width.saturating_sub(4)),
        usize::from(area.height.saturating_sub(2)),
    )
}

/// Lines that do not fit on the page.
pub(super) fn overflow(c: &CriterionStatus, cx: &Cx<'_>, area: Rect) -> usize {
    let (columns, rows) = inside(area);
    lines(c, cx, columns).len().saturating_sub(rows)
}

pub(super) fn view(
    c: &CriterionStatus,
    scroll: usize,
    focus: bool,
    cx: &Cx<'_>,
    area: Rect,
    buf: &mut Buffer,
) {
    let at = panel(buf, area, &c.id, focus, cx.theme);
    let (columns, rows) = inside(area);
    let all = lines(c, cx, columns);
    draw(&all, scroll, at, buf);
    scrolled(buf, at, scroll, rows, all.len(), cx.theme);
}

/// A stage: its goal, its days, how far it is.
pub(super) fn stage(s: &StageStatus, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let at = panel(buf, area, &format!("Stage {}", s.number), false, t);
    let (columns, _) = inside(area);
    let mut all = labelled("stage", &s.title, t.strong, columns, cx);
    all.extend(labelled("goal", &s.goal, t.text, columns, cx));
    let style = if s.late_days > 0 { t.warn } else { t.text };
    all.extend(labelled("days", &days(s), style, columns, cx));
    let n = s.success_counts();
    let decides = format!("{} of {} ready: {}", n.ready(), n.total(), counted(&n));
    all.extend(labelled("go-live", &decides, t.text, columns, cx));
    let rest = Counts::of(s.criteria.iter().filter(|c| !c.success));
    let leads = format!(
        "{} of {} ready: {}",
        rest.ready(),
        rest.total(),
        counted(&rest)
    );
    all.extend(labelled("leads to it", &leads, t.text, columns, cx));
    draw(&all, 0, at, buf);
}

fn draw(all: &[Line], scroll: usize, at: Rect, buf: &mut Buffer) {
    let width = at.width.saturating_sub(2);
    for (y, spans) in (at.y..at.bottom()).zip(all.iter().skip(scroll)) {
        line(buf, at.x + 1, y, width, spans);
    }
}
