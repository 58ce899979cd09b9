//! Whether requests are answered although no health check passes: by what the load balancer counts of a group without a healthy target.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::counts::Stretch;
use super::facts::Facts;
use super::metric::{MetricQuery, Series, Stat};
use super::queries;
use super::slo::LATELY_S;
use super::target::TargetGroup;

/// Counts that end so many seconds ago still speak of now: CloudWatch is a minute or two behind, and is asked once a minute.
const AT_MOST_S: i64 = 240;
/// The longest that requests may stay away, seconds, where they come seldom: after that nobody knows whether the next is answered.
const QUIET_S: i64 = 900;
/// How far back it is looked for how often requests come.
const USUAL: SignedDuration = SignedDuration::from_hours(1);
/// Share of requests that may fail of those that are said to be answered well.
const FAILED: f64 = 0.05;
/// Share of requests that succeed of those that are said to be answered well: what is refused is no proof that anything works.
const WELL: f64 = 0.5;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The end of a minute that begins then.
fn end(at: Timestamp) -> Timestamp {
    at.saturating_add(MINUTE).unwrap_or(at)
}

/// How long requests may stay away after the newest ones, seconds: no longer than they did in the hour before.
fn silence(minutes: &[Timestamp], newest: Timestamp) -> i64 {
    let since = newest.saturating_sub(USUAL).unwrap_or(newest);
    let minutes = minutes.iter().filter(|at| (since..=newest).contains(*at));
    let next = minutes.clone().skip(1);
    let gaps = minutes.zip(next).map(|(a, b)| b.duration_since(*a));
    let usual = gaps.max().map_or(0, |gap| (gap - MINUTE).as_secs());
    (AT_MOST_S + usual).min(QUIET_S)
}

impl Facts {
    /// Whether requests to groups without a healthy target are answered well all the same, as far as that is sure: whole minutes count
    /// in which none was healthy already, and only what targets themselves answered is a proof. What the load balancer answers in their
    /// place is counted for all its groups together, and held against these alone. `false` where nobody counts.
    pub(super) fn answers_well(&self, groups: &[&TargetGroup]) -> bool {
        self.counts_well(groups).unwrap_or(false)
    }

    fn counts_well(&self, groups: &[&TargetGroup]) -> Option<bool> {
        let now = self.taken_at;
        self.series.fresh(now)?;
        // The other one of a pair has no targets.
        let groups = groups.iter().filter(|g| !g.targets.is_empty());
        let groups: Vec<&TargetGroup> = groups.copied().collect();
        let is_sick = |at: Timestamp| groups.iter().all(|g| self.had_none(g, at));
        let mut from: Option<Timestamp> = None;
        for group in &groups {
            let requests =
                self.counted(queries::target_group(group, queries::REQUESTS, Stat::Sum))?;
            let some = requests.points.iter().filter(|(_, n)| *n > 0.0);
            let minutes: Vec<Timestamp> = some.map(|(at, _)| *at).collect();
            let mut told = minutes.iter().rev().copied();
            let newest = told.find(|at| end(*at) <= now && is_sick(*at))?;
            // What came before says nothing of requests that come no more.
            let silent = now.duration_since(end(newest)).as_secs();
            if group.load_balancers.len() != 1 || silent > silence(&minutes, newest) {
                return None;
            }
            let first = Stretch::until(end(newest), LATELY_S).from;
            from = Some(from.map_or(first, |at| at.min(first)));
        }
        let from = from?;
        let over = |at: Timestamp| at >= from && end(at) <= now && is_sick(at);
        let sum = |query: Option<MetricQuery>| -> Option<f64> {
            let points = self.counted(query)?.points.iter();
            Some(points.filter(|(at, _)| over(*at)).map(|(_, n)| n).sum())
        };
        let of_groups = |names: &[&str]| -> Option<f64> {
            let each = groups
                .iter()
                .flat_map(|g| names.iter().map(move |n| (g, n)));
            let each = each.map(|(g, name)| sum(queries::target_group(g, name, Stat::Sum)));
            each.sum()
        };
        let refused: BTreeSet<_> = groups
            .iter()
            .filter_map(|g| g.load_balancers.first())
            .collect();
        let first_of = |arn: &String| {
            groups
                .iter()
                .find(|g| g.load_balancers.first() == Some(arn))
        };
        let refused = refused.into_iter().filter_map(first_of);
        let refused: f64 = refused
            .map(|g| sum(queries::refused(g)))
            .sum::<Option<f64>>()?;
        let asked = of_groups(&[queries::REQUESTS])?;
        let well = of_groups(&queries::SUCCEEDED)?;
        let failed = of_groups(&[queries::FAILED])?;
        let answered = well + failed + of_groups(&[queries::REJECTED])?;
        // Whoever hangs up before an answer is counted as a 4xx of the load balancer's alone.
        let failures = failed + refused + (asked - answered).max(0.0);
        Some(asked > 0.0 && well >= WELL * asked && failures <= FAILED * asked)
    }

    /// A series that was told whole.
    fn counted(&self, query: Option<MetricQuery>) -> Option<&Series> {
        let series = self.series(&query?)?;
        (!series.partial).then(|| series.as_ref())
    }

    /// Whether no target of a group was healthy for the whole of the minute that begins then: because that was told before, or because
    /// the load balancer counted none in it.
    fn had_none(&self, group: &TargetGroup, at: Timestamp) -> bool {
        let told = self.targets_told.of(&group.arn);
        if told
            .and_then(|t| t.none_since)
            .is_some_and(|since| since <= at)
        {
            return true;
        }
        let healthy = self.counted(queries::healthy_hosts(group));
        let place =
            healthy.and_then(|s| Some((s, s.points.binary_search_by_key(&at, |p| p.0).ok()?)));
        place.is_some_and(|(s, n)| s.points.get(n).is_some_and(|(_, most)| *most <= 0.0))
    }
}
