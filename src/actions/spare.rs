//! How long a preview waits, all in all, for what it can do without. Each wait takes from what is left for the next: several answers
//! that do not come hold up the emergency brake no longer than one.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::words;

/// Time that may be waited.
#[derive(Debug)]
pub struct Spare {
    left: Mutex<Duration>,
}

impl Spare {
    /// As much as this.
    pub fn of(left: Duration) -> Self {
        Self {
            left: Mutex::new(left),
        }
    }

    /// As much as there is until then.
    pub fn until(end: Instant) -> Self {
        Self::of(end.saturating_duration_since(Instant::now()))
    }

    /// Waits for an answer as long as there is time.
    ///
    /// # Errors
    /// In words, that none came.
    pub async fn wait<T>(&self, answer: impl Future<Output = T>) -> Result<T, String> {
        let left = *self.left.lock().unwrap_or_else(|e| e.into_inner());
        let began = Instant::now();
        let answer = tokio::time::timeout(left, answer).await;
        let left_now = left.saturating_sub(began.elapsed());
        *self.left.lock().unwrap_or_else(|e| e.into_inner()) = left_now;
        answer.map_err(|_| match left {
            Duration::ZERO => "not waited for: other answers were late".to_owned(),
            left if left.as_secs() == 0 => format!("no answer within {} ms", left.as_millis()),
            left => format!("no answer within {}", words::span(left)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn several_that_do_not_come_are_waited_for_no_longer_than_one() {
        let spare = Spare::of(Duration::from_millis(1_400));
        let began = Instant::now();
        let slow = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            7
        };
        assert_eq!(spare.wait(slow).await, Ok(7));
        let never = || std::future::pending::<()>();
        let late = spare.wait(never()).await;
        assert_eq!(late.unwrap_err(), "no answer within 1s");
        let later = spare.wait(never()).await;
        let said = "not waited for: other answers were late";
        assert_eq!(later.unwrap_err(), said);
        assert!(began.elapsed() < Duration::from_millis(1_900));
        let short = Spare::of(Duration::from_millis(90));
        let said = short.wait(never()).await.unwrap_err();
        assert_eq!(said, "no answer within 90 ms", "it was waited for");
        let there = spare.wait(std::future::ready(8)).await;
        assert_eq!(there, Ok(8), "what is there costs nothing");
    }
}
