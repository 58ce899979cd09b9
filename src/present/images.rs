//! Images: which run, what scans found in them, and what else there is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;

use super::words::{ago, bytes, count};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::digests::{By, Resolved};
use crate::domain::facts::Facts;
use crate::domain::image::{Image, ImageFinding, Place, Registry};
use crate::domain::order::Ordered;
use crate::domain::service::image_tag;
use crate::domain::severity::Severity;

pub(super) const VIEW: View = View {
    id: "images",
    title: "Images",
    doc: "ECR images: which run where, size, age, and what scans found, by severity",
    group: Group::Safety,
    lines: &["ecr"],
    needs: &["registry", "services", "definitions"],
    make: Make::Facts(make),
};

const RUNNING_HEADS: &[Head] = &[
    Head::left("image", 22).grow(2),
    Head::left("runs in", 18).grow(2),
    Head::left("digest", 12).drop(3),
    Head::right("size", 8).drop(1),
    Head::right("pushed", 7),
    Head::left("scanned", 9),
    Head::right("critical", 8),
    Head::right("high", 5),
    Head::right("medium", 6).drop(1),
    Head::right("low", 5).drop(2),
];
const FINDING_HEADS: &[Head] = &[
    Head::left("finding", 16),
    Head::left("severity", 9),
    Head::left("image", 20).grow(1),
    Head::left("package", 18).grow(1),
    Head::left("mended in", 16).grow(1),
    Head::right("known", 6).drop(1),
    Head::left("what", 14).grow(3).drop(1),
];
const IMAGE_HEADS: &[Head] = &[
    Head::left("repository", 18).grow(1),
    Head::left("tags", 18).grow(2),
    Head::left("digest", 12).drop(2),
    Head::right("size", 8),
    Head::right("pushed", 7),
    Head::right("pulled", 7).drop(3),
    Head::left("scanned", 9),
    Head::right("critical", 8),
    Head::right("high", 5),
    Head::right("medium", 6).drop(1),
];

/// What is said of the image that has a tag now, where nobody told which image of it runs.
const UNTOLD: &str = "the tag's image now: which runs nobody told";

/// Which of the images runs that a reference meant in turn.
enum Which {
    /// The one that it means now.
    Named,
    /// One that its tag meant before, and what is said of it.
    Moved(String),
    /// Nobody told: perhaps the one that has its tag now.
    Perhaps,
}

/// An image that runs, or may, as task definitions name it.
struct Running<'a> {
    reference: &'a str,
    by: By<'a>,
    which: Which,
    place: Place<'a>,
    /// The services that run it.
    services: Vec<String>,
}

impl<'a> Running<'a> {
    fn of(
        registry: &'a Registry,
        reference: &'a str,
        by: By<'a>,
        mut services: Vec<String>,
    ) -> Self {
        services.dedup();
        let (note, place) = by.image(registry, reference);
        let which = match by {
            By::Nothing => Which::Perhaps,
            By::Name | By::Digest(_) if note.is_empty() => Which::Named,
            By::Name | By::Digest(_) => Which::Moved(note),
        };
        Self {
            reference,
            by,
            which,
            // What the tag means now may run, and its faults with it: to leave them out would call it clean.
            place: place.unwrap_or_else(|| registry.place(reference)),
            services,
        }
    }

    fn is_told(&self) -> bool {
        !matches!(self.which, Which::Perhaps)
    }

    /// What tells its row from all others. One tag may have two images that run: that which has it now, and the one before. The former may
    /// run where that is told, and where it is not.
    fn id(&self) -> String {
        let reference = self.reference;
        match (self.place, &self.which, self.by) {
            (Place::Here(_), Which::Named, _) => reference.to_owned(),
            (Place::Here(_), Which::Perhaps, _) => format!("{reference}?"),
            (Place::Here(image), Which::Moved(_), _) => format!("{reference}@{}", image.digest),
            (_, _, By::Digest(digest)) => format!("{reference}@{digest}"),
            (_, _, By::Name | By::Nothing) => reference.to_owned(),
        }
    }

    /// What it is called where its registry tells of it.
    fn name(&self, image: &Image) -> String {
        let repository = &image.repository;
        match &self.which {
            Which::Named => called(image),
            Which::Moved(note) => format!("{repository} ({note})"),
            Which::Perhaps => format!("{repository}:{} ({UNTOLD})", image_tag(self.reference)),
        }
    }
}

/// Images that run, by their reference in task definitions and by what they are told, with the services that run them. A tag that may
/// move is told by what ECS resolved it to: the image that has it now may run nowhere.
fn running<'a>(facts: &'a Facts, registry: &'a Registry) -> Vec<Running<'a>> {
    let resolved = Resolved::of(facts);
    let mut all: BTreeMap<(&str, By<'_>), Vec<String>> = BTreeMap::new();
    for service in facts.service_rows() {
        let Some(definition) = facts.task_definition(service) else {
            continue;
        };
        for container in &definition.containers {
            for by in resolved.told_by(registry, service, &container.image) {
                let services = all.entry((container.image.as_str(), by)).or_default();
                services.push(service.id.to_string());
            }
        }
    }
    let all = all.into_iter();
    all.map(|((reference, by), services)| Running::of(registry, reference, by, services))
        .collect()
}

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.registry;
    let section =
        |name, title: &str, heads, empty| Section::of(part, now, name, title, heads, empty);
    let mut runs = section(
        "running",
        "Images that run",
        RUNNING_HEADS,
        "No service runs an image of this registry.",
    );
    let mut findings = section(
        "findings",
        "Findings in images that run",
        FINDING_HEADS,
        "No finding that counts.",
    );
    let mut images = section(
        "images",
        "Images",
        IMAGE_HEADS,
        "No images: ECR holds none in this account and region.",
    );
    if let Some(registry) = part.value.as_deref() {
        let all = running(facts, registry);
        tell_running(&mut runs, &all, now);
        tell_findings(&mut findings, &all, now);
        tell_images(&mut images, registry, now);
    }
    vec![runs, findings, images]
}

fn tell_running(section: &mut Section, all: &[Running<'_>], now: Timestamp) {
    // Images that run with a critical finding; those that may, where nobody told which image of a tag runs.
    let (mut critical, mut may_be_critical) = (0, 0);
    for one in all {
        let (reference, services) = (one.reference, &one.services);
        // An image of another registry cannot be looked into here; one of this registry that is gone cannot be started again.
        let Place::Here(image) = one.place else {
            let thing = json!({"reference": reference, "services": services, "image": null});
            section.row(one.id(), strange_cells(one), &thing);
            continue;
        };
        let thing = json!({
            "reference": reference, "services": services, "image": image, "image_told": one.is_told(),
        });
        section.row(one.id(), running_cells(one, image, now), &thing);
        section.found(oldest(image));
        let is_critical = usize::from(image.scan.count("CRITICAL") > 0);
        match one.is_told() {
            true => critical += is_critical,
            false => may_be_critical += is_critical,
        }
    }
    // Worst first.
    section
        .rows
        .order_by_key(|r| std::cmp::Reverse(r.cells.iter().map(|c| c.tone.weight()).max()));
    if critical > 0 {
        let images = count(critical, "image");
        let run = if critical == 1 { "runs" } else { "run" };
        section.note(
            format!("{images} that {run} with a critical finding"),
            Tone::Bad,
        );
    }
    if may_be_critical > 0 {
        let images = count(may_be_critical, "image");
        let has = if may_be_critical == 1 { "has" } else { "have" };
        section.note(
            format!("{images} that may run {has} a critical finding"),
            Tone::Warn,
        );
    }
}

fn tell_findings(section: &mut Section, all: &[Running<'_>], now: Timestamp) {
    let mut told = BTreeSet::new();
    for one in all {
        if let Place::Here(image) = one.place
            && told.insert((&image.repository, &image.digest))
        {
            tell_findings_of(section, image, now);
        }
    }
    let is_untold = |one: &&Running<'_>| !one.is_told() && one.place != Place::Gone;
    let untold = all.iter().filter(is_untold).count();
    if untold > 0 {
        let tags = count(untold, "tag");
        section.note(
            format!("which image of {tags} runs is not told"),
            Tone::Unknown,
        );
    }
}

fn tell_images(section: &mut Section, registry: &Registry, now: Timestamp) {
    for image in &registry.images {
        let id = format!("{}@{}", image.repository, image.digest);
        section.row(id, image_cells(image, now), image);
    }
    for why in &registry.missing {
        section.note(why, Tone::Unknown);
    }
}

fn called(image: &Image) -> String {
    format!("{}:{}", image.repository, image.tag().unwrap_or("-"))
}

fn number(image: &Image, severity: &str, tone: Tone) -> Cell {
    match image.scan.is_done() {
        false => Cell::new("?", Tone::Plain),
        true => match image.scan.count(severity) {
            0 => Cell::plain("0"),
            n => Cell::new(n.to_string(), tone),
        },
    }
}

/// When it was scanned, or that it was not.
fn scanned(image: &Image, runs: bool, now: Timestamp) -> Cell {
    let tone = if runs { Tone::Warn } else { Tone::Muted };
    match (image.scan.is_done(), image.scan.status.as_str()) {
        // ECR scans what an index lists.
        _ if image.is_untold_index() => Cell::new("an index", Tone::Unknown),
        (true, _) => Cell::ago(image.scan.completed_at, now),
        (false, "") => Cell::new("never", tone),
        (false, "PENDING" | "IN_PROGRESS") => Cell::new("scanning", Tone::Info),
        (false, other) => Cell::new(other.to_lowercase(), tone),
    }
}

fn running_cells(one: &Running<'_>, image: &Image, now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::name(one.name(image)),
        Cell::plain(one.services.join(", ")),
        Cell::muted(image.short()),
        Cell::plain(bytes(image.bytes)),
        Cell::ago(image.pushed_at, now),
        scanned(image, true, now),
        number(image, "CRITICAL", Tone::Bad),
        number(image, "HIGH", Tone::Warn),
        number(image, "MEDIUM", Tone::Plain),
        number(image, "LOW", Tone::Plain),
    ]
}

fn strange_cells(one: &Running<'_>) -> Vec<Cell> {
    let mut cells = vec![
        Cell::name(one.reference),
        Cell::plain(one.services.join(", ")),
        match one.place {
            Place::Gone => Cell::new("not there", Tone::Bad),
            Place::Elsewhere => Cell::new("elsewhere", Tone::Unknown),
            Place::Unread | Place::Here(_) => Cell::new("not told", Tone::Unknown),
        },
    ];
    cells.resize_with(RUNNING_HEADS.len(), || Cell::plain("-"));
    cells
}

fn tell_findings_of(section: &mut Section, image: &Image, now: Timestamp) {
    let rank = |severity: &str| match severity {
        "CRITICAL" => 0,
        "HIGH" => 1,
        "MEDIUM" => 2,
        _ => 3,
    };
    let mut all: Vec<_> = image.findings.iter().collect();
    all.order_by_key(|f| (rank(&f.severity), f.id.clone()));
    for f in all {
        let tone = match f.severity.as_str() {
            "CRITICAL" => Tone::Bad,
            "HIGH" => Tone::Warn,
            _ => Tone::Plain,
        };
        // The age of a basic scan's finding is not told; its scan's age is the least that it can be.
        let known = f
            .first_seen_at
            .map_or_else(|| "-".to_owned(), |at| ago(Some(at), now));
        let row = vec![
            Cell::name(&f.id),
            Cell::new(f.severity.to_lowercase(), tone),
            Cell::plain(called(image)),
            Cell::plain(format!("{} {}", f.package, f.version)),
            Cell::plain(f.fixed_in.as_deref().unwrap_or("-")),
            Cell::plain(known),
            Cell::muted(&f.title),
        ];
        let thing = json!({"image": called(image), "digest": image.digest, "finding": f});
        section.row(
            format!("{}/{}/{}", image.digest, f.id, f.package),
            row,
            &thing,
        );
        let what = format!("{} in {} {}", f.id, f.package, f.version);
        section.found(Found {
            since: f.first_seen_at.or(image.scan.completed_at),
            at_least: f.first_seen_at.is_none(),
            ..Found::finding(Severity::parse(&f.severity), &what, &called(image))
        });
    }
}

/// Since when an image has findings that count: the oldest of the worst.
fn oldest(image: &Image) -> Found {
    let counts = |f: &&ImageFinding| Severity::parse(&f.severity) >= Severity::High;
    let seen = image.findings.iter().filter(counts);
    let since = seen.clone().filter_map(|f| f.first_seen_at).min();
    let of = |severity: Severity| {
        let n = seen
            .clone()
            .filter(|f| Severity::parse(&f.severity) == severity);
        n.count()
    };
    let told = [Severity::Critical, Severity::High].map(|s| (of(s), s.word()));
    let told = told.into_iter().filter(|(n, _)| *n > 0);
    let told = told.map(|(n, word)| count(n, &format!("{word} finding")));
    let told: Vec<String> = told.collect();
    Found {
        severity: seen.map(|f| Severity::parse(&f.severity)).max(),
        since: since.or(image.scan.completed_at),
        at_least: since.is_none(),
        ..Found::all(&told)
    }
}

fn image_cells(image: &Image, now: Timestamp) -> Vec<Cell> {
    let tags = if image.tags.is_empty() {
        "(untagged)".to_owned()
    } else {
        image.tags.join(", ")
    };
    vec![
        Cell::plain(&image.repository),
        Cell::name(tags),
        Cell::muted(image.short()),
        Cell::plain(bytes(image.bytes)),
        Cell::ago(image.pushed_at, now),
        Cell::ago(image.pulled_at, now),
        scanned(image, false, now),
        // What does not run harms nobody: it is said, not warned of.
        number(image, "CRITICAL", Tone::Strong),
        number(image, "HIGH", Tone::Plain),
        number(image, "MEDIUM", Tone::Plain),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::clusters::tests::service;
    use super::*;
    use crate::domain::image::{Repository, Scan};
    use crate::domain::part::Part;
    use crate::domain::service::{ContainerSpec, RevisionTasks, TaskCounts, TaskDefinition};

    const URI: &str = "1.dkr.ecr.home.amazonaws.com/api";
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn part<T>(value: T) -> Part<T> {
        Part::answered(value, NOW, "system:Question", Duration::from_secs(60))
    }

    /// A service that runs `api:main`, a tag that may move and has an image with a critical finding, and what ECS resolved it to. There is
    /// another image without a tag.
    fn page(digests: &[&str]) -> Vec<Section> {
        let reference = format!("{URI}:main");
        let mut services = Vec::new();
        for (n, digest) in digests.iter().enumerate() {
            let mut service = service();
            service.id.name = format!("api-{n}");
            let told = Some((reference.clone(), (*digest).to_owned()));
            service.revisions = vec![RevisionTasks {
                arn: format!("arn:service-revision/{n}"),
                counts: TaskCounts::default(),
                digests: told.filter(|(_, d)| !d.is_empty()).into_iter().collect(),
            }];
            services.push(Arc::new(service));
        }
        let definition = TaskDefinition {
            revision: service().revision,
            status: "ACTIVE".into(),
            cpu_units: None,
            memory_mib: None,
            containers: vec![ContainerSpec {
                name: "api".into(),
                image: reference,
                ..ContainerSpec::default()
            }],
            registered_at: None,
            registered_by: None,
        };
        let image = Image {
            repository: "api".into(),
            uri: URI.into(),
            tags: vec!["main".into()],
            digest: "sha256:1".into(),
            parts: None,
            bytes: 1,
            pushed_at: Some(NOW),
            pulled_at: None,
            scan: Scan {
                status: "COMPLETE".into(),
                completed_at: Some(NOW),
                counts: BTreeMap::from([("CRITICAL".to_owned(), 1)]),
            },
            findings: vec![ImageFinding {
                id: "CVE-1".into(),
                severity: "CRITICAL".into(),
                package: "openssl".into(),
                version: "1".into(),
                fixed_in: None,
                title: String::new(),
                first_seen_at: None,
            }],
        };
        let other = Image {
            tags: Vec::new(),
            digest: "sha256:2".into(),
            scan: Scan::default(),
            findings: Vec::new(),
            ..image.clone()
        };
        let mut facts = Facts {
            services: part(Arc::new(services)),
            task_definitions: part(Arc::new(BTreeMap::from([(
                service().revision.arn,
                Arc::new(definition),
            )]))),
            ..Facts::default()
        };
        facts.estate.registry = part(Arc::new(Registry {
            repositories: vec![Repository {
                name: "api".into(),
                uri: URI.into(),
                scan_on_push: true,
                immutable: false,
                created_at: None,
            }],
            images: vec![image, other],
            ..Registry::default()
        }));
        make(&facts, NOW)
    }

    fn notes(section: &Section) -> Vec<(&str, Tone)> {
        let notes = section.notes.iter();
        notes.map(|n| (n.text.as_str(), n.tone)).collect()
    }

    #[test]
    fn what_may_run_hides_no_finding_where_nobody_told_which_image_does() {
        let told = page(&["sha256:1"]);
        assert_eq!(
            notes(&told[0]),
            [("1 image that runs with a critical finding", Tone::Bad)]
        );
        assert_eq!((told[1].rows.len(), notes(&told[1])), (1, vec![]));
        let untold = page(&[""]);
        let name = &untold[0].rows[0].cells[0].text;
        assert_eq!(name, &format!("api:main ({UNTOLD})"));
        assert_eq!(
            notes(&untold[0]),
            [("1 image that may run has a critical finding", Tone::Warn)]
        );
        assert_eq!(untold[1].rows.len(), 1, "its findings are there");
        let unknown = "which image of 1 tag runs is not told";
        assert_eq!(notes(&untold[1]), [(unknown, Tone::Unknown)]);
        assert_eq!(untold[0].rows[0].thing["image_told"], false);
        // One service's is told and the other's not: two rows, and no finding twice.
        let both = page(&["sha256:1", ""]);
        assert_ne!(both[0].rows[0].id, both[0].rows[1].id);
        assert_eq!((both[0].rows.len(), both[1].rows.len()), (2, 1));
    }

    #[test]
    fn a_row_is_named_by_which_image_of_its_tag_runs() {
        let row = |digest: &str| {
            let mut page = page(&[digest]);
            let row = page[0].rows.remove(0);
            (row.id, row.cells[0].text.clone(), row.cells[2].text.clone())
        };
        let reference = format!("{URI}:main");
        let (id, name, _) = row("sha256:1");
        assert_eq!((id, name.as_str()), (reference.clone(), "api:main"));
        let (id, name, _) = row("sha256:2");
        assert_eq!(id, format!("{reference}@sha256:2"));
        assert!(
            name.starts_with("api (") && name.ends_with(" runs, its tag has moved on)"),
            "{name}"
        );
        let (id, _, _) = row("");
        assert_eq!(id, format!("{reference}?"));
        let (id, name, place) = row("sha256:3");
        assert_eq!(id, format!("{reference}@sha256:3"));
        assert_eq!((name, place.as_str()), (reference, "not told"));
    }
}
