//! What patterns of resources mean together: whether one covers another, and whether two have anything in common. A pattern has `*` and
//! `?`, and each comparison takes steps of an effort that is bounded.

use super::effort::Effort;

/// Whether everything that one pattern means is meant by another. A variable (`${aws:username}`) means what nobody knows here. Names of
/// resources have their case (keys of S3 do): what is written otherwise is something else, and [`overlap`], which only doubts, takes it
/// for the same.
pub fn covers(outer: &str, inner: &str, effort: &Effort) -> bool {
    if outer == inner || outer == "*" {
        return true;
    }
    if outer.contains("${") {
        return false;
    }
    let outer: Vec<char> = outer.chars().collect();
    let inner: Vec<char> = known(inner).chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while let Some(c) = inner.get(t) {
        if !effort.step() {
            return false;
        }
        match outer.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
            }
            Some('?') if *c != '*' => (p, t) = (p + 1, t + 1),
            Some(o) if o == c => (p, t) = (p + 1, t + 1),
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    (p, t) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    outer.iter().skip(p).all(|c| *c == '*')
}

/// Whether anything is meant by both patterns; where no step is left to find out, it may be.
pub fn overlap(a: &str, b: &str, effort: &Effort) -> bool {
    let (a, b) = (lowered(&known(a)), lowered(&known(b)));
    // Most are other names from the beginning.
    let is_open = |c: &char| matches!(c, '*' | '?');
    for (x, y) in a.iter().zip(&b) {
        if is_open(x) || is_open(y) || !effort.step() {
            break;
        }
        if x != y {
            return false;
        }
    }
    // From the end: whether what is left of one meets what is left of the other. `below`: with one sign less of `a`.
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            if !effort.step() {
                return true;
            }
            let down = below.get(j).copied().unwrap_or(false);
            let right = row.get(j + 1).copied().unwrap_or(false);
            let both = below.get(j + 1).copied().unwrap_or(false);
            let meets = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (Some('*'), Some('*')) => down || right,
                (Some('*'), other) => down || (other.is_some() && right),
                (other, Some('*')) => right || (other.is_some() && down),
                (Some(x), Some(y)) => (x == y || *x == '?' || *y == '?') && both,
                _ => false,
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = meets;
            }
        }
        below = row;
    }
    below.first().copied().unwrap_or(false)
}

fn lowered(text: &str) -> Vec<char> {
    text.chars().map(|c| c.to_ascii_lowercase()).collect()
}

/// A pattern with `*` in the place of each variable.
fn known(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::policy::fits;

    proptest! {
        #[test]
        fn patterns_cover_and_overlap_as_texts_say(
            a in "[ab*?]{0,5}", b in "[ab*?]{0,5}", text in "[ab]{0,5}",
        ) {
            let (in_a, in_b) = (fits(&a, &text), fits(&b, &text));
            prop_assert!(!(in_a && in_b) || overlap(&a, &b, &Effort::default()), "{a} {b} {text}");
            prop_assert!(!covers(&a, &b, &Effort::default()) || !in_b || in_a, "{a} {b} {text}");
            prop_assert_eq!(overlap(&a, &b, &Effort::default()), overlap(&b, &a, &Effort::default()));
        }
    }
}
