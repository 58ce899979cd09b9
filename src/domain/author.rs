//! Who brought a deployment about: an action of ours, another's in the audit trail, or at least who registered its revision. All of
//! these go away while the deployment is still told, so that what was learned is kept with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::{Intent, Run};
use super::audit::{AuditRow, Outcome};
use super::deployment::{Deployment, DeploymentState};
use super::facts::{APART_S, Facts, began_within};

/// Who brought something about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// Who deployed.
    Deployed(String),
    /// Who registered the revision; who deployed it is not known.
    Registered(String),
}

/// The surer of what can be told now and what was learned before: who deployed goes before who registered.
fn surer(now: Option<Author>, before: Option<&Author>) -> Option<Author> {
    match (now, before) {
        (Some(Author::Deployed(who)), _) => Some(Author::Deployed(who)),
        (_, Some(Author::Deployed(who))) => Some(Author::Deployed(who.clone())),
        (now, before) => now.or_else(|| before.cloned()),
    }
}

/// Whether an action can bring a deployment of its service about. One that stops it did not, whether it says so or goes back.
fn brings(run: &Run) -> bool {
    match run.intent {
        Intent::Stop { .. } => false,
        Intent::Rollback { .. } => run.brings.is_some(),
        _ => true,
    }
}

/// Whether a row of the audit trail, which is about the deployment's service, tells of the action that brought it about.
fn tells_of(row: &AuditRow, d: &Deployment) -> bool {
    let began = d.started_at.or(d.created_at);
    let (Some(took), Some(began)) = (row.duration_s, began) else {
        return false;
    };
    // A row does not tell whether a call was made: one that failed before brought nothing about that goes well.
    let brings = matches!(row.action.as_str(), "deploy" | "rollback" | "restart")
        && match row.outcome {
            None | Some(Outcome::Refused) => false,
            Some(Outcome::Failed | Outcome::Stopped) => {
                d.state.is_bad() || d.state == DeploymentState::Stopped
            }
            _ => true,
        };
    let until = row.at.as_second() + APART_S;
    let since = row.at.as_second() - took.ceil() as i64 - APART_S;
    brings && (since..=until).contains(&began.as_second())
}

impl Facts {
    /// Who brought a deployment about, as far as is known or was once learned.
    pub fn author_of(&self, d: &Deployment) -> Option<Author> {
        let on_it = |r: &&Run| r.intent.service() == Some(&d.service);
        let mut runs = self.runs.iter().filter(on_it).filter(|r| brings(r));
        let run = runs.find(|r| self.deployment_of(r).is_some_and(|own| own.id == d.id));
        let subject = d.service.to_string();
        let rows = self.audit.value.iter().flat_map(|rows| rows.iter());
        let rows = rows.filter(|r| r.subject == subject);
        surer(self.told(d, run, rows), self.authors.get(&d.id))
    }

    /// The same of every deployment that is told, with what was learned of others: many services cost one look at the actions and
    /// one at the audit trail.
    pub fn learned_authors(&self) -> BTreeMap<String, Author> {
        let mut ours: BTreeMap<&str, &Run> = BTreeMap::new();
        for run in self.runs.iter().filter(|r| brings(r)) {
            // What ran already when the action began is taken for its own as long as there is nothing surer: that is not learned. Which
            // one it is by ECS's own word is so, whatever the clock here says.
            let is_sure = |d: &&Arc<Deployment>| {
                run.deployment.as_deref() == Some(d.id.as_str()) || began_within(run, d)
            };
            if let Some(d) = self.deployment_of(run).filter(is_sure) {
                // The newest comes first.
                ours.entry(d.id.as_str()).or_insert(run);
            }
        }
        let mut trail: BTreeMap<&str, Vec<&AuditRow>> = BTreeMap::new();
        for row in self.audit.value.iter().flat_map(|rows| rows.iter()) {
            trail.entry(row.subject.as_str()).or_default().push(row);
        }
        let mut known = (*self.authors).clone();
        for d in self.deployment_rows() {
            let run = ours.get(d.id.as_str()).copied();
            let rows = trail.get(d.service.to_string().as_str());
            let told = self.told(d, run, rows.into_iter().flatten().copied());
            if let Some(author) = surer(told, known.get(&d.id)) {
                known.insert(d.id.clone(), author);
            }
        }
        known
    }

    /// As it can be told now; who registered the revision that it brought says nothing of who deployed it.
    fn told<'a>(
        &self,
        d: &Deployment,
        run: Option<&Run>,
        mut trail: impl Iterator<Item = &'a AuditRow>,
    ) -> Option<Author> {
        if let Some(run) = run {
            return Some(Author::Deployed(run.who.clone()));
        }
        if let Some(row) = trail.find(|row| tells_of(row, d)) {
            return Some(Author::Deployed(row.who.clone()));
        }
        let definitions = self.task_definitions.value.as_ref()?;
        let definition = definitions.get(&d.to.as_ref()?.revision.arn)?;
        let by = definition.registered_by.as_deref()?;
        let name = by.rsplit(['/', ':']).next().unwrap_or(by);
        Some(Author::Registered(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::action::Phase;
    use crate::domain::deployment::DeploymentSource;
    use crate::domain::part::Part;
    use crate::domain::progress::Pace;
    use crate::domain::service::{CircuitBreaker, ServiceId, Strategy};

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    fn service() -> ServiceId {
        ServiceId {
            cluster: "prod".into(),
            name: "api".into(),
        }
    }

    /// A deployment that began at a second.
    fn row(id: &str, state: DeploymentState, source: DeploymentSource, at: i64) -> Deployment {
        Deployment {
            id: id.into(),
            service: service(),
            strategy: Strategy::Rolling,
            state,
            reason: String::new(),
            from: Vec::new(),
            to: None,
            circuit_breaker: CircuitBreaker::default(),
            failures: None,
            alarms: Vec::new(),
            lifecycle_stage: None,
            pace: Pace::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: Some(second(at)),
            started_at: Some(second(at)),
            finished_at: None,
            source,
        }
    }

    /// A restart of Ana's that began at second ten, and of which ECS told the deployment.
    fn restart(deployment: Option<&str>) -> Run {
        Run {
            id: "r1".into(),
            intent: Intent::Restart { service: service() },
            title: String::new(),
            phase: Phase::Follow,
            progress: None,
            lines: Vec::new(),
            started_at: second(10),
            finished_at: None,
            outcome: None,
            stopped_in: None,
            recorded: false,
            who: "ana".into(),
            reattached: false,
            brings: None,
            scaled_from: None,
            deployment: deployment.map(str::to_owned),
            silent: None,
        }
    }

    fn facts(run: Run, rows: Vec<Deployment>) -> Facts {
        let rows: Vec<Arc<Deployment>> = rows.into_iter().map(Arc::new).collect();
        let every = Duration::from_secs(60);
        Facts {
            runs: Arc::new(vec![run]),
            deployments: Part::answered(Arc::new(rows), second(20), "ecs", every),
            ..Facts::default()
        }
    }

    #[test]
    fn what_ecs_told_of_an_action_goes_before_a_newer_one_that_may_be_its_own() {
        let (running, stopped) = (DeploymentState::InProgress, DeploymentState::Stopped);
        let others = row("d3", running, DeploymentSource::Rollouts, 15);
        let ours = row("d2", stopped, DeploymentSource::ServiceDeployments, 11);
        let run = restart(Some("d2"));
        let of = |rows: &[&Deployment]| {
            let facts = facts(run.clone(), rows.iter().map(|d| (*d).clone()).collect());
            facts.deployment_of(&run).map(|d| d.id.clone())
        };
        assert_eq!(of(&[&others, &ours]).as_deref(), Some("d2"));
        // Where the service alone tells, it has another id.
        assert_eq!(of(&[&others]).as_deref(), Some("d3"));
    }

    #[test]
    fn who_deployed_is_learned_by_ecs_s_word_whatever_the_clock_says() {
        let source = DeploymentSource::ServiceDeployments;
        let early = row("d2", DeploymentState::InProgress, source, 4);
        let learned = |told: Option<&str>| {
            let facts = facts(restart(told), vec![early.clone()]);
            facts.learned_authors().remove("d2")
        };
        let deployed = Some(Author::Deployed("ana".into()));
        assert_eq!(learned(Some("d2")), deployed);
        assert_eq!(learned(None), None, "it may be somebody else's");
    }
}
