//! Redis, as far as it tells of itself: the platform's cache over its own protocol (RESP 2 and 3; redis.io protocol
//! specification), on a loopback port of its own, over TLS, with a password. It serves no data: who asks for a key is told that
//! there is none.

mod commands; // what it answers
pub mod state; // what it counts
mod value; // the protocol

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
use commands::Client;
use value::{Asked, Value};

/// The password that it accepts.
pub const PASSWORD: &str = "flightdeck-demo-redis";

/// Connections at the same time; who comes later waits.
const AT_ONCE: usize = 64;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A client that says nothing for so long is let go.
const IDLE: Duration = Duration::from_secs(600);

/// Most bytes of a question that is not complete yet.
const LONGEST: usize = 1 << 20;

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
    let mut id = 0;
    loop {
        while open.len() >= AT_ONCE {
            open.join_next().await;
        }
        let Ok((stream, from)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        id += 1;
        let client = Client::new(id, from, now());
        let (shared, acceptor) = (shared.clone(), acceptor.clone());
        open.spawn(async move {
            let hands = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream));
            if let Ok(Ok(stream)) = hands.await {
                // Ends with the connection, whichever side ends it.
                let _ = serve(stream, client, &shared).await;
            }
        });
        while open.try_join_next().is_some() {}
    }
}

/// Answers one client until it leaves, or is told to.
async fn serve(
    mut stream: TlsStream<TcpStream>,
    mut client: Client,
    shared: &Shared,
) -> io::Result<()> {
    let mut buffer: Vec<u8> = Vec::new();
    loop {
        let asked = match value::question(&buffer) {
            Ok(Asked::More) => {
                let read = tokio::time::timeout(IDLE, stream.read_buf(&mut buffer));
                match read.await {
                    Ok(Ok(0)) | Err(_) => return Ok(()),
                    Ok(Err(e)) => return Err(e),
                    Ok(Ok(_)) if buffer.len() > LONGEST => return Ok(()),
                    Ok(Ok(_)) => continue,
                }
            }
            Ok(Asked::Words(words, taken)) => {
                buffer.drain(..taken);
                words
            }
            Err(why) => {
                let error = Value::Error(format!("ERR Protocol error: {why}"));
                stream.write_all(&error.encode(client.resp3)).await?;
                return stream.shutdown().await;
            }
        };
        if asked.is_empty() {
            continue;
        }
        let fault = shared.fault("redis");
        match fault {
            Some(Kind::Delay) => tokio::time::sleep(Duration::from_secs(2)).await,
            Some(Kind::Hang) => std::future::pending().await,
            _ => {}
        }
        let answer = spoiled(fault).unwrap_or_else(|| {
            let mut platform = shared.platform();
            platform.step(now());
            client.answer(&asked, &mut platform)
        });
        let mut bytes = answer.encode(client.resp3);
        match fault {
            Some(Kind::Malformed) => bytes = b"this is no protocol\r\n".to_vec(),
            Some(Kind::Cut) => bytes.truncate(bytes.len() / 2),
            _ => {}
        }
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        if client.left || matches!(fault, Some(Kind::Cut)) {
            return stream.shutdown().await;
        }
    }
}

/// What a fault makes of an answer.
fn spoiled(fault: Option<Kind>) -> Option<Value> {
    let text = match fault? {
        Kind::Throttle | Kind::Error => "ERR max number of clients reached",
        Kind::Expired => "WRONGPASS invalid username-password pair or user is disabled.",
        Kind::Denied => "NOPERM this user has no permissions to run this command",
        _ => return None,
    };
    Some(Value::Error(text.into()))
}
