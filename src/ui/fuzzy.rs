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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_match_comes_before_the_scattered_one() {
        let names = ["laser-prod admin api-less", "pdf-render", "api", "worker"];
        let found = rank(names.iter(), "api", |n| (*n).to_string());
        assert_eq!(found.first(), Some(&2));
        assert!(!found.contains(&3));
        assert_eq!(rank(names.iter(), "", |n| (*n).to_string()), [0, 1, 2, 3]);
    }
}
