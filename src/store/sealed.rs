//! Opening a store that may only be read: evidence on a read-only medium, or in somebody else's folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::{LEASE, Store, fault, migrate, open, trace};
use crate::config::Config;
use crate::domain::problem::Problem;

/// How long a reader waits for a writer.
const PATIENCE: Duration = Duration::from_secs(10);

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
            Err(_) if is_written && !beside(path, "-shm").exists() => {
                let why = format!(
                    "it may only be read here, and rows that are still in {} can be read only where files may be made beside it",
                    log.display()
                );
                let fix = "Copy the file with its -wal and .heads to a folder that may be written, and name it there with `store` in flightdeck.toml.";
                return Err(fault::opening(path, &why, fix));
            }
            known => known?,
        };
        if !known {
            let fix = "Name the file with `store` in flightdeck.toml.";
            return Err(fault::opening(path, "it holds no audit chain", fix));
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(eyes.clone());
        Ok(Self::of(path, environment, pool, eyes, LEASE))
    }
}
