//! A vendor's token: looked for when it is first needed, off the render path, and again once it was refused.

use std::sync::Mutex;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;

use crate::config::credentials::{Provider, Source};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::redact;

/// How long the desktop's keyring may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that a token has at least, for its place to be told: a shorter one may be a word of the sentence, and what is hidden in a sentence
/// that everybody knows is told by it.
const SHORTEST: usize = 8;

/// A look through the places where a token may be.
type Look = JoinHandle<Result<Option<(SecretString, Source)>, Problem>>;

/// A token to be.
#[derive(Debug)]
pub struct Token {
    provider: &'static Provider,
    /// The embedded sandbox's; nothing of the user's own may leak into a demo.
    fixed: Option<SecretString>,
    found: Mutex<Option<SecretString>>,
    look: tokio::sync::Mutex<Option<Look>>,
}

/// A token in hand. It is never printed.
#[derive(Clone, Debug)]
pub struct Held(SecretString);

impl Held {
    /// The token itself, for a header.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// Words in which it stands no more.
    pub fn hide(&self, words: &str) -> String {
        let token = self.reveal().trim();
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        if token.is_empty() || !words.contains(token) {
            return words.to_owned();
        }
        if token.len() >= SHORTEST {
            return words.replace(token, redact::REDACTED);
        }
        let stands = words.match_indices(token).any(|(at, _)| {
            let (before, after) = (words.get(..at), words.get(at + token.len()..));
            !before.is_some_and(|w| w.ends_with(part_of_word))
                && !after.is_some_and(|w| w.starts_with(part_of_word))
        });
        match stands {
            true => "what it says holds the password or token, and is not told".to_owned(),
            false => words.to_owned(),
        }
    }
}

impl Token {
    /// A provider's token, or the one given.
    pub fn new(provider: &'static Provider, fixed: Option<SecretString>) -> Self {
        Self {
            provider,
            fixed,
            found: Mutex::new(None),
            look: tokio::sync::Mutex::default(),
        }
    }

    /// The vendor's words without the token: an endpoint may repeat what it was sent.
    pub fn hide(&self, words: &str) -> String {
        let known = self.fixed.clone().or_else(|| self.slot().clone());
        let held = known.map(Held);
        let words = held.map_or_else(|| words.to_owned(), |h| h.hide(words));
        redact::text(&words)
    }

    /// The same of a problem: its why is where the vendor's words stand.
    #[must_use]
    pub fn hidden(&self, problem: Problem) -> Problem {
        Problem {
            why: self.hide(&problem.why),
            ..problem
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<SecretString>> {
        self.found.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The token.
    ///
    /// # Errors
    /// `NoCredentials` where no place has one; that a place cannot be read.
    pub async fn get(&self) -> Result<Held, Problem> {
        if let Some(token) = self.fixed.clone().or_else(|| self.slot().clone()) {
            return Ok(Held(token));
        }
        let provider = self.provider;
        let silent = |_| missing(provider, "the keyring does not answer: it may be locked");
        // One look at a time, and one that still waits is not begun again: a locked keyring asks a person each time.
        let mut look = tokio::time::timeout(PATIENCE, self.look.lock())
            .await
            .map_err(silent)?;
        if let Some(token) = self.slot().clone() {
            return Ok(Held(token));
        }
        let running =
            look.get_or_insert_with(|| tokio::task::spawn_blocking(move || provider.find()));
        let found = tokio::time::timeout(PATIENCE, running)
            .await
            .map_err(silent)?;
        *look = None;
        let found = found.map_err(|e| missing(provider, &e.to_string()))??;
        let (token, _) = found.ok_or_else(|| missing(provider, "no token was found"))?;
        *self.slot() = Some(token.clone());
        Ok(Held(token))
    }

    /// The token where there is one: some servers want none.
    ///
    /// # Errors
    /// That a place cannot be read.
    pub async fn optional(&self) -> Result<Option<Held>, Problem> {
        match self.get().await {
            Ok(held) => Ok(Some(held)),
            Err(p) if p.kind == ProblemKind::NoCredentials => Ok(None),
            Err(p) => Err(p),
        }
    }

    /// The token was refused: the next question looks again.
    pub fn forget(&self) {
        *self.slot() = None;
    }
}

fn missing(provider: &Provider, why: &str) -> Problem {
    Problem::new(
        ProblemKind::NoCredentials,
        provider.name,
        format!("Cannot ask {}", provider.title),
        why,
        provider.how_to_renew(),
    )
}

#[cfg(test)]
impl Token {
    /// As if it had been found.
    pub fn put(&self, token: &str) {
        *self.slot() = Some(token.to_owned().into());
    }

    /// Whether it need not be looked for.
    pub fn is_held(&self) -> bool {
        self.slot().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::credentials::GITHUB;

    #[test]
    fn words_that_repeat_the_token_or_another_secret_are_told_without_it() {
        let token = Token::new(&GITHUB, Some("hunter-22".to_owned().into()));
        let said = Problem::new(
            ProblemKind::Denied,
            "github",
            "w",
            "token hunter-22 is wrong, so is Bearer ghp_0123456789012345678901234567",
            "f",
        );
        assert_eq!(
            token.hidden(said).why,
            "token [redacted] is wrong, so is Bearer [redacted]"
        );
        let short = Token::new(&GITHUB, Some("ab".to_owned().into()));
        assert_eq!(short.hide("a cab is gone"), "a cab is gone");
        let told = short.hide("database \"ab\" does not exist");
        assert!(
            !told.contains("ab\"") && !told.contains("database"),
            "{told}"
        );
    }
}
