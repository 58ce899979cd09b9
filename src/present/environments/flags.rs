//! Feature flags in each environment.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::side_by_side;
use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::flag::Flag;
use crate::present::words::count;
use crate::present::{Cell, Head, Section, Tone};

const FLAGS: &[Head] = &[
    Head::left("flag", 20).grow(1),
    Head::left("production", 10).grow(1),
    Head::left("staging", 10).grow(1),
    Head::left("development", 11).grow(1),
    Head::left("drift", 18).grow(2),
];

/// What a flag says in each environment. Environments of AppConfig tell by the words of their names.
pub(super) fn flags(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.flags;
    let none = "No feature flags: AppConfig has none in this region.";
    let mut section = Section::of(part, now, "flags", "Flags", FLAGS, none);
    let Some(all) = part.value.as_deref() else {
        return section;
    };
    let strangers = all.environments.iter().filter(|e| Env::named(e).is_none());
    let strangers: Vec<&str> = strangers.map(String::as_str).collect();
    if !strangers.is_empty() {
        let words = format!(
            "not shown, for their names tell no environment: {}",
            strangers.join(", ")
        );
        section.note(words, Tone::Muted);
    }
    let mut apart = 0;
    for flag in &all.flags {
        let (cells, drift, cell) = side_by_side(&values(flag), |env, value, production| {
            let words = format!("{} {value}, production {production}", env.word());
            Some((words, Tone::Info))
        });
        apart += usize::from(drift.is_some());
        let mut row = vec![Cell::name(&flag.key)];
        row.extend(cells);
        row.push(cell);
        let id = format!("{}/{}/{}", flag.application, flag.profile, flag.key);
        let thing = serde_json::json!({
            "application": flag.application, "profile": flag.profile, "key": flag.key,
            "environments": flag.environments, "drift": drift,
        });
        section.row(id, row, &thing);
    }
    if apart > 0 {
        let words = format!("{} not the same everywhere", count(apart, "flag"));
        section.note(words, Tone::Info);
    }
    section
}

/// What a flag says where; environments of the same kind that differ are named.
fn values(flag: &Flag) -> BTreeMap<Env, String> {
    let mut found: BTreeMap<Env, Vec<(&str, String)>> = BTreeMap::new();
    for (name, state) in &flag.environments {
        if let Some(env) = Env::named(name) {
            let words = crate::present::flags::state(state);
            found.entry(env).or_default().push((name, words));
        }
    }
    let told = |all: Vec<(&str, String)>| {
        let first = all.first().map(|(_, v)| v.clone()).unwrap_or_default();
        if all.iter().all(|(_, v)| *v == first) {
            return first;
        }
        let each = all.iter().map(|(name, value)| format!("{name} {value}"));
        each.collect::<Vec<_>>().join(", ")
    };
    found
        .into_iter()
        .map(|(env, all)| (env, told(all)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::flag::{FlagState, FlagValue};

    #[test]
    fn flags_stand_by_environment_and_kinds_that_differ_name_themselves() {
        let state = |value| FlagState {
            value,
            coming: None,
            version: None,
        };
        let flag = Flag {
            application: "laser".into(),
            profile: "flags".into(),
            key: "pdf-v2".into(),
            name: String::new(),
            about: String::new(),
            deprecated: false,
            environments: [
                ("prod-eu".to_owned(), state(FlagValue::On)),
                ("prod-us".to_owned(), state(FlagValue::Off)),
                ("staging".to_owned(), state(FlagValue::On)),
                ("blue".to_owned(), state(FlagValue::On)),
            ]
            .into(),
        };
        let found = values(&flag);
        assert_eq!(found[&Env::Production], "prod-eu on, prod-us off");
        assert_eq!(found[&Env::Staging], "on");
        assert_eq!(found.len(), 2);
    }
}
