//! The client layer, shared by every face: one file a system, each turning one vendor's API into domain types.

pub mod aws;
pub mod cloudflare;
mod contained;
pub mod dns;
pub mod estate;
pub mod github;
pub mod https;
pub mod postgres;
pub mod redis;
pub mod sentry;
pub mod shelf;
pub mod slack;
pub mod smtp;
pub mod tls;
pub mod token;
pub mod transport;
pub mod vercel;
mod wanted;

use std::sync::Arc;

use crate::config::Config;
use crate::domain::facts::ProviderHealth;
use crate::domain::problem::Problem;

use aws::cloudwatch::CloudWatch;
use aws::ecs::Ecs;
use aws::elbv2::Elb;
use aws::logs::Logs;
use aws::sts::Sts;
use aws::{Aws, Lines};
use dns::Dns;
use estate::Estate;
use https::Https;
use tls::Tls;
use tls::trust::Trust;
use transport::{Budget, Cap, Courier, Line};

/// The clients of every system. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Backend {
    /// AWS Security Token Service.
    pub sts: Sts,
    /// Amazon ECS.
    pub ecs: Ecs,
    /// Elastic Load Balancing.
    pub elb: Elb,
    /// Amazon CloudWatch.
    pub cloudwatch: CloudWatch,
    /// Amazon CloudWatch Logs.
    pub logs: Logs,
    /// HTTPS requests from this machine.
    pub https: Https,
    /// TLS handshakes from this machine.
    pub tls: Tls,
    /// DNS look-ups from this machine.
    pub dns: Dns,
    /// Every further system, with their lines.
    pub estate: Estate,
    /// The line of each provider, in the order shown.
    pub lines: ProviderLines,
}

/// One line a provider: its health, and its rest after failures.
#[derive(Debug)]
pub struct ProviderLines {
    /// STS.
    pub sts: Arc<Line>,
    /// ECS.
    pub ecs: Arc<Line>,
    /// Elastic Load Balancing.
    pub elb: Arc<Line>,
    /// CloudWatch.
    pub cloudwatch: Arc<Line>,
    /// CloudWatch of other regions, where buckets or their copies are.
    pub cloudwatch_abroad: Arc<Line>,
    /// CloudWatch Logs.
    pub logs: Arc<Line>,
    /// HTTPS probes.
    pub https: Arc<Line>,
    /// TLS probes.
    pub tls: Arc<Line>,
    /// DNS probes.
    pub dns: Arc<Line>,
}

impl ProviderLines {
    fn new(config: &Config) -> Self {
        let read_only = config.read_only;
        let line = |name, configured| Arc::new(Line::new(name, read_only, configured));
        let web = !config.probes.https.is_empty() || !config.probes.protected.is_empty();
        Self {
            sts: line("sts", true),
            ecs: line("ecs", true),
            elb: line("elb", true),
            cloudwatch: line("cloudwatch", true),
            cloudwatch_abroad: line("cloudwatch-abroad", true),
            logs: line("logs", true),
            https: line("https", web),
            tls: line("tls", web),
            dns: line("dns", !config.probes.dns.is_empty()),
        }
    }

    /// All, in the order shown.
    pub fn all(&self) -> [&Arc<Line>; 9] {
        [
            &self.sts,
            &self.ecs,
            &self.elb,
            &self.cloudwatch,
            &self.cloudwatch_abroad,
            &self.logs,
            &self.https,
            &self.tls,
            &self.dns,
        ]
    }
}

impl Backend {
    /// Makes the clients; no network I/O, so the first frame never waits for it.
    ///
    /// # Errors
    /// Where the configuration of the probes cannot be used.
    pub async fn new(config: &Config) -> Result<Self, Problem> {
        let lines = ProviderLines::new(config);
        let budget = Arc::new(Budget::default());
        let aws = Arc::new(Aws::new(
            config.aws.clone(),
            Lines {
                sts: lines.sts.clone(),
                ecs: lines.ecs.clone(),
                elb: lines.elb.clone(),
                cloudwatch: lines.cloudwatch.clone(),
                cloudwatch_abroad: lines.cloudwatch_abroad.clone(),
                logs: lines.logs.clone(),
            },
            Cap::new(budget.clone()),
        ));
        let probes = &config.probes;
        let trust = Arc::new(Trust::new(probes.extra_roots_pem.as_deref())?);
        let courier = Arc::new(Courier::new(trust.clone(), budget));
        Ok(Self {
            estate: Estate::new(config, &aws, &courier, &trust),
            https: Https::new(probes, trust.clone(), lines.https.clone()),
            tls: Tls::new(probes, trust, lines.tls.clone()),
            dns: Dns::new(probes, lines.dns.clone()),
            sts: Sts::new(aws.clone()),
            ecs: Ecs::new(aws.clone()),
            elb: Elb::new(aws.clone()),
            cloudwatch: CloudWatch::new(aws.clone()),
            logs: Logs::new(aws),
            lines,
        })
    }

    /// What each provider costs and how it fares.
    pub fn meter(&self) -> Vec<ProviderHealth> {
        let further = self.estate.lines.iter();
        let all = self.lines.all().into_iter().chain(further);
        all.map(|line| line.health()).collect()
    }
}
