//! Opening a store that may only be read: evidence on a read-only medium, or in somebody else's folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use super::{LEASE, Store, Temporary, fault, migrate, open, trace};
use crate::config::Config;
use crate::domain::problem::Problem;

/// How long a reader waits for a writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the disk that is full is not.
const MEMORY: &str = "/dev/shm";

/// A connection that reads alone.
pub(super) fn eyes(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .busy_timeout(PATIENCE)
        .pragma("trusted_schema", "OFF")
}

/// A file of SQLite's beside a database.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Whether it is a store of ours.
async fn looked_at(path: &Path, eyes: &SqliteConnectOptions) -> Result<bool, Problem> {
    let first = eyes.connect().await;
    let mut first = first.map_err(|e| open::unusable(path, &e))?;
    let known = migrate::is_ours(path, &mut first).await;
    trace::close(first).await;
    known
}

impl Store {
    /// The store of a configuration, for looking at its audit chain. What there is is evidence: it is read as it is, whatever its
    /// schema, its guards and its rights are. Where there is none yet, it is made as ever.
    ///
    /// # Errors
    /// As [`Store::open`] and [`Store::read_at`].
    pub async fn open_to_read(config: &Config) -> Result<Self, Problem> {
        let path = match &config.store {
            Some(path) => path.clone(),
            None if config.demo => return Self::open(config).await,
            None => open::default_path()?,
        };
        if !std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() > 0) {
            return Self::open(config).await;
        }
        Self::read_at(&path, &config.environment).await
    }

    /// Opens the file at a path to be read alone. Nothing is written beside it but SQLite's index of a log that is not empty; where
    /// none may be made, such a log can be read only with the index that is there.
    ///
    /// # Errors
    /// Where it cannot be read, or is none of ours.
    pub async fn read_at(path: &Path, environment: &str) -> Result<Self, Problem> {
        let log = beside(path, "-wal");
        let is_written = std::fs::metadata(&log).is_ok_and(|m| m.len() > 0);
        // An empty log with SQLite's index beside it is that of a console that is open, and may write while this one reads.
        let is_open = is_written || (log.exists() && beside(path, "-shm").exists());
        // Where there is no log, nobody writes, and SQLite must not ask for files of its own beside it.
        let eyes = eyes(path).immutable(!is_open);
        let known = match looked_at(path, &eyes).await {
            Err(p) if is_written && !fault::is_full(&p) && !beside(path, "-shm").exists() => {
                let why = format!(
                    "it may only be read here, and rows that are still in {} can be read only where files may be made beside it",
                    log.display()
                );
                let fix = "Copy the file with its -wal and .heads to a folder that may be written, and name it there with `store` in flightdeck.toml.";
                return Err(fault::opening(path, &why, fix));
            }
            // SQLite's index of the log finds no room: what was done is wanted all the more then.
            Err(p) if is_written && fault::is_full(&p) => {
                return Self::read_aside(path, environment, p).await;
            }
            known => known?,
        };
        if !known {
            let fix = "Name the file with `store` in flightdeck.toml.";
            return Err(fault::opening(path, "it holds no audit chain", fix));
        }
        Ok(Self::of(path, environment, reader(&eyes), eyes, LEASE))
    }

    /// The same from a copy where there is room, in the folder for such things or in memory; `full` is why it cannot be read where it is.
    async fn read_aside(path: &Path, environment: &str, full: Problem) -> Result<Self, Problem> {
        for folder in [std::env::temp_dir(), PathBuf::from(MEMORY)] {
            let aside = Temporary::beneath(&folder);
            let (from, to) = (path.to_owned(), aside.file());
            let copied = tokio::task::spawn_blocking(move || is_copied(&from, &to)).await;
            let eyes = eyes(&aside.file());
            if copied.unwrap_or(false) && looked_at(path, &eyes).await.unwrap_or(false) {
                let mut store = Self::of(path, environment, reader(&eyes), eyes, LEASE);
                store.temporary = std::sync::Mutex::new(Some(aside));
                return Ok(store);
            }
        }
        Err(full)
    }
}

fn reader(eyes: &SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(eyes.clone())
}

/// Copies a database with its log; whether nobody wrote meanwhile, so that both are of one moment.
fn is_copied(from: &Path, to: &Path) -> bool {
    let files = || ["", "-wal"].map(|end| trace::File::at(&beside(from, end)));
    let before = files();
    let copied = ["", "-wal"]
        .iter()
        .all(|end| std::fs::copy(beside(from, end), beside(to, end)).is_ok());
    copied && files() == before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Sighting;

    /// A full disk is played: what matters is that rows which are still in the log are read, and nothing is written beside them.
    #[tokio::test]
    async fn what_is_in_a_log_is_read_from_a_copy_where_its_index_finds_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.db");
        let store = Store::open_at(&path, "production", LEASE).await.unwrap();
        let seen = Sighting {
            criterion: "1.1".into(),
            proved: true,
            at: jiff::Timestamp::now(),
            apart_s: Sighting::CONSOLE_APART_S,
        };
        let here = crate::domain::observer::Observer {
            machine: "here".into(),
            place: None,
            whom: None,
            face: "console",
        };
        store.put_down(&here, &[seen]).await.unwrap();
        let log = beside(&path, "-wal");
        assert!(std::fs::metadata(&log).unwrap().len() > 0);
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let before = names();
        let full = fault::file(&path, &std::io::ErrorKind::StorageFull.into());
        assert!(fault::is_full(&full));
        let read = Store::read_aside(&path, "production", full.clone())
            .await
            .unwrap();
        assert!(read.proven(&here).await.unwrap().contains_key("1.1"));
        assert!(read.audit_rows(9).await.unwrap().is_empty());
        let aside = read.temporary.lock().unwrap().as_ref().unwrap().file();
        assert!(aside.exists() && aside.parent() != path.parent());
        read.close().await;
        assert!(!aside.exists());
        assert_eq!(names(), before, "nothing is left beside the evidence");
        let none = folder.path().join("none.db");
        let p = Store::read_aside(&none, "production", full.clone()).await;
        assert_eq!(p.unwrap_err(), full);
    }
}
