//! Sections and cells.

use jiff::Timestamp;
use serde::Serialize;

use super::place::Place;
use super::row::Row;
use super::tone::Tone;
use super::words::ago;
use crate::domain::part::{Freshness, Part};
use crate::domain::problem::Problem;
use crate::domain::skew;
use crate::domain::text::inert;

/// A cell: inert text and a tone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Text.
    pub text: String,
    /// Tone.
    pub tone: Tone,
    /// The moment of which its text is the age: faces may tell its clock time instead.
    pub at: Option<Timestamp>,
}

impl Cell {
    /// Text of a tone; made inert here.
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self {
            text: inert(text.as_ref()),
            tone,
            at: None,
        }
    }

    /// Ordinary text.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::new(text, Tone::Plain)
    }

    /// The name of the thing.
    pub fn name(text: impl AsRef<str>) -> Self {
        Self::new(text, Tone::Strong)
    }

    /// Beside the point.
    pub fn muted(text: impl AsRef<str>) -> Self {
        Self::new(text, Tone::Muted)
    }

    /// The age of a moment; `-` for none. What is past and dated ahead has none that is known.
    pub fn ago(at: impl Into<Option<Timestamp>>, now: Timestamp) -> Self {
        let at = at.into();
        let tone = match at.is_some_and(|at| skew::ahead(at, now).is_some()) {
            true => Tone::Unknown,
            false => Tone::Plain,
        };
        Self::new(ago(at, now), tone).since(at)
    }

    /// The same in another tone.
    #[must_use]
    pub fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// Says of which moment its text is the age.
    #[must_use]
    pub fn since(self, at: Option<Timestamp>) -> Self {
        Self { at, ..self }
    }

    /// Text of a tone where there is something to say; else nothing, in no tone.
    pub fn maybe(text: Option<&str>, tone: Tone) -> Self {
        text.map_or_else(Self::default, |text| Self::new(text, tone))
    }

    /// `yes` in an ordinary tone, `no` as a warning: for what ought to be on.
    pub fn on(holds: bool) -> Self {
        Self::new(if holds { "yes" } else { "no" }, Tone::fine(holds))
    }
}

/// The head of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Title, in lower case.
    pub title: &'static str,
    /// Columns of the terminal that it takes at least.
    pub width: u16,
    /// Numbers stand on the right.
    pub right: bool,
    /// Share of what is left over.
    pub grow: u16,
    /// Dropped, largest first, where the terminal is narrow; 0: never.
    pub drop: u8,
}

impl Head {
    /// Words.
    pub const fn left(title: &'static str, width: u16) -> Self {
        Self {
            title,
            width,
            right: false,
            grow: 0,
            drop: 0,
        }
    }

    /// Numbers and ages.
    pub const fn right(title: &'static str, width: u16) -> Self {
        Self {
            right: true,
            ..Self::left(title, width)
        }
    }

    /// Takes a share of what is left over.
    pub const fn grow(self, share: u16) -> Self {
        Self {
            grow: share,
            ..self
        }
    }

    /// May go where the terminal is narrow; larger goes first.
    pub const fn drop(self, rank: u8) -> Self {
        Self { drop: rank, ..self }
    }
}

/// What a section is worth: who answered, when, and what went wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Who answers: `rds:DescribeDBInstances`.
    pub source: String,
    /// Last good answer (UTC).
    pub observed_at: Option<Timestamp>,
    /// Why the last question failed.
    pub problem: Option<Problem>,
    /// How far it can be trusted; `None`: nobody is asked.
    pub freshness: Option<Freshness>,
}

/// A table with a title.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Name of its list in JSON: `secrets`.
    pub name: &'static str,
    /// Title.
    pub title: String,
    /// Heads.
    pub heads: &'static [Head],
    /// Rows, most important first.
    pub rows: Vec<Row>,
    /// Lines above the table: sums, warnings.
    pub notes: Vec<Cell>,
    /// What it is worth.
    pub standing: Standing,
    /// Those of its notes that a row about the whole page says as well.
    pub asides: Vec<String>,
    /// How many things its rows are about, where a row is not one of them.
    pub counted: Option<usize>,
    /// Ids of rows that notes count.
    tallied: Vec<String>,
    empty: &'static str,
}

impl Section {
    /// A section made of one part. `empty` says why it has no rows once it was answered, and what to do.
    pub fn of<T>(
        part: &Part<T>,
        now: Timestamp,
        name: &'static str,
        title: impl Into<String>,
        heads: &'static [Head],
        empty: &'static str,
    ) -> Self {
        Self {
            name,
            title: title.into(),
            heads,
            rows: Vec::new(),
            notes: Vec::new(),
            asides: Vec::new(),
            counted: None,
            tallied: Vec::new(),
            standing: Standing {
                source: part.source.clone(),
                observed_at: part.observed_at,
                problem: part.error.clone(),
                freshness: Some(part.freshness(now)),
            },
            empty,
        }
    }

    /// How many things it holds, by the name of its list.
    pub fn count(&self) -> usize {
        self.counted.unwrap_or(self.rows.len())
    }

    /// A section of systems that the configuration does not name: nobody is asked, and `empty` says what to do.
    pub fn unasked(
        source: &str,
        name: &'static str,
        title: impl Into<String>,
        heads: &'static [Head],
        empty: &'static str,
    ) -> Self {
        Self {
            name,
            title: title.into(),
            heads,
            standing: Standing {
                source: source.into(),
                ..Standing::default()
            },
            empty,
            ..Self::default()
        }
    }

    /// A section that another part tells of, too: it is as old as the older answer, and no better than the worse one.
    #[must_use]
    pub fn with<T>(mut self, part: &Part<T>, now: Timestamp) -> Self {
        let ours = &mut self.standing;
        if !ours.source.contains(&part.source) {
            ours.source = format!("{}, {}", ours.source, part.source);
        }
        ours.observed_at = match (ours.observed_at, part.observed_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        ours.problem = ours.problem.take().or_else(|| part.error.clone());
        let rank = |f: Freshness| match f {
            Freshness::Fresh => 0,
            Freshness::Never => 1,
            Freshness::Stale => 2,
            Freshness::Failed => 3,
        };
        let theirs = part.freshness(now);
        ours.freshness = match ours.freshness {
            Some(f) if rank(f) >= rank(theirs) => Some(f),
            _ => Some(theirs),
        };
        self
    }

    /// Adds a row. `thing` is everything known of it.
    pub fn row(&mut self, id: impl Into<String>, cells: Vec<Cell>, thing: &impl Serialize) {
        self.rows.push(Row {
            id: id.into(),
            cells,
            thing: serde_json::to_value(thing).unwrap_or_default(),
            of: None,
            found: None,
        });
    }

    /// Says of the row that was added last that it is a part of a row of another section.
    pub fn part_of(&mut self, section: &'static str, id: impl Into<String>) {
        if let Some(row) = self.rows.last_mut() {
            row.of = Some((section, id.into()));
        }
    }

    /// Adds a line above the table.
    pub fn note(&mut self, text: impl AsRef<str>, tone: Tone) {
        self.notes.push(Cell::new(text, tone));
    }

    /// Adds a line above the table that a row about the whole page says as well, though nothing is wrong.
    pub fn aside(&mut self, text: impl AsRef<str>) {
        self.asides.push(text.as_ref().to_owned());
        self.note(text, Tone::Muted);
    }

    /// Adds a line above the table that counts some of its rows, by their ids: it stands for them where all is said in a line or two.
    pub fn tally(&mut self, text: impl AsRef<str>, tone: Tone, rows: impl Iterator<Item = String>) {
        self.note(text, tone);
        self.tallied.extend(rows);
    }

    /// Whether one of its notes counts a row.
    pub fn tallies(&self, row: &Row) -> bool {
        self.tallied.contains(&row.id)
    }

    /// The same answer with other rows under other heads, and no notes.
    #[must_use]
    pub fn narrowed(&self, heads: &'static [Head], rows: Vec<Row>) -> Self {
        Self {
            name: self.name,
            title: self.title.clone(),
            heads,
            rows,
            standing: self.standing.clone(),
            empty: self.empty,
            ..Self::default()
        }
    }

    /// Whether it can be believed now.
    pub fn is_fresh(&self) -> bool {
        self.standing.freshness == Some(Freshness::Fresh)
    }

    /// Whether anybody is asked for it at all.
    pub fn is_asked(&self) -> bool {
        self.standing.freshness.is_some()
    }

    /// Whether it was ever answered.
    pub fn is_answered(&self) -> bool {
        self.standing.observed_at.is_some()
    }

    /// Why it has no rows.
    pub fn why_empty(&self) -> String {
        match (&self.standing.problem, self.standing.observed_at) {
            (Some(p), _) => format!("{}: {}. {}", p.what, p.why, p.fix),
            (None, None) if self.is_asked() => "asking ...".into(),
            (None, _) => self.empty.into(),
        }
    }

    /// The place of the first row of some sections that is as bad as it gets there, from a warning on: the one where a fault starts,
    /// where a row says that it does.
    pub fn place_of_worst(view: &'static str, sections: &[Self]) -> Option<Place> {
        let all = sections
            .iter()
            .flat_map(|s| s.rows.iter().map(move |r| (s, r)));
        let told = all.map(|(s, r)| (r.worst().weight(), s, r));
        let told: Vec<_> = told
            .filter(|(weight, ..)| *weight >= Tone::Warn.weight())
            .collect();
        let most = told.iter().map(|(weight, ..)| *weight).max()?;
        let worst: Vec<_> = told.iter().filter(|(w, ..)| *w == most).collect();
        let starts = |(_, _, r): &&&(u8, &Self, &Row)| r.thing.get("starts") == Some(&true.into());
        let (_, section, row) = worst.iter().find(starts).or(worst.first())?;
        Some(Place {
            view,
            section: section.name,
            row: row.id.clone(),
        })
    }

    /// What is bad in it: the rows, and what their first bad cell says.
    pub fn bad(&self) -> impl Iterator<Item = (&Row, &str)> {
        self.rows.iter().filter_map(|row| {
            let bad = row.cells.iter().find(|c| c.tone == Tone::Bad)?;
            Some((row, bad.text.as_str()))
        })
    }

    /// Whether nobody knows by now what it says: its system is not read for a while, for a reason that is about the asking.
    pub fn is_in_doubt(&self) -> bool {
        let unread = |p: &Problem| p.is_passing() || p.is_about_credentials();
        self.standing.freshness == Some(Freshness::Stale)
            || self.standing.problem.as_ref().is_some_and(unread)
    }

    /// The worst that it says. What is stale, failed or was never asked is not green, whatever its cells say; and what cannot be read
    /// now is not bad for that: it is not known.
    pub fn worst(&self) -> Tone {
        let cells = self.rows.iter().flat_map(|r| &r.cells).chain(&self.notes);
        let said = cells
            .map(|c| c.tone)
            .max_by_key(|t| t.weight())
            .unwrap_or_default();
        let base = match self.standing.freshness {
            Some(Freshness::Fresh) => Tone::Ok,
            _ => Tone::Unknown,
        };
        match said {
            Tone::Bad if self.is_in_doubt() => Tone::Unknown,
            said if said.weight() > base.weight() => said,
            _ => base,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::ProblemKind;
    use std::time::Duration;

    #[test]
    fn stale_and_failed_sections_are_never_green() {
        let t0 = Timestamp::from_second(1_000).unwrap();
        let mut part = Part::answered(1, t0, "x:Y", Duration::from_secs(10));
        let worst = |part: &Part<i32>, now| {
            let mut section = Section::of(part, now, "x", "X", &[], "none");
            section.row("a", vec![Cell::new("fine", Tone::Ok)], &1);
            section.worst()
        };
        assert_eq!(worst(&part, t0), Tone::Ok);
        let later = Timestamp::from_second(1_100).unwrap();
        assert_eq!(worst(&part, later), Tone::Unknown);
        part.take(
            Err(Problem::new(ProblemKind::Timeout, "x", "w", "y", "f")),
            t0,
        );
        assert_eq!(worst(&part, t0), Tone::Unknown);
    }
}
