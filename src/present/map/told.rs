//! Who tells how a step fares, and what they say: only what a request suffers from counts; what is merely unwise (one zone, no
//! copies, a public bucket) is said aside, or every platform would always be broken.

use jiff::Timestamp;

use super::super::words::span;
use super::super::{Section, Tone, View};
use super::graph::{ERRORS_BAD, ERRORS_WARN, Remark};
use super::measure;
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
use crate::domain::database::belongs;
use crate::domain::facts::Facts;
use crate::domain::part::{Freshness, Part};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::ServiceHealth;
use crate::domain::slo::{SloKind, Standing, Urgency, rate_words};

/// A view that tells of a step, and what in it a request suffers from.
pub(super) struct Watched {
    /// The view.
    pub view: &'static View,
    /// Section, rows (none: all) and columns that count; none: everything that the view says.
    pub serves: &'static [(
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
    )],
}

/// What is said of a step.
#[derive(Default)]
pub(super) struct Told {
    pub remarks: Vec<Remark>,
    pub summary: String,
    pub aside: Option<Remark>,
    pub observed_at: Option<Timestamp>,
    pub source: String,
    pub error: Option<String>,
    pub view: Option<&'static str>,
}

impl Told {
    fn say(&mut self, tone: Tone, text: impl AsRef<str>) {
        self.remarks.push(Remark::new(tone, text));
    }

    /// The worst of what is said.
    pub fn worst(&self) -> Tone {
        let tones = self.remarks.iter().map(|r| r.tone);
        tones.max_by_key(|t| t.weight()).unwrap_or(Tone::Ok)
    }

    /// Takes what answers are worth: as old as the oldest; unknown, with the reason, where one cannot be believed. Whether it can.
    fn rests_on(
        &mut self,
        (source, observed_at): (&str, Option<Timestamp>),
        freshness: Freshness,
        problem: Option<&Problem>,
        now: Timestamp,
    ) -> bool {
        if !source.is_empty() && !self.source.contains(source) {
            let comma = if self.source.is_empty() { "" } else { ", " };
            self.source.push_str(comma);
            self.source.push_str(source);
        }
        self.observed_at = match (self.observed_at, observed_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let age = observed_at.map(|at| span(now.duration_since(at).as_secs()));
        let why = match (freshness, problem, age) {
            (Freshness::Fresh, ..) => return true,
            (_, Some(p), _) => p.why.clone(),
            (_, None, Some(age)) => format!("old: last answer {age} ago"),
            (_, None, None) => "asking ...".into(),
        };
        if let Some(p) = problem {
            self.error.get_or_insert_with(|| p.why.clone());
        }
        // Two sections of one answer fail for one reason.
        if !self.remarks.iter().any(|r| r.text == why) {
            self.say(Tone::Unknown, why);
        }
        false
    }

    fn part<T>(&mut self, part: &Part<T>, now: Timestamp) -> bool {
        let about = (part.source.as_str(), part.observed_at);
        self.rests_on(about, part.freshness(now), part.error.as_ref(), now)
    }

    fn section(&mut self, section: &Section, now: Timestamp) -> bool {
        let s = &section.standing;
        let freshness = s.freshness.unwrap_or(Freshness::Never);
        let about = (s.source.as_str(), s.observed_at);
        self.rests_on(about, freshness, s.problem.as_ref(), now)
    }

    /// Takes the firing alarms that are about a step.
    pub fn alarms(&mut self, facts: &Facts, now: Timestamp, step: &str) {
        let firing = facts.alarms.fresh(now).into_iter().flat_map(|a| a.iter());
        for a in firing.filter(|a| a.state == AlarmState::Alarm && about(a) == Some(step)) {
            let tone = match a.severity {
                Severity::Critical => Tone::Bad,
                Severity::Warning => Tone::Warn,
                Severity::Info => continue,
            };
            self.say(tone, format!("alarm {}", a.name));
        }
    }
}

/// The step that an alarm is about, by the metric that it watches.
fn about(alarm: &Alarm) -> Option<&'static str> {
    let AlarmRule::Metric {
        query: Some(query), ..
    } = &alarm.rule
    else {
        return None;
    };
    let name = query.metric.name.as_str();
    let by_target =
        name.contains("Target") || name.contains("HealthyHost") || name.contains("Healthy");
    Some(match query.metric.namespace.as_str() {
        "AWS/RDS" => "postgres",
        "AWS/ElastiCache" => "redis",
        "AWS/S3" => "s3",
        "AWS/ECS" | "ECS/ContainerInsights" => "ecs",
        // What targets answer, they answer for.
        "AWS/ApplicationELB" if by_target => "ecs",
        "AWS/ApplicationELB" => "balancer",
        _ => return None,
    })
}

/// What views say of a step.
pub(super) fn views(watched: &[Watched], facts: &Facts, now: Timestamp) -> Told {
    let mut told = Told::default();
    let mut asides: Vec<Remark> = Vec::new();
    for w in watched.iter().filter(|w| w.view.applies(facts)) {
        told.view = told.view.or(Some(w.view.id));
        let sections = (w.view.make)(facts, now);
        if w.serves.is_empty() {
            if let Some(first) = sections.first() {
                told.section(first, now);
            }
            let worst = View::worst(&sections);
            if worst.weight() > Tone::Unknown.weight() {
                told.say(worst, said(&sections));
            }
        }
        for (name, rows, heads) in w.serves {
            let Some(section) = sections.iter().find(|s| s.name == *name) else {
                continue;
            };
            if told.section(section, now) {
                let all = complaints(section, rows, heads);
                match *name {
                    "databases" => told.remarks.extend(of_databases(all, facts)),
                    _ => told.remarks.extend(all.into_iter().map(|(_, r)| r)),
                }
            }
        }
        asides.push(Remark::new(View::worst(&sections), said(&sections)));
        if told.summary.is_empty() {
            told.summary = holds(&sections);
        }
    }
    let worst = told.worst().weight().max(Tone::Unknown.weight());
    told.aside = asides
        .into_iter()
        .filter(|a| a.tone.weight() > worst)
        .max_by_key(|a| a.tone.weight());
    told
}

/// What rows and columns of a section speak of, with the row's id.
fn complaints<'a>(section: &'a Section, rows: &[&str], heads: &[&str]) -> Vec<(&'a str, Remark)> {
    let counts = |at: usize| {
        let head = section.heads.get(at);
        head.is_some_and(|h| heads.contains(&h.title))
    };
    let rows = section
        .rows
        .iter()
        .filter(|r| rows.is_empty() || rows.contains(&r.id.as_str()));
    rows.flat_map(|row| row.cells.iter().enumerate().map(move |c| (row, c)))
        .filter(|(_, (at, c))| counts(*at) && c.tone.weight() >= Tone::Info.weight())
        .map(|(row, (_, c))| {
            let text = format!("{}: {}", row.name(), c.text);
            (row.id.as_str(), Remark::new(c.tone, text))
        })
        .collect()
}

/// States in which a database answers nobody (Amazon RDS user guide, "Viewing Amazon RDS DB instance status").
const SILENT: [&str; 8] = [
    "stopped",
    "stopping",
    "starting",
    "rebooting",
    "renaming",
    "upgrading",
    "maintenance",
    "deleting",
];

/// No request of this environment waits for another one's database; and where nobody stands in for one that answers nobody, every
/// request does.
fn of_databases(all: Vec<(&str, Remark)>, facts: &Facts) -> Vec<Remark> {
    let known = facts.estate.databases.value.as_deref();
    let database = |id: &str| known?.instances.iter().find(|d| d.id == id);
    let ours = |id: &str| {
        database(id).is_none_or(|d| belongs(d.environment.as_deref(), &facts.environment))
    };
    all.into_iter()
        .filter(|(id, _)| ours(id))
        .map(|(id, remark)| {
            let silent = database(id)
                .filter(|d| d.stands_alone() && SILENT.contains(&d.status.as_str()))
                .is_some_and(|d| remark.text.ends_with(&format!(": {}", d.status)));
            match silent {
                true => Remark::new(Tone::Bad, remark.text),
                false => remark,
            }
        })
        .collect()
}

/// How much a view holds, by its first section that holds anything.
fn holds(sections: &[Section]) -> String {
    let first = sections.iter().find(|s| !s.rows.is_empty());
    let Some(section) = first else {
        return "nothing there".into();
    };
    let names: Vec<&str> = section
        .rows
        .iter()
        .filter_map(|r| Some(r.cells.first()?.text.as_str()))
        .collect();
    match names.as_slice() {
        [one] => (*one).to_owned(),
        many if section.name == "figures" => section.rows.first().map_or_else(
            || format!("{} figures", many.len()),
            |r| {
                let texts = r.cells.iter().skip(1).take(1).map(|c| c.text.as_str());
                texts.collect::<String>()
            },
        ),
        many => format!("{} {}", many.len(), section.name.replace('_', " ")),
    }
}

/// The worst that a view says in a line.
fn said(sections: &[Section]) -> String {
    if let Some(p) = sections.iter().find_map(|s| s.standing.problem.as_ref()) {
        return p.why.clone();
    }
    let notes = sections.iter().flat_map(|s| &s.notes);
    let cells = sections
        .iter()
        .flat_map(|s| s.rows.iter().map(move |r| (s, r)))
        .flat_map(|(s, r)| r.cells.iter().zip(s.heads).map(move |(c, h)| (r, h, c)));
    let note = notes
        .filter(|n| n.tone.weight() >= Tone::Unknown.weight())
        .max_by_key(|n| n.tone.weight());
    let cell = cells.max_by_key(|(_, _, c)| c.tone.weight());
    match (note, cell) {
        (Some(n), Some((.., c))) if n.tone.weight() >= c.tone.weight() => n.text.clone(),
        (Some(n), None) => n.text.clone(),
        (_, Some((row, head, cell))) => {
            format!("{}: {} {}", row.name(), head.title, cell.text)
        }
        (None, None) => holds(sections),
    }
}

/// What a browser would see, as far as this machine can tell.
pub(super) fn outside(facts: &Facts, now: Timestamp) -> Told {
    let mut told = Told {
        view: None,
        ..Told::default()
    };
    let all = facts.https.len();
    if all == 0 {
        let text = "nobody looks from outside: add [[probes.https]]";
        told.say(Tone::Unknown, text);
        return told;
    }
    // Where another host answers, it is not this machine that is cut off.
    let connected = facts.https.values().any(|p| p.fresh(now).is_some());
    let mut slowest = 0.0_f64;
    let mut well = 0;
    for (url, part) in &facts.https {
        let host = url.split("//").last().unwrap_or(url);
        let host = host.split('/').next().unwrap_or(host);
        let lost = |kind| matches!(kind, ProblemKind::Unreachable | ProblemKind::Timeout);
        let gone = part.error.as_ref().filter(|p| connected && lost(p.kind));
        if let Some(problem) = gone {
            told.say(Tone::Bad, format!("{host}: {}", problem.why));
        }
        let about = ("https:GET", part.observed_at);
        let (freshness, problem) = (part.freshness(now), part.error.as_ref());
        if gone.is_some() || !told.rests_on(about, freshness, problem, now) {
            continue;
        }
        let Some(seen) = &part.value else { continue };
        slowest = slowest.max(seen.latency_ms);
        match seen.status {
            500.. => told.say(Tone::Bad, format!("{host} answers {}", seen.status)),
            400..500 => told.say(Tone::Warn, format!("{host} answers {}", seen.status)),
            _ => well += 1,
        }
    }
    told.summary = format!("{well} of {all} hosts answer");
    told
}

/// The load balancers: targets that may be sent requests, and what is promised of their answers.
pub(super) fn balancer(facts: &Facts, now: Timestamp) -> Option<Told> {
    let mut told = Told::default();
    let fresh = told.part(&facts.target_groups, now);
    let groups = facts.target_groups.value.iter().flat_map(|v| v.iter());
    let groups: Vec<_> = groups.filter(|g| !g.load_balancers.is_empty()).collect();
    if fresh && groups.is_empty() {
        return None;
    }
    if fresh {
        for g in groups.iter().filter(|g| !g.targets.is_empty()) {
            let (well, all) = (g.healthy(), g.targets.len());
            let tone = match well {
                0 => Tone::Bad,
                n if n < all => Tone::Warn,
                _ => continue,
            };
            told.say(tone, format!("{}: {well} of {all} targets healthy", g.name));
        }
    }
    for slo in facts.slos.fresh(now).into_iter().flatten() {
        let tone = match slo.standing() {
            Standing::Burning(Urgency::Page) => Tone::Bad,
            Standing::Burning(Urgency::Ticket) => Tone::Warn,
            _ => continue,
        };
        // One promise broken by errors is enough: availability says the same of them.
        if slo.kind == SloKind::Availability {
            continue;
        }
        let rate = rate_words(slo.leading().and_then(|b| b.rate));
        told.say(tone, format!("{}: budget burns {rate}", slo.kind.word()));
    }
    let all: usize = groups.iter().map(|g| g.targets.len()).sum();
    let well: usize = groups.iter().map(|g| g.healthy()).sum();
    told.summary = format!("{well} of {all} targets healthy");
    Some(told)
}

/// The services, and what their targets answer.
pub(super) fn services(facts: &Facts, now: Timestamp) -> Option<Told> {
    let mut told = Told::default();
    let rows = facts.service_rows();
    let fresh = told.part(&facts.services, now);
    if fresh && rows.is_empty() {
        return None;
    }
    if fresh {
        for s in rows {
            let tone = match s.health() {
                ServiceHealth::Down | ServiceHealth::Failed => Tone::Bad,
                ServiceHealth::Degraded => Tone::Warn,
                ServiceHealth::Deploying => Tone::Info,
                ServiceHealth::Steady | ServiceHealth::Inactive => continue,
            };
            let (runs, wants) = (s.counts.running, s.counts.desired);
            let word = s.health().word();
            let text = format!("{}: {word}, {runs} of {wants} run", s.id.name);
            told.say(tone, text);
        }
    }
    for (group, percent) in measure::failing(facts, now) {
        let tone = if percent >= ERRORS_BAD {
            Tone::Bad
        } else {
            Tone::Warn
        };
        if percent >= ERRORS_WARN {
            told.say(tone, format!("{group}: {percent:.1} % of answers are 5xx"));
        }
    }
    let steady = rows.iter().filter(|s| s.health() == ServiceHealth::Steady);
    told.summary = format!("{} of {} steady", steady.count(), rows.len());
    Some(told)
}

/// What Cloudflare's own count of answers says.
pub(super) fn edge_errors(told: &mut Told, facts: &Facts, now: Timestamp) {
    let Some(percent) = measure::edge_errors(facts, now) else {
        return;
    };
    if percent >= ERRORS_WARN {
        let tone = if percent >= ERRORS_BAD {
            Tone::Bad
        } else {
            Tone::Warn
        };
        told.say(tone, format!("{percent:.1} % of answers are 5xx"));
    }
}
