//! The line of an action of ours among what moves: what it changes and how far it is, from its first call until it is recorded.

use super::moving::{ELAPSED, move_line, named, of_deployment, of_scaling, titled};
use super::panels::Spans;
use crate::domain::action::{Intent, Phase, Run};
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::service::ServiceId;
use crate::ui::screens::Cx;
use crate::ui::widgets::duration;

/// The line, and what is to be said below it.
type Told = (Spans, Option<String>);

pub(super) fn of_run(r: &Run, room: u16, cx: &Cx<'_>) -> Told {
    let (mut spans, trouble) = told(r, room, cx);
    let Some(silence) = &r.silent else {
        return (spans, trouble);
    };
    // Whatever was last heard of it, nobody drives it on at present.
    if let Some(word) = spans.get_mut(ELAPSED - 1) {
        *word = (format!("{:<12} ", "silent"), cx.theme.warn);
    }
    let read_only = cx.snapshot.facts.read_only;
    (spans, Some(silence.words(cx.now, read_only)))
}

fn told(r: &Run, room: u16, cx: &Cx<'_>) -> Told {
    let elapsed = duration(cx.now.duration_since(r.started_at).as_secs());
    let facts = &cx.snapshot.facts;
    let followed = facts.deployment_of(r).or_else(|| facts.brought_back_by(r));
    // While the vendor works, its own words say more than that we follow it.
    if let Some(d) = followed.filter(|d| r.phase == Phase::Follow && d.state.is_running()) {
        let (mut spans, trouble) = of_deployment(d, room, cx);
        if let Some(time) = spans.get_mut(ELAPSED) {
            time.0 = elapsed;
        }
        return (spans, trouble);
    }
    if let (Intent::Scale { service, .. }, Phase::Follow) = (&r.intent, r.phase)
        && let Some(s) = facts.service(service)
        && let Some(spans) = of_scaling(s, room, cx)
    {
        return (spans, None);
    }
    // It is looked at whether what ECS has done holds.
    if let Some(d) = followed.filter(|d| !d.state.is_running()) {
        return of_ended(r, d, &elapsed, room, cx);
    }
    let title = match r.intent.service() {
        Some(service) => title(r, service, room, cx),
        None => r.title.clone(),
    };
    let (ratio, counts) = how_far(r, cx);
    let spans = move_line(&title, r.phase.word(), ratio, counts, &elapsed, room, cx);
    (spans, None)
}

/// What it is done to before all else, for that has room everywhere: `api → :43`, `api restart`, `auth 2→4`.
fn title(r: &Run, service: &ServiceId, room: u16, cx: &Cx<'_>) -> String {
    let name = cx.snapshot.facts.name_of(service);
    let rest = match (&r.intent, r.scaled_from, &r.brings) {
        // From how many tasks to how many counts for more than that it is a scale, which has no room.
        (Intent::Scale { desired, .. }, Some(from), _) => format!(" {from}→{desired}"),
        (Intent::Restart { .. }, ..) | (_, _, None) => format!(" {}", r.intent.verb()),
        (_, _, Some(to)) => format!(" → :{}", to.number),
    };
    named(&name, rest, room)
}

/// What ECS has ended, and is looked at, or will be with the next answer.
fn of_ended(r: &Run, d: &Deployment, elapsed: &str, room: u16, cx: &Cx<'_>) -> Told {
    // What is stopped ends badly, and that is what was wanted.
    let stops = match &r.intent {
        Intent::Stop { .. } => true,
        Intent::Rollback { .. } => r.brings.is_none(),
        _ => false,
    };
    let back =
        d.state == DeploymentState::RolledBack && d.source == DeploymentSource::ServiceDeployments;
    let (way, side) = match back && stops {
        // As it was told while it went back.
        true => {
            let back = d.way_back();
            let gone = d.to.as_ref().map(|to| to.revision.number);
            ((gone, back.map(|b| b.revision.number)), back)
        }
        false => (d.way(), d.to.as_ref()),
    };
    let title = titled(d, way, room, cx);
    if d.state.is_bad() && !stops {
        let spans = move_line(&title, d.state.word(), None, None, elapsed, room, cx);
        return (spans, d.trouble());
    }
    let counts = side.map(|s| s.counts.started());
    let counts = counts.filter(|(_, wanted)| *wanted > 0);
    let word = r.phase.word();
    let spans = move_line(&title, word, Some(1.0), counts, elapsed, room, cx);
    (spans, None)
}

/// How far an action is, and how many tasks of those wanted run; nothing where nobody tells. A scale is as far as its service is,
/// whatever step of its own it is at; anything else that is verified has been done.
fn how_far(r: &Run, cx: &Cx<'_>) -> (Option<f64>, Option<(u32, u32)>) {
    if let Some((done, all)) = r.progress.filter(|(_, all)| *all > 0) {
        return (Some(f64::from(done) / f64::from(all)), Some((done, all)));
    }
    let facts = &cx.snapshot.facts;
    let known = r.intent.service().and_then(|id| facts.service(id));
    let known = known.filter(|s| facts.is_service_fresh(&s.id, cx.now));
    let counts = known.map(|s| s.answering());
    let Intent::Scale { desired, .. } = &r.intent else {
        let counts = counts.map(|c| (c.running, c.desired));
        return match r.phase {
            Phase::Verify | Phase::Record => (Some(1.0), counts),
            _ => (None, None),
        };
    };
    let Some(runs) = counts.map(|c| c.running) else {
        return (None, None);
    };
    let ratio = r.scaled_from.filter(|from| from != desired).map(|from| {
        let way = f64::from(*desired) - f64::from(from);
        ((f64::from(runs) - f64::from(from)) / way).clamp(0.0, 1.0)
    });
    (ratio, Some((runs, *desired)))
}
