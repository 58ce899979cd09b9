//! Cost and capacity on one page: what is spent, what is left and until when, and what this console asks for.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::words::{count, span};
use super::{Cell, Group, Head, Make, Section, Tone, View, capacity, cost};
use crate::domain::facts::{Facts, ProviderHealth};
use crate::domain::order::Ordered;
use crate::domain::part::Part;

pub(super) const VIEW: View = View {
    id: "spending",
    title: "Cost and capacity",
    doc: "What is spent, its trend and forecast; what is left of each component and when it runs out; what this console asks for",
    group: Group::Money,
    lines: &[],
    needs: &[
        "cost",
        "measures",
        "services",
        "targets",
        "alarms",
        "scaling",
        "databases",
        "db_vitals",
        "db_limits",
        "postgres",
        "redis",
        "caches",
    ],
    make: Make::Facts(make),
};

/// The views that are told here: the console shows them on this page alone.
pub(super) const TOLD_HERE: &[&str] = &["cost", "capacity"];

/// Where the right half of the page begins, where there is room for two.
pub(super) const RIGHT: &str = "headroom";

const CALLS: &[Head] = &[
    Head::left("asked", 16).grow(1),
    Head::right("a minute", 8),
    Head::left("charged", 26).grow(2),
];

/// What stands in place of the bill where nobody asks for it.
const UNASKED: &str = "the bill is not asked for: [cost] in flightdeck.toml";

const HOUR_S: u32 = 3_600;
/// Seconds of a month of thirty days.
const MONTH_S: f64 = 30.0 * 86_400.0;
/// A question to Cost Explorer, and a metric that GetMetricData reads, in US dollars (AWS's price lists).
const QUESTION: f64 = 0.01;
const METRIC: f64 = 0.01 / 1_000.0;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let mut all = match asks_for_bill(facts) {
        true => cost::sections(facts, now),
        false => Vec::new(),
    };
    let bill = all.len();
    all.extend(capacity::sections(facts, now));
    if let (0, Some(first)) = (bill, all.first_mut()) {
        first.aside(UNASKED);
    }
    all.push(calls(facts, now));
    all
}

/// Whether anybody asks for the bill. Whoever runs the console decides what that may cost, so that nobody does is no bad news.
fn asks_for_bill(facts: &Facts) -> bool {
    let mut lines = facts.providers.iter();
    lines.any(|p| p.name == "cost" && p.configured)
}

/// What vendors charge for being asked, after AWS's price lists (Cost Explorer, CloudWatch, S3, Secrets Manager); all else is free.
fn charged(line: &str) -> Option<&'static str> {
    Some(match line {
        "cost" => "each question, 0.01 USD",
        "cloudwatch" | "cloudwatch-abroad" | "rds-metrics" => "each metric that is read",
        "logs" => "what Insights queries scan",
        "s3" => "each thousand requests",
        "secretsmanager" => "each ten thousand",
        _ => return None,
    })
}

/// Calls of the last minute, by who is asked, and what those that cost something come to in a month.
fn calls(facts: &Facts, now: Timestamp) -> Section {
    let none = "Nobody was asked in the last minute.";
    // The console knows it of itself: it is as old as the picture.
    let known = Part::answered((), facts.taken_at, "this console", Duration::from_secs(60));
    let title = "This console's calls";
    let mut section = Section::of(&known, now, "calls", title, CALLS, none);
    // Nobody else answered anything by that.
    section.standing.observed_at = None;
    let mut asked: Vec<&ProviderHealth> = (facts.providers.iter())
        .filter(|p| p.calls_per_minute > 0)
        .collect();
    // What costs something first.
    asked.order_by_key(|p| {
        (
            charged(&p.name).is_none(),
            std::cmp::Reverse(p.calls_per_minute),
        )
    });
    let all: u32 = asked.iter().map(|p| p.calls_per_minute).sum();
    for p in asked {
        let charge = charged(&p.name);
        let cells = vec![
            Cell::name(&p.name),
            Cell::plain(p.calls_per_minute.to_string()),
            match charge {
                Some(words) => Cell::plain(words),
                None => Cell::muted("no"),
            },
        ];
        let thing = json!({
            "name": p.name, "calls_per_minute": p.calls_per_minute, "charged": charge,
        });
        section.row(&p.name, cells, &thing);
    }
    section.note(format!("{all} calls in the last minute"), Tone::Muted);
    if !asks_for_bill(facts) {
        section.note(
            format!("nobody asks for the bill: add [cost] to flightdeck.toml (USD {QUESTION:.2} a question)"),
            Tone::Muted,
        );
    }
    if let Some(words) = watching(&facts.providers) {
        section.note(words, Tone::Plain);
    }
    if let Some(cost) = &facts.estate.cost.value {
        let apart = cost.next_at.duration_since(cost.asked_at).as_secs_f64();
        let questions = count(cost.questions as usize, "question");
        if apart > 0.0 {
            let price = f64::from(cost.questions) * QUESTION * MONTH_S / apart;
            section.note(
                format!(
                    "the bill takes {questions} every {}: USD {price:.2} a month",
                    span(apart as i64)
                ),
                Tone::Plain,
            );
        }
    }
    section
}

/// What all metrics that are asked for cost: the common series, databases, promises, dashboards, charts that are looked at. Told as a month
/// once an hour of it was counted: the first minutes ask for more than those after them.
fn watching(providers: &[ProviderHealth]) -> Option<String> {
    let all = || providers.iter().filter_map(|p| p.metered);
    let seconds = all().map(|m| m.seconds).max()?;
    let metrics: u32 = all().map(|m| m.metrics).fold(0, u32::saturating_add);
    let asked = count(metrics as usize, "metric");
    Some(match seconds {
        0..HOUR_S => {
            let price = f64::from(metrics) * METRIC;
            let since = span(i64::from(seconds));
            format!("{asked} read in {since}: USD {price:.2} so far")
        }
        _ => {
            let price = f64::from(metrics) * METRIC * MONTH_S / f64::from(HOUR_S);
            format!("{asked} read in the last hour: some USD {price:.0} a month at that rate")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Metered;

    fn provider(name: &str, calls: u32, configured: bool) -> ProviderHealth {
        ProviderHealth {
            name: name.into(),
            last_ok: None,
            problem: None,
            next_try: None,
            calls_per_minute: calls,
            metered: None,
            latency_ms: None,
            clock_s: None,
            configured,
        }
    }

    #[test]
    fn one_page_tells_of_the_bill_of_what_is_left_and_of_our_own_calls() {
        let providers = vec![
            provider("ecs", 14, true),
            provider("cloudwatch", 21, true),
            provider("cost", 0, false),
        ];
        let mut facts = Facts {
            providers,
            ..Facts::default()
        };
        let sections = make(&facts, Timestamp::UNIX_EPOCH);
        let names = |sections: &[Section]| sections.iter().map(|s| s.name).collect::<Vec<_>>();
        // Nobody asks for the bill: that is said, with what to do.
        assert_eq!(names(&sections), ["headroom", "calls"]);
        let notes = &sections[1].notes;
        assert!(notes.iter().any(|n| n.text.contains("[cost]")), "{notes:?}");
        let calls = sections.last().unwrap();
        assert_eq!(calls.rows[0].name(), "cloudwatch");
        assert_eq!(calls.rows[0].cells[2].text, "each metric that is read");
        assert!(calls.notes[0].text.contains("35 calls"));
        facts.providers[2].configured = true;
        let all = make(&facts, Timestamp::UNIX_EPOCH);
        assert_eq!(names(&all), ["services", "anomalies", "headroom", "calls"]);
        assert_eq!(all[2].name, RIGHT);
    }

    #[test]
    fn what_watching_costs_is_told_by_all_that_was_asked_for() {
        let metered = |name: &str, metrics, seconds| ProviderHealth {
            metered: Some(Metered { metrics, seconds }),
            ..provider(name, 1, true)
        };
        assert_eq!(watching(&[provider("ecs", 1, true)]), None);
        let said = |all: &[ProviderHealth]| watching(all).unwrap();
        // 3,000 metrics each of 720 hours, a cent a thousand: those of databases count as well.
        let hour = [
            metered("cloudwatch", 2_700, 3_600),
            metered("rds-metrics", 300, 3_600),
        ];
        let month = "3000 metrics read in the last hour: some USD 22 a month at that rate";
        assert_eq!(said(&hour), month);
        let soon = [metered("cloudwatch", 2_700, 120)];
        assert_eq!(said(&soon), "2700 metrics read in 2m: USD 0.03 so far");
        assert_eq!(charged("rds-metrics"), charged("cloudwatch"));
    }
}
