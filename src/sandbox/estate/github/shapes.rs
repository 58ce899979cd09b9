//! The API's shapes (REST, version 2022-11-28), whole as its OpenAPI description requires them.

use serde_json::{Map, Value, json};

use super::history::{Commit, MAIN, sha, subject};
use super::plans::{WORKFLOWS, Workflow};
use super::runs::{End, Run};
use super::timeline::{Job, verdict};

/// Owner and name of the repository.
pub const OWNER: &str = "laser";
/// Its name.
pub const NAME: &str = "platform";
/// When it was made, seconds since 1970.
const MADE: f64 = 1_690_000_000.0;

/// A time as the API writes it.
pub fn time(at: f64) -> String {
    let stamp = jiff::Timestamp::from_second(at as i64).unwrap_or_default();
    stamp.to_string()
}

/// Builds shapes for clients that reached the API at an address.
#[derive(Clone, Copy, Debug)]
pub struct Shapes<'a> {
    /// `http://127.0.0.1:4567/github`.
    pub base: &'a str,
}

/// A page of GitHub for people.
pub fn page(rest: &str) -> String {
    format!("https://github.com/{OWNER}/{NAME}{rest}")
}

fn number_of(name: &str) -> i64 {
    i64::from_str_radix(sha(name).get(..7).unwrap_or("1"), 16).unwrap_or(1)
}

fn node(kind: &str, id: impl std::fmt::Display) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("{kind}{id}"))
}

impl Shapes<'_> {
    /// An address below the repository.
    pub fn repo_url(&self, rest: &str) -> String {
        format!("{}/repos/{OWNER}/{NAME}{rest}", self.base)
    }

    /// A user, or the organization.
    pub fn user(&self, login: &str) -> Value {
        let id = number_of(login);
        let escaped = login.replace('[', "%5B").replace(']', "%5D");
        let at = |rest: &str| format!("{}/users/{escaped}{rest}", self.base);
        let kind = match login {
            OWNER => "Organization",
            bot if bot.ends_with("[bot]") => "Bot",
            _ => "User",
        };
        json!({
            "login": login, "id": id, "node_id": node("U_", id), "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "gravatar_id": "", "url": at(""), "html_url": format!("https://github.com/{escaped}"), "followers_url": at("/followers"),
            "following_url": at("/following{/other_user}"), "gists_url": at("/gists{/gist_id}"), "starred_url": at("/starred{/owner}{/repo}"),
            "subscriptions_url": at("/subscriptions"), "organizations_url": at("/orgs"), "repos_url": at("/repos"),
            "events_url": at("/events{/privacy}"), "received_events_url": at("/received_events"), "type": kind,
            "user_view_type": "public", "site_admin": false,
        })
    }

    /// The caller, with what only the caller may see.
    pub fn caller(&self, login: &str) -> Value {
        let mut user = self.user(login);
        let more = json!({
            "name": login, "company": null, "blog": "", "location": null, "email": null, "hireable": null, "bio": null, "public_repos": 0,
            "public_gists": 0, "followers": 0, "following": 0, "created_at": time(MADE), "updated_at": time(MADE), "private_gists": 0,
            "total_private_repos": 1, "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0, "two_factor_authentication": true,
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut user, more) {
            all.extend(more);
        }
        user
    }

    /// The repository as other shapes hold it.
    pub fn repository(&self) -> Value {
        let mut all = Map::new();
        let mut put = |key: &str, value: Value| all.insert(key.to_owned(), value);
        put("id", json!(680_114_203));
        put("node_id", json!(node("R_", 680_114_203)));
        put("name", json!(NAME));
        put("full_name", json!(format!("{OWNER}/{NAME}")));
        put("private", json!(true));
        put("owner", self.user(OWNER));
        put("html_url", json!(page("")));
        put("description", json!("The laser-cutting calculator"));
        put("fork", json!(false));
        put("url", json!(self.repo_url("")));
        for (key, rest) in REPOSITORY_URLS {
            put(key, json!(self.repo_url(rest)));
        }
        Value::Object(all)
    }

    /// The repository by itself.
    pub fn whole_repository(&self, pushed: f64, open: usize) -> Value {
        let mut repository = self.repository();
        let git = format!("github.com/{OWNER}/{NAME}");
        let more = json!({
            "clone_url": format!("https://{git}.git"), "git_url": format!("git://{git}.git"), "ssh_url": format!("git@github.com:{OWNER}/{NAME}.git"),
            "svn_url": format!("https://{git}"), "mirror_url": null, "homepage": "https://app.laser.example", "language": "TypeScript",
            "default_branch": MAIN, "forks": 0, "forks_count": 0, "stargazers_count": 3, "watchers": 3, "watchers_count": 3,
            "subscribers_count": 4, "network_count": 0, "size": 48_213, "open_issues": open, "open_issues_count": open, "has_issues": true,
            "has_projects": false, "has_wiki": false, "has_pages": false, "has_discussions": false, "has_downloads": false,
            "archived": false, "disabled": false, "visibility": "private", "license": null, "topics": [], "is_template": false,
            "pushed_at": time(pushed), "created_at": time(MADE), "updated_at": time(pushed), "allow_forking": false,
            "permissions": {"admin": false, "maintain": false, "push": true, "triage": true, "pull": true},
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut repository, more) {
            all.extend(more);
        }
        repository
    }

    /// A workflow.
    pub fn workflow(&self, workflow: &Workflow, state: &str) -> Value {
        let file = format!(".github/workflows/{}", workflow.file);
        json!({
            "id": workflow.id, "node_id": node("W_", workflow.id), "name": workflow.name, "path": file, "state": state,
            "created_at": time(MADE), "updated_at": time(MADE + 9_000_000.0),
            "url": self.repo_url(&format!("/actions/workflows/{}", workflow.id)), "html_url": page(&format!("/blob/{MAIN}/{file}")),
            "badge_url": page(&format!("/workflows/{}/badge.svg", workflow.name.replace(' ', "%20"))),
        })
    }

    /// A run as an attempt (counted from one) has it.
    pub fn run(&self, run: &Run, attempt: usize, end: &End, now: f64) -> Value {
        let jobs = run.jobs(attempt, end, now);
        let (status, conclusion) = verdict(&jobs);
        let url = |rest: &str| self.repo_url(&format!("/actions/runs/{}{rest}", run.id));
        let workflow = WORKFLOWS.get(run.workflow);
        let (id, name, file) = workflow.map_or((0, "", ""), |w| (w.id, w.name, w.file));
        let began = |n: usize| run.attempts.get(n).map_or(0.0, |a| a.began);
        let actor = |n: usize| run.attempts.get(n).map_or("", |a| a.actor.as_str());
        let this = attempt.saturating_sub(1);
        let previous = (attempt > 1).then(|| url(&format!("/attempts/{this}")));
        json!({
            "id": run.id, "name": name, "node_id": node("WFR_", run.id), "head_branch": run.commit.branch, "head_sha": run.commit.sha,
            "path": format!(".github/workflows/{file}"), "display_title": run.title, "run_number": run.number, "event": run.event,
            "status": status, "conclusion": conclusion, "workflow_id": id, "check_suite_id": run.id + 7, "check_suite_node_id": node("CS_", run.id + 7),
            "url": url(""), "html_url": page(&format!("/actions/runs/{}", run.id)), "pull_requests": [], "created_at": time(began(0)),
            "updated_at": time(touched(&jobs, began(this), now)), "actor": self.user(actor(0)), "run_attempt": attempt,
            "referenced_workflows": [], "run_started_at": time(began(this)), "triggering_actor": self.user(actor(this)),
            "jobs_url": url("/jobs"), "logs_url": url("/logs"), "check_suite_url": self.repo_url(&format!("/check-suites/{}", run.id + 7)),
            "artifacts_url": url("/artifacts"), "cancel_url": url("/cancel"), "rerun_url": url("/rerun"), "previous_attempt_url": previous,
            "workflow_url": self.repo_url(&format!("/actions/workflows/{id}")), "head_commit": head_commit(&run.commit),
            "repository": self.repository(), "head_repository": self.repository(),
        })
    }

    /// A job: its place in the run makes its id.
    pub fn job(&self, run: &Run, place: usize, job: &Job) -> Value {
        let id = job_id(run.id, job.attempt, place);
        let runner = (job.status != "queued" && !job.steps.is_empty()).then_some(place as u64 + 41);
        let steps: Vec<Value> = job
            .steps
            .iter()
            .enumerate()
            .map(|(n, s)| {
                json!({
                    "name": s.name, "status": s.status, "conclusion": s.conclusion, "number": n + 1,
                    "started_at": s.started.map(time), "completed_at": s.completed.map(time),
                })
            })
            .collect();
        json!({
            "id": id, "run_id": run.id, "workflow_name": WORKFLOWS.get(run.workflow).map(|w| w.name), "head_branch": run.commit.branch,
            "run_url": self.repo_url(&format!("/actions/runs/{}", run.id)), "run_attempt": job.attempt, "node_id": node("CR_", id),
            "head_sha": run.commit.sha, "url": self.repo_url(&format!("/actions/jobs/{id}")),
            "html_url": page(&format!("/actions/runs/{}/job/{id}", run.id)), "status": job.status, "conclusion": job.conclusion,
            "created_at": time(job.created), "started_at": time(job.started), "completed_at": job.completed.map(time), "name": job.name,
            "steps": steps, "check_run_url": self.repo_url(&format!("/check-runs/{id}")), "labels": ["ubuntu-latest"],
            "runner_id": runner, "runner_name": runner.map(|n| format!("GitHub Actions {n}")),
            "runner_group_id": runner.map(|_| 0), "runner_group_name": runner.map(|_| "GitHub Actions"),
        })
    }

    /// A commit.
    pub fn commit(&self, commit: &Commit, parent: Option<&Commit>) -> Value {
        let who = json!({"name": commit.author, "email": format!("{}@laser.example", commit.author), "date": time(commit.at)});
        let url = |sha: &str| self.repo_url(&format!("/commits/{sha}"));
        let tree = sha(&format!("tree {}", commit.sha));
        let parents: Vec<Value> = parent
            .map(|p| json!({"sha": p.sha, "url": url(&p.sha), "html_url": page(&format!("/commit/{}", p.sha))}))
            .into_iter()
            .collect();
        json!({
            "sha": commit.sha, "node_id": node("C_", &commit.sha), "url": url(&commit.sha), "html_url": page(&format!("/commit/{}", commit.sha)),
            "comments_url": url(&format!("{}/comments", commit.sha)), "author": self.user(&commit.author), "committer": self.user(&commit.author),
            "commit": {
                "author": who, "committer": who, "message": commit.message, "comment_count": 0,
                "tree": {"sha": tree, "url": self.repo_url(&format!("/git/trees/{tree}"))},
                "url": self.repo_url(&format!("/git/commits/{}", commit.sha)),
                "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null},
            },
            "parents": parents,
        })
    }

    /// The deployment that a run of the deploy workflow made.
    pub fn deployment(&self, run: &Run) -> Value {
        let url = self.repo_url(&format!("/deployments/{}", deployment_id(run)));
        json!({
            "url": url, "id": deployment_id(run), "node_id": node("DE_", deployment_id(run)), "sha": run.commit.sha, "ref": run.commit.branch,
            "task": "deploy", "payload": {}, "original_environment": "production", "environment": "production", "description": run.title,
            "creator": self.user("github-actions[bot]"), "created_at": time(run.began()), "updated_at": time(run.began()),
            "statuses_url": format!("{url}/statuses"), "repository_url": self.repo_url(""), "transient_environment": false,
            "production_environment": true, "performed_via_github_app": null,
        })
    }

    /// The newest state of that deployment.
    pub fn deployment_status(&self, run: &Run, end: &End, now: f64) -> Value {
        let jobs = run.jobs(run.attempts.len(), end, now);
        let state = match verdict(&jobs) {
            ("completed", Some("success")) => "success",
            ("completed", Some("cancelled")) => "error",
            ("completed", _) => "failure",
            (status, _) => status,
        };
        let url = self.repo_url(&format!("/deployments/{}", deployment_id(run)));
        let log = page(&format!("/actions/runs/{}", run.id));
        let at = time(touched(&jobs, run.began(), now));
        json!({
            "url": format!("{url}/statuses/1"), "id": deployment_id(run) * 10 + 1, "node_id": node("DES_", deployment_id(run)), "state": state,
            "creator": self.user("github-actions[bot]"), "description": "", "environment": "production", "target_url": log,
            "created_at": at, "updated_at": at, "deployment_url": url, "repository_url": self.repo_url(""),
            "environment_url": "https://app.laser.example", "log_url": log, "performed_via_github_app": null,
        })
    }
}

/// Id of a job.
fn job_id(run: u64, attempt: u32, place: usize) -> u64 {
    run * 100 + u64::from(attempt % 10) * 10 + place as u64
}

/// Id of the deployment of a run.
pub fn deployment_id(run: &Run) -> u64 {
    run.id % 1_000_000_000
}

/// When something last happened to a run.
fn touched(jobs: &[Job], began: f64, now: f64) -> f64 {
    let times = jobs.iter().flat_map(|j| {
        let steps = j.steps.iter().flat_map(|s| [s.started, s.completed]);
        steps.chain([j.completed])
    });
    times.flatten().filter(|t| *t <= now).fold(began, f64::max)
}

fn head_commit(commit: &Commit) -> Value {
    let who = json!({"name": commit.author, "email": format!("{}@laser.example", commit.author)});
    json!({
        "id": commit.sha, "tree_id": sha(&format!("tree {}", commit.sha)), "message": subject(&commit.message),
        "timestamp": time(commit.at), "author": who, "committer": who,
    })
}

const REPOSITORY_URLS: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];
