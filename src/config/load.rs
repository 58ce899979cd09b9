//! From `flightdeck.toml`, an environment's name and the command line to a [`Config`].

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::apply::{Scribe, table, value};
use super::mistake::{Mistake, Mistakes, io_words, place, suggest, unreadable};
use super::reader::{self, Judge};
use super::{Config, schema};
use crate::domain::problem::{Problem, ProblemKind};

/// Name of the file.
pub const FILE_NAME: &str = "flightdeck.toml";

/// Where a configuration file was looked for and which one is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file in use; `None`: none of the places has one.
    pub file: Option<PathBuf>,
    /// Every place looked at, in order, with what names it.
    pub looked: Vec<(&'static str, PathBuf)>,
}

/// Looks for the file: `--config`, `$FLIGHTDECK_CONFIG`, `./flightdeck.toml`, the user's configuration directory. A file that
/// was named must exist; the other places may be empty.
pub fn find(named: Option<&Path>) -> Result<Found, Problem> {
    let mut looked = Vec::new();
    let env = std::env::var_os("FLIGHTDECK_CONFIG")
        .filter(|v| !v.is_empty())
        .map(PathBuf::from);
    for (label, path) in [
        ("--config", named.map(Path::to_path_buf)),
        ("$FLIGHTDECK_CONFIG", env),
    ] {
        if let Some(path) = path {
            looked.push((label, path.clone()));
            if !path.is_file() {
                return Err(unreadable(
                    &path,
                    &format!("{label} names a file that does not exist"),
                ));
            }
            return Ok(Found {
                file: Some(path),
                looked,
            });
        }
    }
    looked.push(("working directory", PathBuf::from(FILE_NAME)));
    if let Some(folder) = user_folder() {
        looked.push(("user", folder.join(FILE_NAME)));
    }
    let file = looked
        .iter()
        .map(|(_, path)| path)
        .find(|path| path.is_file())
        .cloned();
    Ok(Found { file, looked })
}

/// The user's own folder (`~/.config/flightdeck` on Linux): configuration, themes, keymaps.
pub fn user_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "flightdeck")?;
    Some(folders.config_dir().to_path_buf())
}

/// The configuration in effect: the file under the chosen environment, or defaults where there is no file.
pub fn load(named: Option<&Path>, environment: Option<&str>) -> Result<Config, Problem> {
    match find(named)?.file {
        Some(file) => read(&file, environment),
        None => ambient(environment),
    }
}

/// The configuration without a file: defaults, and what the surroundings give.
pub fn ambient(environment: Option<&str>) -> Result<Config, Problem> {
    let mut config = Config::default();
    select(&mut config, &[], environment.unwrap_or("production"), None)?;
    Ok(config)
}

/// Reads one file under an environment.
pub fn read(file: &Path, environment: Option<&str>) -> Result<Config, Problem> {
    let source = std::fs::read_to_string(file).map_err(|e| unreadable(file, &io_words(&e)))?;
    let roots = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|e| format!("cannot read {}: {}", path.display(), io_words(&e)))
    };
    parse(&source, file, environment, &roots)
}

/// Reads a source text; `roots` reads the PEM file that `extra_roots` names.
pub fn parse(
    source: &str,
    file: &Path,
    environment: Option<&str>,
    roots: &dyn Fn(&Path) -> Result<String, String>,
) -> Result<Config, Problem> {
    let wrong = |list| {
        Problem::from(Mistakes {
            file: file.to_path_buf(),
            list,
        })
    };
    let document = DeTable::parse(source).map_err(|e| wrong(vec![not_toml(source, &e)]))?;
    let root = document.get_ref();
    let mut judge = Judge::new(source);
    judge.check(root, &schema::ROOT, "");
    if !judge.mistakes.is_empty() {
        return Err(wrong(sorted(judge.mistakes)));
    }
    let named = table(root, "environments");
    let names: Vec<String> = named
        .map(|t| t.keys().map(|k| k.get_ref().to_string()).collect())
        .unwrap_or_default();
    let mut scribe = Scribe {
        judge,
        folder: file.parent().unwrap_or(Path::new("")).to_path_buf(),
        roots,
    };
    let mut common = Config {
        file: Some(file.to_path_buf()),
        ..Config::default()
    };
    scribe.apply(&mut common, root);
    // Every environment is read, so that a mistake in one shows before somebody needs it.
    let mut all = Vec::new();
    for (name, value) in named.into_iter().flatten() {
        let mut config = common.clone();
        config.production = is_production(name.get_ref());
        if let DeValue::Table(t) = value.get_ref() {
            scribe.apply(&mut config, t);
        }
        all.push((name.get_ref().to_string(), config));
    }
    if !scribe.judge.mistakes.is_empty() {
        return Err(wrong(sorted(scribe.judge.mistakes)));
    }
    let default = value(root, "environment").and_then(reader::text);
    let chosen = environment
        .or(default)
        .map(str::to_owned)
        .or_else(|| names.iter().find(|n| is_production(n)).cloned())
        .or_else(|| (names.len() == 1).then(|| names.first().cloned()).flatten())
        .unwrap_or_else(|| "production".into());
    let mut config = match all.into_iter().find(|(n, _)| *n == chosen) {
        Some((_, config)) => config,
        None => common,
    };
    select(&mut config, &names, &chosen, Some(file))?;
    Ok(config)
}

/// Names that mean production unless the file says otherwise.
fn is_production(name: &str) -> bool {
    ["production", "prod", "live"].contains(&name.to_lowercase().as_str())
}

fn select(
    config: &mut Config,
    names: &[String],
    chosen: &str,
    file: Option<&Path>,
) -> Result<(), Problem> {
    if !names.is_empty() && !names.iter().any(|n| n == chosen) {
        let hint = suggest(chosen, names.iter().map(String::as_str))
            .map(|n| format!("; did you mean \"{n}\"?"))
            .unwrap_or_default();
        let file = file.map(|f| f.display().to_string()).unwrap_or_default();
        return Err(Problem::new(
            ProblemKind::Config,
            "config",
            format!("unknown environment \"{chosen}\"{hint}"),
            format!("{file} has: {}", names.join(", ")),
            "name one of them with --env",
        ));
    }
    if names.is_empty() {
        config.production = is_production(chosen);
        config.environments = vec![chosen.to_owned()];
    } else {
        config.environments = names.to_vec();
    }
    config.environment = chosen.to_owned();
    Ok(())
}

fn not_toml(source: &str, error: &toml::de::Error) -> Mistake {
    let (line, column) = place(source, error.span().map_or(0, |s| s.start));
    let message = crate::domain::text::inert(error.message());
    Mistake {
        line,
        column,
        what: format!("not TOML: {message}"),
        expected: "TOML: [section], then key = value lines (https://toml.io)".into(),
    }
}

fn sorted(mut list: Vec<Mistake>) -> Vec<Mistake> {
    list.sort_by_key(|m| (m.line, m.column));
    list
}
