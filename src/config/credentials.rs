//! Tokens of vendors that are no part of AWS: where each is looked for, in order, and where `flightdeck login` keeps it.
//!
//! | place | for |
//! |---|---|
//! | environment variable | CI, containers, one run |
//! | `$CREDENTIALS_DIRECTORY/flightdeck-NAME` | systemd's credentials (systemd.exec(5)) |
//! | `credentials/NAME` in the user's state directory, mode 0600 | jump hosts, which have no keyring; written only there |
//! | the desktop's keyring | people: Secret Service, macOS Keychain, Windows Credential Manager |
//!
//! That a token was kept is written down beside the files, as `credentials/NAME.kept`, which holds none of it: a console that runs sees
//! there that the keyring is worth another question, which may ask a person.
//!
//! The kernel's keyring (keyutils) is left out on purpose: what is kept there is gone with the session, and a token that vanishes
//! overnight is found out at 3 a.m.

use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

use super::file;
use crate::domain::environment::Env;
use crate::domain::problem::{Problem, ProblemKind};

/// Who hands out tokens.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// As in `flightdeck login slack` and `[slack]`.
    pub name: &'static str,
    /// As people write it.
    pub title: &'static str,
    /// Environment variable, as the vendor's own tools name it.
    pub variable: &'static str,
    /// What kind of token, and what it must be allowed to.
    pub token: &'static str,
}

/// Slack.
pub static SLACK: Provider = Provider {
    name: "slack",
    title: "Slack",
    variable: "SLACK_BOT_TOKEN",
    token: "a bot token (xoxb-...) with channels:read, groups:read and chat:write",
};

/// PostgreSQL itself; a server may want no password.
pub static POSTGRES: Provider = Provider {
    name: "postgres",
    title: "PostgreSQL",
    variable: "PGPASSWORD",
    token: "the password of the role in [postgres]",
};

const fn postgres_of(name: &'static str, title: &'static str, variable: &'static str) -> Provider {
    Provider {
        name,
        title,
        variable,
        token: "the password of the role in the [postgres] of that environment, while another is looked at",
    }
}

/// PostgreSQL of each environment, as asked while another is looked at: the password of one is never shown to another's server.
static ELSEWHERE: [(Env, Provider); 3] = [
    (
        Env::Production,
        postgres_of(
            "postgres-production",
            "PostgreSQL of production",
            "PGPASSWORD_PRODUCTION",
        ),
    ),
    (
        Env::Staging,
        postgres_of(
            "postgres-staging",
            "PostgreSQL of staging",
            "PGPASSWORD_STAGING",
        ),
    ),
    (
        Env::Development,
        postgres_of(
            "postgres-development",
            "PostgreSQL of development",
            "PGPASSWORD_DEVELOPMENT",
        ),
    ),
];

/// PostgreSQL of an environment that is not looked at.
pub fn postgres_elsewhere(env: Env) -> &'static Provider {
    let found = ELSEWHERE.iter().find(|(e, _)| *e == env);
    found.map_or(&POSTGRES, |(_, p)| p)
}

/// Redis itself; a server may want no password.
pub static REDIS: Provider = Provider {
    name: "redis",
    title: "Redis",
    variable: "REDISCLI_AUTH",
    token: "the password (on ElastiCache the AUTH token) of the server in [redis]",
};

const fn redis_of(name: &'static str, title: &'static str, variable: &'static str) -> Provider {
    Provider {
        name,
        title,
        variable,
        token: "the password of the server in the [redis] of that environment, while another is looked at",
    }
}

/// Redis of each environment, as asked while another is looked at: the password of one is never shown to another's server.
static REDIS_ELSEWHERE: [(Env, Provider); 3] = [
    (
        Env::Production,
        redis_of(
            "redis-production",
            "Redis of production",
            "REDISCLI_AUTH_PRODUCTION",
        ),
    ),
    (
        Env::Staging,
        redis_of("redis-staging", "Redis of staging", "REDISCLI_AUTH_STAGING"),
    ),
    (
        Env::Development,
        redis_of(
            "redis-development",
            "Redis of development",
            "REDISCLI_AUTH_DEVELOPMENT",
        ),
    ),
];

/// Redis of an environment that is not looked at.
pub fn redis_elsewhere(env: Env) -> &'static Provider {
    let found = REDIS_ELSEWHERE.iter().find(|(e, _)| *e == env);
    found.map_or(&REDIS, |(_, p)| p)
}

/// GitHub.
pub static GITHUB: Provider = Provider {
    name: "github",
    title: "GitHub",
    variable: "GITHUB_TOKEN",
    token: "a fine-grained token for the repository that reads Actions, Contents, Deployments, Dependabot and code-scanning alerts",
};

/// Sentry.
pub static SENTRY: Provider = Provider {
    name: "sentry",
    title: "Sentry",
    variable: "SENTRY_AUTH_TOKEN",
    token: "an auth token with org:read, project:read and event:read",
};

/// Vercel.
pub static VERCEL: Provider = Provider {
    name: "vercel",
    title: "Vercel",
    variable: "VERCEL_TOKEN",
    token: "an access token whose scope is the team",
};

/// Cloudflare.
pub static CLOUDFLARE: Provider = Provider {
    name: "cloudflare",
    title: "Cloudflare",
    variable: "CLOUDFLARE_API_TOKEN",
    token: "an API token that may read Zone, DNS, Zone Settings, Zone WAF and Analytics of the zones",
};

/// Everybody.
pub static PROVIDERS: &[&Provider] = &[
    &VERCEL,
    &CLOUDFLARE,
    &GITHUB,
    &SENTRY,
    &SLACK,
    &POSTGRES,
    &REDIS,
];

/// Where a token came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An environment variable.
    Environment(&'static str),
    /// A file of systemd's.
    Systemd(PathBuf),
    /// The desktop's keyring.
    Keyring,
    /// A file of ours.
    File(PathBuf),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "${name}"),
            Self::Systemd(path) => write!(f, "systemd credential {}", path.display()),
            Self::Keyring => f.write_str("the keyring"),
            Self::File(path) => write!(f, "{} (mode 0600)", path.display()),
        }
    }
}

const SERVICE: &str = "flightdeck";

impl Provider {
    /// The provider of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        let elsewhere = ELSEWHERE.iter().chain(&REDIS_ELSEWHERE).map(|(_, p)| p);
        let mut all = PROVIDERS.iter().copied().chain(elsewhere);
        all.find(|p| p.name == name)
    }

    /// How a person gives or renews its token.
    pub fn how_to_renew(&self) -> String {
        format!(
            "Run `flightdeck login {}`, or set {}.",
            self.name, self.variable
        )
    }

    /// Its token and where that came from. May wait for the desktop's keyring: not for the render path.
    ///
    /// # Errors
    /// A place that has a token which cannot be read.
    pub fn find(&self) -> Result<Option<(SecretString, Source)>, Problem> {
        if let Some(found) = self.find_unasked()? {
            return Ok(Some(found));
        }
        let kept = self.keyring().and_then(|e| e.get_password().ok());
        Ok(kept.map(|text| (clean(text), Source::Keyring)))
    }

    /// The same from the places that ask nobody: a keyring may want a person to unlock it.
    ///
    /// # Errors
    /// A place that has a token which cannot be read.
    pub fn find_unasked(&self) -> Result<Option<(SecretString, Source)>, Problem> {
        if let Some(text) = std::env::var(self.variable)
            .ok()
            .filter(|t| !t.trim().is_empty())
        {
            return Ok(Some((clean(text), Source::Environment(self.variable))));
        }
        if let Some(path) = self.systemd_file().filter(|p| p.is_file()) {
            let text = read(&path)?;
            return Ok(Some((clean(text), Source::Systemd(path))));
        }
        // Before the keyring: a file is there only if the keyring could not take the token when it was kept, so it is the newer
        // one, and a keyring that is locked would ask a person who may not be there.
        if let Some(path) = self.file().filter(|p| p.exists()) {
            private(&path)?;
            let text = read(&path)?;
            return Ok(Some((clean(text), Source::File(path))));
        }
        Ok(None)
    }

    /// Keeps a token: in the keyring where there is one, else in a file that only this user can read.
    ///
    /// # Errors
    /// Where neither can be written.
    pub fn keep(&self, token: &SecretString) -> Result<Source, Problem> {
        let place = self.put(token)?;
        if let Some(path) = self.mark() {
            // Where it cannot be written the token is kept all the same, and seen later.
            let _ = write(&path, "kept\n");
        }
        Ok(place)
    }

    /// When [`Self::keep`] last kept a token, as far as that is written down. Asks nobody.
    pub fn kept_at(&self) -> Option<SystemTime> {
        let mark = std::fs::metadata(self.mark()?).ok()?;
        mark.modified().ok()
    }

    fn put(&self, token: &SecretString) -> Result<Source, Problem> {
        if let Some(entry) = self.keyring()
            && entry.set_password(token.expose_secret()).is_ok()
        {
            // An older one in the file would come back when the keyring is away.
            if let Some(path) = self.file() {
                let _ = std::fs::remove_file(path);
            }
            return Ok(Source::Keyring);
        }
        let path = self.file().ok_or_else(|| {
            trouble(
                "this user has no state directory",
                "Set HOME or XDG_STATE_HOME.",
            )
        })?;
        write(&path, token.expose_secret()).map_err(|e| {
            trouble(
                &format!("{}: {e}", path.display()),
                "Make the folder writable for this user.",
            )
        })?;
        Ok(Source::File(path))
    }

    /// Forgets what was kept; the places that had one. The environment and systemd are not ours to change.
    pub fn forget(&self) -> Vec<Source> {
        let mut gone = Vec::new();
        if self
            .keyring()
            .is_some_and(|e| e.delete_credential().is_ok())
        {
            gone.push(Source::Keyring);
        }
        if let Some(path) = self.file().filter(|p| std::fs::remove_file(p).is_ok()) {
            gone.push(Source::File(path));
        }
        gone
    }

    fn systemd_file(&self) -> Option<PathBuf> {
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
        Some(PathBuf::from(folder).join(format!("{SERVICE}-{}", self.name)))
    }

    fn file(&self) -> Option<PathBuf> {
        let folders = directories::ProjectDirs::from("", "", SERVICE)?;
        let folder = folders
            .state_dir()
            .unwrap_or_else(|| folders.data_local_dir());
        Some(folder.join("credentials").join(self.name))
    }

    fn mark(&self) -> Option<PathBuf> {
        let file = self.file()?;
        Some(file.with_file_name(format!("{}.kept", self.name)))
    }

    fn keyring(&self) -> Option<keyring::Entry> {
        // Without a session bus, asking for one could start one.
        if cfg!(target_os = "linux") && std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
            return None;
        }
        keyring::Entry::new(SERVICE, self.name).ok()
    }
}

fn clean(text: String) -> SecretString {
    SecretString::from(text.trim().to_owned())
}

fn read(path: &std::path::Path) -> Result<String, Problem> {
    file::text(path).map_err(|why| {
        trouble(
            &format!("{}: {why}", path.display()),
            "Make the file readable for this user, or log in again.",
        )
    })
}

fn trouble(why: &str, fix: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "credentials",
        "A token cannot be read or kept",
        why,
        fix,
    )
}

/// Refuses a file that others can read: what it holds may be known already.
#[cfg(unix)]
fn private(path: &std::path::Path) -> Result<(), Problem> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)
        .map(|m| m.permissions().mode())
        .unwrap_or(0);
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(trouble(
        &format!(
            "{} can be read by others (mode {:03o})",
            path.display(),
            mode & 0o777
        ),
        "Renew the token, then `chmod 600` the file or log in again.",
    ))
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) -> Result<(), Problem> {
    Ok(())
}

fn write(path: &std::path::Path, token: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(0o600);
        // One that is there already keeps its mode otherwise.
        if path.exists() {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        }
    }
    let mut file = options.open(path)?;
    file.write_all(token.as_bytes())?;
    file.sync_all()
}
