//! A vendor's token: looked for when it is first needed, off the render path, and again once it was refused.

use std::sync::Mutex;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;

use crate::config::credentials::{Provider, Source};
use crate::domain::problem::{Problem, ProblemKind};

/// How long the desktop's keyring may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

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
