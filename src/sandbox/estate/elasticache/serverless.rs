//! Serverless caches: whoever wants one makes it. The story has none.

use super::{invalid, show};
use crate::wire::{ApiError, Node, list, map};

/// Engines that there are, with the newest version of each.
const ENGINES: [(&str, &str, &str); 3] = [
    ("valkey", "8", "8.0"),
    ("redis", "7", "7.1"),
    ("memcached", "1.6", "1.6.22"),
];

/// Seconds until one that is made can be used.
const MAKING_S: f64 = 3.0;

/// A cache.
#[derive(Debug)]
struct Cache {
    name: String,
    about: String,
    engine: (&'static str, &'static str, &'static str),
    retention: i64,
    daily: Option<String>,
    users: Option<String>,
    created: f64,
}

/// Every one of them.
#[derive(Debug, Default)]
pub(super) struct All(Vec<Cache>);

impl All {
    pub(super) fn create(&mut self, input: &Node, now: f64) -> Result<Node, ApiError> {
        let given = |name: &str| input.get(name).as_text().map(str::to_owned);
        let name = given("ServerlessCacheName").unwrap_or_default();
        if name.is_empty() {
            return Err(invalid("ServerlessCacheName is required.".into()));
        }
        if self.0.iter().any(|c| c.name == name) {
            let why = format!("Serverless cache {name} already exists.");
            return Err(ApiError::new("ServerlessCacheAlreadyExistsFault", why));
        }
        let engine = given("Engine").unwrap_or_default();
        let known = ENGINES.into_iter().find(|e| e.0 == engine);
        let cache = Cache {
            engine: known.ok_or_else(|| invalid(format!("Engine {engine} is not valid.")))?,
            about: given("Description").unwrap_or_default(),
            retention: input.get("SnapshotRetentionLimit").as_i64().unwrap_or(0),
            daily: given("DailySnapshotTime"),
            users: given("UserGroupId"),
            created: now,
            name,
        };
        let shown = cache.show(now);
        self.0.push(cache);
        Ok(map([("ServerlessCache", shown)]))
    }

    pub(super) fn describe(&self, input: &Node, now: f64) -> Result<Node, ApiError> {
        let named = input.get("ServerlessCacheName").as_text();
        let chosen = self.chosen(named)?;
        page("ServerlessCaches", &chosen, input, |c| c.show(now))
    }

    /// Those that are there were made by now: none of their daily snapshots was taken yet.
    pub(super) fn snapshots(&self, input: &Node) -> Result<Node, ApiError> {
        self.chosen(input.get("ServerlessCacheName").as_text())?;
        if let Some(name) = input.get("ServerlessCacheSnapshotName").as_text() {
            let why = format!("Serverless cache snapshot {name} not found.");
            let code = "ServerlessCacheSnapshotNotFoundFault";
            return Err(ApiError::new(code, why).with_status(404));
        }
        page("ServerlessCacheSnapshots", &[], input, |c| c.show(0.0))
    }

    fn chosen(&self, named: Option<&str>) -> Result<Vec<&Cache>, ApiError> {
        let Some(name) = named else {
            return Ok(self.0.iter().collect());
        };
        let found: Vec<&Cache> = self.0.iter().filter(|c| c.name == name).collect();
        match found.is_empty() {
            false => Ok(found),
            true => {
                let why = format!("Serverless cache {name} not found.");
                Err(ApiError::new("ServerlessCacheNotFoundFault", why).with_status(404))
            }
        }
    }
}

impl Cache {
    fn show(&self, now: f64) -> Node {
        let (engine, major, full) = self.engine;
        let is_made = now - self.created >= MAKING_S;
        let status = if is_made { "available" } else { "creating" };
        let shown = map([
            ("ServerlessCacheName", Node::from(&self.name)),
            ("Description", Node::from(&self.about)),
            ("CreateTime", Node::Time(self.created)),
            ("Status", status.into()),
            ("Engine", engine.into()),
            ("MajorEngineVersion", major.into()),
            ("FullEngineVersion", full.into()),
            ("ARN", show::arn("serverlesscache", &self.name).into()),
            ("UserGroupId", self.users.clone().into()),
            ("SnapshotRetentionLimit", Node::Int(self.retention)),
            ("DailySnapshotTime", self.daily.clone().into()),
        ]);
        // It has no address before it is there.
        match is_made {
            false => shown,
            true => {
                let at = |part: &str| {
                    format!(
                        "{}{part}-q7k2lz.serverless.use1.cache.amazonaws.com",
                        self.name
                    )
                };
                shown
                    .with("Endpoint", show::endpoint(at("")))
                    .with("ReaderEndpoint", show::endpoint(at("-ro")))
            }
        }
    }
}

/// One page: `MaxResults`, and the place to go on from as `NextToken`.
fn page(
    name: &str,
    all: &[&Cache],
    input: &Node,
    show: impl Fn(&Cache) -> Node,
) -> Result<Node, ApiError> {
    let size = input.get("MaxResults").as_i64().unwrap_or(50).clamp(1, 50);
    let size = usize::try_from(size).unwrap_or(50);
    let start: usize = match input.get("NextToken").as_text() {
        None => 0,
        Some(token) => token
            .parse()
            .map_err(|_| invalid("The token is not valid.".into()))?,
    };
    let end = start.saturating_add(size);
    let shown = all.iter().copied().skip(start).take(size).map(show);
    let page = map([(name, list(shown))]);
    Ok(match end < all.len() {
        true => page.with("NextToken", end.to_string()),
        false => page,
    })
}
