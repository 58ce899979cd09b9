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
use super::kept::Lags;
use super::mute::MuteRule;
use super::network::Network;
use super::part::{Freshness, Part};
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

/// `name: what is told;`, each with what it is: a part of the estate, and its place among the names that pages go by.
macro_rules! parts {
    ($($(#[$doc:meta])+ $part:ident: $told:ty;)*) => {
        /// One part a system.
        #[derive(Clone, Debug, Default)]
        pub struct Estate {
            $($(#[$doc])+ pub $part: Part<$told>,)*
        }

        impl Estate {
            /// When a part was last answered, and how far it can be trusted at `now` (UTC), by its name; `None`: there is no such part.
            pub fn answered(&self, part: &str, now: Timestamp) -> Option<Answered> {
                match part {
                    $(stringify!($part) => Some((self.$part.observed_at, self.$part.freshness(now))),)*
                    _ => None,
                }
            }
        }
    };
}

/// When something was last answered, and how far it can be trusted.
pub type Answered = (Option<Timestamp>, Freshness);

parts! {
    /// Rules that mute alarms and are active.
    alarm_mutes: Arc<Vec<MuteRule>>;
    /// Databases and clusters of RDS.
    databases: Arc<Databases>;
    /// What they measure of themselves.
    db_vitals: Arc<Vec<DbVitals>>;
    /// Whether they refuse connections in the clear.
    db_transit: Arc<Vec<DbTransit>>;
    /// How many connections databases allow.
    db_limits: Arc<Vec<DbLimit>>;
    /// What happened to them, newest first.
    db_events: Arc<Vec<DbEvent>>;
    /// The statements that load them most.
    statements: Arc<TopStatements>;
    /// Snapshots of RDS in this region.
    snapshots: Arc<Vec<Backup>>;
    /// Snapshots and replicated backups of RDS in the second region.
    snapshots_abroad: Arc<Abroad>;
    /// Recovery points of AWS Backup in this region.
    recovery_points: Arc<Points>;
    /// Recovery points of AWS Backup in the second region.
    recovery_points_abroad: Arc<Abroad>;
    /// Jobs of AWS Backup, newest first.
    backup_jobs: Arc<Vec<BackupJob>>;
    /// Restores by AWS Backup, newest first.
    restores: Arc<Vec<Restore>>;
    /// GitHub's workflows and their runs.
    pipelines: Arc<Pipelines>;
    /// Deployments that GitHub was told of, newest first.
    github_deployments: Arc<Vec<Deployed>>;
    /// What GitHub's scanners found.
    scanners: Arc<Vec<Scanner>>;
    /// Spending.
    cost: Arc<Cost>;
    /// Feature flags of AppConfig.
    flags: Arc<Flags>;
    /// VPCs, subnets, security groups.
    network: Arc<Network>;
    /// What was scaled lately, newest first.
    scaled: Arc<Vec<ScalingActivity>>;
    /// Bounds and policies of services, by resource.
    scaling: Arc<Vec<ScalableTarget>>;
    /// Web ACLs.
    walls: Arc<Walls>;
    /// Secrets of AWS Secrets Manager, by name.
    secrets: Arc<Vec<Secret>>;
    /// Who may do what.
    access: Arc<Access>;
    /// Targets of load balancers in the second region.
    targets_abroad: Arc<TargetsAbroad>;
    /// Caches of ElastiCache.
    caches: Arc<Caches>;
    /// Redis, asked directly.
    redis: Arc<RedisServer>;
    /// Redis of the environments that are not looked at.
    redis_elsewhere: Arc<Vec<EnvRedis>>;
    /// PostgreSQL, asked directly: the moment.
    postgres: Arc<PostgresNow>;
    /// PostgreSQL, asked directly: sizes, statements, indexes.
    postgres_shape: Arc<PostgresShape>;
    /// Schemas of the environments that are not looked at.
    schemas: Arc<Vec<EnvSchema>>;
    /// Buckets of S3, by name.
    buckets: Arc<Vec<Bucket>>;
    /// Stacks of CloudFormation, by name.
    stacks: Arc<Vec<Stack>>;
    /// Images of ECR.
    registry: Arc<Registry>;
    /// Topics of SNS, by name.
    topics: Arc<Vec<Topic>>;
    /// Sentry's issues.
    errors: Arc<Errors>;
    /// The newest event of the issues that matter.
    error_events: Arc<Vec<Event>>;
    /// Sentry's releases, newest first.
    error_releases: Arc<Vec<Release>>;
    /// Slack.
    slack: Arc<Workspace>;
    /// The mail server.
    smtp: Arc<MailServer>;
    /// Vercel: projects and deployments.
    vercel: Arc<vercel::Hosting>;
    /// Vercel: domains and variables of each project.
    vercel_settings: Arc<Vec<vercel::Settings>>;
    /// Vercel: names and what they lead to.
    vercel_aliases: Arc<Vec<vercel::Alias>>;
    /// Cloudflare: zones.
    cloudflare_zones: Arc<Vec<cloudflare::Zone>>;
    /// Cloudflare: DNS records of every zone.
    cloudflare_records: Arc<Vec<cloudflare::Record>>;
    /// Cloudflare: settings of every zone.
    cloudflare_settings: Arc<Vec<cloudflare::ZoneSettings>>;
    /// Cloudflare: rules of every zone.
    cloudflare_firewall: Arc<Vec<cloudflare::Firewall>>;
    /// Cloudflare: traffic of the last day.
    cloudflare_traffic: Arc<Vec<cloudflare::Traffic>>;
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
    pub fn home(&self) -> &str {
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

    /// What the backups come to for each store of the facts that these are a part of, in the environment that is looked at.
    pub fn stores(&self, backups: &[Backup], lags: Lags<'_>) -> Vec<StoreBackups> {
        self.stores_of(backups, &lags.facts.environment, lags.now, Some(lags))
    }

    /// The same of an environment, at `now`; without `lags` no copy of a bucket is known.
    pub(super) fn stores_of(
        &self,
        backups: &[Backup],
        environment: &str,
        now: Timestamp,
        lags: Option<Lags<'_>>,
    ) -> Vec<StoreBackups> {
        let known = Known {
            databases: self.databases.value.as_deref(),
            buckets: self.buckets.value.as_ref().map(|b| b.as_slice()),
            caches: self.caches.value.as_deref(),
            home: self.home(),
            second: self.second_region(),
            now,
            lags,
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
