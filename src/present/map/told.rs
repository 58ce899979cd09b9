//! Who tells how a step fares, and what they say: only what a request suffers from counts; what is merely unwise (one zone, no
//! copies, a public bucket) is said aside, or every platform would always be broken.

use jiff::Timestamp;

use super::super::words::span;
use super::super::{Pages, Place, Section, Tone, View, postgres, redis_server};
use super::remark::Remark;
use super::{By, Step};
use crate::domain::alarm::{Alarm, AlarmRule, Severity};
use crate::domain::facts::Facts;
use crate::domain::part::{Freshness, Part};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::stores::is_ours;

/// What a view without a row says of its step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// The account has none of it: there is no such step.
    Absent,
    /// It is configured, so there ought to be something.
    Unknown,
    /// Rows are what is ill.
    Well,
}

/// A view that tells of a step, and what in it a request suffers from.
pub(super) struct Watched {
    /// The view.
    pub view: &'static View,
    /// What it says where it has no rows.
    pub empty: Empty,
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
    /// What is known of it from elsewhere than CloudWatch, while that is fresh: it is told even where CloudWatch is silent.
    pub known: Option<String>,
    pub aside: Option<Remark>,
    pub observed_at: Option<Timestamp>,
    pub source: String,
    pub error: Option<String>,
    pub view: Option<&'static str>,
    /// Why no connection to its server comes about from here.
    pub refused: Option<String>,
}

impl Told {
    pub fn say(&mut self, tone: Tone, text: impl AsRef<str>) {
        self.remarks.push(Remark::new(tone, text));
    }

    /// The worst of what is said.
    pub fn worst(&self) -> Tone {
        let tones = self.remarks.iter().map(|r| r.tone);
        tones.max_by_key(|t| t.weight()).unwrap_or(Tone::Ok)
    }

    /// Takes who answered and when: as old as the oldest.
    fn heard(&mut self, (source, observed_at): (&str, Option<Timestamp>)) {
        if !source.is_empty() && !self.source.contains(source) {
            let comma = if self.source.is_empty() { "" } else { ", " };
            self.source.push_str(comma);
            self.source.push_str(source);
        }
        self.observed_at = match (self.observed_at, observed_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    /// Takes what answers are worth: as old as the oldest; unknown, with the reason, where one cannot be believed. Whether it can.
    pub fn rests_on(
        &mut self,
        (source, observed_at): (&str, Option<Timestamp>),
        freshness: Freshness,
        problem: Option<&Problem>,
        now: Timestamp,
    ) -> bool {
        self.heard((source, observed_at));
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

    pub fn part<T>(&mut self, part: &Part<T>, now: Timestamp) -> bool {
        let about = (part.source.as_str(), part.observed_at);
        self.rests_on(about, part.freshness(now), part.error.as_ref(), now)
    }

    /// Whether a server that this console asks itself takes no connection. It is told as a warning: services may go another way to it,
    /// and what figures others have of it are none of that connection.
    fn refuses(&mut self, section: &Section, view: &View) -> bool {
        let asked = [postgres::VIEW.id, redis_server::VIEW.id].contains(&view.id);
        let problem = section.standing.problem.as_ref();
        let problem = problem.filter(|p| asked && p.kind == ProblemKind::Unreachable);
        let Some(problem) = problem else {
            return false;
        };
        let why = &problem.why;
        let text = format!("no connection from here: {why}; the way from here may be at fault");
        self.remarks
            .push(Remark::new(Tone::Warn, text).told_elsewhere(true));
        let about = (
            section.standing.source.as_str(),
            section.standing.observed_at,
        );
        self.heard(about);
        self.error.get_or_insert_with(|| why.clone());
        self.refused = Some(why.clone());
        true
    }

    fn section(&mut self, section: &Section, now: Timestamp) -> bool {
        let s = &section.standing;
        let freshness = s.freshness.unwrap_or(Freshness::Never);
        let about = (s.source.as_str(), s.observed_at);
        self.rests_on(about, freshness, s.problem.as_ref(), now)
    }

    /// Takes the firing alarms that are about a step. Where alarms can speak of it and nobody tells of them, it is not known.
    pub(super) fn alarms(&mut self, pages: &Pages<'_>, step: &Step) {
        let (facts, now) = (pages.facts, pages.now);
        let watched: &[Watched] = match &step.told_by {
            By::Views(all) => all,
            _ => &[],
        };
        if !OF_ALARMS.contains(&step.id) || !self.part(&facts.alarms, now) {
            return;
        }
        if facts.alarms.fresh(now).is_none() {
            return;
        }
        for a in facts.firing_here().filter(|a| about(a) == Some(step.id)) {
            let tone = match a.severity {
                Severity::Critical => Tone::Bad,
                Severity::Warning => Tone::Warn,
                Severity::Info => continue,
            };
            let remark = Remark::new(tone, format!("alarm {}", a.name)).since(a.since);
            self.remarks.push(Remark {
                about: row_of(a, watched, pages),
                ..remark.told_elsewhere(true)
            });
        }
    }
}

/// Steps that alarms can speak of.
const OF_ALARMS: [&str; 5] = ["postgres", "redis", "s3", "ecs", "balancer"];

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

/// The row that has the name of what an alarm watches, on the pages of its step: whoever follows the alarm looks for that one.
fn row_of(alarm: &Alarm, watched: &[Watched], pages: &Pages<'_>) -> Option<Place> {
    let values = alarm.metrics().flat_map(|m| m.dimensions.iter());
    let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
    let views = watched.iter().map(|w| w.view);
    let mut views = views.filter(|v| !values.is_empty() && v.applies(pages.facts));
    views.find_map(|view| {
        pages.of(view).iter().find_map(|section| {
            let mut rows = section.rows.iter();
            let row = rows.find(|r| values.contains(&r.id.as_str()))?;
            Some(Place {
                view: view.id,
                section: section.name,
                row: row.id.clone(),
            })
        })
    })
}

/// What views say of a step; nothing where there is no such step.
pub(super) fn views(watched: &[Watched], pages: &Pages<'_>) -> Option<Told> {
    let (facts, now) = (pages.facts, pages.now);
    let mut told = Told::default();
    let mut asides: Vec<Remark> = Vec::new();
    let mut absent = true;
    for w in watched.iter().filter(|w| w.view.applies(facts)) {
        told.view = told.view.or(Some(w.view.id));
        let sections = pages.of(w.view);
        let empty = empty(w, &sections);
        absent &= empty.is_some() && w.empty == Empty::Absent;
        if let Some(first) = empty.filter(|_| w.empty == Empty::Unknown) {
            told.say(Tone::Unknown, first.why_empty());
        }
        if w.serves.is_empty() {
            if let Some(first) = sections.first() {
                let doubt = first.notes.iter().find(|n| n.tone == Tone::Unknown);
                if let (true, Some(doubt)) = (told.section(first, now), doubt) {
                    told.say(Tone::Unknown, &doubt.text);
                }
            }
            let worst = View::worst(&sections);
            if worst.weight() > Tone::Unknown.weight() {
                let remark = Remark::new(worst, said(&sections));
                told.remarks.push(Remark {
                    about: Section::place_of_worst(w.view.id, &sections),
                    ..remark.told_elsewhere(w.view.is_live())
                });
            }
        }
        for (name, rows, heads) in w.serves {
            let Some(section) = sections.iter().find(|s| s.name == *name) else {
                continue;
            };
            if !facts.hears_nobody_beside(w.view.id) && told.refuses(section, w.view) {
                continue;
            }
            if told.section(section, now) {
                let all = complaints(section, rows, heads);
                let all = match *name {
                    "databases" => of_databases(all, facts),
                    "zones" => of_zones(all, facts),
                    _ => all,
                };
                let burns = w.view.is_live() && View::worst(&sections) == Tone::Bad;
                told.remarks.extend(all.into_iter().map(|(id, r)| Remark {
                    about: Some(Place {
                        view: w.view.id,
                        section: section.name,
                        row: id.to_owned(),
                    }),
                    ..r.told_elsewhere(burns)
                }));
            }
        }
        asides.push(Remark::new(View::worst(&sections), said(&sections)));
        if told.summary.is_empty() {
            told.summary = holds(&sections);
        }
    }
    if absent {
        return None;
    }
    let worst = told.worst().weight().max(Tone::Unknown.weight());
    told.aside = asides
        .into_iter()
        .filter(|a| a.tone.weight() > worst)
        .max_by_key(|a| a.tone.weight());
    Some(told)
}

/// The first of the sections that tell of a step, where all of them can be believed and none has a row, nor a doubt.
fn empty<'a>(w: &Watched, sections: &'a [Section]) -> Option<&'a Section> {
    let tells = |s: &&Section| w.serves.iter().any(|(name, ..)| *name == s.name);
    let mut those: Vec<&Section> = sections.iter().filter(tells).collect();
    if those.is_empty() {
        those.extend(sections.first());
    }
    let doubt = |s: &Section| s.notes.iter().any(|n| n.tone == Tone::Unknown);
    let nothing = |s: &&Section| s.is_fresh() && s.rows.is_empty() && !doubt(s);
    those.iter().all(nothing).then(|| those.first().copied())?
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
fn of_databases<'a>(all: Vec<(&'a str, Remark)>, facts: &Facts) -> Vec<(&'a str, Remark)> {
    let known = facts.estate.databases.value.as_deref();
    let database = |id: &str| known?.instances.iter().find(|d| d.id == id);
    let ours = |id: &str| {
        database(id).is_none_or(|d| is_ours(d.environment.as_deref(), &d.id, &facts.environment))
    };
    all.into_iter()
        .filter(|(id, _)| ours(id))
        .map(|(id, remark)| {
            let silent = database(id)
                .filter(|d| d.stands_alone() && SILENT.contains(&d.status.as_str()))
                .is_some_and(|d| remark.text.ends_with(&format!(": {}", d.status)));
            let remark = match silent {
                true => Remark::new(Tone::Bad, remark.text),
                false => remark,
            };
            (id, remark)
        })
        .collect()
}

/// No request of this environment passes another one's zone: what is said of that stands on its own page.
fn of_zones<'a>(all: Vec<(&'a str, Remark)>, facts: &Facts) -> Vec<(&'a str, Remark)> {
    let zones = facts.estate.cloudflare_zones.value.as_deref();
    let ours = |id: &str| {
        let known = zones.and_then(|all| all.iter().find(|z| z.id == id));
        let name = known.map_or(id, |z| z.name.as_str());
        is_ours(None, name, &facts.environment)
    };
    all.into_iter().filter(|(id, _)| ours(id)).collect()
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
        _ => format!("{} {}", section.count(), section.name.replace('_', " ")),
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
