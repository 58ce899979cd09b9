//! What changes a bucket: its protection, and what it holds. So that a finding can be mended with the vendor's own tools.

use http::Method;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Bucket, Buckets, Object, Replication, answers, not_implemented};
use crate::web::{Reply, Request};
use crate::world::names;

/// A text of a document: the path to it (`Rule/Status`, without the root), and which rule it stands in.
pub(super) struct Told {
    pub(super) path: String,
    rule: usize,
    pub(super) text: String,
}

/// The texts of a document, in its order.
pub(super) fn texts(body: &[u8]) -> Option<Vec<Told>> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    let (mut found, mut at, mut rule) = (Vec::new(), Vec::new(), 0);
    loop {
        match reader.read_event().ok()? {
            Event::Start(e) => {
                let name = e.local_name().into_inner().to_owned();
                rule += usize::from(name == "Rule");
                at.push(name);
            }
            Event::End(_) => drop(at.pop()),
            Event::Text(t) => {
                let text = t.xml10_content().trim().to_owned();
                if !text.is_empty() {
                    let path = at.get(1..).unwrap_or_default().join("/");
                    found.push(Told { path, rule, text });
                }
            }
            Event::Eof => return Some(found),
            _ => {}
        }
    }
}

/// The rules of a replication configuration.
fn rules(texts: &[Told]) -> Vec<Replication> {
    let last = texts.iter().map(|t| t.rule).max().unwrap_or_default();
    let of = |rule: usize, path: &str| {
        let told = texts
            .iter()
            .find(|t| t.path == path && (t.rule == rule || path == "Role"));
        told.map(|t| t.text.clone())
    };
    let rule = |n| {
        Some(Replication {
            role: of(n, "Role")?,
            id: of(n, "Rule/ID").unwrap_or_else(|| format!("rule-{n}")),
            enabled: of(n, "Rule/Status")? == "Enabled",
            destination: of(n, "Rule/Destination/Bucket")?,
            prefix: of(n, "Rule/Filter/Prefix")
                .or_else(|| of(n, "Rule/Filter/And/Prefix"))
                .or_else(|| of(n, "Rule/Prefix"))
                .unwrap_or_default(),
        })
    };
    (1..=last).filter_map(rule).collect()
}

/// The settings of a block of public access.
pub(super) const FOUR: [&str; 4] = [
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
];

/// Where a document says how a bucket encrypts.
const DEFAULT: &str = "Rule/ApplyServerSideEncryptionByDefault";

pub(super) fn malformed() -> Reply {
    let why =
        "The XML you provided was not well-formed or did not validate against our published schema";
    answers::error(400, "MalformedXML", why, "")
}

impl Bucket {
    /// Takes a change of the bucket's settings.
    pub(super) fn change(&mut self, request: &Request) -> Reply {
        let put = request.method == Method::PUT;
        let Some(texts) = texts(&request.body) else {
            return malformed();
        };
        let of = |path: &str| {
            texts
                .iter()
                .find(|t| t.path == path)
                .map(|t| t.text.clone())
        };
        let is = |name: &str| of(name).as_deref() == Some("true");
        let asks = |what: &str| request.param(what).is_some();
        if asks("versioning") && put {
            let Some(status) = of("Status").filter(|s| s == "Enabled" || s == "Suspended") else {
                return malformed();
            };
            self.versioning = Some(status);
        } else if asks("encryption") {
            self.encryption = of(&format!("{DEFAULT}/SSEAlgorithm"))
                .filter(|_| put)
                .map(|a| (a, of(&format!("{DEFAULT}/KMSMasterKeyID"))));
        } else if asks("publicAccessBlock") {
            self.block = put.then_some(FOUR.map(is));
        } else if asks("replication") {
            if put && self.versioning.as_deref() != Some("Enabled") {
                let why = "Versioning must be 'Enabled' on the bucket to apply a replication configuration";
                return answers::error(400, "InvalidRequest", why, "");
            }
            let rules = rules(&texts);
            if put && rules.is_empty() {
                return malformed();
            }
            self.replication = put.then_some(rules);
        } else if asks("acl") && put {
            return self.list(request, &texts);
        } else if asks("ownershipControls") {
            let rule = of("Rule/ObjectOwnership");
            if put {
                return rule.map_or_else(malformed, |rule| self.own(Some(rule)));
            }
            self.own(None);
        } else if asks("policy") {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            if put && serde_json::from_str::<serde_json::Value>(&text).is_err() {
                let why = "Policies must be valid JSON and the first byte must be '{'";
                return answers::error(400, "MalformedPolicy", why, "");
            }
            self.policy = put.then_some(text);
        } else {
            return not_implemented();
        }
        Reply::empty(if put { 200 } else { 204 })
    }
}

impl Buckets {
    /// Makes a bucket: encrypted and private, as the vendor makes them since 2023.
    pub(super) fn create(&mut self, name: &str, request: &Request, now: f64) -> Reply {
        let wanted = texts(&request.body).unwrap_or_default();
        let region = wanted
            .into_iter()
            .find(|t| t.path == "LocationConstraint")
            .map(|t| t.text);
        self.all.push(Bucket {
            name: name.to_owned(),
            region: region.unwrap_or_else(|| names::REGION.to_owned()),
            created: now,
            encryption: Some(("AES256".to_owned(), None)),
            block: Some([true; 4]),
            policy: None,
            acl: Vec::new(),
            ownership: Some(answers::ENFORCED.to_owned()),
            versioning: None,
            replication: None,
            objects: std::collections::BTreeMap::new(),
        });
        Reply::empty(200).with("location", format!("/{name}"))
    }

    /// Writes an object, and its copies.
    pub(super) fn put(&mut self, name: &str, key: &str, object: &Object) {
        let mut copies = vec![name.to_owned()];
        if let Some(bucket) = self.all.iter().find(|b| b.name == name) {
            let rules = bucket.replication.iter().flatten();
            let rules = rules.filter(|r| r.enabled && key.starts_with(&r.prefix));
            copies.extend(rules.map(|r| r.destination.replace("arn:aws:s3:::", "")));
        }
        for bucket in self.all.iter_mut().filter(|b| copies.contains(&b.name)) {
            bucket.objects.insert(key.to_owned(), object.clone());
        }
    }

    /// Answers a request for an object.
    pub(super) fn object(&mut self, name: &str, key: &str, request: &Request, now: f64) -> Reply {
        let Some(bucket) = self.all.iter_mut().find(|b| b.name == name) else {
            return answers::no_bucket(name);
        };
        match request.method {
            Method::PUT => {
                let declared = request.headers.get("x-amz-decoded-content-length");
                let declared = declared.and_then(|v| v.to_str().ok()?.parse().ok());
                let object = Object::of(declared.unwrap_or(request.body.len() as u64), now);
                self.put(name, key, &object);
                Reply::empty(200).with("etag", object.etag)
            }
            Method::DELETE => {
                bucket.objects.remove(key);
                Reply::empty(204)
            }
            Method::HEAD if !bucket.objects.contains_key(key) => Reply::empty(404),
            Method::GET if !bucket.objects.contains_key(key) => {
                let more = answers::leaf("Key", key);
                answers::error(404, "NoSuchKey", "The specified key does not exist.", &more)
            }
            _ => not_implemented(),
        }
    }
}
