//! Sentry: issues, the newest event of those that matter, releases.

use jiff::Timestamp;
use serde::Serialize;

use super::service::TaskDefinition;
use super::text::inert;

/// What an organization's error tracking shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Errors {
    /// Organization.
    pub organization: String,
    /// Host that was asked.
    pub endpoint: String,
    /// Projects looked at.
    pub projects: Vec<Project>,
    /// Slugs that the configuration names and Sentry does not list: there is none of that name, or the token does not see it.
    pub unlisted: Vec<String>,
    /// Issues that are not resolved or archived, the most frequent of the last day first.
    pub issues: Vec<Issue>,
    /// Whether there are more than were read.
    pub more: bool,
}

/// Host of Sentry itself, as opposed to a server of one's own.
const HOSTED: &str = "sentry.io";

impl Errors {
    /// Whether events that are sent to a host come to the Sentry that was asked. Sentry itself takes them at other names than it is asked
    /// at (<https://docs.sentry.io/concepts/key-terms/dsn-explainer/>); what listens on this machine stands in for it.
    pub fn takes(&self, host: &str) -> bool {
        let own = self.endpoint.trim_matches(['[', ']']);
        let near = own == "localhost"
            || own
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        let below = |host: &str| host == HOSTED || host.ends_with(".sentry.io");
        let hosted = own.is_empty() || near || below(own);
        let labels: Vec<&str> = host.split('.').collect();
        let ingests = host == HOSTED
            || matches!(
                labels.as_slice(),
                [_, "ingest", "sentry", "io"] | [_, "ingest", _, "sentry", "io"]
            );
        host == own || (hosted && ingests)
    }
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Project {
    /// Id.
    pub id: String,
    /// Slug.
    pub slug: String,
    /// SDK's platform.
    pub platform: String,
}

/// Where a container's SDK sends its events, as a variable of it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reporting {
    /// The variable that holds the DSN (the SDK's address and public key; <https://docs.sentry.io/concepts/key-terms/dsn-explainer/>).
    pub variable: String,
    /// Sentry's host.
    pub host: String,
    /// Id of the project.
    pub project: String,
}

impl Reporting {
    /// By the first variable whose value is a DSN. One that comes from a secret is not seen.
    pub fn of(definition: &TaskDefinition) -> Option<Self> {
        let all = definition.containers.iter().flat_map(|c| &c.environment);
        let mut named = all.filter(|(_, value)| value.contains("://") && value.contains('@'));
        named.find_map(|(variable, value)| {
            let dsn: sentry_types::Dsn = value.parse().ok()?;
            // Any address with a user parses; the last part of a DSN's path is the number of a project.
            let project = dsn.project_id().value();
            let is_dsn = project.bytes().all(|b| b.is_ascii_digit());
            is_dsn.then(|| Self {
                variable: variable.clone(),
                host: inert(dsn.host()),
                project: project.to_owned(),
            })
        })
    }
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Issue {
    /// Id.
    pub id: String,
    /// `API-3`.
    pub short_id: String,
    /// Title.
    pub title: String,
    /// Where the fault is thought to be.
    pub culprit: String,
    /// `error`, `fatal`, `warning`, `info`, `debug`.
    pub level: String,
    /// Slug of its project.
    pub project: String,
    /// `unresolved`, `resolved`, `ignored`.
    pub status: String,
    /// `new`, `regressed`, `escalating`, `ongoing` ...; empty where none was told.
    pub substatus: String,
    /// Events in all.
    pub events: u64,
    /// People concerned.
    pub users: u64,
    /// Events of each hour of the last day, oldest first.
    pub hours: Vec<u64>,
    /// First event (UTC).
    pub first_seen: Option<Timestamp>,
    /// Last event (UTC).
    pub last_seen: Option<Timestamp>,
    /// Who it was given to.
    pub assigned_to: Option<String>,
    /// Its page.
    pub url: String,
}

impl Issue {
    /// Events of the last day.
    pub fn day(&self) -> u64 {
        self.hours.iter().sum()
    }

    /// Whether it is worse than one that was always there: new, back, or growing.
    pub fn is_news(&self) -> bool {
        matches!(self.substatus.as_str(), "new" | "regressed" | "escalating")
    }
}

/// The newest event of an issue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Id of the issue.
    pub issue: String,
    /// Short id of the issue.
    pub short_id: String,
    /// Id.
    pub id: String,
    /// When (UTC).
    pub at: Option<Timestamp>,
    /// Release that made it.
    pub release: Option<String>,
    /// Environment.
    pub environment: Option<String>,
    /// What went wrong: `TypeError: ...`.
    pub exception: String,
    /// Stack, innermost call first.
    pub frames: Vec<Frame>,
}

/// A call on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// Function.
    pub function: String,
    /// File.
    pub file: String,
    /// Line.
    pub line: Option<u64>,
    /// The line's text.
    pub text: String,
    /// Whether it is the application's own.
    pub own: bool,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Release {
    /// Version: `api@1.8.2`, or a commit.
    pub version: String,
    /// Slugs of its projects.
    pub projects: Vec<String>,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
    /// Released (UTC).
    pub released_at: Option<Timestamp>,
    /// Last deployed to, and when (UTC).
    pub deployed: Option<(String, Option<Timestamp>)>,
    /// First event (UTC).
    pub first_event_at: Option<Timestamp>,
    /// Last event (UTC).
    pub last_event_at: Option<Timestamp>,
    /// Issues that it brought.
    pub new_issues: u64,
}

impl Release {
    /// Whether it is the release of an image's tag: the version itself, or what follows `package@`; what is built of a version
    /// (`+build`) is of that version, too.
    pub fn is_of(&self, tag: &str) -> bool {
        let version = self
            .version
            .rsplit_once('@')
            .map_or(self.version.as_str(), |(_, v)| v);
        let bare = |text: &str| {
            text.split('+')
                .next()
                .unwrap_or_default()
                .trim_start_matches('v')
                .to_owned()
        };
        !tag.is_empty() && bare(version) == bare(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_to_the_sentry_that_is_asked_or_to_another() {
        let takes = |endpoint: &str, host: &str| {
            let errors = Errors {
                endpoint: endpoint.into(),
                ..Errors::default()
            };
            errors.takes(host)
        };
        for asked in ["sentry.io", "de.sentry.io", "127.0.0.1", "localhost", ""] {
            for host in ["sentry.io", "o1.ingest.sentry.io", "o1.ingest.de.sentry.io"] {
                assert!(takes(asked, host), "{asked} {host}");
            }
            for host in [
                "sentry.example",
                "o1.ingest.sentry.io.example",
                "a.b.sentry.io",
            ] {
                assert!(!takes(asked, host), "{asked} {host}");
            }
        }
        assert!(takes("sentry.example", "sentry.example"));
        assert!(takes("localhost", "localhost"));
        assert!(!takes("sentry.example", "o1.ingest.sentry.io"));
    }

    #[test]
    fn releases_are_known_by_the_tag_of_their_image() {
        let release = |version: &str| Release {
            version: version.into(),
            projects: Vec::new(),
            created_at: None,
            released_at: None,
            deployed: None,
            first_event_at: None,
            last_event_at: None,
            new_issues: 0,
        };
        for (version, tag, same) in [
            ("api@1.8.2", "1.8.2", true),
            ("1.8.2", "v1.8.2", true),
            ("api@1.8.2+build.7", "1.8.2", true),
            ("api@1.8.20", "1.8.2", false),
            ("api@", "", false),
        ] {
            assert_eq!(release(version).is_of(tag), same, "{version} {tag}");
        }
    }
}
