//! The one gate for text from outside. Control characters, escape sequences, bidi overrides and zero-width marks are data,
//! not instructions: they become visible escapes and never reach a terminal (CVE-2021-25743, CVE-2024-52005).

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::token;

/// Whether a character may be sent to a terminal as it is. Everything in Cc and Cf, the line and paragraph separators,
/// unassigned tags, variation selectors and other default-ignorable marks may not.
pub fn is_inert(c: char) -> bool {
    !matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'                       // Cc
        | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'           // private use: what it draws is anybody's guess
    )
}

/// Longest run of combining marks that is let through after one base character.
const MAX_MARKS: usize = 4;

/// Makes outside text inert: what may not reach a terminal is shown as `\n`, `\t`, `\e` or `\u{202e}`; piles of combining
/// marks are cut after a few. Text that is already inert comes back unchanged.
///
/// Tokens whose shape their vendors document are hidden on the way (see [`token`](super::token)).
pub fn inert(text: &str) -> String {
    let text = token::hidden(text);
    let text: &str = &text;
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0usize;
    for c in text.chars() {
        let zero_width = UnicodeWidthStr::width(c.encode_utf8(&mut [0; 4]) as &str) == 0;
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{1b}' => out.push_str("\\e"),
            c if !is_inert(c) => {
                use std::fmt::Write;
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c if zero_width => {
                marks += 1;
                if marks <= MAX_MARKS {
                    out.push(c);
                }
                continue;
            }
            c => out.push(c),
        }
        marks = 0;
    }
    out
}

/// Whether it is printable ASCII and nothing else, as nearly all text is: then it is inert, and a byte is a column.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Whether a character is inert and takes one column of its own whatever stands beside it: letters of Latin scripts, and what frames,
/// bars, arrows and charts are drawn with. Text of such characters alone needs no tables of widths and no search for graphemes.
pub fn is_single(c: char) -> bool {
    matches!(c,
        ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}' | '\u{2190}'..='\u{21ff}'
        | '\u{2500}'..='\u{25fc}' | '\u{2713}' | '\u{2717}' | '\u{2800}'..='\u{28ff}'
    )
}

/// Columns of text that has single characters alone; nothing for other text.
fn singles(text: &str) -> Option<usize> {
    let mut columns = 0;
    for c in text.chars() {
        if !is_single(c) {
            return None;
        }
        columns += 1;
    }
    Some(columns)
}

/// Inert text of several lines: splits at line ends first (and expands tabs to four columns), so that lines stay lines.
pub fn inert_lines(text: &str) -> Vec<String> {
    // A private key has many lines.
    token::hidden(text)
        .lines()
        .map(|line| inert(&line.replace('\t', "    ")))
        .collect()
}

/// Columns that inert text takes on a terminal.
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    singles(text).unwrap_or_else(|| text.width())
}

/// Cuts inert text to at most `columns`, ending in `…` where something was cut. Never splits a grapheme.
pub fn clip(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for g in text.graphemes(true) {
        let w = g.width();
        if used + w + 1 > columns {
            break;
        }
        used += w;
        out.push_str(g);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// Cuts in the middle where there is no room: of an account or an ARN the beginning and the end tell.
pub fn clip_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let left = columns.saturating_sub(1).div_ceil(2);
    let right = columns.saturating_sub(1) - left;
    let take = |graphemes: &mut dyn Iterator<Item = &str>, room: usize| {
        let mut taken = Vec::new();
        let mut used = 0;
        for g in graphemes {
            if used + g.width() > room {
                break;
            }
            used += g.width();
            taken.push(g.to_owned());
        }
        taken
    };
    let head = take(&mut text.graphemes(true), left).concat();
    let mut tail = take(&mut text.graphemes(true).rev(), right);
    tail.reverse();
    if columns == 0 {
        return String::new();
    }
    format!("{head}…{}", tail.concat())
}

/// The least of a place's columns of which both ends tell it from others; in fewer its last word does.
const TELLING: usize = 8;
/// The least of its last word that tells anything.
const LAST: usize = 3;

/// The end of a name, from its last hyphen on or less, in so many columns; nothing where so little is left that it tells nothing.
fn last_word(text: &str, columns: usize) -> &str {
    let word = text.rsplit('-').next().unwrap_or(text);
    let cut = word
        .char_indices()
        .map(|(at, _)| word.get(at..).unwrap_or(word));
    let fits = cut.into_iter().find(|rest| width(rest) <= columns);
    fits.filter(|rest| width(rest) >= LAST).unwrap_or_default()
}

/// Cuts a name with its place before it, as `cluster/service`: the name tells most and stays whole as long as there is room for it, and
/// of the place what is left.
pub fn clip_place(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some((place, name)) = text.rsplit_once('/') else {
        return clip_middle(text, columns);
    };
    match columns.checked_sub(width(name) + 1) {
        Some(room @ TELLING..) => format!("{}/{name}", clip_middle(place, room)),
        // `prod` of `laser-prod`: clusters are told apart by how their names end.
        Some(room @ 1..) => format!("…{}/{name}", last_word(place, room - 1)),
        _ => clip_middle(name, columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_called_single_takes_one_column_and_joins_nothing() {
        use unicode_width::UnicodeWidthChar;
        for c in ('\0'..=char::MAX).filter(|c| is_single(*c)) {
            assert_eq!(c.width(), Some(1), "{c:?}");
            assert!(is_inert(c), "{c:?}");
            let beside = format!("{c}{c}a{c}");
            assert_eq!(beside.graphemes(true).count(), 4, "{c:?}");
        }
        assert!(!is_single('漢') && !is_single('\u{301}') && !is_single('\u{ad}'));
    }

    #[test]
    fn all_bidi_controls_become_visible() {
        for c in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".chars() {
            let shown = inert(&c.to_string());
            assert!(shown.starts_with("\\u{"), "{c:?} -> {shown}");
        }
        assert_eq!(inert("a\u{1b}[31mb\u{7}"), "a\\e[31mb\\u{7}");
        assert_eq!(
            inert("zwj\u{200d}x\u{feff}\u{2028}"),
            "zwj\\u{200d}x\\u{feff}\\u{2028}"
        );
    }

    #[test]
    fn of_a_service_in_its_cluster_the_name_stays() {
        let cut = |columns| clip_place("laser-prod/calculator", columns);
        assert_eq!(
            [21, 20, 18, 12, 11, 5].map(cut),
            [
                "laser-prod/calculator",
                "lase…prod/calculator",
                "…prod/calculator",
                "…/calculator",
                "calculator",
                "ca…or"
            ]
        );
        assert_eq!(
            clip_place("laser-staging/calculator", 15),
            "…ing/calculator"
        );
        assert_eq!(clip_place("calculator", 5), "ca…or");
        assert_eq!(clip_place("a/b", 0), "");
    }

    #[test]
    fn piles_of_marks_are_cut_and_wide_text_is_clipped_whole() {
        let zalgo = format!("e{}", "\u{301}".repeat(50));
        assert!(inert(&zalgo).chars().count() <= 6);
        assert_eq!(clip("漢字漢字", 5), "漢字…");
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcd", 3), "ab…");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_passes(s in any::<String>()) {
            let shown = inert(&s);
            prop_assert!(shown.chars().all(is_inert));
            prop_assert_eq!(inert(&shown), shown.clone());
            prop_assert!(width(&clip(&shown, 10)) <= 10);
        }
    }
}
