//! What is seen from outside: HTTPS answers, TLS handshakes, DNS look-ups. Each target is a topic of its own, so that one that
//! hangs holds no other up.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::backend::Backend;
use crate::backend::https::guard::GuardTarget;
use crate::backend::tls::TlsTarget;
use crate::config::{Config, DnsTarget, HttpsTarget, ProbeConfig};
use crate::domain::facts::Facts;
use crate::domain::guard::GuardProbe;
use crate::domain::part::Part;
use crate::domain::probe::{self, DnsProbe, HttpsProbe, TlsProbe};
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;
use crate::watch::topic::{Topic, Wanted};

/// From one request to a URL to the next.
const HTTPS: Duration = Duration::from_secs(30);
/// From one handshake with a host to the next: certificates live for months, set-ups for days.
const TLS: Duration = Duration::from_secs(300);
/// From one time that a URL is asked as a stranger to the next.
const GUARD: Duration = Duration::from_secs(300);
/// From one look-up of a name to the next.
const DNS: Duration = Duration::from_secs(60);

/// Gives each target its part, so that nothing is judged well before all were asked.
pub fn open(facts: &mut Facts, config: &Config) {
    let probes = &config.probes;
    for target in &probes.https {
        let part = Part::never("https:GET", HTTPS);
        facts.https.insert(target.url.clone(), part);
        facts.https_targets.push(probe::HttpsTarget {
            url: target.url.clone(),
            status: target.expect_status,
            verifies: target.verifies.clone(),
        });
    }
    for target in GuardTarget::all(probes) {
        let part = Part::never("https:GET,OPTIONS without credentials", GUARD);
        facts.guards.insert(target.url, part);
    }
    for target in TlsTarget::all(probes) {
        let part = Part::never("tls:handshake", TLS);
        facts.tls.insert(target.to_string(), part);
    }
    for target in &probes.dns {
        let part = Part::never("dns:A,AAAA", DNS);
        facts.dns.insert(target.name.clone(), part);
    }
}

/// Every target.
pub fn wanted(config: &Config) -> Vec<Wanted> {
    let probes = &config.probes;
    let every = |topic, period| Wanted {
        period,
        ..Wanted::every(topic, 0)
    };
    let https = probes.https.iter().map(|t| Topic::Https(t.url.clone()));
    let tls = TlsTarget::all(probes)
        .into_iter()
        .map(|t| Topic::Tls(t.to_string()));
    let guards = GuardTarget::all(probes).into_iter();
    let guards = guards.map(|t| Topic::Guard(t.url));
    let dns = probes.dns.iter().map(|t| Topic::Dns(t.name.clone()));
    https
        .map(|t| every(t, HTTPS))
        .chain(tls.map(|t| every(t, TLS)))
        .chain(guards.map(|t| every(t, GUARD)))
        .chain(dns.map(|t| every(t, DNS)))
        .collect()
}

/// A target, found again in the configuration.
#[derive(Clone, Debug)]
pub enum Target {
    /// A URL.
    Https(HttpsTarget),
    /// A URL, as strangers see it.
    Guard(GuardTarget),
    /// A host.
    Tls(TlsTarget),
    /// A name.
    Dns(DnsTarget),
}

/// The target of a topic.
pub fn target(topic: &Topic, probes: &ProbeConfig) -> Option<Target> {
    match topic {
        Topic::Https(url) => {
            let found = probes.https.iter().find(|t| &t.url == url);
            found.cloned().map(Target::Https)
        }
        Topic::Tls(host) => {
            let mut all = TlsTarget::all(probes).into_iter();
            all.find(|t| &t.to_string() == host).map(Target::Tls)
        }
        Topic::Guard(url) => {
            let mut all = GuardTarget::all(probes).into_iter();
            all.find(|t| &t.url == url).map(Target::Guard)
        }
        Topic::Dns(name) => {
            let found = probes.dns.iter().find(|t| &t.name == name);
            found.cloned().map(Target::Dns)
        }
        _ => None,
    }
}

/// What a probe saw, and whose part that is.
#[derive(Debug)]
pub enum Seen {
    /// A URL answered.
    Https(String, Result<HttpsProbe, Problem>),
    /// A URL answered a stranger.
    Guard(String, Box<Result<GuardProbe, Problem>>),
    /// A host shook hands.
    Tls(String, Result<TlsProbe, Problem>),
    /// A name was looked up.
    Dns(String, Result<DnsProbe, Problem>),
}

/// Probes a target.
pub async fn ask(backend: &Backend, target: Target) -> Seen {
    match target {
        Target::Https(t) => {
            let seen = backend.https.probe(&t).await;
            Seen::Https(t.url, seen)
        }
        Target::Guard(t) => {
            let seen = backend.https.guard(&t).await;
            Seen::Guard(t.url, Box::new(seen))
        }
        Target::Tls(t) => Seen::Tls(t.to_string(), backend.tls.probe(&t).await),
        Target::Dns(t) => {
            let seen = backend.dns.probe(&t).await;
            Seen::Dns(t.name, seen)
        }
    }
}

/// Joins what was seen.
pub fn take(p: &mut Picture, seen: Seen, at: Timestamp) -> Option<ProblemKind> {
    match seen {
        Seen::Https(url, answer) => {
            let answer = answer.map_err(|problem| doubted(p, &url, problem));
            join(&mut p.facts.https, &url, answer, at)
        }
        Seen::Guard(url, answer) => join(&mut p.facts.guards, &url, *answer, at),
        Seen::Tls(host, answer) => join(&mut p.facts.tls, &host, answer, at),
        Seen::Dns(name, answer) => join(&mut p.facts.dns, &name, answer, at),
    }
}

/// A failure that says nothing of the host yet: it answered the last time and is asked once more at once, or nobody else is heard
/// either. What a command sees in its one look has to do.
fn doubted(p: &Picture, url: &str, problem: Problem) -> Problem {
    let part = p.facts.https.get(url);
    let is_first = part.is_some_and(|part| part.value.is_some() && part.error.is_none());
    let is_doubted = is_first || p.facts.hears_nobody_but(url);
    match problem.kind.is_lost() && !p.asks_once && is_doubted {
        true => Problem {
            kind: ProblemKind::Offline,
            ..problem
        },
        false => problem,
    }
}

fn join<T>(
    parts: &mut BTreeMap<String, Part<T>>,
    key: &str,
    answer: Result<T, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    if let Some(part) = parts.get_mut(key) {
        part.take(answer, at);
    }
    failure
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::probe::Grade;

    const URL: &str = "https://app.example/";

    fn answer() -> Result<HttpsProbe, Problem> {
        Ok(HttpsProbe {
            url: URL.into(),
            status: 200,
            latency_ms: 1.0,
            headers: Vec::new(),
            grade: Grade {
                letter: "A".into(),
                reasons: Vec::new(),
            },
            mitigated: None,
        })
    }

    fn late() -> Result<HttpsProbe, Problem> {
        Err(Problem::new(ProblemKind::Timeout, "https", "w", "y", "f"))
    }

    #[test]
    fn a_host_that_answered_is_asked_twice_before_it_is_gone() {
        let mut p = Picture::new(Arc::new(Config::default()));
        let part = Part::never("https:GET", HTTPS);
        p.facts.https.insert(URL.into(), part);
        let mut told = |answer| take(&mut p, Seen::Https(URL.into(), answer), Timestamp::now());
        let gone = Some(ProblemKind::Timeout);
        assert_eq!(told(late()), gone, "nothing speaks for it");
        assert_eq!(told(answer()), None);
        assert_eq!(told(late()), Some(ProblemKind::Offline));
        assert_eq!(told(late()), gone);
        assert_eq!(told(answer()), None);
        p.asks_once = true;
        let once = take(&mut p, Seen::Https(URL.into(), late()), Timestamp::now());
        assert_eq!(once, gone);
    }
}
