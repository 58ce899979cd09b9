//! Security headers, graded: HSTS (RFC 6797), CSP (W3C, level 3), X-Frame-Options (RFC 7034), X-Content-Type-Options (WHATWG
//! Fetch), Referrer-Policy and Permissions-Policy (W3C).

use http::HeaderMap;

use crate::domain::probe::{Grade, HeaderCheck};
use crate::domain::text::{clip, inert};

/// Half a year: the least `max-age` that counts as strict.
const HSTS_SECONDS: u64 = 15_552_000;

/// Columns kept of a value.
const VALUE: usize = 400;

/// A rule: why a value is not strict; `None` if it is. `None` in: the header is missing.
type Rule = fn(Option<&str>, &HeaderMap) -> Option<String>;

const RULES: [(&str, Rule); 6] = [
    ("Strict-Transport-Security", hsts),
    ("Content-Security-Policy", csp),
    ("X-Frame-Options", frames),
    ("X-Content-Type-Options", sniffing),
    ("Referrer-Policy", referrer),
    ("Permissions-Policy", permissions),
];

/// Checks every security header.
pub fn check(headers: &HeaderMap) -> Vec<HeaderCheck> {
    RULES
        .iter()
        .map(|(name, rule)| {
            let value = value(headers, name);
            let fault = rule(value.as_deref(), headers);
            HeaderCheck {
                name: (*name).to_owned(),
                value: value.map(|v| clip(&inert(&v), VALUE)),
                ok: fault.is_none(),
                note: fault.unwrap_or_default(),
            }
        })
        .collect()
}

/// Grades what was checked: all strict is A+, one lacking A, two B, three C; without HSTS or CSP at most B.
pub fn grade(checks: &[HeaderCheck]) -> Grade {
    let reasons: Vec<String> = checks
        .iter()
        .filter(|c| !c.ok)
        .map(|c| inert(&format!("{} {}", c.name, c.note)))
        .collect();
    let heavy = checks.iter().take(2).any(|c| !c.ok);
    let letter = match (reasons.len(), heavy) {
        (0, _) => "A+",
        (1, false) => "A",
        (1 | 2, _) => "B",
        (3, _) => "C",
        _ => "F",
    };
    Grade {
        letter: letter.into(),
        reasons,
    }
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let all: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn missing() -> Option<String> {
    Some("is missing".into())
}

fn hsts(value: Option<&str>, _: &HeaderMap) -> Option<String> {
    let Some(value) = value else {
        return missing();
    };
    let mut age = None;
    let mut subdomains = false;
    for directive in value.split(';').map(str::trim) {
        let (name, given) = directive.split_once('=').unwrap_or((directive, ""));
        if name.eq_ignore_ascii_case("max-age") {
            age = given.trim().trim_matches('"').parse::<u64>().ok();
        } else if name.eq_ignore_ascii_case("includeSubDomains") {
            subdomains = true;
        }
    }
    match age {
        None => Some("has no max-age".into()),
        Some(s) if s < HSTS_SECONDS => Some(format!(
            "lasts {} days only, less than {}",
            s / 86_400,
            HSTS_SECONDS / 86_400
        )),
        Some(_) if !subdomains => Some("leaves subdomains out (no includeSubDomains)".into()),
        Some(_) => None,
    }
}

/// The sources of a CSP directive.
fn directive<'v>(policy: &'v str, name: &str) -> Option<Vec<&'v str>> {
    policy.split([';', ',']).find_map(|d| {
        let mut words = d.split_whitespace();
        words
            .next()
            .filter(|w| w.eq_ignore_ascii_case(name))
            .map(|_| words.collect())
    })
}

fn csp(value: Option<&str>, _: &HeaderMap) -> Option<String> {
    let Some(policy) = value else {
        return missing();
    };
    let named = directive(policy, "script-src").map(|s| ("script-src", s));
    let fallback = || directive(policy, "default-src").map(|s| ("default-src", s));
    let Some((name, sources)) = named.or_else(fallback) else {
        return Some("restricts no scripts (neither script-src nor default-src)".into());
    };
    let has = |word: &str| sources.iter().any(|s| s.eq_ignore_ascii_case(word));
    // Browsers ignore 'unsafe-inline' beside a nonce or a hash: it is there for old ones.
    let pinned = sources
        .iter()
        .any(|s| s.starts_with("'nonce-") || s.starts_with("'sha"));
    if has("'unsafe-inline'") && !pinned {
        Some(format!("allows inline scripts ('unsafe-inline' in {name})"))
    } else if has("'unsafe-eval'") {
        Some(format!("allows eval ('unsafe-eval' in {name})"))
    } else if has("*") || has("http:") || has("https:") {
        Some(format!("allows scripts from anywhere (in {name})"))
    } else {
        None
    }
}

fn frames(value: Option<&str>, headers: &HeaderMap) -> Option<String> {
    let policy = self::value(headers, "Content-Security-Policy");
    let ancestors = policy
        .as_deref()
        .and_then(|p| directive(p, "frame-ancestors"));
    if let Some(sources) = ancestors {
        return sources
            .contains(&"*")
            .then(|| "is overruled by frame-ancestors *".into());
    }
    match value {
        None => Some("is missing, and so is frame-ancestors".into()),
        Some(v) if v.eq_ignore_ascii_case("DENY") || v.eq_ignore_ascii_case("SAMEORIGIN") => None,
        Some(_) => Some("is neither DENY nor SAMEORIGIN".into()),
    }
}

fn sniffing(value: Option<&str>, _: &HeaderMap) -> Option<String> {
    match value {
        None => missing(),
        Some(v) if v.trim().eq_ignore_ascii_case("nosniff") => None,
        Some(_) => Some("is not nosniff".into()),
    }
}

fn referrer(value: Option<&str>, _: &HeaderMap) -> Option<String> {
    let Some(value) = value else {
        return missing();
    };
    // Of a list, the last policy that a browser knows counts.
    let last = value.rsplit(',').next().unwrap_or(value).trim();
    let strict = [
        "no-referrer",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
    ];
    if strict.iter().any(|s| last.eq_ignore_ascii_case(s)) {
        None
    } else {
        Some(format!("tells other sites too much ({last})"))
    }
}

fn permissions(value: Option<&str>, _: &HeaderMap) -> Option<String> {
    match value.map(str::trim) {
        None => missing(),
        Some("") => Some("is empty".into()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(rows: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in rows {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    const STRICT: [(&str, &str); 6] = [
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains; preload",
        ),
        (
            "content-security-policy",
            "default-src 'self'; script-src 'self' 'nonce-abc' 'unsafe-inline'",
        ),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        (
            "referrer-policy",
            "no-referrer, strict-origin-when-cross-origin",
        ),
        ("permissions-policy", "camera=()"),
    ];

    fn with(name: &'static str, value: &'static str) -> Grade {
        let mut rows = STRICT;
        for row in &mut rows {
            if row.0 == name {
                row.1 = value;
            }
        }
        grade(&check(&map(&rows)))
    }

    #[test]
    fn all_strict_is_the_best_and_none_the_worst() {
        assert_eq!(grade(&check(&map(&STRICT))).letter, "A+");
        let none = grade(&check(&HeaderMap::new()));
        assert_eq!((none.letter.as_str(), none.reasons.len()), ("F", 6));
    }

    #[test]
    fn weak_values_are_told_from_strict_ones() {
        let weak = [
            (
                "strict-transport-security",
                "max-age=3600; includeSubDomains",
                "lasts 0 days",
            ),
            (
                "strict-transport-security",
                "max-age=31536000",
                "subdomains",
            ),
            (
                "content-security-policy",
                "script-src 'self' 'unsafe-inline'",
                "inline",
            ),
            (
                "content-security-policy",
                "img-src 'self'",
                "restricts no scripts",
            ),
            ("content-security-policy", "default-src *", "from anywhere"),
            ("x-frame-options", "ALLOWALL", "neither"),
            ("x-content-type-options", "sniff", "not nosniff"),
            ("referrer-policy", "unsafe-url", "too much"),
        ];
        for (name, value, words) in weak {
            let g = with(name, value);
            assert_ne!(g.letter, "A+", "{name}: {value}");
            assert!(g.reasons[0].contains(words), "{:?}", g.reasons);
        }
        assert_eq!(with("strict-transport-security", "max-age=1").letter, "B");
        assert_eq!(with("referrer-policy", "unsafe-url").letter, "A");
    }

    #[test]
    fn frame_ancestors_stands_in_for_x_frame_options() {
        let rows = [(
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        )];
        let checks = check(&map(&rows));
        assert!(checks.iter().any(|c| c.name == "X-Frame-Options" && c.ok));
    }

    #[test]
    fn values_are_inert() {
        let mut headers = HeaderMap::new();
        let raw = http::HeaderValue::from_bytes("de\u{202e}ny".as_bytes()).unwrap();
        headers.insert("x-frame-options", raw);
        let shown = check(&headers).remove(2).value.unwrap();
        assert_eq!(shown, "de\\u{202e}ny");
    }
}
