//! `--demo`: the embedded sandbox in this process, and the configuration that looks at it and at nothing else.

use std::net::{IpAddr, SocketAddr};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use secrecy::SecretString;

use crate::cli::globals::Globals;
use crate::config::{
    AwsConfig, CloudflareConfig, Config, CostCache, CostConfig, DnsTarget, Elsewhere, GithubConfig,
    HttpsTarget, NeededVariables, ProbeConfig, ProtectedTarget, SentryConfig, ServerConfig,
    SlackConfig, SmtpConfig, VercelConfig, load,
};
use crate::domain::environment::Env;
use crate::domain::problem::{Problem, ProblemKind};
use crate::sandbox::{self, Edge, Options, Sandbox};

/// The environment of the demo, which is all that it looks at.
const ENVIRONMENT: &str = "laser-prod";

/// All that its account has, as a file's sections would say: what ails the others is theirs.
const ENVIRONMENTS: [&str; 3] = [ENVIRONMENT, "laser-staging", "laser-dev"];

/// Starts the sandbox. A file that was named gives everything but where to look: endpoints, credentials and probes are the
/// sandbox's, always.
///
/// # Errors
/// Where the sandbox does not start, or would not be on loopback alone.
pub async fn start(globals: &Globals) -> Result<(Config, Sandbox), Problem> {
    let only = [ENVIRONMENT.to_owned()];
    if let Some(name) = globals.env.as_deref().filter(|name| *name != ENVIRONMENT) {
        let mut problem = load::no_environment(name, &only, true, None);
        problem.why = format!("the demo has {ENVIRONMENT} alone");
        problem.fix = "leave out --env, or --demo".into();
        return Err(problem);
    }
    let mut config = match &globals.config {
        Some(file) => load::read(file, None)?,
        None => Config::default(),
    };
    let sandbox = sandbox::start(Options {
        speed: globals.speed.unwrap_or(1.0),
        ..Options::default()
    })
    .await
    .map_err(|e| {
        let fix = "Give it another speed, or free some ports on loopback.";
        Problem::new(
            ProblemKind::Config,
            "sandbox",
            "The sandbox does not start",
            e.to_string(),
            fix,
        )
    })?;
    aim(&mut config, &sandbox);
    check(&config)?;
    Ok((config, sandbox))
}

/// Makes a configuration look at a sandbox, at all of it and at nothing else.
pub fn aim(config: &mut Config, sandbox: &Sandbox) {
    config.demo = true;
    // The fifth day of three weeks, whatever day it is: early enough for a plan, late enough for a stage to be late.
    config.plan_start = config.plan_start.or_else(|| days_ago(4));
    config.environment = ENVIRONMENT.into();
    config.environments = ENVIRONMENTS.map(str::to_owned).into();
    config.production = true;
    config.aws = AwsConfig {
        expected_account: Some(sandbox.account().to_owned()),
        region: Some(sandbox.region().to_owned()),
        second_region: Some(sandbox.second_region().to_owned()),
        endpoint: Some(sandbox.endpoint()),
        fixed_credentials: Some((
            sandbox.access_key().to_owned(),
            sandbox.secret_key().to_owned(),
        )),
        timeout: config.aws.timeout,
        ..AwsConfig::default()
    };
    let at = |path: &str| Some(format!("{}{path}", sandbox.endpoint()));
    let token = || Some(SecretString::from(sandbox.token()));
    config.cost = CostConfig {
        monthly_budget: Some(2_000.0),
        asks_a_day: None,
        cache: CostCache::Nowhere,
    };
    config.github = GithubConfig {
        endpoint: at("/github"),
        repository: Some("laser/platform".into()),
        token: token(),
    };
    config.sentry = SentryConfig {
        endpoint: at("/sentry/api/0"),
        organization: Some("laser".into()),
        token: token(),
        ..SentryConfig::default()
    };
    config.slack = SlackConfig {
        endpoint: at("/slack/api"),
        channel: Some("ops".into()),
        token: token(),
    };
    config.redis = ServerConfig {
        url: sandbox
            .redis()
            .map(|(at, _)| format!("rediss://localhost:{}", at.port())),
        password: sandbox
            .redis()
            .map(|(_, password)| SecretString::from(password)),
    };
    config.postgres = ServerConfig {
        url: database(sandbox, sandbox::pg::PRODUCTION),
        password: sandbox
            .postgres()
            .map(|(_, _, password)| SecretString::from(password)),
    };
    config.smtp = SmtpConfig {
        host: sandbox.smtp().map(|_| "localhost".to_owned()),
        port: sandbox.smtp().map(|at| at.port()),
        ..SmtpConfig::default()
    };
    config.postgres_elsewhere = sandbox
        .postgres()
        .map(|(_, _, password)| Elsewhere {
            env: Env::Staging,
            server: ServerConfig {
                url: database(sandbox, sandbox::pg::STAGING),
                password: Some(SecretString::from(password)),
            },
        })
        .into_iter()
        .collect();
    config.vercel = VercelConfig {
        endpoint: at("/vercel"),
        token: token(),
        ..VercelConfig::default()
    };
    config.cloudflare = CloudflareConfig {
        endpoint: at("/cloudflare/client/v4"),
        token: token(),
        ..CloudflareConfig::default()
    };
    config.probes = sandbox.edge().map(probes).unwrap_or_default();
}

/// The day that was so many days ago.
fn days_ago(days: i64) -> Option<Date> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let span = Span::new().try_days(days).ok()?;
    today.checked_sub(span).ok()
}

/// Where a database of the sandbox is. What is to be verified is said: on this machine nothing would be otherwise.
fn database(sandbox: &Sandbox, name: &str) -> Option<String> {
    let (at, user, _) = sandbox.postgres()?;
    let port = at.port();
    Some(format!(
        "postgres://{user}@localhost:{port}/{name}?sslmode=verify-full"
    ))
}

/// Every host of the sandbox's edge; the API's health verifies its deploys.
fn probes(edge: &Edge) -> ProbeConfig {
    let https = |host: &String| HttpsTarget {
        url: format!("https://{host}/health"),
        expect_status: 200,
        verifies: host
            .starts_with("api.")
            .then(|| "laser-prod/api".to_owned()),
    };
    let dns = |host: &String| DnsTarget {
        name: host.clone(),
        expected: vec!["127.0.0.1".into()],
    };
    ProbeConfig {
        https: edge.hosts.iter().map(https).collect(),
        // The sandbox is its own owner: it may be asked until it says enough.
        protected: edge
            .guarded
            .iter()
            .map(|url| ProtectedTarget {
                url: url.clone(),
                burst: Some(40),
            })
            .collect(),
        variables: variables(),
        forget_bursts: true,
        dns: edge.hosts.iter().map(dns).collect(),
        dns_server: Some(edge.dns),
        connect_to: Some(edge.https),
        extra_roots_pem: Some(edge.ca_pem.clone()),
    }
}

/// What the sandbox's platform cannot run without.
fn variables() -> Vec<NeededVariables> {
    let row = |project: Option<&str>, names: &[&str]| NeededVariables {
        service: None,
        project: project.map(str::to_owned),
        container: None,
        names: names.iter().map(|n| (*n).to_owned()).collect(),
    };
    vec![
        row(None, &["DATABASE_URL", "JWT_SECRET", "NODE_ENV"]),
        row(Some("laser-web"), &["VITE_API_URL", "SESSION_SECRET"]),
        row(Some("laser-docs"), &["SEARCH_KEY"]),
    ]
}

/// Refuses a demo that could reach anything but this machine.
fn check(config: &Config) -> Result<(), Problem> {
    let endpoint = config.aws.endpoint.as_deref().unwrap_or("");
    let host = endpoint.parse::<http::Uri>().ok().and_then(|uri| {
        let host = uri.host()?.trim_matches(['[', ']']);
        host.parse::<IpAddr>().ok()
    });
    let sockets = [config.probes.dns_server, config.probes.connect_to];
    let outside = |at: &SocketAddr| !at.ip().is_loopback();
    if host.is_some_and(|ip| ip.is_loopback()) && !sockets.iter().flatten().any(outside) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Refused,
        "sandbox",
        "The demo does not start",
        "one of its endpoints is not on this machine",
        "This is a defect of flightdeck: please report it.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_has_all_environments_and_looks_at_production() {
        let told = ENVIRONMENTS.map(Env::named);
        assert_eq!(told, Env::ALL.map(Some));
        assert_eq!(Env::named(ENVIRONMENT), Some(Env::Production));
    }

    #[test]
    fn a_demo_reaches_this_machine_alone() {
        let mut config = Config::default();
        for (endpoint, fine) in [
            ("http://127.0.0.1:4566", true),
            ("http://[::1]:4566", true),
            ("http://10.0.0.1:4566", false),
            ("https://ecs.us-east-1.amazonaws.com", false),
        ] {
            config.aws.endpoint = Some(endpoint.into());
            assert_eq!(check(&config).is_ok(), fine, "{endpoint}");
        }
        config.aws.endpoint = None;
        assert!(check(&config).is_err());
        config.aws.endpoint = Some("http://127.0.0.1:1".into());
        config.probes.connect_to = Some(SocketAddr::from(([192, 0, 2, 1], 443)));
        assert!(check(&config).is_err());
    }
}
