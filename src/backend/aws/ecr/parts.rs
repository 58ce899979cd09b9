//! Indexes: what a build pushes for several machines, or with a word on where it came from, is a list of images (`docker buildx` makes one
//! of every build). ECR scans the images, never the list, and the list is what a tag names.

use serde_json::json;

use super::wire::{Manifest, ManifestPage, Part};
use super::{API, Ecr, EcrName, Image, ImageFinding, Problem, Question, Scan};
use crate::backend::aws::convert::text;
use crate::domain::problem::ProblemKind;

const MANIFEST: Question =
    Question::new("ecr", "BatchGetImage", "read of which images an index is");
/// What lists are called, after OCI and after Docker.
const LISTS: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// Whether a manifest of that type is a list.
pub(super) fn is_list(media_type: Option<&str>) -> bool {
    media_type.is_some_and(|m| LISTS.contains(&m))
}

/// The digests of the images that a list names; what only says where they came from runs nowhere.
fn digests(manifest: &str) -> Option<Vec<String>> {
    let list: Manifest = serde_json::from_str(manifest).ok()?;
    let runs = |p: &Part| {
        let os = p.platform.as_ref().and_then(|p| p.os.as_deref());
        os.is_some_and(|os| os != "unknown")
    };
    let parts = list.manifests.iter().filter(|p| runs(p));
    Some(parts.map(|p| text(Some(&p.digest))).collect())
}

/// The scan of a list: that of its images, each severity as often as in the worst of them. One that was not scanned may hold anything.
/// `None`: not all of them are known.
pub(super) fn scan_of<'a>(
    parts: &[String],
    find: impl Fn(&str) -> Option<&'a Image>,
) -> Option<(Scan, Vec<ImageFinding>)> {
    let all: Option<Vec<&Image>> = parts.iter().map(|digest| find(digest)).collect();
    let all = all.filter(|all| !all.is_empty())?;
    if let Some(open) = all.iter().find(|i| !i.scan.is_done()) {
        return Some((open.scan.clone(), Vec::new()));
    }
    let first = all.first()?;
    let mut scan = Scan {
        completed_at: all.iter().filter_map(|i| i.scan.completed_at).min(),
        ..first.scan.clone()
    };
    let mut findings: Vec<ImageFinding> = Vec::new();
    for image in &all {
        for (severity, n) in &image.scan.counts {
            let most = scan.counts.entry(severity.clone()).or_default();
            *most = (*most).max(*n);
        }
        for finding in &image.findings {
            let known = |f: &ImageFinding| f.id == finding.id && f.package == finding.package;
            if !findings.iter().any(known) {
                findings.push(finding.clone());
            }
        }
    }
    Some((scan, findings))
}

impl Ecr {
    /// The digests of the images that a list names (BatchGetImage): asked once, since a digest names the same for ever.
    pub(super) async fn parts(&self, list: &Image) -> Result<Vec<String>, Problem> {
        if let Some(known) = self.turns().parts.get(&list.digest) {
            return Ok(known.clone());
        }
        let mut input = json!({
            "repositoryName": list.repository,
            "imageIds": [{"imageDigest": list.digest}],
            "acceptedMediaTypes": LISTS,
        });
        if let Some(name) = EcrName::of(&list.uri) {
            input["registryId"] = json!(name.account);
        }
        let page: ManifestPage = self.signed.json(&self.line, &API, MANIFEST, &input).await?;
        let told = page
            .images
            .0
            .first()
            .and_then(|i| digests(&i.image_manifest));
        let Some(parts) = told else {
            return Err(Problem::new(
                ProblemKind::Malformed,
                "ecr",
                format!("Cannot {} (ecr:BatchGetImage)", MANIFEST.what),
                "the answer holds no list of images",
                "Look at it with AWS's own tools.",
            ));
        };
        let mut turns = self.turns();
        turns.parts.insert(list.digest.clone(), parts.clone());
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;

    fn image(digest: &str, status: &str, at: i64, critical: u64) -> Image {
        Image {
            repository: "laser/api".into(),
            uri: "r/laser/api".into(),
            tags: Vec::new(),
            digest: digest.into(),
            parts: None,
            bytes: 1,
            pushed_at: None,
            pulled_at: None,
            scan: Scan {
                status: status.into(),
                completed_at: Timestamp::from_second(at).ok(),
                counts: BTreeMap::from([("CRITICAL".into(), critical)]),
            },
            findings: Vec::new(),
        }
    }

    #[test]
    fn a_list_of_buildx_names_the_images_that_run() {
        let list = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
            {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:aa","size":1,"platform":{"architecture":"amd64","os":"linux"}},
            {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:bb","size":1,
             "annotations":{"vnd.docker.reference.type":"attestation-manifest"},"platform":{"architecture":"unknown","os":"unknown"}}]}"#;
        assert_eq!(digests(list), Some(vec!["sha256:aa".to_owned()]));
        assert_eq!(digests("{}"), Some(Vec::new()));
        assert_eq!(digests("no"), None);
        assert!(is_list(Some(LISTS[0])) && is_list(Some(LISTS[1])));
        assert!(!is_list(Some("application/vnd.oci.image.manifest.v1+json")) && !is_list(None));
    }

    #[test]
    fn a_list_is_as_ill_as_the_worst_of_its_images_and_scanned_when_all_are() {
        let all = [
            image("a", "COMPLETE", 9, 0),
            image("b", "ACTIVE", 5, 2),
            image("c", "PENDING", 1, 0),
        ];
        let of = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|p| (*p).to_owned()).collect();
            scan_of(&parts, |digest| all.iter().find(|i| i.digest == digest)).map(|(scan, _)| scan)
        };
        let both = of(&["a", "b"]).unwrap();
        assert!(both.is_done());
        assert_eq!(both.count("CRITICAL"), 2);
        assert_eq!(both.completed_at, Timestamp::from_second(5).ok());
        let open = of(&["a", "c"]).unwrap();
        assert_eq!((open.is_done(), open.status.as_str()), (false, "PENDING"));
        assert_eq!(of(&["a", "gone"]), None);
        assert_eq!(of(&[]), None);
    }
}
