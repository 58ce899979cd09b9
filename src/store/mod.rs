//! What must outlive the process: the journal of actions, the audit chain, sign-offs and locks. One SQLite file per user and
//! host, shared by all consoles there; inside, everything is kept apart by environment.
//!
//! Durability: WAL with `synchronous=FULL`, so that a commit is on the disk before a vendor is called; SQLite 3.51.3 or newer,
//! because older ones can lose a commit when several connections reset the WAL. Order: nobody forks the audit chain, because
//! every append holds the write lock (`BEGIN IMMEDIATE`) from reading the head to committing the new one, and the table
//! itself refuses rows that do not follow.

mod anchor;
mod audit;
pub mod chain;
mod fault;
mod guards;
mod journal;
mod lag;
mod lease;
mod migrate;
mod open;
mod proved;
mod recent;
mod refused;
mod reopen;
mod sealed;
mod signoff;
mod temporary;
mod trace;
mod verified;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, watch};

pub use anchor::Head;
pub use journal::{Claim, Lane};
pub use reopen::{JournalRun, OpenRuns, RunState, UnreadRun};
use temporary::Temporary;
pub use trace::Trace;

use crate::domain::problem::Problem;

/// How long a run belongs to the console that drives it, unless renewed. Longer than the deadline of one vendor call, so that
/// a call that was allowed by a lease ends within it.
pub const LEASE: Duration = Duration::from_secs(45);

/// The open store of one environment.
#[derive(Debug)]
pub struct Store {
    pool: SqlitePool,
    /// How a connection is opened that reads and remembers nothing.
    eyes: SqliteConnectOptions,
    path: PathBuf,
    /// The file that was opened; what stands at its path later may be another one.
    opened: Option<trace::File>,
    environment: String,
    anchor: anchor::Anchor,
    /// Why the newest row is not anchored, if so.
    unanchored: Arc<std::sync::Mutex<Option<Problem>>>,
    /// What was verified of the chain.
    verified: std::sync::Mutex<Option<Arc<verified::Verified>>>,
    console: Console,
    lease: Duration,
    changes: watch::Sender<u64>,
    ear: Mutex<Option<Ear>>,
    /// Removed with the store: the demo's file.
    temporary: std::sync::Mutex<Option<Temporary>>,
}

/// Which console this is, among those that share the file.
#[derive(Clone, Debug)]
struct Console {
    /// Unique for each opening.
    holder: String,
    host: String,
    pid: u32,
}

/// A connection that only listens: SQLite's `data_version` tells it of commits made through other connections.
#[derive(Debug)]
struct Ear {
    connection: SqliteConnection,
    heard: i64,
}

impl Store {
    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The environment whose rows it reads and writes.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// This host's name, as written in journal and audit.
    pub fn host(&self) -> &str {
        &self.console.host
    }

    /// Counts up with each change that this console made or was told of by [`Store::listen`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Looks whether anybody (another console as well) has written since the last look, and counts [`Store::changes`] up if so.
    /// Costs one small read: fit to be asked every second.
    pub async fn listen(&self) -> Result<bool, Problem> {
        let mut ear = self.ear.lock().await;
        let Some(ear) = ear.as_mut() else {
            return Ok(false);
        };
        let version: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut ear.connection)
            .await
            .map_err(|e| fault::reading("whether the store has changed", &self.path, &e))?;
        let news = version != ear.heard;
        if news {
            // Not heard, so that each look says so: nothing that follows can be judged here.
            migrate::refuse_newer(&self.path, &mut ear.connection).await?;
            ear.heard = version;
            self.tell();
        }
        Ok(news)
    }

    fn tell(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    /// Closes the file, once what is being written has been. What is open in the journal stays there.
    pub async fn close(&self) {
        self.pool.close().await;
        if let Some(ear) = self.ear.lock().await.take() {
            let _ = ear.connection.close().await;
        }
        if let Ok(mut temporary) = self.temporary.lock() {
            // Whatever still holds the store as the process ends, the demo's folder goes.
            drop(temporary.take());
        }
    }
}
