//! The sandbox's public face, judged from outside: by curl and openssl where they are installed, and by our own probes.

use std::io::Write as _;
use std::process::Command;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};
use flightdeck::backend::Backend;
use flightdeck::backend::https::guard::GuardTarget;
use flightdeck::backend::tls::TlsTarget;
use flightdeck::config::{Config, DnsTarget, HttpsTarget, ProbeConfig};
use flightdeck::domain::problem::ProblemKind;
use flightdeck::sandbox::{self, Edge, Options, Sandbox};
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const API: &str = "api.laser.example";
const CDN: &str = "cdn.laser.example";

async fn up(options: Options) -> Sandbox {
    sandbox::start(options).await.unwrap()
}

fn edge(sandbox: &Sandbox) -> &Edge {
    sandbox.edge().expect("the story has hosts")
}

/// Our probes, looking at a sandbox and trusting the authority of another, perhaps.
async fn probes(at: &Sandbox, trusting: &Sandbox) -> Backend {
    Backend::new(&Config {
        probes: ProbeConfig {
            dns_server: Some(edge(at).dns),
            connect_to: Some(edge(at).https),
            extra_roots_pem: Some(edge(trusting).ca_pem.clone()),
            forget_bursts: true,
            ..ProbeConfig::default()
        },
        ..Config::default()
    })
    .await
    .unwrap()
}

fn get(host: &str, path: &str) -> HttpsTarget {
    HttpsTarget {
        url: format!("https://{host}{path}"),
        expect_status: 200,
        verifies: None,
    }
}

fn hands(host: &str) -> TlsTarget {
    TlsTarget {
        host: host.into(),
        port: 443,
    }
}

#[tokio::test]
async fn every_host_answers_and_its_headers_and_tls_are_graded() {
    let sandbox = up(Options::default()).await;
    let backend = probes(&sandbox, &sandbox).await;
    assert_eq!(edge(&sandbox).hosts.len(), 4);
    for host in &edge(&sandbox).hosts {
        let answer = backend.https.probe(&get(host, "/health")).await.unwrap();
        assert_eq!(answer.status, 200, "{host}");
        let wanted = if host == CDN { "B" } else { "A+" };
        assert_eq!(
            answer.grade.letter, wanted,
            "{host}: {:?}",
            answer.grade.reasons
        );
        let tls = backend.tls.probe(&hands(host)).await.unwrap();
        assert_eq!(tls.trust, Ok(()), "{host}");
        assert_eq!(tls.protocol, "TLS 1.3", "{host}");
        assert_eq!(tls.tls12, Some(true), "{host}");
        assert_eq!(tls.graded(Some(true)).letter, "A+", "{host}");
        assert_eq!(tls.chain[0].names, [host.as_str()]);
    }
    let cdn = backend.https.probe(&get(CDN, "/")).await.unwrap();
    let weak: Vec<&str> = cdn
        .headers
        .iter()
        .filter(|h| !h.ok)
        .map(|h| h.name.as_str())
        .collect();
    assert_eq!(weak, ["Content-Security-Policy", "Referrer-Policy"]);
    let missing = backend.https.probe(&get(CDN, "/nothing")).await.unwrap();
    assert_eq!(missing.status, 404);
}

/// Sets how many tasks of a service are wanted.
async fn scale(sandbox: &Sandbox, service: &str, desired: i32) {
    let key = Credentials::new(
        sandbox.access_key(),
        sandbox.secret_key(),
        None,
        None,
        "test",
    );
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(sandbox.endpoint())
        .region(Region::new(sandbox.region()))
        .credentials_provider(key)
        .build();
    aws_sdk_ecs::Client::from_conf(config)
        .update_service()
        .cluster("laser-prod")
        .service(service)
        .desired_count(desired)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn the_health_of_the_api_follows_its_tasks() {
    let sandbox = up(Options {
        speed: 100.0,
        ..Options::default()
    })
    .await;
    let backend = probes(&sandbox, &sandbox).await;
    for (desired, status) in [(4, 200), (0, 503), (2, 200)] {
        scale(&sandbox, "api", desired).await;
        let began = Instant::now();
        loop {
            let answer = backend.https.probe(&get(API, "/health")).await.unwrap();
            if answer.status == status {
                break;
            }
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{} with {desired} tasks wanted",
                answer.status
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let admin = get("admin.laser.example", "/health");
        let admin = backend.https.probe(&admin).await.unwrap();
        assert_eq!(admin.status, 200, "another service's host");
    }
}

#[tokio::test]
async fn names_resolve_to_this_machine_and_others_do_not_exist() {
    let sandbox = up(Options::default()).await;
    let backend = probes(&sandbox, &sandbox).await;
    let look = |name: &str| DnsTarget {
        name: name.into(),
        expected: vec!["127.0.0.1".into()],
    };
    for name in ["laser.example", API, CDN] {
        let found = backend.dns.probe(&look(name)).await.unwrap();
        assert_eq!(found.addresses, ["127.0.0.1"], "{name}");
        assert!(
            found.as_expected() == Some(true) && found.ttl_s == Some(60),
            "{name}"
        );
    }
    for name in ["nothing.laser.example", "laser.invalid"] {
        let problem = backend.dns.probe(&look(name)).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::NotFound, "{name}");
        assert!(problem.why.contains("NXDOMAIN"), "{}", problem.why);
    }
}

#[tokio::test]
async fn malformed_questions_are_ignored_and_the_next_is_answered() {
    let sandbox = up(Options::default()).await;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for junk in [&b""[..], b"\xff\xff", &[0xc0; 600]] {
        socket.send_to(junk, edge(&sandbox).dns).await.unwrap();
    }
    let backend = probes(&sandbox, &sandbox).await;
    let look = DnsTarget {
        name: API.into(),
        expected: Vec::new(),
    };
    assert!(backend.dns.probe(&look).await.is_ok());
    let mut buffer = [0; 600];
    assert!(socket.try_recv(&mut buffer).is_err(), "junk was answered");
}

#[tokio::test]
async fn another_authority_and_another_host_are_told_apart() {
    let (sandbox, other) = (up(Options::default()).await, up(Options::default()).await);
    let stranger = probes(&sandbox, &other).await;
    let problem = stranger
        .https
        .probe(&get(API, "/health"))
        .await
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unreachable);
    assert!(problem.why.contains("not trusted"), "{}", problem.why);
    let tls = stranger.tls.probe(&hands(API)).await.unwrap();
    let why = tls.trust.clone().unwrap_err();
    // Each sandbox has a key of its own, though all authorities have one name.
    assert!(why.contains("not signed with the key"), "{why}");
    assert_eq!(tls.grade.letter, "T");
    // No certificate is for this name: the server says so in the handshake.
    let backend = probes(&sandbox, &sandbox).await;
    let shop = "shop.laser.example";
    let tls = backend.tls.probe(&hands(shop)).await.unwrap_err();
    let https = backend.https.probe(&get(shop, "/")).await.unwrap_err();
    for problem in [tls, https] {
        assert_eq!(problem.kind, ProblemKind::NotFound);
        assert!(
            problem.why.contains("no certificate for this name"),
            "{}",
            problem.why
        );
    }
}

/// A connection of HTTP/1.1 inside TLS on which one request has been answered.
async fn kept(sandbox: &Sandbox) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(edge(sandbox).ca_pem.as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(edge(sandbox).https).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let name = API.try_into().unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let request = format!("HEAD /health HTTP/1.1\r\nhost: {API}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    stream
}

#[tokio::test]
async fn dropping_the_sandbox_ends_its_servers_and_what_was_connected() {
    let sandbox = up(Options::default()).await;
    let (https, dns) = (edge(&sandbox).https, edge(&sandbox).dns);
    let mut kept = kept(&sandbox).await;
    let mut silent = TcpStream::connect(https).await.unwrap();
    drop(sandbox);
    let patience = Duration::from_secs(5);
    let mut end = [0; 1];
    let read = tokio::time::timeout(patience, silent.read(&mut end)).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "silent: {read:?}");
    let read = tokio::time::timeout(patience, kept.read(&mut end)).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "kept: {read:?}");
    assert!(TcpStream::connect(https).await.is_err());
    assert!(TcpStream::connect(dns).await.is_err());
    assert!(tokio::net::UdpSocket::bind(dns).await.is_ok());
}

fn installed(tool: &str, flag: &str) -> bool {
    let there = Command::new(tool)
        .arg(flag)
        .output()
        .is_ok_and(|o| o.status.success());
    if !there {
        println!("skipped: {tool} is not installed");
    }
    there
}

fn ca_file(sandbox: &Sandbox) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(edge(sandbox).ca_pem.as_bytes()).unwrap();
    file
}

/// Runs a command beside the sandbox; its exit code and everything that it said.
async fn run(mut command: Command) -> (Option<i32>, String) {
    command.stdin(std::process::Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[tokio::test]
async fn curl_is_content() {
    if !installed("curl", "--version") {
        return;
    }
    let (sandbox, other) = (up(Options::default()).await, up(Options::default()).await);
    let (ca, wrong) = (ca_file(&sandbox), ca_file(&other));
    let port = edge(&sandbox).https.port();
    let curl = |host: &str, ca: &tempfile::NamedTempFile, version: &str| {
        let mut command = Command::new("curl");
        command.args([
            "--silent",
            "--show-error",
            "--include",
            "--noproxy",
            "*",
            "--max-time",
            "10",
        ]);
        command.args([
            version,
            "--resolve",
            &format!("{host}:{port}:127.0.0.1"),
            "--cacert",
        ]);
        command
            .arg(ca.path())
            .arg(format!("https://{host}:{port}/health"));
        command
    };
    for (version, line) in [("--http1.1", "HTTP/1.1 200"), ("--http2", " 200")] {
        let (code, said) = run(curl(API, &ca, version)).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(
            said.contains(line) && said.contains("\"status\":\"ok\""),
            "{said}"
        );
        let said = said.to_lowercase();
        assert!(
            said.contains("strict-transport-security: max-age=63072000"),
            "{said}"
        );
    }
    // 60: the peer's certificate cannot be verified; 35: the handshake failed.
    assert_eq!(run(curl(API, &wrong, "--http1.1")).await.0, Some(60));
    let (code, said) = run(curl("shop.laser.example", &ca, "--http1.1")).await;
    assert_eq!(code, Some(35), "{said}");
    assert!(said.contains("unrecognized name"), "{said}");
}

#[tokio::test]
async fn openssl_is_content() {
    if !installed("openssl", "version") {
        return;
    }
    let sandbox = up(Options::default()).await;
    let ca = ca_file(&sandbox);
    for (version, shown) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        for host in &edge(&sandbox).hosts {
            let mut command = Command::new("openssl");
            command.args([
                "s_client",
                "-connect",
                &edge(&sandbox).https.to_string(),
                version,
            ]);
            command.args([
                "-servername",
                host,
                "-verify_hostname",
                host,
                "-verify_return_error",
            ]);
            command.arg("-CAfile").arg(ca.path());
            let (code, said) = run(command).await;
            assert_eq!(code, Some(0), "{said}");
            assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
            assert!(said.contains(shown), "{said}");
        }
    }
}

#[tokio::test]
async fn one_tcp_connection_takes_questions_one_after_the_other() {
    let sandbox = up(Options::default()).await;
    let mut stream = TcpStream::connect(edge(&sandbox).dns).await.unwrap();
    for (name, kind, answers) in [
        (API, RecordType::A, 1),
        (API, RecordType::AAAA, 0),
        ("laser.example", RecordType::NS, 2),
        ("laser.example", RecordType::SOA, 1),
        ("_dmarc.laser.example", RecordType::TXT, 1),
    ] {
        let mut question = Message::query();
        let name = Name::from_str(&format!("{name}.")).unwrap();
        question.add_query(Query::query(name.clone(), kind));
        let bytes = question.to_vec().unwrap();
        stream.write_u16(bytes.len() as u16).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
        stream.read_exact(&mut answer).await.unwrap();
        let answer = Message::from_vec(&answer).unwrap();
        assert_eq!(answer.metadata.id, question.metadata.id);
        assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
        assert!(answer.metadata.authoritative);
        assert_eq!(answer.answers.len(), answers, "{name} {kind}");
        // Who may keep that there is nothing is told for how long (RFC 2308).
        assert_eq!(answer.authorities.len(), usize::from(answers == 0));
    }
}

#[tokio::test]
async fn python_is_content() {
    if !installed("python3", "--version") {
        return;
    }
    let sandbox = up(Options::default()).await;
    let ca = ca_file(&sandbox);
    let mut command = Command::new("python3");
    command.arg("-c").arg(
        "import http.client, json, socket, ssl, sys\n\
         trust = ssl.create_default_context(cafile=sys.argv[1])\n\
         raw = socket.create_connection(('127.0.0.1', int(sys.argv[2])), 10)\n\
         web = http.client.HTTPSConnection(sys.argv[3])\n\
         web.sock = trust.wrap_socket(raw, server_hostname=sys.argv[3])\n\
         for method, path, status in [('GET', '/health', 200), ('HEAD', '/', 200), ('POST', '/', 405), ('GET', '/x', 404)]:\n\
         \x20   web.request(method, path)\n\
         \x20   answer = web.getresponse()\n\
         \x20   body = answer.read()\n\
         \x20   assert answer.status == status, (method, path, answer.status)\n\
         \x20   assert (method == 'HEAD') == (body == b''), body\n\
         \x20   assert answer.getheader('x-frame-options') == 'DENY'\n\
         print(web.sock.version())",
    );
    command
        .arg(ca.path())
        .arg(edge(&sandbox).https.port().to_string())
        .arg(API);
    let (code, said) = run(command).await;
    assert_eq!((code, said.trim()), (Some(0), "TLSv1.3"), "{said}");
}

#[tokio::test]
async fn strangers_are_refused_and_too_many_requests_are_told_to_wait() {
    let sandbox = up(Options::default()).await;
    let backend = probes(&sandbox, &sandbox).await;
    assert_eq!(edge(&sandbox).guarded.len(), 2);
    for url in &edge(&sandbox).guarded {
        let target = GuardTarget {
            url: url.clone(),
            protected: true,
            burst: Some(40),
        };
        let seen = backend.https.guard(&target).await.unwrap();
        assert_eq!(seen.status, 401, "{url}");
        assert!(seen.challenge.is_some(), "{url}");
        let grade = seen.grade();
        assert_eq!(grade.letter, "A+", "{url}: {:?}", grade.reasons);
        assert_eq!(
            seen.cookies.len(),
            usize::from(url.contains("admin")),
            "{url}"
        );
        let burst = seen.burst.unwrap();
        assert!(burst.limited && burst.sent < 40, "{url}: {burst:?}");
        assert!(burst.retry_after.is_some(), "{url}");
    }
}
