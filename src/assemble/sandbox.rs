//! `flightdeck sandbox`: the embedded platform as a server, until somebody stops it.

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::cli::out::Out;
use crate::cli::sandbox::Arguments;
use crate::cli::signals;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;
use crate::sandbox::{self, Fault, Options, Scale};

/// Serves, and says how to reach it.
///
/// # Errors
/// Where a fault is none, or the address cannot be had.
pub async fn serve(args: &Arguments, globals: &Globals, out: &mut Out) -> Result<Exit, Problem> {
    let faults = args
        .faults
        .iter()
        .map(|f| f.parse::<Fault>())
        .collect::<Result<Vec<_>, String>>()
        .map_err(|why| {
            wrong(
                ProblemKind::Argument,
                why,
                "See flightdeck sandbox --help for the faults there are.",
            )
        })?;
    let options = Options {
        listen: args.listen,
        speed: globals.speed.unwrap_or(1.0),
        seed: args.seed,
        faults,
        scale: args.scale.map(|(services, tasks_per_service)| Scale {
            services,
            tasks_per_service,
        }),
        empty: args.empty,
    };
    let sandbox = sandbox::start(options).await.map_err(|e| {
        wrong(
            ProblemKind::Config,
            e.to_string(),
            "Choose another address with --listen, or port 0 for a free one.",
        )
    })?;
    if let (Some(file), Some(edge)) = (&args.save_ca, sandbox.edge()) {
        std::fs::write(file, &edge.ca_pem).map_err(|e| {
            wrong(
                ProblemKind::Config,
                format!("{}: {e}", file.display()),
                "Name another file with --save-ca.",
            )
        })?;
    }
    let (endpoint, region) = (sandbox.endpoint(), sandbox.region());
    let (key, secret) = (sandbox.access_key(), sandbox.secret_key());
    if out.is_json() {
        out.object(&json!({"sandbox": {
            "endpoint": endpoint,
            "region": region,
            "access_key_id": key,
            "secret_access_key": secret,
            "clusters": sandbox.clusters(),
            "https": sandbox.edge().map(|e| e.https),
            "dns": sandbox.edge().map(|e| e.dns),
            "hosts": sandbox.edge().map(|e| &e.hosts),
            "ca_pem": sandbox.edge().map(|e| &e.ca_pem),
            "redis": sandbox.redis().map(|(at, password)| json!({
                "url": format!("rediss://localhost:{}", at.port()),
                "password": password,
            })),
            "smtp": sandbox.smtp(),
            "postgres": sandbox.postgres().map(|(at, user, password)| json!({
                "url": postgres_url(at.port(), user),
                "password": password,
                "databases": [sandbox::pg::PRODUCTION, sandbox::pg::STAGING],
            })),
        }}))?;
    } else {
        out.line("# The embedded platform is up. Any AWS client can use it:")?;
        out.line(&format!(
            "export AWS_ENDPOINT_URL={endpoint} AWS_REGION={region}"
        ))?;
        out.line(&format!(
            "export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}"
        ))?;
        if let Some(edge) = sandbox.edge() {
            let (https, dns, hosts) = (edge.https, edge.dns, edge.hosts.join(", "));
            out.line(&format!("# HTTPS {https} and DNS {dns} for {hosts}"))?;
            out.line(&match &args.save_ca {
                Some(file) => format!(
                    "curl --cacert '{}' --connect-to ::{https} https://{}/health",
                    inert(&file.display().to_string()),
                    edge.hosts.first().map_or("", String::as_str),
                ),
                None => "# --save-ca FILE writes the certificate that vouches for them.".to_owned(),
            })?;
        }
        if let Some((at, password)) = sandbox.redis() {
            let port = at.port();
            out.line(&format!(
                "# Redis: redis-cli -p {port} --tls --cacert FILE, with REDISCLI_AUTH={password}"
            ))?;
        }
        if let Some((at, user, password)) = sandbox.postgres() {
            let url = postgres_url(at.port(), user);
            out.line(&format!(
                "# PostgreSQL: psql '{url}&sslrootcert=FILE', with PGPASSWORD={password}"
            ))?;
        }
        if let Some(at) = sandbox.smtp() {
            let port = at.port();
            out.line(&format!(
                "# Mail: openssl s_client -starttls smtp -connect localhost:{port} -CAfile FILE"
            ))?;
        }
        out.line("# Ctrl+C stops it, and it forgets everything.")?;
    }
    out.flush()?;
    signals::stop().await;
    sandbox.shutdown().await;
    Ok(Exit::OK)
}

/// Where production's database is.
fn postgres_url(port: u16, user: &str) -> String {
    let database = sandbox::pg::PRODUCTION;
    format!("postgres://{user}@localhost:{port}/{database}?sslmode=verify-full")
}

fn wrong(kind: ProblemKind, why: String, fix: &str) -> Problem {
    Problem::new(kind, "sandbox", "The sandbox does not start", why, fix)
}
