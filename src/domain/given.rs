//! Secrets as programs are given them: behind a flag (`--db-password X`), with a user (`curl -u ana:X`), glued to a letter
//! (`mysql -pX`), in the query of a signed address (`?sig=X`). Such words mean something else to other programs: what is not certain is
//! left.

use super::redact::{REDACTED, is_secret_name};

/// Clients of MySQL, for which what is glued to `-p` is a password (MySQL reference, "Command Options for Connecting to the Server").
const MYSQL: [&str; 7] = [
    "mysql",
    "mysqldump",
    "mysqladmin",
    "mysqlimport",
    "mysqlcheck",
    "mariadb",
    "mariadb-dump",
];

/// Clients for which what stands behind `-u` is a user with a password (curl's manual).
const CURL: [&str; 1] = ["curl"];

/// Flags that are followed by `user:password`.
const USER_FLAGS: [&str; 5] = ["-u", "--user", "-U", "--proxy-user", "--basic-auth"];

/// Text with the secrets hidden that programs are given in it.
pub(super) fn hidden(text: &str) -> String {
    let out = match text.contains('-') {
        true => flags(text),
        false => text.to_owned(),
    };
    match out.contains("sig=") {
        true => signatures(&out),
        false => out,
    }
}

/// One word and the blanks before it, with where it stands.
#[derive(Clone, Copy)]
struct Word<'a> {
    blanks: &'a str,
    text: &'a str,
}

/// Text cut at its blanks; ends of lines that were made inert (`\n`) are blanks as well.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let blanks = blanks(rest);
        let (before, tail) = rest.split_at(blanks);
        let mut end = 0;
        while let Some(c) = tail.get(end..).and_then(|t| t.chars().next()) {
            if tail.get(end..).is_some_and(|t| self::blanks(t) > 0) {
                break;
            }
            end += c.len_utf8();
        }
        let (word, after) = tail.split_at(end);
        all.push(Word {
            blanks: before,
            text: word,
        });
        rest = after;
    }
    all
}

/// How many bytes of blanks a text begins with.
fn blanks(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let written = ["\\n", "\\r", "\\t"].iter().find(|w| rest.starts_with(**w));
        at += match (written, rest.chars().next()) {
            (Some(w), _) => w.len(),
            (None, Some(c)) if c.is_whitespace() => c.len_utf8(),
            _ => return at,
        };
    }
}

/// The name that a word names a program by: without its path and quotes.
fn program(word: &str) -> &str {
    let word = word.trim_matches(['"', '\'', '`', '(', '$', ';', '&', '|', ',', '[']);
    word.rsplit('/').next().unwrap_or(word)
}

fn flags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut is_mysql, mut is_curl) = (false, false);
    let mut before = "";
    let mut quoted = None;
    for word in words(text) {
        if let Some(quote) = quoted {
            // The rest of a secret of several words.
            if let Some(at) = word.text.find(quote) {
                out.push_str(word.text.get(at..).unwrap_or_default());
                quoted = None;
            }
            continue;
        }
        out.push_str(word.blanks);
        let flag = before.trim_start_matches(['"', '\'', '[']);
        let flag = flag.trim_end_matches(['"', '\'', ',']);
        let told = if is_flag_of_secret(flag) && !word.text.starts_with('-') {
            hide(word.text, 0)
        } else if is_curl && USER_FLAGS.contains(&flag) {
            word.text.find(':').and_then(|at| hide(word.text, at + 1))
        } else if is_curl && word.text.starts_with("-u") {
            word.text.find(':').and_then(|at| hide(word.text, at + 1))
        } else if is_mysql && word.text.starts_with("-p") {
            hide(word.text, 2)
        } else {
            None
        };
        match &told {
            Some(told) => {
                quoted = left_open(word.text);
                out.push_str(told);
            }
            None => out.push_str(word.text),
        }
        is_mysql |= MYSQL.contains(&program(word.text));
        is_curl |= CURL.contains(&program(word.text));
        // A secret that begins like a flag is none.
        before = match told {
            Some(_) => "",
            None => word.text,
        };
    }
    out
}

/// The quote that a word opens and does not close.
fn left_open(word: &str) -> Option<char> {
    let quote = word.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    (word.matches(quote).count() == 1).then_some(quote)
}

/// `--db-password`, without a value of its own.
fn is_flag_of_secret(flag: &str) -> bool {
    let name = flag.strip_prefix("--");
    name.is_some_and(|name| !name.contains(['=', ':']) && is_secret_name(name))
}

/// A word without what stands in it from a byte on, but for the quotes and brackets around it; nothing where nothing stands there.
fn hide(word: &str, from: usize) -> Option<String> {
    let (kept, secret) = word.split_at_checked(from)?;
    let inner = secret.trim_start_matches(['"', '\'']);
    let opened = secret.len() - inner.len();
    let inner = inner.trim_end_matches(['"', '\'', ',', ']', ')', ';']);
    if inner.is_empty() || secret.contains(REDACTED) {
        return None;
    }
    let (open, rest) = secret.split_at_checked(opened)?;
    let close = rest.get(inner.len()..)?;
    Some(format!("{kept}{open}{REDACTED}{close}"))
}

/// The signature of an address that whoever has it may use (Azure, "shared access signature"): `?sig=X`, `&sig=X`.
fn signatures(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("sig=") {
        let (head, tail) = rest.split_at(at + 4);
        out.push_str(head);
        let in_query = rest
            .get(..at)
            .is_some_and(|h| h.ends_with(['?', '&']) || h.ends_with("&amp;"));
        let is_end = |c: char| c.is_whitespace() || matches!(c, '&' | '"' | '\'' | '#' | '\\');
        let end = tail.find(is_end).unwrap_or(tail.len());
        let (value, after) = tail.split_at(end);
        match in_query && !value.is_empty() {
            true => out.push_str(REDACTED),
            false => out.push_str(value),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use crate::domain::redact::{self, text};

    #[test]
    fn what_a_program_is_given_as_a_secret_is_hidden() {
        for (said, shown) in [
            (
                "--db-password hunter2 --port 80",
                "--db-password [redacted] --port 80",
            ),
            ("--api-token 'a b' x", "--api-token '[redacted]' x"),
            (
                "curl -f -u admin:hunter2 http://x",
                "curl -f -u admin:[redacted] http://x",
            ),
            (
                "/usr/bin/curl -uadmin:hun:ter2 x",
                "/usr/bin/curl -uadmin:[redacted] x",
            ),
            (
                "[\"curl\", \"--user\", \"ana:p\", \"x\"]",
                "[\"curl\", \"--user\", \"ana:[redacted]\", \"x\"]",
            ),
            (
                "mysqladmin ping -uroot -phunter2",
                "mysqladmin ping -uroot -p[redacted]",
            ),
            (
                "https://x/y?sv=1&sig=a%2Bb%3D&se=2 z",
                "https://x/y?sv=1&sig=[redacted]&se=2 z",
            ),
            ("https://x/y?sig=abc", "https://x/y?sig=[redacted]"),
            ("a\\npassword: hunter2\\nb", "a\\npassword: [redacted]\\nb"),
            ("a\npassword: hunter2", "a\npassword: [redacted]"),
            (
                "run\\n--password hunter2\\nend",
                "run\\n--password [redacted]\\nend",
            ),
        ] {
            assert_eq!(text(said), shown);
            assert_eq!(text(shown), shown, "once is enough");
        }
        for name in ["PGPASSWORD", "SMTP_PW", "DBPASS", "mysqlPwd", "ROOTPASSWD"] {
            assert_eq!(redact::named(name, "x"), "[redacted]", "{name}");
            assert_eq!(text(&format!("{name}=x")), format!("{name}=[redacted]"));
        }
    }

    #[test]
    fn what_means_something_else_to_another_program_stays() {
        for kept in [
            "docker run -u 1000:1000 -p 8080:80 app",
            "-pool 5 -u ana:b",
            "mysql -p -h db",
            "--password --port 80",
            "--key=path",
            "a sig= b, config.sig=1, design=2",
            "C:\\temp and a\\nb",
        ] {
            let shown = text(kept);
            let by_name = kept.starts_with("--key=");
            assert!(by_name || shown == kept, "{kept}: {shown}");
        }
        for name in ["BYPASS", "COMPASS", "PASSENGER", "HTTP_PWA"] {
            assert_eq!(redact::named(name, "x"), "x", "{name}");
        }
    }
}
