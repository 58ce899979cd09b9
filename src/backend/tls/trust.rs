//! Whom probes trust: this machine's roots and those that the configuration adds. One crypto provider: aws-lc-rs.

use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::domain::problem::{Problem, ProblemKind};

/// Trusted roots. The machine's own are read when the first probe asks, so that starting never waits for them.
#[derive(Debug)]
pub struct Trust {
    extra: Vec<CertificateDer<'static>>,
    roots: OnceLock<Arc<RootCertStore>>,
    pem: OnceLock<Vec<u8>>,
}

impl Trust {
    /// The machine's roots and those of a PEM text.
    ///
    /// # Errors
    /// Where the text holds no certificate, or one that cannot be read.
    pub fn new(extra_pem: Option<&str>) -> Result<Self, Problem> {
        let extra = match extra_pem {
            Some(pem) => read(pem)?,
            None => Vec::new(),
        };
        Ok(Self {
            extra,
            roots: OnceLock::new(),
            pem: OnceLock::new(),
        })
    }

    /// All roots.
    pub fn roots(&self) -> Arc<RootCertStore> {
        self.roots
            .get_or_init(|| {
                let mut store = RootCertStore::empty();
                let native = rustls_native_certs::load_native_certs();
                for error in &native.errors {
                    tracing::info!(%error, "a root of this machine cannot be read");
                }
                store.add_parsable_certificates(native.certs);
                store.add_parsable_certificates(self.extra.iter().cloned());
                Arc::new(store)
            })
            .clone()
    }

    /// All roots as PEM, for a client that makes its own TLS set-up: those alone that can be used, or it would refuse them all.
    pub fn pem(&self) -> Vec<u8> {
        let write = || {
            let mut all = rustls_native_certs::load_native_certs().certs;
            all.extend(self.extra.iter().cloned());
            all.retain(|c| RootCertStore::empty().add(c.clone()).is_ok());
            write(&all)
        };
        self.pem.get_or_init(write).clone()
    }
}

/// Writes certificates as PEM (RFC 7468).
fn write(all: &[CertificateDer<'_>]) -> Vec<u8> {
    use base64::Engine;
    let mut out = String::new();
    for certificate in all {
        let text = base64::engine::general_purpose::STANDARD.encode(certificate);
        out.push_str("-----BEGIN CERTIFICATE-----\n");
        let mut rest = text.as_str();
        while let Some((line, more)) = rest.split_at_checked(64) {
            out.push_str(line);
            out.push('\n');
            rest = more;
        }
        if !rest.is_empty() {
            out.push_str(rest);
            out.push('\n');
        }
        out.push_str("-----END CERTIFICATE-----\n");
    }
    out.into_bytes()
}

/// The one crypto provider.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .clone()
}

fn read(pem: &str) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let wrong = |why: &str| {
        Problem::new(
            ProblemKind::Config,
            "config",
            "extra_roots in [probes] cannot be used",
            why,
            "Name a PEM file with one or more CERTIFICATE blocks.",
        )
    };
    let mut store = RootCertStore::empty();
    let mut all = Vec::new();
    for item in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = item.map_err(|e| wrong(&e.to_string()))?;
        store
            .add(certificate.clone())
            .map_err(|e| wrong(&e.to_string()))?;
        all.push(certificate);
    }
    if all.is_empty() {
        return Err(wrong("it holds no certificate"));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_pem_is_read_back() {
        let all: Vec<CertificateDer<'static>> = rustls_native_certs::load_native_certs().certs;
        let text = write(&all);
        let back: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        assert_eq!(back.unwrap(), all);
        let made = rcgen::generate_simple_self_signed(vec!["db.example".into()]).unwrap();
        let trust = Trust::new(Some(&made.cert.pem())).unwrap();
        let pem = String::from_utf8(trust.pem()).unwrap();
        let body: String = made
            .cert
            .pem()
            .lines()
            .filter(|l| !l.starts_with('-'))
            .collect();
        assert!(pem.replace('\n', "").contains(&body));
    }
}
