//! Pages of a list: a token names the place of the first item that is still to come.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::errors::{bad_token, invalid};
use crate::wire::{ApiError, Node};

/// The token for a place.
pub(super) fn token(place: usize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("from:{place}"))
}

/// The place that `NextToken` names; 0 without one.
pub(super) fn place(input: &Node) -> Result<usize, ApiError> {
    let Some(token) = input.get("NextToken").as_text() else {
        return Ok(0);
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|b| String::from_utf8(b).ok());
    text.and_then(|t| t.strip_prefix("from:")?.parse().ok())
        .ok_or_else(bad_token)
}

/// A number such as `MaxRecords`, within what the vendor takes.
pub(super) fn limit(
    input: &Node,
    name: &str,
    usual: usize,
    most: usize,
) -> Result<usize, ApiError> {
    match input.get(name) {
        Node::Null => Ok(usual),
        given => given
            .as_i64()
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| (1..=most).contains(n))
            .ok_or_else(|| invalid(format!("{name} must be between 1 and {most}."))),
    }
}

/// Cuts a page out of all items; with the token of the next one, if there are more.
pub(super) fn cut<T>(all: Vec<T>, from: usize, size: usize) -> (Vec<T>, Option<String>) {
    let more = all.len() > from.saturating_add(size);
    let page = all.into_iter().skip(from).take(size).collect();
    (page, more.then(|| token(from + size)))
}
