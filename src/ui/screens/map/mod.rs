//! The health map: the path of a request from the browser to the stores as boxes and the ways between them, or as a tree where there
//! is little room. A fault is followed from where it starts back to the browser. What is shown is made by `present::map`.

mod boxes;
mod detail;
mod model;
mod plan;
mod tree;
mod update;
mod view;
mod way;

pub use model::HealthMap;
