//! Service revisions: which task definition with which images a deployment is of. Who stops one needs none of it.

use std::time::Duration;

use super::{CACHED, Ecs, Lack, Problem, ProblemKind, Question, lack, locked, sdk};
use crate::backend::aws::convert::{some_text, text};
use crate::backend::aws::ecs_map;
use crate::domain::service::Revision;

const REVISIONS: Question = Question::new(
    "ecs",
    "DescribeServiceRevisions",
    "read the service's revisions",
);

/// A service revision: which task definition with which images. Immutable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ServiceRevision {
    pub(super) revision: Revision,
    /// (container, image)
    pub(super) images: Vec<(String, String)>,
    /// (image, digest), of those that were resolved.
    pub(super) digests: Vec<(String, String)>,
}

impl Ecs {
    /// Reads the service revisions that these deployments name and that were never read, and says why some could not be. An
    /// endpoint that has none is an error: it has no service deployments either.
    pub(super) async fn learn_revisions(
        &self,
        raw: &[sdk::ServiceDeployment],
        until: Option<tokio::time::Instant>,
    ) -> Result<Option<Problem>, Problem> {
        let asked = self.ask_revisions(raw);
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

    async fn ask_revisions(&self, raw: &[sdk::ServiceDeployment]) -> Result<(), Problem> {
        let mut wanted: Vec<String> = raw
            .iter()
            .flat_map(revision_arns)
            .map(str::to_owned)
            .collect();
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
