//! Slack and the mail server: who we are there, and whether alerts can arrive.

use jiff::Timestamp;

use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;

pub(super) const VIEW: View = View {
    id: "slack",
    title: "Slack",
    doc: "The team and the channels that alerts can reach, and the mail server that they leave by",
    group: Group::People,
    lines: &["slack", "smtp"],
    needs: &["slack", "smtp"],
    make: Make::Facts(make),
};

const HEADS: &[Head] = &[
    Head::left("channel", 20).grow(2),
    Head::left("member", 8),
    Head::left("alerts", 12).grow(1),
];

const MAIL: &[Head] = &[
    Head::left("server", 24).grow(1),
    Head::left("way", 10),
    Head::left("greeting", 24).grow(2),
    Head::left("offers", 20).grow(2).drop(1),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let configured = |name: &str| {
        let found = facts.providers.iter().find(|p| p.name == name);
        found.is_some_and(|p| p.configured)
    };
    let (mail, slack) = (configured("smtp"), configured("slack"));
    let mut sections = Vec::new();
    if slack || !mail {
        sections.push(channels(facts, now));
    }
    if mail {
        sections.push(server(facts, now));
    }
    sections
}

/// The mail server, as it says of itself.
fn server(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.smtp;
    let empty = "Nothing known: set host in [smtp].";
    let mut section = Section::of(part, now, "mail", "Mail", MAIL, empty);
    if let Some(server) = &part.value {
        let way = match &server.tls {
            Some(version) => Cell::plain(version),
            None => Cell::new("in the clear", Tone::fine(server.is_protected())),
        };
        let cells = vec![
            Cell::name(&server.address),
            way,
            Cell::plain(&server.greeting),
            Cell::plain(server.offers.join(", ")),
        ];
        section.row(&server.address, cells, server.as_ref());
        if !server.is_protected() {
            section.note(
                "the mail server offers no STARTTLS: whoever listens reads the alerts",
                Tone::Warn,
            );
        }
    }
    section
}

fn channels(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.slack;
    let empty = "No channels: invite the bot to the one that alerts go to.";
    let mut section = Section::of(part, now, "channels", "Channels", HEADS, empty);
    let Some(team) = &part.value else {
        return section;
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
    if let Some(scope) = &team.lacks {
        section.note(
            format!("private channels are not read: the token lacks {scope}"),
            Tone::Unknown,
        );
    }
    if team.cut {
        section.note(
            format!(
                "only the first {} channels were read: there are more",
                team.channels.len()
            ),
            Tone::Unknown,
        );
    }
    match &team.alerts_to {
        Some(name) if !team.cut && !team.channels.iter().any(|c| &c.name == name) => {
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
    section
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::facts::ProviderHealth;
    use crate::domain::part::Part;
    use crate::domain::smtp::{MailServer, MailTls};

    fn facts(tls: Option<&str>, wanted: MailTls) -> Facts {
        let mut facts = Facts::default();
        facts.providers.push(ProviderHealth {
            name: "smtp".into(),
            last_ok: None,
            problem: None,
            next_try: None,
            calls_per_minute: 0,
            metered: None,
            latency_ms: None,
            clock_s: None,
            configured: true,
        });
        let server = MailServer {
            address: "mail.example:587".into(),
            greeting: "mail.example ESMTP".into(),
            wanted,
            tls: tls.map(str::to_owned),
            offers: vec!["SIZE 1000".into()],
        };
        let now = Timestamp::from_second(1_000).unwrap();
        let period = Duration::from_secs(300);
        facts.estate.smtp = Part::answered(Arc::new(server), now, "smtp:EHLO", period);
        facts
    }

    #[test]
    fn a_mail_server_in_the_clear_is_told_unless_it_was_meant() {
        let now = Timestamp::from_second(1_001).unwrap();
        for (tls, wanted, way, tone, notes) in [
            (
                Some("TLS 1.3"),
                MailTls::StartTls,
                "TLS 1.3",
                Tone::Plain,
                0,
            ),
            (
                None,
                MailTls::StartTls,
                "in the clear",
                Tone::fine(false),
                1,
            ),
            (None, MailTls::None, "in the clear", Tone::fine(true), 0),
        ] {
            let sections = make(&facts(tls, wanted), now);
            // Slack is not configured, and not in the way.
            assert_eq!(sections.len(), 1);
            let cell = &sections[0].rows[0].cells[1];
            assert_eq!((cell.text.as_str(), cell.tone), (way, tone));
            assert_eq!(sections[0].notes.len(), notes);
        }
    }
}
