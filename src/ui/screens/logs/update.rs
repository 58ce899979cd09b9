//! What commands do to the logs screen.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::aim::Failed;
use super::groups::{self, Source};
use super::model::Logs;
use super::{jump, view};
use crate::domain::interest::Interest;
use crate::domain::log::{Level, LogLine};
use crate::domain::text::inert_lines;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::form::{Ask, Field, Form};
use crate::ui::overlays::picker::{Choices, Picker};
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};

/// Tags of the screen's own questions.
const GROUPS: &str = "groups";
const PATTERN: &str = "pattern";
const TIME: &str = "time";

impl Screen for Logs {
    fn id(&self) -> ScreenId {
        ScreenId::Logs
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        &[
            Pick, Follow, Open, Pattern, LevelUp, JumpTime, NextMatch, PrevMatch, Wrap, Fields,
            Copy, Describe,
        ]
    }

    fn disabled(&self, command: Command, _cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        match command {
            Pick => None,
            _ if self.request().is_none() => Some("no log group is chosen".into()),
            Open | Copy | Describe if self.visible.is_empty() => Some("there is no line".into()),
            NextMatch | PrevMatch if self.matches.is_empty() => Some("nothing matches".into()),
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        use Command::*;
        self.aim = None;
        match command {
            Up | PageUp | Top => {
                self.pause(cx);
                self.list
                    .motion(command, self.visible.iter().map(|l| &l.id));
            }
            // The end of an open log is where it goes on.
            Bottom if self.is_open() => self.held = None,
            Down | PageDown | Bottom => {
                self.list
                    .motion(command, self.visible.iter().map(|l| &l.id));
            }
            Follow if self.follows() => self.pause(cx),
            Follow => {
                if !self.is_open() {
                    self.range = None;
                    self.restart();
                }
                self.held = None;
            }
            Wrap => self.wrap = !self.wrap,
            Fields => self.fields = !self.fields,
            LevelUp => self.next_level(),
            NextMatch => self.find(true, cx),
            PrevMatch => self.find(false, cx),
            Pick => return vec![self.pick()],
            Pattern => return vec![self.ask_pattern()],
            JumpTime => return vec![ask_time()],
            Open | Copy | Describe => {
                let Some(l) = self.current() else {
                    return Vec::new();
                };
                return vec![match command {
                    Copy => Effect::Copy(l.raw.clone()),
                    Describe => Effect::describe(format!("event {}", l.id), l.as_ref()),
                    _ => event(l),
                }];
            }
            _ => {}
        }
        Vec::new()
    }

    fn arrive(&mut self, nav: &Nav, _cx: &Cx<'_>) -> Vec<Effect> {
        let source = match nav {
            Nav::LogsOf(id) | Nav::LogsAt(id, _) => Source::Service(id.clone()),
            Nav::LogsOfFailure { service, .. } => Source::Service(service.clone()),
            Nav::LogsOfTask {
                service,
                task,
                streams,
                ..
            } => Source::Task {
                service: service.clone(),
                task: task.clone(),
                streams: streams.clone(),
            },
            Nav::LogGroups(names) => Source::Groups(names.clone()),
            _ => return Vec::new(),
        };
        // Whoever asks for a service's logs means now: a time, a pattern or a level of an earlier look would be taken for it.
        *self = Self {
            source,
            wrap: self.wrap,
            fields: self.fields,
            ..Self::default()
        };
        match nav {
            Nav::LogsAt(_, at) => self.go_to_end(*at, *at, None),
            Nav::LogsOfFailure {
                began, at, tasks, ..
            } => {
                let failed = Failed {
                    since: *began,
                    tasks: tasks.clone(),
                };
                self.go_to_end(*at, *at, Some(failed));
            }
            // What it wrote last may have come in after it was stopped.
            Nav::LogsOfTask {
                ended: Some(at), ..
            } => self.go_to_end(*at, Timestamp::MAX, None),
            _ => {}
        }
        Vec::new()
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.search)
    }

    fn set_filter(&mut self, text: &str) {
        if self.search != text {
            self.aim = None;
            self.search = text.to_owned();
            self.seek = true;
        }
    }

    fn submit(
        &mut self,
        tag: &'static str,
        values: &[String],
        cx: &Cx<'_>,
    ) -> Result<Vec<Effect>, String> {
        let value = |i: usize| values.get(i).map_or("", String::as_str);
        match tag {
            GROUPS => {
                let mut names = values.to_vec();
                names.sort();
                self.source = Source::Groups(names);
                self.restart();
            }
            PATTERN => {
                self.pattern = value(0).to_owned();
                self.restart();
            }
            TIME => {
                let from = jump::time(value(0), cx.now, &TimeZone::system())?;
                let length = match value(1) {
                    "" | "now" => None,
                    text => Some(jump::length(text).ok_or_else(|| {
                        format!("{text:?} is not a length of time: 90s, 15m, 2h, 1d or now")
                    })?),
                };
                self.jump_to(from, length);
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn choices(&self, _tag: &'static str, cx: &Cx<'_>) -> Choices {
        groups::choices(&cx.snapshot.facts)
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(index) = view::line_at(self, at, cx) else {
            return Vec::new();
        };
        self.aim = None;
        self.pause(cx);
        self.list.jump(index, self.visible.iter().map(|l| &l.id));
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn interests(&self, _cx: &Cx<'_>) -> Vec<Interest> {
        self.request().map(Interest::Logs).into_iter().collect()
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}

impl Logs {
    fn pick(&self) -> Effect {
        Effect::Pick(Box::new(Picker::new(
            ScreenId::Logs,
            GROUPS,
            "Log groups",
            self.resolved.groups.clone(),
            Vec::new(),
        )))
    }

    fn ask_pattern(&self) -> Effect {
        Effect::Ask(Form::new(
            "Filter pattern, applied by CloudWatch Logs",
            Ask::Screen(ScreenId::Logs, PATTERN),
            vec![Field::new(
                "pattern",
                &self.pattern,
                "case counts: error -health, { $.status >= 500 }, %5\\d\\d%; empty for all lines",
            )],
        ))
    }
}

fn ask_time() -> Effect {
    let zone = TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    Effect::Ask(Form::new(
        "Go to a time",
        Ask::Screen(ScreenId::Logs, TIME),
        vec![
            Field::new(
                "from",
                "",
                format!("12:30, -2h, 2026-11-23 12:30 (all {zone}) or RFC 3339"),
            ),
            Field::new("for", "15m", "90s, 15m, 2h, 1d; now for everything since"),
        ],
    ))
}

/// A whole event as a document: its lines, its fields below one another, and as it came.
fn event(l: &LogLine) -> Effect {
    let at = l.at.to_zoned(TimeZone::system());
    let mut lines = vec![
        at.strftime("%Y-%m-%d %H:%M:%S%.3f %Z").to_string(),
        format!("level   {}", l.level.map_or("not told", Level::word)),
        format!("group   {}", l.group),
        format!("stream  {}", l.stream),
        String::new(),
    ];
    lines.extend(l.message.iter().cloned());
    if !l.fields.is_empty() {
        lines.push(String::new());
        let widest = l.fields.iter().map(|(k, _)| k.chars().count()).max();
        let widest = widest.unwrap_or(0).min(32);
        lines.extend(l.fields.iter().map(|(k, v)| format!("{k:<widest$}  {v}")));
    }
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(&l.raw)
        && let Ok(pretty) = serde_json::to_string_pretty(&json)
    {
        lines.push(String::new());
        lines.extend(pretty.lines().map(str::to_owned));
    }
    Effect::Describe {
        title: format!("{} {}", at.strftime("%H:%M:%S%.3f"), l.group),
        lines: lines
            .iter()
            .flat_map(|text| match text.as_str() {
                "" => vec![String::new()],
                text => inert_lines(text),
            })
            .collect(),
    }
}
