//! What the jobs of a run did up to a time. The whole course of an attempt is known in advance (as far as it does not hang on a
//! deployment); a look at it at some time shows what had happened by then.

use super::plans::Workflow;

/// A step at some time.
#[derive(Clone, Debug)]
pub struct Step {
    /// Name.
    pub name: String,
    /// `queued`, `in_progress`, `completed`.
    pub status: &'static str,
    /// How it ended.
    pub conclusion: Option<&'static str>,
    /// Wall-clock times.
    pub started: Option<f64>,
    /// Ended.
    pub completed: Option<f64>,
}

/// A job at some time.
#[derive(Clone, Debug)]
pub struct Job {
    /// Name.
    pub name: String,
    /// Attempt that ran it.
    pub attempt: u32,
    /// `queued`, `in_progress`, `completed`.
    pub status: &'static str,
    /// How it ended.
    pub conclusion: Option<&'static str>,
    /// Wall-clock times.
    pub created: f64,
    /// Began, or will.
    pub started: f64,
    /// Ended.
    pub completed: Option<f64>,
    /// Steps.
    pub steps: Vec<Step>,
}

/// How an attempt goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Everything passes.
    Passes,
    /// This job fails at this step.
    FailsAt(usize, usize),
    /// The last step but one of the only job ends with a deployment: when, and how.
    Follows(Option<f64>, &'static str),
}

/// An attempt to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// Of which workflow.
    pub workflow: &'a Workflow,
    /// Number.
    pub attempt: u32,
    /// When it was asked for.
    pub began: f64,
    /// How it goes.
    pub fate: &'a Fate,
    /// How much faster than the clock its seconds go.
    pub pace: f64,
    /// How much longer than ordinary its steps take.
    pub stretch: f64,
    /// When it was cancelled.
    pub cancelled: Option<f64>,
}

struct Whole {
    start: f64,
    end: f64,
    conclusion: &'static str,
    /// End and conclusion of each step.
    steps: Vec<(f64, &'static str)>,
}

/// Seconds that a job waits for a machine.
const QUEUE_S: f64 = 4.0;

/// The jobs of an attempt at a time.
pub fn look(course: &Course, now: f64) -> Vec<Job> {
    let mut wholes: Vec<Whole> = Vec::new();
    for index in 0..course.workflow.jobs.len() {
        let whole = whole(course, index, &wholes);
        wholes.push(whole);
    }
    let jobs = course.workflow.jobs.iter().zip(&wholes);
    jobs.map(|(plan, whole)| masked(course, plan, whole, now))
        .collect()
}

fn whole(course: &Course, index: usize, before: &[Whole]) -> Whole {
    let Some(plan) = course.workflow.jobs.get(index) else {
        return Whole {
            start: course.began,
            end: course.began,
            conclusion: "skipped",
            steps: Vec::new(),
        };
    };
    let needs = || plan.needs.iter().filter_map(|n| before.get(*n));
    let ready = needs().map(|w| w.end).fold(course.began, f64::max);
    if needs().any(|w| w.conclusion != "success") {
        return Whole {
            start: ready,
            end: ready,
            conclusion: "skipped",
            steps: Vec::new(),
        };
    }
    let start = ready + QUEUE_S / course.pace;
    let (mut at, mut conclusion, mut steps) = (start, "success", Vec::new());
    let waits = plan.steps.len().saturating_sub(2);
    for (n, (_, seconds)) in plan.steps.iter().enumerate() {
        if conclusion == "failure" && n + 1 < plan.steps.len() {
            steps.push((at, "skipped"));
            continue;
        }
        let last = n + 1 == plan.steps.len();
        at += seconds * if last { 1.0 } else { course.stretch } / course.pace;
        match course.fate {
            Fate::FailsAt(job, step) if (*job, *step) == (index, n) => conclusion = "failure",
            Fate::Follows(end, how) if n == waits => {
                at = end.map_or(f64::INFINITY, |e| e.max(at));
                conclusion = how;
            }
            _ => {}
        }
        steps.push((at, if last { "success" } else { conclusion }));
    }
    Whole {
        start,
        end: at,
        conclusion,
        steps,
    }
}

fn masked(course: &Course, plan: &super::plans::Job, whole: &Whole, now: f64) -> Job {
    let stopped = course.cancelled.filter(|c| *c <= now);
    let seen = stopped.unwrap_or(now);
    let mut job = Job {
        name: plan.name.to_owned(),
        attempt: course.attempt,
        status: "completed",
        conclusion: Some(whole.conclusion),
        created: course.began,
        started: whole.start,
        completed: Some(whole.end),
        steps: Vec::new(),
    };
    if whole.start > seen || (whole.conclusion == "skipped" && whole.end > seen) {
        job.status = if stopped.is_some() {
            "completed"
        } else {
            "queued"
        };
        job.conclusion = stopped.map(|_| "cancelled");
        job.completed = stopped;
        job.started = stopped.unwrap_or(course.began);
        return job;
    }
    if whole.end > seen {
        job.status = if stopped.is_some() {
            "completed"
        } else {
            "in_progress"
        };
        job.conclusion = stopped.map(|_| "cancelled");
        job.completed = stopped;
    }
    let mut begins = whole.start;
    for ((name, _), (end, conclusion)) in plan.steps.iter().zip(&whole.steps) {
        job.steps
            .push(step(name, begins, *end, conclusion, seen, stopped));
        begins = *end;
    }
    job
}

fn step(
    name: &str,
    start: f64,
    end: f64,
    conclusion: &'static str,
    seen: f64,
    stopped: Option<f64>,
) -> Step {
    let name = name.to_owned();
    let (status, conclusion, started, completed) = if end <= seen {
        ("completed", Some(conclusion), Some(start), Some(end))
    } else if start <= seen {
        match stopped {
            Some(at) => ("completed", Some("cancelled"), Some(start), Some(at)),
            None => ("in_progress", None, Some(start), None),
        }
    } else {
        match stopped {
            Some(at) => ("completed", Some("skipped"), Some(at), Some(at)),
            None => ("queued", None, None, None),
        }
    };
    Step {
        name,
        status,
        conclusion,
        started,
        completed,
    }
}

/// Status and conclusion of a run from its jobs.
pub fn verdict(jobs: &[Job]) -> (&'static str, Option<&'static str>) {
    if jobs.iter().all(|j| j.status == "queued") && !jobs.is_empty() {
        return ("queued", None);
    }
    if jobs.iter().any(|j| j.status != "completed") {
        return ("in_progress", None);
    }
    let any = |what: &str| jobs.iter().any(|j| j.conclusion == Some(what));
    let conclusion = if any("cancelled") {
        "cancelled"
    } else if any("failure") {
        "failure"
    } else {
        "success"
    };
    ("completed", Some(conclusion))
}

#[cfg(test)]
mod tests {
    use super::super::plans::{BUILD, DEPLOY, WORKFLOWS};
    use super::*;

    fn course<'a>(workflow: usize, fate: &'a Fate, cancelled: Option<f64>) -> Course<'a> {
        Course {
            workflow: &WORKFLOWS[workflow],
            attempt: 1,
            began: 1_000.0,
            fate,
            pace: 1.0,
            stretch: 1.0,
            cancelled,
        }
    }

    #[test]
    fn a_run_waits_works_and_passes() {
        let fate = Fate::Passes;
        let c = course(BUILD, &fate, None);
        assert_eq!(verdict(&look(&c, 1_001.0)), ("queued", None));
        let jobs = look(&c, 1_050.0);
        assert_eq!(verdict(&jobs), ("in_progress", None));
        assert_eq!((jobs[0].status, jobs[1].status), ("in_progress", "queued"));
        assert_eq!(jobs[0].steps[4].status, "in_progress");
        assert_eq!(verdict(&look(&c, 2_000.0)), ("completed", Some("success")));
    }

    #[test]
    fn what_fails_skips_what_waits_for_it() {
        let fate = Fate::FailsAt(0, 4);
        let jobs = look(&course(BUILD, &fate, None), 2_000.0);
        assert_eq!(verdict(&jobs), ("completed", Some("failure")));
        assert_eq!(jobs[1].conclusion, Some("skipped"));
        assert_eq!(jobs[0].steps[4].conclusion, Some("failure"));
        assert_eq!(jobs[0].steps[5].conclusion, Some("success"));
    }

    #[test]
    fn what_is_cancelled_ends_then() {
        let fate = Fate::Passes;
        let jobs = look(&course(BUILD, &fate, Some(1_050.0)), 2_000.0);
        assert_eq!(verdict(&jobs), ("completed", Some("cancelled")));
        assert_eq!(jobs[0].completed, Some(1_050.0));
        assert_eq!(jobs[0].steps[4].conclusion, Some("cancelled"));
        assert_eq!(jobs[1].conclusion, Some("cancelled"));
    }

    #[test]
    fn a_deploy_run_ends_with_its_deployment() {
        let open = Fate::Follows(None, "success");
        let c = course(DEPLOY, &open, None);
        assert_eq!(verdict(&look(&c, 9_000.0)), ("in_progress", None));
        let failed = Fate::Follows(Some(1_200.0), "failure");
        let jobs = look(&course(DEPLOY, &failed, None), 9_000.0);
        assert_eq!(verdict(&jobs), ("completed", Some("failure")));
        assert_eq!(jobs[0].steps[5].completed, Some(1_200.0));
    }
}
