//! flightdeck: an operations console in the terminal. A library and a thin binary; this list is the map.
#![forbid(unsafe_code)]

pub mod actions; // preview, confirm, journal, execute, follow, verify, record
pub mod assemble; // the one place that puts the rooms together
pub mod cli; // the command line: one file a command
pub mod process; // the process as a whole: log file, crash report, private memory
pub mod store; // what outlives the process: journal, audit chain, sign-offs, locks
pub mod watch; // what to ask, when; one immutable snapshot

pub use flightdeck_client::backend; // the client layer: one file a system, into domain types
pub use flightdeck_console::ui; // the console: commands, keymap, theme, screens, widgets
pub use flightdeck_core::config; // flightdeck.toml, environments, credentials
pub use flightdeck_core::domain; // plain data: Service, Deployment, Alarm, Series ...
pub use flightdeck_core::door; // what faces see of the rooms behind them
pub use flightdeck_core::plan; // stages, criteria, evidence, sign-off, timeline
pub use flightdeck_core::present; // what each system shows, as plain data for every face
pub use flightdeck_sandbox as sandbox; // the embedded platform: the vendors' own protocols on loopback
