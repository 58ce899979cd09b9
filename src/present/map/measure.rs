//! Latency and errors on the way to each step, from whoever measures them.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::graph::Measure;
use crate::domain::counts::Stretch;
use crate::domain::facts::Facts;
use crate::domain::measured;
use crate::domain::metric::{MetricQuery, Stat};
use crate::domain::part::{Freshness, Part};
use crate::domain::queries;
use crate::domain::redis_server::Counters;
use crate::domain::slo::{LATELY_S, SloKind};
use crate::domain::target::TargetGroup;
use crate::domain::text::inert;

/// How far back a figure may reach that is said to be of now.
const LATELY: SignedDuration = SignedDuration::from_mins(15);

/// Questions that are asked each minute may be this much apart in what they have heard of.
const APART: SignedDuration = SignedDuration::from_mins(2);

/// What is measured on the way to a step.
pub(super) fn to(step: &str, facts: &Facts, now: Timestamp) -> Measure {
    let mut measure = match step {
        "browser" => Measure {
            latency_ms: seen_from_here(facts, now),
            from_here: true,
            measured_by: "HTTPS from here, the slowest host",
            ..Measure::default()
        },
        "cloudflare" => Measure {
            latency_ms: seen_from_here(facts, now),
            from_here: true,
            errors_percent: edge_errors(facts, now),
            unmeasured: untold(&facts.estate.cloudflare_traffic, now)
                .map(|why| format!("errors not known: {why}")),
            measured_by: "HTTPS from here; answers of the last hour that Cloudflare counts as 5xx",
            ..Measure::default()
        },
        "vercel" => Measure {
            latency_ms: hosted(facts, now),
            from_here: true,
            measured_by: "HTTPS from here, the slowest host that Vercel serves",
            ..Measure::default()
        },
        "balancer" => balancer(facts, now),
        "ecs" => services(facts, now),
        "postgres" => Measure {
            latency_ms: disk(facts, now),
            measured_by: "slowest read or write of a disk, AWS/RDS",
            ..Measure::default()
        },
        "redis" => redis(facts, now),
        "s3" => {
            let told = measured::buckets(facts, now);
            Measure {
                latency_ms: told.latency_ms,
                errors_percent: told.errors_percent,
                requests_per_s: told.requests_per_s,
                measured_by: "request metrics of buckets, last 15 m: first byte, 5xx",
                ..Measure::default()
            }
        }
        _ => return Measure::default(),
    };
    if measure.unmeasured.is_none()
        && let Some((why, never)) = missing(step, &measure, facts, now)
    {
        measure.unmeasured = Some(why);
        measure.never = never;
    }
    measure
}

/// Why a step's response or errors are not known, and whether nobody ever measures just that. `None` where both are known.
fn missing(step: &str, m: &Measure, facts: &Facts, now: Timestamp) -> Option<(String, bool)> {
    let uncounted = |by: &str| (format!("errors: {by}"), true);
    let silent = |why: Option<String>, else_: &str| (why.unwrap_or_else(|| else_.into()), false);
    let e = &facts.estate;
    Some(match (step, m.latency_ms, m.errors_percent) {
        (_, Some(_), Some(_)) => return None,
        ("browser" | "cloudflare", None, _) => silent(
            None,
            "no probe of a host was answered lately: see [[probes.https]]",
        ),
        // Its errors are counted from the edge on.
        ("browser", ..) => return None,
        ("cloudflare", ..) => uncounted("too few requests in the last hour"),
        ("vercel", None, _) => silent(
            untold(&e.vercel_settings, now),
            "no host that Vercel serves is probed: add one to [[probes.https]]",
        ),
        ("vercel", ..) => uncounted("Vercel counts none"),
        ("balancer", ..) => silent(
            untold(&facts.slos, now),
            "CloudWatch has no points of the last minutes",
        ),
        ("ecs", ..) => silent(
            untold(&facts.series, now),
            "no target was asked anything in the last minutes",
        ),
        ("postgres", None, _) => silent(
            untold(&e.db_vitals, now),
            "CloudWatch has no points of a disk in the last minutes",
        ),
        ("postgres", ..) => uncounted("RDS counts no failed statements"),
        ("redis", None, _) if !is_configured(facts, "redis") => silent(
            None,
            "ElastiCache tells of no round trip: set url in [redis]",
        ),
        ("redis", None, _) => silent(untold(&e.redis, now), "asking ..."),
        ("redis", ..) => uncounted("Redis before 6.2, and a serverless one, tells none"),
        ("s3", ..) => silent(
            untold(&facts.series, now),
            "no bucket has request metrics with requests in the last minutes",
        ),
        _ => return None,
    })
}

fn is_configured(facts: &Facts, line: &str) -> bool {
    let mut known = facts.providers.iter();
    known.any(|p| p.name == line && p.configured)
}

/// The slowest host that answered a probe and that Vercel serves, by its domains and aliases.
fn hosted(facts: &Facts, now: Timestamp) -> Option<f64> {
    let e = &facts.estate;
    let settings = e.vercel_settings.value.iter().flat_map(|s| s.iter());
    let domains = settings.flat_map(|s| &s.domains).map(|d| d.name.as_str());
    let aliases = e.vercel_aliases.value.iter().flat_map(|a| a.iter());
    let served: Vec<&str> = domains.chain(aliases.map(|a| a.name.as_str())).collect();
    let of = |url: &str| {
        let host = url.split("//").last().unwrap_or(url);
        let host = host.split(['/', ':']).next().unwrap_or(host);
        served.iter().any(|name| name.eq_ignore_ascii_case(host))
    };
    let ours = facts.https.iter().filter(|(url, _)| of(url));
    let fresh = ours.filter_map(|(_, p)| p.fresh(now));
    let itself = fresh.filter(|p| p.mitigated.is_none());
    itself.map(|p| p.latency_ms).max_by(f64::total_cmp)
}

/// Redis as it answers from here.
fn redis(facts: &Facts, now: Timestamp) -> Measure {
    let measured_by = "Redis: round trip from here, commands answered by an error";
    let Some(server) = facts.estate.redis.fresh(now) else {
        return Measure {
            measured_by,
            ..Measure::default()
        };
    };
    let share = |of: Counters| {
        let failed = of.failed?;
        // Commands that are not even begun are counted as errors alone.
        let all = of.commands?.max(failed);
        Some(match all {
            0 => 0.0,
            all => failed as f64 / all as f64 * 100.0,
        })
    };
    let ever = share(server.counters);
    // One look tells what was counted since the server started: none at all is none now; some may be long ago.
    let since_start = server.lately.is_none() && ever.is_some_and(|share| share > 0.0);
    Measure {
        latency_ms: server.round_trip_ms,
        from_here: true,
        errors_percent: server.lately.map_or(ever, |l| share(l.counters)),
        requests_per_s: server.commands_per_s.map(|n| n as f64),
        measured_by,
        unmeasured: since_start.then(|| {
            "errors since the server started; a second look tells those of now".to_owned()
        }),
        ..Measure::default()
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

/// The groups behind the load balancers that the promises are measured at: what goes in is counted there, and of another environment's
/// nothing goes on from here.
fn groups(facts: &Facts) -> impl Iterator<Item = &TargetGroup> {
    let promised = facts.slos.rows().first();
    let queries = promised.into_iter().flat_map(|slo| slo.queries.iter());
    let dimensions = queries.flat_map(|q| &q.metric.dimensions);
    let ours: BTreeSet<&str> = dimensions.map(|(_, value)| value.as_str()).collect();
    let all = facts.target_groups.value.iter().flat_map(|g| g.iter());
    all.filter(move |g| {
        g.load_balancer_dimension()
            .is_some_and(|d| ours.contains(d))
    })
}

/// The slowest host that answered a probe.
fn seen_from_here(facts: &Facts, now: Timestamp) -> Option<f64> {
    let fresh = facts.https.values().filter_map(|p| p.fresh(now));
    let itself = fresh.filter(|p| p.mitigated.is_none());
    itself.map(|p| p.latency_ms).max_by(f64::total_cmp)
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

/// The minutes that both sides of the load balancers are measured over: requests that have come in and not yet gone out, as far as the
/// counts go, would read as lost.
fn stretch(facts: &Facts, now: Timestamp) -> Option<Stretch> {
    let most = LATELY.as_secs();
    let slos = facts.slos.fresh(now).and_then(|all| all.first());
    let before = slos.and_then(|s| s.counted.lately(now, most));
    let behind = facts.series.fresh(now).and_then(|_| {
        let requests = groups(facts).filter_map(|g| {
            let query = queries::target_group(g, "RequestCount", Stat::Sum)?;
            facts.series(&query)?.points.last().map(|(at, _)| *at)
        });
        let minute = i64::from(queries::PERIOD_S);
        let until = requests
            .max()?
            .saturating_add(SignedDuration::from_secs(minute));
        let until = until
            .ok()
            .filter(|at| now.duration_since(*at).as_secs() <= most)?;
        Some(Stretch::until(until, LATELY_S))
    });
    match (before, behind) {
        // They are read apart. Targets that nobody asks any more are no reason to look further back.
        (Some(a), Some(b)) if (a.until.duration_since(b.until)) <= APART => {
            Some(if a.until < b.until { a } else { b })
        }
        (a, b) => a.or(b),
    }
}

fn balancer(facts: &Facts, now: Timestamp) -> Measure {
    let counted = facts
        .slos
        .fresh(now)
        .and_then(|all| Some(&all.first()?.counted));
    let (Some(counted), Some(last)) = (counted, stretch(facts, now)) else {
        return Measure::default();
    };
    let sum = last.sum(&counted.minutes);
    Measure {
        latency_ms: sum.mean_ms(),
        errors_percent: sum.failed().map(|share| share * 100.0),
        requests_per_s: (sum.requests > 0.0).then(|| sum.requests / last.seconds()),
        measured_by: "the load balancers: mean response, 5xx of targets and their own",
        over: Some(last),
        ..Measure::default()
    }
}

/// Share of the balancers' answers that failed lately, percent, and how many those were.
pub(super) fn balancer_errors(facts: &Facts, now: Timestamp) -> Option<(f64, f64)> {
    let told = balancer(facts, now);
    let (percent, over) = (told.errors_percent?, told.over?);
    let requests = told.requests_per_s? * over.seconds();
    Some((percent, requests * percent / 100.0))
}

/// What the targets of a group answered lately.
struct Answered {
    requests: f64,
    failures: f64,
    /// Mean response, seconds; `None` without points.
    mean_s: Option<f64>,
}

fn answered(group: &TargetGroup, facts: &Facts, over: Stretch) -> Option<Answered> {
    let points = |name: &str, stat: Stat| -> Option<Vec<f64>> {
        let series = facts.series(&queries::target_group(group, name, stat)?)?;
        let new = series.points.iter().filter(|(at, _)| over.has(*at));
        Some(new.map(|(_, v)| *v).collect())
    };
    let requests = points("RequestCount", Stat::Sum)?;
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
    })
}

/// Share of the answers that failed lately, percent, of each target group that was asked anything.
pub(super) fn failing(facts: &Facts, now: Timestamp) -> Vec<(String, f64)> {
    if facts.series.fresh(now).is_none() {
        return Vec::new();
    }
    let over = Stretch {
        from: now.saturating_sub(LATELY).unwrap_or(Timestamp::MIN),
        until: Timestamp::MAX,
    };
    groups(facts)
        .filter_map(|g| {
            let a = answered(g, facts, over)?;
            Some((g.name.clone(), a.failures / a.requests * 100.0))
        })
        .collect()
}

fn services(facts: &Facts, now: Timestamp) -> Measure {
    let (Some(_), Some(last)) = (facts.series.fresh(now), stretch(facts, now)) else {
        return Measure::default();
    };
    let all: Vec<Answered> = groups(facts)
        .filter_map(|g| answered(g, facts, last))
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
        requests_per_s: Some(requests / last.seconds()),
        measured_by: "targets: mean response, their 5xx",
        over: Some(last),
        ..Measure::default()
    }
}

/// The slowest disk of a database, milliseconds.
fn disk(facts: &Facts, now: Timestamp) -> Option<f64> {
    let vitals = facts.estate.db_vitals.fresh(now)?;
    let all = vitals.iter().flat_map(|v| [v.read_ms, v.write_ms]);
    all.flatten().max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::facts::ProviderHealth;
    use crate::domain::probe::{Grade, HttpsProbe};
    use crate::domain::redis_server::{Counters, Lately, Memory, RedisServer, Role};
    use crate::domain::vercel::Alias;
    use crate::present::Tone;
    use crate::present::map::remark::Remark;

    fn part<T>(value: T) -> Part<T> {
        let every = Duration::from_secs(60);
        Part::answered(value, Timestamp::UNIX_EPOCH, "x:Y", every)
    }

    fn answered(ms: f64) -> Part<HttpsProbe> {
        part(HttpsProbe {
            url: String::new(),
            status: 200,
            latency_ms: ms,
            headers: Vec::new(),
            grade: Grade {
                letter: "A".into(),
                reasons: Vec::new(),
            },
            mitigated: None,
        })
    }

    fn server(lately: Option<u64>, failed: Option<u64>) -> Part<Arc<RedisServer>> {
        let counted = |commands, failed| Counters {
            commands: Some(commands),
            failed,
            ..Counters::default()
        };
        part(Arc::new(RedisServer {
            address: String::new(),
            tls: true,
            version: "7".into(),
            run_id: None,
            ip: None,
            started_at: Some(Timestamp::UNIX_EPOCH),
            role: Some(Role::Primary),
            clustered: false,
            clients: Some(1),
            clients_limit: None,
            blocked: Some(0),
            memory: Memory::default(),
            counters: counted(1_000, failed),
            lately: lately.map(|commands| Lately {
                counters: counted(commands, failed),
                seconds: 30.0,
            }),
            commands_per_s: Some(5),
            round_trip_ms: Some(0.8),
            keys: 1,
            replicas: Vec::new(),
            primary: None,
            saved: None,
            slow: Ok(Vec::new()),
        }))
    }

    #[test]
    fn each_step_of_the_path_is_measured_or_says_why_not() {
        let facts = Facts::default();
        let path = [
            "browser",
            "cloudflare",
            "vercel",
            "balancer",
            "ecs",
            "postgres",
            "redis",
            "s3",
        ];
        for step in path {
            let told = to(step, &facts, Timestamp::UNIX_EPOCH);
            assert!(told.unmeasured.is_some(), "{step}");
        }
    }

    #[test]
    fn hosts_that_vercel_serves_and_no_others_tell_how_it_answers() {
        let now = Timestamp::UNIX_EPOCH;
        let mut facts = Facts::default();
        facts
            .https
            .insert("https://api.a.example/".into(), answered(90.0));
        facts
            .https
            .insert("https://app.a.example/".into(), answered(40.0));
        assert_eq!(to("vercel", &facts, now).latency_ms, None);
        facts.estate.vercel_aliases = part(Arc::new(vec![Alias {
            name: "app.a.example".into(),
            deployment: None,
            project_id: None,
            since: None,
        }]));
        let told = to("vercel", &facts, now);
        assert_eq!(told.latency_ms, Some(40.0));
        let why = told.unmeasured.as_deref();
        assert_eq!(why, Some("errors: Vercel counts none"));
        assert!(told.never, "and that makes the way no less known");
    }

    /// What is counted on both sides of a load balancer: requests a minute, and those that failed, by the minutes ago that they began.
    struct Sides<'a> {
        before: &'a [(i64, f64, f64)],
        behind: &'a [(i64, f64, f64)],
    }

    impl Sides<'_> {
        fn now() -> Timestamp {
            Timestamp::from_second(1_200_000).unwrap()
        }

        fn told(&self, step: &str) -> Measure {
            let facts = self.facts();
            let failing = failing(&facts, Self::now());
            assert!(failing.iter().all(|(name, _)| name == "ours"));
            to(step, &facts, Self::now())
        }

        fn facts(&self) -> Facts {
            use crate::domain::counts::Bucket;
            use crate::domain::metric::{Series, Unit};
            use crate::domain::slo::{Counted, Slo};

            let now = Self::now();
            let minutes = |n: i64| now - SignedDuration::from_mins(n);
            let every = Duration::from_secs(60);
            let [group, theirs] = ["ours", "theirs"].map(|name| TargetGroup {
                arn: format!("arn:aws:elasticloadbalancing:r:1:targetgroup/{name}/1"),
                name: name.into(),
                load_balancers: vec![format!(
                    "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/{name}/1"
                )],
                protocol: None,
                health_check_path: None,
                targets: Vec::new(),
            });
            let row = |which: fn(&(i64, f64, f64)) -> f64| {
                self.behind.iter().map(move |b| (minutes(b.0), which(b)))
            };
            // Another environment's are asked as much, and fail.
            let series = [
                (&group, "RequestCount", row(|b| b.1).collect()),
                (&group, "HTTPCode_Target_5XX_Count", row(|b| b.2).collect()),
                (&theirs, "RequestCount", row(|b| b.1).collect()),
                (&theirs, "HTTPCode_Target_5XX_Count", row(|b| b.1).collect()),
            ];
            let series = series.map(|(group, name, points)| {
                let query = queries::target_group(group, name, Stat::Sum).unwrap();
                let series = Series {
                    query: query.clone(),
                    label: String::new(),
                    unit: Unit::None,
                    points,
                    partial: false,
                };
                (query, Arc::new(series))
            });
            let counted = self.before.iter().map(|(ago, requests, failures)| Bucket {
                at: minutes(*ago),
                requests: *requests,
                failures: *failures,
                timed: *requests,
                seconds: requests * 0.1,
            });
            let slo = Slo {
                kind: SloKind::ErrorRate,
                target: 1.0,
                current: Some(0.1),
                budget_left_percent: None,
                budget: None,
                burns: Vec::new(),
                window_s: 3_600,
                wanted_s: 3_600,
                silent_since: None,
                recent: Arc::default(),
                history: Arc::default(),
                remaining: Arc::default(),
                counted: Arc::new(Counted {
                    minutes: counted.collect(),
                    ..Counted::default()
                }),
                queries: queries::promise(SloKind::Availability, "app/ours/1")
                    .into_iter()
                    .collect(),
            };
            let series = Arc::new(series.into_iter().collect());
            Facts {
                series: Part::answered(series, now, "cloudwatch", every),
                target_groups: Part::answered(Arc::new(vec![group, theirs]), now, "elb", every),
                slos: Part::answered(vec![slo], now, "cloudwatch", every),
                ..Facts::default()
            }
        }
    }

    #[test]
    fn both_sides_of_a_load_balancer_are_measured_over_the_same_whole_minutes() {
        // The other side was read a minute later.
        let before: Vec<_> = (2..40).rev().map(|n| (n, 6_000.0, 0.0)).collect();
        let behind: Vec<_> = (1..40).rev().map(|n| (n, 6_000.0, 0.0)).collect();
        let sides = Sides {
            before: &before,
            behind: &behind,
        };
        let (into, out) = (sides.told("balancer"), sides.told("ecs"));
        assert_eq!(into.requests_per_s, Some(100.0));
        assert_eq!(out.requests_per_s, Some(100.0));
        assert!(into.over.is_some() && into.over == out.over);
        assert_eq!(
            (into.latency_ms, into.errors_percent),
            (Some(100.0), Some(0.0))
        );
    }

    #[test]
    fn errors_are_a_share_of_the_requests_of_the_same_minutes() {
        // An outage of three minutes, as the load balancers count it; the targets that are left know nothing of it.
        let failed = |n: i64| if n <= 3 { 30.0 } else { 0.0 };
        let before: Vec<_> = (1..40).rev().map(|n| (n, 100.0, failed(n))).collect();
        let behind: Vec<_> = (1..40).rev().map(|n| (n, 70.0, 0.0)).collect();
        let sides = Sides {
            before: &before,
            behind: &behind,
        };
        let told = sides.told("balancer");
        let percent = told.errors_percent.unwrap();
        assert!((percent - 18.0).abs() < 1e-9, "{percent}");
        assert_eq!(sides.told("ecs").errors_percent, Some(0.0));
        // No target is asked any more: what the load balancers count goes on.
        let (old, _) = behind.split_at(30);
        let told = Sides {
            before: &before,
            behind: old,
        };
        assert_eq!(told.told("balancer").errors_percent, Some(percent));
        assert_eq!(told.told("ecs").errors_percent, None);
        let none = Sides {
            before: &[],
            behind: &behind,
        };
        assert_eq!(none.told("balancer").errors_percent, None);
    }

    /// The promise of a month burns later than that, and no target is to blame.
    #[test]
    fn a_balancer_whose_answers_fail_is_not_well() {
        let said = |requests: f64, failed: f64| {
            let before: Vec<_> = (1..40).rev().map(|n| (n, requests, failed)).collect();
            let behind: Vec<_> = (1..40).rev().map(|n| (n, requests, 0.0)).collect();
            let sides = Sides {
                before: &before,
                behind: &behind,
            };
            let told = super::super::steps::balancer(&sides.facts(), Sides::now()).unwrap();
            let about = |r: &&Remark| r.text.contains("5xx");
            let one = told.remarks.iter().find(about);
            one.map(|r| (r.tone, r.text.clone()))
        };
        let words = |text: &str| format!("{text} % of answers are 5xx");
        assert_eq!(said(100.0, 8.3), Some((Tone::Bad, words("8.3"))));
        assert_eq!(said(100.0, 2.0), Some((Tone::Warn, words("2.0"))));
        // One of four in five minutes is no outage.
        assert_eq!(said(0.8, 0.2), Some((Tone::Warn, words("25.0"))));
        assert_eq!(said(100.0, 0.1), None);
    }

    #[test]
    fn redis_tells_its_round_trip_and_its_errors() {
        let now = Timestamp::UNIX_EPOCH;
        let mut facts = Facts::default();
        let why = to("redis", &facts, now).unmeasured.unwrap();
        assert!(why.contains("set url in [redis]"), "{why}");
        facts.providers.push(ProviderHealth {
            name: "redis".into(),
            last_ok: None,
            problem: None,
            next_try: None,
            calls_per_minute: 0,
            metered: None,
            latency_ms: None,
            clock_s: None,
            configured: true,
        });
        assert_eq!(
            to("redis", &facts, now).unmeasured.as_deref(),
            Some("asking ...")
        );
        facts.estate.redis = server(Some(200), Some(3));
        let told = to("redis", &facts, now);
        assert_eq!(told.latency_ms, Some(0.8));
        assert_eq!(told.errors_percent, Some(1.5));
        assert_eq!(told.unmeasured, None);
        facts.estate.redis = server(Some(200), None);
        let told = to("redis", &facts, now);
        assert!(told.never && told.unmeasured.unwrap().contains("before 6.2"));
        // One look alone tells what was since the start, and does not call that now.
        facts.estate.redis = server(None, Some(3));
        let told = to("redis", &facts, now);
        assert_eq!(told.errors_percent, Some(0.3));
        assert!(!told.never, "the next look will tell");
        assert!(
            told.unmeasured
                .unwrap()
                .contains("since the server started")
        );
        facts.estate.redis = server(None, Some(0));
        let told = to("redis", &facts, now);
        assert_eq!((told.errors_percent, told.unmeasured), (Some(0.0), None));
    }
}
