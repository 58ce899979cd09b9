//! The list of systems: one line each, with the worst that it says.

use jiff::Timestamp;

use crate::domain::facts::Facts;
use crate::present::{Section, Tone, VIEWS, View, words};

/// A line of the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The view.
    pub view: &'static View,
    /// The worst that it says.
    pub tone: Tone,
    /// What it says, in short.
    pub says: String,
    /// Age of the oldest answer that it is made of.
    pub oldest: Option<Timestamp>,
    /// Who answers.
    pub source: String,
}

impl Entry {
    /// Whether it burns: it is bad, and users or deliveries suffer.
    pub fn burns(&self) -> bool {
        self.view.is_live() && self.tone == Tone::Bad
    }
}

/// Every view that applies.
pub fn entries(facts: &Facts, now: Timestamp) -> Vec<Entry> {
    let applying = VIEWS.iter().filter(|v| v.applies(facts));
    applying
        .map(|view| {
            let sections = (view.make)(facts, now);
            Entry {
                view,
                tone: View::worst(&sections),
                says: says(&sections),
                oldest: sections.iter().filter_map(|s| s.standing.observed_at).min(),
                source: sections
                    .first()
                    .map(|s| s.standing.source.clone())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// The most important first: why it cannot be asked, its worst note, how much there is.
fn says(sections: &[Section]) -> String {
    let failed = sections.iter().find_map(|s| s.standing.problem.as_ref());
    let unanswered = sections.iter().all(|s| s.standing.observed_at.is_none());
    let mut pieces: Vec<String> = Vec::new();
    if let Some(p) = failed {
        pieces.push(p.why.clone());
    } else if unanswered {
        return "asking ...".into();
    }
    let notes = sections.iter().flat_map(|s| &s.notes);
    let mut bad: Vec<_> = notes
        .filter(|n| n.tone.weight() >= Tone::Unknown.weight())
        .collect();
    bad.sort_by_key(|n| std::cmp::Reverse(n.tone.weight()));
    pieces.extend(bad.iter().take(2).map(|n| n.text.clone()));
    if !unanswered {
        let counted = sections.iter().filter(|s| !s.rows.is_empty()).take(3);
        pieces.extend(counted.map(|s| match s.rows.len() {
            n if s.name.ends_with('s') => {
                words::count(n, s.name.trim_end_matches('s')).replace('_', " ")
            }
            n => format!("{n} {}", s.name.replace('_', " ")),
        }));
    }
    if pieces.is_empty() {
        return "nothing there".into();
    }
    pieces.join(" · ")
}
