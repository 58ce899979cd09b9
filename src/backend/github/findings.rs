//! What GitHub's scanners found and nobody closed: Dependabot alerts and code-scanning alerts.

use serde::Deserialize;

use super::{Github, wire};
use crate::backend::transport::Question;
use crate::domain::github::{Finding, Scanner};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::said;
use crate::domain::severity::Severity;
use crate::domain::text::inert;

const DEPENDABOT: Question = Question::new(
    "github",
    "ListDependabotAlerts",
    "list the Dependabot alerts",
);
const CODE: Question = Question::new(
    "github",
    "ListCodeScanningAlerts",
    "list the code-scanning alerts",
);

#[derive(Debug, Deserialize)]
struct Dependency {
    number: u64,
    html_url: String,
    created_at: Option<String>,
    security_advisory: Advisory,
    security_vulnerability: Vulnerability,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    ghsa_id: String,
    cve_id: Option<String>,
    summary: String,
    severity: String,
}

#[derive(Debug, Deserialize)]
struct Vulnerability {
    package: Package,
    vulnerable_version_range: String,
    first_patched_version: Option<Version>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Version {
    identifier: String,
}

#[derive(Debug, Deserialize)]
struct Code {
    number: u64,
    html_url: String,
    created_at: Option<String>,
    rule: Rule,
    most_recent_instance: Option<Instance>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    id: Option<String>,
    #[serde(default)]
    description: String,
    /// Of rules about security.
    security_severity_level: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Instance {
    location: Option<Location>,
}

#[derive(Debug, Deserialize)]
struct Location {
    path: Option<String>,
    start_line: Option<u64>,
}

impl Github {
    /// Open findings of both scanners. One that is switched off, or that the token may not see, says so; it has not found nothing.
    ///
    /// # Errors
    /// Where GitHub cannot be asked at all.
    pub async fn findings(&self) -> Result<Vec<Scanner>, Problem> {
        let query = [("state", "open"), ("per_page", "100")];
        let path = self.path("/dependabot/alerts");
        let dependencies = self.all::<Dependency>(DEPENDABOT, path, &query).await;
        let path = self.path("/code-scanning/alerts");
        let codes = self.all::<Code>(CODE, path, &query).await;
        Ok(vec![
            scanner("dependabot", dependencies, dependency)?,
            scanner("code_scanning", codes, code)?,
        ])
    }
}

/// GitHub answers 403 or 404 where a scanner is switched off for a repository, or the token has no right to its alerts.
fn scanner<T>(
    tool: &'static str,
    answer: Result<(Vec<T>, bool), Problem>,
    read: impl Fn(T) -> Finding,
) -> Result<Scanner, Problem> {
    match answer {
        Ok((all, cut)) => {
            let mut open: Vec<Finding> = all.into_iter().map(read).collect();
            open.order_by(|a, b| {
                b.severity
                    .cmp(&a.severity)
                    .then(a.created_at.cmp(&b.created_at))
            });
            Ok(Scanner {
                tool,
                off: None,
                open,
                cut,
            })
        }
        Err(p) if matches!(p.kind, ProblemKind::Denied | ProblemKind::NotFound) => Ok(Scanner {
            tool,
            off: Some(p.why),
            open: Vec::new(),
            cut: false,
        }),
        Err(p) => Err(p),
    }
}

fn dependency(d: Dependency) -> Finding {
    let v = d.security_vulnerability;
    Finding {
        number: d.number,
        severity: Severity::parse(&d.security_advisory.severity),
        summary: said::title(&d.security_advisory.summary),
        place: inert(&format!(
            "{} {}",
            v.package.name, v.vulnerable_version_range
        )),
        rule: inert(
            d.security_advisory
                .cve_id
                .as_deref()
                .unwrap_or(&d.security_advisory.ghsa_id),
        ),
        fix: v.first_patched_version.map(|v| inert(&v.identifier)),
        created_at: wire::time(d.created_at.as_deref()),
        url: inert(&d.html_url),
    }
}

fn code(c: Code) -> Finding {
    let at = c.most_recent_instance.and_then(|i| i.location);
    let place = at.map(|l| {
        let line = l.start_line.map(|n| format!(":{n}")).unwrap_or_default();
        format!("{}{line}", l.path.unwrap_or_default())
    });
    Finding {
        number: c.number,
        severity: Severity::parse(
            c.rule
                .security_severity_level
                .as_deref()
                .unwrap_or_default(),
        ),
        summary: said::title(&c.rule.description),
        place: inert(&place.unwrap_or_default()),
        rule: inert(c.rule.id.as_deref().unwrap_or_default()),
        fix: None,
        created_at: wire::time(c.created_at.as_deref()),
        url: inert(&c.html_url),
    }
}
