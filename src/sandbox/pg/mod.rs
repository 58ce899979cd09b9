//! PostgreSQL, as far as its statistics tell of it: the platform's databases over their own protocol (version 3), on a loopback port
//! of their own, over TLS, with a password. They serve no data: who asks for anything but statistics is told so.

mod answer; // what each question is answered
mod message; // the protocol
mod rows; // the story
mod session; // who asks
mod settings; // of a session
pub mod state; // what it counts
mod statement; // what is asked
#[cfg(test)]
mod tests;
mod value; // types and formats

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::faults::Kind;
use super::server::{Shared, now};
use message::{Answer, Opening, Said};
use session::{Next, Session};
use statement::Refused;

pub use rows::MOST_CONNECTIONS;

/// The role that it lets in: it may read statistics alone.
pub const USER: &str = "flightdeck";
/// The password of the role. It is asked for as it is, which TLS alone allows, as RDS does with the tokens of IAM.
pub const PASSWORD: &str = "flightdeck-demo-postgres";
/// The databases.
pub const PRODUCTION: &str = "laser";
/// Staging's.
pub const STAGING: &str = "laser_staging";

/// Connections at the same time; who comes later waits.
const AT_ONCE: usize = 64;
/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A client that says nothing for so long is let go.
const IDLE: Duration = Duration::from_secs(600);
/// Questions in the clear before a session begins: Kerberos, then TLS.
const OPENINGS: usize = 4;

/// Opens it; it closes when the task ends.
///
/// # Errors
/// Where no port can be had.
pub async fn open(
    shared: Arc<Shared>,
    tls: Arc<ServerConfig>,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((address, tokio::spawn(accept(listener, shared, tls))))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tls: Arc<ServerConfig>) {
    let mut open = JoinSet::new();
    let acceptor = TlsAcceptor::from(tls);
    let mut pid = 21_000;
    loop {
        while open.len() >= AT_ONCE {
            open.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        pid += 1;
        let (shared, acceptor) = (shared.clone(), acceptor.clone());
        open.spawn(async move {
            let hands = tokio::time::timeout(HANDSHAKE, greet(stream, &acceptor));
            if let Ok(Ok(Some(stream))) = hands.await {
                // Ends with the connection, whichever side ends it.
                let _ = serve(stream, pid, &shared).await;
            }
        });
        while open.try_join_next().is_some() {}
    }
}

/// Reads an opening message.
async fn opening(
    stream: &mut (impl AsyncReadExt + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Opening>> {
    loop {
        match message::opening(buffer) {
            Ok(Some((said, taken))) => {
                buffer.drain(..taken);
                return Ok(Some(said));
            }
            Ok(None) if stream.read_buf(buffer).await? > 0 => {}
            _ => return Ok(None),
        }
    }
}

/// The way to TLS. Who does not take it is sent away as `pg_hba.conf` of a server does that lets nobody in without it.
async fn greet(
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut buffer = Vec::new();
    for _ in 0..OPENINGS {
        match opening(&mut stream, &mut buffer).await? {
            // What came behind the question was sent in the clear: it may be a stranger's.
            Some(Opening::Tls) if !buffer.is_empty() => return Ok(None),
            Some(Opening::Tls) => {
                stream.write_all(b"S").await?;
                return acceptor.accept(stream).await.map(Some);
            }
            Some(Opening::Gss) => stream.write_all(b"N").await?,
            Some(Opening::Start(_, parameters)) => {
                let of = |name: &str| {
                    let found = parameters.iter().find(|(n, _)| n == name);
                    found.map_or("", |(_, v)| v.as_str())
                };
                let why = format!(
                    "no pg_hba.conf entry for host \"127.0.0.1\", user \"{}\", database \"{}\", no encryption",
                    of("user"),
                    of("database")
                );
                let mut out = Answer::default();
                out.error("FATAL", "28000", &why);
                stream.write_all(&out.0).await?;
                stream.shutdown().await?;
                return Ok(None);
            }
            Some(Opening::Cancel | Opening::Unknown(_)) | None => return Ok(None),
        }
    }
    Ok(None)
}

/// What comes over a connection, message by message.
struct Wire {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Wire {
    /// The next message; `None` where there is none to come, or none that can be read.
    async fn next(&mut self) -> io::Result<Option<Said>> {
        loop {
            match message::said(&self.buffer) {
                Ok(Some((said, taken))) => {
                    self.buffer.drain(..taken);
                    return Ok(Some(said));
                }
                Ok(None) => {
                    let read = self.stream.read_buf(&mut self.buffer);
                    match tokio::time::timeout(IDLE, read).await {
                        Ok(Ok(0)) | Err(_) => return Ok(None),
                        Ok(read) => read?,
                    };
                }
                Err(why) => {
                    let mut out = Answer::default();
                    out.error("FATAL", "08P01", why);
                    self.send(&out.0).await?;
                    return Ok(None);
                }
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

/// Answers one client until it leaves, or is told to.
async fn serve(mut stream: TlsStream<TcpStream>, pid: i32, shared: &Shared) -> io::Result<()> {
    let mut buffer = Vec::new();
    let Some(Opening::Start(minor, parameters)) = opening(&mut stream, &mut buffer).await? else {
        return Ok(());
    };
    let mut wire = Wire { stream, buffer };
    let mut session = Session::new(pid, &parameters);
    let mut out = Answer::default();
    if minor > 0 {
        // It speaks 3.0, and knows none of what came later.
        out.put(b'v', &[0; 8]);
    }
    out.put(b'R', &3_i32.to_be_bytes());
    wire.send(&out.0).await?;
    let Some(Said::Password(password)) = wire.next().await? else {
        return Ok(());
    };
    let mut out = Answer::default();
    let next = match shared.fault("postgres") {
        Some(Kind::Hang) => std::future::pending().await,
        Some(Kind::Throttle) => {
            out.error("FATAL", "53300", "sorry, too many clients already");
            Next::End
        }
        Some(Kind::Expired) => session.sign_in("", &mut out),
        _ => session.sign_in(&password, &mut out),
    };
    wire.send(&out.0).await?;
    if next == Next::End {
        return wire.stream.shutdown().await;
    }
    while let Some(said) = wire.next().await? {
        let (bytes, next) = answered(&said, &mut session, shared).await;
        wire.send(&bytes).await?;
        if next == Next::End {
            break;
        }
    }
    wire.stream.shutdown().await
}

/// A message's answer, or what a fault makes of it. Faults befall statements.
async fn answered(said: &Said, session: &mut Session, shared: &Shared) -> (Vec<u8>, Next) {
    let asks = matches!(said, Said::Query(_) | Said::Parse(..));
    let fault = if asks { shared.fault("postgres") } else { None };
    let mut out = Answer::default();
    let refusal = match fault {
        Some(Kind::Delay) => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            None
        }
        Some(Kind::Hang) => std::future::pending().await,
        Some(Kind::Error) => Some(Refused(
            "XX000",
            "could not read block 0 of a relation".into(),
        )),
        Some(Kind::Denied) => Some(Refused("42501", "permission denied for view".into())),
        Some(Kind::Malformed) => return (b"this is no protocol\r\n".to_vec(), Next::On),
        _ => None,
    };
    let next = match refusal {
        Some(why) => {
            session.fail_at(said, &why, &mut out);
            Next::On
        }
        None => {
            let base = session.base();
            let view = || {
                let mut platform = shared.platform();
                platform.step(now());
                platform.postgres.view(base)
            };
            session.answer(said, view, &mut out)
        }
    };
    match fault {
        Some(Kind::Cut) => {
            out.0.truncate(out.0.len() / 2);
            (out.0, Next::End)
        }
        _ => (out.0, next),
    }
}
