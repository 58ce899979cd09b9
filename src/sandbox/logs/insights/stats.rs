//! `stats`: functions over rows, by fields and by bins of time.

use std::collections::{BTreeMap, BTreeSet};

use super::language::{By, Function, Stats};

/// Groups that are kept at most, as the vendor does.
const GROUPS: usize = 10_000;

/// A row of results: column and value.
pub(super) type Cells = Vec<(String, String)>;

/// Numbers that rows are grouped under.
#[derive(Debug, Default)]
struct Group {
    rows: u64,
    values: Vec<Vec<String>>,
}

/// Groups rows and reckons. `value` gives a row's field, `at` its time in milliseconds.
pub(super) fn stats<R>(
    stats: &Stats,
    rows: &[R],
    value: impl Fn(&R, &str) -> Option<String>,
    at: impl Fn(&R) -> i64,
    stamp: impl Fn(i64) -> String,
) -> Vec<Cells> {
    let mut groups: BTreeMap<Vec<String>, Group> = BTreeMap::new();
    for row in rows {
        let key = stats.by.iter().map(|by| match by {
            By::Field(name) => value(row, name).unwrap_or_default(),
            By::Bin(_, ms) => stamp(at(row).div_euclid(*ms) * ms),
        });
        let key: Vec<String> = key.collect();
        if groups.len() >= GROUPS && !groups.contains_key(&key) {
            continue;
        }
        let group = groups.entry(key).or_default();
        group.rows += 1;
        group.values.resize_with(stats.functions.len(), Vec::new);
        for (kept, (f, _)) in group.values.iter_mut().zip(&stats.functions) {
            kept.extend(f.field().and_then(|name| value(row, name)));
        }
    }
    if groups.is_empty() && stats.by.is_empty() {
        let mut none = Group::default();
        none.values.resize_with(stats.functions.len(), Vec::new);
        groups.insert(Vec::new(), none);
    }
    groups
        .into_iter()
        .map(|(key, group)| {
            let keys = stats
                .by
                .iter()
                .zip(key)
                .map(|(by, v)| (by.name().to_owned(), v));
            let reckoned = stats.functions.iter().zip(&group.values);
            let values = reckoned
                .filter_map(|((f, name), values)| Some((name.clone(), f.of(group.rows, values)?)));
            keys.chain(values).filter(|(_, v)| !v.is_empty()).collect()
        })
        .collect()
}

impl By {
    fn name(&self) -> &str {
        match self {
            Self::Field(name) | Self::Bin(name, _) => name,
        }
    }
}

impl Function {
    fn field(&self) -> Option<&str> {
        match self {
            Self::CountAll => None,
            Self::Count(f)
            | Self::Distinct(f)
            | Self::Sum(f)
            | Self::Avg(f)
            | Self::Min(f)
            | Self::Max(f)
            | Self::Percentile(f, _) => Some(f),
        }
    }

    fn of(&self, rows: u64, values: &[String]) -> Option<String> {
        let mut numbers: Vec<f64> = values.iter().filter_map(|v| v.parse().ok()).collect();
        let sum: f64 = numbers.iter().sum();
        let fold = |f: fn(f64, f64) -> f64| numbers.iter().copied().reduce(f);
        let value = match self {
            Self::CountAll => return Some(rows.to_string()),
            Self::Count(_) => return Some(values.len().to_string()),
            Self::Distinct(_) => {
                let distinct: BTreeSet<&String> = values.iter().collect();
                return Some(distinct.len().to_string());
            }
            Self::Sum(_) => Some(sum),
            Self::Avg(_) => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
            Self::Min(_) => fold(f64::min),
            Self::Max(_) => fold(f64::max),
            Self::Percentile(_, p) => {
                numbers.sort_by(f64::total_cmp);
                let place = (p / 100.0 * numbers.len() as f64).ceil() as usize;
                numbers.get(place.saturating_sub(1)).copied()
            }
        };
        value.map(|v| format!("{}", (v * 10_000.0).round() / 10_000.0))
    }
}
