//! All that is known of the platform at one moment, each part with its age: what the watch publishes and everybody reads.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::action::{Intent, Run};
use super::alarm::{Alarm, AlarmEvent};
use super::audit::{AuditRow, ChainVerdict, Proven, SignOff};
pub use super::author::Author;
use super::backup::Drill;
use super::dashboard::{BoardData, Dashboard, DashboardEntry, LogTable, OwnDashboard};
use super::deployment::{Deployment, DeploymentSource, DeploymentState, PastDeployment};
use super::elsewhere::Section;
use super::estate::Estate;
use super::failure::Failure;
use super::guard::GuardProbe;
use super::log::{LineSample, LogGroup, LogTail};
use super::metric::{MetricId, MetricQuery, Series, Window};
use super::observer::LastFailure;
use super::part::{Freshness, Part};
use super::probe::{DnsProbe, HttpsProbe, HttpsTarget, TlsProbe};
use super::problem::Problem;
use super::reached::Reached;
use super::service::{Cluster, Identity, Service, ServiceId, Task, TaskDefinition};
use super::slo::Slo;
use super::target::{TargetGroup, as_bound};
use super::targets_told::TargetsTold;

/// What a provider (or one API of it) is like at present.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderHealth {
    /// `sts`, `ecs`, `elb`, `cloudwatch`, `logs`, `https`, `tls`, `dns`, `store`.
    pub name: String,
    /// Last good answer (UTC).
    pub last_ok: Option<Timestamp>,
    /// Last failure, cleared by the next good answer.
    pub problem: Option<Problem>,
    /// When it will be asked again after a failure or throttling (UTC).
    pub next_try: Option<Timestamp>,
    /// Calls made in the last 60 seconds.
    pub calls_per_minute: u32,
    /// Metrics of CloudWatch that were asked for, each of which AWS charges; `None`: none ever were.
    pub metered: Option<Metered>,
    /// Median latency of recent calls, milliseconds.
    pub latency_ms: Option<f64>,
    /// Seconds that its clock is ahead of this machine's, by the `Date` of its last answer; `None`: it told none.
    pub clock_s: Option<i64>,
    /// Whether its configuration asks for it at all (`false`: "not configured").
    pub configured: bool,
}

/// Metrics that were asked for, and in how long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Metered {
    /// How many, each as often as it was asked for.
    pub metrics: u32,
    /// In the last so many seconds: an hour, or as long as the console runs.
    pub seconds: u32,
}

impl ProviderHealth {
    /// Whose it is: AWS has a line for each of its services, probes from here one for each kind; every other vendor has one.
    pub fn owner(&self) -> &str {
        match self.name.as_str() {
            "https" | "tls" | "dns" => "probes",
            "store" | "slack" | "smtp" | "github" | "sentry" | "vercel" | "cloudflare"
            | "postgres" | "redis" => &self.name,
            "postgres-elsewhere" => "postgres",
            "redis-elsewhere" => "redis",
            _ => "aws",
        }
    }
}

/// Series asked for by an interest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Charts {
    /// The window that the series cover.
    pub window: Option<Window>,
    /// Answers.
    pub series: Vec<Arc<Series>>,
}

/// Everything known. Cloning is cheap where it matters: big parts are behind `Arc`.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Counts up with each change.
    pub seq: u64,
    /// When this picture was put together (UTC).
    pub taken_at: Timestamp,
    /// Environment's name (`production`).
    pub environment: String,
    /// Names of all environments of the configuration.
    pub environments: Vec<String>,
    /// What its file says of each of them; none where there are no sections.
    pub sections: Vec<Section>,
    /// Clusters that the configuration lists for the environment that is looked at; none where it leaves that to what is found.
    pub listed_clusters: Vec<String>,
    /// Whether this is the embedded sandbox.
    pub demo: bool,
    /// Whether mutations are refused.
    pub read_only: bool,
    /// How much may be lost: the age that the newest backup of a store may have.
    pub rpo: Duration,
    /// How long the restore of a store may take; `None`: nobody set it.
    pub rto: Option<Duration>,
    /// Who we are.
    pub identity: Part<Identity>,
    /// The account that the configuration expects the credentials to be of.
    pub expected_account: Option<String>,
    /// The account of before, where the credentials became another one's while it was looked at.
    pub account_before: Option<String>,
    /// Clusters.
    pub clusters: Part<Vec<Cluster>>,
    /// Services, in the order of [`Facts::own_first`].
    pub services: Part<Arc<Vec<Arc<Service>>>>,
    /// Where the services' error is about some of them alone: those that it is about.
    pub services_unread: Option<BTreeSet<ServiceId>>,
    /// The same by cluster: those of which not all services could be listed and read. What is not listed is no row that could be old.
    pub clusters_unread: Vec<String>,
    /// Task definitions that services use, by ARN.
    pub task_definitions: Part<Arc<BTreeMap<String, Arc<TaskDefinition>>>>,
    /// Where the task definitions' error is about some of them alone: why each could not be read, by ARN.
    pub definitions_unread: Arc<BTreeMap<String, Problem>>,
    /// Running and recent deployments, newest first.
    pub deployments: Part<Arc<Vec<Arc<Deployment>>>>,
    /// Who began deployments, by their ids, as it was once learned: what says so goes away.
    pub authors: Arc<BTreeMap<String, Author>>,
    /// Past deployments of services, newest first, as far back as one question reaches: for the checklist.
    pub histories: BTreeMap<ServiceId, Part<Arc<Vec<PastDeployment>>>>,
    /// Why deployments failed that were looked at, by their ids.
    pub failures: BTreeMap<String, Part<Arc<Failure>>>,
    /// Tasks of the service looked at.
    pub tasks: BTreeMap<ServiceId, Part<Arc<Vec<Task>>>>,
    /// Revisions of the service looked at, newest first.
    pub revisions: BTreeMap<ServiceId, Part<Arc<Vec<Arc<TaskDefinition>>>>>,
    /// Target groups.
    pub target_groups: Part<Arc<Vec<TargetGroup>>>,
    /// How the targets of each group were last told of.
    pub targets_told: Arc<TargetsTold>,
    /// Services whose targets are not all well, or not told of any more, as [`Facts::judge_targets`] worked it out.
    pub reached: Arc<BTreeMap<ServiceId, Reached>>,
    /// Alarms: firing first, then by severity, then by name.
    pub alarms: Part<Arc<Vec<Arc<Alarm>>>>,
    /// Whether the endpoint knows no log alarms: those that there may be are not among the alarms.
    pub log_alarms_untold: bool,
    /// History of the alarms looked at.
    pub alarm_history: BTreeMap<String, Part<Arc<Vec<AlarmEvent>>>>,
    /// The common series: what the overview and the alarms need, by query.
    pub series: Part<Arc<BTreeMap<MetricQuery, Arc<Series>>>>,
    /// Other regions that were asked for some of these and did not answer, and why: what they told before stands in there still.
    pub series_untold: Arc<BTreeMap<String, Problem>>,
    /// Days of what fills up, an hour a point.
    pub trends: Part<Arc<Vec<Series>>>,
    /// Series on the metrics screen.
    pub charts: Part<Charts>,
    /// Dashboards of the account, by name.
    pub dashboards: Part<Arc<Vec<DashboardEntry>>>,
    /// This console's own dashboards.
    pub own_dashboards: Part<Arc<Vec<OwnDashboard>>>,
    /// The account's dashboard that is looked at, by name.
    pub dashboard: BTreeMap<String, Part<Arc<Dashboard>>>,
    /// Series of the dashboard looked at.
    pub board: Part<BoardData>,
    /// Answers to its log queries, by the widget's place.
    pub board_logs: BTreeMap<usize, Part<Arc<LogTable>>>,
    /// Names of metrics.
    pub metric_names: Part<Arc<Vec<MetricId>>>,
    /// Promises.
    pub slos: Part<Vec<Slo>>,
    /// Log groups.
    pub log_groups: Part<Arc<Vec<LogGroup>>>,
    /// The log looked at.
    pub logs: Part<LogTail>,
    /// What a few of the newest lines of each group that services log to came to, for the checklist.
    pub log_samples: BTreeMap<String, Part<LineSample>>,
    /// What is right for each URL that is probed.
    pub https_targets: Vec<HttpsTarget>,
    /// HTTPS probes by URL.
    pub https: BTreeMap<String, Part<HttpsProbe>>,
    /// How URLs treat strangers, by URL.
    pub guards: BTreeMap<String, Part<GuardProbe>>,
    /// TLS probes by `host:port`.
    pub tls: BTreeMap<String, Part<TlsProbe>>,
    /// DNS probes by name.
    pub dns: BTreeMap<String, Part<DnsProbe>>,
    /// Every further system: databases, stores, other vendors.
    pub estate: Estate,
    /// Criteria of the plan that a drill settles.
    pub drills: Arc<Vec<Drill>>,
    /// Sign-offs and waivers, the newest for each criterion.
    pub signoffs: Part<Vec<SignOff>>,
    /// When criteria became proved, by criterion.
    pub proven: Part<Arc<BTreeMap<String, Proven>>>,
    /// Criteria whose probes were seen failing, by criterion.
    pub failed: Part<Arc<BTreeMap<String, LastFailure>>>,
    /// Newest rows of the audit chain, newest first.
    pub audit: Part<Arc<Vec<AuditRow>>>,
    /// Whether the chain verifies.
    pub chain: Part<ChainVerdict>,
    /// Actions of this console and those that it picked up, newest first.
    pub runs: Arc<Vec<Run>>,
    /// State of each provider.
    pub providers: Vec<ProviderHealth>,
}

/// Clusters that are named before it is said how many more there are.
const NAMED: usize = 3;

/// The vendor's clock need not be ours, seconds.
pub(super) const APART_S: i64 = 5;

/// Whether a deployment began in the time of an action.
pub(super) fn began_within(run: &Run, d: &Deployment) -> bool {
    let since = run.started_at.as_second() - APART_S;
    let until = run.finished_at.map(|at| at.as_second() + APART_S);
    let began = d.started_at.or(d.created_at).map(Timestamp::as_second);
    began.is_some_and(|at| at >= since && until.is_none_or(|until| at <= until))
}

/// Whether a deployment brings the revision that an action puts into place, as far as both are known. Going back by `deployments[]`,
/// it names what it goes back to.
fn brings_it(run: &Run, d: &Deployment) -> bool {
    let turns = d.source == DeploymentSource::Rollouts && d.state.is_bad();
    match (&run.brings, &d.to) {
        (Some(ours), Some(to)) if !turns => {
            (&ours.family, ours.number) == (&to.revision.family, to.revision.number)
        }
        _ => true,
    }
}

impl Facts {
    /// Whether what is known of one service may be believed. Where only some services could not be read, the others may: their age
    /// is that of the part.
    pub fn is_service_fresh(&self, id: &ServiceId, now: Timestamp) -> bool {
        self.service_freshness(id, now) == Freshness::Fresh
    }

    /// The same, told apart by whether it is only old, or could not be read.
    pub fn service_freshness(&self, id: &ServiceId, now: Timestamp) -> Freshness {
        match &self.services_unread {
            Some(unread) if unread.contains(id) => Freshness::Failed,
            Some(_) if self.services.is_young(now) => Freshness::Fresh,
            Some(_) => Freshness::Stale,
            None => self.services.freshness(now),
        }
    }

    /// Of which clusters not all services could be read, in words. `None`: of all, or of none.
    pub fn unread_words(&self) -> Option<String> {
        let all = &self.clusters_unread;
        let named = all.get(..all.len().min(NAMED)).unwrap_or_default();
        let more = match all.len() - named.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        (!all.is_empty()).then(|| format!("not all read of {}{more}", named.join(", ")))
    }

    /// The service of that id, if known.
    pub fn service(&self, id: &ServiceId) -> Option<&Arc<Service>> {
        self.services.value.as_ref()?.iter().find(|s| &s.id == id)
    }

    /// What a service is called: its name alone, or with its cluster where a service of another cluster has the same name.
    pub fn name_of<'a>(&self, id: &'a ServiceId) -> Cow<'a, str> {
        let mut rows = self.service_rows().iter();
        match rows.any(|s| s.id.name == id.name && s.id.cluster != id.cluster) {
            true => Cow::Owned(id.to_string()),
            false => Cow::Borrowed(&id.name),
        }
    }

    /// All services known, those of the environment that is looked at first, then by id.
    pub fn service_rows(&self) -> &[Arc<Service>] {
        self.services.value.as_ref().map_or(&[], |v| v.as_slice())
    }

    /// All alarms known.
    pub fn alarm_rows(&self) -> &[Arc<Alarm>] {
        self.alarms.value.as_ref().map_or(&[], |v| v.as_slice())
    }

    /// All deployments known, newest first.
    pub fn deployment_rows(&self) -> &[Arc<Deployment>] {
        self.deployments
            .value
            .as_ref()
            .map_or(&[], |v| v.as_slice())
    }

    /// The deployment that an action brought about, or works on, once its call was made: the newest of its service that was begun in
    /// the action's time, or the running one while the action goes on; of the action's revision, where that is known. Once ECS has
    /// told which one it is, it is that one.
    pub fn deployment_of(&self, run: &Run) -> Option<&Arc<Deployment>> {
        if matches!(run.intent, Intent::Scale { .. }) || !run.has_called() {
            // The one changes how many tasks run, of whatever revision; the other has changed nothing.
            return None;
        }
        let service = run.intent.service()?;
        let ours = |d: &&Arc<Deployment>| {
            brings_it(run, d) && ((run.goes_on() && d.state.is_running()) || began_within(run, d))
        };
        // Those that go on come first, then the newest: what ended long before cannot be it, and there may be thousands of those. A stop
        // works on one that began before it, by a day at most as bake times go.
        let since = (run.started_at).saturating_sub(SignedDuration::from_hours(48));
        let since = since.unwrap_or(run.started_at);
        let rows = self.deployment_rows().iter();
        let rows =
            rows.take_while(|d| d.state.is_running() || d.created_at.is_none_or(|at| at >= since));
        let mut rows = rows.filter(|d| &d.service == service);
        let Some(own) = &run.deployment else {
            return rows.find(ours);
        };
        // A service whose service deployments are not read tells of the same one under another id. Somebody else's may be newer than
        // ours: only where ours is not told by its id is it guessed.
        rows.clone()
            .find(|d| &d.id == own)
            .or_else(|| rows.find(|d| d.source == DeploymentSource::Rollouts && ours(d)))
    }

    /// Seconds that the newest deployment of the same service took that went well, in the same way as this one.
    pub fn last_run_of(&self, d: &Deployment) -> Option<i64> {
        let rows = self.deployment_rows().iter();
        let like = rows.filter(|r| {
            r.service == d.service
                && r.strategy == d.strategy
                && r.state == DeploymentState::Successful
        });
        let newest = like.max_by_key(|r| r.finished_at)?;
        let began = newest.started_at.or(newest.created_at)?;
        let took = newest.finished_at?.duration_since(began).as_secs();
        (took > 0).then_some(took)
    }

    /// The task definition that a service is set to, if it was read.
    pub fn task_definition(&self, service: &Service) -> Option<&Arc<TaskDefinition>> {
        self.task_definitions
            .value
            .as_ref()?
            .get(&service.revision.arn)
    }

    /// The task definition that tells what a service runs: that of the revision it is set to, or, until that was read, of the newest
    /// one that was rolled out to its end.
    pub fn definition_in_use(&self, service: &Service) -> Option<&Arc<TaskDefinition>> {
        self.task_definition(service).or_else(|| {
            let before = service.completed_rollout()?;
            self.task_definitions
                .value
                .as_ref()?
                .get(&before.revision.arn)
        })
    }

    /// Target groups bound to a service.
    pub fn targets_of<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a TargetGroup> {
        self.target_groups
            .value
            .iter()
            .flat_map(|v| v.iter())
            .filter(|tg| {
                service
                    .load_balancers
                    .iter()
                    .any(|lb| lb.groups().any(|arn| arn == tg.arn))
            })
    }

    /// Target groups bound to a service, the two of a pair as one: what is judged.
    pub fn bound_targets_of(&self, service: &Service) -> Vec<Cow<'_, TargetGroup>> {
        let bindings: Vec<_> = service.load_balancers.iter().collect();
        let groups = self.target_groups.value.as_deref();
        as_bound(groups.map_or(&[], |g| g.as_slice()), &bindings)
    }

    /// Calls to vendors in the last 60 seconds.
    pub fn calls_per_minute(&self) -> u32 {
        self.providers.iter().map(|p| p.calls_per_minute).sum()
    }

    /// A common series, if it was read.
    pub fn series(&self, query: &MetricQuery) -> Option<&Arc<Series>> {
        self.series.value.as_ref()?.get(query)
    }

    /// Age of this picture.
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.taken_at)).unwrap_or(Duration::ZERO)
    }
}
