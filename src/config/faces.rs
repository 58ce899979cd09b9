//! The names of themes and keymaps: built in, or files of the user's own. Their contents are the console's business.

use std::path::PathBuf;

use super::load::user_folder;
use super::mistake::suggest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// One kind of face.
#[derive(Debug)]
pub struct Face {
    /// Its key in `[ui]`, its flag and its word.
    pub key: &'static str,
    /// Names of those that are built in.
    pub built_in: &'static [&'static str],
    /// The user's folder for their own, within [`user_folder`].
    folder: &'static str,
}

/// Themes.
pub static THEME: Face = Face {
    key: "theme",
    built_in: &[
        "default",
        "light",
        "high-contrast",
        "ansi16",
        "light16",
        "mono",
    ],
    folder: "themes",
};

/// Keymaps.
pub static KEYMAP: Face = Face {
    key: "keymap",
    built_in: &["default", "vim", "emacs"],
    folder: "keymaps",
};

impl Face {
    /// Where the user's own are.
    pub fn folder(&self) -> Option<PathBuf> {
        user_folder().map(|f| f.join(self.folder))
    }

    /// Names of the user's own, in order.
    fn own(&self) -> Vec<String> {
        let rows = self.folder().and_then(|f| std::fs::read_dir(f).ok());
        let stem = |row: std::io::Result<std::fs::DirEntry>| {
            let name = row.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".toml").map(str::to_owned)
        };
        let mut names: Vec<String> = rows.into_iter().flatten().filter_map(stem).collect();
        names.sort();
        names
    }

    /// Whether there is one of that name.
    pub fn is_known(&self, name: &str) -> bool {
        self.built_in.contains(&name) || self.own().iter().any(|n| n == name)
    }

    /// That there is none of that name, with a suggestion.
    pub fn unknown(&self, name: &str) -> String {
        let own = self.own();
        let all = self.built_in.iter().copied();
        let hint = suggest(name, all.chain(own.iter().map(String::as_str)))
            .map(|n| format!("; did you mean \"{n}\"?"))
            .unwrap_or_default();
        format!("unknown {} \"{}\"{hint}", self.key, inert(name))
    }

    /// What was expected.
    pub fn expected(&self) -> String {
        let mut names: Vec<String> = self.built_in.iter().map(|n| (*n).to_owned()).collect();
        names.extend(self.own());
        let place = self.folder().map_or_else(String::new, |f| {
            format!(", or one of yours in {}", f.display())
        });
        format!("one of: {}{place}", names.join(", "))
    }

    /// Checks a name that a flag gave.
    ///
    /// # Errors
    /// `Argument` where there is none of that name.
    pub fn check(&self, name: Option<&str>) -> Result<(), Problem> {
        match name {
            Some(name) if !self.is_known(name) => Err(Problem::new(
                ProblemKind::Argument,
                "config",
                self.unknown(name),
                format!("expected {}", self.expected()),
                format!("name one of them with --{}", self.key),
            )),
            _ => Ok(()),
        }
    }
}
