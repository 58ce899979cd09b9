//! The GraphQL Analytics API: `viewer { zones { ... } }` with the datasets `httpRequests1mGroups`, `httpRequests1hGroups`,
//! `httpRequests1dGroups`, `httpRequestsAdaptiveGroups` and `firewallEventsAdaptiveGroups`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::cells::{Cell, Past};
use super::graphql::{Field, read};
use super::narrow::{DAY_S, Dimension, Filter, HOUR_S};
use super::settings::Settings;
use super::zones::Zone;
use crate::web::Reply;

/// A dataset, and what the plan allows of it.
struct Dataset {
    name: &'static str,
    /// Longest range, and how far back it reaches, in seconds.
    range_s: f64,
    back_s: f64,
    /// What time is called in its dimensions and filters; `None`: any of several widths.
    time: Option<(&'static str, f64)>,
    events: bool,
}

const DATASETS: [Dataset; 5] = [
    Dataset {
        name: "httpRequests1mGroups",
        range_s: DAY_S,
        back_s: 7.0 * DAY_S,
        time: Some(("datetime", 60.0)),
        events: false,
    },
    Dataset {
        name: "httpRequests1hGroups",
        range_s: 3.0 * DAY_S,
        back_s: 30.0 * DAY_S,
        time: Some(("datetime", HOUR_S)),
        events: false,
    },
    Dataset {
        name: "httpRequests1dGroups",
        range_s: 365.0 * DAY_S,
        back_s: 365.0 * DAY_S,
        time: Some(("date", DAY_S)),
        events: false,
    },
    Dataset {
        name: "httpRequestsAdaptiveGroups",
        range_s: DAY_S,
        back_s: 7.0 * DAY_S,
        time: None,
        events: false,
    },
    Dataset {
        name: "firewallEventsAdaptiveGroups",
        range_s: DAY_S,
        back_s: 7.0 * DAY_S,
        time: None,
        events: true,
    },
];

/// An answer that says only what went wrong.
pub fn failed(status: u16, why: &str, now: f64) -> Reply {
    let about = json!({"timestamp": super::stamp(now)});
    Reply::json(
        status,
        &json!({"data": null, "errors": [{"message": why, "path": null, "extensions": about}]}),
    )
}

/// Answers `{query, variables}`.
pub fn answer(body: &Value, zones: &[Zone], past: &Past, settings: &Settings, now: f64) -> Reply {
    let query = body
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let variables = body.get("variables").unwrap_or(&Value::Null);
    let resolver = Resolver {
        zones,
        past,
        settings,
        now,
    };
    let data = read(query, variables).and_then(|fields| resolver.root(&fields));
    match data {
        Ok(data) => Reply::json(200, &json!({"data": data, "errors": null})),
        // The vendor answers 200 for what is wrong with a query.
        Err(why) => failed(200, &why, now),
    }
}

struct Resolver<'a> {
    zones: &'a [Zone],
    past: &'a Past,
    settings: &'a Settings,
    now: f64,
}

impl Resolver<'_> {
    fn root(&self, fields: &[Field]) -> Result<Value, String> {
        each(fields, |field| match field.name.as_str() {
            "viewer" => each(&field.fields, |field| match field.name.as_str() {
                "zones" => self.zones(field),
                other => Err(unknown(other)),
            }),
            other => Err(unknown(other)),
        })
    }

    fn zones(&self, field: &Field) -> Result<Value, String> {
        let filter = field.arguments.get("filter").unwrap_or(&Value::Null);
        let one = filter.get("zoneTag").and_then(Value::as_str);
        let many = filter.get("zoneTag_in").and_then(Value::as_array);
        let wanted = |z: &&Zone| {
            one.is_none_or(|tag| tag == z.id)
                && many.is_none_or(|tags| tags.iter().any(|t| t == z.id))
        };
        if one.is_none() && many.is_none() {
            return Err("filter must contain zoneTag or zoneTag_in".into());
        }
        let found = self.zones.iter().filter(wanted);
        let shown = found.map(|zone| {
            each(&field.fields, |field| match field.name.as_str() {
                "zoneTag" => Ok(zone.id.into()),
                name => match DATASETS.iter().find(|d| d.name == name) {
                    Some(dataset) => self.groups(zone, dataset, field),
                    None => Err(unknown(name)),
                },
            })
        });
        shown.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn groups(&self, zone: &Zone, dataset: &Dataset, field: &Field) -> Result<Value, String> {
        let name = dataset.name;
        let bad = |why: &str| format!("error parsing args for {name:?}: {why}");
        let limit = field
            .arguments
            .get("limit")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if !(1..=10_000).contains(&limit) {
            return Err(bad(
                "limit must be positive number and not greater than 10000",
            ));
        }
        let filter =
            Filter::of(field.arguments.get("filter"), self.now).map_err(|why| bad(&why))?;
        let (from, until) = (filter.from, filter.until.min(self.now));
        if until - from > dataset.range_s {
            let days = dataset.range_s / DAY_S;
            return Err(format!(
                "zone {:?} cannot request a time range wider than {days}d",
                zone.id
            ));
        }
        if self.now - from > dataset.back_s + DAY_S {
            let days = dataset.back_s / DAY_S;
            return Err(format!(
                "zone {:?} cannot request data older than {days}d",
                zone.id
            ));
        }
        let asked = field.fields.iter().filter(|f| f.name == "dimensions");
        let asked: Vec<&str> = asked
            .flat_map(|f| &f.fields)
            .map(|f| f.name.as_str())
            .collect();
        let kinds = asked.iter().map(|name| {
            Dimension::of(name, dataset.time, dataset.events).ok_or_else(|| unknown(name))
        });
        let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
        let fine = kinds.iter().map(Dimension::width).fold(300.0, f64::min);
        let width = dataset.time.map_or(fine, |(_, width)| width.min(HOUR_S));
        let cells = if zone.name == "laser.example" && zone.carries() {
            self.past.cells(zone.id, self.settings, from, until, width)
        } else {
            Vec::new()
        };
        let mut groups: BTreeMap<String, (Map<String, Value>, Sums)> = BTreeMap::new();
        for cell in cells
            .iter()
            .filter(|c| filter.takes(c) && (!dataset.events || c.action.is_some()))
        {
            let named = asked.iter().zip(&kinds);
            let dimensions: Map<String, Value> = named
                .map(|(name, kind)| ((*name).to_owned(), kind.value(cell)))
                .collect();
            let key = Value::Object(dimensions.clone()).to_string();
            groups
                .entry(key)
                .or_insert_with(|| (dimensions, Sums::default()))
                .1
                .add(cell);
        }
        let mut rows: Vec<Value> = groups
            .into_values()
            .map(|(dimensions, sums)| sums.show(dimensions))
            .collect();
        order(&mut rows, field.arguments.get("orderBy"));
        rows.truncate(limit);
        let chosen = rows.iter().map(|row| choose(&field.fields, row));
        chosen.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }
}

fn unknown(field: &str) -> String {
    format!("unknown field {field:?}")
}

fn each(
    fields: &[Field],
    mut of: impl FnMut(&Field) -> Result<Value, String>,
) -> Result<Value, String> {
    let mut found = Map::new();
    for field in fields {
        found.insert(field.alias.clone(), of(field)?);
    }
    Ok(Value::Object(found))
}

/// Of a whole row, what was asked for.
fn choose(fields: &[Field], row: &Value) -> Result<Value, String> {
    each(fields, |field| {
        let value = row.get(&field.name).ok_or_else(|| unknown(&field.name))?;
        match (value, field.fields.is_empty()) {
            (Value::Array(items), false) => items
                .iter()
                .map(|item| choose(&field.fields, item))
                .collect(),
            (Value::Object(_), false) => choose(&field.fields, value),
            (Value::Object(_) | Value::Array(_), true) => {
                Err(format!("{:?} needs a selection", field.name))
            }
            _ => Ok(value.clone()),
        }
    })
}

fn order(rows: &mut [Value], by: Option<&Value>) {
    let by = by
        .and_then(|b| b.get(0).or(Some(b)))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some((name, direction)) = by.rsplit_once('_') else {
        return;
    };
    let path = name.split_once('_').map_or_else(
        || match name {
            "count" => "/count".to_owned(),
            _ => format!("/dimensions/{name}"),
        },
        |(group, member)| format!("/{group}/{member}"),
    );
    let key = |row: &Value| row.pointer(&path).cloned().unwrap_or_default();
    rows.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        let found = match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.as_str().cmp(&b.as_str()),
        };
        if direction == "DESC" {
            found.reverse()
        } else {
            found
        }
    });
}

/// What a group adds up to.
#[derive(Default)]
struct Sums {
    requests: f64,
    bytes: f64,
    cached: f64,
    cached_bytes: f64,
    threats: f64,
    pages: f64,
    statuses: BTreeMap<u16, f64>,
}

impl Sums {
    fn add(&mut self, cell: &Cell) {
        self.requests += cell.requests;
        self.bytes += cell.bytes;
        if cell.is_cached() {
            self.cached += cell.requests;
            self.cached_bytes += cell.bytes;
        }
        if cell.action.is_some() {
            self.threats += cell.requests;
        }
        if cell.host == "app.laser.example" {
            self.pages += cell.requests / 9.0;
        }
        *self.statuses.entry(cell.status).or_default() += cell.requests;
    }

    fn show(&self, dimensions: Map<String, Value>) -> Value {
        let whole = |n: f64| n.round() as u64;
        let statuses = self.statuses.iter();
        let statuses = statuses
            .map(|(status, n)| json!({"edgeResponseStatus": status, "requests": whole(*n)}));
        json!({
            "count": whole(self.requests), "dimensions": dimensions, "avg": {"sampleInterval": 1.0},
            "uniq": {"uniques": whole(self.requests / 46.0)},
            "sum": {
                "requests": whole(self.requests), "bytes": whole(self.bytes), "cachedRequests": whole(self.cached),
                "cachedBytes": whole(self.cached_bytes), "threats": whole(self.threats), "pageViews": whole(self.pages),
                "encryptedRequests": whole(self.requests), "encryptedBytes": whole(self.bytes),
                "edgeResponseBytes": whole(self.bytes), "visits": whole(self.pages / 3.0),
                "responseStatusMap": statuses.collect::<Vec<_>>(),
            },
        })
    }
}
