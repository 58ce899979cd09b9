//! From chosen series to charts: one unit a chart, so that unlike units never share an axis.

use std::sync::Arc;

use super::span::Span;
use crate::domain::alarm::{Alarm, AlarmRule};
use crate::domain::facts::Facts;
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat, Unit};
use crate::domain::order::Ordered;
use crate::domain::queries;
use crate::domain::service::{Service, ServiceHealth};

/// Services whose signals are shown while nobody has chosen anything.
const SERVICES_AT_MOST: usize = 6;

/// One line of a chart: what was chosen, as it is asked now.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub query: MetricQuery,
    /// What sets it apart from the others of its chart.
    pub name: String,
}

/// One chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChartSpec {
    pub title: String,
    pub unit: Unit,
    pub lines: Vec<Wanted>,
}

/// What is shown while nobody has chosen anything: golden signals, CPU and memory of the services, those of the environment that is
/// looked at before others, and the unwell first. The numbers are those of services that are shown and that there are, where some are
/// left out.
pub(super) fn usual(facts: &Facts) -> (Vec<MetricQuery>, Option<(usize, usize)>) {
    let mut services: Vec<_> = facts.service_rows().iter().enumerate().collect();
    let left_out =
        (services.len() > SERVICES_AT_MOST).then_some((SERVICES_AT_MOST, services.len()));
    if left_out.is_some() {
        let rank = |s: &Service| {
            let health = facts.served(s);
            let rests = matches!(health, ServiceHealth::Idle | ServiceHealth::Inactive);
            (rests, !facts.is_own(&s.id.cluster), health)
        };
        // Worked out once a row: it goes through all that is known of a service.
        services.sort_by_cached_key(|(_, s)| rank(s));
        services.truncate(SERVICES_AT_MOST);
        // Which are shown is chosen by how they fare; where each stands is not.
        services.order_by_key(|(place, _)| *place);
    }
    let services: Vec<_> = services.into_iter().map(|(_, s)| s).collect();
    let mut wanted = Vec::new();
    let groups = services.iter().flat_map(|s| facts.targets_of(s));
    let refused: Vec<MetricQuery> = groups.filter_map(queries::refused).collect();
    for s in services {
        wanted.extend(facts.targets_of(s).flat_map(queries::golden_signals));
        wanted.push(queries::service_cpu(&s.id));
        wanted.push(queries::service_memory(&s.id));
    }
    wanted.extend(refused);
    (wanted, left_out)
}

/// The questions as they are asked over a range: with its period, and with one statistic for all where one is set.
pub(super) fn asked(chosen: &[MetricQuery], stat: Option<&Stat>, span: &Span) -> Vec<MetricQuery> {
    let mut all: Vec<MetricQuery> = Vec::with_capacity(chosen.len());
    for q in chosen {
        let query = MetricQuery {
            metric: q.metric.clone(),
            stat: stat.unwrap_or(&q.stat).clone(),
            // A metric that comes every five minutes has gaps at one: its own period is the least.
            period_s: span.period_s().max(q.period_s),
        };
        if !all.contains(&query) {
            all.push(query);
        }
    }
    all
}

/// What the lines of a chart have in common beside their unit.
type Key<'a> = (&'a str, &'a str, Option<&'a Stat>);

/// Charts for the questions. `by_metric` gives each metric its own chart, and each statistic of it where it is read of
/// several things; otherwise all of a unit share one.
pub(super) fn charts(facts: &Facts, asked: &[MetricQuery], by_metric: bool) -> Vec<ChartSpec> {
    let mut specs: Vec<(Option<Key<'_>>, ChartSpec)> = Vec::new();
    for q in asked {
        let unit = found(facts, q).map_or_else(|| Unit::of(&q.metric), |s| s.unit);
        // A count of samples has no unit of the metric's.
        let unit = if q.stat == Stat::SampleCount {
            Unit::Count
        } else {
            unit
        };
        let (space, name) = (q.metric.namespace.as_str(), called(&q.metric));
        let several = asked.iter().any(|o| {
            o.metric.namespace == space && called(&o.metric) == name && o.metric != q.metric
        });
        let key = by_metric.then_some((space, name, several.then_some(&q.stat)));
        let line = Wanted {
            query: q.clone(),
            name: String::new(),
        };
        match specs.iter_mut().find(|(k, s)| *k == key && s.unit == unit) {
            Some((_, spec)) => spec.lines.push(line),
            None => specs.push((
                key,
                ChartSpec {
                    title: String::new(),
                    unit,
                    lines: vec![line],
                },
            )),
        }
    }
    let mut specs: Vec<ChartSpec> = specs.into_iter().map(|(_, s)| s).collect();
    for spec in &mut specs {
        name(spec);
    }
    specs
}

/// By what name a metric has its chart. What fails of the same requests is one thing, whoever says so: either alone may be none while
/// all fail.
fn called(metric: &MetricId) -> &str {
    match is_failures(metric) {
        true => queries::FAILED,
        false => &metric.name,
    }
}

/// Whether a metric counts requests to a load balancer that ended in a 5xx.
fn is_failures(metric: &MetricId) -> bool {
    let names = [queries::FAILED, queries::REFUSED];
    metric.namespace == "AWS/ApplicationELB" && names.contains(&metric.name.as_str())
}

/// Gives a chart its title (what its lines have in common) and its lines their names (what they have not).
fn name(spec: &mut ChartSpec) {
    let Some(first) = spec.lines.first().map(|l| l.query.clone()) else {
        return;
    };
    let lines = &spec.lines;
    let failures = lines.iter().all(|l| is_failures(&l.query.metric));
    let mixed = lines
        .iter()
        .any(|l| l.query.metric.name != first.metric.name);
    let one_name = failures || !mixed;
    let one_stat = lines.iter().all(|l| l.query.stat == first.stat);
    let shared = |k: &str, v: &str| {
        lines.len() > 1
            && lines.iter().all(|l| {
                l.query
                    .metric
                    .dimensions
                    .iter()
                    .any(|(a, b)| a == k && b == v)
            })
    };
    let named = |with_container: bool| -> Vec<String> {
        let name = |l: &Wanted| {
            let mut words = Vec::new();
            if !one_name {
                words.push(l.query.metric.name.clone());
            }
            let dimensions = &l.query.metric.dimensions;
            let mut place = String::new();
            for (k, v) in dimensions.iter().filter(|(k, v)| !shared(k, v)) {
                match is_container(k, dimensions) {
                    // As everywhere: `cluster/service`.
                    true if with_container => place = format!("{}/", short(k, v)),
                    true => {}
                    false => words.push(format!("{}{}", std::mem::take(&mut place), short(k, v))),
                }
            }
            if !one_stat {
                words.push(l.query.stat.word());
            }
            if failures && mixed && l.query.metric.name == queries::REFUSED {
                words.insert(0, "the ELB".to_owned());
            }
            if words.is_empty() {
                words.push(l.query.metric.name.clone());
            }
            words.join(" ")
        };
        lines.iter().map(name).collect()
    };
    // Two clusters may each have a service of one name: then the cluster is what sets them apart, and is told of each.
    let short = named(false);
    let twice = |name: &String| short.iter().filter(|n| *n == name).count() > 1;
    let names = match short.iter().any(twice) {
        true => named(true),
        false => short,
    };
    spec.title = match (one_name, one_stat) {
        (true, true) if mixed => format!("HTTPCode 5XX of targets and ELB {}", first.stat.word()),
        (true, false) if mixed => "HTTPCode 5XX of targets and ELB".to_owned(),
        (true, true) => format!("{} {}", first.metric.name, first.stat.word()),
        (true, false) => first.metric.name.clone(),
        (false, _) => format!("{} metrics", lines.len()),
    };
    for (line, name) in spec.lines.iter_mut().zip(names) {
        line.name = name;
    }
}

/// Whether a dimension only says where a named thing lies: the cluster of a service, the balancer of a target group.
pub(super) fn is_container(key: &str, all: &[(String, String)]) -> bool {
    let has = |k: &str| all.iter().any(|(other, _)| other == k);
    (key == "ClusterName" && has("ServiceName")) || (key == "LoadBalancer" && has("TargetGroup"))
}

/// A dimension's value as people call it: `tg-api` of `targetgroup/tg-api/6d0ecf831eec9f09`.
pub(super) fn short(key: &str, value: &str) -> String {
    let mut parts = value.split('/');
    match (key, parts.next(), parts.next(), parts.next()) {
        ("TargetGroup", Some(_), Some(name), _) => name.to_owned(),
        ("LoadBalancer", Some(_), Some(name), Some(_)) => name.to_owned(),
        _ => value.to_owned(),
    }
}

/// The series of a question: the answer to it, or to the same metric and statistic at another period or range.
pub(super) fn found<'a>(facts: &'a Facts, query: &MetricQuery) -> Option<&'a Arc<Series>> {
    let charts = facts.charts.value.as_ref().map_or(&[][..], |c| &c.series);
    let same = |s: &&Arc<Series>| s.query.metric == query.metric && s.query.stat == query.stat;
    charts
        .iter()
        .find(|s| &s.query == query)
        .or_else(|| charts.iter().find(same))
        .or_else(|| facts.series(query))
}

/// Whether the charts read are the answer to just these questions.
pub(super) fn is_answer(facts: &Facts, asked: &[MetricQuery], span: &Span) -> bool {
    facts.charts.value.as_ref().is_some_and(|c| {
        c.window == Some(span.window())
            && asked.iter().all(|q| c.series.iter().any(|s| &s.query == q))
    })
}

/// Alarms that watch a line with this very statistic, and a sum also over this very period: else their threshold would be
/// drawn against other numbers than they compare. What a service is scaled by is no limit that anybody set.
pub(super) fn watching<'a>(
    facts: &'a Facts,
    query: &'a MetricQuery,
) -> impl Iterator<Item = (&'a Alarm, f64)> + 'a {
    let adds_up = matches!(query.stat, Stat::Sum | Stat::SampleCount);
    facts
        .alarm_rows()
        .iter()
        .filter_map(move |a| match &a.rule {
            AlarmRule::Metric {
                query: Some(q),
                threshold: Some(limit),
                ..
            } if q.metric == query.metric
                && q.stat == query.stat
                && (!adds_up || q.period_s == query.period_s)
                && !facts.only_scales(a) =>
            {
                Some((a.as_ref(), *limit))
            }
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::ServiceId;
    use crate::domain::target::TargetGroup;

    fn legend(ids: &[(&str, &str)]) -> Vec<String> {
        let cpu = |(cluster, name): &(&str, &str)| {
            queries::service_cpu(&ServiceId {
                cluster: (*cluster).into(),
                name: (*name).into(),
            })
        };
        let asked: Vec<MetricQuery> = ids.iter().map(cpu).collect();
        let specs = charts(&Facts::default(), &asked, true);
        let lines = specs.into_iter().flat_map(|s| s.lines);
        lines.map(|l| l.name).collect()
    }

    #[test]
    fn what_targets_and_their_balancer_fail_is_one_chart() {
        let group = TargetGroup {
            arn: "arn:aws:elasticloadbalancing:r:1:targetgroup/tg-auth/1".into(),
            name: "tg-auth".into(),
            load_balancers: vec![
                "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/laser-prod/1".into(),
            ],
            protocol: None,
            health_check_path: None,
            targets: Vec::new(),
        };
        let mut asked = queries::golden_signals(&group);
        asked.extend(queries::refused(&group));
        let specs = charts(&Facts::default(), &asked, true);
        let titles: Vec<&str> = specs.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(
            titles[1], "HTTPCode 5XX of targets and ELB Sum",
            "{titles:?}"
        );
        let names: Vec<&str> = specs[1].lines.iter().map(|l| l.name.as_str()).collect();
        assert_eq!(names, ["tg-auth", "the ELB"]);
        // Chosen alone it is what it is called.
        let alone = charts(&Facts::default(), &[asked.pop().unwrap()], true);
        assert_eq!(alone[0].title, "HTTPCode_ELB_5XX_Count Sum");
    }

    #[test]
    fn lines_of_one_name_say_what_sets_them_apart() {
        let names = legend(&[("prod", "api"), ("staging", "api"), ("prod", "web")]);
        assert_eq!(names.len(), 3);
        assert_eq!(names, ["prod/api", "staging/api", "prod/web"]);
        assert_eq!(legend(&[("prod", "api"), ("prod", "web")]), ["api", "web"]);
    }
}
