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
