//! `flightdeck logs GROUP|SERVICE`: a search, or with --follow a tail.

use std::collections::{HashSet, VecDeque};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::paint::Role;
use super::service_arg;
use super::session::{Session, Standing, silent, standing};
use super::span;
use super::words::count;
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::domain::log::{Level, LogLine, LogRequest, VISIBLE_AFTER};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::ServiceId;
use crate::domain::text::inert;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// A log group, or a service (name, or cluster/name) for its groups; none lists the groups
    #[arg(value_name = "GROUP|SERVICE")]
    target: Option<String>,
    /// Go on with what comes, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Only this stream of it: that of a task ends in the task's id, as in api/api/4f2c...; may be given more than once
    #[arg(long = "stream", value_name = "STREAM")]
    streams: Vec<String>,
    /// CloudWatch filter pattern, (case counts), such as timeout or '{ $.level = "error" }'
    #[arg(
        long,
        visible_alias = "pattern",
        value_name = "PATTERN",
        default_value = ""
    )]
    filter: String,
    /// Only lines of this level and worse, as the line tells it whatever its spelling (error, ERROR, err, 50): trace, debug, info,
    /// warn, error or fatal
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
    /// How far back
    #[arg(long, default_value = "15m", value_parser = span::seconds)]
    since: u32,
}

/// A level by any word or number that programs use for it.
fn level(word: &str) -> Result<Level, String> {
    Level::parse(word.trim())
        .ok_or_else(|| "a level is trace, debug, info, warn, error or fatal".into())
}

/// Whether a line is asked for. One that tells no level is of none.
fn is_wanted(line: &LogLine, least: Option<Level>) -> bool {
    least.is_none_or(|least| line.level >= Some(least))
}

/// Runs the command.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    let Some(target) = &args.target else {
        return super::log_groups::run(session).await;
    };
    let groups = groups(target, session).await?;
    let now = Timestamp::now();
    let of_group = |group: &String| -> Vec<(String, String)> {
        let streams = args.streams.iter();
        streams.map(|s| (group.clone(), s.clone())).collect()
    };
    let request = LogRequest {
        streams: groups.iter().flat_map(of_group).collect(),
        groups,
        pattern: args.filter.clone(),
        from: now - SignedDuration::from_secs(i64::from(args.since)),
        until: (!args.follow).then_some(now),
    };
    if args.follow {
        follow(request, args.level, session).await
    } else {
        search(request, args.level, session).await
    }
}

/// The groups that are meant: a group by its name, else those of a service.
async fn groups(target: &str, session: &mut Session) -> Result<Vec<String>, Problem> {
    let picture = session.look(Vec::new()).await?;
    let facts = &picture.facts;
    let known = facts
        .log_groups
        .value
        .as_deref()
        .map_or(&[][..], Vec::as_slice);
    if known.iter().any(|g| g.name == target) {
        return Ok(vec![target.to_owned()]);
    }
    let ids: Vec<&ServiceId> = facts.service_rows().iter().map(|s| &s.id).collect();
    // Named with its cluster it is what is meant, whatever cannot be read of others.
    let is_known = target.contains('/') && ids.iter().any(|id| id.to_string() == target);
    if let Some(why) = untold(standing(&facts.services), session).filter(|_| !is_known) {
        return unlisted(target, why);
    }
    match service_arg::pick(target, &ids) {
        Ok(id) => of_service(&id, facts),
        // Services there are, and more than one.
        Err(problem) if ids.iter().any(|id| id.name == target) => Err(problem),
        Err(_) => match untold(standing(&facts.log_groups), session) {
            Some(why) => unlisted(target, why),
            None => Err(unknown(target, &ids, known.iter().map(|g| g.name.as_str()))),
        },
    }
}

/// Why a list is not known: what is not in it may be there all the same.
fn untold(standing: Standing, session: &Session) -> Option<Problem> {
    match standing {
        Standing::Answered => None,
        Standing::Waiting => Some(silent(session.patience())),
        Standing::Failed(problem) => Some(problem),
    }
}

/// A group that cannot be looked up can still be asked for.
fn unlisted(target: &str, why: Problem) -> Result<Vec<String>, Problem> {
    match target.starts_with('/') {
        true => Ok(vec![target.to_owned()]),
        false => Err(why),
    }
}

fn of_service(id: &ServiceId, facts: &Facts) -> Result<Vec<String>, Problem> {
    let definition = facts.service(id).and_then(|s| facts.task_definition(s));
    let mut groups: Vec<String> = definition
        .iter()
        .flat_map(|d| &d.containers)
        .filter_map(|c| c.log_group.clone())
        .collect();
    groups.sort();
    groups.dedup();
    if groups.is_empty() {
        return Err(Problem::new(
            ProblemKind::Argument,
            "logs",
            format!("{id} has no log group"),
            "no container of its task definition uses the awslogs driver",
            "name a group: flightdeck logs lists them",
        ));
    }
    Ok(groups)
}

fn unknown<'a>(
    target: &str,
    ids: &[&'a ServiceId],
    groups: impl Iterator<Item = &'a str>,
) -> Problem {
    let names: Vec<&str> = ids
        .iter()
        .map(|id| id.name.as_str())
        .chain(groups)
        .collect();
    let hint = crate::config::mistake::suggest(target, names.into_iter())
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    Problem::new(
        ProblemKind::Argument,
        "logs",
        format!("\"{target}\" is neither a log group nor a service{hint}"),
        "neither CloudWatch Logs nor ECS knows it in this account and region",
        "flightdeck logs lists the groups, flightdeck services the services",
    )
}

async fn search(
    request: LogRequest,
    least: Option<Level>,
    session: &mut Session,
) -> Result<Exit, Problem> {
    let (wanted, pattern) = (request.clone(), request.pattern.clone());
    let until = request.until;
    let answered = move |f: &Facts| match (&f.logs.error, &f.logs.value) {
        (Some(problem), _) => Standing::Failed(problem.clone()),
        (None, Some(tail)) if tail.request.as_ref() == Some(&wanted) && tail.caught_up => {
            Standing::Answered
        }
        _ => Standing::Waiting,
    };
    let picture = session
        .demand(vec![Interest::Logs(request)], &[&answered])
        .await?;
    let part = &picture.facts.logs;
    let Some(tail) = &part.value else {
        return Ok(Exit::NO_ANSWER);
    };
    if session.out.is_json() {
        let wanted = tail.lines.iter().filter(|l| is_wanted(l, least));
        let rows = wanted.map(|l| object(l)).collect();
        // What happened in the last seconds may become visible later.
        let read = until.and_then(|at| at.saturating_sub(VISIBLE_AFTER).ok());
        session.list_and(
            "logs",
            rows,
            part,
            [
                ("complete_until", json!(read)),
                ("dropped", json!(tail.dropped)),
            ],
        )?;
        return Ok(Exit::OK);
    }
    let mut shown = 0_usize;
    for line in tail.lines.iter().filter(|l| is_wanted(l, least)) {
        print(line, session)?;
        shown += 1;
    }
    if let (0, Some(least), n @ 1..) = (shown, least, tail.lines.len()) {
        let silent = tail.lines.iter().filter(|l| l.level.is_none()).count();
        let why = format!(
            "No line in that time is of level {} or worse: {} were read, {silent} of them without a level.",
            least.word().to_lowercase(),
            count(n, "line")
        );
        session.out.painted(Role::Dim, &why)?;
    }
    if tail.lines.is_empty() {
        let why = match pattern.as_str() {
            "" => "No lines in that time.".to_owned(),
            pattern => format!(
                "No line in that time matches {}: case counts, and the line as it was written, whose level may read otherwise than shown{}.",
                inert(pattern),
                match Level::parse(pattern) {
                    Some(level) => format!(" (--level {})", level.word().to_lowercase()),
                    None => String::new(),
                }
            ),
        };
        session.out.painted(Role::Dim, &why)?;
    }
    if tail.dropped > 0 {
        let text = format!(
            "{} earlier lines were dropped: the buffer is full",
            tail.dropped
        );
        session.out.painted(Role::Warn, &text)?;
    }
    Ok(Exit::OK)
}

/// Prints what comes until the reader goes away or the person interrupts.
async fn follow(
    request: LogRequest,
    least: Option<Level>,
    session: &mut Session,
) -> Result<Exit, Problem> {
    session.watch.look_at(vec![Interest::Logs(request.clone())]);
    let stop = super::signals::stop();
    tokio::pin!(stop);
    let mut seen = Seen::default();
    let mut said: Option<Problem> = None;
    loop {
        let picture = session.watch.snapshot();
        let part = &picture.facts.logs;
        if let Some(tail) = part
            .value
            .as_ref()
            .filter(|t| t.request.as_ref() == Some(&request))
        {
            for line in tail.lines.iter() {
                if is_wanted(line, least) && seen.is_new(&line.id) {
                    if session.out.is_json() {
                        session.out.object_line(&json!({"log": object(line)}))?;
                    } else {
                        print(line, session)?;
                    }
                }
            }
        }
        if part.error != said {
            said.clone_from(&part.error);
            if let Some(problem) = &said {
                if !problem.is_passing() {
                    return Err(problem.clone());
                }
                eprint!("{}", super::explain::lines(problem, false));
            }
        }
        session.out.flush()?;
        if session.out.is_closed() {
            return Ok(Exit::OK);
        }
        tokio::select! {
            more = session.watch.changed() => if !more { return Ok(Exit::NO_ANSWER) },
            () = &mut stop => return Ok(Exit::OK),
        }
    }
}

/// Events already printed: bounded, because a tail runs for days.
#[derive(Debug, Default)]
struct Seen {
    set: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    /// Comfortably more than the watch holds of a tail.
    const MOST: usize = 50_000;

    fn is_new(&mut self, id: &str) -> bool {
        if !self.set.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > Self::MOST
            && let Some(old) = self.order.pop_front()
        {
            self.set.remove(&old);
        }
        true
    }
}

fn print(line: &LogLine, session: &mut Session) -> Result<(), Problem> {
    let at = line.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let level = line.level.map_or("", Level::word);
    let level = format!(" {level:<5} ");
    let fields: String = line
        .told()
        .map(|(k, v)| format!("  {}={}", inert(k), inert(v)))
        .collect();
    let mut messages = line.message.iter().map(|m| inert(m));
    let first = messages.next().unwrap_or_default();
    session.out.pieces(&[
        (Role::Dim, &at),
        (role(line.level), &level),
        (Role::Plain, &first),
        (Role::Dim, &fields),
    ])?;
    for more in messages {
        session.out.line(&format!("    {more}"))?;
    }
    Ok(())
}

fn role(level: Option<Level>) -> Role {
    match level {
        Some(Level::Fatal | Level::Error) => Role::Bad,
        Some(Level::Warn) => Role::Warn,
        Some(Level::Trace | Level::Debug) => Role::Dim,
        Some(Level::Info) | None => Role::Plain,
    }
}

fn object(l: &LogLine) -> Value {
    let fields: Map<String, Value> = l
        .fields
        .iter()
        .map(|(k, v)| (k.clone(), json!(v)))
        .collect();
    json!({
        "id": l.id,
        "at": l.at,
        "group": l.group,
        "stream": l.stream,
        "level": l.level,
        "message": l.message.join("\n"),
        "fields": fields,
        "raw": l.raw,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_asked_for_and_told_in_any_spelling() {
        for word in ["error", "ERROR", "Err", "50", " error "] {
            assert_eq!(level(word), Ok(Level::Error), "{word}");
        }
        assert!(level("loud").is_err());
        let line = |level| LogLine {
            id: String::new(),
            at: Timestamp::UNIX_EPOCH,
            group: String::new(),
            stream: String::new(),
            level,
            message: Vec::new(),
            fields: Vec::new(),
            raw: String::new(),
        };
        let wanted = |of, least| is_wanted(&line(of), least);
        assert!(wanted(Some(Level::Fatal), Some(Level::Error)));
        assert!(!wanted(Some(Level::Warn), Some(Level::Error)));
        assert!(!wanted(None, Some(Level::Trace)), "a line that tells none");
        assert!(wanted(None, None));
    }

    #[test]
    fn a_tail_prints_each_event_once_in_bounded_memory() {
        let mut seen = Seen::default();
        assert!(seen.is_new("a") && !seen.is_new("a"));
        for n in 0..2 * Seen::MOST {
            seen.is_new(&n.to_string());
        }
        assert_eq!((seen.set.len(), seen.order.len()), (Seen::MOST, Seen::MOST));
    }
}
