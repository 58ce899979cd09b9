//! AWS, through the official SDKs.

pub mod ecs;
