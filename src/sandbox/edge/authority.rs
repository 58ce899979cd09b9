//! The authority that signs the hosts' certificates (RFC 5280), made anew with each sandbox: its key never leaves the process.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::hosts::Host;

/// Days for which a host's certificate is valid, as public authorities issue them.
const DAYS: i32 = 90;

/// Days for which the authority itself is valid.
const AUTHORITY_DAYS: i32 = 3_650;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The certificate cannot be made.
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    /// The TLS stack does not take it.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// The clock tells a date that no certificate can hold.
    #[error("this machine's date cannot stand in a certificate")]
    Date,
}

/// TLS set-ups by host name.
pub type Configs = BTreeMap<&'static str, Arc<ServerConfig>>;

/// What was issued.
#[derive(Debug)]
pub struct Issued {
    /// The authority's certificate, PEM.
    pub root: String,
    /// Each host's set-up: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    pub hosts: Configs,
    /// The set-up of what listens inside, as `localhost`: TLS 1.2 and 1.3.
    pub inside: Arc<ServerConfig>,
}

/// Makes the authority and what it signs.
///
/// # Errors
/// Where a certificate cannot be made.
pub fn issue(hosts: &'static [Host]) -> Result<Issued, AuthorityError> {
    let authority = CertifiedIssuer::self_signed(authority()?, KeyPair::generate()?)?;
    let config = |name: &str, ago: i32| -> Result<ServerConfig, AuthorityError> {
        let key = KeyPair::generate()?;
        let leaf = leaf(name, ago)?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Ok(ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?)
    };
    let mut configs = Configs::new();
    for host in hosts {
        let mut config = config(host.name, host.issued)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        configs.insert(host.name, Arc::new(config));
    }
    Ok(Issued {
        root: authority.pem(),
        hosts: configs,
        inside: Arc::new(config("localhost", 20)?),
    })
}

fn authority() -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    // The day before: clocks of clients may be a little behind.
    valid(&mut params, 1, AUTHORITY_DAYS)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "flightdeck sandbox");
    params
        .distinguished_name
        .push(DnType::CommonName, "flightdeck sandbox authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf(name: &str, issued: i32) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    valid(&mut params, issued, DAYS)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Valid for so many days, from so many days ago.
fn valid(params: &mut CertificateParams, ago: i32, days: i32) -> Result<(), AuthorityError> {
    let today = jiff::Timestamp::now().to_zoned(TimeZone::UTC).date();
    let day = |n: i32| {
        let date: Date = today.checked_add(n.days()).ok()?;
        let month = u8::try_from(date.month()).ok()?;
        Some(date_time_ymd(
            i32::from(date.year()),
            month,
            u8::try_from(date.day()).ok()?,
        ))
    };
    params.not_before = day(-ago).ok_or(AuthorityError::Date)?;
    params.not_after = day(days - ago).ok_or(AuthorityError::Date)?;
    Ok(())
}
