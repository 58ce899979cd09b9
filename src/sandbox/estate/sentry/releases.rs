//! Releases: the images of a project's service, each as `package@tag`; for the front end, versions of its own.

use super::issues::Issue;
use super::story::{PROJECTS, Project};
use crate::world::World;

/// A release.
#[derive(Clone, Debug)]
pub struct Release {
    /// Index of its project.
    pub project: usize,
    /// `api@1.8.2`.
    pub version: String,
    /// When it was made.
    pub created: f64,
    /// When it went to production, if it did.
    pub deployed: Option<f64>,
    /// First and last event.
    pub events: Option<(f64, f64)>,
    /// Issues that it brought.
    pub new_issues: usize,
}

const HOUR_S: f64 = 3_600.0;
/// Versions of the front end and the hours ago on which they came.
const WEB: [(&str, f64); 3] = [("5.4.0", 510.0), ("5.4.1", 190.0), ("5.4.2", 52.0)];

/// The version that an image is.
pub fn version(project: &Project, image: &str) -> String {
    let tag = image.rsplit(':').next().unwrap_or(image);
    format!("{}@{tag}", project.package)
}

/// Versions of a project with when they came, oldest first.
fn versions(world: &World, index: usize) -> Vec<(String, f64)> {
    let Some(project) = PROJECTS.get(index) else {
        return Vec::new();
    };
    let Some(service) = project.service else {
        let of = |(tag, hours): &(&str, f64)| {
            (
                format!("{}@{tag}", project.package),
                world.begun() - hours * HOUR_S,
            )
        };
        return WEB.iter().map(of).collect();
    };
    let key = ("laser-prod".to_owned(), service.to_owned());
    let family = world.services.get(&key).map(|s| s.family.as_str());
    let mut all: Vec<(String, f64)> = Vec::new();
    for definition in family
        .and_then(|f| world.definitions.get(f))
        .into_iter()
        .flatten()
    {
        let version = version(project, &definition.image);
        let at = definition
            .shown
            .get("registeredAt")
            .as_time()
            .unwrap_or_default();
        if all.iter().all(|(v, _)| *v != version) {
            all.push((version, at));
        }
    }
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    all
}

/// The release that ran at a time: what the service is set to now, or what had come by then.
pub fn running(world: &World, index: usize, at: f64) -> Option<String> {
    let project = PROJECTS.get(index)?;
    let set_to = project.service.and_then(|name| {
        let service = world
            .services
            .get(&("laser-prod".to_owned(), name.to_owned()))?;
        let definition = world.definition(&service.family, service.revision())?;
        let since = definition.shown.get("registeredAt").as_time()?;
        (at >= since).then(|| version(project, &definition.image))
    });
    let bad = |v: &str| v.contains("-bad");
    let came = || {
        let all = versions(world, index);
        let before = all.iter().rev().find(|(v, t)| *t <= at && !bad(v));
        before.or(all.first()).map(|(v, _)| v.clone())
    };
    set_to.or_else(came)
}

/// Every release, newest first.
pub fn all(world: &World, issues: &[Issue]) -> Vec<Release> {
    let mut all = Vec::new();
    for (project, plan) in PROJECTS.iter().enumerate() {
        let versions = versions(world, project);
        let now = world.stamp();
        let current = running(world, project, now);
        for (n, (version, created)) in versions.iter().enumerate() {
            let mine = || issues.iter().filter(|i| i.plan.project == project);
            let last_of = mine()
                .filter(|i| i.last_release.as_ref() == Some(version))
                .map(|i| i.last_seen);
            let latest = last_of.fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.max(b))));
            let deployed = plan.service.map_or(Some(*created), |s| {
                deployed(world, s, version).or(Some(*created))
            });
            let replaced = versions.get(n + 1).map_or(now, |v| v.1);
            let passed = current.as_ref() != Some(version) && *created < world.begun();
            let events = latest
                .or(passed.then_some(replaced))
                .map(|last| (deployed.unwrap_or(*created).min(last), last));
            all.push(Release {
                project,
                version: version.clone(),
                created: *created,
                deployed,
                events,
                new_issues: mine()
                    .filter(|i| i.first_release.as_ref() == Some(version))
                    .count(),
            });
        }
    }
    all.sort_by(|a, b| b.created.total_cmp(&a.created));
    all
}

fn deployed(world: &World, service: &str, version: &str) -> Option<f64> {
    let tag = version.rsplit('@').next()?;
    let of = |d: &&crate::world::service::ServiceDeployment| {
        d.key.0 == "laser-prod" && d.key.1 == service
    };
    let mut all = world.deployments.iter().filter(of);
    let family = &world
        .services
        .get(&("laser-prod".to_owned(), service.to_owned()))?
        .family;
    let brings = |revision: u32| {
        world
            .definition(family, revision)
            .is_some_and(|d| d.image.ends_with(&format!(":{tag}")))
    };
    all.find(|d| brings(d.to.definition))
        .and_then(|d| d.finished_at)
}
