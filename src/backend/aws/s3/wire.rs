//! What S3 answers, as far as it is read (REST and XML, version 2006-03-01).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::sound::Required;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Buckets {
    pub(super) buckets: Required<Entries>,
    pub(super) continuation_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entries {
    #[serde(rename = "Bucket")]
    pub(super) all: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) creation_date: Option<String>,
    pub(super) bucket_region: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Text {
    #[serde(rename = "$text")]
    pub(super) text: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Encrypted {
    #[serde(rename = "Rule")]
    pub(super) rules: Vec<EncryptionRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct EncryptionRule {
    pub(super) apply_server_side_encryption_by_default: Option<EncryptionDefault>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EncryptionDefault {
    #[serde(rename = "SSEAlgorithm")]
    pub(super) algorithm: Option<String>,
    #[serde(rename = "KMSMasterKeyID")]
    pub(super) key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Block {
    pub(super) block_public_acls: bool,
    pub(super) ignore_public_acls: bool,
    pub(super) block_public_policy: bool,
    pub(super) restrict_public_buckets: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PolicyStatus {
    pub(super) is_public: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Acl {
    #[serde(rename = "AccessControlList")]
    pub(super) list: Required<Grants>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Grants {
    #[serde(rename = "Grant")]
    pub(super) grants: Vec<Grant>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Grant {
    pub(super) grantee: Grantee,
    pub(super) permission: String,
}

/// A group is named by its URI; a person by an id, which is not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Grantee {
    #[serde(rename = "URI")]
    pub(super) uri: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Versioning {
    pub(super) status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Replicated {
    #[serde(rename = "Rule")]
    pub(super) rules: Vec<ReplicationRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReplicationRule {
    #[serde(rename = "ID")]
    pub(super) id: Option<String>,
    #[serde(rename = "Status")]
    pub(super) status: String,
    /// The older place of a prefix (version 1 of the configuration, without `Filter`).
    #[serde(rename = "Prefix")]
    prefix: Option<String>,
    #[serde(rename = "Filter")]
    filter: Option<Filter>,
    /// Kinds of objects that are chosen or left out, each with a status.
    #[serde(rename = "SourceSelectionCriteria")]
    selection: Option<BTreeMap<String, Chosen>>,
    #[serde(rename = "Destination")]
    pub(super) destination: Destination,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Chosen {
    status: Option<String>,
}

/// What a rule is about: a prefix, a tag, or all of several.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Filter {
    prefix: Option<String>,
    #[serde(rename = "Tag")]
    tags: Vec<Tag>,
    and: Option<Both>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Both {
    prefix: Option<String>,
    #[serde(rename = "Tag")]
    tags: Vec<Tag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tag {
    key: String,
    value: String,
}

impl ReplicationRule {
    /// What it chooses by the kinds of objects. Those that are encrypted with KMS keys are copied only where a rule says so (Amazon S3 user
    /// guide, "Replicating encrypted objects"), which matters where the bucket encrypts with one (`kms`) or where the rule says not to.
    fn kinds(&self, kms: bool) -> Vec<String> {
        const KMS: &str = "SseKmsEncryptedObjects";
        let is_on = |c: &Chosen| c.status.as_deref().map(str::trim) == Some("Enabled");
        let all = || self.selection.iter().flatten();
        let with_kms = all().find(|(kind, _)| *kind == KMS).map(|(_, c)| is_on(c));
        let others =
            all().filter(|(kind, _)| ![KMS, "ReplicaModifications"].contains(&kind.as_str()));
        let others = others.map(|(kind, c)| {
            format!(
                "{kind} {}",
                c.status.as_deref().unwrap_or("without a status")
            )
        });
        let without = matches!((with_kms, kms), (Some(false), _) | (None, true));
        let without = without.then(|| "objects without a KMS key".to_owned());
        without.into_iter().chain(others).collect()
    }

    /// What of the bucket it is about: `prefix static/, tag team=web`. `None`: it leaves nothing out. `kms`: whether the bucket
    /// encrypts with KMS keys.
    pub(super) fn only(&self, kms: bool) -> Option<String> {
        let filter = self.filter.as_ref();
        let both = filter.and_then(|f| f.and.as_ref());
        let prefixes = [
            self.prefix.as_deref(),
            filter.and_then(|f| f.prefix.as_deref()),
            both.and_then(|b| b.prefix.as_deref()),
        ];
        let prefixes = prefixes.into_iter().flatten().filter(|p| !p.is_empty());
        let prefixes = prefixes.map(|p| format!("prefix {p}"));
        let tags = filter.map_or(&[][..], |f| &f.tags).iter();
        let tags = tags.chain(both.map_or(&[][..], |b| &b.tags));
        let tags = tags.map(|t| format!("tag {}={}", t.key, t.value));
        let kinds = self.kinds(kms).into_iter();
        let all: Vec<String> = prefixes.chain(tags).chain(kinds).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Destination {
    pub(super) bucket: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Objects {
    pub(super) contents: Vec<Content>,
    pub(super) next_continuation_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Content {
    pub(super) key: String,
    pub(super) last_modified: Option<String>,
    pub(super) size: u64,
}
