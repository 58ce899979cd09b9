//! Answers and errors in the service's XML (Amazon S3 API reference, version 2006-03-01).

use std::fmt::Write;

use quick_xml::escape::escape;

use super::{Bucket, Object};
use crate::web::Reply;
use crate::world::names;

/// Of the service's documents.
pub const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Ownership under which access lists count for nothing.
pub const ENFORCED: &str = "BucketOwnerEnforced";

/// An error of the service.
pub fn error(status: u16, code: &str, message: &str, more: &str) -> Reply {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{}</Message>{more}<RequestId>4442587FB7D0A2F9</RequestId></Error>",
        escape(message)
    );
    Reply::xml(status, text)
}

/// `NoSuchBucket`.
pub fn no_bucket(name: &str) -> Reply {
    let more = format!("<BucketName>{}</BucketName>", escape(name));
    error(
        404,
        "NoSuchBucket",
        "The specified bucket does not exist",
        &more,
    )
}

/// What a document holds, below its root.
pub fn document(root: &str, inner: &str) -> Reply {
    document_of(NAMESPACE, root, inner)
}

fn document_of(namespace: &str, root: &str, inner: &str) -> Reply {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{namespace}\">{inner}</{root}>"
    );
    Reply::xml(200, text)
}

/// `<name>text</name>`.
pub fn leaf(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// A point in time as the service writes it: ISO 8601, milliseconds, UTC.
fn iso(at: f64) -> String {
    let stamp = jiff::Timestamp::from_millisecond((at * 1_000.0) as i64);
    format!("{:.3}", stamp.unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

/// `ListBuckets`; regions are told where the request narrows or pages the list, as the vendor does.
pub fn buckets(page: &[&Bucket], with_region: bool, next: Option<&str>) -> Reply {
    let mut inner = format!("<Owner><ID>{}</ID></Owner><Buckets>", owner());
    for bucket in page {
        let region = if with_region {
            leaf("BucketRegion", &bucket.region)
        } else {
            String::new()
        };
        let _ = write!(
            inner,
            "<Bucket>{}{}{region}</Bucket>",
            leaf("Name", &bucket.name),
            leaf("CreationDate", &iso(bucket.created))
        );
    }
    inner.push_str("</Buckets>");
    if let Some(next) = next {
        inner.push_str(&leaf("ContinuationToken", next));
    }
    document("ListAllMyBucketsResult", &inner)
}

/// A canonical user id, which is sixty-four hex digits.
fn owner() -> String {
    format!("{}{:052}", names::ACCOUNT, 0)
}

/// An object in a listing.
pub fn object(key: &str, object: &Object) -> String {
    format!(
        "<Contents>{}{}{}<Size>{}</Size><StorageClass>{}</StorageClass></Contents>",
        leaf("Key", key),
        leaf("LastModified", &iso(object.at)),
        leaf("ETag", &object.etag),
        object.size,
        object.class.0
    )
}

/// `GetBucketEncryption`.
pub fn encryption(bucket: &Bucket) -> Reply {
    let Some((algorithm, key)) = &bucket.encryption else {
        let why = "The server side encryption configuration was not found";
        return error(
            404,
            "ServerSideEncryptionConfigurationNotFoundError",
            why,
            "",
        );
    };
    let key = key
        .as_ref()
        .map(|k| leaf("KMSMasterKeyID", k))
        .unwrap_or_default();
    let inner = format!(
        "<Rule><ApplyServerSideEncryptionByDefault>{}{key}</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>{}</BucketKeyEnabled></Rule>",
        leaf("SSEAlgorithm", algorithm),
        algorithm != "AES256"
    );
    document("ServerSideEncryptionConfiguration", &inner)
}

/// `GetPublicAccessBlock`, of a bucket or of the account.
pub fn block(block: Option<[bool; 4]>, namespace: &str) -> Reply {
    let Some([acls, ignore, policy, restrict]) = block else {
        let why = "The public access block configuration was not found";
        return error(404, "NoSuchPublicAccessBlockConfiguration", why, "");
    };
    let inner = format!(
        "<BlockPublicAcls>{acls}</BlockPublicAcls><IgnorePublicAcls>{ignore}</IgnorePublicAcls><BlockPublicPolicy>{policy}</BlockPublicPolicy><RestrictPublicBuckets>{restrict}</RestrictPublicBuckets>"
    );
    document_of(namespace, "PublicAccessBlockConfiguration", &inner)
}

/// `GetBucketAcl`: where the owner owns all that is in it, the owner alone.
pub fn acl(bucket: &Bucket) -> Reply {
    let owner = leaf("ID", &owner());
    let mut inner = format!(
        "<Owner>{owner}</Owner><AccessControlList><Grant><Grantee xmlns:xsi=\"{XSI}\" xsi:type=\"CanonicalUser\">{owner}</Grantee><Permission>FULL_CONTROL</Permission></Grant>"
    );
    let counts = bucket.ownership.as_deref() != Some(ENFORCED);
    for (group, permission) in bucket.acl.iter().filter(|_| counts) {
        let _ = write!(
            inner,
            "<Grant><Grantee xmlns:xsi=\"{XSI}\" xsi:type=\"Group\">{}</Grantee>{}</Grant>",
            leaf("URI", group),
            leaf("Permission", permission)
        );
    }
    inner.push_str("</AccessControlList>");
    document("AccessControlPolicy", &inner)
}

/// `GetBucketOwnershipControls`.
pub fn ownership(bucket: &Bucket) -> Reply {
    let Some(rule) = &bucket.ownership else {
        let why = "The bucket ownership controls were not found";
        return error(404, "OwnershipControlsNotFoundError", why, "");
    };
    let rule = format!("<Rule>{}</Rule>", leaf("ObjectOwnership", rule));
    document("OwnershipControls", &rule)
}

/// `GetBucketPolicyStatus`.
pub fn policy_status(bucket: &Bucket) -> Reply {
    let Some(policy) = &bucket.policy else {
        return no_policy();
    };
    let public = is_public(policy);
    document("PolicyStatus", &format!("<IsPublic>{public}</IsPublic>"))
}

/// Whether a policy lets everybody in: what it denies to all lets in nobody.
fn is_public(policy: &str) -> bool {
    let read: serde_json::Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match read.get("Statement") {
        Some(serde_json::Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let all = |who: &serde_json::Value| match who {
        serde_json::Value::Array(names) => names.iter().any(|n| n == "*"),
        one => one == "*",
    };
    statements.into_iter().any(|s| {
        let who = s.get("Principal");
        let named = who.is_some_and(|w| all(w) || w.get("AWS").is_some_and(all));
        named && s.get("Effect").is_some_and(|e| e == "Allow")
    })
}

/// `GetBucketPolicy`: the one answer in JSON.
pub fn policy(bucket: &Bucket) -> Reply {
    let Some(policy) = &bucket.policy else {
        return no_policy();
    };
    Reply {
        status: 200,
        headers: Vec::new(),
        content_type: "application/json",
        body: policy.clone().into(),
    }
}

fn no_policy() -> Reply {
    let why = "The bucket policy does not exist";
    error(404, "NoSuchBucketPolicy", why, "")
}

/// `GetBucketVersioning`: a bucket that never was versioned has an empty answer.
pub fn versioning(bucket: &Bucket) -> Reply {
    let status = bucket.versioning.as_ref().map(|s| leaf("Status", s));
    document("VersioningConfiguration", &status.unwrap_or_default())
}

/// `GetBucketLocation`: nothing for the first region.
pub fn location(bucket: &Bucket) -> Reply {
    let region = if bucket.region == "us-east-1" {
        ""
    } else {
        bucket.region.as_str()
    };
    document("LocationConstraint", &escape(region))
}

/// `GetBucketReplication`.
pub fn replication(bucket: &Bucket) -> Reply {
    let Some(rules) = &bucket.replication else {
        let why = "The replication configuration was not found";
        return error(404, "ReplicationConfigurationNotFoundError", why, "");
    };
    let mut inner = rules
        .first()
        .map(|r| leaf("Role", &r.role))
        .unwrap_or_default();
    // Without it, what is encrypted with a KMS key is not copied.
    let encrypts = matches!(&bucket.encryption, Some((algorithm, _)) if algorithm == "aws:kms");
    let kms = match encrypts {
        true => {
            "<SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>"
        }
        false => "",
    };
    for (n, rule) in rules.iter().enumerate() {
        let status = if rule.enabled { "Enabled" } else { "Disabled" };
        let _ = write!(
            inner,
            "<Rule>{}<Priority>{}</Priority><Filter>{}</Filter><Status>{status}</Status>{kms}<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication><Destination>{}<ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime><Metrics><Status>Enabled</Status><EventThreshold><Minutes>15</Minutes></EventThreshold></Metrics></Destination></Rule>",
            leaf("ID", &rule.id),
            n + 1,
            leaf("Prefix", &rule.prefix),
            leaf("Bucket", &rule.destination)
        );
    }
    document("ReplicationConfiguration", &inner)
}
