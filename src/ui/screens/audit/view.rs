//! Draws the audit trail.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::model::{Audit, SORTS, rows};
use crate::domain::audit::{AuditRow, ChainVerdict, Outcome};
use crate::present::words;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, Table, duration, line, panel, scrolled, since, when};

const COLUMNS: &[Column] = &[
    Column::right("#", 5),
    Column::right("when", 11),
    Column::left("who", 12).grow(2).middle(),
    Column::left("action", 8),
    Column::left("subject", 16).grow(2),
    Column::left("event", 7),
    Column::left("outcome", 11),
    Column::right("took", 6).drop(2),
    Column::left("detail", 12).grow(4).drop(1),
];

/// Which of them says who.
const WHO: usize = 2;
/// Columns of the terminal from which there is room for the whole of a caller's ARN.
const WIDE: u16 = 180;

/// Rows that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(4))
}

/// The line of the list at a position.
pub(super) fn line_at(at: Position, cx: &Cx<'_>) -> Option<u16> {
    let first = cx.body.y + 3;
    (at.y >= first && usize::from(at.y - first) < list_height(cx)).then(|| at.y - first)
}

/// The row of an entry.
pub(super) fn row(r: &AuditRow, cx: &Cx<'_>) -> Row {
    let t = cx.theme;
    let outcome = match r.outcome {
        Some(Outcome::Succeeded) => ("✓ succeeded".to_owned(), t.ok),
        Some(Outcome::Unknown) => ("? UNKNOWN".to_owned(), t.unknown),
        Some(Outcome::Refused) => ("refused".to_owned(), t.warn),
        Some(Outcome::Stopped) => ("■ stopped".to_owned(), t.warn),
        Some(o) => match o.word_for(&r.detail) {
            // As long as the column is wide.
            word if word != o.word() => (word.to_owned(), t.critical),
            word => (format!("▲ {word}"), t.critical),
        },
        None => (String::new(), t.muted),
    };
    Row::new([
        (r.seq.to_string(), t.muted),
        (since(cx.now, Some(r.at), cx.absolute), t.text),
        (r.who.clone(), t.text),
        (r.action.clone(), t.strong),
        (r.subject.clone(), t.text),
        (r.event.clone(), t.muted),
        outcome,
        (
            // In whole seconds that are over, as among the runs.
            r.duration_s
                .map_or(String::new(), |s| duration(s.trunc() as i64)),
            t.text,
        ),
        (r.detail.clone(), t.muted),
    ])
}

/// A person in few columns: the user, and the last part of the caller's ARN. All callers of an account begin alike.
pub(in crate::ui::screens) fn in_short(who: &str) -> String {
    let parts = who.strip_suffix(')').and_then(|w| w.split_once(" ("));
    match parts {
        Some((user, arn)) if arn.starts_with("arn:") => {
            let last = arn.rsplit(['/', ':']).next().unwrap_or(arn);
            format!("{user} ({last})")
        }
        _ => who.to_owned(),
    }
}

/// Which rows are not in the head file.
fn newest(anchored: u64, rows: u64) -> String {
    match anchored + 1 {
        first if first >= rows => format!("row {rows}"),
        first => format!("rows {first} to {rows}"),
    }
}

pub(super) fn view(s: &Audit, cx: &Cx<'_>, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let count = if s.filter.is_empty() {
        s.visible.len().to_string()
    } else {
        format!("{}  /{}", s.visible.len(), s.filter)
    };
    let table = Table {
        columns: COLUMNS,
        sort: s.sort.mark(SORTS, COLUMNS),
        selected: s.list.index().checked_sub(s.list.offset()),
        focus: true,
    };
    let by = table.unseen_sort(cx.body.width.saturating_sub(2));
    let inside = panel(buf, cx.body, &format!("Audit  {count}{by}"), true, t);
    let verdict = match (
        &facts.chain.value,
        &facts.chain.error,
        facts.chain.observed_at,
    ) {
        (_, Some(p), _) => vec![(
            format!("▲ the chain cannot be checked: {}: {}", p.what, p.why),
            t.critical,
        )],
        (Some(ChainVerdict::Intact { rows, head }), None, at) => {
            let when = at.map_or(String::new(), |at| when(cx.now, at, cx.absolute));
            vec![
                ("✓ chain intact".to_owned(), t.ok),
                (
                    format!(
                        "  {}, head {}, checked {when}",
                        words::count(usize::try_from(*rows).unwrap_or(usize::MAX), "row"),
                        head.get(..16).unwrap_or(head)
                    ),
                    t.muted,
                ),
            ]
        }
        (Some(ChainVerdict::Lagging { rows, anchored, .. }), None, _) => vec![
            (
                format!("▲ {} not anchored", newest(*anchored, *rows)),
                t.warn,
            ),
            (
                "  whether rows after them were cut cannot be told; the next action anchors them"
                    .to_owned(),
                t.muted,
            ),
        ],
        (Some(ChainVerdict::Broken { seq, why }), None, _) => {
            vec![(format!("▲ CHAIN BROKEN at row {seq}: {why}"), t.danger)]
        }
        (None, None, _) => vec![("the chain has not been checked yet".to_owned(), t.unknown)],
    };
    line(
        buf,
        inside.x + 1,
        inside.y,
        inside.width.saturating_sub(2),
        &verdict,
    );
    let list = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let shown = s
        .visible
        .iter()
        .skip(s.list.offset())
        .filter_map(|seq| rows(cx).iter().find(|r| r.seq == *seq));
    let drawn = shown.map(|r| {
        let mut row = row(r, cx);
        if cx.body.width < WIDE
            && let Some(cell) = row.cells.get_mut(WHO)
        {
            cell.0 = in_short(&r.who);
        }
        row
    });
    table.draw(buf, list, drawn, t);
    scrolled(
        buf,
        list,
        s.list.offset(),
        list_height(cx),
        s.visible.len(),
        t,
    );
    if s.visible.is_empty() {
        let words = match (&facts.audit.error, &facts.audit.value) {
            (Some(p), _) => format!("{}: {}. {}", p.what, p.why, p.fix),
            (None, None) => "reading ...".into(),
            _ if !s.filter.is_empty() => {
                format!("nothing matches {:?}; esc clears the filter", s.filter)
            }
            _ => "nothing was done from this console yet; each action leaves its rows here".into(),
        };
        line(
            buf,
            list.x + 2,
            list.y + 2,
            list.width.saturating_sub(3),
            &[(words, t.muted)],
        );
    }
}
