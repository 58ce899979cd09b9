use super::*;
use crate::domain::slo::{Ending, SIX_HOURS_S, Standing, THREE_DAYS_S, Urgency};

const HOUR: i64 = 3_600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn bucket(second: i64, requests: f64, failures: f64, mean_s: f64) -> Bucket {
    Bucket {
        at: at(second),
        requests,
        failures,
        timed: requests,
        seconds: requests * mean_s,
    }
}

fn judged_by(config: &SloConfig, long: &[Bucket], recent: &[Bucket], now: i64) -> Vec<Slo> {
    judged_with(config, (long, recent, &[]), now)
}

fn judged_with(
    config: &SloConfig,
    (long, short, minutes): (&[Bucket], &[Bucket], &[Bucket]),
    now: i64,
) -> Vec<Slo> {
    let rows = Rows {
        long,
        short,
        short_s: 300,
        minutes,
    };
    let over = Over {
        balancers: &["app/a/1".into()],
        missing: None,
    };
    judge(config, over, rows, at(now))
}

fn judged(long: &[Bucket], recent: &[Bucket], hours: i64) -> Vec<Slo> {
    judged_by(&SloConfig::default(), long, recent, hours * HOUR)
}

/// Hours `from..until`, 1,000 requests each of which some fail.
fn hours(from: i64, until: i64, failures: f64) -> Vec<Bucket> {
    (from..until)
        .map(|h| bucket(h * HOUR, 1_000.0, failures, 0.1))
        .collect()
}

/// Periods of five minutes over the hours `from..until`, 100 requests each of which some fail.
fn fives(from: i64, until: i64, failures: f64) -> Vec<Bucket> {
    (from * 12..until * 12)
        .map(|i| bucket(i * 300, 100.0, failures, 0.1))
        .collect()
}

fn near(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() < 1e-6)
}

#[test]
fn no_data_is_no_green() {
    let idle = [bucket(99 * HOUR, 0.0, 0.0, 0.0)];
    for slo in judged(&[], &[], 100)
        .into_iter()
        .chain(judged(&[], &idle, 100))
    {
        assert_eq!((slo.current, slo.is_met()), (None, None));
        assert_eq!((slo.budget_left_percent, slo.budget), (None, None));
        assert_eq!(slo.standing(), Standing::Unknown);
        assert_eq!((slo.ending(), slo.window_s), (Ending::Unknown, 0));
        assert!(slo.recent.is_empty() && slo.remaining.is_empty());
        assert_eq!(slo.counted.per_second, None);
        for burn in &slo.burns {
            assert_eq!((burn.rate, burn.fires()), (None, None));
        }
    }
}

#[test]
fn budget_and_burn_follow_from_the_counts() {
    // Ten quiet hours, then an hour in which 1 % fails: ten times the allowed 0.1 %.
    let mut recent = fives(10, 11, 1.0);
    recent.iter_mut().for_each(|b| b.seconds = b.requests * 0.3);
    let slos = judged(&hours(0, 10, 0.0), &recent, 11);
    let availability = &slos[0];
    assert!(near(availability.current, 100.0 * (1.0 - 12.0 / 11_200.0)));
    assert!(near(availability.burn_rate(HOUR_S), 10.0));
    let all = 12.0 / 11.2;
    assert!(near(availability.burn_rate(THREE_DAYS_S), all));
    assert!(near(availability.budget_left_percent, (1.0 - all) * 100.0));
    assert_eq!(availability.is_met(), Some(false));
    assert_eq!(
        (availability.standing(), availability.ending()),
        (Standing::Broken, Ending::Spent)
    );
    let budget = availability.budget.unwrap();
    assert!((budget.allowed - 11.2).abs() < 1e-9 && budget.spent == 12.0);
    // 0.1 % of eleven hours may be lost: 39.6 s.
    assert!(near(budget.minutes_left, (1.0 - all) * 0.66));
    let response = &slos[1];
    let mean = (10_000.0 * 100.0 + 1_200.0 * 300.0) / 11_200.0;
    assert!(near(response.current, mean) && near(response.burn_rate(HOUR_S), 1.5));
    assert_eq!(response.budget.unwrap().minutes_left, None);
    assert_eq!(
        (response.window_s, response.recent.len()),
        (11 * HOUR as u64, 12)
    );
    assert!(near(slos[2].current, 1_200.0 / 11_200.0));
    assert!(near(slos[2].counted.per_second, 1_200.0 / 3_600.0));
    assert_eq!(slos[2].counted.failures, 12.0);
}

#[test]
fn each_window_sees_its_own_time_and_says_how_much_of_it_is_known() {
    // Two days well, ten hours at 0.2 %, the last hour well.
    let mut long = hours(0, 48, 0.0);
    long.extend(hours(48, 57, 2.0));
    let mut recent = fives(57, 58, 0.2);
    recent.extend(fives(58, 59, 0.0));
    let slos = judged(&long, &recent, 59);
    let slo = &slos[0];
    assert!(near(slo.burn_rate(HOUR_S), 0.0));
    // Four hours at 1,000 requests, one at 1,200 with two failures a thousand, one well.
    assert!(near(slo.burn_rate(SIX_HOURS_S), (8.0 + 2.4) / 6.4));
    let three = slo.burn(THREE_DAYS_S).unwrap();
    assert_eq!(three.covered_s, 59 * HOUR as u32);
    assert!(near(three.rate, (18.0 + 2.4) / 59.4));
    assert_eq!(
        slo.burns.iter().map(|b| b.short_s).collect::<Vec<_>>(),
        [300, 1_800, SIX_HOURS_S]
    );
}

#[test]
fn everything_failing_burns_a_thousandfold_and_pages() {
    let mut recent = fives(93, 98, 0.0);
    recent.extend(fives(98, 99, 100.0));
    let slos = judged(&hours(0, 93, 0.0), &recent, 99);
    let slo = &slos[0];
    assert!(near(slo.burn_rate(HOUR_S), 1_000.0));
    assert!(slo.burns.iter().all(|b| b.fires() == Some(true)));
    assert_eq!(slo.standing(), Standing::Broken);
    let alone = &judged(&[], &fives(98, 99, 100.0), 99)[0];
    assert!(near(alone.current, 0.0) && near(alone.budget_left_percent, -99_900.0));
}

#[test]
fn thresholds_are_shares_of_the_budget_and_a_past_burn_is_over() {
    // Half an hour at 10 %, then half an hour well: the hour burns, its last five minutes do not.
    let mut recent = fives(600, 605, 0.0);
    let mut hot = fives(605, 606, 10.0);
    hot[6..].iter_mut().for_each(|b| b.failures = 0.0);
    recent.extend(hot);
    let slo = &judged(&hours(0, 600, 0.0), &recent, 606)[0];
    let thresholds: Vec<_> = slo.burns.iter().map(|b| b.threshold).collect();
    assert!(
        thresholds
            .iter()
            .zip([14.4, 6.0, 1.0])
            .all(|(a, b)| (a - b).abs() < 1e-9),
        "{thresholds:?}"
    );
    let hour = slo.burn(HOUR_S).unwrap();
    assert!(near(hour.rate, 50.0) && near(hour.short_rate, 0.0));
    assert_eq!(hour.fires(), Some(false));
    assert_eq!(slo.standing(), Standing::Kept);
    let week = SloConfig {
        window_days: 7,
        ..SloConfig::default()
    };
    let slo = &judged_by(&week, &hours(500, 600, 0.0), &recent, 606 * HOUR)[0];
    assert!((slo.burns[0].threshold - 3.36).abs() < 1e-9);
    assert_eq!(slo.burns[2].threshold, 1.0, "what it can bear for ever");
}

#[test]
fn a_fast_burn_pages_while_the_promise_is_still_kept() {
    let mut recent = fives(714, 719, 0.0);
    recent.extend(fives(719, 720, 2.0));
    let slo = &judged(&hours(0, 714, 0.0), &recent, 720)[0];
    assert_eq!(slo.is_met(), Some(true));
    assert!(near(slo.burn_rate(HOUR_S), 20.0));
    assert_eq!(slo.standing(), Standing::Burning(Urgency::Page));
    assert_eq!(slo.standing().word(), "BURNING");
}

#[test]
fn a_budget_ends_when_its_rest_divided_by_the_rate_is_over() {
    // Nothing failed in 30 days but the last hour at 0.5 %: five times the allowed rate.
    let long = hours(0, 714, 0.0);
    let mut recent = fives(714, 719, 0.0);
    recent.extend(fives(719, 720, 0.5));
    let slo = &judged(&long, &recent, 720)[0];
    let left = slo.budget_left_percent.unwrap() / 100.0;
    let Ending::At(end) = slo.burn(HOUR_S).unwrap().ending else {
        panic!("{:?}", slo.burns)
    };
    // What leaves the window never failed: the rest goes at five budgets a window.
    let expected = left * 720.0 / 5.0;
    let hours = end.duration_since(at(720 * HOUR)).as_secs_f64() / 3_600.0;
    assert!((hours - expected).abs() < 1.0, "{hours} {expected}");
    let calm = slo.burn(THREE_DAYS_S).unwrap();
    assert!(calm.rate.unwrap() < 1.0);
    assert_eq!(calm.ending, Ending::Lasts);
}

#[test]
fn what_is_old_leaves_the_window_and_takes_its_failures_along() {
    // An old incident took nearly all of the budget; it leaves within two hours, so a little burn never ends the rest.
    let mut long = hours(0, 2, 350.0);
    long.extend(hours(2, 714, 0.0));
    let recent = fives(714, 720, 0.09);
    let slo = &judged(&long, &recent, 720)[0];
    assert!(slo.budget_left_percent.unwrap() < 5.0);
    assert!(near(slo.burn_rate(SIX_HOURS_S), 0.9));
    assert_eq!(slo.ending(), Ending::Lasts);
    // The same incident just now stays for thirty days: even half the allowed rate ends the rest.
    let mut long = hours(0, 706, 0.4);
    long.extend(hours(706, 708, 200.0));
    long.extend(hours(708, 714, 0.4));
    let slo = &judged(&long, &fives(714, 720, 0.05), 720)[0];
    let left = slo.budget_left_percent.unwrap();
    assert!((0.0..6.0).contains(&left), "{left}");
    assert!(matches!(slo.ending(), Ending::At(_)), "{:?}", slo.ending());
}

#[test]
fn silence_is_unknown_however_good_the_past_was() {
    let slo = &judged(&hours(0, 94, 0.0), &[], 96)[0];
    assert!(near(slo.current, 100.0));
    assert_eq!(slo.silent_since, Some(at(94 * HOUR)));
    assert_eq!((slo.is_met(), slo.standing()), (None, Standing::Unknown));
    let hour = slo.burn(HOUR_S).unwrap();
    assert_eq!(
        (hour.rate, hour.fires(), hour.ending),
        (None, None, Ending::Unknown)
    );
    let broken = &judged(&hours(0, 94, 5.0), &[], 96)[0];
    assert_eq!(broken.is_met(), Some(false), "silence mends nothing");
    let half = &judged_by(
        &SloConfig::default(),
        &hours(0, 94, 0.0),
        &fives(94, 95, 0.0),
        95 * HOUR + 1_800,
    )[0];
    assert_eq!((half.silent_since, half.is_met()), (None, Some(true)));
}

#[test]
fn counts_that_are_late_are_no_gap() {
    // The newest period ended seven minutes ago: the last five minutes are those.
    let slo = &judged_by(
        &SloConfig::default(),
        &[],
        &fives(10, 11, 1.0),
        11 * HOUR + 420,
    )[0];
    assert!(near(slo.burn(HOUR_S).unwrap().short_rate, 10.0));
    // Twenty minutes are too late.
    let slo = &judged_by(
        &SloConfig::default(),
        &[],
        &fives(10, 11, 1.0),
        11 * HOUR + 1_200,
    )[0];
    assert_eq!(slo.burn(HOUR_S).unwrap().short_rate, None);
}

#[test]
fn a_target_that_allows_nothing_has_no_budget() {
    let strict = SloConfig {
        availability: 100.0,
        error_rate: 0.0,
        ..SloConfig::default()
    };
    let clean = judged_by(&strict, &[], &fives(10, 11, 0.0), 11 * HOUR);
    let dirty = judged_by(&strict, &[], &fives(10, 11, 1.0), 11 * HOUR);
    for i in [0, 2] {
        assert_eq!(clean[i].is_met(), Some(true));
        assert_eq!(dirty[i].is_met(), Some(false));
        assert_eq!(
            (clean[i].budget, clean[i].budget_left_percent),
            (None, None)
        );
        assert_eq!(clean[i].ending(), Ending::Unknown);
        assert_eq!(clean[i].left_words(), None);
    }
}

#[test]
fn hours_that_the_short_periods_cover_count_once_and_old_ones_not_at_all() {
    let long = [
        bucket(0, 500.0, 500.0, 1.0),
        bucket(800 * HOUR, 100.0, 100.0, 1.0),
    ];
    let recent = [bucket(800 * HOUR, 100.0, 0.0, 0.1)];
    let slos = judged(&long, &recent, 801);
    assert!(near(slos[0].current, 100.0), "{:?}", slos[0].current);
    assert_eq!(slos[0].window_s, HOUR as u64);
    assert_eq!(slos[0].history.len(), 1);
}

#[test]
fn the_rest_of_the_budget_falls_from_whole_to_what_is_left() {
    let mut long = hours(0, 50, 0.0);
    long.extend(hours(50, 51, 30.0));
    long.extend(hours(51, 94, 0.0));
    let slo = &judged(&long, &fives(94, 100, 0.0), 100)[0];
    let values: Vec<f64> = slo.remaining.iter().map(|p| p.1).collect();
    assert_eq!(values.len(), 100);
    assert!(near(values.first().copied(), 100.0));
    assert!(near(
        values.last().copied(),
        slo.budget_left_percent.unwrap()
    ));
    assert!(values.windows(2).all(|w| w[1] <= w[0]));
}

#[test]
fn each_promise_names_the_series_it_is_measured_by() {
    let slos = judged(&[], &fives(10, 11, 0.0), 11);
    let names = |i: usize| -> Vec<_> {
        let all = slos[i].queries.iter();
        all.map(|q| (q.metric.name.clone(), q.stat.word()))
            .collect()
    };
    assert!(names(0).contains(&("HTTPCode_ELB_5XX_Count".into(), "Sum".into())));
    assert!(names(1).contains(&("TargetResponseTime".into(), "p99".into())));
    assert_eq!(names(0), names(2));
}

/// A period that has only just begun has no failure yet: by itself it would read as calm, every five minutes.
#[test]
fn a_short_window_does_not_read_as_calm_because_a_period_began() {
    let mut recent = fives(98, 99, 50.0);
    recent.push(bucket(99 * HOUR, 2.0, 0.0, 0.1));
    let config = SloConfig::default();
    let slos = judged_by(&config, &hours(0, 98, 0.0), &recent, 99 * HOUR + 5);
    let hour = slos[0].burn(HOUR_S).unwrap();
    assert!(near(hour.short_rate, 50.0 / 102.0 * 1_000.0), "{hour:?}");
    assert_eq!(hour.fires(), Some(true));
}

/// An outage of which two minutes are told, and that no period of five minutes has yet.
#[test]
fn the_newest_minutes_count_before_their_five_are_over() {
    let until = 20 * HOUR + 120;
    let short = fives(15, 20, 0.0);
    let minutes: Vec<Bucket> = (19 * 60..20 * 60 + 2)
        .map(|m| {
            let failed = if m >= 20 * 60 { 5.0 } else { 0.0 };
            bucket(m * 60, 20.0, failed, 0.1)
        })
        .collect();
    let rows = (&hours(0, 20, 0.0)[..], &short[..], &minutes[..]);
    let slos = judged_with(&SloConfig::default(), rows, until + 50);
    let errors = &slos[2];
    let counted = &errors.counted;
    assert_eq!(
        counted.until,
        Some(at(until)),
        "as old as its newest minute"
    );
    assert_eq!(counted.failures, 10.0);
    // Ten of a hundred requests of the last five minutes, where one of a thousand may fail.
    let hour = errors.burn(HOUR_S).unwrap();
    assert!(near(hour.short_rate, 100.0), "{:?}", hour.short_rate);
    assert!(near(hour.rate, 10.0 / 1_200.0 * 1_000.0), "{:?}", hour.rate);
    // No request is counted twice, and none of the minutes that are still to come is missed.
    assert!(near(counted.per_second, 20.0 / 60.0));
    // Half of the traffic of the hour went away five minutes ago: that is what is said, and not the mean of the hour.
    let mut fewer = minutes.clone();
    let gone = fewer.iter_mut().rev().take(5);
    gone.for_each(|b| b.requests = 10.0);
    let rows = (&hours(0, 20, 0.0)[..], &short[..], &fewer[..]);
    let slos = judged_with(&SloConfig::default(), rows, until + 50);
    assert!(near(slos[0].counted.per_second, 10.0 / 60.0));
    assert_eq!(
        counted.requests,
        15.0 * 1_000.0 + 48.0 * 100.0 + 62.0 * 20.0
    );
    let running = counted.recent.last().unwrap();
    assert_eq!(*running, (at(20 * HOUR), 20.0 / 60.0));
    let last = counted.lately(at(until + 50), 900).unwrap();
    let told = last.sum(&counted.minutes);
    assert_eq!((told.requests, told.failures), (100.0, 10.0));
    assert_eq!(counted.lately(at(until + 901), 900), None, "old");
}

#[test]
fn counts_in_part_have_no_good_figure_and_keep_a_bad_one() {
    let rows = |failed: f64| (hours(0, 10, failed), fives(10, 11, failed));
    let judged = |failed: f64| {
        let (long, short) = rows(failed);
        let rows = Rows {
            long: &long,
            short: &short,
            short_s: 300,
            minutes: &[],
        };
        let over = Over {
            balancers: &["app/a/1".into()],
            missing: Some("CloudWatch told only a part of the counts"),
        };
        judge(&SloConfig::default(), over, rows, at(11 * HOUR))
    };
    for slo in judged(0.0) {
        let figures = (slo.current, slo.budget_left_percent, slo.burn_rate(HOUR_S));
        assert_eq!(figures, (None, None, None), "{:?}", slo.kind);
        assert_eq!(
            (slo.ending(), slo.standing()),
            (Ending::Unknown, Standing::Unknown)
        );
    }
    let broken = &judged(5.0)[0];
    assert_eq!(broken.standing(), Standing::Broken);
    assert!(broken.current.is_some() && broken.budget_left_percent.is_some());
}
