//! Vercel's REST API, as <https://vercel.com/docs/rest-api> describes it: the account, projects, domains, variables, deployments and
//! aliases; creating, promoting, rolling back and cancelling. What an operation's path is numbered with (`/v9`, `/v13`) is the version
//! of that operation alone, so several are answered alike.

mod change;
mod deployments;
mod pages;
mod projects;
mod show;
mod story;
mod variables;

use serde_json::{Value, json};

use self::deployments::Deployment;
use self::projects::Project;
use self::variables::Shared;
use super::budget::Budget;
use crate::web::{Reply, Request, is_known};
use crate::world::World;

/// The team that everything belongs to, and its slug.
const TEAM: (&str, &str) = ("team_Lz7Qk2Vn9Xw4Tb6Rc8Hd1Mf3", "laser");

/// The scope of the person whose token it is.
const PERSON: &str = "flightdecks-projects";

/// Calls that the sandbox allows a minute.
const CALLS_A_MINUTE: u32 = 600;

/// A refusal: status, code and words.
#[derive(Debug)]
struct Refusal(u16, &'static str, String);

/// The words for a token that is none, or no longer one, which have a mark of their own.
const NO_TOKEN: &str = "Not authorized";

type Answer = Result<(u16, Value), Refusal>;

/// Everything that Vercel hosts.
#[derive(Debug)]
pub struct Vercel {
    projects: Vec<Project>,
    shared: Vec<Shared>,
    /// Oldest first.
    deployments: Vec<Deployment>,
    dice: fastrand::Rng,
    /// Story time of the next push to a branch.
    next_push: f64,
    budget: Budget,
}

impl Vercel {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        let mut vercel = Self {
            projects: Vec::new(),
            shared: Vec::new(),
            deployments: Vec::new(),
            dice: fastrand::Rng::with_seed(0x7e5ce1),
            next_push: f64::INFINITY,
            budget: Budget::new(CALLS_A_MINUTE, 60.0),
        };
        if told {
            vercel.tell(world);
        }
        vercel
    }

    /// Lets time go on: people push, builds end, requests to promote are carried out.
    pub fn step(&mut self, world: &World) {
        let now = world.stamp();
        if world.story_time() >= self.next_push {
            self.push(world);
        }
        self.assign(now);
        self.settle(world);
        self.forget();
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request, world: &World) -> Reply {
        let now = world.stamp();
        let standing = self.budget.take(now);
        let answer = if standing.spent {
            let why = format!("Too many requests: try again in {} s", standing.reset_s);
            Err(Refusal(429, "rate_limited", why))
        } else {
            refuse(request).map_or_else(|| self.route(request, world), Err)
        };
        let reply = match answer {
            Ok((204, _)) => Reply::empty(204),
            Ok((status, value)) => Reply::json(status, &value),
            Err(Refusal(status, code, why)) => Reply::json(status, &refusal(code, &why)),
        };
        reply
            .with("x-ratelimit-limit", standing.limit.to_string())
            .with("x-ratelimit-remaining", standing.left.to_string())
            .with(
                "x-ratelimit-reset",
                format!("{:.0}", standing.reset_at.ceil()),
            )
    }

    fn route(&mut self, request: &Request, world: &World) -> Answer {
        let steps = request.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let Some((version, path)) = steps.split_first() else {
            return Err(unknown_path());
        };
        if !version.strip_prefix('v').is_some_and(is_number) {
            return Err(unknown_path());
        }
        let now = world.stamp();
        match (request.method.as_str(), path) {
            ("GET", ["user"]) => Ok((200, show::user(world.begun()))),
            ("GET", ["teams"]) => Ok((200, pages::whole("teams", vec![show::team(world.begun())]))),
            ("GET", ["teams", id]) if *id == TEAM.0 || *id == TEAM.1 => {
                Ok((200, show::team(world.begun())))
            }
            ("GET", ["env"]) => Ok((200, self.list_shared(request))),
            ("GET", ["projects"]) => self.list_projects(request, now),
            ("GET", ["projects", id]) => Ok((200, self.project(id)?.show(&self.deployments, now))),
            ("GET", ["projects", id, "domains"]) => self.list_domains(id, request),
            ("GET", ["projects", id, "env"]) => self.project(id)?.list_variables(request),
            ("POST", ["projects", id, "env"]) => {
                self.project_mut(id)?.set_variables(&request.json(), now)
            }
            ("PATCH", ["projects", id, "env", variable]) => {
                self.project_mut(id)?
                    .edit_variable(variable, &request.json(), now)
            }
            ("DELETE", ["projects", id, "env", variable]) => {
                self.project_mut(id)?.remove_variable(variable)
            }
            ("GET", ["projects", id, "promote", "aliases"]) => self.list_promoted(id, request),
            ("POST", ["projects", id, "promote", deployment]) => {
                self.point(id, deployment, "promote", now)
            }
            ("POST", ["projects", id, "rollback", deployment]) => {
                self.point(id, deployment, "rollback", now)
            }
            ("GET", ["deployments"]) => self.list_deployments(request, now),
            ("GET", ["deployments", id]) => {
                let d = self.deployment(id)?;
                Ok((200, show::detail(d, self.project(&d.project)?, now)))
            }
            ("GET", ["deployments", id, "events"]) => {
                Ok((200, show::events(self.deployment(id)?, now)))
            }
            ("GET", ["deployments", id, "aliases"]) => self.list_aliases_of(id, now),
            ("POST", ["deployments"]) => self.create(&request.json(), world),
            ("PATCH", ["deployments", id, "cancel"]) => self.cancel(id, now),
            ("GET", ["aliases"]) => self.list_aliases(request, now),
            _ => Err(unknown_path()),
        }
    }

    fn project(&self, id: &str) -> Result<&Project, Refusal> {
        let found = self.projects.iter().find(|p| p.is_called(id));
        found.ok_or_else(no_project)
    }

    fn project_mut(&mut self, id: &str) -> Result<&mut Project, Refusal> {
        let found = self.projects.iter_mut().find(|p| p.is_called(id));
        found.ok_or_else(no_project)
    }

    /// A deployment by its id or its URL.
    fn deployment(&self, id: &str) -> Result<&Deployment, Refusal> {
        let host = id.strip_prefix("https://").unwrap_or(id);
        let found = self
            .deployments
            .iter()
            .find(|d| d.id == id || d.url == host);
        found.ok_or_else(|| {
            Refusal(
                404,
                "not_found",
                format!("The deployment \"{id}\" could not be found"),
            )
        })
    }
}

/// Refuses callers that are not known, teams that are not theirs, and questions about what the team owns that do not name it: the token's
/// scope is the team, and without one a question is about the person's own things ("Accessing resources owned by a team").
fn refuse(request: &Request) -> Option<Refusal> {
    let forbidden = |why: String| Some(Refusal(403, "forbidden", why));
    if !is_known(request) {
        return forbidden(NO_TOKEN.into());
    }
    let steps = request.steps();
    let about = steps.get(1).map(String::as_str);
    match (request.param("teamId"), request.param("slug")) {
        (None, None) if matches!(about, Some("user" | "teams")) => None,
        (None, None) => forbidden(format!(
            "Not authorized: Trying to access resource under scope \"{PERSON}\". You must re-authenticate to this scope or use a token \
             with access to this scope."
        )),
        (team, slug) if team.is_none_or(|t| t == TEAM.0) && slug.is_none_or(|s| s == TEAM.1) => {
            None
        }
        _ => forbidden("You don't have permission to access this team".into()),
    }
}

/// The body of a refusal that comes before any operation.
pub fn refused(status: u16, why: &str) -> Value {
    let code = match status {
        429 => "rate_limited",
        401 | 403 => "forbidden",
        _ => "internal_server_error",
    };
    refusal(code, why)
}

fn refusal(code: &str, why: &str) -> Value {
    match why {
        NO_TOKEN => json!({"error": {"code": code, "message": why, "invalidToken": true}}),
        _ => json!({"error": {"code": code, "message": why}}),
    }
}

fn no_project() -> Refusal {
    Refusal(404, "not_found", "Project not found".into())
}

fn unknown_path() -> Refusal {
    Refusal(404, "not_found", "The requested path was not found".into())
}

fn bad_request(why: impl Into<String>) -> Refusal {
    Refusal(400, "bad_request", why.into())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Milliseconds since 1970, as the vendor stamps everything.
fn millis(at: f64) -> i64 {
    (at * 1_000.0).round() as i64
}

/// An id of the vendor's kind: letters and digits after a prefix.
fn id(dice: &mut fastrand::Rng, prefix: &str, length: usize) -> String {
    let letters = (0..length).map(|_| dice.alphanumeric());
    prefix.chars().chain(letters).collect()
}
