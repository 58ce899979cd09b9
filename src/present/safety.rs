//! Which cells of a system's own view tell of what is safe, and which of how it does at the moment or where its copies are: that is
//! told on its own page, and where alarms and backups are.

use super::{Cell, Section, Tone, View, buckets, caches, databases};

/// Columns that tell nothing of what is safe, by view and section; nothing of the rest of a row is lost.
const ASIDE: &[(&str, &str, &[&str])] = &[
    (
        "databases",
        "databases",
        &["state", "disk", "free", "conns", "lag"],
    ),
    ("databases", "clusters", &["state"]),
    ("caches", "caches", &["status", "nodes"]),
    ("caches", "nodes", &["status", "memory", "hits", "evicted"]),
    ("buckets", "buckets", &["copied to", "newest"]),
];

/// Whether a section is about what happened, or what was kept: that is over, burns elsewhere, or is no matter of who gets in.
pub(super) fn is_story(view: &View, section: &Section) -> bool {
    [databases::VIEW.id, caches::VIEW.id].contains(&view.id)
        && ["events", "snapshots"].contains(&section.name)
}

/// The cells of a row that are not as they ought to be, each with its place and its head, but for those that say nothing of safety.
pub(super) fn ill<'a>(
    view: &View,
    told: &'a Section,
    cells: &'a [Cell],
) -> Vec<(usize, &'a str, &'a Cell)> {
    let aside = ASIDE.iter();
    let mut aside = aside.filter(|(id, name, _)| *id == view.id && *name == told.name);
    let aside = aside.next().map_or(&[][..], |(_, _, heads)| *heads);
    let head = |at: usize| told.heads.get(at).map_or("", |h| h.title);
    let cells = cells.iter().enumerate();
    cells
        .filter(|(at, c)| c.tone.weight() >= Tone::Warn.weight() && !aside.contains(&head(*at)))
        .map(|(at, c)| (at, head(at), c))
        .collect()
}

/// What a row says in phrases of its own about those cells, where its view has such; `None`: what it found is all about safety.
pub(super) fn phrases(view: &View, told: &Section, ill: &[(usize, &str, &Cell)]) -> Option<String> {
    let is_bucket = view.id == buckets::VIEW.id && told.name == "buckets";
    is_bucket.then(|| buckets::phrases(ill.iter().map(|(_, head, cell)| (*head, *cell))).join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::present::security;

    /// What a view's section of these heads says is not safe about one row.
    fn said(view: &View, name: &'static str, row: &[(&'static str, &str)]) -> Vec<String> {
        let now = Timestamp::UNIX_EPOCH;
        let sections = view.make(&Facts::default(), now);
        let heads = sections.iter().find(|s| s.name == name).unwrap().heads;
        let mut told = Section::unasked("x:Y", name, "X", heads, "none");
        let cells = heads
            .iter()
            .map(|h| match row.iter().find(|(n, _)| *n == h.title) {
                Some((_, text)) => Cell::new(text, Tone::Warn),
                None => Cell::plain("main"),
            });
        told.row("main", cells.collect(), &json!({}));
        let found = security::unsafe_rows(view, &told, now);
        let rows = found.into_iter().flat_map(|(_, s)| s.rows);
        rows.map(|r| r.cells[2].text.clone()).collect()
    }

    #[test]
    fn what_is_busy_or_copied_late_is_not_unsafe_and_hides_nothing_that_is() {
        let databases = |row: &[(&'static str, &str)]| said(&databases::VIEW, "databases", row);
        assert_eq!(databases(&[("conns", "167"), ("lag", "3.0s")]), [""; 0]);
        assert_eq!(
            databases(&[("conns", "167"), ("tls", "optional")]),
            ["tls optional"]
        );
        let buckets = |row: &[(&'static str, &str)]| said(&buckets::VIEW, "buckets", row);
        let copied = ("copied to", "eu-west-1 by backup, 11h");
        assert_eq!(buckets(&[copied]), [""; 0]);
        assert_eq!(
            buckets(&[copied, ("tls", "optional")]),
            ["takes requests without TLS"]
        );
    }
}
