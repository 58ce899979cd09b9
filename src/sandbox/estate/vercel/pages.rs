//! Pages: newest first, `until` the time before which the next page begins.

use serde_json::{Value, json};

use super::{Refusal, bad_request};
use crate::web::Request;

/// Items of a page at most, and without a wish.
const MOST: usize = 100;
const USUAL: usize = 20;

/// One page of items (newest first, each with the time, in milliseconds, that it is listed by), under a name.
pub fn page(name: &str, items: Vec<(i64, Value)>, request: &Request) -> Result<Value, Refusal> {
    let number = |key: &str| -> Result<Option<i64>, Refusal> {
        let Some(text) = request.param(key) else {
            return Ok(None);
        };
        let read = text.parse().map(Some);
        read.map_err(|_| bad_request(format!("`{key}` should be a number")))
    };
    let limit = match number("limit")? {
        Some(n) if n < 1 => return Err(bad_request("`limit` should be >= 1")),
        Some(n) => usize::try_from(n).unwrap_or(MOST).min(MOST),
        None => USUAL,
    };
    // A project list continues from `from`, every other from `until`.
    let until = number("until")?.or(number("from")?);
    let since = number("since")?;
    let wanted = |at: i64| until.is_none_or(|t| at < t) && since.is_none_or(|t| at > t);
    let mut rest = items.into_iter().filter(|(at, _)| wanted(*at)).peekable();
    let mut shown = Vec::new();
    let mut times = Vec::new();
    while shown.len() < limit
        && let Some((at, value)) = rest.next()
    {
        times.push(at);
        shown.push(value);
    }
    let next = rest.peek().and(times.last());
    let prev = times.first();
    let pagination = json!({"count": shown.len(), "next": next, "prev": prev});
    Ok(json!({name: shown, "pagination": pagination}))
}

/// A list that is never longer than a page.
pub fn whole(name: &str, items: Vec<Value>) -> Value {
    json!({name: items, "pagination": {"count": items.len(), "next": null, "prev": null}})
}
