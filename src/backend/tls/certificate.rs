//! Certificates as people read them (RFC 5280).

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED25519};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use crate::domain::probe::Certificate;
use crate::domain::text::inert;

/// Names kept of a certificate; some hold hundreds.
const NAMES: usize = 50;

/// Reads a certificate; `None` where it is not one.
pub fn read(der: &[u8]) -> Option<Certificate> {
    let (_, x) = X509Certificate::from_der(der).ok()?;
    let time = |t: i64| Timestamp::from_second(t).ok();
    Some(Certificate {
        subject: inert(&x.subject().to_string()),
        issuer: inert(&x.issuer().to_string()),
        names: names(&x),
        not_before: time(x.validity().not_before.timestamp())?,
        not_after: time(x.validity().not_after.timestamp())?,
        key: key(&x),
    })
}

fn names(x: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = x.subject_alternative_name() else {
        return Vec::new();
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(n) => Some(inert(n)),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .take(NAMES)
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(sixteen).to_string())
}

/// Kind and size of the public key: `RSA 2048`, `ECDSA P-256`.
fn key(x: &X509Certificate<'_>) -> String {
    let info = x.public_key();
    if info.algorithm.algorithm == OID_SIG_ED25519 {
        return "Ed25519".into();
    }
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        Ok(PublicKey::EC(point)) => {
            let curve = info
                .algorithm
                .parameters
                .as_ref()
                .and_then(|p| p.as_oid().ok());
            match curve {
                Some(c) if c == OID_EC_P256 => "ECDSA P-256".into(),
                Some(c) if c == OID_NIST_EC_P384 => "ECDSA P-384".into(),
                Some(c) if c == OID_NIST_EC_P521 => "ECDSA P-521".into(),
                _ => format!("ECDSA {}", point.key_size()),
            }
        }
        Ok(PublicKey::DSA(_)) => "DSA".into(),
        _ => "unknown key".into(),
    }
}
