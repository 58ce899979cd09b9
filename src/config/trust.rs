//! Whether a file that merely lies in the working directory may say where tokens go. Whoever wrote it need not be whoever runs the
//! console: it may have come with a repository. So such a file is confirmed once, and again once it names other places (the habit of
//! direnv and mise); a file that was named, or that lies in the user's own folder, is the user's word already.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use super::load::{Found, user_folder};
use super::{Config, file, shadowed};
use crate::domain::environment::Env;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// What names the working directory among the places that a file is looked for in.
pub const HERE: &str = "working directory";

/// Name of the list of what was confirmed, in the user's own folder.
const LIST: &str = "trusted";

/// A key of the file that says where something is kept or sent, and what it says.
pub type Place = (&'static str, String);

/// What decides who hears tokens and credentials, how sure one must be, and where the audit trail is kept: each place that is neither the
/// vendor itself nor this machine, further authorities whose word for a host is taken, and production's clusters under another name.
pub fn places(config: &Config) -> Vec<Place> {
    let sent = [
        ("[aws] endpoint", &config.aws.endpoint),
        ("[github] endpoint", &config.github.endpoint),
        ("[sentry] endpoint", &config.sentry.endpoint),
        ("[slack] endpoint", &config.slack.endpoint),
        ("[vercel] endpoint", &config.vercel.endpoint),
        ("[cloudflare] endpoint", &config.cloudflare.endpoint),
        ("[redis] url", &config.redis.url),
    ];
    let redis = (config.redis_elsewhere.iter())
        .filter_map(|e| Some(("[environments] redis url", e.server.url.as_ref()?)));
    let sent = sent.into_iter();
    let sent = sent.filter_map(|(key, to)| Some((key, to.as_ref()?)));
    let sent = sent.chain(redis).filter(|(_, to)| !is_here(to));
    let postgres = (config.postgres.url.iter()).map(|url| ("[postgres] url", url));
    let elsewhere = (config.postgres_elsewhere.iter())
        .filter_map(|e| Some(("[environments] postgres url", e.server.url.as_ref()?)));
    let postgres = (postgres.chain(elsewhere)).filter(|(_, url)| !is_postgres_here(url));
    let mut all: Vec<Place> = sent
        .chain(postgres)
        .map(|(key, to)| (key, to.clone()))
        .collect();
    // Whoever holds the key of one of these reads every token on its way, wherever it goes.
    let roots = config.probes.extra_roots_pem.iter();
    all.extend(roots.map(|pem| ("[probes] extra_roots", authorities(pem))));
    all.extend(lowered(config));
    // Whose credentials sign is whose platform is acted on.
    let profile = config.aws.profile.iter();
    all.extend(profile.map(|name| ("[aws] profile", name.clone())));
    let kept = config.store.iter();
    all.extend(kept.map(|path| ("store", path.display().to_string())));
    all
}

/// Everything that a file asks to be believed in: the places, and what it takes away of the user's own.
pub fn asked(found: &Found, config: &Config) -> Vec<Place> {
    let mut all = places(config);
    all.extend(shadowed::by(found, config));
    all
}

/// `2 authorities, SHA-256 9f1c...`: by what they are, since the file that is named may be another one tomorrow.
fn authorities(pem: &str) -> String {
    let many = match pem.matches("BEGIN CERTIFICATE").count() {
        1 => "1 authority".to_owned(),
        n => format!("{n} authorities"),
    };
    format!("{many}, SHA-256 {}", sha256(pem.as_bytes()))
}

/// That a key confirms in an environment what is confirmed by typing a name in production, and that it is recorded as that one's; unless
/// it lists its clusters, and their names say the same.
fn lowered(config: &Config) -> Option<Place> {
    if config.production {
        return None;
    }
    let own = Env::named(&config.environment);
    let is_other = |env: Env| env == Env::Production || own.is_some_and(|own| own != env);
    let listed = config.aws.clusters.iter();
    let other: Vec<&str> = listed
        .clone()
        .filter(|c| Env::named(c).is_some_and(is_other))
        .map(String::as_str)
        .collect();
    let name = &config.environment;
    if !other.is_empty() {
        return Some((
            "[aws] clusters",
            format!("{} as {name}'s", other.join(", ")),
        ));
    }
    let is_said =
        !config.aws.clusters.is_empty() && listed.clone().all(|c| Env::named(c).is_some());
    (!is_said).then(|| ("environment", format!("{name}, where a key confirms")))
}

/// Whether an address or the name of a host is of this machine.
fn is_here(address: &str) -> bool {
    match address.parse::<http::Uri>() {
        Ok(uri) if uri.host().is_some() => is_local(uri.host().unwrap_or_default()),
        _ => is_local(address),
    }
}

/// The same of a PostgreSQL URL, which its client reads in its own way: `host` and `hostaddr` behind the `?` take the place of the host
/// before it, and what begins with a slash is the folder of a socket. All that it names must be here: which of them counts in the
/// end is the client's to change.
fn is_postgres_here(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let pairs = url.query_pairs();
    let named = pairs.filter(|(key, _)| key == "host" || key == "hostaddr");
    let mut named = named.map(|(_, host)| host.into_owned());
    let host = url.host_str().unwrap_or_default();
    let is_socket = |host: &str| host.starts_with('/');
    let before = host.to_ascii_lowercase().starts_with("%2f") || is_local(host);
    before && named.all(|host| is_socket(&host) || is_local(&host))
}

/// Whether a host is this machine.
fn is_local(host: &str) -> bool {
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
    if !of_here {
        return Ok(());
    }
    let places = asked(found, config);
    if places.is_empty() || is_confirmed(file, &config.environment, &places) {
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
            "it says where tokens go, who is believed, or how what is done is confirmed and recorded: {}",
            told.join(", ")
        )),
        "If these are yours: flightdeck config trust, once. Or name the file: --config flightdeck.toml.",
    ))
}

/// Confirms what a file says now of an environment; what is known of that from before is forgotten.
///
/// # Errors
/// Where the user's own folder cannot be written.
pub fn confirm(file: &Path, environment: &str, places: &[Place]) -> io::Result<()> {
    let list = list().ok_or(io::ErrorKind::NotFound)?;
    keep(&list, &line(file, environment, places)?)
}

fn keep(list: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = list.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Two that confirm at once would each keep the list that they have read, and lose the other's word.
    let lock = std::fs::File::create(list.with_extension("lock"))?;
    lock.lock()?;
    let known = match list.symlink_metadata() {
        Ok(_) => file::text(list).map_err(io::Error::other)?,
        Err(_) => String::new(),
    };
    let (_, name) = line.split_once(' ').unwrap_or_default();
    let others = known
        .lines()
        .filter(|l| l.split_once(' ').is_none_or(|(_, n)| n != name));
    let all: Vec<&str> = others.chain([line]).collect();
    // Whole or not at all: half a list would take back what others confirmed.
    let fresh = list.with_extension("new");
    std::fs::write(&fresh, all.join("\n") + "\n")?;
    std::fs::rename(&fresh, list)
}

fn is_confirmed(file: &Path, environment: &str, places: &[Place]) -> bool {
    let known = list().and_then(|list| file::text(&list).ok());
    let (Some(known), Ok(line)) = (known, line(file, environment, places)) else {
        return false;
    };
    known.lines().any(|l| l == line)
}

fn list() -> Option<PathBuf> {
    Some(user_folder()?.join(LIST))
}

/// `9f1c… ["/home/ana/shop/flightdeck.toml","production"]`: what it says, where it lies, and of which environment. As JSON, since the name
/// of a folder may hold a line's end.
fn line(file: &Path, environment: &str, places: &[Place]) -> io::Result<String> {
    let file = file.canonicalize()?;
    // One of the language's own hashes may be another one in the next build: all would be asked for again.
    let said = serde_json::to_vec(places)?;
    let of = serde_json::to_string(&(file.to_string_lossy(), environment))?;
    Ok(format!("{} {of}", sha256(&said)))
}

/// SHA-256, hex.
fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
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
        config.aws.profile = Some("prod-admin".into());
        let keys: Vec<&str> = places(&config).iter().map(|(key, _)| *key).collect();
        assert_eq!(
            keys,
            [
                "[github] endpoint",
                "[sentry] endpoint",
                "[postgres] url",
                "[aws] profile",
                "store"
            ]
        );
    }

    /// The authority of the URL says this machine in all of them, and the client goes elsewhere in some.
    #[test]
    fn a_postgres_url_is_judged_by_what_its_client_makes_of_it() {
        let is_place = |url: &str| {
            let mut config = Config::default();
            config.postgres.url = Some(url.into());
            !places(&config).is_empty()
        };
        for here in [
            "postgres://localhost/shop",
            "postgres://ana@127.0.0.1:5433/shop?sslmode=disable",
            "postgres://ana@[::1]/shop?application_name=hosts",
            "postgres://ana@%2Fvar%2Frun%2Fpostgresql/shop",
            "postgres://localhost/shop?host=/var/run/postgresql",
            "postgres://localhost/shop?host=%2Fvar%2Frun&hostaddr=127.0.0.2",
        ] {
            assert!(!is_place(here), "{here}");
        }
        for elsewhere in [
            "postgres://db.example/shop",
            "postgres://localhost/shop?hostaddr=192.0.2.2&sslmode=disable",
            "postgres://localhost/shop?sslmode=disable&host=db.example",
            "postgres://localhost/shop?h%6Fstaddr=192.0.2.2",
            "postgres://%2Fvar%2Frun/shop?hostaddr=192.0.2.2",
            "postgres://localhost@db.example/shop",
            "postgres://localhost.example/shop",
        ] {
            assert!(is_place(elsewhere), "{elsewhere}");
        }
        let elsewhere = super::super::Elsewhere {
            env: Env::Staging,
            server: super::super::ServerConfig {
                url: Some("postgres://localhost/shop?host=db.example".into()),
                password: None,
            },
        };
        let config = Config {
            postgres_elsewhere: vec![elsewhere],
            ..Config::default()
        };
        assert_eq!(places(&config)[0].0, "[environments] postgres url");
    }

    /// An authority of the repository and somebody in the middle read what is sent to the vendors themselves.
    #[test]
    fn further_authorities_are_a_place_and_are_told_by_what_they_are() {
        let told = |pem: &str| {
            let mut config = Config::default();
            config.probes.extra_roots_pem = Some(pem.into());
            places(&config).remove(0)
        };
        let one = told("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n");
        assert_eq!(one.0, "[probes] extra_roots");
        assert!(one.1.starts_with("1 authority, SHA-256 "), "{}", one.1);
        assert_ne!(
            one,
            told("-----BEGIN CERTIFICATE-----\nB\n-----END CERTIFICATE-----\n"),
            "the file that is named may be another one tomorrow"
        );
    }

    #[test]
    fn production_s_cluster_in_an_environment_that_takes_a_key_is_a_place() {
        let told = |environment: &str, production: bool, listed: &[&str]| {
            let mut config = Config {
                environment: environment.into(),
                production,
                ..Config::default()
            };
            config.aws.clusters = listed.iter().map(|c| (*c).to_owned()).collect();
            places(&config)
        };
        let place = |told: &str| vec![("[aws] clusters", told.to_owned())];
        let listed = told("dev", false, &["laser-dev", "laser-prod"]);
        assert_eq!(listed, place("laser-prod as dev's"));
        // Whatever a file calls it: its `production = false` takes the name that is typed away.
        assert_eq!(told("main", false, &["live"]), place("live as main's"));
        assert_eq!(told("prod", false, &["prod"]), place("prod as prod's"));
        let third = told("staging", false, &["laser-dev"]);
        assert_eq!(third, place("laser-dev as staging's"));
        // A name that says nothing may be production's all the same.
        let lowered = ("environment", "dev, where a key confirms".to_owned());
        for neutral in [&["laser-dev", "laser"][..], &[]] {
            assert_eq!(told("dev", false, neutral), std::slice::from_ref(&lowered));
        }
        assert_eq!(told("dev", false, &["laser-dev", "dev-2"]), []);
        assert_eq!(told("production", true, &["laser-dev"]), [], "it is typed");
    }

    #[test]
    fn confirmations_at_once_lose_none() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("own").join("trusted");
        std::thread::scope(|all| {
            for n in 0..16 {
                let list = &list;
                all.spawn(move || keep(list, &format!("{n:x} name{n}")).unwrap());
            }
        });
        let kept = std::fs::read_to_string(&list).unwrap();
        assert_eq!(kept.lines().count(), 16, "{kept}");
    }

    /// What was confirmed with one build must hold with the next.
    #[test]
    fn what_was_confirmed_is_kept_by_a_hash_that_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flightdeck.toml");
        std::fs::write(&file, "").unwrap();
        let places = [("store", "/srv/x.db".to_owned())];
        let line = line(&file, "production", &places).unwrap();
        let (hash, name) = line.split_once(' ').unwrap();
        let known = "381859cf07b35b64d06a1d128e7c508a27b0dc6b73286a673f8507ad36932a53";
        assert_eq!(hash, known);
        assert!(
            name.ends_with("flightdeck.toml\",\"production\"]"),
            "{name}"
        );
        let odd = folder.path().join("a\n0123 b");
        std::fs::create_dir(&odd).unwrap();
        let file = odd.join("flightdeck.toml");
        std::fs::write(&file, "").unwrap();
        let line = super::line(&file, "production", &places).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}
