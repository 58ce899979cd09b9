//! A row of a section.

use serde_json::Value;

use super::found::Found;
use super::section::Cell;
use super::tone::Tone;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is about, the same from picture to picture: a selection is tied to it.
    pub id: String,
    /// Cells, in the order of the heads.
    pub cells: Vec<Cell>,
    /// Everything known of it, as JSON: for `describe`, and for the command line's lists.
    pub thing: Value,
    /// The row of another section, by its name and id, that this is a part of: what is bad here is what is bad there.
    pub of: Option<(&'static str, String)>,
    /// What it has found, where its system tells more of that than the cells do.
    pub found: Option<Found>,
}

/// Heads of columns whose cells are phrases already.
const SAID: [&str; 9] = [
    "state",
    "status",
    "drift",
    "value",
    "of it",
    "finding",
    "why",
    "what",
    "what it says",
];

/// What a cell says under its head, as people say it: `no failover`, `2 critical`, `pending`.
pub fn phrase(head: &str, text: &str) -> String {
    let counted = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match text {
        _ if head.is_empty() || SAID.contains(&head) => text.to_owned(),
        "yes" => head.to_owned(),
        "no" if head == "on" => "off".to_owned(),
        "no" | "-" => format!("no {head}"),
        _ if counted => format!("{text} {head}"),
        _ => format!("{head} {text}"),
    }
}

impl Row {
    /// The name of the thing: its first cell, without the branch of a tree that it may hang on.
    pub fn name(&self) -> &str {
        let text = self.cells.first().map_or("", |c| c.text.as_str());
        text.trim_start_matches(|c| matches!(c, ' ' | '·' | '\u{2500}'..='\u{257f}'))
    }

    /// The worst that its cells say.
    pub fn worst(&self) -> Tone {
        let tones = self.cells.iter().map(|c| c.tone);
        tones.max_by_key(|t| t.weight()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::phrase;

    #[test]
    fn a_cell_is_said_as_people_say_it() {
        let said = [
            ("failover", "no"),
            ("key", "-"),
            ("public", "yes"),
            ("on", "no"),
            ("critical", "2"),
            ("status", "pending"),
            ("used", "82 %"),
            ("", "missing"),
        ]
        .map(|(head, text)| phrase(head, text));
        assert_eq!(
            said,
            [
                "no failover",
                "no key",
                "public",
                "off",
                "2 critical",
                "pending",
                "used 82 %",
                "missing"
            ]
        );
    }
}
