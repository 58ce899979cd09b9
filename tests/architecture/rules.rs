//! The rules of the house. Each takes one source and returns what is wrong with it, as `path:line: what`.

use crate::source::{Source, is_word};

/// The doors: a room and the rooms that it may use. A room may always use itself.
const DOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &["domain"]),
    ("plan", &["config", "domain"]),
    ("backend", &["config", "domain"]),
    ("store", &["config", "domain"]),
    ("door", &["plan", "domain"]),
    (
        "watch",
        &["door", "plan", "backend", "store", "config", "domain"],
    ),
    (
        "actions",
        &["door", "plan", "backend", "store", "config", "domain"],
    ),
    (
        "alerts",
        &["door", "plan", "backend", "store", "config", "domain"],
    ),
    ("present", &["domain"]),
    ("ui", &["door", "present", "plan", "config", "domain"]),
    (
        "cli",
        &[
            "watch", "actions", "alerts", "present", "plan", "config", "domain",
        ],
    ),
    ("process", &["domain"]),
    ("sandbox", &[]),
];

/// What stands directly in `src` and puts the rooms together: may use everything.
const ASSEMBLY: &[&str] = &[
    "build.rs",
    "main.rs",
    "lib.rs",
    "core.rs",
    "client.rs",
    "console.rs",
    "assemble.rs",
    "assemble",
];

/// Crates that only some rooms may name: the start of the crate's name, and the rooms.
const CRATES: &[(&str, &[&str])] = &[
    ("aws_sdk_", &["backend"]),
    ("aws_config", &["backend"]),
    ("aws_smithy_", &["backend"]),
    ("aws_credential_types", &["backend"]),
    ("aws_sigv4", &["backend"]),
    ("keyring", &["config"]),
    ("reqwest", &["backend"]),
    ("hickory_resolver", &["backend"]),
    ("axum", &["sandbox"]),
    ("sqlx", &["backend", "store"]),
    ("redis", &["backend"]),
    ("ratatui", &["ui"]),
    ("crossterm", &["ui", "cli", "process"]),
    ("tui_input", &["ui"]),
    ("nucleo_matcher", &["ui"]),
    ("clap", &["cli"]),
];

/// Longest file, in lines that are not tests. The plan says about 400.
const LONGEST: usize = 430;

/// Crates and modules that do I/O or wait; plain data and drawing name none of them.
const IO: &[&str] = &[
    "tokio::",
    "std::fs",
    "std::process",
    "std::thread",
    "std::net::Tcp",
    "std::net::Udp",
    "async fn",
    ".await",
];

/// Fields of free words, and gates for names, which leave the secrets in them that free words may quote.
const FREE_WORDS: &[&str] = &[
    "about",
    "cause",
    "comment",
    "culprit",
    "description",
    "message",
    "reason",
    "summary",
    "title",
];
const GATES_OF_NAMES: &[&str] = &["clean", "convert::text", "inert", "some_text", "text"];

/// Clocks; drawing is told the time.
const CLOCKS: &[&str] = &[
    "Timestamp::now",
    "Instant::now",
    "SystemTime::now",
    "Zoned::now",
];

fn found(source: &Source, line: usize, what: impl std::fmt::Display) -> String {
    format!("src/{}:{line}: {what}", source.path)
}

/// Whether the file puts rooms together.
fn assembles(source: &Source) -> bool {
    let first = source.path.split('/').next().unwrap_or_default();
    ASSEMBLY.contains(&first)
}

/// A room uses only the rooms that it has a door to.
pub fn doors(source: &Source) -> Vec<String> {
    // The platform is a package of its own, which has no way to ours: `crate` is itself there.
    if assembles(source) || source.room() == Some("sandbox") {
        return Vec::new();
    }
    let Some((room, open)) = DOORS.iter().find(|(room, _)| Some(*room) == source.room()) else {
        return vec![found(
            source,
            1,
            "a room that the plan of the house does not know",
        )];
    };
    let known = |name: &str| {
        DOORS.iter().any(|(r, _)| *r == name)
            || ASSEMBLY.iter().any(|a| a.trim_end_matches(".rs") == name)
    };
    rooms_named(source)
        .into_iter()
        .filter(|(_, to)| to != room && !open.contains(&to.as_str()))
        .map(|(line, to)| match known(&to) {
            true => found(source, line, format_args!("`{room}` has no door to `{to}`")),
            false => found(source, line, format_args!("`{to}` is no room of the plan")),
        })
        .collect()
}

/// Every room that the code names, by `crate::`, by our own crate's name, or by climbing with `super::`.
pub fn rooms_named(source: &Source) -> Vec<(usize, String)> {
    let mut rooms = Vec::new();
    for start in ["crate::", "flightdeck::"] {
        for (line, at) in source.places(start) {
            let rest = &source.code[at + start.len()..];
            rooms.extend(heads(rest).into_iter().map(|head| (line, head)));
        }
    }
    let depth = source.module().len();
    for (line, at) in source.places("super::") {
        if source.code[..at].ends_with("super::") {
            continue;
        }
        let mut rest = &source.code[at..];
        let mut climbed = 0;
        while let Some(after) = rest.strip_prefix("super::") {
            (rest, climbed) = (after, climbed + 1);
        }
        if climbed >= depth {
            rooms.extend(heads(rest).into_iter().map(|head| (line, head)));
        }
    }
    rooms.retain(|(_, head)| head.starts_with(|c: char| c.is_lowercase()));
    rooms
}

/// The first names of a path or of a group of paths: `a::b` is `a`, `{a::b, c}` is `a` and `c`.
fn heads(code: &str) -> Vec<String> {
    let code = code.trim_start();
    let word = |text: &str| text.chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = code.strip_prefix('{') else {
        return vec![word(code)];
    };
    let (mut depth, mut heads, mut fresh) = (0usize, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && is_word(c) => {
                heads.push(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    heads
}

/// A vendor's crate is named only in its rooms (and where the program is put together).
pub fn crates(source: &Source) -> Vec<String> {
    let here = source.room();
    let mut findings = Vec::new();
    for (name, rooms) in CRATES {
        if assembles(source) || here.is_some_and(|room| rooms.contains(&room)) {
            continue;
        }
        for (line, at) in source.places(name) {
            let whole: String = source.code[at..]
                .chars()
                .take_while(|c| is_word(*c))
                .collect();
            let is_path = source.code[at + whole.len()..].starts_with("::");
            if is_path && (whole == *name || name.ends_with('_')) {
                findings.push(found(
                    source,
                    line,
                    format_args!("`{whole}` belongs in {}", rooms.join(", ")),
                ));
            }
        }
    }
    findings
}

/// A file is about 400 lines at most, tests apart.
pub fn length(source: &Source) -> Vec<String> {
    if source.lines <= LONGEST {
        return Vec::new();
    }
    vec![found(
        source,
        source.lines,
        format_args!("{} lines: which two things does it do?", source.lines),
    )]
}

/// No panic on purpose outside tests and start-up. A parser's own `self.expect(` is none.
pub fn panics(source: &Source) -> Vec<String> {
    if source.path == "main.rs" {
        return Vec::new();
    }
    [
        ".unwrap()",
        ".expect(",
        "panic!(",
        "unreachable!(",
        "unwrap_unchecked",
    ]
    .iter()
    .flat_map(|words| {
        source
            .places(words)
            .filter(|(_, at)| *words != ".expect(" || !source.code[..*at].ends_with("self"))
            .map(move |(line, _)| found(source, line, format_args!("`{words}`")))
    })
    .collect()
}

/// Free words of vendors go through the gate that hides the secrets in them and cuts what is long.
pub fn free_words(source: &Source) -> Vec<String> {
    if source.room() != Some("backend") {
        return Vec::new();
    }
    let pairs = FREE_WORDS
        .iter()
        .flat_map(|field| GATES_OF_NAMES.iter().map(move |gate| (field, gate)));
    pairs
        .flat_map(|(field, gate)| {
            let words = format!("{field}: {gate}(");
            let lines: Vec<usize> = source.places(&words).map(|(line, _)| line).collect();
            lines.into_iter().map(move |line| {
                let what = format!("`{words}`: free words go through `domain::said`");
                found(source, line, what)
            })
        })
        .collect()
}

/// The proof that an intent is in the journal is made where the journal is written.
pub fn permits(source: &Source) -> Vec<String> {
    if source.room() == Some("store") {
        return Vec::new();
    }
    source
        .places("Permit::journalled")
        .map(|(line, _)| {
            found(
                source,
                line,
                "only `store` may say that an intent is journalled",
            )
        })
        .collect()
}

/// Plain data and drawing do no I/O and wait for nothing; drawing has no clock of its own.
pub fn pure_views(source: &Source) -> Vec<String> {
    let draws = source.path.starts_with("ui/widgets/")
        || source.path.starts_with("ui/overlays/")
        || (source.path.starts_with("ui/") && source.path.ends_with("view.rs"));
    let words: Vec<&str> = match (draws, source.room()) {
        (true, _) => IO.iter().chain(CLOCKS).copied().collect(),
        (false, Some("domain")) => IO.to_vec(),
        _ => Vec::new(),
    };
    words
        .iter()
        .flat_map(|words| {
            source
                .places(words)
                .map(move |(line, _)| found(source, line, format_args!("`{words}`")))
        })
        .collect()
}

/// No mark of unfinished work.
pub fn finished(source: &Source) -> Vec<String> {
    let marks = ["todo!(", "unimplemented!("]
        .iter()
        .flat_map(|w| source.places(w).map(|(line, _)| line));
    let words = ["TODO", "FIXME"];
    let said = source
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| words.iter().any(|w| line.contains(w)))
        .map(|(at, _)| at + 1);
    marks
        .chain(said)
        .map(|line| found(source, line, "unfinished"))
        .collect()
}
