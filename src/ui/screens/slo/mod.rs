//! The promises: what was promised, what is measured, what is left of the error budget and when it ends; and the success
//! metrics that other systems tell of.

mod chart;
mod figures;
mod model;
mod row;
mod update;
mod view;

pub use model::Promises;

#[cfg(test)]
mod tests;
