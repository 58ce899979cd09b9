//! The month before the story: what the load balancers counted, by the hour, with two incidents that a team would remember.

use super::Telemetry;
use super::noise::{USUAL_LOAD, load, wobble};
use super::traffic::appetite;
use crate::world::World;

/// Days that are told.
const DAYS: f64 = 32.0;
const HOUR_S: f64 = 3_600.0;

/// (hours before the story begins, hours it lasted, share of an hour's usual requests that failed, how much slower the others were).
const INCIDENTS: [(f64, f64, f64, f64); 2] = [
    // A bad release, turned back late.
    (19.0 * 24.0, 3.0, 0.09, 1.3),
    // A database that failed over.
    (9.0 * 24.0, 2.0, 0.04, 2.1),
];

/// What an hour was like: share that failed beyond the usual, and how much slower.
fn ailment(hours_ago: f64) -> (f64, f64) {
    let inside = |(began, lasted, ..): &(f64, f64, f64, f64)| {
        hours_ago <= *began && hours_ago > began - lasted
    };
    let found = INCIDENTS.iter().find(|i| inside(i));
    found.map_or((0.0, 1.0), |(_, _, failed, slower)| (*failed, *slower))
}

/// Tells the hours up to a time (seconds since the epoch).
pub(super) fn tell(t: &mut Telemetry, world: &World, until: f64) {
    let now = world.stamp();
    let last = (until / HOUR_S).floor() * HOUR_S;
    let hours = (DAYS * 24.0 - (now - last) / HOUR_S).max(0.0) as u32;
    for (name, id) in &world.load_balancers {
        let balancer = format!("app/{name}/{id}");
        let services: Vec<&str> = world
            .services
            .iter()
            .filter(|(_, s)| {
                let group = s.target_group.as_ref();
                let group = group.and_then(|g| world.target_groups.get(g));
                group.is_some_and(|g| g.load_balancer == *name)
            })
            .map(|(key, _)| key.1.as_str())
            .collect();
        for n in 1..=hours {
            let at = last - f64::from(n) * HOUR_S;
            hour(t, &balancer, &services, at, (now - at) / HOUR_S);
        }
    }
}

/// How busy a balancer was in an hour.
fn busy(balancer: &str, at: f64) -> f64 {
    load(at) * (1.0 + 0.05 * wobble(balancer, at))
}

/// How many requests of an hour failed. An incident costs as many at night as at noon: what is left of a month's budget must not
/// depend on the time of day at which the story begins.
fn failures(requests: f64, busy: f64, ailing: f64, at: f64) -> f64 {
    let share = ailing * USUAL_LOAD / busy + 0.000_15 * (1.0 + wobble("month", at));
    (requests * share.min(1.0)).round()
}

fn hour(t: &mut Telemetry, balancer: &str, services: &[&str], at: f64, hours_ago: f64) {
    let (ailing, slower) = ailment(hours_ago);
    let busy = busy(balancer, at);
    let (mut requests, mut times) = (0.0, Vec::with_capacity(services.len() * 4));
    for service in services {
        let (rate, mean) = appetite(service);
        requests += (rate * busy * HOUR_S).round();
        times.extend((0..4).map(|i| {
            let spread = 0.55 + 0.25 * f64::from(i) + if i == 3 { 0.35 } else { 0.0 };
            let noise = 1.0 + 0.08 * wobble(&format!("{service}{i} month"), at);
            mean * slower * spread * noise * (0.85 + 0.15 * busy)
        }));
    }
    let failed = failures(requests, busy, ailing, at);
    let refused = (requests * 0.006).round();
    let dims = [("LoadBalancer", balancer)];
    let mut put = |metric: &str, samples: &[f64], unit: &str| {
        t.metrics.record(
            "AWS/ApplicationELB",
            metric,
            &dims,
            at as i64,
            samples,
            unit,
        );
    };
    put("RequestCount", &[requests], "Count");
    put("TargetResponseTime", &times, "Seconds");
    let served = requests - failed - refused;
    put("HTTPCode_Target_2XX_Count", &[served], "Count");
    put("HTTPCode_Target_4XX_Count", &[refused], "Count");
    put("HTTPCode_Target_5XX_Count", &[failed], "Count");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same is gone of a promise of 99.9 % at whatever hour and day the story begins.
    #[test]
    fn a_month_costs_as_much_of_the_budget_whenever_it_ends() {
        for start in 0..24 * 9 {
            let now = 1_800_000_000.0 + f64::from(start) * (HOUR_S + 137.0);
            let last = (now / HOUR_S).floor() * HOUR_S;
            let (mut all, mut failed) = (0.0, 0.0);
            for n in 1..=30 * 24 {
                let at = last - f64::from(n) * HOUR_S;
                let busy = busy("app/alb", at);
                let requests = (70.0 * busy * HOUR_S).round();
                all += requests;
                failed += failures(requests, busy, ailment((now - at) / HOUR_S).0, at);
            }
            let left = 100.0 * (1.0 - failed / (all * 0.001));
            assert!((30.0..45.0).contains(&left), "{left} % at {now}");
        }
    }

    #[test]
    fn incidents_have_a_begin_and_an_end() {
        assert_eq!(ailment(19.0 * 24.0 + 1.0).0, 0.0);
        assert_eq!(ailment(19.0 * 24.0 - 1.0).0, 0.09);
        assert_eq!(ailment(19.0 * 24.0 - 3.0).0, 0.0);
        assert_eq!(ailment(9.0 * 24.0).1, 2.1);
    }
}
