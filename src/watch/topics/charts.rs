//! Series on the metrics screen, and the names of metrics to choose from.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::series::floor;
use crate::backend::Backend;
use crate::domain::facts::Charts;
use crate::domain::interest::Interest;
use crate::domain::metric::{MetricId, MetricQuery, Series, Window};
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;
use crate::watch::topic::{Topic, Wanted};
use crate::watch::wanted::stamp;

/// Names of metrics that are listed at most: ListMetrics gives 500 a call.
pub const NAMES: usize = 5_000;

/// Time between two listings of names.
pub const NAMED: Duration = Duration::from_secs(600);

/// How often a chart is asked: as often as it can change, within reason; a window of the past seldom.
pub fn wanted(queries: &[MetricQuery], window: &Window) -> Wanted {
    let shortest = queries.iter().map(|q| q.period_s).min().unwrap_or(60);
    let millis = match window.until {
        None => u64::from(shortest).clamp(15, 300) * 1_000,
        Some(_) => 3_600_000,
    };
    Wanted::every(Topic::Charts, millis).stamped(stamp(&(queries, window)))
}

/// What is asked for at present.
pub fn asked(p: &Picture) -> Option<(Vec<MetricQuery>, Window)> {
    p.interests.iter().find_map(|i| match i {
        Interest::Metrics { queries, window } => Some((queries.clone(), *window)),
        _ => None,
    })
}

/// Series of a window, with what was asked.
#[derive(Debug)]
pub struct Charted {
    queries: Vec<MetricQuery>,
    window: Window,
    series: Result<Vec<Series>, Problem>,
}

/// Asks.
pub async fn ask(backend: &Backend, queries: Vec<MetricQuery>, window: Window) -> Charted {
    let until = window.until.unwrap_or_else(Timestamp::now);
    let length = SignedDuration::from_secs(i64::from(window.length_s));
    let from = until.saturating_sub(length).unwrap_or(until);
    let period = queries.iter().map(|q| q.period_s).max().unwrap_or(60);
    let series = if queries.is_empty() {
        Ok(Vec::new())
    } else {
        let from = floor(from, i64::from(period));
        backend.cloudwatch.series(&queries, from, until).await
    };
    Charted {
        queries,
        window,
        series,
    }
}

/// Joins, unless something else is looked at by now.
pub fn take(p: &mut Picture, answer: Charted, at: Timestamp) -> Option<ProblemKind> {
    let failure = answer.series.as_ref().err().map(|e| e.kind);
    if asked(p).as_ref() == Some(&(answer.queries, answer.window)) {
        let charts = answer.series.map(|series| Charts {
            window: Some(answer.window),
            series: series.into_iter().map(Arc::new).collect(),
        });
        p.facts.charts.take(charts, at);
    }
    failure
}

/// Another choice of series: what was drawn before is no answer to it.
pub fn open(p: &mut Picture) {
    let Some((queries, window)) = asked(p) else {
        return;
    };
    let wanted = wanted(&queries, &window);
    p.facts.charts.period = wanted.period;
    let shown = p.facts.charts.value.as_ref();
    let same = shown.is_some_and(|c| {
        c.series.len() == queries.len() && c.series.iter().zip(&queries).all(|(s, q)| s.query == *q)
    });
    if !same && shown.is_some() {
        p.facts.charts = Part::never("cloudwatch:GetMetricData", wanted.period);
    }
}

/// Joins names of metrics.
pub fn take_names(
    p: &mut Picture,
    answer: Result<(Vec<MetricId>, bool), Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    let part = &mut p.facts.metric_names;
    part.period = NAMED;
    part.source = match &answer {
        Ok((_, true)) => format!("cloudwatch:ListMetrics (the first {NAMES})"),
        _ => "cloudwatch:ListMetrics".into(),
    };
    if let Ok((_, more)) = &answer {
        part.cut = *more;
    }
    part.take(answer.map(|(names, _)| Arc::new(names)), at);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_list_that_was_cut_says_so_until_one_is_whole() {
        let mut p = Picture::new(Arc::new(Config::default()));
        for more in [true, false] {
            take_names(&mut p, Ok((Vec::new(), more)), Timestamp::UNIX_EPOCH);
            assert_eq!(p.facts.metric_names.cut, more);
        }
    }
}
