//! What GitHub finds: vulnerable dependencies (Dependabot) and weak code (code scanning).

use serde_json::{Value, json};

use super::history::sha;
use super::shapes::{Shapes, page, time};

const DAY_S: f64 = 86_400.0;

/// Which kind an alert is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A package and where it is asked for.
    Dependency {
        /// Package.
        package: &'static str,
        /// File that asks for it.
        manifest: &'static str,
        /// Versions that are vulnerable.
        range: &'static str,
        /// First version that is not.
        fixed: &'static str,
        /// `runtime` or `development`.
        scope: &'static str,
    },
    /// A rule and where it was broken.
    Code {
        /// Rule.
        rule: &'static str,
        /// File.
        file: &'static str,
        /// Line.
        line: u32,
    },
}

/// An alert.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Number among its kind.
    pub number: usize,
    /// What it is.
    pub kind: Kind,
    /// `low`, `medium`, `high`, `critical`.
    pub severity: &'static str,
    /// Words.
    pub summary: &'static str,
    /// When it was found.
    pub created: f64,
    /// When it was fixed.
    pub fixed: Option<f64>,
    /// When, by whom and why it was dismissed.
    pub dismissed: Option<(f64, String, String)>,
}

struct Plan {
    kind: Kind,
    severity: &'static str,
    summary: &'static str,
    days: f64,
    fixed_days: Option<f64>,
}

const fn dependency(
    package: &'static str,
    range: &'static str,
    fixed: &'static str,
    scope: &'static str,
) -> Kind {
    Kind::Dependency {
        package,
        manifest: "api/package-lock.json",
        range,
        fixed,
        scope,
    }
}

const fn code(rule: &'static str, file: &'static str, line: u32) -> Kind {
    Kind::Code { rule, file, line }
}

const fn plan(
    kind: Kind,
    severity: &'static str,
    summary: &'static str,
    days: f64,
    fixed_days: Option<f64>,
) -> Plan {
    Plan {
        kind,
        severity,
        summary,
        days,
        fixed_days,
    }
}

/// None is critical and open: what is to be found is a high one that is a month old.
const PLANS: &[Plan] = &[
    plan(
        dependency("lodash", "< 4.17.21", "4.17.21", "development"),
        "high",
        "Command injection in lodash",
        140.0,
        Some(120.0),
    ),
    plan(
        dependency("jsonwebtoken", "< 9.0.0", "9.0.0", "runtime"),
        "critical",
        "Verification accepts tokens signed with a weak key",
        96.0,
        Some(95.0),
    ),
    plan(
        dependency("path-to-regexp", "< 0.1.12", "0.1.12", "runtime"),
        "high",
        "Backtracking makes a route slow",
        31.0,
        None,
    ),
    plan(
        dependency("cookie", "< 0.7.0", "0.7.0", "runtime"),
        "low",
        "Names and paths of cookies are not checked",
        31.0,
        None,
    ),
    plan(
        dependency("vite", ">= 5.0.0, < 5.4.15", "5.4.15", "development"),
        "medium",
        "The development server serves files outside its folder",
        12.0,
        None,
    ),
    plan(
        dependency("esbuild", "<= 0.24.2", "0.25.0", "development"),
        "medium",
        "Any site may ask the development server",
        12.0,
        None,
    ),
    plan(
        code("js/log-injection", "api/src/quotes/log.ts", 41),
        "medium",
        "What a user typed is written to the log as it is",
        44.0,
        None,
    ),
    plan(
        code("js/missing-rate-limiting", "api/src/auth/session.ts", 88),
        "high",
        "A handler that reads the database is not limited",
        63.0,
        Some(40.0),
    ),
    plan(
        code("js/incomplete-sanitization", "web/src/preview/svg.ts", 17),
        "high",
        "A character is replaced once only",
        9.0,
        None,
    ),
    plan(
        code("js/clear-text-logging", "worker/src/invoice.ts", 120),
        "high",
        "A password may reach the log",
        71.0,
        Some(70.0),
    ),
];

/// What has been found when the story begins.
pub fn found(begun: f64) -> Vec<Alert> {
    let (mut dependencies, mut codes) = (0, 0);
    let alert = |p: &Plan| {
        let counter = match p.kind {
            Kind::Dependency { .. } => &mut dependencies,
            Kind::Code { .. } => &mut codes,
        };
        *counter += 1;
        Alert {
            number: *counter,
            kind: p.kind,
            severity: p.severity,
            summary: p.summary,
            created: begun - p.days * DAY_S,
            fixed: p.fixed_days.map(|d| begun - d * DAY_S),
            dismissed: None,
        }
    };
    PLANS.iter().map(alert).collect()
}

impl Alert {
    /// `open`, `fixed`, `dismissed`.
    pub fn state(&self) -> &'static str {
        match (self.fixed, &self.dismissed) {
            (Some(_), _) => "fixed",
            (None, Some(_)) => "dismissed",
            (None, None) => "open",
        }
    }

    /// Whether it is Dependabot's.
    pub fn is_dependency(&self) -> bool {
        matches!(self.kind, Kind::Dependency { .. })
    }

    fn updated(&self) -> f64 {
        let dismissed = self.dismissed.as_ref().map(|d| d.0);
        self.fixed.or(dismissed).unwrap_or(self.created)
    }

    /// As the API shows it.
    pub fn show(&self, shapes: Shapes, head: &str) -> Value {
        let dismissed_at = self.dismissed.as_ref().map(|d| time(d.0));
        let dismissed_by = self.dismissed.as_ref().map(|d| shapes.user(&d.1));
        let reason = self.dismissed.as_ref().map(|d| d.2.clone());
        let (name, web) = if self.is_dependency() {
            ("dependabot", "security/dependabot")
        } else {
            ("code-scanning", "security/code-scanning")
        };
        let url = shapes.repo_url(&format!("/{name}/alerts/{}", self.number));
        let html = page(&format!("/{web}/{}", self.number));
        match self.kind {
            Kind::Dependency {
                package,
                manifest,
                range,
                fixed,
                scope,
            } => {
                let id = sha(self.summary);
                let part = |from: usize| id.get(from..from + 4).unwrap_or_default().to_owned();
                let ghsa = format!("GHSA-{}-{}-{}", part(0), part(4), part(8));
                let cve = format!("CVE-2026-{:04}", 1_000 + self.number * 37);
                let package = json!({"ecosystem": "npm", "name": package});
                let vulnerability = json!({
                    "package": package, "severity": self.severity, "vulnerable_version_range": range,
                    "first_patched_version": {"identifier": fixed},
                });
                json!({
                    "number": self.number, "state": self.state(),
                    "dependency": {"package": package, "manifest_path": manifest, "scope": scope, "relationship": "transitive"},
                    "security_advisory": {
                        "ghsa_id": ghsa, "cve_id": cve, "summary": self.summary, "description": self.summary, "severity": self.severity,
                        "identifiers": [{"type": "GHSA", "value": ghsa}, {"type": "CVE", "value": cve}],
                        "references": [{"url": format!("https://github.com/advisories/{ghsa}")}], "published_at": time(self.created - DAY_S),
                        "updated_at": time(self.created), "withdrawn_at": null, "vulnerabilities": [vulnerability],
                        "cvss": {"vector_string": null, "score": score(self.severity)}, "cwes": [{"cwe_id": "CWE-1333", "name": "Inefficient or unsafe handling of input"}],
                    },
                    "security_vulnerability": vulnerability, "url": url, "html_url": html, "created_at": time(self.created),
                    "updated_at": time(self.updated()), "dismissed_at": dismissed_at, "dismissed_by": dismissed_by,
                    "dismissed_reason": reason, "dismissed_comment": null, "fixed_at": self.fixed.map(time), "auto_dismissed_at": null,
                })
            }
            Kind::Code { rule, file, line } => json!({
                "number": self.number, "created_at": time(self.created), "updated_at": time(self.updated()), "url": url, "html_url": html,
                "state": self.state(), "fixed_at": self.fixed.map(time), "dismissed_by": dismissed_by, "dismissed_at": dismissed_at,
                "dismissed_reason": reason, "dismissed_comment": null, "instances_url": format!("{url}/instances"),
                "rule": {
                    "id": rule, "severity": if self.severity == "high" { "error" } else { "warning" }, "description": self.summary,
                    "name": rule, "tags": ["security"], "security_severity_level": self.severity,
                },
                "tool": {"name": "CodeQL", "guid": null, "version": "2.19.3"},
                "most_recent_instance": {
                    "ref": "refs/heads/main", "analysis_key": ".github/workflows/security.yml:codeql", "environment": "{}",
                    "category": ".github/workflows/security.yml:codeql", "state": self.state(), "commit_sha": head,
                    "message": {"text": self.summary}, "classifications": [],
                    "location": {"path": file, "start_line": line, "end_line": line, "start_column": 5, "end_column": 40},
                },
            }),
        }
    }
}

fn score(severity: &str) -> f64 {
    match severity {
        "critical" => 9.8,
        "high" => 7.5,
        "medium" => 5.3,
        _ => 3.1,
    }
}
