//! Where secrets are taken out of text before it is put in a diff, journalled, audited or logged; what every text from outside loses is
//! in [`token`](super::token). It errs on the side of hiding. What it knows: names that promise a secret (`DB_PASSWORD=...`), the shapes of well-known
//! tokens (AWS, GitHub, Slack, Stripe, npm, JWT, PEM private keys), `Bearer ...`, elements of XML, and passwords inside URLs.

use serde_json::Value;

use super::naming::{has_segment, is_password_name};
use super::{beside, borne, cookies, given, login, markup, valued};

pub use super::naming::is_secret_name;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Starts of tokens whose vendors gave them a recognisable shape, with the number of token characters that must follow.
const TOKEN_STARTS: [(&str, usize); 25] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("github_pat_", 20),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("xapp-", 10),
    ("sk_live_", 10),
    ("rk_live_", 10),
    ("npm_", 20),
    ("glpat-", 16),
    ("eyJ", 30),
    ("AIza", 30),
    ("SG.", 40),
    ("sk-proj-", 20),
    ("sk-ant-", 20),
    ("hvs.", 20),
    ("shpat_", 20),
    ("pypi-", 30),
    ("GOCSPX-", 20),
    ("dop_v1_", 40),
];

/// Schemes of `Authorization`, behind which the secret stands (RFC 9110, 11.4); the later ones are words of their own elsewhere.
const SCHEMES: [&str; 4] = ["bearer", "basic", "token", "digest"];

/// Whether a word is a scheme behind a name that promises a secret, and not the secret itself.
fn is_scheme(word: &str, name: &str) -> bool {
    let of = match has_segment(name, &["authorization"]) {
        true => &SCHEMES[..],
        false => &SCHEMES[..2],
    };
    of.iter().any(|w| word.eq_ignore_ascii_case(w))
}

/// Whether a text begins as the tokens of a known vendor do, however short it is.
pub fn begins_as_token(text: &str) -> bool {
    TOKEN_STARTS
        .iter()
        .any(|(start, _)| text.starts_with(start))
}

/// A value as it may be shown beside its name: hidden whole if the name promises a secret, else with the secrets inside hidden.
pub fn named(name: &str, value: &str) -> String {
    if is_secret_name(name) && !value.is_empty() {
        REDACTED.to_owned()
    } else {
        text(&login::of(name, value).unwrap_or_else(|| value.to_owned()))
    }
}

/// JSON with secrets hidden: by the names of members, and inside every string.
pub fn json(value: &Value) -> Value {
    match value {
        Value::String(s) => Value::String(text(s)),
        Value::Array(items) => Value::Array(items.iter().map(json).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, v)| match v {
                    Value::String(_) | Value::Number(_)
                        if name.eq_ignore_ascii_case("value") && names_secret(members) =>
                    {
                        (name.clone(), Value::String(REDACTED.to_owned()))
                    }
                    Value::String(s) => (name.clone(), Value::String(named(name, s))),
                    Value::Number(_) if is_secret_name(name) => {
                        (name.clone(), Value::String(REDACTED.to_owned()))
                    }
                    other => (name.clone(), json(other)),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Whether another member of an object is the name of a secret: `{"name": "DB_PASSWORD", "value": ".."}`.
fn names_secret(members: &serde_json::Map<String, Value>) -> bool {
    let is_name = |name: &str| ["name", "key"].iter().any(|n| name.eq_ignore_ascii_case(n));
    let named = members.iter().filter(|(name, _)| is_name(name));
    let mut named = named.filter_map(|(_, v)| v.as_str());
    named.any(is_secret_name)
}

/// Text with the secrets inside hidden. Text without any comes back unchanged.
pub fn text(input: &str) -> String {
    let told = login::hidden(&beside::hidden(&markup::hidden(input)));
    let no_pem = given::hidden(&borne::hidden(&private_keys(&encoded(&told))));
    let mut out = String::with_capacity(no_pem.len());
    let mut rest = no_pem.as_str();
    let mut last_name = String::new();
    let mut last_gap = "";
    // Whether the last word was a scheme behind the name of a secret: the next one is the secret, whatever it looks like.
    let mut behind_scheme = false;
    // Whether it is within the name of a thing in AWS: `arn:..:secret:prod/api` is what a refusal is about.
    let mut in_arn = false;
    // Text is cut into words of characters that tokens are made of, and what stands between them.
    while !rest.is_empty() {
        let word_end = rest.find(|c: char| !is_token_char(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        if word.is_empty() {
            let gap_end = after.find(is_token_char).unwrap_or(after.len());
            let (gap, next) = after.split_at(gap_end);
            let was_in_arn = in_arn;
            in_arn &= gap == ":";
            // `name=value` and `name: value`: only these gaps carry a name over to the next word.
            if !valued::CARRIES.contains(&gap) {
                // A value may begin with what no token does: `=!x`.
                if !was_in_arn
                    && is_secret_name(&last_name)
                    && let Some(begin) = valued::begins(after)
                {
                    let (head, value) = after.split_at(begin);
                    let (_, left) = value.split_at(valued::ends(head, value, &last_name));
                    out.push_str(head);
                    out.push_str(REDACTED);
                    last_name.clear();
                    rest = left;
                    continue;
                }
                let blank = gap.chars().all(|c| matches!(c, ' ' | '\t'));
                let bearer = behind_scheme || last_name.eq_ignore_ascii_case("bearer");
                if !(blank && bearer) {
                    last_name.clear();
                    behind_scheme = false;
                }
            }
            out.push_str(gap);
            last_gap = gap;
            rest = next;
            continue;
        }
        let cookies = cookies::is_header(&last_name).then(|| cookies::run(rest, &last_name));
        if let Some(end) = cookies.flatten() {
            out.push_str(REDACTED);
            rest = rest.get(end..).unwrap_or_default();
            last_name.clear();
            continue;
        }
        in_arn |= word == "arn" && after.starts_with(":aws");
        let named = !in_arn && is_secret_name(&last_name);
        let scheme = named && is_scheme(word, &last_name);
        let by_name = behind_scheme
            || last_name.eq_ignore_ascii_case("bearer")
            || (named && !scheme && !(last_gap == ":" && is_version(&last_name, word)));
        rest = after;
        if by_name || is_token(word) {
            out.push_str(REDACTED);
            if named && valued::CARRIES.contains(&last_gap) {
                rest = after.split_at(valued::ends(last_gap, after, &last_name)).1;
            }
            last_name.clear();
            behind_scheme = false;
        } else {
            out.push_str(word);
            behind_scheme = scheme;
            name_of(word, last_gap).clone_into(&mut last_name);
        }
    }
    url_passwords(&out, true)
}

/// The name that a word may be of the value behind it. Text that was made inert has the ends of its lines written out, and a name at
/// the beginning of one is glued to them.
fn name_of<'a>(word: &'a str, gap: &str) -> &'a str {
    let glued = gap
        .ends_with('\\')
        .then(|| word.strip_prefix(['n', 'r', 't']));
    let name = glued.flatten().filter(|name| is_secret_name(name));
    name.unwrap_or(word)
}

/// Passwords in addresses that stand percent-encoded in another address or a form (RFC 3986, 2.1): `postgres%3A%2F%2Fana%3A..%40db`.
fn encoded(input: &str) -> String {
    let lowered = input.to_ascii_lowercase();
    let mut out = String::with_capacity(input.len());
    let mut done = 0;
    for (at, scheme) in lowered.match_indices("%3a%2f%2f") {
        let begin = at + scheme.len();
        let is_of = |c: char| c.is_ascii_alphanumeric() || "%-._~*+!".contains(c);
        let address = lowered.get(begin..).unwrap_or_default();
        let length = address.find(|c| !is_of(c)).unwrap_or(address.len());
        let address = address.get(..length).unwrap_or_default();
        let Some(host) = address.find("%40") else {
            continue;
        };
        let user = address.get(..host).and_then(|a| a.find("%3a"));
        if let Some(user) = user.filter(|_| begin >= done) {
            out.push_str(
                input
                    .get(done..begin + user + "%3a".len())
                    .unwrap_or_default(),
            );
            out.push_str(REDACTED);
            done = begin + host;
        }
    }
    out.push_str(input.get(done..).unwrap_or_default());
    out
}

/// Whether what stands behind a bare colon is the tag of an image (`laser/auth:2.0.4`) or the number of a revision or a version
/// (`laser-prod-auth:2`): services that deal in secrets are named after them.
fn is_version(name: &str, word: &str) -> bool {
    let number = word.trim_start_matches('v');
    // `1.9.0-dev.2`: a pre-release (semver.org, 9).
    let number = match number.split_once('-') {
        Some((core, pre)) if core.contains('.') && pre.len() <= 12 => core,
        _ => number,
    };
    let numbered = number.contains('.') || number.len() <= 5;
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    name.contains('/')
        || (numbered
            && number.len() <= 20
            && number.split('.').all(digits)
            && !is_password_name(name))
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '.' | '~')
}

fn is_token(word: &str) -> bool {
    let shaped = TOKEN_STARTS.iter().any(|(start, n)| {
        word.match_indices(start).any(|(at, _)| {
            let before = word.get(..at).and_then(|s| s.chars().next_back());
            let tail = word.get(at + start.len()..).unwrap_or("");
            before.is_none_or(|c| !c.is_ascii_alphanumeric()) && tail.len() >= *n
        })
    });
    shaped || is_aws_secret(word)
}

/// Forty characters of base64 with upper, lower and digit: an AWS secret access key. A Git commit has forty, too, but no capitals.
pub(super) fn is_aws_secret(word: &str) -> bool {
    word.len() == 40
        && word.chars().any(|c| c.is_ascii_uppercase())
        && word.chars().any(|c| c.is_ascii_lowercase())
        && word.chars().any(|c| c.is_ascii_digit())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '/' || c == '+')
}

/// `scheme://user:password@host` keeps all but the password. `lone`: what stands alone before the host is hidden, too: a token does, and
/// so does a name.
pub(super) fn url_passwords(input: &str, lone: bool) -> String {
    let mut out = String::with_capacity(input.len());
    let mut rest = input;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | '#'))
            .unwrap_or(tail.len());
        let (authority, after) = tail.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let name = user.split(':').next().unwrap_or("");
                let is_token = borne::is_token_user(user, after);
                let hidden = match (user.contains(':'), lone || is_token) {
                    (true, false) if borne::is_list(user) => user.to_owned(),
                    (true, _) => format!("{name}:{REDACTED}"),
                    (false, true) => REDACTED.to_owned(),
                    (false, false) => user.to_owned(),
                };
                out.push_str(&hidden);
                out.push('@');
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// PEM private keys lose everything between their first and last line, or to the end of the text.
pub(super) fn private_keys(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    let mut rest = input;
    while let Some(at) = rest.find("PRIVATE KEY-----") {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        out.push_str("PRIVATE KEY-----");
        out.push_str(REDACTED);
        rest = match tail.find("-----END") {
            Some(end) => {
                let (_, last) = tail.split_at(end);
                let stop = last.find("KEY-----").map_or(last.len(), |i| i + 8);
                let (line, after) = last.split_at(stop);
                out.push_str(line);
                after
            }
            None => "",
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as j;

    #[test]
    fn secrets_inside_text_are_hidden_and_the_rest_is_kept() {
        let cases = [
            ("key AKIAIOSFODNN7EXAMPLE here", "key [redacted] here"),
            (
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1",
            ),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[redacted]"),
            (
                "postgres://laser:hunter2@db:5432/x",
                "postgres://laser:[redacted]@db:5432/x",
            ),
            ("password=hunter2 user=ana", "password=[redacted] user=ana"),
            (
                "pass:1234 auth:ab12 token=12 auth: 7",
                "pass:[redacted] auth:[redacted] token=[redacted] auth: [redacted]",
            ),
            (
                "Authorization: Bearer abc.def",
                "Authorization: Bearer [redacted]",
            ),
            (
                "Authorization: Basic YW5hOnDkc3MxMjM0, x",
                "Authorization: Basic [redacted], x",
            ),
            (
                "authorization=Basic hunter2 Authorization: token s3cr3t",
                "authorization=Basic [redacted] Authorization: token [redacted]",
            ),
            ("a ghp_0123456789012345678901234567", "a [redacted]"),
            (
                "GET / Cookie: sid=abc; theme=dark\" 200",
                "GET / Cookie: [redacted]\" 200",
            ),
            ("cookie: a=1\\nHost: x", "cookie: [redacted]\\nHost: x"),
            (
                "u=postgres%3A%2F%2Fana%3Apw%40db%2Fx&y=1 https%3a%2f%2fx%2fy",
                "u=postgres%3A%2F%2Fana%3A[redacted]%40db%2Fx&y=1 https%3a%2f%2fx%2fy",
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x",
                "-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY----- x",
            ),
        ];
        for (input, expected) in cases {
            assert_eq!(text(input), expected);
            assert_eq!(text(expected), expected, "once is enough");
        }
    }

    #[test]
    fn images_commits_and_ordinary_words_stay() {
        for kept in [
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/api:1.8.3",
            "repo/api:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "repo/api@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "laser/login:2.0.4@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "laser/basic@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "LOGIN_ROLE=arn:aws:iam::123456789012:role/login",
            "denied on arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/api-AbCdEf:password:: by policy",
            "DB_SECRET=arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/api",
            "denied on arn:aws:ecs:us-east-1:123456789012:task-definition/shop-auth:* because",
            "arn:aws:ecs:us-east-1:123456789012:task-definition/api:42",
            "laser-prod-auth:2 of laser/auth:2.0.4-rc1, was auth:1.10, now auth:9.9.9-bad",
            "the key is under the mat: see https://wiki/page?x=1",
        ] {
            assert_eq!(text(kept), kept);
        }
    }

    #[test]
    fn json_is_searched_by_name_and_by_value() {
        let v = j!({"token": "abc", "pin_key": 12, "list": ["AKIAIOSFODNN7EXAMPLE"], "in": {"image": "api:1"}});
        assert_eq!(
            json(&v),
            j!({"token": REDACTED, "pin_key": REDACTED, "list": [REDACTED], "in": {"image": "api:1"}})
        );
        let beside = j!([{"name": "DB_PASSWORD", "value": "x"}, {"name": "LOG", "value": "x"}]);
        let told = j!([{"name": "DB_PASSWORD", "value": REDACTED}, {"name": "LOG", "value": "x"}]);
        assert_eq!(json(&beside), told);
    }
}
