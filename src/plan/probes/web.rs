//! What is seen from outside: HTTPS answers, security headers, certificates and TLS.

use std::collections::BTreeMap;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Param, ParamKind, Probe, number};
use crate::domain::guard::GuardProbe;
use crate::domain::part::Part;
use crate::domain::probe::{HttpsProbe, TlsProbe};

const LETTERS: &[&str] = &["A+", "A", "A-", "B", "C"];

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
        name: "https.csrf",
        question: "do cookies and other sites' access keep pages of others from acting in a user's name?",
        params: &[letter("A")],
        judge: csrf,
    },
    Probe {
        name: "https.refuses",
        question: "is who brings no credentials refused (401, 403, or sent to sign in) where they are needed?",
        params: &[],
        judge: refuses,
    },
    Probe {
        name: "https.limited",
        question: "does the limit answer a burst with 429?",
        params: &[],
        judge: limited,
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

/// Judges each URL's answer; what the edge answered for itself says nothing of the host behind it.
fn hosts(look: &Look<'_>, judge: impl Fn(&str, &HttpsProbe, &mut Findings)) -> Verdict {
    per_target(look, &look.facts.https, "URL", |url, p, found| {
        match p.unseen() {
            Some(why) => found.unknown(url, why),
            None => judge(url, p, found),
        }
    })
}

fn answers(look: &Look<'_>) -> Verdict {
    hosts(look, |url, p, found| {
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
    hosts(look, |url, p, found| {
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
    hosts(look, |url, p, found| {
        let note = p
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(HSTS))
            .map_or("missing", |h| h.note.as_str());
        found.check(has_hsts(p), url, if has_hsts(p) { "" } else { note });
    })
}

/// The status that is right for a stranger's GET, in words, and whether it came.
fn greeting(look: &Look<'_>, url: &str, p: &GuardProbe) -> (bool, String) {
    if p.protected {
        return (p.refusal().is_some(), "401 or 403".into());
    }
    let right = look.expect.https.iter().find(|(u, _)| u == url);
    let right = right.map_or(200, |(_, status)| *status);
    (p.status == right, right.to_string())
}

/// Faults count wherever they are seen; that there are none counts only where there was something to be at fault. A URL that is
/// open to everybody and sets no cookie has nothing that could be misused, and proves nothing.
fn csrf(look: &Look<'_>) -> Verdict {
    let least = rank(look.call.value("min"));
    let is_idle = |url: &str, p: &GuardProbe| {
        let plain = !p.protected && p.grade().reasons.is_empty() && greeting(look, url, p).0;
        plain && p.shows_nothing().is_some()
    };
    let guards = look.facts.guards.iter();
    let parts: BTreeMap<_, _> = guards
        .filter(|(url, part)| !part.fresh(look.now).is_some_and(|p| is_idle(url, p)))
        .map(|(url, part)| (url.clone(), part.clone()))
        .collect();
    if parts.is_empty() && !look.facts.guards.is_empty() {
        return Err(Judgement::unknown(
            "no URL set a cookie, and none is named that takes credentials: add [[probes.protected]]",
        ));
    }
    per_target(look, &parts, "URL", |url, p, found| {
        let grade = p.grade();
        let (is_right, right) = greeting(look, url, p);
        if let Some(why) = p.any_mitigated() {
            found.unknown(url, why);
        } else if rank(&grade.letter) > least {
            found.bad(
                url,
                format!("{}: {}", grade.letter, grade.reasons.join(", ")),
            );
        } else if !is_right {
            found.unknown(
                url,
                format!(
                    "answered {}, expected {right}: what it guards was not seen",
                    p.status
                ),
            );
        } else if let Some(why) = p.shows_nothing() {
            found.unknown(url, why);
        } else {
            found.good(url, &format!("{} ({})", grade.letter, p.seen()));
        }
    })
}

/// The URLs that take credentials.
fn protected(look: &Look<'_>, judge: impl Fn(&str, &GuardProbe, &mut Findings)) -> Verdict {
    let named = &look.expect.protected;
    let is_protected = |url: &String| named.iter().any(|(u, _)| u == url);
    let parts: BTreeMap<_, _> = look
        .facts
        .guards
        .iter()
        .filter(|(url, part)| is_protected(url) || part.value.as_ref().is_some_and(|p| p.protected))
        .map(|(url, part)| (url.clone(), part.clone()))
        .collect();
    if named.is_empty() && parts.is_empty() {
        return Err(Judgement::unknown(
            "no URL is named that takes credentials: add [[probes.protected]]",
        ));
    }
    per_target(look, &parts, "URL", judge)
}

fn refuses(look: &Look<'_>) -> Verdict {
    protected(look, |url, p, found| match (p.status, p.refusal()) {
        _ if p.mitigated.is_some() => {
            let why = p.mitigated.as_deref().unwrap_or_default();
            found.unknown(url, format!("answered {}: {why}", p.status));
        }
        (401 | 403, _) => {
            let challenge = p.challenge.as_deref().unwrap_or("no challenge");
            found.good(url, &format!("{} ({challenge})", p.status));
        }
        (_, Some(how)) => found.good(url, &how),
        // Nobody is let in there, and nobody knows whether one signs in where it leads to.
        (300..=399, None) => {
            let to = p.location.as_deref().unwrap_or("nowhere");
            found.unknown(
                url,
                format!(
                    "answered {}, which leads to {to}: no page to sign in at by its name",
                    p.status
                ),
            );
        }
        // Neither lets anybody in, and neither says that credentials are asked for.
        (429 | 500..=599, None) => found.unknown(
            url,
            format!("answered {}, which says nothing of credentials", p.status),
        ),
        (200..=299, None) => found.bad(
            url,
            format!("answered {} to nobody in particular", p.status),
        ),
        (status, None) => found.bad(url, format!("answered {status}, not 401 or 403")),
    })
}

fn limited(look: &Look<'_>) -> Verdict {
    let named = &look.expect.protected;
    if !named.is_empty() && named.iter().all(|(_, burst)| burst.is_none()) {
        return Err(Judgement::unknown(
            "no burst is allowed anywhere: set burst in [[probes.protected]] to see a limit answer",
        ));
    }
    protected(look, |url, p, found| match &p.burst {
        // Where none is allowed, nothing is claimed.
        None => {}
        Some(b) if look.now.duration_since(b.at).as_hours() >= 3 => {
            found.unknown(url, "the last burst is hours old");
        }
        Some(b) if b.limited => found.good(url, &b.words()),
        Some(b) if b.problem.is_some() => found.unknown(url, b.words()),
        Some(b) => found.bad(url, b.words()),
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
            .then(|| probe.unseen().is_none().then(|| has_hsts(probe)))?
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::guard::{Burst, Cookie, Sharing};
    use crate::domain::probe::Grade;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;
    use crate::plan::probes::testing::{now, part};
    use crate::plan::probes::{Call, judge};

    const URL: &str = "https://api.example/v1";

    fn seen(status: u16) -> GuardProbe {
        GuardProbe {
            url: URL.into(),
            protected: true,
            status,
            challenge: Some("Bearer".into()),
            location: None,
            mitigated: None,
            cors_mitigated: None,
            cookies: Vec::new(),
            sharing: Vec::new(),
            burst_allowed: Some(9),
            burst: None,
        }
    }

    fn judged(call: &str, seen: Option<GuardProbe>, allowed: Option<u32>) -> Judgement {
        let expect = Expectations {
            protected: vec![(URL.into(), allowed)],
            ..Expectations::default()
        };
        let mut facts = Facts::default();
        let answer = seen.map_or_else(|| Part::never("https:x", Duration::from_secs(300)), part);
        facts.guards.insert(URL.into(), answer);
        judge(&Call::parse(call).unwrap(), &facts, &expect, now())
    }

    #[test]
    fn strangers_are_refused_or_let_in_or_nobody_knows() {
        let state = |status| judged("https.refuses", Some(seen(status)), None).state;
        assert_eq!([401, 403].map(state), [Proved, Proved]);
        assert_eq!([200, 204, 404].map(state), [Failing; 3]);
        assert_eq!([302, 429, 503].map(state), [Unknown; 3]);
        let sent = |to: &str| {
            let mut p = seen(302);
            p.location = Some(to.into());
            judged("https.refuses", Some(p), None)
        };
        let login = sent("id.example/login");
        assert_eq!(login.state, Proved);
        assert!(login.evidence[0].answer.contains("302 to id.example/login"));
        assert_eq!(sent("api.example/v1/").state, Unknown);
        assert_eq!(judged("https.refuses", None, None).state, Unknown);
        let facts = Facts::default();
        let call = Call::parse("https.refuses").unwrap();
        let nobody = judge(&call, &facts, &Expectations::default(), now());
        assert!(nobody.reason.contains("[[probes.protected]]"));
    }

    /// A challenge page is a 403 of the edge's: the API behind it may be open to everybody.
    #[test]
    fn a_bot_challenge_proves_nothing_either_way() {
        let why = "Cloudflare challenged this machine (bot protection): let its address through";
        let mut guard = seen(403);
        guard.mitigated = Some(why.into());
        for call in ["https.refuses", "https.csrf"] {
            let told = judged(call, Some(guard.clone()), None);
            assert_eq!(told.state, Unknown, "{call}");
            assert!(told.reason.contains("let its address"), "{}", told.reason);
        }
        // One that only meets other sites' pages says nothing of how strangers are refused.
        let mut refused = seen(401);
        refused.cors_mitigated = Some(why.into());
        let state = |call| judged(call, Some(refused.clone()), None).state;
        assert_eq!(
            ["https.refuses", "https.csrf"].map(state),
            [Proved, Unknown]
        );
        let page = |mitigated: Option<&str>| {
            let mut facts = Facts::default();
            let probe = HttpsProbe {
                url: URL.into(),
                status: 403,
                latency_ms: 1.0,
                headers: Vec::new(),
                grade: Grade {
                    letter: "F".into(),
                    reasons: Vec::new(),
                },
                mitigated: mitigated.map(str::to_owned),
            };
            facts.https.insert(URL.into(), part(probe));
            let of = |call| {
                let call = Call::parse(call).unwrap();
                judge(&call, &facts, &Expectations::default(), now()).state
            };
            ["https.answers", "https.headers", "https.hsts"].map(of)
        };
        assert_eq!(page(Some(why)), [Unknown; 3]);
        assert_eq!(page(None), [Failing; 3]);
    }

    #[test]
    fn a_limit_answers_or_not_and_without_leave_nothing_is_claimed() {
        let burst = |limited, problem: Option<&str>, hours| {
            let mut p = seen(401);
            p.burst = Some(Burst {
                at: now() - SignedDuration::from_hours(hours),
                most: 9,
                sent: 5,
                took_ms: 100,
                limited,
                retry_after: Some("7".into()),
                problem: problem.map(str::to_owned),
            });
            judged("https.limited", Some(p), Some(9))
        };
        let good = burst(true, None, 1);
        assert_eq!(good.state, Proved);
        let answer = &good.evidence[0].answer;
        assert!(answer.contains("429 after 5 of at most 9 requests in 0.1 s, Retry-After: 7"));
        assert_eq!(burst(false, None, 1).state, Failing);
        assert_eq!(burst(false, Some("cut"), 1).state, Unknown);
        assert_eq!(burst(true, None, 3).state, Unknown);
        let nobody = judged("https.limited", Some(seen(401)), None);
        assert_eq!(nobody.state, Unknown);
        assert!(nobody.reason.contains("no burst is allowed"));
    }

    #[test]
    fn a_cookie_without_its_marks_or_a_reflected_origin_fails() {
        let with = |change: fn(&mut GuardProbe)| {
            let mut p = seen(401);
            change(&mut p);
            judged("https.csrf", Some(p), None)
        };
        let bearer = with(|_| {});
        assert_eq!(bearer.state, Proved, "no browser sends it by itself");
        let answer = &bearer.evidence[0].answer;
        assert!(answer.contains("A+ (no cookie but Bearer"), "{answer}");
        let strict = |p: &mut GuardProbe| {
            p.challenge = None;
            p.cookies.push(Cookie {
                name: "sid".into(),
                secure: true,
                http_only: true,
                same_site: Some("Strict".into()),
            });
        };
        assert_eq!(with(strict).state, Proved);
        let nothing: [fn(&mut GuardProbe); 5] = [
            |p| p.challenge = None,
            |p| p.challenge = Some("Basic realm=\"a\"".into()),
            |p| p.challenge = Some("Bearer, Negotiate".into()),
            |p| p.status = 500,
            |p| (p.protected, p.status) = (false, 200),
        ];
        for change in nothing {
            let got = with(change);
            assert_eq!(got.state, Unknown, "{}", got.reason);
        }
        let bare = with(|p| {
            p.cookies.push(Cookie {
                name: "sid".into(),
                secure: true,
                http_only: true,
                same_site: None,
            });
        });
        assert_eq!(bare.state, Failing);
        assert!(bare.reason.contains("C: cookie sid has no SameSite"));
        let shared = with(|p| {
            p.sharing.push(Sharing {
                method: "GET".into(),
                origin: "https://other.invalid".into(),
                allow_origin: Some("https://other.invalid".into()),
                credentials: true,
            });
        });
        assert_eq!(shared.state, Failing);
        assert_eq!(judged("https.csrf", None, None).state, Unknown);
    }
}
