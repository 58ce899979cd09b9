//! A power loss. A killed process leaves to the file system whatever it wrote; a machine without power leaves what was synced. A library
//! that is preloaded keeps what that is (`unsynced.c`; the compiler is the one that Rust links with).

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flightdeck::domain::audit::ChainVerdict;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

/// Rows that are told to be durable before the power goes.
const ROWS: usize = 12;

/// The library; nothing where there is no compiler.
fn library(folder: &Path) -> Option<PathBuf> {
    let to = folder.join("unsynced.so");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/unsynced.c");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(&to)
        .arg(from)
        .args(["-ldl", "-lpthread"])
        .status();
    match made {
        Ok(status) => {
            assert!(status.success(), "the library is not compiled");
            Some(to)
        }
        Err(_) => None,
    }
}

/// Runs a test of this file as a child until it said so many times that something is durable, takes its power, and gives what it
/// said and where the disk is.
fn power_loss(child: &str, folder: &Path, library: &Path) -> (Vec<String>, PathBuf) {
    let (live, disk) = (folder.join("live"), folder.join("disk"));
    std::fs::create_dir_all(&live).unwrap();
    std::fs::create_dir_all(&disk).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture"])
        .env("FLIGHTDECK_TEST_APPEND_TO", live.join("f.db"))
        .env("LD_PRELOAD", library)
        .env("UNSYNCED_LIVE", &live)
        .env("UNSYNCED_DISK", &disk)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines
        .map_while(Result::ok)
        .filter_map(|l| l.split("durable ").nth(1).map(str::to_owned))
        .take(ROWS)
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said.len(), ROWS);
    (said, disk.join("f.db"))
}

/// Not a test of its own: the child of the control below, which writes as SQLite does where it need not sync each commit.
#[tokio::test]
async fn child_that_does_not_sync() {
    let Ok(path) = std::env::var("FLIGHTDECK_TEST_APPEND_TO") else {
        return;
    };
    let mut db = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .connect()
        .await
        .unwrap();
    let made = sqlx::query("CREATE TABLE t (n INTEGER)").execute(&mut db);
    made.await.unwrap();
    for n in 0.. {
        let put = sqlx::query("INSERT INTO t VALUES (?)").bind(n);
        put.execute(&mut db).await.unwrap();
        println!("durable {n}");
    }
}

#[tokio::test]
async fn what_was_begun_is_in_the_file_after_a_power_loss() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = library(folder.path()) else {
        eprintln!("skipped: what_was_begun_is_in_the_file_after_a_power_loss needs cc");
        return;
    };
    for round in 0..3 {
        let folder = folder.path().join(format!("round-{round}"));
        let child = "child_that_appends_until_it_is_killed";
        let (begun, disk) = power_loss(child, &folder, &library);
        let store = super::open(&disk).await;
        for run in begun {
            let found = store.journal_run(&run).await.unwrap();
            assert!(found.is_some(), "run {run} may have called a vendor");
        }
        let verdict = store.verify().await.unwrap();
        let holds = match &verdict {
            ChainVerdict::Intact { .. } => true,
            ChainVerdict::Lagging { rows, anchored, .. } => rows - anchored == 1,
            ChainVerdict::Broken { .. } => false,
        };
        assert!(holds, "{verdict:?}");
    }
}

/// The same disk under a writer that syncs less: had it kept what was not synced, the test above would say nothing.
#[tokio::test]
async fn a_writer_that_does_not_sync_loses_what_it_said_was_durable() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = library(folder.path()) else {
        eprintln!("skipped: a_writer_that_does_not_sync_loses_what_it_said_was_durable needs cc");
        return;
    };
    let (_, disk) = power_loss("power::child_that_does_not_sync", folder.path(), &library);
    let mut rows = 0;
    if disk.exists() {
        let mut db = SqliteConnectOptions::new()
            .filename(&disk)
            .connect()
            .await
            .unwrap();
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM t");
        // Where not even the table was synced, there is none.
        rows = count.fetch_one(&mut db).await.unwrap_or(0);
        db.close().await.unwrap();
    }
    assert!(rows < i64::try_from(ROWS).unwrap(), "{rows} rows were kept");
}
