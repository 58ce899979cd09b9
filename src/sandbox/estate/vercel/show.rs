//! What the vendor's answers look like.

use serde_json::{Value, json};

use super::deployments::{Commit, Deployment, State};
use super::projects::Project;
use super::{TEAM, millis};

/// Who the token belongs to.
pub fn user(begun: f64) -> Value {
    json!({"user": {
        "id": "Kq3vR8mT2xW7nB5cZ9dH4fLs", "uid": "Kq3vR8mT2xW7nB5cZ9dH4fLs", "email": "flightdeck@laser.example", "name": "Flightdeck",
        "username": "flightdeck", "avatar": null, "defaultTeamId": TEAM.0, "createdAt": millis(begun - 200.0 * 86_400.0),
        "hasTrialAvailable": false, "softBlock": null, "stagingPrefix": "flightdeck", "billing": null, "version": "northstar",
        "resourceConfig": {"concurrentBuilds": 2},
    }})
}

/// The team.
pub fn team(begun: f64) -> Value {
    json!({
        "id": TEAM.0, "slug": TEAM.1, "name": "Laser", "createdAt": millis(begun - 400.0 * 86_400.0), "avatar": null, "limited": true,
        "membership": {"confirmed": true, "confirmedAt": millis(begun - 200.0 * 86_400.0), "role": "DEVELOPER",
            "uid": "Kq3vR8mT2xW7nB5cZ9dH4fLs", "created": millis(begun - 200.0 * 86_400.0),
            "createdAt": millis(begun - 200.0 * 86_400.0)},
    })
}

/// What functions of a project are given.
pub fn resources() -> Value {
    json!({"functionDefaultMemoryType": "standard", "functionDefaultRegions": ["iad1"], "fluid": true})
}

fn meta(commit: &Commit, project: &Project) -> Value {
    json!({
        "githubDeployment": "1", "githubOrg": "laser", "githubRepo": project.name, "githubCommitOrg": "laser",
        "githubCommitRepo": project.name, "githubCommitRef": commit.branch, "githubCommitSha": commit.sha,
        "githubCommitMessage": commit.message, "githubCommitAuthorLogin": commit.author.0,
        "githubCommitAuthorName": commit.author.1,
    })
}

fn creator(commit: &Commit) -> Value {
    let (login, _) = &commit.author;
    json!({"uid": format!("usr{login}"), "username": login, "email": format!("{login}@laser.example"), "githubLogin": login})
}

/// What every view of a deployment has.
fn common(d: &Deployment, project: &Project, now: f64) -> Value {
    let state = d.state(now);
    let reached = |at: f64, is: bool| is.then(|| millis(at));
    let building = matches!(state, State::Building | State::Ready | State::Error);
    let ready = state == State::Ready;
    json!({
        "name": project.name, "url": d.url, "createdAt": millis(d.created), "created": millis(d.created), "source": d.source,
        "type": "LAMBDAS", "readyState": state.word(), "readySubstate": ready.then(|| if d.promoted.is_some() {"PROMOTED"} else {"STAGED"}),
        "target": d.production.then_some("production"), "meta": meta(&d.commit, project),
        "buildingAt": reached(d.building_at(), building), "ready": reached(d.ends_at(), ready),
        "errorCode": (state == State::Error).then_some("BUILD_UTILS_SPAWN_1"),
        "errorMessage": d.fails.filter(|_| state == State::Error),
        "inspectorUrl": format!("https://vercel.com/{}/{}/{}", TEAM.1, project.name, d.id.trim_start_matches("dpl_")),
    })
}

/// Adds members to an object, and leaves out what there is none of: the vendor does, and its own client takes no null there.
fn with(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
        let always = ["target", "aliasAssigned", "aliasError"];
        base.retain(|key, value| !value.is_null() || always.contains(&key.as_str()));
    }
    base
}

/// A row of `GET /v7/deployments`.
pub fn row(d: &Deployment, project: &Project, now: f64) -> Value {
    let state = d.state(now);
    let candidate = state == State::Ready
        && d.promoted.is_some()
        && project.production.as_deref() != Some(d.id.as_str());
    let more = json!({
        "uid": d.id, "projectId": project.id, "state": state.word(), "creator": creator(&d.commit),
        "aliasAssigned": d.promoted.or(d.is_ready(now).then(|| d.ends_at())).map(millis), "aliasError": null,
        "isRollbackCandidate": candidate,
    });
    with(common(d, project, now), more)
}

/// `GET /v13/deployments/{id}`.
pub fn detail(d: &Deployment, project: &Project, now: f64) -> Value {
    let is_current = project.production.as_deref() == Some(d.id.as_str());
    let names: Vec<String> = if is_current {
        project.hosts().collect()
    } else {
        Vec::new()
    };
    let creator = creator(&d.commit);
    let more = json!({
        "id": d.id, "projectId": project.id, "status": d.state(now).word(), "creator": creator, "public": false, "version": 2,
        "alias": names, "aliasAssigned": d.is_ready(now), "aliasError": null, "bootedAt": millis(d.created), "build": {"env": []},
        "env": [], "regions": ["iad1"], "plan": "pro", "ownerId": TEAM.0, "routes": null, "buildSkipped": false,
        "createdIn": "iad1", "project": {"id": project.id, "name": project.name, "framework": project.framework},
        "projectSettings": {"framework": project.framework}, "integrations": {"status": "skipped", "startedAt": millis(d.created)},
        "gitSource": {"type": "github", "repoId": 7_310_001, "ref": d.commit.branch, "sha": d.commit.sha, "prId": null},
        "images": null, "team": {"id": TEAM.0, "name": "Laser", "slug": TEAM.1},
        "canceledAt": d.cancelled.map(millis),
    });
    with(common(d, project, now), more)
}

/// As a project shows its newest deployments.
pub fn latest(d: &Deployment, project: &Project, now: f64) -> Value {
    let creator = creator(&d.commit);
    let more = json!({
        "id": d.id, "deploymentHostname": d.url, "creator": creator, "alias": [], "aliasAssigned": d.promoted.map(millis),
        "aliasError": null, "createdIn": "iad1", "plan": "pro", "private": true, "forced": false, "userId": "Kq3vR8mT2xW7nB5cZ9dH4fLs",
        "teamId": TEAM.0, "builds": [], "readyAt": d.is_ready(now).then(|| millis(d.ends_at())), "previewCommentsEnabled": false,
    });
    let mut shown = with(common(d, project, now), more);
    if let Some(shown) = shown.as_object_mut() {
        for listed_only in [
            "created",
            "source",
            "inspectorUrl",
            "ready",
            "errorCode",
            "errorMessage",
        ] {
            shown.remove(listed_only);
        }
    }
    shown
}

/// A name and what it shows.
pub fn alias(host: &str, d: &Deployment, since: f64) -> Value {
    let stamp = jiff::Timestamp::from_millisecond(millis(since)).unwrap_or_default();
    json!({
        "uid": format!("als_{}", hex::encode(host).chars().rev().take(20).collect::<String>()), "alias": host, "created": stamp.to_string(),
        "createdAt": millis(since), "updatedAt": millis(since), "deploymentId": d.id, "projectId": d.project, "redirect": null,
        "deployment": {"id": d.id, "url": d.url}, "creator": creator(&d.commit),
    })
}

/// Lines of the build's log.
pub fn events(d: &Deployment, now: f64) -> Value {
    let build = d.ends_at() - d.building_at();
    let last = match (d.cancelled, d.fails) {
        (Some(_), _) => "Build canceled",
        (None, Some(why)) => why,
        (None, None) => "Deployment completed",
    };
    let commit = d.commit.sha.get(..7).unwrap_or_default();
    let lines = [
        (
            0.0,
            format!(
                "Cloning github.com/laser (Branch: {}, Commit: {commit})",
                d.commit.branch
            ),
        ),
        (0.1, "Running \"npm ci\"".to_owned()),
        (0.4, "Running \"npm run build\"".to_owned()),
        (1.0, last.to_owned()),
    ];
    let told = lines.into_iter().enumerate().filter_map(|(n, (share, text))| {
        let at = d.building_at() + share * build;
        let id = format!("{}{n}", millis(at));
        (at <= now).then(|| json!({"type": "stdout", "created": millis(at), "date": millis(at), "deploymentId": d.id, "id": id,
            "serial": id, "text": text, "payload": {"deploymentId": d.id, "date": millis(at), "text": text, "id": id, "serial": id}}))
    });
    Value::Array(told.collect())
}
