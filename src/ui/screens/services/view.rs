//! The list of services.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::model::{SORTS, Services};
use super::row;
use crate::domain::part::Freshness;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Table, line, panel, scrolled, timed, when};

/// Rows of services that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(3))
}

/// The line of the list at a position.
pub(super) fn line_at(at: Position, cx: &Cx<'_>) -> Option<u16> {
    let first = cx.body.y + 2;
    (at.y >= first && usize::from(at.y - first) < list_height(cx)).then(|| at.y - first)
}

pub(super) fn view(s: &Services, cx: &Cx<'_>, buf: &mut Buffer) {
    let (t, part) = (cx.theme, &cx.snapshot.facts.services);
    let all = cx.snapshot.facts.service_rows().len();
    let count = if s.filter.is_empty() {
        all.to_string()
    } else {
        format!(
            "{} of {all}  /{}   best match first",
            s.visible.len(),
            s.filter
        )
    };
    let mut title = format!("Services  {count}");
    match (part.freshness(cx.now), part.observed_at) {
        (Freshness::Stale, Some(at)) => {
            title.push_str(&format!("   old: read {}", when(cx.now, at, cx.absolute)))
        }
        (Freshness::Failed, Some(at)) => {
            let why = part.error.as_ref().map_or(String::new(), |p| p.why.clone());
            let read = when(cx.now, at, cx.absolute);
            // What is missing has no row that would look it.
            let told = match cx.snapshot.facts.unread_words() {
                Some(lacks) if part.is_young(cx.now) => format!("   {lacks}: {why}"),
                Some(lacks) => format!("   {lacks}; read {read}; now: {why}"),
                None => format!("   read {read}; now: {why}"),
            };
            title.push_str(&told);
        }
        _ => {}
    }
    let columns = timed(&row::columns(cx), cx.absolute);
    let table = Table {
        columns: &columns,
        // With a filter the rows stand in the order of how well they match.
        sort: (s.sort.mark(SORTS, row::COLUMNS)).filter(|_| s.filter.is_empty()),
        selected: s.list.index().checked_sub(s.list.offset()),
        focus: true,
    };
    title.push_str(&table.unseen_sort(cx.body.width.saturating_sub(2)));
    let title = row::titled(title, cx);
    let inside = panel(buf, cx.body, &title, true, t);
    let rows = s.visible.iter().skip(s.list.offset());
    let rows = rows.take(usize::from(inside.height));
    let groups = row::Groups::of(&cx.snapshot.facts, rows.clone());
    table.draw(buf, inside, rows.map(|x| row::row(x, &groups, cx)), t);
    scrolled(
        buf,
        inside,
        s.list.offset(),
        list_height(cx),
        s.visible.len(),
        t,
    );
    if s.visible.is_empty() {
        let words = match (&part.error, &part.value) {
            (Some(p), _) => vec![format!("▲ {}", p.what), p.why.clone(), p.fix.clone()],
            (None, None) => vec!["asking ...".into()],
            (None, Some(_)) if !s.filter.is_empty() => {
                vec![format!("no service matches {:?}", s.filter), "esc clears the filter".into()]
            }
            _ => vec![
                "no ECS service in this account and region".into(),
                "check the region and the credentials in the top line, or [aws] clusters in flightdeck.toml".into(),
            ],
        };
        for (i, text) in words.into_iter().enumerate() {
            let at = Rect::new(
                inside.x + 2,
                inside.y + 2 + i as u16,
                inside.width.saturating_sub(4),
                1,
            );
            line(
                buf,
                at.x,
                at.y,
                at.width,
                &[(text, if i == 0 { t.text } else { t.muted })],
            );
        }
    }
}
