//! What Vercel answers, as far as it is read. Times are milliseconds since 1970.

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::said;
use crate::domain::text::inert;
use crate::domain::vercel::{self, BuildState};

/// A page of a list.
pub trait Paged {
    /// What it lists.
    type Item;
    /// The parameter that the next page takes.
    const CONTINUES: &'static str;
    /// Whether nothing is missed where the oldest are not read.
    const NEWEST_ARE_ENOUGH: bool;
    /// Its items, and where the next page begins.
    fn take(self) -> (Vec<Self::Item>, Option<String>);
}

/// Where the next page begins: a time, or (for projects) a word.
#[derive(Debug, Default, Deserialize)]
pub struct Pagination {
    next: Option<serde_json::Value>,
}

impl Pagination {
    fn next(this: Option<Self>) -> Option<String> {
        match this?.next? {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Number(n) => Some(n.to_string()),
            _ => None,
        }
    }
}

macro_rules! paged {
    ($page:ident, $items:ident: $item:ident, $continues:literal, $newest:literal) => {
        #[derive(Debug, Deserialize)]
        pub struct $page {
            pub $items: Vec<$item>,
            pagination: Option<Pagination>,
        }
        impl Paged for $page {
            type Item = $item;
            const CONTINUES: &'static str = $continues;
            const NEWEST_ARE_ENOUGH: bool = $newest;
            fn take(self) -> (Vec<$item>, Option<String>) {
                (self.$items, Pagination::next(self.pagination))
            }
        }
    };
}

paged!(Projects, projects: Project, "from", false);
paged!(Domains, domains: Domain, "until", false);
paged!(Aliases, aliases: Alias, "until", true);

/// The first page, which has all that fit on one.
#[derive(Debug, Deserialize)]
pub struct Teams {
    pub teams: Vec<Team>,
}

#[derive(Debug, Deserialize)]
pub struct Team {
    pub id: String,
    pub slug: String,
}

/// Variables that the team shares with projects.
#[derive(Debug, Deserialize)]
pub struct SharedVariables {
    pub data: Vec<SharedVariable>,
    pagination: Option<Pagination>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedVariable {
    #[serde(flatten)]
    variable: Variable,
    /// Ids of the projects that it is linked to.
    #[serde(default)]
    project_id: Vec<String>,
}

impl SharedVariables {
    /// Its items, and where the next page begins.
    pub fn take(self) -> (Vec<SharedVariable>, Option<String>) {
        (self.data, Pagination::next(self.pagination))
    }
}

impl SharedVariable {
    /// As a project sees it; `None`: it is not linked to that one.
    pub fn of(&self, project: &str) -> Option<vercel::Variable> {
        let linked = self.project_id.iter().any(|id| inert(id) == project);
        linked.then(|| vercel::Variable {
            shared: true,
            ..self.variable.clone().read()
        })
    }
}

#[derive(Debug, Deserialize)]
pub struct Deployments {
    pub deployments: Vec<Deployment>,
}

#[derive(Debug, Deserialize)]
pub struct Variables {
    pub envs: Vec<Variable>,
}

fn time(millis: Option<f64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(millis? as i64).ok()
}

fn clean(text: Option<String>) -> Option<String> {
    text.map(|t| inert(&t)).filter(|t| !t.is_empty())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    id: String,
    name: String,
    framework: Option<String>,
    targets: Option<Targets>,
    alias: Option<Vec<Shown>>,
    auto_assign_custom_domains: Option<bool>,
    last_alias_request: Option<Pointing>,
}

#[derive(Debug, Deserialize)]
struct Targets {
    production: Option<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    id: String,
    alias: Option<Vec<String>>,
}

/// A name that shows a project.
#[derive(Debug, Deserialize)]
struct Shown {
    domain: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pointing {
    #[serde(rename = "type")]
    kind: String,
    job_status: String,
}

impl Project {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names that show its production, as far as a list of projects tells them.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let shown = self.alias.iter().flatten();
        let shown = shown.filter_map(|s| s.domain.as_deref());
        let production = self.targets.as_ref().and_then(|t| t.production.as_ref());
        let aliases = production.and_then(|t| t.alias.as_ref());
        shown.chain(aliases.into_iter().flatten().map(String::as_str))
    }

    pub fn read(self) -> vercel::Project {
        let last = self.last_alias_request;
        vercel::Project {
            id: inert(&self.id),
            name: inert(&self.name),
            framework: clean(self.framework),
            production: self
                .targets
                .and_then(|t| t.production)
                .map(|t| inert(&t.id)),
            assigns_itself: self.auto_assign_custom_domains.unwrap_or(true),
            last_pointing: last.map(|l| (inert(&l.kind), inert(&l.job_status))),
        }
    }
}

/// A row of the list, which calls its id `uid`, or the whole of one, which calls it `id`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    #[serde(alias = "uid")]
    id: String,
    #[serde(default)]
    project_id: String,
    name: String,
    url: Option<String>,
    ready_state: Option<String>,
    state: Option<String>,
    target: Option<String>,
    #[serde(default)]
    meta: serde_json::Map<String, serde_json::Value>,
    creator: Option<Creator>,
    created_at: Option<f64>,
    created: Option<f64>,
    ready: Option<f64>,
    error_message: Option<String>,
    is_rollback_candidate: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Creator {
    username: Option<String>,
}

impl Deployment {
    pub fn read(self) -> vercel::Deployment {
        // A GitHub, GitLab or Bitbucket project: `githubCommitRef`, `gitlabCommitRef`, `bitbucketCommitRef`.
        let raw = |what: &str| {
            let hosts = ["github", "gitlab", "bitbucket"].iter();
            let mut values = hosts.filter_map(|host| self.meta.get(&format!("{host}Commit{what}")));
            values.find_map(|v| v.as_str())
        };
        let meta = |what: &str| clean(raw(what).map(str::to_owned));
        let message = raw("Message").and_then(|m| m.lines().next());
        let message = message.map(said::title).filter(|t| !t.is_empty());
        let author = meta("AuthorLogin").or_else(|| meta("AuthorName"));
        let (branch, commit) = (meta("Ref"), meta("Sha"));
        let state = self.ready_state.or(self.state).unwrap_or_default();
        let id = inert(&self.id);
        vercel::Deployment {
            state: build_state(&state),
            url: clean(self.url).unwrap_or_else(|| id.clone()),
            id,
            project_id: inert(&self.project_id),
            project: inert(&self.name),
            error: self
                .error_message
                .as_deref()
                .map(said::words)
                .filter(|t| !t.is_empty()),
            target: clean(self.target).unwrap_or_else(|| "preview".into()),
            branch,
            commit,
            message,
            author: author.or_else(|| clean(self.creator.and_then(|c| c.username))),
            created_at: time(self.created_at.or(self.created)),
            ready_at: time(self.ready),
            can_roll_back_to: self.is_rollback_candidate == Some(true),
        }
    }
}

fn build_state(word: &str) -> BuildState {
    match word {
        "QUEUED" => BuildState::Queued,
        "INITIALIZING" => BuildState::Initializing,
        "BUILDING" => BuildState::Building,
        "READY" => BuildState::Ready,
        "ERROR" => BuildState::Error,
        "CANCELED" => BuildState::Canceled,
        "BLOCKED" => BuildState::Blocked,
        "DELETED" => BuildState::Deleted,
        _ => BuildState::Other,
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    name: String,
    #[serde(default)]
    verified: bool,
    redirect: Option<String>,
    git_branch: Option<String>,
    #[serde(default)]
    verification: Vec<Wanted>,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(rename = "type")]
    kind: String,
    domain: String,
}

impl Domain {
    pub fn read(self) -> vercel::Domain {
        let wants = self.verification.first();
        let wants = wants.map(|w| format!("{} {}", w.kind, w.domain));
        vercel::Domain {
            name: inert(&self.name),
            verified: self.verified,
            wants: clean(wants),
            redirect: clean(self.redirect),
            branch: clean(self.git_branch),
        }
    }
}

/// Its value is not among what is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    key: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    target: OneOrMany,
    #[serde(default)]
    custom_environment_ids: Vec<String>,
    created_at: Option<f64>,
    updated_at: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Variable {
    pub fn read(self) -> vercel::Variable {
        let mut targets = match self.target {
            OneOrMany::Many(many) => many,
            OneOrMany::One(one) => vec![one],
        };
        targets.extend(self.custom_environment_ids);
        vercel::Variable {
            name: inert(&self.key),
            kind: inert(&self.kind),
            targets: targets.iter().map(|t| inert(t)).collect(),
            updated_at: time(self.updated_at.or(self.created_at)),
            shared: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alias {
    alias: String,
    deployment_id: Option<String>,
    project_id: Option<String>,
    created_at: Option<f64>,
    updated_at: Option<f64>,
}

impl Alias {
    pub fn read(self) -> vercel::Alias {
        vercel::Alias {
            name: inert(&self.alias),
            deployment: clean(self.deployment_id),
            project_id: clean(self.project_id),
            since: time(self.updated_at.or(self.created_at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_sources_that_vercel_adds_are_no_error() {
        let text = r#"{"uid":"dpl_1","name":"web","readyState":"HIBERNATING","created":1700000000000.5,
            "meta":{"gitlabCommitRef":"main","gitlabCommitMessage":"One\nTwo"},"creator":{"username":"ana"}}"#;
        let read = serde_json::from_str::<Deployment>(text).unwrap().read();
        assert_eq!(read.state, BuildState::Other);
        assert_eq!(read.branch.as_deref(), Some("main"));
        assert_eq!(read.message.as_deref(), Some("One"));
        assert_eq!(
            (read.target.as_str(), read.url.as_str()),
            ("preview", "dpl_1")
        );
    }

    #[test]
    fn what_vercel_did_not_build_or_took_away_is_called_so() {
        let words = ["BLOCKED", "DELETED", "CANCELED"].map(|w| build_state(w).word());
        assert_eq!(words, ["blocked", "deleted", "cancelled"]);
    }

    #[test]
    fn what_the_team_shares_is_a_variable_of_the_projects_it_is_linked_to() {
        let text = r#"{"data":[{"created":"2021-02-10T13:11:49.180Z","key":"DSN","ownerId":"team_1","id":"env_1","createdAt":1,
            "value":"hunter2","projectId":["prj_1"],"type":"encrypted","target":["production"]}],
            "pagination":{"count":1,"next":null,"prev":null}}"#;
        let (all, next) = serde_json::from_str::<SharedVariables>(text)
            .unwrap()
            .take();
        assert_eq!(next, None);
        let of = all[0].of("prj_1").unwrap();
        assert_eq!((of.name.as_str(), of.shared), ("DSN", true));
        assert_eq!(of.targets, ["production"]);
        assert!(!format!("{of:?}").contains("hunter2"));
        assert_eq!(all[0].of("prj_2"), None);
    }

    #[test]
    fn a_variable_keeps_no_value() {
        let text = r#"{"key":"DSN","type":"encrypted","value":"hunter2","target":"production","updatedAt":1}"#;
        let read = serde_json::from_str::<Variable>(text).unwrap().read();
        assert_eq!(read.targets, ["production"]);
        assert!(!format!("{read:?}").contains("hunter2"));
    }
}
