//! Whether something is there, asked before anybody previews an action on it.

use super::engine::Engine;
use crate::domain::audit::SignOffKind;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::ServiceId;

impl Engine {
    /// Whether somebody's word stands on a criterion.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn word_on(&self, criterion: &str) -> Result<bool, Problem> {
        let Some(store) = &self.store else {
            return Ok(false);
        };
        let words = store.signoffs().await?;
        let newest = words.iter().find(|s| s.criterion == criterion);
        Ok(newest.is_some_and(|s| s.proven && s.kind != SignOffKind::Withdrawn))
    }

    /// Whether there is a service of that cluster and name; nothing else is asked.
    ///
    /// # Errors
    /// Where its cluster cannot be read.
    pub async fn has_service(&self, id: &ServiceId) -> Result<bool, Problem> {
        match self.backend.ecs.service(id).await {
            Ok(service) => Ok(service.status != "INACTIVE"),
            Err(p) if p.kind == ProblemKind::NotFound => Ok(false),
            Err(p) => Err(p),
        }
    }
}
