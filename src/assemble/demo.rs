//! The embedded platform as the place that everything looks at. Below this file nobody knows that it is a demo: it changes
//! endpoints and credentials, and nothing else.

use crate::config::Config;
use crate::domain::problem::{Problem, ProblemKind};
use crate::sandbox::{self, Options, Sandbox};

/// A running demo platform. Its journal and audit chain go with it.
#[derive(Debug)]
pub struct Demo {
    sandbox: Sandbox,
}

impl Demo {
    /// Starts the platform and points a configuration at it.
    ///
    /// # Errors
    /// The platform cannot listen, or an endpoint is not on loopback.
    pub async fn start(options: Options, config: &mut Config) -> Result<Self, Problem> {
        let sandbox = sandbox::start(options).await.map_err(|e| {
            problem(
                "the demo platform cannot start",
                &e.to_string(),
                "free a port or memory, then try again",
            )
        })?;
        config.demo = true;
        config.environment = "laser-prod".into();
        config.environments = vec![config.environment.clone()];
        config.production = true;
        config.aws.profile = None;
        config.aws.region = Some(sandbox.region().to_owned());
        config.aws.endpoint = Some(sandbox.endpoint());
        config.aws.fixed_credentials = Some((
            sandbox.access_key().to_owned(),
            sandbox.secret_key().to_owned(),
        ));
        config.aws.expected_account = Some(sandbox.account().to_owned());
        config.probes = sandbox_probes(&sandbox);
        Ok(Self { sandbox })
    }

    /// Stops the platform.
    pub async fn end(self) {
        self.sandbox.shutdown().await;
    }
}

fn problem(what: &str, why: &str, fix: &str) -> Problem {
    Problem::new(ProblemKind::Internal, "sandbox", what, why, fix)
}

fn sandbox_probes(sandbox: &Sandbox) -> crate::config::ProbeConfig {
    use crate::config::{DnsTarget, HttpsTarget, ProbeConfig};
    let Some(edge) = sandbox.edge() else {
        return ProbeConfig::default();
    };
    ProbeConfig {
        https: edge
            .hosts
            .iter()
            .map(|host| HttpsTarget {
                url: format!("https://{host}/health"),
                expect_status: 200,
                verifies: host
                    .starts_with("api.")
                    .then(|| "laser-prod/api".to_owned()),
            })
            .collect(),
        dns: edge
            .hosts
            .iter()
            .map(|host| DnsTarget {
                name: host.clone(),
                expected: vec!["127.0.0.1".into()],
            })
            .collect(),
        dns_server: Some(edge.dns),
        connect_to: Some(edge.https),
        extra_roots_pem: Some(edge.ca_pem.clone()),
    }
}
