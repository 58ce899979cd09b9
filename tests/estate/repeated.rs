//! A vendor, or what stands before it, that repeats what it was sent: the token goes no further.

use flightdeck::backend::Backend;
use flightdeck::config::{Config, GithubConfig, SlackConfig};
use flightdeck::domain::problem::Problem;
use serde_json::json;

use crate::{Peer, say};

/// Of no vendor's shape.
const PLAIN: &str = "plain words 4711";

async fn asked(status: u16, said: &str) -> (Problem, Problem) {
    let peer = Peer::start(vec![say(status, said)]).await;
    let config = Config {
        github: GithubConfig {
            endpoint: Some(peer.endpoint.clone()),
            repository: Some("laser/platform".into()),
            token: Some(PLAIN.into()),
        },
        slack: SlackConfig {
            endpoint: Some(peer.endpoint.clone()),
            channel: None,
            token: Some(PLAIN.into()),
        },
        ..Config::default()
    };
    let client = Backend::new(&config).await.unwrap();
    let github = client.estate.github.pipelines().await.unwrap_err();
    let slack = client.estate.slack.workspace().await.unwrap_err();
    (github, slack)
}

#[tokio::test]
async fn a_refusal_that_repeats_the_token_is_told_without_it() {
    let words = format!("token Bearer {PLAIN} is wrong");
    let message = json!({"message": words, "ok": false, "error": words}).to_string();
    for status in [403, 400, 200] {
        let (github, slack) = asked(status, &message).await;
        for problem in [&github, &slack] {
            let all = format!("{} {} {}", problem.what, problem.why, problem.fix);
            assert!(
                !all.contains(PLAIN) && !all.contains("4711"),
                "{status}: {all}"
            );
        }
        if status != 200 {
            assert!(github.why.contains("[redacted]"), "{}", github.why);
        }
    }
}
