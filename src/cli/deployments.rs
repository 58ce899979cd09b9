//! `flightdeck deployments [SERVICE]`: running and recent deployments, newest first.

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use super::failure;
use super::paint::Role;
use super::service_arg;
use super::session::{Session, silent};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::domain::deployment::{Deployment, DeploymentState, RevisionLoad};
use crate::domain::facts::Facts;
use crate::domain::failure::{Failure, FailureAsk};
use crate::domain::interest::Interest;
use crate::domain::problem::Problem;
use crate::domain::progress::{Estimate, Untold};
use crate::domain::service::{Service, ServiceId, image_tag};
use crate::domain::skew;
use crate::domain::text::{clip_middle, clip_place};

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Only those of this service: name, or cluster/name
    service: Option<String>,
    /// Only those that still move
    #[arg(long)]
    running: bool,
}

/// Runs the command.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    let service = match &args.service {
        Some(word) => Some(service_arg::resolve(word, session).await?),
        None => None,
    };
    let interests = service.iter().cloned().map(Interest::Deployments).collect();
    let picture = session.look(interests).await?;
    let mut part = picture.facts.deployments.clone();
    part.error = unknown(&picture.facts, service.as_ref());
    if part.value.is_none() {
        return Err(part.error.unwrap_or_else(|| silent(session.patience())));
    }
    let rows: Vec<&Deployment> = picture
        .facts
        .deployment_rows()
        .iter()
        .map(AsRef::as_ref)
        .filter(|d| service.as_ref().is_none_or(|id| d.service == *id))
        .filter(|d| !args.running || d.state.is_running())
        .collect();
    if let (true, Some(problem)) = (rows.is_empty(), &part.error) {
        return Err(problem.clone());
    }
    let now = Timestamp::now();
    // The newest one of a service that was asked for by name: why, where it failed.
    let newest = rows.first().filter(|_| service.is_some());
    let failure = match newest.and_then(|d| FailureAsk::of(d, now)) {
        Some(ask) => failure::of(ask, session).await,
        None => None,
    };
    if session.out.is_json() {
        let facts = &picture.facts;
        let told = |at: usize| failure.as_deref().filter(|_| at == 0);
        let rows = rows.iter().enumerate();
        let rows = rows
            .map(|(at, d)| object(d, told(at), facts, now))
            .collect();
        session.list("deployments", rows, &part)?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        session.out.line(&none(&picture.facts, service.as_ref()))?;
    } else {
        session.out.table(&table(&rows, &picture.facts, now))?;
        if let Some(failure) = &failure {
            failure::print(failure, session)?;
        }
    }
    session.footer(words::count(rows.len(), "deployment"), &part, now)?;
    Ok(Exit::OK)
}

/// That there are none to show, of a service or of all. What another controller deploys may move all the same.
fn none(facts: &Facts, service: Option<&ServiceId>) -> String {
    let asked = |s: &&Arc<Service>| service.is_none_or(|id| s.id == *id);
    let mut untold = facts
        .service_rows()
        .iter()
        .filter(asked)
        .filter(|s| s.rollouts.is_empty())
        .filter_map(|s| Some((&s.id, s.deployment.strategy.deployer()?)));
    match untold.next() {
        Some((id, by)) => format!(
            "No deployments are told: {id} is deployed by {by}, and ECS tells no task sets of it. Whether it moves is not known."
        ),
        None => "No deployments: none is running, and the vendor remembers none.".into(),
    }
}

/// Why the deployments of a service, or of all, are not known in full.
fn unknown(facts: &Facts, service: Option<&ServiceId>) -> Option<Problem> {
    let error = facts.deployments.error.clone();
    let services = &facts.services.error;
    match service.and_then(|id| facts.service(id)) {
        // What is wrong with the services of other clusters says nothing of this one.
        Some(_) => error.filter(|p| Some(p) != services.as_ref()),
        // Where the services of a cluster cannot be read, nobody knows what is deployed there.
        None => error.or_else(|| services.clone()),
    }
}

fn table(rows: &[&Deployment], facts: &Facts, now: Timestamp) -> Table {
    let mut table = Table::new(&[
        ("SERVICE", Align::Left),
        ("STATE", Align::Left),
        ("FROM", Align::Left),
        ("TO", Align::Left),
        ("TASKS", Align::Right),
        ("DONE", Align::Right),
        ("STRATEGY", Align::Left),
        ("BEGAN", Align::Right),
        ("TOOK", Align::Right),
        ("TO GO", Align::Right),
        ("WHY", Align::Left),
    ])
    .whole(&["STATE"])
    .names("SERVICE", 20, clip_place)
    .names("FROM", 10, clip_middle)
    .names("TO", 10, clip_middle)
    .beneath("WHY", 40)
    .sparing(&["STRATEGY", "TOOK", "TASKS", "TO GO"]);
    for d in rows {
        let began = d.began(now);
        let (from, to) = d.sides();
        let cells = vec![
            cell(d.service.to_string()),
            painted(role(d.state), d.state.word()),
            cell(match from.as_slice() {
                [] => "-".to_owned(),
                from => from.iter().map(|r| load(r)).collect::<Vec<_>>().join(", "),
            }),
            cell(to.map_or_else(|| "-".into(), load)),
            cell(tasks(d)),
            cell(match d.state.is_running() {
                true => match d.percent(now) {
                    Some(percent) => format!("{percent} %"),
                    None => "?".into(),
                },
                false => "-".into(),
            }),
            cell(d.strategy.word()),
            cell(began.map_or_else(
                || "-".into(),
                |at| {
                    let age = || format!("{} ago", words::ago(Some(at), now));
                    skew::short(at, now).unwrap_or_else(age)
                },
            )),
            cell(took(d, now).unwrap_or_else(|| "-".into())),
            cell(to_go(d, facts, now)),
            cell(why(d, now)),
        ];
        match d.state == DeploymentState::Successful {
            true => table.row(cells),
            false => table.row_told(cells),
        }
    }
    table
}

/// How long it took, or takes by now while it goes on; of one that ended nobody knows when there is nothing to say.
fn took(d: &Deployment, now: Timestamp) -> Option<String> {
    let seconds = d.took(now)?;
    Some(words::span(seconds.max(0)))
}

/// How long it has to go, as far as anything tells.
fn to_go(d: &Deployment, facts: &Facts, now: Timestamp) -> String {
    let estimate = d.estimate(now, facts.last_run_of(d));
    let seconds = estimate.and_then(Estimate::seconds);
    seconds.map_or("-".into(), |(sign, s)| format!("{sign}{}", words::span(s)))
}

/// Why it stands as it does: the vendor's reason, else the bake time that it waits for, or why nobody can say how far it is.
fn why(d: &Deployment, now: Timestamp) -> String {
    let said = d.rollback_reason.as_deref().unwrap_or(&d.reason);
    let untold = d.untold(now);
    if let Some(words) = d.disagreement(now) {
        let said = [words.as_str(), said].into_iter();
        return said
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
    }
    // The vendor's reason stands beside what cannot be true.
    if let Some(contradiction) = untold.and_then(Untold::contradiction) {
        let said = [contradiction, said].into_iter().filter(|w| !w.is_empty());
        return format!("unknown: {}", said.collect::<Vec<_>>().join("; "));
    }
    match (d.bake_left(now), untold) {
        _ if !said.is_empty() => said.to_owned(),
        (Some(left), _) => format!("bake time, {} left", words::span(left)),
        (_, Some(Untold::ServiceDeployment)) => "its service deployment is not read yet".into(),
        (_, Some(Untold::Stage)) => "its stage is not told".into(),
        (_, Some(Untold::Revisions)) => "of which revisions it is, is not told".into(),
        (_, Some(Untold::WayBack)) => "tasks of what it goes back to are not told".into(),
        (None, _) => String::new(),
    }
}

/// Tasks of the revision that takes over. One that came and went has none, which is no shortage.
fn tasks(d: &Deployment) -> String {
    match d.sides().1 {
        Some(to) if d.state.is_running() || to.counts.desired > 0 || to.counts.running > 0 => {
            let tally = d.tally();
            format!("{}/{}", tally.started, tally.wanted)
        }
        _ => "-".into(),
    }
}

fn load(r: &RevisionLoad) -> String {
    match &r.image {
        Some(image) => format!(":{} {}", r.revision.number, image_tag(image)),
        None => format!(":{}", r.revision.number),
    }
}

/// The role of a deployment's state.
pub fn role(state: DeploymentState) -> Role {
    match state {
        DeploymentState::Failed | DeploymentState::RolledBack => Role::Bad,
        DeploymentState::RollingBack
        | DeploymentState::StopRequested
        | DeploymentState::Stopped => Role::Warn,
        DeploymentState::Pending | DeploymentState::InProgress => Role::Strong,
        DeploymentState::Successful => Role::Ok,
        DeploymentState::Unknown => Role::Dim,
    }
}

fn revision(r: &RevisionLoad) -> Value {
    json!({
        "revision": r.revision.to_string(),
        "image": r.image,
        "desired": r.counts.desired,
        "running": r.counts.running,
        "pending": r.counts.pending,
        "failed": r.counts.failed,
        "traffic_percent": r.traffic_percent,
    })
}

fn object(d: &Deployment, failure: Option<&Failure>, facts: &Facts, now: Timestamp) -> Value {
    let estimate = d.estimate(now, facts.last_run_of(d));
    json!({
        "id": d.id,
        "cluster": d.service.cluster,
        "service": d.service.name,
        "strategy": d.strategy.word(),
        "state": d.state,
        "running": d.state.is_running(),
        "reason": d.reason,
        "progress": d.progress(now),
        "progress_untold": d.untold(now),
        "steps": d.steps(now).iter()
            .map(|s| json!({"step": s.kind, "done": s.share, "now": s.now}))
            .collect::<Vec<_>>(),
        "bake_minutes": d.pace.bake_minutes,
        "bake_left_s": d.bake_left(now),
        "estimate": estimate,
        "from": d.from.iter().map(revision).collect::<Vec<_>>(),
        "to": d.to.as_ref().map(revision),
        "circuit_breaker": {
            "enabled": d.circuit_breaker.enabled,
            "rollback": d.circuit_breaker.rollback,
            "failures": d.failures.map(|(n, _)| n),
            "threshold": d.failures.map(|(_, n)| n),
        },
        "alarms": d.alarms.iter()
            .map(|(name, fired)| json!({"name": name, "fired": fired}))
            .collect::<Vec<_>>(),
        "lifecycle_stage": d.lifecycle_stage,
        "rollback_reason": d.rollback_reason,
        "created_at": d.created_at,
        "started_at": d.started_at,
        "finished_at": d.finished_at,
        "source": d.source,
        "failed_tasks": failure.map(|f| &f.tasks),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::ProblemKind;
    use crate::domain::service::{
        CircuitBreaker, DeploymentConfig, Revision, Strategy, TaskCounts,
    };

    fn id(cluster: &str) -> ServiceId {
        ServiceId {
            cluster: cluster.into(),
            name: "api".into(),
        }
    }

    fn service() -> Service {
        Service {
            id: id("prod"),
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: TaskCounts::default(),
            revision: Revision::parse("api:7").unwrap(),
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker::default(),
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![],
            rollouts: vec![],
            revisions: vec![],
            scaling: None,
            events: vec![],
            created_at: None,
        }
    }

    #[test]
    fn a_cluster_that_is_denied_says_nothing_of_a_service_in_another() {
        let problem = |why: &str| Problem::new(ProblemKind::Denied, "ecs", "what", why, "fix");
        let mut facts = Facts::default();
        facts.services.value = Some(Arc::new(vec![Arc::new(service())]));
        facts.services.error = Some(problem("dev is denied"));
        facts.deployments.error = facts.services.error.clone();
        assert_eq!(unknown(&facts, Some(&id("prod"))), None);
        assert!(unknown(&facts, Some(&id("dev"))).is_some());
        assert!(unknown(&facts, None).is_some());
        facts.deployments.error = Some(problem("its own are denied"));
        assert!(unknown(&facts, Some(&id("prod"))).is_some());
    }

    #[test]
    fn what_another_controller_deploys_is_not_said_to_rest() {
        let mut facts = Facts::default();
        let none_of = |facts: &Facts| none(facts, Some(&id("prod")));
        facts.services.value = Some(Arc::new(vec![Arc::new(service())]));
        assert!(none_of(&facts).contains("none is running"));
        let mut moved = service();
        moved.deployment.strategy = Strategy::CodeDeploy;
        facts.services.value = Some(Arc::new(vec![Arc::new(moved)]));
        let said = none_of(&facts);
        assert!(!said.contains("none is running"), "{said}");
        assert!(
            said.contains("prod/api is deployed by CodeDeploy"),
            "{said}"
        );
        let other = none(&facts, Some(&id("dev")));
        assert!(other.contains("none is running"), "{other}");
    }
}
