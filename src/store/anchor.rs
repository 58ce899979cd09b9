//! The head of the chain outside the table: a file beside the database to which every append adds a line. A chain alone does
//! not see that its tail was cut or that the whole file was replaced by an older copy; this file does. Whoever can write both
//! files can still deceive: that is why the head is also shown on screen and returned by every append, for logs elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The head of a chain at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row.
    pub seq: u64,
    /// Its hash, hex.
    pub hash: String,
}

/// No line of ours is longer: a number, a hash, the name of an environment.
const LINE: usize = 1_024;

/// Lines of a file, each read no further than one byte beyond [`LINE`]; what is left of a longer one comes as further lines.
struct Lines {
    file: BufReader<File>,
    /// Bytes before what is read next.
    at: u64,
    /// Bytes up to the end of the last whole line.
    end: u64,
}

impl Lines {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let most = u64::try_from(LINE + 1).unwrap_or(u64::MAX);
        let mut some = self.file.by_ref().take(most);
        let read = some.read_until(b'\n', &mut line)?;
        self.at += u64::try_from(read).unwrap_or(u64::MAX);
        if line.last() == Some(&b'\n') {
            line.pop();
            self.end = self.at;
        }
        Ok((read > 0).then_some(line))
    }
}

/// How far the head file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    device: u64,
    inode: u64,
    /// Bytes, up to the end of a line.
    offset: u64,
}

/// What was read of the head file.
#[derive(Debug, PartialEq, Eq)]
pub struct Heads {
    /// Those of the environment, as they stand there.
    pub all: Vec<Head>,
    /// Whether a line stands in it that does not begin as a console's do, with the number of a row: one that a crash cut begins so, too.
    pub foreign: bool,
    /// Where a later reading may go on.
    pub end: Place,
}

/// The head file. Lines are `seq hash environment`; order does not matter, so consoles may write side by side.
#[derive(Clone, Debug)]
pub struct Anchor {
    path: PathBuf,
}

impl Anchor {
    /// Names the file of a database.
    pub fn beside(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(".heads");
        Self {
            path: PathBuf::from(name),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the empty file, readable by its owner alone.
    pub fn create(&self) -> io::Result<()> {
        self.append().map(|_| ())
    }

    /// Adds a line and waits until it is on the disk. Called after the row is committed: a line without a row would cry wolf. It
    /// begins with an end of line, because what a full disk left of the last one would make another number of this one's.
    pub fn add(&self, environment: &str, head: &Head) -> io::Result<()> {
        let environment = serde_json::Value::from(environment);
        let line = format!("\n{} {} {environment}\n", head.seq, head.hash);
        let mut file = self.append()?;
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    /// Does what may take as long as the file's disk does, while the thread that asks goes on with other work.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let own = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&own)).await;
        done.unwrap_or_else(|e| Err(io::Error::other(e)))
    }

    /// All heads of an environment; `None` if the file is not there. A last line cut by a crash is passed over.
    pub fn read(&self, environment: &str) -> io::Result<Option<Heads>> {
        match self.open()? {
            Some(file) => read(file, environment, 0).map(Some),
            None => Ok(None),
        }
    }

    /// Those that were written since an earlier reading; `None` where it is not the file of then any more.
    pub fn read_from(&self, environment: &str, place: Place) -> io::Result<Option<Heads>> {
        let Some(file) = self.open()? else {
            return Ok(None);
        };
        let is = file.metadata()?;
        let same = (is.dev(), is.ino()) == (place.device, place.inode);
        match same && is.len() >= place.offset {
            true => read(file, environment, place.offset).map(Some),
            false => Ok(None),
        }
    }

    /// The file; `None` if it is not there.
    fn open(&self) -> io::Result<Option<File>> {
        match self.is_file() {
            Ok(()) => File::open(&self.path).map(Some),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// A pipe would keep whoever opens it waiting, and a device never ends.
    fn is_file(&self) -> io::Result<()> {
        match std::fs::metadata(&self.path)?.is_file() {
            true => Ok(()),
            false => Err(io::Error::other("it is not a file")),
        }
    }

    fn append(&self) -> io::Result<File> {
        match self.is_file() {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)
    }
}

/// Reads from so many bytes on.
fn read(mut file: File, environment: &str, offset: u64) -> io::Result<Heads> {
    let is = file.metadata()?;
    file.seek(SeekFrom::Start(offset))?;
    let mut lines = Lines {
        file: BufReader::new(file),
        at: offset,
        end: offset,
    };
    let (mut all, mut foreign) = (Vec::new(), false);
    while let Some(line) = lines.next()? {
        foreign |= line.len() > LINE || line.first().is_some_and(|c| !c.is_ascii_digit());
        let line = String::from_utf8_lossy(&line);
        let mut parts = line.splitn(3, ' ');
        let (Some(seq), Some(hash), Some(env)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let same = serde_json::from_str::<String>(env).is_ok_and(|e| e == environment);
        if let (true, Ok(seq), 64) = (same, seq.parse(), hash.len()) {
            all.push(Head {
                seq,
                hash: hash.to_owned(),
            });
        }
    }
    let end = Place {
        device: is.dev(),
        inode: is.ino(),
        offset: lines.end,
    };
    Ok(Heads { all, foreign, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_keeps_nobody_waiting_and_a_line_without_end_takes_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = Anchor::beside(&folder.path().join("f.db"));
        let made = std::process::Command::new("mkfifo")
            .arg(anchor.path())
            .status();
        assert!(made.unwrap().success());
        let said = |e: io::Error| e.to_string();
        assert_eq!(
            anchor.read("production").map_err(said),
            Err("it is not a file".into())
        );
        assert!(anchor.create().is_err());
        std::fs::remove_file(anchor.path()).unwrap();
        std::os::unix::fs::symlink("/dev/zero", anchor.path()).unwrap();
        assert!(anchor.read("production").is_err());
        std::fs::remove_file(anchor.path()).unwrap();
        assert_eq!(anchor.read("production").map_err(said), Ok(None));
        let head = Head {
            seq: 1,
            hash: "a".repeat(64),
        };
        anchor.add("production", &head).unwrap();
        let read = || {
            let heads = anchor.read("production").unwrap().unwrap();
            (heads.all, heads.foreign)
        };
        assert_eq!(read(), (vec![head.clone()], false));
        std::fs::write(anchor.path(), "7".repeat(3 * LINE)).unwrap();
        assert_eq!(read(), (vec![], true));
    }

    /// The console has one thread to ask and to join with.
    #[tokio::test]
    async fn what_the_disk_takes_holds_up_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = Anchor::beside(&folder.path().join("f.db"));
        let (tell, hear) = std::sync::mpsc::channel();
        let soon = std::time::Duration::from_secs(5);
        let slow = anchor.aside(move |_| hear.recv_timeout(soon).map_err(io::Error::other));
        let (done, ()) = tokio::join!(slow, async { tell.send(()).unwrap() });
        assert!(done.is_ok(), "{done:?}");
    }

    #[test]
    fn what_a_full_disk_left_of_a_line_is_no_part_of_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = Anchor::beside(&folder.path().join("f.db"));
        let head = |seq| Head {
            seq,
            hash: "b".repeat(64),
        };
        anchor.add("production", &head(113)).unwrap();
        let mut file = anchor.append().unwrap();
        file.write_all(b"1").unwrap();
        anchor.add("production", &head(114)).unwrap();
        let read = anchor.read("production").unwrap().unwrap();
        assert_eq!(read.all, [head(113), head(114)]);
        assert!(!read.foreign);
    }

    #[test]
    fn a_later_reading_goes_on_where_a_line_ended_and_only_in_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = Anchor::beside(&folder.path().join("f.db"));
        let head = |seq| Head {
            seq,
            hash: "c".repeat(64),
        };
        anchor.add("production", &head(1)).unwrap();
        let first = anchor.read("production").unwrap().unwrap().end;
        let on = |place| anchor.read_from("production", place).unwrap();
        assert_eq!(on(first).unwrap().all, []);
        anchor.add("staging", &head(1)).unwrap();
        anchor.add("production", &head(2)).unwrap();
        // Half of a line, which its writer ends later.
        let mut file = anchor.append().unwrap();
        file.write_all(format!("3 {}", "c".repeat(64)).as_bytes())
            .unwrap();
        let second = on(first).unwrap();
        assert_eq!((second.all, second.foreign), (vec![head(2)], false));
        file.write_all(b" \"production\"\n").unwrap();
        assert_eq!(on(second.end).unwrap().all, [head(3)]);
        let whole = std::fs::read(anchor.path()).unwrap();
        std::fs::write(anchor.path(), &whole[..40]).unwrap();
        assert_eq!(on(second.end), None, "it was cut");
        std::fs::write(folder.path().join("new"), &whole).unwrap();
        std::fs::rename(folder.path().join("new"), anchor.path()).unwrap();
        assert_eq!(on(second.end), None, "it is another");
    }
}
