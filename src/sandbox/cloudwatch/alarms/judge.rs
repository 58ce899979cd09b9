//! Judging a metric alarm's datapoints (CloudWatch user guide, "Configuring how alarms treat missing data").

use super::spec::{MetricRule, State, TreatMissing};
use crate::cloudwatch::store::Point;

/// Periods that are looked at beyond the evaluation periods, to make up for missing ones.
pub(super) const EXTRA: i64 = 2;

/// What the datapoints say.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The alarm keeps its state.
    Keep,
    /// The state, with the datapoints that decided, newest first, and how many missing ones were treated as what.
    Is {
        state: State,
        decided: Vec<Point>,
        missing: u32,
    },
}

/// Judges the values of the evaluation range (the evaluation periods and [`EXTRA`] older ones), oldest first, one for each
/// period or `None` where it is missing.
///
/// As documented: with as many real datapoints as evaluation periods, the newest of those are judged and gaps ignored. With
/// fewer, the gaps are filled as the alarm says; but a real datapoint is never replaced.
pub(super) fn judge(rule: &MetricRule, range: &[(i64, Option<f64>)]) -> Verdict {
    let n = rule.evaluation_periods.max(1) as usize;
    let m = rule
        .datapoints_to_alarm
        .map_or(n, |m| m as usize)
        .clamp(1, n);
    let breaches = |v: f64| rule.comparison.breaches(v, rule.threshold);
    let real: Vec<Point> = range
        .iter()
        .rev()
        .filter_map(|(t, v)| Some((*t, (*v)?)))
        .take(n)
        .collect();
    let breaching = real.iter().filter(|(_, v)| breaches(*v)).count();
    let lacking = n - real.len();
    let is = |state, missing: usize| Verdict::Is {
        state,
        decided: decisive(&real, state, breaches),
        missing: u32::try_from(missing).unwrap_or(u32::MAX),
    };
    if breaching >= m {
        return is(State::Alarm, 0);
    }
    if lacking == 0 {
        return is(State::Ok, 0);
    }
    match rule.treat_missing {
        TreatMissing::Breaching if breaching + lacking >= m => is(State::Alarm, lacking),
        TreatMissing::Breaching | TreatMissing::NotBreaching => is(State::Ok, lacking),
        // Too little to say that it is over.
        TreatMissing::Ignore if real.len() < m => Verdict::Keep,
        TreatMissing::Missing if real.is_empty() => is(State::InsufficientData, lacking),
        TreatMissing::Missing if breaching == real.len() => {
            // All that there is breaches: an alarm, unless it began too lately to tell.
            let age = range.iter().rev().rposition(|(_, v)| v.is_some());
            match age {
                Some(place) if place + 1 >= m => is(State::Alarm, lacking),
                _ => Verdict::Keep,
            }
        }
        TreatMissing::Ignore | TreatMissing::Missing => is(State::Ok, 0),
    }
}

/// The datapoints that a reason names: the breaching ones of an alarm, the others of a recovery.
fn decisive(real: &[Point], state: State, breaches: impl Fn(f64) -> bool) -> Vec<Point> {
    let wanted = state == State::Alarm;
    let some = real.iter().filter(|(_, v)| breaches(*v) == wanted);
    some.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::alarms::{AlarmSpec, Comparison, Watch};
    use crate::cloudwatch::stat::Stat;

    /// The verdicts of missing, ignore, breaching and notBreaching; `0` is within, `X` beyond, `-` missing.
    fn verdicts(m: u32, picture: &str) -> String {
        let range: Vec<_> = picture
            .split(' ')
            .zip(0..)
            .map(|(sign, t)| {
                let value = match sign {
                    "0" => Some(0.0),
                    "X" => Some(1.0),
                    _ => None,
                };
                (t, value)
            })
            .collect();
        let of = |treat| {
            let spec = AlarmSpec::metric(
                "a",
                ("N", "m"),
                &[],
                Stat::Average,
                Comparison::GreaterThanThreshold,
                0.5,
            );
            let Watch::Metric(rule) = spec.over(m, 3, 60).missing(treat).watch else {
                unreachable!()
            };
            match judge(&rule, &range) {
                Verdict::Keep => "keep",
                Verdict::Is { state, .. } => state.as_str(),
            }
        };
        use TreatMissing::{Breaching, Ignore, Missing, NotBreaching};
        [Missing, Ignore, Breaching, NotBreaching].map(of).join(" ")
    }

    #[test]
    fn the_tables_of_the_user_guide() {
        // Three of three.
        assert_eq!(verdicts(3, "0 - X - X"), "OK OK OK OK");
        assert_eq!(verdicts(3, "- - - - 0"), "OK keep OK OK");
        assert_eq!(verdicts(3, "- - - - -"), "INSUFFICIENT_DATA keep ALARM OK");
        assert_eq!(verdicts(3, "0 X X - X"), "ALARM ALARM ALARM ALARM");
        assert_eq!(verdicts(3, "- - X - -"), "ALARM keep ALARM OK");
        // Two of three.
        assert_eq!(verdicts(2, "0 - X - X"), "ALARM ALARM ALARM ALARM");
        assert_eq!(verdicts(2, "0 0 X 0 X"), "ALARM ALARM ALARM ALARM");
        assert_eq!(verdicts(2, "0 - X - -"), "OK OK ALARM OK");
        assert_eq!(verdicts(2, "- - - - 0"), "OK keep ALARM OK");
        // One young breach is no alarm yet.
        assert_eq!(verdicts(3, "- - - - X"), "keep keep ALARM OK");
    }
}
