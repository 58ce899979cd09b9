//! The graph: steps, the ways between them, where a fault starts and what it reaches. Plain data and pure functions.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::super::words::span;
use super::super::{Cell, Place, Tone};
use super::remark::Remark;
use crate::domain::counts::Stretch;
use crate::domain::metric::{MetricQuery, Unit};

/// What is measured on the way to a step. `None`: nobody measures it, or not now.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measure {
    /// How long an answer takes, milliseconds.
    pub latency_ms: Option<f64>,
    /// Whether that is how long it takes this console, over its own line: those on the path may be nearer, or farther.
    pub from_here: bool,
    /// Share of the answers that are failures, percent.
    pub errors_percent: Option<f64>,
    /// Requests a second.
    pub requests_per_s: Option<f64>,
    /// What is measured, by whom.
    pub measured_by: &'static str,
    /// Over which minutes, where it is said of a load balancer or its targets.
    #[serde(serialize_with = "ends", rename = "measured_until")]
    pub over: Option<Stretch>,
    /// Why its latency or its errors are not known.
    pub unmeasured: Option<String>,
    /// Whether that is so because nobody ever measures it: no reason to doubt the rest.
    #[serde(skip)]
    pub never: bool,
}

fn ends<S: Serializer>(over: &Option<Stretch>, to: S) -> Result<S::Ok, S::Error> {
    over.map(|o| o.until).serialize(to)
}

impl Measure {
    /// What is measured, by whom, over which minutes.
    pub fn told_by(&self, now: Timestamp) -> Cow<'static, str> {
        let Some(over) = self.over else {
            return self.measured_by.into();
        };
        let minutes = over.until.duration_since(over.from).as_mins();
        let age = match now.duration_since(over.until).as_secs() {
            ..60 => "now".to_owned(),
            s => format!("{} ago", span(s)),
        };
        format!("{}, {minutes} m until {age}", self.measured_by).into()
    }

    /// The latency in at most seven columns.
    pub fn latency(&self) -> Option<String> {
        let ms = self.latency_ms.filter(|ms| ms.is_finite())?;
        Some(match ms {
            ms if ms < 9.95 => format!("{ms:.1} ms"),
            ms if ms < 9_999.5 => format!("{ms:.0} ms"),
            ms => format!("{:.0} s", ms / 1000.0),
        })
    }

    /// The latency, and that it is measured from here where it is.
    pub fn response(&self) -> Option<String> {
        let latency = self.latency()?;
        Some(match self.from_here {
            true => format!("{latency} from here"),
            false => latency,
        })
    }

    /// The errors in at most seven columns; a few are never rounded to none.
    pub fn errors(&self) -> Option<String> {
        let percent = self.errors_percent.filter(|p| p.is_finite())?;
        Some(match percent {
            p if p <= 0.0 => "0 %".into(),
            p if p < 0.01 => "<0.01 %".into(),
            p if p < 9.995 => format!("{p:.2} %"),
            p => format!("{p:.0} %"),
        })
    }

    /// Requests a second in a few columns.
    pub fn rate(&self) -> Option<String> {
        let rate = self.requests_per_s.filter(|r| r.is_finite())?;
        Some(format!("{}/s", Unit::Count.format(rate)))
    }
}

/// A step of the path, or a system beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Node {
    /// Its name in JSON, and what a selection is tied to.
    pub id: &'static str,
    /// Its name where there is little room.
    pub short: &'static str,
    /// Its name.
    pub title: &'static str,
    /// How it fares.
    #[serde(skip)]
    pub tone: Tone,
    /// The same in a word: `ok`, `moving`, `unknown`, `warn`, `bad`.
    pub state: &'static str,
    /// The worst that is said of it, or what it is.
    pub says: String,
    /// Everything that speaks against it, the worst first.
    pub remarks: Vec<Remark>,
    /// What its own page says that no request suffers from.
    pub aside: Option<Remark>,
    /// The step that asks this one; none for the browser, and for what stands beside the path.
    pub asked_by: Option<&'static str>,
    /// Whether it stands beside the path: no request waits for it.
    pub beside: bool,
    /// How it answers who asks it.
    #[serde(flatten)]
    pub measure: Measure,
    /// Since when the worst that is said of it is so, where that is known (UTC).
    pub since: Option<Timestamp>,
    /// Oldest answer that this is made of (UTC).
    pub observed_at: Option<Timestamp>,
    /// Who answered.
    pub source: String,
    /// Why it could not be asked.
    pub error: Option<String>,
    /// Whether its server takes no connection from here.
    #[serde(skip)]
    pub refused: bool,
    /// Whether a fault starts here.
    pub starts: bool,
    /// Steps that the fault which starts here reaches, the nearest first.
    pub reaches: Vec<&'static str>,
    /// Steps whose fault reaches this one.
    pub reached_by: Vec<&'static str>,
    /// The view that tells more of it.
    pub view: Option<&'static str>,
    /// Series that tell how it answers.
    #[serde(skip)]
    pub queries: Vec<MetricQuery>,
}

impl Node {
    /// Whether a fault starts here or reaches it.
    pub fn suffers(&self) -> bool {
        self.starts || !self.reached_by.is_empty()
    }

    /// The row of a view that the worst which is said of it is about.
    pub fn about(&self) -> Option<Place> {
        self.remarks.first()?.about.clone()
    }

    /// Shape, word and tone of what is most important about it: `▲ BAD`, `◀ REACHED`, `● ok`.
    pub fn sign(&self) -> (&'static str, &'static str, Tone) {
        match self.tone {
            Tone::Bad => ("▲", "BAD", Tone::Bad),
            _ if !self.reached_by.is_empty() => ("◀", "REACHED", Tone::Warn),
            Tone::Warn => ("■", "WARN", Tone::Warn),
            Tone::Unknown => ("?", "unknown", Tone::Unknown),
            Tone::Info => ("▶", "moving", Tone::Info),
            _ => ("●", "ok", Tone::Ok),
        }
    }
}

/// A way that requests take from one step to the next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// Who asks.
    pub from: &'static str,
    /// Who is asked.
    pub to: &'static str,
    /// `fault`, `errors`, `ok`, `unknown` (nobody measures it).
    pub state: &'static str,
    /// The same as a tone.
    #[serde(skip)]
    pub tone: Tone,
    /// Whether a fault runs along it, back to the browser.
    pub fault: bool,
    /// What is measured.
    #[serde(flatten)]
    pub measure: Measure,
}

/// Errors on a way, percent of the answers, from which on they are worth a look, and are a fault.
pub const ERRORS_WARN: f64 = 1.0;
/// See [`ERRORS_WARN`].
pub const ERRORS_BAD: f64 = 5.0;

/// Everything: steps in the order of the path, and the ways between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Graph {
    /// Steps; who asks stands before who is asked.
    pub nodes: Vec<Node>,
    /// Ways, in the order of the steps that they lead to.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// Joins steps by who asks whom, and follows each fault back to the browser.
    pub fn of(mut nodes: Vec<Node>) -> Self {
        trace(&mut nodes);
        let edges = nodes.iter().filter_map(edge).collect();
        Self { nodes, edges }
    }

    /// The step of a name.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.id == id)
    }

    /// The way that leads to a step.
    pub fn edge_to(&self, id: &str) -> Option<&Edge> {
        self.edges.iter().find(|e| e.to == id)
    }

    /// Steps that a step asks.
    pub fn asked_by(&self, id: &str) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |n| n.asked_by == Some(id))
    }

    /// Steps where a fault starts.
    pub fn starts(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|n| n.starts)
    }

    /// Whether anything bad is known by this graph alone: one fault is one row where faults are listed, and its own row comes first.
    pub fn tells_more(&self) -> bool {
        let remarks = self.nodes.iter().flat_map(|n| &n.remarks);
        let mut bad = remarks.filter(|r| r.tone == Tone::Bad);
        bad.any(|r| !r.told_elsewhere)
    }

    /// Short names of steps, joined.
    pub fn names(&self, ids: &[&'static str]) -> String {
        let names: Vec<&str> = ids
            .iter()
            .map(|id| self.node(id).map_or(*id, |n| n.short))
            .collect();
        names.join(", ")
    }

    /// Whether anybody answered yet.
    pub fn is_answered(&self) -> bool {
        self.nodes.iter().any(|n| n.observed_at.is_some())
    }

    /// What a person must know first: where faults start, why, and what they reach; else what wants a look; what is not known;
    /// or that all is well.
    pub fn headline(&self) -> Vec<Cell> {
        let mut lines = Vec::new();
        for n in self.starts() {
            let reaches = match n.reaches.as_slice() {
                [] => String::new(),
                ids => format!("; reaches {}", self.names(ids)),
            };
            let text = format!("starts at {}: {}{reaches}", n.short, n.says);
            lines.push(Cell::new(text, Tone::Bad));
        }
        let of = |tone: Tone, beside: bool| {
            let those = self
                .nodes
                .iter()
                .filter(move |n| n.tone == tone && n.beside == beside);
            those.map(|n| format!("{} ({})", n.short, n.says))
        };
        for text in of(Tone::Bad, true) {
            lines.push(Cell::new(format!("beside the path: {text}"), Tone::Bad));
        }
        let refused = self.nodes.iter().filter(|n| n.refused);
        let refused: Vec<&str> = refused.map(|n| n.short).collect();
        let faults = !lines.is_empty() || !refused.is_empty();
        if !refused.is_empty() {
            let text = format!("no connection from here to {}", refused.join(", "));
            lines.push(Cell::new(text, Tone::Warn));
        }
        let look: Vec<String> = of(Tone::Warn, false).collect();
        if !look.is_empty() {
            let lead = if faults {
                "also"
            } else {
                "no fault is known; look at"
            };
            lines.push(Cell::new(format!("{lead} {}", look.join(", ")), Tone::Warn));
        }
        if !self.is_answered() && self.nodes.iter().all(|n| n.error.is_none()) {
            lines.push(Cell::new("asking ...", Tone::Unknown));
            return lines;
        }
        let unknown = self.unknown();
        if !unknown.is_empty() {
            let text = format!("not known: {}", unknown.join(", "));
            lines.push(Cell::new(text, Tone::Unknown));
        }
        if lines.is_empty() {
            let path = self.nodes.iter().filter(|n| !n.beside).count();
            let text = format!("all is well: each of the {path} steps of the path does its work");
            lines.push(Cell::new(text, Tone::Ok));
        }
        lines
    }

    /// What is not known and why, each reason once: one cause often silences many.
    fn unknown(&self) -> Vec<String> {
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for n in &self.nodes {
            // A step that is known to be ill may be half unknown as well.
            let part = n.remarks.iter().find(|r| r.tone == Tone::Unknown);
            let why = match part {
                // What is known of it beside that is no part of the reason.
                Some(r) if n.tone != Tone::Unknown || n.says.ends_with(&r.text) => r.text.as_str(),
                _ if n.tone == Tone::Unknown => n.says.as_str(),
                Some(r) => r.text.as_str(),
                None => continue,
            };
            match reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(n.short),
                None => reasons.push((why, vec![n.short])),
            }
        }
        reasons
            .into_iter()
            .map(|(why, names)| format!("{} ({why})", names.join(", ")))
            .collect()
    }

    /// The branch that a step hangs on where steps are lines, one below the other: heavy where a fault runs along it.
    pub fn twig(&self, id: &str) -> String {
        let Some(node) = self.node(id) else {
            return String::new();
        };
        if node.beside {
            return "· ".into();
        }
        let mut pieces = Vec::new();
        let mut at = node;
        let mut own = true;
        while let Some(above) = at.asked_by {
            let later = || {
                let those = self.asked_by(above);
                those.skip_while(|n| n.id != at.id).skip(1)
            };
            let (goes_on, hurts) = (later().count() > 0, later().any(Node::suffers));
            pieces.push(match (own, goes_on, at.suffers(), hurts) {
                (true, true, true, true) => "┣━ ",
                (true, true, true, false) => "┡━ ",
                (true, true, false, true) => "┠─ ",
                (true, true, false, false) => "├─ ",
                (true, false, true, _) => "┗━ ",
                (true, false, false, _) => "└─ ",
                (false, true, _, true) => "┃  ",
                (false, true, _, false) => "│  ",
                (false, false, _, _) => "   ",
            });
            own = false;
            let Some(next) = self.node(above) else { break };
            at = next;
        }
        pieces.reverse();
        pieces.concat()
    }
}

fn edge(node: &Node) -> Option<Edge> {
    let (from, measure) = (node.asked_by?, node.measure.clone());
    let silent = measure.latency_ms.is_none() && measure.errors_percent.is_none();
    let (state, tone) = match measure.errors_percent {
        _ if node.suffers() => ("fault", Tone::Bad),
        _ if node.refused => ("errors", Tone::Warn),
        Some(p) if p >= ERRORS_WARN => ("errors", Tone::Warn),
        // That answers come fast says nothing of how many are failures.
        _ if silent || (measure.unmeasured.is_some() && !measure.never) => {
            ("unknown", Tone::Unknown)
        }
        _ => ("ok", Tone::Ok),
    };
    Some(Edge {
        from,
        to: node.id,
        state,
        tone,
        fault: node.suffers(),
        measure,
    })
}

/// Marks where faults start and whom they reach: a step that is bad while nothing that it needs is bad starts one, and
/// everything that waits for it, up to the browser, is reached.
fn trace(nodes: &mut [Node]) {
    let place = |nodes: &[Node], id: &str| nodes.iter().position(|n| n.id == id);
    let above: Vec<Option<usize>> = nodes.iter().map(|n| place(nodes, n.asked_by?)).collect();
    let bad: Vec<usize> = (0..nodes.len())
        .filter(|at| {
            nodes
                .get(*at)
                .is_some_and(|n| n.tone == Tone::Bad && !n.beside)
        })
        .collect();
    let path = |at: usize| {
        // Who asks stands before who is asked, so this ends.
        std::iter::successors(above.get(at).copied().flatten(), |n| {
            above.get(*n).copied().flatten()
        })
    };
    for at in &bad {
        let deeper = bad.iter().any(|other| path(*other).any(|n| n == *at));
        if deeper {
            continue;
        }
        let mut reaches = Vec::new();
        let id = nodes.get(*at).map_or("", |n| n.id);
        for n in path(*at) {
            if let Some(node) = nodes.get_mut(n) {
                node.reached_by.push(id);
                reaches.push(node.id);
            }
        }
        if let Some(node) = nodes.get_mut(*at) {
            node.starts = true;
            node.reaches = reaches;
        }
    }
}
