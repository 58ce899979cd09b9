//! The rooms that know no vendor's client and no screen, as a package of its own: the compiler keeps that door, and builds
//! them beside the vendors' clients. `lib.rs` shows them with the others, under the same names.
#![forbid(unsafe_code)]

pub mod config; // flightdeck.toml, environments, credentials
pub mod domain; // plain data: Service, Deployment, Alarm, Series ...
pub mod door; // what faces see of the rooms behind them: the picture, a handle, a way to act
pub mod plan; // stages, criteria, evidence, sign-off, timeline
pub mod present; // what each system shows, as plain data for every face
