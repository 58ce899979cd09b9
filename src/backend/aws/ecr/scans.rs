//! What scans found, image by image, in turns: the images that run each time, the others as far as there is room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::MutexGuard;

use futures_util::{StreamExt, stream};

use super::parts::scan_of;
use super::{ABREAST, Ecr, Image, ImageId, Problem, Repository};
use crate::domain::order::Ordered;

/// The newest images of a repository, whose findings are read one by one though they run nowhere.
const NEWEST: usize = 10;
/// Images that are looked into in one round; where more run, all of those are.
const LOOKED_INTO: usize = 60;

/// Repository and digest.
type Key = (String, String);

fn key(image: &Image) -> Key {
    (image.repository.clone(), image.digest.clone())
}

/// Whose turn it is, and what never changes.
#[derive(Debug, Default)]
pub(super) struct Turns {
    round: u64,
    /// In which round each image was looked into for the last time.
    last: BTreeMap<Key, u64>,
    /// The images of each list that was read, by its digest.
    pub(super) parts: BTreeMap<String, Vec<String>>,
}

impl Turns {
    /// The next round over these images.
    fn next(&mut self, images: &[Image]) {
        self.round += 1;
        let there: BTreeSet<Key> = images.iter().map(key).collect();
        self.last.retain(|key, _| there.contains(key));
        let lists: BTreeSet<&str> = images.iter().map(|i| i.digest.as_str()).collect();
        self.parts
            .retain(|digest, _| lists.contains(digest.as_str()));
    }

    /// The images to look into now, of those that are listed newest first by repository. Where the list tells nothing of a scan (the new
    /// basic scanning), what was found before stays until it is looked into again.
    fn choose<'i>(
        &mut self,
        images: &'i mut [Image],
        known: &[Image],
        running: &BTreeSet<Key>,
    ) -> Vec<&'i mut Image> {
        let known: BTreeMap<Key, &Image> = known.iter().map(|k| (key(k), k)).collect();
        let mut of: BTreeMap<String, usize> = BTreeMap::new();
        let mut wanted: Vec<(bool, u64, &mut Image)> = Vec::new();
        for image in images {
            let nth = of.entry(image.repository.clone()).or_default();
            *nth += 1;
            // A list is told by its images.
            if image.parts.is_some() && !image.scan.is_done() {
                continue;
            }
            let id = key(image);
            let same = known.get(&id);
            if let Some(same) = same.filter(|k| k.scan == image.scan && !k.findings.is_empty()) {
                // A list that tells of the scan tells when there is a new one.
                image.findings.clone_from(&same.findings);
                if !image.scan.status.is_empty() {
                    continue;
                }
            }
            let found = ["CRITICAL", "HIGH"].map(|s| image.scan.count(s));
            let counts = !image.scan.is_done() || found.iter().sum::<u64>() > 0;
            if let Some(same) = same.filter(|_| image.scan.status.is_empty()) {
                image.scan = same.scan.clone();
                image.findings.clone_from(&same.findings);
            }
            let runs = running.contains(&id);
            if counts && (runs || *nth <= NEWEST) {
                let last = self.last.get(&id).copied().unwrap_or_default();
                wanted.push((!runs, last, image));
            }
        }
        wanted.order_by_key(|(rests, last, _)| (*rests, *last));
        let run = wanted.iter().filter(|(rests, ..)| !rests).count();
        wanted.truncate(LOOKED_INTO.max(run));
        for (_, _, image) in &wanted {
            self.last.insert(key(image), self.round);
        }
        wanted.into_iter().map(|(_, _, image)| image).collect()
    }
}

impl Ecr {
    pub(super) fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Reads the findings of images: of those that run (`running`: references of task definitions), and of the newest of each
    /// repository: where there are some that count, or where the list of images says nothing of the scan.
    pub(super) async fn look_into(
        &self,
        images: &mut Vec<Image>,
        known: &[Image],
        repositories: &[Repository],
        running: &[String],
        missing: &mut Vec<String>,
    ) {
        self.turns().next(images);
        let runs = self.running(images, repositories, running, missing).await;
        let wanted = self.turns().choose(images, known, &runs);
        let looks: Vec<_> = wanted.into_iter().map(|image| self.scan(image)).collect();
        let answers: Vec<_> = stream::iter(looks)
            .buffer_unordered(ABREAST)
            .collect()
            .await;
        let failures: Vec<Problem> = answers.into_iter().filter_map(Result::err).collect();
        if let Some(first) = failures.first() {
            missing.push(format!(
                "findings of {} images: {}",
                failures.len(),
                first.why
            ));
        }
        tell_lists(images);
    }

    /// The images that run: those that references mean, and of lists among them the images that they name.
    async fn running(
        &self,
        images: &mut Vec<Image>,
        repositories: &[Repository],
        running: &[String],
        missing: &mut Vec<String>,
    ) -> BTreeSet<Key> {
        let of = |image: &Image| running.iter().any(|reference| image.is(reference));
        let mut runs: BTreeSet<Key> = images.iter().filter(|i| of(i)).map(key).collect();
        let lists = images.iter_mut().filter(|i| i.parts.is_some() && of(i));
        let questions: Vec<_> = lists
            .map(|list| async move {
                let answer = self.parts(list).await;
                (list, answer)
            })
            .collect();
        let answers: Vec<_> = stream::iter(questions)
            .buffer_unordered(ABREAST)
            .collect()
            .await;
        let mut named: BTreeSet<Key> = BTreeSet::new();
        for (list, answer) in answers {
            match answer {
                Ok(parts) => {
                    let of = |digest: &String| (list.repository.clone(), digest.clone());
                    named.extend(parts.iter().map(of));
                    list.parts = Some(parts);
                }
                Err(p) => missing.push(format!("{}: {}", list.short(), p.why)),
            }
        }
        self.ask_for_parts(&named, images, repositories, missing)
            .await;
        runs.extend(named);
        runs
    }

    /// Asks for images that lists name and that are not among those that were listed: their repository was not listed, or not to its end.
    async fn ask_for_parts(
        &self,
        named: &BTreeSet<Key>,
        images: &mut Vec<Image>,
        repositories: &[Repository],
        missing: &mut Vec<String>,
    ) {
        let known: BTreeSet<Key> = images.iter().map(key).collect();
        let absent = named.difference(&known).filter_map(|(name, digest)| {
            let repository = repositories.iter().find(|r| r.name == *name)?;
            Some((repository, digest.as_str()))
        });
        let questions: Vec<_> = absent
            .map(
                |(of, digest)| async move { (digest, self.one(of, ImageId::Digest(digest)).await) },
            )
            .collect();
        let answers: Vec<_> = stream::iter(questions)
            .buffer_unordered(ABREAST)
            .collect()
            .await;
        for (digest, answer) in answers {
            match answer {
                Ok(found) => images.extend(found),
                Err(p) => missing.push(format!("{digest}: {}", p.why)),
            }
        }
    }
}

/// Tells lists by the images that they name.
fn tell_lists(images: &mut [Image]) {
    let told: Vec<_> = images
        .iter()
        .map(|list| {
            let parts = list.parts.as_ref().filter(|_| !list.scan.is_done())?;
            let own = |i: &&Image| i.repository == list.repository;
            scan_of(parts, |digest| {
                images.iter().filter(own).find(|i| i.digest == digest)
            })
        })
        .collect();
    for (image, told) in images.iter_mut().zip(told) {
        match told {
            Some((scan, findings)) => (image.scan, image.findings) = (scan, findings),
            // Not all of its images are known: whether they were scanned is as unknown as if none was named.
            None if image.parts.is_some() && !image.scan.is_done() => {
                image.parts = Some(Vec::new());
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::image::{ImageFinding, Scan};

    /// As the list of images of the new basic scanning tells it: without a word of a scan.
    fn image(repository: &str, digest: &str) -> Image {
        Image {
            repository: repository.into(),
            uri: format!("r/{repository}"),
            tags: vec![format!("t{digest}")],
            digest: digest.into(),
            parts: None,
            bytes: 1,
            pushed_at: None,
            pulled_at: None,
            scan: Scan::default(),
            findings: Vec::new(),
        }
    }

    fn scanned(mut image: Image, status: &str) -> Image {
        image.scan.status = status.into();
        image.scan.completed_at = Some(Timestamp::UNIX_EPOCH);
        image.scan.counts.insert("HIGH".into(), 1);
        image.findings.push(ImageFinding {
            id: "CVE-1".into(),
            severity: "HIGH".into(),
            package: "zlib".into(),
            version: "1".into(),
            fixed_in: None,
            title: String::new(),
            first_seen_at: None,
        });
        image
    }

    fn names(chosen: &[&mut Image]) -> Vec<String> {
        let name = |i: &&mut Image| format!("{}@{}", i.repository, i.digest);
        chosen.iter().map(name).collect()
    }

    #[test]
    fn what_runs_is_looked_into_before_all_else_and_beyond_every_limit() {
        let mut images: Vec<Image> = (0..100)
            .flat_map(|repository| {
                (0..15).map(move |n| image(&format!("{repository:03}"), &n.to_string()))
            })
            .collect();
        let last = ("099".to_owned(), "14".to_owned());
        let mut turns = Turns::default();
        turns.next(&images);
        let running = BTreeSet::from([last.clone()]);
        let chosen = turns.choose(&mut images, &[], &running);
        assert_eq!(chosen.len(), LOOKED_INTO);
        assert_eq!(names(&chosen)[0], "099@14", "old, of the last repository");
        // Where more run than are looked into as a rule, all are.
        let all: BTreeSet<Key> = images.iter().map(key).take(LOOKED_INTO + 9).collect();
        assert_eq!(turns.choose(&mut images, &[], &all).len(), LOOKED_INTO + 9);
    }

    #[test]
    fn the_others_have_their_turns() {
        let of = || {
            let one = |n: usize| image(&format!("{n:03}"), "1");
            (0..LOOKED_INTO * 2).map(one).collect::<Vec<Image>>()
        };
        let mut turns = Turns::default();
        let mut seen = BTreeSet::new();
        for _ in 0..2 {
            let mut images = of();
            turns.next(&images);
            seen.extend(names(&turns.choose(&mut images, &[], &BTreeSet::new())));
        }
        assert_eq!(seen.len(), LOOKED_INTO * 2);
    }

    #[test]
    fn what_was_found_stays_known_where_the_list_does_not_tell_of_scans() {
        let known = [scanned(image("a", "1"), "COMPLETE")];
        let mut images = vec![image("a", "1")];
        let mut turns = Turns::default();
        turns.next(&images);
        let chosen = turns.choose(&mut images, &known, &BTreeSet::new()).len();
        assert_eq!(chosen, 1, "and is looked into again");
        assert!(images[0].scan.is_done());
        assert_eq!(images[0].findings.len(), 1);
        // Where the list tells of the scan, the same scan is not read again.
        let mut told = vec![scanned(image("a", "1"), "ACTIVE")];
        told[0].findings.clear();
        let known = [scanned(image("a", "1"), "ACTIVE")];
        assert!(turns.choose(&mut told, &known, &BTreeSet::new()).is_empty());
        assert_eq!(told[0].findings.len(), 1);
    }

    #[test]
    fn a_list_is_told_by_its_images_and_never_asked_about() {
        let mut list = image("a", "list");
        list.parts = Some(vec!["1".into()]);
        let mut images = vec![list, scanned(image("a", "1"), "COMPLETE")];
        let mut turns = Turns::default();
        turns.next(&images);
        let chosen = turns.choose(&mut images, &[], &BTreeSet::new());
        assert_eq!(names(&chosen), ["a@1"]);
        tell_lists(&mut images);
        assert!(images[0].scan.is_done());
        assert_eq!(images[0].scan.count("HIGH"), 1);
        // One of its images is in no list: nobody told whether it was scanned.
        let mut cut = image("a", "list");
        cut.parts = Some(vec!["1".into(), "2".into()]);
        let mut images = vec![cut, scanned(image("a", "1"), "COMPLETE")];
        tell_lists(&mut images);
        assert!(images[0].is_untold_index(), "{:?}", images[0]);
        // Which images an unread one names is not known.
        let mut unread = image("a", "list");
        unread.parts = Some(Vec::new());
        let mut images = vec![unread];
        tell_lists(&mut images);
        assert_eq!(images[0].scan, Scan::default());
    }
}
