//! One cluster that may not be read stands between nobody and another one.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;

use crate::program::{Platform, Ran, ran};

const CLOSED: &str = "laser-dev";

/// A wire to a platform on which nobody may describe the services of one cluster.
async fn pass(State(to): State<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let target = parts.headers.get("x-amz-target");
    let target = target.map_or("", |t| t.to_str().unwrap());
    if target.ends_with(".DescribeServices") && is_closed(&body) {
        let said = r#"{"__type":"AccessDeniedException","message":"not here"}"#;
        let reply = Response::builder().status(400);
        let reply = reply.header("content-type", "application/x-amz-json-1.1");
        return reply.body(Body::from(said)).unwrap();
    }
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let client = reqwest::Client::new();
    let mut ask = client
        .request(parts.method, format!("{to}{path}"))
        .body(body);
    for (name, value) in &parts.headers {
        if name != "content-length" {
            ask = ask.header(name, value);
        }
    }
    let answer = ask.send().await.unwrap();
    let mut reply = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "content-length" && name != "transfer-encoding" {
            reply = reply.header(name, value);
        }
    }
    let said = answer.bytes().await.unwrap();
    reply.body(Body::from(said)).unwrap()
}

fn is_closed(body: &Bytes) -> bool {
    let asked: serde_json::Value = serde_json::from_slice(body).unwrap();
    let cluster = asked["cluster"].as_str().unwrap_or("");
    cluster.rsplit('/').next() == Some(CLOSED)
}

#[test]
fn a_cluster_that_may_not_be_read_holds_up_no_other() {
    let platform = Platform::start(&[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let to = platform.said["endpoint"].as_str().unwrap().to_owned();
    let endpoint = runtime.block_on(async {
        let router = axum::Router::new().fallback(pass).with_state(to);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    });
    let run = |words: &[&str]| -> Ran {
        let mut command = platform.command(words);
        command.env("AWS_ENDPOINT_URL", &endpoint);
        ran(command.output().unwrap())
    };
    for words in [
        &["rollback", "laser-prod/auth", "--preview"][..],
        &["scale", "laser-prod/auth", "3", "--preview"],
        &["restart", "laser-prod/auth", "--preview"],
        &["tasks", "laser-prod/auth"],
        &["logs", "laser-prod/auth"],
    ] {
        let r = run(words);
        assert_eq!((r.code, r.err.as_str()), (0, ""), "{words:?}: {}", r.out);
    }
    // Nothing of it runs, which is what is said.
    let stop = run(&["stop", "laser-prod/auth", "--preview"]);
    assert_eq!(stop.code, 2, "{}", stop.err);
    assert!(
        stop.out.contains("no deployment is running"),
        "{}",
        stop.out
    );
    for list in ["services", "deployments"] {
        let r = run(&[list]);
        assert_eq!(r.code, 0, "{list}: {}", r.err);
        assert!(r.out.contains("laser-prod/auth"), "{list}: {}", r.out);
        let last = r.out.lines().last().unwrap();
        assert!(
            last.starts_with("incomplete") && last.contains(CLOSED),
            "{last}"
        );
        let told = run(&[list, "--json"]).json();
        assert_eq!(told["error"]["kind"], "denied", "{told}");
        assert!(!told[list].as_array().unwrap().is_empty());
    }
    let r = run(&["deployments", "laser-prod/auth"]);
    assert_eq!(r.code, 0, "{}", r.err);
    // What is in it is not to be known, and what is not there is not there.
    run(&["tasks", "laser-dev/api"]).told(3, &["may not do it"]);
    run(&["tasks", "laser-prod/atuh"]).told(2, &["did you mean", "laser-prod/auth"]);
    run(&["tasks", "auth"]).told(3, &["may not do it", "as cluster/name"]);
}
