//! The embedded platform: it speaks the vendors' own wire protocols on loopback. It imports nothing else of ours, since
//! shared structs would hide shared mistakes.

pub mod wire; // calls and replies in each of the vendor's protocols
