//! Keys to commands, from a TOML file a keymap. Contexts are `global` and one a screen; the screen's own keys win.

use std::collections::BTreeMap;
use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::commands::Command;
use super::screens::ScreenId;
use crate::config::file;
use crate::config::mistake::toml_words_at;
use crate::domain::problem::{Problem, ProblemKind};

const EMBEDDED: [(&str, &str); 3] = [
    ("default", include_str!("../../keymaps/default.toml")),
    ("vim", include_str!("../../keymaps/vim.toml")),
    ("emacs", include_str!("../../keymaps/emacs.toml")),
];

/// A key with its modifiers, as written in a keymap: `q`, `ctrl-c`, `alt-x`, `enter`, `f5`, `G`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        // Terminals disagree on whether shift is reported with a capital letter: the letter itself tells.
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let mut code = event.code;
        if let KeyCode::Char(c) = code {
            modifiers.remove(KeyModifiers::SHIFT);
            if modifiers.contains(KeyModifiers::CONTROL) {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
        }
        if code == KeyCode::BackTab {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Self { code, modifiers }
    }
}

impl Key {
    /// Reads a key as written in a keymap.
    pub fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((head, tail)) = rest
            .split_once('-')
            .filter(|(h, t)| !h.is_empty() && !t.is_empty())
        {
            modifiers |= match head {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => return None,
            };
            rest = tail;
        }
        let code = match rest {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "backtab" => KeyCode::BackTab,
            "space" => KeyCode::Char(' '),
            "backspace" => KeyCode::Backspace,
            "delete" => KeyCode::Delete,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "pageup" => KeyCode::PageUp,
            "pagedown" => KeyCode::PageDown,
            _ => match (
                rest.strip_prefix('f').and_then(|n| n.parse().ok()),
                rest.chars().count(),
            ) {
                (Some(n @ 1..=12), _) => KeyCode::F(n),
                (_, 1) => KeyCode::Char(rest.chars().next()?),
                _ => return None,
            },
        };
        Some(Self { code, modifiers })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (flag, word) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(flag) {
                f.write_str(word)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Enter => f.write_str("enter"),
            KeyCode::Esc => f.write_str("esc"),
            KeyCode::Tab => f.write_str("tab"),
            KeyCode::BackTab => f.write_str("backtab"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::F(n) => write!(f, "f{n}"),
            other => write!(f, "{}", format!("{other:?}").to_lowercase()),
        }
    }
}

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Everywhere.
    Global,
    /// On one screen.
    Screen(ScreenId),
}

/// A whole keymap.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    /// Its name.
    pub name: String,
    bindings: BTreeMap<(Place, Key), Command>,
    order: Vec<(Place, Key, Command)>,
}

impl Keymap {
    /// A built-in keymap, or `NAME.toml` from the user's keymap folder, laid over the default one.
    pub fn load(name: &str, folder: Option<&Path>) -> Result<Self, Problem> {
        let mut map = Self::parse("default", EMBEDDED[0].1)?;
        if name == "default" && folder.is_none_or(|f| !f.join("default.toml").exists()) {
            return Ok(map);
        }
        let own = folder
            .map(|f| f.join(format!("{name}.toml")))
            .filter(|p| p.exists());
        let text = match (&own, EMBEDDED.iter().find(|(n, _)| *n == name)) {
            (Some(path), _) => file::text(path).map_err(|why| problem(name, &why))?,
            (None, Some((_, text))) => (*text).to_owned(),
            (None, None) => {
                let known: Vec<_> = EMBEDDED.iter().map(|(n, _)| *n).collect();
                return Err(problem(
                    name,
                    &format!("there is no such keymap; built in are {}", known.join(", ")),
                ));
            }
        };
        map.overlay(Self::parse(name, &text)?);
        Ok(map)
    }

    fn overlay(&mut self, over: Self) {
        // A command that the overlay binds loses its old keys in that place, so that help shows one truth.
        self.order.retain(|(p, k, c)| {
            !over
                .order
                .iter()
                .any(|(op, ok, oc)| op == p && (oc == c || ok == k))
        });
        self.order.splice(0..0, over.order);
        self.bindings = self.order.iter().map(|(p, k, c)| ((*p, *k), *c)).collect();
        self.name = over.name;
    }

    /// Reads a keymap; an unknown context, command or key is an error.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problem> {
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| problem(name, &toml_words_at(text, &e)))?;
        let mut map = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        for (context, rows) in &table {
            let place = match context.as_str() {
                "global" => Place::Global,
                other => Place::Screen(
                    ScreenId::ALL
                        .iter()
                        .copied()
                        .find(|s| s.command_name() == other)
                        .ok_or_else(|| problem(name, &format!("unknown context [{other}]")))?,
                ),
            };
            let rows = rows
                .as_table()
                .ok_or_else(|| problem(name, &format!("[{context}] must be a table")))?;
            for (command_name, keys) in rows {
                let command = Command::named(command_name).ok_or_else(|| {
                    problem(
                        name,
                        &format!(
                            "[{context}] has an unknown command {command_name:?}{}",
                            suggest(command_name)
                        ),
                    )
                })?;
                let keys: Vec<&str> = match keys {
                    toml::Value::String(s) => vec![s.as_str()],
                    toml::Value::Array(list) => {
                        list.iter().filter_map(toml::Value::as_str).collect()
                    }
                    _ => {
                        return Err(problem(
                            name,
                            &format!("{command_name} takes a key or a list of keys"),
                        ));
                    }
                };
                for written in keys {
                    let key = Key::parse(written).ok_or_else(|| {
                        problem(name, &format!("{command_name}: {written:?} is not a key"))
                    })?;
                    if let Some(other) = map.bindings.insert((place, key), command) {
                        let why = format!(
                            "{written} is bound twice in [{context}]: {} and {command_name}",
                            other.name()
                        );
                        return Err(problem(name, &why));
                    }
                    map.order.push((place, key, command));
                }
            }
        }
        Ok(map)
    }

    /// The command that a key means on a screen.
    pub fn command(&self, screen: ScreenId, key: Key) -> Option<Command> {
        let find = |place| self.bindings.get(&(place, key)).copied();
        find(Place::Screen(screen)).or_else(|| find(Place::Global))
    }

    /// The first key bound to a command on a screen, as text for the footer.
    pub fn key_for(&self, screen: ScreenId, command: Command) -> Option<String> {
        self.bound(screen, command).next().map(Key::to_string)
    }

    /// All keys bound to a command on a screen.
    pub fn keys_for(&self, screen: ScreenId, command: Command) -> Vec<String> {
        self.bound(screen, command).map(Key::to_string).collect()
    }

    /// The screen's own first.
    fn bound(&self, screen: ScreenId, command: Command) -> impl Iterator<Item = &Key> {
        let at = move |place: Place| {
            self.order.iter().filter(move |(p, k, c)| {
                *p == place
                    && *c == command
                    && (place != Place::Global
                        || !self.bindings.contains_key(&(Place::Screen(screen), *k)))
            })
        };
        let all = at(Place::Screen(screen)).chain(at(Place::Global));
        all.map(|(_, key, _)| key)
    }
}

fn suggest(word: &str) -> String {
    Command::all()
        .map(Command::name)
        .map(|n| (strsim::damerau_levenshtein(n, word), n))
        .min()
        .filter(|(d, _)| *d <= 3)
        .map_or(String::new(), |(_, n)| format!("; did you mean {n:?}?"))
}

fn problem(name: &str, why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "keymap",
        format!("Keymap {name} cannot be used"),
        why,
        "Mend the file, or start with --keymap default.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_knows_the_same_names() {
        let names = EMBEDDED.map(|(name, _)| name);
        assert_eq!(crate::config::faces::KEYMAP.built_in, names);
    }

    #[test]
    fn built_in_keymaps_load_and_bind_the_essentials() {
        for (name, _) in EMBEDDED {
            let map = Keymap::load(name, None).unwrap();
            for command in [
                Command::Quit,
                Command::Help,
                Command::Palette,
                Command::Back,
                Command::Open,
                Command::Up,
            ] {
                assert!(
                    map.key_for(ScreenId::Overview, command).is_some(),
                    "{name} lacks {}",
                    command.name()
                );
            }
        }
    }

    #[test]
    fn mistakes_are_named() {
        let say = |text: &str| Keymap::parse("mine", text).unwrap_err().why;
        assert!(say("[global]\nquitt = 'q'").contains("did you mean \"quit\"?"));
        assert!(say("[global]\nquit = 'hyper-q'").contains("is not a key"));
        assert!(say("[global]\nquit = 'q'\nhelp = 'q'").contains("bound twice"));
        assert!(say("[globl]\nquit = 'q'").contains("unknown context"));
    }

    #[test]
    fn keys_read_what_they_show() {
        for text in ["q", "G", "ctrl-c", "alt-x", "enter", "f5", "space", "-"] {
            assert!(Key::parse(text).is_some(), "{text}");
        }
        assert_eq!(Key::parse("ctrl-c").unwrap().to_string(), "ctrl-c");
    }

    #[test]
    fn a_file_that_is_none_is_refused_and_not_waited_for() {
        let folder = std::env::temp_dir().join(format!("flightdeck-keymap-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let own = folder.join("own.toml");
        let made = std::process::Command::new("mkfifo").arg(&own).status();
        assert!(made.unwrap().success());
        let (told, heard) = std::sync::mpsc::channel();
        let place = folder.clone();
        std::thread::spawn(move || {
            let folder = place;
            told.send(Keymap::load("own", Some(&folder)).map(drop))
        });
        let answer = heard.recv_timeout(std::time::Duration::from_secs(5));
        std::fs::remove_file(&own).unwrap();
        // One gigabyte, of which nothing is on the disk.
        let file = std::fs::File::create(&own).unwrap();
        file.set_len(1 << 30).unwrap();
        let large = Keymap::load("own", Some(&folder)).map(drop);
        std::fs::remove_dir_all(&folder).unwrap();
        let why = answer.expect("it waits for a writer").unwrap_err().why;
        assert!(why.contains("no ordinary file"), "{why}");
        let why = large.unwrap_err().why;
        assert!(why.contains("larger than"), "{why}");
    }
}
