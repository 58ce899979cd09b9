//! The repository that the working directory was cloned from, as git's own files tell it. No program is run and nothing is asked.

use std::path::{Path, PathBuf};

use super::file;

/// Where `origin` leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `github.com`.
    pub host: String,
    /// `owner/name`.
    pub repository: String,
}

impl Origin {
    /// That of the repository which a folder is in, if it is in one.
    pub fn of(folder: &Path) -> Option<Self> {
        let config = file::text(&config_of(folder)?).ok()?;
        Self::read(&url(&config)?)
    }

    /// Whether GitHub has it: GitHub itself, or a server that names itself so.
    pub fn is_github(&self) -> bool {
        self.is_github_itself() || self.host.starts_with("github.")
    }

    /// GitHub's endpoint for it, where that is not GitHub itself.
    pub fn endpoint(&self) -> Option<String> {
        (!self.is_github_itself()).then(|| format!("https://{}/api/v3", self.host))
    }

    fn is_github_itself(&self) -> bool {
        ["github.com", "www.github.com", "ssh.github.com"].contains(&self.host.as_str())
    }

    /// Reads `git@host:owner/name.git` or a URL. What stands before the host, a token perhaps, is thrown away.
    fn read(url: &str) -> Option<Self> {
        let (authority, path) = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?,
            None => url.split_once(':')?,
        };
        let host = authority.rsplit('@').next()?;
        let host = host.split(':').next()?.to_ascii_lowercase();
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let (owner, name) = path.split_once('/')?;
        let fits = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.trim_matches('.').is_empty() && part.chars().all(plain)
        };
        (fits(&host) && fits(owner) && fits(name)).then(|| Self {
            host,
            repository: format!("{owner}/{name}"),
        })
    }
}

/// The configuration of the repository that a folder is in. A worktree and a submodule have a file in place of the folder `.git`.
fn config_of(folder: &Path) -> Option<PathBuf> {
    let git = folder
        .ancestors()
        .map(|f| f.join(".git"))
        .find(|p| p.exists())?;
    if git.is_dir() {
        return Some(git.join("config"));
    }
    let text = file::text(&git).ok()?;
    let named = text.trim().strip_prefix("gitdir:")?.trim();
    let own = git.parent()?.join(named);
    let shared = match file::text(&own.join("commondir")) {
        Ok(common) => own.join(common.trim()),
        Err(_) => own,
    };
    Some(shared.join("config"))
}

/// The URL of `origin` in a configuration of git's.
fn url(config: &str) -> Option<String> {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[remote \"origin\"]";
        } else if let Some((key, value)) = line.split_once('=')
            && inside
            && key.trim().eq_ignore_ascii_case("url")
        {
            return Some(value.trim().trim_matches('"').to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_remote_is_read_and_no_token_is_kept() {
        for text in [
            "git@github.com:laser/platform.git",
            "ssh://git@github.com:22/laser/platform.git",
            "https://github.com/laser/platform",
            "https://ana:ghp_secret@GitHub.com/laser/platform.git/",
        ] {
            let origin = Origin::read(text).unwrap();
            assert_eq!(origin.repository, "laser/platform", "{text}");
            assert!(origin.is_github() && origin.endpoint().is_none(), "{text}");
            assert!(!format!("{origin:?}").contains("ghp_"), "{text}");
        }
        let own = Origin::read("git@github.acme.example:laser/platform").unwrap();
        assert_eq!(
            own.endpoint().as_deref(),
            Some("https://github.acme.example/api/v3")
        );
        assert!(!Origin::read("https://gitlab.com/a/b").unwrap().is_github());
        for none in ["/srv/git/platform.git", "https://github.com/only", "", "x"] {
            assert_eq!(Origin::read(none), None, "{none}");
        }
    }

    #[test]
    fn the_repository_is_found_from_below_and_from_a_worktree() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        assert_eq!(Origin::of(folder.path()), None);
        std::fs::create_dir_all(at("main/.git/worktrees/w")).unwrap();
        std::fs::create_dir_all(at("main/src")).unwrap();
        std::fs::create_dir_all(at("w")).unwrap();
        let config = "[core]\n\turl = no\n[remote \"other\"]\n\turl = git@github.com:a/b\n\
            [remote \"origin\"]\n\tfetch = x\n\turl = git@github.com:laser/platform.git\n";
        std::fs::write(at("main/.git/config"), config).unwrap();
        std::fs::write(at("main/.git/worktrees/w/commondir"), "../..\n").unwrap();
        let pointer = format!("gitdir: {}\n", at("main/.git/worktrees/w").display());
        std::fs::write(at("w/.git"), pointer).unwrap();
        for path in ["main", "main/src", "w"] {
            let origin = Origin::of(&at(path)).unwrap();
            assert_eq!(origin.repository, "laser/platform", "{path}");
        }
    }
}
