//! Mistakes in a configuration file, each with its place, what was expected and, where it helps, a suggestion.

use std::path::{Path, PathBuf};

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::redact;
use crate::domain::text::{clip, inert};

/// Mistakes noted of one file: whoever has that many has another file in mind, and each further one costs a look through all of it.
pub const MOST: usize = 300;

/// Columns of a file's own text that are quoted.
const QUOTED: usize = 200;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// What is wrong: `unknown key "clusers" in [aws]; did you mean "clusters"?`
    pub what: String,
    /// What was expected.
    pub expected: String,
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum Wrong {
    /// What the file says cannot be used.
    Mistakes(Mistakes),
    /// Something else, such as a file that cannot be read.
    Other(Problem),
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Mistakes(all) => all.into(),
            Wrong::Other(problem) => problem,
        }
    }
}

/// Everything that is wrong with one file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    /// The file as the person named it.
    pub file: PathBuf,
    /// In the order of the file.
    pub list: Vec<Mistake>,
}

impl Mistakes {
    /// One line: `flightdeck.toml:7:1: unknown key ...`.
    pub fn line(&self, mistake: &Mistake) -> String {
        format!(
            "{}:{}:{}: {}",
            inert(&self.file.display().to_string()),
            mistake.line,
            mistake.column,
            mistake.what
        )
    }
}

impl Mistakes {
    /// Each in words of its own.
    pub fn problems(&self) -> Vec<Problem> {
        let file = self.file.display();
        let each = |m: &Mistake| {
            Problem::new(
                ProblemKind::Config,
                "config",
                self.line(m),
                format!("expected {}", m.expected),
                format!("correct line {} of {file}", m.line),
            )
        };
        self.list.iter().map(each).collect()
    }
}

impl From<Mistakes> for Problem {
    fn from(all: Mistakes) -> Self {
        let file = all.file.display();
        let Some(first) = all.list.first() else {
            return unreadable(&all.file, "it has a mistake");
        };
        let line = first.line;
        let fix = match (all.list.len(), all.list.last()) {
            // The last one says how much was not looked at.
            (n, Some(last)) if n > MOST => format!("correct line {line} of {file}; {}", last.what),
            (1, _) => format!("correct line {line} of {file}"),
            (n, _) => format!(
                "correct line {line} of {file}; {} more: flightdeck config check",
                n - 1
            ),
        };
        Problem::new(
            ProblemKind::Config,
            "config",
            all.line(first),
            format!("expected {}", first.expected),
            fix,
        )
    }
}

/// A file that cannot be used at all.
pub fn unreadable(file: &Path, why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "config",
        format!("cannot read {}", file.display()),
        why,
        "name another file with --config, or write one with: flightdeck config init",
    )
}

/// What is wrong with TOML, in the parser's words: without the line that it points at, which may be as long as the file.
pub fn toml_words(error: &toml::de::Error) -> String {
    clip(&inert(&redact::text(error.message())), QUOTED)
}

/// The same with the place: themes and keymaps name no mistake by itself.
pub fn toml_words_at(source: &str, error: &toml::de::Error) -> String {
    let (line, column) = place(source, error.span().map_or(0, |s| s.start));
    format!("line {line}, column {column}: {}", toml_words(error))
}

/// What the system said about a file, in words.
pub fn io_words(e: &std::io::Error) -> String {
    use std::io::ErrorKind::*;
    match e.kind() {
        NotFound => "there is no such file or folder".into(),
        PermissionDenied => "this user may not".into(),
        AlreadyExists => "it is there already, and is never overwritten".into(),
        InvalidData => "it is not UTF-8 text".into(),
        IsADirectory => "it is a folder".into(),
        StorageFull => "the disk is full".into(),
        _ => e.to_string(),
    }
}

/// The nearest of some names, if one is near enough to be meant.
pub fn suggest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    names
        .map(|n| (strsim::damerau_levenshtein(&word, &n.to_lowercase()), n))
        .filter(|(distance, n)| *distance <= 1 + n.chars().count() / 4)
        .min()
        .map(|(_, n)| n)
}

/// Line and column (1-based, in characters) of a byte offset.
pub fn place(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}
