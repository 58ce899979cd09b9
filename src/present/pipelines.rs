//! Pipelines: GitHub's workflows on the default branch, what goes on, what failed and where, deployments.

use jiff::Timestamp;
use serde::Serialize;

use super::words::{count, span};
use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::github::{Job, Outcome, Pipelines, Run, RunJobs, Workflow};

pub(super) const VIEW: View = View {
    id: "pipelines",
    title: "Pipelines",
    doc: "Workflows on the default branch: last run, duration, flakiness; jobs of what goes on, failed or was last; deployments",
    group: Group::Delivery,
    lines: &["github"],
    needs: &["pipelines", "github_deployments"],
    make: Make::Facts(make),
};

const WORKFLOWS: &[Head] = &[
    Head::left("workflow", 18).grow(2),
    Head::left("last run", 10),
    Head::right("age", 5),
    Head::right("took", 5),
    Head::right("usual", 6).drop(3),
    Head::left("shaky", 9),
    Head::left("about", 16).grow(3).drop(1),
    Head::left("by", 10).grow(1).drop(2),
];

const JOBS: &[Head] = &[
    Head::left("run", 14).grow(2),
    Head::left("job", 12).grow(1),
    Head::left("state", 9),
    Head::right("age", 5),
    Head::right("took", 5),
    Head::left("step", 18).grow(2),
];

const STEPS: &[Head] = &[
    Head::left("run", 14).grow(1),
    Head::left("job", 12).grow(1).drop(1),
    Head::right("no", 3),
    Head::left("step", 18).grow(2),
    Head::left("state", 9),
    Head::right("took", 5),
];

const RUNS: &[Head] = &[
    Head::left("run", 14).grow(1),
    Head::left("state", 9),
    Head::right("age", 5),
    Head::right("took", 5),
    Head::left("branch", 10).grow(1),
    Head::left("event", 10).drop(2),
    Head::left("about", 16).grow(3).drop(1),
];

const DEPLOYMENTS: &[Head] = &[
    Head::left("environment", 12).grow(1),
    Head::left("state", 11),
    Head::right("age", 5),
    Head::left("commit", 9),
    Head::left("about", 16).grow(3),
    Head::left("by", 12).grow(1).drop(1),
];

/// A workflow, and since when it is red.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    workflow: &'a Workflow,
    since: Option<Timestamp>,
}

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.pipelines;
    let title = part.value.as_ref().map_or_else(
        || "Workflows".to_owned(),
        |p| format!("Workflows of {} on {}", p.repository, p.branch),
    );
    let empty = "No workflows: the repository has no file in .github/workflows.";
    let mut workflows = Section::of(part, now, "workflows", title, WORKFLOWS, empty);
    let empty = "No jobs were read: nothing runs, and no workflow has a verdict.";
    let mut jobs = Section::of(
        part,
        now,
        "jobs",
        "Jobs of what goes on, failed, or was last",
        JOBS,
        empty,
    );
    let empty = "No job goes on, and none failed.";
    let title = "Steps of the jobs that go on or failed";
    let mut steps = Section::of(part, now, "steps", title, STEPS, empty);
    let empty = "No runs: nothing was pushed, and nothing runs by the clock.";
    let mut runs = Section::of(
        part,
        now,
        "runs",
        "Newest runs of every branch",
        RUNS,
        empty,
    );
    if let Some(pipelines) = &part.value {
        for w in &pipelines.workflows {
            let told = Told {
                workflow: w,
                since: w.red_since(),
            };
            workflows.row(w.id.to_string(), workflow(w, now), &told);
        }
        tell(&mut workflows, pipelines);
        fill_jobs(&mut jobs, &mut steps, pipelines, now);
        for r in &pipelines.runs {
            let cells = vec![
                Cell::name(format!("{} #{}", r.workflow, r.number)),
                state(r.outcome, pipelines.is_verdict(r)),
                Cell::ago(r.started_at, now),
                Cell::plain(r.seconds(now).map_or_else(|| "-".into(), span)),
                Cell::plain(&r.branch),
                Cell::muted(&r.event),
                Cell::plain(&r.title),
            ];
            let read = pipelines.looked_into.iter().find(|l| l.run.id == r.id);
            let jobs = read.map(|l| l.jobs.as_slice());
            runs.row(r.id.to_string(), cells, &WithJobs { run: r, jobs });
            runs.part_of("workflows", r.workflow_id.to_string());
        }
    }
    let part = &facts.estate.github_deployments;
    let empty = "No deployments: the workflows name no environment.";
    let mut deployments = Section::of(
        part,
        now,
        "deployments",
        "Deployments that GitHub knows of",
        DEPLOYMENTS,
        empty,
    );
    let all = part.value.as_ref().map_or(&[][..], |v| v.as_slice());
    for d in all {
        let tone = match d.state.as_str() {
            _ if d.failed() && d.is_superseded(all) => Tone::Muted,
            "success" => Tone::Ok,
            "failure" | "error" => Tone::Warn,
            "in_progress" | "queued" | "pending" => Tone::Info,
            _ => Tone::Plain,
        };
        let cells = vec![
            Cell::name(&d.environment),
            Cell::new(&d.state, tone),
            Cell::ago(d.created_at, now),
            Cell::plain(short(&d.sha)),
            Cell::plain(&d.description),
            Cell::muted(&d.creator),
        ];
        deployments.row(d.id.to_string(), cells, d);
    }
    vec![workflows, jobs, steps, runs, deployments]
}

/// A run with its jobs, where they were read.
#[derive(Serialize)]
struct WithJobs<'a> {
    #[serde(flatten)]
    run: &'a Run,
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<&'a [Job]>,
}

fn workflow(w: &Workflow, now: Timestamp) -> Vec<Cell> {
    let shown = w.newest();
    let last = match (w.active, shown) {
        (false, _) => Cell::muted("off"),
        (true, None) => Cell::new("never ran", Tone::Unknown),
        // What runs now has not mended yet what failed before.
        (true, Some(r)) if w.red_since().is_some() => Cell::new(r.outcome.word(), Tone::Bad),
        (true, Some(r)) => state(r.outcome, true),
    };
    let (shaky, of) = w.flakiness();
    let often = shaky * 5 > of && of >= 5;
    let words = if of == 0 {
        "-".into()
    } else {
        format!("{shaky} of {of}")
    };
    vec![
        Cell::name(&w.name),
        last,
        Cell::ago(shown.and_then(|r| r.started_at), now),
        Cell::plain(
            shown
                .and_then(|r| r.seconds(now))
                .map_or_else(|| "-".into(), span),
        ),
        Cell::muted(usual(w).map_or_else(|| "-".into(), span)),
        Cell::new(words, Tone::fine(!often)),
        Cell::plain(shown.map_or("", |r| r.title.as_str())),
        Cell::muted(shown.map_or("", |r| r.actor.as_str())),
    ]
}

/// The median duration of runs that passed at the first attempt: a later attempt's is no measure of the whole.
fn usual(w: &Workflow) -> Option<i64> {
    let passed = |r: &&Run| r.outcome == Outcome::Passed && r.attempt == 1;
    let mut all: Vec<i64> = w
        .runs
        .iter()
        .filter(passed)
        .filter_map(|r| r.seconds(Timestamp::MAX))
        .collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

fn tell(section: &mut Section, pipelines: &Pipelines) {
    let active = pipelines.workflows.iter().filter(|w| w.active);
    let red: Vec<&Workflow> = active
        .filter(|w| w.verdict().is_some_and(|r| r.outcome == Outcome::Failed))
        .collect();
    if !red.is_empty() {
        let names: Vec<&str> = red.iter().map(|w| w.name.as_str()).collect();
        let words = format!(
            "{} on {}: {}",
            count(red.len(), "red workflow"),
            pipelines.branch,
            names.join(", ")
        );
        section.tally(words, Tone::Bad, red.iter().map(|w| w.id.to_string()));
    }
}

/// A job or a step with the run that it is of.
#[derive(Serialize)]
struct Of<'a, T: Serialize> {
    run: &'a str,
    run_number: u64,
    run_id: u64,
    branch: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a str>,
    #[serde(flatten)]
    it: &'a T,
    seconds: Option<i64>,
}

fn fill_jobs(jobs: &mut Section, steps: &mut Section, pipelines: &Pipelines, now: Timestamp) {
    let took = |seconds: Option<i64>| Cell::plain(seconds.map_or_else(|| "-".into(), span));
    for RunJobs { run, jobs: of_it } in &pipelines.looked_into {
        // What failed and was mended since, or failed on a branch, is told and alarms nobody.
        let counts = run.outcome.is_open() || pipelines.is_verdict(run);
        let title = format!("{} #{}", run.workflow, run.number);
        for job in of_it {
            let cells = vec![
                Cell::name(&title),
                Cell::plain(&job.name),
                state(job.outcome, counts),
                Cell::ago(job.started_at, now),
                took(job.seconds(now)),
                telling(job, counts),
            ];
            jobs.row(
                job.id.to_string(),
                cells,
                &of(run, None, job, job.seconds(now)),
            );
            jobs.part_of("workflows", run.workflow_id.to_string());
            if job.outcome != Outcome::Failed && !job.outcome.is_open() {
                continue;
            }
            for s in &job.steps {
                let cells = vec![
                    Cell::name(&title),
                    Cell::plain(&job.name),
                    Cell::muted(s.number.to_string()),
                    Cell::plain(&s.name),
                    state(s.outcome, counts),
                    took(s.seconds(now)),
                ];
                let thing = of(run, Some(&job.name), s, s.seconds(now));
                steps.row(format!("{} {}", job.id, s.number), cells, &thing);
                steps.part_of("workflows", run.workflow_id.to_string());
            }
        }
    }
    let read = |r: &&Run| pipelines.looked_into.iter().any(|l| l.run.id == r.id);
    let failed = pipelines
        .runs
        .iter()
        .filter(|r| r.outcome == Outcome::Failed);
    let unread = failed.filter(|r| !read(r)).count();
    if unread > 0 {
        let words = format!(
            "not read: the jobs of {}",
            count(unread, "older failed run")
        );
        jobs.note(words, Tone::Muted);
    }
}

fn of<'a, T: Serialize>(
    run: &'a Run,
    job: Option<&'a str>,
    it: &'a T,
    seconds: Option<i64>,
) -> Of<'a, T> {
    Of {
        run: &run.workflow,
        run_number: run.number,
        run_id: run.id,
        branch: &run.branch,
        job,
        it,
        seconds,
    }
}

/// The step that matters.
fn telling(job: &Job, counts: bool) -> Cell {
    job.telling().map_or_else(Cell::default, |s| {
        let words = format!("{} of {}: {}", s.number, job.steps.len(), s.name);
        let tone = match s.outcome {
            Outcome::Failed if counts => Tone::Warn,
            _ => Tone::Plain,
        };
        Cell::new(words, tone)
    })
}

/// How something stands. A failure counts where it is of the branch that counts.
fn state(outcome: Outcome, counts: bool) -> Cell {
    let tone = match outcome {
        Outcome::Passed => Tone::Ok,
        Outcome::Failed if counts => Tone::Bad,
        // Work on a branch may fail; that is what branches are for.
        Outcome::Failed => Tone::Muted,
        Outcome::Running | Outcome::Waiting => Tone::Info,
        Outcome::Other => Tone::Unknown,
        Outcome::Cancelled | Outcome::Skipped => Tone::Muted,
    };
    Cell::new(outcome.word(), tone)
}

fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}
