//! `config init` as a person runs it: it asks for tokens, shows none of them, and writes the file.

use crate::canary;
use crate::screen::{PATIENCE, Start};

#[test]
fn config_init_asks_for_tokens_alone_and_shows_none_of_them() {
    let start = Start::flightdeck(&["config", "init"])
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_REGION", "us-east-1");
    let mut screen = start.size(160, 50).go();
    // GitHub's is given: discovery does not ask GitHub, so that nothing leaves this machine.
    let questions = [
        ("Vercel: paste an access token whose scope is the team", ""),
        ("Cloudflare: paste an API token that may read Zone", ""),
        ("GitHub: paste a fine-grained token", "ghp_canary7"),
        ("Sentry: paste an auth token with org:read", ""),
        ("Slack: paste a bot token", ""),
    ];
    for (before, (words, token)) in questions.into_iter().enumerate() {
        screen.wait("the next question", |s| {
            s.contains(words) && s.matches(": paste ").count() == before + 1
        });
        screen.send(token.as_bytes());
        screen.press("Enter");
    }
    let status = screen.ended(PATIENCE);
    assert!(status.success(), "{}", screen.text());
    let text = screen.wait_text("wrote flightdeck.toml");
    assert!(text.contains("kept in"), "{text}");
    canary::assert_hidden("ghp_canary7", screen.raw(), "the screen");
    let file = std::fs::read_to_string(screen.home().join("flightdeck.toml")).unwrap();
    canary::assert_hidden("ghp_canary7", file, "the file");
    let kept = screen.home().join("flightdeck/credentials/github");
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "ghp_canary7");
}
