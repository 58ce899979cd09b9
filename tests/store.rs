//! The store from outside: whoever tampers with its file is found, consoles that share it never disagree, and what was
//! promised to be durable survives a kill.

#[path = "support/canary.rs"]
mod canary;
#[path = "store/power.rs"]
mod power;
#[path = "store/seats.rs"]
mod seats;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use flightdeck::config::Config;
use flightdeck::domain::action::{Confirm, Intent, Phase, Preview};
use flightdeck::domain::audit::{
    AuditRow, ChainVerdict, Outcome, Proven, Sighting, SignOff, SignOffKind,
};
use flightdeck::domain::environment::Env;
use flightdeck::domain::observer::Observer;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::ServiceId;
use flightdeck::store::{RunState, Store};
use jiff::Timestamp;
use sha2::Digest;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

const LEASE: Duration = Duration::from_secs(30);

fn preview(intent: Intent) -> Preview {
    Preview {
        title: format!("{} {}", intent.verb(), intent.subject()),
        intent,
        environment: "production".into(),
        facts: vec![],
        diff: vec![],
        warnings: vec![],
        refusals: vec![],
        calls: vec![],
        inputs: vec![("revision".into(), "api:41".into())],
        fingerprint: "ab".repeat(32),
        confirm: Confirm::Key,
        elsewhere: None,
        at: Timestamp::now(),
    }
}

fn scale(name: &str) -> Preview {
    preview(Intent::Scale {
        service: ServiceId {
            cluster: "laser".into(),
            name: name.into(),
        },
        desired: 3,
    })
}

fn sign(criterion: &str, why: &str) -> Preview {
    preview(Intent::SignOff {
        criterion: criterion.into(),
        why: why.into(),
        link: String::new(),
    })
}

async fn open(path: &Path) -> Store {
    Store::open_at(path, "production", LEASE).await.unwrap()
}

/// A store with three ended runs: six rows.
async fn six_rows(path: &Path) -> Store {
    let store = open(path).await;
    for name in ["api", "web", "jobs"] {
        let claim = store.begin(&scale(name), "ana").await.unwrap();
        store
            .finish(&claim, Outcome::Succeeded, "3 of 3 running")
            .await
            .unwrap();
    }
    store
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .unwrap()
}

/// Somebody with the file in hand: the guards go first, then the change is made.
async fn tamper(path: &Path, sql: &str) {
    let mut db = raw(path).await;
    let all = format!(
        "DROP TRIGGER audit_follows; DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays; PRAGMA ignore_check_constraints = ON; {sql}"
    );
    sqlx::raw_sql(AssertSqlSafe(all))
        .execute(&mut db)
        .await
        .unwrap();
}

fn broken_at(verdict: &ChainVerdict) -> (u64, &str) {
    match verdict {
        ChainVerdict::Broken { seq, why } => (*seq, why),
        other => panic!("the chain was found {other:?}"),
    }
}

#[tokio::test]
async fn a_fresh_store_is_private_full_and_new_enough() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/flightdeck.db");
    let store = six_rows(&path).await;
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Intact { rows: 6, .. }
    ));
    for file in ["flightdeck.db", "flightdeck.db-wal", "flightdeck.db.heads"] {
        let mode = path
            .with_file_name(file)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let mut db = raw(&path).await;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut db)
        .await
        .unwrap();
    let numbers: Vec<u32> = version.split('.').map(|n| n.parse().unwrap()).collect();
    assert!(numbers >= vec![3, 51, 3], "{version}");
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(journal, "wal");
}

#[tokio::test]
async fn every_changed_column_is_found_and_the_row_is_named() {
    let columns = [
        ("at", "'2020-01-01T00:00:00Z'"),
        ("who", "'mallory'"),
        ("host", "'elsewhere'"),
        ("action", "'deploy'"),
        ("subject", "'laser/db'"),
        ("event", "'note'"),
        ("parameters", "'{}'"),
        ("preview", "''"),
        ("outcome", "'failed'"),
        ("detail", "'nothing happened'"),
        ("duration_ms", "86400000"),
        ("run", "'other'"),
        ("previous", "replace(previous, substr(previous, 1, 1), 'x')"),
        ("hash", "replace(hash, substr(hash, 1, 1), 'x')"),
        ("environment", "'staging'"),
    ];
    for (column, value) in columns {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.db");
        let store = six_rows(&path).await;
        tamper(
            &path,
            &format!("UPDATE audit SET {column} = {value} WHERE seq = 4"),
        )
        .await;
        let verdict = store.verify().await.unwrap();
        assert_eq!(broken_at(&verdict).0, 4, "{column}: {verdict:?}");
    }
}

#[tokio::test]
async fn removed_reordered_cut_and_rewritten_rows_are_found() {
    let cases = [
        ("DELETE FROM audit WHERE seq = 3", 3, "missing"),
        (
            "UPDATE audit SET seq = 30 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 30",
            3,
            "moved",
        ),
        ("DELETE FROM audit WHERE seq > 4", 5, "tail was cut"),
        ("DELETE FROM audit", 1, "tail was cut"),
        (
            "DELETE FROM audit WHERE seq = 1; UPDATE audit SET seq = seq - 1",
            1,
            "moved",
        ),
    ];
    for (sql, row, words) in cases {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.db");
        let store = six_rows(&path).await;
        tamper(&path, sql).await;
        let verdict = store.verify().await.unwrap();
        let (seq, why) = broken_at(&verdict);
        assert_eq!(seq, row, "{sql}: {why}");
        assert!(why.contains(words), "{sql}: {why}");
    }
}

#[tokio::test]
async fn an_older_copy_put_back_is_found_even_after_more_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = six_rows(&path).await;
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut raw(&path).await)
        .await
        .unwrap();
    let copy = std::fs::read(&path).unwrap();
    let claim = store.begin(&scale("api"), "ana").await.unwrap();
    store.finish(&claim, Outcome::Failed, "").await.unwrap();
    store.close().await;
    for file in ["f.db-wal", "f.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(file));
    }
    std::fs::write(&path, copy).unwrap();
    let store = open(&path).await;
    assert_eq!(broken_at(&store.verify().await.unwrap()).0, 7);
    store.begin(&scale("web"), "mallory").await.unwrap();
    assert_eq!(broken_at(&store.verify().await.unwrap()).0, 7);
}

/// The same, and the guards are put back as they were.
async fn tamper_and_hide(path: &Path, sql: &str) {
    let guards: Vec<String> = sqlx::query_scalar(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
    )
    .fetch_all(&mut raw(path).await)
    .await
    .unwrap();
    tamper(path, sql).await;
    let again = sqlx::raw_sql(AssertSqlSafe(guards.join(";\n")));
    again.execute(&mut raw(path).await).await.unwrap();
}

#[tokio::test]
async fn what_was_verified_is_not_read_again_and_what_came_since_is_judged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let (ana, ben) = (six_rows(&path).await, open(&path).await);
    let intact = |verdict: ChainVerdict, n: u64| {
        let rows = match verdict {
            ChainVerdict::Intact { rows, .. } => rows,
            other => panic!("the chain was found {other:?}"),
        };
        assert_eq!(rows, n);
    };
    intact(ana.verify_new().await.unwrap(), 6);
    // Another console writes.
    let claim = ben.begin(&scale("api"), "ben").await.unwrap();
    intact(ana.verify_new().await.unwrap(), 7);
    let done = ben.finish(&claim, Outcome::Succeeded, "3 of 3");
    done.await.unwrap();
    intact(ana.verify_new().await.unwrap(), 8);
    // What was read is left to those who read all of it: whoever does finds it, and nobody is told that it is well from then on.
    let change = "UPDATE audit SET who = 'mallory' WHERE seq = 4";
    tamper_and_hide(&path, change).await;
    intact(ana.verify_new().await.unwrap(), 8);
    for verdict in [ana.verify().await, ana.verify_new().await] {
        assert_eq!(broken_at(&verdict.unwrap()).0, 4);
    }
    assert_eq!(
        broken_at(&ben.verify_new().await.unwrap()).0,
        4,
        "its first"
    );
}

#[tokio::test]
async fn a_short_look_finds_what_came_wrong_what_went_and_what_was_put_back() {
    let cases = [
        ("UPDATE audit SET who = 'mallory' WHERE seq = 8", 8),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq > 4", 5),
        (
            "UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 6",
            6,
        ),
        (
            "UPDATE audit SET seq = 30 WHERE seq = 7; UPDATE audit SET seq = 7 WHERE seq = 8; UPDATE audit SET seq = 8 WHERE seq = 30",
            7,
        ),
    ];
    for (sql, row) in cases {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.db");
        let store = six_rows(&path).await;
        store.verify().await.unwrap();
        let claim = store.begin(&scale("api"), "ana").await.unwrap();
        let done = store.finish(&claim, Outcome::Succeeded, "").await;
        done.unwrap();
        tamper_and_hide(&path, sql).await;
        let verdict = store.verify_new().await.unwrap();
        assert_eq!(broken_at(&verdict).0, row, "{sql}: {verdict:?}");
    }
    // Guards that are gone, and a head file that is gone, emptied, or knows another row.
    type Harm = fn(&Path);
    let other = |heads: &Path| {
        let line = format!("\n5 {} \"production\"\n", "e".repeat(64));
        let file = std::fs::OpenOptions::new().append(true).open(heads);
        std::io::Write::write_all(&mut file.unwrap(), line.as_bytes()).unwrap();
    };
    let harms: [Harm; 3] = [
        |heads| std::fs::remove_file(heads).unwrap(),
        |heads| std::fs::write(heads, "").unwrap(),
        other,
    ];
    for harm in harms {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.db");
        let store = six_rows(&path).await;
        store.verify().await.unwrap();
        harm(&dir.path().join("f.db.heads"));
        broken_at(&store.verify_new().await.unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = six_rows(&path).await;
    store.verify().await.unwrap();
    tamper(&path, "").await;
    broken_at(&store.verify_new().await.unwrap());
}

/// Where the bytes of the store's file are, after all of its log went into it.
async fn settled(path: &Path) -> Vec<u8> {
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut raw(path).await)
        .await
        .unwrap();
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn bytes_changed_behind_an_open_console_leave_a_trace_and_break_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = six_rows(&path).await;
    let bytes = settled(&path).await;
    // Whoever reads now has the pages in memory.
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Intact { rows: 6, .. }
    ));
    store.audit_rows(10).await.unwrap();
    while store.listen().await.unwrap() {}
    let before = store.trace();
    assert_eq!(before, store.trace(), "reading leaves none");
    let at = bytes
        .windows(14)
        .position(|w| w == b"3 of 3 running")
        .unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"0", at as u64).unwrap();
    assert!(!store.listen().await.unwrap(), "SQLite tells nothing of it");
    assert_ne!(before, store.trace());
    broken_at(&store.verify().await.unwrap());
}

#[tokio::test]
async fn a_file_put_in_the_place_of_an_open_one_is_not_taken_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = six_rows(&path).await;
    let bytes = settled(&path).await;
    let before = store.trace();
    let other = dir.path().join("copy");
    std::fs::write(&other, bytes).unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert_ne!(before, store.trace());
    let problem = store.verify().await.unwrap_err();
    assert!(problem.why.contains("was replaced"), "{problem:?}");
    std::fs::remove_file(&path).unwrap();
    assert!(store.verify().await.is_err());
}

#[tokio::test]
async fn a_head_that_is_written_late_is_no_gap() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let heads = path.with_file_name("f.db.heads");
    let store = six_rows(&path).await;
    // The last row is committed; its head is on its way to a slow disk.
    let whole = std::fs::read_to_string(&heads).unwrap();
    let cut = whole.trim_end().rfind('\n').unwrap() + 1;
    std::fs::write(&heads, &whole[..cut]).unwrap();
    let late = async {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        std::fs::write(&heads, &whole).unwrap();
    };
    let (caught, ()) = tokio::join!(store.catch_up("ben"), late);
    assert_eq!(caught.unwrap(), None);
    assert_eq!(store.audit_rows(1).await.unwrap()[0].seq, 6);
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Intact { rows: 6, .. }
    ));
}

#[tokio::test]
async fn a_lost_head_file_is_told_and_the_table_defends_itself() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = six_rows(&path).await;
    let mut db = raw(&path).await;
    for sql in [
        "UPDATE audit SET who = 'x' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 6",
        "INSERT INTO audit SELECT environment, 9, at, who, host, action, subject, event, parameters, preview, outcome, detail, duration_ms, run, hash, previous FROM audit WHERE seq = 6",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2",
    ] {
        assert!(sqlx::raw_sql(sql).execute(&mut db).await.is_err(), "{sql}");
    }
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Intact { rows: 6, .. }
    ));
    let heads = dir.path().join("f.db.heads");
    std::fs::remove_file(&heads).unwrap();
    assert!(broken_at(&store.verify().await.unwrap()).1.contains("gone"));
    // Nor does one that was emptied or written over become whole by what is added later.
    for (left, says) in [("", "is empty"), ("garbage\n", "no console wrote")] {
        std::fs::write(&heads, left).unwrap();
        let verdict = store.verify().await.unwrap();
        assert!(broken_at(&verdict).1.contains(says), "{verdict:?}");
        assert_eq!(store.catch_up("ana").await.unwrap(), None);
    }
    std::fs::write(&heads, "").unwrap();
    let claim = store.begin(&scale("mail"), "ana").await.unwrap();
    let verdict = store.verify().await.unwrap();
    assert!(
        broken_at(&verdict).1.contains("begins at row 7"),
        "{verdict:?}"
    );
    store.finish(&claim, Outcome::Succeeded, "").await.unwrap();
    broken_at(&store.verify().await.unwrap());
}

#[tokio::test]
async fn a_table_that_lost_its_guards_is_told_though_its_rows_follow() {
    for (sql, says) in [
        ("DROP TRIGGER audit_stays", "trigger audit_stays is gone"),
        (
            "DROP TRIGGER signoff_stays",
            "trigger signoff_stays is gone",
        ),
        (
            "DROP TRIGGER audit_keeps; CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT 1; END",
            "trigger audit_keeps is another",
        ),
        (
            "CREATE TRIGGER audit_helps AFTER INSERT ON audit BEGIN SELECT 1; END",
            "trigger audit_helps is not of this program",
        ),
        (
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (who <> '''')', '') WHERE name = 'audit'",
            "table audit is another",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.db");
        let store = six_rows(&path).await;
        sqlx::raw_sql(sql)
            .execute(&mut raw(&path).await)
            .await
            .unwrap();
        let verdict = store.verify().await.unwrap();
        let (row, why) = broken_at(&verdict);
        assert!(row == 6 && why.contains(says), "{sql}: {why}");
    }
}

/// Puts a row in that follows from the last one, as somebody would who knows how rows are hashed and anchored.
async fn forge(path: &Path, event: &str, run: &str) {
    let mut db = raw(path).await;
    let (seq, previous): (i64, String) =
        sqlx::query_as("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
            .fetch_one(&mut db)
            .await
            .unwrap();
    let (outcome, took) = match event {
        "outcome" => (Some("succeeded"), Some(1_i64)),
        _ => (None, None),
    };
    let (number, at) = ((seq + 1).to_string(), "2026-11-26T12:00:00Z");
    let took_text = took.map(|n| n.to_string());
    let mut sha = sha2::Sha256::new();
    sha.update(b"flightdeck audit row 1\n");
    for (name, value) in [
        ("environment", Some("production")),
        ("seq", Some(number.as_str())),
        ("at", Some(at)),
        ("who", Some("mallory")),
        ("host", Some("h")),
        ("action", Some("scale")),
        ("subject", Some("s")),
        ("event", Some(event)),
        ("parameters", Some("{}")),
        ("preview", Some("")),
        ("outcome", outcome),
        ("detail", Some("")),
        ("duration_ms", took_text.as_deref()),
        ("run", Some(run)),
        ("previous", Some(previous.as_str())),
    ] {
        let length = value.map_or("-".to_owned(), |v| v.len().to_string());
        sha.update(format!("{name} {length} {}\n", value.unwrap_or("")).as_bytes());
    }
    let hash = hex::encode(sha.finalize());
    sqlx::query("INSERT INTO audit VALUES ('production',?,?,'mallory','h','scale','s',?,'{}','',?,'',?,?,?,?)")
        .bind(seq + 1)
        .bind(at)
        .bind(event)
        .bind(outcome)
        .bind(took)
        .bind(run)
        .bind(&previous)
        .bind(&hash)
        .execute(&mut db)
        .await
        .unwrap();
    let heads = path.with_file_name("f.db.heads");
    let line = format!("{number} {hash} \"production\"\n");
    let before = std::fs::read_to_string(&heads).unwrap();
    std::fs::write(&heads, before + &line).unwrap();
}

#[tokio::test]
async fn an_outcome_of_nobody_s_intent_is_told_and_so_is_an_action_that_ends_twice() {
    for (event, says) in [
        ("note", None),
        ("outcome of nobody", Some("no row before it began")),
        ("outcome", Some("which row 6 ended")),
        ("intent", Some("which row 5 began")),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.db");
        let store = six_rows(&path).await;
        let last = store.audit_rows(1).await.unwrap().remove(0);
        match event.strip_suffix(" of nobody") {
            Some(event) => forge(&path, event, "nobody").await,
            None => forge(&path, event, &last.run).await,
        }
        let verdict = store.verify().await.unwrap();
        match says {
            None => assert!(
                matches!(verdict, ChainVerdict::Intact { rows: 7, .. }),
                "{verdict:?}"
            ),
            Some(says) => {
                let (row, why) = broken_at(&verdict);
                assert!(row == 7 && why.contains(says), "{why}");
            }
        }
    }
}

#[tokio::test]
async fn evidence_that_may_only_be_read_is_judged_and_nothing_is_written_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    six_rows(&path).await.close().await;
    let beside = || {
        let names = std::fs::read_dir(dir.path()).unwrap();
        let mut names: Vec<_> = names.map(|f| f.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(beside(), ["f.db", "f.db.heads"]);
    let store = Store::read_at(&path, "production").await.unwrap();
    let verdict = store.verify().await.unwrap();
    assert!(matches!(verdict, ChainVerdict::Intact { rows: 6, .. }));
    assert_eq!(store.audit_rows(9).await.unwrap().len(), 6);
    let mut out = Vec::new();
    assert_eq!(store.export(&mut out).await.unwrap(), 6);
    let problem = store.begin(&scale("api"), "ana").await.unwrap_err();
    assert!(problem.why.contains("may not be written"), "{problem}");
    store.close().await;
    assert_eq!(beside(), ["f.db", "f.db.heads"]);
    // What is still in a log counts, too.
    let living = open(&path).await;
    living.begin(&scale("api"), "ana").await.unwrap();
    let store = Store::read_at(&path, "production").await.unwrap();
    let verdict = store.verify().await.unwrap();
    assert!(
        matches!(verdict, ChainVerdict::Intact { rows: 7, .. }),
        "{verdict:?}"
    );
    let none = Store::read_at(&dir.path().join("none.db"), "production").await;
    assert_eq!(none.unwrap_err().kind, ProblemKind::Store);
}

#[tokio::test]
async fn a_row_that_cannot_be_anchored_is_told_and_makes_no_intact_chain() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let heads = path.with_file_name("f.db.heads");
    let store = six_rows(&path).await;
    assert_eq!(store.unanchored(), None);
    // The head file cannot be written: a full disk, to the store.
    let before = std::fs::read(&heads).unwrap();
    std::fs::remove_file(&heads).unwrap();
    std::fs::create_dir(&heads).unwrap();
    let claim = store.begin(&scale("mail"), "ana").await.unwrap();
    let told = store.unanchored().unwrap();
    assert!(told.what.contains("row 7 is not anchored"), "{told}");
    std::fs::remove_dir(&heads).unwrap();
    std::fs::write(&heads, before).unwrap();
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Lagging {
            rows: 7,
            anchored: 6,
            ..
        }
    ));
    // A console that opens adds a row that says so, whose head covers it; where nothing lags it adds none.
    let (one, two) = tokio::join!(store.catch_up("ana"), store.catch_up("ben"));
    let caught: Vec<_> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    assert_eq!(caught, [(7, 7)], "once, whoever comes first");
    let row = &store.audit_rows(1).await.unwrap()[0];
    assert_eq!(
        (row.action.as_str(), row.event.as_str()),
        ("anchor", "note")
    );
    assert!(row.detail.contains("rows 7 to 7"), "{}", row.detail);
    let verdict = store.verify().await.unwrap();
    assert!(matches!(verdict, ChainVerdict::Intact { rows: 8, .. }));
    assert_eq!(store.catch_up("ana").await.unwrap(), None);
    // So does an action's.
    store.finish(&claim, Outcome::Succeeded, "").await.unwrap();
    assert_eq!(store.unanchored(), None);
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Intact { rows: 9, .. }
    ));
    // A chain that does not verify is left as it is.
    std::fs::remove_file(&heads).unwrap();
    assert_eq!(store.catch_up("ana").await.unwrap(), None);
    assert!(!heads.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn consoles_that_write_at_once_never_fork_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let (one, two) = tokio::join!(open(&path), open(&path));
    let write = |store: Store, who: &'static str| {
        tokio::spawn(async move {
            for n in 0..15 {
                let claim = store
                    .begin(&sign(&format!("{who}.{n}"), "seen"), who)
                    .await
                    .unwrap();
                store.finish(&claim, Outcome::Succeeded, "").await.unwrap();
            }
            store
        })
    };
    let (one, two) = tokio::join!(write(one, "ana"), write(two, "ben"));
    let (one, two) = (one.unwrap(), two.unwrap());
    let verdict = one.verify().await.unwrap();
    assert!(
        matches!(verdict, ChainVerdict::Intact { rows: 60, .. }),
        "{verdict:?}"
    );
    assert_eq!(verdict, two.verify().await.unwrap());
}

#[tokio::test]
async fn environments_have_chains_of_their_own_in_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let production = six_rows(&path).await;
    let staging = Store::open_at(&path, "staging", LEASE).await.unwrap();
    assert!(staging.audit_rows(10).await.unwrap().is_empty());
    staging.begin(&scale("api"), "ana").await.unwrap();
    assert_eq!(staging.audit_rows(10).await.unwrap()[0].seq, 1);
    assert_eq!(production.audit_rows(2).await.unwrap()[0].seq, 6);
    assert!(production.open_runs().await.unwrap().is_empty());
}

/// One account holds more than one environment: the rows of an action say to which of them its service belongs.
#[tokio::test]
async fn every_row_of_an_action_says_which_environment_its_service_belongs_to() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("flightdeck.db")).await;
    let service = |cluster: &str| ServiceId {
        cluster: cluster.into(),
        name: "api".into(),
    };
    let places = [
        ("laser-dev", Some(Env::Development)),
        ("laser-prod", None),
        // One that the configuration lists, whatever its name says.
        ("core-test", None),
    ];
    for (cluster, elsewhere) in places {
        let mut restart = preview(Intent::Restart {
            service: service(cluster),
        });
        restart.elsewhere = elsewhere;
        let claim = store.begin(&restart, "ana").await.unwrap();
        let done = store.finish(&claim, Outcome::Succeeded, "done").await;
        done.unwrap();
        let run = store
            .journal_run(claim.permit().run())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(run.run.intent, restart.intent, "it is read back as it was");
    }
    let rows = store.audit_rows(10).await.unwrap();
    let said = rows
        .iter()
        .rev()
        .map(|r| r.parameters["environment"].as_str().unwrap());
    let said: Vec<&str> = said.collect();
    let (dev, own) = ("development", "production");
    assert_eq!(said, [dev, dev, own, own, own, own]);
    assert!(
        rows.iter().all(|r| r.environment == "production"),
        "the chain"
    );
}

/// Whoever lists runs counts from their ends in the journal: the row of one must not tell another length of it.
#[tokio::test]
async fn a_run_took_as_long_by_its_row_as_by_its_ends_in_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("flightdeck.db")).await;
    let claim = store.begin(&scale("api"), "ana").await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    let done = store.finish(&claim, Outcome::Succeeded, "done").await;
    done.unwrap();
    let run = store.ended_run(claim.run()).await.unwrap().run;
    let ends = run.finished_at.unwrap().duration_since(run.started_at);
    let row = store.audit_rows(1).await.unwrap().remove(0);
    let told = row.duration_s.unwrap() * 1_000.0;
    assert_eq!(told.round() as i128, ends.as_millis());
}

/// A name means another service in each account and each region, and the chain outlives whoever knew which one it was.
#[tokio::test]
async fn every_row_of_an_action_says_in_whose_account_and_in_which_region_it_happened() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("flightdeck.db")).await;
    // As rows were written before that.
    let before = store.begin(&scale("web"), "ana").await.unwrap();
    let done = store.finish(&before, Outcome::Succeeded, "done").await;
    done.unwrap();
    let seat = [
        ("region", "eu-west-1"),
        ("account", "123456789012"),
        ("endpoint", "AWS in eu-west-1"),
    ];
    let placed = || {
        let mut preview = scale("api");
        let seat = seat.map(|(name, value)| (name.to_owned(), value.to_owned()));
        preview.inputs.extend(seat);
        preview
    };
    let claim = store.begin(&placed(), "ana").await.unwrap();
    let parked = store.park(&claim, Phase::Follow, "nobody knows").await;
    parked.unwrap();
    let claim = store
        .take_over(claim.permit().run())
        .await
        .unwrap()
        .unwrap();
    let done = store.finish(&claim, Outcome::Succeeded, "done").await;
    done.unwrap();
    let took = Duration::from_secs(1);
    let refused = store.refuse(&placed(), "ana", "it moved", took).await;
    refused.unwrap();
    let rows = store.audit_rows(10).await.unwrap();
    assert_eq!(rows.len(), 7);
    for row in rows.iter().filter(|r| r.subject == "laser/api") {
        for (name, value) in seat {
            assert_eq!(row.parameters[name], value, "{row:?}");
        }
    }
    assert!(rows[6].parameters.get("account").is_none());
    let run = store.journal_run(claim.permit().run()).await.unwrap();
    assert_eq!(run.unwrap().run.intent, placed().intent, "it is read back");
    let verdict = store.verify().await.unwrap();
    assert!(matches!(verdict, ChainVerdict::Intact { rows: 7, .. }));
}

#[tokio::test]
async fn one_change_and_one_brake_a_service_and_the_refusal_says_who() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let (ana, ben) = (open(&path).await, open(&path).await);
    let claim = ana.begin(&scale("api"), "ana").await.unwrap();
    let refused = ben.begin(&scale("api"), "ben").await.unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    assert!(refused.why.contains("ana"), "{refused}");
    ben.begin(&scale("web"), "ben").await.unwrap();
    let service = ServiceId {
        cluster: "laser".into(),
        name: "api".into(),
    };
    let stop = preview(Intent::Stop {
        service,
        rollback: true,
    });
    ben.begin(&stop, "ben").await.unwrap();
    let seen = ben.open_runs().await.unwrap();
    let hers = seen.iter().find(|r| r.run.id == claim.run()).unwrap();
    assert_eq!((hers.state, seen.len()), (RunState::Theirs, 3));
    assert!(ben.take_over(claim.run()).await.unwrap().is_none());
    ana.finish(&claim, Outcome::Succeeded, "").await.unwrap();
    ben.begin(&scale("api"), "ben").await.unwrap();
}

#[tokio::test]
async fn a_console_that_slept_through_its_lease_can_write_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let sleeper = Store::open_at(&path, "production", Duration::ZERO)
        .await
        .unwrap();
    let waker = open(&path).await;
    let old = sleeper.begin(&scale("api"), "ana").await.unwrap();
    sleeper
        .progress(
            &old,
            Phase::Execute,
            "told ECS",
            &[("deployment", "ecs-svc/1")],
        )
        .await
        .unwrap();
    let new = waker.take_over(old.run()).await.unwrap().unwrap();
    assert_eq!(new.fence(), 2);
    assert_eq!(
        sleeper
            .progress(&old, Phase::Follow, "x", &[])
            .await
            .unwrap_err()
            .kind,
        ProblemKind::Conflict
    );
    assert_eq!(
        sleeper.renew(&old).await.unwrap_err().kind,
        ProblemKind::Conflict
    );
    assert_eq!(
        sleeper
            .finish(&old, Outcome::Failed, "")
            .await
            .unwrap_err()
            .kind,
        ProblemKind::Conflict
    );
    let run = waker.journal_run(new.run()).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Ours);
    assert_eq!(run.marks["deployment"], "ecs-svc/1");
    assert_eq!(run.run.lines.len(), 1);
    waker.finish(&new, Outcome::Succeeded, "").await.unwrap();
    assert_eq!(waker.audit_rows(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_parked_run_is_noted_locks_nothing_and_is_closed_by_its_successor() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("f.db")).await;
    let claim = store.begin(&scale("api"), "ana").await.unwrap();
    store
        .park(&claim, Phase::Follow, "no end after 30 minutes")
        .await
        .unwrap();
    assert!(store.open_runs().await.unwrap()[0].unknown);
    store.begin(&scale("api"), "ben").await.unwrap();
    let rows = store.audit_rows(10).await.unwrap();
    let story: Vec<_> = rows
        .iter()
        .rev()
        .map(|r| (r.event.as_str(), r.outcome))
        .collect();
    assert_eq!(
        story,
        [
            ("intent", None),
            ("note", None),
            ("outcome", Some(Outcome::Unknown)),
            ("intent", None)
        ]
    );
    assert_eq!(store.open_runs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_that_cannot_be_read_takes_no_other_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = open(&path).await;
    let newer = store.begin(&scale("api"), "ana").await.unwrap();
    let ours = store.begin(&scale("web"), "ben").await.unwrap();
    let mut db = raw(&path).await;
    for change in [
        "intent = '{\"action\":\"of_tomorrow\"}'",
        "inputs = '7'",
        "started_at = 'soon'",
    ] {
        let all = format!("UPDATE run SET {change} WHERE run = '{}'", newer.run());
        sqlx::raw_sql(AssertSqlSafe(all))
            .execute(&mut db)
            .await
            .unwrap();
        let found = store.open_journal().await.unwrap();
        assert_eq!(found.runs.len(), 1, "{change}");
        assert_eq!(found.runs[0].run.id, ours.run());
        let unread = &found.unread[0];
        assert_eq!(
            (unread.run.as_str(), unread.who.as_str(), unread.state),
            (newer.run(), "ana", RunState::Ours)
        );
        assert_eq!(unread.service.as_deref(), Some("laser/api"));
        assert_eq!(unread.lane, "change");
        assert!(!unread.why.is_empty());
    }
    // It locks its service, until it is ended.
    let refused = store.begin(&scale("api"), "ben").await.unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
}

#[tokio::test]
async fn secrets_never_reach_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = open(&path).await;
    let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let mut words = sign("1.2.a", &format!("rotated, new one is {key} \u{202e}"));
    words.title = format!("sign off with password={key}");
    let claim = store.begin(&words, "ana").await.unwrap();
    let token = format!("Bearer {key}");
    store
        .progress(&claim, Phase::Execute, &token, &[])
        .await
        .unwrap();
    let word = SignOff {
        criterion: "1.2.a".into(),
        kind: SignOffKind::SignedOff,
        who: "ana".into(),
        why: token.clone(),
        link: format!("https://ana:{key}@wiki/x"),
        at: Timestamp::now(),
        until: None,
        proven: false,
    };
    store.sign(&claim, &word).await.unwrap();
    store.sign(&claim, &word).await.unwrap();
    store
        .finish(&claim, Outcome::Succeeded, &token)
        .await
        .unwrap();
    assert_eq!(store.signoffs().await.unwrap().len(), 1);
    let mut out = Vec::new();
    assert_eq!(store.export(&mut out).await.unwrap(), 2);
    let exported = String::from_utf8(out).unwrap();
    assert!(!exported.contains('\u{202e}'));
    for part in [key, "K7MDENG"] {
        canary::assert_hidden(part, &exported, "what is exported");
        for file in ["f.db", "f.db-wal", "f.db.heads"] {
            canary::assert_hidden(part, std::fs::read(dir.path().join(file)).unwrap(), file);
        }
    }
}

#[tokio::test]
async fn files_that_cannot_be_used_are_refused_in_words_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(
        at("text.db"),
        "this is no database, it is a letter to a friend",
    )
    .unwrap();
    sqlx::raw_sql("CREATE TABLE recipes (name TEXT)")
        .execute(
            &mut SqliteConnectOptions::new()
                .filename(at("foreign.db"))
                .create_if_missing(true)
                .connect()
                .await
                .unwrap(),
        )
        .await
        .unwrap();
    drop(open(&at("newer.db")).await);
    sqlx::raw_sql("PRAGMA user_version = 7")
        .execute(&mut raw(&at("newer.db")).await)
        .await
        .unwrap();
    std::fs::create_dir(at("folder.db")).unwrap();
    for (name, word) in [
        ("text.db", "damaged"),
        ("foreign.db", "other program"),
        ("newer.db", "newer version"),
        ("folder.db", "directory"),
    ] {
        let problem = Store::open_at(&at(name), "production", LEASE)
            .await
            .unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Store);
        assert!(problem.why.contains(word), "{name}: {problem}");
        assert!(!problem.fix.is_empty());
    }
    assert!(
        std::fs::read_to_string(at("text.db"))
            .unwrap()
            .starts_with("this is no database")
    );
}

/// A file as the first version made it, with ended runs, one that a console drives, and a word: filled here, put into the old tables
/// there. Returns the rows of its chain.
async fn of_the_first_version(path: &Path) -> Vec<AuditRow> {
    let filled = path.with_file_name("filled.db");
    let store = six_rows(&filled).await;
    store.begin(&scale("mail"), "ben").await.unwrap();
    give(&store, sign("2.1.c", "seen").intent, SignOffKind::SignedOff).await;
    let before = store.audit_rows(50).await.unwrap();
    drop(store);
    let mut old = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql(include_str!("store/schema-1.sql"))
        .execute(&mut old)
        .await
        .unwrap();
    let copy = format!(
        "ATTACH '{}' AS filled;
         INSERT INTO main.audit SELECT * FROM filled.audit ORDER BY seq;
         INSERT INTO main.run SELECT run, environment, who, host, pid, holder, fence, lease_until, subject, service, lane, action, title,
             intent, inputs, fingerprint, phase, state, started_at, finished_at, outcome FROM filled.run;
         INSERT INTO main.run_line SELECT * FROM filled.run_line;
         INSERT INTO main.run_mark SELECT * FROM filled.run_mark; INSERT INTO main.signoff SELECT * FROM filled.signoff;
         DETACH filled; PRAGMA application_id = 1179403348; PRAGMA user_version = 1;",
        filled.display()
    );
    sqlx::raw_sql(AssertSqlSafe(copy))
        .execute(&mut old)
        .await
        .unwrap();
    let refused = sqlx::query("UPDATE run SET lane = 'halt'")
        .execute(&mut old)
        .await;
    assert!(refused.is_err(), "the first schema knows no such lane");
    old.close().await.unwrap();
    std::fs::copy(
        filled.with_extension("db.heads"),
        path.with_extension("db.heads"),
    )
    .unwrap();
    before
}

async fn version(path: &Path) -> i64 {
    let version = sqlx::query_scalar("PRAGMA user_version");
    version.fetch_one(&mut raw(path).await).await.unwrap()
}

/// What makes up a file, however the statements stand on lines: a table that took another one's place has its name in quotes.
async fn schema(path: &Path) -> Vec<(String, String)> {
    let all = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1";
    let rows: Vec<(String, String)> = sqlx::query_as(all)
        .fetch_all(&mut raw(path).await)
        .await
        .unwrap();
    let plain = |sql: String| {
        let lines = sql.lines().map(|l| l.split("--").next().unwrap_or(l));
        let text = lines.collect::<Vec<_>>().join(" ").replace('"', "");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    rows.into_iter().map(|(n, sql)| (n, plain(sql))).collect()
}

#[tokio::test]
async fn a_file_that_was_brought_up_to_date_is_made_like_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
    of_the_first_version(&old).await;
    sqlx::raw_sql("UPDATE run SET lease_until = 0")
        .execute(&mut raw(&old).await)
        .await
        .unwrap();
    assert_eq!(version(&old).await, 1);
    open(&old).await.close().await;
    open(&new).await.close().await;
    assert_eq!(version(&old).await, version(&new).await);
    assert_eq!(schema(&old).await, schema(&new).await);
}

/// Before the fifth version a run said in no column of which seat it is.
async fn unseated(db: &mut SqliteConnection) {
    let back = sqlx::raw_sql(
        "DROP INDEX run_lock; ALTER TABLE run DROP COLUMN seat;
         CREATE UNIQUE INDEX run_lock ON run (environment, service, lane) WHERE state = 'open' AND service IS NOT NULL;",
    );
    back.execute(db).await.unwrap();
}

#[tokio::test]
async fn a_file_of_the_second_version_gets_what_is_new_and_keeps_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
    let store = six_rows(&old).await;
    let before = store.audit_rows(50).await.unwrap();
    store.close().await;
    let mut db = raw(&old).await;
    unseated(&mut db).await;
    let back = sqlx::raw_sql(
        "DROP TABLE proved; DROP TABLE failing; PRAGMA user_version = 2; UPDATE run SET lease_until = 0",
    );
    back.execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let store = open(&old).await;
    assert_eq!(store.audit_rows(50).await.unwrap(), before);
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Intact { .. }
    ));
    store.close().await;
    open(&new).await.close().await;
    assert_eq!(version(&old).await, version(&new).await);
    assert_eq!(schema(&old).await, schema(&new).await);
}

fn saw(proved: bool, at: jiff::Timestamp) -> Vec<Sighting> {
    vec![Sighting {
        criterion: "1.S1".into(),
        proved,
        at,
        apart_s: 1_800,
    }]
}

/// Minutes of a Monday.
fn minute(n: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + n * 60).unwrap()
}

/// Who looks from a place of its own.
fn by(machine: &str) -> Observer {
    let text = |t: &str| Some(t.to_owned());
    Observer {
        machine: machine.into(),
        place: text("AWS in eu-west-1"),
        whom: text("1 ops"),
        face: "console",
    }
}

async fn kept(store: &Store, observer: &str) -> Proven {
    store.proven(&by(observer)).await.unwrap()["1.S1"]
}

#[tokio::test]
async fn a_file_of_the_third_version_learns_who_sees_what_failing() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
    let store = open(&old).await;
    store
        .put_down(&by("a"), &saw(true, minute(0)))
        .await
        .unwrap();
    store.close().await;
    let mut db = raw(&old).await;
    unseated(&mut db).await;
    let back = sqlx::raw_sql("DROP TABLE failing; PRAGMA user_version = 3");
    back.execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let store = open(&old).await;
    assert_eq!(kept(&store, "a").await.first, minute(0));
    store.close().await;
    open(&new).await.close().await;
    assert_eq!(version(&old).await, version(&new).await);
    assert_eq!(schema(&old).await, schema(&new).await);
}

#[tokio::test]
async fn the_first_sight_of_a_proof_stands_and_a_proof_after_a_failure_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flightdeck.db");
    let (store, other) = (open(&path).await, open(&path).await);
    // A failure of what was never proved is none of the dates' cares.
    store
        .put_down(&by("a"), &saw(false, minute(0)))
        .await
        .unwrap();
    assert!(store.proven(&by("a")).await.unwrap().is_empty());
    store
        .put_down(&by("a"), &saw(true, minute(0)))
        .await
        .unwrap();
    other
        .put_down(&by("b"), &saw(true, minute(9)))
        .await
        .unwrap();
    let dates = kept(&other, "b").await;
    assert_eq!(
        (dates.first, dates.last, dates.lapsed),
        (minute(0), minute(0), false)
    );
    for at in [10, 15] {
        other
            .put_down(&by("b"), &saw(false, minute(at)))
            .await
            .unwrap();
    }
    let dates = kept(&store, "a").await;
    assert_eq!((dates.last, dates.lapsed), (minute(0), true));
    store
        .put_down(&by("a"), &saw(true, minute(20)))
        .await
        .unwrap();
    let dates = kept(&other, "b").await;
    assert_eq!(
        (dates.first, dates.last, dates.lapsed),
        (minute(0), minute(20), false)
    );
    // Another environment of the same file knows nothing of it.
    let staging = Store::open_at(&path, "staging", LEASE).await.unwrap();
    assert!(staging.proven(&by("a")).await.unwrap().is_empty());
    // A newer console brought the file to its schema meanwhile: what its table means is not known here.
    let newer = sqlx::raw_sql("PRAGMA user_version = 6");
    newer.execute(&mut raw(&path).await).await.unwrap();
    let problem = store.put_down(&by("a"), &saw(false, minute(30))).await;
    let problem = problem.unwrap_err();
    assert!(problem.why.contains("schema 6"), "{problem}");
    let mut eyes = raw(&path).await;
    let lapsed: i64 = sqlx::query_scalar("SELECT max(lapsed) FROM proved")
        .fetch_one(&mut eyes)
        .await
        .unwrap();
    assert_eq!(lapsed, 0);
}

#[tokio::test]
async fn a_proof_ends_when_one_observer_saw_it_failing_twice_and_once_for_each_failure() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flightdeck.db");
    let store = open(&path).await;
    let see = async |observer: &str, proved: bool, at: i64| {
        let seen = saw(proved, minute(at));
        store.put_down(&by(observer), &seen).await.unwrap();
        let dates = kept(&store, observer).await;
        (dates.last, dates.lapsed)
    };
    assert_eq!(see("a", true, 0).await, (minute(0), false));
    // Two observers that see it failing once each are not one that sees it twice, and a proved look of one's own begins anew.
    see("b", false, 10).await;
    assert_eq!(see("c", false, 16).await, (minute(0), false));
    assert_eq!(see("c", true, 17).await, (minute(0), false));
    assert_eq!(see("c", false, 18).await, (minute(0), false));
    assert_eq!(
        kept(&store, "c").await.failing.map(|s| s.since),
        Some(minute(18))
    );
    assert_eq!(see("b", false, 14).await, (minute(0), false), "too soon");
    // Nobody looked for long, or nobody had an answer: that it fails again is another failure.
    see("d", false, 20).await;
    assert_eq!(see("d", false, 51).await, (minute(0), false));
    let since = kept(&store, "d").await.failing.map(|s| s.since);
    assert_eq!(since, Some(minute(51)));
    // A proved look of another one does not restart what this one holds.
    see("a", true, 15).await;
    assert_eq!(
        kept(&store, "b").await.failing.map(|s| s.since),
        Some(minute(10))
    );
    assert_eq!(see("b", false, 15).await, (minute(0), true));
    // The other sees it proved all the same: from now on, and however often this one starts anew, it said its word.
    assert_eq!(see("a", true, 20).await, (minute(20), false));
    for at in [21, 40, 60] {
        assert_eq!(see("b", false, at).await, (minute(20), false));
    }
    // Proved here as well, and failing again: a new failure.
    see("b", true, 70).await;
    see("b", false, 80).await;
    assert_eq!(see("b", false, 85).await, (minute(20), true));
}

#[tokio::test]
async fn what_a_probe_said_last_is_remembered_by_whoever_asks_the_same_and_ends_with_a_proof_of_theirs()
 {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("flightdeck.db")).await;
    let (console, elsewhere) = (by("a"), by("b"));
    let commands = Observer {
        face: "commands",
        ..by("a")
    };
    let cut_off = Observer {
        whom: None,
        ..commands.clone()
    };
    let last = async |observer: &Observer| {
        let failed = store.failed(observer).await.unwrap();
        failed
            .get("1.S1")
            .map(|f| (f.at, f.is_own, f.spell.is_some()))
    };
    // It was never proved, and is remembered all the same: at once, and with the newest look.
    for at in [0, 15] {
        store
            .put_down(&console, &saw(false, minute(at)))
            .await
            .unwrap();
    }
    assert_eq!(last(&console).await, Some((minute(15), true, true)));
    assert_eq!(last(&commands).await, Some((minute(15), true, false)));
    // Who starts while nobody answers does not know as whom it would ask.
    assert_eq!(last(&cut_off).await, Some((minute(15), false, false)));
    assert_eq!(last(&elsewhere).await, None, "another configuration");
    // That it failed before there was any proof ends none that another one sees.
    store
        .put_down(&elsewhere, &saw(true, minute(16)))
        .await
        .unwrap();
    store
        .put_down(&console, &saw(false, minute(17)))
        .await
        .unwrap();
    assert!(!kept(&store, "a").await.lapsed);
    store
        .put_down(&console, &saw(false, minute(21)))
        .await
        .unwrap();
    assert!(kept(&store, "a").await.lapsed);
    // The other face sees it proved: nobody remembers the failure any more.
    store
        .put_down(&commands, &saw(true, minute(22)))
        .await
        .unwrap();
    assert_eq!(last(&console).await, None);
}

#[tokio::test]
async fn a_file_of_the_first_schema_that_lost_a_guard_is_judged_as_it_is_and_not_mended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flightdeck.db");
    let before = of_the_first_version(&path).await;
    let mut db = raw(&path).await;
    let sql = "DROP TRIGGER audit_keeps; UPDATE run SET lease_until = 0";
    sqlx::raw_sql(sql).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    // Evidence in a folder that could be written, of rights that a store has not.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let config = Config {
        store: Some(path.clone()),
        environment: "production".into(),
        ..Config::default()
    };
    let looks = || {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        (std::fs::read(&path).unwrap(), mode & 0o777)
    };
    let found = looks();
    let store = Store::open_to_read(&config).await.unwrap();
    let verdict = store.verify().await.unwrap();
    let (_, why) = broken_at(&verdict);
    assert!(why.contains("trigger audit_keeps is gone"), "{why}");
    assert_eq!(store.audit_rows(50).await.unwrap(), before);
    store.close().await;
    assert!(looks() == found, "evidence was altered");
    // Whoever would act with it is refused, and what is missing stays missing.
    let refused = Store::open_at(&path, "production", LEASE).await;
    let problem = refused.unwrap_err();
    assert!(
        problem.why.contains("trigger audit_keeps is gone"),
        "{problem}"
    );
    assert_eq!(version(&path).await, 1);
    let verdict = Store::open_to_read(&config).await.unwrap().verify().await;
    broken_at(&verdict.unwrap());
}

#[tokio::test]
async fn a_file_that_an_older_console_still_acts_with_is_not_upgraded_under_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flightdeck.db");
    of_the_first_version(&path).await;
    let refused = Store::open_at(&path, "production", LEASE).await;
    let problem = refused.unwrap_err();
    assert!(
        problem.why.contains("of an older version is open"),
        "{problem}"
    );
    assert!(
        problem.fix.contains("Close the older consoles"),
        "{problem}"
    );
    assert_eq!(version(&path).await, 1);
    let mut db = raw(&path).await;
    let gone = sqlx::raw_sql("UPDATE run SET lease_until = 0");
    gone.execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    open(&path).await;
    assert_eq!(version(&path).await, 5);
}

#[tokio::test]
async fn a_console_whose_store_a_newer_version_took_over_judges_nothing_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flightdeck.db");
    let store = six_rows(&path).await;
    while store.listen().await.unwrap() {}
    let sql = "ALTER TABLE audit ADD COLUMN more TEXT; PRAGMA user_version = 9";
    let mut newer = raw(&path).await;
    sqlx::raw_sql(sql).execute(&mut newer).await.unwrap();
    let says = |p: Problem| {
        assert!(
            p.why.contains("newer version") && p.fix.contains("start"),
            "{p}"
        );
    };
    says(store.listen().await.unwrap_err());
    says(store.listen().await.unwrap_err());
    says(store.verify().await.unwrap_err());
    says(store.begin(&scale("api"), "ana").await.unwrap_err());
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date_with_all_that_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flightdeck.db");
    let before = of_the_first_version(&path).await;
    let mut db = raw(&path).await;
    let let_go = sqlx::raw_sql("UPDATE run SET lease_until = 0");
    let_go.execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let stop = preview(Intent::Stop {
        service: ServiceId {
            cluster: "laser".into(),
            name: "api".into(),
        },
        rollback: true,
    });

    // Two consoles that start together after an update: one migrates, the other waits for it.
    let (store, other) = tokio::join!(open(&path), open(&path));
    assert_eq!(store.audit_rows(50).await.unwrap(), before);
    assert_eq!(store.signoffs().await.unwrap().len(), 1);
    let open_runs = store.open_runs().await.unwrap();
    assert_eq!(open_runs.len(), 1);
    assert_eq!(open_runs[0].run.intent.subject(), "laser/mail");
    let claim = other.begin(&stop, "ana").await.unwrap();
    store
        .audit_rows(1)
        .await
        .map(|rows| assert_eq!(rows[0].run, claim.run()))
        .unwrap();
    // An end of which the first schema knew nothing, in a chain that goes on from the old rows.
    let ended = other.finish(&claim, Outcome::Stopped, "by ben");
    ended.await.unwrap();
    let verdict = store.verify().await.unwrap();
    assert!(
        matches!(verdict, ChainVerdict::Intact { .. }),
        "{verdict:?}"
    );
    // What refers to a run still does, and what defends itself still does.
    let mut db = raw(&path).await;
    for wrong in [
        "INSERT INTO run_line VALUES ('nobody', 1, '', '', '')",
        "UPDATE audit SET who = 'eve'",
        "UPDATE run SET lane = 'other'",
    ] {
        let done = sqlx::raw_sql("PRAGMA foreign_keys = ON").execute(&mut db);
        done.await.unwrap();
        assert!(
            sqlx::raw_sql(wrong).execute(&mut db).await.is_err(),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_demo_keeps_nothing_and_changes_of_others_are_heard() {
    let config = Config {
        demo: true,
        ..Config::default()
    };
    let store = Store::open(&config).await.unwrap();
    let path = store.path().to_owned();
    let other = open(&path).await;
    assert!(!store.listen().await.unwrap());
    let mut changes = store.changes();
    other.begin(&scale("api"), "ben").await.unwrap();
    assert!(store.listen().await.unwrap());
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert!(!store.listen().await.unwrap());
    drop(other);
    drop(store);
    assert!(!path.exists());
}

/// A word, through the life that it has.
async fn give(store: &Store, intent: Intent, kind: SignOffKind) {
    let claim = store.begin(&preview(intent), "ana").await.unwrap();
    let word = SignOff {
        criterion: "2.1.c".into(),
        kind,
        who: "ana".into(),
        why: "seen".into(),
        link: String::new(),
        at: Timestamp::now(),
        until: None,
        proven: false,
    };
    let before = store.signoffs().await.unwrap();
    store.sign(&claim, &word).await.unwrap();
    let meanwhile = store.signoffs().await.unwrap();
    assert_eq!(meanwhile, before, "its run has not ended");
    store
        .finish(&claim, Outcome::Succeeded, "written")
        .await
        .unwrap();
}

/// What stands on the one criterion, and whether it is proven.
async fn stands(store: &Store) -> (SignOffKind, bool) {
    let words = store.signoffs().await.unwrap();
    assert_eq!(words.len(), 1, "{words:?}");
    (words[0].kind, words[0].proven)
}

#[tokio::test]
async fn a_word_that_the_chain_does_not_hold_is_not_proven() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = open(&path).await;
    let sign = sign("2.1.c", "seen").intent;
    give(&store, sign.clone(), SignOffKind::SignedOff).await;
    assert_eq!(stands(&store).await, (SignOffKind::SignedOff, true));
    let guards = "DROP TRIGGER signoff_keeps; DROP TRIGGER signoff_stays;";
    tamper(&path, guards).await;
    let mut db = raw(&path).await;
    for (made, undone) in [
        (
            "UPDATE signoff SET why = 'all is well'",
            "UPDATE signoff SET why = 'seen'",
        ),
        (
            "UPDATE signoff SET who = 'ben'",
            "UPDATE signoff SET who = 'ana'",
        ),
        (
            "UPDATE signoff SET criterion = '5.1.a'",
            "UPDATE signoff SET criterion = '2.1.c'",
        ),
    ] {
        sqlx::raw_sql(made).execute(&mut db).await.unwrap();
        assert!(!stands(&store).await.1, "{made}");
        sqlx::raw_sql(undone).execute(&mut db).await.unwrap();
        assert!(stands(&store).await.1, "{undone}");
    }
    // One that was never given, on the strength of a run that failed.
    let claim = store.begin(&preview(sign), "ana").await.unwrap();
    store
        .finish(&claim, Outcome::Failed, "not written")
        .await
        .unwrap();
    let forged = format!(
        "INSERT INTO signoff (environment, criterion, kind, who, why, link, at, run)
         SELECT environment, criterion, kind, who, why, link, at, '{}' FROM signoff",
        claim.run()
    );
    sqlx::raw_sql(AssertSqlSafe(forged))
        .execute(&mut db)
        .await
        .unwrap();
    assert_eq!(stands(&store).await, (SignOffKind::SignedOff, false));
    // A withdrawal that is taken out of the table brings no old word back.
    let withdraw = Intent::Withdraw {
        criterion: "2.1.c".into(),
        why: "seen".into(),
    };
    give(&store, withdraw, SignOffKind::Withdrawn).await;
    assert_eq!(stands(&store).await, (SignOffKind::Withdrawn, true));
    sqlx::raw_sql("DELETE FROM signoff WHERE kind = 'withdrawn'")
        .execute(&mut db)
        .await
        .unwrap();
    assert_eq!(stands(&store).await, (SignOffKind::SignedOff, false));
}

/// Not a test of its own: the child that [`a_killed_writer_leaves_a_chain_that_verifies`] kills.
#[tokio::test]
async fn child_that_appends_until_it_is_killed() {
    let Ok(path) = std::env::var("FLIGHTDECK_TEST_APPEND_TO") else {
        return;
    };
    let store = open(Path::new(&path)).await;
    for n in 0.. {
        let claim = store
            .begin(&sign(&format!("c.{n}"), "seen"), "child")
            .await
            .unwrap();
        println!("durable {}", claim.run());
        store.finish(&claim, Outcome::Succeeded, "").await.unwrap();
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_a_chain_that_verifies() {
    use std::io::BufRead;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = open(&path).await;
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "child_that_appends_until_it_is_killed",
                "--nocapture",
            ])
            .env("FLIGHTDECK_TEST_APPEND_TO", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let durable: Vec<String> = lines
            .by_ref()
            .filter_map(|l| l.split("durable ").nth(1).map(str::to_owned))
            .take(5 * round)
            .collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(durable.len(), 5 * round);
        for run in durable {
            assert!(
                store.journal_run(&run).await.unwrap().is_some(),
                "run {run} was told to be durable"
            );
        }
        let verdict = store.verify().await.unwrap();
        // It may have been killed between a commit and its anchor: that is told, and no more than that.
        let holds = match &verdict {
            ChainVerdict::Intact { .. } => true,
            ChainVerdict::Lagging { rows, anchored, .. } => rows - anchored == 1,
            ChainVerdict::Broken { .. } => false,
        };
        assert!(holds, "{verdict:?}");
    }
    store.begin(&scale("api"), "ana").await.unwrap();
    assert!(matches!(
        store.verify().await.unwrap(),
        ChainVerdict::Intact { .. }
    ));
}
