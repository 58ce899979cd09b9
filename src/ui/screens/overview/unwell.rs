//! Services among what burns: how bad each is here, and its line.

use super::doubt;
use super::panels::{Room, Spans, burning_head};
use crate::domain::deployment::Deployment;
use crate::domain::facts::Facts;
use crate::domain::service::{Service, ServiceHealth};
use crate::domain::text::clip_middle;
use crate::ui::screens::Cx;

/// What nobody knows stands below everything that burns: first what was bad, then what was well.
pub(super) const DOUBTFUL: u8 = 5;
const UNTOLD: u8 = 6;

/// What is wrong in another environment stands below all that is wrong in this one.
const ELSEWHERE: u8 = 4;

/// The place of a service among what burns, the worst first; `None` for one that does not. Another environment's is its own affair:
/// it is never worse here than a warning.
pub(super) fn rank(s: &Service, facts: &Facts) -> Option<u8> {
    // Asked of those alone that are not well: there may be thousands that are.
    let is_elsewhere = || facts.is_elsewhere(&s.id);
    Some(match facts.condition_of(s) {
        // What a person stops did not fail, and stands among what moves.
        ServiceHealth::Failed if facts.is_being_stopped(&s.id) => return None,
        ServiceHealth::Unknown if facts.is_lost(s) => DOUBTFUL,
        ServiceHealth::Unknown => UNTOLD,
        ServiceHealth::Down
        | ServiceHealth::Failed
        | ServiceHealth::RollingBack
        | ServiceHealth::Unserved
        | ServiceHealth::Degraded
            if is_elsewhere() =>
        {
            ELSEWHERE
        }
        ServiceHealth::Down => 0,
        ServiceHealth::Failed | ServiceHealth::RollingBack => 1,
        ServiceHealth::Unserved if facts.is_gone(s) => 0,
        ServiceHealth::Unserved => 2,
        ServiceHealth::Degraded => 3,
        _ => return None,
    })
}

/// Whether nobody knows how a service is: beside it nothing can be called well.
fn is_doubtful(s: &Service, facts: &Facts) -> bool {
    facts.condition_of(s) == ServiceHealth::Unknown
}

/// How many of a service's tasks run, or what its targets say.
pub(super) fn counts(s: &Service, cx: &Cx<'_>) -> String {
    let facts = &cx.snapshot.facts;
    let (runs, wants) = (s.answering().running, s.answering().desired);
    let counts = match facts.condition_of(s) {
        ServiceHealth::RollingBack => facts.turning_words(s).unwrap_or_default(),
        _ if s.health() == ServiceHealth::Unserved => {
            return "scaled to 0: nothing runs".to_owned();
        }
        _ => {
            let doubt = || s.doubt().filter(|_| is_doubtful(s, facts));
            let why = facts.unhealthy_words(s).or_else(doubt);
            why.unwrap_or_else(|| format!("{runs} of {wants} tasks run"))
        }
    };
    match is_warning(s, facts) {
        // The head says how bad that is here.
        true => format!("{}: {counts}", facts.condition_of(s).word()),
        false => counts,
    }
}

/// Whether another environment's service is not well in a word of its own.
fn is_warning(s: &Service, facts: &Facts) -> bool {
    use ServiceHealth::{Degraded, Down, Failed, RollingBack};
    matches!(
        facts.condition_of(s),
        Degraded | Down | Failed | RollingBack
    ) && facts.is_elsewhere(&s.id)
}

/// A service that is not well: how many tasks run, and why its rollout failed.
pub(super) fn line(s: &Service, cx: &Cx<'_>, room: Room) -> Spans {
    let t = cx.theme;
    let facts = &cx.snapshot.facts;
    let goes_back = facts.condition_of(s) == ServiceHealth::RollingBack;
    // What goes back says itself why.
    let failed = s.failure_words().filter(|_| !goes_back);
    let since = match goes_back {
        true => facts.turning_back(&s.id).and_then(|d| d.rollback_since),
        false => None,
    };
    let since = since.or_else(|| s.failed_rollout().and_then(|r| r.updated_at));
    let since = since.or_else(|| facts.unserved_since(s));
    let unserved = s.health() == ServiceHealth::Unserved && !goes_back;
    let is_doubtful = is_doubtful(s, facts);
    let (sign, word, style) = match unserved {
        _ if is_doubtful => ("?", "unknown", t.stale),
        true if facts.is_gone(s) => ("▲", "DOWN", t.critical),
        true => ("■", "WARN", t.warn),
        false if is_warning(s, facts) => ("■", "WARN", t.warn),
        false => ("■", facts.condition_of(s).word(), t.critical),
    };
    let mut spans = burning_head(sign, word, style, since, room.times, cx);
    let (name, name_width) = (s.id.to_string(), room.name());
    if failed.is_some() || goes_back {
        // Why it failed is longer than a column.
        spans.push((format!("{name}  "), t.strong));
    } else {
        spans.push((
            format!("{:<name_width$} ", clip_middle(&name, name_width)),
            t.strong,
        ));
    }
    spans.push((counts(s, cx), t.text));
    if let Some(why) = failed {
        spans.push((format!("; {why}"), t.warn));
    }
    doubt::dulled(spans, is_doubtful, t.stale)
}

/// The newest rollout of a service that ended badly: what runs by now may be well, and what was to be out is not.
pub(super) fn turned_back(d: &Deployment, room: Room, cx: &Cx<'_>) -> Spans {
    let t = cx.theme;
    let word = ServiceHealth::Degraded.word();
    let mut spans = burning_head("■", word, t.critical, d.turned_back_at(), room.times, cx);
    let to = d.to.as_ref();
    let what = to.map_or_else(
        || "the rollout".into(),
        |r| format!(":{}", r.revision.number),
    );
    let why = d.trouble().unwrap_or_default();
    spans.extend([
        (format!("{}  ", d.service), t.strong),
        (format!("{what} {}", d.state.word()), t.critical),
        (format!(": {why}"), t.warn),
    ]);
    spans
}
