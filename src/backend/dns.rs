//! DNS look-ups from this machine, with a server of choice or the system's: addresses, CNAMEs, time to live, who answered.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::transport::Line;
use crate::config::{DnsTarget, ProbeConfig};
use crate::domain::probe::DnsProbe;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// One look-up, all servers included.
const DEADLINE: Duration = Duration::from_secs(6);

/// One question to one server; each is asked twice.
const QUESTION: Duration = Duration::from_millis(1_500);

/// Servers of the system's that are asked, one after the other.
const SERVERS: usize = 3;

/// The DNS prober.
#[derive(Debug)]
pub struct Dns {
    server: Option<SocketAddr>,
    line: Arc<Line>,
    deadline: Duration,
    servers: OnceLock<Result<Vec<Server>, String>>,
}

struct Server {
    address: SocketAddr,
    resolver: TokioResolver,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.address)
    }
}

impl Dns {
    /// A prober that asks the configured server, else the system's.
    pub fn new(config: &ProbeConfig, line: Arc<Line>) -> Self {
        Self {
            server: config.dns_server,
            line,
            deadline: DEADLINE,
            servers: OnceLock::new(),
        }
    }

    /// The same with another deadline for a whole look-up.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Looks a name up (A and AAAA), past every cache and the hosts file.
    ///
    /// # Errors
    /// `NotFound` where the server says that there is no such name or that it has no address; else where no server answers.
    pub async fn probe(&self, target: &DnsTarget) -> Result<DnsProbe, Problem> {
        self.line.track(self.within(target)).await
    }

    async fn within(&self, target: &DnsTarget) -> Result<DnsProbe, Problem> {
        let what = format!("Cannot look up {}", target.name);
        match tokio::time::timeout(self.deadline, self.look(target, &what)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.late(&what)),
        }
    }

    async fn look(&self, target: &DnsTarget, what: &str) -> Result<DnsProbe, Problem> {
        let mut name = Name::from_utf8(&target.name).map_err(|e| {
            Problem::new(
                ProblemKind::Config,
                "dns",
                what,
                format!("it is no domain name: {e}"),
                "Correct it in [[probes.dns]].",
            )
        })?;
        name.set_fqdn(true);
        let servers = self.servers.get_or_init(|| self.build()).as_ref();
        let servers = servers.map_err(|why| {
            Problem::new(
                ProblemKind::Config,
                "dns",
                what,
                format!("the system's DNS servers are not known: {why}"),
                "Name one with dns_server in [probes].",
            )
        })?;
        let mut last = None;
        for server in servers {
            match ask(server, &name, target).await {
                Ok(probe) => return Ok(probe),
                Err(e) => {
                    let problem = word(what, server.address, &e);
                    // The name is settled by whoever knows it; only a server that cannot tell is passed over.
                    if problem.kind == ProblemKind::NotFound {
                        return Err(problem);
                    }
                    last = Some(problem);
                }
            }
        }
        Err(last.unwrap_or_else(|| self.late(what)))
    }

    fn late(&self, what: &str) -> Problem {
        let who = match self.server {
            Some(s) => format!("the server {s}"),
            None => "the system's server".to_owned(),
        };
        Problem::new(
            ProblemKind::Timeout,
            "dns",
            what,
            format!("{who} did not answer in time"),
            "Check the way to it, or name another with dns_server in [probes].",
        )
    }

    fn build(&self) -> Result<Vec<Server>, String> {
        let configs: Vec<NameServerConfig> = match self.server {
            Some(address) => vec![at(address)],
            None => system()?,
        };
        configs
            .into_iter()
            .take(SERVERS)
            .map(|config| {
                let port = config.connections.first().map_or(53, |c| c.port);
                Ok(Server {
                    address: SocketAddr::new(config.ip, port),
                    resolver: resolver(config)?,
                })
            })
            .collect()
    }
}

fn at(address: SocketAddr) -> NameServerConfig {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for c in &mut connections {
        c.port = address.port();
    }
    NameServerConfig::new(address.ip(), true, connections)
}

fn system() -> Result<Vec<NameServerConfig>, String> {
    let (config, _) =
        hickory_resolver::system_conf::read_system_conf().map_err(|e| e.to_string())?;
    match config.name_servers() {
        [] => Err("none is configured".into()),
        servers => Ok(servers.to_vec()),
    }
}

fn resolver(server: NameServerConfig) -> Result<TokioResolver, String> {
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut options = ResolverOpts::default();
    options.timeout = QUESTION;
    options.attempts = 2;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(options)
        .build()
        .map_err(|e| e.to_string())
}

/// Asks one server for both kinds of address. One of the two may be missing; a failure counts only if neither came.
async fn ask(server: &Server, name: &Name, target: &DnsTarget) -> Result<DnsProbe, NetError> {
    let (four, six) = tokio::join!(
        server.resolver.lookup(name.clone(), RecordType::A),
        server.resolver.lookup(name.clone(), RecordType::AAAA),
    );
    let mut probe = DnsProbe {
        name: target.name.clone(),
        addresses: Vec::new(),
        cnames: Vec::new(),
        ttl_s: None,
        server: server.address.to_string(),
        expected: target.expected.clone(),
    };
    let failure = match (&four, &six) {
        (Ok(_), _) | (_, Ok(_)) => None,
        (Err(a), Err(b)) if is_empty(a) => Some(b.clone()),
        (Err(a), Err(_)) => Some(a.clone()),
    };
    if let Some(e) = failure {
        return Err(e);
    }
    for answer in [four, six].into_iter().flatten() {
        gather(&answer, &mut probe);
    }
    Ok(probe)
}

fn is_empty(e: &NetError) -> bool {
    matches!(e, NetError::Dns(DnsError::NoRecordsFound(n)) if n.response_code == ResponseCode::NoError)
}

fn gather(answer: &Lookup, probe: &mut DnsProbe) {
    for record in answer.answers() {
        let text = match &record.data {
            RData::A(a) => a.0.to_string(),
            RData::AAAA(a) => a.0.to_string(),
            RData::CNAME(c) => c.0.to_utf8().trim_end_matches('.').to_owned(),
            _ => continue,
        };
        probe.ttl_s = Some(probe.ttl_s.map_or(record.ttl, |t| t.min(record.ttl)));
        let list = match &record.data {
            RData::CNAME(_) => &mut probe.cnames,
            _ => &mut probe.addresses,
        };
        let text = inert(&text);
        if !list.contains(&text) {
            list.push(text);
        }
    }
}

fn word(what: &str, server: SocketAddr, error: &NetError) -> Problem {
    let problem = |kind, why: String, fix: &str| Problem::new(kind, "dns", what, why, fix);
    let check = "Check the server, or name another with dns_server in [probes].";
    match error {
        NetError::Dns(DnsError::NoRecordsFound(n)) => match n.response_code {
            ResponseCode::NXDomain => problem(
                ProblemKind::NotFound,
                format!("there is no such name (NXDOMAIN from {server})"),
                "Create the record, or correct the name in [[probes.dns]].",
            ),
            ResponseCode::NoError => problem(
                ProblemKind::NotFound,
                format!("the name has no address ({server})"),
                "Create an A, AAAA or CNAME record for it.",
            ),
            code => problem(
                ProblemKind::Vendor,
                format!("{server} answered {code}"),
                check,
            ),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => problem(
            ProblemKind::Vendor,
            format!("{server} answered {code}"),
            check,
        ),
        NetError::Timeout => problem(
            ProblemKind::Timeout,
            format!("{server} did not answer in time"),
            check,
        ),
        NetError::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => problem(
            ProblemKind::Unreachable,
            format!("{server} refuses the question: no DNS server listens there"),
            check,
        ),
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => problem(
            ProblemKind::Unreachable,
            format!("{server} cannot be reached: {error}"),
            check,
        ),
        other => problem(ProblemKind::Malformed, format!("{server}: {other}"), check),
    }
}
