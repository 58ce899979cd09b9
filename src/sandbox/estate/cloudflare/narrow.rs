//! What narrows a dataset: the dimensions that it is grouped by, and its filter.

use serde_json::Value;

use super::cells::Cell;

pub const HOUR_S: f64 = 3_600.0;
pub const DAY_S: f64 = 24.0 * HOUR_S;

/// Widths of time in the adaptive datasets.
const WIDTHS: [(&str, f64); 5] = [
    ("datetime", 60.0),
    ("datetimeMinute", 60.0),
    ("datetimeFiveMinutes", 300.0),
    ("datetimeFifteenMinutes", 900.0),
    ("datetimeHour", HOUR_S),
];

/// What a group can be made by.
pub enum Dimension {
    Time(f64, bool),
    Host,
    Cache,
    Status,
    Action,
    Source,
}

impl Dimension {
    /// The one of a name, in a dataset with its own time (name and width) or any, of requests or of events; `None`: there is none.
    pub fn of(name: &str, time: Option<(&str, f64)>, events: bool) -> Option<Self> {
        if let Some((own, width)) = time {
            return (name == own).then_some(Self::Time(width, own == "date"));
        }
        if let Some((_, width)) = WIDTHS.iter().find(|(n, _)| *n == name) {
            return Some(Self::Time(*width, false));
        }
        match name {
            "date" => Some(Self::Time(DAY_S, true)),
            "clientRequestHTTPHost" => Some(Self::Host),
            "cacheStatus" if !events => Some(Self::Cache),
            "edgeResponseStatus" => Some(Self::Status),
            "action" if events => Some(Self::Action),
            "source" if events => Some(Self::Source),
            _ => None,
        }
    }

    /// How long its cells may be.
    pub fn width(&self) -> f64 {
        match self {
            Self::Time(width, _) => *width,
            _ => f64::INFINITY,
        }
    }

    pub fn value(&self, cell: &Cell) -> Value {
        match self {
            Self::Time(width, date_only) => {
                let second = (cell.at / width).floor() * width;
                let time = jiff::Timestamp::from_second(second as i64).unwrap_or_default();
                let text = time.to_string();
                if *date_only {
                    text.get(..10).unwrap_or_default().into()
                } else {
                    text.into()
                }
            }
            Self::Host => cell.host.into(),
            Self::Cache => cell.cache.into(),
            Self::Status => cell.status.into(),
            Self::Action => cell.action.into(),
            Self::Source => match cell.status {
                429 => "ratelimit".into(),
                _ => "firewallCustom".into(),
            },
        }
    }
}

/// Which cells are asked for.
pub struct Filter {
    pub from: f64,
    pub until: f64,
    hosts: Vec<String>,
    caches: Vec<String>,
    statuses: (u64, u64),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn of(filter: Option<&Value>, now: f64) -> Result<Self, String> {
        let mut made = Self {
            from: now - DAY_S,
            until: now,
            hosts: Vec::new(),
            caches: Vec::new(),
            statuses: (0, 599),
        };
        if let Some(filter) = filter {
            made.take(filter)?;
        }
        Ok(made)
    }

    fn take(&mut self, filter: &Value) -> Result<(), String> {
        for (key, value) in filter.as_object().into_iter().flatten() {
            let words = || match value {
                Value::Array(many) => many
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                one => one.as_str().map(str::to_owned).into_iter().collect(),
            };
            let number = || {
                value
                    .as_u64()
                    .ok_or_else(|| format!("{key} takes a number"))
            };
            match key.as_str() {
                "AND" => value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .try_for_each(|f| self.take(f))?,
                "requestSource" => {}
                "clientRequestHTTPHost" | "clientRequestHTTPHost_in" => self.hosts = words(),
                "cacheStatus" | "cacheStatus_in" => self.caches = words(),
                "edgeResponseStatus" => self.statuses = (number()?, number()?),
                "edgeResponseStatus_geq" => self.statuses.0 = number()?,
                "edgeResponseStatus_lt" => self.statuses.1 = number()?.saturating_sub(1),
                "edgeResponseStatus_leq" => self.statuses.1 = number()?,
                _ => match key.rsplit_once('_') {
                    Some((name, "geq" | "gt")) if is_time(name) => self.from = time(value, false)?,
                    Some((name, "lt")) if is_time(name) => self.until = time(value, false)?,
                    Some((name, "leq")) if is_time(name) => self.until = time(value, true)?,
                    _ => return Err(format!("unknown arg {key}")),
                },
            }
        }
        Ok(())
    }

    pub fn takes(&self, cell: &Cell) -> bool {
        let one = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|w| w == is);
        one(&self.hosts, cell.host)
            && one(&self.caches, cell.cache)
            && (self.statuses.0..=self.statuses.1).contains(&u64::from(cell.status))
    }
}

fn is_time(name: &str) -> bool {
    name == "date" || WIDTHS.iter().any(|(n, _)| *n == name)
}

/// A time or a date; `end`: of a date, its end.
fn time(value: &Value, end: bool) -> Result<f64, String> {
    let text = value.as_str().unwrap_or_default();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time.as_microsecond() as f64 / 1e6);
    }
    let whole = format!("{text}T00:00:00Z").parse::<jiff::Timestamp>();
    let whole = whole.map_err(|_| format!("{text:?} is not a valid Time"))?;
    Ok(whole.as_second() as f64 + if end { DAY_S } else { 0.0 })
}
