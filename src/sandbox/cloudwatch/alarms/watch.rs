//! The datapoints that a metric alarm looks at.

use super::judge::EXTRA;
use super::spec::{Judged, MetricRule};
use crate::cloudwatch::query::{Asked, MetricAsk};
use crate::cloudwatch::stat::Stat;
use crate::cloudwatch::store::{MetricStore, Point};

/// Evaluation range of a metric alarm.
pub(super) struct Range {
    /// Its start, in seconds since the epoch.
    pub from: i64,
    /// Its end, exclusive: no period that is still under way.
    pub until: i64,
    /// Seconds a datapoint.
    pub period: i64,
}

impl Range {
    /// The newest complete periods at a time.
    ///
    /// At a speed above 1 the world lives that much faster while timestamps stay those of the wall clock, so a period shrinks
    /// by the same factor: one minute at speed 60 is one second. It never shrinks below what the store can tell apart, nor
    /// below the usual distance of the metric's newest data (a world that ticks every two seconds has no datapoint each
    /// second), and never grows beyond the alarm's own period.
    pub fn at(rule: &MetricRule, store: &MetricStore, now: i64, scale: f64) -> Self {
        let asked = rule.judged.period();
        let period = if scale > 1.0 {
            let width = store.bucket_seconds();
            let shrunk = (asked as f64 / scale).ceil() as i64;
            let spacing = match &rule.judged {
                Judged::Metric(ask) => store.spacing(&ask.key).unwrap_or(width),
                Judged::Math(_) => width,
            };
            let least = shrunk.max(width).max(spacing);
            (least + width - 1).div_euclid(width) * width
        } else {
            asked
        };
        let period = period.clamp(1, asked.max(1));
        // A metric's periods slide by the minute. Those of expressions lie on the grid of the period.
        let step = match rule.judged {
            Judged::Metric(_) => period.min(60),
            Judged::Math(_) => period,
        };
        let until = now - now.rem_euclid(step);
        let count = i64::from(rule.evaluation_periods.max(1)) + EXTRA;
        Self {
            from: until - period.saturating_mul(count),
            until,
            period,
        }
    }

    /// The datapoints in it, oldest first; an expression that fails gives none.
    pub fn points(&self, rule: &MetricRule, store: &MetricStore) -> Vec<Point> {
        let window = (self.from, self.until);
        match &rule.judged {
            Judged::Metric(ask) => {
                let unit = ask.unit.as_deref();
                let mut points = store.points(&ask.key, ask.stat, window, self.period, unit);
                // What counts up in a period counts up to less in a shrunk one: a threshold for a whole one stays right.
                if matches!(ask.stat, Stat::Sum | Stat::SampleCount) {
                    let whole = ask.period as f64 / self.period as f64;
                    points.iter_mut().for_each(|(_, value)| *value *= whole);
                }
                points
            }
            Judged::Math(queries) => {
                let period = |_: &MetricAsk| self.period;
                let asked = Asked::new(store, queries, window, &period);
                let returned = queries.iter().find(|q| q.return_data);
                let lines = returned.and_then(|q| asked.answer(q).ok());
                let line = lines.and_then(|mut l| (l.len() == 1).then(|| l.pop()).flatten());
                line.map_or_else(Vec::new, |l| l.points)
            }
        }
    }

    /// One place for each period, oldest first.
    pub fn places(&self, points: &[Point]) -> Vec<(i64, Option<f64>)> {
        let mut points = points.iter().peekable();
        let count = (self.until - self.from).div_euclid(self.period);
        (0..count)
            .map(|i| {
                let at = self.from + i * self.period;
                while points.next_if(|p| p.0 < at).is_some() {}
                (at, points.next_if(|p| p.0 == at).map(|p| p.1))
            })
            .collect()
    }
}
