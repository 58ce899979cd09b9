//! Plain data that every other room speaks: no I/O, no async, no drawing, no SDK type.

pub mod action;
pub mod alarm;
pub mod audit;
pub mod capacity;
pub mod cost;
pub mod deployment;
pub mod estate;
pub mod facts;
pub mod flag;
pub mod interest;
pub mod log;
pub mod metric;
pub mod network;
pub mod part;
pub mod probe;
pub mod problem;
pub mod queries;
pub mod redact;
pub mod scaling;
pub mod secret;
pub mod service;
pub mod slack;
pub mod slo;
pub mod target;
pub mod text;
pub mod wall;
