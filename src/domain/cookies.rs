//! What a header of cookies holds: `name=value` and `;` between them (RFC 6265, 4.1.1 and 4.2.1). Each of them has a name of its own, and
//! all are secrets; the words that follow them on the line are none.

/// Whether a name is that of such a header.
pub(super) fn is_header(name: &str) -> bool {
    ["cookie", "set-cookie"]
        .iter()
        .any(|c| name.eq_ignore_ascii_case(c))
}

/// How many bytes of the text behind such a name its cookies take; `None` where it begins with none.
pub(super) fn run(text: &str, name: &str) -> Option<usize> {
    let line = text.get(..end_of_line(text)).unwrap_or_default();
    // Proxies put several of these into one line, a comma and a blank between them (RFC 9110, 5.3).
    let folds = name.eq_ignore_ascii_case("set-cookie");
    let (mut end, mut from) = (None, 0);
    for piece in pieces(line, folds) {
        let told = piece.trim_end_matches([';', ',']);
        // What stands between two of them is theirs, however it is written.
        if let Some(length) = pair(told) {
            end = Some(from + length);
        } else if end.is_none() {
            return None;
        }
        from += piece.len();
    }
    end
}

/// A line cut behind each `;` outside of quotes, and where headers are folded behind a comma that a blank follows.
fn pieces(line: &str, folds: bool) -> Vec<&str> {
    let mut all = Vec::new();
    let (mut quoted, mut begin) = (false, 0);
    for (at, c) in line.char_indices() {
        let rest = line.get(at + c.len_utf8()..).unwrap_or_default();
        quoted ^= c == '"';
        if !quoted && (c == ';' || (folds && c == ',' && rest.starts_with(' '))) {
            all.push(line.get(begin..at + 1).unwrap_or_default());
            begin = at + 1;
        }
    }
    all.push(line.get(begin..).unwrap_or_default());
    all
}

/// Where the header ends: with its line, or with the quote that it stands in. Quotes around a value are of the value, written with a
/// backslash as well, where the header stands in quotes itself.
fn end_of_line(text: &str) -> usize {
    let (mut opened, mut escaped, mut begins) = (false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            'n' | 'r' if escaped => return at - 1,
            '\n' | '\r' | '\'' => return at,
            '"' if opened => opened = false,
            '"' if begins => opened = true,
            '"' => return if escaped { at - 1 } else { at },
            _ => {}
        }
        escaped = c == '\\';
        begins = c == '=' || (begins && escaped);
    }
    text.len()
}

/// How long `name=value` is at the beginning of a text: a value in quotes as far as these, any other one to the first blank.
fn pair(text: &str) -> Option<usize> {
    let blank = text.len() - text.trim_start().len();
    // A token (RFC 9110, 5.6.2).
    let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let (name, value) = text.get(blank..)?.split_once('=')?;
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let begin = value.len() - value.trim_start_matches('\\').len();
    let length = match value.get(begin..)?.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map_or(value.len(), |end| begin + end + 2),
        None => value.find(char::is_whitespace).unwrap_or(value.len()),
    };
    Some(blank + name.len() + 1 + length)
}

#[cfg(test)]
mod tests {
    use crate::domain::redact::text;

    #[test]
    fn all_cookies_of_a_header_are_hidden_and_nothing_behind_them() {
        for (said, shown) in [
            ("Cookie: theme=\"dark\"; sid=S3CR3T", "Cookie: [redacted]"),
            (
                "{\"Cookie\": \"a=1; sid=S3CR3T\", \"status\": 500}",
                "{\"Cookie\": \"[redacted]\", \"status\": 500}",
            ),
            (
                "cookie: a=x y; HttpOnly; sid=S3CR3T status=500",
                "cookie: [redacted] status=500",
            ),
            (
                "Set-Cookie: sid=S3CR3T; HttpOnly; Secure",
                "Set-Cookie: [redacted]; HttpOnly; Secure",
            ),
            (
                "cookie=S3CR3T status=500 error=refused",
                "cookie=[redacted] status=500 error=refused",
            ),
            (
                "bad cookie: session store 10.0.0.3:6379 refused, exit 1",
                "bad cookie: [redacted] store 10.0.0.3:6379 refused, exit 1",
            ),
            ("cookie: sid=\"S3CR", "cookie: [redacted]"),
            ("Cookie: sid=abc,S3CR3T", "Cookie: [redacted]"),
            ("Cookie: p=\"a, S3CR3T\" x", "Cookie: [redacted] x"),
            (
                "cookie: sid=abc, status=502, reason=upstream timed out",
                "cookie: [redacted] status=502, reason=upstream timed out",
            ),
            (
                "Set-Cookie: sid=a,S3CR3T; Secure",
                "Set-Cookie: [redacted]; Secure",
            ),
            (
                "Set-Cookie: theme=dark; Path=/, sid=S3CR3T; HttpOnly; Secure",
                "Set-Cookie: [redacted]; HttpOnly; Secure",
            ),
            (
                r#"{"Cookie":"theme=\"dark\"; sid=S3CR3T","status":500}"#,
                r#"{"Cookie":"[redacted]","status":500}"#,
            ),
        ] {
            assert_eq!(text(said), shown);
            assert_eq!(text(shown), shown, "once is enough");
        }
    }
}
