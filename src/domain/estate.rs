//! The rest of the estate: what is known of each further system, one part each. Which there are, who is asked and how often is
//! said once, in `watch::estate`.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::access::Access;
use super::backup::{
    Abroad, Backup, BackupJob, Points, StoreKind, merged, of_caches, point_in_time,
};
use super::bucket::Bucket;
use super::cache::Caches;
use super::cost::Cost;
use super::database::{Databases, DbEvent, DbVitals, TopStatements};
use super::db_limit::DbLimit;
use super::flag::Flags;
use super::github::{Deployed, Pipelines, Scanner};
use super::image::Registry;
use super::network::Network;
use super::part::Part;
use super::postgres::{EnvSchema, PostgresNow, PostgresShape};
use super::problem::Problem;
use super::redis_server::{EnvRedis, RedisServer};
use super::restore::Restore;
use super::scaling::{ScalableTarget, ScalingActivity};
use super::secret::Secret;
use super::sentry::{Errors, Event, Release};
use super::slack::Workspace;
use super::smtp::MailServer;
use super::stack::Stack;
use super::stores::{Known, StoreBackups, stores};
use super::target::TargetsAbroad;
use super::topic::Topic;
use super::transit::DbTransit;
use super::wall::Walls;
use super::{cloudflare, vercel};

/// One part a system.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Databases and clusters of RDS.
    pub databases: Part<Arc<Databases>>,
    /// What they measure of themselves.
    pub db_vitals: Part<Arc<Vec<DbVitals>>>,
    /// Whether they refuse connections in the clear.
    pub db_transit: Part<Arc<Vec<DbTransit>>>,
    /// How many connections databases allow.
    pub db_limits: Part<Arc<Vec<DbLimit>>>,
    /// What happened to them, newest first.
    pub db_events: Part<Arc<Vec<DbEvent>>>,
    /// The statements that load them most.
    pub statements: Part<Arc<TopStatements>>,
    /// Snapshots of RDS in this region.
    pub snapshots: Part<Arc<Vec<Backup>>>,
    /// Snapshots and replicated backups of RDS in the second region.
    pub snapshots_abroad: Part<Arc<Abroad>>,
    /// Recovery points of AWS Backup in this region.
    pub recovery_points: Part<Arc<Points>>,
    /// Recovery points of AWS Backup in the second region.
    pub recovery_points_abroad: Part<Arc<Abroad>>,
    /// Jobs of AWS Backup, newest first.
    pub backup_jobs: Part<Arc<Vec<BackupJob>>>,
    /// Restores by AWS Backup, newest first.
    pub restores: Part<Arc<Vec<Restore>>>,
    /// GitHub's workflows and their runs.
    pub pipelines: Part<Arc<Pipelines>>,
    /// Deployments that GitHub was told of, newest first.
    pub github_deployments: Part<Arc<Vec<Deployed>>>,
    /// What GitHub's scanners found.
    pub scanners: Part<Arc<Vec<Scanner>>>,
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
    /// Who may do what.
    pub access: Part<Arc<Access>>,
    /// Targets of load balancers in the second region.
    pub targets_abroad: Part<Arc<TargetsAbroad>>,
    /// Caches of ElastiCache.
    pub caches: Part<Arc<Caches>>,
    /// Redis, asked directly.
    pub redis: Part<Arc<RedisServer>>,
    /// Redis of the environments that are not looked at.
    pub redis_elsewhere: Part<Arc<Vec<EnvRedis>>>,
    /// PostgreSQL, asked directly: the moment.
    pub postgres: Part<Arc<PostgresNow>>,
    /// PostgreSQL, asked directly: sizes, statements, indexes.
    pub postgres_shape: Part<Arc<PostgresShape>>,
    /// Schemas of the environments that are not looked at.
    pub schemas: Part<Arc<Vec<EnvSchema>>>,
    /// Buckets of S3, by name.
    pub buckets: Part<Arc<Vec<Bucket>>>,
    /// Stacks of CloudFormation, by name.
    pub stacks: Part<Arc<Vec<Stack>>>,
    /// Images of ECR.
    pub registry: Part<Arc<Registry>>,
    /// Topics of SNS, by name.
    pub topics: Part<Arc<Vec<Topic>>>,
    /// Sentry's issues.
    pub errors: Part<Arc<Errors>>,
    /// The newest event of the issues that matter.
    pub error_events: Part<Arc<Vec<Event>>>,
    /// Sentry's releases, newest first.
    pub error_releases: Part<Arc<Vec<Release>>>,
    /// Slack.
    pub slack: Part<Arc<Workspace>>,
    /// The mail server.
    pub smtp: Part<Arc<MailServer>>,
    /// Vercel: projects and deployments.
    pub vercel: Part<Arc<vercel::Hosting>>,
    /// Vercel: domains and variables of each project.
    pub vercel_settings: Part<Arc<Vec<vercel::Settings>>>,
    /// Vercel: names and what they lead to.
    pub vercel_aliases: Part<Arc<Vec<vercel::Alias>>>,
    /// Cloudflare: zones.
    pub cloudflare_zones: Part<Arc<Vec<cloudflare::Zone>>>,
    /// Cloudflare: DNS records of every zone.
    pub cloudflare_records: Part<Arc<Vec<cloudflare::Record>>>,
    /// Cloudflare: settings of every zone.
    pub cloudflare_settings: Part<Arc<Vec<cloudflare::ZoneSettings>>>,
    /// Cloudflare: rules of every zone.
    pub cloudflare_firewall: Part<Arc<Vec<cloudflare::Firewall>>>,
    /// Cloudflare: traffic of the last day.
    pub cloudflare_traffic: Part<Arc<Vec<cloudflare::Traffic>>>,
}

impl Estate {
    /// The region that copies go to, as far as anybody told.
    pub fn second_region(&self) -> Option<&str> {
        let abroad = [&self.snapshots_abroad, &self.recovery_points_abroad];
        let told = abroad.into_iter().filter_map(|p| p.value.as_ref());
        told.filter_map(|a| a.region.as_deref()).next()
    }

    /// Why the region that copies go to is not known, where none was told: the first system that was silent.
    pub fn second_region_untold(&self) -> Option<Silence<'_>> {
        let snapshots = silence(&self.snapshots_abroad, "RDS");
        snapshots.or_else(|| silence(&self.recovery_points_abroad, "AWS Backup"))
    }

    /// The region that is looked at, as far as a system of backups told; else empty.
    fn home(&self) -> &str {
        let databases = self.databases.value.as_ref().map(|d| d.region.as_str());
        let points = self.recovery_points.value.as_ref();
        databases
            .or(points.map(|p| p.region.as_str()))
            .unwrap_or_default()
    }

    /// Systems that may know more of the backups of stores of a kind, and were silent: here, abroad.
    fn silent(&self, kind: StoreKind) -> [Option<Silence<'_>>; 2] {
        let of_backup = || {
            [
                silence(&self.recovery_points, "AWS Backup"),
                silence(&self.recovery_points_abroad, "AWS Backup"),
            ]
        };
        match kind {
            StoreKind::Database | StoreKind::Cluster => {
                let [here, abroad] = of_backup();
                let snapshots = silence(&self.snapshots, "RDS");
                let moments = silence(&self.databases, "RDS");
                [
                    snapshots.or(moments).or(here),
                    silence(&self.snapshots_abroad, "RDS").or(abroad),
                ]
            }
            StoreKind::Cache => [silence(&self.caches, "ElastiCache"), None],
            StoreKind::Bucket | StoreKind::Other => of_backup(),
        }
    }

    /// Systems that were to tell which stores there are and were silent, with what they tell of.
    pub fn stores_untold(&self) -> Vec<(&'static str, Silence<'_>)> {
        let all = [
            ("databases", silence(&self.databases, "RDS")),
            ("buckets", silence(&self.buckets, "S3")),
            ("caches", silence(&self.caches, "ElastiCache")),
        ];
        let told = |(what, of): (&'static str, Option<_>)| Some((what, of?));
        all.into_iter().filter_map(told).collect()
    }

    /// Vaults of AWS Backup that were not looked into in the region that is looked at.
    pub fn vaults_unread(&self) -> usize {
        let points = self.recovery_points.value.as_ref();
        points.map_or(0, |p| p.vaults_unread)
    }

    /// The same in the second region.
    pub fn vaults_unread_abroad(&self) -> usize {
        let points = self.recovery_points_abroad.value.as_ref();
        points.map_or(0, |p| p.vaults_unread)
    }

    /// Every backup that was told of, once, newest first.
    pub fn backups(&self) -> Vec<Backup> {
        merged(self.told(None))
    }

    /// Keys of those backups that are told of by what may be believed at `now`: nobody knows whether the others are still there.
    pub fn believed(&self, now: Timestamp) -> BTreeSet<String> {
        self.told(Some(now)).iter().map(Backup::key).collect()
    }

    /// Backups as each system tells them: all that were told of, or those that may be believed then.
    fn told(&self, then: Option<Timestamp>) -> Vec<Backup> {
        let snapshots = value(&self.snapshots, then);
        let points = value(&self.recovery_points, then);
        let here = snapshots.into_iter().flat_map(|v| v.iter());
        let here = here.chain(points.into_iter().flat_map(|p| &p.backups));
        let abroad = [&self.snapshots_abroad, &self.recovery_points_abroad];
        let abroad = abroad.into_iter().filter_map(|p| value(p, then));
        let moments = value(&self.databases, then);
        let moments = moments.into_iter().flat_map(|d| point_in_time(d));
        let home = self.home();
        let caches = value(&self.caches, then);
        let caches = caches.into_iter().flat_map(|c| of_caches(c, home));
        let all = here.chain(abroad.flat_map(|a| &a.backups)).cloned();
        all.chain(moments).chain(caches).collect()
    }

    /// What the backups come to for each store, in an environment.
    pub fn stores(&self, backups: &[Backup], environment: &str) -> Vec<StoreBackups> {
        let known = Known {
            databases: self.databases.value.as_deref(),
            buckets: self.buckets.value.as_ref().map(|b| b.as_slice()),
            caches: self.caches.value.as_deref(),
            home: self.home(),
            second: self.second_region(),
        };
        let mut all = stores(known, backups, environment);
        for store in &mut all {
            let [here, abroad] = self.silent(store.kind);
            store.here_untold = here.is_some();
            store.abroad_untold = abroad.is_some();
        }
        all
    }
}

/// A system whose last question failed, or that never answered: whatever it would have told of is not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silence<'a> {
    /// Its name: `RDS`.
    pub system: &'static str,
    /// Why; `None`: it has not answered yet.
    pub why: Option<&'a Problem>,
}

fn silence<'a, T>(part: &'a Part<T>, system: &'static str) -> Option<Silence<'a>> {
    let why = part.error.as_ref();
    (why.is_some() || part.value.is_none()).then_some(Silence { system, why })
}

/// A part's value: the last one, or the one that may be believed then.
fn value<T>(part: &Part<T>, then: Option<Timestamp>) -> Option<&T> {
    match then {
        Some(then) => part.fresh(then),
        None => part.value.as_ref(),
    }
}
