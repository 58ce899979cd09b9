//! What can be asked, as data.

use std::time::Duration;

use crate::domain::failure::FailureAsk;
use crate::domain::service::ServiceId;

/// One thing that the watch asks about, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Who we are.
    Identity,
    /// Clusters, and the names of their services.
    Inventory,
    /// The services that were not asked about for the longest time.
    Services,
    /// Services that are deploying or looked at.
    BusyServices,
    /// Task definitions that services use and that were never read.
    TaskDefinitions,
    /// Deployments of a service, by the service-deployment API.
    Deployments(ServiceId),
    /// The same of services at rest that were never asked about so.
    RestingDeployments,
    /// Past deployments of the services that the plan asks about.
    Histories,
    /// Tasks of a service.
    Tasks(ServiceId),
    /// Why a deployment failed.
    Failure(FailureAsk),
    /// Past revisions of a service.
    Revisions(ServiceId),
    /// Target groups.
    TargetGroups,
    /// Health of the targets of some target groups.
    TargetHealth,
    /// Alarms.
    Alarms,
    /// History of an alarm.
    AlarmHistory(String),
    /// The common series.
    Series,
    /// Days of what fills up.
    Trends,
    /// What the promises are measured by.
    Slos,
    /// Series on the metrics screen.
    Charts,
    /// Dashboards of the account.
    Dashboards,
    /// This console's own dashboards: files on this machine.
    OwnDashboards,
    /// A dashboard of the account.
    Dashboard(String),
    /// Series of the dashboard on screen.
    Board,
    /// Its log queries, which cost by what they scan.
    BoardLogs,
    /// Names of metrics.
    MetricNames,
    /// Log groups.
    LogGroups,
    /// The log looked at.
    Logs,
    /// A few lines of the groups whose shape the plan judges.
    LogSamples,
    /// A URL, from this machine.
    Https(String),
    /// A URL, asked from this machine as a stranger.
    Guard(String),
    /// A handshake with `host:port`, from this machine.
    Tls(String),
    /// A name, looked up from this machine.
    Dns(String),
    /// A system of the estate, by the name of its part.
    Estate(&'static str),
    /// Sign-offs, audit rows, the chain's verdict.
    Records,
}

/// A topic that is wanted now, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub topic: Topic,
    /// Time from one question to the next.
    pub period: Duration,
    /// Changes when what is to be asked has changed, so that it is not left until the period is over.
    pub stamp: u64,
}

impl Wanted {
    /// A topic every so many milliseconds.
    pub fn every(topic: Topic, millis: u64) -> Self {
        Self {
            topic,
            period: Duration::from_millis(millis),
            stamp: 0,
        }
    }

    /// The same with a stamp.
    pub fn stamped(self, stamp: u64) -> Self {
        Self { stamp, ..self }
    }
}
