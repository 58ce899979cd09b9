//! The revisions of a service's family: image, commit, limits, age, author.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::detail::list_height;
use super::model::{Page, revisions};
use crate::domain::image::{NoCommit, Registry};
use crate::domain::service::{Service, image_name, image_tag};
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, Table, line, scrolled, since, timed};

const REVISIONS: &[Column] = &[
    Column::right("rev", 5),
    Column::left("image", 14).grow(2),
    Column::left("commit", 9).drop(4),
    Column::right("cpu", 6).drop(2),
    Column::right("memory", 9).drop(2),
    Column::left("check", 6).drop(3),
    Column::age("age", 6),
    Column::left("by", 12).grow(1).drop(1),
    Column::left("", 10),
];

/// The commit that an image was built from, as the tags of the registry name it; else why that is not known.
fn commit(image: Option<&str>, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let part = &cx.snapshot.facts.estate.registry;
    let Some(image) = image else {
        return ("-".into(), t.muted);
    };
    let nothing = Registry::default();
    let known = part.value.as_deref();
    match known.unwrap_or(&nothing).commit(image) {
        Ok(commit) => (commit.get(..7).unwrap_or(commit).to_owned(), t.text),
        // Nothing is said of what no registry was asked for.
        Err(_) if known.is_none() && part.error.is_none() => ("asking".into(), t.muted),
        Err(_) if known.is_none() => (NoCommit::Unread.word().into(), t.unknown),
        Err(why) => (why.word().into(), t.muted),
    }
}

pub(super) fn list(page: &Page, service: &Service, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let part = cx.snapshot.facts.revisions.get(&page.id);
    let rows = revisions(&cx.snapshot.facts, &page.id);
    if rows.is_empty() {
        let words = part
            .and_then(|p| p.error.as_ref())
            .map_or("asking ...".into(), |p| format!("{}: {}", p.what, p.why));
        return line(buf, area.x + 1, area.y, area.width, &[(words, t.muted)]);
    }
    let bound = service
        .load_balancers
        .first()
        .map(|lb| lb.container.as_str());
    let table = Table {
        columns: &timed(REVISIONS, cx.absolute),
        sort: None,
        selected: page.revisions.index().checked_sub(page.revisions.offset()),
        focus: true,
    };
    let shown = rows.iter().skip(page.revisions.offset()).map(|d| {
        let c = d.main_container(bound);
        let by = d
            .registered_by
            .as_deref()
            .map_or("-", |b| b.rsplit('/').next().unwrap_or(b));
        let runs = d.revision.number == service.revision.number;
        Row::new([
            (format!(":{}", d.revision.number), t.strong),
            (
                c.map_or("-".into(), |c| {
                    format!("{}:{}", image_name(&c.image), image_tag(&c.image))
                }),
                t.text,
            ),
            commit(c.map(|c| c.image.as_str()), cx),
            (d.cpu_units.map_or("-".into(), |v| v.to_string()), t.text),
            (
                d.memory_mib.map_or("-".into(), |v| format!("{v} MiB")),
                t.text,
            ),
            (
                if c.is_some_and(|c| c.health_check.is_some()) {
                    "yes"
                } else {
                    "none"
                }
                .to_owned(),
                t.muted,
            ),
            (since(cx.now, d.registered_at, cx.absolute), t.muted),
            (by.to_owned(), t.muted),
            (if runs { "◀ set now" } else { "" }.to_owned(), t.ok),
        ])
    });
    table.draw(buf, area, shown, t);
    scrolled(
        buf,
        area,
        page.revisions.offset(),
        list_height(cx),
        rows.len(),
        t,
    );
}
