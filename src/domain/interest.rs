//! What somebody is looking at. The watch asks faster, or at all, for what is of interest.

use std::sync::Arc;

use super::dashboard::BoardAsk;
use super::failure::FailureAsk;
use super::log::LogRequest;
use super::metric::{MetricQuery, Window};
use super::service::ServiceId;

/// One thing that is on screen and needs data beyond the common picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Tasks (and stopped tasks) of a service.
    Tasks(ServiceId),
    /// Past revisions of a service's family, newest first.
    Revisions(ServiceId),
    /// Past deployments of a service.
    Deployments(ServiceId),
    /// Why a deployment failed.
    Failure(FailureAsk),
    /// History of an alarm.
    AlarmHistory(String),
    /// Series over a window.
    Metrics {
        /// Which series.
        queries: Vec<MetricQuery>,
        /// Which time.
        window: Window,
    },
    /// Names of dashboards, the account's and our own.
    Dashboards,
    /// A dashboard of the account.
    Dashboard(String),
    /// Series and log queries of the dashboard on screen.
    Board(Arc<BoardAsk>),
    /// Names of all metrics, for choosing.
    MetricNames,
    /// A tail or a search.
    Logs(LogRequest),
    /// The newest rows of the audit chain.
    Audit,
}
