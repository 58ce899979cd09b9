//! What concerns the process as a whole: its log file, its crash report, and that nobody reads its memory.

pub mod crash;
pub mod log;

/// Forbids core dumps and `/proc/PID/mem` to others: secrets live in this memory (prctl(2), `PR_SET_DUMPABLE`).
/// A system that has no such switch runs on without it.
pub fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    if let Err(e) =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!(error = %e, "core dumps could not be forbidden");
    }
}

/// Makes aws-lc the one TLS provider of every client. A second call changes nothing.
pub fn install_tls() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
