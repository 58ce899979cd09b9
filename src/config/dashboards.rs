//! This console's own dashboards: built in, or TOML files of the user's own.

use std::path::PathBuf;
use std::sync::Arc;

use super::file;
use super::load::user_folder;
use crate::domain::dashboard::{Dashboard, OwnDashboard};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// Those that are built in, in the order of the list.
const BUILT_IN: [(&str, &str); 5] = [
    (
        "application",
        include_str!("../../dashboards/application.toml"),
    ),
    ("database", include_str!("../../dashboards/database.toml")),
    ("cache", include_str!("../../dashboards/cache.toml")),
    ("edge", include_str!("../../dashboards/edge.toml")),
    ("business", include_str!("../../dashboards/business.toml")),
];
/// Largest file that is read, bytes.
const LARGEST: u64 = 1024 * 1024;

/// Where the user's own are.
pub fn folder() -> Option<PathBuf> {
    user_folder().map(|f| f.join("dashboards"))
}

/// All of them: the built-in ones, each unless a file of that name takes its place, then the user's own by name. A file that
/// cannot be read says so in its place.
pub fn own() -> Vec<OwnDashboard> {
    let files = files();
    let built_in = BUILT_IN
        .iter()
        .filter(|(name, _)| !files.iter().any(|(n, _)| n == name))
        .map(|(name, text)| OwnDashboard {
            name: (*name).to_owned(),
            file: None,
            read: read(name, text, "a built-in dashboard"),
        });
    let own = files.iter().map(|(name, path)| {
        let place = path.display().to_string();
        OwnDashboard {
            name: inert(name),
            read: text(path)
                .map_err(|why| problem(&place, &why))
                .and_then(|text| read(name, &text, &place)),
            file: Some(inert(&place)),
        }
    });
    built_in.chain(own).collect()
}

/// (name, path) of the user's files, by name.
fn files() -> Vec<(String, PathBuf)> {
    let rows = folder().and_then(|f| std::fs::read_dir(f).ok());
    let row = |row: std::io::Result<std::fs::DirEntry>| {
        let path = row.ok()?.path();
        let name = path
            .file_name()?
            .to_str()?
            .strip_suffix(".toml")?
            .to_owned();
        Some((name, path))
    };
    let mut files: Vec<_> = rows.into_iter().flatten().filter_map(row).collect();
    files.sort();
    files
}

fn text(path: &std::path::Path) -> Result<String, String> {
    file::text_within(path, LARGEST)
}

fn read(name: &str, text: &str, place: &str) -> Result<Arc<Dashboard>, Problem> {
    Dashboard::own(name, text)
        .map(Arc::new)
        .map_err(|why| problem(place, &why))
}

fn problem(place: &str, why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "config",
        format!("{place} is no dashboard"),
        why.trim_end().lines().collect::<Vec<_>>().join("; "),
        "Mend the file; it is read again by itself.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ones_are_whole() {
        for (name, text) in BUILT_IN {
            let d = read(name, text, name).unwrap();
            assert!(d.widgets.len() >= 4 && d.notes.is_empty(), "{name}");
            assert!(!d.title.is_empty() && d.length_s.is_some(), "{name}");
        }
    }
}
