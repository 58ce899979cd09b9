//! `flightdeck config init | check | path | trust`.

mod discover;
pub mod init;
mod vendors;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::exit::Exit;
use super::globals::Globals;
use super::out::Out;
use super::paint::Role;
use super::words;
use crate::config::load::{self, FILE_NAME};
use crate::config::mistake::{Mistakes, Wrong, io_words};
use crate::config::{Config, faces, trust};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;
use crate::plan::Plan;

/// What is asked about the configuration.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Question {
    /// Write a commented starter file, filled with what the credentials and tokens can see: where --config or $FLIGHTDECK_CONFIG
    /// says, else ./flightdeck.toml
    Init {
        /// Write anew a file that is there already: what it says stays, what is found is added, and a copy of it is kept beside it
        #[arg(long)]
        force: bool,
    },
    /// Read the file, and the plan that it names, and say what is wrong with them
    Check,
    /// Say which file is used, and where one is looked for
    Path,
    /// Confirm where the file of this folder sends tokens and keeps the audit trail
    Trust,
}

/// Where a starter file goes: where it will be read from, which is what --config says, else `$FLIGHTDECK_CONFIG`, else the
/// working directory. A file that is there is written over only with --force, and that is settled before anybody is asked
/// anything.
pub fn place(globals: &Globals, force: bool) -> Result<PathBuf, Problem> {
    let named = globals.config.clone().or_else(load::variable);
    let file = named.unwrap_or_else(|| PathBuf::from(FILE_NAME));
    let refused = |why: &str, fix: &str| {
        let what = format!("did not write {}", file.display());
        Err(Problem::new(ProblemKind::Refused, "config", what, why, fix))
    };
    if file.as_os_str().is_empty() {
        return refused("the name is empty", "name a place with --config FILE");
    }
    if file.is_dir() {
        return refused("it is a folder", "name a file in it with --config FILE");
    }
    if !force && file.symlink_metadata().is_ok() {
        return refused(
            "it is there already",
            "make it anew with --force, which keeps what it says and a copy of it, or name another place with --config FILE",
        );
    }
    Ok(file)
}

/// Reads the file in use and the plan that it names, and words what is wrong with them. `faces_of`: whether the console can use the theme and
/// the keymap of a configuration.
///
/// # Errors
/// What cannot be used of what the file names.
pub fn check(
    globals: &Globals,
    out: &mut Out,
    faces_of: impl Fn(&Config) -> Result<(), Problem>,
) -> Result<Exit, Problem> {
    let found = load::find(globals.config.as_deref())?;
    faces::THEME.check(globals.theme.as_deref())?;
    faces::KEYMAP.check(globals.keymap.as_deref())?;
    let config = match load::check(globals.config.as_deref(), globals.env.as_deref()) {
        Ok(config) => config,
        Err(Wrong::Mistakes(all)) => return mistaken(&all, out),
        Err(Wrong::Other(problem)) => return Err(problem),
    };
    let plan = Plan::of(&config)?;
    let mut worn = config.clone();
    globals.lay_over(&mut worn);
    faces_of(&worn)?;
    let (file, criteria) = (found.file.as_deref(), plan.criteria().count());
    if out.is_json() {
        out.object(&json!({"config": {
            "file": file,
            "ok": true,
            "environment": config.environment,
            "environments": config.environments,
            "production": config.production,
            "plan": config.plan,
            "criteria": criteria,
            "mistakes": [],
            "warnings": config.claim().into_iter().collect::<Vec<_>>(),
        }}))?;
        return Ok(Exit::OK);
    }
    match file {
        Some(file) => {
            let empty = std::fs::metadata(file).is_ok_and(|m| m.len() == 0);
            let more = if empty {
                ", and empty: all defaults"
            } else {
                ""
            };
            out.painted(Role::Ok, &format!("{} is right{more}", shown(file)))?;
        }
        None => out.line("no file: defaults and the ordinary AWS chain are used")?,
    }
    let others: Vec<&str> = config
        .environments
        .iter()
        .map(String::as_str)
        .filter(|name| *name != config.environment)
        .collect();
    let caution = if config.production {
        "production: its name is typed before anything changes"
    } else {
        "not production: a key confirms"
    };
    let others = match others.as_slice() {
        [] => String::new(),
        names => format!("; others: {}", names.join(", ")),
    };
    out.line(&inert(&format!(
        "environment  {} ({caution}){others}",
        config.environment
    )))?;
    let name = config
        .plan
        .as_deref()
        .map_or_else(|| "the default one".to_owned(), shown);
    let criteria = words::count_of(criteria, "criterion", "criteria");
    out.line(&format!("plan         {name}, {criteria}"))?;
    if let Some(warning) = config.claim() {
        out.painted(Role::Warn, &format!("▲ {}", inert(&warning)))?;
        out.line("leave them out of [aws] clusters, or give each environment its own: [environments.NAME.aws] clusters")?;
    }
    Ok(Exit::OK)
}

/// Every mistake of the file: in JSON as the answer, for people where all errors are.
fn mistaken(all: &Mistakes, out: &mut Out) -> Result<Exit, Problem> {
    let problems = all.problems();
    if out.is_json() {
        let rows: Vec<Value> = all
            .list
            .iter()
            .map(|m| {
                json!({
                    "line": m.line, "column": m.column, "what": m.what, "expected": m.expected,
                })
            })
            .collect();
        out.object(&json!({"config": {"file": all.file, "ok": false, "mistakes": rows}}))?;
    } else {
        for problem in &problems {
            out.complain(problem);
        }
    }
    Ok(problems.first().map_or(Exit::NO_ANSWER, Exit::of))
}

/// Confirms where the file in use sends tokens and keeps the audit trail, and says what that is.
pub fn trust(globals: &Globals, out: &mut Out) -> Result<Exit, Problem> {
    let found = load::find(globals.config.as_deref())?;
    let Some(file) = &found.file else {
        let (what, why) = ("nothing to confirm", "there is no configuration file");
        let fix = "flightdeck config path says where one is looked for";
        return Err(Problem::new(ProblemKind::Refused, "config", what, why, fix));
    };
    let config = load::read(file, globals.env.as_deref())?;
    let places = trust::asked(&found, &config);
    trust::confirm(file, &config.environment, &places).map_err(|e| {
        let what = format!("could not keep that {} is trusted", file.display());
        let fix = "Make your own configuration folder writable, or name the file: --config FILE.";
        Problem::new(ProblemKind::Config, "config", what, io_words(&e), fix)
    })?;
    if out.is_json() {
        let rows: Vec<Value> = (places.iter())
            .map(|(key, to)| json!({"key": key, "value": to}))
            .collect();
        out.object(&json!({"config": {"file": file, "trusted": rows}}))?;
        return Ok(Exit::OK);
    }
    for (key, to) in &places {
        out.line(&inert(&format!("{key} = {to}")))?;
    }
    let text = match places.as_slice() {
        [] => format!(
            "{} sends nothing elsewhere: there is nothing to confirm",
            shown(file)
        ),
        _ => format!(
            "{} is trusted with that; it is asked again once it says otherwise",
            shown(file)
        ),
    };
    out.painted(Role::Ok, &text)?;
    Ok(Exit::OK)
}

/// Says which file is used and where one is looked for.
pub fn path(globals: &Globals, out: &mut Out) -> Result<Exit, Problem> {
    let found = load::find(globals.config.as_deref())?;
    if out.is_json() {
        let looked: Vec<Value> = found
            .looked
            .iter()
            .map(|(by, path)| json!({"by": by, "path": path, "exists": path.is_file()}))
            .collect();
        out.object(&json!({"config": {"file": found.file, "looked": looked}}))?;
        return Ok(Exit::OK);
    }
    for (by, path) in &found.looked {
        let (role, mark) = match found.file.as_ref() == Some(path) {
            true => (Role::Ok, "used"),
            false => (Role::Dim, "none"),
        };
        let text = format!("  {}  ({by})", shown(path));
        out.pieces(&[(role, mark), (Role::Plain, &text)])?;
    }
    if found.file.is_none() {
        out.line("no file: defaults and the ordinary AWS chain are used. Write one with: flightdeck config init")?;
    }
    Ok(Exit::OK)
}

fn shown(path: &Path) -> String {
    inert(&path.display().to_string())
}
