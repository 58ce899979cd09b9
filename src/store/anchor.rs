//! The head of the chain outside the table: a file beside the database to which every append adds a line. A chain alone does
//! not see that its tail was cut or that the whole file was replaced by an older copy; this file does. Whoever can write both
//! files can still deceive: that is why the head is also shown on screen and returned by every append, for logs elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The head of a chain at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row.
    pub seq: u64,
    /// Its hash, hex.
    pub hash: String,
}

/// The head file. Lines are `seq hash environment`; order does not matter, so consoles may write side by side.
#[derive(Debug)]
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

    /// Adds a line and waits until it is on the disk. Called after the row is committed: a line without a row would cry wolf.
    pub fn add(&self, environment: &str, head: &Head) -> io::Result<()> {
        let environment = serde_json::Value::from(environment);
        let line = format!("{} {} {environment}\n", head.seq, head.hash);
        let mut file = self.append()?;
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    /// All heads of an environment; `None` if the file is not there. A last line cut by a crash is passed over.
    pub fn read(&self, environment: &str) -> io::Result<Option<Vec<Head>>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let mut heads = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            let mut parts = line.splitn(3, ' ');
            let (Some(seq), Some(hash), Some(env)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let same = serde_json::from_str::<String>(env).is_ok_and(|e| e == environment);
            if let (true, Ok(seq), 64) = (same, seq.parse(), hash.len()) {
                heads.push(Head {
                    seq,
                    hash: hash.to_owned(),
                });
            }
        }
        Ok(Some(heads))
    }

    /// Whether a line stands in it that does not begin as a console's do, with the number of a row: one that a crash cut begins so, too.
    pub fn foreign(&self) -> io::Result<bool> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        };
        for line in BufReader::new(file).split(b'\n') {
            if line?.first().is_some_and(|c| !c.is_ascii_digit()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn append(&self) -> io::Result<File> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)
    }
}
