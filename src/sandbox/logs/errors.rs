//! The errors of this service.

use crate::wire::{ApiError, Node};

/// A parameter is wrong.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// There is no such group.
pub(super) fn no_group() -> ApiError {
    ApiError::new(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
}

/// There is no such stream.
pub(super) fn no_stream() -> ApiError {
    ApiError::new(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
}

/// There is one already.
pub(super) fn exists(what: &str) -> ApiError {
    ApiError::new(
        "ResourceAlreadyExistsException",
        format!("The specified {what} already exists"),
    )
}

/// A text that must be given.
pub(super) fn required<'a>(input: &'a Node, name: &str) -> Result<&'a str, ApiError> {
    input.get(name).as_text().ok_or_else(|| {
        invalid(format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// A point in time in milliseconds, if given.
pub(super) fn moment(input: &Node, name: &str) -> Result<Option<i64>, ApiError> {
    match input.get(name) {
        Node::Null => Ok(None),
        node => match node.as_i64().filter(|t| *t >= 0) {
            Some(t) => Ok(Some(t)),
            None => Err(invalid(format!("{name} is no point in time."))),
        },
    }
}
