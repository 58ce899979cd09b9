//! Credentials of another account than the file expects.

use std::fs;

use crate::program::{Platform, ran};

#[test]
fn with_another_account_than_expected_nothing_is_done_and_nothing_is_healthy() {
    let platform = Platform::start(&[]);
    let file = platform.folder.path().join("flightdeck.toml");
    fs::write(&file, "[aws]\nexpected_account = \"999999999999\"\n").unwrap();
    let run = |words: &[&str]| ran(platform.command(words).output().unwrap());
    let status = run(&["status"]);
    assert_eq!(status.code, 3, "{}{}", status.out, status.err);
    let mut lines = status.out.lines();
    assert!(
        lines.next().unwrap().starts_with("UNKNOWN"),
        "{}",
        status.out
    );
    let first = lines.next().unwrap();
    let told =
        "unknown   account  123456789012 answers, and expected_account in [aws] says 999999999999";
    assert!(first.contains(told), "{first}");
    let json = run(&["status", "--json"]).json();
    assert_eq!(json["status"], "unknown");
    assert_eq!(json["findings"][0]["about"], "account");
    for words in [
        &["restart", "laser-dev/api", "--yes"][..],
        &["stop", "laser-dev/api", "--yes"],
        &["signoff", "2.1.a", "--why", "seen", "--yes"],
        &["restart", "laser-prod/api", "--preview"],
    ] {
        let r = run(words);
        assert_eq!(r.code, 2, "{words:?}: {}{}", r.out, r.err);
        let told = format!("{}{}", r.out, r.err);
        assert!(told.contains("use credentials of 999999999999"), "{told}");
    }
    fs::write(&file, "[aws]\nexpected_account = \"123456789012\"\n").unwrap();
    let r = run(&["restart", "laser-dev/api", "--preview"]);
    assert_eq!(r.code, 0, "{}{}", r.out, r.err);
}
