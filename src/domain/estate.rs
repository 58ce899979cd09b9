//! The rest of the estate: what is known of each further system, one part each. Which there are, who is asked and how often is
//! said once, in `watch::estate`.

use std::sync::Arc;

use super::cache::Caches;
use super::cost::Cost;
use super::flag::Flags;
use super::network::Network;
use super::part::Part;
use super::postgres::{PostgresNow, PostgresShape};
use super::redis_server::RedisServer;
use super::scaling::{ScalableTarget, ScalingActivity};
use super::secret::Secret;
use super::slack::Workspace;
use super::wall::Walls;

/// One part a system.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Spending.
    pub cost: Part<Arc<Cost>>,
    /// Feature flags of AppConfig.
    pub flags: Part<Arc<Flags>>,
    /// VPCs, subnets, security groups.
    pub network: Part<Arc<Network>>,
    /// What was scaled lately, newest first.
    pub scaled: Part<Arc<Vec<ScalingActivity>>>,
    /// Bounds and policies of services, by resource.
    pub scaling: Part<Arc<Vec<ScalableTarget>>>,
    /// Web ACLs.
    pub walls: Part<Arc<Walls>>,
    /// Secrets of AWS Secrets Manager, by name.
    pub secrets: Part<Arc<Vec<Secret>>>,
    /// Caches of ElastiCache.
    pub caches: Part<Arc<Caches>>,
    /// Redis, asked directly.
    pub redis: Part<Arc<RedisServer>>,
    /// PostgreSQL, asked directly: the moment.
    pub postgres: Part<Arc<PostgresNow>>,
    /// PostgreSQL, asked directly: sizes, statements, indexes.
    pub postgres_shape: Part<Arc<PostgresShape>>,
    /// Slack.
    pub slack: Part<Arc<Workspace>>,
}
