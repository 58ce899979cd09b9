use proptest::prelude::*;

use super::*;

fn matches(pattern: &str, message: &str) -> bool {
    match Pattern::parse(pattern) {
        Ok(p) => p.matches(message),
        Err(why) => panic!("{pattern}: {why}"),
    }
}

#[test]
fn terms_are_all_wanted_in_any_order_and_with_their_case() {
    for (pattern, message, wanted) in [
        ("", "anything", true),
        ("ERROR", "[ERROR 400] BAD REQUEST", true),
        ("ERROR", "[error 400]", false),
        ("REQUEST ERROR", "[ERROR 400] BAD REQUEST", true),
        ("REQUEST WARN", "[ERROR 400] BAD REQUEST", false),
        ("\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST", true),
        ("\"BAD  REQUEST\"", "[ERROR 400] BAD REQUEST", false),
        ("\"a \\\"b\\\"\"", "a \"b\"", true),
        ("ERROR -400", "[ERROR 400]", false),
        ("ERROR -\"BAD REQUEST\"", "[ERROR 500] GATEWAY", true),
        ("-400", "fine", true),
        ("?ERROR ?WARN", "[WARN] x", true),
        ("?ERROR ?WARN", "[INFO] x", false),
        // Optional terms beside others count for nothing.
        ("?ERROR BAD", "BAD", true),
        ("%ERR.*4[0-9]{2}%", "[ERROR 404]", true),
        ("naïve", "so naïve", true),
    ] {
        assert_eq!(matches(pattern, message), wanted, "{pattern} on {message}");
    }
}

const EVENT: &str = r#"{"level":"error","status":503,"ok":false,"none":null,"user":{"name":"ana b","ids":[7,8]},
    "hosts":[{"ip":"10.0.0.1"},{"ip":"10.0.1.9"}],"a.b":"dotted","ms":1.5e2}"#;

#[test]
fn json_properties_are_compared() {
    for (condition, wanted) in [
        ("$.level = \"error\"", true),
        ("$.level = error", true),
        ("$.level = err*", true),
        ("$.level = \"*rr*\"", true),
        ("$.level != \"error\"", false),
        ("$.level = \"error\" && $.status >= 500", true),
        ("$.level = \"warn\" || $.status = 503", true),
        (
            "$.level = \"warn\" || $.status = 503 && $.ok IS TRUE",
            false,
        ),
        ("($.level = warn || $.status = 503) && $.ok IS FALSE", true),
        ("$.status = 5*", true),
        ("$.status < 503", false),
        ("$.ms = 150", true),
        ("$.ms > -1e3", true),
        ("$.none IS NULL", true),
        ("$.level IS NULL", false),
        ("$.missing NOT EXISTS", true),
        ("$.level NOT EXISTS", false),
        ("$.missing != 1", false),
        ("$.user.name = \"ana b\"", true),
        ("$.user.ids[1] = 8", true),
        ("$.user.ids[*] = 7", true),
        ("$.hosts[*].ip = \"10.0.1.*\"", true),
        ("$.hosts[0].ip = \"10.0.1.*\"", false),
        ("$['a.b'] = dotted", true),
        ("$.[\"a.b\"] = dotted", true),
        ("$.level = %^err%", true),
        ("$.user = x", false),
    ] {
        let pattern = format!("{{ {condition} }}");
        assert_eq!(matches(&pattern, EVENT), wanted, "{condition}");
    }
    assert!(!matches("{ $.level = error }", "level=error"));
    assert!(!matches("{ $.level NOT EXISTS }", "[1]"));
}

#[test]
fn fields_are_separated_by_spaces() {
    let line = "127.0.0.1 - ana [10/Oct/2025:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";
    for (pattern, wanted) in [
        ("[ip, id, user, time, request, status, bytes]", true),
        ("[ip, id, user, time, request, status]", false),
        (
            "[ip, id, user, time, request =\"GET *\", status = 4*, bytes > 1000]",
            true,
        ),
        ("[ip, ..., status = 404, bytes]", true),
        ("[..., status = 5*, bytes]", false),
        ("[..., status = 404 || status = 410, bytes]", true),
        ("[..., (status = 404 && status != 4*), bytes]", false),
        ("[ip = 127.*, ...]", true),
        ("[a, b, c, d, e, f, g, ..., h]", false),
    ] {
        assert_eq!(matches(pattern, line), wanted, "{pattern}");
    }
}

#[test]
fn mistakes_are_refused_in_words() {
    for (pattern, part) in [
        ("a-b@c", "double quotes"),
        ("\"open", "does not end"),
        ("-", "empty"),
        ("{ $.a }", "comparison"),
        ("{ $.a = }", "value"),
        ("{ $.a = 1", "expected '}'"),
        ("{ $.a > x }", "numbers"),
        ("{ level = 1 }", "$.level"),
        ("{ $.a = 1 } x", "unexpected"),
        ("{ $.a = %(% }", "regular"),
        ("[a, ..., ...]", "once"),
        ("[a", "expected a comparison"),
    ] {
        let why = Pattern::parse(pattern).unwrap_err();
        assert!(why.contains(part), "{pattern}: {why}");
    }
    assert!(Pattern::parse(&format!("{{{}", "(".repeat(900))).is_err());
}

proptest! {
    #[test]
    fn no_pattern_and_no_message_panics(
        pattern in "([{\\[]?)( |\\$\\.|a|\\*|=|!=|<|&&|\\|\\||\\(|\\)|\"|%|\\[|\\]|-|\\?|,|\\.\\.\\.|IS|é|\\\\){0,14}([}\\]]?)",
        message in "(\\{\"a\":[0-9\"a]{0,4}\\}|[ a\"\\[\\]é]{0,8})",
    ) {
        if let Ok(p) = Pattern::parse(&pattern) {
            let _ = p.matches(&message);
        }
    }
}
