//! State of the audit screen, and what commands do to it.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::view;
use crate::domain::audit::{AuditRow, Outcome};
use crate::domain::interest::Interest;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::fuzzy;
use crate::ui::natural::Measure;
use crate::ui::screens::{Cx, Screen, ScreenId};
use crate::ui::sorting::{Sorting, Value, is_about};
use crate::ui::widgets::ListState;

/// Columns that can be sorted by.
pub(super) const SORTS: &[&str] = &[WHEN, "who", "action", "subject", "event", "outcome", "took"];

/// When it was written: the newest first.
const WHEN: &str = "when";

/// What a row tells under a title.
fn value(r: &AuditRow, by: &str) -> Value {
    match by {
        "who" => Value::word(&r.who),
        "action" => Value::word(&r.action),
        "subject" => Value::word(&r.subject),
        "event" => Value::word(&r.event),
        "outcome" => r.outcome.map_or(Value::None, |o| {
            let ill = match o {
                Outcome::Succeeded => 0,
                Outcome::Unknown => 1,
                Outcome::Refused | Outcome::Stopped => 2,
                _ => 3,
            };
            Value::Word(ill, o.word().to_owned())
        }),
        "took" => match r.duration_s {
            Some(s) => Value::Figure(Measure::Seconds, s),
            None => Value::None,
        },
        _ => Value::None,
    }
}

/// The audit screen.
#[derive(Debug, Default)]
pub struct Audit {
    pub(super) visible: Vec<u64>,
    pub(super) list: ListState<u64>,
    pub(super) sort: Sorting,
    pub(super) filter: String,
}

/// Rows as read, newest first.
pub(super) fn rows<'a>(cx: &Cx<'a>) -> &'a [AuditRow] {
    cx.snapshot
        .facts
        .audit
        .value
        .as_ref()
        .map_or(&[], |v| v.as_slice())
}

impl Audit {
    fn current<'a>(&self, cx: &Cx<'a>) -> Option<&'a AuditRow> {
        let seq = self.list.selected()?;
        rows(cx).iter().find(|r| r.seq == *seq)
    }
}

impl Screen for Audit {
    fn id(&self) -> ScreenId {
        ScreenId::Audit
    }

    fn offers(&self) -> &'static [Command] {
        &[
            Command::Open,
            Command::Verify,
            Command::Copy,
            Command::Describe,
            Command::Sort,
            Command::Reverse,
        ]
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        (command != Command::Verify && !is_about(command) && self.current(cx).is_none())
            .then(|| "nothing is recorded yet".into())
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        let shown = |r: &AuditRow| format!("{} {}", view::row(r, cx).text(), r.host);
        let all = rows(cx).iter();
        let mut kept: Vec<&AuditRow> = all
            .filter(|r| self.filter.is_empty() || fuzzy::says(&shown(r), &self.filter))
            .collect();
        match self.sort.by(SORTS) {
            // As they are read.
            WHEN if self.sort.is_reverse() => kept.reverse(),
            WHEN => {}
            // What is alike stays in the order of time.
            _ => {
                let name = |r: &&AuditRow| (u64::MAX - r.seq).to_string();
                kept = self
                    .sort
                    .arrange(kept, SORTS, |r: &&AuditRow, by: &str| value(r, by), name);
            }
        }
        self.visible = kept.into_iter().map(|r| r.seq).collect();
        self.list.settle(self.visible.iter(), view::list_height(cx));
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.list.motion(command, self.visible.iter()) {
            return Vec::new();
        }
        if self.sort.turn(command, SORTS.len()) {
            return Vec::new();
        }
        match (command, self.current(cx)) {
            (Command::Verify, _) => {
                vec![
                    Effect::Refresh,
                    Effect::Say(
                        "checking the chain from its first row; the title says how it stands"
                            .into(),
                    ),
                ]
            }
            (Command::Open | Command::Describe, Some(row)) => {
                vec![Effect::describe(format!("audit row {}", row.seq), row)]
            }
            (Command::Copy, Some(row)) => {
                vec![Effect::Copy(
                    serde_json::to_string(row).unwrap_or_else(|_| row.hash.clone()),
                )]
            }
            _ => Vec::new(),
        }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.filter)
    }

    fn ranks(&self) -> bool {
        false
    }

    fn set_filter(&mut self, text: &str) {
        if self.filter != text {
            self.filter = text.to_owned();
            self.list.filtered(text);
        }
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(index) = view::line_at(at, cx).and_then(|l| self.list.row_at(l)) else {
            return Vec::new();
        };
        self.list.jump(index, self.visible.iter());
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn interests(&self, _cx: &Cx<'_>) -> Vec<Interest> {
        vec![Interest::Audit]
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}
