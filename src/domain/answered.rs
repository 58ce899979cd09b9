//! Whether requests are answered although no health check passes: by what the load balancers counted, which is asked for anyway.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::facts::Facts;
use super::metric::Stat;
use super::queries;
use super::target::TargetGroup;

/// Counts that end so many seconds ago still speak of now: CloudWatch is a minute or two behind, and is asked once a minute.
const AT_MOST_S: i64 = 240;
/// How far a group's own count may end before that of its load balancer.
const BEHIND: SignedDuration = SignedDuration::from_mins(3);
/// Share of requests that may fail of those that are said to be answered well.
const FAILED: f64 = 0.05;

impl Facts {
    /// Whether requests to some groups were answered well in the last minutes, as far as that is sure. What a load balancer answers itself
    /// in place of a target that does not is counted for all its groups together: all that failed at the load balancers that the
    /// promises are measured at is held against the requests of these groups alone. `false` where nobody counts.
    pub(super) fn answers_well(&self, groups: &[&TargetGroup]) -> bool {
        let now = self.taken_at;
        let Some(slo) = self.slos.fresh(now).and_then(|all| all.first()) else {
            return false;
        };
        let dimensions = slo.queries.iter().flat_map(|q| &q.metric.dimensions);
        let measured: BTreeSet<&str> = dimensions.map(|(_, value)| value.as_str()).collect();
        let is_measured = |g: &&TargetGroup| {
            let balancer = g.load_balancer_dimension();
            g.load_balancers.len() == 1 && balancer.is_some_and(|b| measured.contains(b))
        };
        let (Some(over), None, Some(_)) = (
            slo.counted.lately(now, AT_MOST_S),
            &slo.counted.missing,
            self.series.fresh(now),
        ) else {
            return false;
        };
        let mut asked = 0.0;
        for group in groups {
            let query = queries::target_group(group, "RequestCount", Stat::Sum);
            let series = query.and_then(|q| self.series(&q));
            let points = series.iter().flat_map(|s| s.points.iter());
            let points: Vec<_> = points.filter(|(at, _)| over.has(*at)).collect();
            if points.is_empty() && group.targets.is_empty() {
                // The other one of a pair.
                continue;
            }
            // What came before says nothing of requests that come no more.
            let newest = points.iter().filter(|(_, n)| *n > 0.0).map(|(at, _)| *at);
            let comes = newest
                .max()
                .is_some_and(|at| over.until.duration_since(at) <= BEHIND);
            if !is_measured(group) || !comes {
                return false;
            }
            asked += points.iter().map(|(_, n)| n).sum::<f64>();
        }
        asked > 0.0 && over.sum(&slo.counted.minutes).failures <= FAILED * asked
    }
}
