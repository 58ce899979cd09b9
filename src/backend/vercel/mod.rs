//! Vercel's REST API (<https://vercel.com/docs/rest-api>): projects, deployments, domains, variables by name, aliases. What a path is
//! numbered with is the version of that operation alone.

mod shapes;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use self::shapes::{Aliases, Deployments, Domains, Paged, Projects, Variables};
use super::token::Token;
use super::transport::rest::{Rest, unending};
use super::transport::{Courier, Line, Question, Vendor};
use crate::config::VercelConfig;
use crate::config::credentials::VERCEL;
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::vercel::{Alias, Hosting, Project, Settings};

static VENDOR: Vendor = Vendor {
    provider: &VERCEL,
    status_page: "https://www.vercel-status.com",
};
const BASE: &str = "https://api.vercel.com";

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
const ALIASES: Question = Question::new("vercel", "GET /v4/aliases", "list Vercel's aliases");

/// Pages of a list read at most, each of a hundred.
const PAGES: usize = 20;
/// The same of a list of which the newest are enough.
const NEWEST_PAGES: usize = 5;
/// Deployments shown.
const NEWEST: &str = "100";
/// Projects whose domains and variables are read at most: two questions each, every five minutes.
const PROJECTS_READ: usize = 25;

/// The Vercel client.
#[derive(Debug)]
pub struct Vercel {
    rest: Rest,
    team: Option<String>,
    projects: Vec<String>,
}

impl Vercel {
    /// As configured.
    pub fn new(config: &VercelConfig, courier: Arc<Courier>, line: Arc<Line>) -> Self {
        let base = config.endpoint.as_deref().unwrap_or(BASE);
        let token = Token::new(&VERCEL, config.token.clone());
        Self {
            rest: Rest::new(&VENDOR, base, token, courier, line),
            team: config.team.clone(),
            projects: config.projects.clone(),
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
        Ok(Hosting {
            projects,
            deployments,
            missing,
        })
    }

    /// Domains and variables of each project; of a variable its name, never its value.
    ///
    /// # Errors
    /// Where Vercel cannot be asked or refuses.
    pub async fn settings(&self) -> Result<Vec<Settings>, Problem> {
        let mut found = Vec::new();
        for project in self.projects().await?.into_iter().take(PROJECTS_READ) {
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
            let mut variables: Vec<_> = page.envs.into_iter().map(shapes::Variable::read).collect();
            variables.order_by(|a, b| a.name.cmp(&b.name));
            found.push(Settings {
                project_id: project.id,
                project: project.name,
                domains,
                variables,
            });
        }
        Ok(found)
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
        let found = self.pages::<Projects>(PROJECTS, "/v10/projects").await?;
        let mut projects: Vec<_> = found
            .into_iter()
            .map(shapes::Project::read)
            .filter(|p| self.projects.is_empty() || self.projects.contains(&p.name))
            .collect();
        projects.order_by(|a, b| a.name.cmp(&b.name));
        Ok(projects)
    }

    /// A list to its end: each page names the time before which the next begins. One that has none is not read, unless its newest
    /// items are enough.
    async fn pages<P: Paged + DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
    ) -> Result<Vec<P::Item>, Problem> {
        let mut found = Vec::new();
        let mut until: Option<String> = None;
        let most = if P::NEWEST_ARE_ENOUGH {
            NEWEST_PAGES
        } else {
            PAGES
        };
        for _ in 0..most {
            let mut query = vec![("limit", "100")];
            if let Some(until) = &until {
                query.push((P::CONTINUES, until));
            }
            let page: P = self.get(question, path, &query).await?;
            let (items, next) = page.take();
            found.extend(items);
            if next.is_none() || next == until {
                return Ok(found);
            }
            if found.len() >= question.rows {
                break;
            }
            until = next;
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
        let mut query = query.to_vec();
        if let Some(team) = &self.team {
            query.push(("teamId", team));
        }
        Ok(self.rest.get(question, path, &query).await?.value)
    }
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
