//! The way to a server: its URL, a connection, TLS where the URL says so, and signing in.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionAddr, ConnectionInfo, RedisError, cmd};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{words, wrong};
use crate::backend::tls::trust::{self, Trust};
use crate::backend::tls::words as connection_words;
use crate::backend::token::Held;
use crate::domain::problem::Problem;

/// Bytes of one look: `INFO` has some ten thousand, the slow log cuts what is long.
const MOST: u64 = 2 << 20;

/// A TLS handshake alone.
const HANDSHAKE: Duration = Duration::from_secs(3);

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a server is and how to sign in.
#[derive(Clone)]
pub(super) struct Destination {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) db: i64,
    pub(super) user: Option<String>,
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.address())
    }
}

impl Destination {
    /// Reads a URL. A password inside is not used: it is kept elsewhere.
    pub(super) fn of(url: &str) -> Result<Self, Problem> {
        let (tls, rest) = match url.split_once("://") {
            Some(("redis" | "valkey", rest)) => (false, rest),
            Some(("rediss" | "valkeys", rest)) => (true, rest),
            _ => {
                return Err(wrong(
                    "the URL begins neither with redis:// nor with rediss://",
                ));
            }
        };
        // TLS is ours, so the crate is told of a plain connection.
        let info = ConnectionInfo::from_str(&format!("redis://{rest}"))
            .map_err(|_| wrong("the URL cannot be read"))?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(wrong("the URL names no host"));
        };
        let settings = info.redis_settings();
        Ok(Self {
            host: host.clone(),
            port: *port,
            tls,
            db: settings.db(),
            user: settings.username().map(str::to_owned),
        })
    }

    /// `cache.example:6379`.
    pub(super) fn host_and_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// `rediss://cache.example:6379/0`.
    pub(super) fn address(&self) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        format!("{scheme}://{}/{}", self.host_and_port(), self.db)
    }

    /// Connects; and the address that answered. What the server says ends after [`MOST`] bytes.
    pub(super) async fn open(
        &self,
        trust: &Trust,
        what: &str,
    ) -> Result<(Box<dyn Stream>, Option<IpAddr>), Problem> {
        let (stream, address) = self.reach(trust, what).await?;
        let (answers, questions) = tokio::io::split(stream);
        let bounded = tokio::io::join(answers.take(MOST), questions);
        Ok((Box::new(bounded), address))
    }

    async fn reach(
        &self,
        trust: &Trust,
        what: &str,
    ) -> Result<(Box<dyn Stream>, Option<IpAddr>), Problem> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|e| {
                connection_words::connection("redis", what, Some(e.kind()), &e.to_string())
            })?;
        // Questions are small, and each waits for its answer.
        let _ = tcp.set_nodelay(true);
        let ip = tcp.peer_addr().ok().map(|at| at.ip());
        if !self.tls {
            let plain: Box<dyn Stream> = Box::new(tcp);
            return Ok((plain, ip));
        }
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| wrong("the host is no name that a certificate could be for"))?;
        let config = ClientConfig::builder_with_provider(trust::provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| words::handshake(what, &e))?
            .with_root_certificates(trust.roots())
            .with_no_client_auth();
        let hands = TlsConnector::from(Arc::new(config)).connect(name, tcp);
        // A server that speaks no TLS takes our greeting for half a command, and waits for the rest.
        let hands = tokio::time::timeout(HANDSHAKE, hands).await;
        let tls = hands
            .map_err(|_| words::silent(what, HANDSHAKE))?
            .map_err(|e| match connection_words::tls_error(&e) {
                Some(tls) => words::handshake(what, tls),
                None => words::no_tls(what, &e),
            })?;
        let encrypted: Box<dyn Stream> = Box::new(tls);
        Ok((encrypted, ip))
    }

    /// Signs in and chooses the database.
    pub(super) async fn sign_in(
        &self,
        connection: &mut MultiplexedConnection,
        password: Option<&Held>,
    ) -> Result<(), RedisError> {
        if let Some(password) = password {
            let mut auth = cmd("AUTH");
            if let Some(user) = &self.user {
                auth.arg(user);
            }
            auth.arg(password.reveal());
            let () = auth.query_async(connection).await?;
        }
        if self.db != 0 {
            let () = cmd("SELECT").arg(self.db).query_async(connection).await?;
        }
        // Shown in the server's list of clients; older servers and strict roles do without.
        let named: Result<(), _> = cmd("CLIENT")
            .arg("SETNAME")
            .arg("flightdeck")
            .query_async(connection)
            .await;
        match named {
            Err(e) if words::withheld(&e).is_none() && e.code() != Some("NOAUTH") => Err(e),
            _ => Ok(()),
        }
    }
}
