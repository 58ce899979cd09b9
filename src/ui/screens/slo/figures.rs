//! A promise in figures with its evidence, and a success metric that others tell of, as lines of text.

use ratatui::style::Style;

use super::row;
use crate::domain::metric::Unit;
use crate::domain::part::Freshness;
use crate::domain::slo::{Burn, Ending, Slo, SloKind, Urgency, left_percent_words, rate_words};
use crate::plan::checklist::CriterionStatus;
use crate::ui::screens::Cx;
use crate::ui::widgets::{clock, span, when, wrapped};

/// A line of text in pieces.
pub(super) type Line = Vec<(String, Style)>;

/// Columns of the labels on the left.
const LABEL: usize = 10;
/// Columns of the names of windows.
const BURN: usize = 7;

fn labelled(label: &str, text: &str, style: Style, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    wrapped(text, columns.saturating_sub(LABEL))
        .into_iter()
        .enumerate()
        .map(|(i, text)| {
            let head = if i == 0 { label } else { "" };
            vec![(format!("{head:<LABEL$}"), cx.theme.muted), (text, style)]
        })
        .collect()
}

/// The figures of a promise; blank lines only where there is room for them.
pub(super) fn promise(s: &Slo, cx: &Cx<'_>, columns: usize, rows: usize) -> Vec<Line> {
    let t = cx.theme;
    let plain = if row::is_old(cx) { t.stale } else { t.text };
    let mut lines = Vec::new();
    let mut put = |label: &str, text: &str, style| {
        lines.extend(labelled(label, text, style, cx, columns));
    };
    if let Some(since) = s.silent_since {
        let words = format!(
            "no request was counted since {}: how it stands now is not known",
            clock(cx.now, since)
        );
        put("silent", &words, t.warn);
    }
    let left = left_percent_words(s.budget_left_percent);
    match s.left_words() {
        Some(words) => put("left", &format!("{left}   {words}"), row::left_style(s, cx)),
        None if s.current.is_some() => put("left", "the target allows nothing: no budget", plain),
        None => put("left", "not known: nothing was counted", t.unknown),
    }
    if let Some(words) = spent(s) {
        put("spent", &words, plain);
    }
    let (words, style) = row::ends(s.ending(), cx);
    let rate = s.leading().map_or(String::new(), |b| {
        format!(", at the rate of the last {}", span(b.window_s))
    });
    let more = match s.ending() {
        Ending::At(at) => format!("{words}, {}{rate}", clock(cx.now, at)),
        Ending::Lasts => format!("not within a whole window{rate}"),
        Ending::Spent => "it is spent".to_owned(),
        Ending::Unknown => "not known".to_owned(),
    };
    put("ends", &more, style);
    lines.push(Vec::new());
    lines.push(vec![(
        format!(
            "{:<BURN$}{:>7}{:>12}{:>12}{:>9}",
            "burn", "rate", "of late", "told above", "ends"
        ),
        t.column,
    )]);
    lines.extend(s.burns.iter().map(|b| burn(b, cx)));
    lines.push(Vec::new());
    lines.extend(labelled("measured", &formula(s), plain, cx, columns));
    lines.extend(evidence(s, cx, columns));
    if lines.len() > rows {
        lines.retain(|l| !l.is_empty());
    }
    lines
}

/// What of the budget is gone.
fn spent(s: &Slo) -> Option<String> {
    let budget = s.budget?;
    Some(match s.kind {
        SloKind::ResponseTime => format!(
            "{} of {} that a request may take on average",
            Unit::Milliseconds.format(s.current?),
            Unit::Milliseconds.format(s.target)
        ),
        SloKind::Availability | SloKind::ErrorRate => format!(
            "{} of {} requests that may fail, of {}",
            Unit::Count.format(budget.spent.round()),
            Unit::Count.format(budget.allowed.round()),
            Unit::Count.format(s.counted.requests.round())
        ),
    })
}

/// One window: its rate, that of its last twelfth, the rate above which somebody is told, and when the budget ends at it.
fn burn(b: &Burn, cx: &Cx<'_>) -> Line {
    let t = cx.theme;
    let (rate, style) = row::rate(Some(b), cx);
    let sign = match (b.fires(), b.urgency) {
        (Some(true), Urgency::Page) => ("▲ ", t.critical),
        (Some(true), Urgency::Ticket) => ("■ ", t.warn),
        _ => ("  ", t.muted),
    };
    let (ends, ends_style) = row::ends(b.ending, cx);
    let short = format!("{} {}", rate_words(b.short_rate), span(b.short_s));
    let known = if b.covered_s + b.short_s < b.window_s {
        format!(
            "   known {}",
            crate::ui::widgets::duration(i64::from(b.covered_s))
        )
    } else {
        String::new()
    };
    vec![
        (sign.0.to_owned(), sign.1),
        (
            format!("{:<width$}", span(b.window_s), width = BURN - 2),
            t.muted,
        ),
        (format!("{rate:>7}"), style),
        (format!("{short:>12}"), t.muted),
        (format!("{:>12}", rate_words(Some(b.threshold))), t.muted),
        (format!("{ends:>9}"), ends_style),
        (known, t.muted),
    ]
}

/// How the value is made of what CloudWatch counts.
fn formula(s: &Slo) -> String {
    let what = match s.kind {
        SloKind::Availability => "1 - (target 5XX + ELB 5XX) / (RequestCount + ELB 5XX)",
        SloKind::ErrorRate => "(target 5XX + ELB 5XX) / (RequestCount + ELB 5XX)",
        SloKind::ResponseTime => "TargetResponseTime, mean of all requests",
    };
    let mut names: Vec<&str> = s
        .queries
        .iter()
        .flat_map(|q| q.metric.dimensions.iter().map(|(_, v)| v.as_str()))
        .collect();
    names.dedup();
    format!("{what}   {}", names.join(", "))
}

/// Who answered, and when.
fn evidence(s: &Slo, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let (t, part) = (cx.theme, &cx.snapshot.facts.slos);
    let when = match part.observed_at {
        None => "never".to_owned(),
        Some(at) => when(cx.now, at, cx.absolute),
    };
    let periods = "sums of 5 m and 1 h";
    let text = match (part.freshness(cx.now), &part.error) {
        (Freshness::Failed, Some(p)) => format!("read {when}; now: {}: {}", p.what, p.why),
        (Freshness::Stale, _) => format!("old: read {when}"),
        _ => format!("read {when}"),
    };
    let style = if row::is_old(cx) { t.warn } else { t.muted };
    let text = format!("{}, {periods}, {text}", part.source);
    let mut lines = labelled("evidence", &text, style, cx, columns);
    if s.window_s > 0 && !s.is_whole() {
        let words = row::measured(cx).unwrap_or_default();
        lines.extend(labelled("", &words, t.muted, cx, columns));
    }
    lines
}

/// What is known of a success metric that others tell of.
pub(super) fn criterion(c: &CriterionStatus, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let (state, style) = row::state(c.state, cx);
    let mut lines = labelled("state", &state, style, cx, columns);
    let mut put = |label: &str, text: &str, style| {
        if !text.is_empty() {
            lines.extend(labelled(label, text, style, cx, columns));
        }
    };
    put("why", &c.reason, t.text);
    put("told by", c.probe.as_deref().unwrap_or_default(), t.text);
    put(
        "and by",
        c.future_probe.as_deref().unwrap_or_default(),
        t.info,
    );
    for e in &c.evidence {
        let style = if e.ok { t.text } else { t.critical };
        put(
            "asked",
            &format!("{} ({})", e.question, when(cx.now, e.at, cx.absolute)),
            t.muted,
        );
        put("answer", &e.answer, style);
    }
    lines
}
