//! CloudWatch Logs: tail and search over one or many groups.

mod aim;
mod groups;
mod jump;
mod model;
mod row;
mod update;
mod view;

pub use model::Logs;
