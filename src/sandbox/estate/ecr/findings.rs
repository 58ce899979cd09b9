//! What the scanner knows: vulnerabilities of the base image's packages, by the repositories and tags that have them.

use crate::wire::{Node, list, map};
use crate::world::names;

/// Severities, worst first.
pub const SEVERITIES: [&str; 4] = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];

const DAY_S: f64 = 86_400.0;

/// A vulnerability in a package.
#[derive(Debug)]
pub struct Finding {
    /// CVE id.
    id: &'static str,
    /// Severity.
    pub severity: &'static str,
    /// CVSS base score.
    score: f64,
    /// Package, the version that is in the image, and the one that mends it (empty: none yet).
    package: (&'static str, &'static str, &'static str),
    /// In a few words.
    title: &'static str,
    /// Days after the push that it became known; 0: it was known before.
    known_after_days: f64,
    /// Repositories that have it (`*`: all), and the tag, where only one has.
    of: (&'static str, Option<&'static str>),
}

/// One image that runs has a critical one: a finding of the story.
const KNOWN: &[Finding] = &[
    Finding {
        id: "CVE-2024-45491",
        severity: "CRITICAL",
        score: 9.8,
        package: ("libexpat1", "2.5.0-1", "2.5.0-1+deb12u1"),
        title: "integer overflow in dtdCopy on 32-bit platforms",
        known_after_days: 0.6,
        of: ("laser/pdf-render", Some("0.9.5")),
    },
    Finding {
        id: "CVE-2023-44487",
        severity: "HIGH",
        score: 7.5,
        package: ("libnghttp2-14", "1.52.0-1", "1.52.0-1+deb12u1"),
        title: "HTTP/2 rapid reset exhausts the server",
        known_after_days: 0.0,
        of: ("laser/calculator", None),
    },
    Finding {
        id: "CVE-2024-2961",
        severity: "HIGH",
        score: 7.3,
        package: ("libc6", "2.36-9+deb12u4", "2.36-9+deb12u7"),
        title: "iconv writes past its buffer for ISO-2022-CN-EXT",
        known_after_days: 1.0,
        of: ("laser/pdf-render", None),
    },
    Finding {
        id: "CVE-2023-5678",
        severity: "MEDIUM",
        score: 5.3,
        package: ("libssl3", "3.0.11-1~deb12u2", "3.0.13-1~deb12u1"),
        title: "checking excessively long DH keys is slow",
        known_after_days: 0.0,
        of: ("*", None),
    },
    Finding {
        id: "CVE-2023-50495",
        severity: "MEDIUM",
        score: 6.5,
        package: ("libtinfo6", "6.4-4", ""),
        title: "segmentation fault in _nc_wrap_entry",
        known_after_days: 0.0,
        of: ("*", None),
    },
    Finding {
        id: "CVE-2011-3374",
        severity: "LOW",
        score: 3.7,
        package: ("apt", "2.6.1", ""),
        title: "apt-key verifies a master keyring insufficiently",
        known_after_days: 0.0,
        of: ("*", None),
    },
];

/// What is known of an image.
pub fn of(repository: &str, tag: &str) -> Vec<&'static Finding> {
    let has =
        |f: &&Finding| (f.of.0 == "*" || f.of.0 == repository) && f.of.1.is_none_or(|t| t == tag);
    KNOWN.iter().filter(has).collect()
}

impl Finding {
    /// As DescribeImageScanFindings tells it of an image that was pushed and last scanned at these times.
    pub fn show(&self, pushed: f64, scanned: f64, digest: &str) -> Node {
        let (name, version, fixed) = self.package;
        let package = map([
            ("name", name.into()),
            ("version", version.into()),
            ("packageManager", "OS".into()),
            (
                "fixedInVersion",
                Some(fixed).filter(|f| !f.is_empty()).into(),
            ),
        ]);
        let details = map([
            ("vulnerabilityId", Node::from(self.id)),
            ("source", "DEBIAN".into()),
            (
                "sourceUrl",
                format!("https://security-tracker.debian.org/tracker/{}", self.id).into(),
            ),
            ("vendorSeverity", self.severity.to_ascii_lowercase().into()),
            ("vulnerablePackages", list([package])),
        ]);
        let first = (pushed + self.known_after_days * DAY_S).min(scanned);
        map([
            ("awsAccountId", names::ACCOUNT.into()),
            (
                "findingArn",
                format!(
                    "arn:aws:inspector2:{}:{}:finding/{}-{}",
                    names::REGION,
                    names::ACCOUNT,
                    self.id,
                    digest.get(7..19).unwrap_or_default()
                )
                .into(),
            ),
            ("title", format!("{} - {name}", self.id).into()),
            ("description", self.title.into()),
            ("type", "PACKAGE_VULNERABILITY".into()),
            ("severity", self.severity.into()),
            ("score", Node::Float(self.score)),
            ("status", "ACTIVE".into()),
            ("firstObservedAt", Node::Time(first)),
            ("lastObservedAt", Node::Time(scanned)),
            ("updatedAt", Node::Time(scanned)),
            (
                "fixAvailable",
                if fixed.is_empty() { "NO" } else { "YES" }.into(),
            ),
            ("packageVulnerabilityDetails", details),
        ])
    }
}
