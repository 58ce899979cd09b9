//! What commands do to the screen of promises.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::model::{Promises, WIDE};
use super::view;
use crate::domain::interest::Interest;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};
use crate::ui::sorting::OWN;

impl Screen for Promises {
    fn id(&self) -> ScreenId {
        ScreenId::Slo
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        &[
            Open, ZoomOut, ZoomIn, NextPane, Evidence, Metrics, Describe, Copy, Sort, Reverse,
        ]
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        match command {
            ZoomIn if self.range.nearer().is_none() => Some("this is the shortest range".into()),
            ZoomOut if self.range.farther().is_none() => {
                Some("this is the whole window of the promises".into())
            }
            ZoomIn | ZoomOut => None,
            NextPane if cx.body.width >= WIDE => {
                Some("chart and figures are both on screen".into())
            }
            NextPane => None,
            Evidence if self.criterion(cx).is_none() => {
                Some("no criterion of the plan asks for it".into())
            }
            Metrics if self.slo(cx).is_none_or(|s| s.queries.is_empty()) => {
                Some("no series of CloudWatch tells of it".into())
            }
            _ if self.items.is_empty() => Some("no promise is known yet".into()),
            Reverse if self.is_in_own_order() => Some(OWN.into()),
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
        self.list.settle(self.items.iter(), self.items.len());
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.list.motion(command, self.items.iter()) {
            return Vec::new();
        }
        if self.turn(command) {
            return Vec::new();
        }
        match command {
            Command::ZoomIn => self.range = self.range.nearer().unwrap_or(self.range),
            Command::ZoomOut => self.range = self.range.farther().unwrap_or(self.range),
            Command::NextPane | Command::PrevPane => self.figures = !self.figures,
            _ => return self.act(command, cx),
        }
        Vec::new()
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(index) = view::item_at(self, at, cx) else {
            return Vec::new();
        };
        self.list.jump(index, self.items.iter());
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn interests(&self, cx: &Cx<'_>) -> Vec<Interest> {
        let queries = self.wanted(cx);
        if queries.is_empty() {
            return Vec::new();
        }
        vec![Interest::Metrics {
            queries,
            window: self.window(cx),
        }]
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}

impl Promises {
    fn act(&self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        let (slo, criterion) = (self.slo(cx), self.criterion(cx));
        let series = slo.filter(|s| !s.queries.is_empty()).map(|s| {
            Effect::Go(Nav::Metrics {
                title: s.kind.word().to_owned(),
                queries: s.queries.to_vec(),
            })
        });
        let proof = criterion.map(|c| Effect::Go(Nav::Criterion(c.id.clone())));
        let effect = match command {
            Command::Open => series.or(proof),
            Command::Metrics => series,
            Command::Evidence => proof,
            Command::Describe => match (slo, criterion) {
                (Some(s), _) => Some(Effect::describe(s.kind.word(), s)),
                (None, Some(c)) => Some(Effect::describe(&c.id, c)),
                (None, None) => None,
            },
            Command::Copy => match (slo, criterion) {
                (Some(s), _) => Some(Effect::Copy(super::row::sentence(s))),
                (None, Some(c)) => {
                    Some(Effect::Copy(format!("{} {}: {}", c.id, c.title, c.reason)))
                }
                (None, None) => None,
            },
            _ => None,
        };
        effect.into_iter().collect()
    }
}
