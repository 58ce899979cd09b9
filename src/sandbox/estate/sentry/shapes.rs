//! The API's shapes.

use serde_json::{Value, json};

use super::issues::Issue;
use super::releases::Release;
use super::stacks::Frame;
use super::story::{PROJECTS, Project};
use crate::world::World;

/// Organization.
pub const ORG: &str = "laser";
const MADE: f64 = 1_690_000_000.0;

/// A time as the API writes it.
pub fn time(at: f64) -> String {
    let stamp = jiff::Timestamp::from_millisecond((at * 1_000.0) as i64).unwrap_or_default();
    format!("{stamp:.3}")
}

/// The organization.
pub fn organization() -> Value {
    json!({
        "id": "4507000000", "slug": ORG, "name": "Laser", "dateCreated": time(MADE), "status": {"id": "active", "name": "active"},
        "isEarlyAdopter": false, "require2FA": true, "avatar": {"avatarType": "letter_avatar", "avatarUuid": null},
        "features": ["release-health"], "links": {"organizationUrl": "https://laser.sentry.io", "regionUrl": "https://us.sentry.io"},
        "hasAuthProvider": false, "allowMemberInvite": true, "allowMemberProjectCreation": false, "allowSuperuserAccess": false,
    })
}

/// A project.
pub fn project(project: &Project) -> Value {
    json!({
        "id": project.id.to_string(), "slug": project.slug, "name": project.slug, "platform": project.platform,
        "dateCreated": time(MADE), "firstEvent": time(MADE + 3_600.0), "status": "active", "isBookmarked": false, "isMember": true,
        "features": ["releases"], "environments": ["production"], "hasAccess": true, "isInternal": false, "isPublic": false,
        "color": "#3f70bf", "access": ["event:read", "event:write", "project:read", "project:releases"],
        "team": team(), "teams": [team()], "organization": organization(),
        "platforms": [project.platform], "hasUserReports": false, "hasMinifiedStackTrace": false, "firstTransactionEvent": false,
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": null}, "latestRelease": null, "eventProcessing": {"symbolicationDegraded": false},
    })
}

fn team() -> Value {
    json!({"id": "4507000010", "slug": "platform", "name": "platform"})
}

fn actor(who: &str) -> Value {
    match who.split_once(':') {
        Some(("team", id)) => json!({"type": "team", "id": id, "name": "platform"}),
        _ => {
            json!({"type": "user", "id": user_id(who), "name": who, "email": format!("{who}@laser.example")})
        }
    }
}

fn user_id(who: &str) -> String {
    let sum = who.bytes().fold(0_u64, |n, b| n * 31 + u64::from(b));
    (sum % 900_000 + 100_000).to_string()
}

/// The caller's rights, as the API's root tells them.
pub fn root() -> Value {
    json!({
        "version": "0", "auth": {"scopes": ["event:read", "event:write", "org:read", "project:read", "project:releases"]},
        "user": {"id": user_id("flightdeck"), "name": "flightdeck", "username": "flightdeck", "email": "flightdeck@laser.example", "isActive": true},
    })
}

/// The short id of an issue.
pub fn short_id(issue: &Issue) -> String {
    let slug = PROJECTS.get(issue.plan.project).map_or("", |p| p.slug);
    format!("{}-{}", slug.to_uppercase(), base32(issue.number))
}

/// Numbers as short ids have them.
fn base32(mut n: usize) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut text = String::new();
    loop {
        text.insert(0, char::from(DIGITS.get(n % 32).copied().unwrap_or(b'0')));
        n /= 32;
        if n == 0 {
            return text;
        }
    }
}

/// An issue, as lists have it.
pub fn issue(issue: &Issue, world: &World) -> Value {
    let plan = issue.plan;
    let now = world.stamp();
    let p = PROJECTS.get(plan.project);
    let day: Vec<Value> = issue
        .by_hour(24, world.begun(), now)
        .into_iter()
        .map(|(t, n)| json!([t, n]))
        .collect();
    let file = plan.frames.iter().rev().find(|f| f.4).map_or("", |f| f.0);
    json!({
        "id": issue.id.to_string(), "shareId": null, "shortId": short_id(issue), "title": format!("{}: {}", plan.kind, plan.value),
        "culprit": plan.culprit, "permalink": format!("https://laser.sentry.io/issues/{}/", issue.id), "logger": null, "level": plan.level,
        "status": issue.status, "statusDetails": details(issue), "substatus": issue.substatus, "isPublic": false,
        "platform": p.map(|p| p.platform.split('-').next().unwrap_or_default()), "priority": priority(plan.level), "priorityLockedAt": null,
        "project": p.map(|p| json!({"id": p.id.to_string(), "name": p.slug, "slug": p.slug, "platform": p.platform})),
        "type": "error", "issueType": "error", "issueCategory": "error",
        "metadata": {"type": plan.kind, "value": plan.value, "filename": file, "function": plan.frames.last().map(|f| f.1)},
        "numComments": 0, "assignedTo": issue.assigned.as_deref().map(actor), "isBookmarked": false, "isSubscribed": false,
        "subscriptionDetails": null, "hasSeen": issue.seen, "annotations": [], "isUnhandled": plan.level == "fatal",
        "count": issue.count().to_string(), "userCount": issue.users(), "firstSeen": time(issue.first_seen), "lastSeen": time(issue.last_seen),
        "stats": {"24h": day}, "lifetime": {"count": issue.count().to_string(), "userCount": issue.users(), "firstSeen": time(issue.first_seen), "lastSeen": time(issue.last_seen), "stats": null},
        "filtered": null,
    })
}

fn details(issue: &Issue) -> Value {
    match &issue.until_release_after {
        Some(_) if issue.status == "resolved" => json!({"inNextRelease": true}),
        _ => json!({}),
    }
}

fn priority(level: &str) -> &'static str {
    match level {
        "fatal" | "error" => "high",
        "warning" => "medium",
        _ => "low",
    }
}

/// An issue by itself.
pub fn whole_issue(
    i: &Issue,
    world: &World,
    first: Option<&Release>,
    last: Option<&Release>,
) -> Value {
    let mut value = issue(i, world);
    let month: Vec<Value> = i
        .by_hour(24 * 30, world.begun(), world.stamp())
        .chunks(24)
        .map(|day| {
            json!([
                day.first().map_or(0, |d| d.0),
                day.iter().map(|d| d.1).sum::<u64>()
            ])
        })
        .collect();
    value["stats"]["30d"] = json!(month);
    let more = json!({
        "activity": [{"id": "0", "type": "first_seen", "data": {}, "dateCreated": time(i.first_seen), "user": null}],
        "firstRelease": first.map(release), "lastRelease": last.map(release), "participants": [], "pluginActions": [],
        "pluginContexts": [], "pluginIssues": [], "seenBy": [], "tags": [], "userReportCount": 0,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut value, more) {
        all.extend(more);
    }
    value
}

/// A release.
pub fn release(r: &Release) -> Value {
    let project = PROJECTS.get(r.project);
    let (package, tag) = r.version.split_once('@').unwrap_or(("", &r.version));
    json!({
        "id": 1_700_000_000 + r.created as u64 % 1_000_000, "version": r.version, "shortVersion": tag, "status": "open",
        "versionInfo": {"package": package, "version": {"raw": tag}, "description": tag, "buildHash": null},
        "ref": null, "url": null, "dateCreated": time(r.created), "dateReleased": r.deployed.map(time), "data": {}, "newGroups": r.new_issues,
        "owner": null, "commitCount": 0, "lastCommit": null, "deployCount": u32::from(r.deployed.is_some()),
        "lastDeploy": r.deployed.map(|at| json!({
            "id": (r.created as u64 % 1_000_000).to_string(), "environment": "production", "name": tag, "dateStarted": time(r.created),
            "dateFinished": time(at), "url": null,
        })),
        "authors": [], "firstEvent": r.events.map(|e| time(e.0)), "lastEvent": r.events.map(|e| time(e.1)), "userAgent": "sentry-cli/3.8.0",
        "projects": project.map(|p| vec![json!({"id": p.id, "slug": p.slug, "name": p.slug, "platform": p.platform, "platforms": [p.platform], "newGroups": r.new_issues, "hasHealthData": false})]),
    })
}

/// An event as a project's list of events has it.
pub fn listed_event(issue: &Issue) -> Value {
    let p = PROJECTS.get(issue.plan.project);
    let title = format!("{}: {}", issue.plan.kind, issue.plan.value);
    json!({
        "id": event_id(issue), "eventID": event_id(issue), "groupID": issue.id.to_string(), "projectID": p.map(|p| p.id.to_string()),
        "event.type": "error", "message": "", "title": title, "location": null, "culprit": issue.plan.culprit, "user": null,
        "tags": tags(issue), "platform": "node", "dateCreated": time(issue.last_seen), "crashFile": null, "metadata": {"title": title},
    })
}

fn event_id(issue: &Issue) -> String {
    let text = format!("{} {}", issue.id, issue.count());
    let mut hex = super::super::github::sha(&text);
    hex.truncate(32);
    hex
}

fn tags(issue: &Issue) -> Value {
    let handled = if issue.plan.level == "fatal" {
        "no"
    } else {
        "yes"
    };
    json!([
        {"key": "environment", "value": "production"}, {"key": "handled", "value": handled}, {"key": "level", "value": issue.plan.level},
        {"key": "release", "value": issue.last_release.clone().unwrap_or_default()}, {"key": "runtime", "value": "node v22.11.0"},
    ])
}

/// The newest event of an issue, with its stack.
pub fn event(issue: &Issue, release_of: Option<&Release>) -> Value {
    let plan = issue.plan;
    let mut value = listed_event(issue);
    let frames: Vec<Value> = plan.frames.iter().map(frame).collect();
    let breadcrumbs = json!({"values": [
        {"type": "http", "level": "info", "category": "http", "timestamp": time(issue.last_seen - 1.2), "message": null, "data": {"method": "POST", "url": "/api/quote", "status_code": 200}},
        {"type": "default", "level": "warning", "category": "console", "timestamp": time(issue.last_seen - 0.4), "message": "slow query", "data": null},
    ]});
    let exception = json!({"values": [{
        "type": plan.kind, "value": plan.value, "module": null, "threadId": null, "rawStacktrace": null,
        "mechanism": {"type": "generic", "handled": plan.level != "fatal"},
        "stacktrace": {"frames": frames, "framesOmitted": null, "hasSystemFrames": true, "registers": null},
    }], "hasSystemFrames": true, "excOmitted": null});
    let more = json!({
        "type": "error", "metadata": {"type": plan.kind, "value": plan.value}, "size": 8_412, "dateReceived": time(issue.last_seen + 0.3),
        "entries": [{"type": "exception", "data": exception}, {"type": "breadcrumbs", "data": breadcrumbs}],
        "contexts": {"runtime": {"name": "node", "version": "v22.11.0", "type": "runtime"}}, "context": {}, "dist": null, "packages": {},
        "sdk": {"name": "sentry.javascript.node", "version": "9.1.0"}, "errors": [], "occurrence": null, "_meta": {}, "fingerprints": [],
        "release": release_of.map(release), "userReport": null, "sdkUpdates": [], "resolvedWith": [], "nextEventID": null, "previousEventID": null,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut value, more) {
        all.extend(more);
    }
    value
}

fn frame(frame: &Frame) -> Value {
    let (file, function, line, code, own) = frame;
    let context = if code.is_empty() {
        json!([])
    } else {
        json!([[line - 1, ""], [line, code], [line + 1, "}"]])
    };
    json!({
        "filename": file, "absPath": format!("/srv/{file}"), "module": null, "package": null, "platform": null, "instructionAddr": null,
        "function": function, "rawFunction": null, "symbol": null, "context": context, "lineNo": line, "colNo": 9, "inApp": own,
        "trust": null, "errors": null, "vars": null,
    })
}
