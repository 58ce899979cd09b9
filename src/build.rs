//! How the program is linked where it is to be small in memory (profile `dist`): see also `layout.ld`.

use std::process::Command;

/// The first glibc that sets packed relative addresses right at the start (DT_RELR, its release notes).
const PACKED_SINCE: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    println!("cargo:rerun-if-changed=src/layout.ld");
    let is_small = var("OPT_LEVEL") == "z";
    // A megabyte of addresses to be set right becomes some kilobytes.
    if is_small && var("HOST") == var("TARGET") && glibc().is_some_and(|v| v >= PACKED_SINCE) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    // What is seldom run stands apart: two megabytes less are mapped. Not every linker reads such a script.
    if is_small && glibc().is_some() && !is_linker_chosen() {
        println!(
            "cargo:rustc-link-arg-bins=-Wl,-T,{}/src/layout.ld",
            var("CARGO_MANIFEST_DIR")
        );
    }
}

/// Whether somebody chose a linker of their own (mold, for one, reads no scripts).
fn is_linker_chosen() -> bool {
    let flags = var("CARGO_ENCODED_RUSTFLAGS");
    !var("RUSTC_LINKER").is_empty() || flags.contains("fuse-ld") || flags.contains("linker")
}

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Version of the glibc that is linked against; `None` with another C library.
fn glibc() -> Option<(u32, u32)> {
    if var("CARGO_CFG_TARGET_ENV") != "gnu" || var("CARGO_CFG_TARGET_OS") != "linux" {
        return None;
    }
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let said = String::from_utf8(said.ok()?.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
