//! What a header of cookies holds: `name=value` and `;` between them (RFC 6265, 4.1.1 and 4.2.1). Each of them has a name of its own, and
//! all are secrets; the words that follow them on the line are none.

/// Whether a name is that of such a header.
pub(super) fn is_header(name: &str) -> bool {
    ["cookie", "set-cookie"]
        .iter()
        .any(|c| name.eq_ignore_ascii_case(c))
}

/// How many bytes of the text behind such a name its cookies take; `None` where it begins with none.
pub(super) fn run(text: &str) -> Option<usize> {
    let line = text.get(..end_of_line(text)).unwrap_or_default();
    let mut end = None;
    let mut from = 0;
    for piece in line.split_inclusive(';') {
        let told = piece.strip_suffix(';').unwrap_or(piece);
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

/// Where the header ends: with its line, or with the quote that it stands in. Quotes around a value are of the value.
fn end_of_line(text: &str) -> usize {
    let mut opened = false;
    for (at, c) in text.char_indices() {
        let before = text.get(..at).unwrap_or_default();
        match c {
            '\n' | '\r' | '\\' | '\'' => return at,
            '"' if opened => opened = false,
            '"' if before.ends_with('=') => opened = true,
            '"' => return at,
            _ => {}
        }
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
    let length = match value.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map_or(value.len(), |end| end + 2),
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
        ] {
            assert_eq!(text(said), shown);
            assert_eq!(text(shown), shown, "once is enough");
        }
    }
}
