//! What the registry says of an image before it is deployed. ECS takes a task definition whose image does not exist, and finds out
//! task by task.

use std::time::Duration;

use jiff::Timestamp;

use super::draft::Draft;
use super::look::Look;
use super::words;
use crate::domain::image::{EcrName, Image, ImageId, LookUp};
use crate::domain::metric::Unit;

/// How long a preview waits for it: it is worth a warning, not a preview that does not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks an image up and says what was found; comes back with when it was pushed (UTC), where somebody tells.
pub async fn look_up(
    look: &Look<'_>,
    draft: &mut Draft,
    reference: &str,
    now: Timestamp,
) -> Option<Timestamp> {
    let asked = look.backend.estate.ecr.look_up(reference);
    let unknown = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(told)) => {
            let pushed = pushed(&told);
            match tell(draft, reference, told, now) {
                None => return pushed,
                Some(why) => why,
            }
        }
        Ok(Err(p)) => format!("{}: {}", p.what, p.why),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    draft.fact("image", "not looked up");
    draft.warn(format!("nobody looked whether the image exists: {unknown}"));
    None
}

fn pushed(told: &LookUp) -> Option<Timestamp> {
    match told {
        LookUp::Here { image, .. } => image.pushed_at,
        _ => None,
    }
}

/// When an image was pushed (UTC), where its registry tells soon.
pub async fn pushed_at(look: &Look<'_>, reference: &str) -> Option<Timestamp> {
    let asked = look.backend.estate.ecr.pushed_at(reference);
    tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?
}

/// Says what is known; comes back with why nothing is.
fn tell(draft: &mut Draft, reference: &str, told: LookUp, now: Timestamp) -> Option<String> {
    match told {
        LookUp::Here { image, unread_scan } => {
            describe(draft, &image, unread_scan.as_deref(), now);
            None
        }
        LookUp::Absent {
            repository,
            newest,
            cut,
        } => {
            let image = match EcrName::of(reference).map(|name| name.id) {
                Some(ImageId::Digest(id) | ImageId::Tag(id)) => id,
                None => reference,
            };
            let newest = match (newest.is_empty(), cut) {
                (true, true) => "; its tags could not be read".to_owned(),
                (true, false) => "; it holds no tag".to_owned(),
                (false, true) => format!("; newest tags of those read: {}", newest.join(", ")),
                (false, false) => format!("; newest tags: {}", newest.join(", ")),
            };
            draft.refuse(format!(
                "no image {image} in repository {repository}{newest}"
            ));
            None
        }
        LookUp::NoRepository(name) => {
            draft.refuse(format!("there is no repository {name} in its registry"));
            None
        }
        LookUp::Cache(name) => Some(format!(
            "{name} is a cache, which fetches it from another registry"
        )),
        LookUp::MaybeCache { repository, why } => {
            draft.fact("image", "not in its repository");
            draft.warn(format!(
                "the image is not in repository {repository}; whether that is a cache, which fetches it from another registry, could not be read: {why}"
            ));
            None
        }
        LookUp::Abroad(region) => Some(format!("its registry is in {region}")),
        LookUp::Elsewhere => Some("its registry is not Amazon ECR".to_owned()),
    }
}

fn describe(draft: &mut Draft, image: &Image, unread_scan: Option<&str>, now: Timestamp) {
    let pushed = image.pushed_at.map_or_else(
        || "push time unknown".to_owned(),
        |at| format!("pushed {} ago", words::ago(at, now)),
    );
    let size = Unit::Bytes.format(image.bytes as f64);
    draft.fact(
        "image",
        format!("{pushed}, {size}, digest {}", image.short()),
    );
    // Another push to the same tag is another image than the one that was looked at.
    draft.input("image digest", &image.digest);
    if let Some(why) = unread_scan {
        draft.fact("scan", format!("could not be read: {why}"));
        draft.warn("nobody could read what a scan of the image found");
        return;
    }
    draft.fact("scan", scan(image, now));
    let critical = image.scan.count("CRITICAL");
    if critical > 0 {
        draft.warn(format!("the image has {critical} critical findings"));
    } else if !image.scan.is_done() {
        draft.warn("nobody scanned the image, or the scan has not ended");
    }
}

fn scan(image: &Image, now: Timestamp) -> String {
    if !image.scan.is_done() {
        let status = image.scan.status.to_lowercase();
        return match status.as_str() {
            "" => "never scanned".to_owned(),
            _ => format!("not done: {status}"),
        };
    }
    let found: Vec<String> = ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
        .into_iter()
        .filter(|s| image.scan.count(s) > 0)
        .map(|s| format!("{} {}", image.scan.count(s), s.to_lowercase()))
        .collect();
    let when = image.scan.completed_at;
    let when = when.map_or_else(String::new, |at| format!(", {} ago", words::ago(at, now)));
    match found.is_empty() {
        true => format!("no finding{when}"),
        false => format!("{}{when}", found.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/api";

    #[test]
    fn what_was_not_looked_up_is_said_and_what_is_not_there_refused() {
        let now = Timestamp::UNIX_EPOCH;
        let reference = format!("{URI}:9");
        let mut draft = Draft::default();
        let absent = LookUp::Absent {
            repository: "laser/api".into(),
            newest: vec!["1.8.3".into(), "1.8.2".into()],
            cut: false,
        };
        assert_eq!(tell(&mut draft, &reference, absent, now), None);
        let said = "no image 9 in repository laser/api; newest tags: 1.8.3, 1.8.2";
        assert_eq!(draft.refusals, [said]);
        let mut draft = Draft::default();
        for unknown in [
            LookUp::Elsewhere,
            LookUp::Abroad("eu-west-1".into()),
            LookUp::Cache("docker-hub/nginx".into()),
        ] {
            assert!(tell(&mut draft, &reference, unknown, now).is_some());
        }
        let maybe = LookUp::MaybeCache {
            repository: "docker-hub/nginx".into(),
            why: "these credentials may not".into(),
        };
        assert_eq!(tell(&mut draft, &reference, maybe, now), None);
        assert!(draft.warnings[0].ends_with("these credentials may not"));
        assert!(draft.refusals.is_empty());
    }

    #[test]
    fn a_scan_that_nobody_could_read_is_not_told_as_none() {
        let image = || {
            Box::new(Image {
                repository: "laser/api".into(),
                uri: URI.into(),
                tags: vec!["9".into()],
                digest: "sha256:aa11".into(),
                bytes: 1,
                pushed_at: None,
                pulled_at: None,
                parts: None,
                scan: Default::default(),
                findings: Vec::new(),
            })
        };
        let said = |why: Option<&str>| {
            let mut draft = Draft::default();
            let here = LookUp::Here {
                image: image(),
                unread_scan: why.map(str::to_owned),
            };
            tell(&mut draft, URI, here, Timestamp::UNIX_EPOCH);
            let scan = draft.facts.into_iter().find(|f| f.0 == "scan").unwrap();
            (scan.1, draft.warnings.concat())
        };
        assert_eq!(said(None).0, "never scanned");
        let (fact, warning) = said(Some("denied"));
        assert_eq!(fact, "could not be read: denied");
        assert!(warning.starts_with("nobody could read"), "{warning}");
    }
}
