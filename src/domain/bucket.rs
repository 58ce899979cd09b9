//! Buckets, after the Amazon S3 API reference (version 2006-03-01).

use jiff::Timestamp;
use serde::Serialize;

use super::guest::Guest;
use super::told::Told;

/// How a bucket encrypts what is written to it (GetBucketEncryption).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Encryption {
    /// `AES256`, `aws:kms`.
    pub algorithm: String,
    /// The key, where the key service has it.
    pub key: Option<String>,
}

/// What keeps the public out (GetPublicAccessBlock).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PublicBlock {
    /// New public access lists are refused.
    pub acls: bool,
    /// Public access lists are ignored.
    pub ignore_acls: bool,
    /// New public policies are refused.
    pub policy: bool,
    /// A public policy lets nobody in but the account.
    pub restrict: bool,
}

impl PublicBlock {
    /// Whether everything public is kept out.
    pub fn is_complete(self) -> bool {
        self.acls && self.ignore_acls && self.policy && self.restrict
    }
}

/// A replication rule (GetBucketReplication).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replica {
    /// Its name.
    pub rule: String,
    /// Whether it is on.
    pub enabled: bool,
    /// Bucket that copies go to.
    pub bucket: String,
}

/// An object of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Key.
    pub key: String,
    /// Last written (UTC).
    pub at: Option<Timestamp>,
    /// Bytes.
    pub bytes: u64,
}

/// A bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Name.
    pub name: String,
    /// Region that it is in.
    pub region: Told<String>,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
    /// Encryption of what is written.
    pub encryption: Told<Encryption>,
    /// Block of public access.
    pub public_block: Told<PublicBlock>,
    /// Whether its policy lets everybody in; unset: it has no policy.
    pub public_policy: Told<bool>,
    /// Whom its policy lets in; unset: it has no policy.
    pub guests: Told<Vec<Guest>>,
    /// `Enabled`, `Suspended`; unset: it never was versioned.
    pub versioning: Told<String>,
    /// Where copies go.
    pub replication: Told<Vec<Replica>>,
    /// Bytes in it, as the vendor's daily metric says.
    pub bytes: Option<u64>,
    /// Objects in it, as the vendor's daily metric says.
    pub objects: Option<u64>,
    /// The newest object, looked for in buckets that hold backups.
    pub newest: Told<Object>,
}

impl Bucket {
    /// Whether backups are in it, by its name.
    pub fn holds_backups(&self) -> bool {
        self.name.to_lowercase().contains("backup")
    }

    /// Whether the public is kept out: everything public is blocked, or, where it is not, no policy lets everybody in (access
    /// lists are off in buckets made since April 2023). `None`: nobody knows.
    pub fn is_private(&self) -> Option<bool> {
        match (&self.public_block, &self.public_policy) {
            (Told::Set(block), _) if block.is_complete() => Some(true),
            (_, Told::Set(true)) => Some(false),
            (Told::Set(_) | Told::Unset, Told::Set(false) | Told::Unset) => Some(true),
            (Told::Unknown(_), _) | (_, Told::Unknown(_)) => None,
        }
    }

    /// Whether versions are kept. `None`: nobody knows.
    pub fn is_versioned(&self) -> Option<bool> {
        match &self.versioning {
            Told::Set(status) => Some(status == "Enabled"),
            Told::Unset => Some(false),
            Told::Unknown(_) => None,
        }
    }

    /// Buckets that copies go to, by the rules that are on.
    pub fn copies(&self) -> impl Iterator<Item = &str> {
        let rules = self.replication.value().into_iter().flatten();
        rules.filter(|r| r.enabled).map(|r| r.bucket.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_private_only_where_that_is_known() {
        let block = |complete| {
            Told::Set(PublicBlock {
                acls: true,
                ignore_acls: true,
                policy: complete,
                restrict: complete,
            })
        };
        let is = |public_block, public_policy| {
            Bucket {
                public_block,
                public_policy,
                ..Bucket::default()
            }
            .is_private()
        };
        assert_eq!(
            is(block(true), Told::Set(true)),
            Some(true),
            "a restricted policy lets nobody in"
        );
        assert_eq!(is(block(false), Told::Set(true)), Some(false));
        assert_eq!(is(Told::Unset, Told::Unset), Some(true));
        assert_eq!(is(Told::default(), Told::Unset), None);
        assert_eq!(is(block(false), Told::default()), None);
    }
}
