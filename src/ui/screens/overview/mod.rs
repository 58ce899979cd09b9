//! One glance: what burns, what moves, what blocks go-live, then everything else.

mod doubt;
mod model;
mod moving;
mod ours;
mod panels;
mod promises;
mod providers;
mod ready;
mod services;
mod systems;
mod unwell;
mod view;

pub use model::Overview;
