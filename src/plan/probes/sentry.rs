//! Sentry: events of what runs now arrive.

use jiff::Timestamp;

use super::judgement::{Judgement, Verdict};
use super::look::{Defined, Look, span, within};
use super::{Probe, number};
use crate::domain::sentry::{Project, Release, Reporting};
use crate::domain::service::TaskDefinition;
use crate::plan::checklist::{CriterionState, Evidence};

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "sentry.receives",
    question: "does Sentry know the release that each service runs, and has one of them sent an event lately?",
    params: &[number("hours", "24")],
    judge: receives,
}];

/// What is known of one project.
enum Heard {
    /// Its current release sent an event: which, when.
    Lately(String, Timestamp),
    /// Its current release is known and has been quiet: without errors there are no events.
    Quiet(String),
    /// Sentry does not know what runs.
    Missing(String),
    /// The configuration names it, and Sentry does not list it.
    Unlisted,
    /// A service sends its events to a project that is not among those looked at.
    Elsewhere(Reporting),
}

/// What is told of one project.
struct Told<'a> {
    project: &'a str,
    heard: Heard,
    /// Why the release that its service is set to is not known: what is told is of the one that is replaced.
    unread: Option<&'a str>,
}

/// An error that does not happen sends nothing, so a release that is quiet is no failure; but until one is heard, nothing shows that
/// any would be.
fn receives(look: &Look<'_>) -> Verdict {
    look.configured("sentry")?;
    let errors = look.fresh(&look.facts.estate.errors, "Sentry's projects")?;
    let releases = look.fresh(&look.facts.estate.error_releases, "Sentry's releases")?;
    let rows = look.definitions()?.rows;
    if let Some(row) = rows.iter().find(|r| r.definition.is_none()) {
        let (id, why) = (&row.service.id, row.unread());
        return Err(Judgement::unknown(format!("{id}: {why}")));
    }
    let days = look.number("hours") / 24.0;
    let mut all: Vec<Told<'_>> = Vec::new();
    for project in &errors.value.projects {
        let of_project = |r: &&Release| r.projects.contains(&project.slug);
        let known: Vec<&Release> = releases.value.iter().filter(of_project).collect();
        let own = || rows.iter().filter(move |r| is_of(project, r));
        let running: Vec<&str> = own().filter_map(|r| r.definition).flat_map(tags).collect();
        let unread = own().map(Defined::unread).find(|why| !why.is_empty());
        let current: Vec<&Release> = if running.is_empty() {
            // No service here builds it, as of a front end that is hosted elsewhere: its newest release is what runs.
            known.iter().take(1).copied().collect()
        } else {
            known
                .iter()
                .filter(|r| running.iter().any(|tag| r.is_of(tag)))
                .copied()
                .collect()
        };
        let newest = current.iter().max_by_key(|r| r.last_event_at);
        let heard = match newest {
            Some(r) => match r.last_event_at.filter(|at| within(*at, look.now, days)) {
                Some(at) => Heard::Lately(r.version.clone(), at),
                None => Heard::Quiet(r.version.clone()),
            },
            None if running.is_empty() => Heard::Missing("it has no release".into()),
            None => Heard::Missing(format!("Sentry does not know {}", running.join(" or "))),
        };
        all.push(Told {
            project: &project.slug,
            heard,
            unread,
        });
    }
    all.extend(errors.value.unlisted.iter().map(|slug| Told {
        project: slug,
        heard: Heard::Unlisted,
        unread: None,
    }));
    all.extend(rows.iter().filter_map(|row| {
        let to = row.definition.and_then(Reporting::of)?;
        let is_seen = errors.value.projects.iter().any(|p| p.id == to.project);
        (!is_seen).then(|| Told {
            project: &row.service.id.name,
            heard: Heard::Elsewhere(to),
            unread: None,
        })
    }));
    Ok(judge(
        look,
        all,
        releases.source,
        errors.at.min(releases.at),
    ))
}

fn judge(look: &Look<'_>, all: Vec<Told<'_>>, source: &str, at: Timestamp) -> Judgement {
    let ago = |at: Timestamp| {
        let age = std::time::Duration::try_from(look.now.duration_since(at)).unwrap_or_default();
        format!("{} ago", span(age))
    };
    let question = look.question(source);
    let told = |t: &Told<'_>| {
        let project = t.project;
        let (ok, mut answer) = match &t.heard {
            Heard::Lately(version, at) => (
                true,
                format!("{project}: {version} sent its last event {}", ago(*at)),
            ),
            Heard::Quiet(version) => (true, format!("{project}: {version} is known, and quiet")),
            Heard::Missing(why) => (false, format!("{project}: {why}")),
            Heard::Unlisted => (
                false,
                format!(
                    "{project}: not listed: there is no such project, or the token does not see it"
                ),
            ),
            Heard::Elsewhere(to) => (
                false,
                format!(
                    "{project} sends its events to project {} of {} ({}), which is none of those looked at",
                    to.project, to.host, to.variable
                ),
            ),
        };
        if let Some(why) = t.unread {
            answer.push_str("; ");
            answer.push_str(why);
        }
        Evidence {
            question: question.clone(),
            answer,
            at,
            ok,
        }
    };
    let mut evidence: Vec<Evidence> = all.iter().map(told).collect();
    evidence.sort_by_key(|e| e.ok);
    let missing: Vec<&str> = evidence
        .iter()
        .filter(|e| !e.ok)
        .map(|e| e.answer.as_str())
        .collect();
    let failing = all.iter().any(|t| matches!(t.heard, Heard::Missing(_)));
    let lately = all
        .iter()
        .filter(|t| matches!(t.heard, Heard::Lately(..)))
        .count();
    let unread = all.iter().find_map(|t| t.unread);
    let (state, reason) = if failing {
        (CriterionState::Failing, missing.join("; "))
    } else if !missing.is_empty() {
        // What cannot be seen is not known to be wrong.
        (CriterionState::Unknown, missing.join("; "))
    } else if lately == 0 {
        (
            CriterionState::Unknown,
            "no release that runs now has sent an event lately".to_owned(),
        )
    } else {
        let said = format!(
            "{lately} of {} projects sent events of what runs now, the others are quiet",
            all.len()
        );
        let said = match unread {
            Some(why) => format!("{said}; {why}"),
            None => said,
        };
        (CriterionState::Proved, said)
    };
    Judgement {
        state,
        evidence,
        reason,
    }
}

/// Tags of the images that a task definition runs.
fn tags(definition: &TaskDefinition) -> impl Iterator<Item = &str> {
    definition.containers.iter().filter_map(|c| {
        let name = c.image.rsplit('/').next()?;
        let (_, tag) = name.split('@').next()?.split_once(':')?;
        Some(tag)
    })
}

/// Whether a project is a service's: by the DSN that its containers are given, else by its slug: `api`, `laser-api`.
fn is_of(project: &Project, row: &Defined<'_>) -> bool {
    if let Some(to) = row.definition.and_then(Reporting::of) {
        return to.project == project.id;
    }
    let name = &row.service.id.name;
    project.slug == *name
        || project
            .slug
            .strip_suffix(name.as_str())
            .is_some_and(|rest| rest.ends_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::sentry::Errors;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    fn release(version: &str, last: Option<Timestamp>) -> Release {
        Release {
            version: version.into(),
            projects: vec!["laser-api".into()],
            created_at: ago(90),
            released_at: None,
            deployed: None,
            first_event_at: None,
            last_event_at: last,
            new_issues: 0,
        }
    }

    fn facts(releases: Vec<Release>) -> Facts {
        let mut facts = testing::service_running("registry.example/laser/api:1.8.2");
        facts.estate.errors = testing::part(Arc::new(Errors {
            organization: "laser".into(),
            projects: vec![Project {
                id: "1".into(),
                slug: "laser-api".into(),
                platform: "node".into(),
            }],
            unlisted: Vec::new(),
            issues: Vec::new(),
            more: false,
        }));
        facts.estate.error_releases = testing::part(Arc::new(releases));
        facts
    }

    #[test]
    fn what_runs_is_known_and_was_heard_lately() {
        let heard = facts(vec![release("1.8.2", ago(3)), release("1.8.1", ago(1))]);
        let got = judged("sentry.receives", &heard);
        assert_eq!(got.state, Proved, "{got:?}");
        assert!(
            got.evidence[0]
                .answer
                .contains("1.8.2 sent its last event 3h ago")
        );
        assert_eq!(judged("sentry.receives hours=2", &heard).state, Unknown);
    }

    #[test]
    fn a_project_that_the_configuration_names_and_sentry_does_not_list_is_no_proof() {
        let mut heard = facts(vec![release("1.8.2", ago(3))]);
        let mut errors = heard.estate.errors.value.clone().unwrap();
        Arc::make_mut(&mut errors).unlisted.push("laser-web".into());
        heard.estate.errors = testing::part(errors);
        let got = judged("sentry.receives", &heard);
        assert_eq!(got.state, Unknown, "{got:?}");
        assert!(
            got.reason.contains("laser-web: not listed"),
            "{}",
            got.reason
        );
    }

    #[test]
    fn a_release_that_sentry_does_not_know_fails_and_quiet_ones_prove_nothing() {
        let got = judged("sentry.receives", &facts(vec![release("1.8.1", ago(1))]));
        assert_eq!(got.state, Failing);
        assert!(got.reason.contains("does not know 1.8.2"), "{}", got.reason);
        let quiet = facts(vec![release("1.8.2", None)]);
        assert_eq!(judged("sentry.receives", &quiet).state, Unknown);
        assert_eq!(judged("sentry.receives", &Facts::default()).state, Unknown);
        // What is replaced tells of itself alone, and says so.
        let mut moving = facts(vec![release("1.8.2", ago(1))]);
        testing::deploy(&mut moving);
        let got = judged("sentry.receives", &moving);
        assert!(got.reason.contains("api:8 not read yet"), "{}", got.reason);
        let mut unread = facts(vec![release("1.8.2", ago(1))]);
        unread.task_definitions = testing::part(Arc::default());
        assert_eq!(judged("sentry.receives", &unread).state, Unknown);
    }

    #[test]
    fn a_dsn_tells_whose_a_service_is_and_one_of_another_project_is_no_proof() {
        let reporting = |slug: &str, dsn: &str| {
            let mut heard = facts(vec![release("1.8.2", ago(3))]);
            let mut errors = heard.estate.errors.value.clone().unwrap();
            Arc::make_mut(&mut errors).projects[0].slug = slug.into();
            heard.estate.errors = testing::part(errors);
            let mut released = heard.estate.error_releases.value.clone().unwrap();
            Arc::make_mut(&mut released)[0].projects = vec![slug.into()];
            heard.estate.error_releases = testing::part(released);
            let mut all = (**heard.task_definitions.value.as_ref().unwrap()).clone();
            for definition in all.values_mut() {
                let container = &mut Arc::make_mut(definition).containers[0];
                container
                    .environment
                    .push(("SENTRY_DSN".into(), dsn.into()));
            }
            heard.task_definitions = testing::part(Arc::new(all));
            judged("sentry.receives", &heard)
        };
        // A slug like the service's is not needed where the DSN says it.
        let own = reporting("backend", "https://abc@o1.ingest.sentry.io/1");
        assert_eq!(own.state, Proved, "{own:?}");
        let other = reporting("laser-api", "https://abc@o1.ingest.sentry.io/42");
        assert_eq!(other.state, Unknown, "{other:?}");
        assert!(
            other
                .reason
                .contains("api sends its events to project 42 of o1.ingest.sentry.io (SENTRY_DSN)"),
            "{}",
            other.reason
        );
        // Not every address with a user is one.
        let database = reporting("laser-api", "postgres://u:p@db.internal/laser");
        assert_eq!(database.state, Proved, "{database:?}");
    }
}
