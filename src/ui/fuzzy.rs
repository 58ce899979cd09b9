//! Fuzzy search, the same everywhere: best match first, then the shorter text, then the order given.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Indices of the items that match, best first. An empty needle matches everything, in the order given.
pub fn rank<T>(
    items: impl Iterator<Item = T>,
    needle: &str,
    text: impl Fn(&T) -> String,
) -> Vec<usize> {
    let pattern = Pattern::parse(needle, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut chars = Vec::new();
    let mut found: Vec<(std::cmp::Reverse<u32>, usize, usize)> = Vec::new();
    for (i, item) in items.enumerate() {
        if needle.is_empty() {
            found.push((std::cmp::Reverse(0), 0, i));
            continue;
        }
        let text = text(&item);
        chars.clear();
        let score = pattern.score(Utf32Str::new(&text, &mut chars), &mut matcher);
        found.extend(score.map(|s| (std::cmp::Reverse(s), text.len(), i)));
    }
    found.sort();
    found.into_iter().map(|(_, _, i)| i).collect()
}

/// Whether a text says every word of a needle, whatever the case and the order.
pub fn says(text: &str, needle: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = needle.split_whitespace();
    words.all(|word| text.contains(&word.to_lowercase()))
}

/// Indices of the rows of a list that a filter keeps: those that say every word of it, first where the name does, best first, then
/// where anything else that they show does, in the order given. What a row shows is what a filter searches. Only where nothing says
/// so may the letters of a name lie apart: in long names almost any word can be found so.
pub fn sift<T>(
    items: impl Iterator<Item = T> + Clone,
    needle: &str,
    name: impl Fn(&T) -> String,
    shown: impl Fn(&T) -> String,
) -> Vec<usize> {
    let names: Vec<String> = items.clone().map(|item| name(&item)).collect();
    let apart = rank(names.iter(), needle, |n| (*n).clone());
    if needle.is_empty() {
        return apart;
    }
    let said = |i: &usize| names.get(*i).is_some_and(|n| says(n, needle));
    let mut found: Vec<usize> = apart.iter().copied().filter(said).collect();
    let rows = names.iter().zip(items).enumerate();
    let others = rows.filter(|(i, (name, item))| {
        !found.contains(i) && says(&format!("{name} {}", shown(item)), needle)
    });
    let others: Vec<usize> = others.map(|(i, _)| i).collect();
    found.extend(others);
    if found.is_empty() { apart } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_finds_what_a_row_shows_after_what_is_called_so() {
        let rows = [
            ("worker", "FAILED api down"),
            ("api", "steady"),
            ("apple-pie", "a plain image"),
        ];
        let found = |needle: &str| sift(rows.iter(), needle, |r| r.0.into(), |r| r.1.into());
        assert_eq!(found("api"), [1, 0], "letters that lie apart are no word");
        assert_eq!(found("down failed"), [0]);
        assert_eq!(found("applie"), [2], "unless nothing says it");
        assert_eq!(found(""), [0, 1, 2]);
        assert!(found("nowhere").is_empty());
    }

    #[test]
    fn the_plain_match_comes_before_the_scattered_one() {
        let names = ["laser-prod admin api-less", "pdf-render", "api", "worker"];
        let found = rank(names.iter(), "api", |n| (*n).to_string());
        assert_eq!(found.first(), Some(&2));
        assert!(!found.contains(&3));
        assert_eq!(rank(names.iter(), "", |n| (*n).to_string()), [0, 1, 2, 3]);
    }
}
