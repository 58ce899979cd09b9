//! What the hosts answer: a root page and a health page that follows the world.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use serde_json::json;

use super::super::server::{self, Shared};
use super::guarded::{self, Limit};
use super::hosts::{self, Host};

const JSON: &str = "application/json";

/// The router of all hosts.
pub fn router(shared: Arc<Shared>) -> axum::Router {
    axum::Router::new()
        .fallback(answer)
        .with_state((shared, Arc::new(Limit::default())))
}

/// Status, media type, body.
pub(super) type Page = (StatusCode, &'static str, String);

async fn answer(
    State((shared, limit)): State<(Arc<Shared>, Arc<Limit>)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(host) = named(&uri, &headers) else {
        let words = "this is not one of the hosts here\n".to_owned();
        return built(
            (StatusCode::MISDIRECTED_REQUEST, "text/plain", words),
            &[],
            &method,
        );
    };
    if let Some(answer) = guarded::answer(host, &method, &uri, &headers, &limit) {
        let mut response = built(answer.page, host.headers, &method);
        response.headers_mut().extend(answer.headers);
        return response;
    }
    let page = match (&method, uri.path()) {
        (&Method::GET | &Method::HEAD, "/") => {
            (StatusCode::OK, host.root.0, host.root.1.to_owned())
        }
        (&Method::GET | &Method::HEAD, "/health") => health(host, &shared),
        (&Method::GET | &Method::HEAD, _) => refusal(StatusCode::NOT_FOUND, "not found"),
        _ => refusal(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
    };
    built(page, host.headers, &method)
}

/// The host that is asked for: HTTP/2 names it in the request's target, HTTP/1.1 in a header (RFC 9110, section 7.2).
fn named(uri: &Uri, headers: &HeaderMap) -> Option<&'static Host> {
    let authority = match uri.authority() {
        Some(authority) => authority.clone(),
        None => headers.get(header::HOST)?.to_str().ok()?.parse().ok()?,
    };
    hosts::find(authority.host())
}

/// A host without a service is well as long as it answers; one with a service is as well as its tasks.
fn health(host: &Host, shared: &Shared) -> Page {
    let Some(name) = host.service else {
        return (StatusCode::OK, JSON, "{\"status\":\"ok\"}\n".to_owned());
    };
    let behind = {
        let mut platform = shared.platform();
        platform.step(server::now());
        hosts::behind(&platform.world, name)
    };
    let (healthy, desired, version) = behind.map_or_else(
        || (0, 0, String::new()),
        |b| (b.healthy, b.desired, b.version),
    );
    let (status, word) = match healthy {
        0 => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        _ => (StatusCode::OK, "ok"),
    };
    let body = json!({
        "status": word,
        "service": name,
        "version": version,
        "tasks": {"healthy": healthy, "desired": desired},
    });
    (status, JSON, format!("{body}\n"))
}

pub(super) fn refusal(status: StatusCode, why: &str) -> Page {
    (status, JSON, format!("{}\n", json!({"error": why})))
}

fn built(
    (status, kind, body): Page,
    security: &[(&'static str, &'static str)],
    method: &Method,
) -> Response<Body> {
    let length = HeaderValue::from(body.len());
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from(body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // RFC 9110, section 8.6: none where there can be no content.
    if status != StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_LENGTH, length);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    for (name, value) in security {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    response
}
