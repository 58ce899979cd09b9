//! Golden frames: every screen at 80x24, 120x40 and 200x60, and what one looks at first on less. `INSTA_UPDATE=always cargo test --test goldens` writes them anew.

mod ui;

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::cost::{Cost, ServiceCost};
use flightdeck::domain::facts::{Metered, ProviderHealth};
use flightdeck::domain::image::{Image, Registry, Scan};
use flightdeck::domain::part::Part;
use flightdeck::ui::msg::Msg;
use ui::answers::{answer_logs, answer_metrics, answer_success_metrics, lines, read};
use ui::{Console, fixture};

fn golden(name: &str, prepare: impl Fn(&mut Console)) {
    golden_of(name, fixture::snapshot, prepare);
}

fn golden_of(
    name: &str,
    snapshot: impl Fn() -> flightdeck::watch::Snapshot,
    prepare: impl Fn(&mut Console),
) {
    golden_at(&[(80, 24), (120, 40), (200, 60)], name, snapshot, prepare);
}

fn golden_at(
    sizes: &[(u16, u16)],
    name: &str,
    snapshot: impl Fn() -> flightdeck::watch::Snapshot,
    prepare: impl Fn(&mut Console),
) {
    // Ages are relative to a fixed now; clock times are local, so the zone is fixed, too.
    for (columns, rows) in sizes.iter().copied() {
        let mut console = Console::with(columns, rows, snapshot());
        prepare(&mut console);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("goldens");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
            .bind(|| insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), console.text()));
    }
}

#[test]
fn overview() {
    golden("overview", |_| {});
}

/// A terminal of 80 x 24 whose last line is tmux's, and half a split.
#[test]
fn small_terminals() {
    let sizes = [(80, 23), (60, 15)];
    golden_at(&sizes, "overview", fixture::snapshot, |_| {});
    golden_at(&sizes, "services", fixture::snapshot, |c| {
        c.keys("3");
    });
}

#[test]
fn checklist() {
    golden("checklist", |c| {
        c.keys("2");
    });
}

#[test]
fn criterion() {
    golden("criterion", |c| {
        c.keys("2n<enter>");
    });
}

#[test]
fn clusters() {
    golden("clusters", |c| {
        c.keys("3c");
    });
}

#[test]
fn stage() {
    golden("stage", |c| {
        c.keys("2zje");
    });
}

#[test]
fn systems() {
    golden("systems", |c| {
        c.keys("i");
    });
}

/// With the images of the selected service's repository, and with somebody who asks for the bill.
fn furnished() -> flightdeck::watch::Snapshot {
    let mut snapshot = fixture::snapshot();
    let facts = &mut snapshot.facts;
    let now = facts.taken_at;
    let every = Duration::from_secs(300);
    let service = facts
        .service_rows()
        .iter()
        .find(|s| s.id.name == "pdf-render");
    let definition = service.and_then(|s| facts.task_definition(s)).unwrap();
    let (uri, _) = definition.containers[0].image.rsplit_once(':').unwrap();
    let image = |tag: &str, hours: i64| Image {
        repository: "laser/pdf-render".into(),
        uri: uri.to_owned(),
        tags: vec![tag.to_owned()],
        digest: format!("sha256:{tag}"),
        bytes: 1,
        pushed_at: Some(now - jiff::SignedDuration::from_hours(hours)),
        pulled_at: None,
        parts: None,
        scan: Scan::default(),
        findings: Vec::new(),
    };
    let registry = Registry {
        images: vec![image("1.8.8", 50), image("1.8.9", 20), image("1.9.0", 2)],
        ..Registry::default()
    };
    let bill = Cost {
        currency: "USD".into(),
        asked_at: now,
        next_at: now + jiff::SignedDuration::from_hours(8),
        questions: 3,
        budget: Some(2_000.0),
        month: 1_539.0,
        last_month_so_far: 1_456.0,
        last_month: 1_760.0,
        month_end: Some(1_802.0),
        services: vec![ServiceCost {
            service: "Amazon Elastic Container Service".into(),
            month: 537.99,
            last_month_so_far: 521.13,
            week: vec![20.0, 21.0, 19.0, 22.0, 21.0, 20.0, 21.24],
        }],
        days: Vec::new(),
        anomalies: Some(Vec::new()),
    };
    facts.estate.registry = Part::answered(Arc::new(registry), now, "ecr:DescribeImages", every);
    facts.estate.cost = Part::answered(Arc::new(bill), now, "ce:GetCostAndUsage", every);
    for p in (facts.providers.iter_mut()).filter(|p| p.name == "cloudwatch") {
        p.metered = Some(Metered {
            metrics: 3_960,
            seconds: 3_600,
        });
    }
    let line = facts.providers[0].clone();
    facts.providers.push(ProviderHealth {
        name: "cost".into(),
        calls_per_minute: 0,
        metered: None,
        ..line
    });
    snapshot
}

#[test]
fn spending() {
    golden_of("spending", furnished, |c| {
        c.keys("$");
    });
}

#[test]
fn deploy_form() {
    golden_of("deploy-form", furnished, |c| {
        c.keys("3U<down>");
    });
}

#[test]
fn services() {
    golden("services", |c| {
        c.keys("3");
    });
}

#[test]
fn service_page() {
    golden("service-page", |c| {
        c.keys("3j<enter><tab><tab><tab>");
    });
}

#[test]
fn deploys() {
    golden("deploys", |c| {
        c.keys("4");
    });
}

#[test]
fn alerts() {
    golden("alerts", |c| {
        c.keys("5");
    });
}

#[test]
fn alert() {
    golden("alert", |c| {
        c.keys("5<enter>");
    });
}

#[test]
fn metrics() {
    golden("metrics", |c| {
        c.keys("6");
        answer_metrics(c);
    });
}

#[test]
fn metric() {
    golden("metric", |c| {
        c.keys("3j<enter>m<tab><tab><enter>");
        answer_metrics(c);
        c.keys("<left><left>");
    });
}

#[test]
fn logs() {
    golden("logs", |c| {
        c.keys("7");
        let groups = read(c).groups;
        answer_logs(c, lines(&groups, 0, 280), 1_240);
    });
}

#[test]
fn log_lines_wrapped_and_searched() {
    golden("logs-wrapped", |c| {
        c.keys("7");
        let groups = read(c).groups;
        answer_logs(c, lines(&groups, 0, 280), 0);
        c.keys("wkkk/payments<enter>");
    });
}

#[test]
fn audit() {
    golden("audit", |c| {
        c.keys("8");
    });
}

fn boards() -> flightdeck::watch::Snapshot {
    let body = include_str!("../src/sandbox/telemetry/boards/overview.json")
        .replace("@BALANCER@", "app/laser-prod/50dc6c495c0c9188")
        .replace("@REGION@", "us-east-1")
        .replace("@ACCOUNT@", "123456789012");
    let logs = include_str!("../src/sandbox/telemetry/boards/logs.json");
    ui::boards::with(&[("laser-prod-logs", logs), ("laser-prod-overview", &body)])
}

#[test]
fn dashboards() {
    golden_of("dashboards", boards, |c| {
        c.keys("9");
    });
}

#[test]
fn dashboard() {
    golden_of("dashboard", boards, |c| {
        c.keys("9j<enter>");
        ui::boards::answer(c);
    });
}

#[test]
fn dashboard_of_logs() {
    golden_of("dashboard-logs", boards, |c| {
        c.keys("9<enter>");
        ui::boards::answer(c);
        c.keys("<tab>");
    });
}

#[test]
fn slo() {
    golden("slo", |c| {
        c.keys("0");
        answer_success_metrics(c);
        c.keys("j");
        answer_metrics(c);
    });
}

#[test]
fn slo_figures() {
    golden("slo-figures", |c| {
        c.keys("0jj--<tab>");
    });
}

#[test]
fn map() {
    golden_of("map", ui::platform::calm, |c| {
        c.keys("M");
    });
}

#[test]
fn map_with_a_fault() {
    golden_of("map-fault", ui::platform::faulty, |c| {
        c.keys("M");
    });
}

#[test]
fn map_with_alarms() {
    golden_of("map-alarms", ui::platform::with_alarms, |c| {
        c.keys("Mgl");
    });
}

/// A page of the systems, by the keys that lead to it.
fn page(name: &str, keys: &str) {
    golden_of(name, ui::estate::snapshot, |c| {
        c.keys(keys);
        let title = format!("┌ {}", name[..1].to_uppercase() + &name[1..]);
        assert!(c.shows(&title), "{}", c.text());
    });
}

#[test]
fn environments() {
    page("environments", "E");
}

#[test]
fn security() {
    page("security", "!");
}

#[test]
fn backups() {
    page("backups", "B");
}

#[test]
fn network() {
    page("network", ":network<enter>");
}

#[test]
fn help() {
    golden("help", |c| {
        c.keys("3?");
    });
}

#[test]
fn palette() {
    golden("palette", |c| {
        c.keys(":api");
    });
}

#[test]
fn confirmation() {
    golden("confirmation", |c| {
        c.keys("3jU<enter><enter>");
        let mut preview = fixture::preview();
        if let Some(flightdeck::ui::effect::Effect::Preview(intent)) = c.effects.last() {
            preview.intent = intent.clone();
        }
        c.msg(Msg::Previewed(Ok(Box::new(preview))));
    });
}
