//! Production, staging and development side by side: whether each answers, its schema, which image and revision each service runs,
//! which flags are on, which variables are set, and what has drifted apart.

mod flags;
mod images;
mod schema;
mod variables;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::environment::{Answering, Belongings, Env};
use crate::domain::facts::Facts;
use crate::domain::service::Service;

pub(in crate::present) use schema::version;

pub(super) const VIEW: View = View {
    id: "environments",
    title: "Environments",
    doc: "Production, staging and development side by side: images, flags, variables, schema, and the drift between them",
    group: Group::Delivery,
    lines: &[],
    needs: &[
        "services",
        "definitions",
        "targets",
        "outside",
        "flags",
        "vercel_settings",
        "postgres",
        "postgres_shape",
        "schemas",
    ],
    make: Make::Facts(make),
};

const STANDING: &[Head] = &[
    Head::left("environment", 12),
    Head::left("answers", 7),
    Head::left("clusters", 14).grow(1),
    Head::left("schema", 16).grow(2),
    Head::left("what came back", 30).grow(4),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let mut all = vec![
        standing(facts, now),
        images::images(facts, now),
        flags::flags(facts, now),
        variables::of_services(facts, now),
    ];
    let vercel = facts.providers.iter().find(|p| p.name == "vercel");
    if vercel.is_some_and(|p| p.configured) {
        all.push(variables::of_vercel(facts, now));
    }
    all
}

/// The environment of a service.
fn env_of(service: &Service, facts: &Facts) -> Env {
    facts.env_of_cluster(&service.id.cluster)
}

/// One row an environment.
fn standing(facts: &Facts, now: Timestamp) -> Section {
    let empty = "No environment: no cluster and no probed host.";
    let mut section = Section::of(
        &facts.services,
        now,
        "environments",
        "Environments",
        STANDING,
        empty,
    );
    if section.standing.observed_at.is_none() {
        return section;
    }
    let production = schema::of(Env::Production, facts, now);
    for env in Env::ALL {
        let what = Belongings::of(env, facts);
        let mut schema = schema::of(env, facts, now);
        let drift = schema.drift(&production);
        if let Some(words) = &drift {
            section.note(format!("schema of {}: {words}", env.word()), Tone::Info);
        }
        let answering = what.exists().then(|| Answering::of(&what, facts, now));
        let answers = answering.as_ref().and_then(|found| found.answers);
        let (cell, said) = match &answering {
            Some(found) => {
                let cell = match (found.answers, found.alive) {
                    (Some(true), _) => Cell::new("yes", Tone::Ok),
                    // What is down is bad news of its own elsewhere, and is not told twice.
                    (Some(false), true) => Cell::new("in part", Tone::Warn),
                    (Some(false), false) => Cell::new("no", Tone::Warn),
                    (None, _) => Cell::new("?", Tone::Unknown),
                };
                (cell, Cell::plain(found.said()))
            }
            None => {
                let here = what.kept_as(facts).map_or("none", |_| "-");
                (Cell::muted(here), Cell::muted(what.why_none(facts)))
            }
        };
        let thing = json!({
            "environment": env, "exists": what.exists(), "answers": answers, "said": said.text,
            "clusters": what.clusters, "urls": what.urls, "services": what.services.len(),
            "schema": schema.versions, "schema_unknown": schema.why, "schema_drift": drift,
        });
        let cells = vec![
            Cell::name(env.word()),
            cell,
            Cell::plain(what.clusters.join(", ")),
            schema.cell,
            said,
        ];
        section.row(env.word(), cells, &thing);
        // "production: no answers" would read as if nobody could be asked.
        if let Some(found) = answering.filter(|found| found.answers == Some(false)) {
            section.found(Found::told(found.ill.join("; ")));
        }
    }
    section
}

/// Cells of what each environment has, and of what differs from production in words. Where a value differs its cell says so, too.
fn side_by_side(
    values: &BTreeMap<Env, String>,
    differs: impl Fn(Env, &str, &str) -> Option<(String, Tone)>,
) -> (Vec<Cell>, Option<String>, Cell) {
    let production = values.get(&Env::Production);
    let mut cells = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut worst = Tone::Plain;
    for env in Env::ALL {
        let Some(value) = values.get(&env) else {
            cells.push(Cell::muted("-"));
            continue;
        };
        let against = production.filter(|p| env != Env::Production && *p != value);
        match against.and_then(|p| differs(env, value, p)) {
            Some((said, tone)) => {
                words.push(said);
                worst = if tone.weight() > worst.weight() {
                    tone
                } else {
                    worst
                };
                cells.push(Cell::new(value, tone));
            }
            None => cells.push(Cell::plain(value)),
        }
    }
    let drift = (!words.is_empty()).then(|| words.join("; "));
    let cell = Cell::maybe(drift.as_deref(), worst);
    (cells, drift, cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_production_is_said_in_words_and_in_colour() {
        let values = BTreeMap::from([
            (Env::Production, "on".to_owned()),
            (Env::Staging, "off".to_owned()),
            (Env::Development, "on".to_owned()),
        ]);
        let (cells, drift, cell) = side_by_side(&values, |env, value, _| {
            Some((format!("{} has {value}", env.word()), Tone::Info))
        });
        assert_eq!(drift.as_deref(), Some("staging has off"));
        assert_eq!((cells[1].tone, cells[2].tone), (Tone::Info, Tone::Plain));
        assert_eq!(cell.tone, Tone::Info);
        let alone = BTreeMap::from([(Env::Staging, "off".to_owned())]);
        let (cells, drift, _) = side_by_side(&alone, |_, _, _| unreachable!());
        assert_eq!((cells[0].text.as_str(), drift), ("-", None));
    }

    #[test]
    fn each_environment_has_a_row_whether_it_is_there_or_not() {
        let now = Timestamp::from_second(1_000).unwrap();
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        assert!(standing(&facts, now).rows.is_empty(), "nobody was asked");
        facts.services = crate::domain::part::Part::answered(
            std::sync::Arc::default(),
            now,
            "ecs:DescribeServices",
            std::time::Duration::from_secs(30),
        );
        let section = standing(&facts, now);
        assert_eq!(section.rows.len(), 3);
        assert!(section.rows.iter().all(|r| r.cells[1].text == "none"));
        assert!(section.rows[1].cells[4].text.contains("named for staging"));
        // The configuration keeps it where this picture does not reach.
        facts.environments = vec!["production".into(), "stage".into()];
        let section = standing(&facts, now);
        let row = &section.rows[1].cells;
        assert_eq!(row[1].text, "-");
        assert!(
            row[4].text.contains("flightdeck --env stage"),
            "{}",
            row[4].text
        );
        assert!(
            section.rows[0].cells[4]
                .text
                .contains("named for production")
        );
    }
}
