//! Which images are offered for a deploy, and what should be known of each: what failed here before stands in the repository like
//! any other.

use jiff::Timestamp;

use crate::domain::audit::Outcome;
use crate::domain::deployment::DeploymentState;
use crate::domain::facts::Facts;
use crate::domain::image::{Image, Registry};
use crate::domain::order::Ordered;
use crate::domain::service::Service;
use crate::ui::form::Offer;
use crate::ui::widgets::ago;

/// How many are offered.
const OFFERED: usize = 8;

/// Tags of the repository that an image is of, each with a note: good ones first, the newest of them before the others; then what
/// runs, what a scan found to be dangerous, and what failed here.
pub(super) fn of(registry: &Registry, service: &Service, image: &str, facts: &Facts) -> Vec<Offer> {
    let mut all: Vec<(u8, Option<Timestamp>, Offer)> = Vec::new();
    for one in registry.beside(image) {
        let Some(tag) = one.tag() else { continue };
        let (runs, failed) = (one.is(image), failed(one, service, facts));
        let critical = match one.scan.is_done() {
            true => one.scan.count("CRITICAL"),
            false => 0,
        };
        let notes = [
            failed.clone(),
            (critical > 0).then(|| format!("{critical} critical findings")),
            runs.then(|| "runs".to_owned()),
        ];
        let rank = match (failed.is_some(), critical > 0, runs) {
            (true, _, _) => 3,
            (_, true, _) => 2,
            (_, _, true) => 1,
            _ => 0,
        };
        let offer = Offer {
            value: format!(":{tag}"),
            note: notes.into_iter().flatten().collect::<Vec<_>>().join(", "),
            doubtful: rank > 1,
            runs,
        };
        all.push((rank, one.pushed_at, offer));
    }
    all.order_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    // What runs is always told: the others are measured by it.
    if let Some(at) = all.iter().position(|o| o.2.runs)
        && at >= OFFERED
    {
        let runs = all.remove(at);
        all.insert(OFFERED - 1, runs);
    }
    let shown = all.into_iter().take(OFFERED);
    shown.map(|(.., offer)| offer).collect()
}

/// That the last deployment of an image to a service came to no good end, and when: `failed 2h ago`.
fn failed(image: &Image, service: &Service, facts: &Facts) -> Option<String> {
    let now = facts.taken_at;
    let (at, word) = [
        by_vendor(image, service, facts),
        by_journal(image, service, facts),
    ]
    .into_iter()
    .flatten()
    .max_by_key(|(at, _)| *at)?;
    (!word.is_empty()).then(|| match ago(now, at) {
        soon if soon == "now" => format!("{word} just now"),
        before => format!("{word} {before}"),
    })
}

/// When the last deployment of an image ended, by ECS, and the word for its end where that was bad.
fn by_vendor(image: &Image, service: &Service, facts: &Facts) -> Option<(Timestamp, &'static str)> {
    let of_it = facts.deployment_rows().iter().filter(|d| {
        let brought = d.to.as_ref().and_then(|to| to.image.as_deref());
        d.service == service.id && brought.is_some_and(|reference| image.is(reference))
    });
    let ended = of_it.filter_map(|d| {
        let word = match d.state {
            DeploymentState::RolledBack | DeploymentState::Failed => "failed",
            DeploymentState::Successful => "",
            _ => return None,
        };
        Some((d.finished_at.or(d.created_at)?, word))
    });
    ended.max_by_key(|(at, _)| *at)
}

/// The same by what was done from here: ECS forgets.
fn by_journal(
    image: &Image,
    service: &Service,
    facts: &Facts,
) -> Option<(Timestamp, &'static str)> {
    let subject = service.id.to_string();
    let rows = facts.audit.value.iter().flat_map(|rows| rows.iter());
    let ended = rows.filter_map(|r| {
        let asked = r.parameters.get("image").and_then(|v| v.as_str())?;
        let tag = asked.strip_prefix(':').unwrap_or(asked);
        let is_it = image.is(asked) || image.tags.iter().any(|t| t == tag);
        let word = match r.outcome? {
            Outcome::Failed => "failed",
            Outcome::Stopped => "stopped",
            Outcome::Succeeded => "",
            _ => return None,
        };
        (r.action == "deploy" && r.subject == subject && is_it).then_some((r.at, word))
    });
    ended.max_by_key(|(at, _)| *at)
}
