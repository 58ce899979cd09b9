//! CBOR bodies (RFC 8949, as Smithy RPC v2 uses it: points in time are tag 1).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ciborium::Value;

use super::Node;

/// Tag of a point in time, in seconds since the epoch.
const EPOCH: u64 = 1;

/// Reads a body: maps and lists of definite and indefinite length. No body is an empty structure.
pub(super) fn read(body: &[u8]) -> Result<Node, String> {
    if body.is_empty() {
        return Ok(Node::Map(Vec::new()));
    }
    match ciborium::from_reader::<Value, _>(body) {
        Ok(value @ Value::Map(_)) => Ok(node(value)),
        Ok(_) => Err("the body is not a CBOR map".into()),
        Err(_) => Err("the body is not CBOR".into()),
    }
}

fn node(value: Value) -> Node {
    match value {
        Value::Bool(b) => Node::Bool(b),
        Value::Integer(i) => i64::try_from(i).map_or(Node::Float(i128::from(i) as f64), Node::Int),
        Value::Float(f) => Node::Float(f),
        Value::Text(s) => Node::Str(s),
        // Blobs are base64 text in the other protocols.
        Value::Bytes(b) => Node::Str(BASE64_STANDARD.encode(b)),
        Value::Array(items) => Node::List(items.into_iter().map(node).collect()),
        Value::Map(members) => Node::Map(
            members
                .into_iter()
                .filter_map(|(k, v)| Some((k.into_text().ok()?, node(v))))
                .collect(),
        ),
        Value::Tag(EPOCH, inner) => match node(*inner) {
            Node::Int(i) => Node::Time(i as f64),
            Node::Float(f) => Node::Time(f),
            other => other,
        },
        Value::Tag(_, inner) => node(*inner),
        _ => Node::Null,
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const DOUBLE: u8 = 0xfb;

/// Writes a reply. Straight into bytes: a reply of GetMetricData holds some 100,000 numbers.
pub(super) fn write(reply: &Node) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    put(&mut out, reply);
    out
}

fn put(out: &mut Vec<u8>, value: &Node) {
    match value {
        Node::Null => out.push(0xf6),
        Node::Bool(b) => out.push(if *b { 0xf5 } else { 0xf4 }),
        Node::Int(i) => match u64::try_from(*i) {
            Ok(u) => head(out, UNSIGNED, u),
            // -1 - i, which for negative numbers is the complement.
            Err(_) => head(out, NEGATIVE, !*i as u64),
        },
        Node::Float(f) => double(out, *f),
        Node::Time(f) => {
            head(out, TAG, EPOCH);
            double(out, *f);
        }
        Node::Str(s) => text(out, s),
        Node::List(items) => {
            head(out, ARRAY, items.len() as u64);
            items.iter().for_each(|i| put(out, i));
        }
        Node::Map(members) => {
            let there = || members.iter().filter(|(_, v)| !v.is_null());
            head(out, MAP, there().count() as u64);
            for (key, value) in there() {
                text(out, key);
                put(out, value);
            }
        }
    }
}

fn text(out: &mut Vec<u8>, s: &str) {
    head(out, TEXT, s.len() as u64);
    out.extend_from_slice(s.as_bytes());
}

fn double(out: &mut Vec<u8>, f: f64) {
    out.push(DOUBLE);
    out.extend_from_slice(&f.to_be_bytes());
}

/// The initial byte and the argument in its shortest form.
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    if let Ok(small) = u8::try_from(argument) {
        if small < 24 {
            out.push(major | small);
        } else {
            out.extend_from_slice(&[major | 24, small]);
        }
    } else if let Ok(short) = u16::try_from(argument) {
        out.push(major | 25);
        out.extend_from_slice(&short.to_be_bytes());
    } else if let Ok(word) = u32::try_from(argument) {
        out.push(major | 26);
        out.extend_from_slice(&word.to_be_bytes());
    } else {
        out.push(major | 27);
        out.extend_from_slice(&argument.to_be_bytes());
    }
}
