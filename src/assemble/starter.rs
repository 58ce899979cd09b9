//! `config init`: a look at what there is without a file, another at the hosts that it found, and then the file.

use std::sync::Arc;

use super::rooms::Records;
use super::{configuration, finish, session};
use crate::backend::Backend;
use crate::cli::config::init::{self, Known};
use crate::cli::config::place;
use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::cli::out::Out;
use crate::config::git::Origin;
use crate::config::{Config, DnsTarget, HttpsTarget, ProbeConfig, load, trust};
use crate::domain::problem::Problem;
use crate::watch::{Scope, Subject};

/// Writes a starter file, made from what is seen without one.
///
/// # Errors
/// Where the file is there already or cannot be written, or a room does not open.
pub async fn write(force: bool, globals: &Globals, mut out: Out) -> Result<Exit, Problem> {
    let file = place(globals, force)?;
    let unnamed = Globals {
        config: None,
        ..globals.clone()
    };
    // The sandbox lives for as long as it is asked.
    let (config, _sandbox) = if globals.demo {
        let (config, sandbox) = configuration(&unnamed, true).await?;
        (Arc::unwrap_or_clone(config), sandbox)
    } else {
        init::ask_for_tokens(&mut out)?;
        let mut config = load::ambient(None)?;
        init::with_tokens(&mut config);
        (config, None)
    };
    let known = Known {
        origin: origin(&config),
        organizations: organizations(&config).await,
    };
    let config = Arc::new(config);
    let (mut first, rooms) = session(config.clone(), init::SCOPE, Records::None, out).await?;
    let look = init::look(&known, &mut first).await;
    rooms.close().await;
    let (mut look, mut out) = (look?, first.out);
    if !look.found.hosts.is_empty() {
        let scope = Scope::Only(&[Subject::Outside]);
        let hosts = Arc::new(asking(&config, &look.found.hosts));
        let (mut second, rooms) = session(hosts, scope, Records::None, out).await?;
        let asked = init::ask_hosts(&mut look.found, &mut second).await;
        rooms.close().await;
        asked?;
        out = second.out;
    }
    let is_new = file.symlink_metadata().is_err();
    let exit = init::finish(&file, force, look, config.demo, &mut out)?;
    // What was written here is this user's own word; what a file says that was there before may be somebody else's.
    if let (true, Ok(written)) = (is_new, load::read(&file, None)) {
        let found = load::find(None)
            .ok()
            .filter(|f| f.file.as_deref() == Some(&*file));
        let places = match &found {
            Some(found) => trust::asked(found, &written),
            None => trust::places(&written),
        };
        if !places.is_empty() {
            trust::confirm(&file, &written.environment, &places).ok();
        }
    }
    finish(exit, out)
}

/// Where the working directory was cloned from; nothing of the user's own goes into a demo.
fn origin(config: &Config) -> Option<Origin> {
    if config.demo {
        let repository = config.github.repository.clone();
        return repository.map(|repository| Origin {
            host: "github.com".into(),
            repository,
        });
    }
    Origin::of(&std::env::current_dir().ok()?)
}

/// Sentry's organizations, for a token that is there.
async fn organizations(config: &Config) -> Option<Result<Vec<String>, Problem>> {
    config.sentry.token.as_ref()?;
    let backend = match Backend::new(config).await {
        Ok(backend) => backend,
        Err(problem) => return Some(Err(problem)),
    };
    Some(backend.estate.sentry.organizations().await)
}

/// The same configuration, with the hosts that were found as targets.
fn asking(config: &Config, hosts: &[crate::config::discovered::Host]) -> Config {
    let https = hosts.iter().map(|h| HttpsTarget {
        url: h.url(),
        expect_status: 200,
        verifies: None,
    });
    let names = hosts.iter().map(|h| DnsTarget {
        name: h.name.clone(),
        expected: Vec::new(),
    });
    Config {
        probes: ProbeConfig {
            https: https.collect(),
            dns: names.collect(),
            ..config.probes.clone()
        },
        ..config.clone()
    }
}
