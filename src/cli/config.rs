//! `flightdeck config init | check | path`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::exit::Exit;
use super::globals::Globals;
use super::out::Out;
use super::paint::Role;
use super::session::Session;
use crate::config::load::{self, FILE_NAME};
use crate::config::starter::{self, Discovered};
use crate::domain::problem::Problem;
use crate::domain::text::inert;

/// What is asked about the configuration.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Question {
    /// Write a commented starter file, filled with what the ambient credentials can see
    Init,
    /// Read the file and say what is wrong with it
    Check,
    /// Say which file is used, and where one is looked for
    Path,
}

/// Writes a starter file: where --config says, else in the working directory. Never overwrites.
pub async fn init(globals: &Globals, session: &mut Session) -> Result<Exit, Problem> {
    let file = globals
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(FILE_NAME));
    if file.exists() {
        // Refused before anything is asked; `starter::write` would refuse as well.
        starter::write(&file, "")?;
    }
    let found = discover(session).await?;
    starter::write(&file, &starter::text(&found))?;
    let out = &mut session.out;
    if out.is_json() {
        out.object(&json!({"config": {
            "written": file,
            "account": found.account,
            "region": found.region,
            "clusters": found.clusters,
        }}))?;
        return Ok(Exit::OK);
    }
    out.line(&format!("wrote {}", inert(&file.display().to_string())))?;
    match &found.account {
        Some(account) => {
            let region = found.region.as_deref().unwrap_or("no region");
            let clusters = super::words::count(found.clusters.len(), "cluster");
            out.line(&inert(&format!(
                "found account {account}, {region}, {clusters}"
            )))?;
        }
        None => out.painted(
            Role::Warn,
            "no credentials answered: fill in [aws] when you have them, or leave it to AWS_PROFILE",
        )?,
    }
    Ok(Exit::OK)
}

/// What the ambient credentials can see; what does not answer is left out.
async fn discover(session: &mut Session) -> Result<Discovered, Problem> {
    let picture = session.look(Vec::new()).await?;
    let facts = &picture.facts;
    let identity = facts.identity.value.as_ref();
    Ok(Discovered {
        account: identity.map(|i| i.account.clone()),
        region: identity.map(|i| i.region.clone()).filter(|r| !r.is_empty()),
        clusters: facts
            .clusters
            .rows()
            .iter()
            .map(|c| c.name.clone())
            .collect(),
    })
}

/// Reads the file in use and words what is wrong with it.
pub fn check(globals: &Globals, out: &mut Out) -> Result<Exit, Problem> {
    let found = load::find(globals.config.as_deref())?;
    let config = load::load(globals.config.as_deref(), globals.env.as_deref())?;
    let file = found.file.as_deref();
    if out.is_json() {
        out.object(&json!({"config": {
            "file": file,
            "ok": true,
            "environment": config.environment,
            "environments": config.environments,
            "production": config.production,
        }}))?;
        return Ok(Exit::OK);
    }
    match file {
        Some(file) => out.painted(Role::Ok, &format!("{} is right", shown(file)))?,
        None => out.line("no file: defaults and the ordinary AWS chain are used")?,
    }
    out.line(&inert(&format!(
        "environment {} of {}{}",
        config.environment,
        config.environments.join(", "),
        if config.production {
            ", production"
        } else {
            ""
        }
    )))?;
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
