//! How a service is reached.

use serde::Serialize;

/// A service's link to a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadBalancerBinding {
    /// Target group ARN.
    pub target_group_arn: String,
    /// The other target group of a pair (blue/green and its kin): each deployment moves the tasks from one to the other.
    pub alternate_target_group_arn: Option<String>,
    /// Container that receives traffic.
    pub container: String,
    /// Its port.
    pub port: u16,
}
