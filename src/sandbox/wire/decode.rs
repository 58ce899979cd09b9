//! Requests as calls.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, Uri};

use super::{ApiError, Call, Node, Protocol, Rejection, Service, cbor, json, query, scope};
use crate::world::names;

/// Most bytes that a compressed body may unfold to.
const LARGEST_BODY: u64 = 16 << 20;

/// Reads a request. Which protocol it speaks is read from the path and the headers, as the vendor's front doors do: an
/// `/service/X/operation/Y` path is RPC v2, an `X-Amz-Target` header JSON, and everything else Query.
///
/// # Errors
/// A request of no protocol or service that is played here, or with a body that cannot be read; with the response to send.
pub fn decode(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Call, Rejection> {
    if let Some(target) = rpc_path(uri.path()) {
        return rpc(target, headers, body);
    }
    if let Some(target) = text(headers, "x-amz-target") {
        return by_target(target, headers, body);
    }
    form(method, uri, headers, body)
}

/// `(service, operation)` of `.../service/X/operation/Y`.
fn rpc_path(path: &str) -> Option<(&str, &str)> {
    let mut steps = path.rsplitn(5, '/');
    let operation = steps.next()?;
    (steps.next()? == "operation").then_some(())?;
    let service = steps.next()?;
    (steps.next()? == "service").then_some((service, operation))
}

fn rpc(
    (target, operation): (&str, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Call, Rejection> {
    let protocol = Protocol::RpcV2Cbor;
    let service = service_of(target).ok_or_else(|| unknown(protocol, target, operation))?;
    let reject = |e| Rejection::new(service, operation, protocol, e);
    if text(headers, "smithy-protocol") != Some("rpc-v2-cbor") {
        let why = "The header smithy-protocol: rpc-v2-cbor is missing.";
        return Err(reject(ApiError::new("UnknownOperationException", why)));
    }
    let input = unfolded(headers, body)
        .and_then(|b| cbor::read(&b))
        .map_err(|why| reject(ApiError::new("SerializationException", why)))?;
    Ok(call(service, operation, (protocol, headers), input))
}

fn by_target(target: &str, headers: &HeaderMap, body: &[u8]) -> Result<Call, Rejection> {
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let protocol = match kind {
        Some(k) if k.starts_with("application/x-amz-json-1.0") => Protocol::Json10,
        _ => Protocol::Json11,
    };
    let (name, operation) = target.rsplit_once('.').unwrap_or((target, ""));
    let service = service_of(name).ok_or_else(|| unknown(protocol, name, operation))?;
    let input = unfolded(headers, body)
        .and_then(|b| json::read(&b))
        .map_err(|why| {
            let e = ApiError::new("SerializationException", why);
            Rejection::new(service, operation, protocol, e)
        })?;
    Ok(call(service, operation, (protocol, headers), input))
}

fn form(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Call, Rejection> {
    let protocol = Protocol::Query;
    let guess = scope(headers).and_then(|s| signed_service(&s.service));
    let fallback = guess.unwrap_or(Service::Sts);
    let reject = |op: &str, code: &str, why: String| {
        Rejection::new(fallback, op, protocol, ApiError::new(code, why))
    };
    let mut pairs = query::pairs(uri.query().unwrap_or_default().as_bytes());
    if method != Method::GET {
        let body = unfolded(headers, body).map_err(|why| reject("", "MalformedInput", why))?;
        pairs.extend(query::pairs(&body));
    }
    let field = |name: &str| {
        let pair = pairs.iter().find(|(k, _)| k == name);
        pair.map(|(_, v)| v.clone())
    };
    let Some(operation) = field("Action") else {
        let why = "The request names no action: neither a target header nor an Action parameter.";
        return Err(reject("", "MissingAction", why.into()));
    };
    let by_version = field("Version").and_then(|v| versioned_service(&v));
    let Some(service) = guess.or(by_version) else {
        let why = format!("The sandbox plays no service that offers {operation}.");
        return Err(reject(&operation, "UnknownOperationException", why));
    };
    let input = query::tree(pairs).map_err(|why| reject(&operation, "MalformedInput", why))?;
    Ok(call(service, &operation, (protocol, headers), input))
}

fn call(
    service: Service,
    operation: &str,
    (protocol, headers): (Protocol, &HeaderMap),
    input: Node,
) -> Call {
    Call {
        service,
        operation: operation.to_owned(),
        protocol,
        region: scope(headers).map_or_else(|| names::REGION.to_owned(), |s| s.region),
        input,
    }
}

fn unknown(protocol: Protocol, target: &str, operation: &str) -> Rejection {
    let why = format!("The sandbox does not play {target}, which {operation} was asked of.");
    let error = ApiError::new("UnknownOperationException", why);
    Rejection::new(Service::Ecs, operation, protocol, error)
}

fn service_of(target: &str) -> Option<Service> {
    Service::by(|r| r.target == target).filter(|_| !target.is_empty())
}

fn signed_service(signing_name: &str) -> Option<Service> {
    Service::by(|r| r.signing == signing_name)
}

fn versioned_service(version: &str) -> Option<Service> {
    Service::by(|r| r.version == version).filter(|_| !version.is_empty())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// The body as it was before `Content-Encoding: gzip`.
fn unfolded<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
    let coding = headers.get(CONTENT_ENCODING).and_then(|v| v.to_str().ok());
    match coding.map(str::trim) {
        None | Some("" | "identity" | "aws-chunked") => Ok(Cow::Borrowed(body)),
        Some("gzip") => {
            let mut out = Vec::new();
            // One byte more than allowed shows that there was too much.
            let mut reader = GzDecoder::new(body).take(LARGEST_BODY + 1);
            match reader.read_to_end(&mut out) {
                Ok(n) if n as u64 <= LARGEST_BODY => Ok(Cow::Owned(out)),
                Ok(_) => Err("the compressed body is too large".into()),
                Err(e) => Err(format!("the body is not gzip: {e}")),
            }
        }
        Some(other) => Err(format!("the content encoding {other} is not spoken here")),
    }
}
