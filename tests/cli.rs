//! Black box: the built program's words, exit codes and JSON, on `--demo` or on a sandbox in a process of its own.

#[path = "cli/actions.rs"]
mod actions;
#[path = "cli/apart.rs"]
mod apart;
#[cfg(target_os = "linux")]
#[path = "support/canary.rs"]
mod canary;
#[path = "cli/checklist.rs"]
mod checklist;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/expected.rs"]
mod expected;
// Elsewhere the keyring of whoever runs the tests is not hidden by the environment.
#[cfg(target_os = "linux")]
#[path = "cli/login.rs"]
mod login;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/questions.rs"]
mod questions;
#[path = "cli/starter.rs"]
mod starter;
#[path = "cli/trouble.rs"]
mod trouble;
