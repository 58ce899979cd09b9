//! Verify: that ECS says done is not enough. We look ourselves: the right revision, all tasks running, targets healthy, the
//! service's URL answering. Each finding is a line. What cannot be looked at is told as such and counts neither way: where the
//! service itself cannot be read to the end, nobody says that the action failed.

use futures_util::future::{join_all, try_join_all};
use tokio::time::Instant;

use super::follow::STOOD;
use super::goal::{Goal, Sight};
use super::hands::Hands;
use super::words;
use crate::config::HttpsTarget;
use crate::domain::action::Phase;
use crate::domain::alarm::AlarmState;
use crate::domain::probe::HttpsProbe;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{LoadBalancerBinding, Revision, Service, ServiceId, Strategy};
use crate::domain::target::Target;

/// What one look found.
#[derive(Debug, Default)]
struct Findings {
    good: Vec<String>,
    bad: Vec<String>,
    open: Vec<String>,
    /// Why what it is all about could not be read.
    unread: Option<Problem>,
    /// What took the place of what is verified.
    overtaken: Option<String>,
}

/// How verifying ended.
#[derive(Debug)]
pub enum Verified {
    /// All that could be looked at is well, and what that was.
    Well(String),
    /// What is not.
    Ill(String),
    /// It could not be looked at, up to the last: it may be well or ill.
    Unread(Problem),
    /// A newer deployment took its place before it was looked at to the end, and which.
    Overtaken(String),
}

/// Looks until all is well or patience ends. The last look decides: what was ill before the platform fell silent may be well by now.
pub async fn verify(hands: &Hands<'_>, goal: &Goal) -> Verified {
    let end = Instant::now() + hands.timing.verify;
    let mut waiting = String::new();
    loop {
        let found = look(hands, goal).await;
        if let Some(why) = found.overtaken {
            return Verified::Overtaken(why);
        }
        let bad = found.bad.join("; ");
        let not_yet = match &found.unread {
            // Told without its why, which may be another one at each look.
            Some(_) => "cannot look at the moment, trying on".to_owned(),
            None if bad.is_empty() => {
                for text in found.good.iter().chain(&found.open) {
                    hands.say(Phase::Verify, text).await;
                }
                return Verified::Well(found.good.join(", "));
            }
            None => format!("not yet: {bad}"),
        };
        if Instant::now() >= end {
            return match found.unread {
                Some(p) => {
                    if goal.service().is_some() {
                        // Whoever can read it again takes it up.
                        hands.note(Phase::Verify, "", &[(STOOD, "unread")]).await;
                    }
                    Verified::Unread(p)
                }
                None => Verified::Ill(bad),
            };
        }
        if waiting != not_yet {
            let why = found.unread.map_or_else(String::new, |p| format!(": {p}"));
            hands.say(Phase::Verify, &format!("{not_yet}{why}")).await;
            waiting = not_yet;
        }
        tokio::time::sleep(hands.timing.poll).await;
    }
}

async fn look(hands: &Hands<'_>, goal: &Goal) -> Findings {
    let mut found = Findings::default();
    match goal {
        Goal::Word { criterion } => word(hands, criterion, &mut found).await,
        Goal::Rollout {
            service, revision, ..
        } => match Box::pin(hands.sight_of(service, goal)).await {
            Ok(sight) => {
                found.overtaken = goal.overtaken(&sight);
                if found.overtaken.is_some() {
                    return found;
                }
                place(&sight, revision, &mut found);
                tasks(&sight.service, &mut found);
                outside(hands, &sight.service, &mut found).await;
            }
            Err(p) => unread(p, &mut found),
        },
        Goal::Count {
            service, desired, ..
        } => match Box::pin(hands.sight_of(service, goal)).await {
            Ok(sight) => {
                tasks(&sight.service, &mut found);
                if *desired > 0 {
                    outside(hands, &sight.service, &mut found).await;
                }
            }
            Err(p) => unread(p, &mut found),
        },
        Goal::Ended {
            service, rollback, ..
        } => match Box::pin(hands.sight_of(service, goal)).await {
            Ok(sight) if *rollback => {
                tasks(&sight.service, &mut found);
                outside(hands, &sight.service, &mut found).await;
            }
            Ok(sight) => found.good.push(format!(
                "{} of {} running",
                sight.service.counts.running, sight.service.counts.desired
            )),
            Err(p) => unread(p, &mut found),
        },
    }
    found
}

async fn word(hands: &Hands<'_>, criterion: &str, found: &mut Findings) {
    match hands.store.signoff_of(hands.claim.run()).await {
        Ok(Some(s)) if s.criterion == criterion => {
            found.good.push(format!("the word on {criterion} is kept"));
        }
        Ok(_) => found.bad.push("the word is not in the store".to_owned()),
        Err(p) => unread(p, found),
    }
}

/// A look that failed says nothing of what is there, but for ECS's own word that there is no such service, in the account and the region
/// that the run was begun in.
fn unread(p: Problem, found: &mut Findings) {
    match p.kind {
        ProblemKind::NotFound => found.bad.push(p.to_string()),
        _ => found.unread = Some(p),
    }
}

fn place(sight: &Sight, revision: &Revision, found: &mut Findings) {
    match sight.primary() {
        Some(p) if words::same(&p.revision, revision) && p.rollout_state == "IN_PROGRESS" => {
            found
                .bad
                .push(format!("{revision} is primary and still rolling out"));
        }
        Some(p) if words::same(&p.revision, revision) => {
            found.good.push(format!("{revision} is primary"));
        }
        Some(p) => found
            .bad
            .push(format!("{} is primary, not {revision}", p.revision)),
        None => found.bad.push("no deployment is primary".to_owned()),
    }
}

fn tasks(service: &Service, found: &mut Findings) {
    let (running, desired) = (service.answering().running, service.counts.desired);
    let text = format!("{running} of {desired} running");
    if running == desired {
        found.good.push(text);
    } else {
        found.bad.push(text);
    }
}

async fn outside(hands: &Hands<'_>, service: &Service, found: &mut Findings) {
    if service.counts.desired > 0 {
        targets(hands, service, found).await;
    }
    alarms(hands, service, found).await;
    if service.counts.desired > 0 {
        urls(hands, &service.id, found).await;
    }
}

/// Asks the URLs that the configuration names for the service. A wrong status is the service's own word that it is not well; no
/// answer at all may as well be between it and this machine.
async fn urls(hands: &Hands<'_>, id: &ServiceId, found: &mut Findings) {
    let ours = hands.urls.iter().filter(|t| names(t, id));
    let asked =
        ours.map(|target| async move { (target, hands.look.backend.https.probe(target).await) });
    for (target, answer) in join_all(asked).await {
        page(target, answer, found);
    }
}

fn page(target: &HttpsTarget, answer: Result<HttpsProbe, Problem>, found: &mut Findings) {
    match answer {
        // The edge's own word, which says nothing of the service behind it.
        Ok(probe) if probe.mitigated.is_some() => found.open.push(format!(
            "URL not verified: {} {}",
            target.url,
            probe.unseen().unwrap_or_default()
        )),
        Ok(probe) if probe.status == target.expect_status => found.good.push(format!(
            "{} answers {} in {:.0} ms",
            target.url, probe.status, probe.latency_ms
        )),
        Ok(probe) => found.bad.push(format!(
            "{} answers {}, not {}",
            target.url, probe.status, target.expect_status
        )),
        Err(p) => found.open.push(format!("URL not verified: {p}")),
    }
}

/// Whether a URL verifies a service: named with its cluster, or by its name alone.
fn names(target: &HttpsTarget, id: &ServiceId) -> bool {
    let Some(named) = target.verifies.as_deref() else {
        return false;
    };
    match named.split_once('/') {
        Some((cluster, name)) => cluster == id.cluster && name == id.name,
        None => named == id.name,
    }
}

async fn targets(hands: &Hands<'_>, service: &Service, found: &mut Findings) {
    for binding in &service.load_balancers {
        let groups = judged(service.deployment.strategy, binding);
        let asked = groups.iter().map(|arn| hands.look.backend.elb.targets(arn));
        match try_join_all(asked).await {
            Ok(told) => healthy(service.counts.desired, &groups, &told.concat(), found),
            Err(p) => found.open.push(format!("target health not verified: {p}")),
        }
    }
}

/// The groups of a binding whose targets are judged: both of a pair, as after a blue/green deployment of ECS's own one of them holds all
/// and the other none. Task sets have a group each, and the primary one has the traffic: the targets of the other neither make up for
/// those that it lacks nor are they its fault.
fn judged(strategy: Strategy, binding: &LoadBalancerBinding) -> Vec<&str> {
    match strategy.has_task_sets() {
        true => vec![binding.target_group_arn.as_str()],
        false => binding.groups().collect(),
    }
}

/// Judges the targets of a binding, those of its groups together.
fn healthy(desired: u32, groups: &[&str], targets: &[Target], found: &mut Findings) {
    let names: Vec<&str> = groups
        .iter()
        .map(|arn| arn.split('/').nth(1).unwrap_or(arn))
        .collect();
    let name = names.join(" and ");
    let healthy = targets.iter().filter(|t| t.state == "healthy").count();
    let sick = targets.iter().filter(|t| t.is_sick()).count();
    let text = format!("{healthy} healthy targets in {name}");
    if sick > 0 {
        found
            .bad
            .push(format!("{sick} unhealthy targets in {name}"));
    } else if healthy < desired as usize {
        found.bad.push(format!("only {text}"));
    } else {
        found.good.push(text);
    }
}

/// Alarms that watch deployments are told: whether they fire is the vendor's to act on while it deploys; afterwards a person's.
async fn alarms(hands: &Hands<'_>, service: &Service, found: &mut Findings) {
    if service.deployment.alarms.is_empty() {
        return;
    }
    match hands.look.backend.cloudwatch.alarms().await {
        Ok(alarms) => {
            let firing: Vec<&str> = alarms
                .iter()
                .filter(|a| {
                    a.state == AlarmState::Alarm && service.deployment.alarms.contains(&a.name)
                })
                .map(|a| a.name.as_str())
                .collect();
            if !firing.is_empty() {
                found.open.push(format!("in ALARM: {}", firing.join(", ")));
            }
        }
        Err(p) => found.open.push(format!("alarms not verified: {p}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::probe::Grade;

    #[test]
    fn a_url_verifies_the_service_that_it_names_and_no_other() {
        let id = ServiceId {
            cluster: "laser-prod".into(),
            name: "api".into(),
        };
        let verifies = |named: Option<&str>| {
            let target = HttpsTarget {
                url: "https://api.example.com/health".into(),
                expect_status: 200,
                verifies: named.map(str::to_owned),
            };
            names(&target, &id)
        };
        assert!(verifies(Some("laser-prod/api")) && verifies(Some("api")));
        for other in [
            None,
            Some("laser-dev/api"),
            Some("laser-prod/web"),
            Some("web"),
        ] {
            assert!(!verifies(other), "{other:?}");
        }
    }

    /// A bot challenge after a good deployment is no word of the service's.
    #[test]
    fn what_the_edge_answers_for_itself_is_not_held_against_a_service() {
        let told = |mitigated: Option<&str>| {
            let target = HttpsTarget {
                url: "https://api.example.com/health".into(),
                expect_status: 200,
                verifies: None,
            };
            let probe = HttpsProbe {
                url: target.url.clone(),
                status: 403,
                latency_ms: 1.0,
                headers: Vec::new(),
                grade: Grade {
                    letter: "F".into(),
                    reasons: Vec::new(),
                },
                mitigated: mitigated.map(str::to_owned),
            };
            let mut found = Findings::default();
            page(&target, Ok(probe), &mut found);
            (found.good.len(), found.bad.len(), found.open.join(""))
        };
        let (good, bad, open) = told(Some("Cloudflare challenged this machine"));
        assert_eq!((good, bad), (0, 0));
        assert!(open.contains("URL not verified") && open.contains("challenged"));
        assert_eq!(told(None).1, 1);
    }

    /// A pair of target groups, `blue` first.
    fn pair() -> LoadBalancerBinding {
        let arn = |name: &str| format!("arn:aws:elasticloadbalancing:r:1:targetgroup/{name}/1");
        LoadBalancerBinding {
            target_group_arn: arn("blue"),
            alternate_target_group_arn: Some(arn("green")),
            container: "api".into(),
            port: 80,
        }
    }

    /// What is good and what is bad of the targets of both groups, by their states.
    fn of_pair(
        strategy: Strategy,
        desired: u32,
        blue: &[&str],
        green: &[&str],
    ) -> (Vec<String>, Vec<String>) {
        let binding = pair();
        let groups = judged(strategy, &binding);
        let is_blue = |arn: &str| arn == binding.target_group_arn;
        let states = groups
            .iter()
            .flat_map(|arn| if is_blue(arn) { blue } else { green });
        let targets: Vec<Target> = states
            .map(|state| Target {
                id: "10.0.0.1".into(),
                port: 80,
                zone: "a".into(),
                state: (*state).into(),
                reason: String::new(),
            })
            .collect();
        let mut found = Findings::default();
        healthy(desired, &groups, &targets, &mut found);
        (found.good, found.bad)
    }

    #[test]
    fn after_a_blue_green_deployment_the_tasks_may_be_in_either_group() {
        let judge = |states: &[&str]| of_pair(Strategy::BlueGreen, 2, &["draining"], states);
        let name = "in blue and green";
        let well = judge(&["healthy", "healthy"]);
        assert_eq!(well, (vec![format!("2 healthy targets {name}")], vec![]));
        let few = judge(&["healthy"]);
        assert_eq!(few.1, [format!("only 1 healthy targets {name}")]);
        let ill = judge(&["healthy", "healthy", "unhealthy"]);
        assert_eq!(ill.1, [format!("1 unhealthy targets {name}")]);
        // One that a network load balancer leaves its open connections is no healthier.
        let leaving = judge(&["healthy", "healthy", "unhealthy.draining"]);
        assert_eq!(leaving.1, ill.1);
    }

    /// The other set waits for the traffic, or is kept for a while after it: its targets are nobody's answer.
    #[test]
    fn of_task_sets_the_targets_of_the_primary_one_are_judged_alone() {
        let judge = |blue: &[&str], green: &[&str]| of_pair(Strategy::CodeDeploy, 4, blue, green);
        let well = judge(&["healthy"; 4], &["unhealthy"; 4]);
        assert_eq!(well, (vec!["4 healthy targets in blue".to_owned()], vec![]));
        let begun = ["healthy", "healthy", "initial", "initial"];
        let few = judge(&begun, &["healthy"; 4]);
        let only = "only 2 healthy targets in blue".to_owned();
        assert_eq!(few, (vec![], vec![only]));
    }
}
