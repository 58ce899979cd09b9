//! Secrets by name: how old, and whether they rotate.

use jiff::Timestamp;

use super::words::{DAY_S, ago, count, days, until};
use super::{Cell, Group, Head, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::secret::Secret;

pub(super) const VIEW: View = View {
    id: "secrets",
    title: "Secrets",
    doc: "Secrets by name: age, last and next rotation; never a value",
    group: Group::Safety,
    lines: &["secretsmanager"],
    needs: &["secrets"],
    make,
};

const HEADS: &[Head] = &[
    Head::left("secret", 22).grow(3),
    Head::right("changed", 8),
    Head::right("rotated", 8),
    Head::left("rotates", 10),
    Head::left("next", 8).drop(2),
    Head::left("for", 12).grow(2).drop(1),
];

/// Days after which a secret that nobody changed is old.
const OLD_DAYS: i64 = 180;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.secrets;
    let empty = "No secrets: Secrets Manager has none in this account and region.";
    let mut section = Section::of(part, now, "secrets", "Secrets", HEADS, empty);
    let mut all: Vec<&Secret> = part.value.iter().flat_map(|v| v.iter()).collect();
    // What is old or never rotates first.
    all.sort_by_key(|s| (s.rotates, s.fresh_at(), s.name.clone()));
    for s in &all {
        section.row(&s.name, cells(s, now), s);
    }
    let still = all.iter().filter(|s| !s.rotates).count();
    if still > 0 {
        let words = format!("{} without rotation", count(still, "secret"));
        section.note(words, Tone::Warn);
    }
    vec![section]
}

fn cells(s: &Secret, now: Timestamp) -> Vec<Cell> {
    let old = s.fresh_at().is_some_and(|at| days(at, now) > OLD_DAYS);
    let overdue = s
        .next_rotation_at
        .is_some_and(|at| now.duration_since(at).as_secs() > DAY_S);
    let rule = match (s.rotates, s.rotation_days) {
        (true, Some(n)) => format!("every {n}d"),
        (true, None) => "yes".into(),
        (false, _) => "never".into(),
    };
    vec![
        Cell::name(&s.name),
        Cell::new(ago(s.fresh_at(), now), Tone::fine(!old)),
        Cell::plain(ago(s.rotated_at, now)),
        Cell::new(rule, Tone::fine(s.rotates)),
        Cell::new(until(s.next_rotation_at, now), Tone::fine(!overdue)),
        Cell::muted(&s.description),
    ]
}
