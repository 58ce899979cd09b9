//! Which variables are set where: those of services, and those of Vercel's projects. Values are not shown: the sets of names are
//! what drifts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::env_of;
use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::present::{Cell, Found, Head, Section, Tone};

const OF_SERVICES: &[Head] = &[
    Head::left("variable", 20).grow(2),
    Head::left("production", 12).grow(1),
    Head::left("staging", 12).grow(1),
    Head::left("development", 12).grow(1),
    Head::left("drift", 18).grow(2),
];

/// Vercel has environments of its own.
const OF_VERCEL: &[Head] = &[
    Head::left("variable", 24).grow(2),
    Head::left("production", 10).grow(1),
    Head::left("preview", 8).grow(1),
    Head::left("development", 11).grow(1),
    Head::left("drift", 18).grow(2),
];

/// Where Vercel sets variables.
const TARGETS: [&str; 3] = ["production", "preview", "development"];

/// Names of services by environment.
type Places<'a> = BTreeMap<Env, BTreeSet<&'a str>>;

/// Which services set a variable in which environment.
pub(super) fn of_services(facts: &Facts, now: Timestamp) -> Section {
    let empty = "No variables: no task definition sets any.";
    let part = &facts.task_definitions;
    let title = "Variables of services";
    let mut section = Section::of(part, now, "variables", title, OF_SERVICES, empty);
    let mut all: BTreeMap<&str, Places<'_>> = BTreeMap::new();
    let mut runs: Places<'_> = BTreeMap::new();
    for s in facts.service_rows() {
        let Some(d) = facts.task_definition(s) else {
            continue;
        };
        let env = env_of(s, facts);
        runs.entry(env).or_default().insert(&s.id.name);
        for c in &d.containers {
            for (name, _) in c.environment.iter().chain(&c.secrets) {
                let places = all.entry(name).or_default();
                places.entry(env).or_default().insert(&s.id.name);
            }
        }
    }
    for (name, places) in &all {
        let drift = drift(places, &runs);
        let mut cells = vec![Cell::name(name)];
        cells.extend(Env::ALL.map(|env| match places.get(&env) {
            Some(services) => Cell::plain(joined(services)),
            None => Cell::muted("-"),
        }));
        // What development alone sets is on its way; what others lack is forgotten sooner or later.
        let tone = match places.keys().collect::<Vec<_>>().as_slice() {
            [Env::Development] => Tone::Info,
            _ => Tone::Warn,
        };
        cells.push(Cell::maybe(drift.as_deref(), tone));
        let thing = serde_json::json!({
            "name": name,
            "production": places.get(&Env::Production),
            "staging": places.get(&Env::Staging),
            "development": places.get(&Env::Development),
            "drift": drift,
        });
        section.row(*name, cells, &thing);
        section.found(Found::all(&is(drift.as_deref())));
    }
    section
}

/// A drift as a phrase.
fn is(drift: Option<&str>) -> Vec<String> {
    drift.map(|d| format!("is {d}")).into_iter().collect()
}

fn joined(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

/// Where a variable is missing that another environment sets for the same service.
fn drift(places: &Places<'_>, runs: &Places<'_>) -> Option<String> {
    let none = BTreeSet::new();
    let anywhere: BTreeSet<&str> = places.values().flatten().copied().collect();
    let words = Env::ALL.into_iter().filter_map(|env| {
        let here = runs.get(&env).unwrap_or(&none);
        let set = places.get(&env).unwrap_or(&none);
        // Only a service that runs here can lack it here.
        let lacking: BTreeSet<&str> = anywhere
            .iter()
            .copied()
            .filter(|s| here.contains(s) && !set.contains(s))
            .collect();
        (!lacking.is_empty()).then(|| format!("not in {}: {}", env.word(), joined(&lacking)))
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// Which projects of Vercel set a variable for which of its environments.
pub(super) fn of_vercel(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.vercel_settings;
    let empty = "No variables: no project of Vercel sets any.";
    let title = "Variables of Vercel";
    let mut section = Section::of(part, now, "vercel_variables", title, OF_VERCEL, empty);
    for settings in part.value.iter().flat_map(|all| all.iter()) {
        let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for v in &settings.variables {
            let targets = all.entry(&v.name).or_default();
            targets.extend(v.targets.iter().map(String::as_str));
        }
        for (name, targets) in &all {
            let missing: Vec<&str> = TARGETS
                .into_iter()
                .filter(|t| !targets.contains(t))
                .collect();
            let drift = (!missing.is_empty()).then(|| format!("not in {}", missing.join(", ")));
            let id = format!("{}/{name}", settings.project);
            // Development is a person's own machine: what it lacks harms nobody but that person.
            let tone = match missing.as_slice() {
                ["development"] => Tone::Info,
                _ => Tone::Warn,
            };
            let mut cells = vec![Cell::name(&id)];
            cells.extend(TARGETS.map(|t| match targets.contains(t) {
                true => Cell::plain("set"),
                false => Cell::muted("-"),
            }));
            cells.push(Cell::maybe(drift.as_deref(), tone));
            let thing = serde_json::json!({
                "project": settings.project, "name": name, "targets": targets, "drift": drift,
            });
            section.row(id, cells, &thing);
            section.found(Found::all(&is(drift.as_deref())));
        }
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_lacks_a_variable_only_where_it_runs() {
        let set = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
        let runs = Places::from([
            (Env::Production, set(&["api", "admin"])),
            (Env::Staging, set(&["api"])),
            (Env::Development, set(&["api"])),
        ]);
        let everywhere = Places::from([
            (Env::Production, set(&["api", "admin"])),
            (Env::Staging, set(&["api"])),
            (Env::Development, set(&["api"])),
        ]);
        assert_eq!(
            drift(&everywhere, &runs),
            None,
            "admin runs in production alone"
        );
        let new = Places::from([(Env::Development, set(&["api"]))]);
        assert_eq!(
            drift(&new, &runs).as_deref(),
            Some("not in production: api; not in staging: api")
        );
    }
}
