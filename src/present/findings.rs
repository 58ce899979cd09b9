//! Findings of GitHub's scanners: by severity, then by age.

use jiff::Timestamp;

use super::words::{DAY_S, count};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::github::{Finding, Scanner};
use crate::domain::severity::Severity;

pub(super) const VIEW: View = View {
    id: "findings",
    title: "Findings in code and dependencies",
    doc: "Open Dependabot and code-scanning alerts, by severity and age",
    group: Group::Safety,
    lines: &["github"],
    needs: &["scanners"],
    make: Make::Facts(make),
};

const HEADS: &[Head] = &[
    Head::left("severity", 9),
    Head::right("open for", 8),
    Head::left("finding", 20).grow(3),
    Head::left("place", 16).grow(2),
    Head::left("mended in", 10).drop(1),
    Head::left("rule", 20).grow(1).drop(2),
];

/// Days that a high finding may stay open before it counts.
const HIGH_DAYS: i64 = 30;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.scanners;
    let scanners: Vec<&Scanner> = part.value.iter().flat_map(|v| v.iter()).collect();
    if scanners.is_empty() {
        let empty = "No scanner was heard.";
        return vec![Section::of(part, now, "findings", "Findings", HEADS, empty)];
    }
    let section = |s: &&Scanner| {
        let (name, title) = match s.tool {
            "dependabot" => ("dependencies", "Dependencies (Dependabot)"),
            _ => ("code", "Code (code scanning)"),
        };
        let mut section = Section::of(part, now, name, title, HEADS, "Nothing is open.");
        if let Some(why) = &s.off {
            section.note(format!("cannot tell: {why}"), Tone::Unknown);
        }
        for f in &s.open {
            section.row(f.number.to_string(), cells(f, now), f);
            section.found(Found {
                since: f.created_at,
                ..Found::finding(f.severity, &f.summary, &f.place)
            });
        }
        if s.cut {
            section.note("more are open than are read", Tone::Unknown);
        }
        sum(&mut section, s);
        section
    };
    scanners.iter().map(section).collect()
}

fn sum(section: &mut Section, scanner: &Scanner) {
    let of = |severity| {
        scanner
            .open
            .iter()
            .filter(|f| f.severity == severity)
            .count()
    };
    let all = Severity::ALL
        .into_iter()
        .map(|s| (s, of(s)))
        .filter(|(_, n)| *n > 0);
    let words: Vec<String> = all.map(|(s, n)| format!("{n} {}", s.word())).collect();
    if !words.is_empty() {
        section.note(
            format!(
                "{} open: {}",
                count(scanner.open.len(), "finding"),
                words.join(", ")
            ),
            Tone::Plain,
        );
    }
}

fn cells(f: &Finding, now: Timestamp) -> Vec<Cell> {
    let old = f
        .created_at
        .is_some_and(|at| now.duration_since(at).as_secs() > HIGH_DAYS * DAY_S);
    let tone = match f.severity {
        Severity::Critical => Tone::Bad,
        Severity::High => Tone::Warn,
        _ => Tone::Plain,
    };
    vec![
        Cell::new(f.severity.word(), tone),
        Cell::ago(f.created_at, now).toned(Tone::fine(!(old && f.severity >= Severity::High))),
        Cell::name(&f.summary),
        Cell::plain(&f.place),
        Cell::plain(f.fix.as_deref().unwrap_or("-")),
        Cell::muted(&f.rule),
    ]
}
