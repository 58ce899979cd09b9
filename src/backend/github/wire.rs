//! The vendor's shapes, as far as they are shown, and what becomes of them.

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::github as domain;
use crate::domain::github::Outcome;
use crate::domain::said;
use crate::domain::text::inert;

#[derive(Clone, Debug, Deserialize)]
pub struct Repository {
    pub default_branch: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Workflows {
    pub workflows: Vec<Workflow>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Workflow {
    pub id: u64,
    pub name: String,
    pub path: String,
    pub state: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Runs {
    pub workflow_runs: Vec<Run>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Run {
    id: u64,
    workflow_id: u64,
    name: Option<String>,
    display_title: Option<String>,
    run_number: u64,
    run_attempt: Option<u32>,
    event: String,
    head_branch: Option<String>,
    head_sha: String,
    status: Option<String>,
    conclusion: Option<String>,
    created_at: Option<String>,
    run_started_at: Option<String>,
    updated_at: Option<String>,
    html_url: String,
    triggering_actor: Option<User>,
    actor: Option<User>,
}

#[derive(Clone, Debug, Deserialize)]
struct User {
    login: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Jobs {
    pub jobs: Vec<Job>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Job {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
struct Step {
    number: u32,
    name: String,
    status: String,
    conclusion: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Deployment {
    pub id: u64,
    environment: String,
    #[serde(rename = "ref")]
    reference: String,
    sha: String,
    description: Option<String>,
    creator: Option<User>,
    created_at: Option<String>,
}

impl Deployment {
    pub fn is_of_production(&self) -> bool {
        self.environment.eq_ignore_ascii_case("production")
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct State {
    state: String,
}

/// A time; none where the vendor writes something else.
pub fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

fn text(value: Option<String>) -> String {
    value.as_deref().map(inert).unwrap_or_default()
}

pub fn workflow(entry: Workflow, active: bool, runs: Vec<domain::Run>) -> domain::Workflow {
    domain::Workflow {
        id: entry.id,
        name: inert(&entry.name),
        file: inert(&entry.path),
        active,
        runs,
    }
}

pub fn run(r: Run) -> domain::Run {
    let started = r.run_started_at.as_deref().or(r.created_at.as_deref());
    domain::Run {
        id: r.id,
        workflow_id: r.workflow_id,
        workflow: text(r.name),
        number: r.run_number,
        attempt: r.run_attempt.unwrap_or(1),
        title: r
            .display_title
            .as_deref()
            .map(said::title)
            .unwrap_or_default(),
        event: inert(&r.event),
        branch: text(r.head_branch),
        sha: inert(&r.head_sha),
        actor: text(r.triggering_actor.or(r.actor).map(|u| u.login)),
        outcome: Outcome::of(
            r.status.as_deref().unwrap_or_default(),
            r.conclusion.as_deref(),
        ),
        started_at: time(started),
        updated_at: time(r.updated_at.as_deref()),
        url: inert(&r.html_url),
    }
}

pub fn job(j: Job) -> domain::Job {
    let step = |s: Step| domain::Step {
        number: s.number,
        name: inert(&s.name),
        outcome: Outcome::of(&s.status, s.conclusion.as_deref()),
        started_at: time(s.started_at.as_deref()),
        ended_at: time(s.completed_at.as_deref()),
    };
    domain::Job {
        id: j.id,
        name: inert(&j.name),
        outcome: Outcome::of(&j.status, j.conclusion.as_deref()),
        started_at: time(j.started_at.as_deref()),
        ended_at: time(j.completed_at.as_deref()),
        steps: j.steps.into_iter().map(step).collect(),
    }
}

pub fn deployed(d: Deployment, state: Option<State>) -> domain::Deployed {
    domain::Deployed {
        id: d.id,
        environment: inert(&d.environment),
        reference: inert(&d.reference),
        sha: inert(&d.sha),
        description: said::of(d.description.as_deref()),
        creator: text(d.creator.map(|u| u.login)),
        state: text(state.map(|s| s.state)),
        created_at: time(d.created_at.as_deref()),
    }
}
