//! Images and what scans found in them, after the Amazon ECR API reference (version 2015-09-21).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::order::Ordered;

/// A finding in an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageFinding {
    /// CVE id.
    pub id: String,
    /// `CRITICAL`, `HIGH`, `MEDIUM`, `LOW`, `INFORMATIONAL`, `UNDEFINED`.
    pub severity: String,
    /// Package.
    pub package: String,
    /// Version of the package in the image.
    pub version: String,
    /// Version that mends it, where there is one.
    pub fixed_in: Option<String>,
    /// In a few words.
    pub title: String,
    /// First seen in the image (UTC); basic scans do not tell.
    pub first_seen_at: Option<Timestamp>,
}

/// The last scan of an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scan {
    /// `COMPLETE`, `ACTIVE`, `PENDING`, `FAILED` ...; empty: it was never scanned.
    pub status: String,
    /// When it ended (UTC).
    pub completed_at: Option<Timestamp>,
    /// Findings by severity.
    pub counts: BTreeMap<String, u64>,
}

/// An image of a repository.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Image {
    /// Repository: `laser/api`.
    pub repository: String,
    /// The repository as images are named by it: `123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/api`.
    pub uri: String,
    /// Tags.
    pub tags: Vec<String>,
    /// `sha256:...`.
    pub digest: String,
    /// Of an index, which is a list of images and scanned as these are: their digests; none where they were not read. `None`: it is an
    /// image itself.
    pub parts: Option<Vec<String>>,
    /// Compressed size, bytes.
    pub bytes: u64,
    /// Pushed (UTC).
    pub pushed_at: Option<Timestamp>,
    /// Last pulled, to the day (UTC).
    pub pulled_at: Option<Timestamp>,
    /// Its last scan.
    pub scan: Scan,
    /// What the scan found; read for lately pushed images with findings that count.
    pub findings: Vec<ImageFinding>,
}

/// The images of a registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Registry {
    /// Repositories, by name.
    pub repositories: Vec<Repository>,
    /// Images, by repository, newest first.
    pub images: Vec<Image>,
    /// References of images that run and that their repository does not hold any more: it was asked for each of them by its tag or
    /// digest.
    pub gone: Vec<String>,
    /// What could not be read, in words.
    pub missing: Vec<String>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repository {
    /// Name.
    pub name: String,
    /// As images are named by it.
    pub uri: String,
    /// Whether images are scanned when they are pushed.
    pub scan_on_push: bool,
    /// Whether a tag stays with its image.
    pub immutable: bool,
    /// Made (UTC).
    pub created_at: Option<Timestamp>,
}

impl Repository {
    /// What a reference names in it.
    pub fn named<'r>(&self, reference: &'r str) -> Option<ImageId<'r>> {
        ImageId::of(reference.strip_prefix(self.uri.as_str())?)
    }
}

impl Scan {
    /// Whether an image was scanned, and the scan tells what it found.
    pub fn is_done(&self) -> bool {
        matches!(self.status.as_str(), "COMPLETE" | "ACTIVE") && self.completed_at.is_some()
    }

    /// Findings of a severity.
    pub fn count(&self, severity: &str) -> u64 {
        self.counts.get(severity).copied().unwrap_or(0)
    }
}

/// Where an image that runs is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place<'a> {
    /// In its repository.
    Here(&'a Image),
    /// Nowhere any more: its repository said so.
    Gone,
    /// In a repository of ours that did not tell of it.
    Unread,
    /// In another registry, which is not looked into.
    Elsewhere,
}

/// What follows a repository in a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageId<'a> {
    /// `@sha256:...`: it alone counts where a tag stands before it, too.
    Digest(&'a str),
    /// `:1.8.2`, or `latest` where nothing follows.
    Tag(&'a str),
}

/// Words of tags that follow a branch, a channel, a place or a base: what they name is pushed anew.
const MOVING: &str = "alpha alpine beta canary current default dev devel develop development edge head integration live lts main \
    mainline master next nightly preprod preview prod production qa rc release slim snapshot stable stage staging \
    stg test testing trunk uat unstable";

/// Whether a tag is one that moves, by its words: it has one of those above, and neither a version nor a commit beside it.
pub fn is_moving_tag(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    let words: Vec<&str> = tag.split(['-', '_', '.']).collect();
    let is_fixed = |w: &&str| {
        let is_commit = w.len() >= 7 && w.bytes().all(|b| b.is_ascii_hexdigit());
        is_commit || w.bytes().any(|b| b.is_ascii_digit())
    };
    words.contains(&"latest")
        || (!words.iter().any(is_fixed) && words.iter().any(|w| MOVING.split(' ').any(|m| m == *w)))
}

/// What a reference names in Amazon ECR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcrName<'a> {
    /// Whose registry: twelve digits.
    pub account: &'a str,
    /// In which region.
    pub region: &'a str,
    /// `laser/api`.
    pub repository: &'a str,
    /// The reference without tag and digest.
    pub uri: &'a str,
    /// Which image.
    pub id: ImageId<'a>,
}

impl<'a> EcrName<'a> {
    /// Reads a reference; `None` where it names another registry. Hosts, after the Amazon ECR user guide ("Private registries"):
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com` (`ecr-fips`, `.cn`), dual-stack `ACCOUNT.dkr-ecr.REGION.on.aws`.
    pub fn of(reference: &'a str) -> Option<Self> {
        let (host, path) = reference.split_once('/')?;
        let (account, rest) = host.split_once('.')?;
        let plain = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
        let rest = plain.iter().find_map(|p| rest.strip_prefix(p))?;
        let (region, domain) = rest.split_once('.')?;
        let ours = [
            "amazonaws.com",
            "amazonaws.com.cn",
            "amazonaws.eu",
            "on.aws",
            "on.amazonwebservices.com.cn",
        ];
        let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !digits || !ours.contains(&domain) {
            return None;
        }
        let end = path.find([':', '@']).unwrap_or(path.len());
        let (repository, id) = path.split_at_checked(end)?;
        Some(Self {
            account,
            region,
            repository,
            uri: reference.strip_suffix(id)?,
            id: ImageId::of(id)?,
        })
    }
}

/// What a registry says of an image that somebody wants to deploy.
#[derive(Clone, Debug, PartialEq)]
pub enum LookUp {
    /// It is there.
    Here {
        /// As its registry tells it.
        image: Box<Image>,
        /// Why what a scan found could not be read, where it could not.
        unread_scan: Option<String>,
    },
    /// Its repository is there, and does not hold it.
    Absent {
        /// The repository's name.
        repository: String,
        /// Its newest tags.
        newest: Vec<String>,
        /// Whether it holds more than was read, so that there may be newer ones.
        cut: bool,
    },
    /// There is no such repository.
    NoRepository(String),
    /// It is not there, and this repository fetches what is asked for from another registry.
    Cache(String),
    /// It is not there, and nobody could tell whether this repository fetches what is asked for from another registry.
    MaybeCache {
        /// The repository's name.
        repository: String,
        /// Why that could not be told.
        why: String,
    },
    /// It is in Amazon ECR of this other region.
    Abroad(String),
    /// It is in another registry.
    Elsewhere,
}

/// The newest tags of images, one an image, the newest first.
pub fn newest_tags<'a>(images: impl IntoIterator<Item = &'a Image>, most: usize) -> Vec<String> {
    let mut tagged: Vec<_> = (images.into_iter())
        .filter_map(|i| Some((i.pushed_at, i.tag()?)))
        .collect();
    tagged.order_by(|a, b| b.cmp(a));
    (tagged.into_iter().take(most))
        .map(|(_, tag)| tag.to_owned())
        .collect()
}

impl<'a> ImageId<'a> {
    /// Reads it; `None` where the repository's name goes on.
    pub fn of(rest: &'a str) -> Option<Self> {
        match (rest.split_once('@'), rest.strip_prefix(':')) {
            (Some((tag, digest)), _) if tag.is_empty() || tag.starts_with(':') => {
                Some(Self::Digest(digest))
            }
            (None, Some(tag)) => Some(Self::Tag(tag)),
            _ => rest.is_empty().then_some(Self::Tag("latest")),
        }
    }
}

impl Image {
    /// Whether a reference in a task definition (`uri:tag`, `uri@digest`) means it.
    pub fn is(&self, reference: &str) -> bool {
        let Some(rest) = reference.strip_prefix(self.uri.as_str()) else {
            return false;
        };
        match ImageId::of(rest) {
            Some(ImageId::Digest(digest)) => digest == self.digest,
            Some(ImageId::Tag(tag)) => self.tags.iter().any(|t| t == tag),
            None => false,
        }
    }

    /// Whether it is an index of which nobody told the images: whether they were scanned is not known.
    pub fn is_untold_index(&self) -> bool {
        self.parts.as_ref().is_some_and(Vec::is_empty) && !self.scan.is_done()
    }

    /// The digest's first digits.
    pub fn short(&self) -> &str {
        let digits = self
            .digest
            .split_once(':')
            .map_or(self.digest.as_str(), |(_, d)| d);
        digits.get(..12).unwrap_or(digits)
    }

    /// The commit that it was built from, where one of its tags names it.
    pub fn commit(&self) -> Option<&str> {
        self.tags.iter().find_map(|tag| commit_of_tag(tag))
    }

    /// A tag to call it by: the first that is no digest of a commit.
    pub fn tag(&self) -> Option<&str> {
        let plain = self.tags.iter().find(|t| !t.starts_with("sha-"));
        plain.or(self.tags.first()).map(String::as_str)
    }
}

/// The commit that a tag names: `sha-218cc01` as build actions write it, or the digits of a commit alone. Digits that may be a date or
/// a build's number name none.
pub fn commit_of_tag(tag: &str) -> Option<&str> {
    let marks = ["sha-", "git-", "commit-"];
    let marked = marks.iter().find_map(|mark| tag.strip_prefix(mark));
    let digits = marked.unwrap_or(tag);
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let hex = (7..=40).contains(&digits.len()) && digits.bytes().all(is_hex);
    let mixed = || {
        let number = digits.bytes().filter(u8::is_ascii_digit).count();
        number > 0 && number < digits.len()
    };
    (hex && (marked.is_some() || digits.len() == 40 || mixed())).then_some(digits)
}

/// Why the commit of an image is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCommit {
    /// None of its tags names one.
    Untagged,
    /// The registry does not hold it any more.
    Gone,
    /// It is in no registry that is asked.
    Elsewhere,
    /// Its repository was not read.
    Unread,
}

impl NoCommit {
    /// In a sentence's part.
    pub fn why(self) -> &'static str {
        match self {
            Self::Untagged => "no tag of its image names one",
            Self::Gone => "its registry does not hold the image any more",
            Self::Elsewhere => "its image is in a registry that is not asked",
            Self::Unread => "its repository was not read",
        }
    }

    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Untagged => "no tag",
            Self::Gone => "gone",
            Self::Elsewhere => "elsewhere",
            Self::Unread => "unread",
        }
    }
}

impl Registry {
    /// The commit that the image of a reference was built from: as its own tag names it, else another tag of the same image.
    pub fn commit<'a>(&'a self, reference: &'a str) -> Result<&'a str, NoCommit> {
        if let Some(commit) = commit_of_tag(super::service::image_tag(reference)) {
            return Ok(commit);
        }
        match self.place(reference) {
            Place::Here(image) => image.commit().ok_or(NoCommit::Untagged),
            Place::Gone => Err(NoCommit::Gone),
            Place::Unread => Err(NoCommit::Unread),
            Place::Elsewhere => Err(NoCommit::Elsewhere),
        }
    }

    /// Where the image of a reference is.
    pub fn place(&self, reference: &str) -> Place<'_> {
        if let Some(image) = self.find(reference) {
            return Place::Here(image);
        }
        let ours = |r: &Repository| r.named(reference).is_some();
        match self.gone.iter().any(|g| g == reference) {
            true => Place::Gone,
            false if self.repositories.iter().any(ours) => Place::Unread,
            false => Place::Elsewhere,
        }
    }

    /// The images of the repository that a reference is of.
    pub fn beside<'r>(&'r self, reference: &'r str) -> impl Iterator<Item = &'r Image> {
        self.images.iter().filter(move |i| {
            let rest = reference.strip_prefix(i.uri.as_str());
            rest.and_then(ImageId::of).is_some()
        })
    }

    /// The image that a reference means.
    pub fn find(&self, reference: &str) -> Option<&Image> {
        self.images.iter().find(|i| i.is(reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_moves_by_its_words_where_no_version_or_commit_stands_beside_them() {
        for tag in [
            "latest",
            "main",
            "Prod",
            "stable-alpine",
            "latest-1.2",
            "dev",
        ] {
            assert!(is_moving_tag(tag), "{tag}");
        }
        for tag in ["1.8.2", "main-218cc01", "dev-deadbee", "20-alpine", "jammy"] {
            assert!(!is_moving_tag(tag), "{tag}");
        }
    }

    #[test]
    fn a_commit_is_what_a_tag_names_as_one() {
        let full = "218cc01d9e4b5a6f7c8d9e0f1a2b3c4d5e6f7a8b";
        for (tag, commit) in [
            ("sha-218cc01", Some("218cc01")),
            ("git-2180001", Some("2180001")),
            ("218cc01", Some("218cc01")),
            (full, Some(full)),
            ("1.8.2", None),
            ("20261126", None),
            ("defaced", None),
            ("sha-218cc", None),
            ("latest", None),
        ] {
            assert_eq!(commit_of_tag(tag), commit, "{tag}");
        }
    }

    #[test]
    fn references_of_a_private_registry_are_read_and_no_others() {
        let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let reference = format!("{host}/laser/api:1.8.2");
        let name = EcrName::of(&reference).unwrap();
        assert_eq!(name.account, "123456789012");
        assert_eq!((name.region, name.repository), ("eu-west-1", "laser/api"));
        assert_eq!(name.uri, format!("{host}/laser/api"));
        assert_eq!(name.id, ImageId::Tag("1.8.2"));
        for good in [
            format!("{host}/a"),
            format!("{host}/a@sha256:00"),
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a:1".into(),
            "123456789012.dkr-ecr.us-east-1.on.aws/a:1".into(),
        ] {
            assert!(EcrName::of(&good).is_some(), "{good}");
        }
        for other in [
            "nginx:1",
            "public.ecr.aws/nginx/nginx:1",
            "1.dkr.ecr.us-east-1.amazonaws.com/a:1",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example/a:1",
        ] {
            assert_eq!(EcrName::of(other), None, "{other}");
        }
    }

    #[test]
    fn references_find_their_image_by_tag_and_by_digest() {
        let image = Image {
            repository: "laser/api".into(),
            uri: "r.example/laser/api".into(),
            tags: vec!["sha-1".into(), "1.8.2".into()],
            digest: "sha256:aa11".into(),
            parts: None,
            bytes: 1,
            pushed_at: None,
            pulled_at: None,
            scan: Scan::default(),
            findings: Vec::new(),
        };
        for good in [
            "r.example/laser/api:1.8.2",
            "r.example/laser/api@sha256:aa11",
            "r.example/laser/api:1.8.2@sha256:aa11",
            // The tag is of another image by now: what runs is told by the digest.
            "r.example/laser/api:1.8.1@sha256:aa11",
        ] {
            assert!(image.is(good), "{good}");
        }
        for other in [
            "r.example/laser/api",
            "r.example/laser/api:1.8.20",
            "r.example/laser/api-admin:1.8.2",
            "r.example/laser/api:1.8.2@sha256:bb",
        ] {
            assert!(!image.is(other), "{other}");
        }
        assert_eq!((image.tag(), image.short()), (Some("1.8.2"), "aa11"));
    }
}
