//! The life of every verb on the command line: preview, confirm in proportion, start, follow, and say how it ended.

use std::io::{IsTerminal, Write};
use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};

use super::consent::Consent;
use super::exit::Exit;
use super::failure;
use super::paint::Role;
use super::preview;
use super::session::Session;
use super::words;
use crate::domain::action::{Confirm, Intent, Phase, Preview, Run, RunLine};
use crate::domain::audit::Outcome;
use crate::domain::failure::Failure;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// How long a command that is over asks why what it did failed.
const WHY: Duration = Duration::from_secs(5);

/// Runs a verb.
pub async fn run(intent: Intent, consent: Consent, session: &mut Session) -> Result<Exit, Problem> {
    let preview = session.engine.preview(intent).await?;
    if consent.preview {
        if session.out.is_json() {
            session
                .out
                .object(&json!({"preview": preview::object(&preview)}))?;
        } else {
            preview::print(&preview, &mut session.out)?;
        }
        return Ok(if preview.refusals.is_empty() {
            Exit::OK
        } else {
            Exit::REFUSED
        });
    }
    if !preview.refusals.is_empty() {
        return Err(refused(&preview, session.config.read_only));
    }
    if consent.yes {
        // Nobody is asked here. What is about to be done is said all the same, and what it warns of beside the answer.
        if !session.out.is_json() {
            preview::brief(&preview, &mut session.out)?;
        }
        for warning in &preview.warnings {
            eprintln!("warning: {}", inert(warning));
        }
    } else {
        agree(&preview, session).await?;
    }
    follow(preview, session).await
}

fn refused(p: &Preview, read_only: bool) -> Problem {
    let fix = if read_only {
        "leave out --read-only (or read_only in the configuration); --preview shows what it would do"
    } else {
        "look at the whole preview with --preview"
    };
    problem(p, "refused", &p.refusals.join("; "), fix)
}

/// What was not done, and that nothing came of it.
fn problem(p: &Preview, how: &str, why: &str, fix: &str) -> Problem {
    let (verb, subject) = (p.intent.verb(), p.intent.subject());
    Problem::new(
        ProblemKind::Refused,
        verb,
        format!(
            "{} of {subject} {how}; nothing was changed",
            verb.replace('_', "-")
        ),
        why,
        fix,
    )
}

/// Asks the person in front of the terminal, in proportion to what is at stake.
async fn agree(p: &Preview, session: &mut Session) -> Result<(), Problem> {
    let person = session.out.is_terminal() && std::io::stdin().is_terminal();
    if session.out.is_json() || !person {
        return Err(problem(
            p,
            "not confirmed",
            "there is nobody to ask: this is no terminal",
            "add --yes to do it without asking, or --preview to look",
        ));
    }
    preview::print(p, &mut session.out)?;
    let question = match &p.confirm {
        Confirm::Key => "Do it? [y/N] ".to_owned(),
        Confirm::Type(word) => format!("Type {} to do it: ", inert(word)),
    };
    let answer = tokio::task::spawn_blocking(move || {
        let mut err = std::io::stderr();
        let _ = write!(err, "{question}").and_then(|()| err.flush());
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    })
    .await;
    let answer = match answer {
        Ok(Ok(line)) => line.trim().to_owned(),
        _ => String::new(),
    };
    let agreed = match &p.confirm {
        Confirm::Key => ["y", "yes"].contains(&answer.to_lowercase().as_str()),
        Confirm::Type(word) => answer == word.trim(),
    };
    if agreed {
        return Ok(());
    }
    Err(problem(
        p,
        "not confirmed",
        "the answer was another",
        "ask again when you are sure",
    ))
}

/// Starts it and says what happens until it ended, or until the person stops watching: the vendor and the journal go on.
async fn follow(preview: Preview, session: &mut Session) -> Result<Exit, Problem> {
    let mut runs = session.engine.runs();
    // Whoever came here agreed: at the prompt, or with --yes.
    let typed = match &preview.confirm {
        Confirm::Type(word) => Some(word.clone()),
        Confirm::Key => None,
    };
    let id = session.engine.start(preview, typed).await?;
    let mut stop = pin!(super::signals::stop());
    let mut said: Option<RunLine> = None;
    loop {
        let run = runs
            .borrow_and_update()
            .iter()
            .find(|r| r.id == id)
            .cloned();
        if let Some(run) = run {
            for line in unsaid(&run.lines, said.as_ref()) {
                progress(&run, line, session)?;
            }
            said = run.lines.last().cloned().or(said);
            if let Some(outcome) = run.outcome {
                return ended(&run, outcome, stop.as_mut(), session).await;
            }
        }
        session.out.flush()?;
        tokio::select! {
            more = runs.changed() => if more.is_err() { return Ok(Exit::NO_ANSWER) },
            () = &mut stop => {
                session.out.flush()?;
                eprint!("{}", left(&id, session.config.demo));
                return Ok(Exit::NO_ANSWER);
            }
        }
    }
}

/// The lines behind the one that was said last. A long story loses its oldest lines, so a number of lines tells nothing.
fn unsaid<'a>(lines: &'a [RunLine], said: Option<&RunLine>) -> &'a [RunLine] {
    let at = said.and_then(|last| lines.iter().rposition(|line| line == last));
    lines.get(at.map_or(0, |n| n + 1)..).unwrap_or_default()
}

/// What goes on when nobody watches any more, and how to look at it.
fn left(run: &str, demo: bool) -> String {
    let run = inert(run);
    if demo {
        return format!(
            "stopped watching {run}: the demo's platform ends with this command, and the action with it\n"
        );
    }
    format!(
        "stopped watching {run}: what AWS was asked for goes on there, nothing more is sent from here\n  \
         look: flightdeck deployments; the run stays open in the journal until a console (flightdeck) follows it to its end\n"
    )
}

fn progress(run: &Run, line: &RunLine, session: &mut Session) -> Result<(), Problem> {
    if session.out.is_json() {
        return session.out.object_line(&json!({"progress": {
            "run": run.id,
            "at": line.at,
            "phase": line.phase,
            "text": line.text,
            "done": run.progress.map(|(done, _)| done),
            "wanted": run.progress.map(|(_, wanted)| wanted),
        }}));
    }
    let at = words::clock(line.at);
    let phase = format!("  {:<8}  ", line.phase.word());
    let role = if line.phase == Phase::Execute {
        Role::Strong
    } else {
        Role::Plain
    };
    session.out.pieces(&[
        (Role::Dim, &at),
        (Role::Dim, &phase),
        (role, &inert(&line.text)),
    ])
}

/// Says how it ended, and then, where it failed, why: that is asked for a moment at most, and whoever interrupts does not wait for it.
async fn ended(
    run: &Run,
    outcome: Outcome,
    stop: impl Future<Output = ()>,
    session: &mut Session,
) -> Result<Exit, Problem> {
    let exit = Exit::of_run(outcome, run.recorded);
    if !session.out.is_json() {
        let took = run.finished_at.map_or_else(String::new, |end| {
            format!(" after {}", words::elapsed(run.started_at, end))
        });
        let text = format!("{took}  {}", inert(&run.title));
        let last = run.lines.last().map_or("", |l| l.text.as_str());
        session.out.pieces(&[
            (super::audit::role(outcome), outcome.word_for(last)),
            (Role::Plain, &text),
        ])?;
    }
    let why = failure::ask(run, outcome);
    if why.is_some() && session.out.is_json() {
        // Whoever reads along need not wait for the reasons.
        session.out.object_line(&json!({"ended": {
            "run": run.id,
            "outcome": outcome,
            "finished_at": run.finished_at,
            "recorded": run.recorded,
        }}))?;
    }
    session.out.flush()?;
    let failure = match why {
        Some(ask) => soon(failure::of(ask, session), stop, WHY).await.flatten(),
        None => None,
    };
    if session.out.is_json() {
        let object = object(run, outcome, failure.as_deref());
        session.out.object_line(&json!({"run": object}))?;
    } else if let Some(failure) = failure {
        failure::print(&failure, session)?;
    }
    Ok(exit)
}

/// What is known within a moment; `None` where it is not, or where a person interrupts.
async fn soon<T>(
    answer: impl Future<Output = T>,
    stop: impl Future<Output = ()>,
    moment: Duration,
) -> Option<T> {
    tokio::select! {
        known = tokio::time::timeout(moment, answer) => known.ok(),
        () = stop => None,
    }
}

fn object(run: &Run, outcome: Outcome, failure: Option<&Failure>) -> Value {
    let took = run
        .finished_at
        .map(|end| end.duration_since(run.started_at).as_secs_f64());
    json!({
        "id": run.id,
        "action": run.intent.verb(),
        "subject": run.intent.subject(),
        "title": run.title,
        "phase": run.phase,
        "outcome": outcome,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration_s": took,
        "recorded": run.recorded,
        "who": run.who,
        "lines": run.lines,
        "failed_tasks": failure.map(|f| &f.tasks),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{WHY, left, soon, unsaid};
    use crate::domain::action::{Phase, RunLine};

    #[test]
    fn a_story_that_lost_its_oldest_lines_is_told_to_its_end() {
        let line = |n: i64| RunLine {
            at: jiff::Timestamp::from_second(n).unwrap(),
            phase: Phase::Follow,
            text: "a task has started".into(),
        };
        let mut lines: Vec<RunLine> = (0..500).map(line).collect();
        assert_eq!(unsaid(&lines, None).len(), 500);
        let said = lines.last().cloned();
        assert!(unsaid(&lines, said.as_ref()).is_empty());
        lines.remove(0);
        lines.push(line(500));
        assert_eq!(unsaid(&lines, said.as_ref()), [line(500)]);
        assert_eq!(unsaid(&[line(900)], said.as_ref()), [line(900)]);
    }

    /// Whoever interrupts a command that is over waits for no vendor, and nobody waits for long.
    #[tokio::test]
    async fn why_it_failed_is_not_waited_for() {
        let never = std::future::pending::<()>;
        let told = soon(async { 7 }, never(), WHY).await;
        assert_eq!(told, Some(7));
        let began = std::time::Instant::now();
        assert_eq!(soon(never(), async {}, WHY).await, None);
        let moment = Duration::from_millis(20);
        assert_eq!(soon(never(), never(), moment).await, None);
        assert!((moment..WHY).contains(&began.elapsed()));
    }

    #[test]
    fn nobody_is_told_that_a_demo_goes_on() {
        assert!(left("r1", true).contains("ends with this command"));
        let real = left("r1", false);
        assert!(real.contains("goes on there") && real.contains("flightdeck deployments"));
    }
}
