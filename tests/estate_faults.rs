//! What the client layer makes of vendors without an SDK that fail, throttle, lie or lead away; and that one of them that hangs
//! holds nobody else up. Secrets Manager stands for the signed calls to AWS, Slack for the vendors with tokens.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use flightdeck::backend::Backend;
use flightdeck::config::{AwsConfig, CloudflareConfig, Config, SlackConfig, VercelConfig};
use flightdeck::domain::image::LookUp;
use flightdeck::domain::problem::{Problem, ProblemKind};
use jiff::Timestamp;
use tokio::net::TcpListener;

#[path = "support/canary.rs"]
mod canary;
#[path = "estate/hanging.rs"]
mod hanging;
#[path = "estate/left_out.rs"]
mod left_out;
#[path = "estate/nested.rs"]
mod nested;
#[path = "estate/pages.rs"]
mod pages;
#[path = "estate/reading.rs"]
mod reading;
#[path = "estate/repeated.rs"]
mod repeated;
#[path = "estate/rows.rs"]
mod rows;
#[path = "estate/streams.rs"]
mod streams;
#[path = "estate/vendors.rs"]
mod vendors;

const CANARY: &str = "xoxb-canary-7c21f0";
const SECRET: &str = "canary-secret-3f9a";

/// One answer of a peer: status, headers, body; `Silence` never comes.
#[derive(Clone)]
enum Say {
    This(u16, Vec<(&'static str, String)>, String),
    Silence,
}

fn say(status: u16, body: &str) -> Say {
    Say::This(
        status,
        vec![("content-type", "application/json".into())],
        body.into(),
    )
}

/// What was asked: path, headers, body.
type Asked = (String, HeaderMap, String);

/// A peer that answers by its script, the last line again and again, and remembers what it was asked.
struct Peer {
    script: Vec<Say>,
    asked: Mutex<Vec<Asked>>,
    endpoint: String,
}

impl Peer {
    async fn start(script: Vec<Say>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let peer = Arc::new(Self {
            script,
            asked: Mutex::default(),
            endpoint,
        });
        let app = axum::Router::new()
            .fallback(answer)
            .with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        peer
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State(peer): State<Arc<Peer>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let n = {
        let mut asked = peer.asked.lock().unwrap();
        asked.push((
            uri.to_string(),
            headers,
            String::from_utf8_lossy(&body).into_owned(),
        ));
        asked.len() - 1
    };
    match peer.script.get(n).or(peer.script.last()).cloned() {
        Some(Say::This(status, headers, body)) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        _ => std::future::pending().await,
    }
}

async fn backend(aws: &str, slack: &str) -> Backend {
    let config = Config {
        aws: AwsConfig {
            region: Some("us-east-1".into()),
            endpoint: Some(aws.into()),
            fixed_credentials: Some(("AKIAIOSFODNN7EXAMPLE".into(), SECRET.into())),
            timeout: Some(Duration::from_millis(2_500)),
            ..AwsConfig::default()
        },
        slack: SlackConfig {
            endpoint: Some(slack.into()),
            channel: Some("ops".into()),
            token: Some(CANARY.into()),
        },
        ..Config::default()
    };
    Backend::new(&config).await.unwrap()
}

fn is_for_people(p: &Problem) {
    let all = format!("{} {} {}", p.what, p.why, p.fix);
    assert!(
        p.what.starts_with("Cannot ") && !p.why.is_empty() && !p.fix.is_empty(),
        "{p:?}"
    );
    for inside in ["AKIA", "reqwest", "hyper", "Error {", "Some("] {
        assert!(!all.contains(inside), "{inside} in {all}");
    }
    for secret in [CANARY, SECRET] {
        canary::assert_hidden(secret, &all, "a problem");
    }
}

/// Asks Slack who we are; the failure, and the peer.
async fn slack(script: Vec<Say>) -> (Problem, Arc<Peer>, Backend) {
    let peer = Peer::start(script).await;
    let backend = backend("http://127.0.0.1:1", &peer.endpoint).await;
    let problem = backend.estate.slack.workspace().await.unwrap_err();
    is_for_people(&problem);
    (problem, peer, backend)
}

async fn secrets(script: Vec<Say>) -> (Problem, Arc<Peer>, Backend) {
    let peer = Peer::start(script).await;
    let backend = backend(&peer.endpoint, "http://127.0.0.1:1").await;
    let began = Instant::now();
    let problem = backend.estate.secretsmanager.secrets().await.unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    is_for_people(&problem);
    (problem, peer, backend)
}

#[tokio::test]
async fn each_refusal_of_a_vendor_has_its_kind_and_its_way_out() {
    let cases = [
        (
            401,
            "{\"message\":\"Bad credentials\"}",
            ProblemKind::BadCredentials,
            "flightdeck login slack",
            1,
        ),
        (
            401,
            "{\"message\":\"token expired\"}",
            ProblemKind::Expired,
            "login slack",
            1,
        ),
        (
            403,
            "{\"message\":\"no\"}",
            ProblemKind::Denied,
            "auth.test",
            1,
        ),
        (
            403,
            "{\"message\":\"API rate limit exceeded\"}",
            ProblemKind::Throttled,
            "by itself",
            1,
        ),
        (404, "{}", ProblemKind::NotFound, "[slack]", 1),
        (500, "{}", ProblemKind::Vendor, "slack-status.com", 3),
        (
            200,
            "<!doctype html><p>proxy",
            ProblemKind::Malformed,
            "proxy",
            1,
        ),
        (
            200,
            "{\"ok\":false,\"error\":\"invalid_auth\"}",
            ProblemKind::BadCredentials,
            "login slack",
            1,
        ),
        (
            200,
            "{\"ok\":false,\"error\":\"ratelimited\"}",
            ProblemKind::Throttled,
            "",
            1,
        ),
        (200, "{\"ok\":true}", ProblemKind::Invalid, "", 1),
    ];
    for (status, body, kind, fix, attempts) in cases {
        let (problem, peer, _) = slack(vec![say(status, body)]).await;
        assert_eq!(problem.kind, kind, "{status} {body}: {problem:?}");
        assert!(problem.fix.contains(fix), "{status}: {}", problem.fix);
        assert_eq!(peer.asked().len(), attempts, "{status} {body}");
    }
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_a_vendor_wants_is_heeded() {
    let fine = say(
        200,
        "{\"ok\":true,\"team\":\"T\",\"user\":\"u\",\"url\":\"https://t.slack.com/\",\"channels\":[]}",
    );
    let peer = Peer::start(vec![say(502, "bad gateway"), fine]).await;
    let backend = backend("http://127.0.0.1:1", &peer.endpoint).await;
    assert_eq!(backend.estate.slack.workspace().await.unwrap().team, "T");
    assert_eq!(
        peer.asked().len(),
        3,
        "the second attempt, then the channels"
    );
    let token = peer.asked()[0].1["authorization"].clone();
    assert_eq!(token, format!("Bearer {CANARY}"));

    let later = vec![
        ("retry-after", "1".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    let began = Instant::now();
    let (problem, peer, backend) = slack(vec![Say::This(429, later, "{}".into())]).await;
    assert_eq!(problem.kind, ProblemKind::Throttled);
    assert!(
        began.elapsed() >= Duration::from_secs(2),
        "twice a second's pause"
    );
    assert_eq!(peer.asked().len(), 3);
    let line = backend
        .estate
        .lines
        .iter()
        .find(|l| l.name() == "slack")
        .unwrap();
    assert!(line.next_try().is_some(), "and then it is left alone");
}

#[tokio::test]
async fn a_window_that_is_used_up_is_respected_after_a_good_answer() {
    let reset = (Timestamp::now().as_second() + 120).to_string();
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", reset),
    ];
    let body = "{\"ok\":true,\"team\":\"T\",\"user\":\"u\",\"url\":\"\",\"channels\":[]}";
    let peer = Peer::start(vec![Say::This(200, headers, body.into())]).await;
    let backend = backend("http://127.0.0.1:1", &peer.endpoint).await;
    backend.estate.slack.workspace().await.unwrap();
    let line = backend
        .estate
        .lines
        .iter()
        .find(|l| l.name() == "slack")
        .unwrap();
    let rest = line.next_try().unwrap().duration_since(Timestamp::now());
    assert!((100..=120).contains(&rest.as_secs()), "{rest:?}");
}

/// GitHub's primary limit: no `Retry-After`, a window that is used up and when the next one begins.
#[tokio::test]
async fn a_refusal_that_says_when_the_window_begins_anew_is_heeded() {
    let at = Timestamp::now().as_second() + 600;
    for (status, name, value) in [
        (403, "x-ratelimit-reset", at.to_string()),
        (429, "x-ratelimit-reset", at.to_string()),
        (429, "ratelimit", "\"default\";r=0;t=600".to_owned()),
    ] {
        let mut headers = vec![(name, value)];
        if status == 403 {
            headers.push(("x-ratelimit-remaining", "0".into()));
        }
        let (problem, peer, backend) = slack(vec![Say::This(status, headers, "{}".into())]).await;
        assert_eq!(problem.kind, ProblemKind::Throttled, "{name}: {problem:?}");
        assert!(problem.why.contains("not asked before"), "{problem:?}");
        assert_eq!(peer.asked().len(), 1, "{name}: asked again at once");
        let mut lines = backend.estate.lines.iter();
        let line = lines.find(|l| l.name() == "slack").unwrap();
        let rest = line.next_try().unwrap().duration_since(Timestamp::now());
        assert!((580..=600).contains(&rest.as_secs()), "{name}: {rest:?}");
    }
}

#[tokio::test]
async fn a_token_is_never_carried_to_another_host() {
    let elsewhere = Peer::start(vec![say(200, "{\"ok\":true}")]).await;
    let to = vec![("location", format!("{}/auth.test", elsewhere.endpoint))];
    let (problem, peer, _) = slack(vec![Say::This(302, to, String::new())]).await;
    assert_eq!(problem.kind, ProblemKind::Malformed, "{problem:?}");
    assert_eq!((peer.asked().len(), elsewhere.asked().len()), (1, 0));
}

#[tokio::test]
async fn signed_calls_are_refused_in_words() {
    let cases = [
        (
            "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}",
            ProblemKind::Denied,
            "secretsmanager:ListSecrets",
        ),
        (
            "{\"__type\":\"ExpiredTokenException\",\"message\":\"old\"}",
            ProblemKind::Expired,
            "Renew",
        ),
        (
            "{\"__type\":\"UnrecognizedClientException\",\"message\":\"?\"}",
            ProblemKind::BadCredentials,
            "access key",
        ),
        (
            "{\"__type\":\"com.amazonaws#UnknownOperationException\"}",
            ProblemKind::Unsupported,
            "",
        ),
        ("<html>502</html>", ProblemKind::Malformed, "proxy"),
    ];
    for (body, kind, words) in cases {
        let (problem, peer, _) = secrets(vec![say(400, body)]).await;
        assert_eq!(problem.kind, kind, "{body}: {problem:?}");
        assert!(
            format!("{} {}", problem.why, problem.fix).contains(words),
            "{problem:?}"
        );
        assert_eq!(peer.asked().len(), 1, "{body}");
        let signature = peer.asked()[0].1["authorization"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            signature.contains("/us-east-1/secretsmanager/aws4_request"),
            "{signature}"
        );
    }
    let (problem, peer, _) = secrets(vec![say(400, "{\"__type\":\"ThrottlingException\"}")]).await;
    assert_eq!(
        (problem.kind, peer.asked().len()),
        (ProblemKind::Throttled, 3)
    );
    let (problem, _, _) = secrets(vec![Say::Silence]).await;
    assert_eq!(problem.kind, ProblemKind::Timeout);
    let (problem, _, _) = secrets(vec![say(200, "[1, 2")]).await;
    assert_eq!(problem.kind, ProblemKind::Malformed);
}

const IMAGE: &str = "210987654321.dkr.ecr.us-east-1.amazonaws.com/hub/nginx:1";

/// What the client makes of an image of another account's registry.
async fn look_up(script: Vec<Say>) -> (LookUp, Arc<Peer>) {
    let peer = Peer::start(script).await;
    let client = backend(&peer.endpoint, "http://127.0.0.1:1").await;
    let found = client.estate.ecr.look_up(IMAGE).await.unwrap();
    for (_, _, body) in peer.asked() {
        assert!(body.contains("\"registryId\":\"210987654321\""), "{body}");
    }
    (found, peer)
}

#[tokio::test]
async fn an_image_is_absent_only_where_the_rules_of_caches_were_read() {
    let absent = || say(400, "{\"__type\":\"ImageNotFoundException\"}");
    let rules = |prefix: &str| {
        let rule = format!("[{{\"ecrRepositoryPrefix\":\"{prefix}\"}}]");
        say(200, &format!("{{\"pullThroughCacheRules\":{rule}}}"))
    };
    let none = say(200, "{\"imageDetails\":[]}");
    let (found, _) = look_up(vec![absent(), rules("quay"), none]).await;
    assert!(matches!(found, LookUp::Absent { .. }), "{found:?}");
    let (found, _) = look_up(vec![absent(), rules("hub")]).await;
    assert_eq!(found, LookUp::Cache("hub/nginx".into()));
    // Who may list the images need not be allowed to read the rules.
    let denied = say(400, "{\"__type\":\"AccessDeniedException\"}");
    let (found, peer) = look_up(vec![absent(), denied]).await;
    let LookUp::MaybeCache { repository, why } = found else {
        panic!("{found:?}")
    };
    assert_eq!((repository.as_str(), peer.asked().len()), ("hub/nginx", 2));
    assert!(!why.is_empty());
}

#[tokio::test]
async fn a_scan_that_could_not_be_read_says_so() {
    let here = || {
        let body = "{\"imageDetails\":[{\"imageDigest\":\"sha256:aa\",\"imageTags\":[\"1\"],\"imageSizeInBytes\":9}]}";
        say(200, body)
    };
    let never = say(400, "{\"__type\":\"ScanNotFoundException\"}");
    let denied = say(400, "{\"__type\":\"AccessDeniedException\"}");
    for (answer, is_unread) in [(never, false), (denied, true)] {
        let (found, _) = look_up(vec![here(), answer]).await;
        let LookUp::Here { image, unread_scan } = found else {
            panic!("{found:?}")
        };
        assert!(!image.scan.is_done());
        assert_eq!(unread_scan.is_some(), is_unread, "{unread_scan:?}");
    }
}

#[tokio::test]
async fn pages_are_read_to_the_end() {
    let page = |name: &str, next: &str| {
        say(
            200,
            &format!("{{\"SecretList\":[{{\"ARN\":\"a\",\"Name\":\"{name}\"}}]{next}}}"),
        )
    };
    let peer = Peer::start(vec![
        page("b\\u001b[31m", ",\"NextToken\":\"2\""),
        page("a", ""),
    ])
    .await;
    let client = backend(&peer.endpoint, "http://127.0.0.1:1").await;
    let secrets = client.estate.secretsmanager.secrets().await.unwrap();
    let names: Vec<_> = secrets.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a", "b\\e[31m"]);
    assert!(peer.asked()[1].2.contains("\"NextToken\":\"2\""));
}

/// What was read of such a list is not all of it.
#[tokio::test]
async fn a_page_that_a_vendor_offers_again_ends_the_list_with_a_problem() {
    let projects = r#"{"projects":[{"id":"p1","name":"web"}],"pagination":{"count":1,"next":7}}"#;
    let vercel = Peer::start(vec![say(200, projects)]).await;
    let config = Config {
        vercel: VercelConfig {
            endpoint: Some(vercel.endpoint.clone()),
            projects: Vec::new(),
            token: Some(CANARY.into()),
            team: Some("team_1".into()),
        },
        ..Config::default()
    };
    let estate = Backend::new(&config).await.unwrap().estate;
    let problem = estate.vercel.hosting().await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Malformed, "{problem}");
    assert!(problem.why.contains("offered again"), "{problem}");
    assert_eq!(vercel.asked().len(), 2);
}

#[tokio::test]
async fn what_the_configuration_names_and_a_vendor_does_not_tell_of_is_missing() {
    let zones = r#"{"success":true,"errors":[],"messages":[],"result":[
        {"id":"z1","name":"a.example","status":"active"},{"id":"z2","name":"other.example","status":"active"}],
        "result_info":{"page":1,"total_pages":1}}"#;
    let records = r#"{"success":true,"errors":[],"messages":[],"result":[],"result_info":{"page":1,"total_pages":1}}"#;
    let cloudflare = Peer::start(vec![say(200, zones), say(200, zones), say(200, records)]).await;
    let projects = r#"{"projects":[{"id":"p1","name":"web"},{"id":"p2","name":"other"}],"pagination":{"count":2,"next":null}}"#;
    let deployments = r#"{"deployments":[],"pagination":{"count":0,"next":null}}"#;
    let vercel = Peer::start(vec![say(200, projects), say(200, deployments)]).await;
    let config = Config {
        cloudflare: CloudflareConfig {
            endpoint: Some(cloudflare.endpoint.clone()),
            zones: vec!["b.example".into(), "a.example".into()],
            token: Some(CANARY.into()),
        },
        vercel: VercelConfig {
            endpoint: Some(vercel.endpoint.clone()),
            projects: vec!["web".into(), "docs".into()],
            token: Some(CANARY.into()),
            team: Some("team_1".into()),
        },
        ..Config::default()
    };
    let estate = Backend::new(&config).await.unwrap().estate;
    let zones = estate.cloudflare.zones().await.unwrap();
    let seen: Vec<_> = zones
        .iter()
        .map(|z| (z.name.as_str(), z.is_seen()))
        .collect();
    assert_eq!(seen, [("a.example", true), ("b.example", false)]);
    // Nobody asks for the records of what is not there.
    estate.cloudflare.records().await.unwrap();
    assert_eq!(cloudflare.asked().len(), 3);
    assert_eq!(estate.vercel.hosting().await.unwrap().missing, ["docs"]);
}
