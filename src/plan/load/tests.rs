//! Plans as people write them, right and wrong.

use std::path::Path;

use super::parse;
use crate::domain::problem::ProblemKind;
use crate::plan::Plan;

fn wrong(source: &str) -> (String, String) {
    let p = parse(source, Path::new("mine.toml")).expect_err("it has a mistake");
    assert_eq!(p.kind, ProblemKind::Config);
    (p.what, p.why)
}

#[test]
fn the_default_plan_is_whole() {
    let plan = parse(super::DEFAULT, Path::new("default.toml")).unwrap();
    assert_eq!(plan, Plan::default_plan());
    let success: Vec<usize> = plan.stages.iter().map(|s| s.success.len()).collect();
    assert_eq!(success, [5, 4, 4, 4, 4]);
    let items: Vec<usize> = plan
        .stages
        .iter()
        .map(|s| s.sections.iter().map(|x| x.criteria.len()).sum())
        .collect();
    assert_eq!(items, [17, 12, 16, 12, 12]);
    let days: Vec<_> = plan.stages.iter().map(|s| s.days).collect();
    assert_eq!(days, [(2, 3), (2, 3), (3, 4), (2, 3), (2, 3)]);
    assert_eq!(plan.registers.len(), 2);
    assert_eq!((plan.calendar.len(), plan.next_steps.len()), (8, 5));
}

#[test]
fn a_file_of_mistakes_is_not_looked_through_to_its_end() {
    let row = "[[criteria]]\nid = \"nonsense\"\n";
    let source = format!("extends = \"default\"\n{}", row.repeat(14_000));
    let p = parse(&source, Path::new("mine.toml")).expect_err("they are no ids");
    let left = "300 mistakes are too many: the 27400 lines behind line 601 were not looked at";
    assert!(p.fix.ends_with(left), "{}", p.fix);
    let mut judge = crate::config::reader::Judge::new(&source);
    for n in 0..1_000 {
        judge.note(n * 30..n * 30, "wrong", "right");
    }
    let told = judge.told();
    let last = told.last().unwrap();
    assert_eq!(told.len(), 301);
    let left = source.lines().count() - last.line;
    assert!(last.what.contains(&format!("the {left} lines")), "{last:?}");
}

#[test]
fn every_probe_is_named_by_the_default_plan() {
    let plan = Plan::default_plan();
    // For people's own plans: a system that is not configured would leave a criterion unknown that another system proves.
    let own = [
        "postgres.connections",
        "postgres.replication",
        "postgres.statements",
        "waf.rate-limit",
    ];
    for probe in crate::plan::probes::registry().filter(|p| !own.contains(&p.name)) {
        let used = plan
            .criteria()
            .flat_map(|c| &c.proof.calls)
            .any(|c| c.probe.name == probe.name);
        assert!(used, "{} proves nothing", probe.name);
    }
}

#[test]
fn a_plan_that_extends_changes_adds_and_removes() {
    let plan = parse(
        r#"
extends = "default"
start = 2026-11-24
remove = ["1.4.d", "R"]
[[criteria]]
id = "3.S3"
probes = ["logs.retention min_days=90"]
[[sections]]
id = "1.5"
title = "Payments"
[[criteria]]
id = "1.5.a"
title = "Payment provider is live"
"#,
        Path::new("mine.toml"),
    )
    .unwrap();
    let find = |id: &str| plan.criteria().find(|c| c.id == id);
    assert_eq!(plan.start.unwrap().to_string(), "2026-11-24");
    assert!(find("1.4.d").is_none() && find("R.1.a").is_none());
    let changed = find("3.S3").unwrap();
    assert_eq!(changed.title, "Centralized logging working");
    assert_eq!(
        changed.proof.calls[0].to_string(),
        "logs.retention min_days=90"
    );
    assert_eq!(changed.proof.future, None);
    assert_eq!(find("1.5.a").unwrap().title, "Payment provider is live");
}

#[test]
fn a_plan_of_its_own_holds_nothing_of_the_default() {
    let plan = parse(
        "title = \"Mine\"\n[[stages]]\nnumber = 1\ntitle = \"All\"\n[[criteria]]\nid = \"1.S1\"\ntitle = \"It runs\"\n",
        Path::new("mine.toml"),
    )
    .unwrap();
    assert_eq!(plan.criteria().count(), 1);
    assert!(plan.calendar.is_empty());
}

#[test]
fn a_mistake_names_its_place_and_the_nearest_name() {
    let (what, why) = wrong("extends = \"default\"\n\n[[criteria]]\nid = \"1.S1\"\nprobs = []\n");
    assert!(what.starts_with("mine.toml:5:1:"), "{what}");
    assert!(what.contains("did you mean \"probes\"?"), "{what}");
    assert!(why.contains("future_probe"), "{why}");

    let (what, _) = wrong("extends = \"defualt\"\n");
    assert!(what.contains("did you mean \"default\"?"), "{what}");

    let (what, _) = wrong(
        "extends = \"default\"\n[[criteria]]\nid = \"1.S1\"\nprobes = [\n \"tls.vald\",\n]\n",
    );
    assert!(what.starts_with("mine.toml:5:2:"), "{what}");
    assert!(what.contains("did you mean \"tls.valid\"?"), "{what}");
}

#[test]
fn what_belongs_nowhere_is_told() {
    let cases = [
        (
            "extends = \"default\"\nremove = [\"1.4.z\"]",
            "no criterion \"1.4.z\"",
        ),
        (
            "extends = \"default\"\n[[criteria]]\nid = \"9.1.a\"\ntitle = \"x\"",
            "section 9.1",
        ),
        (
            "extends = \"default\"\n[[criteria]]\nid = \"nine\"\ntitle = \"x\"",
            "no id of a criterion",
        ),
        (
            "extends = \"default\"\n[[criteria]]\nid = \"1.S9\"",
            "has no title",
        ),
        ("extends = \"default\"\nstart = \"tomorrow\"", "start"),
        (
            "extends = \"default\"\n[[calendar]]\nweek = 1\nfrom = 4\nto = 2\ntitle = \"x\"",
            "from 4 is after to 2",
        ),
        ("title = \"empty\"", "no stage"),
        ("title = ", "not TOML"),
    ];
    for (source, words) in cases {
        let (what, _) = wrong(source);
        assert!(what.contains(words), "{source:?} -> {what}");
    }
}

#[test]
fn what_no_probe_settles_says_why_in_words_of_its_own() {
    let plan = Plan::default_plan();
    let silent: Vec<&str> = plan
        .criteria()
        .filter(|c| c.proof.calls.is_empty() && c.proof.person.is_none())
        .map(|c| c.id.as_str())
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
    let mut reasons: Vec<&str> = plan
        .criteria()
        .filter_map(|c| c.proof.person.as_deref())
        .collect();
    let all = reasons.len();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), all, "one reason for several is none");
    // A person's own plan may say it as well, and keeps what it does not change.
    let plan = parse(
        "extends = \"default\"\n[[criteria]]\nid = \"5.1.d\"\nperson = \"Ours.\"\n",
        Path::new("mine.toml"),
    )
    .unwrap();
    let proof = |id: &str| &plan.criteria().find(|c| c.id == id).unwrap().proof;
    assert_eq!(proof("5.1.d").person.as_deref(), Some("Ours."));
    assert!(!proof("5.1.d").calls.is_empty());
    assert!(proof("5.S4").person.is_some());
}

#[test]
fn criteria_that_a_drill_settles_are_known() {
    let drills = Plan::default_plan().drills();
    let told: Vec<(&str, &str)> = drills
        .iter()
        .map(|d| (d.criterion.as_str(), d.of))
        .collect();
    assert_eq!(
        told,
        [
            ("5.1.d", "restore"),
            ("5.2.c", "failover"),
            ("5.S2", "recovery")
        ]
    );
}
