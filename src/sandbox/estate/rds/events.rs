//! What happened to databases: fourteen days of it.

use super::{DAY_S, Databases, Now, arn, page};
use crate::wire::{ApiError, Node, list, map};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    at: f64,
    region: String,
    /// `db-instance` or `db-cluster`.
    source: &'static str,
    of: String,
    category: &'static str,
    words: String,
}

impl Event {
    fn show(&self) -> Node {
        let kind = if self.source == "db-cluster" {
            "cluster"
        } else {
            "db"
        };
        map([
            ("SourceIdentifier", Node::from(&self.of)),
            ("SourceType", self.source.into()),
            ("SourceArn", arn(&self.region, kind, &self.of).into()),
            ("Message", Node::from(&self.words)),
            ("EventCategories", list([self.category])),
            ("Date", Node::Time(self.at)),
        ])
    }
}

fn moment(input: &Node, member: &str) -> Result<Option<f64>, ApiError> {
    let Some(text) = input.get(member).as_text() else {
        return Ok(None);
    };
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => Ok(Some(at.as_microsecond() as f64 / 1e6)),
        Err(_) => {
            let why = format!("{member} is not a valid time: {text}");
            Err(ApiError::new("InvalidParameterValue", why))
        }
    }
}

impl Databases {
    /// Notes that something happened.
    pub(super) fn happened(
        &mut self,
        region: &str,
        source: &'static str,
        of: &str,
        (category, words): (&'static str, &str),
        at: f64,
    ) {
        self.events.push(Event {
            at,
            region: region.to_owned(),
            source,
            of: of.to_owned(),
            category,
            words: words.to_owned(),
        });
        self.events.retain(|e| at - e.at <= 14.0 * DAY_S);
    }

    pub(super) fn describe_events(
        &self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let kind = input.get("SourceType").as_text();
        let of = input.get("SourceIdentifier").as_text();
        if of.is_some() && kind.is_none() {
            let why = "The SourceType must be provided if the SourceIdentifier is.";
            return Err(ApiError::new("InvalidParameterCombination", why));
        }
        let minutes = input.get("Duration").as_f64().unwrap_or(60.0);
        if minutes > 20_160.0 {
            let why = "Duration must be at most 20160 minutes.";
            return Err(ApiError::new("InvalidParameterValue", why));
        }
        let until = moment(input, "EndTime")?.unwrap_or(now.stamp);
        let from = moment(input, "StartTime")?.unwrap_or(until - minutes * 60.0);
        let categories = input.get("EventCategories").as_strs();
        let mut found: Vec<&Event> = self
            .events
            .iter()
            .filter(|e| e.region == region && (from..=until).contains(&e.at))
            .filter(|e| kind.is_none_or(|k| k == e.source) && of.is_none_or(|o| o == e.of))
            .filter(|e| categories.is_empty() || categories.contains(&e.category))
            .collect();
        found.sort_by(|a, b| a.at.total_cmp(&b.at));
        let shown: Vec<Node> = found.into_iter().map(Event::show).collect();
        page(input, "Events", &shown, 20)
    }
}
