//! Replies as responses.

use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};

use super::{ApiError, Call, Node, Protocol, Service, cbor, codes, json, map, xml};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const SMITHY: HeaderName = HeaderName::from_static("smithy-protocol");

/// The response to a call, with a request id, in the call's own protocol. A null reply is that of an operation that has no
/// output.
pub fn encode(call: &Call, reply: Result<Node, ApiError>) -> Response<Vec<u8>> {
    let id = request_id();
    let (status, body) = match &reply {
        Ok(node) => (200, success(call, node, &id)),
        Err(error) => (error.status, failure(call, error, &id)),
    };
    let has_body = !body.is_empty();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    if has_body {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(content_type(call.protocol)),
        );
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    if call.protocol == Protocol::RpcV2Cbor {
        headers.insert(SMITHY, HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Err(error) = &reply
        && call.service == Service::CloudWatch
        && call.protocol != Protocol::Query
        && let Ok(value) = HeaderValue::from_str(&query_error(error))
    {
        headers.insert(QUERY_ERROR, value);
    }
    response
}

fn success(call: &Call, reply: &Node, id: &str) -> Vec<u8> {
    match call.protocol {
        Protocol::Json10 | Protocol::Json11 => json::write(reply),
        Protocol::Query => xml::reply(call.service, &call.operation, reply, id).into_bytes(),
        // An operation without an output has no body either.
        Protocol::RpcV2Cbor if reply.is_null() => Vec::new(),
        Protocol::RpcV2Cbor => cbor::write(reply),
    }
}

fn failure(call: &Call, error: &ApiError, id: &str) -> Vec<u8> {
    let body = || {
        map([
            ("__type", codes::shape(call.service, &error.code).into()),
            ("message", Node::from(&error.message)),
        ])
    };
    match call.protocol {
        Protocol::Json10 | Protocol::Json11 => json::write(&body()),
        Protocol::Query => xml::error(call.service, error, id).into_bytes(),
        Protocol::RpcV2Cbor => cbor::write(&body()),
    }
}

/// `x-amzn-query-error` (Smithy `aws.protocols#awsQueryCompatible`): what the error was called before the service left Query.
fn query_error(error: &ApiError) -> String {
    let code = codes::query(Service::CloudWatch, &error.code);
    format!("{code};{}", codes::fault(error.status))
}

fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Query => "text/xml",
        Protocol::RpcV2Cbor => "application/cbor",
    }
}

/// A request id in the vendor's form: unique in this process, and the same from run to run.
fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let (high, low) = (scatter(n), scatter(n ^ (1 << 63)));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Sebastiano Vigna's SplitMix64: neighbours become unlike.
fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
