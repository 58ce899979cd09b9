//! Pages as the browsers of real people met them: Core Web Vitals, which CloudWatch RUM collects (CloudWatch user guide, "CloudWatch
//! metrics that you can collect with CloudWatch RUM"). Vercel Speed Insights keeps the same figures, but has no public API for them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, span};
use super::{Probe, number};
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat};
use crate::domain::order::Ordered;
use crate::plan::checklist::CriterionState;

/// Where they stand.
const NAMESPACE: &str = "AWS/RUM";
/// The dimension that names an app monitor.
const MONITOR: &str = "application_name";
/// Three of four visits are to be at least so good (web.dev, "Web Vitals").
pub const VISITS: Stat = Stat::Percentile(750);

/// A vital: its metric, its parameter, its short name and its unit.
struct Vital(&'static str, &'static str, &'static str, &'static str);

/// How soon the largest part of a page shows, how much it jumps about, how soon it reacts.
const VITALS: [Vital; 3] = [
    Vital("WebVitalsLargestContentfulPaint", "lcp_ms", "LCP", " ms"),
    Vital("WebVitalsCumulativeLayoutShift", "cls", "CLS", ""),
    Vital("WebVitalsInteractionToNextPaint", "inp_ms", "INP", " ms"),
];

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "rum.web-vitals",
    question: "did pages load quickly, stand still and react for three of four visits lately?",
    params: &[
        number("lcp_ms", "2500"),
        number("cls", "0.1"),
        number("inp_ms", "200"),
        number("minutes", "60"),
    ],
    judge: vitals,
}];

/// Whether a metric is a vital of a whole app monitor.
pub fn is_vital(metric: &MetricId) -> bool {
    let [(dimension, _)] = metric.dimensions.as_slice() else {
        return false;
    };
    metric.namespace == NAMESPACE
        && dimension == MONITOR
        && VITALS.iter().any(|v| v.0 == metric.name)
}

fn vitals(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.series, "the series")?;
    let all = seen.value.iter().map(|(q, s)| (q, s.as_ref()));
    let all = all.filter(|(q, _)| q.stat == VISITS && is_vital(&q.metric));
    // How another environment's pages load proves nothing of these.
    let (known, others): (Vec<(&MetricQuery, &Series)>, Vec<_>) =
        all.partition(|(q, _)| look.facts.may_be_here(&q.metric));
    look.leave_out(others.iter().map(|(q, _)| monitor(q).to_owned()));
    // Nobody's pages are quick because nobody measured them.
    if let (true, Some((q, _))) = (known.is_empty(), others.first()) {
        let name = monitor(q);
        return Err(Judgement::unknown(format!(
            "CloudWatch lists no Web Vitals of this environment, {name} alone, which is another one's by its name"
        )));
    }
    if known.is_empty() {
        return Err(Judgement::unknown(
            "CloudWatch lists no Web Vitals: pages need an app monitor of CloudWatch RUM (Vercel Speed Insights has no public \
             API: where it measures, a person's word settles this)",
        ));
    }
    let mut found = Findings::new("vital", look.question(seen.source), seen.at);
    let monitors: BTreeSet<&str> = known.iter().map(|(q, _)| monitor(q)).collect();
    let mut nearest: Option<Measured> = None;
    // That pages show soon says nothing of whether they stand still: each of the three needs its own figure.
    for name in monitors {
        for vital in &VITALS {
            let mut all = known.iter().filter(|(q, _)| monitor(q) == name);
            match all.find(|(q, _)| q.metric.name == vital.0) {
                Some((_, series)) => {
                    let told = judge(look, vital, name, series, &mut found);
                    let of = |m: &Measured| m.share;
                    nearest = [nearest, told]
                        .into_iter()
                        .flatten()
                        .max_by(|a, b| of(a).total_cmp(&of(b)));
                }
                None => found.unknown(format!("{} of {name}", vital.2), "is not measured"),
            }
        }
    }
    let judged = found.verdict();
    Ok(match nearest {
        Some(m) if judged.state != CriterionState::Unknown => judged.measured(m.now, m.target),
        _ => judged,
    })
}

/// A vital as it was measured, and how much of what it may be that is.
struct Measured {
    share: f64,
    now: String,
    target: String,
}

fn monitor(query: &MetricQuery) -> &str {
    query.metric.dimensions.first().map_or("", |d| d.1.as_str())
}

fn judge(
    look: &Look<'_>,
    vital: &Vital,
    monitor: &str,
    series: &Series,
    found: &mut Findings,
) -> Option<Measured> {
    let name = format!("{} of {monitor}", vital.2);
    let since = look.now.as_second() as f64 - look.number("minutes") * 60.0;
    let lately: Vec<f64> = series
        .points
        .iter()
        .filter(|(at, _)| at.as_second() as f64 >= since)
        .map(|(_, value)| *value)
        .collect();
    let Some(value) = median(lately) else {
        let newest: Option<Timestamp> = series.points.last().map(|p| p.0);
        let age =
            newest.and_then(|at| std::time::Duration::try_from(look.now.duration_since(at)).ok());
        let words = age.map_or("nobody measured yet".into(), |a| {
            format!("the newest measurement is {} old", span(a))
        });
        found.unknown(&name, words);
        return None;
    };
    let most = look.number(vital.1);
    let digits = if vital.3.is_empty() { 3 } else { 0 };
    let answer = format!(
        "{value:.digits$}{unit} (at most {most}{unit})",
        unit = vital.3
    );
    found.check(value <= most, &name, &answer);
    Some(Measured {
        share: value / most,
        now: format!("{} {value:.digits$}{}", vital.2, vital.3),
        target: format!("≤ {most}{}", vital.3),
    })
}

fn median(mut all: Vec<f64>) -> Option<f64> {
    all.order_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::metric::Unit;
    use crate::domain::part::Part;
    use crate::plan::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;
    use crate::plan::probes::{Call, judge};

    fn asked_in_full(measured: &[(&str, f64)], minutes_ago: i64) -> Judgement {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let at = now - SignedDuration::from_mins(minutes_ago);
        let series = measured.iter().map(|(name, value)| {
            let query = MetricQuery {
                metric: MetricId::new(NAMESPACE, name, &[(MONITOR, "shop")]),
                stat: VISITS,
                period_s: 60,
            };
            let series = Series {
                query: query.clone(),
                label: String::new(),
                unit: Unit::Count,
                points: [(at, *value)].into(),
                partial: false,
            };
            (query, Arc::new(series))
        });
        let all: BTreeMap<_, _> = series.collect();
        let facts = Facts {
            series: Part::answered(Arc::new(all), now, "cloudwatch", Duration::from_secs(60)),
            ..Facts::default()
        };
        let call = Call::parse("rum.web-vitals").unwrap();
        judge(&call, &facts, &Expectations::default(), now)
    }

    fn asked(measured: &[(&str, f64)], minutes_ago: i64) -> (CriterionState, String) {
        let judged = asked_in_full(measured, minutes_ago);
        (judged.state, judged.reason)
    }

    /// Staging's app monitor alone would prove production's pages.
    #[test]
    fn pages_of_another_environment_prove_nothing_of_these() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let judge_of = |monitors: &[(&str, f64)]| {
            let all = monitors.iter().flat_map(|(name, cls)| {
                let values = [900.0, *cls, 9.0];
                VITALS.iter().zip(values).map(move |(vital, value)| {
                    let query = MetricQuery {
                        metric: MetricId::new(NAMESPACE, vital.0, &[(MONITOR, *name)]),
                        stat: VISITS,
                        period_s: 60,
                    };
                    let series = Series {
                        query: query.clone(),
                        label: String::new(),
                        unit: Unit::Count,
                        points: [(now, value)].into(),
                        partial: false,
                    };
                    (query, Arc::new(series))
                })
            });
            let all: BTreeMap<_, _> = all.collect();
            let facts = Facts {
                environment: "production".into(),
                series: Part::answered(Arc::new(all), now, "cloudwatch", Duration::from_secs(60)),
                ..Facts::default()
            };
            let call = Call::parse("rum.web-vitals").unwrap();
            judge(&call, &facts, &Expectations::default(), now)
        };
        let theirs = judge_of(&[("shop-staging", 0.01)]);
        assert_eq!(theirs.state, Unknown, "{}", theirs.reason);
        assert!(theirs.reason.contains("shop-staging alone"));
        let both = judge_of(&[("shop", 0.01), ("shop-staging", 0.9)]);
        assert_eq!(both.state, Proved, "{}", both.reason);
        let said = &both.evidence[0].answer;
        assert!(said.ends_with("; left out: shop-staging"), "{said}");
    }

    /// The figure is of the vital that is nearest to what it may be.
    #[test]
    fn the_figure_is_the_vital_that_leaves_the_least_room() {
        let figure = |cls: f64, minutes_ago| {
            let all = [
                (VITALS[0].0, 1_900.0),
                (VITALS[1].0, cls),
                (VITALS[2].0, 90.0),
            ];
            let figure = asked_in_full(&all, minutes_ago).figure;
            figure.map(|f| (f.now, f.target))
        };
        let told = |now: &str, target: &str| Some((now.to_owned(), target.to_owned()));
        assert_eq!(figure(0.04, 5), told("LCP 1900 ms", "≤ 2500 ms"));
        assert_eq!(figure(0.25, 5), told("CLS 0.250", "≤ 0.1"));
        assert_eq!(figure(0.04, 90), None, "what is old is no figure");
    }

    #[test]
    fn pages_are_quick_only_where_somebody_measured_lately() {
        let [lcp, cls, inp] = [VITALS[0].0, VITALS[1].0, VITALS[2].0];
        let three = |l: f64, c: f64, i: f64| asked(&[(lcp, l), (cls, c), (inp, i)], 5);
        assert_eq!(three(1_900.0, 0.04, 90.0).0, Proved);
        assert_eq!(three(2_900.0, 0.04, 90.0).0, Failing);
        assert_eq!(three(1_900.0, 0.04, 290.0).0, Failing);
        let (state, reason) = three(1_900.0, 0.25, 90.0);
        assert_eq!(state, Failing);
        assert!(reason.contains("CLS of shop: 0.250"), "{reason}");
        let all = [(lcp, 1_900.0), (cls, 0.04), (inp, 90.0)];
        assert_eq!(asked(&all, 90).0, Unknown);
        let (state, reason) = asked(&[], 5);
        assert_eq!(state, Unknown);
        assert!(reason.contains("no public API"), "{reason}");
    }

    #[test]
    fn a_vital_that_nobody_measures_is_not_proved_by_the_others() {
        let good = [
            (VITALS[0].0, 900.0),
            (VITALS[1].0, 0.01),
            (VITALS[2].0, 9.0),
        ];
        for vital in &VITALS {
            let others: Vec<_> = good.into_iter().filter(|g| g.0 != vital.0).collect();
            let (state, reason) = asked(&others, 5);
            assert_eq!(state, Unknown, "{reason}");
            assert_eq!(reason, format!("{} of shop: is not measured", vital.2));
        }
    }

    #[test]
    fn a_vital_is_one_of_a_whole_app_monitor() {
        let of = |dimensions: &[(&str, &str)]| MetricId::new(NAMESPACE, VITALS[0].0, dimensions);
        assert!(is_vital(&of(&[(MONITOR, "shop")])));
        assert!(!is_vital(&of(&[
            (MONITOR, "shop"),
            ("metadata.browserName", "x")
        ])));
        assert!(!is_vital(&MetricId::new(
            "Own",
            VITALS[0].0,
            &[(MONITOR, "shop")]
        )));
    }
}
