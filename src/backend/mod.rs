//! The client layer, shared by every face: one file a system, each turning one vendor's API into domain types.

pub mod aws;

use crate::config::Config;
use crate::domain::problem::Problem;

/// The clients of every system. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Backend {
    /// Amazon ECS.
    pub ecs: aws::ecs::Ecs,
}

impl Backend {
    /// Makes the clients; no network I/O, so the first frame never waits for it.
    pub async fn new(_config: &Config) -> Result<Self, Problem> {
        Ok(Self {
            ecs: aws::ecs::Ecs {},
        })
    }
}
