//! A bounded burst against a URL whose owner allows it: one request after the other, none after the first 429 or failure, once an
//! hour at most, however many consoles of this user there are and however often somebody asks.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, Response};

use super::{Https, edge, guard};
use crate::backend::shelf::Shelf;
use crate::domain::guard::Burst;

/// From one burst at a URL to the next.
const APART: SignedDuration = SignedDuration::from_hours(1);

/// The longest burst.
const LONGEST: Duration = Duration::from_secs(30);

/// Bytes of an answer that are read at most.
const BODY: usize = 64 * 1024;

/// Its name on the shelf.
const NAME: &str = "bursts";

/// When bursts were sent, and what came of them.
#[derive(Debug)]
pub(super) struct Memory {
    shelf: Shelf,
    here: std::sync::Mutex<BTreeMap<String, Burst>>,
    one: tokio::sync::Mutex<()>,
}

impl Memory {
    pub(super) fn new(shelf: Shelf) -> Self {
        Self {
            shelf,
            here: std::sync::Mutex::default(),
            one: tokio::sync::Mutex::default(),
        }
    }

    /// The burst that forbids another one: this console's, or another's.
    fn recent(&self, url: &str, now: Timestamp) -> Option<Burst> {
        let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: BTreeMap<String, Burst> = self.shelf.read(NAME).unwrap_or_default();
        let known = [here.get(url).cloned(), kept.get(url).cloned()];
        let newest = known.into_iter().flatten().max_by_key(|b| b.at);
        // One from the future, by a clock that was set back, forbids no more than one from now.
        newest.filter(|b| now.duration_since(b.at).abs() < APART)
    }

    fn keep(&self, url: &str, burst: &Burst) {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.insert(url.to_owned(), burst.clone());
        let mut kept: BTreeMap<String, Burst> = self.shelf.read(NAME).unwrap_or_default();
        kept.retain(|_, b| burst.at.duration_since(b.at) < APART * 24);
        kept.insert(url.to_owned(), burst.clone());
        self.shelf.write(NAME, &kept);
    }
}

impl Https {
    /// Sends a burst, unless one was sent within the last hour: then that one is told of again.
    pub(super) async fn burst(&self, url: &str, most: u32) -> Burst {
        let _one = self.bursts.one.lock().await;
        let now = Timestamp::now();
        if let Some(known) = self.bursts.recent(url, now) {
            return known;
        }
        let mut burst = Burst {
            at: now,
            most,
            sent: 0,
            took_ms: 0,
            limited: false,
            retry_after: None,
            problem: Some("it broke off".into()),
        };
        // Before the first byte: whatever becomes of this process, the next one waits its hour.
        self.bursts.keep(url, &burst);
        burst.problem = None;
        let what = format!("Cannot ask {url} again");
        let began = Instant::now();
        while burst.sent < most && !burst.limited {
            if began.elapsed() >= LONGEST {
                burst.problem = Some(format!("it took longer than {} s", LONGEST.as_secs()));
                break;
            }
            burst.sent += 1;
            let sent = self.send(&self.steady, Method::GET, url, &what, &[]);
            let answer = self.line.track(sent).await;
            let own = answer.as_ref().ok();
            if let Some(why) = own.and_then(|a| edge::mitigated(a.status(), a.headers())) {
                // No limit of the host's has answered, and more requests would only make this machine more suspect.
                burst.problem = Some(why);
                break;
            }
            match answer {
                Ok(answer) if answer.status() == http::StatusCode::TOO_MANY_REQUESTS => {
                    burst.limited = true;
                    burst.retry_after = guard::value(answer.headers(), &RETRY_AFTER);
                }
                // A server that begins to fail is left alone.
                Ok(answer) if answer.status().is_server_error() => {
                    burst.problem = Some(format!("it answered {}", answer.status().as_u16()));
                    break;
                }
                Ok(answer) => drain(answer).await,
                Err(problem) => {
                    burst.problem = Some(problem.why);
                    break;
                }
            }
        }
        burst.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.bursts.keep(url, &burst);
        burst
    }
}

/// Reads a body, so that the next request can have the connection; one that is longer than it may be costs its connection.
async fn drain(mut answer: Response) {
    let mut read = 0;
    while read < BODY
        && let Ok(Some(piece)) = answer.chunk().await
    {
        read += piece.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_console_waits_its_hour_too() {
        let folder = std::env::temp_dir().join(format!("flightdeck-burst-{}", std::process::id()));
        let (first, second) = (
            Memory::new(Shelf::at(folder.clone())),
            Memory::new(Shelf::at(folder.clone())),
        );
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let burst = Burst {
            at: now,
            most: 9,
            sent: 3,
            took_ms: 4,
            limited: true,
            retry_after: None,
            problem: None,
        };
        assert_eq!(first.recent("https://a.example/", now), None);
        first.keep("https://a.example/", &burst);
        for memory in [&first, &second] {
            let soon = now + SignedDuration::from_mins(59);
            assert_eq!(
                memory.recent("https://a.example/", soon),
                Some(burst.clone())
            );
            assert_eq!(memory.recent("https://b.example/", soon), None);
            let late = now + SignedDuration::from_mins(61);
            assert_eq!(memory.recent("https://a.example/", late), None);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
