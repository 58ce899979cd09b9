//! Sentry's web API (version 0): organizations, projects, issues, their newest event, releases; issues can be resolved, ignored,
//! assigned. Errors happen as the world goes: with load, and with every bad task.

mod issues;
mod query;
mod releases;
mod shapes;
mod stacks;
mod story;

use http::Method;
use serde_json::{Value, json};

use crate::web::{Reply, Request, is_known};
use crate::world::World;
use issues::Issue;
use releases::Release;
use shapes::ORG;
use story::{PROJECTS, Project};

/// The host that links name: the one that the vendor is configured with, whichever was asked.
const PUBLIC: &str = "https://us.sentry.io";

/// Requests a second that the vendor would allow here.
const LIMIT: u32 = 40;

/// The DSN of a service's project, where it has one.
pub fn dsn(service: &str) -> Option<String> {
    let project = PROJECTS.iter().find(|p| p.service == Some(service))?;
    let key = "7c2f5a8e4b1d4f0f9a3e6d5c8b7a6f10";
    let id = project.id;
    Some(format!(
        "https://{key}@o4507000000.ingest.us.sentry.io/{id}"
    ))
}

/// Issues, and up to when errors happened.
#[derive(Debug, Default)]
pub struct Sentry {
    told: bool,
    issues: Vec<Issue>,
    until: f64,
}

impl Sentry {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        Self {
            told,
            issues: if told {
                issues::tell(world)
            } else {
                Vec::new()
            },
            until: world.stamp(),
        }
    }

    /// Lets time go on.
    pub fn step(&mut self, world: &World) {
        if self.told {
            issues::happen(&mut self.issues, world, self.until, world.stamp());
        }
        self.until = world.stamp();
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request, world: &World) -> Reply {
        if !request.headers.contains_key("authorization") {
            return detail(401, "Authentication credentials were not provided.");
        }
        if !is_known(request) {
            return detail(401, "Invalid token");
        }
        let steps = request.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let reply = match steps.as_slice() {
            ["api", "0", rest @ ..] => self.route(request, rest, world),
            _ => None,
        };
        let reply = reply.unwrap_or_else(|| detail(404, "The requested resource does not exist"));
        let reset = (world.stamp().floor() as i64 + 1).to_string();
        reply
            .with("x-sentry-rate-limit-limit", LIMIT.to_string())
            .with("x-sentry-rate-limit-remaining", (LIMIT - 1).to_string())
            .with("x-sentry-rate-limit-reset", reset)
    }

    fn route(&mut self, request: &Request, rest: &[&str], world: &World) -> Option<Reply> {
        let ok = |value: Value| Some(Reply::json(200, &value));
        if !self.told {
            return match rest {
                [] => ok(shapes::root()),
                ["organizations" | "projects"] => ok(json!([])),
                _ => None,
            };
        }
        let get = request.method == Method::GET;
        match rest {
            [] => ok(shapes::root()),
            ["organizations"] => Some(page(request, &[()], |()| shapes::organization())),
            ["organizations", ORG] => ok(shapes::organization()),
            ["organizations", ORG, "projects"] | ["projects"] => {
                Some(page(request, PROJECTS, shapes::project))
            }
            ["projects", ORG, slug] => ok(shapes::project(project(slug)?.1)),
            ["organizations", ORG, "issues"] if get => {
                Some(self.list(request, chosen_projects(request), world))
            }
            ["projects", ORG, slug, "issues"] if get => {
                Some(self.list(request, vec![project(slug)?.0], world))
            }
            ["organizations", ORG, "issues"] => {
                self.change_many(request, chosen_projects(request), world)
            }
            ["projects", ORG, slug, "issues"] => {
                self.change_many(request, vec![project(slug)?.0], world)
            }
            ["projects", ORG, slug, "events"] => {
                let mine: Vec<&Issue> = self
                    .issues
                    .iter()
                    .filter(|i| Some(i.plan.project) == project(slug).map(|p| p.0))
                    .collect();
                Some(page(request, &mine, |i| shapes::listed_event(i)))
            }
            ["organizations", ORG, "issues", id, tail @ ..] | ["issues", id, tail @ ..] => {
                self.one(request, id, tail, world)
            }
            ["organizations", ORG, "releases"] => {
                Some(self.releases(request, &chosen_projects(request), world))
            }
            ["projects", ORG, slug, "releases"] => {
                Some(self.releases(request, &[project(slug)?.0], world))
            }
            ["organizations", ORG, "releases", version]
            | ["projects", ORG, _, "releases", version] => self
                .release(version, world)
                .map(|r| Reply::json(200, &shapes::release(&r))),
            ["organizations", ORG, "releases", version, "deploys"] => {
                let release = shapes::release(&self.release(version, world)?);
                ok(if release["lastDeploy"].is_null() {
                    json!([])
                } else {
                    json!([release["lastDeploy"]])
                })
            }
            _ => None,
        }
    }

    fn list(&self, request: &Request, projects: Vec<usize>, world: &World) -> Reply {
        let asked = request.param("query").unwrap_or("is:unresolved");
        let mut all: Vec<&Issue> = self
            .issues
            .iter()
            .filter(|i| projects.contains(&i.plan.project) && query::matches(asked, i))
            .collect();
        let day = |i: &Issue| {
            i.by_hour(24, world.begun(), world.stamp())
                .iter()
                .map(|h| h.1)
                .sum::<u64>()
        };
        match request.param("sort").unwrap_or("date") {
            "date" => all.sort_by(|a, b| b.last_seen.total_cmp(&a.last_seen)),
            "new" => all.sort_by(|a, b| b.first_seen.total_cmp(&a.first_seen)),
            "freq" => all.sort_by_key(|i| std::cmp::Reverse(day(i))),
            "user" => all.sort_by_key(|i| std::cmp::Reverse(i.users())),
            other => return detail(400, &format!("Invalid sort: {other}")),
        }
        page(request, &all, |i| shapes::issue(i, world))
    }

    fn releases(&self, request: &Request, projects: &[usize], world: &World) -> Reply {
        let starts = request.param("query").unwrap_or_default();
        let mut all = releases::all(world, &self.issues);
        all.retain(|r| projects.contains(&r.project) && r.version.starts_with(starts));
        page(request, &all, shapes::release)
    }

    fn release(&self, version: &str, world: &World) -> Option<Release> {
        releases::all(world, &self.issues)
            .into_iter()
            .find(|r| r.version == version)
    }

    fn one(&mut self, request: &Request, id: &str, tail: &[&str], world: &World) -> Option<Reply> {
        let wanted = |i: &Issue| i.id.to_string() == id || shapes::short_id(i) == id;
        let place = self.issues.iter().position(wanted)?;
        if request.method == Method::PUT
            && tail.is_empty()
            && let Err(refusal) = change(self.issues.get_mut(place)?, &request.json())
        {
            return Some(refusal);
        }
        let issue = self.issues.get(place)?;
        let release =
            |version: &Option<String>| version.as_deref().and_then(|v| self.release(v, world));
        let value = match tail {
            [] => shapes::whole_issue(
                issue,
                world,
                release(&issue.first_release).as_ref(),
                release(&issue.last_release).as_ref(),
            ),
            ["events"] => json!([shapes::listed_event(issue)]),
            ["events", "latest" | "recommended"] => {
                shapes::event(issue, release(&issue.last_release).as_ref())
            }
            _ => return None,
        };
        Some(Reply::json(200, &value))
    }

    fn change_many(
        &mut self,
        request: &Request,
        projects: Vec<usize>,
        world: &World,
    ) -> Option<Reply> {
        if request.method != Method::PUT {
            return None;
        }
        let ids: Vec<&str> = request
            .query
            .iter()
            .filter(|(k, _)| k == "id")
            .map(|(_, v)| v.as_str())
            .collect();
        let asked = request.param("query").unwrap_or_default();
        let status = request.param("status");
        let body = request.json();
        for issue in self
            .issues
            .iter_mut()
            .filter(|i| projects.contains(&i.plan.project))
        {
            let named = ids.is_empty() || ids.contains(&issue.id.to_string().as_str());
            let in_state = status.is_none_or(|s| s == issue.status);
            if named
                && in_state
                && query::matches(asked, issue)
                && let Err(refusal) = change(issue, &body)
            {
                return Some(refusal);
            }
        }
        let _ = world;
        Some(Reply::json(200, &body))
    }
}

/// Makes the change that a body asks for.
fn change(issue: &mut Issue, body: &Value) -> Result<(), Reply> {
    match body["status"].as_str() {
        None => {}
        Some(status @ ("resolved" | "resolvedInNextRelease")) => {
            let next = status == "resolvedInNextRelease"
                || body["statusDetails"]["inNextRelease"].as_bool() == Some(true);
            issue.status = "resolved";
            issue.substatus = None;
            issue.until_release_after = issue.last_release.clone().filter(|_| next);
        }
        Some("unresolved") => {
            issue.status = "unresolved";
            issue.substatus = Some("ongoing");
        }
        // The vendor's own tool says it by its old name.
        Some("ignored" | "muted") => {
            issue.status = "ignored";
            issue.substatus = Some(match body["substatus"].as_str() {
                Some("archived_forever") => "archived_forever",
                _ => "archived_until_escalating",
            });
        }
        Some(other) => {
            return Err(Reply::json(
                400,
                &json!({"status": [format!("\"{other}\" is not a valid choice.")]}),
            ));
        }
    }
    if let Some(who) = body.get("assignedTo") {
        let who = who.as_str().unwrap_or_default();
        let name = who
            .trim_start_matches("user:")
            .split('@')
            .next()
            .unwrap_or_default();
        issue.assigned = (!name.is_empty()).then(|| name.to_owned());
    }
    if let Some(seen) = body["hasSeen"].as_bool() {
        issue.seen = seen;
    }
    Ok(())
}

fn project(slug: &str) -> Option<(usize, &'static Project)> {
    PROJECTS
        .iter()
        .enumerate()
        .find(|(_, p)| p.slug == slug || p.id.to_string() == slug)
}

/// Projects that the query chooses; all where it names none.
fn chosen_projects(request: &Request) -> Vec<usize> {
    let named: Vec<&str> = request
        .query
        .iter()
        .filter(|(k, _)| k == "project")
        .map(|(_, v)| v.as_str())
        .collect();
    let every = named.is_empty() || named.contains(&"-1");
    let chosen = |p: &Project| {
        every || named.contains(&p.slug) || named.contains(&p.id.to_string().as_str())
    };
    PROJECTS
        .iter()
        .enumerate()
        .filter(|(_, p)| chosen(p))
        .map(|(n, _)| n)
        .collect()
}

fn detail(status: u16, words: &str) -> Reply {
    Reply::json(status, &json!({"detail": words}))
}

/// A page of a list, with the vendor's `Link`: both directions are always there, and `results` says whether something is.
fn page<T>(request: &Request, all: &[T], show: impl Fn(&T) -> Value) -> Reply {
    let number = |name: &str| request.param(name).and_then(|n| n.parse::<usize>().ok());
    let size = number("limit")
        .or(number("per_page"))
        .unwrap_or(100)
        .clamp(1, 100);
    let start = match request.param("cursor") {
        None | Some("") => 0,
        Some(cursor) => match cursor
            .split(':')
            .nth(1)
            .and_then(|n| n.parse::<usize>().ok())
        {
            Some(start) => start,
            None => return detail(400, "Invalid cursor parameter."),
        },
    };
    let end = start.saturating_add(size).min(all.len());
    let mut kept: Vec<String> = request
        .query
        .iter()
        .filter(|(k, _)| k != "cursor")
        .map(|(k, v)| format!("{k}={}", v.replace(' ', "%20")))
        .collect();
    kept.push(String::new());
    let link = |rel: &str, cursor: String, results: bool| {
        let url = format!(
            "{PUBLIC}{}?{}&cursor={cursor}",
            request.path,
            kept.join("&").trim_end_matches('&')
        );
        format!("<{url}>; rel=\"{rel}\"; results=\"{results}\"; cursor=\"{cursor}\"")
    };
    let back = link(
        "previous",
        format!("0:{}:1", start.saturating_sub(size)),
        start > 0,
    );
    let on = link("next", format!("0:{end}:0"), end < all.len());
    let shown: Vec<Value> = all.iter().skip(start).take(size).map(show).collect();
    Reply::json(200, &json!(shown)).with("link", format!("{back}, {on}"))
}
