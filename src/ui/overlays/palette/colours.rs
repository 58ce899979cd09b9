//! Themes among what can be found: whoever cannot read the colours at hand looks for others by a word.

use super::{Entry, Target};
use crate::ui::theme::Theme;

/// The word for all of them.
const WORD: &str = "theme";

/// A row for each that is built in.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    Theme::built_in().map(|name| Entry {
        kind: "do",
        name: format!("{name} {WORD}"),
        doc: Theme::about(name).to_owned(),
        key: String::new(),
        disabled: None,
        mutates: false,
        target: Target::Theme(name),
    })
}

fn is_one(entry: &Entry) -> bool {
    matches!(entry.target, Target::Theme(_))
}

/// Whether letters begin the word for all of them, and an entry is one.
pub(super) fn is_called(entry: &Entry, typed: &str) -> bool {
    is_one(entry) && WORD.starts_with(typed)
}

/// Puts them behind what does something to the platform, in their own order.
pub(super) fn put_last(found: &mut [usize], entries: &[Entry]) {
    found.sort_by_key(|i| entries.get(*i).filter(|e| is_one(e)).map(|_| *i));
}
