//! Vercel's REST API (<https://vercel.com/docs/rest-api>): projects, deployments, domains, variables by name, aliases. What a path is
//! numbered with is the version of that operation alone.

mod scope;
mod shapes;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use self::scope::Scope;
use self::shapes::{
    Aliases, Deployments, Domains, Paged, Projects, SharedVariable, SharedVariables, Teams,
    Variables,
};
use super::token::Token;
use super::transport::rest::{Rest, going_round, unending};
use super::transport::{Courier, Line, Question, Vendor};
use super::wanted::Wanted;
use crate::config::VercelConfig;
use crate::config::credentials::VERCEL;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::vercel::{Alias, Hosting, Project, Settings};

static VENDOR: Vendor = Vendor {
    provider: &VERCEL,
    status_page: "https://www.vercel-status.com",
};
const BASE: &str = "https://api.vercel.com";

const TEAMS: Question = Question::new("vercel", "GET /v2/teams", "list the token's teams");
const PROJECTS: Question = Question::new("vercel", "GET /v10/projects", "list Vercel's projects");
const DEPLOYMENTS: Question =
    Question::new("vercel", "GET /v7/deployments", "list Vercel's deployments");
const DOMAINS: Question = Question::new(
    "vercel",
    "GET /v9/projects/{id}/domains",
    "list a project's domains",
);
const VARIABLES: Question = Question::new(
    "vercel",
    "GET /v10/projects/{id}/env",
    "list a project's variables",
);
const SHARED: Question = Question::new(
    "vercel",
    "GET /v1/env",
    "list the variables that the team shares",
);
const ALIASES: Question = Question::new("vercel", "GET /v4/aliases", "list Vercel's aliases");

/// Pages of a list read at most, each of a hundred.
const PAGES: usize = 20;
/// The same of a list of which the newest are enough.
const NEWEST_PAGES: usize = 5;
/// Deployments shown.
const NEWEST: &str = "100";
/// Projects whose domains and variables are read at most: two questions each, every five minutes.
const PROJECTS_READ: usize = 25;

/// Why a team may share more than is known.
const ONE_PAGE: &str =
    "the team may share more with it: Vercel tells no more than the first page of that";

/// The Vercel client.
#[derive(Debug)]
pub struct Vercel {
    rest: Rest,
    team: Option<String>,
    /// Where the configuration names no team: whose things the token sees.
    found: tokio::sync::Mutex<Option<Scope>>,
    projects: Vec<String>,
    wanted: Wanted,
}

impl Vercel {
    /// As configured.
    pub fn new(
        config: &VercelConfig,
        wanted: Wanted,
        courier: Arc<Courier>,
        line: Arc<Line>,
    ) -> Self {
        let base = config.endpoint.as_deref().unwrap_or(BASE);
        let token = Token::new(&VERCEL, config.token.clone());
        Self {
            rest: Rest::new(&VENDOR, base, token, courier, line),
            team: config.team.clone(),
            found: tokio::sync::Mutex::default(),
            projects: config.projects.clone(),
            wanted,
        }
    }

    /// Projects, and the newest deployments of all of them.
    ///
    /// # Errors
    /// Where Vercel cannot be asked or refuses.
    pub async fn hosting(&self) -> Result<Hosting, Problem> {
        let projects = self.projects().await?;
        let page: Deployments = self
            .get(DEPLOYMENTS, "/v7/deployments", &[("limit", NEWEST)])
            .await?;
        let mut deployments: Vec<_> = page
            .deployments
            .into_iter()
            .map(shapes::Deployment::read)
            .filter(|d| projects.iter().any(|p| p.id == d.project_id))
            .collect();
        // Production of a project that others push past is looked up by itself.
        for project in &projects {
            let known = |id: &String| deployments.iter().any(|d| &d.id == id);
            if let Some(id) = project.production.as_ref().filter(|id| !known(id)) {
                let question = Question::new(
                    "vercel",
                    "GET /v13/deployments/{id}",
                    "look at production's deployment",
                );
                let path = format!("/v13/deployments/{}", segment(id));
                let found: shapes::Deployment = self.get(question, &path, &[]).await?;
                let mut found = found.read();
                found.project_id.clone_from(&project.id);
                deployments.push(found);
            }
        }
        deployments.order_by_key(|d| std::cmp::Reverse(d.created_at));
        let told = |name: &&String| projects.iter().any(|p| &p.name == *name);
        let missing = self.projects.iter().filter(|n| !told(n)).cloned().collect();
        let team = match (&self.team, self.scope().await?) {
            (None, Scope::Team(id)) => Some(id),
            _ => None,
        };
        Ok(Hosting {
            projects,
            deployments,
            missing,
            team,
        })
    }

    /// Domains and variables of each project; of a variable its name, never its value. Of more projects than are looked into those come
    /// first that are expected to have some, and those of hosts that are probed; the others are told of as not read.
    ///
    /// # Errors
    /// Where Vercel cannot be asked or refuses.
    pub async fn settings(&self) -> Result<Vec<Settings>, Problem> {
        let mut projects = self.listed().await?;
        projects.order_by_key(|(_, first)| !first);
        let mut found = Vec::new();
        let (shared, unread) = self.shared().await?;
        for (n, (project, _)) in projects.into_iter().enumerate() {
            if n >= PROJECTS_READ {
                found.push(Settings {
                    project_id: project.id,
                    project: project.name,
                    domains: Vec::new(),
                    variables: Vec::new(),
                    unread: Some(format!(
                        "it is not read: there are more than {PROJECTS_READ}"
                    )),
                });
                continue;
            }
            let at = format!("/v9/projects/{}/domains", segment(&project.id));
            let mut domains: Vec<_> = self
                .pages::<Domains>(DOMAINS, &at)
                .await?
                .into_iter()
                .map(shapes::Domain::read)
                .collect();
            domains.order_by(|a, b| a.name.cmp(&b.name));
            let at = format!("/v10/projects/{}/env", segment(&project.id));
            let page: Variables = self.get(VARIABLES, &at, &[]).await?;
            let own = page.envs.into_iter().map(shapes::Variable::read);
            let linked = shared.iter().filter_map(|v| v.of(&project.id));
            let mut variables: Vec<_> = own.chain(linked).collect();
            variables.order_by(|a, b| a.name.cmp(&b.name));
            found.push(Settings {
                project_id: project.id,
                project: project.name,
                domains,
                variables,
                unread: unread.clone(),
            });
        }
        found.order_by(|a, b| a.project.cmp(&b.project));
        Ok(found)
    }

    /// What the team shares with projects, which none of them lists; and why that may not be all. Where the token may not see it the
    /// projects' own variables are told all the same.
    async fn shared(&self) -> Result<(Vec<SharedVariable>, Option<String>), Problem> {
        let mut found = Vec::new();
        // Where none is named by choice, a default team may share some all the same.
        if self.team.is_none() && self.scope().await? == Scope::Own {
            return Ok((found, None));
        }
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..PAGES {
            // It takes no `limit` ("Lists all Shared Environment Variables for a team").
            let query = seen.last().map(|at| ("until", at.as_str()));
            let query: Vec<(&str, &str)> = query.into_iter().collect();
            let page: SharedVariables = match self.get(SHARED, "/v1/env", &query).await {
                Ok(page) => page,
                Err(p) if is_about_the_question(&p) => {
                    let why = format!("what the team shares with it is not known: {}", p.why);
                    return Ok((found, Some(why)));
                }
                Err(p) => return Err(p),
            };
            let (items, next) = page.take();
            // Its reference knows no `until`: where that is passed over, this is what was read already.
            if next.as_ref().is_some_and(|next| seen.contains(next)) {
                return Ok((found, Some(ONE_PAGE.into())));
            }
            found.extend(items);
            let Some(next) = next else {
                return Ok((found, None));
            };
            seen.push(next);
        }
        Err(self.rest.refused(unending(SHARED, found.len())))
    }

    /// Names and the deployments that they lead to, newest first.
    ///
    /// # Errors
    /// Where Vercel cannot be asked or refuses.
    pub async fn aliases(&self) -> Result<Vec<Alias>, Problem> {
        let found = self.pages::<Aliases>(ALIASES, "/v4/aliases").await?;
        Ok(found.into_iter().map(shapes::Alias::read).collect())
    }

    async fn projects(&self) -> Result<Vec<Project>, Problem> {
        let listed = self.listed().await?;
        Ok(listed.into_iter().map(|(project, _)| project).collect())
    }

    /// Projects, sorted by name, each with whether the configuration is about it or a host of it.
    async fn listed(&self) -> Result<Vec<(Project, bool)>, Problem> {
        let found = self.pages::<Projects>(PROJECTS, "/v10/projects").await?;
        let read = |p: shapes::Project| {
            let first = self.wanted.expects(p.name()) || self.wanted.names_any(p.hosts());
            (p.read(), first)
        };
        let mut projects: Vec<_> = found
            .into_iter()
            .map(read)
            .filter(|(p, _)| self.projects.is_empty() || self.projects.contains(&p.name))
            .collect();
        projects.order_by(|a, b| a.0.name.cmp(&b.0.name));
        Ok(projects)
    }

    /// Whose things are asked for. Found out once, and anew after a refusal: another token may see another team.
    async fn scope(&self) -> Result<Scope, Problem> {
        if let Some(team) = &self.team {
            return Ok(Scope::named(team));
        }
        let mut known = self.found.lock().await;
        if let Some(scope) = &*known {
            return Ok(scope.clone());
        }
        let scope = match self.rest.get::<Teams>(TEAMS, "/v2/teams", &[]).await {
            Ok(page) => Scope::found(&page.value.teams).map_err(|p| self.rest.refused(p))?,
            // Who may not list teams may still have an account.
            Err(p) if p.kind == ProblemKind::Denied => Scope::Own,
            Err(p) => return Err(p),
        };
        *known = Some(scope.clone());
        Ok(scope)
    }

    /// A list to its end: each page names the time before which the next begins. One that has none is not read, unless its newest
    /// items are enough.
    async fn pages<P: Paged + DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
    ) -> Result<Vec<P::Item>, Problem> {
        let mut found = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let most = if P::NEWEST_ARE_ENOUGH {
            NEWEST_PAGES
        } else {
            PAGES
        };
        for _ in 0..most {
            let mut query = vec![("limit", "100")];
            if let Some(until) = seen.last() {
                query.push((P::CONTINUES, until));
            }
            let page: P = self.get(question, path, &query).await?;
            let (items, next) = page.take();
            found.extend(items);
            let Some(next) = next else {
                return Ok(found);
            };
            if found.len() >= question.rows {
                break;
            }
            if seen.contains(&next) {
                return Err(self.rest.refused(going_round(question)));
            }
            seen.push(next);
        }
        if P::NEWEST_ARE_ENOUGH {
            return Ok(found);
        }
        Err(self.rest.refused(unending(question, found.len())))
    }

    async fn get<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Problem> {
        let scope = self.scope().await?;
        let query: Vec<_> = query.iter().copied().chain(scope.parameter()).collect();
        match self.rest.get(question, path, &query).await {
            Ok(page) => Ok(page.value),
            Err(problem) => {
                if problem.is_about_credentials() || problem.kind == ProblemKind::Denied {
                    *self.found.lock().await = None;
                }
                Err(scope.explained(problem))
            }
        }
    }
}

/// Whether a question is refused for what it asks, and others may be answered.
fn is_about_the_question(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::Denied | ProblemKind::NotFound | ProblemKind::Invalid
    )
}

/// A step of a path, made of an id that came from outside: nothing in it may lead elsewhere.
fn segment(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_id_leads_nowhere_else() {
        assert_eq!(super::segment("prj_Ab-1"), "prj_Ab-1");
        assert_eq!(super::segment("../../v2/user?x=1"), "v2userx1");
    }
}
