//! Who began each deployment, learned while it can be: a later revision takes the place of the definition that told who registered it,
//! actions end, and the audit trail is read no further back than its newest rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::picture::Picture;
use crate::domain::action::Run;
use crate::domain::audit::AuditRow;
use crate::domain::deployment::Deployment;
use crate::domain::facts::Facts;
use crate::domain::service::TaskDefinition;

/// How long the author of a deployment that is no longer told is remembered: one that ended is told again once the list of the past ones
/// is read, and a read of another service's may come first.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What it follows from: while none of it changes there is nothing to learn.
#[derive(Debug, Default)]
pub struct Learned {
    rows: Option<Arc<Vec<Arc<Deployment>>>>,
    runs: Option<Arc<Vec<Run>>>,
    audit: Option<Arc<Vec<AuditRow>>>,
    definitions: Option<Definitions>,
    /// Since when deployments whose author is known are not told any more.
    gone: BTreeMap<String, Instant>,
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
            gone: BTreeMap::new(),
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
    learn_at(p, Instant::now());
}

fn learn_at(p: &mut Picture, now: Instant) {
    if p.learned.holds(&p.facts) {
        return;
    }
    let before = std::mem::replace(&mut p.learned, Learned::of(&p.facts));
    let mut known = p.facts.learned_authors();
    let rows = p.facts.deployment_rows();
    let told: BTreeSet<&str> = rows.iter().map(|d| d.id.as_str()).collect();
    let gone = known.keys().filter(|id| !told.contains(id.as_str()));
    let since = |id: &String| before.gone.get(id).copied().unwrap_or(now);
    let gone: BTreeMap<String, Instant> = gone.map(|id| (id.clone(), since(id))).collect();
    let is_over = |at: &Instant| now.saturating_duration_since(*at) >= REMEMBERED;
    known.retain(|id, _| !gone.get(id).is_some_and(is_over));
    p.learned.gone = gone;
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
        let gone = ("ecs-svc/gone".to_owned(), deployed.clone());
        p.facts.authors = Arc::new(BTreeMap::from([(row.id.clone(), deployed.clone()), gone]));
        let begin = Instant::now();
        learn_at(&mut p, begin);
        assert_eq!(p.facts.author_of(&row), Some(deployed));
        assert_eq!(p.facts.authors.len(), 2, "it may be told again");
        for (seconds, left) in [(599, 2), (600, 1)] {
            // Something else is news.
            p.facts.runs = Arc::default();
            learn_at(&mut p, begin + Duration::from_secs(seconds));
            assert_eq!(p.facts.authors.len(), left);
        }
        let left: Vec<&String> = p.facts.authors.keys().collect();
        assert_eq!(left, [&row.id], "whose deployment is gone, goes");
    }
}
