//! What was counted, in one row: long periods up to a seam, short ones from there on, and minutes at last.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Bucket, Promise, Rows, Weight};
use crate::domain::slo::HOUR_S;
use crate::watch::topics::series::floor;

/// Counts arrive this late at most: so long the newest period counts as the present one.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// Seconds of the newest periods.
const MINUTE_S: u32 = 60;

/// The window up to now.
#[derive(Debug)]
pub(super) struct Past {
    /// Long periods before the seam, oldest first.
    long: Vec<Bucket>,
    /// Short periods before the minutes, oldest first.
    short: Vec<Bucket>,
    /// Whole minutes, oldest first.
    pub minutes: Vec<Bucket>,
    /// Short periods up to now, oldest first: the newest are made of minutes, and the last one may have only begun.
    pub recent: Vec<Bucket>,
    /// Seconds of the short ones.
    short_s: u32,
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
    /// Joins the rows; what lies before the window is left out.
    pub fn of(rows: Rows<'_>, wanted_s: u64, now: Timestamp) -> Self {
        let begin = earlier(now, wanted_s);
        let inside = |row: &[Bucket], until: Timestamp| -> Vec<Bucket> {
            let all = row.iter().filter(|b| b.at >= begin && b.at < until);
            all.copied().collect()
        };
        let short_s = rows.short_s;
        let first = |row: &[Bucket], seconds: u32| {
            let at = row.first().map(|b| floor(b.at, i64::from(seconds)));
            at.unwrap_or(Timestamp::MAX)
        };
        let minutes = inside(rows.minutes, Timestamp::MAX);
        let seam = first(&minutes, short_s);
        let short = inside(rows.short, seam);
        let long = inside(rows.long, first(&short, short_s).min(seam));
        let mut recent = short.clone();
        recent.extend(joined(&minutes, short_s));
        let busy = |b: &&Bucket| b.requests > 0.0;
        let ends = |row: &[Bucket], seconds| {
            let last = row.iter().rev().find(busy)?;
            Some(later(last.at, seconds).min(now))
        };
        let newest = ends(&minutes, MINUTE_S)
            .or_else(|| ends(&short, short_s))
            .or_else(|| ends(&long, HOUR_S));
        let oldest = long.iter().chain(&recent).find(busy).map(|b| b.at);
        Self {
            end: newest
                .filter(|at| now.duration_since(*at) <= LATE)
                .unwrap_or(now),
            long,
            short,
            minutes,
            recent,
            short_s,
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
        let short = self.short.iter().map(|b| (b, self.short_s));
        let minutes = self.minutes.iter().map(|b| (b, MINUTE_S));
        long.chain(short).chain(minutes)
    }

    /// All of it in periods of an hour, oldest first.
    pub fn hours(&self) -> Vec<Bucket> {
        let all: Vec<Bucket> = self.buckets().map(|(b, _)| *b).collect();
        joined(&all, HOUR_S)
    }

    /// The begin of the window of so many seconds that ends with what was counted last.
    fn before(&self, seconds: u64) -> Timestamp {
        earlier(self.end, seconds)
    }

    /// What the short periods counted that begin within the last seconds.
    pub fn inside(&self, seconds: u64) -> Bucket {
        let from = self.before(seconds);
        let row = self.short.iter().chain(&self.minutes);
        Bucket::sum(row.filter(|b| b.at >= from))
    }

    /// Seconds of those that were counted: what has not arrived yet was not.
    pub fn counted_s(&self, window_s: u64) -> u64 {
        let from = self.oldest.unwrap_or(self.end).max(self.before(window_s));
        self.end
            .duration_since(from)
            .as_secs()
            .max(0)
            .unsigned_abs()
    }

    /// Seconds that were counted of one of the recent periods: the last one may not be over.
    pub fn length_of(&self, b: &Bucket) -> f64 {
        let over = later(b.at, self.short_s);
        let end = self
            .newest
            .filter(|at| *at > b.at)
            .map_or(over, |at| at.min(over));
        end.duration_since(b.at).as_secs_f64().max(1.0)
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

/// Periods joined into longer ones.
fn joined(all: &[Bucket], seconds: u32) -> Vec<Bucket> {
    let mut row: BTreeMap<Timestamp, Bucket> = BTreeMap::new();
    for b in all {
        let at = floor(b.at, i64::from(seconds));
        let sum = row
            .get(&at)
            .map_or(Bucket { at, ..*b }, |known| known.and(b));
        row.insert(at, sum);
    }
    row.into_values().collect()
}
