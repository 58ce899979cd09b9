//! The largest B-trees of PostgreSQL, and what they take beyond a new one.

use jiff::Timestamp;

use super::words::{bytes, count};
use super::{Cell, Head, Section, Tone};
use crate::domain::facts::Facts;
use crate::domain::postgres::PostgresShape;

const SIZES: &[Head] = &[
    Head::left("index", 26).grow(2),
    Head::left("of", 18).grow(1).drop(1),
    Head::right("size", 9),
    Head::right("bloat", 9),
    Head::right("share", 7),
];

/// Share and bytes from which on an index is worth a REINDEX. Page splits alone leave a third of a well-used one empty.
const BLOATED: f64 = 0.4;
const BLOATED_BYTES: i64 = 1 << 20;

/// The section of the server's page.
pub(super) fn section(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.postgres_shape;
    let title = "Largest B-trees, and what they take beyond a new one (estimated)";
    let empty = "No B-tree in this database.";
    let mut section = Section::of(part, now, "index_sizes", title, SIZES, empty);
    if let Some(p) = part.value.as_deref() {
        fill(p, &mut section);
    }
    section
}

fn size(n: i64) -> String {
    bytes(u64::try_from(n).unwrap_or(0))
}

fn fill(p: &PostgresShape, section: &mut Section) {
    for i in &p.index_sizes {
        let share = i.bloat_share();
        let bloated = share.is_some_and(|s| s >= BLOATED) && i.bloat() >= Some(BLOATED_BYTES);
        let unknown = || Cell::new("unknown", Tone::Unknown);
        let cells = vec![
            Cell::name(&i.name),
            Cell::muted(&i.table),
            Cell::plain(size(i.bytes)),
            i.bloat().map_or_else(unknown, |b| Cell::plain(size(b))),
            share.map_or_else(Cell::default, |s| {
                Cell::new(format!("{:.0} %", s * 100.0), Tone::fine(!bloated))
            }),
        ];
        let thing = serde_json::json!({
            "name": i.name, "table": i.table, "bytes": i.bytes, "wanted_bytes": i.wanted,
            "bloat_bytes": i.bloat(), "bloat_share": share,
        });
        section.row(&i.name, cells, &thing);
    }
    let unknown = p.index_sizes.iter().filter(|i| i.wanted.is_none()).count();
    if unknown > 0 {
        let words = format!(
            "bloat unknown of {}: the planner knows nothing of their keys (ANALYZE), or the role may not read their columns (GRANT SELECT)",
            count(unknown, "B-tree")
        );
        section.note(words, Tone::Unknown);
    }
    if p.more_indexes {
        section.note(
            format!("the largest {} only", p.index_sizes.len()),
            Tone::Muted,
        );
    }
}
