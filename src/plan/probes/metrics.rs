//! Metrics arrive for each component of the platform.

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, span};
use super::{Param, ParamKind, Probe, number, words};
use crate::domain::metric::{MetricId, Series};
use crate::domain::skew;

const COMPONENTS: &[&str] = &[
    "server",
    "database",
    "cache",
    "network",
    "application",
    "business",
];

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "metrics.arriving",
    question: "did a data point arrive lately?",
    params: &[
        Param {
            name: "component",
            default: "application",
            kind: ParamKind::OneOf(COMPONENTS),
        },
        words("namespace", ""),
        words("metric", ""),
        number("minutes", "15"),
    ],
    judge: arriving,
}];

/// A part of the platform that sends metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// CPU, memory, disk of tasks and hosts.
    Server,
    /// RDS.
    Database,
    /// ElastiCache.
    Cache,
    /// Load balancers and gateways: bandwidth, connections.
    Network,
    /// Response times, throughput, errors.
    Application,
    /// The platform's own figures, in a namespace of its own.
    Business,
}

impl Component {
    /// Reads the word that plans use.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "server" => Self::Server,
            "database" => Self::Database,
            "cache" => Self::Cache,
            "network" => Self::Network,
            "application" => Self::Application,
            "business" => Self::Business,
            _ => return None,
        })
    }

    /// Whether a metric is about this component. Namespaces are those of the Amazon CloudWatch user guide, "AWS services that
    /// publish CloudWatch metrics"; those that AWS does not keep for itself are the platform's own.
    pub fn owns(self, metric: &MetricId) -> bool {
        let space = metric.namespace.as_str();
        let name = metric.name.as_str();
        match self {
            Self::Server => matches!(
                space,
                "AWS/ECS" | "ECS/ContainerInsights" | "AWS/EC2" | "CWAgent"
            ),
            Self::Database => matches!(space, "AWS/RDS" | "AWS/DocDB" | "AWS/DynamoDB"),
            Self::Cache => matches!(space, "AWS/ElastiCache" | "AWS/MemoryDB"),
            Self::Network => {
                matches!(
                    space,
                    "AWS/NetworkELB" | "AWS/NATGateway" | "AWS/TransitGateway"
                ) || (space == "AWS/ApplicationELB"
                    && (name.contains("Bytes")
                        || name.contains("Connection")
                        || name == "RequestCount"))
            }
            Self::Application => {
                space == "AWS/ApplicationELB"
                    && (name == "TargetResponseTime"
                        || name == "RequestCount"
                        || name.starts_with("HTTPCode_"))
            }
            Self::Business => {
                !space.starts_with("AWS/")
                    && !matches!(
                        space,
                        "ECS/ContainerInsights" | "CWAgent" | "ContainerInsights"
                    )
            }
        }
    }
}

fn arriving(look: &Look<'_>) -> Verdict {
    let word = look.call.value("component");
    let component = Component::parse(word);
    let spaces: Vec<&str> = look.words("namespace").collect();
    let wanted = |m: &MetricId| {
        component.is_some_and(|c| c.owns(m))
            && look.facts.may_be_here(m)
            && (spaces.is_empty() || spaces.contains(&m.namespace.as_str()))
    };
    let seen = look.fresh(&look.facts.series, "the series")?;
    let named: Vec<&str> = look.words("metric").collect();
    if !named.is_empty() {
        return Ok(each(look, &named, &wanted, seen.source, seen.at));
    }
    let newest = seen
        .value
        .iter()
        .filter(|(q, _)| wanted(&q.metric))
        .filter_map(|(_, s)| Some((s.points.last()?.0, s.as_ref())))
        .max_by_key(|(at, _)| *at);
    let Some((at, series)) = newest else {
        return Err(missing(look, word, &wanted));
    };
    if let Some(doubt) = skew::doubt("was measured", Some(at), look.now) {
        return Err(Judgement::unknown(format!("the newest of {word} {doubt}")));
    }
    let seconds = look.now.duration_since(at).as_secs_f64();
    let ok = seconds <= look.number("minutes") * 60.0 + f64::from(series.query.period_s);
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer(word, series, at, look.now),
        seen.at,
    ))
}

/// Names of one kind of figure, any of which will do: `a/b`.
pub fn alternatives(word: &str) -> impl Iterator<Item = &str> {
    word.split('/').map(str::trim).filter(|w| !w.is_empty())
}

/// Each of the metrics named must have a recent data point, or one of its alternatives.
fn each(
    look: &Look<'_>,
    named: &[&str],
    wanted: &dyn Fn(&MetricId) -> bool,
    source: &str,
    at: Timestamp,
) -> Judgement {
    let mut found = Findings::new("metric", look.question(source), at);
    let all = look.facts.series.value.iter().flat_map(|s| s.iter());
    let all: Vec<_> = all.filter(|(q, _)| wanted(&q.metric)).collect();
    let names = look.facts.metric_names.fresh(look.now);
    for name in named {
        let is_named = |m: &MetricId| alternatives(name).any(|n| n == m.name);
        let of = all.iter().filter(|(q, _)| is_named(&q.metric));
        let newest = of
            .filter_map(|(_, s)| Some((s.points.last()?.0, s.as_ref())))
            .max_by_key(|p| p.0);
        let mut listed = names.map(|n| n.iter().filter(|m| is_named(m) && wanted(m)));
        let is_read = |m: &MetricId| all.iter().any(|(q, _)| q.metric == *m);
        // Of more sets of dimensions than are read, another may be younger.
        let others = listed.clone().is_some_and(|mut l| l.any(|m| !is_read(m)));
        let listed = listed.as_mut().map(|l| l.next().is_some());
        match (newest, listed) {
            (Some((at, _)), _) if skew::ahead(at, look.now).is_some() => {
                let doubt = skew::doubt("was measured", Some(at), look.now);
                found.unknown(*name, format!("the newest {}", doubt.unwrap_or_default()));
            }
            (Some((at, series)), _) => {
                let age = look.now.duration_since(at).as_secs_f64();
                let limit = look.number("minutes") * 60.0 + f64::from(series.query.period_s);
                let age_words =
                    std::time::Duration::try_from(look.now.duration_since(at)).unwrap_or_default();
                let value = series
                    .last()
                    .map(|v| series.unit.format(v))
                    .unwrap_or_default();
                let (stat, what) = (series.query.stat.word(), of_what(&series.query.metric));
                let answer = format!("{stat}{what} {value}, {} ago", span(age_words));
                if age > limit && others {
                    found.unknown(
                        *name,
                        format!("{answer}, and not every source of it was read"),
                    );
                } else {
                    found.check(age <= limit, name, &answer);
                }
            }
            (None, Some(false)) if look.facts.metric_names.cut => {
                found.unknown(*name, "not among the metrics read, and there are more");
            }
            (None, Some(false)) => found.bad(*name, "CloudWatch lists no metric of that name"),
            (None, _) => found.unknown(*name, "no recent data point was read"),
        }
    }
    found.verdict()
}

fn answer(word: &str, series: &Series, at: Timestamp, now: Timestamp) -> String {
    let age = std::time::Duration::try_from(now.duration_since(at)).unwrap_or_default();
    let value = series
        .last()
        .map(|v| series.unit.format(v))
        .unwrap_or_default();
    format!(
        "{word}: {} {} {}{} is {value}, {} ago",
        series.query.metric.namespace,
        series.query.metric.name,
        series.query.stat.word(),
        of_what(&series.query.metric),
        span(age)
    )
}

/// What a figure is of: the narrowest of its dimensions, as people call it; nothing where it has none.
fn of_what(metric: &MetricId) -> String {
    const WIDE: [&str; 2] = ["LoadBalancer", "ClusterName"];
    let mut dimensions: Vec<&(String, String)> = metric.dimensions.iter().collect();
    if dimensions
        .iter()
        .any(|(name, _)| !WIDE.contains(&name.as_str()))
    {
        // The balancer of a target group says nothing more; the cluster of a service tells it from another of its name.
        dimensions.retain(|(name, _)| name != "LoadBalancer");
    }
    let named = |(name, value): &&(String, String)| match (name.as_str(), value.split('/').nth(1)) {
        ("TargetGroup" | "LoadBalancer", Some(short)) => short.to_owned(),
        _ => value.clone(),
    };
    let all: Vec<String> = dimensions.iter().map(named).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(" of {}", all.join("/")),
    }
}

/// No series has points: whether the metric exists at all decides what to say. Nothing here disproves it.
fn missing(look: &Look<'_>, word: &str, wanted: &dyn Fn(&MetricId) -> bool) -> Judgement {
    let names = look.facts.metric_names.fresh(look.now);
    let known = names.map(|n| n.iter().filter(|m| wanted(m)).count());
    Judgement::unknown(match known {
        Some(0) if look.facts.metric_names.cut => {
            format!("{word}: not among the metrics read, and there are more")
        }
        Some(0) => format!("{word}: CloudWatch lists no such metric"),
        Some(n) => format!("{word}: {n} metrics are listed, no recent data point was read"),
        None => format!("{word}: no recent data point was read"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_that_a_plan_names_must_arrive() {
        use std::sync::Arc;
        use std::time::Duration;

        use super::super::{Call, judge};
        use crate::domain::facts::Facts;
        use crate::domain::metric::{MetricQuery, Stat, Unit};
        use crate::domain::part::Part;
        use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
        use crate::plan::expect::Expectations;

        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let minutes_ago = |m: i64| Timestamp::from_second(now.as_second() - m * 60).unwrap();
        let series = |name: &str, minutes: i64| {
            let query = MetricQuery {
                metric: MetricId::new("Laser/Business", name, &[]),
                stat: Stat::Average,
                period_s: 60,
            };
            let series = Series {
                query: query.clone(),
                label: String::new(),
                unit: Unit::Count,
                points: [(minutes_ago(minutes), 7.0)].into(),
                partial: false,
            };
            (query, Arc::new(series))
        };
        let state = |rows: Vec<(MetricQuery, Arc<Series>)>, listed: bool| {
            let mut facts = Facts {
                series: Part::answered(
                    Arc::new(rows.into_iter().collect()),
                    now,
                    "t",
                    Duration::from_secs(60),
                ),
                ..Facts::default()
            };
            if listed {
                let names = vec![MetricId::new("Laser/Business", "Runs", &[])];
                facts.metric_names =
                    Part::answered(Arc::new(names), now, "t", Duration::from_secs(600));
            }
            let call =
                Call::parse("metrics.arriving component=business metric=Runs,Sales").unwrap();
            judge(&call, &facts, &Expectations::default(), now).state
        };
        assert_eq!(
            state(vec![series("Runs", 1), series("Sales", 2)], false),
            Proved
        );
        assert_eq!(
            state(vec![series("Runs", 1), series("Sales", 60)], false),
            Failing,
            "too old"
        );
        assert_eq!(
            state(vec![series("Runs", 1), series("Sales", -30)], false),
            Unknown,
            "dated ahead"
        );
        assert_eq!(state(vec![series("Runs", 1)], false), Unknown, "not read");
        assert_eq!(state(vec![series("Runs", 1)], true), Failing, "not listed");
    }

    #[test]
    fn what_another_environment_sends_proves_nothing_here_and_each_kind_is_asked_for() {
        use std::collections::BTreeMap;
        use std::sync::Arc;

        use crate::domain::facts::Facts;
        use crate::domain::metric::{MetricQuery, Stat, Unit};
        use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
        use crate::plan::probes::testing::{judged, now, part};

        let id = |name: &str, cluster: &str| {
            MetricId::new("ECS/ContainerInsights", name, &[("ClusterName", cluster)])
        };
        let facts = |sent: &[(&str, &str)], listed: &[(&str, &str)]| {
            let series = |(name, cluster): &(&str, &str)| {
                let query = MetricQuery {
                    metric: id(name, cluster),
                    stat: Stat::Average,
                    period_s: 60,
                };
                let series = Series {
                    query: query.clone(),
                    label: String::new(),
                    unit: Unit::Percent,
                    points: [(now(), 7.0)].into(),
                    partial: false,
                };
                (query, Arc::new(series))
            };
            let all: BTreeMap<_, _> = sent.iter().map(series).collect();
            Facts {
                environment: "laser-prod".into(),
                series: part(Arc::new(all)),
                metric_names: part(Arc::new(listed.iter().map(|(n, c)| id(n, c)).collect())),
                ..Facts::default()
            }
        };
        let (prod, staging) = ("laser-prod", "laser-staging");
        let any = "metrics.arriving component=server";
        let call = "metrics.arriving component=server metric=CpuUtilized,disk_used_percent/StorageUtilized";
        let cpu = ("CpuUtilized", prod);
        let disk = ("StorageUtilized", prod);
        assert_eq!(judged(any, &facts(&[cpu], &[])).state, Proved);
        let theirs = facts(&[("CpuUtilized", staging)], &[]);
        assert_eq!(judged(any, &theirs).state, Unknown);
        let whole = judged(call, &facts(&[cpu, disk], &[cpu, disk]));
        assert_eq!(whole.state, Proved, "{}", whole.reason);
        let half = [cpu, ("StorageUtilized", staging)];
        assert_eq!(judged(call, &facts(&half, &half)).state, Failing);
        let mut cut = facts(&half, &half);
        cut.metric_names.cut = true;
        assert_eq!(
            judged(call, &cut).state,
            Unknown,
            "it may be among the rest"
        );
    }

    #[test]
    fn a_figure_says_of_what_it_is_and_by_which_statistic() {
        use std::sync::Arc;

        use crate::domain::facts::Facts;
        use crate::domain::metric::{MetricQuery, Stat, Unit};
        use crate::plan::probes::testing::{judged, now, part};

        let told = |call: &str, metric: MetricId, stat: Stat, value: f64| {
            let series = Series {
                query: MetricQuery {
                    metric: metric.clone(),
                    stat,
                    period_s: 60,
                },
                label: String::new(),
                unit: Unit::of(&metric),
                points: [(now(), value)].into(),
                partial: false,
            };
            let all = [(series.query.clone(), Arc::new(series))];
            let facts = Facts {
                series: part(Arc::new(all.into_iter().collect())),
                ..Facts::default()
            };
            judged(call, &facts).reason
        };
        let time = MetricId::new(
            "AWS/ApplicationELB",
            "TargetResponseTime",
            &[
                ("LoadBalancer", "app/laser-prod/50dc"),
                ("TargetGroup", "targetgroup/tg-pdf-render/6d0e"),
            ],
        );
        let call = "metrics.arriving component=application";
        let said = told(call, time, Stat::Percentile(950), 1.06);
        let wanted = "TargetResponseTime p95 of tg-pdf-render is 1.06 s";
        assert!(said.contains(wanted), "{said}");
        let dims = [("ClusterName", "laser-prod"), ("ServiceName", "api")];
        let disk = MetricId::new("ECS/ContainerInsights", "EphemeralStorageUtilized", &dims);
        let said = told(
            "metrics.arriving component=server",
            disk,
            Stat::Average,
            2.94,
        );
        let wanted = "EphemeralStorageUtilized Average of laser-prod/api is 2.94 GB";
        assert!(said.contains(wanted), "{said}");
    }

    #[test]
    fn components_own_their_namespaces() {
        let m = |space, name| MetricId::new(space, name, &[]);
        assert!(Component::Business.owns(&m("Laser/Calculator", "Quotes")));
        assert!(!Component::Business.owns(&m("AWS/RDS", "CPUUtilization")));
        assert!(Component::Network.owns(&m("AWS/ApplicationELB", "ProcessedBytes")));
        assert!(!Component::Network.owns(&m("AWS/ApplicationELB", "TargetResponseTime")));
        for word in COMPONENTS {
            assert!(Component::parse(word).is_some(), "{word}");
        }
    }
}
