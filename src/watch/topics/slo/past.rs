//! What was counted, in one row: long periods up to a seam, short ones from there on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Bucket, Promise, Weight};
use crate::domain::slo::HOUR_S;
use crate::watch::topics::series::floor;

/// Counts arrive this late at most: so long the newest period counts as the present one.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// The window up to now.
#[derive(Debug)]
pub(super) struct Past {
    /// Long periods before the seam, oldest first.
    long: Vec<Bucket>,
    /// Short periods, oldest first.
    pub recent: Vec<Bucket>,
    /// Seconds of the short ones.
    pub recent_s: u32,
    /// Length of the window, seconds.
    pub wanted_s: u64,
    /// Its begin.
    pub begin: Timestamp,
    /// Now.
    pub now: Timestamp,
    /// End of the newest period with requests.
    pub newest: Option<Timestamp>,
    /// Where windows end: what has not arrived yet is no gap.
    end: Timestamp,
    /// Start of the oldest period with requests.
    oldest: Option<Timestamp>,
}

fn earlier(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    at.saturating_sub(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MIN)
}

fn later(at: Timestamp, seconds: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(i64::from(seconds)))
        .unwrap_or(Timestamp::MAX)
}

impl Past {
    /// Joins both rows; what lies before the window is left out.
    pub fn of(
        long: &[Bucket],
        recent: &[Bucket],
        recent_s: u32,
        wanted_s: u64,
        now: Timestamp,
    ) -> Self {
        let begin = earlier(now, wanted_s);
        let seam = recent.first().map_or(now, |b| b.at);
        let inside = |b: &&Bucket| b.at >= begin;
        let long: Vec<Bucket> = long
            .iter()
            .filter(|b| b.at < seam)
            .filter(inside)
            .copied()
            .collect();
        let recent: Vec<Bucket> = recent.iter().filter(inside).copied().collect();
        let busy = |b: &&Bucket| b.requests > 0.0;
        let ends = |row: &[Bucket], seconds| {
            let last = row.iter().rev().find(busy)?;
            Some(later(last.at, seconds).min(now))
        };
        let newest = ends(&recent, recent_s).or_else(|| ends(&long, HOUR_S));
        let oldest = long.iter().chain(&recent).find(busy).map(|b| b.at);
        Self {
            end: newest
                .filter(|at| now.duration_since(*at) <= LATE)
                .unwrap_or(now),
            long,
            recent,
            recent_s,
            wanted_s,
            begin,
            now,
            newest,
            oldest,
        }
    }

    /// All periods with their lengths in seconds, oldest first.
    pub fn buckets(&self) -> impl Iterator<Item = (&Bucket, u32)> {
        let long = self.long.iter().map(|b| (b, HOUR_S));
        long.chain(self.recent.iter().map(|b| (b, self.recent_s)))
    }

    /// All of it in periods of an hour, oldest first.
    pub fn hours(&self) -> Vec<Bucket> {
        let mut hours: BTreeMap<Timestamp, Bucket> = BTreeMap::new();
        for (b, _) in self.buckets() {
            let at = floor(b.at, i64::from(HOUR_S));
            let joined = hours.get(&at).map_or(Bucket { at, ..*b }, |h| h.and(b));
            hours.insert(at, joined);
        }
        hours.into_values().collect()
    }

    /// The begin of the window of so many seconds that ends now.
    pub fn before(&self, seconds: u64) -> Timestamp {
        earlier(self.end, seconds)
    }

    /// What the periods from a time on weigh for a promise.
    pub fn weight(&self, p: &Promise, from: Timestamp) -> Weight {
        self.buckets()
            .filter(|(b, _)| b.at >= from)
            .fold(Weight::default(), |sum, (b, _)| sum.plus(p.weigh(b)))
    }

    /// What the periods weigh that reach into the last seconds. The one that has only just begun says nothing by itself: of its
    /// failures none may be counted yet, so the one before it counts along.
    pub fn lately(&self, p: &Promise, seconds: u64) -> Weight {
        let from = self.before(seconds);
        self.buckets()
            .filter(|(b, length)| later(b.at, *length) > from)
            .fold(Weight::default(), |sum, (b, _)| sum.plus(p.weigh(b)))
    }

    /// Seconds of a window that lie after the first request known.
    pub fn covered_s(&self, window_s: u64) -> u64 {
        let known = self.oldest.map_or(0, |at| {
            self.now.duration_since(at).as_secs().max(0).unsigned_abs()
        });
        known.min(window_s)
    }
}
