//! Draws everything: header, tabs, the screen, the line of keys, and what lies over them.

use jiff::tz::TimeZone;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use super::commands::{Command, Danger};
use super::model::{Model, SMALLEST};
use super::overlays;
use super::screens::ScreenId;
use super::theme::Theme;
use super::update;
use super::widgets::{field, line, of_severity, time_of_day, wrapped};
use crate::domain::skew::Wrong;
use crate::domain::text::{clip, width};

/// Draws the model into a buffer of its size, whatever was in it.
pub fn view(model: &Model, buf: &mut Buffer) {
    let area = buf.area;
    let theme = &model.theme;
    let mut blank = Cell::EMPTY;
    blank.set_style(theme.text);
    buf.content.fill(blank);
    if model.is_too_small() {
        too_small(model, area, buf);
        return;
    }
    header(model, buf);
    tabs(model, buf);
    if let Some(screen) = model.screen() {
        screen.view(&model.cx(), buf);
    }
    footer(model, buf);
    overlays::view(model, model.body(), buf);
    told(model, buf);
}

fn too_small(model: &Model, area: Rect, buf: &mut Buffer) {
    let size = |(columns, rows): (u16, u16)| format!("{columns} x {rows}");
    let (needs, has) = (size(SMALLEST), size((area.width, area.height)));
    // Shorter words where the long ones do not fit: both sizes must be read on any terminal.
    let say = |long: String, short: String| match width(&long) <= usize::from(area.width) {
        true => long,
        false => short,
    };
    let words = [
        say(
            format!("flightdeck needs {needs}"),
            format!("needs {needs}"),
        ),
        say(format!("this terminal has {has}"), format!("has {has}")),
        say("make it larger, or q to quit".into(), "q quits".into()),
    ];
    for (y, text) in (area.height.saturating_sub(3) / 2..area.height).zip(words) {
        let x = area.width.saturating_sub(width(&text) as u16) / 2;
        line(buf, x, y, area.width, &[(text, model.theme.warn)]);
    }
}

/// Where one is, and what one may do there.
fn whereabouts(model: &Model, named: bool) -> Vec<(String, Style)> {
    let (facts, t) = (&model.snapshot.facts, &model.theme);
    let name = if named { " flightdeck  " } else { " " };
    let mut left = vec![
        (name.to_owned(), t.header),
        (facts.environment.clone(), t.header),
    ];
    let wide = model.size.0 >= 100;
    let mut odd = Vec::new();
    // However little room there is: all that is shown is somebody else's, or may be.
    odd.extend(facts.stray().map(|s| s.short()));
    let silent = facts.identity.error.is_some();
    if facts.expected_in_vain().is_some_and(|_| silent) {
        odd.push("account unknown".to_owned());
    }
    let mut told = Vec::new();
    if let Some(identity) = &facts.identity.value {
        left.push((format!(" · {}", identity.region), t.header));
        // And what was shown before was.
        if let Some(before) = (facts.account_before.as_ref()).filter(|_| wide || odd.is_empty()) {
            odd.push(format!("WAS {before}"));
        }
        told.push(identity.account.clone());
    }
    match odd.is_empty() {
        false => {
            told.extend(odd);
            let told = format!(" · {}", told.join(", "));
            left.push((told, t.header.patch(t.warn)));
        }
        true if wide && !told.is_empty() => {
            left.push((format!(" · {}", told.concat()), t.header));
        }
        true => {}
    }
    if facts.demo {
        left.push(("  DEMO".to_owned(), t.header.patch(t.info)));
    }
    if facts.read_only {
        left.push(("  READ-ONLY".to_owned(), t.header.patch(t.warn)));
    }
    left
}

fn header(model: &Model, buf: &mut Buffer) {
    let (facts, t, w) = (&model.snapshot.facts, &model.theme, buf.area.width);
    buf.set_style(Rect::new(0, 0, w, 1), t.header);

    let clock = format!("{} ", time_of_day(model.now, &TimeZone::system()));
    let wrong = Wrong::of(&facts.providers);
    let wrong = wrong.map_or_else(String::new, |w| format!("{} ", w.short()));
    let ready = model.snapshot.checklist.success_counts();
    let mut right: Vec<(String, Style)> = Vec::new();
    if ready.total() > 0 {
        let style = match () {
            () if ready.failing > 0 => t.warn,
            () if ready.ready() == ready.total() => t.ok,
            () => t.info,
        };
        let list = &model.snapshot.checklist;
        let far = match (list.is_judging(), list.waiting()) {
            (true, _) => "judging".to_owned(),
            (false, 0) => format!("{}/{}", ready.ready(), ready.total()),
            (false, n) if w < 100 => format!("{}/{}, {n} to ask", ready.ready(), ready.total()),
            (false, n) => format!("{}/{}, {n} not asked yet", ready.ready(), ready.total()),
        };
        right.push((format!("go-live {far}   "), t.header.patch(style)));
    }
    let wide = |spans: &[(String, Style)]| spans.iter().map(|(s, _)| width(s)).sum::<usize>();
    // Where there is no room for all, the rate of calls is told in fewer words, then our own name makes room for it; how far it is
    // to go-live and the time say more.
    let per_minute = facts.calls_per_minute();
    let (long, short) = (
        format!("{per_minute} calls/min   "),
        format!("{per_minute}/min  "),
    );
    let ways = [
        (true, long),
        (true, short.clone()),
        (false, short),
        (false, String::new()),
    ];
    let fits = |(named, calls): &(bool, String)| {
        let left = wide(&whereabouts(model, *named));
        left + wide(&right) + width(calls) + width(&clock) + width(&wrong) < usize::from(w)
    };
    let way = ways.into_iter().find(fits);
    let (named, calls) = way.unwrap_or((true, String::new()));
    let left = whereabouts(model, named);
    let left_used = wide(&left);
    line(buf, 0, 0, w, &left);
    right.push((calls, t.header));
    right.push((clock, t.header));
    // Every age on every screen is told by it.
    right.push((wrong, t.header.patch(t.warn)));
    let used = wide(&right);
    let start = usize::from(w).saturating_sub(used).max(left_used + 1);
    line(buf, start as u16, 0, w - (start as u16).min(w), &right);
}

/// A tab on the line: where it stands and what it says.
struct Tab {
    id: ScreenId,
    x: u16,
    text: String,
}

/// How much of their room tabs take.
#[derive(Clone, Copy)]
struct Dress {
    /// A space after the key, and two between tabs.
    wide: bool,
    /// Letters of a name at most, but for the one that is shown.
    letters: usize,
}

/// The dress in which all tabs fit: names are shortened before a key is hidden, for a key that nobody sees leads nowhere. The name of
/// the screen that is shown stays whole.
fn dress(model: &Model) -> Dress {
    // The first column stays free, and so does the gap after the last tab.
    let room = usize::from(model.size.0).saturating_sub(1);
    // Where one is within the screen is seen, too, as long as the names of the others still tell something.
    let crumbs = crumbs(model).map_or(0, |c| (width(&c) + 2).min(CRUMBS));
    let taken = |d: Dress| {
        let texts = ScreenId::ALL.iter().map(|id| tab_text(model, *id, d));
        texts.map(|s| width(&s) + gap(d)).sum::<usize>()
    };
    let whole = [true, false].map(|wide| Dress {
        wide,
        letters: usize::MAX,
    });
    let cut = (0..=LONGEST).rev().map(|letters| Dress {
        wide: false,
        letters,
    });
    let mut all = whole.into_iter().chain(cut);
    let beside = |d: &Dress| d.letters >= TELLING && taken(*d) + crumbs <= room + gap(*d);
    all.clone()
        .find(beside)
        .or_else(|| all.find(|d| taken(*d) <= room + gap(*d)))
        .unwrap_or(Dress {
            wide: false,
            letters: 0,
        })
}

/// Columns that crumbs get at the cost of the tabs' names.
const CRUMBS: usize = 36;
/// Letters that still tell a name.
const TELLING: usize = 4;
/// Letters from which on names are shortened.
const LONGEST: usize = 8;

fn gap(d: Dress) -> usize {
    if d.wide { 2 } else { 1 }
}

fn tab_places(model: &Model) -> Vec<Tab> {
    let dress = dress(model);
    let mut x = 1;
    let place = |id: &ScreenId| {
        let text = tab_text(model, *id, dress);
        let tab = Tab { id: *id, x, text };
        x += (width(&tab.text) + gap(dress)) as u16;
        tab
    };
    ScreenId::ALL.iter().map(place).collect()
}

fn tab_text(model: &Model, id: ScreenId, dress: Dress) -> String {
    let key = model
        .keymap
        .key_for(model.current, Command::Screen(id))
        .unwrap_or_default();
    let space = if dress.wide { " " } else { "" };
    let name: String = match id == model.current {
        true => id.title().to_owned(),
        false => id.title().chars().take(dress.letters).collect(),
    };
    let apart = if dress.letters < LONGEST { "" } else { " " };
    match badge(model, id) {
        Some(n) => format!("{key}{space}{name}{apart}{n}"),
        None => format!("{key}{space}{name}"),
    }
}

/// What a tab says beside its name: alarms firing, deployments running.
fn badge(model: &Model, id: ScreenId) -> Option<String> {
    let n = match id {
        ScreenId::Alerts => model.firing,
        ScreenId::Deploys => model.moving,
        _ => 0,
    };
    let sign = if id == ScreenId::Alerts { "▲" } else { "▶" };
    (n > 0).then(|| format!("{sign}{n}"))
}

fn tabs(model: &Model, buf: &mut Buffer) {
    let t = &model.theme;
    let mut end = 1;
    for Tab { id, x, text } in tab_places(model) {
        let style = match badge(model, id) {
            _ if id == model.current => t.tab_active,
            Some(_) if id == ScreenId::Alerts => of_severity(model.worst, t),
            Some(_) => t.info,
            None => t.tab,
        };
        let room = buf.area.width.saturating_sub(x);
        end = x + width(&text) as u16 + 1;
        line(buf, x, 1, room, &[(text, style)]);
    }
    if let Some(text) = crumbs(model) {
        let room = usize::from(buf.area.width.saturating_sub(end + 1));
        if room < 12 {
            // A piece of it would say nothing; the panel below has the name.
            return;
        }
        let text = clip(&text, room);
        let w = width(&text) as u16;
        line(buf, buf.area.width - w, 1, w, &[(text, t.title)]);
    }
}

/// Where one is within the screen; `None` at its top.
fn crumbs(model: &Model) -> Option<String> {
    let crumbs = model.screen().map_or_else(Vec::new, |s| s.crumbs());
    let joined = crumbs.join(" › ");
    (!crumbs.is_empty()).then(|| format!("{} › {joined} ", model.current.title()))
}

/// The screen whose tab is at a position.
pub fn tab_at(model: &Model, at: Position) -> Option<ScreenId> {
    let inside = |t: &Tab| (t.x..t.x + width(&t.text) as u16).contains(&at.x);
    let mut tabs = tab_places(model).into_iter();
    let hit = tabs.find(|t| at.y == 1 && inside(t))?;
    Some(hit.id)
}

/// Lines that a message takes at most.
const TOLD_AT_MOST: usize = 3;

/// What was just said, above the keys and over whatever is there: for a few seconds, or until the next key. The keys stay where they are.
fn told(model: &Model, buf: &mut Buffer) {
    let (t, area) = (&model.theme, buf.area);
    let Some(status) = &model.status else { return };
    let (sign, style) = match status.failed {
        true => ("▲", t.warn),
        false => ("·", t.info),
    };
    let room = usize::from(area.width).saturating_sub(5);
    let mut lines = wrapped(&status.text, room);
    if lines.len() > TOLD_AT_MOST {
        lines.truncate(TOLD_AT_MOST);
        if let Some(last) = lines.last_mut() {
            *last = clip(&format!("{last} …"), room);
        }
    }
    let first = area.height.saturating_sub(1 + lines.len() as u16);
    for (n, (y, text)) in (first..area.height).zip(&lines).enumerate() {
        let row = Rect::new(0, y, area.width, 1);
        Clear.render(row, buf);
        buf.set_style(row, t.text);
        let sign = if n == 0 { sign } else { " " };
        line(buf, 0, y, area.width, &[(format!(" {sign} {text}"), style)]);
    }
}

fn footer(model: &Model, buf: &mut Buffer) {
    let (t, w, y) = (
        &model.theme,
        buf.area.width,
        buf.area.height.saturating_sub(1),
    );
    if let Some(input) = &model.filter {
        line(buf, 0, y, 9, &[(" filter ".to_owned(), t.key)]);
        field(
            buf,
            Rect::new(9, y, 40.min(w.saturating_sub(9)), 1),
            input,
            true,
            t,
        );
        line(
            buf,
            51,
            y,
            w.saturating_sub(51),
            &[(
                if model.is_filter_old {
                    "typing begins anew   enter keep   esc clear"
                } else {
                    "enter keep   esc clear"
                }
                .to_owned(),
                t.muted,
            )],
        );
        return;
    }
    if !model.overlays.is_empty() {
        // What is open takes the keys, and names its own; those of the screen below do nothing now.
        line(
            buf,
            0,
            y,
            w,
            &[(" esc".into(), t.key), (" back".into(), t.muted)],
        );
        return;
    }
    line(buf, 0, y, w, &keys(model, t, usize::from(w)));
}

/// The keys that work here, and only those, as many as fit; help and quit always.
fn keys(model: &Model, t: &Theme, room: usize) -> Vec<(String, Style)> {
    let Some(screen) = model.screen() else {
        return Vec::new();
    };
    let key = |c: Command| model.keymap.key_for(model.current, c);
    let mut wanted: Vec<Command> = screen.offers().to_vec();
    if screen.filter().is_some() {
        // Where there is room for one of them, who looks for something finds it so.
        let at = wanted.iter().position(|c| *c == Command::Sort);
        wanted.insert(at.unwrap_or(wanted.len()), Command::Filter);
    }
    if !screen.crumbs().is_empty() {
        wanted.insert(0, Command::Back);
    }
    let last = [Command::Palette, Command::Help, Command::Quit];
    let word = |c: Command| {
        let own = screen.word(c, &model.cx());
        own.unwrap_or_else(|| c.short().to_owned())
    };
    let hint = |c: Command| key(c).map(|k| (k, word(c), c.danger() == Danger::Mutates));
    let cost = |(k, s, _): &(String, String, bool)| width(k) + width(s) + 3;
    let tail: Vec<_> = last.into_iter().filter_map(hint).collect();
    let mut left = room.saturating_sub(tail.iter().map(cost).sum::<usize>() + 1);
    let mut shown = Vec::new();
    for c in wanted {
        if update::disabled(model, c).is_some() {
            continue;
        }
        let Some(h) = hint(c) else { continue };
        if cost(&h) <= left {
            left -= cost(&h);
            shown.push(h);
        }
    }
    let mut spans = vec![(" ".to_owned(), t.footer)];
    for (k, s, mutates) in shown.into_iter().chain(tail) {
        spans.push((k, if mutates { t.warn } else { t.key }));
        spans.push((format!(" {s}  "), t.footer));
    }
    spans
}
