//! A grade for a connection, after the ideas of the SSL Labs server rating guide, as far as a modern client can see: it
//! offers TLS 1.2 and 1.3 with forward-secret suites alone, so what is older shows as a handshake that fails.

use crate::domain::probe::{Certificate, Grade, HSTS_UNSEEN};

/// What the grade is made of.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Whether the chain is trusted, and why not.
    pub trust: &'a Result<(), String>,
    /// Whether TLS 1.3 was negotiated.
    pub tls13: bool,
    /// The leaf.
    pub leaf: Option<&'a Certificate>,
}

/// Grades a connection. `A` is the most that a handshake shows: `A+` takes HSTS ([`crate::domain::probe::TlsProbe::graded`]).
pub fn grade(seen: &Seen<'_>) -> Grade {
    let letter = |letter: &str, reasons: Vec<String>| Grade {
        letter: letter.into(),
        reasons,
    };
    if let Err(why) = seen.trust {
        return letter("T", vec![format!("not trusted: {why}")]);
    }
    if let Some(weak) = seen.leaf.and_then(|c| weak_key(&c.key)) {
        return letter("F", vec![weak]);
    }
    if !seen.tls13 {
        return letter("B", vec!["TLS 1.3 is not offered".into()]);
    }
    letter("A", vec![HSTS_UNSEEN.into()])
}

/// Keys below what the CA/Browser Forum's baseline requirements allow.
fn weak_key(key: &str) -> Option<String> {
    let (kind, size) = key.split_once(' ')?;
    let bits: u32 = size.parse().ok()?;
    let least = match kind {
        "RSA" => 2048,
        "ECDSA" => 256,
        _ => return None,
    };
    (bits < least).then(|| format!("weak key: {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_trusted_is_never_an_a() {
        let trust = Err("expired".to_owned());
        let seen = Seen {
            trust: &trust,
            tls13: true,
            leaf: None,
        };
        assert_eq!(grade(&seen).letter, "T");
        let seen = Seen {
            trust: &Ok(()),
            ..seen
        };
        assert_eq!(grade(&seen).letter, "A");
        assert_eq!(
            grade(&Seen {
                tls13: false,
                ..seen
            })
            .letter,
            "B"
        );
    }

    #[test]
    fn short_keys_fail_and_curves_do_not() {
        assert!(weak_key("RSA 1024").is_some());
        assert!(weak_key("RSA 2048").is_none());
        assert!(weak_key("ECDSA P-256").is_none());
        assert!(weak_key("ECDSA 192").is_some());
    }
}
