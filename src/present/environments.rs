//! Production, staging and development side by side: which image and revision each service runs where, which variables are set
//! where, and what has drifted apart. Environments are told by the names of the clusters.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::words::count;
use super::{Cell, Group, Head, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::service::Service;

pub(super) const VIEW: View = View {
    id: "environments",
    title: "Environments",
    doc: "Production, staging and development side by side: images, variables, drift",
    group: Group::Delivery,
    lines: &[],
    needs: &["services", "definitions"],
    make,
};

/// An environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Env {
    Production,
    Staging,
    Development,
}

const ENVS: [Env; 3] = [Env::Production, Env::Staging, Env::Development];

/// Words in a cluster's name that tell its environment.
const WORDS: [(Env, &[&str]); 3] = [
    (Env::Production, &["production", "prod", "prd", "live"]),
    (Env::Staging, &["staging", "stage", "stg", "preprod", "uat"]),
    (
        Env::Development,
        &["development", "develop", "dev", "test", "sandbox"],
    ),
];

/// The environment of a cluster; one that does not say is production's, as the console's own guard has it.
fn env_of(cluster: &str) -> Env {
    let lower = cluster.to_lowercase();
    let mut parts = lower.split(|c: char| !c.is_alphanumeric());
    let known = |part: &str| {
        WORDS
            .iter()
            .find(|(_, words)| words.contains(&part))
            .map(|(env, _)| *env)
    };
    parts.find_map(known).unwrap_or(Env::Production)
}

const IMAGES: &[Head] = &[
    Head::left("service", 16).grow(1),
    Head::left("production", 14).grow(1),
    Head::left("staging", 14).grow(1),
    Head::left("development", 14).grow(1),
    Head::left("drift", 18).grow(2),
];

const VARIABLES: &[Head] = &[
    Head::left("variable", 24).grow(2),
    Head::left("production", 14).grow(1),
    Head::left("staging", 14).grow(1),
    Head::left("development", 14).grow(1),
    Head::left("drift", 18).grow(2),
];

/// What one environment runs of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Runs {
    image: String,
    revision: u32,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    production: Option<Runs>,
    staging: Option<Runs>,
    development: Option<Runs>,
    drift: Option<String>,
}

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    vec![images(facts, now), variables(facts, now)]
}

fn present(facts: &Facts) -> BTreeSet<Env> {
    let rows = facts.service_rows().iter();
    rows.map(|s| env_of(&s.id.cluster)).collect()
}

fn images(facts: &Facts, now: Timestamp) -> Section {
    let empty = "No services: ECS has none in this account and region.";
    let mut section = Section::of(
        &facts.services,
        now,
        "environments",
        "Images",
        IMAGES,
        empty,
    );
    let mut all: BTreeMap<&str, BTreeMap<Env, Runs>> = BTreeMap::new();
    for s in facts.service_rows().iter().filter(|s| s.status == "ACTIVE") {
        let entry = all.entry(&s.id.name).or_default();
        entry.insert(env_of(&s.id.cluster), runs(facts, s));
    }
    let there = present(facts);
    let missing: Vec<String> = ENVS
        .iter()
        .filter(|e| !there.contains(e))
        .map(|e| format!("{e:?}").to_lowercase())
        .collect();
    if section.standing.observed_at.is_some() && !missing.is_empty() {
        section.note(
            format!(
                "no cluster of this account is named for {}",
                missing.join(" or ")
            ),
            Tone::Muted,
        );
    }
    let ahead = all.values().filter(|row| drift(row).is_some()).count();
    if ahead > 0 {
        section.note(
            format!(
                "{} run another image in staging than in production",
                count(ahead, "service")
            ),
            Tone::Info,
        );
    }
    for (name, row) in &all {
        let of = |env| row.get(&env);
        let cell = |env| match of(env) {
            Some(r) => Cell::plain(format!("{} :{}", r.image, r.revision)),
            None => Cell::muted("-"),
        };
        let drifted = drift(row);
        let mut cells = vec![Cell::name(name)];
        cells.extend(ENVS.map(cell));
        cells.push(Cell::maybe(drifted.as_deref(), Tone::Info));
        let line = Line {
            name: (*name).to_owned(),
            production: of(Env::Production).cloned(),
            staging: of(Env::Staging).cloned(),
            development: of(Env::Development).cloned(),
            drift: drifted,
        };
        section.row(*name, cells, &line);
    }
    section
}

fn runs(facts: &Facts, s: &Service) -> Runs {
    let image = facts
        .task_definition(s)
        .and_then(|d| d.containers.first())
        .map_or_else(|| "?".to_owned(), |c| tag(&c.image).to_owned());
    Runs {
        image,
        revision: s.revision.number,
    }
}

/// The tag of an image reference, or its digest in short.
fn tag(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.rsplit_once(':') {
        Some((_, tag)) => tag
            .get(..12)
            .filter(|_| last.contains("@sha256"))
            .unwrap_or(tag),
        None => "latest",
    }
}

fn drift(row: &BTreeMap<Env, Runs>) -> Option<String> {
    let (p, s) = (row.get(&Env::Production)?, row.get(&Env::Staging)?);
    (p.image != s.image).then(|| format!("staging has {}, production {}", s.image, p.image))
}

/// Which services set a variable in which environment. Values are not shown: the sets of names are what drifts.
fn variables(facts: &Facts, now: Timestamp) -> Section {
    let empty = "No variables: no task definition sets any.";
    let mut section = Section::of(
        &facts.task_definitions,
        now,
        "variables",
        "Variables",
        VARIABLES,
        empty,
    );
    let mut all: BTreeMap<String, BTreeMap<Env, BTreeSet<&str>>> = BTreeMap::new();
    let mut shared: BTreeMap<&str, BTreeSet<Env>> = BTreeMap::new();
    for s in facts.service_rows() {
        let env = env_of(&s.id.cluster);
        shared.entry(&s.id.name).or_default().insert(env);
        let Some(d) = facts.task_definition(s) else {
            continue;
        };
        for name in d.containers.iter().flat_map(|c| {
            c.environment
                .iter()
                .map(|(n, _)| n)
                .chain(c.secrets.iter().map(|(n, _)| n))
        }) {
            all.entry(name.clone())
                .or_default()
                .entry(env)
                .or_default()
                .insert(&s.id.name);
        }
    }
    for (name, places) in &all {
        // Only a service that runs in both can lack a variable in one.
        let lacking = |here: Env, there: Env| -> Vec<&str> {
            let none = BTreeSet::new();
            let (has, lacks) = (
                places.get(&there).unwrap_or(&none),
                places.get(&here).unwrap_or(&none),
            );
            let runs_here = |s: &&&str| shared.get(**s).is_some_and(|envs| envs.contains(&here));
            has.iter()
                .filter(|s| !lacks.contains(**s))
                .filter(runs_here)
                .copied()
                .collect()
        };
        let (in_staging, in_production) = (
            lacking(Env::Staging, Env::Production),
            lacking(Env::Production, Env::Staging),
        );
        let drifted = match (in_production.as_slice(), in_staging.as_slice()) {
            ([], []) => None,
            ([], some) => Some(format!("not in staging: {}", some.join(", "))),
            (some, _) => Some(format!("not in production: {}", some.join(", "))),
        };
        let cell = |env| match places.get(&env) {
            Some(services) => Cell::plain(services.iter().copied().collect::<Vec<_>>().join(", ")),
            None => Cell::muted("-"),
        };
        let mut cells = vec![Cell::name(name)];
        cells.extend(ENVS.map(cell));
        cells.push(Cell::maybe(drifted.as_deref(), Tone::Warn));
        let thing = serde_json::json!({
            "name": name,
            "production": places.get(&Env::Production),
            "staging": places.get(&Env::Staging),
            "development": places.get(&Env::Development),
            "drift": drifted,
        });
        section.row(name, cells, &thing);
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_tell_their_environment_and_silence_means_production() {
        assert_eq!(env_of("laser-prod"), Env::Production);
        assert_eq!(env_of("laser-staging"), Env::Staging);
        assert_eq!(env_of("dev_cluster"), Env::Development);
        assert_eq!(env_of("default"), Env::Production);
        assert_eq!(env_of("product-live"), Env::Production);
    }

    #[test]
    fn tags_are_what_images_differ_by() {
        assert_eq!(tag("1.dkr.ecr.x.amazonaws.com/laser/api:1.8.2"), "1.8.2");
        assert_eq!(tag("localhost:5000/api"), "latest");
        assert_eq!(tag("api@sha256:0123456789abcdef"), "0123456789ab");
    }

    #[test]
    fn drift_is_between_what_both_run() {
        let runs = |image: &str| Runs {
            image: image.into(),
            revision: 1,
        };
        let mut row = BTreeMap::from([(Env::Production, runs("1"))]);
        assert_eq!(drift(&row), None);
        row.insert(Env::Staging, runs("2"));
        assert_eq!(drift(&row).as_deref(), Some("staging has 2, production 1"));
    }
}
