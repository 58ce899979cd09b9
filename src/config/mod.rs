//! What the console is told: `flightdeck.toml`, environments, endpoints, targets. Data here; reading it is in [`load`].

mod apply;
mod claimed;
pub mod credentials;
pub mod dashboards;
pub mod discovered;
pub mod faces;
pub mod file;
pub mod git;
pub mod kept;
pub mod load;
pub mod mistake;
mod needed;
pub mod reader;
pub mod schema;
mod shadowed;
pub mod starter;
#[cfg(test)]
mod tests;
pub mod trust;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use secrecy::SecretString;

pub use needed::NeededVariables;

use crate::domain::environment::Env;
use crate::domain::smtp::MailTls;

/// The effective configuration of one run: the file (if any) under the chosen environment, then the command line.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the environment in use (`production`).
    pub environment: String,
    /// Names of all environments, for switching.
    pub environments: Vec<String>,
    /// What each of them looks at beside the one that is looked at; none where the file has no sections.
    pub sections: Vec<crate::domain::elsewhere::Section>,
    /// Whether this environment is production: actions ask for its name to be typed.
    pub production: bool,
    /// Whether this is the embedded sandbox.
    pub demo: bool,
    /// No mutating request leaves the client layer.
    pub read_only: bool,
    /// AWS.
    pub aws: AwsConfig,
    /// Probes from here.
    pub probes: ProbeConfig,
    /// Backups.
    pub backups: BackupConfig,
    /// What a month may cost, and how often the bill is asked for.
    pub cost: CostConfig,
    /// GitHub.
    pub github: GithubConfig,
    /// Sentry.
    pub sentry: SentryConfig,
    /// Slack.
    pub slack: SlackConfig,
    /// The mail server.
    pub smtp: SmtpConfig,
    /// PostgreSQL itself.
    pub postgres: ServerConfig,
    /// PostgreSQL of the other environments, one each: asked for the version of its schema alone.
    pub postgres_elsewhere: Vec<Elsewhere>,
    /// Redis of the environments that are not looked at.
    pub redis_elsewhere: Vec<Elsewhere>,
    /// Redis itself.
    pub redis: ServerConfig,
    /// Vercel.
    pub vercel: VercelConfig,
    /// Cloudflare.
    pub cloudflare: CloudflareConfig,
    /// Promises.
    pub slo: SloConfig,
    /// Database file of journal, audit chain and sign-offs; `None`: `flightdeck/flightdeck.db` in the user's state directory.
    pub store: Option<PathBuf>,
    /// The user's plan file; `None`: the default plan.
    pub plan: Option<PathBuf>,
    /// First day of the plan's calendar, where the plan names none itself.
    pub plan_start: Option<Date>,
    /// Faces.
    pub ui: UiConfig,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Where AWS is and what to look at.
#[derive(Clone, Debug, Default)]
pub struct AwsConfig {
    /// `None`: the ordinary chain (`AWS_PROFILE`).
    pub profile: Option<String>,
    /// `None`: the ordinary chain (`AWS_REGION`, profile).
    pub region: Option<String>,
    /// `None`: the ordinary chain (`AWS_ENDPOINT_URL`), else AWS itself.
    pub endpoint: Option<String>,
    /// Fixed credentials, for the embedded sandbox alone: (key id, secret).
    pub fixed_credentials: Option<(String, String)>,
    /// Another region whose load balancers share the traffic.
    pub second_region: Option<String>,
    /// Clusters to show, by name; empty: all.
    pub clusters: Vec<String>,
    /// The account that the credentials are to be of: with those of another one nothing is done.
    pub expected_account: Option<String>,
    /// Deadline of one call, all attempts included.
    pub timeout: Option<Duration>,
}

/// Probes from this machine.
#[derive(Clone, Debug, Default)]
pub struct ProbeConfig {
    /// HTTPS URLs.
    pub https: Vec<HttpsTarget>,
    /// URLs that take credentials, which strangers are to be refused at.
    pub protected: Vec<ProtectedTarget>,
    /// DNS names.
    pub dns: Vec<DnsTarget>,
    /// Names of environment variables that must be set.
    pub variables: Vec<NeededVariables>,
    /// Ask this server instead of the system's.
    pub dns_server: Option<SocketAddr>,
    /// Connect here instead of to the resolved address (the embedded sandbox's edge); names and SNI stay.
    pub connect_to: Option<SocketAddr>,
    /// PEM of further trusted roots.
    pub extra_roots_pem: Option<String>,
    /// When a burst was sent is not kept on disk, for the embedded sandbox alone.
    pub forget_bursts: bool,
}

/// A URL to probe: status, latency, headers, and the TLS of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsTarget {
    /// `https://api.example.com/health`.
    pub url: String,
    /// Status that is right.
    pub expect_status: u16,
    /// The service whose deploys are verified by this URL: `cluster/name` or `name`.
    pub verifies: Option<String>,
}

/// A URL that takes credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedTarget {
    /// `https://api.example.com/v1/orders`.
    pub url: String,
    /// Requests that may be sent in one burst, once an hour at most, to see that a limit answers 429; `None`: none are sent.
    pub burst: Option<u32>,
}

/// A name to resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsTarget {
    /// `api.example.com`.
    pub name: String,
    /// All addresses that are right, of each kind that is listed, or a CNAME that is; empty: any answer.
    pub expected: Vec<String>,
}

/// Backups: how old they may be, how long a restore may take, and where copies go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupConfig {
    /// The recovery point objective: the age that the newest backup of a store may have.
    pub rpo: Duration,
    /// The recovery time objective: how long the restore of a store may take; `None`: nobody set one.
    pub rto: Option<Duration>,
    /// Region that copies go to; `None`: the one that the account copies to.
    pub second_region: Option<String>,
    /// Users and roles that may delete backups, by name, with `*` and `?`; empty: administrators, and who is there for backups.
    pub may_delete: Vec<String>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            // A daily backup, and the time that it takes.
            rpo: Duration::from_secs(26 * 3_600),
            rto: None,
            second_region: None,
            may_delete: Vec::new(),
        }
    }
}

/// Cost Explorer. Each of its questions costs money, so it is asked only where this section says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostConfig {
    /// What a month may cost, in the bill's currency.
    pub monthly_budget: Option<f64>,
    /// How many times a day the bill is asked for; `None`: three.
    pub asks_a_day: Option<u32>,
    /// Where the last answer is kept.
    pub cache: CostCache,
}

/// Where the last bill is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CostCache {
    /// In the user's cache folder, so that another console need not pay for it again.
    #[default]
    User,
    /// Nowhere: the embedded sandbox's bill is nobody's.
    Nowhere,
}

impl CostConfig {
    /// Whether it is to be asked at all.
    pub fn is_configured(&self) -> bool {
        self.monthly_budget.is_some() || self.asks_a_day.is_some()
    }

    /// Time from one look at the bill to the next.
    pub fn every(&self) -> Duration {
        Duration::from_secs(86_400) / self.asks_a_day.unwrap_or(3).max(1)
    }
}

/// GitHub: the repository that is built and deployed.
#[derive(Clone, Debug, Default)]
pub struct GithubConfig {
    /// `None`: GitHub itself; `https://HOST/api/v3` for an enterprise server.
    pub endpoint: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// The embedded sandbox's token; `None`: from the environment or the keyring.
    pub token: Option<SecretString>,
}

impl GithubConfig {
    /// Whether it is to be asked at all.
    pub fn is_configured(&self) -> bool {
        self.repository.is_some()
    }
}

/// Sentry: where errors go.
#[derive(Clone, Debug, Default)]
pub struct SentryConfig {
    /// `None`: Sentry itself; `https://HOST/api/0` for a region or an own server.
    pub endpoint: Option<String>,
    /// Slug of the organization.
    pub organization: Option<String>,
    /// Slugs of the projects; empty: all that the token sees.
    pub projects: Vec<String>,
    /// Environment, as the SDKs name it; `None`: all.
    pub environment: Option<String>,
    /// The embedded sandbox's token; `None`: from the environment or the keyring.
    pub token: Option<SecretString>,
}

impl SentryConfig {
    /// Whether it is to be asked at all.
    pub fn is_configured(&self) -> bool {
        self.organization.is_some()
    }
}

/// Slack: where alerts go.
#[derive(Clone, Debug, Default)]
pub struct SlackConfig {
    /// `None`: Slack itself.
    pub endpoint: Option<String>,
    /// Channel that alerts go to, without `#`.
    pub channel: Option<String>,
    /// The embedded sandbox's token; `None`: from the environment or the keyring.
    pub token: Option<SecretString>,
}

impl SlackConfig {
    /// Whether it is to be asked at all.
    pub fn is_configured(&self) -> bool {
        self.channel.is_some() || self.endpoint.is_some() || self.token.is_some()
    }
}

/// The mail server that alerts go through.
#[derive(Clone, Debug, Default)]
pub struct SmtpConfig {
    /// Its name; `None`: it is not asked.
    pub host: Option<String>,
    /// `None`: the one that goes with `tls`.
    pub port: Option<u16>,
    /// How it is protected.
    pub tls: MailTls,
}

/// A server that is asked over its own protocol.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// Its URL, without a password; `None`: it is not asked.
    pub url: Option<String>,
    /// The embedded sandbox's password; `None`: from the environment or the keyring, if there is any.
    pub password: Option<SecretString>,
}

/// A server of an environment that is not looked at.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Whose it is.
    pub env: Env,
    /// Where it is.
    pub server: ServerConfig,
}

/// Vercel: whose projects.
#[derive(Clone, Debug, Default)]
pub struct VercelConfig {
    /// `None`: Vercel itself.
    pub endpoint: Option<String>,
    /// Id or slug of the team, or `own` for none; `None`: the one that the token sees, or else its own account.
    pub team: Option<String>,
    /// Projects to show, by name; empty: all.
    pub projects: Vec<String>,
    /// The embedded sandbox's token; `None`: from the environment or the keyring.
    pub token: Option<SecretString>,
}

impl VercelConfig {
    /// Whether it is to be asked at all.
    pub fn is_configured(&self) -> bool {
        let named = self.team.is_some() || !self.projects.is_empty();
        named || self.endpoint.is_some() || self.token.is_some()
    }
}

/// Cloudflare: which zones.
#[derive(Clone, Debug, Default)]
pub struct CloudflareConfig {
    /// `None`: Cloudflare itself.
    pub endpoint: Option<String>,
    /// Zones to show, by domain; empty: all that the token sees.
    pub zones: Vec<String>,
    /// The embedded sandbox's token; `None`: from the environment or the keyring.
    pub token: Option<SecretString>,
}

impl CloudflareConfig {
    /// Whether it is to be asked at all.
    pub fn is_configured(&self) -> bool {
        !self.zones.is_empty() || self.endpoint.is_some() || self.token.is_some()
    }
}

/// Targets of the plan's success metrics, and where they are measured.
#[derive(Clone, Debug, PartialEq)]
pub struct SloConfig {
    /// Percent.
    pub availability: f64,
    /// Milliseconds, mean.
    pub response_ms: f64,
    /// Percent.
    pub error_rate: f64,
    /// Days of the window.
    pub window_days: u32,
    /// CloudWatch `LoadBalancer` dimensions (`app/name/id`) that count; empty: those that are found.
    pub load_balancers: Vec<String>,
}

/// Faces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UiConfig {
    /// Theme name; `None`: by the terminal's colours.
    pub theme: Option<String>,
    /// Keymap name; `None`: `default`.
    pub keymap: Option<String>,
    /// No colour at all.
    pub no_color: bool,
}

impl Default for SloConfig {
    fn default() -> Self {
        Self {
            availability: 99.9,
            response_ms: 200.0,
            error_rate: 0.1,
            window_days: 30,
            load_balancers: Vec::new(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            environment: "production".into(),
            environments: vec!["production".into()],
            sections: Vec::new(),
            production: true,
            demo: false,
            read_only: false,
            aws: AwsConfig::default(),
            probes: ProbeConfig::default(),
            backups: BackupConfig::default(),
            cost: CostConfig::default(),
            github: GithubConfig::default(),
            sentry: SentryConfig::default(),
            slack: SlackConfig::default(),
            smtp: SmtpConfig::default(),
            postgres: ServerConfig::default(),
            postgres_elsewhere: Vec::new(),
            redis_elsewhere: Vec::new(),
            redis: ServerConfig::default(),
            vercel: VercelConfig::default(),
            cloudflare: CloudflareConfig::default(),
            slo: SloConfig::default(),
            store: None,
            plan: None,
            plan_start: None,
            ui: UiConfig::default(),
            file: None,
        }
    }
}
