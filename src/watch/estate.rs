//! The registry of the estate's systems: which part of the picture each fills, on which line, from which question, how often.
//! A new system is one row here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::picture::Picture;
use super::topic::{Topic, Wanted};
use crate::backend::Backend;
use crate::backend::transport::Line;
use crate::domain::digests::Resolved;
use crate::domain::estate::Estate;
use crate::domain::facts::Facts;
use crate::domain::image::EcrName;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};

/// An answer on its way into its part.
type Put = Box<dyn FnOnce(&mut Estate, Timestamp) -> Option<ProblemKind> + Send>;

/// What came back, ready to be joined to the picture.
pub struct Joining(Put);

impl std::fmt::Debug for Joining {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Joining")
    }
}

/// What is known when a question is asked.
pub struct Known {
    estate: Estate,
    /// References of the images that services run.
    running: Vec<String>,
}

impl std::ops::Deref for Known {
    type Target = Estate;

    fn deref(&self) -> &Estate {
        &self.estate
    }
}

impl Known {
    fn of(p: &Picture) -> Self {
        let definitions = p.facts.task_definitions.value.iter();
        let mut running: Vec<String> = definitions
            .flat_map(|all| all.values())
            .flat_map(|d| d.containers.iter().map(|c| c.image.clone()))
            .collect();
        running.extend(resolved(&p.facts));
        running.sort_unstable();
        running.dedup();
        Self {
            estate: p.facts.estate.clone(),
            running,
        }
    }
}

/// The images that run by their digests, where ECS told what it resolved their tags to: what such a tag means by now may be another.
fn resolved(facts: &Facts) -> Vec<String> {
    let resolved = Resolved::of(facts);
    let mut all = Vec::new();
    for service in facts.service_rows() {
        let Some(definition) = facts.definition_in_use(service) else {
            continue;
        };
        for c in &definition.containers {
            let Some(name) = EcrName::of(&c.image) else {
                continue;
            };
            let digests = resolved.digests(service, &c.image).into_iter();
            all.extend(digests.map(|digest| format!("{}@{digest}", name.uri)));
        }
    }
    all
}

/// A question under way.
type Asking = Pin<Box<dyn Future<Output = Joining> + Send>>;

/// A row of the registry.
pub struct Row {
    /// Name of the part, as in [`Estate`].
    pub part: &'static str,
    /// Name of the line that it is asked on.
    line: &'static str,
    source: &'static str,
    seconds: u64,
    open: fn(&mut Estate, &'static str, Duration),
    ask: fn(Arc<Backend>, Known) -> Asking,
}

/// `part: line, source, seconds, |clients, estate| question;` where `estate` is what is known of the other systems, and `running` of services.
macro_rules! rows {
    ($($part:ident: $line:literal, $source:literal, $seconds:literal, |$clients:ident, $estate:pat_param| $ask:expr;)*) => {
        /// Every system.
        pub const ROWS: &[Row] = &[$(
            Row {
                part: stringify!($part),
                line: $line,
                source: $source,
                seconds: $seconds,
                open: |estate, source, period| estate.$part = Part::never(source, period),
                ask: |backend, known| Box::pin(async move {
                    let ($clients, $estate) = (&backend.estate, &known);
                    let answer: Result<_, Problem> = $ask.await;
                    Joining(Box::new(move |estate, at| {
                        let failure = answer.as_ref().err().map(|e| e.kind);
                        estate.$part.take(answer.map(Arc::new), at);
                        failure
                    }))
                }),
            },
        )*];
    };
}

rows! {
    alarm_mutes: "alarm-mutes", "cloudwatch:ListAlarmMuteRules", 300, |clients, _| clients.mutes.active();
    databases: "rds", "rds:DescribeDBInstances", 60, |clients, _| clients.rds.databases();
    db_vitals: "rds-metrics", "cloudwatch:GetMetricData", 60, |clients, known| clients.rds.vitals(known.databases.value.as_deref());
    db_transit: "rds", "rds:DescribeDBParameters", 900, |clients, known| clients.rds.transit(known.databases.value.as_deref());
    db_limits: "rds", "rds:DescribeDBParameters (max_connections)", 900, |clients, known| clients.rds.limits(known.databases.value.as_deref());
    db_events: "rds", "rds:DescribeEvents", 120, |clients, _| clients.rds.events();
    statements: "pi", "pi:DescribeDimensionKeys", 120, |clients, known| clients.performance.top(&clients.rds, known.databases.value.as_deref());
    snapshots: "rds", "rds:DescribeDBSnapshots", 300, |clients, _| clients.rds.snapshots();
    snapshots_abroad: "rds", "rds:DescribeDBSnapshots (second region)", 300, |clients, known| clients.rds.abroad(known.databases.value.as_deref());
    recovery_points: "backup", "backup:ListRecoveryPointsByBackupVault", 300, |clients, _| clients.vaults.points();
    recovery_points_abroad: "backup", "backup:ListRecoveryPointsByBackupVault (second region)", 300, |clients, _| clients.vaults.abroad();
    backup_jobs: "backup", "backup:ListBackupJobs", 300, |clients, _| clients.vaults.jobs();
    restores: "backup", "backup:ListRestoreJobs", 300, |clients, _| clients.vaults.restores();
    cost: "cost", "ce:GetCostAndUsage", 600, |clients, _| clients.costexplorer.cost();
    flags: "appconfig", "appconfig:ListDeployments", 60, |clients, _| clients.appconfig.flags();
    network: "ec2", "ec2:DescribeSecurityGroups", 300, |clients, _| clients.ec2.network();
    scaling: "autoscaling", "application-autoscaling:DescribeScalableTargets", 60, |clients, _| clients.autoscaling.targets();
    scaled: "autoscaling", "application-autoscaling:DescribeScalingActivities", 60, |clients, _| clients.autoscaling.activities();
    walls: "waf", "wafv2:ListWebACLs", 900, |clients, _| clients.waf.walls();
    secrets: "secretsmanager", "secretsmanager:ListSecrets", 900, |clients, _| clients.secretsmanager.secrets();
    access: "iam", "iam:GetAccountAuthorizationDetails", 600, |clients, _| clients.iam.access();
    targets_abroad: "elb-abroad", "elasticloadbalancing:DescribeTargetHealth (second region)", 60, |clients, _| clients.balancers.targets();
    caches: "elasticache", "elasticache:DescribeReplicationGroups", 120, |clients, _| clients.elasticache.caches();
    redis: "redis", "redis:INFO, DBSIZE, SLOWLOG GET", 30, |clients, _| clients.redis.look();
    redis_elsewhere: "redis-elsewhere", "redis:INFO (other environments)", 300, |clients, _| clients.redis_elsewhere.servers();
    postgres: "postgres", "postgres:pg_stat_activity, pg_locks, pg_stat_replication, pg_stat_database", 30, |clients, _| clients.postgres.now();
    postgres_shape: "postgres", "postgres:pg_stat_statements, pg_stat_user_tables, pg_stat_user_indexes", 300, |clients, _| clients.postgres.shape();
    schemas: "postgres-elsewhere", "postgres:migrations", 300, |clients, _| clients.elsewhere.schemas();
    buckets: "s3", "s3:ListBuckets", 600, |clients, _| clients.s3.buckets();
    stacks: "cloudformation", "cloudformation:DescribeStacks", 120, |clients, estate| clients.cloudformation.stacks(&estate.stacks);
    registry: "ecr", "ecr:DescribeImages", 300, |clients, estate| clients.ecr.registry(&estate.registry, &estate.running);
    topics: "sns", "sns:ListTopics", 300, |clients, _| clients.sns.topics();
    pipelines: "github", "github:ListWorkflowRuns", 60, |clients, _| clients.github.pipelines();
    github_deployments: "github", "github:ListDeployments", 180, |clients, _| clients.github.deployments();
    scanners: "github", "github:ListAlerts", 600, |clients, _| clients.github.findings();
    errors: "sentry", "sentry:ListIssues", 60, |clients, _| clients.sentry.errors();
    error_events: "sentry", "sentry:RetrieveLatestEvent", 120, |clients, estate| clients.sentry.events(&estate.errors);
    error_releases: "sentry", "sentry:ListReleases", 120, |clients, _| clients.sentry.releases();
    slack: "slack", "slack:auth.test", 300, |clients, _| clients.slack.workspace();
    smtp: "smtp", "smtp:EHLO, NOOP", 300, |clients, _| clients.smtp.look();
    vercel: "vercel", "vercel:GET /v7/deployments", 30, |clients, _| clients.vercel.hosting();
    vercel_settings: "vercel", "vercel:GET /v10/projects/{id}/env", 300, |clients, _| clients.vercel.settings();
    vercel_aliases: "vercel", "vercel:GET /v4/aliases", 120, |clients, _| clients.vercel.aliases();
    cloudflare_zones: "cloudflare", "cloudflare:GET /zones", 60, |clients, _| clients.cloudflare.zones();
    cloudflare_records: "cloudflare", "cloudflare:GET /zones/{id}/dns_records", 120, |clients, _| clients.cloudflare.records();
    cloudflare_settings: "cloudflare", "cloudflare:GET /zones/{id}/settings", 300, |clients, _| clients.cloudflare.settings();
    cloudflare_firewall: "cloudflare", "cloudflare:GET /zones/{id}/rulesets", 300, |clients, _| clients.cloudflare.firewall();
    cloudflare_traffic: "cloudflare", "cloudflare:POST /graphql", 120, |clients, _| clients.cloudflare.traffic();
}

fn row(part: &str) -> Option<&'static Row> {
    ROWS.iter().find(|r| r.part == part)
}

/// Gives each part its source and period.
pub fn open(estate: &mut Estate) {
    for row in ROWS {
        (row.open)(estate, row.source, Duration::from_secs(row.seconds));
    }
}

/// The line that a part is asked on.
pub fn line<'a>(backend: &'a Backend, part: &str) -> Option<&'a Arc<Line>> {
    let name = row(part)?.line;
    backend.estate.lines.iter().find(|l| l.name() == name)
}

/// Every system that the configuration asks for.
pub fn wanted(p: &Picture) -> impl Iterator<Item = Wanted> {
    ROWS.iter()
        .filter(|r| p.lines_in_use.contains(&r.line))
        .map(|r| Wanted::every(Topic::Estate(r.part), r.seconds * 1_000))
}

/// Puts a question together; `None`: there is no such part.
pub fn ask(part: &str, p: &Picture, backend: Arc<Backend>) -> Option<Asking> {
    Some((row(part)?.ask)(backend, Known::of(p)))
}

/// Joins an answer.
pub fn take(p: &mut Picture, answer: Joining, at: Timestamp) -> Option<ProblemKind> {
    answer.0(&mut p.facts.estate, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_one_row_with_a_source() {
        let mut parts: Vec<_> = ROWS.iter().map(|r| r.part).collect();
        let all = parts.len();
        parts.sort_unstable();
        parts.dedup();
        assert_eq!(parts.len(), all);
        assert!(
            ROWS.iter()
                .all(|r| r.source.contains(':') && r.seconds >= 10)
        );
    }
}
