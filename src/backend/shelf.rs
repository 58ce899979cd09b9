//! What outlives the process though it is no record: an answer that is dear to ask for, a burst that must not come again soon.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A folder of small JSON files in the user's cache.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: Option<PathBuf>,
}

impl Shelf {
    /// The user's.
    pub fn user() -> Self {
        Self {
            folder: directories::ProjectDirs::from("", "", "flightdeck")
                .map(|dirs| dirs.cache_dir().to_owned()),
        }
    }

    /// One that keeps nothing.
    pub fn nowhere() -> Self {
        Self { folder: None }
    }

    #[cfg(test)]
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self {
            folder: Some(folder),
        }
    }

    fn place(&self, name: &str) -> Option<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_plain = !name.is_empty() && name.chars().all(plain);
        let folder = self.folder.as_ref().filter(|_| is_plain)?;
        Some(folder.join(format!("{name}.json")))
    }

    /// What was put there; `None` where there is nothing that can be read.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let bytes = fs::read(self.place(name)?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Puts something there. Without a disk the next console does not know of it, which is said in the log.
    pub fn write(&self, name: &str, value: &impl Serialize) {
        let Some(place) = self.place(name) else {
            return;
        };
        if let Err(e) = write(&place, value) {
            tracing::warn!(file = %place.display(), error = %e, "it cannot be kept");
        }
    }
}

/// Whole or not at all: another console may be reading.
fn write(place: &PathBuf, value: &impl Serialize) -> io::Result<()> {
    if let Some(folder) = place.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let beside = place.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.sync_all()?;
    fs::rename(&beside, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_again_and_names_lead_nowhere_else() {
        let folder = std::env::temp_dir().join(format!("flightdeck-shelf-{}", std::process::id()));
        let shelf = Shelf::at(folder.clone());
        assert_eq!(shelf.read::<u32>("cost-123"), None);
        shelf.write("cost-123", &7);
        assert_eq!(shelf.read::<u32>("cost-123"), Some(7));
        shelf.write("../123", &7);
        assert!(shelf.place("../123").is_none());
        fs::write(folder.join("cost-9.json"), "{").unwrap();
        assert_eq!(
            shelf.read::<u32>("cost-9"),
            None,
            "half a file is no answer"
        );
        fs::remove_dir_all(folder).unwrap();
    }
}
