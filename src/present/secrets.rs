//! Secrets by name: how old, and whether they rotate.

use jiff::Timestamp;
use serde_json::json;

use super::guests::{self, Host};
use super::words::{DAY_S, count, days, until};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::secret::{Secret, named_by};

pub(super) const VIEW: View = View {
    id: "secrets",
    title: "Secrets",
    doc: "Secrets by name: age, last and next rotation, whom their policies let in; never a value",
    group: Group::Safety,
    lines: &["secretsmanager"],
    needs: &["secrets", "services", "definitions", "identity"],
    make: Make::Facts(make),
};

const HEADS: &[Head] = &[
    Head::left("secret", 22).grow(3),
    Head::right("changed", 8),
    Head::right("rotated", 8),
    Head::left("rotates", 10),
    Head::left("next", 8).drop(2),
    Head::left("used by", 14).grow(2).drop(1),
    Head::left("for", 12).grow(2).drop(3),
];
const NAMED_HEADS: &[Head] = &[
    Head::left("service", 20).grow(1),
    Head::left("variable", 18).grow(1),
    Head::left("from", 26).grow(2),
    Head::left("there", 8),
];

/// Days after which a secret that nobody changed is old.
const OLD_DAYS: i64 = 180;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.secrets;
    let empty = "No secrets: Secrets Manager has none in this account and region.";
    let mut section = Section::of(part, now, "secrets", "Secrets", HEADS, empty);
    let mut all: Vec<&Secret> = part.value.iter().flat_map(|v| v.iter()).collect();
    // What is old or never rotates first.
    all.order_by_key(|s| (s.rotates, s.fresh_at(), s.name.clone()));
    for s in &all {
        section.row(&s.name, cells(s, facts, now), s);
        section.found(Found {
            since: s.fresh_at(),
            ..Found::all(&faults(s, now))
        });
    }
    let still = all.iter().filter(|s| !s.rotates).count();
    if still > 0 {
        let words = format!("{} without rotation", count(still, "secret"));
        section.note(words, Tone::Warn);
    }
    let hosts = all.iter().map(|s| Host {
        by: "policy",
        name: &s.name,
        guests: &s.guests,
        blocked: Some(false),
    });
    let let_in = guests::section(part, facts, now, hosts);
    vec![section, named(facts, now), let_in]
}

/// Whether its value is older than a secret's should be.
fn is_old(s: &Secret, now: Timestamp) -> bool {
    s.fresh_at().is_some_and(|at| days(at, now) > OLD_DAYS)
}

/// Whether it should have been rotated by now.
fn is_overdue(s: &Secret, now: Timestamp) -> bool {
    let due = s.next_rotation_at;
    due.is_some_and(|at| now.duration_since(at).as_secs() > DAY_S)
}

/// What is not as it ought to be with a secret.
fn faults(s: &Secret, now: Timestamp) -> Vec<String> {
    let mut told = Vec::new();
    if !s.rotates {
        told.push("never rotates".to_owned());
    }
    if is_overdue(s, now) {
        told.push("should have been rotated by now".to_owned());
    }
    if let Some(at) = s.fresh_at().filter(|_| is_old(s, now)) {
        told.push(format!("has not changed for {} days", days(at, now)));
    }
    told
}

fn cells(s: &Secret, facts: &Facts, now: Timestamp) -> Vec<Cell> {
    let old = is_old(s, now);
    let overdue = is_overdue(s, now);
    let rule = match (s.rotates, s.rotation_days) {
        (true, Some(n)) => format!("every {n}d"),
        (true, None) => "yes".into(),
        (false, _) => "never".into(),
    };
    vec![
        Cell::name(&s.name),
        match old {
            true => Cell::ago(s.fresh_at(), now).toned(Tone::fine(false)),
            false => Cell::ago(s.fresh_at(), now),
        },
        Cell::ago(s.rotated_at, now),
        Cell::new(rule, Tone::fine(s.rotates)),
        Cell::new(until(s.next_rotation_at, now), Tone::fine(!overdue)),
        Cell::plain(users(s, facts).join(", ")),
        Cell::muted(&s.description),
    ]
}

/// Every variable that a service takes from somewhere: service, variable, from where.
fn references(facts: &Facts) -> Vec<(String, &str, &str)> {
    let mut all = Vec::new();
    for service in facts.service_rows() {
        let containers = facts
            .task_definition(service)
            .into_iter()
            .flat_map(|d| &d.containers);
        let named = containers.flat_map(|c| &c.secrets);
        all.extend(
            named
                .map(|(variable, from)| (service.id.to_string(), variable.as_str(), from.as_str())),
        );
    }
    all
}

/// Services that take a variable from it.
fn users(secret: &Secret, facts: &Facts) -> Vec<String> {
    let named = references(facts)
        .into_iter()
        .filter(|(_, _, from)| secret.is(from));
    let mut all: Vec<String> = named.map(|(service, _, _)| service).collect();
    all.dedup();
    all
}

/// What services take from where, and whether it is there.
fn named(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.secrets;
    let empty = "No service takes a variable from a secret.";
    let mut section = Section::of(
        part,
        now,
        "references",
        "Variables from secrets",
        NAMED_HEADS,
        empty,
    );
    let known = part.value.as_deref().map_or(&[][..], Vec::as_slice);
    for (service, variable, from) in references(facts) {
        let found = known.iter().find(|s| s.is(from));
        let (there, shown) = match (named_by(from), found) {
            (_, Some(secret)) => (Cell::plain("yes"), secret.name.as_str()),
            // Parameters of Systems Manager, and whatever else there is, are not looked at.
            (None, None) => (Cell::new("?", Tone::Unknown), from),
            (Some(name), None) if part.value.is_some() => (Cell::new("NO", Tone::Bad), name),
            (Some(name), None) => (Cell::new("?", Tone::Unknown), name),
        };
        let thing = json!({"service": service, "variable": variable, "from": from, "secret": found.map(|s| &s.name)});
        let row = vec![
            Cell::plain(&service),
            Cell::name(variable),
            Cell::plain(shown),
            there,
        ];
        section.row(format!("{service}/{variable}"), row, &thing);
    }
    section
}
