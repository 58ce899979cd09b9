//! Black box: the built program's words, exit codes and JSON. `cli/config.rs` needs nothing; the others run on `--demo`.

#[path = "cli/checklist.rs"]
mod checklist;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/program.rs"]
mod program;
