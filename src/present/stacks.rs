//! Stacks: how they stand, what drifted, what waits to be carried out, what happened.

use jiff::Timestamp;
use serde_json::json;

use super::words::{DAY_S, ago, count};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::stack::{Stack, StackHealth, StackResource};

pub(super) const VIEW: View = View {
    id: "stacks",
    title: "Stacks",
    doc: "CloudFormation stacks: status, drift, change sets, resources, events",
    group: Group::Delivery,
    lines: &["cloudformation"],
    needs: &["stacks"],
    make: Make::Facts(make),
};

const HEADS: &[Head] = &[
    Head::left("stack", 20).grow(2),
    Head::left("status", 16).grow(1),
    Head::left("drift", 12),
    Head::right("looked", 7).drop(2),
    Head::right("resources", 9).drop(3),
    Head::right("updated", 8),
    Head::left("last event", 22).grow(2).drop(1),
];
const DRIFT_HEADS: &[Head] = &[
    Head::left("stack", 18).grow(1),
    Head::left("resource", 18).grow(1),
    Head::left("property", 22).grow(2),
    Head::left("template", 14).grow(2),
    Head::left("really", 14).grow(2),
];
const SET_HEADS: &[Head] = &[
    Head::left("stack", 18).grow(1),
    Head::left("change set", 18).grow(1),
    Head::left("status", 16),
    Head::left("execution", 16),
    Head::right("age", 6),
    Head::left("why", 12).grow(2).drop(1),
];
const RESOURCE_HEADS: &[Head] = &[
    Head::left("stack", 18).grow(1),
    Head::left("resource", 18).grow(1),
    Head::left("kind", 20).grow(1).drop(1),
    Head::left("status", 18),
    Head::right("for", 6),
    Head::left("why", 14).grow(2).drop(2),
];
const EVENT_HEADS: &[Head] = &[
    Head::right("ago", 6),
    Head::left("stack", 18).grow(1),
    Head::left("resource", 18).grow(1),
    Head::left("status", 18).grow(1),
    Head::left("why", 14).grow(2).drop(1),
];

/// Events shown.
const EVENTS: usize = 30;
/// Days after which a look for drift is old.
const LOOKED_DAYS: i64 = 30;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.stacks;
    let all = part.value.as_deref().map_or(&[][..], Vec::as_slice);
    let section =
        |name, title: &str, heads, empty| Section::of(part, now, name, title, heads, empty);
    let mut stacks = section(
        "stacks",
        "Stacks",
        HEADS,
        "No stacks: CloudFormation has none in this account and region.",
    );
    let mut drifts = section(
        "drifts",
        "Drift",
        DRIFT_HEADS,
        "Nothing was found to differ from its template.",
    );
    let mut sets = section(
        "change_sets",
        "Change sets",
        SET_HEADS,
        "No change set waits.",
    );
    let mut resources = section(
        "resources",
        "Resources in motion or in trouble",
        RESOURCE_HEADS,
        "Every resource is complete.",
    );
    let mut events = section("events", "Events", EVENT_HEADS, "No events.");
    let mut order: Vec<&Stack> = all.iter().collect();
    // What moves or failed first.
    let rests = |s: &Stack| matches!(s.health, StackHealth::Complete | StackHealth::Planned);
    order.order_by_key(|s| (rests(s), s.name.clone()));
    for s in &order {
        stacks.row(&s.name, cells(s, now), s);
        stacks.found(Found::all(&faults(s, now)));
        for (n, d) in s.drifts.iter().enumerate() {
            let property = if d.property.is_empty() {
                "(all of it)"
            } else {
                &d.property
            };
            let row = vec![
                Cell::plain(&s.name),
                Cell::name(format!("{} {}", d.logical, d.physical)),
                Cell::new(property, Tone::Warn),
                Cell::plain(&d.expected),
                Cell::plain(&d.actual),
            ];
            let thing = with_stack(s, d);
            drifts.row(format!("{}/{}/{n}", s.name, d.logical), row, &thing);
        }
        for c in &s.change_sets {
            let tone = match (c.execution.as_str(), c.status.as_str()) {
                ("AVAILABLE", _) => Tone::Info,
                (_, "FAILED") | ("EXECUTE_FAILED", _) => Tone::Warn,
                _ => Tone::Plain,
            };
            let row = vec![
                Cell::plain(&s.name),
                Cell::name(&c.name),
                Cell::plain(&c.status),
                Cell::new(&c.execution, tone),
                Cell::ago(c.created_at, now),
                Cell::muted(c.reason.as_deref().unwrap_or("")),
            ];
            let thing = with_stack(s, c);
            sets.row(&c.id, row, &thing);
        }
        for r in s.resources.iter().filter(|r| is_of_note(r)) {
            let row = vec![
                Cell::plain(&s.name),
                Cell::name(&r.logical),
                Cell::plain(&r.kind),
                match r.drift.as_str() {
                    // Complete as far as the template goes: somebody changed it since.
                    "MODIFIED" | "DELETED" => {
                        Cell::new(format!("{}, {}", r.status, r.drift), Tone::Warn)
                    }
                    _ => Cell::new(&r.status, tone_of(&r.status)),
                },
                Cell::ago(r.updated_at, now),
                Cell::muted(r.reason.as_deref().unwrap_or("")),
            ];
            let thing = with_stack(s, r);
            resources.row(format!("{}/{}", s.name, r.logical), row, &thing);
        }
        for why in &s.missing {
            stacks.note(format!("{}: {why}", s.name), Tone::Unknown);
        }
    }
    let waiting = all.iter().flat_map(Stack::waiting).count();
    if waiting > 0 {
        stacks.note(
            format!("{} waiting to be carried out", count(waiting, "change set")),
            Tone::Info,
        );
    }
    tell_events(&mut events, all, now);
    vec![stacks, drifts, sets, resources, events]
}

/// A part of a stack, which does not say by itself of which.
fn with_stack(stack: &Stack, thing: &impl serde::Serialize) -> serde_json::Value {
    let mut value = serde_json::to_value(thing).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.insert("stack".into(), json!(stack.name));
    }
    value
}

fn tell_events(section: &mut Section, all: &[Stack], now: Timestamp) {
    let mut events: Vec<_> = all
        .iter()
        .flat_map(|s| s.events.iter().map(move |e| (s, e)))
        .collect();
    events.order_by_key(|e| std::cmp::Reverse(e.1.at));
    for (n, (s, e)) in events.into_iter().take(EVENTS).enumerate() {
        let row = vec![
            Cell::ago(e.at, now),
            Cell::plain(&s.name),
            Cell::name(&e.logical),
            // What went wrong long ago, and was mended, is no trouble now: the stack's own status says what is.
            Cell::new(
                &e.status,
                if e.status.contains("FAILED") {
                    Tone::Strong
                } else {
                    Tone::Plain
                },
            ),
            Cell::muted(e.reason.as_deref().unwrap_or("")),
        ];
        let thing = with_stack(s, e);
        let at = e.at.map(|t| t.as_millisecond()).unwrap_or_default();
        section.row(
            format!("{}/{at}/{}/{}/{n}", s.name, e.logical, e.status),
            row,
            &thing,
        );
    }
}

fn is_of_note(r: &StackResource) -> bool {
    tone_of(&r.status) != Tone::Plain || matches!(r.drift.as_str(), "MODIFIED" | "DELETED")
}

fn tone_of(status: &str) -> Tone {
    match StackHealth::of(status) {
        StackHealth::Moving => Tone::Info,
        StackHealth::Failed if status == "DELETE_SKIPPED" => Tone::Plain,
        StackHealth::Failed => Tone::Bad,
        StackHealth::TurnedBack => Tone::Warn,
        StackHealth::Complete | StackHealth::Planned => Tone::Plain,
    }
}

/// What is not as it ought to be with a stack, the worst last.
fn faults(s: &Stack, now: Timestamp) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(at) = s.drift_checked_at.filter(|at| is_long_ago(*at, now)) {
        told.push(format!(
            "was last looked at for drift {} ago",
            ago(Some(at), now)
        ));
    }
    if s.drift == "DRIFTED" {
        told.push("has drifted from its template".to_owned());
    }
    if tone_of(&s.status).weight() >= Tone::Warn.weight() {
        told.push(format!("is in {}", s.status));
    }
    told
}

/// Whether a look for drift is too old to say anything of now.
fn is_long_ago(looked: Timestamp, now: Timestamp) -> bool {
    now.duration_since(looked).as_secs() > LOOKED_DAYS * DAY_S
}

fn cells(s: &Stack, now: Timestamp) -> Vec<Cell> {
    let changed = s.updated_at.or(s.created_at);
    let (word, tone) = match s.drift.as_str() {
        "IN_SYNC" => ("in sync", Tone::Plain),
        "DRIFTED" => ("found", Tone::Warn),
        "NOT_CHECKED" => ("not looked", Tone::Unknown),
        _ => ("?", Tone::Unknown),
    };
    let looked = s.drift_checked_at;
    let is_old = looked.is_some_and(|at| is_long_ago(at, now));
    let event = s.events.first();
    let last = event
        .map(|e| format!("{} {}", e.logical, e.status))
        .unwrap_or_default();
    vec![
        Cell::name(&s.name),
        Cell::new(&s.status, tone_of(&s.status)),
        Cell::new(word, tone),
        Cell::ago(looked, now).toned(Tone::fine(!is_old)),
        Cell::plain(s.resources.len().to_string()),
        Cell::ago(changed, now),
        Cell::muted(last),
    ]
}
