//! Security Token Service (API version 2011-06-15).

use super::wire::{ApiError, Node, map};
use super::world::names;

/// ARN of the sandbox's one user.
pub const CALLER: &str = "arn:aws:iam::123456789012:user/flightdeck-demo";

/// Answers an operation.
pub fn handle(operation: &str) -> Result<Node, ApiError> {
    match operation {
        "GetCallerIdentity" => Ok(map([
            ("Arn", CALLER.into()),
            ("UserId", "AIDASANDBOXSANDBOX000".into()),
            ("Account", names::ACCOUNT.into()),
        ])),
        other => Err(ApiError::unknown_operation(other)),
    }
}
