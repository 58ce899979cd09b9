//! ECR (AWS JSON 1.1, target `AmazonEC2ContainerRegistry_V20150921`): the images that the platform's task definitions name, with
//! what the scanner found in them. Scanning is the enhanced one: findings carry the time they were first seen.

mod findings;

use sha2::{Digest, Sha256};

use crate::wire::{ApiError, Node, list, map};
use crate::world::{World, names};
use findings::{Finding, SEVERITIES};

/// Story seconds from a push until its first scan has ended.
const SCAN_S: f64 = 90.0;
const DAY_S: f64 = 86_400.0;
/// Seconds from one build of a repository to the next at least.
const APART_S: f64 = 3_600.0;

/// Images that were built and wait to be released: repository, tag, hours since the push. One that ends in `-bad` fails its health
/// check once it runs.
const WAITING: &[(&str, &str, f64)] = &[
    ("laser/api", "1.9.0-rc.1", 5.0),
    ("laser/api", "1.8.4-bad", 7.0),
];

/// An image.
struct Image {
    repository: String,
    tags: Vec<String>,
    digest: String,
    bytes: u64,
    pushed: f64,
    pulled: Option<f64>,
    /// When the last scan ended; `None`: it has not been scanned yet.
    scanned: Option<f64>,
    findings: Vec<&'static Finding>,
}

/// Answers an operation.
///
/// # Errors
/// The vendor's own.
pub fn handle(operation: &str, input: &Node, world: &World, told: bool) -> Result<Node, ApiError> {
    match operation {
        "DescribeRepositories" => repositories(input, world, told),
        "DescribeImages" => describe(input, world, told),
        // No repository is a cache of another registry.
        "DescribePullThroughCacheRules" => Ok(page("pullThroughCacheRules", Vec::new(), input)),
        "DescribeImageScanFindings" => scan(input, world, told),
        other => Err(ApiError::unknown_operation(other)),
    }
}

/// The account's registry, as images are named by it.
fn registry() -> String {
    format!("{}.dkr.ecr.{}.amazonaws.com", names::ACCOUNT, names::REGION)
}

/// Names of the repositories, such as `laser/api`.
fn known(world: &World, told: bool) -> Vec<String> {
    let prefix = format!("{}/", registry());
    let mut all: Vec<String> = world
        .repositories
        .iter()
        .filter_map(|r| r.strip_prefix(&prefix))
        .map(str::to_owned)
        .collect();
    all.sort();
    if told { all } else { Vec::new() }
}

/// The images of a repository: what was ever registered, and what waits to be released.
fn images(world: &World, repository: &str) -> Vec<Image> {
    let prefix = format!("{}/{repository}:", registry());
    let mut found: Vec<Image> = Vec::new();
    for definition in world.definitions.values().flatten() {
        let Some(tag) = definition.image.strip_prefix(&prefix) else {
            continue;
        };
        let at = definition
            .shown
            .get("registeredAt")
            .as_time()
            .unwrap_or_else(|| world.begun());
        match found.iter_mut().find(|i| i.tags.iter().any(|t| t == tag)) {
            // Built once, however often it is registered.
            Some(image) => {
                image.pushed = image.pushed.min(at - 600.0);
                image.pulled = image.pulled.map(|p| p.max(at));
            }
            None => found.push(image(repository, tag, at - 600.0, Some(at))),
        }
    }
    for (of, tag, hours) in WAITING {
        if repository != *of {
            continue;
        }
        let pushed = world.begun() - hours * 3_600.0;
        match found.iter_mut().find(|i| i.tags.iter().any(|t| t == tag)) {
            // Released meanwhile, which does not push it again.
            Some(image) => image.pushed = image.pushed.min(pushed),
            None => found.push(image(repository, tag, pushed, None)),
        }
    }
    // Built one after the other, even where an environment registered some of them at once.
    found.sort_by(|a, b| b.pushed.total_cmp(&a.pushed).then(b.tags.cmp(&a.tags)));
    let mut newer = f64::INFINITY;
    for image in &mut found {
        image.pushed = image.pushed.min(newer - APART_S);
        newer = image.pushed;
    }
    let now = world.stamp();
    for image in &mut found {
        let first = image.pushed + SCAN_S / world.speed;
        // Seen again every day, as the scanner's sources change.
        image.scanned = (now >= first).then(|| first + ((now - first) / DAY_S).floor() * DAY_S);
    }
    found
}

fn hashed(repository: &str, tag: &str) -> String {
    hex::encode(Sha256::digest(format!("{repository}:{tag}")))
}

/// The digest of an image of this registry, by its whole name: what ECS resolves its tag to.
pub fn digest_of(image: &str) -> Option<String> {
    let name = image.strip_prefix(&format!("{}/", registry()))?;
    if let Some((_, digest)) = name.split_once('@') {
        return Some(digest.to_owned());
    }
    let (repository, tag) = name.rsplit_once(':')?;
    Some(format!("sha256:{}", hashed(repository, tag)))
}

fn image(repository: &str, tag: &str, pushed: f64, pulled: Option<f64>) -> Image {
    let digest = hashed(repository, tag);
    let megabytes = match repository.rsplit('/').next().unwrap_or_default() {
        "pdf-render" => 612,
        "calculator" => 203,
        "worker" => 151,
        "api" => 148,
        "admin" => 96,
        _ => 88,
    };
    // A few megabytes more or less from build to build.
    let spread = digest.bytes().take(6).map(u64::from).sum::<u64>() * 9_973;
    let service = repository.rsplit('/').next().unwrap_or_default();
    let commit = super::github::commit_of(service, &format!("{repository}:{tag}"));
    Image {
        repository: repository.to_owned(),
        tags: vec![
            tag.to_owned(),
            format!("sha-{}", commit.get(..7).unwrap_or_default()),
        ],
        digest: format!("sha256:{digest}"),
        bytes: megabytes * 1_000_000 + spread,
        pushed,
        pulled,
        scanned: None,
        findings: findings::of(repository, tag),
    }
}

fn repositories(input: &Node, world: &World, told: bool) -> Result<Node, ApiError> {
    let all = known(world, told);
    let wanted = input.get("repositoryNames").as_strs();
    if let Some(name) = wanted.iter().find(|w| !all.iter().any(|r| r == *w)) {
        return Err(no_repository(name));
    }
    let shown = all
        .iter()
        .filter(|r| wanted.is_empty() || wanted.contains(&r.as_str()));
    let shown = shown.map(|name| {
        map([
            (
                "repositoryArn",
                format!(
                    "arn:aws:ecr:{}:{}:repository/{name}",
                    names::REGION,
                    names::ACCOUNT
                )
                .into(),
            ),
            ("registryId", names::ACCOUNT.into()),
            ("repositoryName", Node::from(name)),
            ("repositoryUri", format!("{}/{name}", registry()).into()),
            ("createdAt", Node::Time(world.begun() - 340.0 * DAY_S)),
            ("imageTagMutability", "IMMUTABLE".into()),
            (
                "imageScanningConfiguration",
                map([("scanOnPush", true.into())]),
            ),
            (
                "encryptionConfiguration",
                map([("encryptionType", "AES256".into())]),
            ),
        ])
    });
    Ok(page("repositories", shown.collect(), input))
}

fn no_repository(name: &str) -> ApiError {
    let why = format!(
        "The repository with name '{name}' does not exist in the registry with id '{}'",
        names::ACCOUNT
    );
    ApiError::new("RepositoryNotFoundException", why)
}

/// Images of the repository that a call names.
fn asked(input: &Node, world: &World, told: bool) -> Result<Vec<Image>, ApiError> {
    let name = input.get("repositoryName").as_text().unwrap_or_default();
    if !known(world, told).iter().any(|r| r == name) {
        return Err(no_repository(name));
    }
    Ok(images(world, name))
}

/// Whether an image is the one that an id means.
fn is(image: &Image, id: &Node) -> bool {
    let digest = id.get("imageDigest").as_text();
    let tag = id.get("imageTag").as_text();
    (digest.is_some() || tag.is_some())
        && digest.is_none_or(|d| d == image.digest)
        && tag.is_none_or(|t| image.tags.iter().any(|known| known == t))
}

fn no_image(id: &Node, repository: &str) -> ApiError {
    let text = |name: &str| id.get(name).as_text().unwrap_or("null").to_owned();
    let why = format!(
        "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{repository}' in the registry with id '{}'",
        text("imageDigest"),
        text("imageTag"),
        names::ACCOUNT
    );
    ApiError::new("ImageNotFoundException", why)
}

fn describe(input: &Node, world: &World, told: bool) -> Result<Node, ApiError> {
    let mut all = asked(input, world, told)?;
    let ids = input.get("imageIds").as_list();
    let repository = input.get("repositoryName").as_text().unwrap_or_default();
    if let Some(id) = ids.iter().find(|id| !all.iter().any(|i| is(i, id))) {
        return Err(no_image(id, repository));
    }
    all.retain(|image| ids.is_empty() || ids.iter().any(|id| is(image, id)));
    if input.get("filter").get("tagStatus").as_text() == Some("UNTAGGED") {
        all.clear();
    }
    Ok(page(
        "imageDetails",
        all.iter().map(Image::show).collect(),
        input,
    ))
}

fn scan(input: &Node, world: &World, told: bool) -> Result<Node, ApiError> {
    let all = asked(input, world, told)?;
    let id = input.get("imageId");
    let found = all.iter().find(|i| is(i, id));
    let image = found.ok_or_else(|| {
        no_image(
            id,
            input.get("repositoryName").as_text().unwrap_or_default(),
        )
    })?;
    let id = map([
        ("imageDigest", Node::from(&image.digest)),
        ("imageTag", image.tags.first().into()),
    ]);
    let mut members = vec![
        ("registryId".to_owned(), names::ACCOUNT.into()),
        ("repositoryName".to_owned(), Node::from(&image.repository)),
        ("imageId".to_owned(), id),
        ("imageScanStatus".to_owned(), image.status()),
    ];
    let Some(at) = image.scanned else {
        return Ok(Node::Map(members));
    };
    let start = start(input);
    let shown = image.findings.iter().skip(start).take(size(input));
    let shown = list(shown.map(|f| f.show(image.pushed, at, &image.digest)));
    let next =
        (start + size(input) < image.findings.len()).then(|| (start + size(input)).to_string());
    let findings = image.summary(at).with("enhancedFindings", shown);
    members.push(("imageScanFindings".to_owned(), findings));
    members.push(("nextToken".to_owned(), next.into()));
    Ok(Node::Map(members))
}

impl Image {
    fn status(&self) -> Node {
        let (status, why) = match self.scanned {
            Some(_) => ("ACTIVE", "Continuous scan is selected for image."),
            None => ("PENDING", "The image is pending its initial scan."),
        };
        map([("status", status.into()), ("description", why.into())])
    }

    fn summary(&self, at: f64) -> Node {
        let counts = SEVERITIES.iter().filter_map(|severity| {
            let count = self
                .findings
                .iter()
                .filter(|f| f.severity == *severity)
                .count();
            (count > 0).then(|| ((*severity).to_owned(), Node::from(count)))
        });
        map([
            ("imageScanCompletedAt", Node::Time(at)),
            ("vulnerabilitySourceUpdatedAt", Node::Time(at)),
            ("findingSeverityCounts", Node::Map(counts.collect())),
        ])
    }

    fn show(&self) -> Node {
        map([
            ("registryId", names::ACCOUNT.into()),
            ("repositoryName", Node::from(&self.repository)),
            ("imageDigest", Node::from(&self.digest)),
            ("imageTags", list(&self.tags)),
            ("imageSizeInBytes", self.bytes.into()),
            ("imagePushedAt", Node::Time(self.pushed)),
            ("imageScanStatus", self.status()),
            (
                "imageScanFindingsSummary",
                self.scanned.map_or(Node::Null, |at| self.summary(at)),
            ),
            (
                "imageManifestMediaType",
                "application/vnd.oci.image.manifest.v1+json".into(),
            ),
            (
                "artifactMediaType",
                "application/vnd.oci.image.config.v1+json".into(),
            ),
            (
                "lastRecordedPullTime",
                self.pulled.map_or(Node::Null, Node::Time),
            ),
        ])
    }
}

fn start(input: &Node) -> usize {
    input
        .get("nextToken")
        .as_text()
        .and_then(|t| t.parse().ok())
        .unwrap_or(0)
}

fn size(input: &Node) -> usize {
    let size = input
        .get("maxResults")
        .as_i64()
        .and_then(|n| usize::try_from(n).ok());
    size.unwrap_or(100).clamp(1, 1_000)
}

/// A page of a list.
fn page(name: &str, all: Vec<Node>, input: &Node) -> Node {
    let (start, size) = (start(input), size(input));
    let next = (start + size < all.len()).then(|| (start + size).to_string());
    map([
        (
            name,
            Node::List(all.into_iter().skip(start).take(size).collect()),
        ),
        ("nextToken", next.into()),
    ])
}
