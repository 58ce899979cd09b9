//! Where the value of a name begins and ends: `name=value`, `"name": "value"`. Passwords that a generator made hold `!`, `#`, `$`, `%` and
//! the like, and in quotes blanks as well: what ends a token does not end them.

/// What stands between a name and its value; the longest that fits counts.
pub(super) const CARRIES: [&str; 14] = [
    "\\\": \\\"",
    "\\\":\\\"",
    " => \"",
    "\": \"",
    "\":\"",
    " => ",
    "=\\\"",
    "=\"",
    "='",
    ": \"",
    " = ",
    ": ",
    "=",
    ":",
];

/// What a value may begin with that no token does. A brace behind the `$` is a reference, and no value.
const ODD: &str = "$!#%*@^?";

/// Where a value begins in a text behind a name, if it begins with something odd.
pub(super) fn begins(text: &str) -> Option<usize> {
    let carry = CARRIES.iter().find(|c| text.starts_with(**c))?;
    let value = text.get(carry.len()..)?;
    let is_odd = value.starts_with(|c| ODD.contains(c));
    let refers = value.starts_with("${") || value.starts_with("$(");
    (is_odd && !refers).then_some(carry.len())
}

/// How many bytes of a text are of a value that was carried over: in quotes up to the one that closes them, or the end of the line; else to
/// the next blank, without what merely follows it.
pub(super) fn ends(carry: &str, text: &str) -> usize {
    let line = text.find('\n').unwrap_or(text.len());
    let line = text.get(..line).unwrap_or(text);
    if carry.ends_with("\\\"") {
        return line.find("\\\"").unwrap_or(line.len());
    }
    if let Some(quote) = carry
        .chars()
        .next_back()
        .filter(|c| matches!(c, '"' | '\''))
    {
        return closing(line, quote);
    }
    // Many a name stands before a bare colon (`arn:..:secret:name:key`), and the next one is none of its value.
    let is_end =
        |c: char| c.is_whitespace() || "\"'\\".contains(c) || (carry == ":" && ":,&".contains(c));
    let end = line.find(is_end).unwrap_or(line.len());
    let told = line.get(..end).unwrap_or(line);
    told.trim_end_matches([',', ';', '.', ')', ']', '}', '>', ':'])
        .len()
}

fn closing(line: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at,
            _ => {}
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use crate::domain::redact::text;

    #[test]
    fn a_value_is_hidden_to_its_end_whatever_it_holds() {
        for (said, shown) in [
            ("PGPASSWORD=a1!b2#c$d%e x", "PGPASSWORD=[redacted] x"),
            ("PGPASSWORD=!abc, next", "PGPASSWORD=[redacted], next"),
            (
                r#"{"password":"hunter,2 !x","user":"ana"}"#,
                r#"{"password":"[redacted]","user":"ana"}"#,
            ),
            (
                r#"{\"password\":\"hunter,2\",\"user\":\"ana\"}"#,
                r#"{\"password\":\"[redacted]\",\"user\":\"ana\"}"#,
            ),
            (
                r#"{"password":"a\"b","user":"ana"}"#,
                r#"{"password":"[redacted]","user":"ana"}"#,
            ),
            (
                r#"DB_PASSWORD="with spaces and \$" user=ana"#,
                r#"DB_PASSWORD="[redacted]" user=ana"#,
            ),
            (
                r#"DB_PASSWORD => "X", b"#,
                r#"DB_PASSWORD => "[redacted]", b"#,
            ),
            ("password='it is", "password='[redacted]"),
            ("(token=a!b)", "(token=[redacted])"),
            ("token=$2b$10$abc", "token=[redacted]"),
        ] {
            assert_eq!(text(said), shown, "{said}");
            assert_eq!(text(shown), shown, "once is enough");
        }
        for kept in [
            "DB_PASSWORD=${FROM_ELSEWHERE} x",
            "password=$(cat file)",
            "the key: see the manual",
        ] {
            let told = text(kept);
            assert!(!told.contains("[redacted]$") && told.len() >= 12, "{told}");
        }
        assert_eq!(text("DB_PASSWORD=${FROM} x"), "DB_PASSWORD=${FROM} x");
    }
}
