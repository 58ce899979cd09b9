//! Auto scaling: bounds, policies, and what was done lately.

use jiff::Timestamp;

use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::scaling::{ScalableTarget, ScalingActivity, went_up};

pub(super) const VIEW: View = View {
    id: "scaling",
    title: "Scaling",
    doc: "Services that scale: fewest, wanted and most tasks, policies, and what was done lately",
    group: Group::Money,
    lines: &["autoscaling"],
    needs: &["scaling", "scaled", "services"],
    make: Make::Facts(make),
};

const TARGETS: &[Head] = &[
    Head::left("service", 24).grow(2),
    Head::right("min", 5),
    Head::right("wanted", 7),
    Head::right("max", 5),
    Head::right("room", 6),
    Head::left("policy", 32).grow(3),
    Head::left("state", 20).grow(1).drop(1),
];
const ACTIVITIES: &[Head] = &[
    Head::right("ago", 6),
    Head::left("service", 24).grow(1),
    Head::left("what", 16),
    Head::left("state", 12),
    Head::left("why", 30).grow(3),
];

/// Activities shown at most.
const SHOWN: usize = 50;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.scaling;
    let none = "No service is registered with Application Auto Scaling in this region.";
    let mut targets = Section::of(part, now, "scaling", "Bounds and policies", TARGETS, none);
    let none = "Nothing was scaled in the last six weeks.";
    let scaled = &facts.estate.scaled;
    let title = "What was done";
    let mut done = Section::of(scaled, now, "scaling_activities", title, ACTIVITIES, none);
    if let Some(all) = &part.value {
        for t in all.iter() {
            targets.row(&t.resource, target_cells(facts, t), t);
        }
        let scales =
            |cluster: &str, name: &str| all.iter().any(|t| t.service() == Some((cluster, name)));
        let still: Vec<&str> = facts
            .service_rows()
            .iter()
            .filter(|s| !s.load_balancers.is_empty() && !scales(&s.id.cluster, &s.id.name))
            .map(|s| s.id.name.as_str())
            .collect();
        if !still.is_empty() {
            let words = format!(
                "behind a load balancer without scaling: {}",
                still.join(", ")
            );
            targets.note(words, Tone::Plain);
        }
    }
    if let Some(all) = &scaled.value {
        for a in all.iter().take(SHOWN) {
            done.row(&a.id, activity_cells(all, a, now), a);
        }
    }
    vec![targets, done]
}

/// Tasks that the service of a target wants now.
fn wanted(facts: &Facts, target: &ScalableTarget) -> Option<u32> {
    let (cluster, name) = target.service()?;
    let mut rows = facts.service_rows().iter();
    let service = rows.find(|s| s.id.cluster == cluster && s.id.name == name)?;
    Some(service.counts.desired)
}

fn short(resource: &str) -> &str {
    resource.strip_prefix("service/").unwrap_or(resource)
}

fn target_cells(facts: &Facts, t: &ScalableTarget) -> Vec<Cell> {
    let wanted = wanted(facts, t);
    let room = wanted.map(|n| t.max.saturating_sub(n));
    let policies: Vec<String> = t
        .policies
        .iter()
        .map(|p| match (&p.metric, p.target) {
            (Some(metric), Some(target)) => format!("{} at {target}", plain(metric)),
            _ => format!("{} {}", p.kind.trim_end_matches("Scaling"), p.name),
        })
        .collect();
    let why_not = t.left_below(wanted).or_else(|| t.why_not());
    vec![
        Cell::name(short(&t.resource)),
        Cell::plain(t.min.to_string()),
        Cell::plain(wanted.map_or_else(|| "-".into(), |n| n.to_string())),
        Cell::plain(t.max.to_string()),
        Cell::new(
            room.map_or_else(|| "-".into(), |n| n.to_string()),
            Tone::fine(room != Some(0)),
        ),
        Cell::new(
            if policies.is_empty() {
                "none".into()
            } else {
                policies.join(", ")
            },
            Tone::fine(!policies.is_empty()),
        ),
        match why_not {
            Some(why) => Cell::new(why, Tone::Warn),
            None => Cell::new("scales", Tone::Ok),
        },
    ]
}

/// The vendor's names of metrics in shorter words.
fn plain(metric: &str) -> String {
    match metric {
        "ECSServiceAverageCPUUtilization" => "CPU %".into(),
        "ECSServiceAverageMemoryUtilization" => "memory %".into(),
        "ALBRequestCountPerTarget" => "requests a target".into(),
        other => other.into(),
    }
}

fn activity_cells(all: &[ScalingActivity], a: &ScalingActivity, now: Timestamp) -> Vec<Cell> {
    let what = match (went_up(all, a), a.wanted) {
        (Some(true), Some(n)) => format!("out to {n}"),
        (Some(false), Some(n)) => format!("in to {n}"),
        (None, Some(n)) => format!("to {n}"),
        (_, None) => a.description.clone(),
    };
    let tone = match a.status.as_str() {
        "Successful" => Tone::Plain,
        "Pending" | "InProgress" => Tone::Info,
        "Overridden" => Tone::Muted,
        _ => Tone::Bad,
    };
    vec![
        Cell::ago(a.started_at, now),
        Cell::name(short(&a.resource)),
        Cell::plain(what),
        Cell::new(&a.status, tone),
        Cell::muted(&a.cause),
    ]
}
