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
    if let (Some(name), None, true) = (channel, found, team.cut) {
        return Err(Judgement::unknown(format!(
            "#{name} is not among the first {} channels of {}, and there are more",
            team.channels.len(),
            team.team
        )));
    }
    if let (Some(name), None, Some(scope)) = (channel, found, &team.lacks) {
        return Err(Judgement::unknown(format!(
            "#{name} is not among the public channels of {}, and the token lacks {scope} for private ones",
            team.team
        )));
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::facts::Facts;
    use crate::domain::slack::{Channel, Workspace};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, judged};

    #[test]
    fn a_channel_that_is_not_among_those_read_is_missing_only_where_all_were() {
        let state_of = |name: &str, cut, lacks: Option<&str>| {
            let mut facts = Facts::default();
            facts.estate.slack = testing::part(Arc::new(Workspace {
                team: "Laser".into(),
                user: "deck".into(),
                url: String::new(),
                channels: vec![Channel {
                    id: "C1".into(),
                    name: "ops".into(),
                    is_member: true,
                }],
                cut,
                lacks: lacks.map(str::to_owned),
                alerts_to: Some(name.into()),
            }));
            judged("slack.reachable", &facts).state
        };
        let state = |name: &str, cut| state_of(name, cut, None);
        assert_eq!(state("ops", true), Proved);
        assert_eq!(state("alerts", false), Failing);
        assert_eq!(state("alerts", true), Unknown);
        let private = Some("groups:read");
        assert_eq!(state_of("ops", false, private), Proved);
        assert_eq!(state_of("alerts", false, private), Unknown, "a private one");
    }
}
