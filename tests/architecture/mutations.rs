//! The table of what a lost reply means (`actions/mod.rs`) and the calls of the client layer name the same operations: one that is not
//! in the table has had nobody think about it, and a row without a call says what is no longer so.

use std::collections::BTreeSet;

use crate::source::{Source, is_word};

/// Names that do not begin as AWS's reads do and read all the same: Logs Insights, Sentry's newest event, and what of other vendors is no
/// AWS operation (its method, or Slack's way of naming).
const READS: &[&str] = &[
    "StartQuery",
    "StopQuery",
    "RetrieveLatestEvent",
    "POST /graphql",
    "auth.test",
    "conversations.list",
];

/// How the reads of AWS and the reading methods of HTTP begin.
const VERBS: &[&str] = &["Describe", "List", "Get", "BatchGet", "Filter", "GET "];

/// How the SDKs' methods begin that change something.
const CHANGES: &[&str] = &[
    "cancel",
    "copy",
    "create",
    "delete",
    "deregister",
    "disable",
    "enable",
    "execute",
    "failover",
    "modify",
    "promote",
    "publish",
    "put",
    "reboot",
    "register",
    "restore",
    "rotate",
    "run",
    "send",
    "start",
    "stop",
    "tag",
    "untag",
    "update",
];

fn reads(operation: &str) -> bool {
    READS.contains(&operation) || VERBS.iter().any(|verb| operation.starts_with(verb))
}

/// The operations of vendors that the table has a row for.
pub fn table(actions: &Source) -> BTreeSet<String> {
    let rows = actions.text.lines().filter_map(|l| {
        let (name, rest) = l.strip_prefix("//! | `")?.split_once('`')?;
        // What is said behind a row's name in brackets is a kind of the same operation.
        (rest.matches('|').count() == 3).then(|| name.to_owned())
    });
    rows.collect()
}

/// The questions that a source can ask: the constant's name and the operation's.
fn questions(source: &Source) -> Vec<(String, String)> {
    let production = source.places("Question::new(").count();
    let words = source.text.match_indices("Question::new(");
    words
        .take(production)
        .map(|(at, start)| {
            let before = source.text[..at].trim_end();
            let (_, name) = before.rsplit_once("const ").unwrap_or_default();
            let name = name.chars().take_while(|c| is_word(*c)).collect();
            let mut literals = source.text[at + start.len()..].split('"');
            let operation = literals.nth(3).unwrap_or_default();
            (name, operation.to_owned())
        })
        .collect()
}

/// What a source of the client layer says beside the table, and the operations of the table that it sends.
pub fn sent(source: &Source, table: &BTreeSet<String>) -> (Vec<String>, BTreeSet<String>) {
    let (mut findings, mut sent) = (Vec::new(), BTreeSet::new());
    let questions = questions(source);
    for (_, operation) in &questions {
        if !reads(operation) && !table.contains(operation) {
            findings.push(format!("src/{}: {operation} is in no row", source.path));
        }
    }
    // The door of every such call: whom it asks is its third argument.
    for (line, at) in source.places(".mutate(") {
        let arguments = source.code[at..].split([',', ')']);
        let constant = arguments.map(str::trim).nth(2).unwrap_or_default();
        let known = questions.iter().find(|(name, _)| name == constant);
        match known {
            Some((_, operation)) if table.contains(operation) => {
                sent.insert(operation.clone());
            }
            // The door itself, which hands on what it was given.
            _ if source.path == "backend/aws/mod.rs" => {}
            _ => findings.push(format!("src/{}:{line}: changes {constant:?}", source.path)),
        }
    }
    // An SDK's own method may be called by another question's name. Settings of other clients are called alike, and change nothing.
    let sdk = source.path.starts_with("backend/aws/");
    let methods = source.code.match_indices('.').filter(|_| sdk);
    for (at, _) in methods {
        let rest = &source.code[at + 1..];
        let called: String = rest.chars().take_while(|c| is_word(*c)).collect();
        let changes = called
            .split_once('_')
            .is_some_and(|(verb, _)| CHANGES.contains(&verb));
        let operation = camel(&called);
        if changes
            && rest[called.len()..].starts_with("()")
            && !reads(&operation)
            && !table.contains(&operation)
        {
            let line = source.line_of(at);
            findings.push(format!(
                "src/{}:{line}: {operation} is in no row",
                source.path
            ));
        }
    }
    (findings, sent)
}

/// `update_service` as AWS writes it: `UpdateService`.
fn camel(method: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    method.split('_').map(capital).collect()
}

#[test]
fn the_table_of_lost_replies_and_the_calls_name_the_same_operations() {
    let house = crate::house();
    let actions = house.iter().find(|s| s.path == "actions/mod.rs");
    let table = table(actions.expect("the actions"));
    let (mut findings, mut called) = (Vec::new(), BTreeSet::new());
    for source in house.iter().filter(|s| s.room() == Some("backend")) {
        let (found, sent) = sent(source, &table);
        findings.extend(found);
        called.extend(sent);
    }
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert_eq!(called, table, "called, and in the table");
}

#[test]
fn a_call_that_nobody_thought_about_is_seen() {
    let rows = "//! | operation | kind | what is done |\n//! |---|---|---|\n//! | `UpdateService` (count) | a | b |\n//! | sign-off | c | d |\n";
    let table = table(&Source::new("actions/mod.rs", rows));
    assert_eq!(table.iter().collect::<Vec<_>>(), ["UpdateService"]);
    let made = |constant: &str, operation: &str, method: &str| {
        let text = format!(
            "const UPDATE: Question =\n    Question::new(\"ecs\", \"{operation}\", \"x\");\nfn f() {{ aws.mutate(permit, &line, {constant}, |c| c.{method}().send()) }}\n"
        );
        sent(&Source::new("backend/aws/ecs.rs", &text), &table)
    };
    let (none, called) = made("UPDATE", "UpdateService", "update_service");
    assert_eq!((none, called), (Vec::new(), table.clone()));
    for (constant, operation, method, findings) in [
        ("UPDATE", "DeleteService", "describe_services", 2),
        ("OTHER", "UpdateService", "update_service", 1),
        ("UPDATE", "UpdateService", "delete_service", 1),
        ("UPDATE", "DescribeServices", "describe_services", 1),
    ] {
        let (found, _) = made(constant, operation, method);
        assert_eq!(found.len(), findings, "{operation} by {method}: {found:?}");
    }
}
