//! The list of systems: one line each, with the worst that it says.

use jiff::Timestamp;

use crate::domain::facts::Facts;
use crate::present::{Place, Section, Tone, VIEWS, View, map};

/// What is bad in a system.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The component.
    pub name: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// The row that says so.
    pub place: Place,
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The view.
    pub view: &'static View,
    /// The worst that it says.
    pub tone: Tone,
    /// What it says, in short.
    pub says: String,
    /// The component that is bad, where a row of it says so, and since when, where that is known.
    pub fault: Option<Fault>,
    /// Whether every fault in it is a row of its own elsewhere.
    pub told_elsewhere: bool,
    /// Age of the oldest answer that it is made of.
    pub oldest: Option<Timestamp>,
    /// Who answers.
    pub source: String,
}

impl Entry {
    /// Whether it burns: it is bad, users or deliveries suffer, and no other row tells of the same fault.
    pub fn burns(&self) -> bool {
        self.view.is_live() && self.tone == Tone::Bad && !self.told_elsewhere
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
                fault: fault(view.id, &sections),
                told_elsewhere: view.id == "map" && !map::graph(facts, now).tells_more(),
                oldest: sections.iter().filter_map(|s| s.standing.observed_at).min(),
                source: sections
                    .first()
                    .map(|s| s.standing.source.clone())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// The row that is bad: the one where the fault starts, where one says that it does, else the first.
fn fault(view: &'static str, sections: &[Section]) -> Option<Fault> {
    let place = Section::place_of_worst(view, sections)?;
    let section = sections.iter().find(|s| s.name == place.section)?;
    let row = section.rows.iter().find(|r| r.id == place.row)?;
    if row.worst() != Tone::Bad {
        return None;
    }
    let since = row.thing.get("since").and_then(|v| v.as_str());
    Some(Fault {
        name: row.name().to_owned(),
        since: since.and_then(|s| s.parse().ok()),
        place,
    })
}

/// The most important first: why it cannot be asked, its worst note, how much there is.
fn says(sections: &[Section]) -> String {
    let failed = sections.iter().find_map(|s| s.standing.problem.as_ref());
    let unanswered = sections.iter().all(|s| s.is_asked() && !s.is_answered());
    let mut pieces: Vec<String> = Vec::new();
    if let Some(p) = failed {
        pieces.push(p.why.clone());
    } else if unanswered {
        // A view may know already what nobody can be asked for.
        let doubts = sections.iter().flat_map(|s| &s.notes);
        let mut doubts = doubts.filter(|n| n.tone == Tone::Unknown);
        return doubts
            .next()
            .map_or_else(|| "asking ...".into(), |n| n.text.clone());
    }
    let notes = sections.iter().flat_map(|s| &s.notes);
    let mut bad: Vec<_> = notes
        .filter(|n| n.tone.weight() >= Tone::Unknown.weight())
        .collect();
    bad.sort_by_key(|n| std::cmp::Reverse(n.tone.weight()));
    pieces.extend(bad.iter().take(2).map(|n| n.text.clone()));
    if pieces.is_empty() {
        pieces.extend(worst_cell(sections));
    }
    if !unanswered {
        let counted = sections.iter().filter(|s| !s.rows.is_empty()).take(3);
        pieces.extend(counted.map(|s| counted_rows(s.name, s.rows.len())));
    }
    if pieces.is_empty() {
        return "nothing there".into();
    }
    pieces.join(" · ")
}

/// `5 databases`, `1 anomaly`: how much a section holds, by the name of its list.
fn counted_rows(name: &str, n: usize) -> String {
    let name = name.replace('_', " ");
    match (n, name.strip_suffix("ies"), name.strip_suffix('s')) {
        (1, Some(stem), _) => format!("1 {stem}y"),
        (1, None, Some(one)) => format!("1 {one}"),
        _ => format!("{n} {name}"),
    }
}

/// What the worst cell of all rows says, and of what: where no note sums it up.
fn worst_cell(sections: &[Section]) -> Option<String> {
    let cells = sections
        .iter()
        .flat_map(|s| s.rows.iter().map(move |r| (s, r)));
    let ill = cells.flat_map(|(s, row)| {
        row.cells
            .iter()
            .enumerate()
            .map(move |(at, c)| (s, row, at, c))
    });
    let (section, row, at, cell) = ill
        .filter(|(.., c)| c.tone.weight() >= Tone::Warn.weight())
        .max_by_key(|(.., c)| c.tone.weight())?;
    let head = section.heads.get(at).map_or("", |h| h.title);
    let name = row.name();
    Some(match at {
        0 => cell.text.clone(),
        _ => format!("{name}: {head} {}", cell.text),
    })
}
