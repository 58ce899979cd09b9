//! Names of errors. A service's model gives each error a shape name and, for the Query protocol, often another code.

use std::borrow::Cow;

use super::Service;

/// Shapes whose query code is no regular form of the name (from the services' models).
const IRREGULAR: &[(&str, &str)] = &[
    ("ALPNPolicyNotSupportedException", "ALPNPolicyNotFound"),
    (
        "TrustStoreAssociationNotFoundException",
        "AssociationNotFound",
    ),
    ("CacheClusterNotFoundFault", "CacheClusterNotFound"),
    ("DashboardInvalidInputError", "InvalidParameterInput"),
    ("DashboardNotFoundError", "ResourceNotFound"),
    ("InternalServiceFault", "InternalServiceError"),
    ("InvalidFormatFault", "InvalidFormat"),
    (
        "InvalidParameterCombinationException",
        "InvalidParameterCombination",
    ),
    ("InvalidParameterValueException", "InvalidParameterValue"),
    ("LimitExceededFault", "LimitExceeded"),
    ("MissingRequiredParameterException", "MissingParameter"),
    // Errors that all services share.
    ("AccessDeniedException", "AccessDenied"),
    ("ExpiredTokenException", "ExpiredToken"),
    (
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
    ),
    ("ThrottlingException", "Throttling"),
    ("UnknownOperationException", "InvalidAction"),
    ("UnrecognizedClientException", "InvalidClientTokenId"),
];

/// The code that Query replies, and the header of query-compatible ones, carry for a shape.
pub(super) fn query(service: Service, shape: &str) -> Cow<'_, str> {
    if let Some((_, code)) = IRREGULAR.iter().find(|(name, _)| *name == shape) {
        return Cow::Borrowed(code);
    }
    let regular = match service {
        Service::Elbv2 => shape.strip_suffix("Exception"),
        _ => None,
    };
    Cow::Borrowed(regular.unwrap_or(shape))
}

/// The name that JSON and CBOR replies carry: that of the shape.
pub(super) fn shape(service: Service, code: &str) -> String {
    match service {
        Service::CloudWatch => format!("com.amazonaws.cloudwatch#{code}"),
        _ => code.to_owned(),
    }
}

/// Whose fault an HTTP status is, in the protocol's words.
pub(super) fn fault(status: u16) -> &'static str {
    if status >= 500 { "Receiver" } else { "Sender" }
}
