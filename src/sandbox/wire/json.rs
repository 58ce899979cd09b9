//! JSON bodies (AWS JSON 1.0 and 1.1).

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use super::Node;

/// Reads a body. No body is an empty structure.
pub(super) fn read(body: &[u8]) -> Result<Node, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Node::Map(Vec::new()));
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value @ Value::Object(_)) => Ok(node(value)),
        Ok(_) => Err("the body is not a JSON object".into()),
        Err(e) => Err(e.to_string()),
    }
}

fn node(value: Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(b) => Node::Bool(b),
        Value::Number(n) => match n.as_i64() {
            Some(i) => Node::Int(i),
            None => Node::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(s) => Node::Str(s),
        Value::Array(items) => Node::List(items.into_iter().map(node).collect()),
        Value::Object(members) => {
            Node::Map(members.into_iter().map(|(k, v)| (k, node(v))).collect())
        }
    }
}

/// Writes a reply.
pub(super) fn write(reply: &Node) -> Vec<u8> {
    if reply.is_null() {
        return b"{}".to_vec();
    }
    // Only a failing writer or a non-string key could fail, and neither exists here.
    serde_json::to_vec(&Json(reply)).unwrap_or_default()
}

struct Json<'a>(&'a Node);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Node::Null => s.serialize_unit(),
            Node::Bool(b) => s.serialize_bool(*b),
            Node::Int(i) => s.serialize_i64(*i),
            Node::Float(f) | Node::Time(f) if f.is_finite() => s.serialize_f64(*f),
            Node::Float(f) | Node::Time(f) => s.serialize_str(special(*f)),
            Node::Str(t) => s.serialize_str(t),
            Node::List(items) => {
                let mut seq = s.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&Json(item))?;
                }
                seq.end()
            }
            Node::Map(members) => {
                let mut map = s.serialize_map(None)?;
                for (key, value) in members.iter().filter(|(_, v)| !v.is_null()) {
                    map.serialize_entry(key, &Json(value))?;
                }
                map.end()
            }
        }
    }
}

/// The protocol's words for floats that JSON has none for.
fn special(f: f64) -> &'static str {
    if f.is_nan() {
        "NaN"
    } else if f > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
