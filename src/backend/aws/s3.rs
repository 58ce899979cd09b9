//! Amazon S3 (REST and XML, version 2006-03-01): buckets, what protects them, where they are copied to, and how big they are. No
//! object is read.

mod open;
mod sizes;
mod wire;

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use serde::de::DeserializeOwned;

use super::cloudwatch::CloudWatch;
use super::convert::{some_text, stamp, text};
use super::pages::Pages;
use super::signed::{Api, Signed, escape, read_xml};
use super::sts::Sts;
use super::{Aws, Question};
use crate::backend::transport::Line;
use crate::domain::bucket::{Bucket, Encryption, Object, PublicBlock, Replica};
use crate::domain::guest::{Guest, guests};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::told::Told;
use crate::domain::transit::refuses_plain;
use wire::*;

const API: Api = Api {
    host: "s3",
    signing: "s3",
    variable: "S3",
    target: "",
    version: "",
    only_in: None,
};
const LIST: Question = Question::new("s3", "ListBuckets", "list the buckets");
const LOCATION: Question = Question::new("s3", "GetBucketLocation", "read where a bucket is");
const ENCRYPTION: Question =
    Question::new("s3", "GetBucketEncryption", "read a bucket's encryption");
const BLOCK: Question = Question::new(
    "s3",
    "GetPublicAccessBlock",
    "read a bucket's public access block",
);
const POLICY: Question = Question::new(
    "s3",
    "GetBucketPolicyStatus",
    "read whether a bucket is public",
);
const WHO: Question = Question::new(
    "s3",
    "GetBucketPolicy",
    "read whom a bucket's policy lets in",
);
const REPLICATION: Question =
    Question::new("s3", "GetBucketReplication", "read a bucket's replication");
const VERSIONING: Question =
    Question::new("s3", "GetBucketVersioning", "read a bucket's versioning");
const OBJECTS: Question = Question::new("s3", "ListObjectsV2", "list a bucket's objects");

/// Buckets whose settings are read: six to eight calls each.
const BUCKETS: usize = 100;
/// Buckets that are asked about at once.
const ABREAST: usize = 3;
/// Pages of objects that are read of a bucket of backups: 20,000 objects.
const PAGES: usize = 20;
/// How far back the daily size is looked for.
const SIZED: SignedDuration = SignedDuration::from_hours(72);

/// The S3 client.
#[derive(Debug)]
pub struct S3 {
    signed: Arc<Signed>,
    line: Arc<Line>,
    /// Tells which account it is.
    who: Sts,
    sizes: CloudWatch,
    /// What rules failed to copy, as told lately.
    failed: sizes::Lately,
}

impl S3 {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>, aws: Arc<Aws>) -> Self {
        let who = Sts::new(aws.clone());
        let sizes = CloudWatch::new(aws);
        Self {
            signed,
            line,
            who,
            sizes,
            failed: sizes::Lately::default(),
        }
    }

    /// All buckets, by name, with their settings. What cannot be read of one is said there; a bucket beyond the hundredth is named
    /// and not looked at.
    ///
    /// # Errors
    /// Where the buckets cannot be listed.
    pub async fn buckets(&self) -> Result<Vec<Bucket>, Problem> {
        let entries = self.list().await?;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        // Asked first: where it is denied, a good answer comes after it.
        let account = &self.account_block().await;
        let mut all: Vec<Bucket> = stream::iter(entries.into_iter().enumerate())
            .map(|(n, entry)| async move {
                if n < BUCKETS {
                    self.bucket(&entry, account).await
                } else {
                    beyond(&entry)
                }
            })
            .buffer_unordered(ABREAST)
            .collect()
            .await;
        all.order_by(|a, b| a.name.cmp(&b.name));
        self.measure(&mut all).await;
        Ok(all)
    }

    /// ListBuckets, paged: a request that asks for pages is told the regions, too.
    async fn list(&self) -> Result<Vec<Entry>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let mut query = vec![("max-buckets", "1000")];
            let token = pages.token();
            if let Some(token) = &token {
                query.push(("continuation-token", token));
            }
            let page: Buckets = self.ask(LIST, None, "/", &query).await?;
            all.extend(page.buckets.0.all);
            if !pages.turn(all.len(), page.continuation_token)? {
                return Ok(all);
            }
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        question: Question,
        region: Option<&str>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Problem> {
        let heard = self
            .signed
            .get(&self.line, &API, question, region, path, query)
            .await?;
        match read_xml(&heard) {
            Ok(read) => Ok(read),
            Err(seen) => Err(self.signed.unreadable(&self.line, question, seen).await),
        }
    }

    async fn bucket(&self, entry: &Entry, account: &Told<PublicBlock>) -> Bucket {
        let path = format!("/{}", escape(&entry.name));
        let region = match some_text(entry.bucket_region.as_deref()) {
            Some(region) => Told::Set(region),
            None => self.location(&path).await,
        };
        let mut bucket = Bucket {
            region,
            ..beyond(entry)
        };
        let Some(region) = bucket.region.value().cloned() else {
            // Every further question has to go to the bucket's own region.
            let why = bucket.region.why_unknown().unwrap_or_default().to_owned();
            return unasked(bucket, &why);
        };
        let at = Some(region.as_str());
        let encrypted = self
            .ask::<Encrypted>(ENCRYPTION, at, &path, &[("encryption", "")])
            .await;
        bucket.encryption = told(encrypted, encryption);
        let block = self
            .ask::<Block>(BLOCK, at, &path, &[("publicAccessBlock", "")])
            .await;
        let own = told(block, |b| Some(public_block(&b)));
        bucket.public_block = PublicBlock::in_force(own, account);
        let policy = self
            .ask::<PolicyStatus>(POLICY, at, &path, &[("policyStatus", "")])
            .await;
        bucket.public_policy = told(policy, |p| {
            p.is_public.map(|t| t.trim().eq_ignore_ascii_case("true"))
        });
        (bucket.guests, bucket.plain_refused) = match &bucket.public_policy {
            Told::Unset => (Told::Unset, Told::Unset),
            _ => self.policy(at, &path, &entry.name).await,
        };
        bucket.acl_guests = self.listed(at, &path, &bucket.public_block).await;
        let rules = self
            .ask::<Replicated>(REPLICATION, at, &path, &[("replication", "")])
            .await;
        let kms = bucket.encryption.value();
        let kms = kms.is_some_and(|e| e.algorithm.starts_with("aws:kms"));
        bucket.replication = told(rules, |r| {
            Some(r.rules.iter().map(|r| replica(r, kms)).collect())
        });
        // A bucket that never was versioned has an answer all the same, so that the last one is a good one.
        let status = self
            .ask::<Versioning>(VERSIONING, at, &path, &[("versioning", "")])
            .await;
        bucket.versioning = told(status, |v| some_text(v.status.as_deref()));
        if bucket.holds_backups() {
            (bucket.newest, bucket.newest_of_folders) = self.newest(at, &path).await;
        }
        bucket
    }

    /// Whom its policy lets in, and whether it refuses requests without TLS. The policy itself comes as JSON.
    async fn policy(
        &self,
        region: Option<&str>,
        path: &str,
        bucket: &str,
    ) -> (Told<Vec<Guest>>, Told<bool>) {
        let query = [("policy", "")];
        let asked = self.signed.get(&self.line, &API, WHO, region, path, &query);
        let heard = told(asked.await, Some);
        match heard {
            Told::Set(heard) => {
                let policy = String::from_utf8_lossy(&heard.body);
                let refuses = refuses_plain(&policy, bucket);
                (read(&policy), refuses.map_or_else(unread, Told::Set))
            }
            Told::Unset => (Told::Unset, Told::Unset),
            Told::Unknown(why) => (Told::Unknown(why.clone()), Told::Unknown(why)),
        }
    }

    async fn location(&self, path: &str) -> Told<String> {
        let answer = self
            .ask::<Text>(LOCATION, None, path, &[("location", "")])
            .await;
        match answer.map(|t| t.text.unwrap_or_default().trim().to_owned()) {
            // The first region has no name here; the first name of another one is an old one (GetBucketLocation, "Response").
            Ok(region) if region.is_empty() => Told::Set("us-east-1".into()),
            Ok(region) if region == "EU" => Told::Set("eu-west-1".into()),
            Ok(region) => Told::Set(text(Some(&region))),
            Err(problem) => Told::Unknown(problem.why),
        }
    }

    /// The newest object, and that of each folder. Listings come in the order of keys, so that all of them have to be looked at.
    async fn newest(&self, region: Option<&str>, path: &str) -> (Told<Object>, Vec<Object>) {
        let unknown = |why: String| (Told::Unknown(why), Vec::new());
        let mut all: Vec<Object> = Vec::new();
        let mut newest: Option<Object> = None;
        let mut pages = Pages::at_most(PAGES);
        loop {
            let mut query = vec![("list-type", "2")];
            let token = pages.token();
            if let Some(token) = &token {
                query.push(("continuation-token", token));
            }
            let page: Objects = match self.ask(OBJECTS, region, path, &query).await {
                Ok(page) => page,
                Err(problem) => return unknown(problem.why),
            };
            let found = page.contents.iter().map(object).chain(newest.take());
            newest = found.max_by_key(|o| o.at);
            all = Object::newest_of_folders(all, page.contents.iter().map(object));
            match pages.turn(0, page.next_continuation_token) {
                Ok(true) => {}
                Ok(false) if pages.is_cut() => {
                    return unknown(format!("more than {} objects", PAGES * 1_000));
                }
                Ok(false) => return (newest.map_or(Told::Unset, Told::Set), all),
                Err(problem) => return unknown(problem.why),
            }
        }
    }
}

/// A bucket of which nothing but the name is read.
fn beyond(entry: &Entry) -> Bucket {
    let bucket = Bucket {
        name: text(Some(&entry.name)),
        region: some_text(entry.bucket_region.as_deref()).map_or_else(Told::default, Told::Set),
        created_at: stamp(entry.creation_date.as_deref()),
        newest: Told::Unset,
        ..Bucket::default()
    };
    unasked(
        bucket,
        &format!("only the first {BUCKETS} buckets are looked at"),
    )
}

/// The same bucket, with why its settings were not asked for.
fn unasked(mut bucket: Bucket, why: &str) -> Bucket {
    let why = || why.to_owned();
    bucket.encryption = Told::Unknown(why());
    bucket.public_block = Told::Unknown(why());
    bucket.public_policy = Told::Unknown(why());
    bucket.guests = Told::Unknown(why());
    bucket.acl_guests = Told::Unknown(why());
    bucket.plain_refused = Told::Unknown(why());
    bucket.versioning = Told::Unknown(why());
    bucket.replication = Told::Unknown(why());
    bucket
}

/// Whom a policy lets in.
fn read(policy: &str) -> Told<Vec<Guest>> {
    guests(policy).map_or_else(unread, Told::Set)
}

fn unread<T>() -> Told<T> {
    Told::Unknown("its policy cannot be read".into())
}

/// A setting from its answer. The vendor answers 404 for one that is not set.
fn told<T, U>(answer: Result<T, Problem>, read: impl FnOnce(T) -> Option<U>) -> Told<U> {
    match answer {
        Ok(value) => read(value).map_or(Told::Unset, Told::Set),
        Err(p) if p.kind == ProblemKind::NotFound => Told::Unset,
        Err(p) => Told::Unknown(p.why),
    }
}

fn encryption(e: Encrypted) -> Option<Encryption> {
    let first = e
        .rules
        .into_iter()
        .find_map(|r| r.apply_server_side_encryption_by_default)?;
    Some(Encryption {
        algorithm: some_text(first.algorithm.as_deref())?,
        key: some_text(first.key.as_deref()),
    })
}

fn public_block(b: &Block) -> PublicBlock {
    PublicBlock {
        acls: b.block_public_acls,
        ignore_acls: b.ignore_public_acls,
        policy: b.block_public_policy,
        restrict: b.restrict_public_buckets,
    }
}

fn replica(r: &ReplicationRule, kms: bool) -> Replica {
    Replica {
        rule: text(r.id.as_deref()),
        enabled: r.status == "Enabled",
        bucket: text(Some(
            r.destination.bucket.rsplit(':').next().unwrap_or_default(),
        )),
        only: r.only(kms).map(|words| text(Some(&words))),
        // CloudWatch is asked once all buckets are known.
        failed: Told::default(),
    }
}

fn object(c: &Content) -> Object {
    Object {
        key: text(Some(&c.key)),
        at: stamp(c.last_modified.as_deref()),
        bytes: c.size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: DeserializeOwned>(body: &str) -> T {
        quick_xml::de::from_str(body).unwrap()
    }

    #[test]
    fn the_vendors_documents_are_read() {
        let rules: Replicated = read(
            "<?xml version=\"1.0\"?><ReplicationConfiguration xmlns=\"x\"><Role>r</Role><Rule><ID>a</ID><Status>Enabled</Status><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::copy</Bucket></Destination></Rule><Rule><Status>Disabled</Status><Destination><Bucket>arn:aws:s3:::old</Bucket></Destination></Rule></ReplicationConfiguration>",
        );
        let rules: Vec<Replica> = rules.rules.iter().map(|r| replica(r, false)).collect();
        assert_eq!((rules[0].bucket.as_str(), rules[0].enabled), ("copy", true));
        assert_eq!((rules[1].bucket.as_str(), rules[1].enabled), ("old", false));
        assert_eq!(rules[0].only, None);
        let part = |filter: &str, kms: bool| {
            let body = format!(
                "<ReplicationConfiguration><Rule>{filter}<Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::copy</Bucket></Destination></Rule></ReplicationConfiguration>"
            );
            replica(&read::<Replicated>(&body).rules[0], kms).only
        };
        for (filter, wanted) in [
            ("<Filter/>", None),
            ("<Prefix/>", None),
            ("<Filter><Prefix></Prefix></Filter>", None),
            ("<Filter><And><Prefix></Prefix></And></Filter>", None),
            ("<Prefix>old/</Prefix>", Some("prefix old/")),
            (
                "<Filter><Prefix>static/</Prefix></Filter>",
                Some("prefix static/"),
            ),
            (
                "<Filter><Tag><Key>team</Key><Value>web</Value></Tag></Filter>",
                Some("tag team=web"),
            ),
            (
                "<Filter><And><Prefix>a/</Prefix><Tag><Key>b</Key><Value>1</Value></Tag><Tag><Key>c</Key><Value/></Tag></And></Filter>",
                Some("prefix a/, tag b=1, tag c="),
            ),
        ] {
            assert_eq!(part(filter, false).as_deref(), wanted, "{filter}");
        }
        let chosen = |kind: &str, status: &str| {
            format!(
                "<SourceSelectionCriteria><{kind}><Status>{status}</Status></{kind}></SourceSelectionCriteria>"
            )
        };
        let without = Some("objects without a KMS key");
        for (kind, status, plain, kms) in [
            ("ReplicaModifications", "Enabled", None, without),
            ("ReplicaModifications", "Disabled", None, without),
            ("SseKmsEncryptedObjects", "Enabled", None, None),
            ("SseKmsEncryptedObjects", "Disabled", without, without),
        ] {
            let rule = chosen(kind, status);
            assert_eq!(part(&rule, false).as_deref(), plain, "{kind} {status}");
            assert_eq!(part(&rule, true).as_deref(), kms, "{kind} {status}");
        }
        assert_eq!(
            part("", true).as_deref(),
            without,
            "a bucket with a KMS key"
        );
        let unknown = part(&chosen("Colder", "Enabled"), false);
        assert_eq!(unknown.as_deref(), Some("Colder Enabled"));
        let location: Text = read("<LocationConstraint xmlns=\"x\">eu-west-1</LocationConstraint>");
        assert_eq!(location.text.as_deref(), Some("eu-west-1"));
        let none: Text = read("<LocationConstraint xmlns=\"x\"/>");
        assert_eq!(none.text, None);
        let never: Versioning = read("<VersioningConfiguration xmlns=\"x\"/>");
        assert_eq!(never.status, None);
        let e: Encrypted = read(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
        );
        assert_eq!(encryption(e).map(|e| e.algorithm), Some("aws:kms".into()));
    }

    #[test]
    fn an_access_list_tells_whom_it_lets_in_by_groups() {
        let acl: Acl = read(
            "<AccessControlPolicy xmlns=\"x\"><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi=\"y\" xsi:type=\"CanonicalUser\"><ID>o</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant><Grant><Grantee xmlns:xsi=\"y\" xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
        );
        let grants = acl.list.0.grants;
        let groups: Vec<_> = grants
            .iter()
            .map(|g| (g.grantee.uri.is_some(), g.permission.as_str()))
            .collect();
        assert_eq!(groups, [(false, "FULL_CONTROL"), (true, "READ")]);
        let none = "<AccessControlPolicy xmlns=\"x\"><Owner/></AccessControlPolicy>";
        assert!(
            quick_xml::de::from_str::<Acl>(none).is_err(),
            "no list is no empty one"
        );
    }

    #[test]
    fn what_is_not_set_and_what_nobody_knows_are_not_the_same() {
        let failed =
            |kind| -> Result<u8, Problem> { Err(Problem::new(kind, "s3", "w", "why", "f")) };
        assert_eq!(told(failed(ProblemKind::NotFound), Some), Told::Unset);
        assert_eq!(
            told(failed(ProblemKind::Denied), Some),
            Told::Unknown("why".into())
        );
        assert_eq!(told(Ok(1), Some), Told::Set(1));
    }
}
