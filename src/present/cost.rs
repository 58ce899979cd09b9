//! Spending: by service, this month against last, forecast, anomalies, budget.

use jiff::Timestamp;

use super::words::{ago, count, until};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::cost::{Cost, CostAnomaly, ServiceCost};
use crate::domain::facts::Facts;

pub(super) const VIEW: View = View {
    id: "cost",
    title: "Cost",
    doc: "Spending by service, this month against last, forecast, anomalies, budget; asked seldom, since each question costs money",
    group: Group::Money,
    lines: &["cost"],
    needs: &["cost"],
    make: Make::Facts(sections),
};

const SERVICES: &[Head] = &[
    Head::left("service", 30).grow(3),
    Head::right("this month", 12),
    Head::right("last by now", 12),
    Head::right("change", 9),
    Head::left("week", 9).drop(2),
    Head::right("yesterday", 11).drop(1),
];
const ANOMALIES: &[Head] = &[
    Head::left("service", 24).grow(2),
    Head::left("from", 11),
    Head::left("until", 11),
    Head::right("beyond", 11),
    Head::right("expected", 11),
    Head::left("cause", 24).grow(1).drop(1),
];

pub(super) fn sections(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.cost;
    let none = "Nothing was spent this month.";
    let mut services = Section::of(part, now, "services", "By service", SERVICES, none);
    let none = "No anomaly in the last 30 days, or no anomaly monitor.";
    let mut anomalies = Section::of(part, now, "anomalies", "Anomalies", ANOMALIES, none);
    if let Some(cost) = &part.value {
        // The answer is kept for hours, since each question costs money: what looks at it every few minutes asks nothing.
        for section in [&mut services, &mut anomalies] {
            section.standing.observed_at = Some(cost.asked_at);
        }
        totals(&mut services, cost, now);
        for s in &cost.services {
            services.row(&s.service, service_cells(s, &cost.currency), s);
            if has_grown(s) {
                services.found(grown(s, &cost.currency));
            }
        }
        if cost.anomalies.is_none() {
            anomalies.note("the vendor did not tell of anomalies", Tone::Unknown);
        }
        for a in cost.anomalies.iter().flatten() {
            anomalies.row(&a.id, anomaly_cells(a, &cost.currency), a);
            let (beyond, expected) = (
                money(a.impact, &cost.currency),
                money(a.expected, &cost.currency),
            );
            anomalies.found(Found::told(format!(
                "cost {beyond} more than the {expected} expected"
            )));
        }
    }
    vec![services, anomalies]
}

/// The sums above the table.
fn totals(section: &mut Section, cost: &Cost, now: Timestamp) {
    let c = &cost.currency;
    let words = format!(
        "{} this month so far, {} by this day of last month ({})",
        money(cost.month, c),
        money(cost.last_month_so_far, c),
        change(cost.month, cost.last_month_so_far),
    );
    section.note(words, Tone::Plain);
    let words = format!("{} in all of last month", money(cost.last_month, c));
    section.note(words, Tone::Plain);
    let (words, tone) = match (cost.month_end, cost.budget) {
        (Some(end), Some(budget)) => (
            format!(
                "{} expected at the end of the month, {:.0} % of the budget of {}",
                money(end, c),
                end / budget * 100.0,
                money(budget, c)
            ),
            Tone::good(end <= budget),
        ),
        (Some(end), None) => (
            format!(
                "{} expected at the end of the month; no budget is set",
                money(end, c)
            ),
            Tone::Plain,
        ),
        (None, Some(budget)) => (
            format!("no forecast yet; the budget is {}", money(budget, c)),
            if cost.month <= budget {
                Tone::Unknown
            } else {
                Tone::Bad
            },
        ),
        (None, None) => (
            "no forecast yet, and no budget is set".into(),
            Tone::Unknown,
        ),
    };
    section.note(words, tone);
    let words = format!(
        "asked {} ago for {} (USD {:.2}), again {}",
        ago(Some(cost.asked_at), now),
        count(cost.questions as usize, "question"),
        f64::from(cost.questions) * 0.01,
        until(Some(cost.next_at), now),
    );
    section.note(words, Tone::Muted);
}

/// An amount with its currency.
fn money(amount: f64, currency: &str) -> String {
    let digits = if amount.abs() >= 1_000.0 { 0 } else { 2 };
    format!("{amount:.digits$} {currency}")
}

fn change(now: f64, before: f64) -> String {
    if before.abs() < 0.005 {
        return "new".into();
    }
    match ((now / before - 1.0) * 100.0).round() {
        0.0 => "0 %".into(),
        percent => format!("{percent:+.0} %"),
    }
}

/// A tenth of a cent more is no news; a third more of something that costs is.
fn has_grown(s: &ServiceCost) -> bool {
    s.month > s.last_month_so_far * 1.3 && s.month - s.last_month_so_far > 5.0
}

/// By how much something costs more than it did.
fn grown(s: &ServiceCost, currency: &str) -> Found {
    let (now, before) = (
        money(s.month, currency),
        money(s.last_month_so_far, currency),
    );
    Found::told(
        match change(s.month, s.last_month_so_far).strip_prefix('+') {
            Some(percent) => {
                format!("costs {percent} more than last month by this day ({now} after {before})")
            }
            None => format!("costs {now} this month, and cost nothing last month"),
        },
    )
}

fn service_cells(s: &ServiceCost, currency: &str) -> Vec<Cell> {
    let grown = has_grown(s);
    vec![
        Cell::name(&s.service),
        Cell::plain(money(s.month, currency)),
        Cell::plain(money(s.last_month_so_far, currency)),
        Cell::new(change(s.month, s.last_month_so_far), Tone::fine(!grown)),
        Cell::muted(spark(&s.week)),
        Cell::plain(
            s.week
                .last()
                .map_or_else(|| "-".into(), |n| money(*n, currency)),
        ),
    ]
}

/// A week in eight heights.
fn spark(values: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.iter().copied().fold(0.0, f64::max);
    let bar = |v: &f64| {
        let share = if most > 0.0 { v / most } else { 0.0 };
        let index = (share * 7.0).round().clamp(0.0, 7.0) as usize;
        BARS.get(index).copied().unwrap_or(' ')
    };
    values.iter().map(bar).collect()
}

fn anomaly_cells(a: &CostAnomaly, currency: &str) -> Vec<Cell> {
    let day = |d: Option<jiff::civil::Date>, none: &str| {
        d.map_or_else(|| none.to_owned(), |d| d.to_string())
    };
    let open = a.until.is_none();
    vec![
        Cell::name(&a.about),
        Cell::plain(day(a.from, "-")),
        Cell::new(day(a.until, "goes on"), Tone::fine(!open)),
        Cell::new(money(a.impact, currency), Tone::Warn),
        Cell::plain(money(a.expected, currency)),
        Cell::muted(&a.cause),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::part::Part;

    #[test]
    fn a_bill_that_was_kept_is_as_old_as_its_answer() {
        let now = Timestamp::UNIX_EPOCH;
        let asked_at = now - SignedDuration::from_mins(20);
        let cost = Cost {
            currency: "USD".into(),
            asked_at,
            next_at: now + SignedDuration::from_hours(7),
            questions: 3,
            budget: None,
            month: 1.0,
            last_month_so_far: 1.0,
            last_month: 1.0,
            month_end: None,
            services: Vec::new(),
            days: Vec::new(),
            anomalies: None,
        };
        let mut facts = Facts::default();
        facts.estate.cost = Part::answered(Arc::new(cost), now, "ce:x", Duration::from_secs(600));
        for section in sections(&facts, now) {
            assert_eq!(section.standing.observed_at, Some(asked_at));
            assert!(section.is_fresh(), "what looks at it goes on");
        }
    }

    #[test]
    fn what_grew_is_told_in_a_phrase_with_both_amounts() {
        let service = |month, before| ServiceCost {
            service: "Logs".into(),
            month,
            last_month_so_far: before,
            week: Vec::new(),
        };
        let told = |month, before| grown(&service(month, before), "USD").what.unwrap();
        assert_eq!(
            told(149.0, 100.0),
            "costs 49 % more than last month by this day (149.00 USD after 100.00 USD)"
        );
        assert_eq!(
            told(12.0, 0.0),
            "costs 12.00 USD this month, and cost nothing last month"
        );
    }

    #[test]
    fn amounts_and_changes_are_short_and_honest() {
        assert_eq!(money(12.345, "USD"), "12.35 USD");
        assert_eq!(money(1_834.2, "USD"), "1834 USD");
        assert_eq!(change(110.0, 100.0), "+10 %");
        assert_eq!(change(99.8, 100.0), "0 %");
        assert_eq!(change(100.2, 100.0), "0 %");
        assert_eq!(change(3.0, 0.0), "new");
        assert_eq!(spark(&[0.0, 1.0, 2.0]), "▁▅█");
        assert_eq!(spark(&[0.0, 0.0]), "▁▁");
    }
}
