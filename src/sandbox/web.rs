//! Systems that speak plain HTTP with paths: other vendors' APIs, and the vendor's REST services. A request becomes a
//! [`Request`] without its prefix, whatever listens where; a [`Reply`] becomes the response.
//!
//! | who | how it is told | prefix |
//! |---|---|---|
//! | REST services of AWS | signing name in the credential scope | none |
//! | other vendors | first step of the path, so that one port plays them all | `/slack` ... |

use axum::body::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Response, Uri};
use serde_json::Value;

use super::wire::scope;
use super::world::names;

/// The token that every vendor but AWS accepts here, as `Authorization: Bearer`.
pub const TOKEN: &str = "flightdeck-demo-token";

/// A system of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// GitHub's REST API.
    Github,
    /// Sentry's web API.
    Sentry,
    /// S3.
    S3,
    /// AppConfig.
    AppConfig,
    /// Slack's Web API.
    Slack,
    /// AWS Backup.
    Backup,
    /// Vercel's REST API.
    Vercel,
    /// Cloudflare's API, version 4.
    Cloudflare,
}

/// What is known of one.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub vendor: Vendor,
    /// Its name in faults; for those that are not AWS, the first step of their path, too.
    pub name: &'static str,
    /// Signing name, for the vendor's REST services.
    pub signing: Option<&'static str>,
}

/// The registry.
pub const VENDORS: &[Row] = &[
    Row {
        vendor: Vendor::Github,
        name: "github",
        signing: None,
    },
    Row {
        vendor: Vendor::Sentry,
        name: "sentry",
        signing: None,
    },
    Row {
        vendor: Vendor::S3,
        name: "s3",
        signing: Some("s3"),
    },
    Row {
        vendor: Vendor::AppConfig,
        name: "appconfig",
        signing: Some("appconfig"),
    },
    Row {
        vendor: Vendor::Slack,
        name: "slack",
        signing: None,
    },
    Row {
        vendor: Vendor::Backup,
        name: "backup",
        signing: Some("backup"),
    },
    Row {
        vendor: Vendor::Vercel,
        name: "vercel",
        signing: None,
    },
    Row {
        vendor: Vendor::Cloudflare,
        name: "cloudflare",
        signing: None,
    },
];

/// The paths of a system whose own tools insist on an address without a path: it is known by them alone, too.
const ROOTED: (&str, Vendor) = ("/api/0/", Vendor::Sentry);

/// A request, as the system sees it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path without the system's prefix, still percent-encoded: `/api/auth.test`.
    pub path: String,
    /// Decoded pairs of the query, in order.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Request {
    /// Steps of the path, decoded, without empty ones.
    pub fn steps(&self) -> Vec<String> {
        let steps = self.path.split('/').filter(|s| !s.is_empty());
        steps.map(super::wire::unescape_path).collect()
    }

    /// A parameter of the query.
    pub fn param(&self, name: &str) -> Option<&str> {
        let pair = self.query.iter().find(|(k, _)| k == name);
        pair.map(|(_, v)| v.as_str())
    }

    /// Region that the request was signed for; that of the story where it was not signed.
    pub fn region(&self) -> String {
        scope(&self.headers).map_or_else(|| names::REGION.to_owned(), |s| s.region)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What goes back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// Content type; empty: none.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json; charset=utf-8",
            body: value.to_string().into_bytes(),
        }
    }

    /// XML.
    pub fn xml(status: u16, text: String) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/xml",
            body: text.into_bytes(),
        }
    }

    /// Nothing but a status.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "",
            body: Vec::new(),
        }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The response.
    pub fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::builder().status(self.status);
        if !self.content_type.is_empty() {
            response = response.header("content-type", self.content_type);
        }
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(self.body).unwrap_or_default()
    }
}

/// The system that a request is for, and the path as it sees it; `None`: one of the RPC protocols.
pub fn vendor(uri: &Uri, headers: &HeaderMap) -> Option<(&'static Row, String)> {
    if let Some(scope) = scope(headers) {
        let signed = |r: &&Row| r.signing == Some(scope.service.as_str());
        return Some((VENDORS.iter().find(signed)?, uri.path().to_owned()));
    }
    if uri.path().starts_with(ROOTED.0) {
        let row = VENDORS.iter().find(|r| r.vendor == ROOTED.1)?;
        return Some((row, uri.path().to_owned()));
    }
    let path = uri.path().strip_prefix('/')?;
    let (first, _) = path.split_once('/').unwrap_or((path, ""));
    let named = |r: &&Row| r.signing.is_none() && r.name == first;
    let row = VENDORS.iter().find(named)?;
    let rest = path.get(first.len()..).unwrap_or_default();
    Some((row, if rest.is_empty() { "/" } else { rest }.to_owned()))
}

/// The request for a system.
pub fn request(
    method: Method,
    path: String,
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Request {
    Request {
        method,
        path,
        query: super::wire::pairs(uri.query().unwrap_or_default().as_bytes()),
        headers,
        body,
    }
}

/// Whether the request carries the sandbox's token.
pub fn is_known(request: &Request) -> bool {
    let header = request.headers.get(AUTHORIZATION);
    let header = header.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let token = header.split_once(' ').map(|(_, token)| token);
    token == Some(TOKEN)
}
