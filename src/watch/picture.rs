//! What the watch knows while it works: the facts, and what it needs beside them to ask well.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::authors::Learned;
use super::estate;
use super::tail::Tail;
use super::topics::boards::Refused;
use super::topics::slos::Measured;
use super::topics::{deployments, outside, records, targets, task_definitions, trends};
use crate::config::Config;
use crate::domain::audit::Sighting;
use crate::domain::deployment::Deployment;
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::domain::part::Part;
use crate::domain::problem::Problem;
use crate::domain::service::{Service, ServiceId};
use crate::domain::target::TargetGroup;
use crate::plan::Needs;

/// The working state.
#[derive(Debug)]
pub struct Picture {
    /// What is published.
    pub facts: Facts,
    /// The configuration.
    pub config: Arc<Config>,
    /// What is on screen.
    pub interests: Arc<Vec<Interest>>,
    /// What the plan wants asked beyond the common picture.
    pub needs: Needs,
    /// Services that exist, with when each was last asked about.
    pub inventory: BTreeMap<ServiceId, Option<Asked>>,
    /// Services whose last question failed, and why.
    pub unread: BTreeMap<ServiceId, Problem>,
    /// Clusters whose services could not be listed, and why.
    pub unlisted: BTreeMap<String, Problem>,
    /// A person asked for everything now: the next pass is over all services at once.
    pub everything_now: bool,
    /// Services as last described.
    pub services: BTreeMap<ServiceId, Arc<Service>>,
    /// Whether the face goes as soon as it was answered: it waits for the last answer, and a minute's calls are none of its cares.
    pub asks_once: bool,
    /// Whether a service uses a task definition that was never read.
    pub lacks_definitions: bool,
    /// Whether one of these was never asked about.
    pub untried_definitions: bool,
    /// Task definitions whose last question failed.
    pub definitions_failed: task_definitions::Failed,
    /// Deployments by the service-deployment API, for services that were asked so.
    pub details: BTreeMap<ServiceId, deployments::Known>,
    /// How the last deployment of each service ended, as it was told.
    pub ended: BTreeMap<ServiceId, Arc<Deployment>>,
    /// What the authors of deployments were last learned from.
    pub learned: Learned,
    /// When each service's past deployments were last asked about, well or not.
    pub histories_tried: BTreeMap<ServiceId, Instant>,
    /// When each log group was last sampled for the plan, well or not.
    pub samples_tried: BTreeMap<String, Instant>,
    /// What the services' own rollouts tell of deployments, by service.
    pub told: Vec<deployments::Told>,
    /// Whether the published deployments hold details.
    pub detailed: bool,
    /// All target groups of the account, without targets.
    pub groups: Vec<TargetGroup>,
    /// What each group that services are bound to answered.
    pub targets: targets::Known,
    /// What the promises are measured by.
    pub measured: Measured,
    /// Widgets of the dashboard on screen that were refused as wrong: they are not asked again while it is open.
    pub refused: Refused,
    /// The log looked at.
    pub tail: Tail,
    /// Names of the estate's lines that the configuration asks for.
    pub lines_in_use: Vec<&'static str>,
    /// What was last read of the store.
    pub records: Option<records::Known>,
    /// What was seen of criteria and is to be put down in the store.
    pub sightings: Vec<Sighting>,
    /// Whether it was begun anew by what was joined last: what is still being asked is about what it does not hold any more.
    pub is_anew: bool,
}

/// When a service was last asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// For the schedule: when it was last tried.
    pub at: Instant,
    /// When it last answered, for the age on screen (UTC).
    pub stamp: Option<Timestamp>,
}

impl Picture {
    /// Nothing is known yet; each part already names its source.
    pub fn new(config: Arc<Config>) -> Self {
        let s = Duration::from_secs;
        let mut facts = Facts {
            taken_at: Timestamp::now(),
            environment: config.environment.clone(),
            environments: config.environments.clone(),
            sections: config.sections.clone(),
            listed_clusters: config.aws.clusters.clone(),
            demo: config.demo,
            read_only: config.read_only,
            expected_account: config.aws.expected_account.clone(),
            rpo: config.backups.rpo,
            rto: config.backups.rto,
            identity: Part::never("sts:GetCallerIdentity", s(300)),
            clusters: Part::never("ecs:DescribeClusters", s(30)),
            services: Part::never("ecs:DescribeServices", s(10)),
            task_definitions: Part::never("ecs:DescribeTaskDefinition", s(60)),
            deployments: Part::never("ecs:DescribeServices", s(10)),
            target_groups: Part::never("elasticloadbalancing:DescribeTargetHealth", s(30)),
            alarms: Part::never("cloudwatch:DescribeAlarms", s(15)),
            series: Part::never("cloudwatch:GetMetricData", s(60)),
            trends: Part::never("cloudwatch:GetMetricData", s(trends::EVERY_S)),
            charts: Part::never("cloudwatch:GetMetricData", s(60)),
            dashboards: Part::never("cloudwatch:ListDashboards", s(300)),
            own_dashboards: Part::never("files", s(300)),
            board: Part::never("cloudwatch:GetMetricData", s(60)),
            metric_names: Part::never("cloudwatch:ListMetrics", s(300)),
            slos: Part::never("cloudwatch:GetMetricData", s(60)),
            log_groups: Part::never("logs:DescribeLogGroups", s(300)),
            logs: Part::never("logs:FilterLogEvents", s(5)),
            signoffs: Part::never("store", s(30)),
            proven: Part::never("store", s(30)),
            failed: Part::never("store", s(30)),
            audit: Part::never("store", s(30)),
            chain: Part::never("store", records::VERIFIED),
            ..Facts::default()
        };
        outside::open(&mut facts, &config);
        estate::open(&mut facts.estate);
        Self {
            facts,
            config,
            interests: Arc::new(Vec::new()),
            needs: Needs::default(),
            inventory: BTreeMap::new(),
            unread: BTreeMap::new(),
            unlisted: BTreeMap::new(),
            everything_now: false,
            services: BTreeMap::new(),
            asks_once: false,
            lacks_definitions: false,
            untried_definitions: false,
            definitions_failed: task_definitions::Failed::new(),
            details: BTreeMap::new(),
            ended: BTreeMap::new(),
            learned: Learned::default(),
            histories_tried: BTreeMap::new(),
            samples_tried: BTreeMap::new(),
            told: Vec::new(),
            detailed: false,
            groups: Vec::new(),
            targets: targets::Known::default(),
            measured: Measured::default(),
            refused: Refused::default(),
            tail: Tail::default(),
            lines_in_use: Vec::new(),
            records: None,
            sightings: Vec::new(),
            is_anew: false,
        }
    }

    /// Drops all that vendors told: the credentials are another account's now. What is this machine's own stays: what a face looks at,
    /// the store's part and the runs of actions.
    pub fn begin_anew(&mut self, before: String) {
        let mut new = Self::new(self.config.clone());
        let (old, facts) = (std::mem::take(&mut self.facts), &mut new.facts);
        facts.seq = old.seq;
        facts.identity = old.identity;
        facts.account_before = Some(before);
        facts.runs = old.runs;
        facts.drills = old.drills;
        facts.signoffs = old.signoffs;
        facts.proven = old.proven;
        facts.failed = old.failed;
        facts.audit = old.audit;
        facts.chain = old.chain;
        new.interests = self.interests.clone();
        new.needs = std::mem::take(&mut self.needs);
        new.asks_once = self.asks_once;
        new.lines_in_use = std::mem::take(&mut self.lines_in_use);
        new.records = self.records.take();
        new.is_anew = true;
        *self = new;
    }

    /// Services that somebody looks at.
    pub fn looked_at(&self) -> BTreeSet<&ServiceId> {
        let ids = self.interests.iter().filter_map(|i| match i {
            Interest::Tasks(id) | Interest::Revisions(id) | Interest::Deployments(id) => Some(id),
            _ => None,
        });
        ids.collect()
    }

    /// Services that somebody looks at or acts on.
    pub fn of_interest(&self) -> Vec<ServiceId> {
        let ids = self.looked_at().into_iter().chain(self.acted_on());
        let mut ids: Vec<ServiceId> = ids.cloned().collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Services that an action is changing.
    pub fn acted_on(&self) -> impl Iterator<Item = &ServiceId> {
        let going = self.facts.runs.iter().filter(|r| r.goes_on());
        going.filter_map(|r| r.intent.service())
    }

    /// Services that are deploying, by their own rollouts.
    pub fn deploying(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.values().filter(|s| s.is_deploying())
    }

    /// Changes with every state that a person would want to hear of at once: health of services and targets, alarms, deployments, what
    /// cannot be read. Figures and ages are not in it.
    pub fn pulse(&self) -> u64 {
        let mut pulse = DefaultHasher::new();
        for service in self.services.values() {
            (service.counts, service.health(), service.is_deploying()).hash(&mut pulse);
        }
        let facts = &self.facts;
        for alarm in facts.alarms.value.iter().flat_map(|all| all.iter()) {
            alarm.state.hash(&mut pulse);
        }
        for deployment in facts.deployments.value.iter().flat_map(|all| all.iter()) {
            deployment.state.hash(&mut pulse);
        }
        for group in facts.target_groups.value.iter().flat_map(|all| all.iter()) {
            group.healthy().hash(&mut pulse);
        }
        for error in [
            &facts.clusters.error,
            &facts.services.error,
            &facts.deployments.error,
            &facts.target_groups.error,
            &facts.alarms.error,
            &facts.series.error,
        ] {
            error.as_ref().map(|problem| problem.kind).hash(&mut pulse);
        }
        pulse.finish()
    }

    /// Whether something moves, so that asking faster is worth its calls.
    pub fn is_lively(&self) -> bool {
        self.deploying().next().is_some() || self.acted_on().next().is_some()
    }
}
