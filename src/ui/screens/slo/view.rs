//! Draws the promises and the other success metrics, and below them the selected one over time and in figures.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};

use super::figures::Line;
use super::model::{Item, OTHERS, PERCENTILES, PROMISED, Promises, WIDE, slos};
use super::{chart, figures, row};
use crate::domain::metric::{Unit, last_whole};
use crate::domain::part::Freshness;
use crate::domain::slo::Slo;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Table, line, panel, scrolled, span, until, when, wrapped};

/// The least that a chart in its panel takes.
const CHART: u16 = 7;

/// The least that the figures of a promise take.
const FIGURES: u16 = 12;

/// Lines of the list's panel: border, head and rows of the promises, traffic, head and rows of the others.
struct Places {
    list: Rect,
    detail: Rect,
    /// Rows of the others that fit.
    others: usize,
}

impl Places {
    fn of(s: &Promises, cx: &Cx<'_>) -> Self {
        let promised = s.promised();
        let others = s.items.len() - promised;
        let above = 2 + 1 + promised.max(3) as u16 + 1;
        let head = u16::from(others > 0);
        let wanted = if s.figures && cx.body.width < WIDE {
            FIGURES
        } else {
            CHART
        };
        let room = cx.body.height.saturating_sub(above + head + wanted);
        let shown = others.min(usize::from(room.max(1)));
        let height = (above + head + shown as u16).min(cx.body.height);
        let [list, detail] =
            Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(cx.body);
        Self {
            list,
            detail,
            others: shown,
        }
    }

    /// First of the others that is shown, so that the selected one is.
    fn first(&self, s: &Promises) -> usize {
        let index = s.list.index();
        let inside = index.checked_sub(s.promised());
        inside.map_or(0, |i| (i + 1).saturating_sub(self.others))
    }
}

/// The row at a position.
pub(super) fn item_at(s: &Promises, at: Position, cx: &Cx<'_>) -> Option<usize> {
    let places = Places::of(s, cx);
    if !places.list.contains(at) {
        return None;
    }
    let promised = s.promised();
    let line = usize::from(at.y.checked_sub(places.list.y + 2)?);
    if line < promised {
        return Some(line);
    }
    // Traffic and the head of the others lie between.
    let below = line.checked_sub(promised.max(3) + 2)?;
    let index = promised + places.first(s) + below;
    (below < places.others && index < s.items.len()).then_some(index)
}

pub(super) fn view(s: &Promises, cx: &Cx<'_>, buf: &mut Buffer) {
    let places = Places::of(s, cx);
    list(s, &places, cx, buf);
    let area = places.detail;
    if area.height < 3 {
        return;
    }
    match (s.slo(cx), s.list.selected()) {
        (Some(slo), _) => promise(s, slo, cx, area, buf),
        (None, Some(Item::Criterion(id))) => {
            let found = cx.snapshot.checklist.criterion(id);
            let title = found.map_or(id.clone(), |c| format!("{id}  {}", c.title));
            let inside = panel(buf, area, &title, false, cx.theme);
            let columns = usize::from(inside.width.saturating_sub(2));
            let text = found.map_or_else(Vec::new, |c| figures::criterion(c, cx, columns));
            lines(&text, inside, buf);
        }
        _ => {
            panel(buf, area, "", false, cx.theme);
        }
    }
}

fn title(cx: &Cx<'_>) -> String {
    let part = &cx.snapshot.facts.slos;
    let mut title = "Success metrics".to_owned();
    if let Some(words) = row::measured(cx) {
        title.push_str(&format!("   {words}"));
    }
    if let Some(at) = slos(cx).first().and_then(|s| s.counted.until) {
        title.push_str(&format!("   counted {}", until(cx.now, at, cx.absolute)));
    }
    match (part.freshness(cx.now), part.observed_at) {
        (Freshness::Stale, Some(at)) => {
            title.push_str(&format!("   old: read {}", when(cx.now, at, cx.absolute)));
        }
        (Freshness::Failed, Some(at)) => {
            let why = part.error.as_ref().map_or(String::new(), |p| p.why.clone());
            title.push_str(&format!(
                "   read {}; now: {why}",
                when(cx.now, at, cx.absolute)
            ));
        }
        _ => {}
    }
    title
}

fn list(s: &Promises, places: &Places, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let inside = panel(buf, places.list, &title(cx), true, t);
    let promised = s.promised();
    let rows = promised.max(3) as u16;
    let above = Rect {
        height: (1 + rows).min(inside.height),
        ..inside
    };
    let selected = Some(s.list.index()).filter(|_| !s.items.is_empty());
    let table = |columns, sort, selected| Table {
        columns,
        sort,
        selected,
        focus: true,
    };
    if promised == 0 {
        empty(cx, above, buf);
    } else {
        let here = selected.filter(|i| *i < promised);
        let all = s.items.iter().filter_map(|item| match item {
            Item::Promise(kind) => slos(cx).iter().find(|s| s.kind == *kind),
            Item::Criterion(_) => None,
        });
        let sort = s.promised_by.mark(PROMISED, row::PROMISES);
        let all = all.map(|s| row::promise(s, cx));
        table(row::PROMISES, sort, here).draw(buf, above, all, t);
        traffic(s, cx, inside, above.bottom(), buf);
    }
    if places.others == 0 {
        return;
    }
    let below = Rect {
        y: above.bottom() + 1,
        height: inside.bottom().saturating_sub(above.bottom() + 1),
        ..inside
    };
    let first = places.first(s);
    let here = selected
        .and_then(|i| i.checked_sub(promised))
        .map(|i| i - first.min(i));
    let others = s.items.iter().filter_map(|item| match item {
        Item::Promise(_) => None,
        Item::Criterion(id) => cx.snapshot.checklist.criterion(id),
    });
    let others: Vec<_> = others.collect();
    let shown = others.iter().skip(first).take(places.others);
    let sort = s.others_by.mark(OTHERS, row::OTHERS);
    table(row::OTHERS, sort, here).draw(buf, below, shown.map(|c| row::other(c, cx)), t);
    scrolled(buf, below, first, places.others, others.len(), t);
}

/// What was asked of the platform: the context in which promises are kept.
fn traffic(s: &Promises, cx: &Cx<'_>, inside: Rect, y: u16, buf: &mut Buffer) {
    let t = cx.theme;
    let mut spans: Line = vec![("  traffic ".into(), t.muted)];
    let second = slos(cx).first().and_then(|s| s.counted.per_second);
    spans.push(match second {
        Some(r) => (format!("{}/s", Unit::Count.format(r)), t.text),
        None => ("none in the last hour".into(), t.unknown),
    });
    let charts = &cx.snapshot.facts.charts;
    let period = s.range.period_s();
    let read = charts.observed_at.unwrap_or(Timestamp::MIN);
    let mut ended: Option<Timestamp> = None;
    for (stat, points) in PERCENTILES.iter().zip(&s.percentiles) {
        spans.push((format!("   {} ", stat.word()), t.muted));
        let newest = last_whole(points, period, read);
        ended = ended.max(newest.map(|n| n.0));
        spans.push(match newest {
            Some((_, ms)) => (Unit::Milliseconds.format(ms), t.text),
            None => ("?".into(), t.unknown),
        });
    }
    let none = s.percentiles.iter().all(|p| p.is_empty());
    let note = match (&charts.error, ended) {
        (Some(p), _) => (format!("   ▲ {}", p.why), t.warn),
        (None, Some(at)) => {
            let until = until(cx.now, at, cx.absolute);
            (format!("   of {} {until}", span(period)), t.muted)
        }
        (None, None) if !none => (format!("   no whole {} yet", span(period)), t.muted),
        (None, None) => ("   asking ...".into(), t.muted),
    };
    spans.push(note);
    line(buf, inside.x, y, inside.width, &spans);
}

/// A promise over time and in figures.
fn promise(s: &Promises, slo: &Slo, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let figures = |area: Rect, buf: &mut Buffer| {
        let inside = panel(
            buf,
            area,
            &format!("Error budget of {}", slo.kind.word()),
            false,
            t,
        );
        let columns = usize::from(inside.width.saturating_sub(2));
        let text = figures::promise(slo, cx, columns, usize::from(inside.height));
        // The text comes first; what is left of the room shows how the budget went.
        let chart = inside.height.saturating_sub(text.len() as u16 + 1);
        let chart = if chart >= CHART - 1 { chart } else { 0 };
        let above = Rect {
            height: chart,
            ..inside
        };
        if chart > 0 {
            chart::remaining(slo, cx, above, buf);
        }
        let below = Rect {
            y: inside.y + chart,
            height: inside.height - chart,
            ..inside
        };
        lines(&text, below, buf);
    };
    let value = |area: Rect, buf: &mut Buffer| {
        let inside = panel(buf, area, &chart::title(slo, s, cx), false, t);
        chart::value(slo, s, cx, inside, buf);
    };
    if cx.body.width >= WIDE {
        let [left, right] =
            Layout::horizontal([Constraint::Fill(5), Constraint::Fill(4)]).areas(area);
        value(left, buf);
        figures(right, buf);
    } else if s.figures {
        figures(area, buf);
    } else {
        value(area, buf);
    }
}

fn lines(text: &[Line], inside: Rect, buf: &mut Buffer) {
    for (spans, y) in text.iter().zip(inside.y..inside.bottom()) {
        line(buf, inside.x + 1, y, inside.width.saturating_sub(2), spans);
    }
}

/// Why there is nothing, and what to do.
fn empty(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, part) = (cx.theme, &cx.snapshot.facts.slos);
    let words = match (&part.error, part.freshness(cx.now)) {
        (Some(p), _) => vec![format!("▲ {}: {}", p.what, p.why), p.fix.clone()],
        (None, Freshness::Never) => vec!["asking which load balancers count requests ...".into()],
        _ => vec![
            "no load balancer of this account counts requests".into(),
            "load_balancers in [slo] of the configuration names others".into(),
        ],
    };
    let columns = usize::from(area.width.saturating_sub(4));
    let all = words.iter().flat_map(|w| wrapped(w, columns));
    for (y, (i, text)) in (area.y + 1..area.bottom()).zip(all.enumerate()) {
        let style = if i == 0 { t.text } else { t.muted };
        line(
            buf,
            area.x + 2,
            y,
            area.width.saturating_sub(4),
            &[(text, style)],
        );
    }
}
