//! How hosts are reached from here: protocol, cipher, the certificates that they show, and what their names resolve to. A part of the
//! security page.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::words::days;
use super::{Cell, Head, Section, Tone};
use crate::domain::facts::Facts;
use crate::domain::part::Part;
use crate::domain::probe::{Certificate, DnsProbe, TlsProbe};

const CONNECTIONS: &[Head] = &[
    Head::left("host", 19).grow(2),
    Head::left("protocol", 8),
    Head::left("cipher", 24).grow(1),
    Head::left("resolves to", 20).grow(4),
];
const CHAIN: &[Head] = &[
    Head::left("host", 19).grow(2),
    Head::right("#", 1),
    Head::left("certificate of", 19).grow(2),
    Head::left("issued by", 16).grow(2),
    Head::left("until", 10),
    Head::right("days left", 9).drop(1),
    Head::left("key", 12).drop(2),
];

/// Days that a certificate has left below which it is a warning.
pub(super) const SOON_DAYS: i64 = 14;

/// What is known of a host's connection.
#[derive(Clone, Copy, Default)]
pub(super) struct Reached<'a> {
    /// The handshake.
    pub(super) tls: Option<&'a Part<TlsProbe>>,
    /// The look-up.
    pub(super) dns: Option<&'a Part<DnsProbe>>,
}

impl<'a> Reached<'a> {
    /// Of a host, whatever its port.
    pub(super) fn host(facts: &'a Facts, host: &str) -> Self {
        let name = host.split(':').next().unwrap_or(host);
        let mut tls = facts.tls.iter();
        Self {
            tls: tls
                .find(|(at, _)| at.split(':').next() == Some(name))
                .map(|(_, p)| p),
            dns: facts.dns.get(name),
        }
    }

    /// The handshake as JSON; `null` where there was none.
    pub(super) fn connection(&self) -> Option<&'a TlsProbe> {
        self.tls.and_then(|p| p.value.as_ref())
    }

    /// The look-up as JSON; `null` where there was none.
    pub(super) fn resolution(&self) -> Option<&'a DnsProbe> {
        self.dns.and_then(|p| p.value.as_ref())
    }
}

/// The sections: connections, and the chains of their certificates.
pub(super) fn sections(facts: &Facts, now: Timestamp) -> [Section; 2] {
    let mut all: BTreeMap<&str, Reached<'_>> = BTreeMap::new();
    for (at, part) in &facts.tls {
        let host = at.strip_suffix(":443").unwrap_or(at);
        let name = at.split(':').next().unwrap_or(at);
        let dns = facts.dns.get(name);
        let tls = Some(part);
        all.insert(host, Reached { tls, dns });
    }
    for (name, part) in &facts.dns {
        all.entry(name).or_default().dns = Some(part);
    }
    let none = "No host is connected to: add [[probes.https]], [[probes.tls]] or [[probes.dns]] to flightdeck.toml.";
    let mut connections = started(facts, now, "connections", "Connections from here", none);
    connections.heads = CONNECTIONS;
    let none = "No host has shown a certificate.";
    let mut chain = started(facts, now, "certificates", "Certificates shown", none);
    chain.heads = CHAIN;
    for (host, reached) in all {
        let cells = vec![
            Cell::name(host),
            said(reached.tls, "no handshake", |t| t.protocol.clone()),
            said(reached.tls, "", |t| t.cipher.clone()),
            said(reached.dns, "not looked up: add [[probes.dns]]", resolves),
        ];
        let thing = json!({"host": host, "connection": reached.connection(), "resolution": reached.resolution()});
        connections.row(host, cells, &thing);
        let shown = reached.connection().map_or(&[][..], |t| &t.chain);
        for (at, certificate) in shown.iter().enumerate() {
            let thing = json!({"host": host, "at": at, "certificate": certificate});
            let cells = certificate_cells(host, at, certificate, now);
            chain.row(format!("{host} {at}"), cells, &thing);
        }
    }
    [connections, chain]
}

/// A section that is worth what all look-ups and handshakes are worth together; nobody is asked where none is configured.
fn started(
    facts: &Facts,
    now: Timestamp,
    name: &'static str,
    title: &str,
    none: &'static str,
) -> Section {
    let mut tls = facts.tls.values();
    let first = tls.next();
    let mut dns = facts.dns.values();
    let section = match first {
        Some(part) => Section::of(part, now, name, title, CONNECTIONS, none),
        None => match dns.next() {
            Some(part) => Section::of(part, now, name, title, CONNECTIONS, none),
            None => return Section::unasked("tls:handshake", name, title, CONNECTIONS, none),
        },
    };
    let section = tls.fold(section, |s, part| s.with(part, now));
    dns.fold(section, |s, part| s.with(part, now))
}

/// What a part says of itself, why it does not, or that nobody asked.
fn said<T>(part: Option<&Part<T>>, unasked: &str, say: impl Fn(&T) -> String) -> Cell {
    let Some(part) = part else {
        return Cell::muted(unasked);
    };
    match (&part.value, &part.error) {
        (Some(value), None) => Cell::plain(say(value)),
        (_, Some(problem)) => Cell::new(&problem.why, Tone::Unknown),
        (None, None) => Cell::muted("asking ..."),
    }
}

fn resolves(seen: &DnsProbe) -> String {
    let all = seen.cnames.iter().chain(&seen.addresses);
    let words: Vec<&str> = all.map(String::as_str).collect();
    if words.is_empty() {
        "nothing".into()
    } else {
        words.join(" ")
    }
}

fn certificate_cells(host: &str, at: usize, c: &Certificate, now: Timestamp) -> Vec<Cell> {
    let left = days(now, c.not_after);
    let until = c.not_after.to_zoned(TimeZone::UTC).date().to_string();
    let tone = match left {
        ..0 => Tone::Bad,
        0..=SOON_DAYS => Tone::Warn,
        _ => Tone::Plain,
    };
    vec![
        Cell::name(host),
        Cell::muted((at + 1).to_string()),
        Cell::plain(&c.subject),
        Cell::plain(&c.issuer),
        Cell::new(until, tone),
        Cell::new(left.to_string(), tone),
        Cell::muted(&c.key),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::probe::Grade;
    use crate::domain::problem::{Problem, ProblemKind};

    fn facts(now: Timestamp) -> Facts {
        let certificate = |subject: &str, issuer: &str, days: i64| Certificate {
            subject: subject.into(),
            issuer: issuer.into(),
            names: vec!["a.example".into()],
            not_before: now,
            not_after: now + SignedDuration::from_hours(24 * days + 1),
            key: "ECDSA 256".into(),
        };
        let seen = TlsProbe {
            host: "a.example".into(),
            port: 443,
            protocol: "TLS 1.3".into(),
            cipher: "TLS13_AES_128_GCM_SHA256".into(),
            chain: vec![
                certificate("CN=a.example", "CN=E7", 9),
                certificate("CN=E7", "CN=Root", 900),
            ],
            trust: Ok(()),
            tls12: Some(true),
            tls11: Some(false),
            tls10: Some(false),
            grade: Grade {
                letter: "A".into(),
                reasons: Vec::new(),
            },
        };
        let mut facts = Facts::default();
        let every = Duration::from_secs(300);
        let part = Part::answered(seen, now, "tls:handshake", every);
        facts.tls.insert("a.example:443".into(), part);
        facts
    }

    fn texts(section: &Section) -> Vec<Vec<&str>> {
        let rows = section.rows.iter();
        rows.map(|r| r.cells.iter().map(|c| c.text.as_str()).collect())
            .collect()
    }

    #[test]
    fn protocol_cipher_chain_and_resolution_are_told_and_what_nobody_asked_is_said() {
        let now = Timestamp::UNIX_EPOCH;
        let mut facts = facts(now);
        let [connections, chain] = sections(&facts, now);
        assert_eq!(
            texts(&connections),
            [[
                "a.example",
                "TLS 1.3",
                "TLS13_AES_128_GCM_SHA256",
                "not looked up: add [[probes.dns]]"
            ]]
        );
        let rows = texts(&chain);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][2..4], ["CN=a.example", "CN=E7"]);
        assert_eq!(chain.rows[0].worst(), Tone::Warn, "nine days");
        assert_eq!(rows[1][4], "1972-06-19");
        // A name that resolves, without a handshake, is a row as well.
        let seen = DnsProbe {
            name: "b.example".into(),
            addresses: vec!["192.0.2.1".into()],
            cnames: vec!["lb.example".into()],
            ttl_s: Some(60),
            server: "192.0.2.53".into(),
            expected: Vec::new(),
        };
        let every = Duration::from_secs(60);
        let part = Part::answered(seen, now, "dns:A,AAAA", every);
        facts.dns.insert("b.example".into(), part);
        let [connections, _] = sections(&facts, now);
        let rows = texts(&connections);
        assert_eq!(
            rows[1],
            ["b.example", "no handshake", "", "lb.example 192.0.2.1"]
        );
        assert_eq!(
            connections.rows[1].thing["resolution"]["addresses"][0],
            "192.0.2.1"
        );
    }

    #[test]
    fn a_handshake_that_failed_since_shows_no_old_protocol() {
        let now = Timestamp::UNIX_EPOCH;
        let mut facts = facts(now);
        let problem = Problem::new(ProblemKind::Timeout, "tls", "what", "no answer", "fix");
        let part = facts.tls.get_mut("a.example:443").unwrap();
        part.take(Err(problem), now);
        let [connections, _] = sections(&facts, now);
        assert_eq!(connections.rows[0].cells[1].text, "no answer");
        assert_eq!(connections.worst(), Tone::Unknown);
    }
}
