//! What a request says about its signer (AWS Signature Version 4). Signatures are not checked: whoever can reach loopback
//! may use the sandbox.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The credential scope of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Access key id.
    pub key_id: String,
    /// Region, such as `eu-central-1`.
    pub region: String,
    /// Signing name of the service, such as `monitoring`.
    pub service: String,
}

/// The scope in `Authorization: AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`.
pub fn scope(headers: &HeaderMap) -> Option<Scope> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let fields = text.strip_prefix("AWS4-")?.split_once(' ')?.1;
    let credential = fields
        .split(',')
        .find_map(|f| f.trim().strip_prefix("Credential="))?;
    // From the end, as a key id may hold a slash.
    let mut parts = credential.rsplitn(5, '/');
    let (_terminator, service, region, _date, key_id) = (
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
    );
    Some(Scope {
        key_id: key_id.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

/// The access key id that a request was signed with.
pub fn credential(headers: &HeaderMap) -> Option<String> {
    scope(headers).map(|s| s.key_id)
}
