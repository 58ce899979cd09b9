//! What takes credentials at the hosts: an API that its own site alone may call with them, and a console with a session. Both
//! refuse strangers, and both answer so many requests and no more.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use super::hosts::Host;
use super::pages::{Page, refusal};
use crate::web::TOKEN;

/// Requests that a path answers in a window.
const MOST: usize = 20;

/// The window.
const WINDOW: Duration = Duration::from_secs(4);

/// The one site whose pages may call the API in a user's name.
const OWN_SITE: &str = "https://app.laser.example";

/// A guarded part of a host.
struct Guarded {
    host: &'static str,
    under: &'static str,
    shown: &'static str,
    challenge: &'static str,
    cookie: Option<&'static str>,
    shared: bool,
}

const ALL: &[Guarded] = &[
    Guarded {
        host: "api.laser.example",
        under: "/v1/",
        shown: "/v1/orders",
        challenge: "Bearer realm=\"laser api\"",
        cookie: None,
        shared: true,
    },
    Guarded {
        host: "admin.laser.example",
        under: "/console/",
        shown: "/console/users",
        challenge: "Basic realm=\"laser admin\"",
        cookie: Some("__Host-laser=anonymous; Path=/; Secure; HttpOnly; SameSite=Strict"),
        shared: false,
    },
];

/// One URL of each.
pub fn urls() -> Vec<String> {
    let url = |g: &Guarded| format!("https://{}{}", g.host, g.shown);
    ALL.iter().map(url).collect()
}

/// When what was asked.
#[derive(Debug, Default)]
pub struct Limit(Mutex<BTreeMap<(&'static str, &'static str), Vec<Instant>>>);

impl Limit {
    /// Counts a request; how long to wait where there were too many.
    fn count(&self, of: &Guarded) -> Option<Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry((of.host, of.under)).or_default();
        let now = Instant::now();
        seen.retain(|at| now.duration_since(*at) < WINDOW);
        if seen.len() < MOST {
            seen.push(now);
            return None;
        }
        let oldest = seen.first().map(|at| now.duration_since(*at));
        Some(WINDOW.saturating_sub(oldest.unwrap_or_default()))
    }
}

/// What comes back, with its headers.
pub struct Answer {
    /// Status, media type, body.
    pub page: Page,
    /// Further headers.
    pub headers: HeaderMap,
}

/// Answers for a path that is guarded; `None`: this one is not.
pub fn answer(
    host: &Host,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    limit: &Limit,
) -> Option<Answer> {
    let of = ALL
        .iter()
        .find(|g| g.host == host.name && uri.path().starts_with(g.under))?;
    let mut more = HeaderMap::new();
    if of.shared {
        share(method, headers, &mut more);
    }
    if let Some(wait) = limit.count(of) {
        more.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        let page = refusal(StatusCode::TOO_MANY_REQUESTS, "too many requests");
        return Some(Answer {
            page,
            headers: more,
        });
    }
    if let Some(cookie) = of.cookie {
        more.insert(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }
    let token = headers.get(header::AUTHORIZATION);
    let token = token.map(|v| v.to_str().unwrap_or_default());
    let page = match (method, token) {
        (&Method::OPTIONS, _) => (StatusCode::NO_CONTENT, "text/plain", String::new()),
        (_, None) => {
            let challenge = HeaderValue::from_static(of.challenge);
            more.insert(header::WWW_AUTHENTICATE, challenge);
            refusal(StatusCode::UNAUTHORIZED, "credentials are needed")
        }
        (&Method::GET | &Method::HEAD, Some(t)) if t == format!("Bearer {TOKEN}") => {
            (StatusCode::OK, "application/json", "[]\n".to_owned())
        }
        (&Method::GET | &Method::HEAD, Some(_)) => {
            refusal(StatusCode::FORBIDDEN, "these credentials are not enough")
        }
        _ => refusal(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
    };
    Some(Answer {
        page,
        headers: more,
    })
}

/// The API's own site may read its answers with credentials, and nobody else (WHATWG Fetch, "CORS protocol").
fn share(method: &Method, headers: &HeaderMap, more: &mut HeaderMap) {
    more.insert(header::VARY, HeaderValue::from_static("origin"));
    if headers.get(header::ORIGIN).is_none_or(|o| o != OWN_SITE) {
        return;
    }
    let mut put = |name: HeaderName, value: &'static str| {
        more.insert(name, HeaderValue::from_static(value));
    };
    put(header::ACCESS_CONTROL_ALLOW_ORIGIN, OWN_SITE);
    put(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    if method == Method::OPTIONS {
        put(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        put(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type",
        );
    }
}
