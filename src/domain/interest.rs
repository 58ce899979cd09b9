//! What somebody is looking at. The watch asks faster, or at all, for what is of interest.

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
    /// History of an alarm.
    AlarmHistory(String),
    /// Series over a window.
    Metrics {
        /// Which series.
        queries: Vec<MetricQuery>,
        /// Which time.
        window: Window,
    },
    /// Names of all metrics, for choosing.
    MetricNames,
    /// A tail or a search.
    Logs(LogRequest),
    /// The newest rows of the audit chain.
    Audit,
}
