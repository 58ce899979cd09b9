//! Where the value of a name begins and ends: `name=value`, `"name": "value"`. Passwords that a generator made hold `!`, `#`, `$`, `%` and
//! the like, and in quotes blanks as well: what ends a token does not end them.

use super::naming::is_password_name;

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

/// How many bytes of a text are of the value of a name that was carried over: in quotes up to the one that closes them, or the end of the line; else to
/// the next blank, without what merely follows it.
pub(super) fn ends(carry: &str, text: &str, name: &str) -> usize {
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
    let next = next(told).filter(|_| !is_password_name(name));
    let told = told.get(..next.unwrap_or(told.len())).unwrap_or(told);
    told.trim_end_matches([',', ';', '.', ')', ']', '}', '>', ':'])
        .len()
}

/// Where the next name begins in the value of one that need be no password: `token=a&state=x`, `key=a,status=500`. What looks so within
/// a password that was made is shorter than words are.
fn next(told: &str) -> Option<usize> {
    let mut all = told.match_indices(['&', ',', ';']);
    let found = all.find(|(at, _)| {
        let rest = told.get(at + 1..).unwrap_or_default();
        let is_name = |c: char| c.is_ascii_lowercase() || "_.-".contains(c);
        let name = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        name >= 3 && rest.get(name..).is_some_and(|r| r.starts_with('='))
    });
    found.map(|(at, _)| at)
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
            ("PGPASSWORD=a1!b2&c3=d4 x", "PGPASSWORD=[redacted] x"),
            ("DB_PASSWORD=aB,xyz=9 x", "DB_PASSWORD=[redacted] x"),
            ("MASTER_SECRET=a;b=c x", "MASTER_SECRET=[redacted] x"),
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
            (
                "cb?token=abc&error=denied&state=x",
                "cb?token=[redacted]&error=denied&state=x",
            ),
            (
                "miss key=orders,status=500,err=REFUSED",
                "miss key=[redacted],status=500,err=REFUSED",
            ),
        ] {
            assert_eq!(text(said), shown, "{said}");
            assert_eq!(text(shown), shown, "once is enough");
        }
        for kept in ["password=$(cat file)", "see the key, and the door"] {
            assert_eq!(text(kept), kept);
        }
        assert_eq!(text("DB_PASSWORD=${FROM} x"), "DB_PASSWORD=${FROM} x");
    }
}
