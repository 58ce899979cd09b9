//! The one place for time-outs, retries, limits, metering and wording. Every call to a vendor leaves through a [`Line`].
//!
//! One layer retries, reads only: the SDK's standard mode where an SDK asks, [`Line::ask`] where HTTP is spoken without one;
//! three attempts with full jitter either way. A mutation is sent once.

mod action;
pub mod allowance;
mod body;
mod budget;
mod cap;
mod courier;
pub mod errand;
mod evidence;
mod limits;
pub mod meter;
mod proxy;
pub mod rest;
mod rows;
mod tally;
mod vendor;
mod words;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::action::Permit;
use crate::domain::facts::ProviderHealth;
use crate::domain::problem::{Problem, ProblemKind};

pub use budget::Budget;
pub use cap::Cap;
pub use courier::{Courier, Heard, IDLE, RESTED};
pub use evidence::Evidence;
use meter::Meter;
pub use rows::{MANY, ROWS};
pub use tally::Tally;
pub use vendor::Vendor;
pub(crate) use words::is_crash_page;
pub use words::{Advice, Asked, Question, Whereabouts, word};

/// Calls of one provider that may be under way at once; more wait their turn.
const SEATS: usize = 6;

/// Those of what a person asked to be done, besides.
const ERRAND_SEATS: usize = 3;

/// Attempts at a read, the first included.
const ATTEMPTS: u32 = 3;

/// Time-outs of one kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The whole operation, all attempts and pauses included.
    pub operation: Duration,
    /// One attempt, its body included.
    pub attempt: Duration,
}

impl Deadline {
    /// Small questions: identity, services, alarms.
    pub fn short(configured: Option<Duration>) -> Self {
        Self::of(configured, 10)
    }

    /// Questions with big answers: series, logs.
    pub fn long(configured: Option<Duration>) -> Self {
        Self::of(configured, 20)
    }

    fn of(configured: Option<Duration>, seconds: u64) -> Self {
        let operation = configured.unwrap_or(Duration::from_secs(seconds));
        Self {
            operation,
            attempt: operation * 2 / 5,
        }
    }

    /// As the SDK wants it. The SDK has no such limits by itself; the attempt's limit covers its body, too.
    pub fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .operation_timeout(self.operation)
            .operation_attempt_timeout(self.attempt)
            .read_timeout(self.attempt)
            .connect_timeout(self.attempt.min(Duration::from_secs(2)))
            .build()
    }

    /// One attempt that may take the whole time: for mutations, which are never sent twice.
    pub fn once(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .operation_timeout(self.operation)
            .operation_attempt_timeout(self.operation)
            .read_timeout(self.operation)
            .connect_timeout(self.attempt.min(Duration::from_secs(2)))
            .build()
    }
}

/// Retries of reads: the SDK's standard mode with full jitter and its token bucket.
pub fn read_retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(400))
        .with_max_backoff(Duration::from_secs(4))
}

/// The way to one provider: bounded, metered, worded.
#[derive(Debug)]
pub struct Line {
    meter: Arc<Meter>,
    seats: Semaphore,
    errand_seats: Semaphore,
    read_only: bool,
    configured: bool,
}

impl Line {
    /// A line to a provider. `configured`: whether this run's configuration asks for it at all.
    pub fn new(name: &'static str, read_only: bool, configured: bool) -> Self {
        Self {
            meter: Arc::new(Meter::new(name)),
            seats: Semaphore::new(SEATS),
            errand_seats: Semaphore::new(ERRAND_SEATS),
            read_only,
            configured,
        }
    }

    /// Name of the provider.
    pub fn name(&self) -> &'static str {
        self.meter.name()
    }

    /// Whether the configuration asks for it at all.
    pub fn is_configured(&self) -> bool {
        self.configured
    }

    /// Counts metrics that a question asks for, which AWS charges each.
    pub fn metrics(&self, asked: usize) {
        self.meter.metrics(asked);
    }

    /// What the provider is like at present.
    pub fn health(&self) -> ProviderHealth {
        self.meter.health(self.configured)
    }

    /// When the provider may be asked again by the clock, if it asked for rest or keeps failing (UTC). A person's own
    /// question is not held back by it.
    pub fn next_try(&self) -> Option<Timestamp> {
        self.meter.next_try()
    }

    /// Whether the provider throttled lately, so that it is to be asked one thing after another.
    pub fn is_strained(&self) -> bool {
        self.meter.is_strained()
    }

    /// Waits for a seat among those of who asks.
    async fn seat(&self) -> Option<SemaphorePermit<'_>> {
        let seats = match errand::is_one() {
            true => &self.errand_seats,
            false => &self.seats,
        };
        // Never closed.
        seats.acquire().await.ok()
    }

    /// The interceptor that counts this line's attempts on an SDK client and holds its read-only gate.
    pub fn tally(&self) -> Tally {
        Tally::new(self.meter.clone(), self.read_only)
    }

    /// Asks an SDK: waits for a seat, meters, words a failure.
    pub async fn read<T, E>(
        &self,
        asked: &Asked,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Problem>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let _seat = self.seat().await;
        let answer = call.await.map_err(|e| word(asked, &Evidence::of(&e)));
        if answer.is_ok() {
            self.meter.earn_retry();
        }
        self.meter.outcome(answer.as_ref().err());
        answer
    }

    /// Sends a mutation. Refused before any byte leaves in read-only mode; a lost reply is [`ProblemKind::Unknown`]. The
    /// permit proves that the intent is journalled.
    pub async fn mutate<T, E>(
        &self,
        permit: &Permit,
        asked: &Asked,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Problem>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.may_mutate(asked.system, asked.operation)?;
        tracing::info!(run = permit.run(), operation = asked.operation, "mutating");
        let answer = call
            .await
            .map_err(|e| word(&asked.mutating(), &Evidence::of(&e)));
        self.meter.outcome(answer.as_ref().err());
        answer
    }

    /// Whether this line lets mutations pass at all.
    ///
    /// # Errors
    /// `Refused` in read-only mode.
    pub fn may_mutate(&self, system: &str, operation: &str) -> Result<(), Problem> {
        if self.read_only {
            return Err(refused(system, operation));
        }
        Ok(())
    }

    /// Asks over HTTP without an SDK: waits for a seat, tries up to three times with full jitter where that may help, meters,
    /// heeds what the vendor says of its limits, words a failure. `attempt` makes and sends the request anew each time, so that a
    /// signature is never stale.
    pub async fn ask<F, A>(
        &self,
        asked: &Asked,
        deadline: Deadline,
        attempt: F,
    ) -> Result<Heard, Problem>
    where
        F: Fn() -> A,
        A: Future<Output = Result<Heard, Evidence>>,
    {
        let _seat = self.seat().await;
        let all = self.attempts(deadline, attempt);
        let answer = match tokio::time::timeout(deadline.operation, all).await {
            Ok(answer) => answer,
            Err(_) => Err(Evidence::silence()),
        };
        let asked_for = answer.as_ref().err().and_then(|e| e.retry_after);
        let answer = answer.map_err(|e| word(asked, &e));
        self.meter.outcome(answer.as_ref().err());
        if let Some(until) = asked_for.and_then(|d| limits::after(d, Timestamp::now())) {
            self.meter.rest_until(until);
        }
        if let Ok(heard) = &answer
            && let Some(until) = limits::rest_until(&heard.headers, Timestamp::now())
        {
            self.meter.rest_until(until);
        }
        answer
    }

    async fn attempts<F, A>(&self, deadline: Deadline, attempt: F) -> Result<Heard, Evidence>
    where
        F: Fn() -> A,
        A: Future<Output = Result<Heard, Evidence>>,
    {
        let mut failures = 0;
        loop {
            self.meter.attempt();
            let began = std::time::Instant::now();
            let answer = match tokio::time::timeout(deadline.attempt, attempt()).await {
                Ok(answer) => answer,
                Err(_) => Err(Evidence::silence()),
            };
            self.meter.latency(began.elapsed());
            if let Err(e) = &answer
                && e.kind() == ProblemKind::Throttled
            {
                self.meter.throttled();
            }
            match answer {
                Err(e)
                    if e.may_pass()
                        && limits::may_wait(e.retry_after)
                        && failures + 1 < ATTEMPTS
                        && self.meter.spend_retry() =>
                {
                    let pause = limits::backoff(failures, e.retry_after);
                    failures += 1;
                    tokio::time::sleep(pause).await;
                }
                Ok(heard) => {
                    let date = heard.headers.get(http::header::DATE);
                    if let Some(said) = date.and_then(|d| d.to_str().ok()) {
                        self.meter.date(said, Timestamp::now());
                    }
                    self.meter.earn_retry();
                    return Ok(heard);
                }
                Err(e) => return Err(e),
            }
        }
    }

    /// Meters a question that is not an SDK's: a probe from this machine.
    pub async fn track<T>(
        &self,
        call: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let _seat = self.seat().await;
        self.meter.attempt();
        let began = std::time::Instant::now();
        let answer = call.await;
        self.meter.latency(began.elapsed());
        self.meter.outcome(answer.as_ref().err());
        answer
    }

    /// Records a failure that happened before anything was sent, such as a configuration without a region.
    pub fn failed(&self, problem: &Problem) {
        self.meter.outcome(Some(problem));
    }
}

fn refused(system: &str, operation: &str) -> Problem {
    Problem::new(
        ProblemKind::Refused,
        system,
        format!("{operation} was not sent"),
        words::READ_ONLY,
        words::WITHOUT_READ_ONLY,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_errand_does_not_wait_behind_the_watch() {
        let line = Line::new("ecs", false, true);
        let mut held = Vec::new();
        for _ in 0..SEATS {
            held.push(line.seat().await);
        }
        let soon = Duration::from_millis(20);
        let waits = async |seat| tokio::time::timeout(soon, seat).await.is_err();
        assert!(
            waits(line.seat()).await,
            "the watch has taken all of its own"
        );
        let all = errand::errand(async {
            for _ in 0..ERRAND_SEATS {
                held.push(line.seat().await);
            }
            waits(line.seat()).await
        });
        let all = tokio::time::timeout(Duration::from_secs(5), all).await;
        assert_eq!(all, Ok(true), "and no more than its own");
    }

    #[test]
    fn the_whole_call_outlasts_two_attempts_and_connects_quickly() {
        let d = Deadline::short(None);
        assert!(d.attempt * 2 < d.operation);
        let t = d.timeouts();
        assert_eq!(t.connect_timeout(), Some(Duration::from_secs(2)));
        assert_eq!(t.operation_timeout(), Some(Duration::from_secs(10)));
        assert_eq!(d.once().operation_attempt_timeout(), Some(d.operation));
    }
}
