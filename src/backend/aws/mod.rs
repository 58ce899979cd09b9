//! AWS, through the official SDKs. Each file turns one service's answers into domain types.

mod abroad;
pub mod appconfig;
pub mod autoscaling;
pub mod balancers;
pub mod cloudformation;
pub mod cloudwatch;
mod cloudwatch_alarms;
pub mod cloudwatch_dashboards;
pub mod cloudwatch_mutes;
pub mod convert;
pub mod costexplorer;
pub mod ec2;
pub mod ecr;
pub mod ecs;
mod ecs_change;
mod ecs_deployments;
mod ecs_map;
pub mod ecs_quote;
mod ecs_task_definition;
mod ecs_task_sets;
mod ecs_tasks;
pub mod elasticache;
pub mod elbv2;
mod endpoint;
pub mod iam;
mod log_line;
mod log_streams;
pub mod logs;
mod logs_insights;
mod pages;
mod partition;
pub mod performance;
mod primitives;
mod profile;
pub mod rds;
mod region;
pub mod s3;
pub mod secretsmanager;
pub mod signed;
pub mod sns;
mod sound;
pub mod sts;
pub mod vaults;
pub mod waf;

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;

pub(crate) use crate::backend::transport::Question;
use crate::backend::transport::{
    Advice, Cap, Deadline, IDLE, Line, RESTED, Whereabouts, read_retries,
};
use crate::config::AwsConfig;
use crate::domain::action::Permit;
use crate::domain::problem::{Problem, ProblemKind};
use profile::Profile;

/// Clients are made anew after an authentication failure, so that renewed files are read; not more often than this.
const RENEW_AFTER: Duration = Duration::from_secs(3);

/// The lines of the AWS services that we use.
#[derive(Debug)]
pub struct Lines {
    /// STS.
    pub sts: Arc<Line>,
    /// ECS.
    pub ecs: Arc<Line>,
    /// Elastic Load Balancing.
    pub elb: Arc<Line>,
    /// CloudWatch.
    pub cloudwatch: Arc<Line>,
    /// CloudWatch of other regions.
    pub cloudwatch_abroad: Arc<Line>,
    /// CloudWatch Logs.
    pub logs: Arc<Line>,
}

/// SDK clients of one moment's configuration and credentials.
#[derive(Debug)]
pub struct Clients {
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) ecs: aws_sdk_ecs::Client,
    /// For mutations: one attempt, which may take the whole time.
    pub(crate) ecs_once: aws_sdk_ecs::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    /// For other regions: it shares neither line nor retries with the one above.
    pub(crate) cloudwatch_abroad: aws_sdk_cloudwatch::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    /// Region in use.
    pub region: String,
    /// What signs calls that go without an SDK client.
    pub(crate) keys: signed::Keys,
    /// Of which load they are.
    pub(crate) load: u32,
    /// Where ECS is asked, in words.
    of_ecs: String,
    /// The endpoint of CloudWatch; `None`: AWS's own of each region.
    of_cloudwatch: Option<String>,
    whereabouts: Arc<Whereabouts>,
}

/// Where clients go, endpoint and region, in words.
#[derive(Clone, Debug)]
struct Place {
    all: String,
    /// The client of ECS, which may have an endpoint of its own.
    ecs: String,
}

/// The account: its configuration, loaded when first needed and again when credentials fail.
#[derive(Debug)]
pub struct Aws {
    settings: AwsConfig,
    lines: Lines,
    cap: Cap,
    clients: Mutex<Option<Arc<Clients>>>,
    /// Where the clients last went, in words: told while they are made anew, too.
    place: Mutex<Option<Place>>,
    /// How often they were made.
    made: AtomicU32,
    loading: tokio::sync::Mutex<Option<Instant>>,
}

impl Aws {
    /// For a configuration; reads nothing yet. `cap` bounds what its answers take of this machine's memory.
    pub fn new(settings: AwsConfig, lines: Lines, cap: Cap) -> Self {
        Self {
            settings,
            lines,
            cap,
            clients: Mutex::new(None),
            place: Mutex::new(None),
            made: AtomicU32::new(0),
            loading: tokio::sync::Mutex::new(None),
        }
    }

    /// Deadline of one question, where the configuration sets one.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.settings.timeout
    }

    /// The lines, for their health.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// How often configuration and credentials were loaded: they may be another account's each time.
    pub(crate) fn made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Clients>>> {
        self.clients.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Where the clients go, endpoint and region, as far as that was found out: it waits for nobody. `None`: there were no clients yet.
    pub fn place(&self) -> Option<String> {
        self.last_place().map(|place| place.all)
    }

    /// The same of ECS's client.
    pub fn place_of_ecs(&self) -> Option<String> {
        self.last_place().map(|place| place.ecs)
    }

    fn last_place(&self) -> Option<Place> {
        self.place.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// The clients, made from files and environment when first needed.
    ///
    /// # Errors
    /// `Config` where no region is known, or the environment names an endpoint that is none.
    pub async fn clients(&self) -> Result<Arc<Clients>, Problem> {
        if let Some(clients) = self.slot().clone() {
            return Ok(clients);
        }
        let mut loaded_at = self.loading.lock().await;
        if let Some(clients) = self.slot().clone() {
            return Ok(clients);
        }
        let named = self.settings.endpoint.is_some();
        if let Some(problem) = (!named)
            .then(|| endpoint::mistake(std::env::vars_os()))
            .flatten()
        {
            return Err(problem);
        }
        let sdk = self.load().await;
        *loaded_at = Some(Instant::now());
        let profile = match &self.settings.fixed_credentials {
            Some(_) => None,
            None => Profile::in_use(self.settings.profile.as_deref()),
        };
        let no_profile = match &profile {
            Some(profile) => profile.missing().await,
            None => None,
        };
        let whereabouts = Whereabouts {
            profile: profile.map(|p| p.name),
            no_profile,
            ..Whereabouts::default()
        };
        let clients = Arc::new(self.connect(&sdk, whereabouts)?);
        let place = Place {
            all: format!("{} {}", clients.whereabouts.endpoint, clients.region),
            ecs: format!("{} {}", clients.of_ecs, clients.region),
        };
        *self.place.lock().unwrap_or_else(|e| e.into_inner()) = Some(place);
        *self.slot() = Some(clients.clone());
        self.made.store(clients.load, Ordering::Relaxed);
        Ok(clients)
    }

    async fn load(&self) -> SdkConfig {
        let region = self.settings.region.clone().map(Region::new);
        if let Some((key, secret)) = &self.settings.fixed_credentials {
            // The embedded sandbox: nothing of the user's own environment or files may leak into it.
            let keys = Credentials::new(key, secret, None, None, "configuration");
            return SdkConfig::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .credentials_provider(SharedCredentialsProvider::new(keys))
                .region(region)
                .retry_config(read_retries())
                .endpoint_url(self.settings.endpoint.clone().unwrap_or_default())
                .build();
        }
        let mut loader =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).retry_config(read_retries());
        if let Some(region) = region {
            loader = loader.region(region);
        }
        if let Some(profile) = &self.settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &self.settings.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        loader.load().await
    }

    fn connect(&self, sdk: &SdkConfig, known: Whereabouts) -> Result<Clients, Problem> {
        let endpoint = sdk.endpoint_url().map(str::to_owned);
        let region = match (sdk.region(), &endpoint) {
            (Some(region), _) => region.to_string(),
            (None, Some(_)) => "us-east-1".to_owned(),
            (None, None) => return Err(no_region(known.no_profile)),
        };
        let mut sdk = sdk.to_builder().region(Region::new(region.clone()));
        if endpoint.as_deref().is_some_and(is_plain_loopback) {
            // No TLS and no proxy on the way: trusted roots need not be read, five times over.
            let client = aws_smithy_http_client::Builder::new()
                .pool_max_idle_per_host(IDLE)
                .pool_idle_timeout(RESTED);
            sdk = sdk.http_client(client.build_http());
        }
        let sdk = sdk.build();
        let worded =
            |url: Option<&str>| url.map_or_else(|| format!("AWS in {region}"), endpoint::worded);
        let short = Deadline::short(self.settings.timeout).timeouts();
        let long = Deadline::long(self.settings.timeout).timeouts();
        let once = sdk
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .build();
        macro_rules! client {
            ($sdk_crate:ident, $line:expr, $timeouts:expr) => {
                client!($sdk_crate, $line, $timeouts, sdk)
            };
            ($sdk_crate:ident, $line:expr, $timeouts:expr, $config:ident) => {
                $sdk_crate::Client::from_conf(
                    $sdk_crate::config::Builder::from(&$config)
                        .timeout_config($timeouts.clone())
                        .interceptor($line.tally())
                        .interceptor(self.cap.clone())
                        .retry_classifier(self.cap.clone())
                        .retry_classifier($line.tally())
                        .build(),
                )
            };
        }
        Ok(Clients {
            sts: client!(aws_sdk_sts, self.lines.sts, short),
            ecs: aws_sdk_ecs::Client::from_conf(
                client!(aws_sdk_ecs, self.lines.ecs, short)
                    .config()
                    .to_builder()
                    .interceptor(primitives::Primitives)
                    .retry_classifier(primitives::Primitives)
                    .build(),
            ),
            ecs_once: client!(
                aws_sdk_ecs,
                self.lines.ecs,
                Deadline::long(self.settings.timeout).once(),
                once
            ),
            elb: client!(aws_sdk_elasticloadbalancingv2, self.lines.elb, short),
            cloudwatch: client!(aws_sdk_cloudwatch, self.lines.cloudwatch, long),
            cloudwatch_abroad: self.client_abroad(&sdk, &long),
            logs: client!(aws_sdk_cloudwatchlogs, self.lines.logs, long),
            keys: signed::Keys::new(&sdk),
            // One at a time is loaded.
            load: self.made() + 1,
            of_ecs: worded(endpoint::of_ecs(&sdk).as_deref()),
            of_cloudwatch: endpoint::of(&sdk, "CLOUDWATCH"),
            whereabouts: Arc::new(Whereabouts {
                doubt: endpoint
                    .is_none()
                    .then(|| region::advice(&region))
                    .flatten(),
                endpoint: worded(endpoint.as_deref()),
                ..known
            }),
            region,
        })
    }

    /// Asks a read.
    pub(crate) async fn read<T, E, F>(
        &self,
        line: &Line,
        question: Question,
        call: impl FnOnce(&Clients) -> F,
    ) -> Result<T, Problem>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let clients = self.clients().await.inspect_err(|p| line.failed(p))?;
        let asked = question.at(clients.whereabouts.clone());
        let answer = line.read(&asked, Box::pin(call(&clients))).await;
        self.renew_after(answer.as_ref().err()).await;
        answer
    }

    /// Sends a mutation, once, and only with credentials of the load that it is permitted for.
    pub(crate) async fn mutate<T, E, F>(
        &self,
        permit: &Permit,
        line: &Line,
        question: Question,
        call: impl FnOnce(&Clients) -> F,
    ) -> Result<T, Problem>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        line.may_mutate(question.system, question.operation)?;
        let clients = self.clients().await.inspect_err(|p| line.failed(p))?;
        if permit.load().is_some_and(|load| load != clients.load) {
            return Err(loaded_anew(question));
        }
        let asked = question.at(clients.whereabouts.clone());
        let answer = line.mutate(permit, &asked, Box::pin(call(&clients))).await;
        self.renew_after(answer.as_ref().err()).await;
        answer
    }

    /// Credentials that fail are read anew: a person may have logged in meanwhile.
    pub(crate) async fn renew_after(&self, problem: Option<&Problem>) {
        let auth =
            problem.is_some_and(|p| p.is_about_credentials() || p.kind == ProblemKind::Config);
        if !auth || self.settings.fixed_credentials.is_some() {
            return;
        }
        let mut loaded_at = self.loading.lock().await;
        if loaded_at.is_none_or(|at| at.elapsed() >= RENEW_AFTER) {
            *loaded_at = Some(Instant::now());
            *self.slot() = None;
        }
    }
}

impl Clients {
    /// Where calls go, for the words of failures.
    pub(crate) fn whereabouts(&self) -> &Arc<Whereabouts> {
        &self.whereabouts
    }
}

fn is_plain_loopback(endpoint: &str) -> bool {
    ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .filter_map(|host| endpoint.strip_prefix(host))
        .any(|rest| rest.is_empty() || rest.starts_with([':', '/']))
}

/// Between the question whose the credentials are and the call with them others were loaded, whose nobody knows.
fn loaded_anew(question: Question) -> Problem {
    Problem::new(
        ProblemKind::Refused,
        question.system,
        format!("{} was not sent", question.operation),
        "credentials were loaded anew since it was asked whose they are",
        "Try again: who calls is asked anew.",
    )
}

/// A profile that does not exist has no region either.
fn no_region(no_profile: Option<Advice>) -> Problem {
    let Advice { why, fix } = no_profile.unwrap_or_else(|| Advice {
        why: "no region is set".into(),
        fix: "Set AWS_REGION, a `region` in the profile, or `region` in flightdeck.toml.".into(),
    });
    Problem::new(ProblemKind::Config, "aws", "Cannot ask AWS", why, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_without_tls_is_plain_loopback() {
        assert!(is_plain_loopback("http://127.0.0.1:4566/"));
        assert!(!is_plain_loopback("https://127.0.0.1:4566"));
        assert!(!is_plain_loopback("http://127.0.0.1.evil.example"));
        assert!(!is_plain_loopback("http://localhost.example"));
    }

    fn nowhere(fixed_credentials: Option<(String, String)>) -> Aws {
        let line = |name| Arc::new(Line::new(name, false, true));
        let lines = Lines {
            sts: line("sts"),
            ecs: line("ecs"),
            elb: line("elb"),
            cloudwatch: line("cloudwatch"),
            cloudwatch_abroad: line("cloudwatch-abroad"),
            logs: line("logs"),
        };
        let settings = AwsConfig {
            endpoint: Some("http://127.0.0.1:9".into()),
            region: Some("eu-west-1".into()),
            fixed_credentials,
            ..AwsConfig::default()
        };
        Aws::new(settings, lines, Cap::new(Arc::default()))
    }

    /// A read beside it may find them expired, and have those of another account loaded.
    #[tokio::test]
    async fn a_call_is_not_sent_with_credentials_that_were_loaded_after_it_was_asked_whose_they_are()
     {
        const STOP: Question = Question::new("ecs", "StopServiceDeployment", "stop it");
        let aws = nowhere(Some(("key".into(), "secret".into())));
        let permit = Permit::journalled("run".into()).under(aws.clients().await.unwrap().load);
        let line = aws.lines().ecs.clone();
        let send = async || {
            let sent = aws.mutate(&permit, &line, STOP, |c| {
                let ask = c.ecs_once.stop_service_deployment();
                ask.service_deployment_arn("arn:aws:ecs:r:1:d").send()
            });
            sent.await.unwrap_err().kind
        };
        assert_ne!(send().await, ProblemKind::Refused, "nobody listens there");
        *aws.slot() = None;
        assert_eq!(send().await, ProblemKind::Refused);
        assert_eq!(aws.made(), 2);
    }

    /// The store is read beside it every few seconds: a place that has to be waited for makes what lies here late.
    #[tokio::test]
    async fn the_place_is_told_without_waiting_and_outlives_credentials_that_fail() {
        let aws = nowhere(None);
        {
            let _loading = aws.loading.lock().await;
            assert_eq!(aws.place(), None);
        }
        aws.clients().await.unwrap();
        let place = aws.place();
        assert_eq!(place.as_deref(), Some("http://127.0.0.1:9 eu-west-1"));
        *aws.loading.lock().await = None;
        let expired = Problem::new(ProblemKind::NoCredentials, "aws", "w", "y", "f");
        aws.renew_after(Some(&expired)).await;
        assert!(aws.slot().is_none());
        assert_eq!(aws.place(), place);
    }
}
