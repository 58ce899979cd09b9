use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::model::Item;
use super::{Promises, row};
use crate::domain::facts::Charts;
use crate::domain::interest::Interest;
use crate::domain::metric::{MetricId, Series, Stat, Unit};
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::queries;
use crate::domain::slo::{
    Budget, Burn, Counted, Ending, HOUR_S, SIX_HOURS_S, Slo, SloKind, THREE_DAYS_S, Urgency,
};
use crate::door::Snapshot;
use crate::plan::{Plan, evaluate};
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::keymap::Keymap;
use crate::ui::screens::{Cx, Nav, Screen};
use crate::ui::theme::Theme;

const BALANCERS: [&str; 2] = ["app/a/1", "app/b/2"];

fn now() -> Timestamp {
    "2026-11-23T12:41:07Z".parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(
        value,
        now(),
        "cloudwatch:GetMetricData",
        Duration::from_secs(60),
    )
}

fn burn(window_s: u32, rate: f64, threshold: f64, urgency: Urgency, ending: Ending) -> Burn {
    Burn {
        window_s,
        covered_s: window_s,
        rate: Some(rate),
        short_s: window_s / 12,
        short_rate: Some(rate),
        threshold,
        urgency,
        ending,
    }
}

fn slo(kind: SloKind, target: f64, current: f64, left: f64) -> Slo {
    Slo {
        kind,
        target,
        current: Some(current),
        budget_left_percent: Some(left),
        budget: Some(Budget {
            allowed: 2_000.0,
            spent: 2_000.0 * (1.0 - left / 100.0),
            minutes_left: (kind != SloKind::ResponseTime).then_some(43.2 * left / 100.0),
        }),
        burns: vec![
            burn(HOUR_S, 0.6, 14.4, Urgency::Page, Ending::Lasts),
            burn(
                SIX_HOURS_S,
                2.0,
                6.0,
                Urgency::Page,
                Ending::At(ago(-450_000)),
            ),
            burn(THREE_DAYS_S, 0.3, 1.0, Urgency::Ticket, Ending::Lasts),
        ],
        window_s: 30 * 86_400,
        wanted_s: 30 * 86_400,
        silent_since: None,
        recent: (1..72).map(|i| (ago(i * 300), current)).rev().collect(),
        history: (1..720).map(|i| (ago(i * 3_600), current)).rev().collect(),
        remaining: (1..720).map(|i| (ago(i * 3_600), left)).rev().collect(),
        counted: Arc::new(Counted {
            requests: 2e6,
            failures: 780.0,
            per_second: Some(71.4),
            ..Counted::default()
        }),
        queries: BALANCERS
            .iter()
            .flat_map(|b| queries::promise(kind, b))
            .collect(),
    }
}

struct Stage {
    snapshot: Snapshot,
    theme: Theme,
    keymap: Keymap,
    size: (u16, u16),
    screen: Promises,
}

impl Stage {
    fn new(columns: u16, rows: u16) -> Self {
        let mut snapshot = Snapshot::default();
        snapshot.facts.slos = part(vec![
            slo(SloKind::Availability, 99.9, 99.961, 61.0),
            slo(SloKind::ResponseTime, 200.0, 143.0, 28.5),
            slo(SloKind::ErrorRate, 0.1, 0.039, 61.0),
        ]);
        let plan = Plan::default_plan();
        snapshot.checklist = Arc::new(evaluate(&plan, &snapshot.facts, now()));
        let mut stage = Self {
            snapshot,
            theme: Theme::default(),
            keymap: Keymap::default(),
            size: (columns, rows),
            screen: Promises::default(),
        };
        stage.with(|s, cx| s.sync(cx));
        stage
    }

    /// Changes the first promise.
    fn change(&mut self, f: impl FnOnce(&mut Slo)) {
        let rows = self.snapshot.facts.slos.value.as_mut().unwrap();
        f(&mut rows[0]);
        self.with(|s, cx| s.sync(cx));
    }

    fn with<T>(&mut self, f: impl FnOnce(&mut Promises, &Cx<'_>) -> T) -> T {
        let cx = Cx {
            snapshot: &self.snapshot,
            now: now(),
            theme: &self.theme,
            keymap: &self.keymap,
            body: Rect::new(0, 0, self.size.0, self.size.1),
            absolute: false,
            filtering: false,
        };
        f(&mut self.screen, &cx)
    }

    fn press(&mut self, command: Command) -> Vec<Effect> {
        self.with(|s, cx| {
            let effects = s.update(command, cx);
            s.sync(cx);
            effects
        })
    }

    fn text(&mut self) -> String {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buf = Buffer::empty(area);
        self.with(|s, cx| s.view(cx, &mut buf));
        let row = |y| {
            (0..area.width)
                .map(|x| buf[(x, y)].symbol().to_owned())
                .collect::<String>()
        };
        (0..area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    fn shows(&mut self, words: &[&str]) {
        let text = self.text();
        for word in words {
            assert!(text.contains(word), "{word}\n{text}");
        }
    }
}

#[test]
fn a_promise_is_a_row_with_target_budget_burn_rates_and_its_end() {
    let mut s = Stage::new(80, 21);
    s.shows(&[
        "✓ kept    availability  99.961 % ≥ 99.9 %",
        "61 %   0.60x  2.0x 0.30x   in 5d",
        "143 ms ≤ 200 ms",
        "traffic 71.4/s",
        "over 30 days",
        "Security: Zero critical",
        "╌╌╌",
    ]);
}

#[test]
fn wide_terminals_show_the_budget_beside_the_chart() {
    let mut s = Stage::new(160, 45);
    s.shows(&[
        "61 %   1220 requests, 26 min",
        "780 of 2000 requests that may fail, of 2 M",
        "at the rate of the last 6h",
        "told above",
        "14x",
        "(target 5XX + ELB 5XX) / (RequestCount + ELB 5XX)",
        "app/a/1, app/b/2",
        "cloudwatch:GetMetricData",
        "read now",
    ]);
    assert!(s.with(|s, cx| s.disabled(Command::NextPane, cx)).is_some());
    s.press(Command::Down);
    s.shows(&[
        "57 ms a request",
        "143 ms of 200 ms that a request may take",
    ]);
}

#[test]
fn narrow_terminals_turn_from_the_chart_to_the_figures_and_back() {
    let mut s = Stage::new(80, 21);
    assert!(!s.text().contains("told above"));
    s.press(Command::NextPane);
    s.shows(&["told above", "1220 requests", "evidence", "GetMetricData"]);
    s.press(Command::NextPane);
    assert!(!s.text().contains("told above"));
}

#[test]
fn what_burns_is_told_by_shape_and_word() {
    let mut s = Stage::new(80, 21);
    s.change(|slo| slo.burns[0] = burn(HOUR_S, 20.0, 14.4, Urgency::Page, Ending::At(ago(-8_000))));
    s.shows(&["▲ BURNING", "20x"]);
    s.change(|slo| {
        slo.burns[0] = burn(HOUR_S, 2.0, 14.4, Urgency::Page, Ending::Lasts);
        slo.burns[2] = burn(THREE_DAYS_S, 1.2, 1.0, Urgency::Ticket, Ending::Lasts);
    });
    s.shows(&["■ burning"]);
    s.change(|slo| {
        slo.current = Some(99.2);
        slo.budget_left_percent = Some(-700.0);
        slo.burns.iter_mut().for_each(|b| b.ending = Ending::Spent);
    });
    s.shows(&["✗ BROKEN", "-700 %", "spent"]);
}

#[test]
fn what_is_not_known_is_not_green() {
    let mut s = Stage::new(160, 45);
    s.change(|slo| slo.silent_since = Some(ago(7_200)));
    s.shows(&["? unknown", "no request was counted since"]);
    s.change(|slo| {
        *slo = Slo {
            current: None,
            budget: None,
            budget_left_percent: None,
            burns: Vec::new(),
            recent: Arc::default(),
            history: Arc::default(),
            remaining: Arc::default(),
            ..slo.clone()
        };
    });
    s.shows(&[
        "? unknown",
        "no data",
        "no request was counted in the last 6h",
        "nothing was counted",
    ]);
    let t = s.theme.clone();
    let stale = Part {
        observed_at: Some(ago(3_600)),
        ..s.snapshot.facts.slos.clone()
    };
    s.snapshot.facts.slos = stale;
    s.shows(&["old: read 1h ago"]);
    let style = s.with(|_, cx| row::standing(&cx.snapshot.facts.slos.rows()[1], cx).1);
    assert_eq!(style, t.stale);
}

#[test]
fn a_promise_that_was_counted_in_part_is_unknown_and_says_of_what() {
    let mut s = Stage::new(140, 40);
    s.change(|slo| {
        let counted = Arc::make_mut(&mut slo.counted);
        counted.missing = Some("20 of 21 load balancers are measured".into());
    });
    s.shows(&[
        "? unknown",
        "over 30 days; 20 of 21 load balancers are measured",
    ]);
}

#[test]
fn emptiness_is_explained() {
    let mut s = Stage::new(80, 21);
    s.snapshot.facts.slos = Part::default();
    s.with(|s, cx| s.sync(cx));
    s.shows(&["asking which load balancers"]);
    s.snapshot.facts.slos = part(Vec::new());
    s.with(|s, cx| s.sync(cx));
    s.shows(&["no load balancer of this account counts requests"]);
    let denied = Problem::new(
        ProblemKind::Denied,
        "cloudwatch",
        "Not allowed",
        "no policy",
        "ask",
    );
    s.snapshot.facts.slos.error = Some(denied);
    s.shows(&["▲ Not allowed: no policy"]);
    s.snapshot.checklist = Arc::default();
    s.with(|s, cx| s.sync(cx));
    assert!(s.press(Command::Open).is_empty() && s.screen.items.is_empty());
    s.press(Command::Down);
    s.text();
}

#[test]
fn enter_opens_the_series_and_the_criterion() {
    let mut s = Stage::new(80, 21);
    assert!(matches!(
        s.press(Command::Open).as_slice(),
        [Effect::Go(Nav::Metrics { queries, title })] if queries.len() == 6 && title == "availability"
    ));
    let proof = Effect::Go(Nav::Criterion("M.1.a".into()));
    assert_eq!(s.press(Command::Evidence), [proof]);
    s.press(Command::Bottom);
    assert_eq!(
        s.press(Command::Open),
        [Effect::Go(Nav::Criterion("M.2.d".into()))]
    );
    s.shows(&["M.2.d", "Cost Efficiency", "cost.within-budget"]);
    assert!(s.with(|s, cx| s.disabled(Command::Metrics, cx)).is_some());
}

#[test]
fn zooming_goes_to_the_whole_window_and_asks_for_percentiles_of_it() {
    let mut s = Stage::new(80, 21);
    let asked = |s: &mut Stage| match s.with(|s, cx| s.interests(cx)).remove(0) {
        Interest::Metrics { queries, window } => (queries, window.length_s),
        other => panic!("{other:?}"),
    };
    let (queries, length) = asked(&mut s);
    assert_eq!((queries.len(), length), (6, SIX_HOURS_S));
    assert!(queries.iter().all(|q| q.period_s == 300));
    s.press(Command::ZoomOut);
    assert_eq!(asked(&mut s).1, THREE_DAYS_S);
    s.press(Command::ZoomOut);
    let (queries, length) = asked(&mut s);
    assert_eq!(length, 30 * 86_400);
    assert!(queries.iter().all(|q| q.period_s == 3_600));
    assert!(s.with(|s, cx| s.disabled(Command::ZoomOut, cx)).is_some());
    s.shows(&["last 30d"]);
    s.press(Command::ZoomIn);
    s.press(Command::ZoomIn);
    assert!(s.with(|s, cx| s.disabled(Command::ZoomIn, cx)).is_some());
}

#[test]
fn of_several_load_balancers_the_worst_percentile_is_told() {
    let mut s = Stage::new(80, 21);
    let queries = s.with(|s, cx| s.wanted(cx));
    let series = queries.into_iter().map(|query| {
        let of_b = query.metric.dimensions[0].1 == BALANCERS[1];
        let value = match query.stat {
            Stat::Percentile(990) if of_b => 0.9,
            Stat::Percentile(990) => 0.4,
            _ => 0.1,
        };
        Arc::new(Series {
            query,
            label: String::new(),
            unit: Unit::Seconds,
            points: [(ago(600), value)].into(),
            partial: false,
        })
    });
    let series = series.collect();
    s.snapshot.facts.charts = part(Charts {
        window: None,
        series,
    });
    s.with(|s, cx| s.sync(cx));
    s.shows(&["p99 900 ms", "p50 100 ms", "of 5m until 5m ago"]);
    // The five minutes that have just begun are none.
    let charts = s.snapshot.facts.charts.value.as_mut().unwrap();
    for series in &mut charts.series {
        let mut newer = Series::clone(series);
        let begun = [(ago(10), 7.0)];
        newer.points = newer.points.iter().copied().chain(begun).collect();
        *series = Arc::new(newer);
    }
    s.with(|s, cx| s.sync(cx));
    s.shows(&["p99 900 ms", "p50 100 ms", "of 5m until 5m ago"]);
    let other = MetricId::new("AWS/ECS", "CPUUtilization", &[]);
    assert!(
        s.with(|s, cx| s.wanted(cx))
            .iter()
            .all(|q| q.metric != other)
    );
}

#[test]
fn a_click_selects_what_lies_under_it() {
    let mut s = Stage::new(80, 21);
    let lines: Vec<String> = s.text().lines().map(str::to_owned).collect();
    let y = |words: &str| lines.iter().position(|l| l.contains(words)).unwrap() as u16;
    for (words, item) in [
        ("errors", Item::Promise(SloKind::ErrorRate)),
        ("availability", Item::Promise(SloKind::Availability)),
        ("Scalability", Item::Criterion("M.2.c".into())),
    ] {
        let at = Position::new(20, y(words));
        s.with(|s, cx| s.click(at, false, cx));
        s.with(|s, cx| s.sync(cx));
        assert_eq!(s.screen.list.selected(), Some(&item));
    }
    let traffic = Position::new(20, y("traffic"));
    s.with(|s, cx| s.click(traffic, false, cx));
    assert_eq!(
        s.screen.list.selected(),
        Some(&Item::Criterion("M.2.c".into()))
    );
}
