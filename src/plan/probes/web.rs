//! What is seen from outside: HTTPS answers, security headers, certificates and TLS.

use std::collections::BTreeMap;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Param, ParamKind, Probe, number};
use crate::domain::part::Part;
use crate::domain::probe::{HttpsProbe, TlsProbe};

const LETTERS: &[&str] = &["A+", "A", "B", "C"];

const fn letter(default: &'static str) -> Param {
    Param {
        name: "min",
        default,
        kind: ParamKind::OneOf(LETTERS),
    }
}

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "https.answers",
        question: "does every URL answer with the status that is right?",
        params: &[],
        judge: answers,
    },
    Probe {
        name: "https.headers",
        question: "are all security headers present and strict?",
        params: &[letter("A")],
        judge: headers,
    },
    Probe {
        name: "https.hsts",
        question: "does every host pin browsers to HTTPS (Strict-Transport-Security)?",
        params: &[],
        judge: hsts,
    },
    Probe {
        name: "tls.valid",
        question: "is every certificate trusted and far from its end?",
        params: &[number("days", "14")],
        judge: valid,
    },
    Probe {
        name: "tls.grade",
        question: "is the TLS of every host of this grade?",
        params: &[letter("A+")],
        judge: grade,
    },
];

/// The header that HSTS is.
const HSTS: &str = "strict-transport-security";

/// Judges each target's probe; a target that could not be asked stays unknown.
fn per_target<T>(
    look: &Look<'_>,
    parts: &BTreeMap<String, Part<T>>,
    noun: &'static str,
    judge: impl Fn(&str, &T, &mut Findings),
) -> Verdict {
    if look.expect.https.is_empty() && parts.is_empty() {
        return Err(Judgement::unknown(
            "no HTTPS targets configured: add [[probes.https]]",
        ));
    }
    if parts.is_empty() {
        return Err(Judgement::unknown(format!("no {noun} was asked yet")));
    }
    let at = parts
        .values()
        .filter_map(|p| p.observed_at)
        .min()
        .unwrap_or(look.facts.taken_at);
    let source = parts.values().next().map_or("", |p| p.source.as_str());
    let mut found = Findings::new(noun, look.question(source), at);
    for (name, part) in parts {
        match part.fresh(look.now) {
            Some(value) => judge(name, value, &mut found),
            None => found.unknown(name, look.why_not(part, name)),
        }
    }
    Ok(found.verdict())
}

fn answers(look: &Look<'_>) -> Verdict {
    per_target(look, &look.facts.https, "URL", |url, p, found| {
        let right = look
            .expect
            .https
            .iter()
            .find(|(u, _)| u == url)
            .map_or(200, |(_, status)| *status);
        let answer = if p.status == right {
            format!("{} in {:.0} ms", p.status, p.latency_ms)
        } else {
            format!("{}, expected {right}", p.status)
        };
        found.check(p.status == right, url, &answer);
    })
}

/// Grades, best first.
fn rank(letter: &str) -> usize {
    LETTERS
        .iter()
        .position(|l| *l == letter)
        .unwrap_or(LETTERS.len())
}

fn headers(look: &Look<'_>) -> Verdict {
    let least = rank(look.call.value("min"));
    per_target(look, &look.facts.https, "URL", |url, p, found| {
        if rank(&p.grade.letter) <= least {
            found.good(url, &p.grade.letter);
        } else {
            found.bad(
                url,
                format!("{}: {}", p.grade.letter, p.grade.reasons.join(", ")),
            );
        }
    })
}

fn has_hsts(probe: &HttpsProbe) -> bool {
    probe
        .headers
        .iter()
        .any(|h| h.ok && h.name.eq_ignore_ascii_case(HSTS))
}

fn hsts(look: &Look<'_>) -> Verdict {
    per_target(look, &look.facts.https, "URL", |url, p, found| {
        let note = p
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(HSTS))
            .map_or("missing", |h| h.note.as_str());
        found.check(has_hsts(p), url, if has_hsts(p) { "" } else { note });
    })
}

fn valid(look: &Look<'_>) -> Verdict {
    let least = look.number("days");
    per_target(look, &look.facts.tls, "host", |host, p, found| {
        match (&p.trust, p.days_left(look.now)) {
            (Err(why), _) => found.bad(host, why.clone()),
            (Ok(()), Some(days)) if days as f64 > least => {
                found.good(host, &format!("{days} days left, {}", p.protocol));
            }
            (Ok(()), Some(days)) => found.bad(host, format!("{days} days left")),
            (Ok(()), None) => found.unknown(host, "the certificate cannot be read"),
        }
    })
}

fn grade(look: &Look<'_>) -> Verdict {
    let least = rank(look.call.value("min"));
    per_target(look, &look.facts.tls, "host", |host, p, found| {
        let grade = p.graded(hsts_of(look, p));
        if rank(&grade.letter) <= least {
            found.good(host, &grade.letter);
        } else {
            found.bad(
                host,
                format!("{}: {}", grade.letter, grade.reasons.join(", ")),
            );
        }
    })
}

/// Whether the host of a handshake sends HSTS, as far as a fresh HTTPS probe of it tells.
fn hsts_of(look: &Look<'_>, tls: &TlsProbe) -> Option<bool> {
    let mut told = look.facts.https.values().filter_map(|part| {
        let probe = part.fresh(look.now)?;
        host_of(&probe.url)
            .eq_ignore_ascii_case(&tls.host)
            .then(|| has_hsts(probe))
    });
    let first = told.next()?;
    Some(told.fold(first, |all, one| all && one))
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    }
}
