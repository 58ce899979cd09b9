//! Slack: alerts can arrive.

use super::Probe;
use super::judgement::{Judgement, Verdict};
use super::look::Look;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "slack.reachable",
    question: "does Slack know us, and are we in the channel that alerts go to?",
    params: &[],
    judge: reachable,
}];

fn reachable(look: &Look<'_>) -> Verdict {
    look.configured("slack")?;
    let seen = look.fresh(&look.facts.estate.slack, "Slack")?;
    let team = seen.value;
    let channel = team.alerts_to.as_deref();
    let found = channel.and_then(|name| team.channels.iter().find(|c| c.name == name));
    let (ok, answer) = match (channel, found) {
        (None, _) => (false, "no channel for alerts is configured".to_owned()),
        (Some(name), None) => (false, format!("#{name} cannot be seen in {}", team.team)),
        (Some(name), Some(c)) if !c.is_member => {
            (false, format!("{} is not in #{name}", team.user))
        }
        (Some(name), Some(_)) => (
            true,
            format!("{} is in #{name} of {}", team.user, team.team),
        ),
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer,
        seen.at,
    ))
}
