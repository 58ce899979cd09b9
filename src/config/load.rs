//! From `flightdeck.toml`, an environment's name and the command line to a [`Config`].

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::apply::{Scribe, table, value};
use super::mistake::{Mistake, Mistakes, Wrong, place, suggest, toml_words, unreadable};
use super::reader::{self, Judge};
use super::{AwsConfig, Config, Elsewhere, ServerConfig, file, schema, trust};
use crate::domain::elsewhere::Section;
use crate::domain::environment::Env;
use crate::domain::problem::{Problem, ProblemKind};

/// Name of the file.
pub const FILE_NAME: &str = "flightdeck.toml";

/// What names the user's own folder among the places that a file is looked for in.
pub const OWN: &str = "user";

/// Where a configuration file was looked for and which one is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file in use; `None`: none of the places has one.
    pub file: Option<PathBuf>,
    /// Every place looked at, in order, with what names it.
    pub looked: Vec<(&'static str, PathBuf)>,
}

/// The file that `$FLIGHTDECK_CONFIG` names.
pub fn variable() -> Option<PathBuf> {
    std::env::var_os("FLIGHTDECK_CONFIG")
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
}

/// Looks for the file: `--config`, `$FLIGHTDECK_CONFIG`, `./flightdeck.toml`, the user's configuration directory. A file that
/// was named must exist; the other places may be empty, but what is there must be a file that can be read: passing over it
/// would run on other settings than somebody meant.
pub fn find(named: Option<&Path>) -> Result<Found, Problem> {
    let mut looked = Vec::new();
    for (label, path) in [
        ("--config", named.map(Path::to_path_buf)),
        ("$FLIGHTDECK_CONFIG", variable()),
    ] {
        if let Some(path) = path {
            looked.push((label, path.clone()));
            if let Some(why) = file::unusable(&path) {
                let absent = !path.exists() && !path.is_symlink() && !path.as_os_str().is_empty();
                let why = match absent {
                    true => format!("{label} names a file that does not exist"),
                    false => format!("{label} names it, and {why}"),
                };
                return Err(unreadable(&path, &why));
            }
            return Ok(Found {
                file: Some(path),
                looked,
            });
        }
    }
    looked.push((trust::HERE, PathBuf::from(FILE_NAME)));
    if let Some(folder) = user_folder() {
        looked.push((OWN, folder.join(FILE_NAME)));
    }
    for (_, path) in &looked {
        if path.symlink_metadata().is_err() {
            continue;
        }
        if let Some(why) = file::unusable(path) {
            return Err(unreadable(path, &why));
        }
        let file = Some(path.clone());
        return Ok(Found { file, looked });
    }
    Ok(Found { file: None, looked })
}

/// The user's own folder (`~/.config/flightdeck` on Linux): configuration, themes, keymaps.
pub fn user_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "flightdeck")?;
    Some(folders.config_dir().to_path_buf())
}

/// The configuration in effect: the file under the chosen environment, or defaults where there is no file. A file of the working
/// directory that says where tokens go must have been confirmed.
pub fn load(named: Option<&Path>, environment: Option<&str>) -> Result<Config, Problem> {
    let found = find(named)?;
    let Some(file) = &found.file else {
        return ambient(environment);
    };
    let config = read(file, environment)?;
    trust::check(&found, &config)?;
    Ok(config)
}

/// The configuration without a file: defaults, and what the surroundings give.
pub fn ambient(environment: Option<&str>) -> Result<Config, Problem> {
    let mut config = Config::default();
    select(&mut config, &[], environment.unwrap_or("production"), None)?;
    Ok(config)
}

/// As [`load`], with every mistake of the file.
///
/// # Errors
/// All mistakes of a file that has some; else why there is no configuration.
pub fn check(named: Option<&Path>, environment: Option<&str>) -> Result<Config, Wrong> {
    match find(named)?.file {
        Some(file) => read_all(&file, environment),
        None => Ok(ambient(environment)?),
    }
}

/// Reads one file under an environment.
pub fn read(file: &Path, environment: Option<&str>) -> Result<Config, Problem> {
    Ok(read_all(file, environment)?)
}

fn read_all(path: &Path, environment: Option<&str>) -> Result<Config, Wrong> {
    let source = file::text(path).map_err(|why| unreadable(path, &why))?;
    let roots = |path: &Path| {
        file::text(path).map_err(|why| format!("cannot read {}: {why}", path.display()))
    };
    parse(&source, path, environment, &roots)
}

/// Reads a source text; `roots` reads the PEM file that `extra_roots` names.
///
/// # Errors
/// All mistakes of the text; else that there is no such environment.
pub fn parse(
    source: &str,
    file: &Path,
    environment: Option<&str>,
    roots: &dyn Fn(&Path) -> Result<String, String>,
) -> Result<Config, Wrong> {
    let wrong = |list| {
        Wrong::Mistakes(Mistakes {
            file: file.to_path_buf(),
            list,
        })
    };
    let document = DeTable::parse(source).map_err(|e| wrong(vec![not_toml(source, &e)]))?;
    let root = document.get_ref();
    let mut judge = Judge::new(source);
    judge.check(root, &schema::ROOT, "");
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
    let default = value(root, "environment").and_then(reader::text);
    if let (Some(name), Some(spanned)) = (default, root.get("environment")) {
        scribe.judge.environment_name(name, spanned.span());
    }
    if let Some(name) = default.filter(|n| !names.is_empty() && !names.iter().any(|o| o == n)) {
        let at = root.get("environment").map(toml::Spanned::span);
        let what = unknown(name, &names);
        scribe.judge.note(
            at.unwrap_or_default(),
            what,
            format!("one of [environments]: {}", names.join(", ")),
        );
    }
    if !scribe.judge.mistakes.is_empty() {
        return Err(wrong(scribe.judge.told()));
    }
    let chosen = environment
        .or(default)
        .map(str::to_owned)
        .or_else(|| names.iter().find(|n| is_named_so(n)).cloned())
        .or_else(|| (names.len() == 1).then(|| names.first().cloned()).flatten())
        .unwrap_or_else(|| "production".into());
    let postgres_elsewhere = elsewhere(&all, &chosen, |c| &c.postgres);
    let redis_elsewhere = elsewhere(&all, &chosen, |c| &c.redis);
    let sections = sections(&all, &chosen);
    let mut config = match all.into_iter().find(|(n, _)| *n == chosen) {
        Some((_, config)) => config,
        None => common,
    };
    config.postgres_elsewhere = postgres_elsewhere;
    config.redis_elsewhere = redis_elsewhere;
    config.sections = sections;
    if names.is_empty() && environment.is_none() && default.is_some() {
        // The file names its one environment without a section for it.
        config.production = is_production(&chosen);
        config.environments = vec![chosen.clone()];
        config.environment = chosen;
        return Ok(config);
    }
    select(&mut config, &names, &chosen, Some(file))?;
    Ok(config)
}

/// What each environment looks at. One account may be looked at with several profiles: where both say which account they expect, that
/// decides.
fn sections(all: &[(String, Config)], chosen: &str) -> Vec<Section> {
    fn is_here(a: &AwsConfig, b: &AwsConfig) -> bool {
        let account = match (&a.expected_account, &b.expected_account) {
            (Some(a), Some(b)) => a == b,
            _ => a.profile == b.profile,
        };
        account && a.region == b.region && a.endpoint == b.endpoint
    }
    let Some((_, here)) = all.iter().find(|(name, _)| name == chosen) else {
        return Vec::new();
    };
    let section = |(name, config): &(String, Config)| Section {
        name: name.clone(),
        is_abroad: !is_here(&config.aws, &here.aws),
        clusters: config.aws.clusters.clone(),
    };
    all.iter().map(section).collect()
}

/// The servers of one kind of the environments that are not looked at: one each, and none that is the chosen one's as well.
fn elsewhere(
    all: &[(String, Config)],
    chosen: &str,
    of: fn(&Config) -> &ServerConfig,
) -> Vec<Elsewhere> {
    let here = Env::named(chosen).unwrap_or(Env::Production);
    let url = |c: &Config| of(c).url.clone();
    let ours = all
        .iter()
        .find(|(n, _)| n == chosen)
        .and_then(|(_, c)| url(c));
    let mut found: Vec<Elsewhere> = Vec::new();
    for (name, config) in all {
        let Some(env) = Env::named(name).filter(|e| *e != here) else {
            continue;
        };
        let taken = found.iter().any(|f| f.env == env);
        if url(config).is_some() && url(config) != ours && !taken {
            let server = of(config).clone();
            found.push(Elsewhere { env, server });
        }
    }
    found
}

/// Words in a name that say that nobody's customers are there.
const HARMLESS: &[&str] = &[
    "staging",
    "stage",
    "stg",
    "test",
    "tests",
    "testing",
    "qa",
    "uat",
    "dev",
    "develop",
    "development",
    "sandbox",
    "demo",
    "local",
    "preview",
    "integration",
    "ci",
];

/// Whether a word is a name of production.
fn is_named_so(word: &str) -> bool {
    ["production", "prod", "live"].contains(&word.to_lowercase().as_str())
}

/// Whether a name means production unless the file says otherwise: every name does that does not say that it is harmless, since
/// the mistake that costs most is the one that leaves production unguarded.
fn is_production(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    if words.clone().any(is_named_so) {
        return true;
    }
    !words.any(|w| HARMLESS.contains(&w))
}

/// What is said of an environment that is none, with a suggestion.
fn unknown(name: &str, names: &[String]) -> String {
    let hint = suggest(name, names.iter().map(String::as_str))
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    format!("unknown environment \"{}\"{hint}", reader::key_shown(name))
}

fn select(
    config: &mut Config,
    names: &[String],
    chosen: &str,
    file: Option<&Path>,
) -> Result<(), Problem> {
    let own = [String::from("production")];
    let known = if names.is_empty() { &own[..] } else { names };
    if !known.iter().any(|n| n == chosen) {
        return Err(no_environment(chosen, known, !names.is_empty(), file));
    }
    if names.is_empty() {
        config.production = true;
    }
    config.environments = known.to_vec();
    config.environment = chosen.to_owned();
    Ok(())
}

/// That an environment was asked for which is not there. What was meant for one must not be done to another, so nothing is
/// assumed.
pub fn no_environment(
    chosen: &str,
    known: &[String],
    sections: bool,
    file: Option<&Path>,
) -> Problem {
    let place = file.map_or_else(
        || "there is no file, and".to_owned(),
        |f| format!("{} has", f.display()),
    );
    let (why, fix) = match (sections, file) {
        (true, _) => (
            format!("{place}: {}", known.join(", ")),
            "name one of them with --env".to_owned(),
        ),
        (false, Some(_)) => (
            format!(
                "{place} no [environments]: the one there is, is {}",
                known.join(", ")
            ),
            format!("leave out --env, or add [environments.{chosen}] to the file"),
        ),
        (false, None) => (
            format!("{place} without one there is {} alone", known.join(", ")),
            format!(
                "leave out --env, or write a file (flightdeck config init) with [environments.{chosen}] in it"
            ),
        ),
    };
    let what = unknown(chosen, known);
    Problem::new(ProblemKind::Argument, "config", what, why, fix)
}

fn not_toml(source: &str, error: &toml::de::Error) -> Mistake {
    let (line, column) = place(source, error.span().map_or(0, |s| s.start));
    let message = toml_words(error);
    Mistake {
        line,
        column,
        what: format!("not TOML: {message}"),
        expected: "TOML: [section], then key = value lines (https://toml.io)".into(),
    }
}
