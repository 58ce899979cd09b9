//! What a person wrote into a file that `config init --force` makes anew: it goes before what was found, and what has no place in the
//! new file is named. A copy of the file stays beside it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use toml::{Table, Value};

use super::discovered::Host;
use super::file;
use super::mistake::io_words;
use crate::domain::problem::{Problem, ProblemKind};

/// Copies made within the same second before it is given up.
const COPIES: usize = 100;

/// The old file.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Where its copy is; `None`: there was no file.
    pub copy: Option<PathBuf>,
    /// Why nothing could be taken over from it, if so.
    pub unread: Option<String>,
    table: Table,
}

impl Kept {
    /// Copies the file that is there, and reads what it says.
    ///
    /// # Errors
    /// Where it cannot be copied: then it must not be written over.
    pub fn of(path: &Path, now: Timestamp) -> Result<Self, Problem> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let copy = Some(copied(path, now)?);
        let read = file::text(path).and_then(|text| {
            let wrong = |e: toml::de::Error| format!("it is no TOML: {}", e.message());
            text.parse::<Table>().map_err(wrong)
        });
        let (table, unread) = match read {
            Ok(table) => (table, None),
            Err(why) => (Table::new(), Some(why)),
        };
        Ok(Self {
            copy,
            unread,
            table,
        })
    }

    fn at(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split('.').filter(|s| !s.is_empty());
        let first = self.table.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.as_table()?.get(step))
    }

    /// What the file said for a key, as TOML.
    pub fn value(&self, section: &str, key: &str) -> Option<String> {
        let path = format!("{section}.{key}");
        self.at(&path).map(Value::to_string)
    }

    /// Its rows of a list, as TOML.
    pub fn rows(&self, path: &str) -> String {
        let rows = self.at(path).and_then(Value::as_array);
        let tables = rows.into_iter().flatten().filter_map(Value::as_table);
        let each = tables.map(|row| {
            let pairs = row
                .iter()
                .map(|(key, value)| format!("{} = {value}\n", quoted(key)));
            format!("[[{path}]]\n{}\n", pairs.collect::<String>())
        });
        each.collect()
    }

    /// Whether a list has a row for a host.
    pub fn names(&self, path: &str, host: &Host) -> bool {
        let rows = self.at(path).and_then(Value::as_array);
        let tables = rows.into_iter().flatten().filter_map(Value::as_table);
        let text = |row: &Table, key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let known = |row: &Table| {
            let url = text(row, "url");
            let url = url.map(|u| u.trim_end_matches('/').to_owned());
            url.as_deref() == Some(host.url().trim_end_matches('/'))
                || text(row, "name").as_deref() == Some(host.name.as_str())
        };
        tables.into_iter().any(known)
    }

    /// Its environments, as TOML; nothing where it had none.
    pub fn environments(&self) -> Option<String> {
        let own = self.table.get("environments")?.as_table()?;
        let mut root = Table::new();
        root.insert("environments".into(), Value::Table(own.clone()));
        toml::to_string(&root).ok()
    }

    /// Keys of the old file that a new one does not have, and keys that it has with another value.
    pub fn missing_from(&self, text: &str) -> Vec<String> {
        let new = text.parse::<Table>().unwrap_or_default();
        let mut all = Vec::new();
        missing(&self.table, &new, "", &mut all);
        all
    }

    /// Whether it said anything.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

/// A key as TOML writes it: bare where it may stand so (TOML 1.0.0, "Keys").
fn quoted(key: &str) -> Cow<'_, str> {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.into(),
        // What JSON escapes, and how, is as in a basic string of TOML.
        false => serde_json::Value::from(key).to_string().into(),
    }
}

fn missing(old: &Table, new: &Table, path: &str, all: &mut Vec<String>) {
    for (key, value) in old {
        let name = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        match (value, new.get(key)) {
            (Value::Table(old), Some(Value::Table(new))) => missing(old, new, &name, all),
            (Value::Table(old), None) if !old.is_empty() => missing(old, &Table::new(), &name, all),
            (Value::Table(old), None) if old.is_empty() => {}
            // A list may have got more rows.
            (Value::Array(old), Some(Value::Array(new))) if old.iter().all(|v| new.contains(v)) => {
            }
            (value, Some(new)) if value == new => {}
            _ => all.push(name),
        }
    }
}

fn copied(path: &Path, now: Timestamp) -> Result<PathBuf, Problem> {
    let failed = |why: String| {
        Problem::new(
            ProblemKind::Config,
            "config",
            format!("did not write {}", path.display()),
            format!("no copy of it could be kept: {why}"),
            "make its folder writable, or name another place with --config FILE",
        )
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let time = now.strftime("%Y%m%dT%H%M%SZ");
    for n in 1..=COPIES {
        let more = if n > 1 {
            format!("-{n}")
        } else {
            String::new()
        };
        let place = path.with_file_name(format!("{name}.bak-{time}{more}"));
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&place);
        match made {
            // With the rights of the file itself.
            Ok(_) => {
                return match std::fs::copy(path, &place) {
                    Ok(_) => Ok(place),
                    Err(e) => Err(failed(io_words(&e))),
                };
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(failed(io_words(&e))),
        }
    }
    Err(failed("too many of this second are there".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::discovered::Discovered;
    use crate::config::starter;

    const OLD: &str = "\
plan_start = 2026-11-01
mine = 1
[aws]
clusters = [\"a\"]
[cost]
monthly_budget = 900
[[probes.https]]
url = \"https://a.example\"
expect_status = 204
[[probes.https]]
url = \"https://own.example/health\"
[environments.staging]
production = false
[environments.staging.aws]
profile = \"x\"
";

    #[test]
    fn what_was_written_stays_and_what_is_new_is_added() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flightdeck.toml");
        std::fs::write(&path, OLD).unwrap();
        let kept = Kept::of(&path, Timestamp::UNIX_EPOCH).unwrap();
        let copy = kept.copy.clone().unwrap();
        assert!(copy.ends_with("flightdeck.toml.bak-19700101T000000Z"));
        assert_eq!(std::fs::read_to_string(&copy).unwrap(), OLD);
        let again = Kept::of(&path, Timestamp::UNIX_EPOCH).unwrap();
        assert_ne!(again.copy, kept.copy, "no copy is written over");
        let host = |name: &str| Host {
            name: name.into(),
            answered: Ok(200),
            resolved: Vec::new(),
        };
        let found = Discovered {
            clusters: vec!["a".into(), "b".into()],
            account: Some("123456789012".into()),
            hosts: vec![host("a.example"), host("new.example")],
            ..Discovered::default()
        };
        let text = starter::text(&found, &kept);
        let new: Table = text.parse().unwrap();
        assert_eq!(
            kept.missing_from(&text),
            ["mine"],
            "it is no key of ours:\n{text}"
        );
        assert_eq!(new["aws"]["clusters"].as_array().unwrap().len(), 1);
        assert_eq!(
            new["aws"]["expected_account"].as_str(),
            Some("123456789012")
        );
        let urls = new["probes"]["https"].as_array().unwrap().iter();
        let urls: Vec<_> = urls.map(|r| r["url"].as_str().unwrap()).collect();
        assert_eq!(
            urls,
            [
                "https://a.example",
                "https://own.example/health",
                "https://new.example/"
            ]
        );
        assert_eq!(
            new["environments"]["staging"]["aws"]["profile"].as_str(),
            Some("x")
        );
        assert_eq!(starter::differs(&found, &kept), ["aws.clusters"]);
    }

    #[test]
    fn keys_of_rows_that_cannot_stand_bare_are_quoted() {
        let old = "[[probes.https]]\n\"a b\" = 1\n\"q\\\"\" = {\"c.d\" = 2}\nurl = \"https://a.example\"\n";
        let table: Table = old.parse().unwrap();
        let kept = Kept {
            table: table.clone(),
            ..Kept::default()
        };
        let rows = kept.rows("probes.https");
        assert_eq!(rows.parse::<Table>().unwrap(), table, "{rows}");
    }

    #[test]
    fn what_is_no_toml_is_copied_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flightdeck.toml");
        assert!(
            Kept::of(&path, Timestamp::UNIX_EPOCH)
                .unwrap()
                .copy
                .is_none()
        );
        std::fs::write(&path, "nonsense = [").unwrap();
        let kept = Kept::of(&path, Timestamp::UNIX_EPOCH).unwrap();
        assert!(kept.unread.is_some() && kept.is_empty());
        assert_eq!(
            std::fs::read_to_string(kept.copy.unwrap()).unwrap(),
            "nonsense = ["
        );
    }
}
