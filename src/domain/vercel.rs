//! Vercel: projects, what production shows, who pushed what, domains, and variables by name; a variable's value is never read.

use jiff::Timestamp;
use serde::Serialize;

/// Projects and their newest deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hosting {
    /// Sorted by name.
    pub projects: Vec<Project>,
    /// Newest first.
    pub deployments: Vec<Deployment>,
    /// Projects that the configuration names and Vercel does not tell of.
    pub missing: Vec<String>,
    /// Id of the team that they belong to, where the configuration names none and the token sees one.
    pub team: Option<String>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Project {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Framework that it is built with.
    pub framework: Option<String>,
    /// Id of the deployment that production shows.
    pub production: Option<String>,
    /// Whether a new production deployment is shown by itself; `false` after somebody rolled back, and where that is a choice.
    pub assigns_itself: bool,
    /// The last promotion or rollback: `promote` or `rollback`, and how far it is.
    pub last_pointing: Option<(String, String)>,
}

/// Where a deployment is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// Waiting for a builder.
    Queued,
    /// A builder starts.
    Initializing,
    /// Being built.
    Building,
    /// It serves.
    Ready,
    /// The build failed.
    Error,
    /// Somebody called it off.
    Canceled,
    /// Vercel did not let it be built: who pushed is no member of the team, or the account is over a limit.
    Blocked,
    /// It is gone.
    Deleted,
    /// A state that Vercel added since.
    Other,
}

impl BuildState {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initializing => "starting",
            Self::Building => "building",
            Self::Ready => "ready",
            Self::Error => "failed",
            Self::Canceled => "cancelled",
            Self::Blocked => "blocked",
            Self::Deleted => "deleted",
            Self::Other => "unknown",
        }
    }

    /// Whether it goes on.
    pub fn is_moving(self) -> bool {
        matches!(self, Self::Queued | Self::Initializing | Self::Building)
    }
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deployment {
    /// Id.
    pub id: String,
    /// Id of its project.
    pub project_id: String,
    /// Name of its project.
    pub project: String,
    /// Its own host.
    pub url: String,
    /// State.
    pub state: BuildState,
    /// Why the build failed.
    pub error: Option<String>,
    /// `production`, `preview`, or the name of another environment.
    pub target: String,
    /// Branch.
    pub branch: Option<String>,
    /// Commit.
    pub commit: Option<String>,
    /// Its first line.
    pub message: Option<String>,
    /// Who pushed.
    pub author: Option<String>,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
    /// Ready (UTC).
    pub ready_at: Option<Timestamp>,
    /// Whether production can be rolled back to it.
    pub can_roll_back_to: bool,
}

/// What is set at a project: domains and variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Id of the project.
    pub project_id: String,
    /// Its name.
    pub project: String,
    /// Domains, sorted by name.
    pub domains: Vec<Domain>,
    /// Variables, its own and those that the team shares with it, sorted by name.
    pub variables: Vec<Variable>,
    /// Why there may be more than these.
    pub unread: Option<String>,
}

/// A domain of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Domain {
    /// Name.
    pub name: String,
    /// Whether Vercel has seen that it is ours.
    pub verified: bool,
    /// What it waits for: `TXT _vercel.example.com`.
    pub wants: Option<String>,
    /// Where it redirects to.
    pub redirect: Option<String>,
    /// The branch that it shows; `None`: production.
    pub branch: Option<String>,
}

/// An environment variable, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// `plain`, `encrypted`, `sensitive` or `system`.
    pub kind: String,
    /// Where it is set: `production`, `preview`, `development`, ids of other environments.
    pub targets: Vec<String>,
    /// When its value was last changed (UTC).
    pub updated_at: Option<Timestamp>,
    /// Whether the team shares it with several projects.
    pub shared: bool,
}

/// A name that leads to a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// Id of the deployment.
    pub deployment: Option<String>,
    /// Id of the project.
    pub project_id: Option<String>,
    /// Since (UTC).
    pub since: Option<Timestamp>,
}

impl Project {
    /// Whether new production deployments are held because somebody rolled back, and not by choice.
    pub fn is_rolled_back(&self) -> bool {
        let last = self.last_pointing.as_ref();
        !self.assigns_itself && last.is_some_and(|(kind, _)| kind == "rollback")
    }
}

impl Hosting {
    /// The deployment that a project's production shows, where it is among the newest.
    pub fn production(&self, project: &Project) -> Option<&Deployment> {
        let id = project.production.as_deref()?;
        self.deployments.iter().find(|d| d.id == id)
    }
}
