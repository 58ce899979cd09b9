//! Folders for the sockets of relays: each lives for the moment in which the client's library finds its way. None stays behind.

use std::fs::{self, DirBuilder, Metadata};
use std::io::{self, Error, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use super::relay::SOCKET;

const NAME: &str = "flightdeck-";
/// Digits of a name behind that, hexadecimal.
const DIGITS: usize = 16;
/// A folder that is needed is some milliseconds old. Of one between its making and its socket nobody could tell that somebody lives there.
const DEAD: Duration = Duration::from_secs(600);

static OURS: Ours = Ours(Mutex::new(Some(Vec::new())));
static SWEPT: Once = Once::new();

/// Takes away the folders that are there, and lets no more be made: the process ends, and what still waits for a server with it.
pub fn leave() {
    OURS.leave();
}

/// Folders that are there; `None` once the process ends.
struct Ours(Mutex<Option<Vec<PathBuf>>>);

impl Ours {
    fn with<T>(&self, act: impl FnOnce(&mut Option<Vec<PathBuf>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Made under the lock: what is made is known.
    fn make(&self, path: &Path) -> io::Result<()> {
        self.with(|known| {
            let Some(known) = known else {
                return Err(Error::other("the process ends"));
            };
            DirBuilder::new().mode(0o700).create(path)?;
            known.push(path.to_owned());
            Ok(())
        })
    }

    fn forget(&self, path: &Path) {
        self.with(|known| known.iter_mut().for_each(|all| all.retain(|p| p != path)));
    }

    fn leave(&self) {
        for path in self.with(Option::take).into_iter().flatten() {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// A folder of ours, gone with this.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn beneath(room: &Path) -> io::Result<Self> {
        let path = room.join(format!("{NAME}{:016x}", fastrand::u64(..)));
        OURS.make(&path)?;
        let folder = Self(path);
        SWEPT.call_once(|| {
            // One that was killed took nothing away.
            if let Ok(mine) = fs::symlink_metadata(&folder.0) {
                sweep(room, &mine, DEAD);
            }
        });
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        OURS.forget(&self.0);
    }
}

/// Takes away the folders of this user that another console left in a room, that long ago.
fn sweep(room: &Path, mine: &Metadata, age: Duration) {
    for entry in fs::read_dir(room).into_iter().flatten().flatten() {
        if is_name(&entry.file_name().to_string_lossy()) {
            let _ = take_away(&entry.path(), mine, age);
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let digits = name.strip_prefix(NAME);
    digits.is_some_and(|d| d.len() == DIGITS && d.bytes().all(is_digit))
}

/// Takes a folder away where it is as ours are, old, and holds nothing but a socket on which nobody listens.
fn take_away(path: &Path, mine: &Metadata, age: Duration) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    let is_ours = found.is_dir() && (found.uid(), found.mode()) == (mine.uid(), mine.mode());
    let is_old = found.modified()?.elapsed().is_ok_and(|since| since >= age);
    if !is_ours || !is_old {
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_socket =
            entry.file_type()?.is_socket() && name.to_string_lossy().starts_with(SOCKET);
        let answer = UnixStream::connect(entry.path());
        let is_dead = answer.is_err_and(|e| e.kind() == ErrorKind::ConnectionRefused);
        if !is_socket || !is_dead {
            return Ok(());
        }
        fs::remove_file(entry.path())?;
    }
    fs::remove_dir(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn room(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("flightdeck-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        DirBuilder::new().mode(0o700).create(&path).unwrap();
        path
    }

    #[test]
    fn what_is_there_when_the_process_ends_goes_and_no_more_is_made() {
        let room = room("leave");
        let ours = Ours(Mutex::new(Some(Vec::new())));
        let (one, two) = (room.join("one"), room.join("two"));
        ours.make(&one).unwrap();
        ours.make(&two).unwrap();
        fs::write(two.join("socket"), "").unwrap();
        ours.forget(&one);
        ours.leave();
        assert!(one.exists() && !two.exists());
        assert!(ours.make(&two).is_err() && !two.exists());
        fs::remove_dir_all(room).unwrap();
    }

    #[test]
    fn only_what_a_dead_console_left_is_swept() {
        let room = room("sweep");
        let mine = fs::symlink_metadata(&room).unwrap();
        let made = |name: &str| {
            let path = room.join(name);
            DirBuilder::new().mode(0o700).create(&path).unwrap();
            path
        };
        let listen = |folder: &Path| UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let dead = made("flightdeck-0123456789abcdef");
        drop(listen(&dead));
        let empty = made("flightdeck-0000000000000000");
        let living = made("flightdeck-1111111111111111");
        let _listens = listen(&living);
        let other = made("flightdeck-2222222222222222");
        fs::write(other.join("notes"), "").unwrap();
        let named = made("flightdeck-theme-12345678");
        sweep(&room, &mine, DEAD);
        assert!(dead.exists() && empty.exists(), "they are young");
        sweep(&room, &mine, Duration::ZERO);
        assert!(!dead.exists() && !empty.exists());
        assert!(living.exists() && other.join("notes").exists() && named.exists());
        fs::remove_dir_all(room).unwrap();
    }
}
