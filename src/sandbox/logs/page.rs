//! Pages of a list: the token names the last item that was given.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::errors::invalid;
use crate::wire::{ApiError, Node};

/// A token for a key.
pub(super) fn token(key: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("after:{key}"))
}

/// The key that `nextToken` names.
pub(super) fn key(input: &Node) -> Result<Option<String>, ApiError> {
    let Some(token) = input.get("nextToken").as_text() else {
        return Ok(None);
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|b| String::from_utf8(b).ok());
    let key = text.and_then(|t| t.strip_prefix("after:").map(str::to_owned));
    key.map(Some)
        .ok_or_else(|| invalid("The specified nextToken is invalid."))
}

/// `limit`, within what the vendor takes.
pub(super) fn limit(input: &Node, usual: usize, most: usize) -> Result<usize, ApiError> {
    match input.get("limit") {
        Node::Null => Ok(usual),
        given => given
            .as_i64()
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| (1..=most).contains(n))
            .ok_or_else(|| {
                invalid(format!(
                    "1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value between 1 and {most}"
                ))
            }),
    }
}

/// The page of a list in ascending order after a key, with the token for the rest.
pub(super) fn cut<T>(
    all: impl Iterator<Item = T>,
    after: Option<&str>,
    size: usize,
    name: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let mut rest = all.filter(|t| after.is_none_or(|a| name(t).as_str() > a));
    let page: Vec<T> = rest.by_ref().take(size).collect();
    let more = rest.next().is_some();
    let token = page.last().filter(|_| more).map(|t| token(&name(t)));
    (page, token)
}
