//! The platform as a graph of what a request passes: from the browser through the edge to the stores, each step and each way between
//! two with its state. A fault shows where it starts and what it reaches: everything on the way back to the browser. Table, JSON and
//! the console's screen are made of this one graph, so that no face knows more than another.

mod graph;
mod measure;
mod remark;
mod steps;
#[cfg(test)]
mod tests;
mod told;

use jiff::Timestamp;

pub use graph::{ERRORS_BAD, ERRORS_WARN, Edge, Graph, Measure, Node};
pub use remark::{Remark, word};
use told::{Empty, Told, Watched};

use super::section::Standing;
use super::{
    Cell, Group, Head, Make, Pages, Section, Tone, View, buckets, caches, cloudflare, databases,
    errors, pipelines, postgres, redis_server, slack, vercel,
};
use crate::domain::facts::Facts;
use crate::domain::part::Freshness;

pub(super) const VIEW: View = View {
    id: "map",
    title: "Health map",
    doc: "The path of a request from the browser to the stores: where a fault starts and what it reaches",
    group: Group::Edge,
    lines: &[],
    needs: &[
        "identity",
        "recovery_points",
        "recovery_points_abroad",
        "services",
        "targets",
        "measures",
        "alarms",
        "outside",
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
        "db_transit",
        "db_events",
        "postgres",
        "postgres_shape",
        "caches",
        "redis",
        "buckets",
        "errors",
        "error_events",
        "error_releases",
        "pipelines",
        "github_deployments",
        "slack",
    ],
    make: Make::Pages(from),
};

const NODES: &[Head] = &[
    Head::left("step", 24).grow(1),
    Head::left("state", 9),
    Head::left("what it says", 24).grow(4),
    Head::right("response", 16).drop(2),
    Head::right("errors", 7).drop(2),
    Head::left("fault", 22).grow(2),
    Head::right("age", 5).drop(1),
];

const EDGES: &[Head] = &[
    Head::left("from", 12),
    Head::left("to", 12),
    Head::left("state", 9),
    Head::right("response", 16),
    Head::right("errors", 7),
    Head::right("requests", 9).drop(1),
    Head::left("measured by", 24).grow(1).drop(2),
];

/// A step of the plan.
struct Step {
    id: &'static str,
    short: &'static str,
    title: &'static str,
    /// The step that asks this one.
    asked_by: Option<&'static str>,
    told_by: By,
}

/// Who tells how a step fares.
enum By {
    Outside,
    Balancer,
    Services,
    Views(&'static [Watched]),
}

const fn step(
    id: &'static str,
    short: &'static str,
    title: &'static str,
    asked_by: Option<&'static str>,
    told_by: By,
) -> Step {
    Step {
        id,
        short,
        title,
        asked_by,
        told_by,
    }
}

/// Who asks stands before who is asked.
const STEPS: [Step; 11] = [
    step("browser", "browser", "browser", None, By::Outside),
    step(
        "cloudflare",
        "Cloudflare",
        "Cloudflare",
        Some("browser"),
        By::Views(&[Watched {
            view: &cloudflare::VIEW,
            empty: Empty::Unknown,
            serves: &[("zones", &[], &["status"])],
        }]),
    ),
    step(
        "vercel",
        "Vercel",
        "Vercel",
        Some("cloudflare"),
        By::Views(&[Watched {
            view: &vercel::VIEW,
            empty: Empty::Unknown,
            serves: &[("projects", &[], &["production"])],
        }]),
    ),
    step(
        "balancer",
        "ALB",
        "load balancer (ALB)",
        Some("cloudflare"),
        By::Balancer,
    ),
    step(
        "ecs",
        "ECS",
        "services (ECS)",
        Some("balancer"),
        By::Services,
    ),
    step(
        "postgres",
        "PostgreSQL",
        "PostgreSQL (RDS)",
        Some("ecs"),
        By::Views(&[
            Watched {
                view: &databases::VIEW,
                empty: Empty::Absent,
                serves: &[
                    ("databases", &[], &["state", "role", "free", "lag"]),
                    ("clusters", &[], &["state"]),
                ],
            },
            Watched {
                view: &postgres::VIEW,
                empty: Empty::Unknown,
                serves: &[(
                    "figures",
                    &["connections", "locks", "replication"],
                    &["value"],
                )],
            },
        ]),
    ),
    step(
        "redis",
        "Redis",
        "Redis (ElastiCache)",
        Some("ecs"),
        By::Views(&[
            Watched {
                view: &caches::VIEW,
                empty: Empty::Absent,
                serves: &[("caches", &[], &["status"]), ("nodes", &[], &["status"])],
            },
            Watched {
                view: &redis_server::VIEW,
                empty: Empty::Unknown,
                serves: &[(
                    "figures",
                    &["evictions", "clients", "replication"],
                    &["value"],
                )],
            },
        ]),
    ),
    step(
        "s3",
        "S3",
        "buckets (S3)",
        Some("ecs"),
        By::Views(&[Watched {
            view: &buckets::VIEW,
            empty: Empty::Absent,
            serves: &[("buckets", &[], &[])],
        }]),
    ),
    step(
        "sentry",
        "Sentry",
        "errors (Sentry)",
        None,
        By::Views(&[Watched {
            view: &errors::VIEW,
            empty: Empty::Well,
            serves: &[],
        }]),
    ),
    step(
        "github",
        "GitHub",
        "pipelines (GitHub)",
        None,
        By::Views(&[Watched {
            view: &pipelines::VIEW,
            empty: Empty::Unknown,
            serves: &[],
        }]),
    ),
    step(
        "slack",
        "Slack",
        "alerts (Slack)",
        None,
        By::Views(&[Watched {
            view: &slack::VIEW,
            empty: Empty::Unknown,
            serves: &[],
        }]),
    ),
];

/// The graph as it is known now. What is not configured, or is not there, is absent.
pub fn graph(facts: &Facts, now: Timestamp) -> Graph {
    from_pages(&Pages::new(facts, now))
}

/// The same from pages that were made already.
pub(super) fn from_pages(pages: &Pages<'_>) -> Graph {
    let (facts, now) = (pages.facts, pages.now);
    let told: Vec<(&Step, Told)> = STEPS
        .iter()
        .filter_map(|s| Some((s, told_of(s, pages)?)))
        .collect();
    let present: Vec<&str> = told.iter().map(|(s, _)| s.id).collect();
    let nodes = told
        .into_iter()
        .map(|(step, told)| node(step, told, &present, facts, now));
    Graph::of(nodes.collect())
}

fn told_of(step: &Step, pages: &Pages<'_>) -> Option<Told> {
    let (facts, now) = (pages.facts, pages.now);
    let mut told = match &step.told_by {
        By::Outside => steps::outside(facts, now),
        By::Balancer => steps::balancer(facts, now)?,
        By::Services => steps::services(facts, now)?,
        By::Views(all) if !all.iter().any(|w| w.view.applies(facts)) => return None,
        By::Views(all) => told::views(all, pages)?,
    };
    if step.id == "cloudflare" {
        steps::edge_errors(&mut told, facts, now);
        steps::development(&mut told, facts, now);
    }
    told.alarms(pages, step);
    Some(told)
}

fn node(step: &Step, mut told: Told, present: &[&str], facts: &Facts, now: Timestamp) -> Node {
    told.remarks
        .sort_by_key(|r| std::cmp::Reverse(r.tone.weight()));
    let tone = told.worst();
    let silent = told.error.as_deref();
    let says = match told.remarks.as_slice() {
        [] => told.summary,
        // What else could not be read of these is CloudWatch's alone.
        [r, ..]
            if tone == Tone::Unknown && told.known.is_some() && silent == Some(r.text.as_str()) =>
        {
            format!("{}; CloudWatch: {}", told.known.unwrap_or_default(), r.text)
        }
        [worst] => worst.text.clone(),
        // The others that are as bad are counted: the page has them.
        [worst, others @ ..] => {
            let as_bad = others.iter().filter(|r| r.tone == worst.tone).count();
            match as_bad {
                0 => worst.text.clone(),
                n => format!("{}, and {n} more", worst.text),
            }
        }
    };
    // Past steps that are not there: whoever stands before asks itself.
    let above = |id: &str| STEPS.iter().find(|s| s.id == id)?.asked_by;
    let asks = std::iter::successors(step.asked_by, |id| above(id));
    Node {
        id: step.id,
        short: step.short,
        title: step.title,
        tone,
        state: word(tone),
        says,
        since: told.remarks.first().and_then(|r| r.since),
        remarks: told.remarks,
        aside: told.aside,
        asked_by: asks.into_iter().find(|id| present.contains(id)),
        beside: step.asked_by.is_none() && step.id != "browser",
        measure: match &told.refused {
            Some(why) => Measure {
                measured_by: "a connection from here",
                unmeasured: Some(format!("no connection from here: {why}")),
                ..Measure::default()
            },
            None => measure::to(step.id, facts, now),
        },
        refused: told.refused.is_some(),
        observed_at: told.observed_at,
        source: told.source,
        error: told.error,
        view: told.view,
        queries: measure::queries(step.id, facts),
        ..Node::default()
    }
}

fn from(pages: &Pages<'_>) -> Vec<Section> {
    let (facts, now, graph) = (pages.facts, pages.now, pages.graph());
    let empty = "Nothing is known of the path yet.";
    let section = |name, title: &str, heads| {
        let mut section = Section::of(&facts.services, now, name, title, heads, empty);
        section.standing = standing(graph);
        section
    };
    let mut nodes = section("nodes", "Health map", NODES);
    // The headline names where a fault starts and all that it reaches.
    let told = graph
        .nodes
        .iter()
        .filter(|n| n.starts || !n.reached_by.is_empty() || (n.beside && n.tone == Tone::Bad));
    let told: Vec<String> = told.map(|n| n.id.to_owned()).collect();
    for line in graph.headline() {
        let told = told.iter().filter(|_| line.tone == Tone::Bad);
        nodes.tally(&line.text, line.tone, told.cloned());
    }
    let text = |text: Option<String>| Cell::plain(text.unwrap_or_default());
    for n in &graph.nodes {
        let fault = match (n.starts, n.reached_by.as_slice()) {
            (true, _) => Cell::new("starts here", Tone::Bad),
            (false, []) => Cell::default(),
            (false, some) => Cell::new(format!("reached from {}", graph.names(some)), Tone::Warn),
        };
        let cells = vec![
            Cell::name(format!("{}{}", graph.twig(n.id), n.title)),
            Cell::new(n.state, n.tone),
            Cell::plain(&n.says),
            text(n.measure.response()),
            text(n.measure.errors()),
            fault,
            Cell::ago(n.observed_at, now).toned(Tone::Muted),
        ];
        nodes.row(n.id, cells, n);
    }
    let mut edges = section("edges", "Ways between the steps", EDGES);
    for e in &graph.edges {
        let name = |id: &str| graph.node(id).map_or("", |n| n.short);
        let tone = match e.tone {
            // That nobody measures it is no reason to look at the map.
            Tone::Unknown => Tone::Muted,
            tone => tone,
        };
        let cells = vec![
            Cell::name(name(e.from)),
            Cell::name(name(e.to)),
            Cell::new(e.state, tone),
            text(e.measure.response()),
            text(e.measure.errors()),
            text(e.measure.rate()),
            match &e.measure.unmeasured {
                Some(why) => Cell::muted(why),
                None => Cell::muted(e.measure.told_by(now)),
            },
        ];
        edges.row(format!("{}>{}", e.from, e.to), cells, e);
        // A way suffers from the ill step at its end.
        let is_ill = |id: &str| {
            let node = nodes.rows.iter().find(|r| r.id == id);
            node.is_some_and(|r| r.worst() == Tone::Bad)
        };
        let step = if is_ill(e.to) { e.to } else { e.from };
        edges.part_of("nodes", step);
    }
    vec![nodes, edges]
}

/// As old as the oldest answer; each step says itself who could not be asked.
fn standing(graph: &Graph) -> Standing {
    let answered = graph.is_answered();
    Standing {
        source: "every system of the path".into(),
        observed_at: graph.nodes.iter().filter_map(|n| n.observed_at).min(),
        problem: None,
        freshness: Some(if answered {
            Freshness::Fresh
        } else {
            Freshness::Never
        }),
    }
}
