//! The clients of the rest of the estate, with their lines: one field and one line of [`Estate::new`] a system.

use std::sync::Arc;

use super::aws::Aws;
use super::aws::appconfig::AppConfig;
use super::aws::autoscaling::AutoScaling;
use super::aws::balancers::Balancers;
use super::aws::cloudformation::CloudFormation;
use super::aws::cloudwatch_mutes::AlarmMutes;
use super::aws::costexplorer::CostExplorer;
use super::aws::ec2::Ec2;
use super::aws::ecr::Ecr;
use super::aws::ecs_quote::EcsQuotes;
use super::aws::elasticache::ElastiCache;
use super::aws::iam::Iam;
use super::aws::performance::Performance;
use super::aws::rds::Rds;
use super::aws::s3::S3;
use super::aws::secretsmanager::SecretsManager;
use super::aws::signed::Signed;
use super::aws::sns::Sns;
use super::aws::vaults::Vaults;
use super::aws::waf::Waf;
use super::cloudflare::Cloudflare;
use super::github::Github;
use super::postgres::Postgres;
use super::postgres::elsewhere::Elsewhere;
use super::redis::Redis;
use super::redis::elsewhere::Elsewhere as RedisElsewhere;
use super::sentry::Sentry;
use super::slack::Slack;
use super::smtp::Smtp;
use super::tls::trust::Trust;
use super::transport::{Courier, Line};
use super::vercel::Vercel;
use super::wanted::Wanted;
use crate::config::Config;

/// The clients.
#[derive(Debug)]
pub struct Estate {
    /// ECS in its own words.
    pub quotes: EcsQuotes,
    /// Amazon RDS.
    pub rds: Rds,
    /// Performance Insights.
    pub performance: Performance,
    /// AWS Backup.
    pub vaults: Vaults,
    /// GitHub.
    pub github: Github,
    /// Rules that mute alarms.
    pub mutes: AlarmMutes,
    /// AWS AppConfig.
    pub appconfig: AppConfig,
    /// Application Auto Scaling.
    pub autoscaling: AutoScaling,
    /// Cost Explorer.
    pub costexplorer: CostExplorer,
    /// EC2: the network.
    pub ec2: Ec2,
    /// AWS WAF and Shield.
    pub waf: Waf,
    /// AWS Secrets Manager.
    pub secretsmanager: SecretsManager,
    /// Identity and Access Management.
    pub iam: Iam,
    /// Load balancers of the second region.
    pub balancers: Balancers,
    /// Amazon ElastiCache.
    pub elasticache: ElastiCache,
    /// PostgreSQL itself.
    pub postgres: Postgres,
    /// PostgreSQL of the other environments.
    pub elsewhere: Elsewhere,
    /// Redis itself.
    pub redis: Redis,
    /// Redis of the environments that are not looked at.
    pub redis_elsewhere: RedisElsewhere,
    /// S3.
    pub s3: S3,
    /// CloudFormation.
    pub cloudformation: CloudFormation,
    /// ECR.
    pub ecr: Ecr,
    /// SNS.
    pub sns: Sns,
    /// Sentry.
    pub sentry: Sentry,
    /// Slack.
    pub slack: Slack,
    /// The mail server.
    pub smtp: Smtp,
    /// Vercel.
    pub vercel: Vercel,
    /// Cloudflare.
    pub cloudflare: Cloudflare,
    /// The line of each, in the order shown.
    pub lines: Vec<Arc<Line>>,
}

impl Estate {
    /// Names of the lines that the configuration asks for.
    pub fn in_use(&self) -> Vec<&'static str> {
        let asked = self.lines.iter().filter(|l| l.is_configured());
        asked.map(|l| l.name()).collect()
    }

    /// Makes the clients; no network I/O.
    pub fn new(
        config: &Config,
        aws: &Arc<Aws>,
        courier: &Arc<Courier>,
        trust: &Arc<Trust>,
    ) -> Self {
        let mut lines = Vec::new();
        let mut line = |name: &'static str, configured: bool| {
            let line = Arc::new(Line::new(name, config.read_only, configured));
            lines.push(line.clone());
            line
        };
        let signed = Arc::new(Signed::new(aws.clone(), courier.clone()));
        let second = || config.backups.second_region.clone();
        let wanted = Wanted::of(&config.probes);
        Self {
            quotes: EcsQuotes::new(signed.clone(), aws.lines().ecs.clone()),
            rds: Rds::new(
                signed.clone(),
                line("rds", true),
                line("rds-metrics", true),
                second(),
            ),
            performance: Performance::new(signed.clone(), line("pi", true)),
            vaults: Vaults::new(signed.clone(), line("backup", true), second()),
            mutes: AlarmMutes::new(aws.clone(), line("alarm-mutes", true)),
            appconfig: AppConfig::new(signed.clone(), line("appconfig", true)),
            autoscaling: AutoScaling::new(signed.clone(), line("autoscaling", true)),
            costexplorer: CostExplorer::new(
                &config.cost,
                signed.clone(),
                line("cost", config.cost.is_configured()),
            ),
            ec2: Ec2::new(signed.clone(), line("ec2", true)),
            waf: Waf::new(signed.clone(), line("waf", true)),
            secretsmanager: SecretsManager::new(signed.clone(), line("secretsmanager", true)),
            iam: Iam::new(
                signed.clone(),
                line("iam", true),
                config.backups.may_delete.clone(),
            ),
            balancers: Balancers::new(
                signed.clone(),
                line("elb-abroad", config.aws.second_region.is_some()),
                config.aws.second_region.clone(),
            ),
            elasticache: ElastiCache::new(signed.clone(), line("elasticache", true)),
            postgres: Postgres::new(
                &config.postgres,
                trust.clone(),
                line("postgres", config.postgres.url.is_some()),
            ),
            redis_elsewhere: RedisElsewhere::new(
                &config.redis_elsewhere,
                trust,
                &line("redis-elsewhere", !config.redis_elsewhere.is_empty()),
            ),
            elsewhere: Elsewhere::new(
                &config.postgres_elsewhere,
                trust,
                &line("postgres-elsewhere", !config.postgres_elsewhere.is_empty()),
            ),
            redis: Redis::new(
                &config.redis,
                trust.clone(),
                line("redis", config.redis.url.is_some()),
            ),
            s3: S3::new(signed.clone(), line("s3", true), aws.clone()),
            cloudformation: CloudFormation::new(signed.clone(), line("cloudformation", true)),
            ecr: Ecr::new(signed.clone(), line("ecr", true)),
            sns: Sns::new(signed.clone(), line("sns", true)),
            github: Github::new(
                &config.github,
                courier.clone(),
                line("github", config.github.is_configured()),
            ),
            sentry: Sentry::new(
                &config.sentry,
                courier.clone(),
                line("sentry", config.sentry.is_configured()),
            ),
            slack: Slack::new(
                &config.slack,
                courier.clone(),
                line("slack", config.slack.is_configured()),
            ),
            smtp: Smtp::new(
                &config.smtp,
                trust.clone(),
                line("smtp", config.smtp.host.is_some()),
            ),
            vercel: Vercel::new(
                &config.vercel,
                wanted.clone(),
                courier.clone(),
                line("vercel", config.vercel.is_configured()),
            ),
            cloudflare: Cloudflare::new(
                &config.cloudflare,
                wanted,
                courier.clone(),
                line("cloudflare", config.cloudflare.is_configured()),
            ),
            lines,
        }
    }
}
