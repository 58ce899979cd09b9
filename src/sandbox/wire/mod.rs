//! The vendor's wire protocols, both ways: a request becomes a [`Call`] whose input is a tree of [`Node`]s, whatever the
//! protocol was, and a reply becomes the response that this protocol's clients read.
//!
//! | protocol | who speaks it | specification |
//! |---|---|---|
//! | AWS JSON 1.1 | ECS, Logs, most others | Smithy `aws.protocols#awsJson1_1` |
//! | AWS JSON 1.0 | CloudWatch, some clients | Smithy `aws.protocols#awsJson1_0` |
//! | AWS Query | STS, ELBv2, RDS; CloudWatch, older clients | Smithy `aws.protocols#awsQuery` |
//! | RPC v2 CBOR | CloudWatch, newer clients | Smithy `smithy.protocols#rpcv2Cbor` |

mod cbor;
mod codes;
mod decode;
mod encode;
mod json;
mod node;
mod query;
mod services;
mod signature;
mod xml;

pub use decode::decode;
pub use encode::encode;
pub use node::{Node, list, map};
pub use query::{pairs, unescape_path};
pub use services::{Row, SERVICES, Service};
pub use signature::{Scope, credential, scope};

/// A wire protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// AWS JSON 1.0.
    Json10,
    /// AWS JSON 1.1.
    Json11,
    /// Forms in, XML out.
    Query,
    /// Smithy RPC v2 with CBOR bodies.
    RpcV2Cbor,
}

/// A request, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Of which service.
    pub service: Service,
    /// Name of the operation, such as `DescribeServices`. Not checked here: the service knows what it offers.
    pub operation: String,
    /// How it was asked, and must be answered.
    pub protocol: Protocol,
    /// Region that it was signed for; that of the story where it was not signed.
    pub region: String,
    /// The input; in the Query protocol every leaf is a [`Node::Str`], which the typed readers of `Node` accept.
    pub input: Node,
}

/// An error that a client's SDK can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// Name of the shape in the service's model, such as `ClusterNotFoundException`, or one of the vendor's common errors
    /// (`ThrottlingException`). In Query replies it becomes the shape's query code.
    pub code: String,
    /// Words.
    pub message: String,
    /// HTTP status.
    pub status: u16,
}

impl ApiError {
    /// The caller's mistake: HTTP 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: 400,
        }
    }

    /// With another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The service has no such operation (or the platform does not play it).
    pub fn unknown_operation(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("The sandbox does not offer the operation {operation}."),
        )
    }
}

/// A request that could not become a call; it carries the ready response.
#[derive(Debug)]
pub struct Rejection(Box<http::Response<Vec<u8>>>);

impl Rejection {
    fn new(service: Service, operation: &str, protocol: Protocol, error: ApiError) -> Self {
        let call = Call {
            service,
            operation: operation.to_owned(),
            protocol,
            region: String::new(),
            input: Node::Null,
        };
        Self(Box::new(encode(&call, Err(error))))
    }

    /// What to send back.
    pub fn into_response(self) -> http::Response<Vec<u8>> {
        *self.0
    }
}

#[cfg(test)]
mod tests;
