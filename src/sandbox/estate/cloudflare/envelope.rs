//! The envelope of every answer but GraphQL's: `success`, `errors`, `messages`, `result`, `result_info`.

use serde_json::{Value, json};

use crate::web::{Reply, Request};

/// A good answer.
#[derive(Debug, Default)]
pub struct Done {
    pub result: Value,
    pub info: Option<Value>,
    pub messages: Vec<Value>,
}

/// A refusal: status, the vendor's code, words.
#[derive(Debug)]
pub struct Failed {
    status: u16,
    code: u32,
    why: String,
}

pub type Answer = Result<Done, Failed>;

impl Done {
    pub fn one(result: Value) -> Self {
        Self {
            result,
            ..Self::default()
        }
    }
}

impl Failed {
    pub fn new(status: u16, code: u32, why: impl Into<String>) -> Self {
        Self {
            status,
            code,
            why: why.into(),
        }
    }

    pub fn no_route(path: &str) -> Self {
        let why = format!("Could not route to {path}, perhaps your object identifier is invalid?");
        Self::new(404, 7_003, why)
    }
}

/// The answer as a response.
pub fn reply(answer: Answer) -> Reply {
    match answer {
        Ok(done) => {
            let mut body = json!({"success": true, "errors": [], "messages": done.messages, "result": done.result});
            if let (Some(info), Some(body)) = (done.info, body.as_object_mut()) {
                body.insert("result_info".into(), info);
            }
            Reply::json(200, &body)
        }
        Err(failed) => Reply::json(failed.status, &refused(failed.code, &failed.why)),
    }
}

/// The body of a refusal.
pub fn refused(code: u32, why: &str) -> Value {
    json!({"success": false, "errors": [{"code": code, "message": why}], "messages": [], "result": null})
}

/// One page of a list that is numbered by pages; `usual` items without a wish, and `least` to `most` with one.
pub fn page(
    items: Vec<Value>,
    request: &Request,
    (least, usual, most): (usize, usize, usize),
) -> Answer {
    let number = |key: &str, usual: usize| match request.param(key) {
        None => Ok(usual),
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| Failed::new(400, 1_003, format!("Invalid value for {key}"))),
    };
    let size = number("per_page", usual)?;
    if !(least..=most).contains(&size) {
        let why = format!("per_page must be between {least} and {most}");
        return Err(Failed::new(400, 1_003, why));
    }
    let at = number("page", 1)?;
    let total = items.len();
    let skipped = (at - 1).saturating_mul(size);
    let shown: Vec<Value> = items.into_iter().skip(skipped).take(size).collect();
    let info = json!({
        "page": at, "per_page": size, "count": shown.len(), "total_count": total, "total_pages": total.div_ceil(size),
    });
    Ok(Done {
        result: Value::Array(shown),
        info: Some(info),
        messages: Vec::new(),
    })
}
