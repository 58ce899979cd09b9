//! Vercel: production serves, and what it needs is set.

use super::judgement::{Findings, Verdict};
use super::look::{Look, span};
use super::{Probe, words};
use crate::domain::redact::is_secret_name;
use crate::domain::vercel::BuildState;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "vercel.production-ready",
        question: "does every project's production show a deployment that is ready?",
        params: &[words("projects", "")],
        judge: production_ready,
    },
    Probe {
        name: "vercel.environment",
        question: "is every variable set for production that it needs, and no secret in clear?",
        params: &[words("names", ""), words("targets", "production")],
        judge: environment,
    },
];

fn production_ready(look: &Look<'_>) -> Verdict {
    look.configured("vercel")?;
    let seen = look.fresh(&look.facts.estate.vercel, "Vercel's projects")?;
    let wanted: Vec<&str> = look.words("projects").collect();
    let mut found = Findings::new("project", look.question(seen.source), seen.at);
    for project in &seen.value.projects {
        if !wanted.is_empty() && !wanted.contains(&project.name.as_str()) {
            continue;
        }
        let name = &project.name;
        match (seen.value.production(project), &project.production) {
            (Some(d), _) if d.state == BuildState::Ready => {
                let age = d.created_at.map(|at| look.now.duration_since(at));
                let age = age.and_then(|d| std::time::Duration::try_from(d).ok());
                let age = age.map_or_else(String::new, |a| format!(", {} old", span(a)));
                let commit = d.commit.as_deref().unwrap_or(&d.id);
                let commit = commit.get(..7).unwrap_or(commit);
                found.good(name, &format!("shows {commit}{age}"));
            }
            (Some(d), _) => found.bad(name, format!("production is {}", d.state.word())),
            (None, Some(id)) => found.unknown(name, format!("{id} was not read")),
            (None, None) => found.bad(name, "has no production deployment"),
        }
    }
    for missing in wanted
        .iter()
        .filter(|w| !seen.value.projects.iter().any(|p| &p.name == *w))
    {
        found.bad(*missing, "there is no such project");
    }
    Ok(found.verdict())
}

/// Names that frameworks put into what every browser loads: what they hold is no secret.
fn is_public(name: &str) -> bool {
    let prefixes = [
        "NEXT_PUBLIC_",
        "VITE_",
        "PUBLIC_",
        "REACT_APP_",
        "NUXT_PUBLIC_",
    ];
    prefixes.iter().any(|p| name.starts_with(p))
}

/// With `names`, these must be set; without, what previews have must not be missing where users are.
fn environment(look: &Look<'_>) -> Verdict {
    look.configured("vercel")?;
    let seen = look.fresh(&look.facts.estate.vercel_settings, "Vercel's variables")?;
    let named: Vec<&str> = look.words("names").collect();
    let targets: Vec<&str> = look.words("targets").collect();
    let mut found = Findings::new("variable", look.question(seen.source), seen.at);
    let everywhere = seen.value.iter().flat_map(|of| &of.variables);
    for name in &named {
        // In which project does not matter: a name belongs to one of them.
        let set = |target: &&str| {
            let mut all = everywhere.clone().filter(|v| v.name == **name);
            all.any(|v| v.targets.iter().any(|t| t == *target))
        };
        let missing: Vec<&str> = targets.iter().copied().filter(|t| !set(t)).collect();
        found.check(
            missing.is_empty(),
            name,
            &match missing.is_empty() {
                true => format!("is set for {}", targets.join(", ")),
                false => format!("is not set for {}", missing.join(", ")),
            },
        );
    }
    for of in seen.value.iter() {
        for v in &of.variables {
            let name = format!("{} of {}", v.name, of.project);
            let set = |target: &str| {
                let mut all = of.variables.iter().filter(|other| other.name == v.name);
                all.any(|other| other.targets.iter().any(|t| t == target))
            };
            if v.kind == "plain" && is_secret_name(&v.name) && !is_public(&v.name) {
                found.bad(name, "is a secret kept in clear");
            } else if named.is_empty() && !set("production") && set("preview") {
                found.bad(name, "is set for previews and not for production");
            } else if named.is_empty() && v.targets.iter().any(|t| t == "production") {
                found.good(&name, "");
            }
        }
    }
    Ok(found.verdict())
}
