//! Service revisions: which task definition with which images a deployment is of. Who stops one needs none of it.

use std::time::{Duration, Instant};

use super::{
    CACHED, DeploymentCache, Ecs, LACK, Lack, Problem, ProblemKind, Question, lack, locked, sdk,
};
use crate::backend::aws::convert::{some_text, text};
use crate::backend::aws::ecs_map;
use crate::domain::service::{Revision, Service};

const REVISIONS: Question = Question::new(
    "ecs",
    "DescribeServiceRevisions",
    "read the service's revisions",
);

/// How long reading services waits for what their images were resolved to: that is good to know, and holds nobody up for long.
const PATIENCE: Duration = Duration::from_secs(2);

/// A service revision: which task definition with which images. Immutable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ServiceRevision {
    pub(super) revision: Revision,
    /// (container, image)
    pub(super) images: Vec<(String, String)>,
    /// (image, digest), of those that were resolved.
    pub(super) digests: Vec<(String, String)>,
}

impl DeploymentCache {
    /// The revisions of services that are to be asked about: neither known, nor lately left out of an answer.
    fn unknown(&self, services: &[&mut Service]) -> Vec<String> {
        let known = locked(&self.revisions);
        let mut untold = locked(&self.untold);
        untold.retain(|_, at| at.elapsed() < LACK);
        let current = services.iter().flat_map(|s| &s.revisions);
        let unknown =
            current.filter(|r| !known.contains_key(&r.arn) && !untold.contains_key(&r.arn));
        unknown.map(|r| r.arn.clone()).collect()
    }

    /// Remembers what became of asking about revisions. `told`: whether the answers came to their end without a refusal; `None`: patience
    /// ended before. One revision that nobody tells of silences the question for itself alone, and being late for none, as long as some
    /// were told of: the others come in the next round.
    fn heard(&self, asked: &[String], told: Option<bool>) {
        let known = locked(&self.revisions);
        let is_progress = asked.iter().any(|arn| known.contains_key(arn));
        let now = Instant::now();
        match told {
            Some(true) => {
                let left_out = asked.iter().filter(|arn| !known.contains_key(*arn));
                locked(&self.untold).extend(left_out.map(|arn| (arn.clone(), now)));
            }
            None if is_progress => {}
            Some(false) | None => *locked(&self.mute) = Some(now),
        }
    }
}

impl Ecs {
    /// Reads the service revisions that these deployments name and that were never read, and says why some could not be. An
    /// endpoint that has none is an error: it has no service deployments either.
    pub(super) async fn learn_revisions(
        &self,
        raw: &[sdk::ServiceDeployment],
        until: Option<tokio::time::Instant>,
    ) -> Result<Option<Problem>, Problem> {
        let wanted = raw.iter().flat_map(revision_arns).map(str::to_owned);
        let asked = self.ask_revisions(wanted.collect());
        let answer = match until {
            None => asked.await,
            Some(until) => {
                let waited = until.saturating_duration_since(tokio::time::Instant::now());
                let answer = tokio::time::timeout_at(until, asked).await;
                answer.unwrap_or_else(|_| Err(late(waited)))
            }
        };
        match answer {
            Ok(()) => Ok(None),
            Err(p) => match lack(&p, self.is_aws().await) {
                Lack::Nothing => Ok(Some(p)),
                Lack::Endpoint | Lack::Service => Err(p),
            },
        }
    }

    /// Tells services by the digests that ECS resolved their images to, each revision asked about once: of a service that was not deployed
    /// for 90 days no deployment tells it (Amazon ECS developer guide, "Viewing service deployments"). What cannot be read stays untold.
    pub(in crate::backend::aws) async fn resolve(&self, services: Vec<&mut Service>) {
        let unknown = self.cache.unknown(&services);
        let is_mute = locked(&self.cache.mute).is_some_and(|at| at.elapsed() < LACK);
        if !unknown.is_empty() && !is_mute {
            let asked = tokio::time::timeout(PATIENCE, self.ask_revisions(unknown.clone())).await;
            self.cache
                .heard(&unknown, asked.ok().map(|told| told.is_ok()));
        }
        let known = locked(&self.cache.revisions);
        for revision in services.into_iter().flat_map(|s| &mut s.revisions) {
            if let Some(told) = known.get(&revision.arn) {
                revision.digests.clone_from(&told.digests);
            }
        }
    }

    async fn ask_revisions(&self, mut wanted: Vec<String>) -> Result<(), Problem> {
        wanted.sort();
        wanted.dedup();
        {
            let mut known = locked(&self.cache.revisions);
            if known.len() > CACHED {
                known.clear();
            }
            wanted.retain(|arn| !known.contains_key(arn));
        }
        for chunk in wanted.chunks(20) {
            let page = self
                .aws
                .read(&self.line, REVISIONS, |c| {
                    let ask = c.ecs.describe_service_revisions();
                    ask.set_service_revision_arns(Some(chunk.to_vec())).send()
                })
                .await?;
            let mut known = locked(&self.cache.revisions);
            known.extend(page.service_revisions().iter().filter_map(service_revision));
        }
        Ok(())
    }
}

fn late(waited: Duration) -> Problem {
    Problem::new(
        ProblemKind::Timeout,
        REVISIONS.system,
        "Cannot read the service's revisions",
        format!("no answer within {} s", waited.as_secs_f64().round()),
        "Try again; a stop needs nothing of it.",
    )
}

fn revision_arns(d: &sdk::ServiceDeployment) -> impl Iterator<Item = &str> {
    d.source_service_revisions()
        .iter()
        .chain(d.target_service_revision())
        .filter_map(|r| r.arn())
}

fn service_revision(r: &sdk::ServiceRevision) -> Option<(String, ServiceRevision)> {
    let images = r
        .container_images()
        .iter()
        .map(|i| (text(i.container_name()), text(i.image())))
        .collect();
    let digests = r
        .container_images()
        .iter()
        .filter_map(|i| Some((text(i.image()), some_text(i.image_digest())?)))
        .collect();
    let told = ServiceRevision {
        revision: ecs_map::revision(r.task_definition())?,
        images,
        digests,
    };
    Some((r.service_revision_arn()?.to_owned(), told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(cache: &DeploymentCache, arn: &str) {
        let revision = ServiceRevision {
            revision: Revision::parse("arn:aws:ecs:home:1:task-definition/api:7").unwrap(),
            images: Vec::new(),
            digests: Vec::new(),
        };
        locked(&cache.revisions).insert(arn.to_owned(), revision);
    }

    #[test]
    fn one_revision_that_nobody_tells_of_silences_no_other() {
        let cache = DeploymentCache::default();
        let asked = ["a".to_owned(), "b".to_owned()];
        told(&cache, "a");
        // Late, and yet some came: the others are asked about in the next round.
        cache.heard(&asked, None);
        assert!(locked(&cache.mute).is_none() && locked(&cache.untold).is_empty());
        cache.heard(&asked, Some(true));
        let left_out: Vec<String> = locked(&cache.untold).keys().cloned().collect();
        assert_eq!(left_out, ["b"]);
        assert!(locked(&cache.mute).is_none());
        // Nothing at all within patience, or a refusal: nobody is held up by the question for a while.
        cache.heard(&asked[1..], None);
        assert!(locked(&cache.mute).take().is_some());
        cache.heard(&asked, Some(false));
        assert!(locked(&cache.mute).is_some());
    }
}
