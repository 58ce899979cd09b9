//! HTTPS requests from this machine: status, latency, security headers, how strangers are treated. Redirects are answers and are
//! not followed.

mod burst;
mod edge;
pub mod guard;
mod headers;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Method, Response, redirect};
use rustls::ClientConfig;

use super::shelf::Shelf;
use super::tls::trust::{self, Trust};
use super::tls::words;
use super::transport::Line;
use crate::config::{HttpsTarget, ProbeConfig};
use crate::domain::probe::HttpsProbe;
use crate::domain::problem::{Problem, ProblemKind};

/// One request, connection and handshake included.
const DEADLINE: Duration = Duration::from_secs(10);

/// Connection and handshake alone.
const CONNECT: Duration = Duration::from_secs(5);

/// The HTTPS prober.
#[derive(Debug)]
pub struct Https {
    trust: Arc<Trust>,
    line: Arc<Line>,
    connect_to: Option<SocketAddr>,
    deadline: Duration,
    client: OnceLock<Result<Client, String>>,
    /// One whose connections are kept: a burst of handshakes would measure those.
    steady: OnceLock<Result<Client, String>>,
    bursts: burst::Memory,
}

impl Https {
    /// A prober that trusts and connects as the configuration says.
    pub fn new(config: &ProbeConfig, trust: Arc<Trust>, line: Arc<Line>) -> Self {
        Self {
            trust,
            line,
            connect_to: config.connect_to,
            deadline: DEADLINE,
            client: OnceLock::new(),
            steady: OnceLock::new(),
            bursts: burst::Memory::new(if config.forget_bursts {
                Shelf::nowhere()
            } else {
                Shelf::user()
            }),
        }
    }

    /// The same with another deadline for a whole request.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sends GET over a new connection and looks at the answer's head; its body is not read.
    ///
    /// # Errors
    /// Where no answer comes: no connection, a certificate that is not trusted, no answer in time. A wrong status is an answer.
    pub async fn probe(&self, target: &HttpsTarget) -> Result<HttpsProbe, Problem> {
        self.line.track(self.ask(target)).await
    }

    async fn ask(&self, target: &HttpsTarget) -> Result<HttpsProbe, Problem> {
        let what = format!("Cannot get {}", target.url);
        let began = Instant::now();
        let response = self
            .send(&self.client, Method::GET, &target.url, &what, &[])
            .await?;
        let took = began.elapsed();
        let headers = headers::check(response.headers());
        Ok(HttpsProbe {
            url: target.url.clone(),
            status: response.status().as_u16(),
            latency_ms: took.as_secs_f64() * 1000.0,
            mitigated: edge::mitigated(response.status(), response.headers()),
            grade: headers::grade(&headers),
            headers,
        })
    }

    /// Sends a request without credentials and without a body; the head of what comes back.
    async fn send(
        &self,
        client: &OnceLock<Result<Client, String>>,
        method: Method,
        url: &str,
        what: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response, Problem> {
        let keep = std::ptr::eq(client, &self.steady);
        let client = client.get_or_init(|| self.build(keep)).as_ref();
        let client = client.map_err(|why| {
            Problem::new(ProblemKind::Internal, "https", what, why, "Report this.")
        })?;
        let (url, host) = self.address(url, what)?;
        let mut request = client.request(method, url).timeout(self.deadline);
        if let Some(host) = host {
            request = request.header(reqwest::header::HOST, host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await;
        answer.map_err(|e| word(what, &e, self.deadline))
    }

    /// Where the request goes. A port in the URL would win over the port that all connections are to go to; it is left to the
    /// Host header alone then.
    fn address(&self, url: &str, what: &str) -> Result<(reqwest::Url, Option<String>), Problem> {
        let wrong = || {
            Problem::new(
                ProblemKind::Config,
                "https",
                what,
                "the URL cannot be read",
                "Correct it in [[probes.https]] or [[probes.protected]].",
            )
        };
        let mut url: reqwest::Url = url.parse().map_err(|_| wrong())?;
        let (Some(_), Some(port)) = (self.connect_to, url.port()) else {
            return Ok((url, None));
        };
        let host = format!("{}:{port}", url.host_str().unwrap_or_default());
        url.set_port(None).map_err(|()| wrong())?;
        Ok((url, Some(host)))
    }

    fn build(&self, keep: bool) -> Result<Client, String> {
        let mut tls = ClientConfig::builder_with_provider(trust::provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_root_certificates(self.trust.roots())
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            // A kept connection could outlive the listener that it came from: each probe makes its own.
            .pool_max_idle_per_host(usize::from(keep))
            .connect_timeout(CONNECT.min(self.deadline))
            .user_agent(concat!("flightdeck/", env!("CARGO_PKG_VERSION")));
        if let Some(address) = self.connect_to {
            builder = builder.dns_resolver(Arc::new(Always(address)));
        }
        builder.build().map_err(|e| format!("{e:?}"))
    }
}

/// Every name leads to one address.
#[derive(Clone, Copy, Debug)]
struct Always(SocketAddr);

impl Resolve for Always {
    fn resolve(&self, _: Name) -> Resolving {
        let address = self.0;
        Box::pin(async move {
            let addresses: Addrs = Box::new(std::iter::once(address));
            Ok(addresses)
        })
    }
}

fn word(what: &str, error: &reqwest::Error, deadline: Duration) -> Problem {
    if error.is_timeout() {
        return words::timeout("https", what, Some(deadline));
    }
    match words::tls_error(error) {
        Some(rustls::Error::InvalidCertificate(_)) => {
            let tls = words::tls_error(error);
            let why = tls.map(|e| words::untrusted(e, None)).unwrap_or_default();
            Problem::new(
                ProblemKind::Unreachable,
                "https",
                what,
                format!("the certificate is not trusted: {why}"),
                "Look at the host's TLS probe for the chain; add your own authority with extra_roots in [probes].",
            )
        }
        Some(tls) => words::handshake("https", what, tls),
        None => {
            let kind = words::io_kind(error);
            words::connection("https", what, kind, &tail(error))
        }
    }
}

/// The innermost words of an error, which say the most.
fn tail(error: &dyn std::error::Error) -> String {
    let mut last = error.to_string();
    let mut next = error.source();
    while let Some(e) = next {
        last = e.to_string();
        next = e.source();
    }
    last
}
