//! What probes from here saw: HTTPS answers, TLS handshakes, DNS look-ups.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

/// A grade with its reasons. `A+` to `F`, of a connection also `A-`; `T` where the certificate is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grade {
    /// `A+`, `A`, `A-`, `B`, `C`, `F`, `T`.
    pub letter: String,
    /// Why not better; empty for `A+`.
    pub reasons: Vec<String>,
}

/// One security header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderCheck {
    /// Name.
    pub name: String,
    /// Value as received.
    pub value: Option<String>,
    /// Whether present and strict.
    pub ok: bool,
    /// Why it is not.
    pub note: String,
}

/// A URL that is probed: what is right, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HttpsTarget {
    /// URL.
    pub url: String,
    /// Status that is right.
    pub status: u16,
    /// The service whose deploys it verifies: `cluster/name` or `name`.
    pub verifies: Option<String>,
}

/// An HTTPS request and what came back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HttpsProbe {
    /// URL asked.
    pub url: String,
    /// Status code.
    pub status: u16,
    /// From the request to the end of the headers, milliseconds.
    pub latency_ms: f64,
    /// Security headers.
    pub headers: Vec<HeaderCheck>,
    /// Grade of the headers.
    pub grade: Grade,
    /// What the edge did in the host's place, such as a bot challenge: status and headers are its own then. `None`: nothing.
    pub mitigated: Option<String>,
}

impl HttpsProbe {
    /// What of the host itself was not seen, and why; `None`: it answered itself.
    pub fn unseen(&self) -> Option<String> {
        let why = self.mitigated.as_deref()?;
        Some(format!("answered {} for itself: {why}", self.status))
    }
}

/// A certificate of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Names it is valid for.
    pub names: Vec<String>,
    /// Valid from (UTC).
    pub not_before: Timestamp,
    /// Valid until (UTC).
    pub not_after: Timestamp,
    /// `RSA 2048`, `ECDSA P-256` ...
    pub key: String,
}

/// A TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlsProbe {
    /// Host (SNI).
    pub host: String,
    /// Port.
    pub port: u16,
    /// Negotiated version.
    pub protocol: String,
    /// Negotiated suite.
    pub cipher: String,
    /// Leaf first.
    pub chain: Vec<Certificate>,
    /// Whether the chain verifies against the trusted roots for this host, and why not.
    pub trust: Result<(), String>,
    /// Whether TLS 1.2 is also accepted; `None` where not tried.
    pub tls12: Option<bool>,
    /// Whether TLS 1.1 is accepted; `None` where nobody answered.
    pub tls11: Option<bool>,
    /// Whether TLS 1.0 is.
    pub tls10: Option<bool>,
    /// Grade of the connection.
    pub grade: Grade,
}

/// Why a handshake alone earns no more than an A.
pub const HSTS_UNSEEN: &str = "A+ needs HSTS, which a handshake does not show";

impl TlsProbe {
    /// The grade once it is known whether the host sends strict HSTS (`None`: not known): A+ takes both.
    pub fn graded(&self, hsts: Option<bool>) -> Grade {
        let only_hsts = self.grade.reasons.iter().all(|r| r == HSTS_UNSEEN);
        match hsts {
            Some(true) if self.grade.letter == "A" && only_hsts => Grade {
                letter: "A+".into(),
                reasons: Vec::new(),
            },
            Some(told) => {
                let mut grade = self.grade.clone();
                grade.reasons.retain(|r| r != HSTS_UNSEEN);
                if !told && grade.letter == "A" {
                    grade.reasons.push("no strict HSTS".into());
                }
                grade
            }
            None => self.grade.clone(),
        }
    }

    /// What the grade rests on, whatever it is: each thing that was looked at and is as it ought to be.
    pub fn checked(&self, hsts: Option<bool>) -> Vec<String> {
        let mut all = vec![self.protocol.clone(), self.cipher.clone()];
        if self.trust.is_ok() {
            all.insert(0, format!("chain trusted for {}", self.host));
        }
        let refused = |taken: Option<bool>, name: &str| {
            (taken == Some(false)).then(|| format!("{name} refused"))
        };
        all.extend(refused(self.tls11, "TLS 1.1"));
        all.extend(refused(self.tls10, "TLS 1.0"));
        all.extend(self.chain.first().map(|leaf| format!("key {}", leaf.key)));
        if hsts == Some(true) {
            all.push("strict HSTS".into());
        }
        all
    }

    /// Whole days until the leaf expires; negative once expired.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        let leaf = self.chain.first()?;
        Some(
            leaf.not_after
                .duration_since(now)
                .as_secs()
                .div_euclid(86_400),
        )
    }
}

/// Whether two texts are one name, or one address.
fn is_same(a: &str, b: &str) -> bool {
    let of = |text: &str| text.parse::<IpAddr>().ok();
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    (of(a).is_some() && of(a) == of(b)) || plain(a) == plain(b)
}

/// A DNS look-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DnsProbe {
    /// Name asked.
    pub name: String,
    /// Addresses.
    pub addresses: Vec<String>,
    /// CNAME chain.
    pub cnames: Vec<String>,
    /// Smallest TTL, seconds.
    pub ttl_s: Option<u32>,
    /// Which server answered.
    pub server: String,
    /// What the configuration expects; empty where it says nothing of that.
    pub expected: Vec<String>,
}

impl DnsProbe {
    /// Whether it resolves to what is expected; `None` where the configuration expects nothing, which any answer would fulfil.
    pub fn as_expected(&self) -> Option<bool> {
        (!self.expected.is_empty())
            .then(|| self.answers_one_of(&self.expected) && self.foreign(&self.expected).is_empty())
    }

    /// Addresses that are not expected though others of their kind are: who is sent there is sent elsewhere. Where an expected name is
    /// among the answers, the addresses are that name's own affair; of a kind of address that is never expected, nothing is said.
    pub fn foreign(&self, expected: &[String]) -> Vec<&str> {
        let by_name = |e: &String| self.cnames.iter().any(|c| is_same(c, e));
        if expected.iter().any(by_name) {
            return Vec::new();
        }
        let is_six = |a: &str| a.parse::<IpAddr>().ok().map(|ip| ip.is_ipv6());
        let kinds: Vec<bool> = expected.iter().filter_map(|e| is_six(e)).collect();
        let all = self.addresses.iter().map(String::as_str);
        all.filter(|a| is_six(a).is_some_and(|kind| kinds.contains(&kind)))
            .filter(|a| !expected.iter().any(|e| is_same(a, e)))
            .collect()
    }

    /// Whether one of these addresses or names is among the answers.
    pub fn answers_one_of(&self, expected: &[String]) -> bool {
        expected.iter().any(|e| {
            self.addresses
                .iter()
                .chain(&self.cnames)
                .any(|a| is_same(a, e))
        })
    }
}
