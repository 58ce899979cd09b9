//! Finding, making and opening the file.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, watch};

use super::anchor::Anchor;
use super::{Console, Ear, LEASE, Store, Temporary, fault, migrate, sealed, trace};
use crate::config::Config;
use crate::domain::problem::Problem;
use crate::domain::text::inert;

/// Older ones can lose commits when two connections reset the WAL (SQLite release notes, 3.51.3).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// How long a writer waits for another one. A commit takes milliseconds; this outlasts a slow disk.
const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the store of a configuration: `store` of the file, else `flightdeck/flightdeck.db` in the user's state directory;
    /// the demo without a `store` gets one of its own for as long as it runs.
    pub async fn open(config: &Config) -> Result<Self, Problem> {
        let (path, temporary) = match (&config.store, config.demo) {
            (Some(path), _) => (path.clone(), None),
            (None, true) => {
                let temporary = Temporary::new();
                (temporary.file(), Some(temporary))
            }
            (None, false) => (default_path()?, None),
        };
        let mut store = Self::open_at(&path, &config.environment, LEASE).await?;
        store.temporary = std::sync::Mutex::new(temporary);
        Ok(store)
    }

    /// Opens (and makes, if need be) the file at a path, for one environment, with a lease of the given length for its runs.
    pub async fn open_at(path: &Path, environment: &str, lease: Duration) -> Result<Self, Problem> {
        let anchor = Anchor::beside(path);
        prepare(path).map_err(|e| fault::file(path, &e))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            // A file that somebody tampered with must not run functions through its schema.
            .pragma("trusted_schema", "OFF")
            .statement_cache_capacity(32);
        let mut first = connect(path, &options).await?;
        check_sqlite(path, &mut first).await?;
        migrate::migrate(path, &mut first, &anchor).await?;
        let heard = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut first)
            .await
            .map_err(|e| unusable(path, &e))?;
        let pool: SqlitePool = SqlitePoolOptions::new()
            // One reads while the other writes; each is a thread, and memory that an idle console holds.
            .max_connections(2)
            .acquire_timeout(PATIENCE + Duration::from_secs(5))
            .idle_timeout(Some(Duration::from_secs(60)))
            // What SQLite rolled back by itself (a full disk) leaves a connection that believes to be in a transaction for ever.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_lazy_with(options);
        let mut store = Self::of(path, environment, pool, sealed::eyes(path), lease);
        store.ear = Mutex::new(Some(Ear {
            connection: first,
            heard,
        }));
        Ok(store)
    }

    /// Of its parts; it listens to nobody yet.
    pub(super) fn of(
        path: &Path,
        environment: &str,
        pool: SqlitePool,
        eyes: SqliteConnectOptions,
        lease: Duration,
    ) -> Self {
        let host = inert(&gethostname::gethostname().to_string_lossy());
        let pid = std::process::id();
        Self {
            pool,
            eyes,
            path: path.to_owned(),
            opened: trace::File::at(path),
            environment: environment.to_owned(),
            anchor: Anchor::beside(path),
            unanchored: Arc::default(),
            verified: std::sync::Mutex::default(),
            console: Console {
                holder: format!("{host}:{pid}:{:016x}", fastrand::u64(..)),
                host,
                pid,
            },
            lease,
            changes: watch::channel(0).0,
            ear: Mutex::new(None),
            temporary: std::sync::Mutex::default(),
        }
    }
}

pub(super) fn default_path() -> Result<PathBuf, Problem> {
    let dirs = directories::ProjectDirs::from("", "", "flightdeck").ok_or_else(|| {
        let fix = "Set HOME or XDG_STATE_HOME, or `store` in flightdeck.toml.";
        fault::opening(
            Path::new("flightdeck.db"),
            "no home directory is known",
            fix,
        )
    })?;
    let folder = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
    Ok(folder.join("flightdeck.db"))
}

/// Makes the folder (0700) and the file (0600), and takes away what others could read of an existing file.
fn prepare(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

async fn connect(path: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection, Problem> {
    let mut last = None;
    // Switching a new file to WAL needs it alone for a moment, and that lock is not waited for: two consoles that start together meet here.
    for attempt in 0..20u64 {
        match options.connect().await {
            Ok(connection) => return Ok(connection),
            Err(e) => {
                let locked = matches!(&e, sqlx::Error::Database(d)
                    if d.code().is_some_and(|c| c == "5" || c == "261"));
                last = Some(e);
                if !locked {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10 + attempt * 10)).await;
            }
        }
    }
    Err(last.map_or_else(
        || fault::opening(path, "it stays locked", "Try again."),
        |e| unusable(path, &e),
    ))
}

pub(super) fn unusable(path: &Path, error: &sqlx::Error) -> Problem {
    let worded = fault::worded("", path, error);
    let why = worded
        .why
        .strip_prefix(&format!("{}: ", path.display()))
        .unwrap_or(&worded.why);
    fault::opening(path, why, &worded.fix)
}

async fn check_sqlite(path: &Path, connection: &mut SqliteConnection) -> Result<(), Problem> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(|e| unusable(path, &e))?;
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SQLITE {
        return Err(fault::opening(
            path,
            &format!("this build carries SQLite {version}, which can lose commits in WAL mode"),
            "Use a build with SQLite 3.51.3 or newer.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_stops_no_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.db");
        let store = Store::open_at(&path, "production", LEASE).await.unwrap();
        let mut tx = store.lock().await.unwrap();
        sqlx::raw_sql("ROLLBACK").execute(&mut *tx).await.unwrap();
        assert!(tx.commit().await.is_err());
        // It is back in the pool by now, and is one of the two.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let pool = &store.pool;
        let (one, two) = tokio::join!(pool.acquire(), pool.acquire());
        let stuck = [one, two].map(|c| c.unwrap().is_in_transaction());
        assert_eq!(stuck, [false, false]);
        store.lock().await.unwrap().rollback().await.unwrap();
    }

    #[test]
    fn what_the_file_system_does_not_allow_is_named() {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
        for (kind, words) in [
            (StorageFull, "the disk is full"),
            (ReadOnlyFilesystem, "its file system is read-only"),
            (PermissionDenied, "may not be written"),
        ] {
            let problem = fault::file(Path::new("/x/f.db"), &kind.into());
            assert!(problem.why.contains(words) && !problem.fix.is_empty());
        }
    }
}
