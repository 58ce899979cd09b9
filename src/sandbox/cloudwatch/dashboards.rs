//! Dashboards: a name and a body of JSON each (PutDashboard, GetDashboard, ListDashboards, DeleteDashboards).

use std::collections::BTreeMap;

use super::errors::{bad_value, missing};
use super::page;
use crate::wire::{ApiError, Node, list, map};

/// Dashboards a page.
const PAGE: usize = 1_000;
/// Widgets that a dashboard holds at most.
const WIDGETS: usize = 500;
/// Types of widgets.
const TYPES: [&str; 7] = [
    "metric", "text", "log", "alarm", "explorer", "custom", "chart",
];

/// All dashboards of the account.
#[derive(Clone, Debug, Default)]
pub struct DashboardStore {
    account: String,
    all: BTreeMap<String, Dashboard>,
}

#[derive(Clone, Debug)]
struct Dashboard {
    body: String,
    /// Seconds since the epoch.
    modified: f64,
}

impl DashboardStore {
    /// None yet, of an account.
    pub fn new(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            all: BTreeMap::new(),
        }
    }

    /// Puts a dashboard there.
    pub fn put(&mut self, name: &str, body: String, now: f64) {
        let dashboard = Dashboard {
            body,
            modified: now,
        };
        self.all.insert(name.to_owned(), dashboard);
    }

    fn arn(&self, name: &str) -> String {
        // Dashboards belong to no region.
        format!("arn:aws:cloudwatch::{}:dashboard/{name}", self.account)
    }

    /// Answers a call about dashboards; `None` for one about something else.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        now: f64,
    ) -> Option<Result<Node, ApiError>> {
        Some(match operation {
            "ListDashboards" => self.list(input),
            "GetDashboard" => self.get(input),
            "PutDashboard" => self.take(input, now),
            "DeleteDashboards" => self.delete(input),
            _ => return None,
        })
    }

    fn list(&self, input: &Node) -> Result<Node, ApiError> {
        let prefix = input.get("DashboardNamePrefix").as_text().unwrap_or("");
        let found: Vec<_> = self
            .all
            .iter()
            .filter(|(n, _)| n.starts_with(prefix))
            .collect();
        let (rows, next) = page::cut(found, page::place(input)?, PAGE);
        let entries = rows.into_iter().map(|(name, d)| {
            map([
                ("DashboardName", Node::from(name)),
                ("DashboardArn", self.arn(name).into()),
                ("LastModified", Node::Time(d.modified.floor())),
                ("Size", d.body.len().into()),
            ])
        });
        Ok(map([
            ("DashboardEntries", list(entries)),
            ("NextToken", next.into()),
        ]))
    }

    fn get(&self, input: &Node) -> Result<Node, ApiError> {
        let name = input.get("DashboardName").as_text();
        let name = name.ok_or_else(|| missing("DashboardName"))?;
        let found = self.all.get(name).ok_or_else(|| unknown(name))?;
        Ok(map([
            ("DashboardArn", Node::from(self.arn(name))),
            ("DashboardBody", (&found.body).into()),
            ("DashboardName", name.into()),
        ]))
    }

    fn take(&mut self, input: &Node, now: f64) -> Result<Node, ApiError> {
        let text = |name: &str| input.get(name).as_text().ok_or_else(|| missing(name));
        let (name, body) = (text("DashboardName")?, text("DashboardBody")?);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.len() > 255 || !name.chars().all(plain) {
            return Err(bad_value(format!(
                "The value {name} for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_)."
            )));
        }
        let parsed: serde_json::Value = serde_json::from_str(body)
            .map_err(|_| wrong("The field DashboardBody must be a valid JSON object"))?;
        let rows = parsed.get("widgets").and_then(serde_json::Value::as_array);
        let rows = rows.ok_or_else(|| {
            wrong("The dashboard body is invalid, there are 1 validation errors: /: should have required property 'widgets'")
        })?;
        if rows.len() > WIDGETS {
            return Err(wrong(
                "The dashboard body is invalid: it has more than 500 widgets",
            ));
        }
        let warnings: Vec<Node> = rows.iter().enumerate().filter_map(warning).collect();
        self.put(name, body.to_owned(), now);
        Ok(map([("DashboardValidationMessages", Node::List(warnings))]))
    }

    fn delete(&mut self, input: &Node) -> Result<Node, ApiError> {
        let names = input.get("DashboardNames").as_strs();
        if names.is_empty() {
            return Err(missing("DashboardNames"));
        }
        // All of them or none.
        if let Some(name) = names.iter().find(|n| !self.all.contains_key(**n)) {
            return Err(unknown(name));
        }
        for name in names {
            self.all.remove(name);
        }
        Ok(map::<&str, 0>([]))
    }
}

/// What might not be drawn, though the dashboard is taken.
fn warning((i, widget): (usize, &serde_json::Value)) -> Option<Node> {
    let word = widget.get("type").and_then(serde_json::Value::as_str);
    let message = match word {
        None => "Should have required property 'type'".to_owned(),
        Some(w) if !TYPES.contains(&w) => format!("Unknown widget type {w}"),
        Some("metric" | "log" | "explorer") => {
            let region = widget.get("properties").and_then(|p| p.get("region"));
            if region.is_some() {
                return None;
            }
            "Should have required property 'region'".to_owned()
        }
        Some(_) => return None,
    };
    Some(map([
        ("DataPath", Node::from(format!("/widgets/{i}"))),
        ("Message", message.into()),
    ]))
}

fn wrong(message: &str) -> ApiError {
    ApiError::new("DashboardInvalidInputError", message)
}

fn unknown(name: &str) -> ApiError {
    let message = format!("Dashboard {name} does not exist");
    ApiError::new("DashboardNotFoundError", message).with_status(404)
}
