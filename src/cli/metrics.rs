//! `flightdeck metrics [NAMESPACE/NAME]`: without a name, what there is; with one, its series as sparkline or points.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::session::{Session, standing};
use super::span;
use super::table::{Align, Table, cell};
use super::words;
use crate::config::mistake::suggest;
use crate::domain::interest::Interest;
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat, Window};
use crate::domain::problem::{Problem, ProblemKind};

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Which metric, such as AWS/ECS/CPUUtilization; none lists the names
    #[arg(value_name = "NAMESPACE/NAME")]
    metric: Option<String>,
    /// Only series with this dimension; may be given more than once
    #[arg(long = "dim", value_name = "KEY=VALUE", value_parser = pair)]
    dims: Vec<(String, String)>,
    /// Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p99
    #[arg(long, default_value = "Average", value_parser = stat)]
    stat: Stat,
    /// Length of a point; a multiple of 60s
    #[arg(long, default_value = "60s", value_parser = span::seconds)]
    period: u32,
    /// How far back
    #[arg(long, default_value = "1h", value_parser = span::seconds)]
    since: u32,
    /// Every point instead of a sparkline
    #[arg(long)]
    points: bool,
}

/// Series drawn at once; more would be no picture, and one call asks for at most 500.
const MOST: usize = 50;

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((k, v)) if !k.is_empty() && !v.is_empty() => Ok((k.into(), v.into())),
        _ => Err("expected KEY=VALUE, such as ServiceName=api".into()),
    }
}

fn stat(text: &str) -> Result<Stat, String> {
    Stat::parse(text).ok_or_else(|| {
        "expected Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99".into()
    })
}

/// Runs the command.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    if !args.period.is_multiple_of(60) {
        return Err(Problem::new(
            ProblemKind::Argument,
            "cloudwatch",
            format!("--period {}s cannot be asked for", args.period),
            "CloudWatch keeps standard metrics by the minute",
            "use a multiple of 60s",
        ));
    }
    let picture = session
        .demand(
            vec![Interest::MetricNames],
            &[&|f| standing(&f.metric_names)],
        )
        .await?;
    let known = picture
        .facts
        .metric_names
        .value
        .as_deref()
        .map_or(&[][..], Vec::as_slice);
    let Some(word) = &args.metric else {
        let rows: Vec<&MetricId> = known.iter().filter(|m| has(m, &args.dims)).collect();
        return names(&rows, session, &picture.facts.metric_names);
    };
    let wanted = wanted(word, &args.dims, known)?;
    series(args, wanted, session).await
}

/// The series that are meant: all known ones of that name that hold the dimensions; else exactly the one that was named.
fn wanted(
    word: &str,
    dims: &[(String, String)],
    known: &[MetricId],
) -> Result<Vec<MetricId>, Problem> {
    let Some((namespace, name)) = word.rsplit_once('/') else {
        return Err(Problem::new(
            ProblemKind::Argument,
            "cloudwatch",
            format!("\"{word}\" is no metric"),
            "a metric is named by its namespace and its name",
            "write NAMESPACE/NAME, such as AWS/ECS/CPUUtilization",
        ));
    };
    let same = |m: &&MetricId| m.namespace == namespace && m.name == name;
    let found: Vec<MetricId> = known
        .iter()
        .filter(same)
        .filter(|m| has(m, dims))
        .take(MOST)
        .cloned()
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if known.iter().any(|m| same(&m)) || (!dims.is_empty() && !known.is_empty()) || known.is_empty()
    {
        let dims: Vec<(&str, &str)> = dims.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        return Ok(vec![MetricId::new(namespace, name, &dims)]);
    }
    let all: Vec<String> = known.iter().map(full_name).collect();
    let hint = suggest(word, all.iter().map(String::as_str))
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    Err(Problem::new(
        ProblemKind::Argument,
        "cloudwatch",
        format!("unknown metric \"{word}\"{hint}"),
        "CloudWatch has no metric of that name with data of the last two weeks",
        "flightdeck metrics lists them",
    ))
}

fn has(metric: &MetricId, dims: &[(String, String)]) -> bool {
    dims.iter().all(|d| metric.dimensions.contains(d))
}

fn full_name(m: &MetricId) -> String {
    format!("{}/{}", m.namespace, m.name)
}

fn names(
    rows: &[&MetricId],
    session: &mut Session,
    part: &crate::domain::part::Part<std::sync::Arc<Vec<MetricId>>>,
) -> Result<Exit, Problem> {
    if session.out.is_json() {
        let rows = rows
            .iter()
            .map(|m| json!({"namespace": m.namespace, "name": m.name, "dimensions": dimensions(m)}))
            .collect();
        session.list("metrics", rows, part)?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        session
            .out
            .line("No metrics: CloudWatch has received none in the last two weeks.")?;
    } else {
        let mut table = Table::new(&[("METRIC", Align::Left), ("DIMENSIONS", Align::Left)]);
        for m in rows {
            table.row(vec![cell(full_name(m)), cell(dimension_words(m))]);
        }
        session.out.table(&table)?;
    }
    session.footer(words::count(rows.len(), "metric"), part, Timestamp::now())?;
    Ok(Exit::OK)
}

async fn series(
    args: &Arguments,
    metrics: Vec<MetricId>,
    session: &mut Session,
) -> Result<Exit, Problem> {
    let queries: Vec<MetricQuery> = metrics
        .into_iter()
        .map(|metric| MetricQuery {
            metric,
            stat: args.stat.clone(),
            period_s: args.period,
        })
        .collect();
    let window = Window {
        length_s: args.since,
        until: None,
    };
    let interest = Interest::Metrics { queries, window };
    let picture = session
        .demand(vec![interest], &[&|f| standing(&f.charts)])
        .await?;
    let part = &picture.facts.charts;
    let rows = part.value.as_ref().map_or(&[][..], |c| c.series.as_slice());
    if session.out.is_json() {
        session.list("metrics", rows.iter().map(|s| object(s)).collect(), part)?;
        return Ok(Exit::OK);
    }
    if args.points {
        session.out.table(&points(rows))?;
    } else {
        session.out.table(&sparklines(rows, args.since))?;
    }
    session.footer(format!("{} series", rows.len()), part, Timestamp::now())?;
    Ok(Exit::OK)
}

fn points(rows: &[std::sync::Arc<Series>]) -> Table {
    let mut table = Table::new(&[
        ("TIME", Align::Left),
        ("VALUE", Align::Right),
        ("SERIES", Align::Left),
    ]);
    for s in rows {
        for (at, value) in s.points.iter() {
            table.row(vec![
                cell(at.to_string()),
                cell(s.unit.format(*value)),
                cell(label(s)),
            ]);
        }
    }
    table
}

fn sparklines(rows: &[std::sync::Arc<Series>], since: u32) -> Table {
    let mut table = Table::new(&[
        ("SERIES", Align::Left),
        ("STAT", Align::Left),
        ("LAST", Align::Right),
        ("MIN", Align::Right),
        ("MAX", Align::Right),
        ("POINTS", Align::Right),
        ("SHAPE", Align::Left),
    ]);
    for s in rows {
        let of = |f: fn(f64, f64) -> f64| {
            s.points
                .iter()
                .map(|p| p.1)
                .reduce(f)
                .map_or_else(|| "-".into(), |v| s.unit.format(v))
        };
        table.row(vec![
            cell(label(s)),
            cell(s.query.stat.word()),
            cell(
                s.last()
                    .map_or_else(|| "no data".into(), |v| s.unit.format(v)),
            ),
            cell(of(f64::min)),
            cell(of(f64::max)),
            cell(s.points.len().to_string()),
            cell(spark(s, since)),
        ]);
    }
    table
}

fn label(s: &Series) -> String {
    format!(
        "{} {}",
        full_name(&s.query.metric),
        dimension_words(&s.query.metric)
    )
}

/// Columns of a sparkline.
const COLUMNS: u32 = 30;

/// The series in blocks from its least to its largest value; a gap is a blank.
fn spark(s: &Series, since: u32) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let Some(end) = s.points.last().map(|p| p.0.as_second()) else {
        return String::new();
    };
    let step = i64::from(since.div_ceil(COLUMNS).max(s.query.period_s).max(1));
    let columns = i64::from(since).div_euclid(step).max(1);
    let mut bins: Vec<Option<f64>> = vec![None; usize::try_from(columns).unwrap_or(1)];
    for (at, value) in s.points.iter() {
        let back = (end - at.as_second()) / step;
        if let Ok(i) = usize::try_from(columns - 1 - back)
            && let Some(bin) = bins.get_mut(i)
        {
            *bin = Some(bin.map_or(*value, |v: f64| v.max(*value)));
        }
    }
    let low = bins.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = bins
        .iter()
        .flatten()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    bins.into_iter()
        .map(|bin| match bin {
            None => ' ',
            Some(_) if high <= low => BLOCKS[0],
            Some(v) => {
                let i = ((v - low) / (high - low) * 7.0).round() as usize;
                BLOCKS.get(i).copied().unwrap_or('█')
            }
        })
        .collect()
}

fn dimension_words(m: &MetricId) -> String {
    let words: Vec<String> = m
        .dimensions
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    words.join(" ")
}

/// Dimensions as a JSON object.
pub fn dimensions(m: &MetricId) -> Map<String, Value> {
    m.dimensions
        .iter()
        .map(|(k, v)| (k.clone(), json!(v)))
        .collect()
}

fn object(s: &Series) -> Value {
    let m = &s.query.metric;
    json!({
        "namespace": m.namespace,
        "name": m.name,
        "dimensions": dimensions(m),
        "stat": s.query.stat.word(),
        "period_s": s.query.period_s,
        "unit": s.unit,
        "label": s.label,
        "partial": s.partial,
        "points": s.points.iter().map(|(at, v)| json!({"at": at, "value": v})).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric::Unit;

    fn id(name: &str, service: &str) -> MetricId {
        MetricId::new(
            "AWS/ECS",
            name,
            &[("ServiceName", service), ("ClusterName", "c")],
        )
    }

    #[test]
    fn a_name_means_every_series_that_holds_the_dimensions() {
        let known = [id("CPUUtilization", "api"), id("CPUUtilization", "web")];
        let dim = [("ServiceName".to_owned(), "web".to_owned())];
        let both = wanted("AWS/ECS/CPUUtilization", &[], &known).unwrap();
        assert_eq!(both.len(), 2);
        assert_eq!(
            wanted("AWS/ECS/CPUUtilization", &dim, &known).unwrap(),
            known[1..]
        );
        let unknown = wanted("AWS/ECS/CPUUtilisation", &[], &known).unwrap_err();
        assert!(
            unknown
                .what
                .contains("did you mean \"AWS/ECS/CPUUtilization\"")
        );
        assert_eq!(
            wanted("CPU", &[], &known).unwrap_err().kind,
            ProblemKind::Argument
        );
    }

    #[test]
    fn gaps_are_gaps_in_a_sparkline() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let series = Series {
            query: MetricQuery {
                metric: id("CPUUtilization", "api"),
                stat: Stat::Average,
                period_s: 60,
            },
            label: String::new(),
            unit: Unit::Percent,
            points: [(at(0), 0.0), (at(60), 50.0), (at(180), 100.0)].into(),
            partial: false,
        };
        assert_eq!(spark(&series, 240), "▁▅ █");
    }
}
