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

/// Indices of the rows of a list that a filter keeps: first those whose name matches, best first, then those that say every word of
/// it anywhere in what they show, in the order given. What a row shows is what a filter searches; but only in a name may letters lie
/// apart, for in a whole row almost any word could be found so.
pub fn sift<T>(
    items: impl Iterator<Item = T> + Clone,
    needle: &str,
    name: impl Fn(&T) -> String,
    shown: impl Fn(&T) -> String,
) -> Vec<usize> {
    let mut found = rank(items.clone(), needle, name);
    let named: std::collections::HashSet<usize> = found.iter().copied().collect();
    let others = items.enumerate().filter(|(i, _)| !named.contains(i));
    let say_so = others.filter(|(_, item)| says(&shown(item), needle));
    found.extend(say_so.map(|(i, _)| i));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_finds_what_a_row_shows_after_what_is_called_so() {
        let rows = [
            ("worker", "FAILED api down"),
            ("api", "steady"),
            ("web", "a plain image"),
        ];
        let found = |needle: &str| sift(rows.iter(), needle, |r| r.0.into(), |r| r.1.into());
        assert_eq!(found("api"), [1, 0], "letters that lie apart are no word");
        assert_eq!(found("down failed"), [0]);
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
