//! The rest of the platform's estate: databases, stores, secrets, other vendors. One file a system; each keeps its own state and
//! may look at the world.

mod appconfig;
mod autoscaling;
mod backup;
mod budget;
mod cloudflare;
mod cloudformation;
mod costexplorer;
mod ec2;
mod ecr;
mod elasticache;
mod github;
mod iam;
pub(crate) mod performance;
mod rds;
mod s3;
mod secretsmanager;
pub mod sentry;
mod slack;
mod sns;
mod spoilt;
mod vercel;
mod waf;

pub use ecr::digest_of;
pub use spoilt::spoil;

use super::cloudwatch::{AlarmSpec, MetricStore};
use super::web::{Reply, Request, Vendor};
use super::wire::{ApiError, Call, Node, Service};
use super::world::{World, names};

/// State of every system.
#[derive(Debug)]
pub struct Estate {
    github: github::Github,
    told: bool,
    buckets: s3::Buckets,
    stacks: cloudformation::Stacks,
    topics: sns::Topics,
    backups: backup::Backups,
    databases: rds::Databases,
    configs: appconfig::Configs,
    costs: costexplorer::Costs,
    network: ec2::Network,
    scaling: autoscaling::Scaling,
    caches: elasticache::Caches,
    rights: iam::Rights,
    secrets: secretsmanager::Secrets,
    sentry: sentry::Sentry,
    slack: slack::Slack,
    vercel: vercel::Vercel,
    cloudflare: cloudflare::Cloudflare,
}

impl Estate {
    /// The estate of a world that begins now. An empty account, or a fleet for measuring, has none.
    pub fn new(world: &World) -> Self {
        let told = !world.load_balancers.is_empty();
        let mut databases = rds::Databases::new(world, told);
        Self {
            github: github::Github::new(world, told),
            told,
            buckets: s3::Buckets::new(world, told),
            stacks: cloudformation::Stacks::new(told),
            topics: sns::Topics::new(told),
            backups: backup::Backups::new(world, told, &mut databases),
            databases,
            configs: appconfig::Configs::new(world, told),
            costs: costexplorer::Costs::new(told),
            network: ec2::Network::new(told),
            scaling: autoscaling::Scaling::new(world, told),
            caches: elasticache::Caches::new(world, told),
            rights: iam::Rights::new(world, told),
            secrets: secretsmanager::Secrets::new(world, told),
            sentry: sentry::Sentry::new(world, told),
            slack: slack::Slack::default(),
            vercel: vercel::Vercel::new(world, told),
            cloudflare: cloudflare::Cloudflare::new(world, told),
        }
    }

    /// Lets time go on.
    pub fn step(&mut self, world: &mut World) {
        self.github.step(world);
        self.databases.step(world);
        self.backups.step(world, &mut self.databases);
        self.configs.step(world);
        self.scaling.step(world);
        self.caches.step(world);
        self.secrets.step(world);
        self.sentry.step(world);
        self.buckets.step(world);
        self.stacks.step(world, &self.buckets);
        self.vercel.step(world);
        self.cloudflare.step(world);
    }

    /// Tells the metrics that these systems send of themselves.
    pub fn measure(&mut self, home: &mut MetricStore, abroad: &mut MetricStore, now: f64) {
        self.buckets.measure(home, abroad, now);
    }

    /// The alarms that services are scaled by.
    pub fn scaling_alarms(&self) -> Vec<AlarmSpec> {
        self.scaling.alarms()
    }

    /// Answers a call of one of the vendor's RPC services; `None`: not one of these.
    pub fn handle(&mut self, call: &Call, world: &mut World) -> Option<Result<Node, ApiError>> {
        let (operation, input) = (call.operation.as_str(), &call.input);
        let region = call.region.as_str();
        // Stacks, topics and images are in the first region alone: elsewhere there is nothing to see, and nothing to do.
        let is_elsewhere = !call.region.is_empty() && call.region != names::REGION;
        if is_elsewhere
            && matches!(
                call.service,
                Service::CloudFormation | Service::Sns | Service::Ecr
            )
        {
            return Some(elsewhere(call, world));
        }
        Some(match call.service {
            Service::CloudFormation => self.stacks.handle(operation, input, world, &self.buckets),
            Service::Ecr => ecr::handle(operation, input, world, self.told),
            Service::Sns => self.topics.handle(operation, input, world),
            Service::PerformanceInsights => {
                let now = world.stamp();
                performance::handle(operation, input, region, &self.databases, now)
            }
            Service::Rds => self.databases.handle(operation, input, region, world),
            Service::AutoScaling => self.scaling.handle(operation, input, world),
            Service::CostExplorer => self.costs.handle(operation, input, world),
            // The platform stands in one region; the network of another is empty.
            Service::Ec2 if call.region != names::REGION => {
                ec2::Network::new(false).handle(operation, input, world)
            }
            Service::Ec2 => self.network.handle(operation, input, world),
            Service::Shield => waf::shield(operation),
            Service::Waf => waf::waf(operation, input, world),
            Service::ElastiCache => self.caches.handle(operation, input, world),
            Service::Iam => self.rights.handle(operation, input, world),
            Service::SecretsManager => self.secrets.handle(operation, input, world),
            _ => return None,
        })
    }

    /// Answers a request to a system of paths.
    pub fn web(&mut self, vendor: Vendor, request: &Request, world: &mut World) -> Reply {
        match vendor {
            Vendor::Github => self.github.handle(request, world),
            Vendor::Sentry => self.sentry.handle(request, world),
            Vendor::S3 => self.buckets.handle(request, world.stamp()),
            Vendor::Backup => self.backups.handle(request, world, &mut self.databases),
            Vendor::AppConfig => self.configs.handle(request, world),
            Vendor::Slack => self.slack.handle(request, world.stamp()),
            Vendor::Vercel => self.vercel.handle(request, world),
            Vendor::Cloudflare => self.cloudflare.handle(request, world),
        }
    }
}

/// What a region without anything answers to a question.
fn elsewhere(call: &Call, world: &mut World) -> Result<Node, ApiError> {
    let (operation, input) = (call.operation.as_str(), &call.input);
    if !operation.starts_with("Describe") && !operation.starts_with("List") {
        return Err(ApiError::unknown_operation(operation));
    }
    match call.service {
        Service::Ecr => ecr::handle(operation, input, world, false),
        Service::Sns => sns::Topics::new(false).handle(operation, input, world),
        _ => {
            let nothing = s3::Buckets::new(world, false);
            cloudformation::Stacks::new(false).handle(operation, input, world, &nothing)
        }
    }
}
