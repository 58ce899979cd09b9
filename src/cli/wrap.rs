//! Texts that are longer than the terminal is wide.

use crate::domain::text::width;

/// Lines are never made narrower than this: words could not be read.
const NARROWEST: usize = 20;

/// A text as lines of at most `room` columns, broken between words; words that are longer are broken themselves.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(NARROWEST);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            let mut buffer = [0; 4];
            if width(&line) + width(c.encode_utf8(&mut buffer)) > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        assert_eq!(wrapped("", 30), [""]);
        assert_eq!(wrapped("all fits", usize::MAX), ["all fits"]);
        let text = "a reason of some length with a-word-that-is-longer-than-any-line in it, 漢字漢字漢字漢字漢字漢字漢字";
        let lines = wrapped(text, 24);
        assert!(lines.iter().all(|l| width(l) <= 24), "{lines:?}");
        let squeezed = |s: &str| s.replace(' ', "");
        assert_eq!(squeezed(&lines.concat()), squeezed(text));
        assert_eq!(lines[0], "a reason of some length");
    }
}
