//! Traffic, from the GraphQL Analytics API (Cloudflare, "GraphQL datasets": `httpRequests1hGroups`).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::shapes::Said;
use super::{Cloudflare, segment};
use crate::backend::transport::Question;
use crate::domain::cloudflare::{Hour, Traffic};
use crate::domain::problem::Problem;

const TRAFFIC: Question = Question::new(
    "cloudflare",
    "POST /graphql",
    "ask Cloudflare for a zone's traffic",
);

const QUERY: &str = "query Traffic($zone: string!, $from: Time!, $until: Time!) {
  viewer { zones(filter: {zoneTag: $zone}) {
    httpRequests1hGroups(limit: 100, filter: {datetime_geq: $from, datetime_lt: $until}, orderBy: [datetime_ASC]) {
      dimensions { datetime }
      sum { requests cachedRequests bytes cachedBytes threats responseStatusMap { edgeResponseStatus requests } }
    }
  } }
}";

/// Hours that are asked for.
const HOURS: i64 = 24;

#[derive(Debug, Deserialize)]
struct Answer {
    data: Option<Data>,
    errors: Option<Vec<Said>>,
}

#[derive(Debug, Deserialize)]
struct Data {
    viewer: Viewer,
}

#[derive(Debug, Deserialize)]
struct Viewer {
    zones: Vec<Groups>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Groups {
    #[serde(rename = "httpRequests1hGroups")]
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    dimensions: Dimensions,
    sum: Sum,
}

#[derive(Debug, Deserialize)]
struct Dimensions {
    datetime: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sum {
    requests: u64,
    cached_requests: u64,
    bytes: u64,
    cached_bytes: u64,
    threats: u64,
    response_status_map: Vec<Status>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    edge_response_status: u16,
    requests: u64,
}

impl Group {
    fn read(self) -> Option<Hour> {
        let mut classes = [0; 5];
        for status in &self.sum.response_status_map {
            // 0 is a client that went away before there was an answer.
            let class = usize::from(status.edge_response_status / 100).checked_sub(1);
            if let Some(count) = class.and_then(|class| classes.get_mut(class)) {
                *count += status.requests;
            }
        }
        Some(Hour {
            at: self.dimensions.datetime.parse().ok()?,
            requests: self.sum.requests,
            cached: self.sum.cached_requests,
            bytes: self.sum.bytes,
            cached_bytes: self.sum.cached_bytes,
            threats: self.sum.threats,
            classes,
        })
    }
}

impl Cloudflare {
    /// Traffic of every active zone over the last day.
    ///
    /// # Errors
    /// Where Cloudflare cannot be asked or refuses; GraphQL refuses with a good status.
    pub async fn traffic(&self) -> Result<Vec<Traffic>, Problem> {
        let now = Timestamp::now();
        let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        let from = now
            .checked_sub(SignedDuration::from_hours(HOURS))
            .unwrap_or(now);
        let mut all = Vec::new();
        for zone in self.active().await? {
            let variables = json!({
                "zone": segment(&zone.id), "from": second(from).to_string(), "until": second(now).to_string(),
            });
            let body = json!({"query": QUERY, "variables": variables});
            let answer: Answer = self.rest.ask(TRAFFIC, "/graphql", &body).await?.value;
            let said = answer.errors.unwrap_or_default();
            let groups = answer.data.and_then(|d| d.viewer.zones.into_iter().next());
            let Some(groups) = groups.filter(|_| said.is_empty()) else {
                return Err(self.refused(TRAFFIC, &said));
            };
            all.push(Traffic {
                zone: zone.name,
                hours: groups.groups.into_iter().filter_map(Group::read).collect(),
            });
        }
        Ok(all)
    }
}
