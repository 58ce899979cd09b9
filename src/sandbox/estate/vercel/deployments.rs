//! Deployments, and how one goes from queued to ready.

use super::super::super::world::World;
use super::pages::page;
use super::{Answer, Vercel, id, millis, show};
use crate::web::Request;

/// Story seconds that a deployment waits, and that its build takes to begin.
const QUEUED_S: f64 = 2.0;
const INITIALIZING_S: f64 = 5.0;
/// Deployments that are remembered.
const REMEMBERED: usize = 200;

/// Who pushed what.
#[derive(Clone, Debug)]
pub struct Commit {
    pub branch: String,
    pub sha: String,
    pub message: String,
    /// Login and name.
    pub author: (String, String),
}

/// One deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub id: String,
    /// Id of its project.
    pub project: String,
    /// Its own host.
    pub url: String,
    /// For production, or else a preview.
    pub production: bool,
    pub commit: Commit,
    /// `git`, `redeploy` or `cli`.
    pub source: &'static str,
    /// Wall-clock time, seconds since 1970.
    pub created: f64,
    /// How fast its own clock goes.
    pub pace: f64,
    /// Story seconds of its build.
    pub build_s: f64,
    /// Why the build fails, if it does.
    pub fails: Option<&'static str>,
    /// When it was cancelled.
    pub cancelled: Option<f64>,
    /// When production was first pointed at it.
    pub promoted: Option<f64>,
}

/// Where a deployment is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Queued,
    Initializing,
    Building,
    Ready,
    Error,
    Canceled,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Initializing => "INITIALIZING",
            Self::Building => "BUILDING",
            Self::Ready => "READY",
            Self::Error => "ERROR",
            Self::Canceled => "CANCELED",
        }
    }
}

impl Deployment {
    /// Wall-clock time some story seconds into its life.
    fn after(&self, story_s: f64) -> f64 {
        self.created + story_s / self.pace
    }

    pub fn building_at(&self) -> f64 {
        self.after(INITIALIZING_S)
    }

    /// When it is (or would have been) ready or failed.
    pub fn ends_at(&self) -> f64 {
        self.after(INITIALIZING_S + self.build_s)
    }

    pub fn state(&self, now: f64) -> State {
        let end = if self.fails.is_some() {
            State::Error
        } else {
            State::Ready
        };
        match now {
            _ if self.cancelled.is_some() => State::Canceled,
            _ if now >= self.ends_at() => end,
            _ if now >= self.building_at() => State::Building,
            _ if now >= self.after(QUEUED_S) => State::Initializing,
            _ => State::Queued,
        }
    }

    pub fn is_ready(&self, now: f64) -> bool {
        self.state(now) == State::Ready
    }
}

impl Vercel {
    pub(super) fn list_deployments(&self, request: &Request, now: f64) -> Answer {
        let project = |d: &Deployment| self.projects.iter().find(|p| p.id == d.project);
        let wanted = |d: &Deployment| {
            let name = project(d).map(|p| p.name);
            let is = |key: &str, value: &str| request.param(key).is_none_or(|w| w == value);
            let one_of = |key: &str, value: &str| {
                request
                    .param(key)
                    .is_none_or(|w| w.split(',').any(|w| w == value))
            };
            is("projectId", &d.project)
                && one_of("projectIds", &d.project)
                && is("app", name.unwrap_or_default())
                && is("branch", &d.commit.branch)
                && is("sha", &d.commit.sha)
                && is(
                    "target",
                    if d.production {
                        "production"
                    } else {
                        "preview"
                    },
                )
                && one_of("state", d.state(now).word())
        };
        let items = self.deployments.iter().rev().filter(|d| wanted(d));
        let items = items.filter_map(|d| Some((millis(d.created), show::row(d, project(d)?, now))));
        Ok((200, page("deployments", items.collect(), request)?))
    }

    /// Points production at what was built for it, unless somebody rolled back: then only a promotion does (Vercel, "Instant
    /// Rollback").
    pub(super) fn assign(&mut self, now: f64) {
        for project in self.projects.iter_mut().filter(|p| !p.rolled_back) {
            let current = project.production.clone();
            let since = self
                .deployments
                .iter()
                .find(|d| Some(&d.id) == current.as_ref())
                .map_or(f64::NEG_INFINITY, |d| d.created);
            let newest = self.deployments.iter_mut().rev().find(|d| {
                d.project == project.id && d.production && d.promoted.is_none() && d.is_ready(now)
            });
            if let Some(newest) = newest.filter(|d| d.created > since) {
                newest.promoted = Some(newest.ends_at());
                project.production = Some(newest.id.clone());
            }
        }
    }

    /// A new deployment of a project, queued now.
    pub(super) fn begin(
        &mut self,
        project: usize,
        commit: Commit,
        production: bool,
        source: &'static str,
        world: &World,
    ) -> Option<&Deployment> {
        let project = self.projects.get(project)?;
        let mut made = self.made(project.id.clone(), project.name, commit, production);
        made.source = source;
        made.created = world.stamp();
        made.pace = world.speed;
        self.deployments.push(made);
        self.deployments.last()
    }

    /// A deployment with an id and a host of its own; a branch with `bad` in its name does not build.
    pub(super) fn made(
        &mut self,
        project: String,
        name: &str,
        commit: Commit,
        production: bool,
    ) -> Deployment {
        let host = id(&mut self.dice, "", 9).to_lowercase();
        let fails = commit.branch.contains("bad");
        Deployment {
            id: id(&mut self.dice, "dpl_", 28),
            project,
            url: format!("{name}-{host}-laser.vercel.app"),
            production,
            commit,
            source: "git",
            created: 0.0,
            pace: 1.0,
            build_s: 38.0 + 24.0 * self.dice.f64(),
            fails: fails.then_some("Command \"npm run build\" exited with 1"),
            cancelled: None,
            promoted: None,
        }
    }

    pub(super) fn forget(&mut self) {
        let too_many = self.deployments.len().saturating_sub(REMEMBERED);
        let kept: Vec<String> = self
            .projects
            .iter()
            .filter_map(|p| p.production.clone())
            .collect();
        let mut n = 0;
        self.deployments.retain(|d| {
            n += 1;
            n > too_many || kept.contains(&d.id)
        });
    }
}
