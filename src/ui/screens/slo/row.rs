//! Promises and other success metrics as rows, and their parts in words: pure functions.

use jiff::Timestamp;
use ratatui::style::Style;

use super::model::slos;
use crate::domain::part::Freshness;
use crate::domain::slo::{
    Burn, Ending, HOUR_S, SIX_HOURS_S, Slo, Standing, THREE_DAYS_S, Urgency, left_percent_words,
    rate_words,
};
use crate::plan::checklist::{CriterionState, CriterionStatus};
use crate::ui::screens::Cx;
use crate::ui::sorting::Value;
use crate::ui::widgets::{Column, Row, age, bar, clock, spark};

/// Columns of the sparkline at least.
const SPARK: u16 = 24;

/// Columns of the promises.
pub(super) const PROMISES: &[Column] = &[
    Column::left("state", 9),
    Column::left("promise", 12),
    Column::right("now", 9),
    Column::left("target", 8),
    Column::left("budget", 10).drop(2),
    Column::right("left", 6),
    Column::right("burn 1h", 7),
    Column::right("6h", 5),
    Column::right("3d", 5),
    Column::right("ends", 7),
    Column::left("last 6 hours", SPARK).grow(1).drop(1),
];

/// Columns of the success metrics that others tell of.
pub(super) const OTHERS: &[Column] = &[
    Column::left("state", 12),
    Column::left("other success metrics", 27).grow(3),
    Column::right("now", 22),
    Column::left("target", 10),
    // Below stands why of the selected one.
    Column::left("why", 20).grow(2).drop(1),
];

/// Whether what is known of the promises may be old.
pub(super) fn is_old(cx: &Cx<'_>) -> bool {
    cx.snapshot.facts.slos.freshness(cx.now) != Freshness::Fresh
}

/// How a value of a promise looks by now.
fn aged(of_now: Style, cx: &Cx<'_>) -> Style {
    let seen = cx.snapshot.facts.slos.freshness(cx.now);
    cx.theme.aged(seen, of_now)
}

/// Shape, word and colour of how a promise stands.
pub(super) fn standing(s: &Slo, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let (sign, style) = match s.standing() {
        Standing::Broken => ("✗", t.critical),
        Standing::Burning(Urgency::Page) => ("▲", t.critical),
        Standing::Burning(Urgency::Ticket) => ("■", t.warn),
        Standing::Unknown => ("?", t.unknown),
        Standing::Kept => ("✓", t.ok),
    };
    (format!("{sign} {}", s.standing().word()), aged(style, cx))
}

/// Colour of what is left of a budget.
pub(super) fn left_style(s: &Slo, cx: &Cx<'_>) -> Style {
    let t = cx.theme;
    let style = match s.budget_left_percent {
        None => t.unknown,
        Some(l) if l <= 0.0 => t.critical,
        Some(l) if l < 25.0 => t.warn,
        Some(_) => t.bar,
    };
    aged(style, cx)
}

/// A burn rate, loud where it fires, marked where it spends more than lasts.
pub(super) fn rate(burn: Option<&Burn>, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let style = match burn {
        None => t.unknown,
        Some(b) => match (b.fires(), b.urgency, b.rate) {
            (_, _, None) => t.unknown,
            (Some(true), Urgency::Page, _) => t.critical,
            (Some(true), Urgency::Ticket, _) => t.warn,
            (_, _, Some(r)) if r > 1.0 => t.warn,
            _ => t.text,
        },
    };
    (rate_words(burn.and_then(|b| b.rate)), aged(style, cx))
}

/// When a budget ends: `lasts`, `spent`, `in 5d`.
pub(super) fn ends(ending: Ending, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let (words, style) = match ending {
        Ending::Unknown => ("?".to_owned(), t.unknown),
        Ending::Spent => ("spent".to_owned(), t.critical),
        Ending::Lasts => ("lasts".to_owned(), t.text),
        Ending::At(at) => {
            let days = at.duration_since(cx.now).as_hours() / 24;
            let style = if days < 3 { t.critical } else { t.warn };
            (soon(cx, at), style)
        }
    };
    (words, aged(style, cx))
}

fn soon(cx: &Cx<'_>, at: Timestamp) -> String {
    if cx.absolute {
        // A day is what fits, and what a plan needs.
        return clock(cx.now, at).split(' ').next().unwrap_or("").to_owned();
    }
    match age(at, cx.now) {
        now if now == "now" => now,
        length => format!("in {length}"),
    }
}

/// Columns that a sparkline has: its own and what the others leave, until every point has one.
fn sparkline(cx: &Cx<'_>) -> u16 {
    let fixed: u16 = PROMISES.iter().map(|c| c.width + 1).sum();
    let spare = (cx.body.width.saturating_sub(4) + 1).saturating_sub(fixed);
    (SPARK + spare).min(72)
}

/// The row of a promise.
pub(super) fn promise(s: &Slo, cx: &Cx<'_>) -> Row {
    let t = cx.theme;
    let (shape, style) = standing(s, cx);
    let plain = if is_old(cx) { t.stale } else { t.text };
    let left = s.budget_left_percent;
    let (full, empty) = bar(left.unwrap_or(0.0) / 100.0, 10);
    let now = s.current.map_or("no data".to_owned(), |v| s.kind.amount(v));
    let value = match s.standing() {
        Standing::Kept => aged(t.text, cx),
        _ => style,
    };
    let rest = if is_old(cx) {
        t.stale
    } else {
        left_style(s, cx)
    };
    Row::new([
        (shape, style),
        (s.kind.word().to_owned(), plain),
        (now, value),
        (s.kind.promise(s.target), t.muted),
        (format!("{full}{empty}"), rest),
        (left_percent_words(left), left_style(s, cx)),
        rate(s.burn(HOUR_S), cx),
        rate(s.burn(SIX_HOURS_S), cx),
        rate(s.burn(THREE_DAYS_S), cx),
        ends(s.ending(), cx),
        (
            spark(s.recent.iter().map(|p| p.1), sparkline(cx)),
            if is_old(cx) { t.stale } else { t.series1 },
        ),
    ])
}

/// What a promise tells under a title.
pub(super) fn promise_value(s: &Slo, by: &str, cx: &Cx<'_>) -> Value {
    match by {
        "state" => Value::state(&standing(s, cx).0),
        "promise" => Value::word(s.kind.word()),
        "left" => Value::count(s.budget_left_percent),
        "burn 1h" => Value::count(s.burn_rate(HOUR_S)),
        "6h" => Value::count(s.burn_rate(SIX_HOURS_S)),
        "3d" => Value::count(s.burn_rate(THREE_DAYS_S)),
        _ => Value::None,
    }
}

/// What another success metric tells under a title.
pub(super) fn other_value(c: &CriterionStatus, by: &str, cx: &Cx<'_>) -> Value {
    match by {
        "state" => Value::state(&state(c.state, cx).0),
        _ => Value::word(&c.title),
    }
}

/// Shape, word and colour of a criterion's state.
pub(super) fn state(state: CriterionState, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let (sign, style) = match state {
        CriterionState::Failing => ("▲", t.critical),
        CriterionState::Unknown => ("○", t.unknown),
        CriterionState::Waived => ("~", t.warn),
        CriterionState::SignedOff => ("✎", t.info),
        CriterionState::Proved => ("✓", t.ok),
    };
    (format!("{sign} {}", state.word()), style)
}

/// The row of a success metric that others tell of.
pub(super) fn other(c: &CriterionStatus, cx: &Cx<'_>) -> Row {
    let figure = c.figure.as_ref();
    let now = match (c.state, figure) {
        (CriterionState::Failing, Some(_)) => cx.theme.critical,
        (_, Some(_)) => cx.theme.text,
        (_, None) => cx.theme.muted,
    };
    Row::new([
        state(c.state, cx),
        (c.title.clone(), cx.theme.text),
        (figure.map_or("-".into(), |f| f.now.clone()), now),
        (
            figure.map_or("-".into(), |f| f.target.clone()),
            cx.theme.muted,
        ),
        (c.reason.clone(), cx.theme.muted),
    ])
}

/// A promise in a sentence, for the clipboard.
pub(super) fn sentence(s: &Slo) -> String {
    let now = s.current.map_or("no data".to_owned(), |v| s.kind.amount(v));
    let left = left_percent_words(s.budget_left_percent);
    let detail = s.left_words().map_or(String::new(), |w| format!(" ({w})"));
    let burns = [(HOUR_S, "1h"), (SIX_HOURS_S, "6h"), (THREE_DAYS_S, "3d")]
        .map(|(w, name)| format!("{} {name}", rate_words(s.burn_rate(w))));
    format!(
        "{} {now} of {}: {}, budget left {left}{detail}, burns {}",
        s.kind.word(),
        s.kind.promise(s.target),
        s.standing().word(),
        burns.join(", ")
    )
}

/// How long the figures are over, in words, with what is missing of it.
pub(super) fn measured(cx: &Cx<'_>) -> Option<String> {
    let s = slos(cx).first().filter(|s| s.window_s > 0)?;
    let words = |s: u64| match s {
        s if s >= 172_800 => format!("{} days", s / 86_400),
        s if s >= 7_200 => format!("{} hours", s / 3_600),
        s => format!("{} minutes", s.div_ceil(60)),
    };
    let over = if s.is_whole() {
        format!("over {}", words(s.wanted_s))
    } else {
        format!(
            "over {} of {}: no older data",
            words(s.window_s),
            words(s.wanted_s)
        )
    };
    Some(match &s.counted.missing {
        Some(missing) => format!("{over}; {missing}"),
        None => over,
    })
}
