//! Performance Insights (AWS JSON 1.1, API version 2018-02-27): the load of a database, and which statements make it. One of
//! production's statements lacks an index, and the more there is to do, the slower it gets.

use super::rds::Databases;
use crate::telemetry::noise::{load, wobble};
use crate::wire::{ApiError, Node, list, map};

/// A statement of production: what it is, how often it is called a second at ordinary load, how long one call takes.
pub(crate) struct Statement {
    /// The statement with its values taken out.
    pub(crate) digest: &'static str,
    /// One with values.
    sample: &'static str,
    calls: f64,
    ms: f64,
    pub(crate) rows: f64,
    /// What it waits for, and how much of its time; the rest is CPU.
    pub(crate) waits: (&'static str, f64),
    pub(crate) user: &'static str,
}

pub(crate) const STATEMENTS: &[Statement] = &[
    Statement {
        digest: "SELECT q.id, q.total_cents, m.name FROM quotes q JOIN materials m ON m.id = q.material_id WHERE q.customer_id = $1 ORDER BY q.created_at DESC LIMIT $2",
        sample: "SELECT q.id, q.total_cents, m.name FROM quotes q JOIN materials m ON m.id = q.material_id WHERE q.customer_id = 48211 ORDER BY q.created_at DESC LIMIT 20",
        calls: 1.4,
        ms: 640.0,
        rows: 20.0,
        waits: ("IO:DataFileRead", 0.72),
        user: "api",
    },
    Statement {
        digest: "UPDATE jobs SET state = $1, picked_at = now() WHERE id = (SELECT id FROM jobs WHERE state = $2 ORDER BY priority FOR UPDATE SKIP LOCKED LIMIT $3) RETURNING id",
        sample: "UPDATE jobs SET state = 'running', picked_at = now() WHERE id = (SELECT id FROM jobs WHERE state = 'queued' ORDER BY priority FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id",
        calls: 11.0,
        ms: 21.0,
        rows: 0.8,
        waits: ("Lock:transactionid", 0.31),
        user: "worker",
    },
    Statement {
        digest: "SELECT id, name, thickness_um, price_cents FROM materials WHERE active = $1",
        sample: "SELECT id, name, thickness_um, price_cents FROM materials WHERE active = true",
        calls: 40.0,
        ms: 3.1,
        rows: 84.0,
        waits: ("Client:ClientWrite", 0.12),
        user: "api",
    },
    Statement {
        digest: "INSERT INTO quotes (customer_id, material_id, path_mm, total_cents) VALUES ($1, $2, $3, $4) RETURNING id",
        sample: "INSERT INTO quotes (customer_id, material_id, path_mm, total_cents) VALUES (48211, 17, 9120, 4410) RETURNING id",
        calls: 8.5,
        ms: 6.4,
        rows: 1.0,
        waits: ("IO:WALSync", 0.44),
        user: "api",
    },
    Statement {
        digest: "SELECT user_id, expires_at FROM sessions WHERE token_hash = $1",
        sample: "SELECT user_id, expires_at FROM sessions WHERE token_hash = '\\x5d41402a'",
        calls: 52.0,
        ms: 0.7,
        rows: 1.0,
        waits: ("Client:ClientRead", 0.05),
        user: "auth",
    },
];

/// What a replica is asked, by its place in the list.
const ON_REPLICA: [usize; 2] = [0, 2];

impl Statement {
    fn id(&self) -> String {
        digest(self.digest)
    }

    /// Calls a second and milliseconds of a call at a time.
    pub(crate) fn at(&self, at: f64) -> (f64, f64) {
        let busy = load(at) * (1.0 + 0.1 * wobble(self.user, at));
        let slow = if self.ms > 500.0 {
            0.7 + 0.3 * busy
        } else {
            1.0
        };
        (
            self.calls * busy,
            self.ms * slow * (1.0 + 0.05 * wobble(self.digest, at)),
        )
    }

    /// Average number of sessions that it keeps busy.
    pub(crate) fn sessions(&self, at: f64) -> f64 {
        let (calls, ms) = self.at(at);
        calls * ms / 1_000.0
    }
}

/// Forty hex digits, the same for the same text.
fn digest(text: &str) -> String {
    let mut out = String::new();
    for salt in 0..3_u64 {
        let mut h: u64 = 0xcbf2_9ce4_8422_2325 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in text.bytes() {
            h = (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        out.push_str(&format!("{h:016X}"));
    }
    out.truncate(40);
    out
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new("InvalidArgumentException", why)
}

/// What was asked: statements, and the moments at which they are measured.
struct Asked {
    statements: Vec<&'static Statement>,
    from: f64,
    until: f64,
    period: f64,
}

impl Asked {
    fn read(input: &Node, rds: &Databases, region: &str, now: f64) -> Result<Self, ApiError> {
        if input.get("ServiceType").as_str() != Some("RDS") {
            return Err(invalid("ServiceType must be RDS here."));
        }
        let id = input.get("Identifier").as_str().unwrap_or_default();
        let instance = rds
            .instances
            .iter()
            .find(|i| i.resource_id == id && i.region == region);
        let instance = instance.filter(|i| i.insights);
        let Some(instance) = instance else {
            let why =
                format!("{id} is not a valid identifier, or Performance Insights is not enabled.");
            return Err(invalid(why));
        };
        let time = |name: &str| {
            input
                .get(name)
                .as_f64()
                .ok_or_else(|| invalid(format!("{name} is required.")))
        };
        let (from, until) = (time("StartTime")?, time("EndTime")?);
        let period = input
            .get("PeriodInSeconds")
            .as_i64()
            .unwrap_or(if until - from <= 3_600.0 { 60 } else { 300 });
        if ![1, 60, 300, 3_600, 86_400].contains(&period) {
            return Err(invalid(format!("{period} is not a valid period.")));
        }
        if from >= until || until - from > 7.0 * 86_400.0 {
            return Err(invalid(
                "The time range is empty, or longer than seven days.",
            ));
        }
        let chosen = STATEMENTS
            .iter()
            .enumerate()
            .filter(|(n, _)| match &instance.replica_of {
                Some(_) => ON_REPLICA.contains(n),
                None => true,
            });
        Ok(Self {
            statements: chosen.map(|(_, s)| s).collect(),
            from: (from / period as f64).floor() * period as f64,
            until: until.min(now),
            period: period as f64,
        })
    }

    /// Moments to measure at: each period's middle, thinned out to a few hundred.
    fn moments(&self) -> Vec<f64> {
        let count = ((self.until - self.from) / self.period).ceil().max(1.0);
        let step = self.period * (count / 300.0).ceil();
        let mut at = self.from + step / 2.0;
        let mut moments = Vec::new();
        while at < self.until || moments.is_empty() {
            moments.push(at);
            at += step;
        }
        moments
    }

    /// The mean of something over all moments.
    fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        let moments = self.moments();
        moments.iter().map(|at| of(*at)).sum::<f64>() / moments.len() as f64
    }

    /// Parts of the load: name of each and its average sessions, biggest first.
    fn by(&self, name: impl Fn(&Statement) -> Vec<(String, f64)>) -> Vec<(String, f64)> {
        let mut parts: Vec<(String, f64)> = Vec::new();
        for s in &self.statements {
            let whole = self.mean(|at| s.sessions(at));
            for (name, share) in name(s) {
                match parts.iter_mut().find(|(n, _)| *n == name) {
                    Some((_, sum)) => *sum += whole * share,
                    None => parts.push((name, whole * share)),
                }
            }
        }
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        parts
    }
}

/// Answers an operation.
///
/// # Errors
/// The vendor's own.
pub fn handle(
    operation: &str,
    input: &Node,
    region: &str,
    rds: &Databases,
    now: f64,
) -> Result<Node, ApiError> {
    match operation {
        "DescribeDimensionKeys" => keys(input, &Asked::read(input, rds, region, now)?),
        "GetResourceMetrics" => metrics(input, &Asked::read(input, rds, region, now)?),
        "GetDimensionKeyDetails" => details(input),
        other => Err(ApiError::unknown_operation(other)),
    }
}

fn waits(s: &Statement) -> Vec<(String, f64)> {
    vec![
        (s.waits.0.to_owned(), s.waits.1),
        ("CPU".to_owned(), 1.0 - s.waits.1),
    ]
}

fn keys(input: &Node, asked: &Asked) -> Result<Node, ApiError> {
    match input.get("Metric").as_str() {
        Some("db.load.avg" | "db.sampledload.avg") => {}
        other => {
            return Err(invalid(format!(
                "{} is not a valid metric.",
                other.unwrap_or_default()
            )));
        }
    }
    if !input.get("Filter").as_map().is_empty() || !input.get("PartitionBy").is_null() {
        return Err(invalid(
            "The sandbox offers neither filters nor partitions.",
        ));
    }
    let group = input
        .get("GroupBy")
        .get("Group")
        .as_str()
        .unwrap_or_default();
    let limit = input.get("GroupBy").get("Limit").as_i64().unwrap_or(10);
    let limit = usize::try_from(limit).unwrap_or(0);
    if !(1..=25).contains(&limit) {
        return Err(invalid("Limit must be from 1 to 25."));
    }
    let additional = input.get("AdditionalMetrics").as_strs();
    if group != "db.sql_tokenized" && !additional.is_empty() {
        return Err(invalid(
            "Additional metrics need the group db.sql_tokenized.",
        ));
    }
    let shown: Vec<Node> = match group {
        "db.sql_tokenized" | "db.sql" => statements(asked, group, &additional)?,
        "db.wait_event" => {
            let name = |wait: &str| {
                let kind = wait.split(':').next().unwrap_or(wait);
                map([
                    ("db.wait_event.name", wait.into()),
                    ("db.wait_event.type", kind.into()),
                ])
            };
            let parts = asked.by(waits).into_iter();
            parts.map(|(wait, total)| key(name(&wait), total)).collect()
        }
        "db.user" => {
            let parts = asked.by(|s| vec![(s.user.to_owned(), 1.0)]).into_iter();
            parts
                .map(|(user, total)| key(map([("db.user.name", user.into())]), total))
                .collect()
        }
        other => {
            return Err(invalid(format!(
                "{other} is not a valid dimension group here."
            )));
        }
    };
    Ok(map([
        ("AlignedStartTime", Node::Time(asked.from)),
        ("AlignedEndTime", Node::Time(asked.until)),
        ("Keys", Node::List(shown.into_iter().take(limit).collect())),
    ]))
}

fn key(dimensions: Node, total: f64) -> Node {
    map([("Dimensions", dimensions), ("Total", Node::Float(total))])
}

fn statements(asked: &Asked, group: &str, additional: &[&str]) -> Result<Vec<Node>, ApiError> {
    let mut shown: Vec<(f64, Node)> = Vec::new();
    for s in &asked.statements {
        let total = asked.mean(|at| s.sessions(at));
        let dimensions = if group == "db.sql" {
            map([
                ("db.sql.id", digest(s.sample).into()),
                ("db.sql.tokenized_id", s.id().into()),
                ("db.sql.statement", s.sample.into()),
            ])
        } else {
            map([
                ("db.sql_tokenized.id", s.id().into()),
                ("db.sql_tokenized.db_id", "pi-0".into()),
                ("db.sql_tokenized.statement", s.digest.into()),
            ])
        };
        let mut more = Vec::new();
        for name in additional {
            let value = match *name {
                "db.sql_tokenized.stats.calls_per_sec.avg" => asked.mean(|at| s.at(at).0),
                "db.sql_tokenized.stats.avg_latency_per_call.avg" => asked.mean(|at| s.at(at).1),
                "db.sql_tokenized.stats.rows_per_call.avg" => s.rows,
                "db.sql_tokenized.stats.rows_per_sec.avg" => s.rows * asked.mean(|at| s.at(at).0),
                "db.sql_tokenized.stats.total_time_per_sec.avg" => total,
                other => return Err(invalid(format!("{other} is not a valid metric."))),
            };
            more.push(((*name).to_owned(), Node::Float(value)));
        }
        let mut node = key(dimensions, total);
        if !more.is_empty() {
            node = node.with("AdditionalMetrics", Node::Map(more));
        }
        shown.push((total, node));
    }
    shown.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(shown.into_iter().map(|(_, node)| node).collect())
}

fn metrics(input: &Node, asked: &Asked) -> Result<Node, ApiError> {
    let mut shown = Vec::new();
    for query in input.get("MetricQueries").as_list() {
        let name = query.get("Metric").as_str().unwrap_or_default();
        if name != "db.load.avg" || !query.get("GroupBy").is_null() {
            return Err(invalid(format!(
                "The sandbox measures db.load.avg alone, ungrouped; not {name}."
            )));
        }
        let points = asked.moments().into_iter().map(|at| {
            let sum: f64 = asked.statements.iter().map(|s| s.sessions(at)).sum();
            map([
                (
                    "Timestamp",
                    Node::Time((at / asked.period).floor() * asked.period),
                ),
                ("Value", Node::Float(sum)),
            ])
        });
        shown.push(map([
            ("Key", map([("Metric", name.into())])),
            ("DataPoints", list(points)),
        ]));
    }
    Ok(map([
        ("AlignedStartTime", Node::Time(asked.from)),
        ("AlignedEndTime", Node::Time(asked.until)),
        ("Identifier", input.get("Identifier").clone()),
        ("MetricList", Node::List(shown)),
    ]))
}

fn details(input: &Node) -> Result<Node, ApiError> {
    let id = input.get("GroupIdentifier").as_str().unwrap_or_default();
    let group = input.get("Group").as_str().unwrap_or_default();
    let text = |s: &Statement| match group {
        "db.sql" => digest(s.sample),
        _ => s.id(),
    };
    let found = STATEMENTS.iter().find(|s| text(s) == id);
    let Some(found) = found else {
        return Err(invalid(format!(
            "{id} is not a valid identifier of {group}."
        )));
    };
    let whole = if group == "db.sql" {
        found.sample
    } else {
        found.digest
    };
    let shown = map([
        ("Value", whole.into()),
        ("Dimension", format!("{group}.statement").into()),
        ("Status", "AVAILABLE".into()),
    ]);
    Ok(map([("Dimensions", list([shown]))]))
}
