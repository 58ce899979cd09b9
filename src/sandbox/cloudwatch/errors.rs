//! The errors of this service.

use crate::wire::ApiError;

/// A value out of its range, or members that do not go together.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// A parameter's value is wrong (shape `InvalidParameterValueException`).
pub(super) fn bad_value(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", message)
}

/// Parameters exclude one another.
pub(super) fn combination(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterCombinationException", message)
}

/// A required parameter is missing.
pub(super) fn missing(name: &str) -> ApiError {
    ApiError::new(
        "MissingRequiredParameterException",
        format!("The parameter {name} is required."),
    )
}

/// A token that was not given out.
pub(super) fn bad_token() -> ApiError {
    ApiError::new("InvalidNextToken", "The next token is not valid.")
}

/// There is no such thing.
pub(super) fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFound", message).with_status(404)
}
