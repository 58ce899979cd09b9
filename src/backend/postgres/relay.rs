//! What stands between the client's library and the server: bytes pass both ways, and of a look only so many from the server.
//!
//! The library reads whatever comes, as long as there is something, in one go: a server that never stops talking would keep every other
//! question of this process waiting, and fill its memory. TLS goes through as it is: it is spoken with the server.

use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::folder::Folder;
use super::greeting;
use crate::backend::tls::words::is_starved;

/// Bytes of one look. Its largest answers, the slowest statements with their texts, are some hundred thousand.
const MOST: u64 = 8 << 20;

/// How long a goodbye is waited for.
const GOODBYE: Duration = Duration::from_secs(1);

/// Rooms for a socket beside those that the environment names.
const ROOMS: [&str; 2] = ["/tmp", "/dev/shm"];

/// Why there is no way to a server.
#[derive(Debug)]
pub(super) enum NoWay {
    /// It cannot be reached.
    Server(Error),
    /// No folder is to be had for our end.
    Room(Error),
}

/// How what the server says ended, where it did not say goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It said more than is read.
    Endless,
    /// It asked for so many rounds of hashing, which are more than are done for any.
    Rounds(u64),
    /// The connection broke.
    Cut(ErrorKind),
    /// It never began: this process may open no more files.
    Starved,
}

/// A way to a server for one connection. It ends with this.
#[derive(Debug)]
pub(super) struct Relay {
    task: JoinHandle<()>,
    ended: Arc<OnceLock<Ended>>,
}

impl Relay {
    /// Connects to the server, and gives the options with which the library finds it here.
    ///
    /// # Errors
    /// Where the server cannot be reached, or there is no room for our end.
    pub(super) async fn to(server: PgConnectOptions) -> Result<(Self, PgConnectOptions), NoWay> {
        let (host, port) = (server.get_host(), server.get_port());
        let folder = match server.get_socket() {
            Some(folder) => Some(folder.as_path()),
            None => host.starts_with('/').then(|| Path::new(host)),
        };
        // Without a word of TLS the library begins at once with these.
        let asks_tls = !matches!(server.get_ssl_mode(), PgSslMode::Disable | PgSslMode::Allow);
        let ended = Arc::new(OnceLock::new());
        let (task, here) = if let Some(folder) = folder {
            let far = UnixStream::connect(socket(folder, port)).await;
            Near::open(port)?.pass(far.map_err(NoWay::Server)?, asks_tls, ended.clone())
        } else {
            // An address of version 6 stands in brackets in a URL.
            let far = TcpStream::connect((host.trim_matches(['[', ']']), port)).await;
            let far = far.map_err(NoWay::Server)?;
            // Questions are small, and each waits for its answer.
            let _ = far.set_nodelay(true);
            Near::open(port)?.pass(far, asks_tls, ended.clone())
        };
        Ok((Self { task, ended }, server.socket(here)))
    }

    /// How what the server says ended, if not as it should.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended.get().copied()
    }

    /// Lets what was said last go out. Without it the server would hear no goodbye, and log a connection that broke.
    pub(super) async fn end(mut self) {
        let _ = tokio::time::timeout(GOODBYE, &mut self.task).await;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How the vendor names a socket in a folder: with the port behind it.
pub(super) const SOCKET: &str = ".s.PGSQL.";

fn socket(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("{SOCKET}{port}"))
}

/// Our end: a socket that this user alone can reach, for one caller.
struct Near {
    folder: Folder,
    listener: UnixListener,
}

impl Near {
    fn open(port: u16) -> Result<Self, NoWay> {
        let mine = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let rooms = mine.into_iter().chain([std::env::temp_dir()]);
        Self::within(rooms.chain(ROOMS.map(PathBuf::from)), port)
    }

    /// In the first of these rooms that has a place for it.
    fn within(rooms: impl Iterator<Item = PathBuf>, port: u16) -> Result<Self, NoWay> {
        let mut why = Error::other("there is none");
        for room in rooms.filter(|room| room.is_absolute()) {
            match Self::beneath(&room, port) {
                Ok(near) => return Ok(near),
                Err(e) => why = e,
            }
        }
        Err(NoWay::Room(why))
    }

    fn beneath(room: &Path, port: u16) -> io::Result<Self> {
        let folder = Folder::beneath(room)?;
        let listener = UnixListener::bind(socket(folder.path(), port))?;
        Ok(Self { folder, listener })
    }

    /// Passes on what comes; and the folder in which our end is found.
    fn pass(
        self,
        far: impl AsyncRead + AsyncWrite + Send + 'static,
        asks_tls: bool,
        ended: Arc<OnceLock<Ended>>,
    ) -> (JoinHandle<()>, PathBuf) {
        let here = self.folder.path().to_owned();
        (tokio::spawn(self.carry(far, asks_tls, ended)), here)
    }

    async fn carry(
        self,
        far: impl AsyncRead + AsyncWrite,
        asks_tls: bool,
        ended: Arc<OnceLock<Ended>>,
    ) {
        let near = match self.listener.accept().await {
            Ok((near, _)) => near,
            Err(e) => {
                if is_starved(&e.to_string()) {
                    let _ = ended.set(Ended::Starved);
                }
                return;
            }
        };
        // There is one caller: nobody else finds a way.
        drop(self);
        let (from_server, mut to_server) = split(far);
        let (mut from_us, mut to_us) = near.into_split();
        let mut bounded = from_server.take(MOST);
        let down = async {
            let greeted = greeting::pass(&mut bounded, &mut to_us, asks_tls).await;
            let said = match greeted {
                Ok(None) => copy(&mut bounded, &mut to_us).await.map(|_| None),
                other => other,
            };
            let end = match said {
                Ok(Some(rounds)) => Some(Ended::Rounds(rounds)),
                Ok(None) => (bounded.limit() == 0).then_some(Ended::Endless),
                Err(e) => Some(Ended::Cut(e.kind())),
            };
            if let Some(end) = end {
                let _ = ended.set(end);
            }
            let _ = to_us.shutdown().await;
        };
        let up = async {
            let _ = copy(&mut from_us, &mut to_server).await;
            let _ = to_server.shutdown().await;
        };
        tokio::select! {
            () = down => {}
            () = up => {}
        }
    }
}
