//! The client layer as a package of its own: the compiler keeps its door. `lib.rs` shows it with the other rooms, under the
//! same name.
#![forbid(unsafe_code)]

pub mod backend; // one file a system, into domain types; the transport they all share

use flightdeck_core::{config, domain};
