//! The platform behind the server: the world, and the stores of what it tells.

use super::wire::{ApiError, Call, Node, Service};
use super::world::World;
use super::{ecs, elbv2, sts};

/// Everything that answers.
#[derive(Debug)]
pub struct Platform {
    /// What exists.
    pub world: World,
}

impl Platform {
    /// A platform around a world.
    pub fn new(world: World) -> Self {
        Self { world }
    }

    /// Lets time go on.
    pub fn step(&mut self, now: f64) {
        self.world.step(now);
    }

    /// Answers a call.
    pub fn handle(&mut self, call: &Call) -> Result<Node, ApiError> {
        match call.service {
            Service::Ecs => ecs::handle(&call.operation, &call.input, &mut self.world, sts::CALLER),
            Service::Elbv2 => elbv2::handle(&call.operation, &call.input, &self.world),
            Service::Sts => sts::handle(&call.operation),
            Service::CloudWatch | Service::Logs => {
                Err(ApiError::unknown_operation(&call.operation))
            }
        }
    }
}
