//! Deploys: actions of ours and every running and recent deployment, each as the picture that a person wants at 3 a.m.

mod cause;
mod model;
mod order;
pub(crate) mod pace;
mod picture;
mod scale;
mod update;
mod view;

pub use model::Deploys;
pub(crate) use view::{near_changes, state};
