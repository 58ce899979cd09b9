//! The panel of objectives: what was promised, what is measured, what is left of the error budget.

use super::doubt;
use super::panels::{Spans, told_in};
use crate::domain::part::Freshness;
use crate::domain::slo::{
    HOUR_S, SIX_HOURS_S, Slo, SloKind, Standing, THREE_DAYS_S, Urgency, rate_words,
};
use crate::domain::text::width;
use crate::ui::screens::Cx;
use crate::ui::widgets::{bar, line, panel, spark, until};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns in which a promise is told with its words apart.
const ROOMY: u16 = 46;

fn slo_values(s: &Slo) -> (String, String) {
    let current = s.current.map_or("no data".into(), |v| s.kind.amount(v));
    let target = match s.kind {
        SloKind::Availability | SloKind::ErrorRate => format!("{} %", s.target),
        SloKind::ResponseTime => format!("{:.0} ms", s.target),
    };
    (current, target)
}

/// Shape and colour of how a promise stands.
fn standing(s: &Slo, cx: &Cx<'_>) -> (&'static str, Style) {
    let t = cx.theme;
    let (sign, style) = match s.standing() {
        Standing::Kept => ("✓", t.ok),
        Standing::Broken => ("✗", t.critical),
        Standing::Burning(Urgency::Page) => ("▲", t.critical),
        Standing::Burning(Urgency::Ticket) => ("■", t.warn),
        Standing::Unknown => ("?", t.unknown),
    };
    match cx.snapshot.facts.slos.freshness(cx.now) {
        Freshness::Fresh => (sign, style),
        _ => (sign, t.stale),
    }
}

/// How badly a promise's budget burns: by what is to be done about it, then by how fast it goes now.
fn burns(s: &Slo) -> (u8, f64) {
    let urgency = match s.standing() {
        Standing::Burning(Urgency::Page) => 2,
        Standing::Burning(Urgency::Ticket) => 1,
        _ => 0,
    };
    (urgency, s.burn_rate(HOUR_S).unwrap_or(-1.0))
}

/// How fast a promise's budget burns, in so many columns: the short windows say what is now, and the long one gives way first.
fn burn(s: &Slo, room: usize) -> String {
    let windows = [(HOUR_S, "1h"), (SIX_HOURS_S, "6h"), (THREE_DAYS_S, "3d")];
    let rates =
        windows.map(|(seconds, name)| format!("{} {name}", rate_words(s.burn_rate(seconds))));
    let name = s.kind.word();
    let [hour, hours, _] = &rates;
    let told = [
        format!("   worst burn: {name}  {}", rates.join("  ")),
        format!(" burn: {name} {}", rates.join(" ")),
        format!(" burn: {name} {hour} {hours}"),
    ];
    let fits = told.iter().find(|words| width(words) < room);
    fits.cloned()
        .unwrap_or_else(|| format!(" burn: {name} {hour}"))
}

pub(super) fn promises(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, part) = (cx.theme, &cx.snapshot.facts.slos);
    let days = part.rows().iter().map(|s| s.window_s).max().unwrap_or(0);
    let title = match days {
        0 => "Promises".to_owned(),
        s if s >= 172_800 => format!("Promises  last {} days", (s + 43_200) / 86_400),
        s => format!("Promises  last {} h (no older data)", s.div_ceil(3_600)),
    };
    // The answer is as young as its question; the counts in it come minutes later.
    let counted = part.rows().first().and_then(|s| s.counted.until);
    let title = match counted {
        Some(at) => {
            let title = match area.width < ROOMY {
                true => title.replace(" last ", " "),
                false => title,
            };
            format!("{title}, {}", until(cx.now, at, cx.absolute))
        }
        None => title,
    };
    let doubt = (!part.rows().is_empty()).then(|| doubt::words(part, cx));
    let is_doubtful = part.fresh(cx.now).is_none();
    let title = doubt::titled(title, doubt.flatten());
    let missing = part.rows().iter().find_map(|s| s.counted.missing.clone());
    let inside = panel(buf, area, &doubt::titled(title, missing), false, t);
    let wide = inside.width >= 60;
    for (s, y) in part.rows().iter().zip(inside.y..inside.bottom()) {
        let (current, target) = slo_values(s);
        let (sign, style) = standing(s, cx);
        let left = s.budget_left_percent;
        let short = left.map_or("?".into(), |l| format!("{l:.0}%"));
        let low = match left.is_some_and(|l| l < 25.0) {
            true => t.warn,
            false => t.text,
        };
        let mut spans: Spans = if inside.width < ROOMY {
            // In a quarter of the smallest screen the unit stands once, and what is left of the budget without a bar.
            let value = current.split(' ').next().filter(|_| s.current.is_some());
            vec![
                (format!("{sign} "), style),
                (format!("{:<12} ", s.kind.word()), t.text),
                (format!("{:>6}", value.unwrap_or("?")), style),
                (format!("/{target:<6} "), t.muted),
            ]
        } else {
            vec![
                (format!(" {sign} "), style),
                (format!("{:<13}", s.kind.word()), t.text),
                (format!("{current:>9} "), style),
                (format!("of {target:<7}"), t.muted),
            ]
        };
        if !wide {
            spans.push((format!("{short:>4} left"), low));
        } else {
            let (full, empty) = bar(left.unwrap_or(0.0) / 100.0, 8);
            spans.push((" budget ".into(), t.muted));
            spans.push((
                full,
                if left.is_some_and(|l| l < 25.0) {
                    t.warn
                } else {
                    t.bar
                },
            ));
            spans.push((empty, t.bar_empty));
            spans.push((
                left.map_or("    ?".into(), |l| format!("{l:>4.0}%")),
                t.text,
            ));
        }
        let used: usize = spans.iter().map(|(s, _)| width(s)).sum();
        let room = usize::from(inside.width).saturating_sub(used + 2);
        if room >= 4 {
            spans.push((
                format!(
                    " {}",
                    spark(s.recent.iter().map(|p| p.1), room.min(16) as u16)
                ),
                style,
            ));
        }
        let spans = doubt::dulled(spans, is_doubtful, t.stale);
        line(buf, inside.x, y, inside.width, &spans);
    }
    let mut below = inside.y + part.rows().len() as u16;
    if part.rows().is_empty() {
        let words = match (&part.error, part.freshness(cx.now)) {
            (Some(p), _) => format!(" cannot tell: {}. {}", p.why, p.fix),
            (None, Freshness::Never) => " asking ...".to_owned(),
            _ => " no load balancer metrics in this account".to_owned(),
        };
        let lines = told_in(words.trim_start(), t.muted, inside.width);
        for (words, y) in lines.iter().zip(inside.y..inside.bottom()) {
            line(buf, inside.x, y, inside.width, words);
        }
        below = inside.y + lines.len().max(1) as u16 - 1;
    } else if below < inside.bottom() {
        // Rates of one promise, by its name: the worst of each window over all of them would be of none.
        let worst = (part.rows().iter()).reduce(|a, b| if burns(b) > burns(a) { b } else { a });
        let hour = worst.and_then(|s| s.burn_rate(HOUR_S));
        let words = worst.map_or(String::new(), |s| burn(s, usize::from(inside.width)));
        let style = match hour.is_some_and(|v| v > 1.0) {
            _ if is_doubtful => t.stale,
            true => t.warn,
            false => t.muted,
        };
        line(buf, inside.x, below, inside.width, &[(words, style)]);
    }
    if below + 1 < inside.bottom() {
        let words = "   on call: not in this version";
        line(
            buf,
            inside.x,
            below + 1,
            inside.width,
            &[(words.into(), t.muted)],
        );
    }
}
