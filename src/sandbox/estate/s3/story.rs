//! What the buckets hold when the story begins. One of them has lost its replication: a finding, and the drift of the stack
//! that made it.

use std::collections::BTreeMap;

use super::{Bucket, Class, Object, Replication};
use crate::world::names;

const DAY_S: f64 = 86_400.0;
const HOUR_S: f64 = 3_600.0;
/// The region that copies go to.
pub const SECOND_REGION: &str = "eu-west-1";
/// The bucket whose replication somebody removed by hand.
pub const UNREPLICATED: &str = "laser-prod-uploads";
/// Where the nightly archives of the application go.
pub const BACKUPS: &str = "laser-prod-backups";

/// The account of the shop that cuts what is drawn here.
const PARTNER: &str = "210987654321";

/// Every bucket.
pub(super) fn buckets(now: f64) -> Vec<Bucket> {
    let archives: BTreeMap<_, _> = (0..21).map(|night| archive(now, night)).collect();
    let assets: BTreeMap<_, _> = assets(now).collect();
    vec![
        bucket("laser-prod-assets", now, 340.0, &assets)
            .copied_to("laser-prod-assets-replica")
            .only_encrypted(),
        bucket("laser-prod-assets-replica", now, 338.0, &assets)
            .elsewhere()
            .only_encrypted(),
        bucket(BACKUPS, now, 340.0, &archives)
            .copied_to("laser-prod-backups-replica")
            .only_encrypted(),
        bucket("laser-prod-backups-replica", now, 338.0, &archives)
            .elsewhere()
            .only_encrypted(),
        bucket(UNREPLICATED, now, 312.0, &uploads(now).collect()).read_by(PARTNER),
    ]
}

/// The archive of a night: the newest is some six hours old.
fn archive(now: f64, nights_ago: u32) -> (String, Object) {
    let at = now - 6.2 * HOUR_S - f64::from(nights_ago) * DAY_S;
    let key = format!("application/{}.tar.zst", night(at));
    (
        key,
        Object::of(1_912_406_016 - u64::from(nights_ago) * 3_145_728, at),
    )
}

/// The day of a point in time, as `2026-11-25T0312Z`.
pub(super) fn night(at: f64) -> String {
    let stamp = jiff::Timestamp::from_second(at as i64).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H%MZ").to_string()
}

fn assets(now: f64) -> impl Iterator<Item = (String, Object)> {
    let kinds = ["js", "css", "svg", "woff2"];
    (0..48_u32).map(move |n| {
        let kind = kinds.get(n as usize % kinds.len()).unwrap_or(&"js");
        let key = format!(
            "static/{kind}/app-{:08x}.{kind}",
            n.wrapping_mul(2_654_435_761)
        );
        let size = 18_000 + u64::from(n.wrapping_mul(7_919) % 90_000);
        let object = Object::of(size, now - 47.0 * HOUR_S - f64::from(n / 16) * 5.0 * DAY_S);
        // The oldest were sent there by another way, into a class of their own.
        let class = match n / 16 {
            2 => Class::TIERING,
            _ => Class::STANDARD,
        };
        (key, Object { class, ..object })
    })
}

/// What customers have uploaded, in bytes.
pub fn uploads_bytes() -> i64 {
    uploads(0.0).map(|(_, o)| o.size as i64).sum()
}

/// More than one page of a listing.
fn uploads(now: f64) -> impl Iterator<Item = (String, Object)> {
    (0..1_240_u32).map(move |n| {
        let kind = if n % 3 == 0 { "dxf" } else { "svg" };
        let key = format!("drawings/{:05}/part.{kind}", 40_000 + n);
        let size = 40_000 + u64::from(n.wrapping_mul(104_729) % 400_000);
        (
            key,
            Object::of(size, now - 600.0 - f64::from(1_240 - n) * 3_000.0),
        )
    })
}

fn bucket(name: &str, now: f64, age_days: f64, objects: &BTreeMap<String, Object>) -> Bucket {
    Bucket {
        name: name.to_owned(),
        region: names::REGION.to_owned(),
        created: now - age_days * DAY_S,
        encryption: Some((
            "aws:kms".to_owned(),
            Some(format!(
                "arn:aws:kms:{}:{}:alias/laser-prod",
                names::REGION,
                names::ACCOUNT
            )),
        )),
        block: Some([true; 4]),
        policy: None,
        acl: Vec::new(),
        ownership: Some(super::answers::ENFORCED.to_owned()),
        versioning: Some("Enabled".to_owned()),
        replication: None,
        objects: objects.clone(),
    }
}

impl Bucket {
    fn elsewhere(mut self) -> Self {
        SECOND_REGION.clone_into(&mut self.region);
        let key = format!(
            "arn:aws:kms:{SECOND_REGION}:{}:alias/laser-prod",
            names::ACCOUNT
        );
        self.encryption = Some(("aws:kms".to_owned(), Some(key)));
        self
    }

    /// Refuses whoever comes without TLS. The bucket that a partner reads was given a policy of its own, without this.
    fn only_encrypted(mut self) -> Self {
        let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "OnlyEncrypted", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": [format!("arn:aws:s3:::{}", self.name), format!("arn:aws:s3:::{}/*", self.name)],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }]});
        self.policy = Some(policy.to_string());
        self
    }

    /// Lets another account read, from its own network alone.
    fn read_by(mut self, account: &str) -> Self {
        let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{}/drawings/*", self.name), "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        }]});
        self.policy = Some(policy.to_string());
        self
    }

    fn copied_to(mut self, other: &str) -> Self {
        let rule = Replication {
            role: format!(
                "arn:aws:iam::{}:role/laser-prod-replication",
                names::ACCOUNT
            ),
            id: "everything".to_owned(),
            enabled: true,
            destination: format!("arn:aws:s3:::{other}"),
            prefix: String::new(),
        };
        self.replication = Some(vec![rule]);
        self
    }
}
