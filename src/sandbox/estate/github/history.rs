//! What happened in the repository: commits on the default branch and elsewhere, and the runs that they, the clock and
//! deployments started.

use super::plans::{BUILD, DEPLOY, END_TO_END, QUALITY, SECURITY, WORKFLOWS, weak_spot};
use super::runs::{Attempt, Run};
use super::timeline::Fate;
use crate::telemetry::noise::share;
use crate::world::{Key, World};

/// The default branch.
pub const MAIN: &str = "main";
/// The cluster that is deployed to.
const CLUSTER: &str = "laser-prod";

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;
/// Days of the past that are told.
const PAST_DAYS: f64 = 14.0;
/// Between two commits of the past, and, in story seconds, of the present.
const EVERY_S: f64 = 7.0 * HOUR_S;
const NOW_EVERY_S: f64 = 30.0 * MINUTE_S;

const SUBJECTS: [&str; 12] = [
    "Round quotes to the cent",
    "Ask for the material before the thickness",
    "Keep a quote for thirty days",
    "Retry the invoice once when the bank does not answer",
    "Show kerf width in the preview",
    "Index quotes by customer",
    "Say which field of a drawing cannot be cut",
    "Cache the price table for five minutes",
    "Log the request id of the pdf renderer",
    "Close the database pool on shutdown",
    "Bump the base image",
    "Translate the confirmation mail",
];
const PEOPLE: [&str; 3] = ["ana", "ben", "cleo"];

/// A commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// 40 hex digits.
    pub sha: String,
    /// Message.
    pub message: String,
    /// Who.
    pub author: String,
    /// Wall-clock time.
    pub at: f64,
    /// Branch that it was pushed to.
    pub branch: &'static str,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub struct History {
    /// Oldest first.
    pub commits: Vec<Commit>,
    /// Oldest first.
    pub runs: Vec<Run>,
    last_commit: f64,
    last_hour: i64,
}

/// The commit that an image of a service was built from.
pub fn commit_of(service: &str, image: &str) -> String {
    sha(&format!("{service}{}", release(image)))
}

/// 40 hex digits for a text.
pub fn sha(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut hex = hex::encode(Sha256::digest(text.as_bytes()));
    hex.truncate(40);
    hex
}

impl History {
    /// The past of a world.
    pub fn new(world: &World) -> Self {
        let mut history = Self {
            last_commit: world.begun(),
            last_hour: (world.begun() / HOUR_S) as i64,
            ..Self::default()
        };
        history.commit_the_past(world);
        history.run_the_past(world);
        history.deploy_the_past(world);
        history.runs.sort_by(|a, b| a.began().total_cmp(&b.began()));
        history.number();
        history
    }

    /// Lets time go on.
    pub fn step(&mut self, world: &World) {
        let now = world.stamp();
        if now - self.last_commit >= NOW_EVERY_S / world.speed {
            self.last_commit = now;
            let n = self.commits.len();
            let commit = filler(n, now);
            self.commits.push(commit.clone());
            for workflow in [BUILD, QUALITY, SECURITY] {
                let title = subject(&commit.message).to_owned();
                self.begin(
                    workflow,
                    "push",
                    commit.clone(),
                    title,
                    now,
                    world.speed,
                    Fate::Passes,
                );
            }
        }
        let hour = (now / HOUR_S) as i64;
        if hour > self.last_hour {
            self.last_hour = hour;
            self.on_the_hour(hour, now, world.speed);
        }
    }

    /// The newest commit of the default branch.
    pub fn head(&self) -> Option<&Commit> {
        self.commits.iter().rev().find(|c| c.branch == MAIN)
    }

    /// A run.
    pub fn run(&self, id: u64) -> Option<&Run> {
        self.runs.iter().find(|r| r.id == id)
    }

    /// Begins a run; its id.
    #[allow(clippy::too_many_arguments)]
    pub fn begin(
        &mut self,
        workflow: usize,
        event: &'static str,
        commit: Commit,
        title: String,
        at: f64,
        pace: f64,
        fate: Fate,
    ) -> u64 {
        let of_it = |r: &&Run| r.workflow == workflow;
        let number = self.runs.iter().filter(of_it).map(|r| r.number).max();
        let actor = if event == "schedule" {
            "github-actions[bot]".into()
        } else {
            commit.author.clone()
        };
        let id = 19_400_000_000 + self.runs.len() as u64 * 1_009;
        self.runs.push(Run {
            id,
            workflow,
            number: number.unwrap_or(0) + 1,
            event,
            commit,
            title,
            attempts: vec![Attempt {
                began: at,
                actor,
                fate,
                deployment: None,
                cancelled: None,
                pace,
                kept: Vec::new(),
            }],
        });
        id
    }

    /// Ties the newest attempt of a run to a deployment.
    pub fn tie(&mut self, run: u64, deployment: String) {
        let run = self.runs.iter_mut().find(|r| r.id == run);
        if let Some(attempt) = run.and_then(|r| r.attempts.last_mut()) {
            attempt.deployment = Some(deployment);
        }
    }

    /// Runs of the deploy workflow for what was deployed before the story begins: all of that came from it. Of what comes later only
    /// what it is asked for itself does.
    fn deploy_the_past(&mut self, world: &World) {
        for d in world.deployments.iter().filter(|d| d.key.0 == CLUSTER) {
            let image = image_of(world, &d.key, d.to.definition);
            let released = self.commits.iter().find(|c| c.message == release(&image));
            let Some(commit) = released.or_else(|| self.head()).cloned() else {
                continue;
            };
            let pace = if d.created_at < world.begun() - 60.0 {
                1.0
            } else {
                world.speed
            };
            let title = format!("Deploy {}", short(&image));
            let run = self.begin(
                DEPLOY,
                "workflow_dispatch",
                commit,
                title,
                d.created_at,
                pace,
                Fate::Passes,
            );
            self.tie(run, d.id.clone());
        }
    }

    fn commit_the_past(&mut self, world: &World) {
        let mut commits: Vec<Commit> = (0..(PAST_DAYS * DAY_S / EVERY_S) as usize)
            .map(|n| {
                filler(
                    n,
                    world.begun() - PAST_DAYS * DAY_S + (n as f64 + 0.4) * EVERY_S,
                )
            })
            .collect();
        for (key, service) in world.services.iter().filter(|(k, _)| k.0 == CLUSTER) {
            let definitions = world.definitions.get(&service.family);
            for definition in definitions.into_iter().flatten() {
                let at = definition.shown.get("registeredAt").as_time();
                let by = definition
                    .shown
                    .get("registeredBy")
                    .as_str()
                    .unwrap_or_default();
                let author = by.rsplit('/').next().unwrap_or_default();
                let message = release(&definition.image);
                commits.push(Commit {
                    sha: commit_of(&key.1, &definition.image),
                    message,
                    author: if PEOPLE.contains(&author) {
                        author.to_owned()
                    } else {
                        "ben".to_owned()
                    },
                    at: at.unwrap_or(world.begun()) - 25.0 * MINUTE_S,
                    branch: MAIN,
                });
            }
        }
        for n in 0..3 {
            let message = format!("Quote many drawings at once, part {}", n + 1);
            let at = world.begun() - (30.0 - 9.0 * f64::from(n)) * HOUR_S;
            let (sha, author) = (sha(&message), "cleo".to_owned());
            commits.push(Commit {
                sha,
                message,
                author,
                at,
                branch: "feat/bulk-quotes",
            });
        }
        commits.sort_by(|a, b| a.at.total_cmp(&b.at));
        self.commits = commits;
    }

    fn run_the_past(&mut self, world: &World) {
        let since = world.begun() - PAST_DAYS * DAY_S;
        let recent: Vec<Commit> = self
            .commits
            .iter()
            .filter(|c| c.at >= since)
            .cloned()
            .collect();
        for (n, commit) in recent.iter().enumerate() {
            let feature = commit.branch != MAIN;
            let event = if feature { "pull_request" } else { "push" };
            for workflow in [BUILD, QUALITY, SECURITY] {
                // One red build a good week ago, and a branch that is not done yet.
                let red = workflow == BUILD && (n == 11 || feature);
                let fate = if red { failing(workflow) } else { Fate::Passes };
                let title = subject(&commit.message).to_owned();
                self.begin(workflow, event, commit.clone(), title, commit.at, 1.0, fate);
            }
        }
        let first = (since / HOUR_S).ceil() as i64;
        for hour in first..=self.last_hour {
            self.on_the_hour(hour, hour as f64 * HOUR_S, 1.0);
        }
        self.fail_a_scan(world.begun());
    }

    /// What runs by the clock: browser tests every three hours, a scan at four in the morning (UTC).
    fn on_the_hour(&mut self, hour: i64, at: f64, pace: f64) {
        let head = self
            .commits
            .iter()
            .rev()
            .find(|c| c.branch == MAIN && c.at <= at);
        let Some(commit) = head.cloned() else { return };
        if hour.rem_euclid(3) == 0 {
            let fate = if share("e2e", hour as f64) < 0.3 {
                failing(END_TO_END)
            } else {
                Fate::Passes
            };
            self.begin(
                END_TO_END,
                "schedule",
                commit.clone(),
                "End to end".into(),
                at,
                pace,
                fate,
            );
        }
        if hour.rem_euclid(24) == 4 {
            self.begin(
                SECURITY,
                "schedule",
                commit,
                "Security scan".into(),
                at,
                pace,
                Fate::Passes,
            );
        }
    }

    /// A scan that failed about a day ago and passed when ben ran it again.
    fn fail_a_scan(&mut self, begun: f64) {
        let near =
            |r: &&mut Run| r.workflow == SECURITY && r.event == "push" && r.commit.branch == MAIN;
        let distance = |r: &Run| (r.began() - (begun - DAY_S)).abs();
        let runs = self.runs.iter_mut().filter(near);
        let Some(run) = runs.min_by(|a, b| distance(a).total_cmp(&distance(b))) else {
            return;
        };
        let again = run.began() + 22.0 * MINUTE_S;
        if let Some(first) = run.attempts.first_mut() {
            first.fate = failing(SECURITY);
        }
        run.again(again, "ben", 1.0, true, Fate::Passes, &|_| (None, ""));
    }

    fn number(&mut self) {
        let mut numbers = vec![0_u64; WORKFLOWS.len()];
        for (n, run) in self.runs.iter_mut().enumerate() {
            run.id = 19_400_000_000 + n as u64 * 1_009;
            if let Some(last) = numbers.get_mut(run.workflow) {
                *last += 1;
                run.number = *last;
            }
        }
    }
}

fn failing(workflow: usize) -> Fate {
    let (job, step) = weak_spot(workflow);
    Fate::FailsAt(job, step)
}

/// The image of a revision.
pub fn image_of(world: &World, key: &Key, revision: u32) -> String {
    let family = world.services.get(key).map(|s| s.family.as_str());
    let definition = family.and_then(|f| world.definition(f, revision));
    definition.map(|d| d.image.clone()).unwrap_or_default()
}

/// `api:1.8.2` of an image's whole name.
fn short(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

fn release(image: &str) -> String {
    format!("Release {}", short(image).replace(':', " "))
}

/// First line of a message.
pub fn subject(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

fn filler(n: usize, at: f64) -> Commit {
    let words = SUBJECTS
        .get(n % SUBJECTS.len())
        .copied()
        .unwrap_or_default();
    let message = format!("{words} (#{})", 400 + n);
    let author = PEOPLE
        .get((n * 7 + 1) % PEOPLE.len())
        .copied()
        .unwrap_or_default();
    Commit {
        sha: sha(&message),
        message,
        author: author.to_owned(),
        at,
        branch: MAIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{rollout, story};

    /// What somebody deploys by ECS's own API is none of the repository's: a run that fails there would say that the pipeline is broken.
    #[test]
    fn a_deployment_that_did_not_come_from_the_pipeline_runs_no_workflow() {
        let now = 1_800_000_000.0;
        let mut world = World::new(7, 1.0, now);
        story::tell(&mut world);
        let mut history = History::new(&world);
        let deploys = |h: &History| h.runs.iter().filter(|r| r.workflow == DEPLOY).count();
        let of_the_past = deploys(&history);
        let told = world.deployments.iter().filter(|d| d.key.0 == CLUSTER);
        assert_eq!(of_the_past, told.count());
        rollout::begin(&mut world, &(CLUSTER.into(), "auth".into()), 1);
        for second in 1..60 {
            world.step(now + f64::from(second));
            history.step(&world);
        }
        assert_eq!(deploys(&history), of_the_past);
    }
}
