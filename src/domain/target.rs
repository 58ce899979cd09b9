//! Load balancer targets, after the Elastic Load Balancing API reference (version 2015-12-01).

use serde::Serialize;

/// Health of one target (DescribeTargetHealth).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// IP address or instance id.
    pub id: String,
    /// Port.
    pub port: u16,
    /// Zone.
    pub zone: String,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`.
    pub state: String,
    /// The vendor's reason code and words.
    pub reason: String,
}

/// A target group with its targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetGroup {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// ARNs of load balancers that use it.
    pub load_balancers: Vec<String>,
    /// Health check path, for HTTP.
    pub health_check_path: Option<String>,
    /// Targets.
    pub targets: Vec<Target>,
}

/// What load balancers of the second region lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TargetsAbroad {
    /// The region.
    pub region: String,
    /// Target groups that a load balancer uses, with their targets.
    pub groups: Vec<TargetGroup>,
}

impl TargetGroup {
    /// The region that it is in, by its ARN.
    pub fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }

    /// Healthy targets.
    pub fn healthy(&self) -> usize {
        self.targets.iter().filter(|t| t.state == "healthy").count()
    }

    /// Zones that hold at least one healthy target, sorted.
    pub fn healthy_zones(&self) -> Vec<&str> {
        let mut zones: Vec<&str> = self
            .targets
            .iter()
            .filter(|t| t.state == "healthy")
            .map(|t| t.zone.as_str())
            .collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// The value of the `TargetGroup` dimension in CloudWatch: `targetgroup/name/id`.
    pub fn dimension(&self) -> &str {
        self.arn
            .find("targetgroup/")
            .and_then(|i| self.arn.get(i..))
            .unwrap_or(&self.name)
    }

    /// The value of the `LoadBalancer` dimension of the first load balancer: `app/name/id`.
    pub fn load_balancer_dimension(&self) -> Option<&str> {
        let arn = self.load_balancers.first()?;
        arn.split_once("loadbalancer/").map(|(_, tail)| tail)
    }
}
