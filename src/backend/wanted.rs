//! What the configuration is about by name. Where a vendor has more than is looked into, that comes first.

use std::collections::BTreeSet;

use crate::config::ProbeConfig;

/// Names that the configuration's probes and expectations are about.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    hosts: BTreeSet<String>,
    projects: BTreeSet<String>,
}

impl Wanted {
    /// As configured.
    pub fn of(probes: &ProbeConfig) -> Self {
        let https = probes.https.iter().map(|t| t.url.as_str());
        let protected = probes.protected.iter().map(|t| t.url.as_str());
        let host = |url: &str| {
            let url = reqwest::Url::parse(url).ok()?;
            url.host_str().map(str::to_owned)
        };
        let names = probes.dns.iter().map(|t| {
            let name = t.name.trim_end_matches('.');
            name.to_ascii_lowercase()
        });
        let projects = probes.variables.iter().filter_map(|v| v.project.clone());
        Self {
            hosts: https
                .chain(protected)
                .filter_map(host)
                .chain(names)
                .collect(),
            projects: projects.collect(),
        }
    }

    /// Whether it is about one of these hosts.
    pub fn names_any<'a>(&self, mut hosts: impl Iterator<Item = &'a str>) -> bool {
        hosts.any(|host| self.hosts.contains(host))
    }

    /// Its hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(String::as_str)
    }

    /// Whether a project's variables are expected.
    pub fn expects(&self, project: &str) -> bool {
        self.projects.contains(project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DnsTarget, HttpsTarget, NeededVariables};

    #[test]
    fn hosts_are_those_of_urls_and_names() {
        let probes = ProbeConfig {
            https: vec![HttpsTarget {
                url: "https://API.z.example:8443/health".into(),
                expect_status: 200,
                verifies: None,
            }],
            dns: vec![DnsTarget {
                name: "Mail.z.example.".into(),
                expected: Vec::new(),
            }],
            variables: vec![NeededVariables {
                service: None,
                project: Some("web".into()),
                container: None,
                names: Vec::new(),
            }],
            ..ProbeConfig::default()
        };
        let wanted = Wanted::of(&probes);
        let hosts: Vec<&str> = wanted.hosts().collect();
        assert_eq!(hosts, ["api.z.example", "mail.z.example"]);
        assert!(wanted.names_any(["x", "mail.z.example"].into_iter()));
        assert!(wanted.expects("web") && !wanted.expects("docs"));
    }
}
