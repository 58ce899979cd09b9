//! What stands between the client's library and the server: bytes pass both ways, and of a look only so many from the server.
//!
//! The library reads whatever comes, as long as there is something, in one go: a server that never stops talking would keep every other
//! question of this process waiting, and fill its memory. TLS goes through as it is: it is spoken with the server.

use std::io::{self, Error};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// Bytes of one look. Its largest answers, the slowest statements with their texts, are some hundred thousand.
const MOST: u64 = 8 << 20;

/// Where there is no other room: memory.
const MEMORY: &str = "/dev/shm";

/// A way to a server for one connection. It ends with this.
#[derive(Debug)]
pub(super) struct Relay {
    task: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
}

impl Relay {
    /// Connects to the server, and gives the options with which the library finds it here.
    ///
    /// # Errors
    /// Where the server cannot be reached, or no folder is to be had for the way to it.
    pub(super) async fn to(server: PgConnectOptions) -> io::Result<(Self, PgConnectOptions)> {
        let (host, port) = (server.get_host(), server.get_port());
        let folder = match server.get_socket() {
            Some(folder) => Some(folder.as_path()),
            None => host.starts_with('/').then(|| Path::new(host)),
        };
        let is_over = Arc::new(AtomicBool::new(false));
        let near = Near::open(port)?;
        let here = near.folder.0.clone();
        let over = is_over.clone();
        let task = if let Some(folder) = folder {
            let far = UnixStream::connect(socket(folder, port)).await?;
            tokio::spawn(near.pass(far, over))
        } else {
            // An address of version 6 stands in brackets in a URL.
            let far = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
            // Questions are small, and each waits for its answer.
            let _ = far.set_nodelay(true);
            tokio::spawn(near.pass(far, over))
        };
        Ok((Self { task, is_over }, server.socket(here)))
    }

    /// Whether the server said more than is read.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The vendor's name for a socket in a folder.
fn socket(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

/// Our end: a socket that this user alone can reach, for one caller.
struct Near {
    folder: Folder,
    listener: UnixListener,
}

impl Near {
    fn open(port: u16) -> io::Result<Self> {
        let mut why = Error::other("there is no folder for it");
        let mine = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        for room in [mine, Some(std::env::temp_dir()), Some(MEMORY.into())] {
            let Some(room) = room else { continue };
            match Folder::beneath(&room).and_then(|folder| {
                let listener = UnixListener::bind(socket(&folder.0, port))?;
                Ok(Self { folder, listener })
            }) {
                Ok(near) => return Ok(near),
                Err(e) => why = e,
            }
        }
        Err(why)
    }

    async fn pass(self, far: impl AsyncRead + AsyncWrite, is_over: Arc<AtomicBool>) {
        let Ok((near, _)) = self.listener.accept().await else {
            return;
        };
        // There is one caller: nobody else finds a way.
        drop(self);
        let (from_server, mut to_server) = split(far);
        let (mut from_us, mut to_us) = near.into_split();
        let mut bounded = from_server.take(MOST);
        let down = async {
            let _ = copy(&mut bounded, &mut to_us).await;
            is_over.store(bounded.limit() == 0, Ordering::Release);
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

/// A folder of ours, gone with this.
struct Folder(PathBuf);

impl Folder {
    fn beneath(room: &Path) -> io::Result<Self> {
        let path = room.join(format!("flightdeck-{:016x}", fastrand::u64(..)));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
