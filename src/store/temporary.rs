//! Where a demo keeps its journal: its sandbox forgets everything, so the journal must not outlive it. A store that can only be read
//! from a copy has that there as well.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const NAME: &str = "flightdeck-demo-";
/// Locked for as long as the demo lives, whatever its number is where it runs: containers may share the folder and not the processes.
const ALIVE: &str = "alive";

/// A folder that goes away with the store.
#[derive(Debug)]
pub struct Temporary {
    folder: PathBuf,
    _alive: Option<File>,
}

impl Temporary {
    /// A folder that nobody has, in the system's one for such things. What demos left there that were killed goes.
    pub fn new() -> Self {
        Self::beneath(&std::env::temp_dir())
    }

    /// The same in a folder that is named.
    pub fn beneath(beside: &Path) -> Self {
        sweep(beside);
        let (pid, any) = (std::process::id(), fastrand::u32(..));
        let folder = beside.join(format!("{NAME}{pid}-{any:08x}"));
        // Where it cannot be made, opening the store in it says why.
        let made = DirBuilder::new().mode(0o700).create(&folder);
        let alive = made.and_then(|()| File::create_new(folder.join(ALIVE)));
        let _alive = alive.ok().filter(|f| f.try_lock().is_ok());
        Self { folder, _alive }
    }

    /// The store's file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("flightdeck.db")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes folders of demos that live no more. Those of other people cannot be opened, and stay.
fn sweep(beside: &Path) {
    let entries = fs::read_dir(beside).into_iter().flatten().flatten();
    for entry in entries {
        let is_named = entry.file_name().to_str().is_some_and(is_ours);
        if is_named && entry.file_type().is_ok_and(|t| t.is_dir()) && is_left(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_ours(name: &str) -> bool {
    let parts = name.strip_prefix(NAME).and_then(|n| n.split_once('-'));
    parts.is_some_and(|(pid, any)| pid.parse::<u32>().is_ok() && any.len() == 8)
}

fn is_left(folder: &Path) -> bool {
    let alive = File::options().write(true).open(folder.join(ALIVE));
    alive.is_ok_and(|f| f.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_demos_left_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let left = [format!("{NAME}7-0123abcd"), format!("{NAME}7-notes")];
        for name in &left {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join(ALIVE), "").unwrap();
        }
        fs::create_dir(at(&format!("{NAME}8-0123abcd"))).unwrap();
        let living = Temporary::beneath(folder.path());
        let other = Temporary::beneath(folder.path());
        assert!(living.folder.exists() && other.folder.exists());
        assert!(!at(&left[0]).exists(), "nobody holds it");
        assert!(at(&left[1]).exists() && at(&format!("{NAME}8-0123abcd")).exists());
        let gone = living.folder.clone();
        drop(living);
        assert!(!gone.exists() && other.folder.exists());
    }
}
