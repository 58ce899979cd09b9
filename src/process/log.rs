//! `--log FILE`: what happens, line by line, inert, readable by its owner alone.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// Begins to write to the file. Only this program's own events are written, never those of its libraries: theirs may hold
/// headers, and what they say below `info` is not compiled in (`tracing` in `Cargo.toml`). `FLIGHTDECK_LOG` sets the level (off,
/// error, warn, info; default: info).
pub fn install(path: &Path) -> Result<(), Problem> {
    let failed = |why: String, fix: &str| {
        let what = format!("cannot write the log {}", path.display());
        Problem::new(ProblemKind::Config, "log", what, why, fix)
    };
    let level = match std::env::var("FLIGHTDECK_LOG") {
        Ok(word) => word
            .parse::<LevelFilter>()
            .ok()
            .filter(|level| *level <= LevelFilter::INFO)
            .ok_or_else(|| {
                failed(
                    format!("FLIGHTDECK_LOG is \"{word}\""),
                    "use off, error, warn or info",
                )
            })?,
        Err(_) => LevelFilter::INFO,
    };
    // The first line is written here: a log that takes none is found out now, and not by whoever looks for it afterwards.
    let first = format!("flightdeck {}\n", env!("CARGO_PKG_VERSION"));
    let file = open(path)
        .and_then(|mut file| file.write_all(first.as_bytes()).map(|()| file))
        .map_err(|e| failed(words(&e), "name another file with --log"))?;
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Mutex::new(Gate(file)));
    tracing_subscriber::registry()
        .with(Targets::new().with_target("flightdeck", level))
        .with(layer)
        .try_init()
        .map_err(|e| failed(e.to_string(), "leave out --log"))
}

fn words(e: &io::Error) -> String {
    use io::ErrorKind::*;
    match e.kind() {
        NotFound => "its folder does not exist".into(),
        PermissionDenied => "this user may not".into(),
        IsADirectory => "it is a folder".into(),
        StorageFull => "there is no room left on it".into(),
        ReadOnlyFilesystem => "it is on a file system that is read-only".into(),
        _ => e.to_string(),
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Who opens a pipe waits for whoever reads it, for ever if nobody does. One that this process was given is open already.
    let is_pipe = std::fs::metadata(path).is_ok_and(|m| m.file_type().is_fifo());
    if is_pipe
        && !["/dev", "/proc"]
            .iter()
            .any(|given| path.starts_with(given))
    {
        return Err(io::Error::other("it is a pipe"));
    }
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Makes each event one inert line: the subscriber hands over one event at a time.
struct Gate<W>(W);

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut line = inert(text.trim_end_matches('\n'));
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_inert_line() {
        let mut gate = Gate(Vec::new());
        gate.write_all("a\x1b[2J\nb\u{202e}\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(gate.0).unwrap(), "a\\e[2J\\nb\\u{202e}\n");
    }

    #[test]
    fn the_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "old\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        writeln!(open(&path).unwrap(), "new").unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\nnew\n");
    }

    #[test]
    fn a_pipe_that_nobody_reads_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let (told, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || told.send(open(&path).map(drop)));
        let answer = heard.recv_timeout(std::time::Duration::from_secs(5));
        let why = answer.expect("it waits for a reader").unwrap_err();
        assert_eq!(words(&why), "it is a pipe");
    }
}
