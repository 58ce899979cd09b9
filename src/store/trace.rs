//! Whether somebody touched the files themselves. SQLite tells of what is written through it, and keeps pages in memory; it tells
//! nothing of an editor, of `dd`, or of a backup that is put back while consoles are open.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::{Store, fault};
use crate::domain::problem::Problem;

/// One file, as the file system tells of it. A look opens nothing, so that no lock of SQLite's is lost by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    device: u64,
    inode: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl File {
    /// The file at a path; `None` where it cannot be looked at.
    pub fn at(path: &Path) -> Option<Self> {
        let m = std::fs::metadata(path).ok()?;
        Some(Self {
            device: m.dev(),
            inode: m.ino(),
            size: m.size(),
            seconds: m.mtime(),
            nanoseconds: m.mtime_nsec(),
        })
    }

    fn is(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

/// What the database, its log and its head file look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace([Option<File>; 3]);

impl Store {
    /// A look at the files, to be compared with an earlier one. Costs three calls of the file system.
    pub fn trace(&self) -> Trace {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let files = [self.path.as_path(), Path::new(&log), self.anchor.path()];
        Trace(files.map(File::at))
    }

    /// A connection that reads and remembers nothing: the pool would judge pages that it read long ago. A file that took the place of
    /// the opened one is not touched: two databases must not share a log.
    pub(super) async fn fresh_eyes(&self) -> Result<SqliteConnection, Problem> {
        let now = File::at(&self.path);
        if !matches!((now, self.opened), (Some(now), Some(then)) if now.is(&then)) {
            let e = sqlx::Error::Io(std::io::Error::other(
                "the file was replaced or removed while this console had it open",
            ));
            return Err(fault::reading("the audit trail", &self.path, &e));
        }
        self.eyes
            .connect()
            .await
            .map_err(|e| fault::reading("the audit trail", &self.path, &e))
    }
}

/// Ends a connection; that it is over matters to nobody.
pub(super) async fn close(connection: SqliteConnection) {
    let _ = connection.close().await;
}
