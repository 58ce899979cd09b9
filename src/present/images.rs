//! Images: which run, what scans found in them, and what else there is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::words::{ago, bytes, count};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::digests::{By, Resolved};
use crate::domain::facts::Facts;
use crate::domain::image::{Image, ImageFinding, Place, Registry};
use crate::domain::order::Ordered;
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

/// Images that run, by their reference in task definitions and by what they are told, with the services that run them. A tag that may
/// move is told by what ECS resolved it to: the image that has it now may run nowhere.
fn running<'a>(facts: &'a Facts, registry: &Registry) -> BTreeMap<(&'a str, By<'a>), Vec<String>> {
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
    for services in all.values_mut() {
        services.dedup();
    }
    all
}

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.registry;
    let nothing = Registry::default();
    let registry = part.value.as_deref().unwrap_or(&nothing);
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
    let mut critical = 0;
    for ((reference, by), services) in running(facts, registry) {
        let (moved, place) = by.image(registry, reference);
        match place {
            Some(Place::Here(image)) => {
                let thing = json!({"reference": reference, "services": services, "image": image});
                // One tag may have two images that run: that which has it now, and the one before.
                let id = match image.is(reference) {
                    true => reference.to_owned(),
                    false => format!("{reference}@{}", image.digest),
                };
                runs.row(id, running_cells(image, &moved, &services, now), &thing);
                runs.found(oldest(image));
                tell_findings(&mut findings, image, now);
                critical += usize::from(image.scan.count("CRITICAL") > 0);
            }
            // An image of another registry cannot be looked into here; one of this registry that is gone cannot be started again.
            place if part.value.is_some() => {
                let thing = json!({"reference": reference, "services": services, "image": null});
                let id = match by {
                    By::Digest(digest) => format!("{reference}@{digest}"),
                    By::Name | By::Nothing => reference.to_owned(),
                };
                runs.row(id, strange_cells(reference, &services, place), &thing);
            }
            _ => {}
        }
    }
    // Worst first.
    runs.rows
        .order_by_key(|r| std::cmp::Reverse(r.cells.iter().map(|c| c.tone.weight()).max()));
    for image in &registry.images {
        let id = format!("{}@{}", image.repository, image.digest);
        images.row(id, image_cells(image, now), image);
    }
    for why in &registry.missing {
        images.note(why, Tone::Unknown);
    }
    if critical > 0 {
        runs.note(
            format!(
                "{} that {} with a critical finding",
                count(critical, "image"),
                if critical == 1 { "runs" } else { "run" }
            ),
            Tone::Bad,
        );
    }
    vec![runs, findings, images]
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

fn running_cells(image: &Image, moved: &str, services: &[String], now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::name(match moved {
            "" => called(image),
            moved => format!("{} ({moved})", image.repository),
        }),
        Cell::plain(services.join(", ")),
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

fn strange_cells(reference: &str, services: &[String], place: Option<Place<'_>>) -> Vec<Cell> {
    let mut cells = vec![
        Cell::name(reference),
        Cell::plain(services.join(", ")),
        match place {
            Some(Place::Gone) => Cell::new("not there", Tone::Bad),
            Some(Place::Elsewhere) => Cell::new("elsewhere", Tone::Unknown),
            // A tag that may have moved is told by nothing, where ECS did not tell what it resolved it to.
            Some(Place::Unread | Place::Here(_)) | None => Cell::new("not told", Tone::Unknown),
        },
    ];
    cells.resize_with(RUNNING_HEADS.len(), || Cell::plain("-"));
    cells
}

fn tell_findings(section: &mut Section, image: &Image, now: Timestamp) {
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
