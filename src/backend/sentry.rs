//! Sentry's web API, version 0: projects, issues, the newest event of an issue, releases. (Its own shapes; `sentry-types` describes
//! what SDKs send, which is another thing.)

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::token::Token;
use super::transport::rest::{Rest, next_cursor};
use super::transport::{Courier, Line, Question, Vendor};
use crate::config::SentryConfig;
use crate::config::credentials::SENTRY;
use crate::domain::order::Ordered;
use crate::domain::part::Part;
use crate::domain::problem::Problem;
use crate::domain::said;
use crate::domain::sentry::{Errors, Event, Frame, Issue, Project, Release};
use crate::domain::text::inert;

static VENDOR: Vendor = Vendor {
    provider: &SENTRY,
    status_page: "https://status.sentry.io",
};
const BASE: &str = "https://sentry.io/api/0";
const ORGANIZATIONS: Question =
    Question::new("sentry", "ListOrganizations", "list the organizations");
const PROJECTS: Question = Question::new("sentry", "ListProjects", "list the projects");
const ISSUES: Question = Question::new("sentry", "ListIssues", "list the issues");
const EVENT: Question = Question::new(
    "sentry",
    "RetrieveLatestEvent",
    "read the newest event of an issue",
);
const RELEASES: Question = Question::new("sentry", "ListReleases", "list the releases");

/// Pages of projects, and of issues, read at most.
const PAGES: usize = 3;
/// Issues whose newest event is read.
const LOOKED_INTO: usize = 4;

/// The Sentry client.
#[derive(Debug)]
pub struct Sentry {
    rest: Rest,
    /// Host that is asked.
    endpoint: String,
    organization: String,
    /// Slugs; empty: all that the token sees.
    projects: Vec<String>,
    environment: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireProject {
    id: String,
    slug: String,
    platform: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireIssue {
    id: String,
    short_id: String,
    title: String,
    culprit: Option<String>,
    level: Option<String>,
    status: String,
    substatus: Option<String>,
    project: Slug,
    /// A number in quotes.
    count: Value,
    #[serde(default)]
    user_count: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    assigned_to: Option<Actor>,
    permalink: Option<String>,
    stats: Option<Stats>,
}

#[derive(Debug, Deserialize)]
struct Slug {
    slug: String,
}

#[derive(Debug, Deserialize)]
struct Actor {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Stats {
    #[serde(rename = "24h", default)]
    day: Vec<(i64, u64)>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEvent {
    #[serde(rename = "eventID")]
    event_id: String,
    title: Option<String>,
    date_created: Option<String>,
    release: Option<Version>,
    #[serde(default)]
    tags: Vec<Tag>,
    /// Of many kinds; only exceptions are read.
    #[serde(default)]
    entries: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Version {
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    key: String,
    value: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "type")]
    kind: Option<String>,
    value: Option<String>,
    stacktrace: Option<Stack>,
}

#[derive(Debug, Deserialize)]
struct Stack {
    frames: Option<Vec<WireFrame>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFrame {
    function: Option<String>,
    filename: Option<String>,
    abs_path: Option<String>,
    line_no: Option<u64>,
    #[serde(default)]
    in_app: bool,
    /// Numbered lines around the call.
    #[serde(default)]
    context: Option<Vec<(u64, Option<String>)>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRelease {
    version: String,
    date_created: Option<String>,
    date_released: Option<String>,
    first_event: Option<String>,
    last_event: Option<String>,
    #[serde(default)]
    new_groups: u64,
    last_deploy: Option<Deploy>,
    #[serde(default)]
    projects: Vec<Slug>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deploy {
    environment: Option<String>,
    date_finished: Option<String>,
}

impl Sentry {
    /// As configured.
    pub fn new(config: &SentryConfig, courier: Arc<Courier>, line: Arc<Line>) -> Self {
        let base = config.endpoint.as_deref().unwrap_or(BASE);
        let token = Token::new(&SENTRY, config.token.clone());
        let at = reqwest::Url::parse(base).ok();
        let host = at.as_ref().and_then(reqwest::Url::host_str);
        Self {
            endpoint: host.map(inert).unwrap_or_default(),
            rest: Rest::new(&VENDOR, base, token, courier, line),
            organization: config.organization.clone().unwrap_or_default(),
            projects: config.projects.clone(),
            environment: config.environment.clone(),
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/organizations/{}{rest}", self.organization)
    }

    /// Slugs of the organizations that the token sees, sorted.
    ///
    /// # Errors
    /// Where Sentry cannot be asked or refuses.
    pub async fn organizations(&self) -> Result<Vec<String>, Problem> {
        let page = self
            .rest
            .get::<Vec<Slug>>(ORGANIZATIONS, "/organizations/", &[]);
        let mut slugs: Vec<String> = page.await?.value.iter().map(|o| inert(&o.slug)).collect();
        slugs.sort();
        Ok(slugs)
    }

    /// Projects, and their issues that nobody resolved or archived, the most frequent first.
    ///
    /// # Errors
    /// Where Sentry cannot be asked or refuses.
    pub async fn errors(&self) -> Result<Errors, Problem> {
        let (projects, _) = self.all::<WireProject>(PROJECTS, "/projects/", &[]).await?;
        let wanted = |p: &WireProject| self.projects.is_empty() || self.projects.contains(&p.slug);
        let projects: Vec<Project> = projects.into_iter().filter(wanted).map(project).collect();
        let listed = |name: &&String| projects.iter().any(|p| p.slug == **name);
        let unlisted = self.projects.iter().filter(|n| !listed(n));
        let unlisted: Vec<String> = unlisted.map(|n| inert(n)).collect();
        let mut query = vec![
            ("query", "is:unresolved"),
            ("sort", "freq"),
            ("statsPeriod", "24h"),
            ("limit", "100"),
        ];
        let chosen = if self.projects.is_empty() {
            &[][..]
        } else {
            &projects[..]
        };
        query.extend(chosen.iter().map(|p| ("project", p.id.as_str())));
        query.extend(self.environment.as_deref().map(|e| ("environment", e)));
        let (issues, more) = if projects.is_empty() && !self.projects.is_empty() {
            // Without a project in the question, Sentry would answer for all of them.
            (Vec::new(), false)
        } else {
            self.all::<WireIssue>(ISSUES, "/issues/", &query).await?
        };
        let mut issues: Vec<Issue> = issues.into_iter().map(issue).collect();
        issues.order_by(|a, b| {
            b.day()
                .cmp(&a.day())
                .then_with(|| a.short_id.cmp(&b.short_id))
        });
        Ok(Errors {
            organization: inert(&self.organization),
            endpoint: self.endpoint.clone(),
            projects,
            unlisted,
            issues,
            more,
        })
    }

    /// The newest event of the issues that matter most: news first, then what happens most.
    ///
    /// # Errors
    /// Where Sentry cannot be asked or refuses.
    pub async fn events(&self, errors: &Part<Arc<Errors>>) -> Result<Vec<Event>, Problem> {
        let errors = match &errors.value {
            Some(known) => known.clone(),
            // The first question of a run: the other part's answer is under way.
            None => Arc::new(self.errors().await?),
        };
        let mut issues: Vec<&Issue> = errors.issues.iter().collect();
        issues.order_by_key(|i| (!i.is_news(), std::cmp::Reverse(i.day())));
        let mut all = Vec::new();
        for issue in issues.into_iter().take(LOOKED_INTO) {
            let path = self.path(&format!("/issues/{}/events/latest/", issue.id));
            let page = self.rest.get::<WireEvent>(EVENT, &path, &[]).await?;
            all.push(event(issue, page.value));
        }
        Ok(all)
    }

    /// Releases, newest first.
    ///
    /// # Errors
    /// Where Sentry cannot be asked or refuses.
    pub async fn releases(&self) -> Result<Vec<Release>, Problem> {
        let page = self
            .rest
            .get::<Vec<WireRelease>>(RELEASES, &self.path("/releases/"), &[("per_page", "100")])
            .await?;
        let mut all: Vec<Release> = page.value.into_iter().map(release).collect();
        if !self.projects.is_empty() {
            all.retain(|r| r.projects.iter().any(|p| self.projects.contains(p)));
        }
        all.order_by_key(|r| std::cmp::Reverse(r.created_at));
        Ok(all)
    }

    /// Every item of a list, page by page, and whether there are more than [`PAGES`] pages.
    async fn all<T: DeserializeOwned>(
        &self,
        question: Question,
        rest: &str,
        query: &[(&str, &str)],
    ) -> Result<(Vec<T>, bool), Problem> {
        let path = self.path(rest);
        let mut page = self.rest.get::<Vec<T>>(question, &path, query).await?;
        let mut all = Vec::new();
        for n in 1.. {
            let next = next_cursor(&page.heard);
            all.append(&mut page.value);
            match next {
                Some(cursor) if n < PAGES && all.len() < question.rows => {
                    let query = [query, &[("cursor", cursor.as_str())]].concat();
                    page = self.rest.get(question, &path, &query).await?;
                }
                more => return Ok((all, more.is_some())),
            }
        }
        Ok((all, true))
    }
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

fn text(value: Option<String>) -> String {
    value.as_deref().map(inert).unwrap_or_default()
}

fn project(p: WireProject) -> Project {
    Project {
        id: inert(&p.id),
        slug: inert(&p.slug),
        platform: text(p.platform),
    }
}

fn issue(i: WireIssue) -> Issue {
    let events = i.count.as_u64().or_else(|| i.count.as_str()?.parse().ok());
    Issue {
        id: inert(&i.id),
        short_id: inert(&i.short_id),
        title: said::title(&i.title),
        culprit: said::of(i.culprit.as_deref()),
        level: text(i.level),
        project: inert(&i.project.slug),
        status: inert(&i.status),
        substatus: text(i.substatus),
        events: events.unwrap_or(0),
        users: i.user_count,
        hours: i
            .stats
            .map(|s| s.day.into_iter().map(|(_, n)| n).collect())
            .unwrap_or_default(),
        first_seen: time(i.first_seen.as_deref()),
        last_seen: time(i.last_seen.as_deref()),
        assigned_to: i.assigned_to.and_then(|a| a.name).map(|n| inert(&n)),
        url: text(i.permalink),
    }
}

fn event(issue: &Issue, e: WireEvent) -> Event {
    let tag = |name: &str| {
        e.tags
            .iter()
            .find(|t| t.key == name)
            .and_then(|t| t.value.as_deref())
            .map(inert)
    };
    // The last of a chain is the one that was caught.
    let exceptions = e
        .entries
        .iter()
        .filter(|x| x["type"] == "exception")
        .filter_map(|x| x["data"]["values"].as_array());
    let caught = exceptions.flatten().last().cloned();
    let caught: Option<Exception> = caught.and_then(|v| serde_json::from_value(v).ok());
    let (words, frames) = match caught {
        Some(x) => {
            let words = [text(x.kind), said::of(x.value.as_deref())]
                .into_iter()
                .filter(|w| !w.is_empty());
            let frames = x.stacktrace.and_then(|s| s.frames).unwrap_or_default();
            (words.collect::<Vec<_>>().join(": "), frames)
        }
        None => (said::title(&e.title.unwrap_or_default()), Vec::new()),
    };
    Event {
        issue: issue.id.clone(),
        short_id: issue.short_id.clone(),
        id: inert(&e.event_id),
        at: time(e.date_created.as_deref()),
        release: e
            .release
            .and_then(|r| r.version)
            .map(|v| inert(&v))
            .or_else(|| tag("release")),
        environment: tag("environment"),
        exception: words,
        frames: frames.into_iter().rev().map(frame).collect(),
    }
}

fn frame(f: WireFrame) -> Frame {
    let lines = f.context.unwrap_or_default();
    let line = lines
        .into_iter()
        .find(|(n, _)| Some(*n) == f.line_no)
        .and_then(|(_, t)| t);
    Frame {
        function: text(f.function),
        file: text(f.filename.or(f.abs_path)),
        line: f.line_no,
        text: line.map(|t| inert(t.trim())).unwrap_or_default(),
        own: f.in_app,
    }
}

fn release(r: WireRelease) -> Release {
    Release {
        version: inert(&r.version),
        projects: r.projects.into_iter().map(|p| inert(&p.slug)).collect(),
        created_at: time(r.date_created.as_deref()),
        released_at: time(r.date_released.as_deref()),
        deployed: r
            .last_deploy
            .map(|d| (text(d.environment), time(d.date_finished.as_deref()))),
        first_event_at: time(r.first_event.as_deref()),
        last_event_at: time(r.last_event.as_deref()),
        new_issues: r.new_groups,
    }
}
