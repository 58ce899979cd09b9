//! The starter file of `config init`: every key of the [`schema`](super::schema) with its words, and what was discovered.

use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use super::discovered::{Discovered, Host, quoted};
use super::kept::Kept;
use super::mistake::io_words;
use super::schema::{Key, Kind, ROOT, Section};
use crate::domain::environment::Env;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

const HEAD: &str = "\
# flightdeck.toml: what the console looks at. Every key is optional: a commented one shows what it could be.
# No secrets here. AWS credentials come from where they always do: AWS_PROFILE, ~/.aws, SSO, a role.
";

const ENVIRONMENTS: &str = "
# Environments, chosen with --env NAME. Each takes the keys and sections above, which then win over the common ones.
";

/// The text of a starter file. What the file said that it takes the place of goes before what was found.
pub fn text(found: &Discovered, kept: &Kept) -> String {
    let mut out = String::from(HEAD);
    section(&mut out, &ROOT, "", found, kept);
    match kept.environments() {
        Some(own) => {
            let _ = write!(out, "{ENVIRONMENTS}{own}");
        }
        None => environments(&mut out, found),
    }
    out
}

/// Keys that the old file gives another value than what was found: the file's stays.
pub fn differs(found: &Discovered, kept: &Kept) -> Vec<String> {
    let mut all = Vec::new();
    differing(&ROOT, "", found, kept, &mut all);
    all
}

fn differing(
    section: &'static Section,
    path: &str,
    found: &Discovered,
    kept: &Kept,
    all: &mut Vec<String>,
) {
    for key in section.keys {
        let name = below(path, key.name);
        if let Kind::Section(inner) = key.kind {
            differing(inner, &name, found, kept, all);
        }
        let new = found.value(path, key.name).filter(|v| v.lacks.is_none());
        let own = kept.value(path, key.name);
        if let (Some(own), Some(new)) = (own, new)
            && own != new.toml
        {
            all.push(name);
        }
    }
}

fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

fn plain(key: &&Key) -> bool {
    !matches!(
        key.kind,
        Kind::Section(_) | Kind::List(_) | Kind::Environments
    )
}

fn section(
    out: &mut String,
    section: &'static Section,
    path: &str,
    found: &Discovered,
    kept: &Kept,
) {
    for key in section.keys.iter().filter(plain) {
        let _ = writeln!(out, "\n# {}", key.doc);
        let (name, example) = (key.name, key.example);
        if let Some(own) = kept.value(path, name) {
            let _ = writeln!(out, "{name} = {own}");
            continue;
        }
        let _ = match found.value(path, name) {
            Some(value) => match &value.lacks {
                None => writeln!(out, "{name} = {}", value.toml),
                Some(lacks) => {
                    writeln!(out, "# Found: {}.\n# {name} = {}", inert(lacks), value.toml)
                }
            },
            None => writeln!(out, "# {name} = {example}"),
        };
    }
    for key in section.keys {
        let path = below(path, key.name);
        match key.kind {
            Kind::Section(inner) => {
                let _ = write!(out, "\n# {}\n[{path}]\n", key.doc);
                self::section(out, inner, &path, found, kept);
            }
            Kind::List(inner) => {
                let _ = writeln!(out, "\n# {}", key.doc);
                out.push_str(&kept.rows(&path));
                let new = found.hosts.iter().filter(|h| !kept.names(&path, h));
                hosts(out, &path, new);
                let _ = writeln!(out, "# [[{path}]]");
                for key in inner.keys {
                    let pair = format!("{} = {}", key.name, key.example);
                    let _ = writeln!(out, "# {pair:<44} # {}", key.doc);
                }
            }
            _ => {}
        }
    }
}

/// Environments to choose from, with the clusters that their names tell.
fn environments(out: &mut String, found: &Discovered) {
    out.push_str(ENVIRONMENTS);
    let of = |env| {
        let told = |name: &&String| Env::named(name) == Some(env);
        let names: Vec<String> = found
            .clusters
            .iter()
            .filter(told)
            .map(|n| quoted(n))
            .collect();
        (!names.is_empty()).then(|| format!("# clusters = [{}]\n", names.join(", ")))
    };
    out.push_str("# [environments.production]\n# production = true          # its name must be typed before anything is changed\n");
    if let Some(clusters) = of(Env::Production) {
        let _ = write!(out, "# [environments.production.aws]\n{clusters}");
    }
    let staging = of(Env::Staging);
    out.push_str("#\n# [environments.staging]\n# [environments.staging.aws]\n");
    // Clusters that these credentials see need no other profile.
    out.push_str(&staging.unwrap_or_else(|| {
        "# profile = \"laser-staging\"\n# clusters = [\"laser-staging\"]\n".into()
    }));
    if let Some(clusters) = of(Env::Development) {
        let _ = write!(
            out,
            "#\n# [environments.development]\n# [environments.development.aws]\n{clusters}"
        );
    }
}

/// Hosts that answered, as rows of the lists in `[probes]`.
fn hosts<'a>(out: &mut String, path: &str, found: impl Iterator<Item = &'a Host>) {
    for (n, host) in found.enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let name = quoted(&host.name);
        let (behind, status) = match &host.answered {
            Ok(status) => ("", *status),
            Err(why) => {
                let _ = writeln!(
                    out,
                    "# It did not answer when this was written: {}",
                    inert(why)
                );
                ("# ", 200)
            }
        };
        let _ = match path {
            "probes.https" => writeln!(
                out,
                "{behind}[[probes.https]]\n{behind}url = {}\n{behind}expect_status = {status}",
                quoted(&host.url())
            ),
            "probes.dns" => {
                let _ = writeln!(out, "{behind}[[probes.dns]]\n{behind}name = {name}");
                let found: Vec<String> = host.resolved.iter().map(|r| quoted(r)).collect();
                match found.is_empty() {
                    true => Ok(()),
                    false => writeln!(
                        out,
                        "{behind}expected = [{}] # what it answered when this was written",
                        found.join(", ")
                    ),
                }
            }
            _ => Ok(()),
        };
    }
}

/// Writes a file, making its folder. One that is there already is replaced if that is wanted; else it is left alone, and is an
/// error.
pub fn write(file: &Path, text: &str, replace: bool) -> Result<(), Problem> {
    let failed = |why: String, fix: &str| {
        Problem::new(
            ProblemKind::Config,
            "config",
            format!("did not write {}", file.display()),
            why,
            fix,
        )
    };
    let elsewhere = "name another place with --config FILE";
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| failed(io_words(&e), elsewhere))?;
    }
    let mut handle = std::fs::OpenOptions::new()
        .write(true)
        .create(replace)
        .truncate(replace)
        .create_new(!replace)
        .open(file)
        .map_err(|e| failed(io_words(&e), elsewhere))?;
    handle
        .write_all(text.as_bytes())
        .map_err(|e| failed(io_words(&e), "free some space, then try again"))
}
