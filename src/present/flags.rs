//! Feature flags by environment, and how configurations spread.

use jiff::Timestamp;

use super::words::count;
use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::flag::{Flag, FlagRollout, FlagState, FlagValue};

pub(super) const VIEW: View = View {
    id: "flags",
    title: "Feature flags",
    doc: "Flags of AppConfig in each environment, and the deployments that spread them",
    group: Group::Delivery,
    lines: &["appconfig"],
    needs: &["flags"],
    make: Make::Facts(make),
};

const FLAGS: &[Head] = &[
    Head::left("flag", 20).grow(2),
    Head::left("production", 14).grow(1),
    Head::left("others", 30).grow(3),
    Head::left("about", 20).grow(2).drop(1),
];
const ROLLOUTS: &[Head] = &[
    Head::left("environment", 12).grow(1),
    Head::left("profile", 10).grow(1),
    Head::right("version", 8),
    Head::left("state", 12),
    Head::right("spread", 7),
    Head::left("how", 22).grow(1),
    Head::right("began", 6),
    Head::right("ended", 6),
];

/// Deployments shown at most.
const SHOWN: usize = 30;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.flags;
    let none = "No feature flags: no profile of type AWS.AppConfig.FeatureFlags in this region.";
    let mut flags = Section::of(part, now, "flags", "Flags", FLAGS, none);
    let none = "Nothing was deployed with AppConfig.";
    let mut rollouts = Section::of(
        part,
        now,
        "rollouts",
        "Deployments of configurations",
        ROLLOUTS,
        none,
    );
    if let Some(all) = &part.value {
        let first = all
            .environments
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        for f in &all.flags {
            let id = format!("{}/{}/{}", f.application, f.profile, f.key);
            flags.row(id, flag_cells(f, &all.environments), f);
        }
        for words in &all.unread {
            flags.note(words, Tone::Unknown);
            rollouts.note(words, Tone::Unknown);
        }
        let open: Vec<&FlagRollout> = all.rollouts.iter().filter(|r| r.is_open()).collect();
        for r in &open {
            let words = format!(
                "{} goes to {} % of {}",
                version(r),
                r.percent,
                r.environment
            );
            flags.note(words, Tone::Info);
        }
        let apart = all.flags.iter().filter(|f| differs(f)).count();
        if apart > 0 {
            flags.note(
                format!("{} not the same everywhere", count(apart, "flag")),
                Tone::Plain,
            );
        }
        for r in all.rollouts.iter().take(SHOWN) {
            let id = format!("{}/{}/{}", r.application, r.environment, r.number);
            rollouts.row(id, rollout_cells(r, r.environment == first, now), r);
        }
    }
    vec![flags, rollouts]
}

fn version(r: &FlagRollout) -> String {
    format!("{} version {}", r.profile, r.version)
}

fn differs(f: &Flag) -> bool {
    let mut values = f.environments.values().map(|s| &s.value);
    let first = values.next();
    values.any(|v| Some(v) != first)
}

pub(super) fn state(s: &FlagState) -> String {
    match &s.coming {
        Some(coming) => format!("{} > {coming}", s.value),
        None => s.value.to_string(),
    }
}

fn tone(s: &FlagState) -> Tone {
    match (&s.coming, &s.value) {
        (Some(_), _) => Tone::Info,
        (None, FlagValue::On | FlagValue::Share { .. } | FlagValue::Rules) => Tone::Plain,
        (None, FlagValue::Off | FlagValue::Missing) => Tone::Muted,
    }
}

fn flag_cells(f: &Flag, environments: &[String]) -> Vec<Cell> {
    let (first, others) = match environments.split_first() {
        Some((first, others)) => (Some(first), others),
        None => (None, environments),
    };
    let first = first.and_then(|e| f.environments.get(e));
    let words: Vec<String> = others
        .iter()
        .filter_map(|e| Some(format!("{e} {}", state(f.environments.get(e)?))))
        .collect();
    let about = match f.deprecated {
        true => format!("to be removed {}", f.about),
        false => f.about.clone(),
    };
    vec![
        Cell::name(&f.key),
        first.map_or_else(|| Cell::muted("-"), |s| Cell::new(state(s), tone(s))),
        Cell::new(
            words.join(", "),
            if differs(f) { Tone::Info } else { Tone::Plain },
        ),
        Cell::muted(about.trim_end()),
    ]
}

fn rollout_cells(r: &FlagRollout, production: bool, now: Timestamp) -> Vec<Cell> {
    let tone = match r.state.as_str() {
        "COMPLETE" => Tone::Plain,
        _ if r.is_open() => Tone::Info,
        _ => Tone::Warn,
    };
    let how = match r.minutes {
        0 => "all at once".to_owned(),
        n => format!("over {n}m, then {}m", r.bake_minutes),
    };
    // What all users get at the same moment is no controlled rollout.
    let at_once = production && r.flags && r.minutes == 0;
    vec![
        Cell::name(&r.environment),
        Cell::plain(&r.profile),
        Cell::plain(&r.version),
        Cell::new(&r.state, tone),
        Cell::plain(format!("{} %", r.percent)),
        Cell::new(
            how,
            if at_once && r.is_open() {
                Tone::Warn
            } else {
                Tone::Plain
            },
        ),
        Cell::ago(r.started_at, now),
        Cell::ago(r.ended_at, now),
    ]
}
