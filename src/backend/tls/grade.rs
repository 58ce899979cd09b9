//! A grade for a connection, after the ideas of the SSL Labs server rating guide: a modern client's handshakes, and whether the server
//! still takes what came before TLS 1.2 (capped at B since January 2020), and whether it offers TLS 1.3 (capped at A- without it since
//! its version 2009r of May 2025). Weak suites of TLS 1.2 are not looked for.

use super::old::Old;
use crate::domain::probe::{Certificate, Grade, HSTS_UNSEEN};

/// What the grade is made of.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Whether the chain is trusted, and why not.
    pub trust: &'a Result<(), String>,
    /// Whether TLS 1.3 was negotiated.
    pub tls13: bool,
    /// Which old versions are taken.
    pub old: Old,
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
    let modern = (!seen.tls13).then(|| "TLS 1.3 is not offered".to_owned());
    let mut capped = Vec::from_iter(modern);
    if let Some(still) = versions(&seen.old, Some(true)) {
        capped.push(format!(
            "{still} still offered: switch off what is older than 1.2"
        ));
        return letter("B", capped);
    }
    let best = if seen.tls13 { "A" } else { "A-" };
    let mut reasons = capped;
    if seen.tls13 {
        reasons.push(HSTS_UNSEEN.to_owned());
    }
    if let Some(unknown) = versions(&seen.old, None) {
        reasons.push(format!(
            "not known whether it still offers {unknown}: no answer to a hello in it"
        ));
    }
    letter(best, reasons)
}

/// The old versions of which that is known; `None` where there is none.
fn versions(old: &Old, known: Option<bool>) -> Option<String> {
    let of = |told: Option<bool>, name: &'static str| (told == known).then_some(name);
    match (of(old.tls11, "TLS 1.1"), of(old.tls10, "TLS 1.0")) {
        (Some(_), Some(_)) => Some("TLS 1.0 and 1.1".into()),
        (one, other) => one.or(other).map(str::to_owned),
    }
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

    const NONE: Old = Old {
        tls11: Some(false),
        tls10: Some(false),
    };

    #[test]
    fn what_is_not_trusted_is_never_an_a() {
        let trust = Err("expired".to_owned());
        let seen = Seen {
            trust: &trust,
            tls13: true,
            old: NONE,
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
            "A-"
        );
    }

    #[test]
    fn old_versions_cap_the_grade_and_so_does_not_knowing() {
        let of = |tls11, tls10| {
            let grade = grade(&Seen {
                trust: &Ok(()),
                tls13: true,
                old: Old { tls11, tls10 },
                leaf: None,
            });
            (grade.letter, grade.reasons.join("; "))
        };
        let (letter, why) = of(Some(true), Some(false));
        assert_eq!(letter, "B");
        assert!(why.starts_with("TLS 1.1 still offered"), "{why}");
        let both = grade(&Seen {
            trust: &Ok(()),
            tls13: false,
            old: Old {
                tls11: Some(true),
                tls10: Some(false),
            },
            leaf: None,
        });
        assert_eq!((both.letter.as_str(), both.reasons.len()), ("B", 2));
        let (letter, why) = of(Some(true), Some(true));
        assert_eq!(letter, "B");
        assert!(why.starts_with("TLS 1.0 and 1.1 still offered"), "{why}");
        assert_eq!(of(None, Some(true)).0, "B", "one is enough");
        let (letter, why) = of(Some(false), None);
        assert_eq!(letter, "A");
        assert!(why.contains("whether it still offers TLS 1.0"), "{why}");
    }

    #[test]
    fn short_keys_fail_and_curves_do_not() {
        assert!(weak_key("RSA 1024").is_some());
        assert!(weak_key("RSA 2048").is_none());
        assert!(weak_key("ECDSA P-256").is_none());
        assert!(weak_key("ECDSA 192").is_some());
    }
}
