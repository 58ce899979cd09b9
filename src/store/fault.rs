//! What can go wrong with the file, in words.

use std::path::Path;

use crate::domain::problem::{Problem, ProblemKind};

const SYSTEM: &str = "store";

const FULL: &str = "the disk is full";
const MAKE_ROOM: &str =
    "Free some space on this disk, or set `store` in flightdeck.toml to a path on another one.";
const UNWRITABLE: &str = "the file or its folder may not be written";
const ALLOW: &str =
    "Give yourself write permission, or set `store` in flightdeck.toml to another path.";
/// `SQLITE_IOERR_SHMSIZE`.
const SHM_SIZE: u32 = 4_874;

/// A read that failed.
pub fn reading(what: &str, path: &Path, error: &sqlx::Error) -> Problem {
    worded(&format!("cannot read {what}"), path, error)
}

/// A write that failed: nothing of it was kept.
pub fn writing(what: &str, path: &Path, error: &sqlx::Error) -> Problem {
    worded(&format!("cannot write {what}"), path, error)
}

/// The file cannot be used at all.
pub fn opening(path: &Path, why: &str, fix: &str) -> Problem {
    Problem::new(
        ProblemKind::Store,
        SYSTEM,
        "the store cannot be opened, so nothing can be changed from here",
        format!("{}: {why}", path.display()),
        fix,
    )
}

/// Whether it is for want of room that a file cannot be used.
pub fn is_full(problem: &Problem) -> bool {
    problem.why.ends_with(FULL)
}

/// What the file system does not allow.
pub fn file(path: &Path, error: &std::io::Error) -> Problem {
    use std::io::ErrorKind::{
        FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let (why, fix) = match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => (FULL.to_owned(), MAKE_ROOM),
        ReadOnlyFilesystem => (
            "its file system is read-only".to_owned(),
            "Set `store` in flightdeck.toml to a path that may be written; `flightdeck audit verify` reads this one as it is.",
        ),
        PermissionDenied => (UNWRITABLE.to_owned(), ALLOW),
        _ => (
            error.to_string(),
            "Check the folder's permissions, or set `store` in flightdeck.toml to another path.",
        ),
    };
    opening(path, &why, fix)
}

/// A row that is kept, but not in the head file: until a later one is, nobody can tell whether it was cut off.
pub fn anchoring(row: u64, path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        ProblemKind::Store,
        SYSTEM,
        format!("audit row {row} is not anchored in the head file"),
        format!("{}: {error}", path.display()),
        "Make room on the disk and see that the file may be written; the next action anchors it as well.",
    )
}

/// A newer version took the file over while this one had it open.
pub fn upgraded(path: &Path, theirs: i64, ours: i64) -> Problem {
    Problem::new(
        ProblemKind::Store,
        SYSTEM,
        "the store is of a newer version now, so what it holds cannot be judged here",
        format!(
            "{}: a newer version of flightdeck brought it to schema {theirs}, and this one knows {ours}",
            path.display()
        ),
        "Close this console and start that newer version.",
    )
}

/// The row (or its vendor ids) belongs to somebody else now.
pub fn taken(run: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        SYSTEM,
        format!("run {run} is no longer ours"),
        "its lease lapsed and another console took it over, or it was ended",
        "Follow it on the deploys screen; this console does nothing more for it.",
    )
}

/// Words an SQLite error; `what` begins the first line.
pub fn worded(what: &str, path: &Path, error: &sqlx::Error) -> Problem {
    let code = match error {
        sqlx::Error::Database(e) => e.code().and_then(|c| c.parse::<u32>().ok()).unwrap_or(0),
        _ => 0,
    };
    // Extended codes keep the primary code in the low byte (https://www.sqlite.org/rescode.html).
    let (why, fix) = match code & 0xff {
        5 | 6 => (
            "another program kept the file locked for too long".to_owned(),
            "Try again; close programs that hold the database open.",
        ),
        8 => (UNWRITABLE.to_owned(), ALLOW),
        // The index of its log cannot grow: the disk is full before anything is written.
        10 if code == SHM_SIZE => (FULL.to_owned(), MAKE_ROOM),
        10 => (
            format!("the disk reported an error ({error})"),
            "Check the disk, then restore the file from a backup if it does not open.",
        ),
        11 | 26 => (
            "the file is damaged or is no SQLite database".to_owned(),
            "Keep a copy for the record, move it away, and restore a backup; a new one is made when none is there.",
        ),
        13 => (FULL.to_owned(), MAKE_ROOM),
        14 => (
            "the file or its folder cannot be opened".to_owned(),
            "Check that the folder exists and is yours, or set `store` in flightdeck.toml.",
        ),
        19 => (
            format!("the store's own rules refused it ({error})"),
            "Look at the journal: somebody else may have acted at the same time.",
        ),
        _ => (
            error.to_string(),
            "Check the file; `flightdeck audit verify` reads all of it.",
        ),
    };
    Problem::new(
        ProblemKind::Store,
        SYSTEM,
        what,
        format!("{}: {why}", path.display()),
        fix,
    )
}
