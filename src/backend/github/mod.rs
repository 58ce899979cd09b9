//! GitHub's REST API, version 2022-11-28: workflows, runs, jobs, deployments, alerts. What did not change is asked for with its
//! entity tag, and then costs nothing of the hourly budget ("Best practices for using the REST API", conditional requests).

mod branch;
mod findings;
mod kept;
mod quiet;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::de::DeserializeOwned;

use super::token::Token;
use super::transport::rest::{Rest, next_link};
use super::transport::{Courier, Line, Question, Vendor};
use crate::config::GithubConfig;
use crate::config::credentials::GITHUB;
use crate::domain::github::{Deployed, Job, Outcome, Pipelines, Run, RunJobs, Workflow};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use branch::Branch;
use kept::Kept;
use quiet::Quiet;

static VENDOR: Vendor = Vendor {
    provider: &GITHUB,
    status_page: "https://www.githubstatus.com",
};
const BASE: &str = "https://api.github.com";
const HEADERS: &[(&str, &str)] = &[
    ("accept", "application/vnd.github+json, application/json"),
    ("x-github-api-version", "2022-11-28"),
];

const REPOSITORY: Question = Question::new("github", "GetRepository", "read the repository");
const WORKFLOWS: Question = Question::new("github", "ListWorkflows", "list the workflows");
const RUNS: Question = Question::new("github", "ListWorkflowRuns", "list the workflow runs");
const JOBS: Question = Question::new("github", "ListJobs", "list the jobs of a run");
const DEPLOYMENTS: Question = Question::new("github", "ListDeployments", "list the deployments");
const STATUSES: Question = Question::new(
    "github",
    "ListDeploymentStatuses",
    "read a deployment's state",
);

/// Runs of the default branch looked at for each workflow: what flakiness is told of.
const RUNS_EACH: usize = 20;
/// Runs that go on or stand as a verdict, whose jobs are read.
const LOOKED_INTO: usize = 4;
/// Runs that failed before, or on other branches, whose jobs are read: once each, for they never change.
const FAILED_BEFORE: usize = 8;
/// Runs that passed and are the newest verdict of their workflow, whose jobs are read: once each, too.
const PASSED: usize = 6;
/// Jobs of one run: a page of them.
const JOBS_EACH: usize = 100;
/// Deployments shown, and those of production beside them where none of them is.
const DEPLOYED: usize = 8;
const OF_PRODUCTION: usize = 3;
/// Production as people call it, and as Vercel's app does.
const PRODUCTION: [&str; 2] = ["production", "Production"];
/// Pages read at most of one list.
const PAGES: usize = 10;

/// The GitHub client.
#[derive(Debug)]
pub struct Github {
    rest: Rest,
    repository: String,
    branch: Mutex<Option<String>>,
    workflows: Kept<Vec<wire::Workflow>>,
    newest: Kept<Vec<Run>>,
    of_branch: Branch,
    /// Of workflows that have no verdict among those.
    quiet: Quiet,
    /// Jobs of runs that ended, by run and attempt: they never change.
    ended: Mutex<BTreeMap<(u64, u32), Vec<Job>>>,
}

impl Github {
    /// As configured.
    pub fn new(config: &GithubConfig, courier: Arc<Courier>, line: Arc<Line>) -> Self {
        let base = config.endpoint.as_deref().unwrap_or(BASE);
        let token = Token::new(&GITHUB, config.token.clone());
        Self {
            rest: Rest::new(&VENDOR, base, token, courier, line).with_headers(HEADERS),
            repository: config.repository.clone().unwrap_or_default(),
            branch: Mutex::default(),
            workflows: Kept::default(),
            newest: Kept::default(),
            of_branch: Branch::default(),
            quiet: Quiet::default(),
            ended: Mutex::default(),
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.repository)
    }

    /// Workflows with their newest runs on the default branch, and the jobs of those that matter.
    ///
    /// # Errors
    /// Where GitHub cannot be asked or refuses.
    pub async fn pipelines(&self) -> Result<Pipelines, Problem> {
        let branch = self.default_branch().await?;
        let path = self.path("/actions/workflows");
        let query = [("per_page", "100")];
        let known = self
            .workflows
            .ask(
                &self.rest,
                WORKFLOWS,
                &path,
                &query,
                |l: wire::Workflows| l.workflows,
            )
            .await?;
        let path = self.path("/actions/runs");
        let read = |l: wire::Runs| branch::each_once(l.workflow_runs.into_iter().map(wire::run));
        let size = branch::PAGE.to_string();
        let newest = self
            .newest
            .ask(&self.rest, RUNS, &path, &[("per_page", &size)], read)
            .await?;
        let joined = self.of_branch.joined(&newest, &branch, Instant::now());
        let of_branch = match joined {
            Some(runs) => runs,
            None => self.read_branch(&path, &branch, &newest).await?,
        };
        self.quiet.keep(&known.iter().map(|w| w.id).collect());
        let of_branch = branch::settled(of_branch, &crate::domain::text::inert(&branch));
        let mut workflows = Vec::new();
        for entry in known {
            let active = entry.state == "active";
            let mut runs: Vec<Run> = of_branch
                .iter()
                .filter(|r| r.workflow_id == entry.id)
                .cloned()
                .collect();
            if active && runs.iter().filter(|r| r.outcome.is_verdict()).count() == 0 {
                // Others ran so often that this one is not among the newest, or it never runs on this branch.
                runs = self.runs_of(&entry, &branch, &runs).await?;
            }
            runs.truncate(RUNS_EACH);
            workflows.push(wire::workflow(entry, active, runs));
        }
        workflows.order_by(|a, b| (!a.active, &a.name).cmp(&(!b.active, &b.name)));
        let looked_into = self.look_into(&workflows, &newest).await?;
        Ok(Pipelines {
            repository: crate::domain::text::inert(&self.repository),
            branch: crate::domain::text::inert(&branch),
            workflows,
            runs: newest,
            looked_into,
        })
    }

    /// Deployments of every environment, newest first, with their newest state. Where previews are made of every push, none of the newest
    /// may be production's: those are asked for by themselves.
    ///
    /// # Errors
    /// Where GitHub cannot be asked or refuses.
    pub async fn deployments(&self) -> Result<Vec<Deployed>, Problem> {
        let (size, few) = (DEPLOYED.to_string(), OF_PRODUCTION.to_string());
        let path = self.path("/deployments");
        let newest = [("per_page", size.as_str())];
        let page = self.rest.get(DEPLOYMENTS, &path, &newest).await?;
        let mut entries: Vec<wire::Deployment> = page.value;
        if entries.len() >= DEPLOYED && !entries.iter().any(wire::Deployment::is_of_production) {
            for name in PRODUCTION {
                let query = [("environment", name), ("per_page", few.as_str())];
                let page = self.rest.get(DEPLOYMENTS, &path, &query).await?;
                let found: Vec<wire::Deployment> = page.value;
                let are_there = !found.is_empty();
                entries.extend(found.into_iter().take(OF_PRODUCTION));
                if are_there {
                    break;
                }
            }
        }
        let mut all = Vec::new();
        for entry in entries {
            let path = self.path(&format!("/deployments/{}/statuses", entry.id));
            let states = self
                .rest
                .get::<Vec<wire::State>>(STATUSES, &path, &[("per_page", "1")])
                .await?;
            all.push(wire::deployed(entry, states.value.into_iter().next()));
        }
        Ok(all)
    }

    async fn default_branch(&self) -> Result<String, Problem> {
        let known = self
            .branch
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(branch) = known {
            return Ok(branch);
        }
        let page = self
            .rest
            .get::<wire::Repository>(REPOSITORY, &self.path(""), &[])
            .await?;
        let branch = page.value.default_branch;
        *self.branch.lock().unwrap_or_else(PoisonError::into_inner) = Some(branch.clone());
        Ok(branch)
    }

    /// The runs of a branch from the beginning, a page at a time.
    async fn read_branch(
        &self,
        path: &str,
        branch: &str,
        newest: &[Run],
    ) -> Result<Vec<Run>, Problem> {
        let (at, size) = (Instant::now(), branch::PAGE.to_string());
        let mut all = Vec::new();
        for page in 1..=branch::DEPTH.div_ceil(branch::PAGE) {
            let number = page.to_string();
            let query = [("branch", branch), ("per_page", &size), ("page", &number)];
            let page = self.rest.get::<wire::Runs>(RUNS, path, &query).await?;
            let read = page.value.workflow_runs.into_iter().map(wire::run);
            let before = all.len();
            all.extend(read);
            if all.len() < before + branch::PAGE {
                break;
            }
        }
        // One that began meanwhile moved another to the next page.
        let mut all = branch::each_once(all);
        all.truncate(branch::DEPTH);
        self.of_branch.put(&all, newest, at);
        Ok(all)
    }

    /// The newest runs of one workflow on a branch. `told`: those of them that are among the newest of all.
    async fn runs_of(
        &self,
        workflow: &wire::Workflow,
        branch: &str,
        told: &[Run],
    ) -> Result<Vec<Run>, Problem> {
        let at = Instant::now();
        if let Some(runs) = self.quiet.known(workflow.id, told, at) {
            return Ok(runs);
        }
        // Those that GitHub makes by itself have no file of their own.
        let file = workflow.path.strip_prefix(".github/workflows/");
        let name = file.filter(|f| !f.contains(['/', '?', '#', '%']));
        let name = name.map_or_else(|| workflow.id.to_string(), str::to_owned);
        let path = self.path(&format!("/actions/workflows/{name}/runs"));
        // Requests of forks from a branch of the same name stand among them, and count for nothing.
        let size = branch::DEPTH.to_string();
        let query = [("branch", branch), ("per_page", &size)];
        let page = self.rest.get::<wire::Runs>(RUNS, &path, &query).await?;
        let runs = page.value.workflow_runs.into_iter().map(wire::run);
        let branch = crate::domain::text::inert(branch);
        let mut runs = branch::settled(runs.collect(), &branch);
        runs.truncate(RUNS_EACH);
        self.quiet.put(workflow.id, &runs, at);
        Ok(runs)
    }

    /// Jobs of what goes on, of the newest verdict of each workflow, the bad ones first, and of what else failed among the newest runs.
    async fn look_into(
        &self,
        workflows: &[Workflow],
        newest: &[Run],
    ) -> Result<Vec<RunJobs>, Problem> {
        let open = workflows
            .iter()
            .flat_map(|w| w.runs.iter().filter(|r| r.outcome.is_open()));
        let verdicts = workflows
            .iter()
            .filter(|w| w.active)
            .filter_map(Workflow::verdict);
        let (failed, passed): (Vec<&Run>, Vec<&Run>) =
            verdicts.partition(|r| r.outcome == Outcome::Failed);
        let mut wanted: Vec<&Run> = failed.into_iter().chain(open).collect();
        wanted.order_by_key(|r| std::cmp::Reverse(r.started_at));
        wanted.truncate(LOOKED_INTO);
        let mut before: Vec<&Run> = newest
            .iter()
            .filter(|r| r.outcome == Outcome::Failed && wanted.iter().all(|w| w.id != r.id))
            .collect();
        before.order_by_key(|r| std::cmp::Reverse(r.started_at));
        wanted.extend(before.into_iter().take(FAILED_BEFORE));
        wanted.extend(passed.into_iter().take(PASSED));
        let read = wanted
            .into_iter()
            .map(async |run| match self.jobs(run).await {
                Ok(jobs) => Ok(Some(RunJobs {
                    run: run.clone(),
                    jobs,
                })),
                // Deleted since it was listed: of the others it takes nothing away.
                Err(problem) if problem.kind == ProblemKind::NotFound => Ok(None),
                Err(problem) => Err(problem),
            });
        // The line has few seats: they go one after another where it says so.
        let all: Vec<Option<RunJobs>> = futures_util::future::try_join_all(read).await?;
        let all: Vec<RunJobs> = all.into_iter().flatten().collect();
        let keep: Vec<(u64, u32)> = all.iter().map(|r| (r.run.id, r.run.attempt)).collect();
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|key, _| keep.contains(key));
        Ok(all)
    }

    async fn jobs(&self, run: &Run) -> Result<Vec<Job>, Problem> {
        let key = (run.id, run.attempt);
        let known = self
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(jobs) = known {
            return Ok(jobs);
        }
        let path = self.path(&format!("/actions/runs/{}/jobs", run.id));
        let page = self
            .rest
            .get::<wire::Jobs>(JOBS, &path, &[("per_page", "100")])
            .await?;
        let jobs = page.value.jobs.into_iter().take(JOBS_EACH);
        let jobs: Vec<Job> = jobs.map(wire::job).collect();
        if !run.outcome.is_open() {
            self.ended
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key, jobs.clone());
        }
        Ok(jobs)
    }

    /// The items of a list, page by page, [`PAGES`] at most; and whether there are more.
    async fn all<T: DeserializeOwned>(
        &self,
        question: Question,
        path: String,
        query: &[(&str, &str)],
    ) -> Result<(Vec<T>, bool), Problem> {
        let mut page = self.rest.get::<Vec<T>>(question, &path, query).await?;
        let mut all = Vec::new();
        for _ in 1..PAGES {
            let next = next_link(&page.heard);
            all.append(&mut page.value);
            match next {
                Some(link) if all.len() < question.rows => {
                    page = self.rest.get(question, &link, &[]).await?;
                }
                more => return Ok((all, more.is_some())),
            }
        }
        all.append(&mut page.value);
        Ok((all, next_link(&page.heard).is_some()))
    }
}
