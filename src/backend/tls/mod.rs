//! TLS handshakes from this machine: version, suite, certificate chain, trust, and a grade with its reasons.

mod certificate;
mod grade;
mod old;
mod recorder;
pub mod trust;
pub(crate) mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion, SupportedProtocolVersion, version};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::transport::Line;
use crate::config::{HttpsTarget, ProbeConfig};
use crate::domain::probe::{Certificate, TlsProbe};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;
use recorder::{Recorder, Shown};
use trust::Trust;

/// Both handshakes of a probe.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where a probe's handshake goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TlsTarget {
    /// Host (SNI).
    pub host: String,
    /// Port.
    pub port: u16,
}

impl std::fmt::Display for TlsTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl TlsTarget {
    /// Host and port of a URL; `None` where it has no host.
    pub fn of(target: &HttpsTarget) -> Option<Self> {
        let uri: http::Uri = target.url.parse().ok()?;
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        Some(Self {
            host,
            port: uri.port_u16().unwrap_or(443),
        })
    }

    /// The hosts of all URLs, without doubles.
    pub fn all(config: &ProbeConfig) -> Vec<Self> {
        let mut all: Vec<Self> = config.https.iter().filter_map(Self::of).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The TLS prober.
#[derive(Debug)]
pub struct Tls {
    trust: Arc<Trust>,
    line: Arc<Line>,
    connect_to: Option<SocketAddr>,
    deadline: Duration,
    old: old::Memory,
}

/// One handshake that came to its end.
struct Handshake {
    protocol: Option<ProtocolVersion>,
    cipher: String,
    shown: Option<Shown>,
}

/// What the handshakes told.
struct Look {
    target: TlsTarget,
    tls13: bool,
    tls12: Option<bool>,
    protocol: String,
    cipher: String,
    chain: Vec<Certificate>,
    trust: Result<(), String>,
}

impl Look {
    fn with_old(self, old: old::Old) -> TlsProbe {
        let grade = grade::grade(&grade::Seen {
            trust: &self.trust,
            tls13: self.tls13,
            old,
            leaf: self.chain.first(),
        });
        TlsProbe {
            host: self.target.host,
            port: self.target.port,
            protocol: self.protocol,
            cipher: self.cipher,
            chain: self.chain,
            trust: self.trust,
            tls12: self.tls12,
            tls11: old.tls11,
            tls10: old.tls10,
            grade,
        }
    }
}

impl Tls {
    /// A prober that trusts and connects as the configuration says.
    pub fn new(config: &ProbeConfig, trust: Arc<Trust>, line: Arc<Line>) -> Self {
        Self {
            trust,
            line,
            connect_to: config.connect_to,
            deadline: DEADLINE,
            old: old::Memory::default(),
        }
    }

    /// The same with another deadline for the handshakes of a probe.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Shakes hands, and once more with TLS 1.2 alone if the first took TLS 1.3; then, once an hour, it asks for what is older. A
    /// chain that is not trusted is an answer, not an error.
    ///
    /// # Errors
    /// Where no handshake comes about: no connection, no TLS, no answer in time.
    pub async fn probe(&self, target: &TlsTarget) -> Result<TlsProbe, Problem> {
        self.line.track(self.within(target)).await
    }

    async fn within(&self, target: &TlsTarget) -> Result<TlsProbe, Problem> {
        let what = format!("Cannot shake hands with {target} (TLS)");
        let look = self.look(target, &what);
        let seen = match tokio::time::timeout(self.deadline, look).await {
            Ok(answer) => answer?,
            Err(_) => return Err(words::timeout("tls", &what, Some(self.deadline))),
        };
        Ok(seen.with_old(self.old(target).await))
    }

    async fn look(&self, target: &TlsTarget, what: &str) -> Result<Look, Problem> {
        let first = self
            .shake(target, what, &[&version::TLS13, &version::TLS12])
            .await?;
        let tls13 = first.protocol == Some(ProtocolVersion::TLSv1_3);
        let tls12 = if tls13 {
            match self.shake(target, what, &[&version::TLS12]).await {
                Ok(_) => Some(true),
                Err(p) if p.is_passing() => None,
                Err(_) => Some(false),
            }
        } else {
            Some(true)
        };
        let (ders, verdict) = match first.shown {
            Some(s) => (s.chain, s.verdict),
            None => (Vec::new(), Err(rustls::Error::NoCertificatesPresented)),
        };
        let chain: Vec<Certificate> = ders.iter().filter_map(|d| certificate::read(d)).collect();
        let trust = verdict.map_err(|e| inert(&words::untrusted(&e, chain.first())));
        Ok(Look {
            target: target.clone(),
            tls13,
            tls12,
            protocol: first.protocol.map(protocol).unwrap_or_default(),
            cipher: first.cipher,
            chain,
            trust,
        })
    }

    async fn shake(
        &self,
        target: &TlsTarget,
        what: &str,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Handshake, Problem> {
        let internal =
            |e: rustls::Error| Problem::new(ProblemKind::Internal, "tls", what, e.to_string(), "");
        let name = ServerName::try_from(target.host.clone()).map_err(|_| {
            Problem::new(
                ProblemKind::Config,
                "tls",
                what,
                "the host is no name that a certificate could be for",
                "Correct the URL in [[probes.https]].",
            )
        })?;
        let provider = trust::provider();
        let recorder = Recorder::new(self.trust.roots(), provider.clone());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(internal)?
            .dangerous()
            .with_custom_certificate_verifier(recorder.clone())
            .with_no_client_auth();
        let stream = self.connect(target, what).await?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .map_err(|e| match words::tls_error(&e) {
                Some(tls) => words::handshake("tls", what, tls),
                None => words::connection("tls", what, Some(e.kind()), &e.to_string()),
            })?;
        let (_, session) = stream.get_ref();
        Ok(Handshake {
            protocol: session.protocol_version(),
            cipher: session
                .negotiated_cipher_suite()
                .map(|s| format!("{:?}", s.suite()))
                .unwrap_or_default(),
            shown: recorder.shown(),
        })
    }

    async fn connect(&self, target: &TlsTarget, what: &str) -> Result<TcpStream, Problem> {
        let failed =
            |e: std::io::Error| words::connection("tls", what, Some(e.kind()), &e.to_string());
        match self.connect_to {
            Some(address) => TcpStream::connect(address).await.map_err(failed),
            None => TcpStream::connect((target.host.as_str(), target.port))
                .await
                .map_err(failed),
        }
    }
}

fn protocol(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2".into(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".into(),
        other => format!("{other:?}"),
    }
}
