//! Vercel: production serves, and what it needs is set.

use super::judgement::{Findings, Verdict};
use super::look::{Look, span};
use super::secrets::UNNAMED;
use super::{Probe, words};
use crate::domain::redact::is_secret_name;
use crate::domain::vercel::{BuildState, Variable};

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

/// Names that the plan asks for must be set somewhere, those that the configuration asks for in their project. Where nobody said
/// which a project needs, what previews have must not be missing where users are; and that nothing is missing proves nothing.
fn environment(look: &Look<'_>) -> Verdict {
    look.configured("vercel")?;
    let seen = look.fresh(&look.facts.estate.vercel_settings, "Vercel's variables")?;
    let named: Vec<&str> = look.words("names").collect();
    let targets: Vec<&str> = look.words("targets").collect();
    let mut found = Findings::new("variable", look.question(seen.source), seen.at);
    // Of the plan's names it does not matter in which project: a name belongs to one of them.
    let everywhere = seen.value.iter().flat_map(|of| &of.variables);
    let unread = seen.value.iter().find_map(|of| {
        let why = of.unread.as_ref()?;
        Some(format!("{}: {why}", of.project))
    });
    for name in &named {
        needed(
            &mut found,
            name,
            name,
            &targets,
            everywhere.clone(),
            unread.as_deref(),
        );
    }
    for of in seen.value.iter() {
        let rows = look.expect.variables.iter();
        let rows = rows.filter(|v| v.project.as_deref() == Some(&of.project));
        let told = !named.is_empty() || rows.clone().next().is_some();
        for name in rows.flat_map(|v| &v.names) {
            let shown = format!("{name} of {}", of.project);
            let variables = of.variables.iter();
            needed(
                &mut found,
                name,
                &shown,
                &targets,
                variables,
                of.unread.as_deref(),
            );
        }
        let mut faults = 0;
        for v in &of.variables {
            let name = format!("{} of {}", v.name, of.project);
            let set = |target: &str| {
                let mut all = of.variables.iter().filter(|other| other.name == v.name);
                all.any(|other| other.targets.iter().any(|t| t == target))
            };
            if v.kind == "plain" && is_secret_name(&v.name) && !is_public(&v.name) {
                found.bad(name, "is a secret kept in clear");
                faults += 1;
            } else if !told && !set("production") && set("preview") && of.unread.is_none() {
                found.bad(name, "is set for previews and not for production");
                faults += 1;
            }
        }
        if !told && faults == 0 {
            let why = of.unread.as_deref().unwrap_or(UNNAMED);
            found.unknown(&of.project, why);
        }
    }
    for v in &look.expect.variables {
        let project = v.project.iter();
        for project in project.filter(|p| !seen.value.iter().any(|of| of.project == **p)) {
            found.bad(project, "there is no such project");
        }
    }
    Ok(found.verdict())
}

/// Whether a name is set for every target that is meant. `unread`: why there may be more variables than these.
fn needed<'a>(
    found: &mut Findings,
    name: &str,
    shown: &str,
    targets: &[&str],
    variables: impl Iterator<Item = &'a Variable>,
    unread: Option<&str>,
) {
    let all: Vec<&Variable> = variables.filter(|v| v.name == name).collect();
    let set = |target: &&&str| all.iter().any(|v| v.targets.iter().any(|t| t == **target));
    let missing: Vec<&str> = targets.iter().filter(|t| !set(t)).copied().collect();
    match (missing.is_empty(), unread) {
        (true, _) => found.good(shown, &format!("is set for {}", targets.join(", "))),
        (false, Some(why)) => found.unknown(shown, why),
        (false, None) => found.bad(shown, format!("is not set for {}", missing.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::config::NeededVariables;
    use crate::domain::facts::Facts;
    use crate::domain::vercel::{Settings, Variable};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;
    use crate::plan::probes::testing::{now, part};
    use crate::plan::probes::{Call, judge};

    #[test]
    fn a_project_s_variables_are_proved_where_somebody_said_which_it_needs() {
        let variable = |name: &str, targets: &[&str]| Variable {
            name: name.into(),
            kind: "encrypted".into(),
            targets: targets.iter().map(|t| (*t).to_owned()).collect(),
            updated_at: None,
            shared: false,
        };
        let judge_with = |unread: Option<&str>,
                          call: &str,
                          variables: Vec<Variable>,
                          rows: &[(&str, &[&str])]| {
            let settings = Settings {
                project_id: "p".into(),
                project: "web".into(),
                domains: Vec::new(),
                variables,
                unread: unread.map(str::to_owned),
            };
            let mut facts = Facts::default();
            facts.estate.vercel_settings = part(Arc::new(vec![settings]));
            let row = |(project, names): &(&str, &[&str])| NeededVariables {
                service: None,
                project: Some((*project).to_owned()),
                container: None,
                names: names.iter().map(|n| (*n).to_owned()).collect(),
            };
            let expect = Expectations {
                variables: rows.iter().map(row).collect(),
                ..Expectations::default()
            };
            judge(&Call::parse(call).unwrap(), &facts, &expect, now())
        };
        let judged = |call: &str, variables, rows: &[(&str, &[&str])]| {
            judge_with(None, call, variables, rows)
        };
        let call = "vercel.environment";
        let set = || vec![variable("API_URL", &["production"])];
        let unnamed = judged(call, set(), &[]);
        assert_eq!(unnamed.state, Unknown);
        assert!(
            unnamed.reason.contains("[[probes.variables]]"),
            "{}",
            unnamed.reason
        );
        let state = |variables, rows: &[(&str, &[&str])]| judged(call, variables, rows).state;
        assert_eq!(state(set(), &[("web", &["API_URL"])]), Proved);
        assert_eq!(state(set(), &[("web", &["API_URL", "KEY"])]), Failing);
        assert_eq!(
            state(set(), &[("shop", &["API_URL"])]),
            Failing,
            "no such project"
        );
        let preview = || vec![variable("API_URL", &["preview"])];
        assert_eq!(state(preview(), &[]), Failing);
        assert_eq!(state(preview(), &[("web", &["API_URL"])]), Failing);
        let by_plan = "vercel.environment names=API_URL";
        assert_eq!(judged(by_plan, set(), &[]).state, Proved);
        assert_eq!(judged(by_plan, Vec::new(), &[]).state, Failing);
        // What was not read is not missing.
        let unread = |call, variables, rows: &[(&str, &[&str])]| {
            judge_with(Some("it is not read"), call, variables, rows)
        };
        assert_eq!(unread(by_plan, set(), &[]).state, Proved);
        assert_eq!(unread(by_plan, Vec::new(), &[]).state, Unknown);
        let got = unread(call, Vec::new(), &[("web", &["KEY"])]);
        assert_eq!(got.state, Unknown, "{got:?}");
        assert!(got.reason.contains("KEY of web: it is not read"), "{got:?}");
        let got = unread(call, set(), &[("shop", &["KEY"])]);
        assert_eq!(got.state, Failing, "there is no such project, read or not");
    }
}
