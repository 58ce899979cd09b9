//! The vendor's shapes, as far as they are shown.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::sound::Required;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryPage {
    pub(super) repositories: Required<Vec<RepositoryEntry>>,
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RepositoryEntry {
    pub(super) repository_name: String,
    pub(super) repository_uri: String,
    pub(super) created_at: Option<f64>,
    pub(super) image_tag_mutability: Option<String>,
    pub(super) image_scanning_configuration: Option<Scanning>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Scanning {
    pub(super) scan_on_push: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImagePage {
    pub(super) image_details: Required<Vec<ImageEntry>>,
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageEntry {
    #[serde(default)]
    pub(super) image_digest: String,
    #[serde(default)]
    pub(super) image_tags: Vec<String>,
    pub(super) image_size_in_bytes: Required<u64>,
    pub(super) image_pushed_at: Option<f64>,
    pub(super) last_recorded_pull_time: Option<f64>,
    pub(super) image_scan_status: Option<Status>,
    pub(super) image_scan_findings_summary: Option<Found>,
    pub(super) image_manifest_media_type: Option<String>,
}

/// BatchGetImage.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ManifestPage {
    pub(super) images: Required<Vec<ManifestEntry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ManifestEntry {
    pub(super) image_manifest: String,
}

/// An image index (OCI image specification), or Docker's manifest list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Manifest {
    pub(super) manifests: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    pub(super) digest: String,
    pub(super) platform: Option<Platform>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Platform {
    pub(super) os: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status {
    pub(super) status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FindingPage {
    pub(super) image_scan_status: Option<Status>,
    pub(super) image_scan_findings: Option<Found>,
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Found {
    pub(super) image_scan_completed_at: Option<f64>,
    pub(super) finding_severity_counts: Option<BTreeMap<String, u64>>,
    pub(super) findings: Vec<Basic>,
    pub(super) enhanced_findings: Vec<Enhanced>,
}

/// A finding of a basic scan.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Basic {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Attribute {
    pub(super) key: String,
    pub(super) value: Option<String>,
}

/// A finding of Amazon Inspector.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Enhanced {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) first_observed_at: Option<f64>,
    pub(super) package_vulnerability_details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Details {
    pub(super) vulnerability_id: Option<String>,
    pub(super) vulnerable_packages: Vec<Package>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Package {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) fixed_in_version: Option<String>,
}

/// DescribePullThroughCacheRules.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CachePage {
    pub(super) pull_through_cache_rules: Required<Vec<CacheRule>>,
    pub next_token: Option<String>,
}

/// What is fetched from another registry when it is first pulled.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheRule {
    #[serde(default)]
    pub ecr_repository_prefix: String,
}
