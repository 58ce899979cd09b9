//! What is set for every bucket of the account (S3 Control, REST and XML, version 2018-08-20): its block of public access. The vendor has a
//! host of its own for each account; here its path and its header tell.

use http::Method;

use super::change::{malformed, texts};
use super::{Buckets, answers, not_implemented};
use crate::web::{Reply, Request};
use crate::world::names;

/// First step of its paths; no bucket of the story is called so.
pub(super) const VERSION: &str = "v20180820";

const NAMESPACE: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";

impl Buckets {
    /// `GetPublicAccessBlock`, `PutPublicAccessBlock`, `DeletePublicAccessBlock` of the account.
    pub(super) fn account(&mut self, key: &str, request: &Request) -> Reply {
        let named = request.headers.get("x-amz-account-id");
        if named.is_none_or(|id| id.as_bytes() != names::ACCOUNT.as_bytes()) {
            return answers::error(403, "AccessDenied", "Access Denied", "");
        }
        if key != "configuration/publicAccessBlock" {
            return not_implemented();
        }
        match request.method {
            Method::GET => answers::block(self.block, NAMESPACE),
            Method::PUT => {
                let Some(texts) = texts(&request.body) else {
                    return malformed();
                };
                let is = |name: &str| texts.iter().any(|t| t.path == name && t.text == "true");
                self.block = Some(super::change::FOUR.map(is));
                Reply::empty(201)
            }
            Method::DELETE => {
                self.block = None;
                Reply::empty(204)
            }
            _ => not_implemented(),
        }
    }
}
