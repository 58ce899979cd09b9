//! What the configuration expects of the platform, for probes to compare with.

use crate::config::{Config, NeededVariables};

/// Expectations. Empty where nobody configured any: then a probe that needs one says so and stays unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The account that the credentials ought to belong to.
    pub account: Option<String>,
    /// The region that the configuration names.
    pub region: Option<String>,
    /// The other region that shares the traffic.
    pub second_region: Option<String>,
    /// The endpoint that AWS is asked at, where that is not its own.
    pub endpoint: Option<String>,
    /// HTTPS URLs that are probed, with the status that is right.
    pub https: Vec<(String, u16)>,
    /// URLs that take credentials, with how many requests a burst may have there.
    pub protected: Vec<(String, Option<u32>)>,
    /// Names of environment variables that must be set, and where.
    pub variables: Vec<NeededVariables>,
    /// DNS names that are looked up.
    pub dns: Vec<String>,
    /// Names of the configuration's other environments, which are looked at by themselves.
    pub elsewhere: Vec<String>,
}

impl Expectations {
    /// Reads them from a configuration.
    pub fn of(config: &Config) -> Self {
        Self {
            account: config.aws.expected_account.clone(),
            region: config.aws.region.clone(),
            second_region: config.aws.second_region.clone(),
            endpoint: config.aws.endpoint.clone(),
            https: config
                .probes
                .https
                .iter()
                .map(|t| (t.url.clone(), t.expect_status))
                .collect(),
            protected: config
                .probes
                .protected
                .iter()
                .map(|t| (t.url.clone(), t.burst))
                .collect(),
            variables: config.probes.variables.clone(),
            dns: config.probes.dns.iter().map(|t| t.name.clone()).collect(),
            elsewhere: config
                .environments
                .iter()
                .filter(|name| **name != config.environment)
                .cloned()
                .collect(),
        }
    }
}
