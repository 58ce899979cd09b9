//! Which service a person means: `name` or `cluster/name`.

use super::session::{Session, standing};
use crate::config::mistake::suggest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::ServiceId;

/// Asks for the services and finds the one that is meant.
pub async fn resolve(word: &str, session: &mut Session) -> Result<ServiceId, Problem> {
    let picture = session
        .demand(Vec::new(), &[&|f| standing(&f.services)])
        .await?;
    let all: Vec<&ServiceId> = picture.facts.service_rows().iter().map(|s| &s.id).collect();
    match &picture.facts.clusters.error {
        // No wonder that nothing is known: no configured cluster exists.
        Some(problem) if all.is_empty() => Err(problem.clone()),
        _ => pick(word, &all),
    }
}

/// Finds the one that is meant among some.
pub fn pick(word: &str, all: &[&ServiceId]) -> Result<ServiceId, Problem> {
    let matches: Vec<&ServiceId> = match word.split_once('/') {
        Some((cluster, name)) => all
            .iter()
            .copied()
            .filter(|id| id.cluster == cluster && id.name == name)
            .collect(),
        None => all.iter().copied().filter(|id| id.name == word).collect(),
    };
    match matches.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(unknown(word, all)),
        several => Err(Problem::new(
            ProblemKind::Argument,
            "ecs",
            format!("\"{word}\" is not one service"),
            format!("there are {}", names(several)),
            "name one of them as cluster/name",
        )),
    }
}

fn unknown(word: &str, all: &[&ServiceId]) -> Problem {
    let full: Vec<String> = all.iter().map(ToString::to_string).collect();
    let short = all.iter().map(|id| id.name.as_str());
    let near = suggest(word, full.iter().map(String::as_str).chain(short));
    let hint = near
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    let why = if all.is_empty() {
        "the clusters that these credentials can see have no services".to_owned()
    } else {
        format!("there are {}", names(all))
    };
    Problem::new(
        ProblemKind::Argument,
        "ecs",
        format!("unknown service \"{word}\"{hint}"),
        why,
        "flightdeck services lists them; another account or region: AWS_PROFILE, AWS_REGION or --env",
    )
}

fn names(ids: &[&ServiceId]) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    if ids.len() > SHOWN {
        names.push(format!("{} more", ids.len() - SHOWN));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(cluster: &str, name: &str) -> ServiceId {
        ServiceId {
            cluster: cluster.into(),
            name: name.into(),
        }
    }

    #[test]
    fn names_resolve_or_say_what_there_is() {
        let (a, b, c) = (id("prod", "api"), id("blue", "api"), id("prod", "web"));
        let all = [&a, &b, &c];
        assert_eq!(pick("web", &all).unwrap(), c);
        assert_eq!(pick("blue/api", &all).unwrap(), b);
        let ambiguous = pick("api", &all).unwrap_err();
        assert_eq!(ambiguous.why, "there are prod/api, blue/api");
        let unknown = pick("wbe", &all).unwrap_err();
        assert!(
            unknown.what.contains("did you mean \"web\"?"),
            "{}",
            unknown.what
        );
        assert_eq!(unknown.kind, ProblemKind::Argument);
        assert!(pick("x", &[]).unwrap_err().why.contains("no services"));
    }
}
