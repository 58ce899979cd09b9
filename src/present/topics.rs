//! Topics: who hears of them, and which alarms notify them.

use jiff::Timestamp;

use super::words::count;
use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::topic::Topic;

pub(super) const VIEW: View = View {
    id: "topics",
    title: "Topics",
    doc: "SNS topics: who hears of them, who has not confirmed, which alarms notify them",
    group: Group::People,
    lines: &["sns"],
    needs: &["topics", "alarms"],
    make: Make::Facts(make),
};

const HEADS: &[Head] = &[
    Head::left("topic", 22).grow(2),
    Head::left("shown as", 16).grow(1).drop(1),
    Head::right("heard by", 8),
    Head::right("pending", 8),
    Head::right("alarms", 7),
    Head::left("encrypted", 10).drop(2),
];
const SUBSCRIPTION_HEADS: &[Head] = &[
    Head::left("topic", 22).grow(1),
    Head::left("by", 9),
    Head::left("where", 24).grow(2),
    Head::left("confirmed", 10),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.topics;
    let all = part.value.as_deref().map_or(&[][..], Vec::as_slice);
    let empty = "No topics: SNS has none in this account and region.";
    let mut topics = Section::of(part, now, "topics", "Topics", HEADS, empty);
    let empty = "Nobody hears of any topic: `aws sns subscribe` makes the first one.";
    let mut heard = Section::of(
        part,
        now,
        "subscriptions",
        "Subscriptions",
        SUBSCRIPTION_HEADS,
        empty,
    );
    let alarms = |topic: &Topic| {
        facts
            .alarm_rows()
            .iter()
            .filter(|a| a.actions.contains(&topic.arn))
            .count()
    };
    for topic in all {
        let confirmed = topic.confirmed();
        let notified = alarms(topic);
        // A topic that alarms notify and nobody hears of is an alarm that nobody hears.
        let tone = match (confirmed, notified) {
            (0, 1..) => Tone::Bad,
            (0, 0) => Tone::Warn,
            _ => Tone::Plain,
        };
        let row = vec![
            Cell::name(&topic.name),
            Cell::muted(&topic.display),
            Cell::new(confirmed.to_string(), tone),
            Cell::new(
                topic.pending().to_string(),
                Tone::fine(topic.pending() == 0),
            ),
            Cell::plain(notified.to_string()),
            Cell::plain(if topic.key.is_some() { "yes" } else { "no" }),
        ];
        topics.row(&topic.arn, row, topic);
        for (n, s) in topic.subscriptions.iter().enumerate() {
            let row = vec![
                Cell::plain(&topic.name),
                Cell::plain(&s.protocol),
                Cell::name(&s.endpoint),
                Cell::on(s.confirmed),
            ];
            let thing = serde_json::json!({"topic": topic.name, "protocol": s.protocol, "endpoint": s.endpoint, "confirmed": s.confirmed});
            heard.row(format!("{}/{n}", topic.arn), row, &thing);
        }
    }
    let unheard = all.iter().filter(|t| t.confirmed() == 0).count();
    if unheard > 0 {
        topics.note(
            format!("{} that nobody hears of", count(unheard, "topic")),
            Tone::Warn,
        );
    }
    vec![topics, heard]
}
