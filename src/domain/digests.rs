//! What ECS resolved the tags of images to when it began to run them: a tag may mean another image by now, a digest never.

use std::collections::{BTreeMap, BTreeSet};

use super::deployment::Deployment;
use super::facts::Facts;
use super::image::{ImageId, Place, Registry, Repository};
use super::service::Service;

/// By what an image that runs is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By<'a> {
    /// As the task definition names it: by its digest, or by a tag that stays with its image.
    Name,
    /// By the digest that ECS resolved its tag to.
    Digest(&'a str),
    /// By nothing: its tag may mean another image by now.
    Nothing,
}

impl By<'_> {
    /// The image that runs, of those that a reference meant in turn: where it is, and what is to be said of it. `None`: nobody can say
    /// which image it is.
    pub fn image<'r>(self, registry: &'r Registry, reference: &str) -> (String, Option<Place<'r>>) {
        match self {
            Self::Name => (String::new(), Some(registry.place(reference))),
            Self::Digest(digest) => {
                let (note, place) = resolved(registry, reference, digest);
                (note, Some(place))
            }
            // What its repository does not hold any more is gone, whatever it was.
            Self::Nothing => {
                let gone = Some(registry.place(reference)).filter(|p| *p == Place::Gone);
                (String::new(), gone)
            }
        }
    }
}

/// The image that a tag named when ECS resolved it to a digest, with what is to be said of it.
fn resolved<'r>(registry: &'r Registry, reference: &str, digest: &str) -> (String, Place<'r>) {
    let repository = registry.repositories.iter();
    let mut named = repository.filter(|r| r.named(reference).is_some());
    let place = named.next().map_or(Place::Unread, |r| {
        registry.place(&format!("{}@{digest}", r.uri))
    });
    let note = match place {
        Place::Here(image) if image.is(reference) => String::new(),
        Place::Here(image) => format!("{} runs, its tag has moved on", image.short()),
        _ => format!("{} runs", digest.get(..19).unwrap_or(digest)),
    };
    (note, place)
}

/// The images of service revisions by digest, as far as they or their deployments were read.
#[derive(Debug)]
pub struct Resolved<'a> {
    /// (image, digest), by the service revision's ARN.
    revisions: BTreeMap<&'a str, &'a [(String, String)]>,
}

impl<'a> Resolved<'a> {
    /// Of all services.
    pub fn of(facts: &'a Facts) -> Self {
        let services = facts.service_rows().iter().map(|s| &**s);
        let deployments = facts.deployment_rows().iter().map(|d| &**d);
        Self::told(services, deployments)
    }

    /// Of these services, as far as they and these deployments tell.
    pub fn told(
        services: impl Iterator<Item = &'a Service>,
        deployments: impl Iterator<Item = &'a Deployment>,
    ) -> Self {
        let loads = deployments.flat_map(|d| d.from.iter().chain(&d.to));
        let deployed = loads.filter_map(|l| {
            let arn = l.service_revision.as_deref()?;
            Some((arn, l.digests.as_slice()))
        });
        let current = services.flat_map(|s| &s.revisions);
        let current = current.filter(|r| !r.digests.is_empty());
        let current = current.map(|r| (r.arn.as_str(), r.digests.as_slice()));
        Self {
            revisions: deployed.chain(current).collect(),
        }
    }

    /// The digests that a service runs of an image as its task definition names it: two while a deployment replaces one by the other; of
    /// one that is scaled to 0 those that it would run. None where nobody told that of all of them.
    pub fn digests(&self, service: &Service, reference: &str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let is_idle = service.revisions.iter().all(|r| r.counts.running == 0);
        let of_it = service.revisions.iter();
        for revision in of_it.filter(|r| is_idle || r.counts.running > 0) {
            let Some(told) = self.revisions.get(revision.arn.as_str()) else {
                return BTreeSet::new();
            };
            let own = told.iter().filter(|(image, _)| image == reference);
            found.extend(own.map(|(_, digest)| digest.as_str()));
        }
        found
    }

    /// By what the images of a service are told that its task definition names so.
    pub fn told_by(&self, registry: &Registry, service: &Service, reference: &str) -> Vec<By<'a>> {
        let moves = |r: &Repository| {
            let named = r.named(reference);
            !r.immutable && matches!(named, Some(ImageId::Tag(_)))
        };
        if !registry.repositories.iter().any(moves) {
            return vec![By::Name];
        }
        let digests = self.digests(service, reference);
        match digests.is_empty() {
            true => vec![By::Nothing],
            false => digests.into_iter().map(By::Digest).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::image::{Image, Scan};
    use super::*;

    #[test]
    fn what_runs_is_the_image_that_its_tag_had_and_not_the_one_that_has_it() {
        let uri = "1.dkr.ecr.home.amazonaws.com/api";
        let image = |digest: &str, tags: &[&str]| Image {
            repository: "api".into(),
            uri: uri.into(),
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            digest: digest.into(),
            parts: None,
            bytes: 1,
            pushed_at: None,
            pulled_at: None,
            scan: Scan::default(),
            findings: Vec::new(),
        };
        let registry = Registry {
            repositories: vec![Repository {
                name: "api".into(),
                uri: uri.into(),
                scan_on_push: true,
                immutable: false,
                created_at: None,
            }],
            images: vec![image("sha256:new", &["main"]), image("sha256:old", &[])],
            ..Registry::default()
        };
        let reference = format!("{uri}:main");
        let of = |by: By<'_>| {
            let (note, place) = by.image(&registry, &reference);
            let digest = match place {
                Some(Place::Here(image)) => Some(image.digest.as_str()),
                _ => None,
            };
            (note, digest)
        };
        let moved = "old runs, its tag has moved on".to_owned();
        assert_eq!(of(By::Digest("sha256:old")), (moved, Some("sha256:old")));
        let same = of(By::Digest("sha256:new"));
        assert_eq!(same, (String::new(), Some("sha256:new")));
        assert_eq!(of(By::Nothing), (String::new(), None), "nobody can say");
        assert_eq!(of(By::Name).1, Some("sha256:new"));
    }
}
