//! Who began each deployment, learned while it can be: a later revision takes the place of the definition that told who registered it,
//! actions end, and the audit trail is read no further back than its newest rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::picture::Picture;
use crate::domain::action::Run;
use crate::domain::audit::AuditRow;
use crate::domain::deployment::Deployment;
use crate::domain::facts::Facts;
use crate::domain::service::TaskDefinition;

/// Deployments that are no longer told are forgotten once there are so many of them.
const KEPT: usize = 2_000;

/// What it follows from: while none of it changes there is nothing to learn.
#[derive(Debug, Default)]
pub struct Learned {
    rows: Option<Arc<Vec<Arc<Deployment>>>>,
    runs: Option<Arc<Vec<Run>>>,
    audit: Option<Arc<Vec<AuditRow>>>,
    definitions: Option<Definitions>,
}

type Definitions = Arc<BTreeMap<String, Arc<TaskDefinition>>>;

fn same<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

impl Learned {
    fn of(facts: &Facts) -> Self {
        Self {
            rows: facts.deployments.value.clone(),
            runs: Some(facts.runs.clone()),
            audit: facts.audit.value.clone(),
            definitions: facts.task_definitions.value.clone(),
        }
    }

    fn holds(&self, facts: &Facts) -> bool {
        same(self.rows.as_ref(), facts.deployments.value.as_ref())
            && same(self.runs.as_ref(), Some(&facts.runs))
            && same(self.audit.as_ref(), facts.audit.value.as_ref())
            && same(
                self.definitions.as_ref(),
                facts.task_definitions.value.as_ref(),
            )
    }
}

/// Learns what can be told now.
pub fn learn(p: &mut Picture) {
    if p.learned.holds(&p.facts) {
        return;
    }
    p.learned = Learned::of(&p.facts);
    let mut known = p.facts.learned_authors();
    let rows = p.facts.deployment_rows();
    if known.len() > rows.len() + KEPT {
        let told: BTreeSet<&str> = rows.iter().map(|d| d.id.as_str()).collect();
        known.retain(|id, _| told.contains(id.as_str()));
    }
    if known != *p.facts.authors {
        p.facts.authors = Arc::new(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Author;
    use crate::domain::service::Revision;
    use crate::watch::topics::deployments::rebuild;
    use crate::watch::topics::deployments::testing::{picture, second, service};

    fn definition(revision: &Revision, by: &str) -> (String, Arc<TaskDefinition>) {
        let definition = TaskDefinition {
            revision: revision.clone(),
            status: "ACTIVE".into(),
            cpu_units: None,
            memory_mib: None,
            containers: Vec::new(),
            registered_at: None,
            registered_by: Some(format!("arn:aws:iam::1:user/{by}")),
        };
        (revision.arn.clone(), Arc::new(definition))
    }

    /// Definitions are kept of revisions that services use: with the next one, what told of the one before is gone.
    #[test]
    fn who_registered_a_revision_stays_told_once_another_one_took_its_place() {
        let mut p = picture(&["api"], second(0));
        let first = service("api").revision;
        let read = |all: [(String, Arc<TaskDefinition>); 1]| Some(Arc::new(BTreeMap::from(all)));
        p.facts.task_definitions.value = read([definition(&first, "ana")]);
        rebuild(&mut p, second(0));
        learn(&mut p);
        let mut moved = service("api");
        let next = Revision {
            arn: first.arn.replace(":42", ":43"),
            number: 43,
            ..first
        };
        moved.revision = next.clone();
        moved.rollouts[0].id = "ecs-svc/next".into();
        moved.rollouts[0].revision = next.clone();
        moved.rollouts[0].created_at = Some(second(5));
        p.services.insert(moved.id.clone(), Arc::new(moved));
        p.facts.task_definitions.value = read([definition(&next, "ben")]);
        // The one before is told still, as the last that ended.
        let before = p.facts.deployment_rows()[0].clone();
        rebuild(&mut p, second(6));
        learn(&mut p);
        let by = |d: &Deployment| p.facts.author_of(d);
        let registered = |who: &str| Some(Author::Registered(who.into()));
        assert_eq!(by(&before), registered("ana"));
        assert_eq!(by(&p.facts.deployment_rows()[0]), registered("ben"));
    }

    /// The actions of a console are its own; what they brought about is everybody's.
    #[test]
    fn who_deployed_is_surer_than_who_registered_and_is_not_forgotten() {
        let mut p = picture(&["api"], second(0));
        let revision = service("api").revision;
        let read = BTreeMap::from([definition(&revision, "ana")]);
        p.facts.task_definitions.value = Some(Arc::new(read));
        rebuild(&mut p, second(0));
        let row = p.facts.deployment_rows()[0].clone();
        let deployed = Author::Deployed("cleo".into());
        p.facts.authors = Arc::new(BTreeMap::from([(row.id.clone(), deployed.clone())]));
        learn(&mut p);
        assert_eq!(p.facts.author_of(&row), Some(deployed));
    }
}
