//! Who brought a deployment about: an action of ours, another's in the audit trail, or at least who registered its revision. All of
//! these go away while the deployment is still told, so that what was learned is kept with it.

use std::collections::BTreeMap;

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
        let mut runs = self.runs.iter().filter(|r| brings(r));
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
            // What ran already when the action began is taken for its own as long as there is nothing surer: that is not learned.
            if let Some(d) = self.deployment_of(run).filter(|d| began_within(run, d)) {
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
