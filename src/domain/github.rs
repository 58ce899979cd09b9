//! GitHub: workflows and their runs on the default branch, jobs of those that matter, deployments, and what its scanners found.

use jiff::Timestamp;
use serde::Serialize;

use super::severity::Severity;

/// How a run, a job or a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It waits for a machine, for another job, or for somebody's approval.
    Waiting,
    /// It runs.
    Running,
    /// It passed.
    Passed,
    /// It failed, or took too long.
    Failed,
    /// Somebody, or a newer run, cancelled it.
    Cancelled,
    /// It did not have to run.
    Skipped,
    /// It says something else.
    Other,
}

impl Outcome {
    /// From the vendor's status and conclusion ("Workflow runs": `status` says how far, `conclusion` how it ended).
    pub fn of(status: &str, conclusion: Option<&str>) -> Self {
        match (status, conclusion) {
            ("queued" | "waiting" | "requested" | "pending", _) => Self::Waiting,
            ("in_progress", _) => Self::Running,
            (_, Some("success" | "neutral")) => Self::Passed,
            (_, Some("failure" | "timed_out" | "startup_failure")) => Self::Failed,
            (_, Some("cancelled" | "stale")) => Self::Cancelled,
            (_, Some("skipped")) => Self::Skipped,
            (_, Some("action_required")) => Self::Waiting,
            _ => Self::Other,
        }
    }

    /// The word that every face uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Other => "other",
        }
    }

    /// Whether it ended with a verdict: a cancelled or skipped one has none.
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Passed | Self::Failed)
    }

    /// Whether it still goes on.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// The pipelines of a repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pipelines {
    /// `owner/name`.
    pub repository: String,
    /// The branch that counts.
    pub branch: String,
    /// Workflows, by name.
    pub workflows: Vec<Workflow>,
    /// The newest runs of every branch, newest first.
    pub runs: Vec<Run>,
    /// Jobs of the runs that go on, of the newest verdict of each workflow where it failed, and of what else failed among the
    /// newest runs.
    pub looked_into: Vec<RunJobs>,
}

impl Pipelines {
    /// Whether a run is the newest verdict on a workflow that still runs: what passed or failed before it says nothing of now.
    pub fn is_verdict(&self, run: &Run) -> bool {
        let active = self.workflows.iter().filter(|w| w.active);
        let mut verdicts = active.filter_map(Workflow::verdict);
        verdicts.any(|v| v.id == run.id)
    }
}

/// A workflow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Workflow {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// File, below `.github/workflows/` as a rule.
    pub file: String,
    /// Whether it may run at all.
    pub active: bool,
    /// Its newest runs on the branch that counts, newest first.
    pub runs: Vec<Run>,
}

impl Workflow {
    /// Its newest run.
    pub fn newest(&self) -> Option<&Run> {
        self.runs.first()
    }

    /// Its newest run that ended with a verdict.
    pub fn verdict(&self) -> Option<&Run> {
        self.runs.iter().find(|r| r.outcome.is_verdict())
    }

    /// Since when it is red: the end of the first of the failed runs that no passed one followed (UTC). A run that was cancelled
    /// changes nothing; nothing where it is not red.
    pub fn red_since(&self) -> Option<Timestamp> {
        let verdicts = self.runs.iter().filter(|r| r.outcome.is_verdict());
        let red = verdicts.take_while(|r| r.outcome == Outcome::Failed);
        red.last().and_then(|r| r.updated_at.or(r.started_at))
    }

    /// Its newest run that ended, however it did, but for those that did not have to run: one that was cancelled leaves open what
    /// it would have shown.
    pub fn ended(&self) -> Option<&Run> {
        let counts = |r: &&Run| !r.outcome.is_open() && r.outcome != Outcome::Skipped;
        self.runs.iter().find(counts)
    }

    /// Runs that ended with a verdict, and how many of these did not pass at the first attempt: the tests of one of them may say
    /// nothing of what they test.
    pub fn flakiness(&self) -> (usize, usize) {
        let ended = self.runs.iter().filter(|r| r.outcome.is_verdict());
        let of = ended.clone().count();
        let shaky = ended.filter(|r| r.outcome == Outcome::Failed || r.attempt > 1);
        (shaky.count(), of)
    }

    /// Whether a word names it: a whole word of its name or file, whatever the case, or the beginning or end of one, where the word
    /// asked for is long enough (`deploy`: "Deployment", "autodeploy", and not "undeploy"). What GitHub runs by itself (`dynamic/`) is no
    /// pipeline of ours, but for its scan of our code; and what drafts the text of a release releases nothing.
    pub fn is_called(&self, word: &str) -> bool {
        let (own, asked) = (pieces(&self.name), pieces(word));
        let mut own: Vec<String> = own.into_iter().chain(pieces(&self.file)).collect();
        let has = |own: &[String], word: &str| own.iter().any(|w| w == word);
        if self.file.starts_with("dynamic/") && !has(&own, "codeql") {
            return false;
        }
        if has(&own, "drafter") {
            own.retain(|w| w != "release");
        }
        let long = |w: &str, least: usize| w.len() >= least && w.chars().all(char::is_alphabetic);
        let begins = |w: &str, asked: &str| long(asked, STEM) && w.starts_with(asked);
        let ends = |w: &str, asked: &str| {
            let before = w.strip_suffix(asked).filter(|_| long(asked, TAIL));
            before.is_some_and(|b| b != "un")
        };
        let fits = |asked: &String| {
            let mut words = own.iter();
            words.any(|w| w == asked || begins(w, asked) || ends(w, asked))
        };
        !asked.is_empty() && asked.iter().all(fits)
    }
}

/// Letters of a word from which on longer ones that begin with it are taken for it.
const STEM: usize = 4;

/// The same of longer ones that end with it: "latest" is no test.
const TAIL: usize = 5;

/// The words of a name in lower case, those that are written together (`BuildAndTest`, `cicd`) as one and apart.
fn pieces(name: &str) -> Vec<String> {
    let mut all = Vec::new();
    for whole in name.split(|c: char| !c.is_alphanumeric()) {
        let mut part = String::new();
        let mut parts = Vec::new();
        let mut before = ' ';
        for c in whole.chars() {
            if c.is_uppercase() && before.is_lowercase() {
                parts.push(std::mem::take(&mut part));
            }
            part.extend(c.to_lowercase());
            before = c;
        }
        parts.push(part);
        if parts.len() > 1 {
            all.push(parts.concat());
        }
        all.extend(parts);
    }
    if all.iter().any(|w| w == "cicd") {
        all.extend(["ci", "cd"].map(str::to_owned));
    }
    all.retain(|w| !w.is_empty());
    all
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Id.
    pub id: u64,
    /// Id of its workflow.
    pub workflow_id: u64,
    /// Name of its workflow.
    pub workflow: String,
    /// Number within its workflow.
    pub number: u64,
    /// Attempt, counted from one.
    pub attempt: u32,
    /// What it is about: a commit's subject, as a rule.
    pub title: String,
    /// What started it.
    pub event: String,
    /// Branch.
    pub branch: String,
    /// Commit.
    pub sha: String,
    /// Who started it, or started it again.
    pub actor: String,
    /// How it stands.
    pub outcome: Outcome,
    /// The attempt began (UTC).
    pub started_at: Option<Timestamp>,
    /// Something last happened to it (UTC): the end of one that ended.
    pub updated_at: Option<Timestamp>,
    /// Its page.
    pub url: String,
}

impl Run {
    /// Whether it tells of the branch that it names. One of a pull request names the branch that it comes from, and that is a fork's
    /// own `main` as easily as ours.
    pub fn is_of_branch(&self) -> bool {
        !self.event.starts_with("pull_request")
    }

    /// Seconds that it took, or has taken so far.
    pub fn seconds(&self, now: Timestamp) -> Option<i64> {
        taken(self.outcome, self.started_at, self.updated_at, now)
    }
}

/// The jobs of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunJobs {
    /// The run.
    pub run: Run,
    /// Its jobs.
    pub jobs: Vec<Job>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// How it stands.
    pub outcome: Outcome,
    /// Began (UTC).
    pub started_at: Option<Timestamp>,
    /// Ended (UTC).
    pub ended_at: Option<Timestamp>,
    /// Steps.
    pub steps: Vec<Step>,
}

impl Job {
    /// Seconds that it took, or has taken so far.
    pub fn seconds(&self, now: Timestamp) -> Option<i64> {
        taken(self.outcome, self.started_at, self.ended_at, now)
    }

    /// The step that matters: the first that failed, else the one that runs.
    pub fn telling(&self) -> Option<&Step> {
        let is = |outcome| {
            self.steps
                .iter()
                .find(move |s: &&Step| s.outcome == outcome)
        };
        is(Outcome::Failed).or_else(|| is(Outcome::Running))
    }
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Number, counted from one.
    pub number: u32,
    /// Name.
    pub name: String,
    /// How it stands.
    pub outcome: Outcome,
    /// Began (UTC).
    pub started_at: Option<Timestamp>,
    /// Ended (UTC).
    pub ended_at: Option<Timestamp>,
}

impl Step {
    /// Seconds that it took, or has taken so far.
    pub fn seconds(&self, now: Timestamp) -> Option<i64> {
        taken(self.outcome, self.started_at, self.ended_at, now)
    }
}

/// Seconds between a beginning and an end, or until now where it goes on. What never began took none that anybody knows of.
fn taken(
    outcome: Outcome,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    now: Timestamp,
) -> Option<i64> {
    let until = if outcome.is_open() { Some(now) } else { ended };
    Some(until?.duration_since(began?).as_secs().max(0))
}

/// A deployment that GitHub was told of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deployed {
    /// Id.
    pub id: u64,
    /// Environment.
    pub environment: String,
    /// Branch or tag.
    pub reference: String,
    /// Commit.
    pub sha: String,
    /// What it is about.
    pub description: String,
    /// Who.
    pub creator: String,
    /// The vendor's word for its newest state: `success`, `in_progress`, `failure` ...; empty where none was told.
    pub state: String,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
}

impl Deployed {
    /// Whether it ended otherwise than asked.
    pub fn failed(&self) -> bool {
        matches!(self.state.as_str(), "failure" | "error")
    }

    /// Whether it was done as asked. One that a newer one replaced is `inactive` from then on.
    pub fn succeeded(&self) -> bool {
        matches!(self.state.as_str(), "success" | "inactive")
    }

    /// Whether one of the same environment that was made later succeeded: what failed before is history.
    pub fn is_superseded(&self, all: &[Self]) -> bool {
        let later = |d: &&Self| d.environment == self.environment && d.created_at > self.created_at;
        all.iter().filter(later).any(Self::succeeded)
    }
}

/// What one of GitHub's scanners found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scanner {
    /// `dependabot` or `code_scanning`.
    pub tool: &'static str,
    /// Why it cannot tell: it is switched off, or the token may not see it.
    pub off: Option<String>,
    /// Open findings, worst first, then oldest first.
    pub open: Vec<Finding>,
    /// Whether there are more open ones than were read.
    pub cut: bool,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Number.
    pub number: u64,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub summary: String,
    /// Package, or file and line.
    pub place: String,
    /// Advisory or rule.
    pub rule: String,
    /// What mends it: the first version without it.
    pub fix: Option<String>,
    /// Found (UTC).
    pub created_at: Option<Timestamp>,
    /// Its page.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcome: Outcome, attempt: u32) -> Run {
        Run {
            id: 1,
            workflow_id: 1,
            workflow: "Build".into(),
            number: 1,
            attempt,
            title: String::new(),
            event: "push".into(),
            branch: "main".into(),
            sha: String::new(),
            actor: String::new(),
            outcome,
            started_at: Timestamp::from_second(100).ok(),
            updated_at: Timestamp::from_second(160).ok(),
            url: String::new(),
        }
    }

    #[test]
    fn what_goes_on_or_was_cancelled_is_no_verdict() {
        let all = [
            Outcome::Running,
            Outcome::Cancelled,
            Outcome::Passed,
            Outcome::Failed,
        ];
        let mut runs: Vec<Run> = all.into_iter().map(|o| run(o, 1)).collect();
        runs.push(run(Outcome::Passed, 2));
        let workflow = Workflow {
            id: 1,
            name: "Security scan".into(),
            file: ".github/workflows/sec.yml".into(),
            active: true,
            runs,
        };
        assert_eq!(workflow.verdict().map(|r| r.outcome), Some(Outcome::Passed));
        assert_eq!(workflow.flakiness(), (2, 3));
        assert!(
            workflow.is_called("SCAN")
                && workflow.is_called("sec.yml")
                && !workflow.is_called("build")
        );
    }

    #[test]
    fn a_workflow_is_called_by_whole_words_and_not_by_pieces_of_others() {
        let called = |name: &str, file: &str, word: &str| {
            let workflow = Workflow {
                id: 1,
                name: name.into(),
                file: file.into(),
                active: true,
                runs: Vec::new(),
            };
            workflow.is_called(word)
        };
        let pages = "dynamic/pages/pages-build-deployment";
        for word in ["build", "deploy"] {
            assert!(!called("pages-build-deployment", pages, word), "{word}");
        }
        let scan = "dynamic/github-code-scanning/codeql";
        assert!(called("CodeQL", scan, "codeql"));
        let drafter = ".github/workflows/release-drafter.yml";
        assert!(!called("Release Drafter", drafter, "release"));
        let special = ".github/workflows/special.yml";
        assert!(!called("Special", special, "ci"));
        let yaml = |file: &str| format!(".github/workflows/{file}.yml");
        for (name, file, word) in [
            ("CI", "ci", "ci"),
            ("CI/CD", "main", "ci"),
            ("CICD", "main", "ci"),
            ("Main", "cicd", "cd"),
            ("Autodeploy", "main", "deploy"),
            ("Ship", "redeploy", "deploy"),
            ("Nightly rebuild", "main", "build"),
            ("Tests", "build-and-test", "build"),
            ("BuildAndTest", "main", "build"),
            ("Deployment of production", "prod", "deploy"),
            ("Security scanning", "main", "scan"),
            ("Linting", "main", "lint"),
            ("Codeql", "x", "codeql"),
            ("Ship", "release_prod", "release"),
            ("Ship", "deploy-prod", "deploy-prod"),
            ("Ship", "deploy-prod", "deploy-prod.yml"),
        ] {
            assert!(called(name, &yaml(file), word), "{name} {file} {word}");
        }
        assert!(!called("Ship", &yaml("deploy-prod"), "deploy-staging"));
        assert!(!called("Ship", &yaml("x"), ""));
        for (file, word) in [
            ("undeploy", "deploy"),
            ("latest", "test"),
            ("acicd", "ci"),
            ("ecs", "cs"),
        ] {
            assert!(!called("Ship", &yaml(file), word), "{file} {word}");
        }
    }

    #[test]
    fn a_workflow_is_red_since_the_first_failure_that_no_pass_followed() {
        let all = [
            (Outcome::Running, 900),
            (Outcome::Failed, 800),
            (Outcome::Cancelled, 700),
            (Outcome::Failed, 600),
            (Outcome::Passed, 500),
            (Outcome::Failed, 400),
        ];
        let runs = all.map(|(outcome, at)| Run {
            updated_at: Timestamp::from_second(at).ok(),
            ..run(outcome, 1)
        });
        let mut workflow = Workflow {
            id: 1,
            name: "Build".into(),
            file: String::new(),
            active: true,
            runs: runs.into(),
        };
        assert_eq!(workflow.red_since(), Timestamp::from_second(600).ok());
        workflow.runs.drain(..4);
        assert_eq!(workflow.red_since(), None, "it passed since");
    }

    #[test]
    fn a_failed_deployment_is_history_once_a_later_one_of_its_environment_succeeded() {
        let of = |environment: &str, state: &str, at| Deployed {
            id: 1,
            environment: environment.into(),
            reference: String::new(),
            sha: String::new(),
            description: String::new(),
            creator: String::new(),
            state: state.into(),
            created_at: Timestamp::from_second(at).ok(),
        };
        let failed = of("production", "failure", 100);
        let later = |environment, state| [of(environment, state, 200), failed.clone()];
        assert!(failed.is_superseded(&later("production", "success")));
        assert!(failed.is_superseded(&later("production", "inactive")));
        assert!(!failed.is_superseded(&later("staging", "success")));
        assert!(!failed.is_superseded(&later("production", "in_progress")));
        assert!(!failed.is_superseded(&[of("production", "success", 50), failed.clone()]));
    }

    #[test]
    fn a_run_of_a_pull_request_is_none_of_the_branch_it_names() {
        let of = |event: &str| Run {
            event: event.into(),
            ..run(Outcome::Failed, 1)
        };
        assert!(
            ["push", "schedule", "workflow_dispatch"]
                .map(of)
                .iter()
                .all(Run::is_of_branch)
        );
        let pulled = ["pull_request", "pull_request_target", "pull_request_review"].map(of);
        assert!(!pulled.iter().any(Run::is_of_branch));
    }

    #[test]
    fn outcomes_are_read_as_the_vendor_words_them() {
        assert_eq!(Outcome::of("completed", Some("timed_out")), Outcome::Failed);
        assert_eq!(Outcome::of("completed", Some("neutral")), Outcome::Passed);
        assert_eq!(
            Outcome::of("completed", Some("brand_new_word")),
            Outcome::Other
        );
        assert_eq!(Outcome::of("in_progress", None), Outcome::Running);
    }

    #[test]
    fn a_run_that_goes_on_has_taken_until_now() {
        let now = Timestamp::from_second(400).unwrap();
        assert_eq!(run(Outcome::Passed, 1).seconds(now), Some(60));
        assert_eq!(run(Outcome::Running, 1).seconds(now), Some(300));
    }
}
