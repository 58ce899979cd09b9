//! Reads a statement as far as the platform understands any: what it does, which of the known questions it asks, and which columns
//! it wants. It is no database: who asks anything else is told so.

/// What a statement asks the statistics for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    One,
    Version,
    Server,
    Connections,
    Running,
    Blocked,
    Standbys,
    Behind,
    Slots,
    Counters,
    Database,
    Extension,
    Statements,
    Tables,
    Unused,
    IndexSizes,
    UnindexedKeys,
    WholeReads,
    Migrations,
    Newest,
}

/// By what a question is known: all of these stand in it. The first that fits is it.
const KNOWN: &[(Question, &[&str])] = &[
    (
        Question::Blocked,
        &["pg_blocking_pids(", "from pg_stat_activity"],
    ),
    (Question::Server, &["pg_postmaster_start_time()"]),
    (
        Question::Connections,
        &["from pg_stat_activity", "group by 1"],
    ),
    (
        Question::Running,
        &["from pg_stat_activity", "pg_backend_pid()"],
    ),
    (Question::Standbys, &["from pg_stat_replication"]),
    (Question::Behind, &["pg_last_xact_replay_timestamp()"]),
    (Question::Slots, &["from pg_replication_slots"]),
    (Question::Counters, &["from pg_stat_database "]),
    (Question::Extension, &["from pg_extension"]),
    (Question::Statements, &["from public.pg_stat_statements"]),
    (
        Question::Tables,
        &["pg_total_relation_size(", "from pg_stat_user_tables"],
    ),
    (
        Question::Unused,
        &["from pg_stat_user_indexes", "idx_scan = 0"],
    ),
    (
        Question::IndexSizes,
        &["from pg_stat_user_indexes", "reltuples"],
    ),
    (
        Question::UnindexedKeys,
        &["from pg_constraint", "contype = 'f'"],
    ),
    (
        Question::WholeReads,
        &["from pg_stat_user_tables", "seq_tup_read"],
    ),
    (
        Question::Migrations,
        &["from pg_class", "has_table_privilege("],
    ),
    (Question::Newest, &["from public._prisma_migrations"]),
    (
        Question::Database,
        &["from pg_database ", "pg_database_size("],
    ),
];

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Empty,
    /// A question, and the names of the columns that it wants.
    Ask(Question, Vec<String>),
    /// The value of a setting.
    Show(String),
    /// Opens a transaction, ends it, takes it back.
    Begin,
    Commit,
    Rollback,
    /// A setting and its value.
    Set(String, String),
    /// Forgets a prepared statement, or all.
    Deallocate(Option<String>),
}

/// Why a statement is not understood: the server's code and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) &'static str, pub(super) String);

/// Words that begin a statement that writes.
const WRITES: &[&str] = &[
    "insert", "update", "delete", "merge", "truncate", "create", "alter", "drop", "grant",
    "revoke", "comment", "vacuum", "reindex", "refresh",
];

/// Words that begin a statement that is SQL, but that nothing here can answer.
const OTHERS: &[&str] = &[
    "select",
    "with",
    "values",
    "table",
    "explain",
    "copy",
    "declare",
    "fetch",
    "move",
    "close",
    "prepare",
    "execute",
    "listen",
    "unlisten",
    "notify",
    "lock",
    "do",
    "call",
    "analyze",
    "savepoint",
    "release",
    "discard",
    "reset",
    "checkpoint",
];

/// Reads a statement.
///
/// # Errors
/// Where it is none, or none that can be answered here.
pub(super) fn read(sql: &str) -> Result<Statement, Refused> {
    let plain = squeeze(sql);
    let text = plain.trim_end_matches([';', ' ']);
    let mut words = text.split(' ');
    let first = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    Ok(match (first, rest.as_slice()) {
        ("", _) => Statement::Empty,
        ("begin" | "start", _) => Statement::Begin,
        ("commit" | "end", _) => Statement::Commit,
        ("rollback" | "abort", _) => Statement::Rollback,
        ("deallocate", ["all"]) => Statement::Deallocate(None),
        ("deallocate", [name]) => Statement::Deallocate(Some(name.trim_matches('"').to_owned())),
        ("show", [name]) => Statement::Show((*name).to_owned()),
        ("set", [name, "to" | "=", value]) | ("set", ["session", name, "to" | "=", value]) => {
            Statement::Set((*name).to_owned(), value.trim_matches('\'').to_owned())
        }
        ("select", _) => match question(text) {
            Some(question) => Statement::Ask(question, outputs(text)),
            None => return Err(not_here(first)),
        },
        (first, _) if WRITES.contains(&first) => {
            let what = first.to_uppercase();
            let why = format!("cannot execute {what} in a read-only transaction");
            return Err(Refused("25006", why));
        }
        (first, _) if OTHERS.contains(&first) => return Err(not_here(first)),
        (first, _) => {
            let near: String = first.chars().take(64).collect();
            return Err(Refused(
                "42601",
                format!("syntax error at or near \"{near}\""),
            ));
        }
    })
}

fn not_here(what: &str) -> Refused {
    let what = what.to_uppercase();
    let why = format!("the sandbox answers questions about its statistics, but not this {what}");
    Refused("0A000", why)
}

fn question(text: &str) -> Option<Question> {
    match text {
        "select 1" => return Some(Question::One),
        "select version()" => return Some(Question::Version),
        _ => {}
    }
    // What a statement selects from may be its last word.
    let text = format!("{text} ");
    let fits = |marks: &[&str]| marks.iter().all(|m| text.contains(m));
    KNOWN.iter().find(|(_, marks)| fits(marks)).map(|(q, _)| *q)
}

/// The text in lower case but for what is quoted, without comments, each run of blanks one blank.
fn squeeze(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                chars.next();
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
                blank(&mut out);
            }
            '-' if chars.peek() == Some(&'-') => {
                chars.by_ref().find(|c| *c == '\n');
                blank(&mut out);
            }
            '\'' | '"' => {
                out.push(c);
                for quoted in chars.by_ref() {
                    out.push(quoted);
                    if quoted == c {
                        break;
                    }
                }
            }
            c if c.is_whitespace() => blank(&mut out),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

fn blank(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// The names of what a squeezed `select` puts out.
fn outputs(text: &str) -> Vec<String> {
    let list = text.strip_prefix("select ").unwrap_or_default();
    let (mut depth, mut quote) = (0_i32, None);
    let (mut items, mut item) = (Vec::new(), String::new());
    let mut words = String::new();
    for c in list.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => {
                items.push(std::mem::take(&mut item));
                words.clear();
                continue;
            }
            (None, ' ') if depth == 0 => {
                if ["from", "where"].contains(&words.as_str()) {
                    item.truncate(item.len() - words.len());
                    break;
                }
                words.clear();
                item.push(' ');
                continue;
            }
            _ => {}
        }
        words.push(c);
        item.push(c);
    }
    items.push(item);
    items.iter().map(|i| name(i.trim())).collect()
}

/// What an item is called: its alias, else its last part; PostgreSQL's own word for what has none.
fn name(item: &str) -> String {
    let last = item.rsplit(' ').next().unwrap_or_default();
    let last = last.rsplit('.').next().unwrap_or_default();
    let last = last.trim_matches('"');
    match last.split_once('(') {
        Some((function, _)) => function.to_owned(),
        None if last.starts_with(|c: char| c.is_ascii_digit()) => "?column?".to_owned(),
        None => last.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sql: &str) -> (Question, String) {
        match read(sql).unwrap() {
            Statement::Ask(question, names) => (question, names.join(" ")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_question_is_known_by_what_it_selects_from_and_names_its_columns() {
        let (question, names) = asked(
            "/* any, one */ SELECT coalesce(state, 'not, shown')::text AS state, count(*)::int8 AS n,\n \
             (count(*) FILTER (WHERE wait_event_type = 'Lock'))::int8 AS waiting\n\
             FROM pg_stat_activity GROUP BY 1 -- the end",
        );
        assert_eq!(
            (question, names.as_str()),
            (Question::Connections, "state n waiting")
        );
        let (question, names) =
            asked("SELECT x.xact_commit AS commits, x.deadlocks FROM pg_stat_database x;");
        assert_eq!(
            (question, names.as_str()),
            (Question::Counters, "commits deadlocks")
        );
        assert_eq!(asked("select 1"), (Question::One, "?column?".into()));
        assert_eq!(
            asked("SELECT version();"),
            (Question::Version, "version".into())
        );
    }

    #[test]
    fn what_is_not_answered_is_refused_by_code() {
        for (sql, code) in [
            ("SELECT * FROM customers", "0A000"),
            ("COPY customers TO STDOUT", "0A000"),
            ("SELEC 1", "42601"),
            ("DROP TABLE customers", "25006"),
        ] {
            assert_eq!(read(sql).unwrap_err().0, code, "{sql}");
        }
        for sql in ["", " ; ", "-- nothing", "/* open"] {
            assert_eq!(read(sql), Ok(Statement::Empty), "{sql}");
        }
    }

    #[test]
    fn transactions_and_settings_are_understood() {
        assert_eq!(read("BEGIN READ ONLY"), Ok(Statement::Begin));
        assert_eq!(read("end;"), Ok(Statement::Commit));
        assert_eq!(
            read("SET lock_timeout TO '1s'"),
            Ok(Statement::Set("lock_timeout".into(), "1s".into()))
        );
        assert_eq!(
            read("SHOW server_version"),
            Ok(Statement::Show("server_version".into()))
        );
    }
}
