//! A vendor's token: looked for when it is first needed, off the render path, and again once it was refused.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;

use crate::config::credentials::{Provider, Source};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::redact;

/// How long the desktop's keyring may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks for another token than the one in hand, which may not do something: such refusals are daily bread.
const AGAIN: Duration = Duration::from_secs(600);

/// Between two looks into the keyring meanwhile: each may ask a person to unlock it, and whoever has said no means it. Where a token was
/// kept since, there is a person, who waits for it to be used.
const ASK_AGAIN: Duration = Duration::from_secs(24 * 3_600);

/// Bytes that a token has at least, for its place to be told: a shorter one may be a word of the sentence, and what is hidden in a sentence
/// that everybody knows is told by it.
const SHORTEST: usize = 8;

/// A look through the places where a token may be, with when one was last kept before it.
type Look = JoinHandle<(
    Option<SystemTime>,
    Result<Option<(SecretString, Source)>, Problem>,
)>;

/// A token to be.
#[derive(Debug)]
pub struct Token {
    provider: &'static Provider,
    /// The embedded sandbox's; nothing of the user's own may leak into a demo.
    fixed: Option<SecretString>,
    slot: Arc<Mutex<Slot>>,
    look: tokio::sync::Mutex<Option<Look>>,
}

/// What is known of a token that was looked for.
#[derive(Debug, Default)]
struct Slot {
    token: Option<SecretString>,
    /// The one before: an answer to it may be under way, and repeat it.
    former: Option<SecretString>,
    /// When the places were last looked through.
    looked: Option<Instant>,
    /// When the keyring was last among them.
    asked: Option<Instant>,
    /// When a token was last kept, as of then.
    kept: Option<SystemTime>,
    /// The look for another one.
    another: Option<JoinHandle<()>>,
}

impl Slot {
    fn found(&mut self, token: SecretString, kept: Option<SystemTime>) {
        self.token = Some(token);
        self.kept = kept;
        self.looked = Some(Instant::now());
        self.asked = self.looked;
    }

    /// Whether another one is looked for now, and a person may be asked for it; that is written down. One that was kept since is worth
    /// both at once.
    fn due(&mut self, now: Instant, kept: Option<SystemTime>) -> Option<bool> {
        let is_new = kept.is_some() && kept != self.kept;
        let recent = |at| now.saturating_duration_since(at) < AGAIN;
        if !is_new && self.looked.is_some_and(recent) {
            return None;
        }
        if is_new {
            self.kept = kept;
            self.asked = None;
        }
        self.looked = Some(now);
        Some(self.may_ask(now))
    }

    /// Whether a person may be asked now; that is written down.
    fn may_ask(&mut self, now: Instant) -> bool {
        let recent = |at| now.saturating_duration_since(at) < ASK_AGAIN;
        let may = !self.asked.is_some_and(recent);
        if may {
            self.asked = Some(now);
        }
        may
    }

    /// Takes another token in place of the doubted one, unless that went meanwhile.
    fn replace(&mut self, doubted: &SecretString, other: SecretString) {
        let is = |a: &SecretString, b: &SecretString| a.expose_secret() == b.expose_secret();
        let stands = self.token.as_ref().is_some_and(|t| is(t, doubted));
        if stands && !other.expose_secret().is_empty() && !is(&other, doubted) {
            self.former = self.token.replace(other);
        }
    }
}

fn locked(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(|e| e.into_inner())
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
            slot: Arc::default(),
            look: tokio::sync::Mutex::default(),
        }
    }

    /// The vendor's words without the token: an endpoint may repeat what it was sent.
    pub fn hide(&self, words: &str) -> String {
        let known = {
            let slot = self.slot();
            [&self.fixed, &slot.token, &slot.former].map(Clone::clone)
        };
        let held = known.into_iter().flatten().map(Held);
        let words = held.fold(words.to_owned(), |words, h| h.hide(&words));
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

    fn slot(&self) -> MutexGuard<'_, Slot> {
        locked(&self.slot)
    }

    /// The token.
    ///
    /// # Errors
    /// `NoCredentials` where no place has one; that a place cannot be read.
    pub async fn get(&self) -> Result<Held, Problem> {
        if let Some(token) = self.fixed.clone().or_else(|| self.slot().token.clone()) {
            return Ok(Held(token));
        }
        let provider = self.provider;
        let silent = |_| missing(provider, "the keyring does not answer: it may be locked");
        // One look at a time, and one that still waits is not begun again: a locked keyring asks a person each time.
        let mut look = tokio::time::timeout(PATIENCE, self.look.lock())
            .await
            .map_err(silent)?;
        if let Some(token) = self.slot().token.clone() {
            return Ok(Held(token));
        }
        let running = look.get_or_insert_with(|| {
            tokio::task::spawn_blocking(move || (provider.kept_at(), provider.find()))
        });
        let found = tokio::time::timeout(PATIENCE, running)
            .await
            .map_err(silent)?;
        *look = None;
        let (kept, found) = found.map_err(|e| missing(provider, &e.to_string()))?;
        let (token, _) = found?.ok_or_else(|| missing(provider, "no token was found"))?;
        self.slot().found(token.clone(), kept);
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
        let mut slot = self.slot();
        if let Some(dead) = slot.token.take() {
            slot.former = Some(dead);
        }
    }

    /// The token may not do something. It may be good for all else, and where the keyring is locked by now there is no other: it stays
    /// in use until another one is found, which is looked for beside the questions and seldom, or once one was kept.
    pub fn doubt(&self) {
        self.look_for_another(Instant::now());
    }

    fn look_for_another(&self, now: Instant) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let mut slot = self.slot();
        let Some(doubted) = slot.token.clone() else {
            return;
        };
        // One that still waits, for a person perhaps, is not begun again.
        let looks = slot.another.as_ref().is_some_and(|l| !l.is_finished());
        if looks {
            return;
        }
        let (provider, room) = (self.provider, Arc::clone(&self.slot));
        slot.another = Some(runtime.spawn_blocking(move || {
            let due = locked(&room).due(now, provider.kept_at());
            let Some(may_ask) = due else {
                return;
            };
            let found = match may_ask {
                true => provider.find(),
                false => provider.find_unasked(),
            };
            if let Ok(Some((other, _))) = found {
                locked(&room).replace(&doubted, other);
            }
        }));
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
        self.slot()
            .found(token.to_owned().into(), self.provider.kept_at());
    }

    /// Whether it need not be looked for.
    pub fn is_held(&self) -> bool {
        self.slot().token.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::credentials::GITHUB;

    const OLD: &str = "a-token-of-old";

    /// Another token is always found.
    static OTHER: Provider = Provider {
        name: "of-a-test",
        title: "A test",
        variable: "PATH",
        token: "a token",
    };

    /// No token is ever found.
    static NONE: Provider = Provider {
        name: "of-a-test",
        title: "A test",
        variable: "NO_SUCH_TOKEN_OF_A_TEST",
        token: "a token",
    };

    fn held(token: &Token) -> Option<String> {
        let slot = token.slot();
        slot.token.as_ref().map(|t| t.expose_secret().to_owned())
    }

    async fn looked(token: &Token) {
        let look = token.slot().another.take().unwrap();
        look.await.unwrap();
    }

    #[tokio::test]
    async fn a_token_that_may_not_do_something_stays_until_another_is_found() {
        let none = Token::new(&NONE, None);
        none.put(OLD);
        none.look_for_another(Instant::now() + AGAIN);
        looked(&none).await;
        assert_eq!(held(&none).as_deref(), Some(OLD));

        let token = Token::new(&OTHER, None);
        token.put(OLD);
        token.doubt();
        looked(&token).await;
        let same = held(&token);
        assert_eq!(same.as_deref(), Some(OLD), "it was looked for a moment ago");
        token.look_for_another(Instant::now() + AGAIN);
        looked(&token).await;
        let other = std::env::var(OTHER.variable).unwrap();
        let other = other.trim();
        assert_eq!(held(&token).as_deref(), Some(other));
    }

    /// Whoever logs in because of a refusal waits for the next question, not for the next day.
    #[test]
    fn a_token_that_was_kept_since_is_looked_for_at_once_and_once() {
        let kept = |n| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(n));
        let mut slot = Slot::default();
        slot.found(OLD.to_owned().into(), kept(1));
        let now = Instant::now();
        assert_eq!(slot.due(now, kept(1)), None, "it is the one in hand");
        assert_eq!(slot.due(now, kept(2)), Some(true));
        assert_eq!(slot.due(now, kept(2)), None);
        // The day begins anew.
        assert_eq!(slot.due(now + AGAIN, kept(2)), Some(false));
        assert_eq!(slot.due(now + ASK_AGAIN, kept(2)), Some(true));
        // One that is not told of any more is none that was kept.
        assert_eq!(slot.due(now + ASK_AGAIN, None), None);
    }

    /// A right that is refused for good is refused every few minutes, all night.
    #[tokio::test]
    async fn whoever_is_in_doubt_asks_a_person_once_a_day_at_most() {
        let token = Token::new(&NONE, None);
        token.put(OLD);
        let at_first = token.slot().asked;
        let began = at_first.unwrap();
        for n in 1..=3 {
            let now = began + AGAIN * n;
            token.look_for_another(now);
            looked(&token).await;
            let slot = token.slot();
            assert_eq!((slot.looked, slot.asked), (Some(now), at_first));
        }
        let tomorrow = began + ASK_AGAIN;
        token.look_for_another(tomorrow);
        looked(&token).await;
        assert_eq!(token.slot().asked, Some(tomorrow));
    }

    #[test]
    fn a_token_that_is_dead_or_replaced_is_hidden_all_the_same() {
        let token = Token::new(&GITHUB, None);
        token.put(OLD);
        token.forget();
        assert!(!token.is_held());
        assert_eq!(token.hide("no a-token-of-old"), "no [redacted]");
        token.put("a-newer-token");
        let both = token.hide("a-newer-token is no a-token-of-old");
        assert_eq!(both, "[redacted] is no [redacted]");
        token
            .slot()
            .replace(&OLD.to_owned().into(), "a-third-token".to_owned().into());
        assert_eq!(held(&token).as_deref(), Some("a-newer-token"), "it went");
    }

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
