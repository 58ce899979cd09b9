//! The rest of the platform's estate: databases, stores, secrets, other vendors. One file a system; each keeps its own state and
//! may look at the world.

mod secretsmanager;
mod slack;

use super::web::{Reply, Request, Vendor};
use super::wire::{ApiError, Call, Node, Service};
use super::world::World;

/// State of every system.
#[derive(Debug)]
pub struct Estate {
    secrets: secretsmanager::Secrets,
    slack: slack::Slack,
}

impl Estate {
    /// The estate of a world that begins now. An empty account, or a fleet for measuring, has none.
    pub fn new(world: &World) -> Self {
        let told = !world.load_balancers.is_empty();
        Self {
            secrets: secretsmanager::Secrets::new(world, told),
            slack: slack::Slack::default(),
        }
    }

    /// Lets time go on.
    pub fn step(&mut self, world: &World) {
        self.secrets.step(world);
    }

    /// Answers a call of one of the vendor's RPC services; `None`: not one of these.
    pub fn handle(&mut self, call: &Call, world: &mut World) -> Option<Result<Node, ApiError>> {
        let (operation, input) = (call.operation.as_str(), &call.input);
        Some(match call.service {
            Service::SecretsManager => self.secrets.handle(operation, input, world),
            _ => return None,
        })
    }

    /// Answers a request to a system of paths.
    pub fn web(&mut self, vendor: Vendor, request: &Request, world: &mut World) -> Reply {
        match vendor {
            Vendor::Slack => self.slack.handle(request, world.stamp()),
        }
    }
}
