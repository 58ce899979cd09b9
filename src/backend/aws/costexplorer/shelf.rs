//! The last answer on disk, one file an account, so that opening the console again costs nothing.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use crate::config::CostCache;
use crate::domain::cost::Cost;

/// The shelf.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: Option<PathBuf>,
}

impl Shelf {
    pub(super) fn new(cache: CostCache) -> Self {
        let folder = match cache {
            CostCache::Nowhere => None,
            CostCache::User => directories::ProjectDirs::from("", "", "flightdeck")
                .map(|dirs| dirs.cache_dir().to_owned()),
        };
        Self { folder }
    }

    fn place(&self, account: &str) -> Option<PathBuf> {
        let plain = !account.is_empty() && account.chars().all(|c| c.is_ascii_alphanumeric());
        let folder = self.folder.as_ref().filter(|_| plain)?;
        Some(folder.join(format!("cost-{account}.json")))
    }

    /// The last answer; `None` where there is none that can be read.
    pub(super) fn read(&self, account: &str) -> Option<Cost> {
        let bytes = fs::read(self.place(account)?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps an answer. Without a disk it is asked for again by the next console, which is said in the log.
    pub(super) fn write(&self, account: &str, cost: &Cost) {
        let Some(place) = self.place(account) else {
            return;
        };
        if let Err(e) = write(&place, cost) {
            tracing::warn!(file = %place.display(), error = %e, "the bill cannot be kept");
        }
    }
}

/// Whole or not at all: another console may be reading.
fn write(place: &PathBuf, cost: &Cost) -> io::Result<()> {
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
    file.write_all(&serde_json::to_vec(cost)?)?;
    file.sync_all()?;
    fs::rename(&beside, place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn an_answer_is_found_again_and_names_lead_nowhere_else() {
        let folder = std::env::temp_dir().join(format!("flightdeck-shelf-{}", std::process::id()));
        let shelf = Shelf {
            folder: Some(folder.clone()),
        };
        let cost = Cost {
            currency: "USD".into(),
            asked_at: Timestamp::UNIX_EPOCH,
            next_at: Timestamp::UNIX_EPOCH,
            questions: 3,
            budget: None,
            month: 1.5,
            last_month_so_far: 0.0,
            last_month: 0.0,
            month_end: None,
            services: Vec::new(),
            days: Vec::new(),
            anomalies: None,
        };
        assert_eq!(shelf.read("123"), None);
        shelf.write("123", &cost);
        assert_eq!(shelf.read("123"), Some(cost.clone()));
        shelf.write("../123", &cost);
        assert!(shelf.place("../123").is_none());
        fs::write(folder.join("cost-9.json"), "{").unwrap();
        assert_eq!(shelf.read("9"), None, "half a file is no answer");
        fs::remove_dir_all(folder).unwrap();
    }
}
