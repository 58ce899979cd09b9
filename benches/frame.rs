//! How long one frame of 200x60 takes: the pure view, and the painter that turns it into bytes. Prints microseconds a screen as
//! `frame NAME view paint bytes`; `benches/run` puts them beside the target. Needs an optimised build to mean anything.

#[path = "../tests/ui/mod.rs"]
mod ui;

use std::hint::black_box;
use std::time::{Duration, Instant};

use flightdeck::ui::terminal::Painter;
use ui::Console;

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
        let mut console = Console::new(200, 60);
        console.keys(keys);
        let (mut views, mut paints, mut bytes) = (Vec::new(), Vec::new(), 0);
        for _ in 0..FRAMES {
            let start = Instant::now();
            let mut frame = black_box(console.buffer());
            views.push(start.elapsed());
            // A painter that has seen nothing writes the whole frame: the worst case.
            let start = Instant::now();
            bytes = black_box(Painter::default().paint(&mut frame)).len();
            paints.push(start.elapsed());
        }
        println!("frame {name} {:.1} {:.1} {bytes}", p95(views), p95(paints));
    }
}
