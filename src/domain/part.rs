//! A part of the picture: a value with its age, its source, and what went wrong when it was last asked for.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::problem::Problem;

/// How far a [`Part`] can be trusted at a given moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Nobody has answered yet, and nothing has failed yet.
    Never,
    /// Younger than twice the period at which it is asked.
    Fresh,
    /// An answer exists, but it is older than it ought to be.
    Stale,
    /// The last question failed; the value (if any) is the last good one.
    Failed,
}

/// One answer of one system. A failed question keeps the last good value and marks it.
#[derive(Clone, Debug, Serialize)]
pub struct Part<T> {
    /// The last good answer.
    pub value: Option<T>,
    /// When the last good answer was received (UTC).
    pub observed_at: Option<Timestamp>,
    /// Who answered, in the words of the vendor's API: `ecs:DescribeServices`.
    pub source: String,
    /// How often the question is asked at present.
    #[serde(serialize_with = "seconds")]
    pub period: Duration,
    /// Whether the answer is a list that was cut: what is not in it may be there all the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Why the last question failed; `None` once one succeeded again.
    pub error: Option<Problem>,
}

fn seconds<S: serde::Serializer>(d: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_f64(d.as_secs_f64())
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self {
            value: None,
            observed_at: None,
            source: String::new(),
            period: Duration::from_secs(30),
            cut: false,
            error: None,
        }
    }
}

impl<T> Part<T> {
    /// A part that was never answered, from a named source.
    pub fn never(source: impl Into<String>, period: Duration) -> Self {
        Self {
            source: source.into(),
            period,
            ..Self::default()
        }
    }

    /// A good answer.
    pub fn answered(value: T, at: Timestamp, source: impl Into<String>, period: Duration) -> Self {
        Self {
            value: Some(value),
            observed_at: Some(at),
            source: source.into(),
            period,
            cut: false,
            error: None,
        }
    }

    /// Takes a new answer; a failure keeps the last good value.
    pub fn take(&mut self, answer: Result<T, Problem>, at: Timestamp) {
        match answer {
            Ok(value) => {
                self.value = Some(value);
                self.observed_at = Some(at);
                self.error = None;
            }
            Err(problem) => self.error = Some(problem),
        }
    }

    /// Age of the last good answer; `None` if there was none. Never negative.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let at = self.observed_at?;
        Some(Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO))
    }

    /// How far the value can be trusted at `now`.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        match (self.error.is_some(), self.age(now)) {
            (true, _) => Freshness::Failed,
            (false, None) => Freshness::Never,
            (false, Some(_)) if self.is_young(now) => Freshness::Fresh,
            (false, Some(_)) => Freshness::Stale,
        }
    }

    /// Whether the last good answer is as young as it ought to be, whatever failed since.
    pub fn is_young(&self, now: Timestamp) -> bool {
        let limit = self.period * 2 + Duration::from_secs(5);
        self.age(now).is_some_and(|age| age <= limit)
    }

    /// The value while it may be believed: not after a failure, not when stale. No green comes from anything else.
    pub fn fresh(&self, now: Timestamp) -> Option<&T> {
        match self.freshness(now) {
            Freshness::Fresh => self.value.as_ref(),
            _ => None,
        }
    }
}

impl<T> Part<Vec<T>> {
    /// The last good rows, or none.
    pub fn rows(&self) -> &[T] {
        self.value.as_deref().unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::{Problem, ProblemKind};

    #[test]
    fn a_failure_keeps_the_last_good_value_but_is_never_fresh() {
        let t0 = Timestamp::from_second(1_000).unwrap();
        let mut part = Part::never("ecs:ListClusters", Duration::from_secs(10));
        assert_eq!(part.freshness(t0), Freshness::Never);
        part.take(Ok(7), t0);
        assert_eq!(part.fresh(t0), Some(&7));
        part.take(
            Err(Problem::new(ProblemKind::Timeout, "ecs", "w", "y", "f")),
            t0,
        );
        assert_eq!(part.value, Some(7));
        assert_eq!(part.freshness(t0), Freshness::Failed);
        assert_eq!(part.fresh(t0), None);
        part.take(Ok(8), t0);
        let later = Timestamp::from_second(1_100).unwrap();
        assert_eq!(part.freshness(later), Freshness::Stale);
    }
}
