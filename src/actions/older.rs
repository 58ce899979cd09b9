//! Whether an image that is to be deployed is older than the one that runs: whoever means to go back has a shorter way, and whoever does not
//! took the wrong tag.

use jiff::Timestamp;

use super::draft::Draft;
use super::look::Look;
use super::{image, registry, words};
use crate::domain::deployment::Deployment;

/// What is held against each other.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// The reference that runs.
    pub running: &'a str,
    /// The one that is to run.
    pub new: &'a str,
    /// When that one was pushed (UTC), where it is known.
    pub pushed: Option<Timestamp>,
}

/// Warns where it is older. Of what nobody tells nothing is said: it is a help, and no part of the preview waits for it alone.
pub async fn warn(
    look: &Look<'_>,
    draft: &mut Draft,
    images: Images<'_>,
    deployments: &[Deployment],
    now: Timestamp,
) {
    let Images { running, new, .. } = images;
    let same = image::repository(running) == image::repository(new);
    let Some(pushed) = images.pushed.filter(|_| same && running != new) else {
        return;
    };
    let then = registry::pushed_at(look, running).await;
    let words = then.and_then(|then| older(pushed, then, ran(deployments, new), now));
    if let Some(words) = words {
        draft.warn(words);
    }
}

/// In words, where one was pushed before the other.
fn older(
    pushed: Timestamp,
    running: Timestamp,
    ran: Option<u32>,
    now: Timestamp,
) -> Option<String> {
    if pushed >= running {
        return None;
    }
    let [new, old] = [pushed, running].map(|at| words::ago(at, now));
    let way = ran.map_or_else(String::new, |n| {
        format!("; revision :{n} ran it: to go back, roll back to it")
    });
    Some(format!(
        "the image is older than the one that runs: pushed {new} ago, and that one {old} ago{way}"
    ))
}

/// The newest revision known that ran an image well, or served while another one came.
fn ran(deployments: &[Deployment], image: &str) -> Option<u32> {
    let came = deployments.iter().filter(|d| !d.state.is_bad());
    let came = came.filter_map(|d| d.to.as_ref());
    let served = deployments.iter().flat_map(|d| &d.from);
    let of_it = came
        .chain(served)
        .filter(|r| r.image.as_deref() == Some(image));
    of_it.map(|r| r.revision.number).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_was_pushed_before_the_one_that_runs_is_told() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        let now = at(7 * 86_400);
        let told = older(at(0), at(5 * 86_400 + 3_600), Some(2), now).unwrap();
        assert_eq!(
            told,
            "the image is older than the one that runs: pushed 7d ago, and that one 47h ago; revision :2 ran it: to go back, roll back to it"
        );
        let told = older(at(0), at(5 * 86_400 + 3_600), None, now).unwrap();
        assert!(told.ends_with("that one 47h ago"), "{told}");
        assert_eq!(older(at(9), at(9), Some(2), now), None);
        assert_eq!(older(at(9), at(8), None, now), None);
    }
}
