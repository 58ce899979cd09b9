//! From a topic to its question, and from its answer into the picture.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::estate;
use super::picture::Picture;
use super::topic::Topic;
use super::topics::{
    alarms, boards, charts, deployments, failures, histories, identity, log_groups, logs, outside,
    records, resting_deployments, series, services, slos, targets, task_definitions, tasks, trends,
};
use crate::backend::Backend;
use crate::domain::alarm::Alarm;
use crate::domain::capacity;
use crate::domain::dashboard::{DashboardEntry, OwnDashboard};
use crate::domain::log::LogGroup;
use crate::domain::metric::{MetricId, Series};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::Identity;
use crate::domain::target::TargetGroup;
use crate::store::Store;

/// What came back.
#[derive(Debug)]
pub enum Answer {
    /// There was nothing to ask.
    Nothing,
    /// Who we are.
    Identity(Result<Identity, Problem>),
    /// What there is.
    Inventory(Result<services::Inventory, Problem>),
    /// How services fare.
    Services(services::Described),
    /// Task definitions.
    TaskDefinitions(task_definitions::Read),
    /// Deployments of a service.
    Deployments(deployments::Detail),
    /// Deployments of services at rest.
    RestingDeployments(Vec<deployments::Detail>),
    /// Past deployments of services.
    Histories(histories::Histories),
    /// Tasks of a service.
    Tasks(tasks::Tasks),
    /// Why a deployment failed.
    Failure(failures::Told),
    /// Revisions of a service.
    Revisions(tasks::Revisions),
    /// Target groups.
    TargetGroups(Result<Vec<TargetGroup>, Problem>),
    /// Health of targets.
    TargetHealth(targets::Health),
    /// Alarms.
    Alarms(Result<Vec<Alarm>, Problem>),
    /// History of an alarm.
    AlarmHistory(alarms::History),
    /// The common series.
    Series(series::Answered),
    /// Days of what fills up.
    Trends(Result<Vec<Series>, Problem>),
    /// Counts that the promises are measured by.
    Slos(Result<slos::Counts, Problem>),
    /// A chart.
    Charts(charts::Charted),
    /// Dashboards of the account.
    Dashboards(Result<Vec<DashboardEntry>, Problem>),
    /// Our own.
    OwnDashboards(Vec<OwnDashboard>),
    /// A dashboard.
    Dashboard(boards::Read),
    /// Series of a dashboard.
    Board(boards::Boarded),
    /// Log queries of a dashboard.
    BoardLogs(boards::Queried),
    /// Names of metrics.
    MetricNames(Result<(Vec<MetricId>, bool), Problem>),
    /// Log groups.
    LogGroups(Result<(Vec<LogGroup>, bool), Problem>),
    /// Samples of log lines.
    LogSamples(log_groups::Samples),
    /// Log lines.
    Logs(logs::Read),
    /// What a probe from this machine saw.
    Outside(outside::Seen),
    /// A system of the estate.
    Estate(estate::Joining),
    /// The store.
    Records(records::Records),
}

/// A question under way.
pub type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Whom to ask.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The vendors and the probes.
    pub backend: Arc<Backend>,
    /// The store, where there is one.
    pub store: Option<Arc<Store>>,
}

/// Puts a topic's question together from what is known.
pub fn ask(topic: &Topic, p: &Picture, sources: &Sources) -> Asking {
    let b = sources.backend.clone();
    match topic.clone() {
        Topic::Identity => Box::pin(async move { Answer::Identity(identity::ask(&b).await) }),
        Topic::Inventory => {
            let only = p.config.aws.clusters.clone();
            Box::pin(async move { Answer::Inventory(services::ask_inventory(&b, &only).await) })
        }
        Topic::Services => describe(b, services::choose(p, Instant::now())),
        Topic::BusyServices => describe(b, services::busy(p)),
        Topic::TaskDefinitions => {
            let arns = task_definitions::choose(p);
            Box::pin(async move { Answer::TaskDefinitions(task_definitions::ask(&b, arns).await) })
        }
        Topic::Deployments(id) => match p.services.get(&id).cloned() {
            Some(service) => {
                Box::pin(async move { Answer::Deployments(deployments::ask(&b, service).await) })
            }
            None => nothing(),
        },
        Topic::RestingDeployments => {
            let services = resting_deployments::choose(p);
            Box::pin(async move {
                Answer::RestingDeployments(resting_deployments::ask_round(&b, services).await)
            })
        }
        Topic::Histories => {
            let services = histories::choose(p);
            Box::pin(async move { Answer::Histories(histories::ask(&b, services).await) })
        }
        Topic::Tasks(id) => Box::pin(async move { Answer::Tasks(tasks::ask(&b, id).await) }),
        Topic::Failure(ask) => {
            let known = failures::known(p, &ask);
            Box::pin(async move { Answer::Failure(failures::ask(&b, ask, known).await) })
        }
        Topic::Revisions(id) => {
            let family = tasks::family(p, &id);
            Box::pin(async move { Answer::Revisions(tasks::ask_revisions(&b, family).await) })
        }
        Topic::TargetGroups => {
            Box::pin(async move { Answer::TargetGroups(b.elb.target_groups().await) })
        }
        Topic::TargetHealth => {
            let arns = targets::choose(p);
            Box::pin(async move { Answer::TargetHealth(targets::ask(&b, arns).await) })
        }
        Topic::Alarms => Box::pin(async move { Answer::Alarms(b.cloudwatch.alarms().await) }),
        Topic::AlarmHistory(name) => {
            Box::pin(async move { Answer::AlarmHistory(alarms::ask_history(&b, name).await) })
        }
        Topic::LogGroups => {
            Box::pin(async move { Answer::LogGroups(b.logs.groups(log_groups::GROUPS).await) })
        }
        Topic::LogSamples => {
            let groups = log_groups::choose_samples(p);
            if groups.is_empty() {
                return nothing();
            }
            Box::pin(async move { Answer::LogSamples(log_groups::ask_samples(&b, groups).await) })
        }
        Topic::Https(_) | Topic::Guard(_) | Topic::Tls(_) | Topic::Dns(_) => {
            match outside::target(topic, &p.config.probes) {
                Some(target) => {
                    Box::pin(async move { Answer::Outside(outside::ask(&b, target).await) })
                }
                None => nothing(),
            }
        }
        Topic::Estate(part) => match estate::ask(part, p, b) {
            Some(asking) => Box::pin(async move { Answer::Estate(asking.await) }),
            None => nothing(),
        },
        Topic::Records => match sources.store.clone() {
            Some(store) => {
                let (known, rows) = (records::known(p), records::rows(p));
                let (observer, seen) = records::looked(store.host(), p, b.sts.place());
                Box::pin(async move {
                    Answer::Records(records::ask(&store, known, rows, &observer, seen).await)
                })
            }
            None => nothing(),
        },
        Topic::Dashboards
        | Topic::OwnDashboards
        | Topic::Dashboard(_)
        | Topic::Board
        | Topic::BoardLogs => boards::question(topic, p, b),
        Topic::Series
        | Topic::Trends
        | Topic::Slos
        | Topic::Charts
        | Topic::MetricNames
        | Topic::Logs => ask_measures(topic, p, b),
    }
}

fn ask_measures(topic: &Topic, p: &Picture, b: Arc<Backend>) -> Asking {
    match topic {
        Topic::Series => {
            let sources = series::Sources::of(p);
            let (queries, abroad) = (sources.queries(), sources.abroad());
            Box::pin(async move { Answer::Series(series::ask(&b, queries, abroad).await) })
        }
        Topic::Trends => {
            let queries = capacity::trends(&p.facts);
            Box::pin(async move { Answer::Trends(trends::ask(&b, &queries).await) })
        }
        Topic::Slos => {
            let question = slos::question(p, Timestamp::now());
            Box::pin(async move { Answer::Slos(slos::ask(&b, question).await) })
        }
        Topic::Charts => match charts::asked(p) {
            Some((queries, window)) => {
                Box::pin(async move { Answer::Charts(charts::ask(&b, queries, window).await) })
            }
            None => nothing(),
        },
        Topic::MetricNames => {
            Box::pin(
                async move { Answer::MetricNames(b.cloudwatch.metric_names(charts::NAMES).await) },
            )
        }
        Topic::Logs => match p.tail.request().cloned() {
            Some(request) => {
                let cursors = p.tail.cursors();
                Box::pin(async move { Answer::Logs(logs::ask(&b, request, cursors).await) })
            }
            None => nothing(),
        },
        _ => nothing(),
    }
}

fn describe(b: Arc<Backend>, ids: Vec<crate::domain::service::ServiceId>) -> Asking {
    if ids.is_empty() {
        return nothing();
    }
    Box::pin(async move { Answer::Services(services::ask(&b, ids).await) })
}

/// What is asked where there is nothing to ask.
pub fn nothing() -> Asking {
    Box::pin(std::future::ready(Answer::Nothing))
}

/// What an answer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Whether there is something to publish.
    pub news: bool,
    /// How the question failed, if it did.
    pub failure: Option<ProblemKind>,
}

/// Joins an answer to the picture.
pub fn take(p: &mut Picture, answer: Answer, at: Timestamp) -> Joined {
    let quiet = matches!(
        answer,
        Answer::Nothing | Answer::Records(records::Records::Same)
    );
    let failure = match answer {
        Answer::Nothing => None,
        Answer::Identity(a) => identity::take(p, a, at),
        Answer::Inventory(a) => services::take_inventory(p, a, at),
        Answer::Services(a) => services::take(p, a, at),
        Answer::TaskDefinitions(a) => task_definitions::take(p, a, at),
        Answer::Deployments(a) => deployments::take(p, a, at),
        Answer::RestingDeployments(a) => resting_deployments::take_round(p, a, at),
        Answer::Histories(a) => histories::take(p, a, at),
        Answer::Tasks(a) => tasks::take(p, a, at),
        Answer::Failure(a) => failures::take(p, a, at),
        Answer::Revisions(a) => tasks::take_revisions(p, a, at),
        Answer::TargetGroups(a) => targets::take_groups(p, a, at),
        Answer::TargetHealth(a) => targets::take(p, a, at),
        Answer::Alarms(a) => alarms::take(p, a, at),
        Answer::AlarmHistory(a) => alarms::take_history(p, a, at),
        Answer::Series(a) => series::take(p, a, at),
        Answer::Trends(a) => trends::take(p, a, at),
        Answer::Slos(a) => slos::take(p, a, at),
        Answer::Charts(a) => charts::take(p, a, at),
        Answer::Dashboards(a) => boards::take_list(p, a, at),
        Answer::OwnDashboards(a) => boards::take_own(p, a, at),
        Answer::Dashboard(a) => boards::take_body(p, a, at),
        Answer::Board(a) => boards::take(p, a, at),
        Answer::BoardLogs(a) => boards::take_logs(p, a, at),
        Answer::MetricNames(a) => charts::take_names(p, a, at),
        Answer::LogGroups(a) => log_groups::take(p, a, at),
        Answer::LogSamples(a) => log_groups::take_samples(p, a, at),
        Answer::Logs(a) => logs::take(p, a, at),
        Answer::Outside(a) => outside::take(p, a, at),
        Answer::Estate(a) => estate::take(p, a, at),
        Answer::Records(a) => records::take(p, a, at),
    };
    Joined {
        news: !quiet,
        failure,
    }
}
