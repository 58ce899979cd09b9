//! Names that promise a secret: `DB_PASSWORD`, `STRIPE_KEY`, `x-api-token`.

/// Words that, as one segment of a name, promise a secret: `STRIPE_KEY`, `dbPassword`, `x-api-token`.
const SECRET_WORDS: [&str; 21] = [
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "token",
    "key",
    "apikey",
    "credential",
    "credentials",
    "auth",
    "authorization",
    "dsn",
    "private",
    "signature",
    "cookie",
    "mnemonic",
    "hmac",
];

/// Those of them that promise a password and nothing else: services and repositories bear the others (`auth:2`).
const PASSWORD_WORDS: [&str; 10] = [
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "dsn",
    "private",
];

/// Whether a name promises a secret value. Works on `SNAKE_CASE`, `kebab-case`, `dotted.names` and `camelCase`.
pub fn is_secret_name(name: &str) -> bool {
    any_segment(name, |s| {
        // The second of its kind is one, too: `PASSWORD2`.
        let kind = s.trim_end_matches(|c: char| c.is_ascii_digit());
        SECRET_WORDS.contains(&s) || ends_as_password(kind) || ends_as_secret(kind)
    }) || is_seed(name)
}

/// Whether a name promises a password and nothing else.
pub(super) fn is_password_name(name: &str) -> bool {
    any_segment(name, |s| PASSWORD_WORDS.contains(&s) || ends_as_password(s))
}

/// `ENCRYPTION_SEED`, `SEED_PHRASE`: what keys are made from. What merely begins so is something to sow (`SEED_DATA`).
fn is_seed(name: &str) -> bool {
    let ends = |word: &str| {
        let tail = name.len().checked_sub(word.len());
        let tail = tail.and_then(|from| name.get(from..));
        tail.is_some_and(|t| t.eq_ignore_ascii_case(word))
    };
    (ends("seed") || ends("phrase")) && has_segment(name, &["seed"])
}

/// Whether a segment ends in another word for a secret without anything between: `JWTSECRET`, `APITOKEN`, `MASTERKEY`. What merely rhymes
/// with a key is none (`monkey`, `hotkey`).
fn ends_as_secret(segment: &str) -> bool {
    const KEYS: [&str; 8] = [
        "access",
        "api",
        "encryption",
        "master",
        "private",
        "secret",
        "shared",
        "signing",
    ];
    let of_key = |stem: &str| KEYS.iter().any(|k| stem.ends_with(k));
    segment.ends_with("secret")
        || segment.ends_with("token")
        || segment.strip_suffix("key").is_some_and(of_key)
}

/// Whether a segment ends in a word for a password without anything between: `PGPASSWORD`, `DBPASS`, `SMTP_PW`.
fn ends_as_password(segment: &str) -> bool {
    const ENDS: [&str; 5] = ["password", "passwd", "passphrase", "pwd", "pw"];
    const WORDS: [&str; 6] = [
        "bypass",
        "compass",
        "encompass",
        "overpass",
        "surpass",
        "underpass",
    ];
    ENDS.iter().any(|end| segment.ends_with(end))
        || (segment.ends_with("pass") && !WORDS.contains(&segment))
}

pub(super) fn has_segment(name: &str, words: &[&str]) -> bool {
    any_segment(name, |s| words.contains(&s))
}

fn any_segment(name: &str, is_one: impl Fn(&str) -> bool) -> bool {
    let mut segment = String::new();
    let mut previous_lower = false;
    for c in name.chars().chain(std::iter::once('_')) {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && previous_lower);
        if boundary {
            if is_one(&segment) {
                return true;
            }
            segment.clear();
        }
        if c.is_alphanumeric() {
            segment.extend(c.to_lowercase());
        }
        previous_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_secrets_by_whole_segments() {
        for name in [
            "DB_PASSWORD",
            "dbPassword",
            "STRIPE_KEY",
            "x-api-token",
            "SENTRY_DSN",
            "aws.secret.id",
            "SECRETKEY",
            "MASTERKEY",
            "CLIENTSECRET",
            "JWTSECRET",
            "AUTHTOKEN",
            "PASSWORD1",
            "DBPASSWD1",
            "AUTH",
            "ENCRYPTION_SEED",
            "walletSeed",
            "SEED_PHRASE",
            "MNEMONIC",
            "HMAC",
            "PASSWORDS_JSON",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "KEYMAP",
            "SEED_DATA",
            "linseed",
            "MONKEY",
            "HOTKEY",
            "KEY2SORT",
            "AUTHOR",
            "PASSENGERS",
            "LOG_LEVEL",
            "TOKENIZER",
            "",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
