//! Slack: who we are there, and whether alerts can arrive.

use jiff::Timestamp;

use super::{Cell, Group, Head, Section, Tone, View};
use crate::domain::facts::Facts;

pub(super) const VIEW: View = View {
    id: "slack",
    title: "Slack",
    doc: "The team, and the channels that alerts can reach",
    group: Group::People,
    lines: &["slack"],
    needs: &["slack"],
    make,
};

const HEADS: &[Head] = &[
    Head::left("channel", 20).grow(2),
    Head::left("member", 8),
    Head::left("alerts", 12).grow(1),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.slack;
    let empty = "No channels: invite the bot to the one that alerts go to.";
    let mut section = Section::of(part, now, "channels", "Channels", HEADS, empty);
    let Some(team) = &part.value else {
        return vec![section];
    };
    section.note(
        format!("{} as {} ({})", team.team, team.user, team.url),
        Tone::Plain,
    );
    for c in &team.channels {
        let alerts = team.alerts_to.as_deref() == Some(c.name.as_str());
        let cells = vec![
            Cell::name(format!("#{}", c.name)),
            Cell::new(
                if c.is_member { "yes" } else { "no" },
                Tone::fine(c.is_member || !alerts),
            ),
            Cell::plain(if alerts { "alerts go here" } else { "" }),
        ];
        section.row(&c.id, cells, c);
    }
    match &team.alerts_to {
        Some(name) if !team.channels.iter().any(|c| &c.name == name) => {
            section.note(
                format!("the channel #{name}, to which alerts go, cannot be seen"),
                Tone::Bad,
            );
        }
        None => section.note(
            "no channel for alerts is configured: set channel in [slack]",
            Tone::Warn,
        ),
        _ => {}
    }
    vec![section]
}
