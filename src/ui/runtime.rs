//! The loop: messages in, effects out, a frame when something changed. Nothing here waits for a vendor.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use super::effect::Effect;
use super::listening::{AGES_S, drawn, last, read_events, watch};
use super::model::Model;
use super::msg::Msg;
use super::signals::Signals;
use super::terminal::{Cause, Guard, Pace, Painter, Writer};
use super::theme::Depth;
use super::update::{catch_up, update};
use super::view::view;
use super::worn;
use crate::config::Config;
use crate::domain::problem::Problem;
use crate::door::{Acts, Handle, Snapshot};

/// A console that asked to be stopped and goes on after this without having been continued was not stopped: nobody can stop what has
/// no shell behind it.
const UNSTOPPED: Duration = Duration::from_millis(300);

/// How the console ended.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// A theme or keymap cannot be used.
    #[error("{0}")]
    Config(#[from] Problem),
}

/// A console that has its terminal and has drawn its first frame; nothing has been asked yet.
pub struct Console {
    signals: Signals,
    continued: tokio::signal::unix::Signal,
    screen: Screen,
    model: Model,
    /// How many colours the terminal can show.
    depth: Depth,
}

impl Console {
    /// Takes the terminal and draws a first picture, so that a person sees it before any file or vendor is waited for.
    ///
    /// # Errors
    /// Where the theme, the keymap or the terminal cannot be used; the terminal is then as it was.
    pub fn open(config: &Config, first: Arc<Snapshot>) -> Result<Self, ConsoleError> {
        let depth = Depth::detect(config.ui.no_color);
        let (theme, keymap) = worn::of(config, depth)?;
        // Before the terminal is taken: a signal in between would leave it taken.
        let (signals, continued) = (Signals::new()?, continued()?);
        let guard = Guard::take()?;
        let mut screen = Screen::start(guard)?;
        // Before the size is asked for: nobody would hear of a change between that and the first look for events.
        crossterm::event::poll(Duration::ZERO)?;
        let size = drawn(crossterm::terminal::size()?);
        let mut model = Model::new(size, Timestamp::now(), first, theme, keymap);
        if let Some(warning) = config.claim() {
            model.say(warning, true);
        }
        screen.draw(&model);
        Ok(Self {
            signals,
            continued,
            screen,
            model,
            depth,
        })
    }

    /// Runs until the person leaves, a signal comes, or the terminal is gone; which of them it was.
    ///
    /// # Errors
    /// Where the terminal fails.
    pub async fn run(
        self,
        mut handle: Handle,
        engine: Arc<impl Acts>,
    ) -> Result<Ended, ConsoleError> {
        let Self {
            mut signals,
            mut continued,
            mut screen,
            mut model,
            depth,
        } = self;
        handle.look_at(model.interests());
        let (tx, mut messages) = mpsc::channel::<Msg>(256);
        read_events(tx.clone())?;
        let ticked = Arc::new(AtomicI64::new(Timestamp::now().as_millisecond()));
        let mut gone = watch(tx.clone(), ticked.clone())?;
        let (mut looks, mut answered) = (false, false);

        loop {
            let wait = screen.pace.wait(Instant::now());
            let lent = screen.lent;
            let msg = tokio::select! {
                biased;
                signal = signals.ended() => return Ok(Ended::Signal(signal)),
                _ = &mut gone => return Ok(Ended::GONE),
                // Whoever stopped us, and whoever had the terminal meanwhile: it is taken again whole. A change of its size was told to
                // those in the foreground alone.
                Some(()) = continued.recv() => {
                    screen.take_again();
                    let size = crossterm::terminal::size().map(drawn);
                    let (columns, rows) = size.unwrap_or(model.size);
                    Some(Msg::Resize(columns, rows))
                }
                () = unstopped(lent) => {
                    screen.take_again();
                    Some(Msg::Resize(model.size.0, model.size.1))
                }
                Some(msg) = messages.recv() => Some(msg),
                () = screen.writer.wrote(), if screen.writer.is_busy() => None,
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() && lent.is_none() && !screen.writer.is_busy() => None,
                alive = handle.changed() => alive.then(|| Msg::Snapshot(handle.snapshot())),
                () = tokio::time::sleep(until_tick(last(&ticked), Timestamp::now(), model.counts_seconds())) => {
                    if screen.writer.has_failed() || !io::IsTerminal::is_terminal(&io::stdin()) {
                        return Ok(Ended::GONE);
                    }
                    Some(Msg::Tick(Timestamp::now()))
                }
            };
            // Whatever comes is looked at with the time that it is: a key must not show an old picture as new.
            let now = Timestamp::now();
            let is_due = until_tick(last(&ticked), now, model.counts_seconds()).is_zero();
            let ticks = matches!(msg, Some(Msg::Tick(_)));
            let tick = (is_due && msg.is_some() && !ticks).then_some(Msg::Tick(now));
            if ticks || tick.is_some() {
                ticked.store(now.as_millisecond(), Ordering::Relaxed);
            }
            for msg in tick.into_iter().chain(msg) {
                let cause = cause(&msg);
                screen.pace.changed(cause);
                answered = cause == Cause::Person;
                for effect in update(&mut model, msg) {
                    match effect {
                        Effect::Quit => return Ok(Ended::Left),
                        Effect::Theme(name) => wear(&mut model, name, depth),
                        other => perform(other, &engine, &handle, &tx, &mut screen),
                    }
                }
                looks = true;
            }
            if screen.may_draw() {
                super::defect::at("frame");
                screen.draw(&model);
            }
            // Once the answer to a key is on its way: what is asked for now keeps other threads busy, and a small machine with them.
            if std::mem::take(&mut looks) {
                handle.look_at(model.interests());
                if std::mem::take(&mut answered) && catch_up(&mut model) {
                    screen.pace.changed(Cause::Data);
                }
            }
        }
    }
}

/// Draws in another theme from now on, and says how to keep it.
fn wear(model: &mut Model, name: &str, depth: Depth) {
    match worn::theme(Some(name), depth) {
        Ok(theme) => {
            model.theme = Arc::new(theme);
            let kept = format!("to keep it: --theme {name}, or theme in [ui] of flightdeck.toml");
            model.say(format!("theme {}; {kept}", model.theme.name), false);
        }
        Err(p) => model.say(format!("{}: {}", p.what, p.why), true),
    }
}

/// Ends when a console that lent its terminal was not stopped; never for one that has it.
async fn unstopped(lent: Option<tokio::time::Instant>) {
    match lent {
        Some(at) => tokio::time::sleep_until(at + UNSTOPPED).await,
        None => std::future::pending().await,
    }
}

fn cause(msg: &Msg) -> Cause {
    match msg {
        Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(_) | Msg::Resize(..) => Cause::Person,
        _ => Cause::Data,
    }
}

/// How long until ages and clocks on screen change: the next full second where something counts them, else the next one that ages are
/// shown by. A tick that is late because other things came first is due at once.
fn until_tick(ticked: Timestamp, now: Timestamp, counts_seconds: bool) -> Duration {
    let step = if counts_seconds { 1 } else { AGES_S };
    let next = (ticked.as_second() / step + 1) * step;
    let left_ms = next * 1_000 - now.as_millisecond();
    // A clock that was set back must not stop the screen's.
    Duration::from_millis(u64::try_from(left_ms.clamp(0, step * 1_000)).unwrap_or_default())
}

fn perform(
    effect: Effect,
    engine: &Arc<impl Acts>,
    handle: &Handle,
    tx: &mpsc::Sender<Msg>,
    screen: &mut Screen,
) {
    match effect {
        Effect::Preview(intent) => {
            let (engine, tx) = (engine.clone(), tx.clone());
            tokio::spawn(async move {
                let answer = engine.preview(intent).await.map(Box::new);
                let _ = tx.send(Msg::Previewed(answer)).await;
            });
        }
        Effect::Start { preview, typed } => {
            let (engine, tx) = (engine.clone(), tx.clone());
            tokio::spawn(async move {
                let answer = engine.start(*preview, typed).await;
                let _ = tx.send(Msg::Started(answer)).await;
            });
        }
        Effect::Quote(service) => {
            let (engine, tx) = (engine.clone(), tx.clone());
            tokio::spawn(async move {
                let answer = engine.quote(service.clone()).await;
                let _ = tx.send(Msg::Quoted(service, answer)).await;
            });
        }
        Effect::Copy(text) => screen.copy(&text),
        Effect::Refresh => handle.refresh(),
        Effect::Redraw => screen.painter.forget(),
        Effect::Suspend => screen.suspend(),
        // The rest was handled within the interface.
        Effect::Quit
        | Effect::Theme(_)
        | Effect::Go(_)
        | Effect::Ask(_)
        | Effect::Describe { .. }
        | Effect::Say(_)
        | Effect::Fail(_)
        | Effect::Pick(_) => {}
    }
}

struct Screen {
    guard: Guard,
    painter: Painter,
    writer: Writer,
    frame: Buffer,
    pace: Pace,
    pending: Vec<u8>,
    /// What has to go out before the next frame.
    opening: Vec<u8>,
    /// Since when somebody else has the terminal: nothing is drawn on it.
    lent: Option<tokio::time::Instant>,
}

impl Screen {
    fn start(guard: Guard) -> io::Result<Self> {
        Ok(Self {
            guard,
            painter: Painter::default(),
            writer: Writer::start()?,
            frame: Buffer::default(),
            pace: Pace::default(),
            pending: Vec::new(),
            opening: Vec::new(),
            lent: None,
        })
    }

    /// Whether something is to be drawn, and now.
    fn may_draw(&self) -> bool {
        self.lent.is_none()
            && !self.writer.is_busy()
            && self.pace.wait(Instant::now()) == Some(Duration::ZERO)
    }

    fn draw(&mut self, model: &Model) {
        let area = Rect::new(0, 0, model.size.0, model.size.1);
        if self.frame.area != area {
            self.frame = Buffer::empty(area);
        }
        view(model, &mut self.frame);
        let mut bytes = std::mem::take(&mut self.opening);
        bytes.append(&mut self.painter.paint(&mut self.frame));
        bytes.append(&mut self.pending);
        self.pace.drew(Instant::now());
        if !bytes.is_empty() {
            self.writer.write(bytes);
        }
    }

    fn copy(&mut self, text: &str) {
        use crossterm::clipboard::CopyToClipboard;
        // Goes out with the next frame: writing here could wait for a stalled terminal.
        let _ = crossterm::queue!(self.pending, CopyToClipboard::to_clipboard_from(text));
    }

    fn suspend(&mut self) {
        self.guard.lend();
        self.lent = Some(tokio::time::Instant::now());
        // Continues here after SIGCONT. That is heard of as any other, and the terminal taken again then: once is enough.
        stop_self();
    }

    fn take_again(&mut self) {
        self.lent = None;
        self.opening = self.guard.resume().unwrap_or_default();
        self.painter.forget();
    }
}

#[cfg(unix)]
fn stop_self() {
    let _ = rustix::process::kill_process_group(
        rustix::process::getpgrp(),
        rustix::process::Signal::TSTP,
    );
}

/// Not an end: this process was stopped, and goes on.
fn continued() -> io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))
}

/// How a console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person left it.
    Left,
    /// A signal of this number ended it.
    Signal(i32),
}

impl Ended {
    /// The terminal is gone. Whoever hears of it by a signal and whoever does not must end alike: both may come first.
    const GONE: Self = Self::Signal(rustix::process::Signal::HUP.as_raw());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_comes_with_the_second_or_with_the_ages_and_is_never_put_off_by_what_came_between() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let until = |ticked, now, counts| until_tick(at(ticked), at(now), counts).as_millis();
        assert_eq!(until(12_000, 12_300, true), 700);
        assert_eq!(until(12_000, 12_300, false), 2_700);
        assert_eq!(until(12_000, 15_400, false), 0, "it is late, not skipped");
        assert_eq!(until(15_400, 15_400, false), 4_600);
        assert_eq!(
            until(12_000, 2_000, false),
            5_000,
            "a clock that was set back"
        );
    }
}
