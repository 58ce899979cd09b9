//! `flightdeck dashboards [NAME]`: without a name, what there is; with one, its widgets with their current values.

mod show;

use std::sync::Arc;

use clap::Args;

use super::exit::Exit;
use super::session::{Session, Standing, standing, standing_of};
use super::span;
use crate::config::mistake::suggest;
use crate::domain::dashboard::{BoardAsk, Dashboard, DashboardId, WidgetKind};
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::domain::metric::Window;
use crate::domain::problem::{Problem, ProblemKind};
use show::{list, show};

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// One dashboard, with the current values of its widgets; CloudWatch's go before the console's own of the same name
    #[arg(value_name = "NAME")]
    dashboard: Option<String>,
    /// One of the console's own, even where CloudWatch has one of that name
    #[arg(long, requires = "dashboard")]
    own: bool,
    /// How far back; the dashboard's own range without it
    #[arg(long, value_parser = span::seconds)]
    since: Option<u32>,
    /// A variable's value; may be given more than once
    #[arg(long = "set", value_name = "ID=VALUE", value_parser = pair)]
    values: Vec<(String, String)>,
}

/// The range of a dashboard whose author names none, seconds.
const USUAL_S: u32 = 3 * 3_600;

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((k, v)) if !k.is_empty() => Ok((k.into(), v.into())),
        _ => Err("expected ID=VALUE, such as group=/ecs/api".into()),
    }
}

/// Runs the command.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    let ours: super::session::Need<'_> = &|f| standing(&f.own_dashboards);
    let Some(name) = &args.dashboard else {
        let theirs: super::session::Need<'_> = &|f| standing(&f.dashboards);
        let picture = session
            .demand(vec![Interest::Dashboards], &[theirs, ours])
            .await?;
        return list(&picture, session);
    };
    // One of ours is shown even where CloudWatch does not answer.
    let heard: super::session::Need<'_> = &|f| match standing(&f.dashboards) {
        Standing::Failed(_) => Standing::Answered,
        other => other,
    };
    let picture = session
        .demand(vec![Interest::Dashboards], &[heard, ours])
        .await?;
    let id = find(name, args.own, &picture.facts)?;
    let (written, interests) = written(&id, session).await?;
    let set = args.values.iter().cloned().collect();
    if let Some((id, _)) = args
        .values
        .iter()
        .find(|(id, _)| !written.variables.iter().any(|v| &v.id == id))
    {
        let known: Vec<&str> = written.variables.iter().map(|v| v.id.as_str()).collect();
        return Err(wrong(
            format!("the dashboard has no variable \"{id}\""),
            format!(
                "it has: {}",
                if known.is_empty() {
                    "none".into()
                } else {
                    known.join(", ")
                }
            ),
            "name one of them with --set",
        ));
    }
    let board = Arc::new(written.with(&set));
    one(args, &id, &board, interests, session).await
}

fn wrong(what: String, why: String, fix: &str) -> Problem {
    Problem::new(ProblemKind::Argument, "dashboards", what, why, fix)
}

/// The dashboard that a name means.
fn find(name: &str, own: bool, facts: &Facts) -> Result<DashboardId, Problem> {
    let theirs = || {
        facts
            .dashboards
            .value
            .iter()
            .flat_map(|v| v.iter())
            .map(|e| e.name.as_str())
    };
    let ours = || {
        facts
            .own_dashboards
            .value
            .iter()
            .flat_map(|v| v.iter())
            .map(|o| o.name.as_str())
    };
    if !own && theirs().any(|n| n == name) {
        return Ok(DashboardId::Aws(name.to_owned()));
    }
    if ours().any(|n| n == name) {
        return Ok(DashboardId::Own(name.to_owned()));
    }
    if let Some(problem) = &facts.dashboards.error {
        // Who may not list may still read one by its name; anything else fails for the one as for the list.
        use ProblemKind::{Denied, Malformed, Unsupported};
        return match problem.kind {
            Denied | Malformed | Unsupported if !own => Ok(DashboardId::Aws(name.to_owned())),
            _ => Err(problem.clone()),
        };
    }
    let hint = suggest(name, theirs().chain(ours()))
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    Err(Problem::new(
        ProblemKind::Argument,
        "dashboards",
        format!("unknown dashboard \"{name}\"{hint}"),
        "neither CloudWatch nor this console has one of that name",
        "flightdeck dashboards lists them",
    ))
}

/// A dashboard as written, and what has to be looked at for it.
async fn written(
    id: &DashboardId,
    session: &mut Session,
) -> Result<(Arc<Dashboard>, Vec<Interest>), Problem> {
    let gone = || {
        wrong(
            "the dashboard is gone".into(),
            "somebody deleted it just now".into(),
            "list them again",
        )
    };
    match id {
        DashboardId::Aws(name) => {
            let interests = vec![Interest::Dashboard(name.clone())];
            let need: super::session::Need<'_> = &|f| standing_of(f.dashboard.get(name));
            let picture = session.demand(interests.clone(), &[need]).await?;
            let part = picture.facts.dashboard.get(name);
            let read = part.and_then(|p| p.value.clone()).ok_or_else(gone)?;
            Ok((read, interests))
        }
        DashboardId::Own(name) => {
            let picture = session.watch.snapshot();
            let mut all = picture
                .facts
                .own_dashboards
                .value
                .iter()
                .flat_map(|v| v.iter());
            let found = all.find(|o| &o.name == name).ok_or_else(gone)?;
            Ok((found.read.clone()?, vec![Interest::Dashboards]))
        }
    }
}

async fn one(
    args: &Arguments,
    id: &DashboardId,
    board: &Dashboard,
    mut interests: Vec<Interest>,
    session: &mut Session,
) -> Result<Exit, Problem> {
    let length_s = args.since.or(board.length_s).unwrap_or(USUAL_S);
    let window = Window {
        length_s,
        until: None,
    };
    let least_s = length_s.div_ceil(360).div_ceil(60).max(1) * 60;
    let draws_alarms = board.widgets.iter().any(|w| match &w.kind {
        WidgetKind::Alarms { .. } => true,
        WidgetKind::Metric(m) => m.alarm.is_some(),
        _ => false,
    });
    if draws_alarms {
        let need: super::session::Need<'_> = &|f| match standing(&f.alarms) {
            Standing::Failed(_) => Standing::Answered,
            other => other,
        };
        session.demand(interests.clone(), &[need]).await?;
    }
    let alarms = session.watch.snapshot();
    let ask = BoardAsk::of(id, board, window, least_s, alarms.facts.alarm_rows());
    let ask = Arc::new(ask);
    if !ask.is_empty() {
        interests.push(Interest::Board(ask.clone()));
    }
    let wanted = ask.clone();
    let series = move |f: &Facts| {
        let of = f.board.value.as_ref().and_then(|b| b.ask.as_ref());
        match &f.board.error {
            _ if wanted.widgets.is_empty() => Standing::Answered,
            _ if of.is_some_and(|a| a.dashboard == wanted.dashboard) => Standing::Answered,
            Some(p) => Standing::Failed(p.clone()),
            None => Standing::Waiting,
        }
    };
    let logs = ask.logs.clone();
    let queried = move |f: &Facts| {
        let waits = |n: usize| matches!(standing_of(f.board_logs.get(&n)), Standing::Waiting);
        match logs.iter().any(|l| waits(l.widget)) {
            true => Standing::Waiting,
            false => Standing::Answered,
        }
    };
    let picture = session.demand(interests, &[&series, &queried]).await?;
    let seen = picture.facts.board.value.as_ref();
    let silent = !seen.is_some_and(|b| b.widgets.values().any(|w| !w.lines.is_empty()));
    if let (true, Some(problem)) = (silent, &picture.facts.board.error) {
        return Err(problem.clone());
    }
    show(id, board, window, &picture, session)
}
