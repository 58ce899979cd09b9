//! Amazon ECR (API version 2015-09-21, AWS JSON): repositories, images, and what scans found in them.

mod look_up;
mod parts;
mod scans;
mod wire;

use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Question;
use super::convert::{reason, seconds, some_text, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use crate::backend::transport::Line;
use crate::domain::image::{EcrName, Image, ImageFinding, ImageId, Registry, Repository, Scan};
use crate::domain::order::Ordered;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use wire::{
    Basic, Enhanced, FindingPage, Found, ImageEntry, ImagePage, RepositoryEntry, RepositoryPage,
    Status,
};

const API: Api = Api {
    host: "api.ecr",
    signing: "ecr",
    variable: "ECR",
    target: "AmazonEC2ContainerRegistry_V20150921",
    version: "",
    only_in: None,
};
const REPOSITORIES: Question =
    Question::new("ecr", "DescribeRepositories", "list the image repositories");
const IMAGES: Question = Question::new("ecr", "DescribeImages", "list the images");
const FINDINGS: Question =
    Question::new("ecr", "DescribeImageScanFindings", "read what a scan found");

/// Repositories whose images are listed.
const MOST: usize = 100;
/// Repositories or images that are asked about at once.
const ABREAST: usize = 3;

/// The ECR client.
#[derive(Debug)]
pub struct Ecr {
    signed: Arc<Signed>,
    line: Arc<Line>,
    turns: Mutex<scans::Turns>,
}

impl Ecr {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self {
            signed,
            line,
            turns: Mutex::default(),
        }
    }

    /// All repositories with their images; those that run (`running`: references of task definitions) are asked for by name where the
    /// lists do not hold them. Findings of an image are read again when it was scanned again.
    ///
    /// # Errors
    /// Where the repositories cannot be listed.
    pub async fn registry(
        &self,
        before: &Part<Arc<Registry>>,
        running: &[String],
    ) -> Result<Registry, Problem> {
        let repositories = self.repositories().await?;
        let questions: Vec<_> = (repositories.iter().take(MOST))
            .map(|r| async move { (r.name.as_str(), self.images(r).await) })
            .collect();
        let answers: Vec<_> = stream::iter(questions)
            .buffer_unordered(ABREAST)
            .collect()
            .await;
        let mut missing = Vec::new();
        let mut images: Vec<Image> = Vec::new();
        for (name, answer) in answers {
            match answer {
                Ok(found) => images.extend(found),
                Err(p) => missing.push(format!("{name}: {}", p.why)),
            }
        }
        if repositories.len() > MOST {
            missing.push(format!(
                "only the first {MOST} repositories are looked into"
            ));
        }
        let gone = self
            .ask_for(running, &repositories, &mut images, &mut missing)
            .await;
        put_in_order(&mut images);
        let known = before
            .value
            .as_deref()
            .map_or(&[][..], |r| r.images.as_slice());
        self.look_into(&mut images, known, &repositories, running, &mut missing)
            .await;
        put_in_order(&mut images);
        missing.sort();
        Ok(Registry {
            repositories,
            images,
            gone,
            missing,
        })
    }

    /// Asks for what runs and is in no list: its repository was not listed, or not to its end, or the image came after. Those that
    /// are not there any more come back.
    async fn ask_for(
        &self,
        running: &[String],
        repositories: &[Repository],
        images: &mut Vec<Image>,
        missing: &mut Vec<String>,
    ) -> Vec<String> {
        let ours = running.iter().filter_map(|reference| {
            let named = |r| Repository::named(r, reference).map(|id| (reference, r, id));
            repositories.iter().find_map(named)
        });
        let questions: Vec<_> = ours
            .filter(|(reference, _, _)| !images.iter().any(|i| i.is(reference)))
            .map(|(reference, of, id)| async move { (reference, self.one(of, id).await) })
            .collect();
        let answers: Vec<_> = stream::iter(questions)
            .buffer_unordered(ABREAST)
            .collect()
            .await;
        let mut gone = Vec::new();
        for (reference, answer) in answers {
            match answer {
                Ok(found) if found.is_empty() => gone.push(reference.clone()),
                Ok(found) => images.extend(found),
                Err(p) => missing.push(format!("{reference}: {}", p.why)),
            }
        }
        gone.sort();
        gone
    }

    async fn pages<T, R>(
        &self,
        question: Question,
        input: Value,
        take: fn(T) -> (Vec<R>, Option<String>),
    ) -> Result<Vec<R>, Problem>
    where
        T: DeserializeOwned,
    {
        let mut all = Vec::new();
        let mut input = input;
        let mut pages = Pages::default();
        loop {
            let page: T = self.signed.json(&self.line, &API, question, &input).await?;
            let (rows, token) = take(page);
            all.extend(rows);
            if !pages.turn(all.len(), token)? {
                return Ok(all);
            }
            input["nextToken"] = json!(pages.token());
        }
    }

    async fn repositories(&self) -> Result<Vec<Repository>, Problem> {
        let take = |p: RepositoryPage| (p.repositories.0, p.next_token);
        let all = self
            .pages(REPOSITORIES, json!({"maxResults": 1000}), take)
            .await?;
        let mut all: Vec<Repository> = all.into_iter().map(repository).collect();
        all.order_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn images(&self, of: &Repository) -> Result<Vec<Image>, Problem> {
        let take = |p: ImagePage| (p.image_details.0, p.next_token);
        let input = json!({"repositoryName": of.name, "maxResults": 1000});
        let all = self.pages(IMAGES, input, take).await?;
        Ok(all.into_iter().map(|e| image(e, of)).collect())
    }

    /// An image by its tag or digest; nothing where it is not there.
    async fn one(&self, of: &Repository, id: ImageId<'_>) -> Result<Vec<Image>, Problem> {
        let id = match id {
            ImageId::Digest(digest) => json!({"imageDigest": digest}),
            ImageId::Tag(tag) => json!({"imageTag": tag}),
        };
        let input = json!({"repositoryName": of.name, "imageIds": [id]});
        match self
            .signed
            .json::<ImagePage>(&self.line, &API, IMAGES, &input)
            .await
        {
            Ok(page) => Ok(page
                .image_details
                .0
                .into_iter()
                .map(|e| image(e, of))
                .collect()),
            Err(p) if p.kind == ProblemKind::NotFound => Ok(Vec::new()),
            Err(p) => Err(p),
        }
    }

    /// The findings of an image, page by page, in the registry that it is named by.
    async fn scan(&self, image: &mut Image) -> Result<(), Problem> {
        let mut input = json!({"repositoryName": image.repository, "imageId": {"imageDigest": image.digest}, "maxResults": 1000});
        if let Some(name) = EcrName::of(&image.uri) {
            input["registryId"] = json!(name.account);
        }
        let mut findings = Vec::new();
        let mut pages = Pages::default();
        loop {
            let page: FindingPage = match self.signed.json(&self.line, &API, FINDINGS, &input).await
            {
                // Never scanned.
                Err(p) if p.kind == ProblemKind::NotFound => return Ok(()),
                answer => answer?,
            };
            let status = page.image_scan_status.unwrap_or_default();
            let found = page.image_scan_findings.unwrap_or_default();
            take(&mut image.scan, Some(status), &found);
            findings.extend(found.findings.iter().map(basic));
            findings.extend(found.enhanced_findings.iter().map(enhanced));
            if !pages.turn(findings.len(), page.next_token)? {
                break;
            }
            input["nextToken"] = json!(pages.token());
        }
        image.findings = findings;
        Ok(())
    }
}

/// By repository, the newest first.
fn put_in_order(images: &mut [Image]) {
    images.order_by(|a, b| {
        let newest = || b.pushed_at.cmp(&a.pushed_at);
        a.repository.cmp(&b.repository).then_with(newest)
    });
}

/// Takes into a scan what an answer says of it.
fn take(scan: &mut Scan, status: Option<Status>, found: &Found) {
    if let Some(status) = status.and_then(|s| some_text(s.status.as_deref())) {
        scan.status = status;
    }
    if let Some(at) = seconds(found.image_scan_completed_at) {
        scan.completed_at = Some(at);
    }
    if let Some(counts) = &found.finding_severity_counts {
        scan.counts = counts.iter().map(|(k, n)| (text(Some(k)), *n)).collect();
    }
}

fn repository(e: RepositoryEntry) -> Repository {
    Repository {
        name: text(Some(&e.repository_name)),
        uri: text(Some(&e.repository_uri)),
        scan_on_push: e
            .image_scanning_configuration
            .is_some_and(|s| s.scan_on_push),
        immutable: e
            .image_tag_mutability
            .as_deref()
            // With exceptions (`IMMUTABLE_WITH_EXCLUSION`) some of its tags may move.
            .is_some_and(|m| m == "IMMUTABLE"),
        created_at: seconds(e.created_at),
    }
}

fn image(e: ImageEntry, of: &Repository) -> Image {
    let mut scan = Scan::default();
    let summary = e.image_scan_findings_summary;
    let is_summed = summary.is_some();
    take(&mut scan, e.image_scan_status, &summary.unwrap_or_default());
    if is_summed && scan.status.is_empty() {
        // A summary without a status is one of a scan that ended.
        scan.status = "COMPLETE".into();
    }
    Image {
        repository: of.name.clone(),
        uri: of.uri.clone(),
        tags: e.image_tags.iter().map(|t| text(Some(t))).collect(),
        digest: text(Some(&e.image_digest)),
        parts: parts::is_list(e.image_manifest_media_type.as_deref()).then(Vec::new),
        bytes: e.image_size_in_bytes.0,
        pushed_at: seconds(e.image_pushed_at),
        pulled_at: seconds(e.last_recorded_pull_time),
        scan,
        findings: Vec::new(),
    }
}

fn basic(f: &Basic) -> ImageFinding {
    let of = |key: &str| {
        f.attributes
            .iter()
            .find(|a| a.key == key)
            .and_then(|a| a.value.as_deref())
    };
    ImageFinding {
        id: text(f.name.as_deref()),
        severity: text(f.severity.as_deref()),
        package: text(of("package_name")),
        version: text(of("package_version")),
        fixed_in: None,
        title: reason(f.description.as_deref()),
        first_seen_at: None,
    }
}

fn enhanced(f: &Enhanced) -> ImageFinding {
    let details = f.package_vulnerability_details.as_ref();
    let package = details.and_then(|d| d.vulnerable_packages.first());
    let fixed = package.and_then(|p| some_text(p.fixed_in_version.as_deref()));
    ImageFinding {
        id: text(
            details
                .and_then(|d| d.vulnerability_id.as_deref())
                .or(f.title.as_deref()),
        ),
        severity: text(f.severity.as_deref()),
        package: text(package.and_then(|p| p.name.as_deref())),
        version: text(package.and_then(|p| p.version.as_deref())),
        // The vendor's word for none.
        fixed_in: fixed.filter(|v| v != "NotAvailable"),
        title: reason(f.description.as_deref()),
        first_seen_at: seconds(f.first_observed_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_both_kinds_of_scans_are_read() {
        let page: FindingPage = serde_json::from_value(json!({
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {
                "imageScanCompletedAt": 1_700_000_000.5,
                "findingSeverityCounts": {"HIGH": 1, "CRITICAL": 1},
                "findings": [{"name": "CVE-1", "severity": "HIGH", "attributes": [{"key": "package_name", "value": "zlib"}, {"key": "package_version", "value": "1.2"}]}],
                "enhancedFindings": [{"severity": "CRITICAL", "firstObservedAt": 1_700_000_000.0, "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2", "vulnerablePackages": [{"name": "expat", "version": "2.5", "fixedInVersion": "2.6"}]}}]
            }
        }))
        .unwrap();
        let found = page.image_scan_findings.unwrap();
        let (one, two) = (
            basic(&found.findings[0]),
            enhanced(&found.enhanced_findings[0]),
        );
        assert_eq!(
            (one.id.as_str(), one.package.as_str(), one.first_seen_at),
            ("CVE-1", "zlib", None)
        );
        assert_eq!(
            (two.id.as_str(), two.fixed_in.as_deref()),
            ("CVE-2", Some("2.6"))
        );
        let mut scan = Scan::default();
        take(&mut scan, page.image_scan_status, &found);
        assert!(scan.is_done() && scan.count("CRITICAL") == 1 && scan.count("LOW") == 0);
    }
}
