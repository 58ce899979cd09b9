//! Buckets, after the Amazon S3 API reference (version 2006-03-01).

use std::collections::BTreeMap;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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

    /// What holds of a bucket: S3 applies the most restrictive of its own block and its account's ("Blocking public access to your
    /// Amazon S3 storage", Amazon S3 User Guide). Where one of them cannot be read, it is known only where the other blocks everything.
    pub fn in_force(own: Told<Self>, account: &Told<Self>) -> Told<Self> {
        let of = |told: &Told<Self>| told.value().copied().unwrap_or_default();
        let (bucket, all) = (of(&own), of(account));
        let both = Self {
            acls: bucket.acls || all.acls,
            ignore_acls: bucket.ignore_acls || all.ignore_acls,
            policy: bucket.policy || all.policy,
            restrict: bucket.restrict || all.restrict,
        };
        match (own, account) {
            _ if both.is_complete() => Told::Set(both),
            (Told::Unknown(why), _) => Told::Unknown(why),
            (_, Told::Unknown(why)) => {
                Told::Unknown(format!("whether the account blocks public access: {why}"))
            }
            (Told::Unset, Told::Unset) => Told::Unset,
            _ => Told::Set(both),
        }
    }
}

/// What a rule failed to copy: it is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FailedCopies {
    /// Operations: objects, delete markers, tags, access lists, locks.
    pub operations: u64,
    /// Begin of the hour in which the first of them failed (UTC).
    pub since: Timestamp,
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
    /// What of the bucket it copies, where its filter leaves the rest out: `prefix static/`, `tag team=web`. `None`: all of it.
    pub only: Option<String>,
    /// What it failed to copy in the last two weeks, as CloudWatch counts in the region of the bucket; unset: nothing.
    pub failed: Told<FailedCopies>,
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

/// Folders whose newest object is kept at most.
const FOLDERS: usize = 100;

impl Object {
    /// The folder at the top of its bucket that it is in; empty: in none.
    pub fn folder(&self) -> &str {
        self.key.split_once('/').map_or("", |(folder, _)| folder)
    }

    /// The newest of each folder, of those that are known and of more, by the names of the folders.
    pub fn newest_of_folders(known: Vec<Self>, more: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for object in known.into_iter().chain(more) {
            let folder = object.folder().to_owned();
            let newer = all.get(&folder).is_none_or(|n| n.at < object.at);
            if newer && (all.len() < FOLDERS || all.contains_key(&folder)) {
                all.insert(folder, object);
            }
        }
        all.into_values().collect()
    }
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
    /// Block of public access that is in force: the bucket's own and its account's together.
    pub public_block: Told<PublicBlock>,
    /// Whether its policy lets everybody in; unset: it has no policy.
    pub public_policy: Told<bool>,
    /// Whom its policy lets in; unset: it has no policy.
    pub guests: Told<Vec<Guest>>,
    /// Whom its access list lets in; unset: nobody, or it counts for nothing (its public block ignores access lists).
    pub acl_guests: Told<Vec<Guest>>,
    /// Whether its policy refuses requests without TLS; unset: it has no policy, and takes them.
    pub plain_refused: Told<bool>,
    /// `Enabled`, `Suspended`; unset: it never was versioned.
    pub versioning: Told<String>,
    /// Where copies go.
    pub replication: Told<Vec<Replica>>,
    /// Bytes in it, as the vendor's daily metric says.
    pub bytes: Option<u64>,
    /// Whether those are the bytes of the standard class of storage alone, because nobody told which others there are.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_standard: bool,
    /// Objects in it, as the vendor's daily metric says.
    pub objects: Option<u64>,
    /// The newest object, looked for in buckets that hold backups.
    pub newest: Told<Object>,
    /// The newest object of each folder at its top, where those were looked for.
    pub newest_of_folders: Vec<Object>,
}

impl Bucket {
    /// Whether backups are in it, by its name.
    pub fn holds_backups(&self) -> bool {
        self.name.to_lowercase().contains("backup")
    }

    /// The newest objects of folders that are filled one after the other under the same name, where several are: what is newest in one of
    /// them says nothing of the others. A folder with a digit in its name is one of a day or a version, and is not written to again.
    pub fn newest_side_by_side(&self) -> impl Iterator<Item = &Object> {
        let named = |o: &&Object| {
            !o.folder().is_empty() && !o.folder().contains(|c: char| c.is_ascii_digit())
        };
        self.newest_of_folders.iter().filter(named)
    }

    /// Whether the public is kept out: everything public is blocked, or, where it is not, neither a policy nor an access list that
    /// counts lets everybody in. `None`: nobody knows, as where a block may be in force that cannot be read, and would count.
    pub fn is_private(&self) -> Option<bool> {
        let (block, told) = match &self.public_block {
            Told::Set(block) => (*block, true),
            Told::Unset => (PublicBlock::default(), true),
            Told::Unknown(_) => (PublicBlock::default(), false),
        };
        // What lets nobody in does so with any block and with none.
        let by_policy = match &self.public_policy {
            _ if block.restrict => Some(false),
            Told::Set(true) => told.then_some(true),
            Told::Set(false) | Told::Unset => Some(false),
            Told::Unknown(_) => None,
        };
        let by_list = match &self.acl_guests {
            _ if block.ignore_acls => Some(false),
            Told::Set(_) => told.then_some(true),
            Told::Unset => Some(false),
            Told::Unknown(_) => None,
        };
        match (by_policy, by_list) {
            (Some(true), _) | (_, Some(true)) => Some(false),
            (Some(false), Some(false)) => Some(true),
            _ => None,
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

    /// Rules that are on.
    pub fn copying(&self) -> impl Iterator<Item = &Replica> {
        let rules = self.replication.value().into_iter().flatten();
        rules.filter(|r| r.enabled)
    }

    /// Rules that are on and copy all of it.
    pub fn whole(&self) -> impl Iterator<Item = &Replica> {
        self.copying().filter(|r| r.only.is_none())
    }

    /// Whether a rule that is on copies anything of it.
    pub fn is_copied_on(&self) -> bool {
        self.copying().next().is_some()
    }

    /// Buckets that all of it is copied to, by the rules that are on.
    pub fn copies(&self) -> impl Iterator<Item = &str> {
        self.whole().map(|r| r.bucket.as_str())
    }

    /// Buckets that a part of it is copied to, and which part, by the rules that are on: what is not of that part has no copy.
    pub fn copies_in_part(&self) -> impl Iterator<Item = (&str, &str)> {
        self.copying()
            .filter_map(|r| Some((r.bucket.as_str(), r.only.as_deref()?)))
    }

    /// What is copied where, as far as it is a part alone: `prefix static/ to shop-copy`. `None`: no part of it is.
    pub fn copied_in_part(&self) -> Option<String> {
        let parts: Vec<String> = self
            .copies_in_part()
            .map(|(to, only)| format!("{only} to {to}"))
            .collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// The bucket that a part of is copied here, where no other is copied here whole: whether anything else is in here, its rules do not
    /// tell.
    pub fn holds_a_part_of<'a>(&self, all: &'a [Self]) -> Option<&'a str> {
        let whole = |o: &Self| o.copies().any(|to| to == self.name);
        let part = |o: &&Self| o.copies_in_part().any(|(to, _)| to == self.name);
        let found = all.iter().find(part)?;
        (!all.iter().any(whole)).then_some(found.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_folder_has_a_newest_object_of_its_own() {
        let object = |key: &str, second: i64| Object {
            key: key.into(),
            at: Timestamp::from_second(second).ok(),
            bytes: 1,
        };
        let first = [object("db/1", 5), object("db/2", 9), object("app/1", 3)];
        let known = Object::newest_of_folders(Vec::new(), first.into_iter());
        let more = [
            object("app/2", 2),
            object("top", 1),
            object("2026-11-01/a", 1),
        ];
        let all = Object::newest_of_folders(known, more.into_iter());
        let keys: Vec<&str> = all.iter().map(|o| o.key.as_str()).collect();
        assert_eq!(keys, ["top", "2026-11-01/a", "app/1", "db/2"]);
        let bucket = Bucket {
            newest_of_folders: all,
            ..Bucket::default()
        };
        let beside: Vec<&str> = bucket
            .newest_side_by_side()
            .map(|o| o.key.as_str())
            .collect();
        assert_eq!(beside, ["app/1", "db/2"]);
    }

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
                acl_guests: Told::Unset,
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
        let unknown = || Told::Unknown("denied".into());
        assert_eq!(is(unknown(), Told::Set(true)), None);
        // Whatever is blocked, nothing lets anybody in.
        assert_eq!(is(unknown(), Told::Unset), Some(true));
        assert_eq!(is(unknown(), Told::Set(false)), Some(true));
        assert_eq!(is(unknown(), Told::default()), None);
        assert_eq!(is(block(false), Told::default()), None);
    }

    #[test]
    fn an_access_list_that_lets_everybody_in_makes_a_bucket_public_unless_it_is_ignored() {
        let all = "http://acs.amazonaws.com/groups/global/AllUsers";
        let open = Told::Set(vec![Guest::of_group(all, "READ").unwrap()]);
        let is = |acl_guests, complete| {
            let all = PublicBlock {
                acls: true,
                ignore_acls: true,
                policy: true,
                restrict: true,
            };
            Bucket {
                public_block: if complete {
                    Told::Set(all)
                } else {
                    Told::Unset
                },
                public_policy: Told::Unset,
                acl_guests,
                ..Bucket::default()
            }
            .is_private()
        };
        assert_eq!(is(open.clone(), false), Some(false));
        assert_eq!(is(open, true), Some(true));
        assert_eq!(is(Told::Unset, false), Some(true));
        assert_eq!(is(Told::Unknown("denied".into()), false), None);
    }

    const ALL: PublicBlock = PublicBlock {
        acls: true,
        ignore_acls: true,
        policy: true,
        restrict: true,
    };

    #[test]
    fn the_block_of_the_account_counts_for_every_bucket() {
        let unknown = || Told::Unknown("denied".into());
        let half = PublicBlock {
            restrict: false,
            ..ALL
        };
        let rest = PublicBlock {
            restrict: true,
            ..PublicBlock::default()
        };
        let of = |own, account| PublicBlock::in_force(own, &account);
        assert_eq!(of(Told::Unset, Told::Set(ALL)), Told::Set(ALL));
        assert_eq!(of(Told::Set(half), Told::Set(rest)), Told::Set(ALL));
        assert_eq!(of(Told::Set(half), Told::Unset), Told::Set(half));
        assert_eq!(of(Told::Unset, Told::Unset), Told::Unset);
        // One that blocks everything is enough, whatever the other says.
        assert_eq!(of(Told::Set(ALL), unknown()), Told::Set(ALL));
        assert_eq!(of(unknown(), Told::Set(ALL)), Told::Set(ALL));
        for own in [Told::Unset, Told::Set(half)] {
            let why = of(own, unknown()).why_unknown().unwrap().to_owned();
            assert_eq!(why, "whether the account blocks public access: denied");
        }
        assert_eq!(of(unknown(), Told::Set(half)), unknown());
    }

    /// A bucket of old days with a public list, in an account that ignores lists, lets nobody in.
    #[test]
    fn what_may_be_blocked_is_not_called_public() {
        let all = "http://acs.amazonaws.com/groups/global/AllUsers";
        let is = |account: Told<PublicBlock>| {
            Bucket {
                public_block: PublicBlock::in_force(Told::Unset, &account),
                public_policy: Told::Set(true),
                acl_guests: Told::Set(vec![Guest::of_group(all, "READ").unwrap()]),
                ..Bucket::default()
            }
            .is_private()
        };
        assert_eq!(is(Told::Set(ALL)), Some(true));
        assert_eq!(is(Told::Unset), Some(false));
        assert_eq!(is(Told::Unknown("denied".into())), None);
    }
}
