//! Draws a confirmation: what a person must know before anything else comes first, because a small terminal shows no more at once.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::super::model::Model;
use super::super::super::theme::Theme;
use super::super::super::widgets::{ago, field, line, scrolled, wrapped};
use super::super::window;
use super::{Confirming, Stage};
use crate::domain::action::{Confirm, DiffLine, DiffMark, Preview};

type Row = Vec<(String, Style)>;

/// Lines of the diff that are shown with what changes; the whole of a longer one stands at the end.
const SHORT: usize = 6;

/// Rows of a document of some width.
struct Rows<'a> {
    all: Vec<Row>,
    width: usize,
    theme: &'a Theme,
}

impl Rows<'_> {
    fn say(&mut self, text: &str, style: Style, indent: &str) {
        let room = self.width.saturating_sub(indent.chars().count() + 1);
        for l in wrapped(text, room) {
            self.all.push(vec![(format!("{indent}{l}"), style)]);
        }
    }

    fn gap(&mut self) {
        if self.all.last().is_some_and(|row| !row.is_empty()) {
            self.all.push(Vec::new());
        }
    }

    fn facts<'f>(&mut self, facts: impl Iterator<Item = &'f (String, String)>, label: usize) {
        for (k, v) in facts {
            let room = self.width.saturating_sub(label + 4);
            for (i, l) in wrapped(v, room).into_iter().enumerate() {
                let head = if i == 0 { k.as_str() } else { "" };
                let head = (format!(" {head:<label$}  "), self.theme.muted);
                self.all.push(vec![head, (l, self.theme.text)]);
            }
        }
    }

    fn diff<'d>(&mut self, lines: impl Iterator<Item = &'d DiffLine>) {
        let t = self.theme;
        for d in lines {
            let (sign, style) = match d.mark {
                DiffMark::Same => (" ", t.muted),
                DiffMark::Removed => ("-", t.removed),
                DiffMark::Added => ("+", t.added),
            };
            let room = self.width.saturating_sub(4);
            for (n, text) in wrapped(&d.text, room).into_iter().enumerate() {
                let sign = if n == 0 { sign } else { " " };
                self.all.push(vec![(format!(" {sign} {text}"), style)]);
            }
        }
    }

    /// What would happen: what changes, what speaks against it, what is called; then what else is known, and a long diff whole.
    fn preview(&mut self, p: &Preview) {
        let t = self.theme;
        for why in &p.refusals {
            self.say(&format!("✗ {why}"), t.critical, " ");
        }
        self.gap();
        let leads = |f: &&(String, String)| Preview::LEADS.contains(&f.0.as_str());
        let label = |facts: &mut dyn Iterator<Item = &(String, String)>| {
            facts.map(|(k, _)| k.chars().count()).max().unwrap_or(0)
        };
        let width = label(&mut p.facts.iter().filter(leads));
        self.facts(p.facts.iter().filter(leads), width);
        let changes = || p.diff.iter().filter(|d| d.mark != DiffMark::Same);
        let (all, short) = (changes().count(), p.diff.len() <= SHORT);
        if short {
            self.diff(p.diff.iter());
        } else {
            self.diff(changes().take(SHORT));
            if let more @ 1.. = all.saturating_sub(SHORT) {
                self.say(
                    &format!("… {more} more lines change, below"),
                    t.muted,
                    "   ",
                );
            }
        }
        self.gap();
        for why in &p.warnings {
            self.say(&format!("▲ {why}"), t.warn, " ");
        }
        if !p.calls.is_empty() {
            self.gap();
            self.all.push(vec![(" will call".to_owned(), t.column)]);
            for call in &p.calls {
                let room = self.width.saturating_sub(6);
                for (n, text) in wrapped(call, room).into_iter().enumerate() {
                    let indent = if n == 0 { "   " } else { "     " };
                    self.all.push(vec![(format!("{indent}{text}"), t.muted)]);
                }
            }
        }
        self.gap();
        let others = |f: &&(String, String)| !leads(f);
        let width = label(&mut p.facts.iter().filter(others));
        self.facts(p.facts.iter().filter(others), width);
        if !short {
            self.gap();
            self.all
                .push(vec![(" the task definition".to_owned(), t.column)]);
            self.diff(p.diff.iter());
        }
    }
}

fn body(c: &Confirming, model: &Model, width: u16) -> Vec<Row> {
    let t = &model.theme;
    let mut rows = Rows {
        all: Vec::new(),
        width: usize::from(width),
        theme: t,
    };
    match &c.stage {
        Stage::Asking => {
            let what = "reading what this would do; nothing is changed by it";
            rows.say(&c.waiting(what, model.now), t.info, " ");
        }
        Stage::Failed(problem) => {
            rows.say(&format!("▲ {}", problem.what), t.critical, " ");
            rows.say(&problem.why, t.text, "   ");
            rows.say(&problem.fix, t.muted, "   ");
        }
        Stage::Ready(p) | Stage::Starting(p) => rows.preview(p),
    }
    rows.all
}

fn title(c: &Confirming, model: &Model) -> String {
    match &c.stage {
        Stage::Ready(p) | Stage::Starting(p) => {
            let place = match p.own_environment() {
                Some(environment) => format!("   in {environment}"),
                None => String::new(),
            };
            format!("{}{place} · made {}", p.title, ago(model.now, p.at))
        }
        _ => format!("{} {}", c.intent.verb(), c.intent.subject()),
    }
}

pub(in super::super) fn view(c: &Confirming, model: &Model, area: Rect, buf: &mut Buffer) {
    let t = &model.theme;
    let width = 96.min(area.width);
    let rows = body(c, model, width.saturating_sub(2));
    let spoilt = c.spoilt(model);
    // What is wrong with it, or with what was typed, stands above the keys, in as many lines as it takes.
    let wrong: Vec<String> = (spoilt.iter().chain(&c.error).take(1))
        .flat_map(|why| wrapped(&format!("▲ {why}"), usize::from(width).saturating_sub(4)))
        .collect();
    let height = u16::try_from(rows.len() + wrong.len().max(1) + 4).unwrap_or(u16::MAX);
    let inside = window(buf, area, width, height, &title(c, model), t);
    let foot_height = (1 + wrong.len().max(1) as u16).min(inside.height);
    let list = Rect {
        height: inside.height - foot_height,
        ..inside
    };
    let shown = usize::from(list.height);
    let first = c.scroll.min(rows.len().saturating_sub(shown));
    for (y, row) in (list.y..list.bottom()).zip(rows.iter().skip(first)) {
        line(buf, list.x, y, list.width, row);
    }
    scrolled(buf, list, first, shown, rows.len(), t);
    let y = inside.bottom().saturating_sub(1);
    for (y, text) in (list.bottom()..y).zip(&wrong) {
        let words = [(format!(" {text}"), t.critical)];
        line(buf, inside.x, y, inside.width, &words);
    }
    let foot = Rect {
        y,
        height: 1,
        ..inside
    };
    match &c.stage {
        Stage::Ready(p) => match &p.confirm {
            Confirm::Type(word) if p.refusals.is_empty() && spoilt.is_none() => {
                typing(c, word, foot, t, buf);
            }
            _ => line(buf, foot.x, y, foot.width, &keys(p, spoilt.is_some(), t)),
        },
        _ => line(buf, foot.x, y, foot.width, &waiting(c, model)),
    }
}

/// The keys where nothing is typed.
fn keys(p: &Preview, spoilt: bool, t: &Theme) -> Row {
    let renew = [(" r".into(), t.key), (" make it anew   ".into(), t.text)];
    let leave = |word: &str| [("esc".to_owned(), t.key), (format!(" {word}"), t.text)];
    match (p.refusals.is_empty(), spoilt) {
        (false, _) => [(" this cannot work as it is  ".into(), t.warn)]
            .into_iter()
            .chain(renew)
            .chain(leave("close"))
            .collect(),
        (true, true) => renew.into_iter().chain(leave("give up")).collect(),
        (true, false) => [(" y".into(), t.key), (" do it  ".into(), t.text)]
            .into_iter()
            .chain(renew)
            .chain(leave("give up"))
            .collect(),
    }
}

/// What is said where there is no preview to confirm.
fn waiting(c: &Confirming, model: &Model) -> Row {
    let t = &model.theme;
    match &c.stage {
        Stage::Starting(_) => {
            let what = c.waiting("writing the journal, then going", model.now);
            vec![(format!(" {what}"), t.info)]
        }
        Stage::Failed(_) => vec![
            (
                " nothing was changed that is not said above   ".into(),
                t.muted,
            ),
            ("r".into(), t.key),
            (" look again   ".into(), t.text),
            ("esc".into(), t.key),
            (" close".into(), t.text),
        ],
        _ => vec![(" esc give up".into(), t.muted)],
    }
}

/// The field for the word that confirms.
fn typing(c: &Confirming, word: &str, foot: Rect, t: &Theme, buf: &mut Buffer) {
    let ask = format!(" type {word} to do it: ");
    let used = ask.chars().count() as u16;
    let keys = "enter   esc give up";
    // A long word leaves less room for what is typed, not for what the keys do.
    let spare = foot.width.saturating_sub(used + 3 + keys.len() as u16);
    let room = spare.clamp(8, 24);
    line(buf, foot.x, foot.y, foot.width, &[(ask, t.danger)]);
    let at = Rect {
        x: foot.x + used + 1,
        width: room.min(foot.width.saturating_sub(used + 1)),
        ..foot
    };
    field(buf, at, &c.typed, true, t);
    let rest = foot.x + used + room + 3;
    let words = [(keys.into(), t.muted)];
    line(buf, rest, foot.y, foot.right().saturating_sub(rest), &words);
}
