//! A mail server, asked whether it could be used (RFC 5321): greeting, `EHLO`, `STARTTLS` (RFC 3207), `NOOP`, `QUIT`. No message is
//! begun, and no password is sent.

mod talk;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::tls::trust::{self, Trust};
use super::tls::words as connection_words;
use super::transport::Line;
use crate::config::SmtpConfig;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::said;
use crate::domain::smtp::{MailServer, MailTls};
use crate::domain::text::{clip, inert};
use talk::{Reply, Stream, Talk};

/// A whole look. A server may take its time over its greeting, to put off those who send unasked.
const DEADLINE: Duration = Duration::from_secs(10);

/// Columns of the server's own words that are shown.
const SAID: usize = 160;

/// Extensions that are kept.
const OFFERS: usize = 30;

/// The client of one server.
#[derive(Debug)]
pub struct Smtp {
    host: Option<String>,
    port: u16,
    tls: MailTls,
    trust: Arc<Trust>,
    line: Arc<Line>,
    deadline: Duration,
}

fn problem(kind: ProblemKind, what: &str, why: impl AsRef<str>, fix: &str) -> Problem {
    Problem::new(kind, "smtp", what, why, fix)
}

impl Smtp {
    /// As configured. No I/O yet.
    pub fn new(config: &SmtpConfig, trust: Arc<Trust>, line: Arc<Line>) -> Self {
        Self {
            host: config.host.clone(),
            port: config.port.unwrap_or_else(|| config.tls.port()),
            tls: config.tls,
            trust,
            line,
            deadline: DEADLINE,
        }
    }

    /// The same with another deadline for a whole look.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Looks at the server.
    ///
    /// # Errors
    /// Where it cannot be reached, is no mail server, turns us away, or shows a certificate that is not trusted.
    pub async fn look(&self) -> Result<MailServer, Problem> {
        let host = self.host.as_deref().unwrap_or_default();
        let address = match host.contains(':') {
            true => format!("[{host}]:{}", self.port),
            false => format!("{host}:{}", self.port),
        };
        let what = format!("Cannot ask the mail server at {address}");
        let whole = async {
            let asked = tokio::time::timeout(self.deadline, self.ask(host, address, &what));
            match asked.await {
                Ok(answer) => answer,
                Err(_) => Err(connection_words::timeout(
                    "smtp",
                    &what,
                    Some(self.deadline),
                )),
            }
        };
        self.line.track(whole).await
    }

    async fn ask(&self, host: &str, address: String, what: &str) -> Result<MailServer, Problem> {
        let cut = |e: io::Error| word(what, &e);
        let tcp = TcpStream::connect((host, self.port)).await.map_err(cut)?;
        // A client without a name of its own says its address (RFC 5321, 4.1.4).
        let us = match tcp.local_addr().map_err(cut)?.ip() {
            std::net::IpAddr::V4(ip) => format!("[{ip}]"),
            std::net::IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
        };
        let mut tls = None;
        let stream: Box<dyn Stream> = if self.tls == MailTls::Implicit {
            let secured = self.secure(host, tcp, what).await?;
            tls = Some(version(&secured));
            Box::new(secured)
        } else {
            Box::new(tcp)
        };
        let mut talk = Talk::new(stream);
        let greeting = good(talk.reply().await, what, "greets with")?;
        let mut offers = good(
            talk.ask(&format!("EHLO {us}")).await,
            what,
            "answers EHLO with",
        )?;
        if tls.is_none() && self.tls != MailTls::None && offers.has("STARTTLS") {
            good(talk.ask("STARTTLS").await, what, "answers STARTTLS with")?;
            // What came before the handshake was not protected: nothing of it may count.
            let plain = talk.into_stream().map_err(cut)?;
            let secured = self.secure(host, plain, what).await?;
            tls = Some(version(&secured));
            talk = Talk::new(Box::new(secured));
            offers = good(
                talk.ask(&format!("EHLO {us}")).await,
                what,
                "answers EHLO with",
            )?;
        }
        good(talk.ask("NOOP").await, what, "answers NOOP with")?;
        // It was heard; how it says goodbye changes nothing.
        let _ = talk.ask("QUIT").await;
        let shown = |text: &str| clip(&inert(text), SAID);
        Ok(MailServer {
            address: inert(&address),
            greeting: greeting
                .lines
                .first()
                .map_or_else(String::new, |l| shown(l)),
            wanted: self.tls,
            tls,
            offers: offers
                .lines
                .iter()
                .skip(1)
                .take(OFFERS)
                .map(|l| shown(l))
                .collect(),
        })
    }

    async fn secure<S: Stream>(
        &self,
        host: &str,
        stream: S,
        what: &str,
    ) -> Result<TlsStream<S>, Problem> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            problem(
                ProblemKind::Config,
                what,
                "host is no name that a certificate could be for",
                "Correct host in [smtp].",
            )
        })?;
        let config = ClientConfig::builder_with_provider(trust::provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| handshake(what, &e))?
            .with_root_certificates(self.trust.roots())
            .with_no_client_auth();
        let hands = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await;
        hands.map_err(|e| match connection_words::tls_error(&e) {
            Some(tls) => handshake(what, tls),
            None => word(what, &e),
        })
    }
}

fn version<S>(stream: &TlsStream<S>) -> String {
    match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2".into(),
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3".into(),
        _ => "TLS".into(),
    }
}

/// A reply that says yes; anything else is a problem in the server's words.
fn good(reply: io::Result<Reply>, what: &str, did: &str) -> Result<Reply, Problem> {
    let reply = reply.map_err(|e| word(what, &e))?;
    let said = clip(&said::words(&reply.lines.join(" ")), SAID);
    let why = format!("it {did} {} {said}", reply.code);
    match reply.code {
        200..=299 => Ok(reply),
        400..=499 => Err(problem(
            ProblemKind::Vendor,
            what,
            why,
            "It is asked again by itself; see its log if it lasts.",
        )),
        _ => Err(problem(
            ProblemKind::Denied,
            what,
            why,
            "Check that it takes mail from this network, and host and port in [smtp].",
        )),
    }
}

/// Words what went wrong on the way.
fn word(what: &str, error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::InvalidData => problem(
            ProblemKind::Malformed,
            what,
            format!(
                "its answer is no SMTP: {}",
                clip(&inert(&error.to_string()), SAID)
            ),
            "Check port and tls in [smtp]: 587 with starttls, 465 with implicit.",
        ),
        kind => connection_words::connection("smtp", what, Some(kind), &inert(&error.to_string())),
    }
}

fn handshake(what: &str, error: &rustls::Error) -> Problem {
    match error {
        rustls::Error::InvalidCertificate(_) => problem(
            ProblemKind::Unreachable,
            what,
            format!(
                "its certificate is not trusted: {}",
                connection_words::untrusted(error, None)
            ),
            "Name the authority's certificate in extra_roots of [probes], or correct host in [smtp].",
        ),
        rustls::Error::InvalidMessage(_) => problem(
            ProblemKind::Malformed,
            what,
            "it does not speak TLS from the first byte",
            "Write tls = \"starttls\" in [smtp], or name the port of implicit TLS (465).",
        ),
        other => connection_words::handshake("smtp", what, other),
    }
}
