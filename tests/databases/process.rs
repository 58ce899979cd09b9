//! Servers as processes: started as a user that they accept, stopped with the test by the id they were started with.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::backend::tls::trust::Trust;
use flightdeck::backend::transport::Line;
use flightdeck::config::ServerConfig;
use secrecy::SecretString;

/// The user that a server runs as: PostgreSQL refuses to be root's, so Debian's own users are used where root runs the tests.
#[derive(Clone, Copy)]
pub struct User(Option<(u32, u32)>);

impl User {
    pub fn of(name: &str) -> Self {
        let id = |flag| {
            let done = Command::new("id").args([flag, name]).output().unwrap();
            String::from_utf8_lossy(&done.stdout).trim().parse::<u32>()
        };
        let me = Command::new("id").arg("-u").output().unwrap();
        if String::from_utf8_lossy(&me.stdout).trim() != "0" {
            return Self(None);
        }
        match (id("-u"), id("-g")) {
            (Ok(user), Ok(group)) => Self(Some((user, group))),
            _ => panic!("there is no user {name} to run a server as"),
        }
    }

    pub fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }

    /// A file that this user alone may read.
    pub fn file(self, path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        self.own(path);
    }

    fn own(self, path: &Path) {
        if let Some((user, group)) = self.0 {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }
}

/// A folder that a user owns, removed with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn of(user: User) -> Self {
        let folder = tempfile::Builder::new().prefix("fd-").tempdir().unwrap();
        user.own(folder.path());
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A running server.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let file = fs::File::create(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// Waits until it is ready; shows what it printed where it never is.
    pub fn until(&mut self, mut ready: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !ready() {
            let over = self.child.try_wait().unwrap().is_some() || Instant::now() > end;
            assert!(!over, "the server is not ready:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown, and Redis' as well.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let end = Instant::now() + Duration::from_secs(10);
        while self.child.try_wait().ok().flatten().is_none() {
            if Instant::now() > end {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

pub fn line(name: &'static str) -> Arc<Line> {
    Arc::new(Line::new(name, true, true))
}

pub fn trust(root: Option<&str>) -> Arc<Trust> {
    Arc::new(Trust::new(root).unwrap())
}

/// A port on which something answers HTTP to whatever it is told.
pub async fn http_server() -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    });
    port
}

/// A server to ask, with a password.
pub fn config(url: &str, password: Option<&str>) -> ServerConfig {
    ServerConfig {
        url: Some(url.to_owned()),
        password: password.map(SecretString::from),
    }
}
