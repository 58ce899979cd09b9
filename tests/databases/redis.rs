//! Redis.

use std::process::Command;

use flightdeck::backend::redis::Redis;
use flightdeck::backend::redis::elsewhere::Elsewhere as Servers;
use flightdeck::config::Elsewhere;
use flightdeck::domain::environment::Env;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::redis_server::{RedisServer, Role};

use crate::authority::{self, Authority};
use crate::process::{Folder, Running, User, config, free_port, http_server, line, trust};

const PASSWORD: &str = "correct-horse-9";

struct Server {
    running: Running,
    port: u16,
    tls_port: u16,
    authority: Authority,
    _folder: Folder,
}

impl Server {
    fn start(more: &[&str]) -> Self {
        let user = User::of("redis");
        let folder = Folder::of(user);
        let authority = authority::make();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            user.file(&path, text);
            path.display().to_string()
        };
        let (port, tls_port) = (free_port(), free_port());
        let configuration = format!(
            "bind 127.0.0.1\nport {port}\ntls-port {tls_port}\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n\
             tls-auth-clients no\nrequirepass {PASSWORD}\nsave \"\"\ndir {}\n{}\n",
            file("server.crt", &authority.certificate),
            file("server.key", &authority.key),
            file("ca.crt", &authority.root),
            folder.path().display(),
            more.join("\n"),
        );
        let mut command = user.command("redis-server");
        command.arg(file("redis.conf", &configuration));
        let mut server = Self {
            running: Running::start(command, folder.path().join("log")),
            port,
            tls_port,
            authority,
            _folder: folder,
        };
        server
            .running
            .until(|| cli(port, "ping").starts_with("PONG"));
        server
    }

    /// Runs commands with redis-cli.
    fn cli(&self, words: &str) -> String {
        cli(self.port, words)
    }

    async fn look(&self) -> Result<RedisServer, Problem> {
        self.client("rediss", self.tls_port, "", Some(PASSWORD))
            .look()
            .await
    }

    fn client(&self, scheme: &str, port: u16, tail: &str, password: Option<&str>) -> Redis {
        let url = format!("{scheme}://localhost:{port}{tail}");
        let trust = trust(Some(&self.authority.root));
        Redis::new(&config(&url, password), trust, line("redis"))
    }
}

fn cli(port: u16, words: &str) -> String {
    let done = Command::new("redis-cli")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "--no-auth-warning",
        ])
        .args(["-a", PASSWORD])
        .args(words.split(' '))
        .output()
        .unwrap();
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_is_shown_over_tls_as_its_own_client_filled_it() {
    let server = Server::start(&[
        "maxmemory 64mb",
        "maxmemory-policy allkeys-lru",
        "maxclients 50",
    ]);
    server.cli("config set slowlog-log-slower-than 0");
    server.cli("set session:9f8a71 opensesame");
    server.cli("config set slowlog-log-slower-than -1");
    for n in 0..9 {
        server.cli(&format!("set quote:{n} x"));
        assert_eq!(server.cli(&format!("get quote:{n}")).trim(), "x");
    }
    server.cli("get nothing");
    let seen = server.look().await.unwrap();
    assert!(seen.tls);
    assert_eq!(
        seen.address,
        format!("rediss://localhost:{}/0", server.tls_port)
    );
    let said = server.cli("info server");
    assert!(
        said.contains(&format!("redis_version:{}\r", seen.version)),
        "{said}"
    );
    assert_eq!(seen.role, Some(Role::Primary));
    assert_eq!(seen.keys, 10);
    let looked = (seen.counters.hits, seen.counters.misses);
    assert_eq!(looked, (Some(9), Some(1)));
    let run = seen.run_id.as_deref().unwrap();
    assert!(said.contains(&format!("run_id:{run}\r")), "{said}");
    assert_eq!(seen.hit_ratio(), Some(0.9));
    assert_eq!(seen.memory.limit, Some(64 << 20));
    assert_eq!(seen.memory.policy, "allkeys-lru");
    assert!(seen.memory.used.unwrap() > 500_000 && seen.memory.share().unwrap() < 0.5);
    assert_eq!((seen.clients_limit, seen.blocked), (Some(50), Some(0)));
    let clients = seen.clients.unwrap();
    assert!((1..5).contains(&clients), "{clients}");
    let slow = seen.slow.unwrap();
    assert!(
        slow.iter().any(|s| s.command == "SET session:* (+1)"),
        "{slow:?}"
    );
    assert!(!format!("{slow:?}").contains("opensesame"));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn keys_that_are_thrown_out_are_counted() {
    let server = Server::start(&["maxmemory 3mb", "maxmemory-policy allkeys-lru"]);
    let value = "v".repeat(100_000);
    for n in 0..40 {
        server.cli(&format!("set blob:{n} {value}"));
    }
    let seen = server.look().await.unwrap();
    assert!(seen.counters.evicted.unwrap() > 0);
    assert!(seen.keys < 40);
    assert!(seen.memory.share().unwrap() > 0.5, "{:?}", seen.memory);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_is_wrong_is_said_in_words() {
    let server = Server::start(&[]);
    let refused = async |scheme: &str, port, tail: &str, password| {
        let client = server.client(scheme, port, tail, password);
        let problem = client.look().await.unwrap_err();
        assert_eq!(problem.system, "redis");
        assert!(!format!("{problem:?}").contains("horse"), "{problem:?}");
        (problem.kind, problem.why)
    };
    let (tls, plain) = (server.tls_port, server.port);
    let (kind, why) = refused("rediss", tls, "", Some("wrong-horse")).await;
    assert_eq!(kind, ProblemKind::BadCredentials, "{why}");
    let (kind, why) = refused("rediss", tls, "", None).await;
    assert_eq!(kind, ProblemKind::NoCredentials, "{why}");
    let (kind, why) = refused("rediss", tls, "/99", Some(PASSWORD)).await;
    assert_eq!(kind, ProblemKind::NotFound, "{why}");
    let (kind, why) = refused("rediss", plain, "", Some(PASSWORD)).await;
    assert_eq!(kind, ProblemKind::Timeout);
    assert!(why.contains("may not speak TLS"), "{why}");
    let (kind, why) = refused("redis", tls, "", Some(PASSWORD)).await;
    assert_eq!(kind, ProblemKind::Unreachable);
    assert!(why.contains("TLS"), "{why}");
    let (kind, why) = refused("redis", http_server().await, "", Some(PASSWORD)).await;
    assert_eq!(kind, ProblemKind::Malformed, "{why}");
    let (kind, why) = refused("redis", free_port(), "", None).await;
    assert_eq!(kind, ProblemKind::Unreachable);
    assert!(why.contains("nothing listens"), "{why}");
    let url = format!("rediss://localhost:{tls}");
    let stranger = Redis::new(&config(&url, Some(PASSWORD)), trust(None), line("redis"));
    let problem = stranger.look().await.unwrap_err();
    assert!(
        problem.why.contains("certificate is not trusted"),
        "{problem:?}"
    );
    let url = format!("rediss://127.0.0.1:{tls}");
    let other = Redis::new(
        &config(&url, Some(PASSWORD)),
        trust(Some(&server.authority.root)),
        line("redis"),
    );
    let problem = other.look().await.unwrap_err();
    assert!(problem.why.contains("another host"), "{problem:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_strict_role_sees_all_but_the_slow_log() {
    let server = Server::start(&[]);
    let made = server.cli("acl setuser watcher on >correct-horse-10 +info +dbsize +ping ~*");
    assert_eq!(made.trim(), "OK");
    let url = format!("rediss://watcher@localhost:{}", server.tls_port);
    let trust = trust(Some(&server.authority.root));
    let client = Redis::new(
        &config(&url, Some("correct-horse-10")),
        trust.clone(),
        line("redis"),
    );
    let seen = client.look().await.unwrap();
    assert_eq!(seen.role, Some(Role::Primary));
    assert_eq!(seen.slow.unwrap_err(), "the user may not ask for it");
    server.cli("acl setuser watcher -info");
    let problem = client.look().await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Denied, "{problem:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn both_ends_of_replication_are_told() {
    let primary = Server::start(&["repl-diskless-sync-delay 0"]);
    let auth = format!("masterauth {PASSWORD}");
    let of = format!("replicaof 127.0.0.1 {}", primary.port);
    let mut replica = Server::start(&[&auth, &of]);
    let port = replica.port;
    replica
        .running
        .until(|| cli(port, "info replication").contains("master_link_status:up"));
    let seen = replica.look().await.unwrap();
    assert_eq!(seen.role, Some(Role::Replica));
    let link = seen.primary.unwrap();
    assert_eq!(link.address, format!("127.0.0.1:{}", primary.port));
    assert!(link.up && !link.syncing);
    replica
        .running
        .until(|| cli(primary.port, "info replication").contains("state=online"));
    let seen = primary.look().await.unwrap();
    assert_eq!(seen.replicas.len(), 1, "{:?}", seen.replicas);
    assert_eq!(seen.replicas[0].address, format!("127.0.0.1:{port}"));
    assert_eq!(seen.replicas[0].state, "online");
    drop(replica);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !primary.look().await.unwrap().replicas.is_empty() {
        assert!(
            std::time::Instant::now() < end,
            "the replica is never missed"
        );
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn the_servers_of_other_environments_tell_each_for_itself() {
    let server = Server::start(&[]);
    let at = |env, password| {
        let url = format!("rediss://localhost:{}", server.tls_port);
        Elsewhere {
            env,
            server: config(&url, Some(password)),
        }
    };
    let all = [
        at(Env::Staging, PASSWORD),
        at(Env::Development, "wrong-horse"),
    ];
    let trust = trust(Some(&server.authority.root));
    let told = Servers::new(&all, &trust, &line("redis-elsewhere"))
        .servers()
        .await
        .unwrap();
    let staging = told[0].server.as_ref().unwrap();
    let said = server.cli("info server");
    assert!(said.contains(&format!("redis_version:{}\r", staging.version)));
    let why = told[1].server.as_ref().unwrap_err();
    assert!(!why.contains("horse"), "{why}");
    assert_eq!(told[1].env, Env::Development);
}
