//! `flightdeck audit [verify | export]`: the newest rows of the chain, whether it is whole, and all of it.

use std::fs::OpenOptions;
use std::future::Future;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Map, json};

use super::exit::Exit;
use super::out::Out;
use super::paint::Role;
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::config::mistake::io_words;
use crate::domain::audit::{AuditRow, ChainVerdict, Outcome};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    question: Option<Question>,
    /// How many rows
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Follow the whole chain; exit 1 if a row was changed, removed, reordered or put in, or if the table lost its guards
    Verify,
    /// Every row, oldest first, as JSON lines
    Export {
        /// Write to a new file instead of standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// An answer that is on its way.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// The audit chain, as this command reads it.
pub trait Ledger: Send + Sync {
    /// The newest rows, newest first.
    fn rows(&self, limit: u32) -> Later<'_, Vec<AuditRow>>;
    /// Whether every row follows from the one before it.
    fn verify(&self) -> Later<'_, ChainVerdict>;
    /// Writes every row as a line of JSON, oldest first, and says how many.
    fn export<'a>(&'a self, to: &'a mut (dyn Write + Send)) -> Later<'a, u64>;
}

/// Whose chain it is.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Whether its store goes away with this command: the demo's, where no `store` is named.
    pub is_fleeting: bool,
}

/// Runs the command.
pub async fn run(
    args: &Arguments,
    of: Chain<'_>,
    ledger: &dyn Ledger,
    out: &mut Out,
) -> Result<Exit, Problem> {
    let environment = of.environment;
    match &args.question {
        None => rows(ledger.rows(args.limit).await?, of, out),
        Some(Question::Verify) => verdict(&ledger.verify().await?, environment, out),
        Some(Question::Export { output }) => export(ledger, output.as_deref(), out).await,
    }
}

fn rows(rows: Vec<AuditRow>, of: Chain<'_>, out: &mut Out) -> Result<Exit, Problem> {
    let environment = of.environment;
    if out.is_json() {
        let rows = rows.iter().map(|r| json!(r)).collect();
        let mut more = Map::new();
        more.insert("environment".into(), json!(environment));
        out.list("audit", rows, more)?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        let place = inert(environment);
        out.line(&match of.is_fleeting {
            true => format!(
                "The audit chain of {place} is empty: each run of the demo begins a store of its own. Act in `flightdeck demo` and press 8 there, or name a `store` in a file given with --config."
            ),
            false => format!(
                "The audit chain of {place} is empty: nothing was done from this store yet."
            ),
        })?;
        return Ok(Exit::OK);
    }
    let now = Timestamp::now();
    let mut table = Table::new(&[
        ("SEQ", Align::Right),
        ("AGE", Align::Right),
        ("WHO", Align::Left),
        ("ACTION", Align::Left),
        ("SUBJECT", Align::Left),
        ("EVENT", Align::Left),
        ("OUTCOME", Align::Left),
        ("TOOK", Align::Right),
        ("DETAIL", Align::Left),
    ])
    .whole(&["OUTCOME"])
    .beneath("DETAIL", 30)
    .sparing(&["WHO", "TOOK"]);
    for r in &rows {
        let cells = vec![
            cell(r.seq.to_string()),
            cell(words::ago(Some(r.at), now)),
            cell(&r.who),
            cell(&r.action),
            cell(&r.subject),
            cell(&r.event),
            r.outcome
                .map_or_else(|| cell(""), |o| painted(role(o), o.word_for(&r.detail))),
            cell(
                r.duration_s
                    .map_or_else(String::new, |s| format!("{:.0}s", s.trunc())),
            ),
            cell(&r.detail),
        ];
        match r.outcome.is_none_or(|o| o == Outcome::Succeeded) {
            true => table.row(cells),
            false => table.row_told(cells),
        }
    }
    out.table(&table)?;
    Ok(Exit::OK)
}

/// The role of an outcome.
pub fn role(outcome: Outcome) -> Role {
    match outcome {
        Outcome::Succeeded => Role::Ok,
        Outcome::Failed => Role::Bad,
        Outcome::Unknown | Outcome::Refused | Outcome::Stopped => Role::Warn,
        Outcome::Abandoned => Role::Dim,
    }
}

fn verdict(verdict: &ChainVerdict, environment: &str, out: &mut Out) -> Result<Exit, Problem> {
    let exit = match verdict {
        ChainVerdict::Intact { .. } => Exit::OK,
        ChainVerdict::Lagging { .. } | ChainVerdict::Broken { .. } => Exit::FAILED,
    };
    if out.is_json() {
        out.object(&json!({"audit": verdict, "environment": environment}))?;
        return Ok(exit);
    }
    match verdict {
        ChainVerdict::Intact { rows, head } => {
            let rows = words::count(usize::try_from(*rows).unwrap_or(usize::MAX), "row");
            out.painted(Role::Ok, &format!("intact  {rows}  head {}", inert(head)))?;
        }
        ChainVerdict::Lagging { rows, anchored, .. } => {
            let text = format!(
                "NOT ANCHORED: the head file knows row {anchored} of {rows}; whether rows after the last were cut cannot be told"
            );
            out.painted(Role::Warn, &text)?;
            out.painted(
                Role::Dim,
                "See that the disk has room and the head file may be written; a console that opens, or the next action, anchors all rows.",
            )?;
        }
        ChainVerdict::Broken { seq, why } => {
            out.painted(Role::Bad, &format!("BROKEN at row {seq}: {}", inert(why)))?;
        }
    }
    Ok(exit)
}

async fn export(ledger: &dyn Ledger, file: Option<&Path>, out: &mut Out) -> Result<Exit, Problem> {
    let Some(path) = file else {
        ledger.export(&mut out.json_lines()).await?;
        return Ok(Exit::OK);
    };
    let mut handle = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| {
            Problem::new(
                ProblemKind::Argument,
                "audit",
                format!("cannot write {}", path.display()),
                io_words(&e),
                "name a new file in a folder that may be written",
            )
        })?;
    let rows = ledger.export(&mut handle).await?;
    let path = path.display().to_string();
    if out.is_json() {
        out.object(&json!({"audit": {"exported": rows, "file": path}}))?;
    } else {
        out.line(&format!("wrote {rows} rows to {}", inert(&path)))?;
    }
    Ok(Exit::OK)
}
