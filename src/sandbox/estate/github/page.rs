//! Pages of lists and their `Link` headers ("Using pagination in the REST API"), limits and conditional requests.

use serde_json::{Value, json};

use super::history::sha;
use crate::web::{Reply, Request};

/// Requests an hour.
pub const LIMIT: u64 = 5_000;
const HOUR_S: f64 = 3_600.0;

/// A slice of a list, and where the others are.
pub struct Page<'a, T> {
    /// What is on it.
    pub items: &'a [T],
    link: Vec<String>,
}

impl<T> Page<'_, T> {
    /// A reply with the header that leads on.
    pub fn reply(&self, value: &Value) -> Reply {
        let reply = Reply::json(200, value);
        if self.link.is_empty() {
            reply
        } else {
            reply.with("link", self.link.join(", "))
        }
    }
}

fn size(request: &Request) -> usize {
    let asked = request.param("per_page").and_then(|n| n.parse().ok());
    asked.unwrap_or(30_usize).clamp(1, 100)
}

fn address(request: &Request, base: &str, change: &[(&str, Option<String>)]) -> String {
    let mut query: Vec<(String, String)> = request.query.clone();
    query.retain(|(k, _)| change.iter().all(|(name, _)| k != name));
    for (name, value) in change {
        query.extend(value.clone().map(|v| ((*name).to_owned(), v)));
    }
    let escape = |text: &str| {
        text.replace('%', "%25")
            .replace('&', "%26")
            .replace(' ', "%20")
            .replace('+', "%2B")
    };
    let pairs: Vec<String> = query
        .iter()
        .map(|(k, v)| format!("{k}={}", escape(v)))
        .collect();
    format!("<{base}{}?{}>", request.path, pairs.join("&"))
}

/// Pages by number.
pub fn by_number<'a, T>(request: &Request, base: &str, all: &'a [T]) -> Page<'a, T> {
    let size = size(request);
    let last = all.len().div_ceil(size).max(1);
    let page = request
        .param("page")
        .and_then(|n| n.parse().ok())
        .unwrap_or(1_usize)
        .max(1);
    let start = (page - 1).saturating_mul(size).min(all.len());
    let end = start.saturating_add(size).min(all.len());
    let to = |n: usize, rel: &str| {
        format!(
            "{}; rel=\"{rel}\"",
            address(request, base, &[("page", Some(n.to_string()))])
        )
    };
    let mut link = Vec::new();
    if page > 1 {
        link.push(to((page - 1).min(last), "prev"));
    }
    if page < last {
        link.extend([to(page + 1, "next"), to(last, "last")]);
    }
    if page > 1 {
        link.push(to(1, "first"));
    }
    Page {
        items: all.get(start..end).unwrap_or_default(),
        link,
    }
}

/// Pages by cursor, as Dependabot's are: `after` says how many were seen.
pub fn by_cursor<'a, T>(request: &Request, base: &str, all: &'a [T]) -> Page<'a, T> {
    let size = size(request);
    let place = |name: &str| {
        request
            .param(name)
            .and_then(|c| c.strip_prefix("seen"))
            .and_then(|n| n.parse::<usize>().ok())
    };
    let start = match (place("after"), place("before")) {
        (Some(after), _) => after.min(all.len()),
        (None, Some(before)) => before.saturating_sub(size),
        (None, None) => 0,
    };
    let end = start.saturating_add(size).min(all.len());
    let to = |after: Option<usize>, before: Option<usize>, rel: &str| {
        let cursor = |n: Option<usize>| n.map(|n| format!("seen{n}"));
        let change = [("after", cursor(after)), ("before", cursor(before))];
        format!("{}; rel=\"{rel}\"", address(request, base, &change))
    };
    let mut link = Vec::new();
    if end < all.len() {
        link.push(to(Some(end), None, "next"));
    }
    if start > 0 {
        link.push(to(None, Some(start), "prev"));
    }
    Page {
        items: all.get(start..end).unwrap_or_default(),
        link,
    }
}

/// The caller's hourly budget.
#[derive(Debug, Default)]
pub struct Budget {
    window: f64,
    used: u64,
}

impl Budget {
    /// Answers conditional requests, counts what counts, and says how much is left.
    pub fn settle(&mut self, request: &Request, reply: Reply, now: f64) -> Reply {
        self.turn(now);
        let mut reply = reply;
        let reading = request.method == http::Method::GET && reply.status == 200;
        if reading {
            let tag = format!("W/\"{}\"", sha(&String::from_utf8_lossy(&reply.body)));
            let known = request
                .headers
                .get("if-none-match")
                .and_then(|v| v.to_str().ok());
            if known == Some(tag.as_str()) {
                reply = Reply::empty(304);
            }
            reply = reply
                .with("etag", tag)
                .with("cache-control", "private, max-age=60, s-maxage=60");
        }
        if reply.status != 304 && !request.path.starts_with("/rate_limit") {
            self.used += 1;
        }
        self.headed(reply)
    }

    /// Whether nothing is left.
    pub fn is_spent(&mut self, now: f64) -> bool {
        self.turn(now);
        self.used >= LIMIT
    }

    /// The refusal then.
    pub fn refusal(&self) -> Reply {
        let words = "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please include the request ID";
        self.headed(Reply::json(403, &json!({"message": words, "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api", "status": "403"})))
    }

    /// As `/rate_limit` shows it.
    pub fn show(&self) -> Value {
        let core = json!({"limit": LIMIT, "used": self.used, "remaining": LIMIT.saturating_sub(self.used), "reset": self.reset()});
        let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": self.reset()});
        json!({"resources": {"core": core, "search": search}, "rate": core})
    }

    fn turn(&mut self, now: f64) {
        let window = (now / HOUR_S).floor();
        if window > self.window {
            self.window = window;
            self.used = 0;
        }
    }

    fn reset(&self) -> i64 {
        ((self.window + 1.0) * HOUR_S) as i64
    }

    fn headed(&self, reply: Reply) -> Reply {
        reply
            .with("x-ratelimit-limit", LIMIT.to_string())
            .with(
                "x-ratelimit-remaining",
                LIMIT.saturating_sub(self.used).to_string(),
            )
            .with("x-ratelimit-used", self.used.to_string())
            .with("x-ratelimit-reset", self.reset().to_string())
            .with("x-ratelimit-resource", "core")
            .with("x-github-media-type", "github.v3; format=json")
            .with("x-github-api-version-selected", "2022-11-28")
            .with("x-oauth-scopes", "repo, workflow")
    }
}
