//! The probes of HTTPS, TLS and DNS against servers that are not as they should be: each finding and each failure in words that
//! a person can act on.

#[path = "probes/servers.rs"]
mod servers;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flightdeck::backend::Backend;
use flightdeck::backend::https::guard::GuardTarget;
use flightdeck::backend::tls::TlsTarget;
use flightdeck::config::{AwsConfig, Config, DnsTarget, HttpsTarget, ProbeConfig};
use flightdeck::domain::part::Freshness;
use flightdeck::domain::probe::{DnsProbe, HttpsProbe, TlsProbe};
use flightdeck::domain::problem::{Problem, ProblemKind};
use hickory_proto::op::ResponseCode;
use jiff::Timestamp;
use rcgen::date_time_ymd;
use rustls::version::{TLS12, TLS13};
use servers::{Authority, HOST, Manner, Zone, identity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const FINE: Manner = Manner::Says("HTTP/1.1 200 OK");
const SOON: Duration = Duration::from_millis(400);

/// The probes, with a deadline that a test can wait for.
async fn probes(at: SocketAddr, roots: Option<&Authority>) -> Backend {
    let mut backend = Backend::new(&Config {
        probes: ProbeConfig {
            connect_to: Some(at),
            dns_server: Some(at),
            extra_roots_pem: roots.map(Authority::pem),
            forget_bursts: true,
            ..ProbeConfig::default()
        },
        ..Config::default()
    })
    .await
    .unwrap();
    backend.https = backend.https.with_deadline(SOON);
    backend.tls = backend.tls.with_deadline(SOON);
    backend.dns = backend.dns.with_deadline(SOON);
    backend
}

async fn https(at: SocketAddr, roots: Option<&Authority>) -> Result<HttpsProbe, Problem> {
    let target = HttpsTarget {
        url: format!("https://{HOST}/health"),
        expect_status: 200,
        verifies: None,
    };
    probes(at, roots).await.https.probe(&target).await
}

async fn tls(at: SocketAddr, roots: Option<&Authority>) -> Result<TlsProbe, Problem> {
    let target = TlsTarget {
        host: HOST.into(),
        port: 443,
    };
    probes(at, roots).await.tls.probe(&target).await
}

async fn dns(at: SocketAddr) -> Result<DnsProbe, Problem> {
    let target = DnsTarget {
        name: HOST.into(),
        expected: vec!["edge.example.net".into()],
    };
    probes(at, None).await.dns.probe(&target).await
}

fn says(problem: &Problem, kind: ProblemKind, words: &str) {
    assert_eq!(problem.kind, kind, "{problem}");
    assert!(problem.why.contains(words), "{problem}");
    assert!(!problem.fix.is_empty(), "{problem}");
}

#[tokio::test]
async fn certificates_that_are_not_trusted_are_looked_at_and_never_used() {
    let ours = Authority::new();
    let past = |p: &mut rcgen::CertificateParams| {
        p.not_before = date_time_ymd(2024, 1, 1);
        p.not_after = date_time_ymd(2024, 3, 31);
    };
    let future = |p: &mut rcgen::CertificateParams| p.not_before = date_time_ymd(2200, 1, 1);
    let other = |p: &mut rcgen::CertificateParams| {
        let name = "blog.example".to_owned().try_into().unwrap();
        p.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    };
    for (identity, shown, refused) in [
        (
            identity(Some(&ours), past),
            "expired on 2024-03-31",
            "expired on 2024-03-31",
        ),
        (
            identity(Some(&ours), future),
            "not valid before 2200-01-01",
            "not valid before 2200-01-01",
        ),
        (
            identity(Some(&ours), other),
            "for another host: blog.example",
            "for another host",
        ),
        (
            identity(None, |_| {}),
            "self-signed by CN=shop.example",
            "its issuer is not known here",
        ),
        (
            identity(Some(&Authority::new()), |p| {
                p.use_authority_key_identifier_extension = true;
            }),
            "not signed with the key of the trusted authority",
            "not signed with the key of the trusted authority",
        ),
    ] {
        let at = servers::https(identity, &[&TLS12, &TLS13], FINE).await;
        let seen = tls(at, Some(&ours)).await.unwrap();
        let why = seen.trust.clone().unwrap_err();
        assert!(why.contains(shown), "{why}");
        assert_eq!(seen.grade.letter, "T");
        assert_eq!(seen.grade.reasons, [format!("not trusted: {why}")]);
        assert_eq!(
            seen.graded(Some(true)).letter,
            "T",
            "no header makes up for it"
        );
        let problem = https(at, Some(&ours)).await.unwrap_err();
        says(&problem, ProblemKind::Unreachable, refused);
    }
}

#[tokio::test]
async fn an_authority_that_nobody_named_is_not_trusted() {
    let theirs = Authority::new();
    let at = servers::https(identity(Some(&theirs), |_| {}), &[&TLS13], FINE).await;
    let seen = tls(at, None).await.unwrap();
    let why = seen.trust.unwrap_err();
    assert!(why.contains("unknown issuer: CN=test authority"), "{why}");
}

#[tokio::test]
async fn days_left_and_versions_are_told() {
    let ours = Authority::new();
    let soon = |p: &mut rcgen::CertificateParams| p.not_after = date_time_ymd(2200, 1, 11);
    let at = servers::https(identity(Some(&ours), soon), &[&TLS12], FINE).await;
    let old = tls(at, Some(&ours)).await.unwrap();
    let grade = (old.grade.letter.as_str(), old.grade.reasons[0].as_str());
    assert_eq!(grade, ("A-", "TLS 1.3 is not offered"));
    assert_eq!(
        old.graded(Some(true)).letter,
        "A-",
        "HSTS makes up for none"
    );
    assert_eq!((old.protocol.as_str(), old.tls12), ("TLS 1.2", Some(true)));
    let noon: Timestamp = "2200-01-01T12:00:00Z".parse().unwrap();
    assert_eq!(old.days_left(noon), Some(9), "whole days");
    let later: Timestamp = "2200-01-11T06:00:00Z".parse().unwrap();
    assert_eq!(old.days_left(later), Some(-1), "none once it is over");
    let at = servers::https(identity(Some(&ours), |_| {}), &[&TLS13], FINE).await;
    let new = tls(at, Some(&ours)).await.unwrap();
    assert_eq!((new.protocol.as_str(), new.tls12), ("TLS 1.3", Some(false)));
    assert_eq!(new.grade.letter, "A");
    assert_eq!((new.tls11, new.tls10), (Some(false), Some(false)));
    assert_eq!(new.graded(Some(true)).letter, "A+");
    assert_eq!(new.graded(Some(false)).reasons, ["no strict HSTS"]);
}

/// Answers a hello that asks for less than TLS 1.2 by itself, as `say` says, and leaves the others to a good server.
async fn old_fashioned(ours: &Authority, say: fn(u8) -> Option<Vec<u8>>) -> SocketAddr {
    let good = servers::https(identity(Some(ours), |_| {}), &[&TLS12, &TLS13], FINE).await;
    servers::tcp(move |mut stream| async move {
        let mut head = [0; 4_096];
        let n = stream.read(&mut head).await.unwrap_or(0);
        // Record, message, version: the eleventh byte is the version's second. A modern client says 3 there.
        match head[10] {
            minor @ (1 | 2) => match say(minor) {
                Some(bytes) => drop(stream.write_all(&bytes).await),
                None => std::future::pending().await,
            },
            _ => {
                let mut inner = tokio::net::TcpStream::connect(good).await.unwrap();
                inner.write_all(&head[..n]).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut inner).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn who_still_takes_tls_1_0_or_1_1_earns_no_more_than_a_b() {
    let ours = Authority::new();
    let at = old_fashioned(&ours, |minor| {
        Some(match minor {
            1 => vec![22, 3, 1, 0, 6, 2, 0, 0, 70, 3, 1],
            _ => vec![21, 3, 1, 0, 2, 2, 70],
        })
    })
    .await;
    let seen = tls(at, Some(&ours)).await.unwrap();
    assert_eq!((seen.tls11, seen.tls10), (Some(false), Some(true)));
    let grade = seen.graded(Some(true));
    assert_eq!(grade.letter, "B");
    assert!(grade.reasons[0].starts_with("TLS 1.0 still offered"));
    // Silence is no refusal, and no reason to forget the rest.
    let at = old_fashioned(&ours, |_| None).await;
    let seen = tls(at, Some(&ours)).await.unwrap();
    assert_eq!((seen.tls11, seen.tls10), (None, None));
    let grade = seen.graded(Some(true));
    assert_eq!(grade.letter, "A");
    assert!(grade.reasons[0].contains("not known whether it still offers TLS 1.0 and 1.1"));
}

#[tokio::test]
async fn old_versions_are_asked_for_once_an_hour() {
    static HELLOS: AtomicUsize = AtomicUsize::new(0);
    let ours = Authority::new();
    let at = old_fashioned(&ours, |_| {
        HELLOS.fetch_add(1, Ordering::SeqCst);
        Some(Vec::new())
    })
    .await;
    let backend = probes(at, Some(&ours)).await;
    let target = TlsTarget {
        host: HOST.into(),
        port: 443,
    };
    for _ in 0..3 {
        let seen = backend.tls.probe(&target).await.unwrap();
        assert_eq!(seen.graded(Some(true)).letter, "A+");
    }
    assert_eq!(HELLOS.load(Ordering::SeqCst), 2, "one for each version");
}

/// OpenSSL, where this machine has it: a server that others wrote.
#[tokio::test]
async fn openssl_s_old_versions_are_seen() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("no openssl on this machine");
        return;
    }
    let ours = Authority::new();
    let dir = tempfile::tempdir().unwrap();
    let pem = identity(Some(&ours), |_| {}).pem;
    let file = dir.path().join("server.pem");
    std::fs::write(&file, pem).unwrap();
    for (last, tls11, tls10) in [
        ("1", true, true),
        ("1_1", true, false),
        ("1_2", false, false),
    ] {
        let mut without = vec!["-no_tls1", "-no_tls1_1"];
        without.truncate(match last {
            "1" => 0,
            "1_1" => 1,
            _ => 2,
        });
        let mut server = Command::new("openssl")
            .args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-cipher",
                "DEFAULT:@SECLEVEL=0",
            ])
            .arg("-cert")
            .arg(&file)
            .args(without)
            // What a distribution forbids in its own file does not count here.
            .env("OPENSSL_CONF", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
        let at = said
            .find_map(|line| Some(line.ok()?.strip_prefix("ACCEPT ")?.parse().ok()))
            .flatten()
            .expect("an address");
        let seen = tls(at, Some(&ours)).await;
        server.kill().unwrap();
        server.wait().unwrap();
        let seen = seen.unwrap();
        assert_eq!((seen.tls11, seen.tls10), (Some(tls11), Some(tls10)));
        let letter = seen.graded(Some(true)).letter;
        assert_eq!(letter, if tls11 { "B" } else { "A+" });
    }
}

#[tokio::test]
async fn servers_without_modern_tls_are_told_apart() {
    let cases: [(&'static [u8], ProblemKind, &str); 3] = [
        // A fatal alert: protocol_version, as a server of TLS 1.1 and older sends it.
        (
            b"\x15\x03\x01\x00\x02\x02\x46",
            ProblemKind::Unsupported,
            "neither TLS 1.2 nor TLS 1.3",
        ),
        // handshake_failure.
        (
            b"\x15\x03\x03\x00\x02\x02\x28",
            ProblemKind::Unsupported,
            "broke the handshake off",
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            ProblemKind::Malformed,
            "does not speak TLS",
        ),
    ];
    for (bytes, kind, words) in cases {
        let at = servers::raw(bytes).await;
        says(&tls(at, None).await.unwrap_err(), kind, words);
        says(&https(at, None).await.unwrap_err(), kind, words);
    }
}

#[tokio::test]
async fn who_is_silent_refuses_or_cuts_is_told_and_holds_nobody_up() {
    let ours = Authority::new();
    let silent = servers::tcp(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let identity = || identity(Some(&ours), |_| {});
    let mute = servers::https(identity(), &[&TLS13], Manner::Silent).await;
    let began = Instant::now();
    for problem in [
        tls(silent, None).await.unwrap_err(),
        https(silent, None).await.unwrap_err(),
        https(mute, Some(&ours)).await.unwrap_err(),
    ] {
        says(&problem, ProblemKind::Timeout, "no answer within 1 s");
    }
    assert!(began.elapsed() < SOON * 3 + Duration::from_secs(2));
    let nobody = servers::nobody().await;
    for problem in [
        tls(nobody, None).await.unwrap_err(),
        https(nobody, None).await.unwrap_err(),
    ] {
        says(&problem, ProblemKind::Unreachable, "nothing listens there");
    }
    let shy = servers::https(identity(), &[&TLS13], Manner::Closes).await;
    let problem = https(shy, Some(&ours)).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unreachable, "{problem}");
}

#[tokio::test]
async fn a_wrong_status_and_a_redirect_are_answers_and_their_headers_are_inert() {
    let ours = Authority::new();
    let heads = [
        ("HTTP/1.1 503 Service Unavailable", 503),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/elsewhere",
            302,
        ),
        (
            "HTTP/1.1 200 OK\r\nreferrer-policy: \u{202e}unsafe-url\r\nx-frame-options: \t",
            200,
        ),
    ];
    for (head, status) in heads {
        let identity = identity(Some(&ours), |_| {});
        let at = servers::https(identity, &[&TLS13], Manner::Says(head)).await;
        let seen = https(at, Some(&ours)).await.unwrap();
        assert_eq!(seen.status, status);
        assert_eq!(seen.grade.letter, "F");
        assert!(seen.latency_ms > 0.0 && seen.latency_ms < 400.0);
        let shown = format!("{:?}", seen.headers);
        assert!(!shown.contains('\u{202e}'), "{shown}");
    }
}

#[tokio::test]
async fn aliases_lead_to_what_is_expected() {
    let seen = dns(servers::dns(Zone::Alias).await).await.unwrap();
    assert_eq!(seen.cnames, ["edge.example.net"]);
    assert_eq!(seen.addresses, ["192.0.2.7"]);
    assert_eq!(seen.ttl_s, Some(30), "the shortest");
    assert_eq!(seen.as_expected(), Some(true));
}

#[tokio::test]
async fn name_servers_that_do_not_help_are_told_apart() {
    for (zone, kind, words) in [
        (
            Zone::Code(ResponseCode::NXDomain),
            ProblemKind::NotFound,
            "there is no such name",
        ),
        (
            Zone::Code(ResponseCode::NoError),
            ProblemKind::NotFound,
            "the name has no address",
        ),
        (
            Zone::Code(ResponseCode::ServFail),
            ProblemKind::Vendor,
            "Server Failure",
        ),
        (
            Zone::Code(ResponseCode::Refused),
            ProblemKind::Vendor,
            "Query Refused",
        ),
        (Zone::Silent, ProblemKind::Timeout, "did not answer in time"),
    ] {
        let at = servers::dns(zone).await;
        let problem = dns(at).await.unwrap_err();
        says(&problem, kind, words);
        assert!(problem.why.contains(&at.to_string()), "{problem}");
    }
    let junk = dns(servers::dns(Zone::Junk).await).await.unwrap_err();
    assert_ne!(junk.kind, ProblemKind::NotFound, "{junk}");
}

#[tokio::test]
async fn the_watch_asks_each_target_by_itself_and_judges_none_unasked() {
    let ours = Authority::new();
    let web = servers::https(identity(Some(&ours), |_| {}), &[&TLS13], FINE).await;
    let url = format!("https://{HOST}/");
    let config = Arc::new(Config {
        aws: AwsConfig {
            region: Some("us-east-1".into()),
            endpoint: Some(format!("http://{}", servers::nobody().await)),
            fixed_credentials: Some(("key".into(), "secret".into())),
            ..AwsConfig::default()
        },
        probes: ProbeConfig {
            https: vec![HttpsTarget {
                url: url.clone(),
                expect_status: 200,
                verifies: None,
            }],
            dns: vec![DnsTarget {
                name: HOST.into(),
                expected: Vec::new(),
            }],
            connect_to: Some(web),
            dns_server: Some(servers::dns(Zone::Silent).await),
            extra_roots_pem: Some(ours.pem()),
            ..ProbeConfig::default()
        },
        ..Config::default()
    });
    let backend = Arc::new(Backend::new(&config).await.unwrap());
    let (_, runs) = tokio::sync::watch::channel(Arc::default());
    let mut handle = flightdeck::watch::start(config, backend, Arc::default(), None, runs).await;
    let first = handle.snapshot().facts.clone();
    assert_eq!(first.https.len() + first.tls.len() + first.dns.len(), 3);
    let now = Timestamp::now();
    assert!(
        first
            .https
            .values()
            .all(|p| p.freshness(now) == Freshness::Never)
    );
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let facts = handle.snapshot().facts.clone();
        if let Some(problem) = &facts.dns[HOST].error {
            assert_eq!(problem.kind, ProblemKind::Timeout, "{problem}");
            // It took seconds; meanwhile the others were answered.
            assert_eq!(facts.https[&url].value.as_ref().unwrap().status, 200);
            let tls = &facts.tls[&format!("{HOST}:443")];
            assert_eq!(tls.value.as_ref().unwrap().trust, Ok(()));
            assert!(tls.observed_at.unwrap() < facts.taken_at - Duration::from_secs(1));
            return;
        }
        assert!(Instant::now() < end, "never told");
        assert!(handle.changed().await, "the watch has ended");
    }
}

/// A host of ours that always says the same, asked as a stranger twice; `burst`: how many requests are allowed.
async fn guarded(
    head: &'static str,
    burst: Option<u32>,
) -> [flightdeck::domain::guard::GuardProbe; 2] {
    guarded_by(Manner::Says(head), burst).await
}

async fn guarded_by(
    manner: Manner,
    burst: Option<u32>,
) -> [flightdeck::domain::guard::GuardProbe; 2] {
    let ours = Authority::new();
    let at = servers::https(identity(Some(&ours), |_| {}), &[&TLS12, &TLS13], manner).await;
    let backend = probes(at, Some(&ours)).await;
    let target = GuardTarget {
        url: format!("https://{HOST}/v1"),
        protected: true,
        burst,
    };
    let first = backend.https.guard(&target).await.unwrap();
    [first, backend.https.guard(&target).await.unwrap()]
}

#[tokio::test]
async fn a_door_that_is_open_to_any_other_site_is_graded_down() {
    let head = "HTTP/1.1 200 OK\r\naccess-control-allow-origin: https://flightdeck-probe.invalid\r\naccess-control-allow-credentials: true\r\nset-cookie: sid=hunter2; Path=/";
    let [seen, _] = guarded(head, None).await;
    assert_eq!((seen.status, seen.challenge.as_deref()), (200, None));
    assert_eq!(seen.burst, None, "nobody allowed one");
    let grade = seen.grade();
    assert_eq!(grade.letter, "F");
    let reasons = grade.reasons.join("; ");
    for why in [
        "GET lets any other site",
        "OPTIONS lets any",
        "sid is not Secure",
        "sid has no SameSite",
        "sid is readable",
    ] {
        assert!(reasons.contains(why), "{why}: {reasons}");
    }
    assert!(!format!("{seen:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_burst_has_an_end_and_comes_once_an_hour() {
    let [first, again] = guarded(
        "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer",
        Some(5),
    )
    .await;
    assert_eq!(
        (first.status, first.challenge.as_deref()),
        (401, Some("Bearer"))
    );
    let burst = first.burst.unwrap();
    assert_eq!((burst.sent, burst.limited), (5, false));
    assert!(
        burst.words().starts_with("no 429 after 5 of at most 5"),
        "{}",
        burst.words()
    );
    assert_eq!(again.burst.unwrap(), burst, "it is told of again, not sent");
    let limited = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7";
    let [limited, _] = guarded(limited, Some(5)).await;
    let burst = limited.burst.unwrap();
    assert_eq!(
        (burst.sent, burst.limited),
        (1, true),
        "none is sent after the first 429"
    );
    assert_eq!(burst.retry_after.as_deref(), Some("7"));
    let [failing, _] = guarded("HTTP/1.1 503 Service Unavailable", Some(5)).await;
    let burst = failing.burst.unwrap();
    assert_eq!((burst.sent, burst.limited), (1, false), "it is left alone");
    assert!(
        burst.words().ends_with("it answered 503"),
        "{}",
        burst.words()
    );
}

/// Bot protection answers 403 or 429 for itself: neither says that strangers are refused, nor that a limit answers.
#[tokio::test]
async fn a_bot_challenge_is_the_edge_s_own_word() {
    let heads = [
        (
            "HTTP/1.1 403 Forbidden\r\ncf-mitigated: challenge",
            "Cloudflare",
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\ncf-mitigated: challenge",
            "Cloudflare",
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\nx-vercel-mitigated: challenge",
            "Vercel",
        ),
    ];
    for (head, who) in heads {
        let [seen, _] = guarded(head, Some(5)).await;
        assert!(
            seen.mitigated.as_deref().unwrap().starts_with(who),
            "{head}"
        );
        assert_eq!(seen.refusal(), None, "{head}");
        let burst = seen.burst.unwrap();
        assert_eq!((burst.sent, burst.limited), (1, false), "{head}");
        assert!(burst.problem.unwrap().starts_with(who), "{head}");
        let ours = Authority::new();
        let own = identity(Some(&ours), |_| {});
        let at = servers::https(own, &[&TLS13], Manner::Says(head)).await;
        let page = https(at, Some(&ours)).await.unwrap();
        assert!(page.unseen().unwrap().contains(who), "{head}");
    }
    // A challenge to other sites' pages alone leaves the refusal what it is.
    let refused = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer";
    let [seen, _] = guarded_by(Manner::SaysToOptions(refused, heads[0].0), None).await;
    assert_eq!(seen.refusal().as_deref(), Some("401 refused"));
    assert!(seen.any_mitigated().unwrap().starts_with("Cloudflare"));
    let login = "HTTP/1.1 302 Found\r\nlocation: /login?next=%2Fv1&state=s3cret";
    let [seen, _] = guarded(login, None).await;
    assert_eq!(seen.refusal().unwrap(), format!("302 to {HOST}/login"));
    assert!(!format!("{seen:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_body_without_an_end_holds_no_burst_up() {
    let began = Instant::now();
    let [first, _] = guarded_by(Manner::Pours("HTTP/1.1 200 OK"), Some(5)).await;
    let burst = first.burst.unwrap();
    assert_eq!((burst.sent, burst.problem), (5, None));
    // Read to its end, each would take the whole deadline.
    let took = began.elapsed();
    assert!(took < SOON * 5, "{took:?}");
}
