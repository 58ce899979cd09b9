//! Errors: Sentry's issues, the stack of those that matter, releases.

use jiff::Timestamp;

use super::words::{ago, count};
use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::sentry::{Event, Issue, Reporting};

pub(super) const VIEW: View = View {
    id: "errors",
    title: "Errors",
    doc: "Sentry's issues: how often, for whom, since when; the stack of those that matter; releases and what they brought; which service sends where",
    group: Group::Delivery,
    lines: &["sentry"],
    needs: &[
        "errors",
        "error_events",
        "error_releases",
        "services",
        "definitions",
    ],
    make: Make::Facts(make),
};

const ISSUES: &[Head] = &[
    Head::left("issue", 12),
    Head::left("state", 10),
    Head::right("24 h", 6),
    Head::left("by hour", 12).drop(4),
    Head::right("events", 7).drop(1),
    Head::right("people", 6),
    Head::right("last", 5),
    Head::right("first", 5),
    Head::left("title", 20).grow(3),
    Head::left("at", 16).grow(2).drop(3),
    Head::left("for", 8).drop(2),
];

const STACKS: &[Head] = &[
    Head::left("issue", 12),
    Head::left("release", 12),
    Head::left("call", 18).grow(1),
    Head::left("file", 18).grow(2),
    Head::left("line", 20).grow(3).drop(1),
];

const RELEASES: &[Head] = &[
    Head::left("release", 16).grow(2),
    Head::right("age", 5),
    Head::left("deployed to", 12).grow(1),
    Head::right("last event", 10),
    Head::right("new issues", 10),
    Head::left("projects", 14).grow(1).drop(1),
];

const REPORTING: &[Head] = &[
    Head::left("service", 18).grow(1),
    Head::left("project", 16).grow(1),
    Head::left("by", 14).grow(1),
    Head::left("host", 24).grow(2).drop(1),
];

/// Calls shown of each stack.
const CALLS: usize = 5;
/// Releases shown.
const SHOWN: usize = 12;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.errors;
    let title = part.value.as_ref().map_or_else(
        || "Issues".to_owned(),
        |e| format!("Unresolved issues of {}", e.organization),
    );
    let mut issues = Section::of(part, now, "issues", title, ISSUES, "No unresolved issue.");
    if let Some(errors) = &part.value {
        for i in &errors.issues {
            issues.row(&i.short_id, issue(i, now), i);
        }
        if !errors.unlisted.is_empty() {
            let words = format!(
                "not listed by Sentry: {}; there is no such project, or the token does not see it: see `projects` in [sentry]",
                errors.unlisted.join(", ")
            );
            issues.note(words, Tone::Unknown);
        } else if errors.projects.is_empty() {
            let words = "no project is looked at: the token sees none, or `projects` in [sentry] names others";
            issues.note(words, Tone::Unknown);
        }
        let news = errors.issues.iter().filter(|i| i.is_news()).count();
        if news > 0 {
            issues.note(
                format!("{} new, back or growing", count(news, "issue")),
                Tone::Warn,
            );
        }
        if errors.more {
            issues.note("there are more: the most frequent are shown", Tone::Info);
        }
    }
    vec![
        issues,
        stacks(facts, now),
        releases(facts, now),
        reporting(facts, now),
    ]
}

/// Which service sends to which project, as the variables of its task definition say.
fn reporting(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.task_definitions;
    let empty = "No service is given a DSN as a plain variable; one from a secret is not seen.";
    let mut section = Section::of(
        part,
        now,
        "reporting",
        "Where services send their errors",
        REPORTING,
        empty,
    );
    let listed = facts.estate.errors.value.as_ref();
    for s in facts.service_rows() {
        let definition = facts.definition_in_use(s);
        let Some(to) = definition.and_then(|d| Reporting::of(d)) else {
            continue;
        };
        let project = listed.and_then(|e| e.projects.iter().find(|p| p.id == to.project));
        let project = match project {
            Some(p) => Cell::plain(&p.slug),
            None if listed.is_none() => Cell::muted(&to.project),
            None => Cell::new(format!("{}, not looked at", to.project), Tone::Warn),
        };
        let cells = vec![
            Cell::name(s.id.to_string()),
            project,
            Cell::muted(&to.variable),
            Cell::muted(&to.host),
        ];
        section.row(s.id.to_string(), cells, &to);
    }
    section
}

fn issue(i: &Issue, now: Timestamp) -> Vec<Cell> {
    let state = if i.substatus.is_empty() {
        &i.status
    } else {
        &i.substatus
    };
    let tone = match i.level.as_str() {
        "fatal" => Tone::Bad,
        _ if i.is_news() => Tone::Warn,
        _ => Tone::Plain,
    };
    vec![
        Cell::name(&i.short_id),
        Cell::new(state, tone),
        Cell::plain(i.day().to_string()),
        Cell::muted(spark(&i.hours)),
        Cell::plain(i.events.to_string()),
        Cell::plain(i.users.to_string()),
        Cell::ago(i.last_seen, now),
        Cell::ago(i.first_seen, now),
        Cell::plain(&i.title),
        Cell::muted(&i.culprit),
        Cell::muted(i.assigned_to.as_deref().unwrap_or("-")),
    ]
}

/// The last day in twelve bars, each two hours.
fn spark(hours: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let sums: Vec<u64> = hours.chunks(2).map(|h| h.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let bar = |n: &u64| {
        BARS.get(usize::try_from(n * 7 / most).unwrap_or(0))
            .copied()
            .unwrap_or(' ')
    };
    sums.iter().map(bar).collect()
}

fn stacks(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.error_events;
    let empty = "No event of an unresolved issue.";
    let mut section = Section::of(
        part,
        now,
        "stacks",
        "Newest event of the issues that matter",
        STACKS,
        empty,
    );
    for e in part.value.iter().flat_map(|v| v.iter()) {
        section.row(format!("{}/{}", e.short_id, e.id), head(e), e);
        for (n, f) in e.frames.iter().take(CALLS).enumerate() {
            let place = f
                .line
                .map_or_else(|| f.file.clone(), |line| format!("{}:{line}", f.file));
            let words = |text: &str| {
                if f.own {
                    Cell::plain(text)
                } else {
                    Cell::muted(text)
                }
            };
            let cells = vec![
                Cell::default(),
                Cell::default(),
                words(&f.function),
                words(&place),
                words(&f.text),
            ];
            section.row(format!("{}/{}/{n}", e.short_id, e.id), cells, f);
        }
    }
    section
}

fn head(e: &Event) -> Vec<Cell> {
    vec![
        Cell::name(&e.short_id),
        Cell::plain(e.release.as_deref().unwrap_or("-")),
        Cell::name(&e.exception),
        Cell::muted(e.environment.as_deref().unwrap_or("")),
        Cell::default(),
    ]
}

fn releases(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.error_releases;
    let empty = "No releases: let the deployment tell Sentry of them (sentry-cli releases new).";
    let mut section = Section::of(part, now, "releases", "Releases", RELEASES, empty);
    for r in part.value.iter().flat_map(|v| v.iter()).take(SHOWN) {
        let deployed = r
            .deployed
            .as_ref()
            .map(|(environment, at)| format!("{environment} {}", ago(*at, now)));
        let cells = vec![
            Cell::name(&r.version),
            Cell::ago(r.created_at, now),
            Cell::plain(deployed.as_deref().unwrap_or("-")),
            Cell::ago(r.last_event_at, now),
            Cell::plain(r.new_issues.to_string()),
            Cell::muted(r.projects.join(", ")),
        ];
        section.row(&r.version, cells, r);
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_twelve_bars() {
        let hours: Vec<u64> = (0..24).collect();
        assert_eq!(spark(&hours), "▁▁▂▃▃▄▄▅▆▆▇█");
        assert_eq!(spark(&[0; 24]).chars().count(), 12);
        assert_eq!(spark(&[]), "");
    }
}
