//! Latency and errors on the way to each step, from whoever measures them.

use jiff::{SignedDuration, Timestamp};

use super::graph::Measure;
use crate::domain::facts::Facts;
use crate::domain::metric::{MetricQuery, Stat};
use crate::domain::part::{Freshness, Part};
use crate::domain::queries;
use crate::domain::slo::{Slo, SloKind};
use crate::domain::target::TargetGroup;
use crate::domain::text::inert;

/// How far back a figure may reach that is said to be of now.
const LATELY: SignedDuration = SignedDuration::from_mins(15);

fn lately(now: Timestamp) -> Timestamp {
    now.saturating_sub(LATELY).unwrap_or(Timestamp::MIN)
}

/// What is measured on the way to a step.
pub(super) fn to(step: &str, facts: &Facts, now: Timestamp) -> Measure {
    match step {
        "browser" => Measure {
            latency_ms: seen_from_here(facts, now),
            measured_by: "HTTPS from here, the slowest host",
            ..Measure::default()
        },
        "cloudflare" => Measure {
            latency_ms: seen_from_here(facts, now),
            errors_percent: edge_errors(facts, now),
            unmeasured: untold(&facts.estate.cloudflare_traffic, now),
            measured_by: "HTTPS from here; answers of the last hour that Cloudflare counts as 5xx",
            ..Measure::default()
        },
        "balancer" => balancer(facts, now),
        "ecs" => services(facts, now),
        "postgres" => Measure {
            latency_ms: disk(facts, now),
            measured_by: "slowest read or write of a disk, AWS/RDS",
            ..Measure::default()
        },
        _ => Measure::default(),
    }
}

/// Series behind the figures of a step.
pub(super) fn queries(step: &str, facts: &Facts) -> Vec<MetricQuery> {
    match step {
        "balancer" => {
            let slos = facts.slos.rows().iter();
            let mut all: Vec<MetricQuery> = slos
                .filter(|s| s.kind != SloKind::Availability)
                .flat_map(|s| s.queries.iter().cloned())
                .collect();
            all.dedup();
            all
        }
        "ecs" => groups(facts).flat_map(queries::golden_signals).collect(),
        _ => Vec::new(),
    }
}

fn groups(facts: &Facts) -> impl Iterator<Item = &TargetGroup> {
    facts.target_groups.value.iter().flat_map(|g| g.iter())
}

/// The slowest host that answered a probe.
fn seen_from_here(facts: &Facts, now: Timestamp) -> Option<f64> {
    let fresh = facts.https.values().filter_map(|p| p.fresh(now));
    fresh.map(|p| p.latency_ms).max_by(f64::total_cmp)
}

/// Share of Cloudflare's answers in the last hour that were 5xx, percent, over all zones.
pub(super) fn edge_errors(facts: &Facts, now: Timestamp) -> Option<f64> {
    let zones = facts.estate.cloudflare_traffic.fresh(now)?;
    let hours = zones.iter().filter_map(|z| {
        // The newest hour has only begun; the one before is still of now.
        z.hours.iter().rev().take(2).find(|h| h.requests > 100)
    });
    let (all, failed) = hours.fold((0, 0), |(all, failed), h| {
        (all + h.requests, failed + h.classes[4])
    });
    (all > 0).then(|| failed as f64 / all as f64 * 100.0)
}

/// Why an answer cannot be believed.
fn untold<T>(part: &Part<T>, now: Timestamp) -> Option<String> {
    match (part.freshness(now), &part.error) {
        (Freshness::Fresh, _) => None,
        (_, Some(p)) => Some(inert(&p.why)),
        (Freshness::Never, None) => Some("asking ...".into()),
        (..) => Some("the last answer is old".into()),
    }
}

fn newest(slo: &Slo, now: Timestamp) -> Option<f64> {
    let (at, value) = slo.recent.last()?;
    (*at >= lately(now)).then_some(*value)
}

fn balancer(facts: &Facts, now: Timestamp) -> Measure {
    let Some(slos) = facts.slos.fresh(now) else {
        return Measure::default();
    };
    let of = |kind| slos.iter().find(|s| s.kind == kind);
    Measure {
        latency_ms: of(SloKind::ResponseTime).and_then(|s| newest(s, now)),
        errors_percent: of(SloKind::ErrorRate).and_then(|s| newest(s, now)),
        requests_per_s: slos.first().and_then(|s| s.counted.per_second),
        measured_by: "the load balancers, last 5 m: mean response, 5xx of targets and their own",
        unmeasured: None,
    }
}

/// What the targets of a group answered lately.
struct Answered {
    requests: f64,
    failures: f64,
    /// Mean response, seconds; `None` without points.
    mean_s: Option<f64>,
    seconds: f64,
}

fn answered(group: &TargetGroup, facts: &Facts, now: Timestamp) -> Option<Answered> {
    let since = lately(now);
    let points = |name: &str, stat: Stat| -> Option<Vec<f64>> {
        let series = facts.series(&queries::target_group(group, name, stat)?)?;
        let new = series.points.iter().filter(|(at, _)| *at >= since);
        Some(new.map(|(_, v)| *v).collect())
    };
    let requests = points("RequestCount", Stat::Sum)?;
    let seconds = requests.len() as f64 * f64::from(queries::PERIOD_S);
    let all: f64 = requests.iter().sum();
    if all <= 0.0 {
        return None;
    }
    // CloudWatch has no points where there was no failure.
    let failures = points("HTTPCode_Target_5XX_Count", Stat::Sum).unwrap_or_default();
    let means = points("TargetResponseTime", Stat::Average).unwrap_or_default();
    Some(Answered {
        requests: all,
        failures: failures.iter().sum(),
        mean_s: (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64),
        seconds,
    })
}

/// Share of the answers that failed lately, percent, of each target group that was asked anything.
pub(super) fn failing(facts: &Facts, now: Timestamp) -> Vec<(String, f64)> {
    if facts.series.fresh(now).is_none() {
        return Vec::new();
    }
    groups(facts)
        .filter_map(|g| {
            let a = answered(g, facts, now)?;
            Some((g.name.clone(), a.failures / a.requests * 100.0))
        })
        .collect()
}

fn services(facts: &Facts, now: Timestamp) -> Measure {
    let measured_by = "targets, last 15 m: mean response, their 5xx";
    if facts.series.fresh(now).is_none() {
        return Measure::default();
    }
    let all: Vec<Answered> = groups(facts)
        .filter_map(|g| answered(g, facts, now))
        .collect();
    let requests: f64 = all.iter().map(|a| a.requests).sum();
    if requests <= 0.0 {
        return Measure::default();
    }
    let timed: Vec<(f64, f64)> = all
        .iter()
        .filter_map(|a| Some((a.requests, a.mean_s?)))
        .collect();
    let weight: f64 = timed.iter().map(|(n, _)| n).sum();
    let seconds = timed.iter().map(|(n, s)| n * s).sum::<f64>();
    Measure {
        latency_ms: (weight > 0.0).then(|| seconds / weight * 1000.0),
        errors_percent: Some(all.iter().map(|a| a.failures).sum::<f64>() / requests * 100.0),
        requests_per_s: Some(
            all.iter()
                .filter(|a| a.seconds > 0.0)
                .map(|a| a.requests / a.seconds)
                .sum(),
        ),
        measured_by,
        unmeasured: None,
    }
}

/// The slowest disk of a database, milliseconds.
fn disk(facts: &Facts, now: Timestamp) -> Option<f64> {
    let vitals = facts.estate.db_vitals.fresh(now)?;
    let all = vitals.iter().flat_map(|v| [v.read_ms, v.write_ms]);
    all.flatten().max_by(f64::total_cmp)
}
