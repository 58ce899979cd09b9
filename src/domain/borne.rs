//! Secrets that have no shape of their own, and are told by what stands before them: `Bearer` and `Basic` (RFC 6750, RFC 7617), the
//! address of a webhook of Slack's, the name of an AWS secret access key, the place of a user in an address. What is hidden is a whole
//! documented shape there: a word that merely stands in such a place is left.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::redact::REDACTED;

/// The least length of what is carried by `Bearer`: the word is one of English as well.
const BEARER: usize = 20;
/// The least length of what is carried by `Basic`.
const BASIC: usize = 8;
/// Length of an AWS secret access key.
const AWS_SECRET: usize = 40;
/// The least length of a token that stands as the user of an address.
const USER: usize = 20;
/// Most characters between a name and its value: quotes, escaped ones, blanks.
const GAP: usize = 8;

/// Text with what is carried hidden.
pub(super) fn hidden(text: &str) -> String {
    let out = after(text, "bearer", bearer);
    let out = after(&out, "basic", basic);
    let out = after(&out, ".slack.com/services/", webhook);
    let out = after(&out, "/webhooks/", discord);
    let out = after(&out, "/webhookb2/", teams);
    after(&out, "secret", aws_secret)
}

/// Whether something of the kind may begin at a byte: a cheap look, for each byte of every text.
pub(super) fn may_begin(text: &[u8], at: usize) -> bool {
    let is_next = |word: &[u8]| {
        let here = text.get(at..at + word.len());
        here.is_some_and(|h| h.eq_ignore_ascii_case(word))
    };
    match text.get(at) {
        Some(b'B' | b'b') => {
            let blank = |n: usize| matches!(text.get(at + n), Some(b' ' | b'\t'));
            (is_next(b"bearer") && blank(6)) || (is_next(b"basic") && blank(5))
        }
        Some(b'.') => is_next(b".slack.com/services/"),
        Some(b'/') => is_next(b"/webhooks/") || is_next(b"/webhookb2/"),
        Some(b'S' | b's') => is_next(b"secretaccess") || is_next(b"secret_") || is_next(b"secret-"),
        _ => false,
    }
}

/// Text without what `of` finds behind each place of a word, in any case of letters: `of` tells from where to where it stands.
fn after(text: &str, word: &str, of: impl Fn(&str) -> Option<(usize, usize)>) -> String {
    let lowered = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in lowered.match_indices(word) {
        let begin = at + word.len();
        let found = text.get(begin..).and_then(&of);
        let Some((from, end)) = found.filter(|_| begin >= done) else {
            continue;
        };
        out.push_str(text.get(done..begin + from).unwrap_or_default());
        out.push_str(REDACTED);
        done = begin + end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// How many bytes a text begins with that are of a kind.
fn run(text: &str, is_of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_of(c)).unwrap_or(text.len())
}

/// Blanks, and the word behind them.
fn carried(tail: &str, is_of: impl Fn(char) -> bool) -> Option<(usize, &str)> {
    let from = run(tail, |c| matches!(c, ' ' | '\t'));
    let word = tail.get(from..)?;
    let word = word.get(..run(word, is_of))?;
    (from > 0).then_some((from, word))
}

fn bearer(tail: &str) -> Option<(usize, usize)> {
    let is_of =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/' | '=');
    let (from, word) = carried(tail, is_of)?;
    let digit = word.contains(|c: char| c.is_ascii_digit());
    let is_one = word.len() >= BEARER && !word.starts_with('/') && digit;
    is_one.then_some((from, from + word.len()))
}

/// Base64 of a user, a colon and a password, in whatever characters (RFC 7617, 2.1): any other word behind `Basic` is one of English.
fn basic(tail: &str) -> Option<(usize, usize)> {
    let is_of = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let (from, word) = carried(tail, is_of)?;
    let told = STANDARD
        .decode(word)
        .or_else(|_| STANDARD_NO_PAD.decode(word));
    let told = told.ok()?;
    let is_text = !told.iter().any(u8::is_ascii_control);
    // A word of English decodes, too, and now and then to a colon among bytes that are no text of ours.
    let is_english = word.bytes().skip(1).all(|b| b.is_ascii_lowercase());
    let is_one = word.len() >= BASIC && told.contains(&b':') && is_text && !is_english;
    is_one.then_some((from, from + word.len()))
}

/// Workspace and app are names; who has the third part as well may write ("Sending messages using incoming webhooks").
fn webhook(tail: &str) -> Option<(usize, usize)> {
    let mut parts = tail.splitn(3, '/');
    let (team, app, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let is_id = |id: &str, first: char| {
        id.starts_with(first)
            && id.len() >= 9
            && id
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    let length = run(rest, |c| c.is_ascii_alphanumeric());
    let from = team.len() + app.len() + 2;
    (is_id(team, 'T') && is_id(app, 'B') && length >= 20).then_some((from, from + length))
}

/// The id is a number, and who has what follows it may write (Discord's reference, "Execute Webhook").
fn discord(tail: &str) -> Option<(usize, usize)> {
    let id = run(tail, |c| c.is_ascii_digit());
    let token = tail.get(id..)?.strip_prefix('/')?;
    let length = run(token, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
    });
    ((17..=20).contains(&id) && length >= 40).then_some((id + 1, id + 1 + length))
}

/// What follows the connector's name is the secret (Microsoft Teams, "Create an Incoming Webhook").
fn teams(tail: &str) -> Option<(usize, usize)> {
    let is_of = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '@' | '-');
    let path = tail.get(..run(tail, is_of))?;
    let connector = "/incomingwebhook/";
    let from = path.to_ascii_lowercase().find(connector)? + connector.len();
    (path.len() >= from + 32).then_some((from, path.len()))
}

/// The value behind `..secret_access_key`, as configurations, environments, JSON and XML write it.
fn aws_secret(tail: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    for word in ["access", "key"] {
        at += run(tail.get(at..)?, |c| matches!(c, '_' | '-'));
        let next = tail.get(at..at + word.len())?;
        if !next.eq_ignore_ascii_case(word) {
            return None;
        }
        at += word.len();
    }
    let between = tail.get(at..)?;
    let is_gap = |c: char| matches!(c, ' ' | '\t' | '"' | '\'' | '\\' | '=' | ':' | '>');
    let length = run(between, is_gap);
    let gap = between.get(..length)?;
    if length > GAP || !gap.contains(['=', ':', '>']) {
        return None;
    }
    let from = at + length;
    let value = tail.get(from..)?;
    let length = run(value, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '/' | '+')
    });
    (length == AWS_SECRET).then_some((from, from + length))
}

/// Whether what stands alone before the host of an address is a token, and not the name of somebody: letters, digits and `_`, as
/// vendors make them. `rest`: what follows the host. The key of a Sentry DSN is public, and a DSN is read for whom it is of.
pub(super) fn is_token_user(user: &str, rest: &str) -> bool {
    let shaped = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let digits = user.chars().filter(char::is_ascii_digit).count();
    if user.len() < USER || digits < 2 || digits == user.len() || !user.chars().all(shaped) {
        return false;
    }
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let path = rest.get(..run(rest, |c| c.is_ascii_alphanumeric() || c == '/'));
    let project = path.and_then(|p| p.rsplit('/').next()).unwrap_or_default();
    let is_dsn = user.len() == 32
        && user.chars().all(hex)
        && !project.is_empty()
        && project.chars().all(|c| c.is_ascii_digit());
    !is_dsn
}

/// Whether what stands before an `@` is a host with its port and a list behind it (`host:8443,owner=ana`), and no user.
pub(super) fn is_list(before: &str) -> bool {
    let Some((_, port)) = before.split_once(':') else {
        return false;
    };
    let digits = run(port, |c| c.is_ascii_digit());
    let list = port.get(digits..).unwrap_or_default();
    let mut list = list.chars();
    let parted = matches!(list.next(), Some(',' | ';' | '&'));
    let named = run(list.as_str(), |c| c.is_ascii_alphanumeric() || c == '_');
    (1..=5).contains(&digits)
        && parted
        && named > 0
        && list.as_str().get(named..named + 1) == Some("=")
}

#[cfg(test)]
mod tests {
    use crate::domain::text::inert;

    /// Put together here, so that no scanner takes them for real ones.
    fn made(length: usize) -> String {
        "a1B2c3D4e5".chars().cycle().take(length).collect()
    }

    #[test]
    fn what_is_carried_is_hidden_with_its_whole_shape() {
        let (token, secret) = (made(40), made(40));
        for (said, shown) in [
            (format!("Bearer  {token}"), "Bearer  [redacted]"),
            (format!("bearer\t{token}"), "bearer\\t[redacted]"),
            (
                "Authorization: Basic YW5hOmh1bnRlcjI=, x".into(),
                "Authorization: Basic [redacted], x",
            ),
            ("basic  YW5hOmh1bnRlcjI".into(), "basic  [redacted]"),
            // ana:p\xe4ss1234 as Latin-1 writes it.
            ("Basic YW5hOnDkc3MxMjM0".into(), "Basic [redacted]"),
            (
                format!(
                    "to https://hooks.slack.com/services/T012AB3CD/B012AB3CD/{}!",
                    made(24)
                ),
                "to https://hooks.slack.com/services/T012AB3CD/B012AB3CD/[redacted]!",
            ),
            (
                format!(
                    "to https://discord.com/api/webhooks/112233445566778899/{}-_, x",
                    made(60)
                ),
                "to https://discord.com/api/webhooks/112233445566778899/[redacted], x",
            ),
            (
                format!(
                    "at https://x.webhook.office.com/webhookb2/0a-1b@2c-3d/IncomingWebhook/{}/4e-5f!",
                    made(32)
                ),
                "at https://x.webhook.office.com/webhookb2/0a-1b@2c-3d/IncomingWebhook/[redacted]!",
            ),
            (
                format!("aws_secret_access_key={secret}"),
                "aws_secret_access_key=[redacted]",
            ),
            (
                format!("AWS_SECRET_ACCESS_KEY = '{secret}'"),
                "AWS_SECRET_ACCESS_KEY = '[redacted]'",
            ),
            (
                format!("{{\"SecretAccessKey\": \"{secret}\"}}"),
                "{\"SecretAccessKey\": \"[redacted]\"}",
            ),
            (
                format!("<SecretAccessKey>{secret}</S"),
                "<SecretAccessKey>[redacted]</S",
            ),
            (
                format!("pull https://{token}@github.com/o/r"),
                "pull https://[redacted]@github.com/o/r",
            ),
        ] {
            assert_eq!(inert(&said), shown);
            assert_eq!(inert(shown), shown, "once is enough");
        }
    }

    #[test]
    fn what_merely_stands_in_such_a_place_passes() {
        for kept in [
            "Basic authentication is required, basic understanding, Basic YWJjZGVmZ2g=",
            "see hooks.slack.com/services/ of T012AB3CD, https://hooks.slack.com/services/T012AB3CD/B012AB3CD/short",
            "secret_access_key=prod/api/key and the secret access key is old; secret-access-review_2026",
            "https://host:8443,owner=ana@example.com",
            "https://api.github.com/repos/o/r/webhooks/123456789012345678/deliveries",
            "ssh://git@github.com/o/r https://ana-at-123456789012@git-codecommit.us-east-1.amazonaws.com/v1",
            "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/42",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/api-AbCdEf",
        ] {
            assert_eq!(inert(kept), kept);
        }
        let word = made(40);
        let told = format!("branch {word} of secrets, secret={word}");
        assert_eq!(inert(&told), told, "forty characters alone are a name");
    }
}
