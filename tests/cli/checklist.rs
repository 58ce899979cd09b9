use crate::program::run;

/// State, answer and reason of a criterion.
fn criterion<'a>(list: &'a serde_json::Value, id: &str) -> (&'a str, String) {
    let all = list["criteria"].as_array().unwrap();
    let one = all.iter().find(|c| c["id"] == id);
    let one = one.unwrap_or_else(|| panic!("no criterion {id}"));
    (one["state"].as_str().unwrap(), one["reason"].to_string())
}

#[test]
fn what_is_seen_from_outside_is_proved_on_the_demos_own_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["--demo", "checklist", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let list = ran.json();
    // Names and URLs; certificates; subdomains; the grade of TLS.
    for id in ["1.3.a", "1.3.b", "1.3.d", "4.2.a"] {
        let (state, reason) = criterion(&list, id);
        assert_eq!(state, "proved", "{id}: {reason}");
    }
    // One host lacks headers, and alone is to blame.
    let (state, reason) = criterion(&list, "4.2.b");
    assert_eq!(state, "failing");
    assert!(reason.contains("cdn.laser.example"), "{reason}");
    assert!(
        reason.contains("Content-Security-Policy is missing"),
        "{reason}"
    );
    assert!(!reason.contains("api.laser.example"), "{reason}");
}
