//! One file a topic: what it asks of the client layer, and how the answer joins the picture.

pub mod alarms;
pub mod boards;
pub mod charts;
pub mod deployments;
pub mod failures;
pub mod histories;
pub mod identity;
pub mod log_groups;
pub mod logs;
pub mod outside;
pub mod records;
pub mod resting_deployments;
pub mod series;
pub mod services;
pub mod slo;
pub mod slos;
pub mod targets;
pub mod task_definitions;
pub mod tasks;
pub mod trends;
