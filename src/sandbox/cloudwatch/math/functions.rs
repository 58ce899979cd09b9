//! The functions of metric math.

use std::collections::BTreeMap;

use super::eval::Scene;
use super::parse::Expr;
use super::value::{Line, Value};
use crate::cloudwatch::store::Point;

/// Points that filling a gap may make at most: what the vendor answers in a page.
const FILLED: i64 = 100_800;

/// Calls a function.
pub(super) fn call(scene: &Scene<'_>, name: &str, arguments: &[Expr]) -> Result<Value, String> {
    let upper = name.to_ascii_uppercase();
    let wrong = || format!("the function {upper} does not take these parameters");
    match (upper.as_str(), arguments) {
        ("METRICS", []) => Ok(Value::Many(scene.metrics.metrics(""))),
        ("METRICS", [Expr::Text(part)]) => Ok(Value::Many(scene.metrics.metrics(part))),
        ("SEARCH", [Expr::Text(text), Expr::Text(stat)]) => {
            scene.metrics.search(text, stat, None).map(Value::Many)
        }
        ("SEARCH", [Expr::Text(text), Expr::Text(stat), Expr::Number(period)]) => {
            let period = Some(*period as i64);
            scene.metrics.search(text, stat, period).map(Value::Many)
        }
        ("FILL", [series, with]) => fill(scene, series, with),
        ("IF", [test, then, other]) => choose(scene, test, then, Some(other)),
        ("IF", [test, then]) => choose(scene, test, then, None),
        (_, [only]) => match scene.value(only) {
            Ok(value) => one(&upper, &value).unwrap_or_else(|| Err(unknown(&upper))),
            Err(e) => Err(e),
        },
        ("METRICS" | "FILL" | "IF" | "SEARCH", _) => Err(wrong()),
        _ => Err(unknown(&upper)),
    }
}

fn unknown(name: &str) -> String {
    format!("the function {name} with these parameters is not offered here")
}

/// Functions of one value; `None` for an unknown name.
fn one(name: &str, value: &Value) -> Option<Result<Value, String>> {
    let series = "a series is expected here";
    Some(match name {
        "SUM" => Ok(gather(value, |v| v.iter().sum())),
        "AVG" => Ok(gather(value, mean)),
        "MIN" => Ok(gather(value, |v| {
            v.iter().copied().fold(f64::NAN, f64::min)
        })),
        "MAX" => Ok(gather(value, |v| {
            v.iter().copied().fold(f64::NAN, f64::max)
        })),
        "STDDEV" => Ok(gather(value, deviation)),
        "ABS" => Ok(each(value, f64::abs)),
        "CEIL" => Ok(each(value, f64::ceil)),
        "FLOOR" => Ok(each(value, f64::floor)),
        "LOG" => Ok(each(value, f64::ln)),
        "LOG10" => Ok(each(value, f64::log10)),
        "RATE" => Ok(value.each(|_| 0.0, |l| l.with(steps(l, |dv, dt| dv / dt)))),
        "DIFF" => Ok(value.each(|_| 0.0, |l| l.with(steps(l, |dv, _| dv)))),
        "RUNNING_SUM" => Ok(value.each(|n| n, running_sum)),
        "TIME_SERIES" | "REMOVE_EMPTY" => Ok(without_empty(name, value)),
        "METRIC_COUNT" => match value {
            Value::Many(lines) => Ok(Value::Number(lines.len() as f64)),
            Value::One(_) => Ok(Value::Number(1.0)),
            Value::Number(_) => Err(series.into()),
        },
        "DATAPOINT_COUNT" => match value {
            Value::One(l) => Ok(Value::Number(l.points.len() as f64)),
            Value::Many(_) => Ok(gather(value, |v| v.len() as f64)),
            Value::Number(_) => Err(series.into()),
        },
        "PERIOD" | "FIRST" | "LAST" => match value {
            Value::One(l) => Ok(Value::Number(match name {
                "PERIOD" => l.period as f64,
                "FIRST" => l.points.first().map_or(f64::NAN, |p| p.1),
                _ => l.points.last().map_or(f64::NAN, |p| p.1),
            })),
            Value::Many(lines) => {
                let line = if name == "LAST" {
                    lines.last()
                } else {
                    lines.first()
                };
                line.cloned()
                    .map(Value::One)
                    .ok_or_else(|| "there is no series".to_owned())
            }
            Value::Number(_) => Err(series.into()),
        },
        _ => return None,
    })
}

fn each(value: &Value, f: impl Fn(f64) -> f64 + Copy) -> Value {
    value.each(f, |l| l.map(f))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

/// One number of a series; of several series, one series across them.
fn gather(value: &Value, f: impl Fn(&[f64]) -> f64) -> Value {
    match value {
        Value::Number(n) => Value::Number(*n),
        Value::One(line) => Value::Number(f(&line.values().collect::<Vec<_>>())),
        Value::Many(lines) => {
            let mut at: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
            for (t, v) in lines.iter().flat_map(|l| &l.points) {
                at.entry(*t).or_default().push(*v);
            }
            let whole = Line {
                period: lines.iter().map(|l| l.period).max().unwrap_or(60),
                ..Line::default()
            };
            Value::One(whole.with(at.iter().map(|(t, v)| (*t, f(v))).collect()))
        }
    }
}

/// From each point to the next: of the change and of the seconds between them.
fn steps(line: &Line, f: impl Fn(f64, f64) -> f64) -> Vec<Point> {
    let pairs = line.points.iter().zip(line.points.iter().skip(1));
    pairs
        .map(|((t0, v0), (t1, v1))| (*t1, f(v1 - v0, (t1 - t0) as f64)))
        .collect()
}

fn running_sum(line: &Line) -> Line {
    let mut sum = 0.0;
    let points = line.points.iter().map(|(t, v)| {
        sum += v;
        (*t, sum)
    });
    line.with(points.collect())
}

fn without_empty(name: &str, value: &Value) -> Value {
    match value {
        Value::Many(lines) if name == "REMOVE_EMPTY" => {
            let full = lines.iter().filter(|l| !l.points.is_empty());
            Value::Many(full.cloned().collect())
        }
        other => other.clone(),
    }
}

/// `FILL(series, number | REPEAT | LINEAR | series)`.
fn fill(scene: &Scene<'_>, series: &Expr, with: &Expr) -> Result<Value, String> {
    let value = scene.value(series)?;
    let filling = match with {
        Expr::Id(word) if word.eq_ignore_ascii_case("REPEAT") => Filling::Repeat,
        Expr::Id(word) if word.eq_ignore_ascii_case("LINEAR") => Filling::Linear,
        other => match scene.value(other)? {
            Value::Number(n) => Filling::Number(n),
            Value::One(line) => Filling::Line(line.points.into_iter().collect()),
            Value::Many(_) => return Err("FILL takes one series to fill with".into()),
        },
    };
    Ok(value.each(|n| n, |l| filled(scene, l, &filling)))
}

enum Filling {
    Number(f64),
    Repeat,
    Linear,
    Line(BTreeMap<i64, f64>),
}

fn filled(scene: &Scene<'_>, line: &Line, filling: &Filling) -> Line {
    let period = line.period.max(1);
    let known: BTreeMap<i64, f64> = line.points.iter().copied().collect();
    let count = (scene.until - scene.from)
        .div_euclid(period)
        .clamp(0, FILLED);
    // The grid of the series itself, where it has points.
    let phase = line.points.first().map_or(scene.from, |p| p.0);
    let first = scene.from + (phase - scene.from).rem_euclid(period);
    let grid = (0..=count).map(|i| first + i * period);
    let points = grid.take_while(|t| *t < scene.until).filter_map(|t| {
        let value = known.get(&t).copied().or_else(|| match filling {
            Filling::Number(n) => Some(*n),
            Filling::Repeat => known.range(..t).next_back().map(|(_, v)| *v),
            Filling::Line(other) => other.get(&t).copied(),
            Filling::Linear => {
                let (t0, v0) = known.range(..t).next_back()?;
                let (t1, v1) = known.range(t..).next()?;
                Some(v0 + (v1 - v0) * (t - t0) as f64 / (t1 - t0) as f64)
            }
        });
        Some((t, value?))
    });
    line.with(points.collect())
}

/// `IF(test, then, otherwise)`; without the third, only the points at which the test holds.
fn choose(
    scene: &Scene<'_>,
    test: &Expr,
    then: &Expr,
    other: Option<&Expr>,
) -> Result<Value, String> {
    let then = scene.value(then)?;
    let other = other.map(|o| scene.value(o)).transpose()?;
    match scene.value(test)? {
        Value::Number(n) if n != 0.0 => Ok(then),
        Value::Number(_) => other.ok_or_else(|| "IF without a series gives nothing".to_owned()),
        Value::Many(_) => Err("IF takes one series to test".into()),
        Value::One(line) => {
            let (yes, no) = (lookup(&then)?, other.as_ref().map(lookup).transpose()?);
            let points = line.points.iter().filter_map(|(t, v)| {
                let side = if *v != 0.0 { Some(&yes) } else { no.as_ref() };
                Some((*t, side?(*t)?))
            });
            Ok(Value::One(line.with(points.collect())))
        }
    }
}

/// The value at a time.
fn lookup(value: &Value) -> Result<impl Fn(i64) -> Option<f64> + '_, String> {
    let points = match value {
        Value::Number(_) => None,
        Value::One(line) => Some(&line.points),
        Value::Many(_) => return Err("IF chooses between numbers and single series".into()),
    };
    Ok(move |t: i64| match (value, points) {
        (Value::Number(n), _) => Some(*n),
        (_, Some(points)) => {
            let place = points.binary_search_by_key(&t, |p| p.0).ok()?;
            points.get(place).map(|p| p.1)
        }
        _ => None,
    })
}
