//! ECR: images that run are scanned, have no critical finding, and are no larger than they may be.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, within};
use super::{Probe, number};
use crate::domain::digests::{By, Resolved};
use crate::domain::image::{Image, Place, Registry};
use crate::plan::checklist::CriterionState;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "ecr.scanned",
        question: "was every image that runs scanned lately?",
        params: &[number("days", "30")],
        judge: scanned,
    },
    Probe {
        name: "ecr.no-critical",
        question: "has no image that runs a critical finding?",
        params: &[number("most", "0")],
        judge: no_critical,
    },
    Probe {
        name: "ecr.image-size",
        question: "is every image that runs no larger than it may be?",
        params: &[number("mb", "500")],
        judge: size,
    },
];

/// Images that run, each by its short name; where the revision that a service is set to was not read, the name says so.
struct Running<'a> {
    /// Without a place where nobody can say which image it is.
    rows: Vec<(String, Option<Place<'a>>)>,
    at: Timestamp,
    source: &'a str,
}

fn running<'a>(look: &Look<'a>) -> Result<Running<'a>, Judgement> {
    look.configured("ecr")?;
    let definitions = look.definitions()?;
    let seen = look.fresh(&look.facts.estate.registry, "the images")?;
    let registry: &Registry = seen.value;
    // Each once, with what is to be said of it.
    let digests = Resolved::of(look.facts);
    let mut references: BTreeMap<(&str, By<'_>), String> = BTreeMap::new();
    for row in definitions.rows {
        let Some(definition) = row.definition else {
            let (name, why) = (look.name(&row.service.id), row.unread());
            return Err(Judgement::unknown(format!("{name}: {why}")));
        };
        for c in &definition.containers {
            for by in digests.told_by(registry, row.service, &c.image) {
                let note = references.entry((c.image.as_str(), by)).or_default();
                if note.is_empty() {
                    note.push_str(row.unread());
                }
            }
        }
    }
    let rows = references.into_iter().map(|((r, by), unread)| {
        let (moved, place) = by.image(registry, r);
        let notes = [moved.as_str(), unread.as_str()];
        let notes: Vec<&str> = notes.into_iter().filter(|n| !n.is_empty()).collect();
        let name = match notes.is_empty() {
            true => short(r),
            false => format!("{} ({})", short(r), notes.join("; ")),
        };
        (name, place)
    });
    Ok(Running {
        rows: rows.collect(),
        at: seen.at,
        source: seen.source,
    })
}

/// A reference without the registry's host.
fn short(reference: &str) -> String {
    let tail = reference
        .split_once('/')
        .filter(|(host, _)| host.contains('.'));
    tail.map_or(reference, |(_, tail)| tail).to_owned()
}

fn each(look: &Look<'_>, judge: impl Fn(&mut Findings, &str, &Image)) -> Verdict {
    let running = running(look)?;
    let mut found = Findings::new("image", look.question(running.source), running.at);
    for (name, place) in &running.rows {
        match place {
            Some(Place::Here(image)) => judge(&mut found, name, image),
            Some(Place::Gone) => found.bad(name, "runs, and is not in its repository any more"),
            Some(Place::Unread) => found.unknown(name, "its repository did not tell of it yet"),
            Some(Place::Elsewhere) => {
                found.unknown(name, "in another registry, which is not looked into");
            }
            None => found.unknown(
                name,
                "its tag may have moved since: nobody told which image runs",
            ),
        }
    }
    Ok(found.verdict())
}

fn scanned(look: &Look<'_>) -> Verdict {
    let days = look.number("days");
    each(look, |found, name, image| {
        let lately = image
            .scan
            .completed_at
            .is_some_and(|at| within(at, look.now, days));
        match (image.scan.is_done(), image.scan.status.as_str()) {
            _ if image.is_untold_index() => {
                found.unknown(name, "an index: ECR scans its images, which were not told");
            }
            (true, _) if lately => found.good(name, ""),
            (true, _) => found.bad(name, format!("last scanned more than {days} days ago")),
            (false, "PENDING" | "IN_PROGRESS") => found.unknown(name, "being scanned"),
            (false, "") => found.bad(name, "never scanned"),
            (false, status) => found.bad(name, format!("not scanned: {status}")),
        }
    })
}

fn no_critical(look: &Look<'_>) -> Verdict {
    let most = look.number("most");
    let critical = std::cell::Cell::new(0);
    let judged = each(look, |found, name, image| {
        if !image.scan.is_done() {
            found.unknown(name, "not scanned");
            return;
        }
        let count = image.scan.count("CRITICAL");
        critical.set(critical.get() + count);
        let ids: Vec<String> = image
            .findings
            .iter()
            .filter(|f| f.severity == "CRITICAL")
            .map(|f| match &f.fixed_in {
                Some(version) => format!("{} in {} (mended in {version})", f.id, f.package),
                None => format!("{} in {}", f.id, f.package),
            })
            .collect();
        let words = match ids.is_empty() {
            true => format!("{count} critical"),
            false => format!("{count} critical: {}", super::judgement::list(&ids, 3)),
        };
        if count as f64 <= most {
            found.good(name, "");
        } else {
            found.bad(name, words);
        }
    })?;
    Ok(match judged.state {
        // What was not scanned may hold some.
        CriterionState::Unknown => judged,
        _ => judged.measured(
            format!("{} in images", critical.get()),
            format!("{most} critical"),
        ),
    })
}

fn size(look: &Look<'_>) -> Verdict {
    let most = look.number("mb");
    each(look, |found, name, image| {
        if image.bytes == 0 {
            // No image is that small: even an empty one has a manifest and a configuration.
            found.unknown(name, "its size was not told");
            return;
        }
        let megabytes = image.bytes as f64 / 1e6;
        found.check(megabytes <= most, name, &format!("{megabytes:.0} MB"));
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::domain::deployment::{DeploymentState, RevisionLoad};
    use crate::domain::facts::Facts;
    use crate::domain::image::{ImageFinding, Repository, Scan};
    use crate::domain::service::{RevisionTasks, TaskCounts};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    const URI: &str = "1.dkr.ecr.home.amazonaws.com/laser/api";

    fn image(status: &str, scanned: Option<i64>, critical: u64) -> Image {
        Image {
            repository: "laser/api".into(),
            uri: URI.into(),
            tags: vec!["1.8.2".into()],
            digest: "sha256:1".into(),
            bytes: 90_000_000,
            pushed_at: None,
            pulled_at: None,
            parts: None,
            scan: Scan {
                status: status.into(),
                completed_at: scanned.and_then(ago),
                counts: BTreeMap::from([("CRITICAL".to_owned(), critical)]),
            },
            findings: (critical > 0)
                .then(|| ImageFinding {
                    id: "CVE-1".into(),
                    severity: "CRITICAL".into(),
                    package: "openssl".into(),
                    version: "1".into(),
                    fixed_in: Some("2".into()),
                    title: String::new(),
                    first_seen_at: None,
                })
                .into_iter()
                .collect(),
        }
    }

    fn facts(running: &str, images: Vec<Image>) -> Facts {
        let mut facts = testing::service_running(running);
        facts.estate.registry = testing::part(Arc::new(Registry {
            repositories: vec![Repository {
                name: "laser/api".into(),
                uri: URI.into(),
                scan_on_push: true,
                immutable: true,
                created_at: None,
            }],
            images,
            gone: Vec::new(),
            missing: Vec::new(),
        }));
        facts
    }

    fn state(call: &str, image: Image) -> CriterionState {
        judged(call, &facts(&format!("{URI}:1.8.2"), vec![image])).state
    }

    #[test]
    fn a_scan_counts_when_it_is_done_and_young() {
        let call = "ecr.scanned";
        assert_eq!(state(call, image("COMPLETE", Some(24), 0)), Proved);
        assert_eq!(state(call, image("COMPLETE", Some(24 * 31), 0)), Failing);
        assert_eq!(state(call, image("IN_PROGRESS", None, 0)), Unknown);
        assert_eq!(state(call, image("", None, 0)), Failing);
        assert_eq!(judged(call, &Facts::default()).state, Unknown);
    }

    #[test]
    fn a_critical_finding_fails_and_no_scan_proves_nothing() {
        let call = "ecr.no-critical";
        assert_eq!(state(call, image("COMPLETE", Some(1), 0)), Proved);
        assert_eq!(state(call, image("", None, 0)), Unknown);
        let ill = facts(&format!("{URI}:1.8.2"), vec![image("COMPLETE", Some(1), 1)]);
        let got = judged(call, &ill);
        assert_eq!(got.state, Failing);
        assert!(
            got.reason.contains("CVE-1 in openssl (mended in 2)"),
            "{}",
            got.reason
        );
    }

    #[test]
    fn sizes_have_a_limit_and_what_is_elsewhere_is_not_known() {
        assert_eq!(state("ecr.image-size", image("", None, 0)), Proved);
        assert_eq!(state("ecr.image-size mb=80", image("", None, 0)), Failing);
        let mut nothing = image("", None, 0);
        nothing.bytes = 0;
        assert_eq!(state("ecr.image-size", nothing), Unknown, "0 is no size");
        let elsewhere = facts("docker.io/library/nginx:1", Vec::new());
        assert_eq!(judged("ecr.image-size", &elsewhere).state, Unknown);
    }

    #[test]
    fn an_image_is_gone_where_its_repository_says_so_and_not_where_nobody_told() {
        let running = format!("{URI}:1.8.2");
        let mut facts = facts(&running, Vec::new());
        let unread = judged("ecr.image-size", &facts);
        assert_eq!(unread.state, Unknown, "{}", unread.reason);
        let seen = facts.estate.registry.value.take().unwrap();
        let gone = Registry {
            gone: vec![running],
            ..(*seen).clone()
        };
        facts.estate.registry = testing::part(Arc::new(gone));
        let gone = judged("ecr.image-size", &facts);
        assert_eq!(gone.state, Failing);
        assert!(gone.reason.contains("not in its repository any more"));
    }

    #[test]
    fn an_image_of_a_tag_that_may_move_is_judged_by_what_runs() {
        let at = |digest: &str, tags: &[&str], critical: u64| Image {
            digest: digest.into(),
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            ..image("COMPLETE", Some(1), critical)
        };
        // The fault was mended and the tag pushed anew: what runs is the image before.
        let images = vec![at("sha256:new", &["main"], 0), at("sha256:old", &[], 1)];
        let reference = format!("{URI}:main");
        let mut facts = facts(&reference, images);
        let call = "ecr.no-critical";
        assert_eq!(judged(call, &facts).state, Proved, "the tag cannot move");
        let mut registry = Registry::clone(facts.estate.registry.value.as_ref().unwrap());
        registry.repositories[0].immutable = false;
        facts.estate.registry = testing::part(Arc::new(registry));
        for call in [call, "ecr.scanned"] {
            let got = judged(call, &facts);
            assert_eq!(got.state, Unknown, "{got:?}");
            assert!(got.reason.contains("may have moved"), "{}", got.reason);
        }
        let resolved = |facts: &mut Facts, digest: &str| {
            let mut services = facts.service_rows().to_vec();
            let service = Arc::make_mut(&mut services[0]);
            let counts = TaskCounts {
                running: 1,
                ..TaskCounts::default()
            };
            let arn = "arn:service-revision/2".to_owned();
            service.revisions = vec![RevisionTasks {
                arn: arn.clone(),
                counts,
                digests: Vec::new(),
            }];
            let mut row = testing::told(&service.id, DeploymentState::Successful, ago(1));
            row.to = Some(RevisionLoad {
                revision: service.revision.clone(),
                service_revision: Some(arn),
                image: Some(reference.clone()),
                digests: vec![(reference.clone(), digest.into())],
                counts,
                traffic_percent: None,
            });
            facts.services = testing::part(Arc::new(services));
            facts.deployments = testing::part(Arc::new(vec![Arc::new(row)]));
        };
        resolved(&mut facts, "sha256:old");
        let old = judged(call, &facts);
        assert_eq!(old.state, Failing, "{old:?}");
        assert!(old.reason.contains("its tag has moved on"), "{old:?}");
        resolved(&mut facts, "sha256:new");
        assert_eq!(judged(call, &facts).state, Proved);
        resolved(&mut facts, "sha256:elsewhere");
        assert_eq!(judged(call, &facts).state, Unknown);
        // ECS forgets deployments after 90 days, and tells of the service's revision all the same, whether tasks of it run or none.
        facts.deployments = testing::part(Arc::default());
        for running in [1, 0] {
            let mut services = facts.service_rows().to_vec();
            let revision = &mut Arc::make_mut(&mut services[0]).revisions[0];
            revision.counts.running = running;
            revision.digests = vec![(reference.clone(), "sha256:old".into())];
            facts.services = testing::part(Arc::new(services));
            assert_eq!(judged(call, &facts).state, Failing, "{running}");
        }
    }

    #[test]
    fn an_index_whose_images_are_not_told_is_unknown_and_no_failure() {
        for status in ["", "UNSUPPORTED_IMAGE"] {
            let mut index = image(status, None, 0);
            index.parts = Some(Vec::new());
            assert_eq!(state("ecr.scanned", index.clone()), Unknown);
            assert_eq!(state("ecr.no-critical", index), Unknown);
        }
    }
}
