//! One item in full: a criterion with what it is worth and why, what was asked, what came back, who vouches for it; a group
//! with how far it is, and the timeline.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::group;
use super::model::{Item, register, stage};
use super::row::state;
use crate::domain::audit::{SignOff, SignOffKind};
use crate::domain::deadline;
use crate::plan::checklist::CriterionStatus;
use crate::ui::screens::Cx;
use crate::ui::widgets::{line, panel, scrolled, when, wrapped};

pub(super) type Line = Vec<(String, Style)>;

/// Columns of the labels on the left.
const LABEL: usize = 12;

/// Words with a label on their left.
pub(super) fn labelled(
    label: &str,
    text: &str,
    style: Style,
    columns: usize,
    cx: &Cx<'_>,
) -> Vec<Line> {
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
    let who = format!("by {}, {}", s.who, when(cx.now, s.at, cx.absolute));
    let mut lines = labelled(label, &who, t.info, columns, cx);
    if !s.proven {
        let words = "▲ UNPROVEN: the audit chain does not hold this word; it counts for nothing";
        lines.extend(labelled("", words, t.danger, columns, cx));
    }
    lines.extend(labelled("", &s.why, t.text, columns, cx));
    if !s.link.is_empty() {
        lines.extend(labelled("link", &s.link, t.text, columns, cx));
    }
    if let Some(until) = s.until {
        let words = format!("{} UTC", deadline::words(until));
        lines.extend(labelled("until", &words, t.warn, columns, cx));
    }
    lines
}

fn criterion(c: &CriterionStatus, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
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
    // Where nothing else is known, that is why, and said above.
    if let Some(why) = c.person.as_deref().filter(|why| !c.reason.contains(why)) {
        all.extend(labelled("person", why, t.muted, columns, cx));
    }
    let dates = &cx.snapshot.facts.proven.value;
    if let Some(dates) = dates.as_ref().and_then(|all| all.get(&c.id)) {
        let mut words = format!("first seen {}", when(cx.now, dates.first, cx.absolute));
        if dates.last > dates.first {
            words.push_str(&format!(
                ", last so again {}",
                when(cx.now, dates.last, cx.absolute)
            ));
        }
        all.extend(labelled("proved", &words, t.muted, columns, cx));
    }
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
        let question = format!("{}{}", c.of_probe(e), e.question);
        for (i, words) in wrapped(&question, room).into_iter().enumerate() {
            let sign = if i == 0 { sign } else { " " };
            all.push(vec![(format!("{sign} "), style), (words, t.muted)]);
        }
        let answer = format!("{}  ({})", e.answer, when(cx.now, e.at, cx.absolute));
        let room = columns.saturating_sub(4).max(10);
        for words in wrapped(&answer, room) {
            all.push(vec![(format!("    {words}"), t.text)]);
        }
    }
    if c.evidence.is_empty() && c.probe.is_some() {
        all.extend([
            Vec::new(),
            vec![("no answer that may be believed".to_owned(), t.unknown)],
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

/// An item in full; empty where the plan has it no more.
fn lines(item: &Item, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    match item {
        Item::Criterion(id) => {
            let c = cx.snapshot.checklist.criterion(id);
            c.map(|c| criterion(c, cx, columns))
        }
        Item::Stage(number) | Item::Section(number, _) => {
            stage(cx, *number).map(|s| group::stage(s, cx, columns))
        }
        Item::Register(id) => register(cx, id).map(|r| group::register(r, cx, columns)),
    }
    .unwrap_or_default()
}

/// Lines that do not fit on the page.
pub(super) fn overflow(item: &Item, cx: &Cx<'_>, area: Rect) -> usize {
    let (columns, rows) = inside(area);
    lines(item, cx, columns).len().saturating_sub(rows)
}

/// Draws an item in full.
pub(super) fn view(
    item: &Item,
    scroll: usize,
    focus: bool,
    cx: &Cx<'_>,
    area: Rect,
    buf: &mut Buffer,
) {
    let at = panel(buf, area, &item.crumb(), focus, cx.theme);
    let (columns, rows) = inside(area);
    let mut all = lines(item, cx, columns);
    if all.is_empty() {
        let words = "the plan has no such row (any more); esc leads back";
        all.push(vec![(words.to_owned(), cx.theme.warn)]);
    }
    let width = at.width.saturating_sub(2);
    for (y, spans) in (at.y..at.bottom()).zip(all.iter().skip(scroll)) {
        line(buf, at.x + 1, y, width, spans);
    }
    scrolled(buf, at, scroll, rows, all.len(), cx.theme);
}
