//! The providers: shape, owner, how old its newest answer is, what of it fails; below, what is wrong.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::panels::Spans;
use crate::domain::facts::ProviderHealth;
use crate::domain::text::{clip, width};
use crate::ui::screens::Cx;
use crate::ui::widgets::{age, clock, duration, line, since};

/// How much is said of providers that answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The age of each one's newest answer.
    Each,
    /// Only an age that is past a minute: where there is no room for each, one for all of them stands before.
    Old,
}

/// All providers on two lines; what is wrong takes the second. One that is not set up is not in the way.
pub(super) fn providers(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let all = &cx.snapshot.facts.providers;
    let worst = all
        .iter()
        .filter(|p| p.configured)
        .find_map(|p| Some((p, p.problem.as_ref()?)));
    let lines = area.height.saturating_sub(u16::from(worst.is_some()));
    let room = usize::from(area.width).saturating_sub(2);
    let gap = if area.width < 100 { " " } else { "   " };
    let owners = owners(all);
    let fits = |told, gap| packed(&each(all, &owners, told, cx), room, gap, usize::from(lines));
    let rows = fits(Told::Each, gap)
        .or_else(|| fits(Told::Each, " "))
        .unwrap_or_else(|| {
            let mut each = each(all, &owners, Told::Old, cx);
            if let Some(first) = each.first_mut() {
                first.insert(0, (oldest(all, &owners, cx), t.muted));
            }
            let short = packed(&each, room, gap, usize::from(lines));
            short.unwrap_or_else(|| {
                vec![
                    each.into_iter()
                        .flat_map(|w| [w, vec![(gap.into(), t.muted)]].concat())
                        .collect(),
                ]
            })
        });
    for (y, spans) in (area.y..area.bottom()).zip(&rows) {
        line(buf, area.x + 2, y, area.width.saturating_sub(2), spans);
    }
    if let Some((p, problem)) = worst {
        let next = p
            .next_try
            .filter(|at| at.duration_since(cx.now).as_secs() > 0)
            .map_or(String::new(), |at| {
                format!(
                    "  (next try in {})",
                    duration(at.duration_since(cx.now).as_secs())
                )
            });
        let text = format!("  {}: {}. {}{next}", problem.what, problem.why, problem.fix);
        line(
            buf,
            area.x,
            area.bottom().saturating_sub(1),
            area.width,
            &[(clip(&text, usize::from(area.width)), t.warn)],
        );
    }
}

fn owners(all: &[ProviderHealth]) -> Vec<&str> {
    let mut owners: Vec<&str> = Vec::new();
    for p in all.iter().filter(|p| p.configured) {
        if !owners.contains(&p.owner()) {
            owners.push(p.owner());
        }
    }
    owners
}

fn lines_of<'a>(all: &'a [ProviderHealth], owner: &str) -> Vec<&'a ProviderHealth> {
    all.iter()
        .filter(|p| p.configured && p.owner() == owner)
        .collect()
}

/// The newest answer of an owner's lines.
fn newest(lines: &[&ProviderHealth]) -> Option<Timestamp> {
    lines.iter().filter_map(|p| p.last_ok).max()
}

/// What is said of each owner.
fn each(all: &[ProviderHealth], owners: &[&str], told: Told, cx: &Cx<'_>) -> Vec<Spans> {
    let t = cx.theme;
    let of = |owner: &&str| -> Spans {
        let lines = lines_of(all, owner);
        let failing: Vec<&str> = lines
            .iter()
            .filter(|p| p.problem.is_some())
            .map(|p| p.name.as_str())
            .collect();
        let last = newest(&lines);
        let old = last.map_or("never".into(), |_| since(cx.now, last, cx.absolute));
        match (failing.as_slice(), last) {
            ([], None) => vec![(format!("○ {owner} ..."), t.muted)],
            ([], Some(at)) => {
                let young = cx.now.duration_since(at).as_secs() < 60;
                let words = match told == Told::Old && young {
                    true => (*owner).to_owned(),
                    false => format!("{owner} {old}"),
                };
                vec![("● ".into(), t.ok), (words, t.muted)]
            }
            (some, _) if some.len() == lines.len() => {
                vec![(format!("◐ {owner} "), t.critical), (old, t.stale)]
            }
            (some, _) => {
                let more = match some.len() {
                    0..=3 => String::new(),
                    n => format!(" +{}", n - 3),
                };
                let names = some.iter().take(3).copied().collect::<Vec<_>>().join(", ");
                vec![
                    (format!("◐ {owner} {old} "), t.warn),
                    (format!("without {names}{more}"), t.warn),
                ]
            }
        }
    };
    owners.iter().map(of).collect()
}

/// How old the oldest of the owners' newest answers is: all others are younger.
fn oldest(all: &[ProviderHealth], owners: &[&str], cx: &Cx<'_>) -> String {
    let each = owners.iter().filter_map(|o| newest(&lines_of(all, o)));
    each.min().map_or(String::new(), |at| match cx.absolute {
        true => format!("read ≥{} ", clock(cx.now, at)),
        false => format!("read ≤{} ", age(cx.now, at)),
    })
}

/// Puts them on so many lines, if they fit.
fn packed(each: &[Spans], room: usize, gap: &str, lines: usize) -> Option<Vec<Spans>> {
    let wide = |spans: &Spans| spans.iter().map(|(s, _)| width(s)).sum::<usize>();
    let mut rows: Vec<Spans> = vec![Vec::new()];
    for words in each {
        let row = rows.last_mut()?;
        let style = words.last()?.1;
        if !row.is_empty() && wide(row) + gap.len() + wide(words) > room {
            rows.push(words.clone());
            continue;
        }
        if !row.is_empty() {
            row.push((gap.to_owned(), style));
        }
        row.extend(words.iter().cloned());
    }
    let fit = rows.iter().all(|row| wide(row) <= room);
    (fit && rows.len() <= lines).then_some(rows)
}
