//! Where a demo keeps its journal: its sandbox forgets everything, so the journal must not outlive it.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

const NAME: &str = "flightdeck-demo-";

/// A folder that goes away with the store.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// A name that nobody has, in the system's folder for such things. What demos left there that were killed goes.
    pub fn new() -> Self {
        let beside = std::env::temp_dir();
        sweep(&beside);
        let (pid, any) = (std::process::id(), fastrand::u32(..));
        Self(beside.join(format!("{NAME}{pid}-{any:08x}")))
    }

    /// The store's file.
    pub fn file(&self) -> PathBuf {
        self.0.join("flightdeck.db")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes folders of demos whose process is gone. Those of other people cannot be removed, and stay.
fn sweep(beside: &Path) {
    let entries = fs::read_dir(beside).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let left = name.to_str().and_then(maker).is_some_and(is_gone);
        if left && entry.file_type().is_ok_and(|t| t.is_dir()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The process that made a folder of that name.
fn maker(name: &str) -> Option<Pid> {
    let (pid, any) = name.strip_prefix(NAME)?.split_once('-')?;
    let is_ours = any.len() == 8 && any.bytes().all(|b| b.is_ascii_hexdigit());
    is_ours.then(|| Pid::from_raw(pid.parse().ok()?)).flatten()
}

fn is_gone(pid: Pid) -> bool {
    test_kill_process(pid) == Err(Errno::SRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_demos_left_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = child.id();
        child.wait().unwrap();
        let alive = std::process::id();
        let names = [
            format!("{NAME}{gone}-0123abcd"),
            format!("{NAME}{alive}-0123abcd"),
            format!("{NAME}{gone}-notes"),
            format!("{NAME}x-0123abcd"),
        ];
        for name in &names {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        sweep(folder.path());
        let left = names.iter().map(|n| folder.path().join(n).exists());
        assert_eq!(left.collect::<Vec<_>>(), [false, true, true, true]);
    }
}
