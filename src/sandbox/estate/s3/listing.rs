//! `ListObjectsV2`: prefixes, delimiters and pages.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::answers::{document, leaf, object};
use super::{Bucket, Object};
use crate::web::{Reply, Request};

/// A page of a bucket's objects, in the order of their keys.
pub fn objects(bucket: &Bucket, request: &Request) -> Reply {
    let prefix = request.param("prefix").unwrap_or_default();
    let delimiter = request.param("delimiter").filter(|d| !d.is_empty());
    let most = request.param("max-keys").and_then(|n| n.parse().ok());
    let most = most.unwrap_or(1_000_usize).min(1_000);
    let token = request.param("continuation-token");
    let after = token.or(request.param("start-after")).unwrap_or_default();
    let (shown, next) = page(&bucket.objects, prefix, delimiter, after, most);
    let name = |key: &str| match request.param("encoding-type") {
        Some("url") => url(key),
        _ => key.to_owned(),
    };
    let mut inner = leaf("Name", &bucket.name) + &leaf("Prefix", &name(prefix));
    let mut say = |tag: &str, text: Option<&str>| {
        if let Some(text) = text {
            inner.push_str(&leaf(tag, text));
        }
    };
    say("MaxKeys", Some(&most.to_string()));
    say("KeyCount", Some(&shown.len().to_string()));
    say("Delimiter", delimiter);
    say("EncodingType", request.param("encoding-type"));
    say("ContinuationToken", token);
    say("NextContinuationToken", next.as_deref());
    say(
        "IsTruncated",
        Some(if next.is_some() { "true" } else { "false" }),
    );
    for entry in &shown {
        inner.push_str(&match entry {
            Entry::Object(key, o) => object(&name(key), o),
            Entry::Prefix(p) => format!(
                "<CommonPrefixes>{}</CommonPrefixes>",
                leaf("Prefix", &name(p))
            ),
        });
    }
    document("ListBucketResult", &inner)
}

enum Entry<'a> {
    Object(&'a str, &'a Object),
    Prefix(String),
}

/// What a page shows, and the key that the next one begins after.
fn page<'a>(
    all: &'a BTreeMap<String, Object>,
    prefix: &str,
    delimiter: Option<&str>,
    after: &str,
    most: usize,
) -> (Vec<Entry<'a>>, Option<String>) {
    let mut shown: Vec<Entry<'_>> = Vec::new();
    let mut last = String::new();
    let from = all.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
    for (key, object) in from.filter(|(k, _)| k.starts_with(prefix)) {
        let rest = key.get(prefix.len()..).unwrap_or_default();
        let folder = delimiter.and_then(|d| rest.find(d).map(|at| at + d.len()));
        let folder = folder.and_then(|end| key.get(..prefix.len() + end));
        let known = |f: &str| {
            after.starts_with(f) || matches!(shown.last(), Some(Entry::Prefix(p)) if p == f)
        };
        if folder.is_some_and(known) {
            last.clone_from(key);
            continue;
        }
        if shown.len() >= most {
            return (shown, (most > 0).then_some(last));
        }
        last.clone_from(key);
        shown.push(match folder {
            Some(f) => Entry::Prefix(f.to_owned()),
            None => Entry::Object(key, object),
        });
    }
    (shown, None)
}

/// Percent-encoded, slashes kept.
fn url(key: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let encode = |b: u8| {
        if plain(b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    key.bytes().map(encode).collect()
}
