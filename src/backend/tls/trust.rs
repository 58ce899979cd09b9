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
        })
    }

    /// All roots.
    pub fn roots(&self) -> Arc<RootCertStore> {
        self.roots
            .get_or_init(|| {
                let mut store = RootCertStore::empty();
                let native = rustls_native_certs::load_native_certs();
                for error in &native.errors {
                    tracing::debug!(%error, "a root of this machine cannot be read");
                }
                store.add_parsable_certificates(native.certs);
                store.add_parsable_certificates(self.extra.iter().cloned());
                Arc::new(store)
            })
            .clone()
    }
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
