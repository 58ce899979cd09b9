//! Keeps the plan of the house: which room may use which, how long a file may be, and what may stand where. Reads the
//! sources as text, so it needs no build of its own; `architecture/bad.rs` shows it bad sources, to prove that it can fail.

#[path = "architecture/bad.rs"]
mod bad;
#[path = "architecture/mutations.rs"]
mod mutations;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use std::path::Path;

use source::Source;

/// The sources of the package.
fn house() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = source::read_all(&root).unwrap_or_else(|e| panic!("{}: {e}", root.display()));
    assert!(
        found.len() > 50,
        "only {} sources found: the checks would say nothing",
        found.len()
    );
    found
}

/// Fails with every finding of a rule, one a line.
fn holds(rule: fn(&Source) -> Vec<String>) {
    let findings: Vec<String> = house().iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_behind_their_doors() {
    holds(rules::doors);
}

/// The compiler keeps these doors shut as long as the manifests do: a package, and what it must not be built with.
const WALLS: &[(&str, &[&str])] = &[
    ("sandbox", &["flightdeck"]),
    (
        "core",
        &[
            "flightdeck",
            "aws-",
            "reqwest",
            "redis",
            "sqlx",
            "tokio = ", // more of it than its channels
            "ratatui",
            "crossterm",
        ],
    ),
    (
        "console",
        &[
            "flightdeck-client",
            "flightdeck-sandbox",
            "aws-",
            "reqwest",
            "redis",
            "sqlx",
        ],
    ),
    (
        "client",
        &[
            "flightdeck-console",
            "flightdeck-sandbox",
            "ratatui",
            "crossterm",
            "clap",
        ],
    ),
];

#[test]
fn packages_depend_on_nothing_beyond_their_walls() {
    for (package, beyond) in WALLS {
        let manifest =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/{package}/Cargo.toml"));
        let manifest = std::fs::read_to_string(manifest).expect("a package's manifest");
        let (_, dependencies) = manifest
            .split_once("[dependencies]")
            .expect("its dependencies");
        for not in *beyond {
            let named = dependencies.lines().find(|line| line.starts_with(not));
            assert_eq!(named, None, "{package}");
        }
    }
}

#[test]
fn vendors_crates_stay_in_their_rooms() {
    holds(rules::crates);
}

#[test]
fn files_are_short() {
    holds(rules::length);
}

#[test]
fn nothing_panics_on_purpose_outside_tests_and_start_up() {
    holds(rules::panics);
}

#[test]
fn only_the_store_says_that_an_intent_is_journalled() {
    holds(rules::permits);
}

#[test]
fn drawing_asks_no_clock_and_does_no_io() {
    holds(rules::pure_views);
}

#[test]
fn free_words_go_through_their_gate() {
    holds(rules::free_words);
}

#[test]
fn nothing_is_left_unfinished() {
    holds(rules::finished);
}

#[test]
fn there_is_no_unsafe_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (library, manifest) in [
        ("src/lib.rs", "Cargo.toml"),
        ("src/core.rs", "src/core/Cargo.toml"),
        ("src/client.rs", "src/client/Cargo.toml"),
        ("src/console.rs", "src/console/Cargo.toml"),
        ("src/sandbox/mod.rs", "src/sandbox/Cargo.toml"),
    ] {
        let text = |path| std::fs::read_to_string(root.join(path)).expect(path);
        assert!(
            text(library).contains("#![forbid(unsafe_code)]"),
            "{library}"
        );
        assert!(
            text(manifest).contains("[lints.rust]\nunsafe_code = \"forbid\""),
            "{manifest} forbids it in every target"
        );
    }
}
