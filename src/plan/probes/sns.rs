//! SNS: somebody hears of every topic, and every topic that alarms notify exists.

use super::judgement::{Findings, Verdict};
use super::look::Look;
use super::{Probe, words};

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "sns.subscribed",
    question: "does somebody hear of every topic, and of every topic that an alarm notifies?",
    params: &[words("except", "")],
    judge: subscribed,
}];

fn subscribed(look: &Look<'_>) -> Verdict {
    look.configured("sns")?;
    let seen = look.fresh(&look.facts.estate.topics, "the topics")?;
    let mut found = Findings::new("topic", look.question(seen.source), seen.at);
    for t in seen
        .value
        .iter()
        .filter(|t| !look.words("except").any(|e| e == t.name))
    {
        match (t.confirmed(), t.pending()) {
            (0, 0) => found.bad(&t.name, "nobody hears of it"),
            (0, n) => found.bad(&t.name, format!("nobody hears of it: {n} not confirmed")),
            (n, _) => found.good(&t.name, &format!("heard by {n}")),
        }
    }
    let alarms = look.fresh(&look.facts.alarms, "the alarms")?;
    let mut notified: Vec<&str> = alarms
        .value
        .iter()
        .flat_map(|a| &a.actions)
        .map(String::as_str)
        .collect();
    notified.retain(|arn| arn.split(':').nth(2) == Some("sns"));
    notified.sort_unstable();
    notified.dedup();
    for arn in notified {
        // A topic of another account or region cannot be seen from here.
        let here = seen
            .value
            .first()
            .is_none_or(|t| place(&t.arn) == place(arn));
        if here && !seen.value.iter().any(|t| t.arn == arn) {
            found.bad(arn, "alarms notify it, and it does not exist");
        }
    }
    Ok(found.verdict())
}

/// Region and account of an ARN.
fn place(arn: &str) -> (Option<&str>, Option<&str>) {
    let mut parts = arn.split(':').skip(3);
    (parts.next(), parts.next())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::facts::Facts;
    use crate::domain::topic::{Subscription, Topic};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, judged};

    fn topic(name: &str, confirmed: &[bool]) -> Topic {
        Topic {
            arn: format!("arn:aws:sns:home:1:{name}"),
            name: name.into(),
            display: String::new(),
            key: None,
            subscriptions: confirmed
                .iter()
                .map(|confirmed| Subscription {
                    protocol: "email".into(),
                    endpoint: "a...@laser.example".into(),
                    confirmed: *confirmed,
                })
                .collect(),
        }
    }

    fn facts(topics: Vec<Topic>) -> Facts {
        let mut facts = Facts {
            alarms: testing::part(Arc::default()),
            ..Facts::default()
        };
        facts.estate.topics = testing::part(Arc::new(topics));
        facts
    }

    #[test]
    fn somebody_hears_of_every_topic() {
        let call = "sns.subscribed";
        assert_eq!(
            judged(call, &facts(vec![topic("a", &[true, false])])).state,
            Proved
        );
        let silent = facts(vec![topic("a", &[true]), topic("b", &[false])]);
        let got = judged(call, &silent);
        assert_eq!(
            (got.state, got.reason.as_str()),
            (Failing, "b: nobody hears of it: 1 not confirmed")
        );
        assert_eq!(judged("sns.subscribed except=b", &silent).state, Proved);
    }

    #[test]
    fn without_topics_or_alarms_nothing_is_known() {
        assert_eq!(judged("sns.subscribed", &facts(Vec::new())).state, Unknown);
        assert_eq!(judged("sns.subscribed", &Facts::default()).state, Unknown);
        let mut unasked = facts(vec![topic("a", &[true])]);
        unasked.alarms = crate::domain::part::Part::default();
        assert_eq!(judged("sns.subscribed", &unasked).state, Unknown);
    }
}
