//! The profile in use. The SDK passes over one that no file has and says that there are no credentials, or no region.

use crate::backend::transport::Advice;
use crate::config::mistake::suggest;

/// A profile, and what names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// `AWS_PROFILE`, or the key of our file.
    pub by: &'static str,
}

impl Profile {
    /// The one in use: our file's goes before the environment's.
    pub fn in_use(configured: Option<&str>) -> Option<Self> {
        let of = |name: &str, by| Self {
            name: name.to_owned(),
            by,
        };
        let named = std::env::var("AWS_PROFILE").ok().filter(|p| !p.is_empty());
        configured
            .map(|name| of(name, "`profile` in [aws] of flightdeck.toml"))
            .or_else(|| named.map(|name| of(&name, "AWS_PROFILE")))
    }

    /// What to say where no file has it; `None` where one does, or the files cannot be read: then the SDK says why.
    pub async fn missing(&self) -> Option<Advice> {
        let (files, system, environment) = Default::default();
        let all = aws_config::profile::load(&system, &environment, &files, None).await;
        let all = all.ok()?;
        let mut names: Vec<&str> = all.profiles().collect();
        names.sort_unstable();
        if names.contains(&self.name.as_str()) {
            return None;
        }
        Some(self.advice(&names, &places()))
    }

    fn advice(&self, names: &[&str], places: &str) -> Advice {
        let Self { name, by } = self;
        let near = suggest(name, names.iter().copied());
        let hint = near.map_or(String::new(), |n| format!("; did you mean \"{n}\"?"));
        let fix = match names {
            [] => format!("Write it (`aws configure sso --profile {name}`), or correct {by}."),
            some => format!("Correct {by}: there is {}.", some.join(", ")),
        };
        Advice {
            why: format!("no profile \"{name}\" is in {places}{hint}"),
            fix,
        }
    }
}

/// The files that profiles are read from, as a person knows them.
fn places() -> String {
    let file = |variable: &str, usual: &str| {
        let named = std::env::var(variable).ok().filter(|v| !v.is_empty());
        named.unwrap_or_else(|| usual.to_owned())
    };
    format!(
        "{} or {}",
        file("AWS_CONFIG_FILE", "~/.aws/config"),
        file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_no_file_has_is_named_with_the_nearest_and_with_all() {
        let profile = Profile {
            name: "pord".into(),
            by: "AWS_PROFILE",
        };
        let said = profile.advice(&["prod", "staging"], "~/.aws/config");
        assert_eq!(
            said.why,
            "no profile \"pord\" is in ~/.aws/config; did you mean \"prod\"?"
        );
        assert_eq!(said.fix, "Correct AWS_PROFILE: there is prod, staging.");
        let said = profile.advice(&[], "~/.aws/config");
        assert!(said.fix.contains("aws configure"), "{}", said.fix);
    }
}
