//! What people who come do, and what their browsers measure.

use super::Telemetry;
use super::noise::{load, wobble};

/// What browsers measure, as CloudWatch RUM passes it on: a dozen visits each time.
pub(super) fn visits(t: &mut Telemetry, at: f64) {
    let busy = load(at);
    let dims = [("application_name", "laser-web")];
    for (metric, middle, unit) in [
        ("WebVitalsLargestContentfulPaint", 1_480.0, "Milliseconds"),
        ("WebVitalsCumulativeLayoutShift", 0.041, "None"),
        ("WebVitalsInteractionToNextPaint", 96.0, "Milliseconds"),
    ] {
        let of = |visit: u32| {
            let spread = 0.55 + 0.075 * f64::from(visit);
            middle * spread * (0.9 + 0.1 * busy) * (1.0 + 0.08 * wobble(metric, at))
        };
        let samples: Vec<f64> = (0..12).map(of).collect();
        t.metrics
            .record("AWS/RUM", metric, &dims, at as i64, &samples, unit);
    }
}

/// A whole number of things that happen so often in a step on average: a part of one happens in so many of the steps. Rounding alone
/// would leave none of what happens once in ten steps.
fn happened(mean: f64, at: f64, span: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let whole = mean.floor();
    let turn = (at / span.max(1.0)).floor() * GOLDEN;
    whole + f64::from(u8::from(turn.fract() < mean - whole))
}

pub(super) fn business(t: &mut Telemetry, at: f64, span: f64) {
    let busy = load(at) * span / 60.0;
    let second = at as i64;
    for (metric, a_minute) in [
        ("CalculatorRuns", 310.0),
        ("QuotesRequested", 42.0),
        ("Conversions", 5.5),
    ] {
        let mean = a_minute * busy * (1.0 + 0.15 * wobble(metric, at));
        let value = happened(mean, at, span);
        t.metrics
            .record("Laser/Business", metric, &[], second, &[value], "Count");
    }
}
