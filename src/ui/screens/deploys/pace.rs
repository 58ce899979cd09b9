//! How far a deployment is, in words: its steps, what is done of them, how long it has to go.

use ratatui::style::Style;

use crate::domain::deployment::{Deployment, DeploymentSource};
use crate::domain::facts::Facts;
use crate::domain::progress::{Estimate, Step, StepKind, Untold};
use crate::domain::service::Strategy;
use crate::domain::tally::Checked;
use crate::ui::screens::Cx;
use crate::ui::widgets::{duration, span};

/// The most that a deployment reads as while it runs.
const DONE: f64 = 0.99;

type Spans = Vec<(String, Style)>;

/// Whether a service deployment was read here at all: whoever told of another one tells of this, too, a moment later.
pub(super) fn are_told(facts: &Facts) -> bool {
    let mut rows = facts.deployment_rows().iter();
    rows.any(|d| d.source == DeploymentSource::ServiceDeployments)
}

/// Why nobody can say how far a deployment is.
fn untold(why: Untold, cx: &Cx<'_>) -> &'static str {
    match why {
        Untold::Stage => "unknown, as ECS does not tell its stage",
        Untold::Revisions => "unknown, as ECS does not tell of which revisions it is",
        Untold::WayBack => "unknown, as ECS tells no tasks of what it goes back to",
        Untold::ServiceDeployment if are_told(&cx.snapshot.facts) => {
            "unknown yet, its service deployment is not read"
        }
        Untold::ServiceDeployment => "unknown, nobody tells of service deployments",
        Untold::Ended | Untold::Future => why.contradiction().unwrap_or_default(),
    }
}

/// The steps of a running deployment: done, going on, to come.
pub(super) fn steps(d: &Deployment, cx: &Cx<'_>) -> Spans {
    let t = cx.theme;
    if let Some(why) = d.untold(cx.now) {
        let words = match why.contradiction() {
            Some(why) => format!("unknown: {why}"),
            None => format!("steps and time to go: {}", untold(why, cx)),
        };
        return vec![(words, t.unknown)];
    }
    let told = d.steps(cx.now).into_iter().map(|step| {
        let awaits = (step.kind == StepKind::Start)
            .then(|| unproven(d, cx))
            .flatten();
        let (sign, style) = match (step.share >= 1.0, step.now) {
            // A task that runs and fails its check takes nothing over.
            (true, _) if awaits.is_some_and(|c| c.unhealthy > 0) => ("▶", t.warn),
            (true, _) if awaits.is_some() => ("▶", t.info),
            (true, false) => ("✓", t.ok),
            (_, true) => ("▶", t.info),
            (false, false) => ("·", t.muted),
        };
        (format!("{sign} {}   ", word(d, step, cx)), style)
    });
    told.collect()
}

/// The vendor's stage, as words.
pub(super) fn stage(stage: &str) -> String {
    stage.to_lowercase().replace('_', " ")
}

/// What the health checks say of the tasks that were started, while fewer pass than run.
fn unproven(d: &Deployment, cx: &Cx<'_>) -> Option<Checked> {
    let started = d.tally().started;
    let checked = cx.snapshot.facts.checked(d, cx.now)?;
    (checked.healthy < started).then_some(checked)
}

/// What a step is called, with how far it is. A stage before or after the step's own (hooks, test traffic) is told by its name.
fn word(d: &Deployment, step: Step, cx: &Cx<'_>) -> String {
    let beside = |s: &&String| {
        s.starts_with("PRE_")
            || s.starts_with("POST_")
            || s.starts_with("TEST_")
            || s.starts_with("RECONCILE")
    };
    if let Some(now) = d
        .lifecycle_stage
        .as_ref()
        .filter(|_| step.now && d.is_staged())
        .filter(beside)
    {
        return stage(now);
    }
    let to = d.sides().1;
    match step.kind {
        StepKind::Start => match to {
            Some(_) => {
                let tally = d.tally();
                let started = format!("start {}/{}", tally.started, tally.wanted);
                match unproven(d, cx) {
                    Some(c) if c.unhealthy > 0 => format!("{started}, {} unhealthy", c.unhealthy),
                    Some(c) => format!("{started}, {} healthy", c.healthy),
                    None => started,
                }
            }
            None => "start".into(),
        },
        StepKind::Shift => match to.and_then(|r| r.traffic_percent) {
            Some(percent) if step.now => format!("traffic {percent:.0} %"),
            _ => "traffic".into(),
        },
        StepKind::Bake => match (d.bake_left(cx.now), d.pace.bake_minutes) {
            (Some(left), _) => format!("bake time, {} left", duration(left)),
            // Since when it bakes was not told.
            (None, Some(m)) if step.now => format!("bake time of {}", span(m.saturating_mul(60))),
            (None, Some(m)) => format!("bake {}", span(m.saturating_mul(60))),
            (None, None) => "bake".into(),
        },
        StepKind::Drain => match d.tally().to_stop {
            n if step.now && n > 0 => format!("stop old, {n} left"),
            _ => "stop old".into(),
        },
    }
}

/// What goes on now, in as few words as a list has room for; the state's own word where no step says more.
pub(crate) fn now(d: &Deployment, cx: &Cx<'_>) -> Option<String> {
    if d.strategy == Strategy::Rolling || d.state.is_bad() {
        return None;
    }
    let step = d.steps(cx.now).into_iter().find(|s| s.now)?;
    Some(match (step.kind, d.bake_left(cx.now)) {
        (StepKind::Bake, Some(left)) => format!("bake {}", duration(left)),
        (StepKind::Start, _) => d.state.word().into(),
        (StepKind::Drain, _) => "stop old".into(),
        _ => word(d, step, cx),
    })
}

fn is_done(d: &Deployment, cx: &Cx<'_>) -> bool {
    progress(d, cx).is_some_and(|share| share >= DONE)
}

/// Share of it that is done, as far as the health of what it started is known; `None` where nobody can say.
pub(crate) fn progress(d: &Deployment, cx: &Cx<'_>) -> Option<f64> {
    cx.snapshot.facts.as_checked(d, cx.now).progress(cx.now)
}

/// How many tasks of what takes over fail their check.
fn unhealthy(d: &Deployment, cx: &Cx<'_>) -> u32 {
    unproven(d, cx).map_or(0, |c| c.unhealthy)
}

/// How long a running deployment has to go, as far as anything tells.
pub(crate) fn estimate(d: &Deployment, cx: &Cx<'_>) -> Option<Estimate> {
    // All of its steps are done: that it is over is all that ECS has still to say.
    if is_done(d, cx) {
        return None;
    }
    // How long others took says nothing of one whose tasks fail.
    if unhealthy(d, cx) > 0 {
        return None;
    }
    let last = cx.snapshot.facts.last_run_of(d);
    d.estimate(cx.now, last)
}

/// The same in words; with what it is known by where there is room.
pub(super) fn to_go(d: &Deployment, cx: &Cx<'_>) -> String {
    let wide = cx.body.width >= 100;
    let by = |words: String| if wide { words } else { String::new() };
    match estimate(d, cx) {
        Some(Estimate::LastRun { seconds, took }) => {
            let by = by(format!(": the last took {}", duration(took)));
            format!("about {} to go{by}", duration(seconds))
        }
        Some(Estimate::SoFar { seconds }) => {
            let by = by(" at this pace".into());
            format!("about {} to go{by}", duration(seconds))
        }
        Some(Estimate::BakeTime { seconds } | Estimate::Waits { seconds }) => {
            format!("at least {} to go", duration(seconds))
        }
        Some(Estimate::Overdue { took }) => format!("the last took {}", duration(took)),
        // That it is not known, and why, stands with the steps.
        None if is_done(d, cx) || d.untold(cx.now).is_some() => String::new(),
        None if d.state.is_running() && unhealthy(d, cx) > 0 => {
            format!("no estimate{}", by(": its tasks fail their check".into()))
        }
        None if d.state.is_running() && !d.state.is_bad() => {
            format!("no estimate{}", by(": no earlier run is known".into()))
        }
        None => String::new(),
    }
}
