//! Where a criterion leads: the screen that tells more of what its probe asked, at the row that the answer is about.

use jiff::Timestamp;

use crate::domain::facts::Facts;
use crate::plan::checklist::CriterionStatus;
use crate::present::{Place, Section, Tone, View};
use crate::ui::screens::{Nav, ScreenId};

/// What tells more of a probe.
#[derive(Clone, Copy)]
enum More {
    View(&'static str),
    Services,
    Screen(ScreenId),
}

/// By how the names of probes begin; the first that fits.
const MORE: &[(&str, More)] = &[
    ("ecs.secrets", More::View("secrets")),
    ("ecs.", More::Services),
    ("alarms.", More::Screen(ScreenId::Alerts)),
    ("slo.", More::Screen(ScreenId::Slo)),
    ("rum.", More::Screen(ScreenId::Slo)),
    ("dashboards.", More::Screen(ScreenId::Dashboards)),
    ("logs.", More::Screen(ScreenId::Logs)),
    ("metrics.", More::Screen(ScreenId::Metrics)),
    ("audit.", More::Screen(ScreenId::Audit)),
    ("rds.statements", More::View("statements")),
    ("postgres.statements", More::View("statements")),
    ("rds.", More::View("databases")),
    ("postgres.", More::View("postgres")),
    ("elasticache.", More::View("caches")),
    ("redis.", More::View("redis")),
    ("backups.", More::View("backups")),
    ("stores.", More::View("backups")),
    ("transit.", More::View("security")),
    ("s3.", More::View("buckets")),
    ("iam.", More::View("access")),
    ("ecr.", More::View("images")),
    ("cloudformation.", More::View("stacks")),
    ("cloudflare.", More::View("cloudflare")),
    ("github.no-critical", More::View("findings")),
    ("github.", More::View("pipelines")),
    ("environments.", More::View("environments")),
    ("appconfig.", More::View("flags")),
    ("capacity.", More::View("capacity")),
    ("cost.", More::View("cost")),
    ("ec2.", More::View("network")),
    ("autoscaling.", More::View("scaling")),
    ("secretsmanager.", More::View("secrets")),
    ("sentry.", More::View("errors")),
    ("slack.", More::View("slack")),
    ("smtp.", More::View("slack")),
    ("sns.", More::View("topics")),
    ("elb.", More::View("targets")),
    ("vercel.", More::View("vercel")),
    ("waf.", More::View("walls")),
    ("https.", More::View("security")),
    ("tls.", More::View("security")),
];

/// Whether a text names a thing, and not merely another whose name holds the same letters.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
        !name.is_empty() && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The row of a view that a text is about: the worst of those that it names.
fn row(view: &'static View, text: &str, facts: &Facts, now: Timestamp) -> Option<Place> {
    let sections = view.make(facts, now);
    let rows = sections
        .iter()
        .flat_map(|s| s.rows.iter().map(move |r| (s, r)));
    let named = rows.filter(|(_, r)| names(text, r.name()));
    let worst = named.rev().max_by_key(|(_, r)| r.worst().weight());
    let named = worst.map(|(section, row)| Place {
        view: view.id,
        section: section.name,
        row: row.id.clone(),
    });
    let bad = View::worst(&sections).weight() >= Tone::Warn.weight();
    let worst = || Section::place_of_worst(view.id, &sections).filter(|_| bad);
    named.or_else(worst)
}

/// Where a criterion leads; `None` where no screen tells more of it.
pub(super) fn of(c: &CriterionStatus, facts: &Facts, now: Timestamp) -> Option<Nav> {
    let failing = c
        .evidence
        .iter()
        .filter(|e| !e.ok)
        .map(|e| e.answer.as_str());
    let text = std::iter::once(c.reason.as_str())
        .chain(failing)
        .collect::<Vec<_>>()
        .join(" ");
    let mut first = None;
    for probe in c.probe.as_deref()?.split(", ") {
        let Some((_, more)) = MORE.iter().find(|(lead, _)| probe.starts_with(lead)) else {
            continue;
        };
        let (about, elsewhere) = match *more {
            More::Services => {
                let services = facts.service_rows().iter();
                let whole = services.clone().find(|s| names(&text, &s.id.to_string()));
                let named = whole.or_else(|| services.clone().find(|s| names(&text, &s.id.name)));
                let place = named.map(|s| Nav::Service(s.id.clone()));
                (place, Nav::Screen(ScreenId::Services))
            }
            More::View(id) => {
                let view = View::named(id)?;
                (row(view, &text, facts, now).map(Nav::Row), Nav::View(id))
            }
            More::Screen(id) => (None, Nav::Screen(id)),
        };
        if about.is_some() {
            return about;
        }
        first.get_or_insert(elsewhere);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_that_a_probe_leads_to_exists_and_every_probe_leads_somewhere() {
        for (lead, more) in MORE {
            if let More::View(id) = more {
                assert!(View::named(id).is_some(), "{lead}: {id}");
            }
        }
    }

    #[test]
    fn a_name_is_a_word_of_its_own() {
        assert!(names("api: 3 of 4 running", "api"));
        assert!(!names("pdf-api: 3 of 4", "api") && !names("apis", "api"));
        assert!(names("laser-prod/api, web", "laser-prod/api"));
        assert!(!names("anything", ""));
    }
}
