//! A source file as the rules see it: without comments, without the insides of literals, without tests.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// One file of production code.
pub struct Source {
    /// Path below `src`, with `/`: `ui/screens/deploys/view.rs`.
    pub path: String,
    /// The code, lines kept, comments and literals blanked, test modules blanked.
    pub code: String,
    /// Lines that are not in test modules.
    pub lines: usize,
    /// The text as it stands, for what is said in comments.
    pub text: String,
}

impl Source {
    /// Reads text as the file at `path` below `src`.
    pub fn new(path: &str, text: &str) -> Self {
        let code = without_tests(&without_comments_and_literals(text));
        let kept = code
            .lines()
            .filter(|l| !l.trim_start().starts_with('\u{1}'));
        Self {
            path: path.to_owned(),
            lines: kept.count(),
            code: code.replace('\u{1}', " "),
            text: text.to_owned(),
        }
    }

    /// The room that the file stands in: `ui`; `None` for a file directly in `src`.
    pub fn room(&self) -> Option<&str> {
        self.path.split_once('/').map(|(room, _)| room)
    }

    /// The line (from 1) of a place in the code.
    pub fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Every place where the code says these words, as (line, place).
    pub fn places<'a>(&'a self, words: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.code
            .match_indices(words)
            .filter(move |(at, _)| {
                let before = self.code[..*at].chars().next_back();
                !before.is_some_and(is_word) || !words.starts_with(is_word)
            })
            .map(|(at, _)| (self.line_of(at), at))
    }

    /// The module that the file is, as names below the crate: `["ui", "screens"]` for `ui/screens/mod.rs`.
    pub fn module(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.path.trim_end_matches(".rs").split('/').collect();
        if matches!(names.last(), Some(&"mod" | &"lib" | &"main")) {
            names.pop();
        }
        names
    }
}

/// Whether a character can be part of a name.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// All production sources below `root`; files that are test modules are left out.
pub fn read_all(root: &Path) -> io::Result<Vec<Source>> {
    let mut files = Vec::new();
    walk(root, &mut files)?;
    files.sort();
    let mut texts = Vec::new();
    let mut tests = HashSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        for name in test_modules(&without_comments_and_literals(&text)) {
            let home = match file.file_stem().and_then(|s| s.to_str()) {
                Some("mod" | "lib" | "main") => file.with_file_name(""),
                _ => file.with_extension(""),
            };
            tests.insert(home.join(format!("{name}.rs")));
            tests.insert(home.join(&name).join("mod.rs"));
        }
        texts.push((file, text));
    }
    texts.retain(|(file, _)| !tests.contains(file));
    Ok(texts
        .iter()
        .map(|(file, text)| {
            let below = file.strip_prefix(root).unwrap_or(file);
            Source::new(&below.to_string_lossy().replace('\\', "/"), text)
        })
        .collect())
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, into)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

/// Names of `#[cfg(test)] mod name;`.
fn test_modules(code: &str) -> Vec<String> {
    code.match_indices("#[cfg(test)]")
        .filter_map(|(at, mark)| {
            let rest = code[at + mark.len()..].trim_start();
            let name = rest.trim_start_matches("pub ").strip_prefix("mod ")?;
            let end = name.find(|c| !is_word(c))?;
            name[end..]
                .trim_start()
                .starts_with(';')
                .then(|| name[..end].to_owned())
        })
        .collect()
}

/// Blanks comments and the insides of string and character literals; line ends stay.
pub fn without_comments_and_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let get = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let blank = |out: &mut String, c: char| out.push(if c == '\n' { '\n' } else { ' ' });
    while at < chars.len() {
        let c = get(at);
        let in_word = at > 0 && is_word(get(at - 1));
        if c == '/' && get(at + 1) == '/' {
            while at < chars.len() && get(at) != '\n' {
                at += 1;
            }
        } else if c == '/' && get(at + 1) == '*' {
            let mut depth = 0;
            loop {
                match (get(at), get(at + 1)) {
                    ('/', '*') => (depth, at) = (depth + 1, at + 2),
                    ('*', '/') => (depth, at) = (depth - 1, at + 2),
                    (c, _) => {
                        blank(&mut out, c);
                        at += 1;
                    }
                }
                if depth == 0 || at >= chars.len() {
                    break;
                }
            }
        } else if !in_word && raw_string(&chars[at..]).is_some() {
            let length = raw_string(&chars[at..]).unwrap_or(1);
            chars[at..at + length]
                .iter()
                .for_each(|c| blank(&mut out, *c));
            at += length;
        } else if c == '"' {
            out.push('"');
            at += 1;
            while at < chars.len() && get(at) != '"' {
                if get(at) == '\\' {
                    blank(&mut out, ' ');
                    at += 1;
                }
                blank(&mut out, get(at));
                at += 1;
            }
            out.push('"');
            at += 1;
        } else if c == '\'' && (get(at + 1) == '\\' || get(at + 2) == '\'') {
            at += if get(at + 1) == '\\' { 3 } else { 2 };
            while at < chars.len() && get(at) != '\'' {
                at += 1;
            }
            out.push_str("''");
            at += 1;
        } else {
            out.push(c);
            at += 1;
        }
    }
    out
}

/// Length of a raw string that starts here, if one does.
fn raw_string(chars: &[char]) -> Option<usize> {
    let prefix = chars.iter().take_while(|c| matches!(c, 'b' | 'r')).count();
    if !matches!(chars.get(..prefix)?, ['r'] | ['b', 'r']) {
        return None;
    }
    let hashes = chars
        .get(prefix..)?
        .iter()
        .take_while(|c| **c == '#')
        .count();
    if chars.get(prefix + hashes) != Some(&'"') {
        return None;
    }
    let body = prefix + hashes + 1;
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let found = chars
        .get(body..)?
        .windows(end.len())
        .position(|w| w == end)?;
    Some(body + found + end.len())
}

/// Blanks every item under `#[cfg(test)]`; its lines are marked with U+0001, so that they are not counted.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(at) = out.find("#[cfg(test)]") {
        let end = at + item_length(&out[at..]);
        let marked: String = out[at..end]
            .split('\n')
            .map(|_| "\u{1}")
            .collect::<Vec<_>>()
            .join("\n");
        out.replace_range(at..end, &marked);
    }
    out
}

/// How far an item goes: to the `;` or the closing brace at its own depth.
fn item_length(code: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if c == '}' && depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}
