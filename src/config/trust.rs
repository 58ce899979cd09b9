//! Whether a file that merely lies in the working directory may say where tokens go. Whoever wrote it need not be whoever runs the
//! console: it may have come with a repository. So such a file is confirmed once, and again once it names other places (the habit of
//! direnv and mise); a file that was named, or that lies in the user's own folder, is the user's word already.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::Config;
use super::load::{Found, user_folder};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// What names the working directory among the places that a file is looked for in.
pub const HERE: &str = "working directory";

/// Name of the list of what was confirmed, in the user's own folder.
const LIST: &str = "trusted";

/// A key of the file that says where something is kept or sent, and what it says.
pub type Place = (&'static str, String);

/// Where a configuration sends tokens and credentials, or keeps the audit trail, where that is neither the vendor itself nor this
/// machine: in the order of the file's sections.
pub fn places(config: &Config) -> Vec<Place> {
    let sent = [
        ("[aws] endpoint", &config.aws.endpoint),
        ("[github] endpoint", &config.github.endpoint),
        ("[sentry] endpoint", &config.sentry.endpoint),
        ("[slack] endpoint", &config.slack.endpoint),
        ("[vercel] endpoint", &config.vercel.endpoint),
        ("[cloudflare] endpoint", &config.cloudflare.endpoint),
        ("[postgres] url", &config.postgres.url),
        ("[redis] url", &config.redis.url),
    ];
    let elsewhere = [
        ("[environments] postgres url", &config.postgres_elsewhere),
        ("[environments] redis url", &config.redis_elsewhere),
    ];
    let elsewhere = elsewhere.into_iter().flat_map(|(key, all)| {
        let urls = all.iter().filter_map(|e| e.server.url.as_ref());
        urls.map(move |url| (key, url))
    });
    let sent = sent
        .into_iter()
        .filter_map(|(key, to)| Some((key, to.as_ref()?)));
    let sent = sent.chain(elsewhere).filter(|(_, to)| !is_here(to));
    let sent = sent.map(|(key, to)| (key, to.clone()));
    let kept = config.store.iter();
    let kept = kept.map(|path| ("store", path.display().to_string()));
    sent.chain(kept).collect()
}

/// Whether an address or the name of a host is of this machine.
fn is_here(address: &str) -> bool {
    let host = match address.parse::<http::Uri>() {
        Ok(uri) if uri.host().is_some() => uri.host().unwrap_or_default().to_owned(),
        _ => address.to_owned(),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Refuses a file of the working directory that nobody confirmed and that says where tokens go.
///
/// # Errors
/// That it was not confirmed, with what it says.
pub fn check(found: &Found, config: &Config) -> Result<(), Problem> {
    let Some(file) = found.file.as_deref() else {
        return Ok(());
    };
    let of_here = (found.looked.iter()).any(|(by, path)| *by == HERE && path == file);
    let places = places(config);
    if !of_here || places.is_empty() || is_confirmed(file, &places) {
        return Ok(());
    }
    let told: Vec<String> = places
        .iter()
        .map(|(key, to)| format!("{key} = {to}"))
        .collect();
    Err(Problem::new(
        ProblemKind::Refused,
        "config",
        inert(&format!(
            "{} of this folder was not confirmed",
            file.display()
        )),
        inert(&format!(
            "it says where tokens go or what is done is recorded: {}",
            told.join(", ")
        )),
        "If these are yours: flightdeck config trust, once. Or name the file: --config flightdeck.toml.",
    ))
}

/// Confirms what a file says now; what is known of it from before is forgotten.
///
/// # Errors
/// Where the user's own folder cannot be written.
pub fn confirm(file: &Path, places: &[Place]) -> io::Result<()> {
    let list = list().ok_or(io::ErrorKind::NotFound)?;
    if let Some(folder) = list.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let line = line(file, places)?;
    let (_, name) = line.split_once(' ').unwrap_or_default();
    let known = std::fs::read_to_string(&list).unwrap_or_default();
    let others = known
        .lines()
        .filter(|l| l.split_once(' ').is_none_or(|(_, n)| n != name));
    let all: Vec<&str> = others.chain([line.as_str()]).collect();
    // Whole or not at all: half a list would take back what others confirmed.
    let fresh = list.with_extension("new");
    std::fs::write(&fresh, all.join("\n") + "\n")?;
    std::fs::rename(&fresh, &list)
}

fn is_confirmed(file: &Path, places: &[Place]) -> bool {
    let known = list().and_then(|list| std::fs::read_to_string(list).ok());
    let (Some(known), Ok(line)) = (known, line(file, places)) else {
        return false;
    };
    known.lines().any(|l| l == line)
}

fn list() -> Option<PathBuf> {
    Some(user_folder()?.join(LIST))
}

/// `9f1c… /home/ana/shop/flightdeck.toml`: what it says, and where it lies.
fn line(file: &Path, places: &[Place]) -> io::Result<String> {
    let file = file.canonicalize()?;
    let mut hasher = DefaultHasher::new();
    places.hash(&mut hasher);
    Ok(format!("{:016x} {}", hasher.finish(), file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_elsewhere_than_to_this_machine_is_a_place() {
        let mut config = Config::default();
        assert!(places(&config).is_empty(), "the vendors themselves");
        config.aws.endpoint = Some("http://127.0.0.1:4566".into());
        config.vercel.endpoint = Some("http://localhost:4000/".into());
        config.redis.url = Some("redis://[::1]:6379/0".into());
        assert_eq!(places(&config), []);
        config.github.endpoint = Some("http://192.0.2.2:8080/".into());
        config.postgres.url = Some("postgres://flightdeck@db.example/shop".into());
        config.sentry.endpoint = Some("https://localhost.evil.example/api/0".into());
        config.store = Some("/srv/elsewhere.db".into());
        let keys: Vec<&str> = places(&config).iter().map(|(key, _)| *key).collect();
        assert_eq!(
            keys,
            [
                "[github] endpoint",
                "[sentry] endpoint",
                "[postgres] url",
                "store"
            ]
        );
    }
}
