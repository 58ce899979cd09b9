//! What ECS resolved the tags of images to when it began to run them: a tag may mean another image by now, a digest never.

use std::collections::{BTreeMap, BTreeSet};

use super::deployment::RevisionLoad;
use super::facts::Facts;
use super::service::Service;

/// The images of service revisions by digest, as far as their deployments were read.
#[derive(Debug)]
pub struct Resolved<'a> {
    /// By the service revision's ARN.
    loads: BTreeMap<&'a str, &'a RevisionLoad>,
}

impl<'a> Resolved<'a> {
    /// Of all services.
    pub fn of(facts: &'a Facts) -> Self {
        let rows = facts.deployment_rows().iter();
        let loads = rows.flat_map(|d| d.from.iter().chain(&d.to));
        let named = loads.filter_map(|l| Some((l.service_revision.as_deref()?, l)));
        Self {
            loads: named.collect(),
        }
    }

    /// The digests that a service runs of an image as its task definition names it: two while a deployment replaces one by the other. None
    /// where nobody told that of all that runs.
    pub fn digests(&self, service: &Service, reference: &str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let runs = service.revisions.iter().filter(|r| r.counts.running > 0);
        for revision in runs {
            let Some(load) = self.loads.get(revision.arn.as_str()) else {
                return BTreeSet::new();
            };
            let own = load.digests.iter().filter(|(image, _)| image == reference);
            found.extend(own.map(|(_, digest)| digest.as_str()));
        }
        found
    }
}
