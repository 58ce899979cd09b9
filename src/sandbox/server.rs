//! The HTTP server: reads a call, lets the platform answer, and spoils the answer where a fault says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Method, Response, Uri};

use super::faults::{Fault, Kind};
use super::platform::Platform;
use super::web;
use super::wire::{self, ApiError, Call, Service};

/// Access key id that the sandbox accepts.
pub const ACCESS_KEY: &str = "AKIAFLIGHTDECKDEMO00";
/// The secret that goes with it; signatures are not verified.
pub const SECRET_KEY: &str = "flightdeck-demo-secret";

/// What requests share.
#[derive(Debug)]
pub struct Shared {
    platform: Mutex<Platform>,
    faults: Vec<Fault>,
    dice: Mutex<fastrand::Rng>,
}

/// Seconds since 1970.
pub fn now() -> f64 {
    jiff::Timestamp::now().as_microsecond() as f64 / 1e6
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The platform stays usable if a request panicked: its data is whole between steps.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// A platform with its faults.
    pub fn new(platform: Platform, faults: Vec<Fault>, seed: u64) -> Arc<Self> {
        let dice = Mutex::new(fastrand::Rng::with_seed(seed ^ 0x5eed));
        Arc::new(Self {
            platform: Mutex::new(platform),
            faults,
            dice,
        })
    }

    /// Lets time go on.
    pub fn step(&self) {
        lock(&self.platform).step(now());
    }

    /// The platform, for a moment.
    pub fn platform(&self) -> MutexGuard<'_, Platform> {
        lock(&self.platform)
    }

    /// The fault that befalls a system now, if any.
    pub(super) fn fault(&self, system: &str) -> Option<Kind> {
        let mut dice = lock(&self.dice);
        self.faults
            .iter()
            .filter(|f| f.concerns(system))
            .find(|f| dice.f64() < f.rate)
            .map(|f| f.kind)
    }
}

/// The router.
pub fn router(shared: Arc<Shared>) -> axum::Router {
    axum::Router::new().fallback(answer).with_state(shared)
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if let Some((row, path)) = web::vendor(&uri, &headers) {
        let request = web::request(method, path, &uri, headers, body);
        return answer_web(&shared, row, &request).await;
    }
    let call = match wire::decode(&method, &uri, &headers, &body) {
        Ok(call) => call,
        Err(rejection) => return rejection.into_response().map(Body::from),
    };
    let fault = shared.fault(call.service.row().name);
    hold_up(fault).await;
    let reply = match (
        fault.and_then(|f| spoil(f, call.service)),
        refuse(&call, &headers),
    ) {
        (Some(error), _) | (None, Some(error)) => Err(error),
        (None, None) => {
            let mut platform = shared.platform();
            platform.step(now());
            platform.handle(&call)
        }
    };
    distort(wire::encode(&call, reply), fault)
}

async fn answer_web(shared: &Shared, row: &web::Row, request: &web::Request) -> Response<Body> {
    let fault = shared.fault(row.name);
    hold_up(fault).await;
    let reply = fault
        .and_then(|f| super::estate::spoil(row.vendor, f))
        .unwrap_or_else(|| {
            let mut platform = shared.platform();
            platform.step(now());
            platform.web(row.vendor, request)
        });
    distort(reply.into_response(), fault)
}

/// Lets an answer come late or never, where a fault says so.
async fn hold_up(fault: Option<Kind>) {
    match fault {
        Some(Kind::Delay) => tokio::time::sleep(Duration::from_secs(2)).await,
        Some(Kind::Hang) => std::future::pending().await,
        _ => {}
    }
}

/// What a fault makes of a finished response.
fn distort(response: Response<Vec<u8>>, fault: Option<Kind>) -> Response<Body> {
    match fault {
        Some(Kind::Error) => page(
            500,
            "<html><body><h1>500 Internal Server Error</h1></body></html>",
        ),
        Some(Kind::Malformed) => {
            response.map(|_| Body::from("\u{0}{\"services\": [ this is no protocol"))
        }
        Some(Kind::Cut) => response.map(cut),
        _ => response.map(Body::from),
    }
}

fn page(status: u16, html: &'static str) -> Response<Body> {
    let built = Response::builder()
        .status(status)
        .header("content-type", "text/html")
        .body(Body::from(html));
    built.unwrap_or_default()
}

/// Half of a body, then an error that makes the server drop the connection.
fn cut(body: Vec<u8>) -> Body {
    let half = Bytes::copy_from_slice(body.get(..body.len() / 2).unwrap_or_default());
    let parts = [Ok(half), Err(std::io::Error::other("cut"))];
    Body::from_stream(futures_util::stream::iter(parts))
}

fn spoil(fault: Kind, service: Service) -> Option<ApiError> {
    let query = service.is_query();
    match (fault, service) {
        // EC2 has words of its own.
        (Kind::Throttle, Service::Ec2) => {
            let why = "Request limit exceeded.";
            return Some(ApiError::new("RequestLimitExceeded", why).with_status(503));
        }
        (Kind::Denied, Service::Ec2) => {
            let why = "You are not authorized to perform this operation.";
            return Some(ApiError::new("UnauthorizedOperation", why).with_status(403));
        }
        _ => {}
    }
    match fault {
        Kind::Throttle => Some(ApiError::new(
            if query {
                "Throttling"
            } else {
                "ThrottlingException"
            },
            "Rate exceeded",
        )),
        Kind::Expired => {
            let code = if query {
                "ExpiredToken"
            } else {
                "ExpiredTokenException"
            };
            Some(ApiError::new(
                code,
                "The security token included in the request is expired",
            ))
        }
        Kind::Denied => {
            let code = if query {
                "AccessDenied"
            } else {
                "AccessDeniedException"
            };
            let why = format!(
                "User: {} is not authorized to perform this action",
                super::sts::CALLER
            );
            Some(ApiError::new(code, why).with_status(if query { 403 } else { 400 }))
        }
        _ => None,
    }
}

/// Refuses callers that the sandbox does not know.
fn refuse(call: &Call, headers: &HeaderMap) -> Option<ApiError> {
    let query = call.service.is_query();
    match wire::credential(headers).as_deref() {
        Some(ACCESS_KEY) => None,
        Some(_) if query => Some(
            ApiError::new(
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            )
            .with_status(403),
        ),
        Some(_) => Some(ApiError::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )),
        None if query => Some(
            ApiError::new(
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            )
            .with_status(403),
        ),
        None => Some(ApiError::new(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        )),
    }
}
