//! The report of a panic: short, and without anything that a value could have put into its message.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

use crate::domain::contained;

/// Exit code of a crash, as of any Rust program that panics.
pub const CODE: i32 = 101;

/// Makes a panic anywhere write a report and end the process: a console that lost a part must not look alive. One that is caught where
/// it happens ([`contained`]) is logged alone.
/// Whoever takes the terminal sets a hook around this one that gives it back first.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        tracing::error!(place = %place(info), "panicked");
        if contained::is_caught(info) {
            return;
        }
        let report = report(info, &Backtrace::capture());
        let _ = std::io::stderr().write_all(report.as_bytes());
        std::process::exit(CODE);
    }));
}

fn place(info: &PanicHookInfo<'_>) -> String {
    info.location().map_or_else(
        || "an unknown place".into(),
        |l| format!("{}:{}", l.file(), l.line()),
    )
}

/// What is written. The panic's own words may hold data, so they stay out unless a backtrace was asked for.
fn report(info: &PanicHookInfo<'_>, trace: &Backtrace) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let place = place(info);
    let mut text = format!(
        "error: flightdeck stopped: a defect of its own\n  why: it failed at {place} (version {version})\n   \
         do: start it again: actions under way are journalled and picked up. Please report the line above\n"
    );
    if trace.status() == BacktraceStatus::Captured {
        let words = info.payload_as_str().unwrap_or("no words");
        let words = crate::domain::redact::text(words);
        text.push_str(&format!("{}\n", crate::domain::text::inert(&words)));
        for line in crate::domain::text::inert_lines(&trace.to_string()) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}
