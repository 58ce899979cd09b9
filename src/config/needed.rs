//! Environment variables that have to be set, and where.

use crate::domain::service::ServiceId;

/// Environment variables that somebody needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeededVariables {
    /// The service: `cluster/name` or `name`; `None`, without a project: every service.
    pub service: Option<String>,
    /// The project of Vercel.
    pub project: Option<String>,
    /// The container of a task that needs them; `None`: every one that its task stops with.
    pub container: Option<String>,
    /// Names that must be set; empty: none is needed.
    pub names: Vec<String>,
}

impl NeededVariables {
    /// Whether a service is meant.
    pub fn is_of_service(&self, id: &ServiceId) -> bool {
        match &self.service {
            Some(s) => *s == id.name || *s == format!("{}/{}", id.cluster, id.name),
            None => self.project.is_none(),
        }
    }
}
