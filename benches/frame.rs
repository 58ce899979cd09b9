//! How long one frame of 200x60 takes: the pure view, and the painter that turns it into bytes. Prints microseconds a screen as
//! `frame NAME view paint bytes`, and `key NAME WHAT answer` for keys among a thousand services; `benches/run` puts them beside the target.
//! Needs an optimised build to mean anything.

#[path = "../tests/ui/mod.rs"]
mod ui;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::ui::msg::Msg;
use flightdeck::ui::terminal::Painter;
use ui::{Console, fixture, fleet};

/// Frames drawn for one figure.
const FRAMES: u32 = 400;

/// The 95th percentile, in microseconds.
fn p95(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() * 95 / 100].as_secs_f64() * 1e6
}

fn main() {
    // `cargo test --benches` passes flags for a harness that is not here, and wants no figures.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    for (name, keys) in [
        ("overview", "1"),
        ("checklist", "2"),
        ("services", "3"),
        ("deploys", "4"),
        ("alerts", "5"),
        ("metrics", "6"),
        ("logs", "7"),
        ("audit", "8"),
    ] {
        draw(name, Console::new(200, 60).keys(keys));
    }
    for (name, keys) in [
        ("overview_of_1000", "1"),
        ("services_of_1000", "3"),
        ("deploys_of_1000", "4"),
    ] {
        let mut console = Console::with(200, 60, fleet::snapshot(1_000));
        draw(name, console.keys(keys));
        answer(name, &mut console);
    }
}

/// With the frames that the runtime keeps from one picture to the next.
fn draw(name: &str, console: &Console) {
    let (mut views, mut paints, mut bytes) = (Vec::new(), Vec::new(), 0);
    let (mut frame, mut painter) = (console.buffer(), Painter::default());
    for _ in 0..FRAMES {
        let start = Instant::now();
        console.draw(black_box(&mut frame));
        views.push(start.elapsed());
        // A painter that does not know what is shown writes the whole frame: the worst case, as after a resize.
        painter.forget();
        let start = Instant::now();
        bytes = black_box(painter.paint(&mut frame)).len();
        paints.push(start.elapsed());
    }
    println!("frame {name} {:.1} {:.1} {bytes}", p95(views), p95(paints));
}

/// A picture like the one before, and keys with the frame that each brings about: what a person waits for, less the terminal.
fn answer(name: &str, console: &mut Console) {
    let mut pictures = Vec::new();
    let mut next = fleet::snapshot(1_000);
    for _ in 0..FRAMES {
        next.facts.seq += 1;
        next.facts.taken_at = fixture::now();
        let picture = Arc::new(next.clone());
        let start = Instant::now();
        black_box(console.msg(Msg::Snapshot(picture)));
        pictures.push(start.elapsed());
    }
    println!("picture {name} {:.1}", p95(pictures));
    let (mut frame, mut painter) = (console.buffer(), Painter::default());
    for (what, keys) in [
        ("list", &["j", "k", "G", "g"][..]),
        ("sort", &["s"]),
        ("filter", &["/", "0", "7", "<esc>"]),
        ("page", &["<enter>", "<esc>"]),
    ] {
        let mut times = Vec::new();
        for key in keys.iter().cycle().take(FRAMES as usize / 4) {
            let start = Instant::now();
            console.keys(key);
            console.draw(&mut frame);
            black_box(painter.paint(&mut frame));
            times.push(start.elapsed());
        }
        println!("key {name} {what} {:.1}", p95(times));
    }
}
