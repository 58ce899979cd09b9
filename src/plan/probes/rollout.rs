//! How services deploy, how the last deployments ended, and whether going back was rehearsed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict, counted};
use super::look::{Look, span, within};
use super::{Probe, number, record, words};
use crate::domain::audit::Outcome;
use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::service::{Rollout, Service, ServiceId, Strategy};
use crate::plan::checklist::NOT_ASKED;
use crate::plan::needs;

/// How long the proof of the last deployment holds while the next one is under way, beside the minutes that the next one waits for by
/// itself (its bake, the steps of its traffic shift). ECS ends a rollout by a steady state or by its circuit breaker alone, so that one
/// that never gets healthy goes on for ever where there is no breaker ("Amazon ECS deployment circuit breaker").
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3_600);

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "ecs.circuit-breaker",
        question: "does every service roll back by itself when a deployment fails?",
        params: &[],
        judge: circuit_breaker,
    },
    Probe {
        name: "ecs.zero-downtime",
        question: "does every service keep its full count while it deploys?",
        params: &[number("min_healthy", "100")],
        judge: zero_downtime,
    },
    Probe {
        name: "ecs.strategy",
        question: "does a service deploy by this strategy?",
        params: &[words("any", "rolling")],
        judge: strategy,
    },
    Probe {
        name: "ecs.deployments-completed",
        question: "did the last deployment of every service complete?",
        params: &[],
        judge: completed,
    },
    Probe {
        name: "ecs.rollback-rehearsed",
        question: "was a rollback carried out to its end?",
        params: &[number("days", "90")],
        judge: rehearsed,
    },
];

/// Judges each service that ECS itself deploys. How CodeDeploy or another controller does it, ECS does not tell: it may be done well, so
/// that a person's word can settle it.
fn per_service(
    look: &Look<'_>,
    untold: &str,
    judge: impl Fn(&Service) -> (bool, String),
) -> Verdict {
    let services = look.services()?;
    let mut found = Findings::new("service", look.question(services.source), services.at);
    for s in services.rows {
        if let Some(by) = s.deployment.strategy.deployer() {
            found.unknown(look.name(&s.id), format!("deployed by {by}: {untold}"));
            continue;
        }
        let (ok, answer) = judge(s);
        found.check(ok, &look.name(&s.id), &answer);
    }
    Ok(found.verdict())
}

fn circuit_breaker(look: &Look<'_>) -> Verdict {
    per_service(look, "whether it goes back by itself is not told", |s| {
        let d = &s.deployment;
        let alarms = match (d.alarms_rollback, d.alarms.len()) {
            (false, _) | (_, 0) => None,
            (true, 1) => Some("1 alarm".to_owned()),
            (true, n) => Some(format!("{n} alarms")),
        };
        let shifts = matches!(
            d.strategy,
            Strategy::BlueGreen | Strategy::Canary | Strategy::Linear
        );
        let lacks = match (d.circuit_breaker.enabled, d.circuit_breaker.rollback) {
            (true, true) => {
                let beside = alarms.map_or_else(String::new, |a| format!(" and {a}"));
                return (true, format!("circuit breaker{beside}"));
            }
            (true, false) => "the circuit breaker stops, but does not roll back",
            (false, _) => "no circuit breaker",
        };
        match alarms {
            // Before traffic moves the old tasks still stand, all of them: what never gets healthy takes nothing from anybody.
            Some(alarms) if shifts => (true, alarms),
            // Tasks that never start serve nothing, so that no alarm of what they serve need fire.
            Some(alarms) => (
                false,
                format!("{lacks}, and {alarms} cannot see a task that does not start"),
            ),
            None => (false, lacks.to_owned()),
        }
    })
}

fn zero_downtime(look: &Look<'_>) -> Verdict {
    let least = look.number("min_healthy");
    per_service(look, "what it keeps running meanwhile is not told", |s| {
        let d = &s.deployment;
        match d.strategy {
            Strategy::BlueGreen | Strategy::Canary | Strategy::Linear => {
                (true, d.strategy.word().into())
            }
            Strategy::Rolling if f64::from(d.minimum_healthy_percent) < least => (
                false,
                format!(
                    "may fall to {} % of its tasks while it deploys",
                    d.minimum_healthy_percent
                ),
            ),
            Strategy::Rolling if d.maximum_percent <= 100 => (
                false,
                "may not start a task before one stops: maximum 100 %".into(),
            ),
            _ => (
                true,
                format!("{}..{} %", d.minimum_healthy_percent, d.maximum_percent),
            ),
        }
    })
}

fn strategy(look: &Look<'_>) -> Verdict {
    let services = look.services()?;
    let wanted: Vec<&str> = look.words("any").collect();
    let rows = &services.rows;
    let left_out = match look.left_out.borrow().len() {
        0 => String::new(),
        n => format!(" ({n} of other environments left out)"),
    };
    let names: Vec<String> = rows
        .iter()
        .filter(|s| wanted.contains(&s.deployment.strategy.word()))
        .map(|s| format!("{} {}", look.name(&s.id), s.deployment.strategy.word()))
        .collect();
    let ok = !names.is_empty();
    let untold = |s: &&Service| Some((s.id.clone(), s.deployment.strategy.deployer()?));
    if let (false, Some((id, by))) = (ok, rows.iter().find_map(untold)) {
        let name = look.name(&id);
        return Err(Judgement::unknown(format!(
            "{name} is deployed by {by}: by which strategy is not told"
        )));
    }
    let answer = if ok {
        super::judgement::list(&names, 12)
    } else {
        let all = match rows.len() {
            1 => "the 1 service does not deploy".to_owned(),
            n => format!("none of {n} services deploys"),
        };
        format!("{all} by {}{left_out}", wanted.join(", "))
    };
    Ok(Judgement::single(
        ok,
        look.question(services.source),
        answer,
        services.at,
    ))
}

fn completed(look: &Look<'_>) -> Verdict {
    let services = look.services()?;
    let seen = look.fresh(&look.facts.deployments, "the deployments")?;
    let at = services.at.min(seen.at);
    let mut found = Findings::new("service", look.question(seen.source), at);
    let mut ended: BTreeMap<&ServiceId, &Deployment> = BTreeMap::new();
    for d in seen.value.iter().filter(|d| !d.state.is_running()) {
        // The newest comes first.
        ended.entry(&d.service).or_insert(d);
    }
    for s in services.rows {
        // Of one that failed nothing is left among the task sets.
        if let Some(by) = s.deployment.strategy.deployer() {
            let why = format!("deployed by {by}: how its last deployment ended is not told");
            found.unknown(look.name(&s.id), why);
            continue;
        }
        match ended.get(&s.id) {
            Some(d) => {
                let answer = match &d.to {
                    Some(to) => format!(":{} {}", to.revision.number, d.state.word()),
                    None => d.state.word().to_owned(),
                };
                match d.state == DeploymentState::Successful {
                    true => held(look, s, &answer, &mut found),
                    false => found.bad(look.name(&s.id), moving(s, answer)),
                }
            }
            None => by_rollout(look, s, &mut found),
        }
    }
    Ok(found.verdict())
}

/// The rollout that is under way.
fn under_way(service: &Service) -> Option<&Rollout> {
    let mut rollouts = service.rollouts.iter();
    rollouts.find(|r| r.status == "PRIMARY" && r.rollout_state == "IN_PROGRESS")
}

/// Says of an answer about the last deployment that the next one is under way.
fn moving(service: &Service, answer: String) -> String {
    match under_way(service) {
        Some(r) => format!("{answer}; :{} is rolling out", r.revision.number),
        None => answer,
    }
}

/// What is proved of the last deployment holds while the next one is under way, and says that one is; but not for ever.
fn held(look: &Look<'_>, service: &Service, answer: &str, found: &mut Findings) {
    let name = &look.name(&service.id);
    let Some(r) = under_way(service) else {
        return found.good(name, answer);
    };
    let number = r.revision.number;
    let Some(began) = r.created_at else {
        return found.unknown(name, format!("nobody tells since when :{number} rolls out"));
    };
    let d = &service.deployment;
    let minutes = [d.bake_minutes, d.shift_minutes];
    let waits: u64 = minutes.into_iter().flatten().map(u64::from).sum();
    let age = std::time::Duration::try_from(look.now.duration_since(began)).unwrap_or_default();
    match age > PATIENCE + std::time::Duration::from_secs(waits * 60) {
        true => {
            let why = format!(":{number} has been rolling out for {}", span(age));
            found.unknown(name, why);
        }
        false => found.good(name, &moving(service, answer.to_owned())),
    }
}

/// Where the deployments read do not reach back to a service's last one, its own PRIMARY rollout tells.
fn by_rollout(look: &Look<'_>, service: &Service, found: &mut Findings) {
    let name = &look.name(&service.id);
    let primary = service.rollouts.iter().find(|r| r.status == "PRIMARY");
    match primary.map(|r| (r, r.rollout_state.as_str())) {
        Some((r, "COMPLETED")) => found.good(name, &format!(":{} completed", r.revision.number)),
        Some((r, "FAILED")) => found.bad(name, format!(":{} FAILED", r.revision.number)),
        // What it replaces was once rolled out itself, and ECS says how that ended.
        Some((_, "IN_PROGRESS")) => match service.completed_rollout() {
            Some(o) => {
                let answer = format!(":{} completed", o.revision.number);
                held(look, service, &answer, found);
            }
            None => found.unknown(name, "its first deployment is still going on"),
        },
        _ => found.unknown(name, "no deployment is known"),
    }
}

fn rehearsed(look: &Look<'_>) -> Verdict {
    let days = look.number("days");
    // What another environment went through rehearses nothing here.
    let here = |cluster: &str| needs::is_here(look.facts, cluster);
    // Either record is enough, so one that cannot be read only matters where the other has nothing.
    let from_audit = look.fresh(&look.facts.audit, "the audit trail");
    let mut doubt = None;
    if let Ok(seen) = &from_audit {
        let rows = seen.value.iter().filter(|r| {
            r.outcome == Some(Outcome::Succeeded)
                && r.action == "rollback"
                && r.subject.split('/').next().is_some_and(here)
                && within(r.at, look.now, days)
        });
        let held = rows.clone().find(|r| record::doubt_of(look, r).is_none());
        doubt = rows.clone().find_map(|r| record::doubt_of(look, r));
        if let Some(row) = held {
            let answer = format!(
                "{} rolled back {} {} ago",
                row.who,
                row.subject,
                ago(look, row.at)
            );
            return Ok(Judgement::single(
                true,
                look.question("audit trail"),
                answer,
                seen.at,
            ));
        }
    }
    let back = |state: DeploymentState, at: Option<Timestamp>| {
        at.filter(|t| state == DeploymentState::RolledBack && within(*t, look.now, days))
    };
    let proof = |service: &ServiceId, when: Timestamp, source: &str, at: Timestamp| {
        let answer = format!("{service} was rolled back {} ago", ago(look, when));
        Judgement::single(true, look.question(source), answer, at)
    };
    let seen = look.fresh(&look.facts.deployments, "the deployments");
    if let Ok(seen) = &seen {
        let mut rows = seen.value.iter().filter(|d| here(&d.service.cluster));
        let found = rows.find_map(|d| Some((&d.service, back(d.state, d.finished_at)?)));
        if let Some((service, when)) = found {
            return Ok(proof(service, when, seen.source, seen.at));
        }
    }
    for (service, part) in &look.facts.histories {
        let Ok(seen) = look.fresh(part, "its past deployments") else {
            continue;
        };
        let mut rows = seen.value.iter();
        if let Some(when) = rows.find_map(|d| back(d.state, d.finished_at)) {
            return Ok(proof(service, when, seen.source, seen.at));
        }
    }
    // Neither record reaches back for ever: not finding one is no proof that there was none.
    from_audit?;
    seen?;
    let trail = match doubt {
        Some(why) => format!("that proves anything in the audit trail ({why})"),
        None => "in the audit trail".to_owned(),
    };
    Err(Judgement::unknown(format!(
        "no rollback within {days} days {trail}, nor in {}: rehearse one (rollback on a service)",
        histories_read(look)
    )))
}

/// How much of the services' past was read, and why not the rest.
fn histories_read(look: &Look<'_>) -> String {
    let (mut read, mut unread, mut all) = (0, None, 0);
    for (n, id) in needs::with_history(look.facts).enumerate() {
        all += 1;
        let why = match look.facts.histories.get(id) {
            Some(part) => match look.fresh(part, "its past deployments") {
                Ok(_) => {
                    read += 1;
                    continue;
                }
                Err(why) => why.reason,
            },
            None if n < needs::DEPLOYMENT_HISTORIES => NOT_ASKED.to_owned(),
            None => format!("those of {} are read at most", needs::DEPLOYMENT_HISTORIES),
        };
        unread.get_or_insert_with(|| format!("{}: {why}", look.name(id)));
    }
    match unread {
        None => format!("the past deployments of {}", counted(all, "service")),
        Some(why) => format!("the past deployments of {read} of {all} services ({why})"),
    }
}

fn ago(look: &Look<'_>, at: jiff::Timestamp) -> String {
    span(std::time::Duration::try_from(look.now.duration_since(at)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::audit::{AuditRow, ChainVerdict};
    use crate::domain::deployment::PastDeployment;
    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::domain::problem::{Problem, ProblemKind};
    use crate::domain::service::{ContainerSpec, Identity};
    use crate::plan::Plan;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, judged, part, running, service_running, told};

    const CALL: &str = "ecs.rollback-rehearsed days=90";

    fn facts(past: Part<Arc<Vec<PastDeployment>>>) -> Facts {
        let mut facts = service_running("r/api:1");
        facts.audit = part(Arc::new(Vec::new()));
        facts.chain = part(intact());
        facts.identity = part(Identity {
            account: "111122223333".into(),
            arn: String::new(),
            region: "home".into(),
        });
        facts.deployments = part(Arc::new(Vec::new()));
        let id = facts.service_rows()[0].id.clone();
        facts.histories.insert(id, past);
        facts
    }

    fn intact() -> ChainVerdict {
        ChainVerdict::Intact {
            rows: 1,
            head: String::new(),
        }
    }

    fn ended(state: DeploymentState, days: i64) -> Part<Arc<Vec<PastDeployment>>> {
        part(Arc::new(vec![PastDeployment {
            id: "arn:d".into(),
            state,
            created_at: testing::ago(days * 24 + 1),
            finished_at: testing::ago(days * 24),
        }]))
    }

    #[test]
    fn alarms_alone_stand_for_a_breaker_only_where_traffic_is_shifted() {
        let state = |strategy, breaker: (bool, bool), alarms: usize, back: bool| {
            let mut facts = service_running("r/api:1");
            let mut services = facts.service_rows().to_vec();
            let d = &mut Arc::make_mut(&mut services[0]).deployment;
            d.strategy = strategy;
            d.circuit_breaker.enabled = breaker.0;
            d.circuit_breaker.rollback = breaker.1;
            d.alarms = (0..alarms).map(|n| format!("a{n}")).collect();
            d.alarms_rollback = back;
            facts.services = part(Arc::new(services));
            judged("ecs.circuit-breaker", &facts)
        };
        let (on, stops, off) = ((true, true), (true, false), (false, false));
        let rolling = Strategy::Rolling;
        assert_eq!(state(rolling, on, 0, false).state, Proved);
        let both = state(rolling, on, 2, true);
        assert!(format!("{both:?}").contains("circuit breaker and 2 alarms"));
        let alone = state(rolling, off, 1, true);
        assert_eq!(alone.state, Failing, "{alone:?}");
        assert_eq!(
            alone.reason,
            "api: no circuit breaker, and 1 alarm cannot see a task that does not start"
        );
        assert_eq!(state(rolling, stops, 2, true).state, Failing);
        // A person's word can settle what nobody tells; it could not settle a failure.
        for other in [Strategy::CodeDeploy, Strategy::External, Strategy::Other] {
            assert_eq!(state(other, off, 2, true).state, Unknown);
        }
        for strategy in [Strategy::BlueGreen, Strategy::Canary, Strategy::Linear] {
            assert_eq!(state(strategy, off, 2, true).state, Proved);
            assert_eq!(state(strategy, off, 2, false).state, Failing);
            assert_eq!(state(strategy, off, 0, true).state, Failing);
        }
    }

    /// One service of a cluster of production, and one of staging, by how they deploy.
    fn two(ours: Strategy, staging: Strategy) -> Facts {
        let mut facts = service_running("r/api:1");
        facts.environment = "laser-prod".into();
        let mut one = (*facts.service_rows()[0]).clone();
        one.deployment.strategy = ours;
        let mut other = one.clone();
        other.id.cluster = "staging".into();
        other.deployment.strategy = staging;
        facts.services = part(Arc::new(vec![Arc::new(one), Arc::new(other)]));
        facts.deployments = part(Arc::default());
        facts
    }

    #[test]
    fn a_strategy_of_staging_proves_nothing_of_production() {
        let call = "ecs.strategy any=blue-green,canary";
        let of = |ours, staging| judged(call, &two(ours, staging));
        assert_eq!(of(Strategy::Canary, Strategy::Rolling).state, Proved);
        let alone = of(Strategy::Rolling, Strategy::Canary);
        assert_eq!(alone.state, Failing, "{alone:?}");
        assert!(
            alone.reason.contains("1 of other environments"),
            "{alone:?}"
        );
        let untold = of(Strategy::CodeDeploy, Strategy::Canary);
        assert_eq!(untold.state, Unknown, "{untold:?}");
        assert!(untold.reason.contains("by CodeDeploy"), "{untold:?}");
    }

    #[test]
    fn what_code_deploy_does_is_unknown_and_no_failure() {
        let facts = two(Strategy::CodeDeploy, Strategy::CodeDeploy);
        for call in [
            "ecs.zero-downtime",
            "ecs.circuit-breaker",
            "ecs.deployments-completed",
        ] {
            let got = judged(call, &facts);
            assert_eq!(got.state, Unknown, "{call}: {got:?}");
            assert!(got.reason.contains("deployed by CodeDeploy"), "{got:?}");
        }
    }

    #[test]
    fn a_rollback_in_a_history_that_nobody_looked_at_is_proof() {
        let rolled = judged(CALL, &facts(ended(DeploymentState::RolledBack, 80)));
        assert_eq!(rolled.state, Proved, "{}", rolled.reason);
        assert!(rolled.reason.contains("prod/api was rolled back 80d ago"));
        for other in [
            ended(DeploymentState::RolledBack, 91),
            ended(DeploymentState::Successful, 1),
        ] {
            let none = judged(CALL, &facts(other));
            assert_eq!(none.state, Unknown);
            assert!(none.reason.contains("past deployments of 1 service:"));
        }
    }

    #[test]
    fn a_rollback_in_another_environment_rehearses_nothing_here() {
        let facts = || {
            let mut facts = facts(part(Arc::default()));
            facts.environment = "laser-prod".into();
            facts
        };
        let rolled_back = |cluster: &str| {
            let mut facts = facts();
            let mut id = facts.service_rows()[0].id.clone();
            id.cluster = cluster.into();
            let row = told(&id, DeploymentState::RolledBack, testing::ago(9));
            facts.deployments = part(Arc::new(vec![Arc::new(row)]));
            judged(CALL, &facts)
        };
        assert_eq!(rolled_back("prod").state, Proved);
        assert_eq!(rolled_back("staging").state, Unknown);
        let by_hand = |subject: &str| by_hand(facts(), subject, &told_of("111122223333"));
        assert_eq!(by_hand("prod/api").state, Proved);
        assert_eq!(by_hand("staging/api").state, Unknown);
    }

    fn told_of(account: &str) -> serde_json::Value {
        let endpoint = "AWS in home";
        serde_json::json!({"account": account, "region": "home", "endpoint": endpoint})
    }

    /// A row is written in the console's own store, and a service of another account may have the same name.
    #[test]
    fn a_rollback_of_the_audit_trail_counts_where_the_chain_holds_it_and_of_this_account() {
        let here = || facts(part(Arc::default()));
        let ours = told_of("111122223333");
        assert_eq!(by_hand(here(), "prod/api", &ours).state, Proved);
        let mut emulated = ours.clone();
        emulated["endpoint"] = "http://127.0.0.1:4566 home".into();
        let mut away = ours.clone();
        away["region"] = "away".into();
        for (parameters, why) in [
            (told_of("444455556666"), "its account was 444455556666"),
            (away, "its region was away"),
            (emulated, "it was done at http://127.0.0.1:4566 home"),
            (serde_json::Value::Null, "its account is not told"),
        ] {
            let got = by_hand(here(), "prod/api", &parameters);
            assert_eq!(got.state, Unknown, "{}", got.reason);
            assert!(got.reason.contains(why), "{}", got.reason);
        }
        let lagging = |anchored| ChainVerdict::Lagging {
            rows: 1,
            head: String::new(),
            anchored,
        };
        let broken = ChainVerdict::Broken {
            seq: 1,
            why: "it was changed".into(),
        };
        for (chain, state) in [
            (lagging(1), Proved),
            (lagging(0), Unknown),
            (broken, Unknown),
        ] {
            let mut facts = here();
            facts.chain = part(chain);
            let got = by_hand(facts, "prod/api", &ours);
            assert_eq!(got.state, state, "{}", got.reason);
        }
    }

    fn by_hand(mut facts: Facts, subject: &str, parameters: &serde_json::Value) -> Judgement {
        facts.audit = part(Arc::new(vec![AuditRow {
            seq: 1,
            at: testing::now(),
            who: "ana".into(),
            host: String::new(),
            environment: "laser".into(),
            action: "rollback".into(),
            subject: subject.into(),
            event: "outcome".into(),
            parameters: parameters.clone(),
            preview: String::new(),
            outcome: Some(Outcome::Succeeded),
            detail: String::new(),
            duration_s: None,
            run: String::new(),
            previous: String::new(),
            hash: String::new(),
        }]));
        judged(CALL, &facts)
    }

    #[test]
    fn a_history_that_cannot_be_read_says_why() {
        let why = "the endpoint does not know ListServiceDeployments";
        let mut unread = Part::default();
        let kind = ProblemKind::Unsupported;
        unread.error = Some(Problem::new(kind, "ecs", "Cannot list", why, "Rehearse."));
        let lacking = judged(CALL, &facts(unread));
        assert_eq!(lacking.state, Unknown);
        assert!(
            lacking.reason.contains("0 of 1 services"),
            "{}",
            lacking.reason
        );
        assert!(lacking.reason.contains(why), "{}", lacking.reason);
    }

    #[test]
    fn past_deployments_are_asked_of_the_environment_that_is_looked_at() {
        let mut facts = service_running("r/api:1");
        facts.environment = "laser-prod".into();
        let ours = facts.service_rows()[0].clone();
        let mut staging = (*ours).clone();
        staging.id.cluster = "staging".into();
        let mut rows = vec![ours.clone(), Arc::new(staging)];
        rows.extend((0..needs::DEPLOYMENT_HISTORIES).map(|n| {
            let mut other = (*ours).clone();
            other.id.name = format!("s{n:02}");
            Arc::new(other)
        }));
        facts.services.value = Some(Arc::new(rows));
        let asked = needs::needs(&Plan::default_plan(), &facts).deployment_histories;
        assert_eq!(asked.len(), needs::DEPLOYMENT_HISTORIES, "bounded");
        assert!(asked.iter().all(|id| id.cluster == ours.id.cluster));
    }

    /// One service that rolls `:8` out in place of `:7`, which alone has been read.
    fn deploying() -> Facts {
        let mut facts = running(vec![ContainerSpec {
            essential: true,
            image: "laser/api:1.8.2".into(),
            ..ContainerSpec::default()
        }]);
        testing::deploy(&mut facts);
        facts.deployments = part(Arc::default());
        facts
    }

    #[test]
    fn what_was_proved_before_a_deployment_holds_while_it_runs_and_says_that_it_moves() {
        let facts = deploying();
        let completed = judged("ecs.deployments-completed", &facts);
        assert_eq!(completed.state, Proved, "{completed:?}");
        let said = format!("{completed:?}");
        assert!(said.contains(":7 completed; :8 is rolling out"), "{said}");
        let pinned = judged("ecs.images-pinned", &facts);
        assert_eq!(pinned.state, Proved, "{pinned:?}");
        assert!(format!("{pinned:?}").contains("not read yet"), "{pinned:?}");
        // What replaces nothing proves nothing.
        let mut first = deploying();
        let mut services = first.service_rows().to_vec();
        Arc::make_mut(&mut services[0]).rollouts.truncate(1);
        first.services = part(Arc::new(services));
        assert_eq!(judged("ecs.deployments-completed", &first).state, Unknown);
        assert_eq!(judged("ecs.images-pinned", &first).state, Unknown);
        // Nor does what was replaced long ago, where the newest that completed was not read.
        let mut twice = deploying();
        let mut services = twice.service_rows().to_vec();
        let service = Arc::make_mut(&mut services[0]);
        let mut between = service.rollouts[1].clone();
        between.created_at = testing::ago(9);
        between.revision.arn = "arn:aws:ecs:home:1:task-definition/api:75".into();
        service.rollouts.push(between);
        twice.services = part(Arc::new(services));
        assert_eq!(judged("ecs.images-pinned", &twice).state, Unknown);
        // Why it cannot be read is said.
        let why = Problem::new(
            ProblemKind::Denied,
            "ecs",
            "Cannot read",
            "denied",
            "Allow.",
        );
        let own = first.service_rows()[0].revision.arn.clone();
        first.definitions_unread = Arc::new([(own, why)].into());
        let said = judged("ecs.images-pinned", &first).reason;
        assert_eq!(said, "api: api:8 cannot be read: denied");
    }

    #[test]
    fn what_was_proved_before_a_deployment_does_not_hold_for_ever() {
        let since = |began: Option<Timestamp>, minutes: Option<u32>| {
            let mut facts = deploying();
            let mut services = facts.service_rows().to_vec();
            let service = Arc::make_mut(&mut services[0]);
            service.rollouts[0].created_at = began;
            service.deployment.shift_minutes = minutes;
            facts.services = part(Arc::new(services));
            facts
        };
        let call = "ecs.deployments-completed";
        let late = judged(call, &since(testing::ago(5), None));
        assert_eq!(late.state, Unknown, "{late:?}");
        assert_eq!(late.reason, "api: :8 has been rolling out for 5h");
        let shifting = since(testing::ago(5), Some(300));
        assert_eq!(
            judged(call, &shifting).state,
            Proved,
            "it is meant to take long"
        );
        assert_eq!(judged(call, &since(None, None)).state, Unknown);
        // Where the last deployment itself was read, the same holds.
        let mut read = since(testing::ago(5), None);
        let service = read.service_rows()[0].clone();
        let row = told(&service.id, DeploymentState::Successful, testing::ago(99));
        read.deployments = part(Arc::new(vec![Arc::new(row)]));
        assert_eq!(judged(call, &read).state, Unknown);
    }
}
