//! How long one frame of 200x60 takes: the pure view, and the painter that turns it into bytes. Prints microseconds a screen as
//! `frame NAME view paint bytes`, and `key NAME answer` for a key among a thousand services; `benches/run` puts them beside the target.
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

/// A key, and a picture like the one before: what both cost before anything is drawn.
fn answer(name: &str, console: &mut Console) {
    let (mut keys, mut pictures) = (Vec::new(), Vec::new());
    let mut next = fleet::snapshot(1_000);
    for n in 0..FRAMES {
        let start = Instant::now();
        black_box(console.keys(if n % 2 == 0 { "j" } else { "k" }));
        keys.push(start.elapsed());
        next.facts.seq += 1;
        next.facts.taken_at = fixture::now();
        let picture = Arc::new(next.clone());
        let start = Instant::now();
        black_box(console.msg(Msg::Snapshot(picture)));
        pictures.push(start.elapsed());
    }
    println!("key {name} {:.1}", p95(keys));
    println!("picture {name} {:.1}", p95(pictures));
}
