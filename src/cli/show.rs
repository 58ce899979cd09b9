//! `flightdeck show [VIEW]`, and the views that have a command of their own: what a further system shows, as in the console.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::explain::{self, ProblemJson};
use super::paint::Role;
use super::session::{Session, silent};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::config::mistake::suggest;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::present::{Head, Pages, Section, Standing, Tone, VIEWS, View};
use crate::watch::{Scope, Snapshot};

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// A view; none lists them
    view: Option<String>,
}

impl Arguments {
    /// What the view is made of; a list of views asks everything.
    pub fn scope(&self) -> Scope {
        match &self.view {
            Some(name) => scope_of(name),
            None => Scope::Once,
        }
    }

    /// Whether the view shows what people said.
    pub fn reads_store(&self) -> bool {
        self.view.as_deref().is_some_and(reads_store)
    }
}

/// Whether a view shows what people said.
pub fn reads_store(name: &str) -> bool {
    View::named(name).is_some_and(|view| view.needs.contains(&"records"))
}

/// What a view is made of; nothing for one that there is not.
pub fn scope_of(name: &str) -> Scope {
    View::named(name).map_or(Scope::Only(&[]), |view| Scope::Named(view.needs))
}

/// Runs the command.
///
/// # Errors
/// An unknown view; a view none of whose systems could be asked.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    match &args.view {
        Some(name) => named(name, session).await,
        None => list(session).await,
    }
}

/// Shows the view of a name.
///
/// # Errors
/// As [`view`]; an unknown view.
pub async fn named(name: &str, session: &mut Session) -> Result<Exit, Problem> {
    view(View::named(name).ok_or_else(|| unknown(name))?, session).await
}

/// Shows one view.
///
/// # Errors
/// Where none of its systems could be asked.
pub async fn view(view: &'static View, session: &mut Session) -> Result<Exit, Problem> {
    let picture = session.look(Vec::new()).await?;
    if !view.applies(&picture.facts) {
        return Err(unconfigured(view));
    }
    let sections = view.make(&picture.facts, Timestamp::now());
    if let Some(problem) = unanswered(&sections, &picture, session) {
        return Err(problem);
    }
    if session.out.is_json() {
        return write(&sections, session);
    }
    let now = Timestamp::now();
    for (n, section) in sections.iter().enumerate() {
        if n > 0 {
            session.out.line("")?;
        }
        print(section, now, session)?;
    }
    Ok(Exit::OK)
}

/// Why nothing that a page shows could be asked; `None` where something was answered, or there is nothing to ask.
fn unanswered(sections: &[Section], picture: &Snapshot, session: &Session) -> Option<Problem> {
    // What people said is ours to know: it is no answer of a system.
    let of_systems = || sections.iter().filter(|s| s.standing.source != "store");
    if of_systems().any(Section::is_answered) || !of_systems().any(Section::is_asked) {
        return None;
    }
    let own = of_systems().find_map(|s| s.standing.problem.clone());
    // A page that rests on what others tell was not even asked for where they failed.
    let others = || {
        picture
            .facts
            .providers
            .iter()
            .find_map(|p| p.problem.clone())
    };
    let in_time = session.watch.is_settled(picture);
    own.or_else(others)
        .or_else(|| (!in_time).then(|| silent(session.patience())))
}

async fn list(session: &mut Session) -> Result<Exit, Problem> {
    let picture = session.look(Vec::new()).await?;
    let now = Timestamp::now();
    let applying = VIEWS.iter().filter(|v| v.applies(&picture.facts));
    let mut answered = false;
    let pages = Pages::new(&picture.facts, now);
    let all = applying.map(|view| {
        let sections = pages.of(view);
        answered |= sections.iter().any(Section::is_answered);
        (view, View::worst(&sections))
    });
    let mut all: Vec<(&View, Tone)> = all.collect();
    all.order_by_key(|(_, tone)| std::cmp::Reverse(tone.urgency()));
    // A page may have something to show of its own, as what the console spends; that is no answer from anybody.
    let known = all.iter().any(|(_, tone)| *tone != Tone::Unknown);
    let exit = match answered && known {
        true => Exit::OK,
        false => Exit::NO_ANSWER,
    };
    if session.out.is_json() {
        let rows = all.iter().map(|(v, tone)| {
            json!({"name": v.id, "title": v.title, "group": v.group.word(), "state": word(*tone), "doc": v.doc})
        });
        let rows = rows.collect();
        let mut more = Map::new();
        more.insert("environment".into(), json!(session.config.environment));
        session.out.list("views", rows, more)?;
        return Ok(exit);
    }
    let columns = [
        ("STATE", Align::Left),
        ("VIEW", Align::Left),
        ("ABOUT", Align::Left),
        ("WHAT", Align::Left),
    ];
    let mut table = Table::new(&columns).sparing(&["WHAT"]);
    for (v, tone) in all {
        let role = role(tone);
        table.row(vec![
            painted(role, word(tone)),
            cell(v.id),
            cell(v.group.word()),
            cell(v.doc),
        ]);
    }
    session.out.table(&table)?;
    Ok(exit)
}

/// The state of a view in a word.
fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Warn => "warn",
        Tone::Unknown => "unknown",
        _ => "ok",
    }
}

fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain | Tone::Info => Role::Plain,
        Tone::Strong => Role::Strong,
        Tone::Muted | Tone::Unknown => Role::Dim,
        Tone::Ok => Role::Ok,
        Tone::Warn => Role::Warn,
        Tone::Bad => Role::Bad,
    }
}

/// One list a section, and what each is worth.
fn write(sections: &[Section], session: &mut Session) -> Result<Exit, Problem> {
    let mut object = Map::new();
    let mut sources: Vec<Value> = Vec::new();
    for section in sections {
        let rows = section.rows.iter().map(|r| r.thing.clone()).collect();
        object.insert(section.name.into(), Value::Array(rows));
        sources.push(source(section));
    }
    object.insert("sources".into(), Value::Array(sources));
    object.insert("environment".into(), json!(session.config.environment));
    session.out.object(&object)?;
    Ok(Exit::OK)
}

fn source(section: &Section) -> Value {
    let Standing {
        source,
        observed_at,
        problem,
        ..
    } = &section.standing;
    let notes: Vec<Value> = section
        .notes
        .iter()
        .map(|n| json!({"text": n.text, "state": word(n.tone)}))
        .collect();
    json!({
        "list": section.name,
        "source": source,
        "observed_at": observed_at,
        "error": problem.as_ref().map(ProblemJson::from),
        "notes": notes,
    })
}

fn print(section: &Section, now: Timestamp, session: &mut Session) -> Result<(), Problem> {
    session.out.painted(Role::Strong, &section.title)?;
    for note in &section.notes {
        let line = format!("{} {}", note.tone.shape(), note.text);
        session.out.painted(role(note.tone), line.trim_start())?;
    }
    if section.rows.is_empty() {
        session.out.line(&section.why_empty())?;
    } else {
        session.out.table(&table(section))?;
    }
    let standing = &section.standing;
    let rows = words::count(section.rows.len(), "row");
    let age = match standing.observed_at {
        // Told by nobody but this program, or by nobody at all.
        None => String::new(),
        at => format!(" {} ago", words::ago(at, now)),
    };
    let line = format!("{rows}  {}{age}", standing.source);
    session.out.painted(Role::Dim, &line)?;
    match &standing.problem {
        Some(problem) => {
            let line = format!("incomplete or out of date: {}", explain::line(problem));
            session.out.painted(Role::Warn, &line)
        }
        None => Ok(()),
    }
}

fn table(section: &Section) -> Table {
    let side = |h: &Head| if h.right { Align::Right } else { Align::Left };
    let columns = section
        .heads
        .iter()
        .map(|h| (h.title.to_uppercase(), side(h)));
    let mut spare: Vec<&Head> = section.heads.iter().filter(|h| h.drop > 0).collect();
    spare.order_by_key(|h| std::cmp::Reverse(h.drop));
    let spare = spare.into_iter().map(|h| h.title.to_uppercase());
    let mut table = Table::of(columns.collect(), spare.collect());
    for row in &section.rows {
        table.row(
            row.cells
                .iter()
                .map(|c| painted(role(c.tone), &c.text))
                .collect(),
        );
    }
    table
}

fn unknown(name: &str) -> Problem {
    let hint = suggest(name, VIEWS.iter().map(|v| v.id))
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    Problem::new(
        ProblemKind::Argument,
        "views",
        format!("unknown view \"{name}\"{hint}"),
        "there is no view of that name",
        "flightdeck show lists them",
    )
}

fn unconfigured(view: &View) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "views",
        format!("cannot show {}", view.title),
        format!("{} is not configured", view.lines.join(" or ")),
        format!(
            "add [{}] to flightdeck.toml; `flightdeck config init` writes one",
            view.lines.first().unwrap_or(&"")
        ),
    )
}
