//! Changes of a bucket's access list and of who owns what is in it.

use super::change::Told;
use super::{Bucket, answers, not_implemented};
use crate::web::{Reply, Request};

const GROUPS: &str = "http://acs.amazonaws.com/groups/global";

/// The groups that a request lets in: by a canned list (`x-amz-acl`), or by the grants of a document. `None`: in a way that is not served.
fn wanted(request: &Request, texts: &[Told]) -> Option<Vec<(String, String)>> {
    let grant =
        |group: &str, permission: &str| (format!("{GROUPS}/{group}"), permission.to_owned());
    let mut headers = request.headers.keys();
    if headers.any(|name| name.as_str().starts_with("x-amz-grant-")) {
        return None;
    }
    let canned = request.headers.get("x-amz-acl");
    match canned.map(|name| name.to_str().unwrap_or_default()) {
        Some("private") => return Some(Vec::new()),
        Some("public-read") => return Some(vec![grant("AllUsers", "READ")]),
        Some("public-read-write") => {
            return Some(vec![grant("AllUsers", "READ"), grant("AllUsers", "WRITE")]);
        }
        Some("authenticated-read") => return Some(vec![grant("AuthenticatedUsers", "READ")]),
        Some(_) => return None,
        None => {}
    }
    let (mut all, mut group) = (Vec::new(), None);
    for told in texts {
        match told.path.as_str() {
            "AccessControlList/Grant/Grantee/URI" => group = Some(told.text.clone()),
            "AccessControlList/Grant/Permission" => {
                all.extend(group.take().map(|uri| (uri, told.text.clone())));
            }
            _ => {}
        }
    }
    Some(all)
}

impl Bucket {
    /// `PutBucketAcl`.
    pub(super) fn list(&mut self, request: &Request, texts: &[Told]) -> Reply {
        let Some(wanted) = wanted(request, texts) else {
            return not_implemented();
        };
        if self.ownership.as_deref() == Some(answers::ENFORCED) && !wanted.is_empty() {
            let why = "The bucket does not allow ACLs";
            return answers::error(400, "AccessControlListNotSupported", why, "");
        }
        if self.block.is_some_and(|[acls, ..]| acls) && !wanted.is_empty() {
            return answers::error(403, "AccessDenied", "Access Denied", "");
        }
        self.acl = wanted;
        Reply::empty(200)
    }

    /// `PutBucketOwnershipControls`: only a bucket that lets no group in can take access lists off.
    pub(super) fn own(&mut self, rule: Option<String>) -> Reply {
        if rule.as_deref() == Some(answers::ENFORCED) && !self.acl.is_empty() {
            let why =
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
            return answers::error(400, "InvalidBucketAclWithObjectOwnership", why, "");
        }
        self.ownership = rule;
        Reply::empty(200)
    }
}
