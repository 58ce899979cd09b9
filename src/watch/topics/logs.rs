//! The log looked at: reads each group on from where it stands.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::backend::Backend;
use crate::backend::aws::logs::{LogPage, LogQuestion};
use crate::domain::interest::Interest;
use crate::domain::log::LogRequest;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;
use crate::watch::tail::Cursor;

/// Pages of a thousand lines that are read of a group before the picture is shown again.
const PAGES: usize = 4;
/// Groups that are read side by side.
const ABREAST: usize = 4;

/// What is looked at, if a log is.
pub fn asked(p: &Picture) -> Option<LogRequest> {
    p.interests.iter().find_map(|i| match i {
        Interest::Logs(request) => Some(request.clone()),
        _ => None,
    })
}

/// Turns to what is looked at now.
pub fn open(p: &mut Picture) {
    if let Some(request) = asked(p)
        && p.tail.open(&request)
    {
        p.facts.logs = Part::never("logs:FilterLogEvents", p.tail.period());
    }
}

/// What was read, group by group.
#[derive(Debug)]
pub struct Read {
    request: LogRequest,
    asked: Timestamp,
    groups: Vec<(String, Result<LogPage, Problem>)>,
}

/// Reads on.
pub async fn ask(backend: &Backend, request: LogRequest, cursors: Vec<(String, Cursor)>) -> Read {
    let began = Timestamp::now();
    let asked = &request;
    let groups = stream::iter(cursors)
        .map(|(group, cursor)| async move {
            let question = LogQuestion {
                group: group.clone(),
                streams: asked.streams_of(&group),
                pattern: asked.pattern.clone(),
                from: cursor.from,
                until: asked.until,
            };
            let page = backend.logs.read(&question, cursor.token, PAGES).await;
            (group, page)
        })
        .buffer_unordered(ABREAST)
        .collect()
        .await;
    Read {
        request,
        asked: began,
        groups,
    }
}

/// Joins, unless another log is looked at by now.
pub fn take(p: &mut Picture, answer: Read, at: Timestamp) -> Option<ProblemKind> {
    if p.tail.request() != Some(&answer.request) {
        return None;
    }
    let mut failure = None;
    for (group, page) in answer.groups {
        match page {
            Ok(page) => p.tail.take(&group, page.lines, page.next, answer.asked),
            Err(problem) => failure = Some(problem),
        }
    }
    let kind = failure.as_ref().map(|f| f.kind);
    let picture = p.tail.picture();
    let part = &mut p.facts.logs;
    part.period = p.tail.period();
    // What the other groups said stays, whatever one of them did.
    if kind.is_none() || !picture.lines.is_empty() {
        part.take(Ok(picture), at);
    }
    part.error = failure;
    kind
}
