use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Alerts;
use crate::domain::alarm::{Alarm, AlarmEvent, AlarmRule, AlarmState, Severity};
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::interest::Interest;
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat, Unit};
use crate::domain::mute::MuteRule;
use crate::domain::part::Part;
use crate::domain::service::{CircuitBreaker, ServiceId, Strategy};
use crate::door::Snapshot;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::keymap::Keymap;
use crate::ui::screens::{Cx, Nav, Screen};
use crate::ui::theme::Theme;

fn now() -> Timestamp {
    "2026-11-23T12:41:07Z".parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, now(), "test", Duration::from_secs(30))
}

fn query(name: &str) -> MetricQuery {
    MetricQuery {
        metric: MetricId::new("AWS/ECS", name, &[("ServiceName", "api")]),
        stat: Stat::Average,
        period_s: 60,
    }
}

fn alarm(name: &str, state: AlarmState, severity: Severity, since_s: i64) -> Arc<Alarm> {
    Arc::new(Alarm {
        name: name.into(),
        arn: format!("arn:aws:cloudwatch:us-east-1:1:alarm:{name}"),
        description: String::new(),
        state,
        severity,
        reason: "Threshold Crossed: 3 datapoints were greater than the threshold (80.0).".into(),
        since: Some(ago(since_s)),
        updated_at: None,
        rule: AlarmRule::Metric {
            query: Some(query("CPUUtilization")),
            expression: None,
            parts: Vec::new(),
            comparison: ">".into(),
            threshold: Some(80.0),
            datapoints: 3,
            periods: 5,
            period_s: 60,
        },
        actions_enabled: true,
        other_actions: Vec::new(),
        held_back: None,
        actions: vec!["arn:aws:sns:us-east-1:1:oncall".into()],
    })
}

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    let facts = &mut snapshot.facts;
    let mut composite = (*alarm("all-down", AlarmState::Ok, Severity::Critical, 9_000)).clone();
    composite.rule = AlarmRule::Composite {
        rule: "ALARM(\"api-cpu\") AND ALARM(\"db-cpu\")".into(),
    };
    facts.alarms = part(Arc::new(vec![
        alarm(
            "worker-lag",
            AlarmState::InsufficientData,
            Severity::Info,
            60,
        ),
        Arc::new(composite),
        alarm("db-cpu", AlarmState::Alarm, Severity::Warning, 30),
        alarm("api-cpu", AlarmState::Alarm, Severity::Critical, 252),
    ]));
    let q = query("CPUUtilization");
    let points: Vec<_> = (0..120).map(|i| (ago(7_200 - i * 60), 91.5)).collect();
    let series = Series {
        query: q.clone(),
        label: String::new(),
        unit: Unit::Percent,
        points: points.into(),
        partial: false,
    };
    facts.series = part(Arc::new([(q, Arc::new(series))].into()));
    let event = AlarmEvent {
        alarm: "api-cpu".into(),
        at: ago(252),
        kind: "StateUpdate".into(),
        summary: "Alarm updated from OK to ALARM".into(),
    };
    facts
        .alarm_history
        .insert("api-cpu".into(), part(Arc::new(vec![event])));
    snapshot
}

struct Stage {
    snapshot: Snapshot,
    theme: Theme,
    keymap: Keymap,
    size: (u16, u16),
    screen: Alerts,
}

impl Stage {
    fn new(columns: u16, rows: u16) -> Self {
        let mut stage = Self {
            snapshot: snapshot(),
            theme: Theme::default(),
            keymap: Keymap::default(),
            size: (columns, rows),
            screen: Alerts::default(),
        };
        stage.with(|s, cx| s.sync(cx));
        stage
    }

    fn with<T>(&mut self, f: impl FnOnce(&mut Alerts, &Cx<'_>) -> T) -> T {
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
}

#[test]
fn what_burns_stands_first_with_shape_word_value_and_threshold() {
    let mut s = Stage::new(80, 21);
    let text = s.text();
    let at = |needle: &str| {
        text.find(needle)
            .unwrap_or_else(|| panic!("{needle}\n{text}"))
    };
    // Members stand under the alarm that is made of them: open, because it is quieter than they are.
    assert!(at("▾ all-down") < at("  api-cpu") && at("api-cpu") < at("  db-cpu"));
    assert!(at("db-cpu") < at("worker-lag"));
    for words in [
        "▲ 2 firing",
        "○ 1 no data",
        "● 1 ok",
        "▲ ALARM",
        "CRIT",
        "4m",
        "91.5 %",
        "> 80 %",
    ] {
        at(words);
    }
}

#[test]
fn the_selection_stays_with_its_alarm_through_sorting() {
    let mut s = Stage::new(80, 21);
    s.press(Command::Down);
    s.press(Command::Down);
    assert_eq!(s.screen.list.selected().map(String::as_str), Some("db-cpu"));
    s.press(Command::Sort);
    s.press(Command::Reverse);
    assert_eq!(s.screen.list.selected().map(String::as_str), Some("db-cpu"));
    assert_eq!(
        s.screen.names,
        ["worker-lag", "all-down", "db-cpu", "api-cpu"]
    );
}

/// Sets the state of an alarm.
fn set(s: &mut Stage, name: &str, state: AlarmState) {
    let mut rows = s.snapshot.facts.alarm_rows().to_vec();
    let row = rows.iter_mut().find(|a| a.name == name).unwrap();
    Arc::make_mut(row).state = state;
    s.snapshot.facts.alarms = part(Arc::new(rows));
    s.with(|s, cx| s.sync(cx));
}

#[test]
fn a_composite_alarm_that_fires_stands_for_its_members_until_it_is_unfolded() {
    let mut s = Stage::new(80, 21);
    set(&mut s, "db-cpu", AlarmState::Ok);
    set(&mut s, "all-down", AlarmState::Alarm);
    assert_eq!(s.screen.names, ["all-down", "worker-lag"]);
    let text = s.text();
    assert!(
        text.contains("▸ all-down") && text.contains("1/2 fire"),
        "{text}"
    );
    assert!(
        text.contains("▲ 2 firing"),
        "each alarm counts still\n{text}"
    );
    assert!(
        text.contains("own thresholds: not in this version"),
        "{text}"
    );
    // One fold away, and found all the same.
    s.screen.set_filter("db-cpu");
    s.with(|s, cx| s.sync(cx));
    assert_eq!(s.screen.names, ["db-cpu"]);
    let text = s.text();
    assert!(text.contains("/db-cpu   best match first"), "{text}");
    // A composite one says how many of its members fire, though none of them matches.
    s.screen.set_filter("all-down");
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(text.contains("1/2 fire") && !text.contains('▸'), "{text}");
    s.press(Command::Fold);
    assert!(s.screen.turned.is_empty(), "nothing folds there");
    s.screen.set_filter("");
    s.with(|s, cx| s.sync(cx));
    s.press(Command::Top);
    s.press(Command::Fold);
    assert_eq!(
        s.screen.names,
        ["all-down", "api-cpu", "db-cpu", "worker-lag"]
    );
    // From within, the group is folded, and is what is selected then.
    s.press(Command::Down);
    s.press(Command::Fold);
    assert_eq!(s.screen.names, ["all-down", "worker-lag"]);
    assert_eq!(
        s.screen.list.selected().map(String::as_str),
        Some("all-down")
    );
    s.press(Command::FoldAll);
    assert_eq!(s.screen.names.len(), 4);
    s.press(Command::FoldAll);
    assert_eq!(s.screen.names.len(), 2);
    // What a person opened stays open, though it opens by itself now.
    set(&mut s, "all-down", AlarmState::Ok);
    for name in ["api-cpu", "db-cpu", "worker-lag"] {
        set(&mut s, name, AlarmState::Ok);
    }
    s.press(Command::Top);
    let open = |s: &Stage| s.screen.names.iter().any(|n| n == "db-cpu");
    while !open(&s) {
        s.press(Command::FoldAll);
    }
    set(&mut s, "db-cpu", AlarmState::Alarm);
    assert!(open(&s), "{:?}", s.screen.names);
    // Whoever is led to a member finds it in the list afterwards.
    s.with(|s, cx| s.arrive(&Nav::Alarm("db-cpu".into()), cx));
    s.with(|s, cx| s.sync(cx));
    s.press(Command::Back);
    assert_eq!(s.screen.list.selected().map(String::as_str), Some("db-cpu"));
}

/// What the vendor scales by fires for days, and is listed without any noise.
#[test]
fn alarms_that_services_are_scaled_by_stand_among_those_that_are_well() {
    let mut s = Stage::new(160, 40);
    let mut rows = s.snapshot.facts.alarm_rows().to_vec();
    let name = "TargetTracking-service/laser-prod/api-AlarmLow-1";
    let scaling = |name: &str, limit: &str| {
        let alarm = alarm(name, AlarmState::Alarm, Severity::Warning, 90_000);
        let mut alarm = Arc::unwrap_or_clone(alarm);
        if let AlarmRule::Metric { comparison, .. } = &mut alarm.rule {
            *comparison = limit.into();
        }
        alarm.actions = vec!["arn:aws:autoscaling:us-east-1:1:scalingPolicy:a".into()];
        Arc::new(alarm)
    };
    rows.insert(0, scaling(name, "<"));
    s.snapshot.facts.alarms = part(Arc::new(rows));
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(text.contains("▲ 2 firing"), "{text}");
    assert!(text.contains("◇ 1 for scaling"), "{text}");
    let place = s.screen.names.iter().position(|n| n == name);
    let silent = s.screen.names.iter().position(|n| n == "worker-lag");
    assert!(silent.is_some());
    assert!(place > silent, "{:?}", s.screen.names);
    s.with(|s, cx| s.arrive(&Nav::Alarm(name.into()), cx));
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(text.contains("made to scale by"), "{text}");
    assert!(!text.contains("fires on"), "{text}");
    // The high one has said for a day that there is too much to do.
    let mut rows = s.snapshot.facts.alarm_rows().to_vec();
    rows.push(scaling("queue-depth", ">"));
    s.snapshot.facts.alarms = part(Arc::new(rows));
    s.with(|s, cx| s.arrive(&Nav::Alarm("queue-depth".into()), cx));
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(text.contains("made to scale by, and fires on"), "{text}");
    s.press(Command::Back);
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(text.contains("▲ 3 firing"), "{text}");
    assert!(text.contains("◇ 1 for scaling"), "{text}");
}

/// Such names begin and end alike: whose alarm it is stands in the middle.
#[test]
fn an_alarm_of_target_tracking_is_listed_with_its_service_on_a_narrow_terminal() {
    let mut s = Stage::new(80, 24);
    let mut rows = s.snapshot.facts.alarm_rows().to_vec();
    let name =
        "TargetTracking-service/laser-prod/api-AlarmLow-3f2a1b9c-0d4e-4f5a-8b6c-7d8e9f0a1b2c";
    let alarm = alarm(name, AlarmState::Alarm, Severity::Warning, 90_000);
    rows.insert(0, alarm);
    s.snapshot.facts.alarms = part(Arc::new(rows));
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(text.contains("…laser-prod/api-AlarmLow…"), "{text}");
    // Its own page says the whole of it, and what is told of it is told by it.
    assert!(s.screen.names.iter().any(|n| n == name));
}

/// A rule over what the vendor scales by is no worse for the one that is quiet.
#[test]
fn a_group_counts_no_member_by_which_a_service_is_scaled() {
    let mut s = Stage::new(160, 40);
    let mut rows = s.snapshot.facts.alarm_rows().to_vec();
    let mut low = (*alarm("cpu-low", AlarmState::Alarm, Severity::Critical, 90_000)).clone();
    low.actions = vec!["arn:aws:autoscaling:us-east-1:1:scalingPolicy:a".into()];
    if let AlarmRule::Metric { comparison, .. } = &mut low.rule {
        *comparison = "<".into();
    }
    let mut idle = (*alarm("idle", AlarmState::Ok, Severity::Info, 90_000)).clone();
    let rule = "ALARM(\"cpu-low\") AND ALARM(\"worker-lag\")".into();
    idle.rule = AlarmRule::Composite { rule };
    rows.push(Arc::new(low));
    rows.push(Arc::new(idle));
    // Nothing but the quiet one could open it.
    rows.retain(|a| a.name != "worker-lag");
    s.snapshot.facts.alarms = part(Arc::new(rows));
    s.with(|s, cx| s.sync(cx));
    let mut all = s.screen.visible.iter();
    let idle = all.find(|(a, _)| a.name == "idle").unwrap();
    let group = idle.1.group.unwrap();
    assert_eq!(
        (group.members, group.firing, group.severity, group.open),
        (1, 0, None, false)
    );
}

#[test]
fn the_page_of_an_alarm_says_that_nobody_is_told_while_it_is_muted() {
    let mut s = Stage::new(160, 40);
    let rule = MuteRule {
        name: "night".into(),
        alarms: vec!["api-cpu".into()],
        expires_at: None,
    };
    let open = |s: &mut Stage| {
        s.with(|s, cx| s.arrive(&Nav::Alarm("api-cpu".into()), cx));
        s.with(|s, cx| s.sync(cx));
        s.text()
    };
    let text = open(&mut s);
    assert!(!text.contains("nobody is told now"), "{text}");
    s.snapshot.facts.estate.alarm_mutes = part(Arc::new(vec![rule]));
    let text = open(&mut s);
    assert!(text.contains("nobody is told now"), "{text}");
    assert!(
        text.contains("sns:oncall: muted by the rule night"),
        "{text}"
    );
}

#[test]
fn a_group_is_as_severe_as_the_worst_that_fires_in_it_and_no_rule_of_rules_goes_round() {
    let mut s = Stage::new(80, 21);
    let mut rows = s.snapshot.facts.alarm_rows().to_vec();
    let made_of = |name: &str, rule: &str| {
        let mut a = (*alarm(name, AlarmState::Alarm, Severity::Info, 10)).clone();
        a.rule = AlarmRule::Composite { rule: rule.into() };
        Arc::new(a)
    };
    rows.push(made_of("round", "ALARM(\"all-down\") OR ALARM(\"trip\")"));
    rows.push(made_of("trip", "ALARM(\"round\")"));
    s.snapshot.facts.alarms = part(Arc::new(rows));
    s.with(|s, cx| s.sync(cx));
    let mut shown = s.screen.names.clone();
    shown.sort();
    shown.dedup();
    assert_eq!(shown.len(), s.screen.names.len(), "each stands once");
    s.press(Command::FoldAll);
    s.press(Command::FoldAll);
    assert_eq!(s.screen.names.len(), 6, "{:?}", s.screen.names);
    let text = s.text();
    let line = text
        .lines()
        .find(|l| l.contains("▾ round") || l.contains("▾ trip"));
    assert!(
        line.is_some_and(|l| l.contains("CRIT")),
        "api-cpu fires in it\n{text}"
    );
}

#[test]
fn one_alarm_in_full_shows_rule_chart_actions_and_history() {
    let mut s = Stage::new(80, 40);
    assert!(
        s.with(|s, cx| s.interests(cx)).is_empty(),
        "nothing is open"
    );
    s.press(Command::Down);
    s.press(Command::Open);
    let text = s.text();
    for words in [
        "CPUUtilization > 80 % in 3 of 5 periods of 1m",
        "sns:oncall",
        "╌╌╌",
        "from OK to ALARM",
        "since 4m ago",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let wanted = s.with(|s, cx| s.interests(cx));
    assert!(wanted.contains(&Interest::AlarmHistory("api-cpu".into())));
    assert!(matches!(wanted.last(), Some(Interest::Metrics { .. })));
    assert!(matches!(
        s.press(Command::Metrics).as_slice(),
        [Effect::Go(Nav::Metrics { queries, .. })] if queries.len() == 1
    ));
    s.press(Command::Back);
    assert!(s.screen.crumbs().is_empty());
}

#[test]
fn wide_terminals_show_list_and_alarm_at_once() {
    let mut s = Stage::new(120, 37);
    let text = s.text();
    assert!(
        text.contains("worker-lag") && text.contains("History"),
        "{text}"
    );
    s.with(|s, cx| s.arrive(&Nav::Alarm("all-down".into()), cx));
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(
        text.contains("ALARM(\"api-cpu\") AND") && text.contains("▲ ALARM  api-cpu"),
        "{text}"
    );
}

#[test]
fn emptiness_is_explained() {
    let mut s = Stage::new(80, 21);
    s.screen.set_filter("zzz");
    s.with(|s, cx| s.sync(cx));
    assert!(s.text().contains("no alarm matches \"zzz\""));
    s.screen.set_filter("");
    s.snapshot.facts.alarms = Part::default();
    s.with(|s, cx| s.sync(cx));
    assert!(s.text().contains("asking ..."));
    s.snapshot.facts.alarms = part(Arc::default());
    assert!(s.text().contains("no CloudWatch alarm"));
    s.with(|s, cx| s.arrive(&Nav::Alarm("lost".into()), cx));
    assert!(s.text().contains("no such alarm"));
}

#[test]
fn a_page_scrolls_to_its_end_and_not_further() {
    let mut s = Stage::new(80, 12);
    s.press(Command::Down);
    s.press(Command::Open);
    s.press(Command::Bottom);
    let end = s.screen.scroll;
    s.press(Command::Down);
    assert!(end > 0 && s.screen.scroll == end);
    assert!(s.text().contains("from OK to ALARM"), "{}", s.text());
}

#[test]
fn a_composite_alarm_leads_to_its_members_and_back() {
    let mut s = Stage::new(80, 30);
    s.with(|s, cx| s.arrive(&Nav::Alarm("all-down".into()), cx));
    s.with(|s, cx| s.sync(cx));
    let text = s.text();
    assert!(text.contains("members  ▌▲ ALARM  api-cpu"), "{text}");
    assert!(text.contains("■ ALARM  db-cpu"), "{text}");
    s.press(Command::Down);
    s.press(Command::Open);
    assert_eq!(s.screen.crumbs(), ["all-down", "db-cpu"]);
    assert!(s.text().contains("CPUUtilization > 80 %"), "{}", s.text());
    s.press(Command::Back);
    assert_eq!(s.screen.crumbs(), ["all-down"]);
    assert!(s.text().contains("▌■ ALARM  db-cpu"), "{}", s.text());
    s.press(Command::Back);
    assert!(s.screen.crumbs().is_empty());
}

fn deployment(name: &str, began_s: i64, state: DeploymentState, watched: &[&str]) -> Deployment {
    Deployment {
        id: format!("{name}-{began_s}"),
        service: ServiceId {
            cluster: "prod".into(),
            name: name.into(),
        },
        strategy: Strategy::Rolling,
        state,
        reason: String::new(),
        from: Vec::new(),
        to: None,
        circuit_breaker: CircuitBreaker {
            enabled: true,
            rollback: true,
            ..CircuitBreaker::default()
        },
        failures: None,
        alarms: watched.iter().map(|n| ((*n).into(), false)).collect(),
        lifecycle_stage: None,
        pace: Default::default(),
        rollback_reason: None,
        rollback_to: None,
        rollback_since: None,
        created_at: Some(ago(began_s)),
        started_at: Some(ago(began_s)),
        finished_at: None,
        source: DeploymentSource::ServiceDeployments,
    }
}

#[test]
fn an_alarm_names_the_deployment_that_it_may_come_from_and_enter_leads_there() {
    let mut s = Stage::new(80, 40);
    // The services of an alarm's metric are those that are known.
    let service = crate::domain::service::Service {
        id: deployment("api", 0, DeploymentState::Successful, &[]).service,
        arn: String::new(),
        status: "ACTIVE".into(),
        counts: Default::default(),
        revision: crate::domain::service::Revision::parse("api:1").unwrap(),
        launch_type: "FARGATE".into(),
        deployment: crate::domain::service::DeploymentConfig {
            strategy: Strategy::Rolling,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker {
                enabled: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            alarms: Vec::new(),
            alarms_rollback: false,
            bake_minutes: None,
            shift_minutes: None,
        },
        load_balancers: Vec::new(),
        rollouts: Vec::new(),
        revisions: vec![],
        scaling: None,
        events: Vec::new(),
        created_at: None,
    };
    s.snapshot.facts.services = part(Arc::new(vec![Arc::new(service)]));
    // The alarm went off 252 s ago.
    let rows = [
        deployment("api", 400, DeploymentState::RolledBack, &[]),
        deployment("api", 100, DeploymentState::Successful, &[]),
        deployment("api", 4_000, DeploymentState::Successful, &[]),
        deployment("web", 400, DeploymentState::Successful, &[]),
        deployment("web", 30, DeploymentState::InProgress, &["api-cpu"]),
        deployment("web", 90, DeploymentState::Successful, &["api-cpu"]),
    ];
    s.snapshot.facts.deployments = part(Arc::new(rows.map(Arc::new).into()));
    s.press(Command::Down);
    s.press(Command::Open);
    let text = s.text();
    assert!(
        text.contains("▌prod/api ROLLED BACK, began 6m ago"),
        "{text}"
    );
    assert!(
        text.contains("prod/web rolling out, began 30s ago, watches this alarm"),
        "{text}"
    );
    assert_eq!(text.matches("began").count(), 2, "{text}");
    let Some(Effect::Go(Nav::Deployment(service, id))) = s.press(Command::Open).pop() else {
        panic!("nowhere to go\n{}", s.text())
    };
    assert_eq!((service.name.as_str(), id.as_str()), ("api", "api-400"));
}

/// A composite alarm of so many members, all firing but the last of them.
fn with_members(s: &mut Stage, n: usize) {
    let name = |i: usize| format!("m-{i:02}");
    let rule = (0..n).map(|i| format!("ALARM(\"{}\")", name(i)));
    let rule = rule.collect::<Vec<_>>().join(" OR ");
    let mut all = (*alarm("all-down", AlarmState::Alarm, Severity::Critical, 90)).clone();
    all.rule = AlarmRule::Composite { rule };
    let state = |i| match i + 1 == n {
        true => AlarmState::Ok,
        false => AlarmState::Alarm,
    };
    let members = (0..n).map(|i| alarm(&name(i), state(i), Severity::Warning, 60));
    let all = std::iter::once(Arc::new(all)).chain(members).collect();
    s.snapshot.facts.alarms = part(Arc::new(all));
    s.with(|s, cx| s.arrive(&Nav::Alarm("all-down".into()), cx));
    s.with(|s, cx| s.sync(cx));
}

fn chosen(s: &mut Stage) -> String {
    let text = s.text();
    let line = text.lines().find(|l| l.contains('▌'));
    let line = line.unwrap_or_else(|| panic!("no row is chosen in sight\n{text}"));
    line.split_whitespace()
        .find(|w| w.starts_with("m-"))
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn the_chosen_member_is_always_in_sight() {
    let mut s = Stage::new(80, 21);
    with_members(&mut s, 30);
    for n in 1..30 {
        s.press(Command::Down);
        assert_eq!(chosen(&mut s), format!("m-{n:02}"));
    }
    // A page may be turned away from it, and back.
    s.press(Command::Top);
    assert!(!s.text().contains('▌'), "{}", s.text());
    s.press(Command::Bottom);
    for _ in 0..200 {
        s.press(Command::Up);
    }
    assert_eq!(chosen(&mut s), "m-00");
    assert_eq!(s.screen.scroll, 0);
    s.press(Command::PrevPane);
    assert_eq!(chosen(&mut s), "m-29");
    s.press(Command::Open);
    s.press(Command::Back);
    assert_eq!(chosen(&mut s), "m-29");
}

#[test]
fn the_chosen_member_stays_the_same_in_another_order() {
    let mut s = Stage::new(80, 21);
    with_members(&mut s, 30);
    s.press(Command::PrevPane);
    assert_eq!(chosen(&mut s), "m-29");
    // It fires now, and the worst stands first.
    let mut rows = s.snapshot.facts.alarm_rows().to_vec();
    let last = Arc::make_mut(rows.last_mut().unwrap());
    (last.state, last.severity) = (AlarmState::Alarm, Severity::Critical);
    s.snapshot.facts.alarms = part(Arc::new(rows));
    s.with(|s, cx| s.sync(cx));
    assert_eq!(chosen(&mut s), "m-29");
    s.press(Command::Open);
    assert_eq!(s.screen.crumbs(), ["all-down", "m-29"]);
}

#[test]
fn what_fires_is_as_loud_as_the_worst_of_it() {
    let mut snapshot = snapshot();
    let firing = |s: &Snapshot| crate::ui::model::firing(&s.facts);
    assert_eq!(firing(&snapshot), (2, Some(Severity::Critical)));
    let warns = alarm("db-cpu", AlarmState::Alarm, Severity::Warning, 30);
    snapshot.facts.alarms = part(Arc::new(vec![warns]));
    assert_eq!(firing(&snapshot), (1, Some(Severity::Warning)));
    let theme = Theme::default();
    let of = |worst| crate::ui::widgets::of_severity(worst, &theme);
    assert_eq!(of(Some(Severity::Warning)), theme.warn);
    assert_eq!(of(firing(&Snapshot::default()).1), theme.muted);
}
