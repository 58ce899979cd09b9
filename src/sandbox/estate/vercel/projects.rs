//! Projects, their domains, and the names that lead to their deployments.

use serde_json::{Value, json};

use super::change::Pointing;
use super::deployments::Deployment;
use super::pages::page;
use super::variables::Variable;
use super::{Answer, TEAM, Vercel, millis, show};
use crate::web::Request;

/// A domain of a project.
#[derive(Clone, Debug)]
pub struct Domain {
    pub name: &'static str,
    /// Where it redirects to.
    pub redirect: Option<&'static str>,
    /// Whether its DNS record was seen.
    pub verified: bool,
    /// Wall-clock time, seconds since 1970.
    pub added: f64,
}

/// A project.
#[derive(Debug)]
pub struct Project {
    pub id: String,
    pub name: &'static str,
    pub framework: &'static str,
    /// Wall-clock time, seconds since 1970.
    pub created: f64,
    pub domains: Vec<Domain>,
    pub variables: Vec<Variable>,
    /// Id of the deployment that its domains show.
    pub production: Option<String>,
    /// Whether somebody rolled back: new deployments are then not shown by themselves.
    pub rolled_back: bool,
    pub pointing: Option<Pointing>,
    /// For ids of variables.
    pub made: u32,
}

impl Project {
    pub fn is_called(&self, id: &str) -> bool {
        self.id == id || self.name == id
    }

    /// Names that show production.
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        let own = self
            .domains
            .iter()
            .filter(|d| d.verified && d.redirect.is_none());
        let own = own.map(|d| d.name.to_owned());
        own.chain([format!("{}.vercel.app", self.name)])
    }

    /// As `GET /v9/projects/{id}` shows it.
    pub fn show(&self, deployments: &[Deployment], now: f64) -> Value {
        let newest = deployments.iter().rev().filter(|d| d.project == self.id);
        let newest: Vec<Value> = newest.take(5).map(|d| show::latest(d, self, now)).collect();
        let current = self.production.as_deref();
        let current = deployments.iter().find(|d| Some(d.id.as_str()) == current);
        let mut targets = json!({});
        if let (Some(d), Some(targets)) = (current, targets.as_object_mut()) {
            targets.insert("production".into(), show::latest(d, self, now));
        }
        let updated = deployments.iter().rev().find(|d| d.project == self.id);
        json!({
            "accountId": TEAM.0, "id": self.id, "name": self.name, "framework": self.framework, "nodeVersion": "22.x",
            "directoryListing": false, "autoAssignCustomDomains": !self.rolled_back,
            "createdAt": millis(self.created), "updatedAt": millis(updated.map_or(self.created, |d| d.created)),
            "deploymentExpiration": {"expirationDays": 30, "expirationDaysProduction": 365, "expirationDaysCanceled": 30,
                "expirationDaysErrored": 30, "deploymentsToKeep": 10},
            "defaultResourceConfig": show::resources(), "resourceConfig": show::resources(),
            "serverlessFunctionRegion": "iad1", "live": true,
            "link": {"type": "github", "org": "laser", "repo": self.name, "repoId": 7_310_001, "productionBranch": "main",
                "createdAt": millis(self.created), "updatedAt": millis(self.created), "deployHooks": [],
                "gitCredentialId": "cred_laser", "sourceless": false},
            "alias": self.hosts().map(|host| json!({"domain": host, "environment": "production", "target": "PRODUCTION",
                "deployment": current.map(|d| show::latest(d, self, now))})).collect::<Vec<_>>(),
            "latestDeployments": newest, "targets": targets,
            "lastAliasRequest": self.pointing.as_ref().map(|p| p.show(now)),
            "lastRollbackTarget": null,
        })
    }
}

impl Domain {
    fn show(&self, project: &Project) -> Value {
        let mut steps = self.name.rsplit('.');
        let (top, second) = (
            steps.next().unwrap_or_default(),
            steps.next().unwrap_or_default(),
        );
        let mut shown = json!({
            "name": self.name, "apexName": format!("{second}.{top}"), "projectId": project.id, "redirect": self.redirect,
            "redirectStatusCode": self.redirect.map(|_| 308), "gitBranch": null, "customEnvironmentId": null,
            "createdAt": millis(self.added), "updatedAt": millis(self.added), "verified": self.verified,
        });
        if !self.verified
            && let Some(shown) = shown.as_object_mut()
        {
            let wanted = format!("vc-domain-verify={},4f1c2e9ab07d", self.name);
            let name = format!("_vercel.{second}.{top}");
            shown.insert(
                "verification".into(),
                json!([{"type": "TXT", "domain": name, "value": wanted, "reason": "pending_domain_verification"}]),
            );
        }
        shown
    }
}

impl Vercel {
    pub(super) fn list_projects(&self, request: &Request, now: f64) -> Answer {
        let mut found: Vec<&Project> = self.projects.iter().collect();
        if let Some(search) = request.param("search") {
            found.retain(|p| p.name.contains(search));
        }
        found.sort_by(|a, b| b.created.total_cmp(&a.created));
        let items = found.into_iter();
        let items = items.map(|p| (millis(p.created), p.show(&self.deployments, now)));
        Ok((200, page("projects", items.collect(), request)?))
    }

    pub(super) fn list_domains(&self, id: &str, request: &Request) -> Answer {
        let project = self.project(id)?;
        let mut found: Vec<&Domain> = project.domains.iter().collect();
        if let Some(wanted) = request.param("verified") {
            found.retain(|d| d.verified.to_string() == wanted);
        }
        if request.param("redirects") == Some("false") {
            found.retain(|d| d.redirect.is_none());
        }
        found.sort_by(|a, b| b.added.total_cmp(&a.added));
        let items = found.into_iter();
        let items = items.map(|d| (millis(d.added), d.show(project)));
        Ok((200, page("domains", items.collect(), request)?))
    }

    /// Names, what they show, and since when; newest first.
    fn names(&self, now: f64) -> Vec<(String, &Deployment, f64)> {
        let mut names = Vec::new();
        for project in &self.projects {
            let shown = self.deployments.iter();
            let current = shown
                .clone()
                .find(|d| Some(&d.id) == project.production.as_ref());
            if let Some(d) = current {
                let since = d.promoted.unwrap_or_else(|| d.ends_at());
                names.extend(project.hosts().map(|host| (host, d, since)));
            }
            let mut branches: Vec<&str> = Vec::new();
            for d in shown
                .rev()
                .filter(|d| d.project == project.id && d.is_ready(now))
            {
                if !branches.contains(&d.commit.branch.as_str()) {
                    branches.push(&d.commit.branch);
                    let branch = d.commit.branch.replace(['/', '_'], "-");
                    let host = format!("{}-git-{branch}-laser.vercel.app", project.name);
                    names.push((host, d, d.ends_at()));
                }
            }
        }
        names.sort_by(|a, b| b.2.total_cmp(&a.2));
        names
    }

    pub(super) fn list_aliases(&self, request: &Request, now: f64) -> Answer {
        let of = request.param("projectId").map(|id| self.project(id));
        let of = of.transpose()?.map(|p| p.id.as_str());
        let domain = request.param("domain");
        let names = self.names(now).into_iter();
        let wanted = names.filter(|(host, d, _)| {
            of.is_none_or(|id| id == d.project) && domain.is_none_or(|w| w == host)
        });
        let items = wanted.map(|(host, d, since)| (millis(since), show::alias(&host, d, since)));
        Ok((200, page("aliases", items.collect(), request)?))
    }

    pub(super) fn list_aliases_of(&self, id: &str, now: f64) -> Answer {
        let id = self.deployment(id)?.id.as_str();
        let names = self.names(now).into_iter().filter(|(_, d, _)| d.id == id);
        let shown: Vec<Value> = names
            .map(|(host, d, at)| show::alias(&host, d, at))
            .collect();
        Ok((200, json!({"aliases": shown})))
    }

    /// What the last promotion or rollback did to each name.
    pub(super) fn list_promoted(&self, id: &str, request: &Request) -> Answer {
        let project = self.project(id)?;
        let Some(pointing) = project.pointing.as_ref() else {
            return Ok((200, page("aliases", Vec::new(), request)?));
        };
        let status = if pointing.done {
            "completed"
        } else {
            "in-progress"
        };
        let items = project.hosts().enumerate().map(|(n, host)| {
            let id = format!("als_{n:02}_{}", pointing.to.trim_start_matches("dpl_"));
            (
                millis(pointing.asked),
                json!({"alias": host, "id": id, "status": status}),
            )
        });
        Ok((200, page("aliases", items.collect(), request)?))
    }
}
