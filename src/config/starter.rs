//! The starter file of `config init`: every key of the [`schema`](super::schema) with its words, and what was discovered.

use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use super::mistake::io_words;
use super::schema::{Key, Kind, ROOT, Section};
use crate::domain::problem::{Problem, ProblemKind};

/// What the ambient credentials could see; empty where they did not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Account id.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Cluster names.
    pub clusters: Vec<String>,
}

const HEAD: &str = "\
# flightdeck.toml: what the console looks at. Every key is optional: a commented one shows what it could be.
# No secrets here. AWS credentials come from where they always do: AWS_PROFILE, ~/.aws, SSO, a role.
";

const ENVIRONMENTS: &str = "
# Environments, chosen with --env NAME. Each takes the keys and sections above, which then win over the common ones.
# [environments.production]
# production = true          # its name must be typed before anything is changed
#
# [environments.staging]
# [environments.staging.aws]
# profile = \"laser-staging\"
# clusters = [\"laser-staging\"]
";

/// The text of a starter file.
pub fn text(found: &Discovered) -> String {
    let mut out = String::from(HEAD);
    section(&mut out, &ROOT, "", found);
    out.push_str(ENVIRONMENTS);
    out
}

fn section(out: &mut String, section: &'static Section, path: &str, found: &Discovered) {
    let plain = |k: &&Key| {
        !matches!(
            k.kind,
            Kind::Section(_) | Kind::List(_) | Kind::Environments
        )
    };
    for key in section.keys.iter().filter(plain) {
        let _ = writeln!(out, "\n# {}", key.doc);
        match discovered(path, key.name, found) {
            Some(value) => {
                let _ = writeln!(out, "{} = {value}", key.name);
            }
            None => {
                let _ = writeln!(out, "# {} = {}", key.name, key.example);
            }
        }
    }
    for key in section.keys {
        let path = if path.is_empty() {
            key.name.to_owned()
        } else {
            format!("{path}.{}", key.name)
        };
        match key.kind {
            Kind::Section(inner) => {
                let _ = write!(out, "\n# {}\n[{path}]\n", key.doc);
                self::section(out, inner, &path, found);
            }
            Kind::List(inner) => {
                let _ = write!(out, "\n# {}\n# [[{path}]]\n", key.doc);
                for key in inner.keys {
                    let pair = format!("{} = {}", key.name, key.example);
                    let _ = writeln!(out, "# {pair:<44} # {}", key.doc);
                }
            }
            _ => {}
        }
    }
}

fn discovered(path: &str, key: &str, found: &Discovered) -> Option<String> {
    let quoted = |s: &String| toml::Value::String(s.clone()).to_string();
    match (path, key) {
        ("aws", "region") => found.region.as_ref().map(quoted),
        ("aws", "expected_account") => found.account.as_ref().map(quoted),
        ("aws", "clusters") if !found.clusters.is_empty() => {
            let names: Vec<String> = found.clusters.iter().map(quoted).collect();
            Some(format!("[{}]", names.join(", ")))
        }
        _ => None,
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
