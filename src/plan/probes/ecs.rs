//! Services and their task definitions: running, guarded, limited.

use super::Probe;
use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use crate::domain::image::{Repository, is_moving_tag};
use crate::domain::service::{ContainerSpec, TaskDefinition, image_tag};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "ecs.services-running",
        question: "does every service run as many tasks as it wants?",
        params: &[],
        judge: running,
    },
    Probe {
        name: "ecs.health-checks",
        question: "does every essential container have a health check?",
        params: &[],
        judge: health_checks,
    },
    Probe {
        name: "ecs.limits",
        question: "is every container held to CPU and memory limits?",
        params: &[],
        judge: limits,
    },
    Probe {
        name: "ecs.images-pinned",
        question: "does every container name its image by digest, or by a tag that stays with its image?",
        params: &[],
        judge: images_pinned,
    },
];

fn running(look: &Look<'_>) -> Verdict {
    let services = look.services()?;
    let question = look.question(services.source);
    if services.rows.iter().all(|s| s.counts.desired == 0) {
        return Ok(Judgement::single(
            false,
            question,
            "every service is scaled to 0 tasks".into(),
            services.at,
        ));
    }
    let mut found = Findings::new("service", question, services.at);
    for s in services.rows {
        let answering = s.answering();
        let answer = match answering.desired {
            0 => "scaled to 0".to_owned(),
            n => format!("{} of {n} running", answering.running),
        };
        let name = look.name(&s.id);
        found.check(answering.running >= answering.desired, &name, &answer);
    }
    Ok(found.verdict())
}

/// Judges each service by the containers of its task definition that offend; none offending is good.
fn per_definition(
    look: &Look<'_>,
    offends: impl Fn(&TaskDefinition, &ContainerSpec) -> bool,
    wrong: &str,
) -> Verdict {
    let definitions = look.definitions()?;
    let question = look.question(definitions.source);
    let mut found = Findings::new("service", question, definitions.at);
    for row in definitions.rows {
        let name = &look.name(&row.service.id);
        let Some(d) = row.definition else {
            found.unknown(name, row.unread());
            continue;
        };
        let names: Vec<&str> = d
            .containers
            .iter()
            .filter(|c| offends(d, c))
            .map(|c| c.name.as_str())
            .collect();
        if names.is_empty() {
            found.good(name, &row.said(&format!(":{}", d.revision.number)));
        } else {
            found.bad(name, row.said(&format!("{wrong}: {}", names.join(", "))));
        }
    }
    Ok(found.verdict())
}

fn health_checks(look: &Look<'_>) -> Verdict {
    per_definition(
        look,
        |_, c| c.essential && c.health_check.is_none(),
        "no health check in container",
    )
}

fn limits(look: &Look<'_>) -> Verdict {
    // Limits of the task bound all of its containers together (Fargate always has them); otherwise each needs its own.
    per_definition(
        look,
        |d, c| {
            let task = d.cpu_units.is_some() && d.memory_mib.is_some();
            let own = c.cpu_units.is_some_and(|n| n > 0) && c.memory_mib.is_some();
            !task && !own
        },
        "no CPU and memory limit for container",
    )
}

/// A tag by which a branch or a place is meant (`main`, `prod`) moves as `latest` does, unless its repository keeps every tag where it is.
fn images_pinned(look: &Look<'_>) -> Verdict {
    let registry = look.fresh(&look.facts.estate.registry, "the images").ok();
    let stays = |image: &str| {
        let is_kept = |r: &Repository| r.immutable && r.named(image).is_some();
        let mut known = registry.iter().flat_map(|seen| &seen.value.repositories);
        known.any(is_kept)
    };
    per_definition(
        look,
        |_, c| is_moving_tag(image_tag(&c.image)) && !stays(&c.image),
        "image without a fixed tag in container",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::image::{Registry, Repository};
    use crate::domain::service::{Rollout, Strategy, TaskCounts};
    use crate::plan::checklist::CriterionState::{Failing, Proved};
    use crate::plan::probes::testing::{self, judged, now};

    #[test]
    fn a_tag_of_a_branch_is_no_version_unless_its_repository_lets_none_move() {
        const URI: &str = "1.dkr.ecr.home.amazonaws.com/laser/api";
        let state = |image: &str, immutable: Option<bool>| {
            let mut facts = testing::service_running(image);
            let repository = |immutable| Repository {
                name: "laser/api".into(),
                uri: URI.into(),
                scan_on_push: true,
                immutable,
                created_at: None,
            };
            if let Some(immutable) = immutable {
                facts.estate.registry = testing::part(Arc::new(Registry {
                    repositories: vec![repository(immutable)],
                    ..Registry::default()
                }));
            }
            judged("ecs.images-pinned", &facts).state
        };
        let main = format!("{URI}:main");
        assert_eq!(state(&format!("{URI}:1.8.2"), None), Proved);
        assert_eq!(state(&main, None), Failing);
        assert_eq!(state(&main, Some(false)), Failing);
        assert_eq!(state(&main, Some(true)), Proved);
        assert_eq!(state("nginx:stable", Some(true)), Failing, "of another one");
    }

    /// While CodeDeploy waits for the traffic to be moved, the new tasks run and serve nobody.
    #[test]
    fn a_service_runs_by_the_tasks_that_have_the_traffic() {
        for (running, state) in [(0, Failing), (2, Proved)] {
            let mut facts = testing::service_running("api:1.8.2");
            let mut services = facts.service_rows().to_vec();
            let service = Arc::make_mut(&mut services[0]);
            let counts = |running| TaskCounts {
                desired: 2,
                running,
                ..TaskCounts::default()
            };
            service.counts = counts(running + 2);
            service.deployment.strategy = Strategy::CodeDeploy;
            let revision = service.revision.clone();
            let set = |status: &str, running| Rollout {
                id: format!("ecs-svc/{status}"),
                status: status.into(),
                revision: revision.clone(),
                counts: counts(running),
                rollout_state: String::new(),
                rollout_reason: String::new(),
                created_at: Some(now()),
                updated_at: None,
            };
            service.rollouts = vec![set("PRIMARY", running), set("ACTIVE", 2)];
            facts.services = testing::part(Arc::new(services));
            let got = judged("ecs.services-running", &facts);
            assert_eq!(got.state, state, "{got:?}");
            let said = format!("{running} of 2 running");
            assert!(format!("{got:?}").contains(&said), "{got:?}");
        }
    }
}
