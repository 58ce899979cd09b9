//! DNS on loopback: one port for UDP and TCP (RFC 7766).

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use super::zone::Zone;

/// A TCP connection on which nothing comes for so long is closed.
const IDLE: Duration = Duration::from_secs(5);

/// TCP connections at the same time; who comes later waits.
const AT_ONCE: usize = 32;

/// Wait after a socket's error.
const PAUSE: Duration = Duration::from_millis(10);

/// How often a port that is free for one of the two protocols is looked for.
const TRIES: usize = 16;

/// Both sockets, on one port.
#[derive(Debug)]
pub struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
    /// Where they are.
    pub address: SocketAddr,
}

impl Sockets {
    /// Binds a port that is free for both.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn bind() -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let address = udp.local_addr()?;
            match TcpListener::bind(address).await {
                Ok(tcp) => return Ok(Self { udp, tcp, address }),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    /// Answers until its task ends.
    pub async fn serve(self, zone: Zone) {
        let zone = Arc::new(zone);
        tokio::join!(datagrams(self.udp, zone.clone()), streams(self.tcp, zone));
    }
}

async fn datagrams(socket: UdpSocket, zone: Arc<Zone>) {
    let mut buffer = vec![0; 4_096];
    loop {
        // An error here is the last client's, who went away before its answer came; should it last, it takes no processor.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if let Some(answer) = buffer.get(..length).and_then(|p| zone.answer(p)) {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn streams(mut listener: TcpListener, zone: Arc<Zone>) {
    let mut open = JoinSet::new();
    loop {
        while open.len() >= AT_ONCE {
            open.join_next().await;
        }
        let (stream, _) = Listener::accept(&mut listener).await;
        let zone = zone.clone();
        open.spawn(async move {
            // Whatever ends it, the connection is closed.
            let _ = talk(stream, &zone).await;
        });
        while open.try_join_next().is_some() {}
    }
}

/// Questions one after the other, each with its length in front (RFC 1035, section 4.2.2).
async fn talk(mut stream: TcpStream, zone: &Zone) -> io::Result<()> {
    loop {
        let question = tokio::time::timeout(IDLE, async {
            let length = stream.read_u16().await?;
            let mut question = vec![0; usize::from(length)];
            stream.read_exact(&mut question).await?;
            io::Result::Ok(question)
        })
        .await
        .map_err(|_| io::ErrorKind::TimedOut)??;
        let Some(answer) = zone.answer(&question) else {
            return Ok(());
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_u16(length).await?;
        stream.write_all(&answer).await?;
    }
}
