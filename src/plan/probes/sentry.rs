//! Sentry: events of what runs now arrive.

use jiff::Timestamp;

use super::judgement::{Judgement, Verdict};
use super::look::{Defined, Look, span, within};
use super::{Probe, number};
use crate::domain::order::Ordered;
use crate::domain::sentry::{Errors, Project, Release, Reporting};
use crate::domain::service::TaskDefinition;
use crate::plan::checklist::{CriterionState, Evidence};

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "sentry.receives",
    question: "does Sentry know the release that each service runs, and has one of them sent an event lately?",
    params: &[number("hours", "24")],
    judge: receives,
}];

/// What is known of what runs: of a service, or of a front end.
enum Heard {
    /// Its release sent an event: which, when.
    Lately(String, Timestamp),
    /// Its release is known and has been quiet: without errors there are no events.
    Quiet(String),
    /// Sentry does not know what runs.
    Missing(String),
    /// Nobody sees whether Sentry knows it, and why.
    Unseen(String),
}

/// What is told of a service, or of a project that is no service's.
struct Told {
    name: String,
    heard: Heard,
    /// Why the release that the service is set to is not known: what is told is of the one that is replaced.
    unread: Option<String>,
}

/// Where a service's events go.
enum Owner<'a> {
    /// To a project that is looked at.
    Project(&'a Project),
    /// Its DSN leads past all of those; in words.
    Elsewhere(String),
    /// Neither a DSN nor a slug tells; in words.
    Unseen(String),
}

/// An error that does not happen sends nothing, so a release that is quiet is no failure; but until one is heard, nothing shows that
/// any would be.
fn receives(look: &Look<'_>) -> Verdict {
    look.configured("sentry")?;
    let errors = look.fresh(&look.facts.estate.errors, "Sentry's projects")?;
    let releases = look.fresh(&look.facts.estate.error_releases, "Sentry's releases")?;
    let rows = look.definitions_everywhere()?.rows;
    let owners = rows.iter().map(|row| (row, owner(errors.value, row)));
    let owners: Vec<(&Defined<'_>, Owner<'_>)> = owners.collect();
    // What other environments run is theirs to prove; whose a project is, they tell as well.
    let here = |row: &Defined<'_>| !look.facts.is_elsewhere(&row.service.id);
    let mut all: Vec<Told> = Vec::new();
    for (row, owner) in owners.iter().filter(|(row, _)| here(row)) {
        let (id, unread) = (&row.service.id, row.unread());
        if row.definition.is_none() {
            return Err(Judgement::unknown(format!("{id}: {unread}")));
        }
        let (name, heard) = match owner {
            Owner::Project(project) => (
                format!("{id} ({})", project.slug),
                of_service(look, releases.value, project, row),
            ),
            Owner::Elsewhere(why) | Owner::Unseen(why) => {
                (id.to_string(), Heard::Unseen(why.clone()))
            }
        };
        let unread = (!unread.is_empty()).then(|| unread.to_owned());
        all.push(Told {
            name,
            heard,
            unread,
        });
    }
    if all.is_empty() {
        return Err(Judgement::unknown("no service runs in this environment"));
    }
    let seeks = |(row, owner): &(&Defined<'_>, Owner<'_>)| {
        matches!(owner, Owner::Unseen(_)).then(|| row.service.id.to_string())
    };
    let lost = owners.iter().find_map(seeks);
    let owned = |p: &Project| {
        let is = |owner: &Owner<'_>| matches!(owner, Owner::Project(o) if o.id == p.id);
        owners.iter().any(|(_, owner)| is(owner))
    };
    for project in errors.value.projects.iter().filter(|p| !owned(p)) {
        all.push(Told {
            name: project.slug.clone(),
            heard: match &lost {
                Some(id) => Heard::Unseen(format!("whether it is the project of {id} is not seen")),
                None => of_front_end(look, releases.value, project),
            },
            unread: None,
        });
    }
    all.extend(errors.value.unlisted.iter().map(|slug| Told {
        name: slug.clone(),
        heard: Heard::Unseen(
            "not listed: there is no such project, or the token does not see it".into(),
        ),
        unread: None,
    }));
    let at = errors.at.min(releases.at);
    Ok(judge(look, &all, releases.source, at))
}

/// By the DSN that its containers are given, else by the slug: `api`, `laser-api`.
fn owner<'a>(errors: &'a Errors, row: &Defined<'_>) -> Owner<'a> {
    let projects = &errors.projects;
    if let Some(to) = row.definition.and_then(Reporting::of) {
        let told = format!(
            "sends its events to project {} of {} ({})",
            to.project, to.host, to.variable
        );
        // A number is a project's within its own Sentry alone.
        if !errors.takes(&to.host) {
            return Owner::Elsewhere(format!("{told}, which is not the Sentry that is asked"));
        }
        return match projects.iter().find(|p| p.id == to.project) {
            Some(project) => Owner::Project(project),
            None => Owner::Elsewhere(format!("{told}, which is none of those looked at")),
        };
    }
    let name = &row.service.id.name;
    if let Some(own) = projects.iter().find(|p| p.slug == *name) {
        return Owner::Project(own);
    }
    let ends = |p: &&Project| {
        let rest = p.slug.strip_suffix(name.as_str());
        rest.is_some_and(|rest| rest.ends_with(['-', '_']))
    };
    let mut named = projects.iter().filter(ends);
    match (named.next(), named.next()) {
        (Some(project), None) => Owner::Project(project),
        (Some(one), Some(other)) => Owner::Unseen(format!(
            "its DSN is not seen, and both {} and {} end in its name",
            one.slug, other.slug
        )),
        (None, _) => Owner::Unseen("its DSN is not seen, and no project has its name".into()),
    }
}

fn of_service(
    look: &Look<'_>,
    releases: &[Release],
    project: &Project,
    row: &Defined<'_>,
) -> Heard {
    let running: Vec<&str> = row.definition.into_iter().flat_map(tags).collect();
    if running.is_empty() {
        return Heard::Unseen("its image has no tag that would tell its release".into());
    }
    let of_it =
        |r: &&Release| r.projects.contains(&project.slug) && running.iter().any(|tag| r.is_of(tag));
    let newest = releases
        .iter()
        .filter(of_it)
        .max_by_key(|r| r.last_event_at);
    newest.map_or_else(
        || Heard::Missing(format!("Sentry does not know {}", running.join(" or "))),
        |r| of_release(look, r),
    )
}

/// No service here builds it, as it is hosted elsewhere: its newest release is what runs.
fn of_front_end(look: &Look<'_>, releases: &[Release], project: &Project) -> Heard {
    let newest = releases.iter().find(|r| r.projects.contains(&project.slug));
    newest.map_or_else(
        || Heard::Missing("it has no release".into()),
        |r| of_release(look, r),
    )
}

fn of_release(look: &Look<'_>, release: &Release) -> Heard {
    let days = look.number("hours") / 24.0;
    let version = release.version.clone();
    match release
        .last_event_at
        .filter(|at| within(*at, look.now, days))
    {
        Some(at) => Heard::Lately(version, at),
        None => Heard::Quiet(version),
    }
}

fn judge(look: &Look<'_>, all: &[Told], source: &str, at: Timestamp) -> Judgement {
    let ago = |at: Timestamp| {
        let age = std::time::Duration::try_from(look.now.duration_since(at)).unwrap_or_default();
        format!("{} ago", span(age))
    };
    let question = look.question(source);
    let told = |t: &Told| {
        let name = &t.name;
        let (ok, mut answer) = match &t.heard {
            Heard::Lately(version, at) => (
                true,
                format!("{name}: {version} sent its last event {}", ago(*at)),
            ),
            Heard::Quiet(version) => (true, format!("{name}: {version} is known, and quiet")),
            Heard::Missing(why) | Heard::Unseen(why) => (false, format!("{name}: {why}")),
        };
        if let Some(why) = &t.unread {
            answer.push_str("; ");
            answer.push_str(why);
        }
        Evidence {
            question: question.clone(),
            answer,
            at,
            ok,
            probe: "",
        }
    };
    let mut evidence: Vec<Evidence> = all.iter().map(told).collect();
    evidence.order_by_key(|e| e.ok);
    let missing: Vec<String> = evidence
        .iter()
        .filter(|e| !e.ok)
        .map(|e| e.answer.clone())
        .collect();
    let failing = all.iter().any(|t| matches!(t.heard, Heard::Missing(_)));
    let lately = all
        .iter()
        .filter(|t| matches!(t.heard, Heard::Lately(..)))
        .count();
    let unread = all.iter().find_map(|t| t.unread.as_deref());
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
            "{lately} of the {} releases that run now sent events lately, the others are quiet",
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
        figure: None,
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::facts::Facts;
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
            endpoint: "sentry.io".into(),
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
        // The number of a project of somebody else's Sentry is no project of this one.
        let foreign = reporting("laser-api", "https://abc@sentry.internal/1");
        assert_eq!(foreign.state, Unknown, "{foreign:?}");
        assert!(
            foreign.reason.contains("not the Sentry that is asked"),
            "{}",
            foreign.reason
        );
        let other = reporting("laser-api", "https://abc@o1.ingest.sentry.io/42");
        assert_eq!(other.state, Unknown, "{other:?}");
        assert!(
            other.reason.contains(
                "prod/api: sends its events to project 42 of o1.ingest.sentry.io (SENTRY_DSN)"
            ),
            "{}",
            other.reason
        );
        // Not every address with a user is one.
        let database = reporting("laser-api", "postgres://u:p@db.internal/laser");
        assert_eq!(database.state, Proved, "{database:?}");
    }
    /// Adds a service of a name, which runs the same.
    fn beside(facts: &mut Facts, cluster: &str, name: &str) {
        let mut services = facts.service_rows().to_vec();
        let mut other = (*services[0]).clone();
        other.id.cluster = cluster.into();
        other.id.name = name.into();
        services.push(Arc::new(other));
        facts.services = testing::part(Arc::new(services));
    }

    fn add_project(facts: &mut Facts, slug: &str) {
        let mut errors = facts.estate.errors.value.clone().unwrap();
        Arc::make_mut(&mut errors).projects.push(Project {
            id: "2".into(),
            slug: slug.into(),
            platform: String::new(),
        });
        facts.estate.errors = testing::part(errors);
        let mut all = facts.estate.error_releases.value.clone().unwrap();
        let mut newest = release("9.9.9", ago(1));
        newest.projects = vec![slug.into()];
        Arc::make_mut(&mut all).push(newest);
        facts.estate.error_releases = testing::part(all);
    }

    #[test]
    fn every_service_is_judged_and_one_whose_dsn_is_a_secret_is_not_known() {
        let mut heard = facts(vec![release("1.8.2", ago(3))]);
        beside(&mut heard, "prod", "billing");
        let got = judged("sentry.receives", &heard);
        assert_eq!(got.state, Unknown, "{got:?}");
        assert_eq!(
            got.reason,
            "prod/billing: its DSN is not seen, and no project has its name"
        );
        // The project that is left may be its own: what is newest there need not be what runs.
        add_project(&mut heard, "invoices");
        let got = judged("sentry.receives", &heard);
        assert!(
            got.reason
                .contains("invoices: whether it is the project of prod/billing is not seen"),
            "{}",
            got.reason
        );
        // Where every service has its own, one that is left is a front end's.
        let mut web = facts(vec![release("1.8.2", ago(3))]);
        add_project(&mut web, "laser-web");
        assert_eq!(judged("sentry.receives", &web).state, Proved);
        // Two that end alike are nobody's.
        let mut twice = facts(vec![release("1.8.2", ago(3))]);
        add_project(&mut twice, "admin-api");
        let got = judged("sentry.receives", &twice);
        assert_eq!(got.state, Unknown, "{got:?}");
        assert!(got.reason.contains("both laser-api and admin-api"));
        // What another environment runs is not asked here.
        let mut staging = facts(vec![release("1.8.2", ago(3))]);
        beside(&mut staging, "shop-staging", "billing");
        assert_eq!(judged("sentry.receives", &staging).state, Unknown);
        staging.environments = vec!["production".into(), "staging".into()];
        assert_eq!(judged("sentry.receives", &staging).state, Proved);
    }

    #[test]
    fn an_image_without_a_tag_tells_no_release() {
        let mut heard = facts(vec![release("1.8.2", ago(3))]);
        let untagged = testing::service_running("registry.example/laser/api@sha256:aa");
        heard.task_definitions = untagged.task_definitions;
        let got = judged("sentry.receives", &heard);
        assert_eq!(got.state, Unknown, "{got:?}");
        assert!(got.reason.contains("no tag"), "{}", got.reason);
    }
}
