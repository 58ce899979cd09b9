//! What may leave the program for the terminal: an allow-list, written without looking at the program's own gate.

/// Control sequences that a full-screen program needs, by their final byte (ECMA-48, xterm).
const CSI_FINALS: &[u8] = b"ABCDEFGHJKLMPSTXdfghlmnqrstucp@`";

/// Checks everything that was written; the first thing that may not leave, with what stands around it.
pub fn check(bytes: &[u8]) -> Result<(), String> {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        at += match rest[0] {
            b'\r' | b'\n' | 8 => 1,
            0x1b => escape(rest).ok_or_else(|| near(bytes, at, "an escape sequence"))?,
            0..=0x1f | 0x7f => return Err(near(bytes, at, "a control character")),
            _ => {
                character(rest).ok_or_else(|| near(bytes, at, "a character that acts or hides"))?
            }
        };
    }
    Ok(())
}

/// Length of an allowed escape sequence. One that is cut at the end of the record is allowed.
fn escape(rest: &[u8]) -> Option<usize> {
    match rest.get(1) {
        None | Some(b'7' | b'8' | b'=' | b'>' | b'c' | b'M') => Some(rest.len().min(2)),
        Some(b'(' | b')') => Some(rest.len().min(3)),
        Some(b'[') => {
            let body = rest[2..].iter().position(|b| (0x40..=0x7e).contains(b));
            let Some(length) = body else {
                return rest[2..]
                    .iter()
                    .all(|b| (0x20..0x40).contains(b))
                    .then_some(rest.len());
            };
            let plain = rest[2..2 + length].iter().all(|b| (0x20..0x40).contains(b));
            (plain && CSI_FINALS.contains(&rest[2 + length])).then_some(length + 3)
        }
        // Title (0, 2) and clipboard (52) alone.
        Some(b']') => {
            let text = &rest[2..];
            let end = text.iter().position(|b| *b == 7 || *b == 0x1b)?;
            let number: Vec<u8> = text
                .iter()
                .copied()
                .take_while(u8::is_ascii_digit)
                .collect();
            let inside = std::str::from_utf8(&text[..end]).ok()?;
            let known = matches!(number.as_slice(), b"0" | b"2" | b"52");
            let inert = inside.chars().all(|c| !c.is_control() && !acts(c));
            let tail = if text[end] == 7 { 1 } else { 2 };
            (known && inert).then_some(2 + end + tail)
        }
        Some(_) => None,
    }
}

/// Length of an allowed character.
fn character(rest: &[u8]) -> Option<usize> {
    let length = match rest[0] {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    if rest.len() < length {
        return Some(rest.len());
    }
    let c = std::str::from_utf8(&rest[..length]).ok()?.chars().next()?;
    (!c.is_control() && !acts(c)).then_some(length)
}

/// Format characters (Unicode's Cf), separators of lines and paragraphs, tags: they reorder, hide or join what is seen.
fn acts(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x180e
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb
        | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0001..=0xe007f)
}

fn near(bytes: &[u8], at: usize, what: &str) -> String {
    let from = at.saturating_sub(40);
    let to = bytes.len().min(at + 40);
    format!(
        "{what} at {at}: {:?}",
        String::from_utf8_lossy(&bytes[from..to])
    )
}

#[test]
fn what_may_not_leave_is_seen() {
    for fine in [
        "plain ünïcode 漢字 ▲",
        "\x1b[38;2;1;2;3mred\x1b[0m\r\n",
        "\x1b[?1049h\x1b[?2026l",
        "\x1b]52;c;aGk=\x07",
        "\x1b]0;title\x1b\\x",
    ] {
        assert_eq!(check(fine.as_bytes()), Ok(()), "{fine:?}");
    }
    for bad in [
        "\x07",
        "\t",
        "\x1b]8;;http://x\x07",
        "\x1bP1$r\x1b\\",
        "\x1b]0;a\u{202e}\x07",
        "a\u{202e}b",
        "\u{200b}",
        "\u{9b}31m",
        "\x1b[31\u{1}m",
        "\x1b^x\x1b\\",
        "\u{e0041}",
        "\x1b]1337;File=\x07",
        "\x1bZ",
        "\u{feff}",
    ] {
        assert!(check(bad.as_bytes()).is_err(), "{bad:?}");
    }
}
