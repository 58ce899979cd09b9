//! An action said with its service: `restart pdf`, `roll back prod/api`. Made as it is typed, for every action on every service
//! would be thousands of rows that nobody asked for.

use std::sync::Arc;

use super::{Entry, Target};
use crate::domain::facts::Facts;
use crate::domain::service::{Service, image_tag};
use crate::ui::commands::Command;
use crate::ui::fuzzy;
use crate::ui::screens::services::acts::{self, ACTS};

/// The fewest letters that an action is told by.
const LETTERS: usize = 3;

/// An action on one service.
pub(super) fn on(facts: &Facts, command: Command, s: &Arc<Service>, name: String) -> Entry {
    let image = facts
        .task_definition(s)
        .and_then(|d| d.main_container(None));
    let image = image.map_or(String::new(), |c| format!(" · {}", image_tag(&c.image)));
    let (health, counts) = (facts.health_of(s).word(), s.answering());
    Entry {
        kind: "service",
        name,
        doc: format!(
            "{health} · {} of {} run{image}",
            counts.running, counts.desired
        ),
        key: String::new(),
        disabled: acts::refused(command, s, facts),
        mutates: true,
        target: Target::Act(command, s.id.clone()),
    }
}

/// The action that a text begins with, and what is said behind it.
fn heard(text: &str) -> Option<(Command, &str)> {
    let told = |said: &str, name: &str| said.len() >= LETTERS && name.starts_with(said);
    ACTS.iter().find_map(|command| {
        let (name, short) = (command.name(), command.short());
        let (word, rest) = text.split_once(' ')?;
        // Of a name in two words, both may be said.
        if let Some((first, second)) = short.split_once(' ')
            && let Some((next, rest)) = rest.trim_start().split_once(' ')
            && word == first
            && told(next, second)
        {
            return Some((*command, rest));
        }
        told(word, name).then_some((*command, rest))
    })
}

/// The actions that a text names together with a service, best first.
pub(super) fn entries(facts: &Facts, text: &str) -> Vec<Entry> {
    let text = text.trim_start().to_lowercase();
    let Some((command, rest)) = heard(&text) else {
        return Vec::new();
    };
    let rest = rest.trim();
    let services = facts.service_rows();
    if rest.is_empty() {
        return Vec::new();
    }
    let found = fuzzy::sift(
        services.iter(),
        rest,
        |s| s.id.to_string(),
        |_| String::new(),
    );
    let row = |s: &Arc<Service>| on(facts, command, s, format!("{} {}", command.short(), s.id));
    found
        .into_iter()
        .filter_map(|i| services.get(i).map(row))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_heard_by_its_name_or_the_start_of_it() {
        for (text, command, rest) in [
            ("restart pdf", Command::Restart, "pdf"),
            ("res pdf", Command::Restart, "pdf"),
            ("deploy laser-dev/api", Command::Deploy, "laser-dev/api"),
            ("rollback api", Command::Rollback, "api"),
            ("roll back api", Command::Rollback, "api"),
            ("roll api", Command::Rollback, "api"),
            ("stop api", Command::Stop, "api"),
        ] {
            assert_eq!(heard(text), Some((command, rest)), "{text}");
        }
        for text in ["restart", "re pdf", "api restart", "logs api", ""] {
            assert_eq!(heard(text), None, "{text}");
        }
    }
}
