//! Vercel: what production shows, what is being built, domains, variables by name.

use jiff::Timestamp;

use super::words::{count, days};
use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::vercel::{BuildState, Deployment, Hosting};

pub(super) const VIEW: View = View {
    id: "vercel",
    title: "Vercel",
    doc: "Projects, deployments, domains, names of variables, aliases",
    group: Group::Edge,
    lines: &["vercel"],
    needs: &["vercel", "vercel_settings", "vercel_aliases"],
    make: Make::Facts(make),
};

const PROJECTS: &[Head] = &[
    Head::left("project", 16).grow(1),
    Head::left("production", 12),
    Head::left("branch", 10).grow(1),
    Head::left("commit", 8),
    Head::left("by", 8).drop(1),
    Head::right("age", 5),
    Head::left("new ones", 14),
    Head::left("framework", 9).drop(2),
];
const DEPLOYMENTS: &[Head] = &[
    Head::left("state", 9),
    Head::left("target", 11),
    Head::left("project", 12),
    Head::left("branch", 12).grow(1),
    Head::left("commit", 8),
    Head::right("age", 5),
    Head::left("by", 8),
    Head::left("what", 16).grow(2).drop(1),
    Head::left("url", 20).grow(1).drop(2),
];
const DOMAINS: &[Head] = &[
    Head::left("domain", 22).grow(2),
    Head::left("project", 12),
    Head::left("verified", 9),
    Head::left("leads to", 16).grow(1),
    Head::left("waits for", 16).grow(1).drop(1),
];
const VARIABLES: &[Head] = &[
    Head::left("variable", 22).grow(2),
    Head::left("project", 12),
    Head::left("kind", 10),
    Head::left("production", 11),
    Head::left("preview", 8),
    Head::left("development", 12).drop(1),
    Head::right("changed", 8),
];
const ALIASES: &[Head] = &[
    Head::left("name", 24).grow(2),
    Head::left("project", 12),
    Head::left("deployment", 14).grow(1),
    Head::left("commit", 8),
    Head::right("since", 6),
];

/// Days after which a sensitive value that nobody changed is old.
const OLD_DAYS: i64 = 365;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    vec![
        projects(facts, now),
        deployments(facts, now),
        domains(facts, now),
        variables(facts, now),
        aliases(facts, now),
    ]
}

fn short(commit: Option<&str>) -> &str {
    commit.map_or("-", |c| c.get(..7).unwrap_or(c))
}

fn text(value: Option<&String>) -> &str {
    value.map_or("-", String::as_str)
}

fn projects(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.vercel;
    let empty = "No projects: the token's team has none, or `projects` in [vercel] names others.";
    let mut section = Section::of(part, now, "projects", "Projects", PROJECTS, empty);
    let Some(hosting) = &part.value else {
        return section;
    };
    for name in &hosting.missing {
        let mut cells = vec![Cell::name(name), Cell::new("not found", Tone::Unknown)];
        cells.resize(PROJECTS.len(), Cell::default());
        let thing = serde_json::json!({"name": name, "missing": true});
        section.row(name, cells, &thing);
    }
    for project in &hosting.projects {
        let shown = hosting.production(project);
        let (word, tone) = match (shown.map(|d| d.state), &project.production) {
            (Some(state), _) => (state.word(), Tone::good(state == BuildState::Ready)),
            (None, Some(_)) => ("not read", Tone::Unknown),
            (None, None) => ("none", Tone::Warn),
        };
        let pointing = project.last_pointing.as_ref();
        let moving = pointing.filter(|(_, how)| how == "pending" || how == "in-progress");
        let takes = match (moving, project.assigns_itself) {
            (Some((kind, _)), _) => Cell::new(format!("{kind} under way"), Tone::Info),
            (None, true) => Cell::plain("shown at once"),
            (None, false) if project.is_rolled_back() => Cell::new("held: rolled back", Tone::Warn),
            // Custom domains that are not assigned by themselves: a choice of many who promote what they looked at.
            (None, false) => Cell::plain("when promoted"),
        };
        let cells = vec![
            Cell::name(&project.name),
            Cell::new(word, tone),
            Cell::plain(text(shown.and_then(|d| d.branch.as_ref()))),
            Cell::plain(short(shown.and_then(|d| d.commit.as_deref()))),
            Cell::plain(text(shown.and_then(|d| d.author.as_ref()))),
            Cell::ago(shown.and_then(|d| d.created_at), now),
            takes,
            Cell::muted(text(project.framework.as_ref())),
        ];
        section.row(&project.id, cells, project);
    }
    section
}

fn deployments(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.vercel;
    let empty = "No deployments: nothing was pushed to these projects yet.";
    let mut section = Section::of(part, now, "deployments", "Deployments", DEPLOYMENTS, empty);
    let Some(hosting) = &part.value else {
        return section;
    };
    for d in &hosting.deployments {
        let is_production = hosting
            .projects
            .iter()
            .any(|p| p.production.as_ref() == Some(&d.id));
        let target = if is_production {
            "production*"
        } else {
            &d.target
        };
        let cells = vec![
            Cell::new(d.state.word(), tone(hosting, d)),
            Cell::new(
                target,
                if is_production {
                    Tone::Strong
                } else {
                    Tone::Plain
                },
            ),
            Cell::plain(&d.project),
            Cell::plain(text(d.branch.as_ref())),
            Cell::plain(short(d.commit.as_deref())),
            Cell::ago(d.created_at, now),
            Cell::plain(text(d.author.as_ref())),
            Cell::plain(d.error.as_deref().or(d.message.as_deref()).unwrap_or("-")),
            Cell::muted(&d.url),
        ];
        section.row(&d.id, cells, d);
    }
    let moving = hosting
        .deployments
        .iter()
        .filter(|d| d.state.is_moving())
        .count();
    let failed = hosting
        .deployments
        .iter()
        .map(|d| (d, tone(hosting, d)))
        .filter(|(d, tone)| d.state == BuildState::Error && tone.weight() >= Tone::Warn.weight());
    let failed: Vec<_> = failed.collect();
    if let Some(worst) = failed.iter().map(|f| f.1).max_by_key(|t| t.weight()) {
        let mut of: Vec<&str> = failed.iter().map(|(d, _)| d.project.as_str()).collect();
        of.sort_unstable();
        of.dedup();
        let builds = count(failed.len(), "build");
        let words = format!(
            "{builds} failed with nothing newer since: {}",
            of.join(", ")
        );
        section.note(words, worst);
    }
    if moving > 0 {
        section.note(format!("{} under way", count(moving, "build")), Tone::Info);
    }
    section
}

/// A failed build counts while nothing newer was made of its branch.
fn tone(hosting: &Hosting, d: &Deployment) -> Tone {
    let newer = hosting.deployments.iter().any(|other| {
        other.project_id == d.project_id
            && other.branch == d.branch
            && other.created_at > d.created_at
    });
    match d.state {
        BuildState::Ready => Tone::Plain,
        BuildState::Error if newer => Tone::Muted,
        BuildState::Error if d.target == "production" => Tone::Bad,
        BuildState::Error => Tone::Warn,
        BuildState::Canceled | BuildState::Deleted => Tone::Muted,
        BuildState::Blocked if newer => Tone::Muted,
        BuildState::Blocked => Tone::Warn,
        BuildState::Other => Tone::Unknown,
        _ => Tone::Info,
    }
}

fn domains(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.vercel_settings;
    let empty = "No domains: these projects are reached under vercel.app alone.";
    let mut section = Section::of(part, now, "domains", "Domains", DOMAINS, empty);
    for of in part.value.iter().flat_map(|v| v.iter()) {
        for d in &of.domains {
            let leads = match (&d.redirect, &d.branch) {
                (Some(to), _) => format!("redirects to {to}"),
                (None, Some(branch)) => format!("branch {branch}"),
                (None, None) => "production".into(),
            };
            let cells = vec![
                Cell::name(&d.name),
                Cell::plain(&of.project),
                Cell::on(d.verified),
                Cell::plain(leads),
                Cell::new(d.wants.as_deref().unwrap_or(""), Tone::Warn),
            ];
            section.row(format!("{}/{}", of.project_id, d.name), cells, d);
        }
    }
    section
}

fn variables(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.vercel_settings;
    let empty = "No variables: none is set at these projects.";
    let mut section = Section::of(
        part,
        now,
        "variables",
        "Variables, by name",
        VARIABLES,
        empty,
    );
    for of in part.value.iter().flat_map(|v| v.iter()) {
        let mut names: Vec<&str> = of.variables.iter().map(|v| v.name.as_str()).collect();
        names.dedup();
        for name in names {
            let all: Vec<_> = of.variables.iter().filter(|v| v.name == name).collect();
            let kinds: Vec<&str> = all.iter().map(|v| v.kind.as_str()).collect();
            let set = |target: &str| all.iter().any(|v| v.targets.iter().any(|t| t == target));
            let place = |target: &str, must: bool| match (set(target), must) {
                (true, _) => Cell::plain("set"),
                (false, true) => Cell::new("missing", Tone::Warn),
                (false, false) => Cell::muted("-"),
            };
            let oldest = all.iter().filter_map(|v| v.updated_at).min();
            let sensitive = kinds.contains(&"sensitive");
            let old = sensitive && oldest.is_some_and(|at| days(at, now) > OLD_DAYS);
            let mut shown = kinds.clone();
            shown.dedup();
            if all.iter().any(|v| v.shared) {
                shown.push("shared");
            }
            let cells = vec![
                Cell::name(name),
                Cell::plain(&of.project),
                Cell::plain(shown.join(", ")),
                // What previews have and production lacks was forgotten; the other way round it may be meant.
                place("production", set("preview")),
                place("preview", false),
                place("development", false),
                Cell::ago(oldest, now).toned(Tone::fine(!old)),
            ];
            section.row(format!("{}/{name}", of.project_id), cells, &all);
        }
    }
    let projects = part.value.iter().flat_map(|v| v.iter());
    for of in projects {
        if let Some(why) = &of.unread {
            section.note(format!("{}: {why}", of.project), Tone::Unknown);
        }
    }
    section
}

fn aliases(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.vercel_aliases;
    let empty = "No aliases: no name leads to a deployment yet.";
    let mut section = Section::of(part, now, "aliases", "Aliases", ALIASES, empty);
    let hosting = facts.estate.vercel.value.as_deref();
    for alias in part.value.iter().flat_map(|v| v.iter()) {
        let known = hosting.and_then(|h| {
            let id = alias.deployment.as_ref()?;
            h.deployments.iter().find(|d| &d.id == id)
        });
        let cells = vec![
            Cell::name(&alias.name),
            Cell::plain(known.map_or("-", |d| &d.project)),
            Cell::muted(text(alias.deployment.as_ref())),
            Cell::plain(short(known.and_then(|d| d.commit.as_deref()))),
            Cell::ago(alias.since, now),
        ];
        section.row(&alias.name, cells, alias);
    }
    section
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::part::Part;
    use crate::domain::vercel::Project;

    #[test]
    fn builds_that_failed_are_summed_up_in_a_sentence() {
        let build = |branch: &str, state| Deployment {
            id: branch.into(),
            project_id: "1".into(),
            project: "shop".into(),
            url: String::new(),
            state,
            error: None,
            target: "production".into(),
            branch: Some(branch.into()),
            commit: None,
            message: None,
            author: None,
            created_at: None,
            ready_at: None,
            can_roll_back_to: false,
        };
        let hosting = Hosting {
            projects: Vec::new(),
            deployments: vec![
                build("main", BuildState::Error),
                build("next", BuildState::Error),
                build("docs", BuildState::Ready),
            ],
            missing: Vec::new(),
            team: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        let mut facts = Facts::default();
        let part = Part::answered(Arc::new(hosting), now, "vercel:x", Duration::from_secs(60));
        facts.estate.vercel = part;
        let notes = deployments(&facts, now).notes;
        let said = "2 builds failed with nothing newer since: shop";
        assert!(
            notes.iter().any(|n| n.text == said && n.tone == Tone::Bad),
            "{notes:?}"
        );
    }

    #[test]
    fn domains_that_are_promoted_by_choice_are_not_called_rolled_back() {
        let project = |assigns_itself, last: Option<&str>| Project {
            id: "1".into(),
            name: "shop".into(),
            framework: None,
            production: None,
            assigns_itself,
            last_pointing: last.map(|kind| (kind.to_owned(), "succeeded".to_owned())),
        };
        let takes = |project| {
            let hosting = Hosting {
                projects: vec![project],
                ..Hosting::default()
            };
            let now = Timestamp::UNIX_EPOCH;
            let mut facts = Facts::default();
            let every = Duration::from_secs(60);
            facts.estate.vercel = Part::answered(Arc::new(hosting), now, "vercel:x", every);
            let cell = &projects(&facts, now).rows[0].cells[6];
            (cell.text.to_string(), cell.tone)
        };
        let held = ("held: rolled back".to_owned(), Tone::Warn);
        let chosen = ("when promoted".to_owned(), Tone::Plain);
        assert_eq!(takes(project(false, Some("rollback"))), held);
        assert_eq!(takes(project(false, Some("promote"))), chosen);
        assert_eq!(takes(project(false, None)), chosen);
        assert_eq!(takes(project(true, Some("rollback"))).0, "shown at once");
    }
}
