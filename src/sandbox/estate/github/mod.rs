//! GitHub's REST API (version 2022-11-28) for one repository: workflows, runs, jobs, commits, deployments, security alerts.
//! Deploy runs follow the deployments that came from them: those of the past, and those that dispatching one begins.

mod alerts;
mod change;
mod history;
mod page;
mod plans;
mod runs;
mod shapes;
mod timeline;

use http::Method;
use serde_json::{Value, json};

use crate::web::{Reply, Request, is_known};
use crate::world::World;
use alerts::Alert;
use history::History;
pub use history::{commit_of, sha};
use page::{Budget, by_cursor, by_number};
use plans::{DEPLOY, WORKFLOWS};
use runs::{Run, ends};
use shapes::{NAME, OWNER, Shapes};

/// Who the token belongs to.
const USER: &str = "flightdeck";

/// The repository and what it knows.
#[derive(Debug, Default)]
pub struct Github {
    /// `None`: an account without a repository.
    history: Option<History>,
    alerts: Vec<Alert>,
    /// States of workflows that were changed.
    states: Vec<(usize, &'static str)>,
    budget: Budget,
}

impl Github {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        Self {
            history: told.then(|| History::new(world)),
            alerts: if told {
                alerts::found(world.begun())
            } else {
                Vec::new()
            },
            ..Self::default()
        }
    }

    /// Lets time go on.
    pub fn step(&mut self, world: &World) {
        if let Some(history) = &mut self.history {
            history.step(world);
        }
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request, world: &mut World) -> Reply {
        let now = world.stamp();
        if !is_known(request) {
            return said(401, "Bad credentials");
        }
        if self.budget.is_spent(now) {
            return self.budget.refusal();
        }
        let reply = self.route(request, world);
        self.budget.settle(request, reply, now)
    }

    fn route(&mut self, request: &Request, world: &mut World) -> Reply {
        let steps = request.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let host = request.headers.get("host").and_then(|v| v.to_str().ok());
        let base = format!("http://{}/github", host.unwrap_or("localhost"));
        let shapes = Shapes { base: &base };
        match steps.as_slice() {
            ["rate_limit"] => Reply::json(200, &self.budget.show()),
            ["user"] => Reply::json(200, &shapes.caller(USER)),
            ["repos", owner, name, rest @ ..] => {
                let here = owner.eq_ignore_ascii_case(OWNER) && name.eq_ignore_ascii_case(NAME);
                if !here || self.history.is_none() {
                    return not_found();
                }
                if request.method == Method::GET {
                    self.read(request, rest, shapes, world)
                        .unwrap_or_else(not_found)
                } else {
                    self.change(request, rest, shapes, world)
                        .unwrap_or_else(not_found)
                }
            }
            _ => not_found(),
        }
    }

    fn read(
        &self,
        request: &Request,
        rest: &[&str],
        shapes: Shapes,
        world: &World,
    ) -> Option<Reply> {
        let history = self.history.as_ref()?;
        let head = history.head();
        let (now, base) = (world.stamp(), shapes.base);
        let ok = |value: Value| Some(Reply::json(200, &value));
        match rest {
            [] => ok(shapes.whole_repository(head.map_or(0.0, |c| c.at), 7)),
            ["commits"] => {
                let branch = request.param("sha").unwrap_or(history::MAIN);
                let from = head
                    .filter(|_| branch == history::MAIN)
                    .map(|c| c.sha.as_str())
                    .unwrap_or(branch);
                let start = history
                    .commits
                    .iter()
                    .rposition(|c| c.sha == from || c.branch == from)?;
                let bound = |name: &str| {
                    request
                        .param(name)
                        .and_then(|t| t.parse::<jiff::Timestamp>().ok())
                        .map(|t| t.as_second() as f64)
                };
                let (since, until) = (bound("since"), bound("until"));
                let line: Vec<_> = history
                    .commits
                    .iter()
                    .take(start + 1)
                    .rev()
                    .filter(|c| c.branch == history::MAIN || c.sha == from || c.branch == from)
                    .collect();
                let wanted = |c: &&&history::Commit| {
                    since.is_none_or(|s| c.at >= s) && until.is_none_or(|u| c.at <= u)
                };
                let chosen: Vec<_> = line.iter().filter(wanted).copied().collect();
                let page = by_number(request, base, &chosen);
                let show = |c: &&history::Commit| {
                    let place = line.iter().position(|x| x.sha == c.sha);
                    shapes.commit(c, place.and_then(|p| line.get(p + 1)).copied())
                };
                Some(page.reply(&page.items.iter().map(show).collect()))
            }
            ["commits", reference] => {
                let found = history
                    .commits
                    .iter()
                    .rev()
                    .find(|c| c.sha.starts_with(reference) || c.branch == *reference)?;
                ok(shapes.commit(found, None))
            }
            ["actions", "workflows"] => {
                let all: Vec<_> = WORKFLOWS.iter().enumerate().collect();
                let page = by_number(request, base, &all);
                let shown: Vec<Value> = page
                    .items
                    .iter()
                    .map(|(n, w)| shapes.workflow(w, self.state(*n)))
                    .collect();
                Some(page.reply(&json!({"total_count": all.len(), "workflows": shown})))
            }
            ["actions", "workflows", which] => {
                let index = workflow(which)?;
                ok(shapes.workflow(WORKFLOWS.get(index)?, self.state(index)))
            }
            ["actions", "workflows", which, "runs"] => {
                self.runs(request, Some(workflow(which)?), shapes, world)
            }
            ["actions", "runs"] => self.runs(request, None, shapes, world),
            ["actions", "runs", id] => {
                let run = history.run(id.parse().ok()?)?;
                ok(shapes.run(run, run.attempts.len(), &ends(world), now))
            }
            ["actions", "runs", id, "jobs"] => {
                let run = history.run(id.parse().ok()?)?;
                let attempts = run.attempts.len();
                let first = if request.param("filter") == Some("all") {
                    1
                } else {
                    attempts
                };
                let jobs = (first..=attempts)
                    .flat_map(|a| jobs(run, a, shapes, world))
                    .collect();
                Some(counted(request, base, "jobs", jobs))
            }
            ["actions", "runs", id, "attempts", attempt] => {
                let run = history.run(id.parse().ok()?)?;
                let attempt = attempt
                    .parse()
                    .ok()
                    .filter(|n| (1..=run.attempts.len()).contains(n))?;
                ok(shapes.run(run, attempt, &ends(world), now))
            }
            ["actions", "runs", id, "attempts", attempt, "jobs"] => {
                let run = history.run(id.parse().ok()?)?;
                let attempt = attempt
                    .parse()
                    .ok()
                    .filter(|n| (1..=run.attempts.len()).contains(n))?;
                Some(counted(
                    request,
                    base,
                    "jobs",
                    jobs(run, attempt, shapes, world),
                ))
            }
            ["actions", "jobs", id] => {
                let id: u64 = id.parse().ok()?;
                let run = history.run(id / 100)?;
                let of_all = (1..=run.attempts.len()).flat_map(|a| jobs(run, a, shapes, world));
                of_all
                    .into_iter()
                    .find(|j| j["id"] == json!(id))
                    .and_then(ok)
            }
            ["deployments"] => {
                let wanted = |r: &&Run| {
                    let is =
                        |name: &str, value: &str| request.param(name).is_none_or(|v| v == value);
                    r.workflow == DEPLOY
                        && is("environment", "production")
                        && is("sha", &r.commit.sha)
                        && is("ref", r.commit.branch)
                };
                let all: Vec<&Run> = history.runs.iter().rev().filter(wanted).collect();
                let page = by_number(request, base, &all);
                Some(page.reply(&page.items.iter().map(|r| shapes.deployment(r)).collect()))
            }
            ["deployments", id, tail @ ..] => {
                let id: u64 = id.parse().ok()?;
                let run = history
                    .runs
                    .iter()
                    .find(|r| r.workflow == DEPLOY && shapes::deployment_id(r) == id)?;
                match tail {
                    [] => ok(shapes.deployment(run)),
                    ["statuses"] => ok(json!([shapes.deployment_status(run, &ends(world), now)])),
                    _ => None,
                }
            }
            ["dependabot", "alerts"] | ["code-scanning", "alerts"] => {
                let dependencies = rest.first() == Some(&"dependabot");
                let any_of = |name: &str, value: &str| {
                    request
                        .param(name)
                        .is_none_or(|v| v.split(',').any(|x| x == value))
                };
                let mut all: Vec<&Alert> = self
                    .alerts
                    .iter()
                    .filter(|a| a.is_dependency() == dependencies)
                    .collect();
                all.retain(|a| any_of("state", a.state()) && any_of("severity", a.severity));
                all.sort_by(|a, b| {
                    b.created
                        .total_cmp(&a.created)
                        .then(b.number.cmp(&a.number))
                });
                let page = if dependencies {
                    by_cursor(request, base, &all)
                } else {
                    by_number(request, base, &all)
                };
                Some(
                    page.reply(
                        &page
                            .items
                            .iter()
                            .map(|a| a.show(shapes, head.map_or("", |c| &c.sha)))
                            .collect(),
                    ),
                )
            }
            [kind @ ("dependabot" | "code-scanning"), "alerts", number] => {
                let number: usize = number.parse().ok()?;
                let found = self
                    .alerts
                    .iter()
                    .find(|a| a.is_dependency() == (*kind == "dependabot") && a.number == number)?;
                ok(found.show(shapes, head.map_or("", |c| &c.sha)))
            }
            _ => None,
        }
    }

    fn runs(
        &self,
        request: &Request,
        of: Option<usize>,
        shapes: Shapes,
        world: &World,
    ) -> Option<Reply> {
        let (now, end) = (world.stamp(), ends(world));
        let is = |name: &str, value: &str| request.param(name).is_none_or(|v| v == value);
        let since = request
            .param("created")
            .and_then(|c| c.strip_prefix(">="))
            .and_then(moment);
        let wanted = |r: &&Run| {
            let actor = r.attempts.first().map_or("", |a| a.actor.as_str());
            of.is_none_or(|w| r.workflow == w)
                && is("branch", r.commit.branch)
                && is("event", r.event)
                && is("head_sha", &r.commit.sha)
                && is("actor", actor)
                && since.is_none_or(|s| r.began() >= s)
                && request.param("status").is_none_or(|wanted| {
                    let (status, conclusion) =
                        timeline::verdict(&r.jobs(r.attempts.len(), &end, now));
                    wanted == status || Some(wanted) == conclusion
                })
        };
        let mut all: Vec<&Run> = self.history.as_ref()?.runs.iter().filter(wanted).collect();
        all.sort_by(|a, b| b.began().total_cmp(&a.began()));
        let page = by_number(request, shapes.base, &all);
        let shown: Vec<Value> = page
            .items
            .iter()
            .map(|r| shapes.run(r, r.attempts.len(), &end, now))
            .collect();
        Some(page.reply(&json!({"total_count": all.len(), "workflow_runs": shown})))
    }

    fn state(&self, index: usize) -> &'static str {
        let changed = self.states.iter().rev().find(|(n, _)| *n == index);
        changed.map_or_else(
            || WORKFLOWS.get(index).map_or("deleted", |w| w.state),
            |(_, state)| state,
        )
    }
}

/// A day or a moment, seconds since 1970.
fn moment(text: &str) -> Option<f64> {
    let day = || {
        text.parse::<jiff::civil::Date>()
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
    };
    let at = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| day().map(|z| z.timestamp()));
    at.map(|t| t.as_second() as f64)
}

fn jobs(run: &Run, attempt: usize, shapes: Shapes, world: &World) -> Vec<Value> {
    let jobs = run.jobs(attempt, &ends(world), world.stamp());
    jobs.iter()
        .enumerate()
        .map(|(n, j)| shapes.job(run, n, j))
        .collect()
}

fn counted(request: &Request, base: &str, key: &str, all: Vec<Value>) -> Reply {
    let page = by_number(request, base, &all);
    let mut value = json!({"total_count": all.len()});
    value[key] = json!(page.items);
    page.reply(&value)
}

/// Index of a workflow by its id or file.
fn workflow(which: &str) -> Option<usize> {
    WORKFLOWS
        .iter()
        .position(|w| w.file == which || w.id.to_string() == which)
}

fn said(status: u16, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()}),
    )
}

fn not_found() -> Reply {
    said(404, "Not Found")
}
