//! HTTPS on loopback: one port for all hosts, told apart by the name in the handshake (RFC 6066, section 3).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::authority::Configs;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Handshakes at the same time; who comes later waits.
const AT_ONCE: usize = 64;

/// A fatal `unrecognized_name` alert (RFC 8446, section 6.2), in a record of its own.
const UNRECOGNIZED_NAME: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70];

/// A connection whose handshake is done.
type Ready = (TlsStream<TcpStream>, SocketAddr);

/// Shakes hands beside serving, so that a client that dawdles holds nobody up.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    ready: mpsc::Receiver<Ready>,
    // Ends the accepting and the open handshakes with the door.
    _tasks: JoinSet<()>,
}

impl Door {
    /// A door in a wall that listens already.
    ///
    /// # Errors
    /// Where the listener has no address.
    pub fn new(listener: TcpListener, configs: Configs) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(AT_ONCE);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::new(configs), sender));
        Ok(Self {
            address,
            ready,
            _tasks: tasks,
        })
    }
}

impl Listener for Door {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Ready {
        match self.ready.recv().await {
            Some(ready) => ready,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn accept(mut listener: TcpListener, configs: Arc<Configs>, ready: mpsc::Sender<Ready>) {
    let mut open = JoinSet::new();
    loop {
        while open.len() >= AT_ONCE {
            open.join_next().await;
        }
        let (stream, from) = Listener::accept(&mut listener).await;
        let (configs, ready) = (configs.clone(), ready.clone());
        open.spawn(async move {
            if let Ok(Some(done)) = tokio::time::timeout(HANDSHAKE, shake(stream, &configs)).await {
                // Nobody serves any more: the connection goes with this.
                let _ = ready.send((done, from)).await;
            }
        });
        while open.try_join_next().is_some() {}
    }
}

async fn shake(stream: TcpStream, configs: &Configs) -> Option<TlsStream<TcpStream>> {
    let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
    let mut start = acceptor.await.ok()?;
    let config = start
        .client_hello()
        .server_name()
        .and_then(|name| configs.get(name.to_ascii_lowercase().as_str()))
        .cloned();
    let Some(config) = config else {
        let _ = start.io.write_all(&UNRECOGNIZED_NAME).await;
        let _ = start.io.shutdown().await;
        return None;
    };
    start.into_stream(config).await.ok()
}
