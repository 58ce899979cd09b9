//! S3 (REST and XML, version 2006-03-01, path style): buckets, what protects them, and what they hold. Contents are not kept,
//! only names and sizes.

mod account;
mod acl;
mod answers;
mod change;
mod listing;
pub(super) mod story;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::cloudwatch::MetricStore;
use crate::faults::Kind;
use crate::server::ACCESS_KEY;
use crate::web::{Reply, Request};
use crate::wire::{Scope, scope};
use crate::world::World;
pub use story::SECOND_REGION;

const DAY_S: f64 = 86_400.0;

/// A bucket.
#[derive(Clone, Debug)]
struct Bucket {
    name: String,
    region: String,
    created: f64,
    /// Algorithm, and the key where the key service has it.
    encryption: Option<(String, Option<String>)>,
    /// Access lists blocked, access lists ignored, policies blocked, access restricted.
    block: Option<[bool; 4]>,
    policy: Option<String>,
    /// Groups that its access list lets in, with what they may do.
    acl: Vec<(String, String)>,
    /// `BucketOwnerEnforced` (access lists count for nothing), `ObjectWriter` ...; `None`: no controls.
    ownership: Option<String>,
    /// `Enabled` or `Suspended`; `None`: it never was versioned.
    versioning: Option<String>,
    replication: Option<Vec<Replication>>,
    objects: BTreeMap<String, Object>,
}

/// A replication rule.
#[derive(Clone, Debug)]
struct Replication {
    role: String,
    id: String,
    enabled: bool,
    destination: String,
    /// What keys that are copied begin with; empty: all are.
    prefix: String,
}

/// An object, as a listing shows it.
#[derive(Clone, Debug)]
struct Object {
    size: u64,
    at: f64,
    etag: String,
    /// Class of storage.
    class: Class,
}

/// A class of storage: its name in listings, and in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class(&'static str, &'static str);

impl Class {
    const STANDARD: Self = Self("STANDARD", "StandardStorage");
    const TIERING: Self = Self("INTELLIGENT_TIERING", "IntelligentTieringFAStorage");
}

impl Object {
    fn of(size: u64, at: f64) -> Self {
        let etag = format!(
            "\"{:016x}{:016x}\"",
            size.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            at as u64
        );
        Self {
            size,
            at,
            etag,
            class: Class::STANDARD,
        }
    }
}

/// Every bucket.
#[derive(Debug)]
pub struct Buckets {
    all: Vec<Bucket>,
    /// The account's block of public access, as a bucket's.
    block: Option<[bool; 4]>,
    /// Story time of the next nightly archive.
    next_archive: f64,
    /// The day (since 1970) whose sizes were last told.
    measured: i64,
}

impl Buckets {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        Self {
            all: if told {
                story::buckets(world.stamp())
            } else {
                Vec::new()
            },
            block: None,
            next_archive: DAY_S * (17.8 / 24.0),
            measured: 0,
        }
    }

    /// The nightly archive is written, and copied to where its bucket is replicated to.
    pub fn step(&mut self, world: &World) {
        while world.story_time() >= self.next_archive {
            self.next_archive += DAY_S;
            let at = world.stamp();
            let object = Object::of(1_915_551_744, at);
            self.put(
                story::BACKUPS,
                &format!("application/{}.tar.zst", story::night(at)),
                &object,
            );
        }
    }

    /// What a bucket is set to, in the words of a stack's template; `None`: there is no such bucket.
    pub fn properties(&self, name: &str) -> Option<Value> {
        let bucket = self.all.iter().find(|b| b.name == name)?;
        let rules: Vec<Value> = bucket
            .replication
            .iter()
            .flatten()
            .map(|r| json!({"Status": if r.enabled { "Enabled" } else { "Disabled" }, "Destination": {"Bucket": r.destination}}))
            .collect();
        let status = bucket.versioning.as_deref().unwrap_or("Suspended");
        let mut all =
            json!({"BucketName": bucket.name, "VersioningConfiguration": {"Status": status}});
        if !rules.is_empty() {
            all["ReplicationConfiguration"] = json!({"Rules": rules});
        }
        Some(all)
    }

    /// Sizes and counts, once a day and for midnight, as the vendor's storage metrics are.
    pub fn measure(&mut self, home: &mut MetricStore, abroad: &mut MetricStore, now: f64) {
        let today = (now / DAY_S).floor() as i64;
        for day in (today - 1).max(self.measured + 1)..=today {
            for bucket in &self.all {
                let metrics = match bucket.region == SECOND_REGION {
                    true => &mut *abroad,
                    false => &mut *home,
                };
                let at = day * 86_400;
                let of = |kind| [("BucketName", bucket.name.as_str()), ("StorageType", kind)];
                for class in [Class::STANDARD, Class::TIERING] {
                    let own = bucket.objects.values().filter(|o| o.class == class);
                    let bytes: u64 = own.map(|o| o.size).sum();
                    // A class that holds nothing has no metric; the first is that of an empty bucket, too.
                    if bytes == 0 && class != Class::STANDARD {
                        continue;
                    }
                    metrics.record(
                        "AWS/S3",
                        "BucketSizeBytes",
                        &of(class.1),
                        at,
                        &[bytes as f64],
                        "Bytes",
                    );
                }
                metrics.record(
                    "AWS/S3",
                    "NumberOfObjects",
                    &of("AllStorageTypes"),
                    at,
                    &[bucket.objects.len() as f64],
                    "Count",
                );
            }
        }
        self.measured = today;
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request, now: f64) -> Reply {
        let signer = scope(&request.headers);
        if signer.as_ref().map(|s| s.key_id.as_str()) != Some(ACCESS_KEY) {
            let why = "The AWS Access Key Id you provided does not exist in our records.";
            return headless(request, answers::error(403, "InvalidAccessKeyId", why, ""));
        }
        let path = request.path.trim_start_matches('/');
        let (name, key) = path.split_once('/').unwrap_or((path, ""));
        let key = crate::wire::unescape_path(key);
        let reply = match (name, key.as_str()) {
            ("", _) if request.method == Method::GET => self.list(request),
            ("", _) => not_implemented(),
            (account::VERSION, key) => self.account(key, request),
            (name, "") => self.bucket(name, request, signer, now),
            (name, key) => self.object(name, key, request, now),
        };
        headless(request, reply.with("x-amz-request-id", "4442587FB7D0A2F9"))
    }

    fn list(&self, request: &Request) -> Reply {
        let prefix = request.param("prefix").unwrap_or_default();
        let region = request.param("bucket-region");
        let most = request.param("max-buckets").and_then(|n| n.parse().ok());
        let token = request.param("continuation-token");
        let with_region =
            most.is_some() || token.is_some() || region.is_some() || !prefix.is_empty();
        let mut all: Vec<&Bucket> = self
            .all
            .iter()
            .filter(|b| b.name.starts_with(prefix))
            .collect();
        all.retain(|b| {
            region.is_none_or(|r| r == b.region) && token.is_none_or(|t| b.name.as_str() > t)
        });
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let most = most.unwrap_or(10_000_usize).clamp(1, 10_000);
        let next = (all.len() > most)
            .then(|| all.get(most - 1))
            .flatten()
            .map(|b| b.name.as_str());
        let page: Vec<&Bucket> = all.iter().take(most).copied().collect();
        answers::buckets(&page, with_region, next)
    }

    fn bucket(&mut self, name: &str, request: &Request, signer: Option<Scope>, now: f64) -> Reply {
        let asks = |what: &str| request.param(what).is_some();
        let Some(bucket) = self.all.iter_mut().find(|b| b.name == name) else {
            return match request.method {
                Method::PUT if request.query.is_empty() => self.create(name, request, now),
                _ => answers::no_bucket(name),
            };
        };
        // Any region's endpoint tells where a bucket is; everything else only its own does.
        let region = signer.map(|s| s.region).unwrap_or_default();
        if region != bucket.region && !asks("location") {
            return elsewhere(bucket, &region);
        }
        if matches!(request.method, Method::PUT | Method::DELETE) {
            return bucket.change(request);
        }
        match () {
            () if request.method == Method::HEAD => {
                Reply::empty(200).with("x-amz-bucket-region", &bucket.region)
            }
            () if asks("encryption") => answers::encryption(bucket),
            () if asks("publicAccessBlock") => answers::block(bucket.block, answers::NAMESPACE),
            () if asks("acl") => answers::acl(bucket),
            () if asks("ownershipControls") => answers::ownership(bucket),
            () if asks("policyStatus") => answers::policy_status(bucket),
            () if asks("policy") => answers::policy(bucket),
            () if asks("versioning") => answers::versioning(bucket),
            () if asks("replication") => answers::replication(bucket),
            () if asks("location") => answers::location(bucket),
            () if request.param("list-type") == Some("2") => listing::objects(bucket, request),
            () => not_implemented(),
        }
    }
}

/// The answer to a request that was signed for another region than the bucket's.
fn elsewhere(bucket: &Bucket, region: &str) -> Reply {
    let why = format!(
        "The authorization header is malformed; the region '{region}' is wrong; expecting '{}'",
        bucket.region
    );
    let more = answers::leaf("Region", &bucket.region);
    answers::error(400, "AuthorizationHeaderMalformed", &why, &more)
        .with("x-amz-bucket-region", &bucket.region)
}

fn not_implemented() -> Reply {
    let why = "A header or query you provided requests a function that is not implemented.";
    answers::error(501, "NotImplemented", why, "")
}

/// Answers to HEAD have no body.
fn headless(request: &Request, mut reply: Reply) -> Reply {
    if request.method == Method::HEAD {
        reply.body.clear();
    }
    reply
}

/// What a fault makes of an answer of this service.
pub fn spoil(fault: Kind) -> Option<Reply> {
    Some(match fault {
        Kind::Throttle => answers::error(503, "SlowDown", "Please reduce your request rate.", ""),
        Kind::Expired => answers::error(400, "ExpiredToken", "The provided token has expired.", ""),
        Kind::Denied => answers::error(403, "AccessDenied", "Access Denied", ""),
        _ => return None,
    })
}
