//! The rules against sources that break them: a checker that cannot fail checks nothing.

use crate::rules;
use crate::source::Source;

fn findings(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> Vec<String> {
    rule(&Source::new(path, text))
}

#[track_caller]
fn breaks(rule: fn(&Source) -> Vec<String>, path: &str, text: &str, what: &str) {
    let found = findings(rule, path, text);
    assert!(
        found.len() == 1 && found[0].contains(what),
        "{path}: {text:?} should break a rule with {what:?}, found {found:?}"
    );
}

#[track_caller]
fn passes(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) {
    let found = findings(rule, path, text);
    assert!(
        found.is_empty(),
        "{path}: {text:?} is fine, found {found:?}"
    );
}

#[test]
fn wrong_doors_are_seen_however_they_are_opened() {
    let no = "`ui` has no door to `backend`";
    breaks(rules::doors, "ui/view.rs", "use crate::backend::aws;", no);
    let behind = "`ui` has no door to `watch`";
    breaks(rules::doors, "ui/view.rs", "use crate::watch;", behind);
    breaks(
        rules::doors,
        "ui/view.rs",
        "fn f() { crate::backend::ask(); }",
        no,
    );
    breaks(
        rules::doors,
        "ui/view.rs",
        "use crate::{domain::text, backend::{aws, b}};",
        no,
    );
    breaks(rules::doors, "ui/view.rs", "use super::super::backend;", no);
    breaks(
        rules::doors,
        "ui/mod.rs",
        "use super::{backend, domain};",
        no,
    );
    breaks(rules::doors, "ui/mod.rs", "use flightdeck::backend;", no);
    breaks(
        rules::doors,
        "ui/a/b.rs",
        "use super::super::super::cli::out;",
        "`cli`",
    );
    breaks(
        rules::doors,
        "domain/text.rs",
        "\n\nuse crate::config::Config;",
        "src/domain/text.rs:3",
    );
    breaks(
        rules::doors,
        "cli/status.rs",
        "use crate::assemble::start;",
        "`assemble`",
    );
    breaks(rules::doors, "cellar/mod.rs", "", "does not know");
    breaks(
        rules::doors,
        "ui/mod.rs",
        "use crate::cellar::wine;",
        "`cellar` is no room",
    );
}

#[test]
fn right_doors_and_words_in_comments_pass() {
    passes(
        rules::doors,
        "ui/view.rs",
        "use crate::{domain::text, ui::theme, door};",
    );
    passes(
        rules::doors,
        "ui/screens/deploys/view.rs",
        "use super::super::super::theme;",
    );
    passes(
        rules::doors,
        "ui/view.rs",
        "// crate::backend\nlet s = \"crate::backend\"; let r = r#\"crate::cli\"#;",
    );
    passes(
        rules::doors,
        "ui/view.rs",
        "#[cfg(test)]\nmod tests { use crate::backend::x; }\n",
    );
    passes(
        rules::doors,
        "assemble.rs",
        "use crate::{backend, cli, ui};",
    );
    passes(rules::doors, "main.rs", "use flightdeck::{assemble, cli};");
    passes(
        rules::doors,
        "ui/view.rs",
        "/* a /* nested */ crate::cli */ pub(crate) fn x() {}",
    );
}

#[test]
fn vendors_crates_are_seen() {
    breaks(
        rules::crates,
        "ui/view.rs",
        "use aws_sdk_ecs::Client;",
        "`aws_sdk_ecs`",
    );
    breaks(
        rules::crates,
        "watch/mod.rs",
        "fn f(c: &reqwest::Client) {}",
        "`reqwest`",
    );
    breaks(
        rules::crates,
        "cli/out.rs",
        "use ratatui::style::Color;",
        "`ratatui`",
    );
    passes(
        rules::crates,
        "backend/aws/ecs.rs",
        "use aws_sdk_ecs::Client;",
    );
    passes(
        rules::crates,
        "ui/view.rs",
        "let aws_age = 1; ratatui_like();",
    );
}

#[test]
fn long_files_are_seen_and_their_tests_do_not_count() {
    let long = "fn f() {}\n".repeat(500);
    breaks(rules::length, "ui/view.rs", &long, "500 lines");
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    passes(rules::length, "ui/view.rs", &tested);
}

#[test]
fn panics_are_seen_outside_tests_alone() {
    breaks(
        rules::panics,
        "ui/view.rs",
        "let x = y.unwrap();",
        ".unwrap()",
    );
    breaks(
        rules::panics,
        "ui/view.rs",
        "let c = '\"'; y.expect(\"z\");",
        ".expect(",
    );
    breaks(
        rules::panics,
        "ui/view.rs",
        "let l: &'static str = panic!(\"no\");",
        "panic!(",
    );
    passes(
        rules::panics,
        "ui/view.rs",
        "y.unwrap_or_default(); // .unwrap()\nlet s = \".unwrap()\";",
    );
    passes(
        rules::panics,
        "ui/view.rs",
        "#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }",
    );
    passes(rules::panics, "main.rs", "x.expect(\"start-up\");");
    passes(rules::panics, "sandbox/parse.rs", "self.expect(')')?;");
    let after = "#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }\nfn g() { y.unwrap(); }";
    breaks(rules::panics, "ui/view.rs", after, "view.rs:3");
}

#[test]
fn forged_permits_impure_views_and_unfinished_work_are_seen() {
    breaks(
        rules::permits,
        "actions/deploy.rs",
        "let p = Permit::journalled(run);",
        "store",
    );
    passes(
        rules::permits,
        "store/journal.rs",
        "let p = Permit::journalled(run);",
    );
    breaks(
        rules::pure_views,
        "ui/screens/logs/view.rs",
        "let now = Timestamp::now();",
        "Timestamp::now",
    );
    breaks(
        rules::pure_views,
        "ui/widgets/age.rs",
        "std::fs::read(p);",
        "std::fs",
    );
    breaks(
        rules::pure_views,
        "domain/part.rs",
        "pub async fn f() {}",
        "async fn",
    );
    passes(
        rules::pure_views,
        "ui/runtime.rs",
        "let now = Timestamp::now();",
    );
    breaks(
        rules::finished,
        "ui/view.rs",
        "// FIXME later",
        "unfinished",
    );
    breaks(rules::finished, "ui/view.rs", "todo!()", "unfinished");
}
