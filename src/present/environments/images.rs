//! Which image and revision each service runs where.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{env_of, side_by_side};
use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::service::{Service, image_tag};
use crate::present::words::count;
use crate::present::{Cell, Head, Section, Tone};

const IMAGES: &[Head] = &[
    Head::left("service", 12).grow(1),
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
struct Line<'a> {
    name: &'a str,
    production: Option<&'a Runs>,
    staging: Option<&'a Runs>,
    development: Option<&'a Runs>,
    drift: Option<String>,
}

pub(super) fn images(facts: &Facts, now: Timestamp) -> Section {
    let empty = "No services: ECS has none in this account and region.";
    let mut section = Section::of(&facts.services, now, "images", "Images", IMAGES, empty)
        .with(&facts.task_definitions, now);
    let mut all: BTreeMap<&str, BTreeMap<Env, Runs>> = BTreeMap::new();
    for s in facts.service_rows().iter().filter(|s| s.status == "ACTIVE") {
        let entry = all.entry(&s.id.name).or_default();
        entry.insert(env_of(s, facts), runs(facts, s));
    }
    let mut apart = 0;
    for (name, row) in &all {
        let tags = row.iter().map(|(env, r)| (*env, r.image.clone())).collect();
        let (cells, drift, told) = side_by_side(&tags, differs);
        apart += usize::from(drift.is_some());
        let numbered = Env::ALL
            .iter()
            .zip(cells)
            .map(|(env, cell)| match row.get(env) {
                Some(r) => Cell::new(format!("{} :{}", cell.text, r.revision), cell.tone),
                None => cell,
            });
        let line = Line {
            name,
            production: row.get(&Env::Production),
            staging: row.get(&Env::Staging),
            development: row.get(&Env::Development),
            drift,
        };
        let mut cells = vec![Cell::name(name)];
        cells.extend(numbered);
        cells.push(told);
        section.row(*name, cells, &line);
    }
    if apart > 0 {
        let words = format!("{} not the same everywhere", count(apart, "service"));
        section.note(words, Tone::Info);
    }
    section
}

/// How an image differs from production's. What comes next is ahead; what staging lacks went round it.
fn differs(env: Env, tag: &str, production: &str) -> Option<(String, Tone)> {
    // A revision that was not read yet differs from nothing.
    if tag == UNREAD || production == UNREAD {
        return None;
    }
    let env_word = env.word();
    Some(match order(tag, production) {
        Some(Ordering::Greater) => (format!("{env_word} ahead: {tag}"), Tone::Info),
        Some(Ordering::Less) if env == Env::Staging => {
            (format!("{env_word} behind: {tag}"), Tone::Warn)
        }
        Some(Ordering::Less) => (format!("{env_word} behind: {tag}"), Tone::Info),
        _ => (format!("{env_word} differs: {tag}"), Tone::Info),
    })
}

/// The order of two versions, where both begin with dotted numbers that differ. What stands after a dash has no order here.
fn order(a: &str, b: &str) -> Option<Ordering> {
    let numbers = |tag: &str| -> Option<Vec<u64>> {
        let plain = tag.strip_prefix('v').unwrap_or(tag).split('-').next()?;
        let parts: Option<Vec<u64>> = plain.split('.').map(|n| n.parse().ok()).collect();
        parts.filter(|p| p.len() > 1)
    };
    Some(numbers(a)?.cmp(&numbers(b)?)).filter(|o| o.is_ne())
}

/// What is shown in place of an image that was not read yet.
const UNREAD: &str = "?";

fn runs(facts: &Facts, s: &Service) -> Runs {
    let bound = s.load_balancers.first().map(|lb| lb.container.as_str());
    let image = facts
        .task_definition(s)
        .and_then(|d| d.main_container(bound))
        .map_or(UNREAD, |c| image_tag(&c.image));
    Runs {
        image: image.to_owned(),
        revision: s.revision.number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ahead_or_behind_and_other_tags_differ() {
        let said = |env, tag, production| differs(env, tag, production).unwrap();
        assert_eq!(
            said(Env::Staging, "1.10.0", "1.9.2"),
            ("staging ahead: 1.10.0".into(), Tone::Info)
        );
        assert_eq!(
            said(Env::Staging, "v1.9.1", "1.9.2"),
            ("staging behind: v1.9.1".into(), Tone::Warn)
        );
        assert_eq!(said(Env::Development, "1.0.0", "1.9.2").1, Tone::Info);
        assert_eq!(
            said(Env::Staging, "main-3fa1", "1.9.2").0,
            "staging differs: main-3fa1"
        );
        assert_eq!(order("1", "2"), None);
        assert_eq!(order("1.9.0-dev.4", "1.8.2"), Some(Ordering::Greater));
        assert_eq!(order("1.8.2-rc.1", "1.8.2"), None);
        assert_eq!(differs(Env::Staging, UNREAD, "1.9.2"), None);
    }
}
