//! Dashboards: there, where people look.

use super::judgement::{Judgement, Verdict, list};
use super::look::Look;
use super::{Probe, number};

/// Names that an answer holds at most.
const NAMED: usize = 4;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "dashboards.exist",
    question: "is there a dashboard that somebody made for this platform?",
    params: &[number("min", "1")],
    judge: exist,
}];

/// Those of the account count, and a user's own that can be read; the built-in ones do not: they are there in any case.
fn exist(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.dashboards, "the dashboards")?;
    let theirs = seen.value.iter().map(|d| d.name.clone());
    let own = look
        .facts
        .own_dashboards
        .value
        .iter()
        .flat_map(|v| v.iter());
    let files = own
        .filter(|o| o.file.is_some() && o.read.is_ok())
        .map(|o| o.name.clone());
    let names: Vec<String> = theirs.chain(files).collect();
    let least = look.number("min");
    let answer = match names.len() {
        0 => "none".to_owned(),
        n => format!("{n}: {}", list(&names, NAMED)),
    };
    let ok = names.len() as f64 >= least;
    let answer = if ok {
        answer
    } else {
        format!("{answer}; wanted {least}")
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer,
        seen.at,
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::{Call, judge};
    use crate::domain::dashboard::{Dashboard, DashboardEntry, OwnDashboard};
    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;

    #[test]
    fn what_somebody_made_counts_and_what_is_built_in_does_not() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let part = |n: usize| {
            let entry = |i: usize| DashboardEntry {
                name: format!("d{i}"),
                arn: String::new(),
                modified_at: None,
                bytes: 1,
            };
            let rows = Arc::new((0..n).map(entry).collect::<Vec<_>>());
            Part::answered(
                rows,
                now,
                "cloudwatch:ListDashboards",
                Duration::from_secs(300),
            )
        };
        let own = |file: Option<&str>| OwnDashboard {
            name: "x".into(),
            file: file.map(str::to_owned),
            read: Ok(Arc::new(Dashboard::own("x", "title = 'x'").unwrap())),
        };
        let mut facts = Facts::default();
        let state = |facts: &Facts, call: &str| {
            judge(
                &Call::parse(call).unwrap(),
                facts,
                &Expectations::default(),
                now,
            )
            .state
        };
        assert_eq!(
            state(&facts, "dashboards.exist"),
            Unknown,
            "nobody was asked"
        );
        facts.dashboards = part(0);
        let built_in = Arc::new(vec![own(None)]);
        facts.own_dashboards = Part::answered(built_in, now, "files", Duration::from_secs(300));
        assert_eq!(state(&facts, "dashboards.exist"), Failing);
        let files = Arc::new(vec![own(None), own(Some("/x.toml"))]);
        facts.own_dashboards = Part::answered(files, now, "files", Duration::from_secs(300));
        assert_eq!(state(&facts, "dashboards.exist"), Proved);
        facts.dashboards = part(2);
        assert_eq!(state(&facts, "dashboards.exist min=3"), Proved);
        assert_eq!(state(&facts, "dashboards.exist min=4"), Failing);
    }
}
