//! The platform as the path that a request takes: from the browser through the edge to the stores, each step with its state. A fault
//! shows where it starts and what it reaches: everything on the way back to the browser.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Cell, Group, Head, Section, Tone, View, buckets, caches, cloudflare, databases, errors,
    pipelines, slack, vercel,
};
use crate::domain::facts::Facts;
use crate::domain::part::{Freshness, Part};
use crate::domain::service::ServiceHealth;
use crate::domain::slo::SloKind;

pub(super) const VIEW: View = View {
    id: "map",
    title: "Health map",
    doc: "The path of a request from the browser to the stores: where a fault starts and what it reaches",
    group: Group::Edge,
    lines: &[],
    needs: &[
        "services",
        "targets",
        "measures",
        "cloudflare_zones",
        "cloudflare_records",
        "cloudflare_settings",
        "cloudflare_firewall",
        "cloudflare_traffic",
        "vercel",
        "vercel_settings",
        "vercel_aliases",
        "databases",
        "db_vitals",
        "db_events",
        "caches",
        "buckets",
        "errors",
        "error_events",
        "error_releases",
        "pipelines",
        "github_deployments",
        "slack",
    ],
    make,
};

const HEADS: &[Head] = &[
    Head::left("step", 26).grow(1),
    Head::left("state", 9),
    Head::left("what it says", 24).grow(4),
    Head::right("response", 9).drop(2),
    Head::right("errors", 8).drop(2),
    Head::left("fault", 22).grow(2),
];

/// A step: its name, how deep it stands, on which step it stands, and the view that tells of it.
struct Step {
    name: &'static str,
    branch: &'static str,
    /// Place of the step that asks this one.
    asked_by: Option<usize>,
    told_by: Told,
}

/// Who tells how a step fares.
enum Told {
    Nobody,
    View(&'static View),
    Balancer,
    Services,
}

const STEPS: [Step; 11] = [
    step("browser", "", None, Told::Nobody),
    step("Cloudflare", "└ ", Some(0), Told::View(&cloudflare::VIEW)),
    step("Vercel", "  ├ ", Some(1), Told::View(&vercel::VIEW)),
    step("load balancer", "  └ ", Some(1), Told::Balancer),
    step("ECS services", "    └ ", Some(3), Told::Services),
    step(
        "PostgreSQL (RDS)",
        "      ├ ",
        Some(4),
        Told::View(&databases::VIEW),
    ),
    step(
        "Redis (ElastiCache)",
        "      ├ ",
        Some(4),
        Told::View(&caches::VIEW),
    ),
    step(
        "buckets (S3)",
        "      └ ",
        Some(4),
        Told::View(&buckets::VIEW),
    ),
    step("errors (Sentry)", "· ", None, Told::View(&errors::VIEW)),
    step(
        "pipelines (GitHub)",
        "· ",
        None,
        Told::View(&pipelines::VIEW),
    ),
    step("alerts (Slack)", "· ", None, Told::View(&slack::VIEW)),
];

const fn step(
    name: &'static str,
    branch: &'static str,
    asked_by: Option<usize>,
    told_by: Told,
) -> Step {
    Step {
        name,
        branch,
        asked_by,
        told_by,
    }
}

/// How a step fares. `None`: it is not configured, or there is none.
#[derive(Clone, Debug, Serialize)]
struct Fares {
    step: &'static str,
    #[serde(skip)]
    tone: Tone,
    state: &'static str,
    says: String,
    response_ms: Option<f64>,
    errors_percent: Option<f64>,
    /// Whether a fault starts here.
    starts: bool,
    /// Steps whose fault reaches this one.
    reached_by: Vec<&'static str>,
}

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let empty = "Nothing is known of the path yet.";
    let mut section = Section::of(&facts.services, now, "steps", "Health map", HEADS, empty);
    let mut all: Vec<Option<Fares>> = STEPS.iter().map(|s| fares(s, facts, now)).collect();
    trace(&mut all);
    for f in all.iter().flatten().filter(|f| f.starts) {
        section.note(
            format!("a fault starts at {}: {}", f.step, f.says),
            Tone::Bad,
        );
    }
    for (step, fares) in STEPS.iter().zip(&all) {
        let Some(f) = fares else { continue };
        let fault = match (f.starts, f.reached_by.as_slice()) {
            (true, _) => Cell::new("starts here", Tone::Bad),
            (false, []) => Cell::default(),
            (false, some) => Cell::new(format!("reached from {}", some.join(", ")), Tone::Warn),
        };
        let cells = vec![
            Cell::name(format!("{}{}", step.branch, step.name)),
            Cell::new(f.state, f.tone),
            Cell::plain(&f.says),
            Cell::plain(
                f.response_ms
                    .map_or_else(String::new, |ms| format!("{ms:.0} ms")),
            ),
            Cell::plain(
                f.errors_percent
                    .map_or_else(String::new, |p| format!("{p:.2} %")),
            ),
            fault,
        ];
        section.row(step.name, cells, f);
    }
    vec![section]
}

/// Marks where faults start and whom they reach.
fn trace(all: &mut [Option<Fares>]) {
    let bad: Vec<bool> = all
        .iter()
        .map(|f| f.as_ref().is_some_and(|f| f.tone == Tone::Bad))
        .collect();
    for (at, step) in STEPS.iter().enumerate() {
        if !bad.get(at).copied().unwrap_or(false) {
            continue;
        }
        // What it asks is ill as well: the fault is theirs.
        let deeper = STEPS
            .iter()
            .enumerate()
            .any(|(n, s)| s.asked_by == Some(at) && bad.get(n).copied().unwrap_or(false));
        if deeper {
            continue;
        }
        if let Some(Some(f)) = all.get_mut(at) {
            f.starts = true;
        }
        let mut back = step.asked_by;
        while let Some(n) = back {
            if let Some(Some(f)) = all.get_mut(n)
                && !f.reached_by.contains(&step.name)
            {
                f.reached_by.push(step.name);
            }
            back = STEPS.get(n).and_then(|s| s.asked_by);
        }
    }
}

fn fares(step: &Step, facts: &Facts, now: Timestamp) -> Option<Fares> {
    let (tone, says) = match &step.told_by {
        Told::Nobody => (Tone::Plain, String::new()),
        Told::View(view) if !view.applies(facts) => return None,
        Told::View(view) => {
            let sections = (view.make)(facts, now);
            (View::worst(&sections), said(&sections))
        }
        Told::Balancer => balancer(facts, now),
        Told::Services => services(facts, now),
    };
    let measured = matches!(step.told_by, Told::Balancer);
    let current = |kind: SloKind| {
        let slos = facts.slos.rows().iter();
        slos.filter(|_| measured)
            .find(|s| s.kind == kind)
            .and_then(|s| s.current)
    };
    Some(Fares {
        step: step.name,
        tone,
        state: match tone {
            Tone::Bad => "bad",
            Tone::Warn => "warn",
            Tone::Unknown => "unknown",
            Tone::Plain => "",
            _ => "ok",
        },
        says,
        response_ms: current(SloKind::ResponseTime),
        errors_percent: current(SloKind::ErrorRate),
        starts: false,
        reached_by: Vec::new(),
    })
}

/// The worst that a view says in a line, or how much it holds.
fn said(sections: &[Section]) -> String {
    if let Some(p) = sections.iter().find_map(|s| s.standing.problem.as_ref()) {
        return p.why.clone();
    }
    let notes = sections.iter().flat_map(|s| &s.notes);
    if let Some(note) = notes
        .filter(|n| n.tone.weight() >= Tone::Unknown.weight())
        .max_by_key(|n| n.tone.weight())
    {
        return note.text.clone();
    }
    if let Some((name, text)) = sections.iter().flat_map(Section::bad).next() {
        return format!("{name}: {text}");
    }
    let first = sections.iter().find(|s| !s.rows.is_empty());
    first.map_or_else(
        || "nothing there".into(),
        |s| format!("{} {}", s.rows.len(), s.name.replace('_', " ")),
    )
}

fn fresh<T>(part: &Part<T>, now: Timestamp) -> bool {
    part.freshness(now) == Freshness::Fresh
}

fn balancer(facts: &Facts, now: Timestamp) -> (Tone, String) {
    let groups = facts
        .target_groups
        .value
        .as_ref()
        .map_or(&[][..], |v| v.as_slice());
    if !fresh(&facts.target_groups, now) {
        return (Tone::Unknown, "targets not known".into());
    }
    let all: usize = groups.iter().map(|g| g.targets.len()).sum();
    let well: usize = groups.iter().map(|g| g.healthy()).sum();
    let empty = groups
        .iter()
        .find(|g| g.healthy() == 0 && !g.targets.is_empty());
    let tone = match empty {
        Some(_) => Tone::Bad,
        None if well < all => Tone::Warn,
        None => Tone::Ok,
    };
    (tone, format!("{well} of {all} targets healthy"))
}

fn services(facts: &Facts, now: Timestamp) -> (Tone, String) {
    let rows = facts.service_rows();
    if !fresh(&facts.services, now) {
        return (Tone::Unknown, "services not known".into());
    }
    let tone_of = |health| match health {
        ServiceHealth::Down | ServiceHealth::Failed => Tone::Bad,
        ServiceHealth::Degraded => Tone::Warn,
        ServiceHealth::Deploying => Tone::Info,
        ServiceHealth::Steady | ServiceHealth::Inactive => Tone::Ok,
    };
    let worst = rows
        .iter()
        .map(|s| tone_of(s.health()))
        .max_by_key(|t| t.weight())
        .unwrap_or(Tone::Unknown);
    let steady = rows
        .iter()
        .filter(|s| s.health() == ServiceHealth::Steady)
        .count();
    (worst, format!("{steady} of {} steady", rows.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fares(tones: [Tone; 11]) -> Vec<Option<Fares>> {
        let one = |(step, tone): (&Step, Tone)| {
            Some(Fares {
                step: step.name,
                tone,
                state: "",
                says: String::new(),
                response_ms: None,
                errors_percent: None,
                starts: false,
                reached_by: Vec::new(),
            })
        };
        STEPS.iter().zip(tones).map(one).collect()
    }

    #[test]
    fn a_fault_starts_at_the_deepest_ill_step_and_reaches_the_browser() {
        let mut tones = [Tone::Ok; 11];
        (tones[4], tones[5]) = (Tone::Bad, Tone::Bad);
        let mut all = fares(tones);
        trace(&mut all);
        let starts: Vec<_> = all
            .iter()
            .flatten()
            .filter(|f| f.starts)
            .map(|f| f.step)
            .collect();
        assert_eq!(starts, ["PostgreSQL (RDS)"]);
        let reached: Vec<_> = all
            .iter()
            .flatten()
            .filter(|f| !f.reached_by.is_empty())
            .map(|f| f.step)
            .collect();
        assert_eq!(
            reached,
            ["browser", "Cloudflare", "load balancer", "ECS services"]
        );
    }

    #[test]
    fn where_nothing_is_ill_nothing_starts() {
        let mut all = fares([Tone::Warn; 11]);
        trace(&mut all);
        assert!(
            all.iter()
                .flatten()
                .all(|f| !f.starts && f.reached_by.is_empty())
        );
    }
}
