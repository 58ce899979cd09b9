//! GitHub: pipelines exist and are green on the default branch, scanners found nothing critical.

use jiff::{SignedDuration, Timestamp};

use super::judgement::{Findings, Verdict};
use super::look::{Look, Seen, span};
use super::{Judgement, Param, Probe, number, words};
use crate::domain::github::{Outcome, Pipelines, Workflow};
use crate::domain::severity::Severity;
use crate::plan::checklist::CriterionState;

/// Words of one pipeline are one name or another: `security/scan`.
const FOUR: &str = "build/ci,deploy/release,security/scan/codeql,quality/lint";

/// How far GitHub's clock may be ahead of this one.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

const CALLED: &[Param] = &[words("workflows", FOUR)];

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "github.default-branch-green",
        question: "did the newest run of each pipeline on the default branch pass?",
        params: CALLED,
        judge: green,
    },
    Probe {
        name: "github.pipelines",
        question: "is there a workflow for each pipeline, switched on, that has run?",
        params: CALLED,
        judge: exist,
    },
    Probe {
        name: "github.no-critical",
        question: "is no finding of this severity or worse open?",
        params: &[
            Param {
                name: "severity",
                default: "critical",
                kind: super::ParamKind::OneOf(&["critical", "high", "medium", "low"]),
            },
            number("days", "0"),
        ],
        judge: no_critical,
    },
];

fn pipelines<'a>(look: &Look<'a>) -> Result<Seen<'a, std::sync::Arc<Pipelines>>, Judgement> {
    look.configured("github")?;
    look.fresh(&look.facts.estate.pipelines, "the pipelines")
}

/// The workflows of a pipeline: those that one of its names fits. One that is switched off counts where there is no other.
fn called<'a>(pipelines: &'a Pipelines, names: &str) -> (Vec<&'a Workflow>, Option<&'a Workflow>) {
    let fits = |w: &&Workflow| names.split('/').any(|n| !n.is_empty() && w.is_called(n));
    let all: Vec<&Workflow> = pipelines.workflows.iter().filter(fits).collect();
    let off = all.iter().find(|w| !w.active).copied();
    (all.into_iter().filter(|w| w.active).collect(), off)
}

/// A workflow's name with its file, by which it is found.
fn called_so(w: &Workflow) -> String {
    let file = w.file.strip_prefix(".github/workflows/");
    format!("{} ({})", w.name, file.unwrap_or(&w.file))
}

fn missing(found: &mut Findings, names: &str, off: Option<&Workflow>) {
    match off {
        Some(w) => found.bad(names, format!("the workflow {} is switched off", w.name)),
        None => found.bad(names, "no workflow is called so"),
    }
}

fn green(look: &Look<'_>) -> Verdict {
    let seen = pipelines(look)?;
    let mut found = Findings::new("pipeline", look.question(seen.source), seen.at);
    for names in look.words("workflows") {
        let (workflows, off) = called(seen.value, names);
        if workflows.is_empty() {
            missing(&mut found, names, off);
        }
        for w in workflows {
            match w.ended() {
                None => found.bad(
                    &w.name,
                    format!("no run on {} has ended", seen.value.branch),
                ),
                Some(r) if !r.outcome.is_verdict() => {
                    let (age, how) = (age(r.updated_at, look.now), r.outcome.word());
                    let words =
                        format!("#{} {how} {age}: it shows nothing, run it again", r.number);
                    found.unknown(&w.name, words);
                }
                Some(r) => {
                    let age = age(r.updated_at, look.now);
                    let attempt = if r.attempt > 1 {
                        format!(" at attempt {}", r.attempt)
                    } else {
                        String::new()
                    };
                    let words = format!("#{} {}{attempt} {age}", r.number, r.outcome.word());
                    let is_dated = r.updated_at.is_some_and(|at| at <= look.now + AHEAD);
                    if r.outcome == Outcome::Passed && !is_dated {
                        // Whether it is the newest one nobody knows.
                        found.unknown(&w.name, format!("{words}, by a clock that is not ours"));
                        continue;
                    }
                    found.check(r.outcome == Outcome::Passed, &w.name, &words);
                }
            }
        }
    }
    Ok(found.verdict())
}

fn exist(look: &Look<'_>) -> Verdict {
    let seen = pipelines(look)?;
    let mut found = Findings::new("pipeline", look.question(seen.source), seen.at);
    for names in look.words("workflows") {
        let (workflows, off) = called(seen.value, names);
        match workflows.iter().find(|w| w.newest().is_some()) {
            Some(w) => found.good(names, &format!("is {}", called_so(w))),
            None if workflows.is_empty() => missing(&mut found, names, off),
            None => found.bad(names, format!("has never run on {}", seen.value.branch)),
        }
    }
    Ok(found.verdict())
}

fn no_critical(look: &Look<'_>) -> Verdict {
    look.configured("github")?;
    let seen = look.fresh(&look.facts.estate.scanners, "GitHub's findings")?;
    let least = Severity::parse(look.call.value("severity"));
    let days = look.number("days");
    let mut found = Findings::new("scanner", look.question(seen.source), seen.at);
    let mut open = 0;
    for scanner in seen.value.iter() {
        let name = scanner.tool.replace('_', " ");
        if let Some(why) = &scanner.off {
            found.unknown(name, why);
            continue;
        }
        let late =
            |at: Option<Timestamp>| at.is_none_or(|at| !super::look::within(at, look.now, days));
        let bad: Vec<_> = scanner
            .open
            .iter()
            .filter(|f| f.severity >= least && late(f.created_at))
            .collect();
        open += bad.len();
        for f in &bad {
            let words = format!(
                "{} in {}, open {}",
                f.summary,
                f.place,
                age(f.created_at, look.now)
            );
            found.bad(format!("{} {}", f.severity.word(), f.rule), words);
        }
        let all = scanner.open.len();
        match (bad.is_empty(), scanner.cut) {
            (true, true) => {
                let worst = least.word();
                let why = format!("none of the first {all} is {worst} or worse, and more are open");
                found.unknown(&name, why);
            }
            (true, false) => {
                let answer = format!("has {all} open, none of them {} or worse", least.word());
                found.good(&name, &answer);
            }
            _ => {}
        }
    }
    let judged = found.verdict();
    Ok(match judged.state {
        CriterionState::Unknown => judged,
        _ => judged.measured(format!("{open} in code"), format!("0 {}", least.word())),
    })
}

fn age(at: Option<Timestamp>, now: Timestamp) -> String {
    let age = at.and_then(|at| std::time::Duration::try_from(now.duration_since(at)).ok());
    age.map_or_else(
        || "at a time unknown".into(),
        |d| format!("{} ago", span(d)),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::github::{Finding, Run, Scanner};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    fn workflow(name: &str, outcome: Option<Outcome>) -> Workflow {
        let run = |outcome| Run {
            id: 1,
            workflow_id: 1,
            workflow: name.into(),
            number: 9,
            attempt: 2,
            title: "t".into(),
            event: "push".into(),
            branch: "main".into(),
            sha: "abc".into(),
            actor: "ana".into(),
            outcome,
            started_at: ago(2),
            updated_at: ago(1),
            url: String::new(),
        };
        Workflow {
            id: 1,
            name: name.into(),
            file: format!("{name}.yml"),
            active: true,
            runs: outcome.map(run).into_iter().collect(),
        }
    }

    fn facts(workflows: Vec<Workflow>) -> Facts {
        let mut facts = Facts::default();
        facts.estate.pipelines = testing::part(Arc::new(Pipelines {
            repository: "laser/platform".into(),
            branch: "main".into(),
            workflows,
            runs: Vec::new(),
            looked_into: Vec::new(),
        }));
        facts
    }

    const GREEN: &str = "github.default-branch-green workflows=build,deploy";
    const THERE: &str = "github.pipelines workflows=build,deploy";

    #[test]
    fn the_default_branch_is_green_when_every_pipeline_passed() {
        let passed = |name| workflow(name, Some(Outcome::Passed));
        let good = facts(vec![passed("build"), passed("deploy")]);
        assert_eq!(judged(GREEN, &good).state, Proved);
        let red = facts(vec![
            passed("build"),
            workflow("deploy", Some(Outcome::Failed)),
        ]);
        let got = judged(GREEN, &red);
        assert_eq!(got.state, Failing);
        assert!(
            got.reason.contains("#9 failed at attempt 2 1h ago"),
            "{}",
            got.reason
        );
        let running = facts(vec![
            passed("build"),
            workflow("deploy", Some(Outcome::Running)),
        ]);
        assert_eq!(judged(GREEN, &running).state, Failing, "no run has ended");
        let mut after = workflow("deploy", Some(Outcome::Cancelled));
        after.runs.extend(passed("deploy").runs);
        let cut = judged(GREEN, &facts(vec![passed("build"), after.clone()]));
        assert_eq!(cut.state, Unknown, "nobody knows what it would have shown");
        assert!(cut.reason.contains("cancelled"), "{}", cut.reason);
        after.runs[0].outcome = Outcome::Skipped;
        let skipped = judged(GREEN, &facts(vec![passed("build"), after]));
        assert_eq!(skipped.state, Proved, "it did not have to run");
        assert_eq!(judged(GREEN, &Facts::default()).state, Unknown);
        for at in [None, Some("9999-12-30T00:00:00Z".parse().unwrap())] {
            let mut odd = passed("deploy");
            odd.runs[0].updated_at = at;
            let got = judged(GREEN, &facts(vec![passed("build"), odd]));
            assert_eq!(got.state, Unknown, "{at:?}: {}", got.reason);
        }
    }

    #[test]
    fn a_pipeline_that_is_missing_off_or_never_ran_is_none() {
        let build = workflow("build", Some(Outcome::Failed));
        let deploy = workflow("deploy", Some(Outcome::Passed));
        let both = facts(vec![build.clone(), deploy.clone()]);
        let got = judged(THERE, &both);
        assert_eq!(got.state, Proved, "red, but there");
        let told = &got.evidence[0].answer;
        assert!(told.contains("build is build ("), "with its file: {told}");
        let mut off = deploy;
        off.active = false;
        for (second, why) in [
            (Some(off), "switched off"),
            (Some(workflow("deploy", None)), "never run on main"),
            (None, "no workflow is called so"),
        ] {
            let rows = [Some(build.clone()), second];
            let got = judged(THERE, &facts(rows.into_iter().flatten().collect()));
            assert_eq!(got.state, Failing);
            assert!(got.reason.contains(why), "{}", got.reason);
        }
        assert_eq!(judged(THERE, &Facts::default()).state, Unknown);
    }

    #[test]
    fn findings_fail_by_severity_and_age_and_a_scanner_that_is_off_is_not_known() {
        let finding = |severity| Finding {
            number: 3,
            severity,
            summary: "overflow".into(),
            place: "lib.c".into(),
            rule: "CVE-1".into(),
            fix: None,
            created_at: ago(48),
            url: String::new(),
        };
        let with = |off: Option<&str>, open: Vec<Finding>| {
            let mut facts = Facts::default();
            facts.estate.scanners = testing::part(Arc::new(vec![Scanner {
                tool: "code_scanning",
                off: off.map(str::to_owned),
                open,
                cut: false,
            }]));
            facts
        };
        let call = "github.no-critical";
        let high = with(None, vec![finding(Severity::High)]);
        assert_eq!(judged(call, &high).state, Proved);
        let cut = |open| {
            let mut facts = with(None, open);
            let scanners = facts.estate.scanners.value.as_mut().unwrap();
            Arc::make_mut(scanners)[0].cut = true;
            judged(call, &facts)
        };
        let got = cut(vec![finding(Severity::High)]);
        assert_eq!(got.state, Unknown, "the worst may be among the rest");
        assert!(got.reason.contains("first 1 is"), "{}", got.reason);
        assert_eq!(cut(vec![finding(Severity::Critical)]).state, Failing);
        assert_eq!(
            judged("github.no-critical severity=high", &high).state,
            Failing
        );
        let critical = with(None, vec![finding(Severity::Critical)]);
        assert_eq!(judged(call, &critical).state, Failing);
        assert_eq!(
            judged("github.no-critical days=3", &critical).state,
            Proved,
            "young enough"
        );
        assert_eq!(
            judged(call, &with(Some("not enabled"), Vec::new())).state,
            Unknown
        );
        assert_eq!(judged(call, &Facts::default()).state, Unknown);
    }
}
