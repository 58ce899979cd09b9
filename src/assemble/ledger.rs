//! The store, as the command line reads its audit chain.

use std::io::Write;

use crate::cli::audit::{Later, Ledger};
use crate::domain::audit::{AuditRow, ChainVerdict};
use crate::store::Store;

impl Ledger for Store {
    fn rows(&self, limit: u32) -> Later<'_, Vec<AuditRow>> {
        Box::pin(self.audit_rows(limit))
    }

    fn verify(&self) -> Later<'_, ChainVerdict> {
        Box::pin(Store::verify(self))
    }

    fn export<'a>(&'a self, to: &'a mut (dyn Write + Send)) -> Later<'a, u64> {
        Box::pin(Store::export(self, to))
    }
}
