//! Which service a person means: `name` or `cluster/name`.

use super::session::{Session, standing};
use crate::config::mistake::suggest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::ServiceId;

/// Finds the one that is meant. Named with its cluster, that cluster alone is asked: what ails another must not hold up the way back of
/// this one. By its name alone it is looked for among all services.
pub async fn resolve(word: &str, session: &mut Session) -> Result<ServiceId, Problem> {
    let whole = named_whole(word, &session.config.aws.clusters);
    if let Some(id) = &whole
        && session.engine.has_service(id).await?
    {
        return Ok(id.clone());
    }
    let asked = session
        .demand(Vec::new(), &[&|f| standing(&f.services)])
        .await;
    let (picture, unread) = match asked {
        Ok(picture) => (picture, None),
        Err(problem) => (session.watch.snapshot(), Some(problem)),
    };
    let all: Vec<&ServiceId> = picture.facts.service_rows().iter().map(|s| &s.id).collect();
    match (unread, &picture.facts.clusters.error) {
        // It is not there, whatever cannot be read of others.
        (Some(_), _) if whole.is_some() && !all.is_empty() => Err(unknown(word, &all)),
        (Some(mut problem), _) => {
            if !all.is_empty() {
                problem.fix +=
                    " Or name the service as cluster/name: its cluster alone is asked then.";
            }
            Err(problem)
        }
        // No wonder that nothing is known: no configured cluster exists.
        (None, Some(problem)) if all.is_empty() => Err(problem.clone()),
        (None, _) => pick(word, &all),
    }
}

/// What `cluster/name` names, where the configuration does not leave its cluster out.
fn named_whole(word: &str, clusters: &[String]) -> Option<ServiceId> {
    let (cluster, name) = word.split_once('/')?;
    let is_there = !cluster.is_empty() && !name.is_empty() && !name.contains('/');
    let listed = clusters.is_empty() || clusters.iter().any(|c| c == cluster);
    (is_there && listed).then(|| ServiceId {
        cluster: cluster.to_owned(),
        name: name.to_owned(),
    })
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
    fn a_name_with_its_cluster_is_asked_for_alone_where_that_is_one_of_ours() {
        let named = |word: &str, listed: &[&str]| {
            let listed: Vec<String> = listed.iter().map(|c| (*c).to_owned()).collect();
            named_whole(word, &listed)
        };
        assert_eq!(named("prod/api", &[]), Some(id("prod", "api")));
        assert_eq!(named("prod/api", &["prod"]), Some(id("prod", "api")));
        assert_eq!(named("prod/api", &["dev"]), None);
        for other in ["api", "/api", "prod/", "/ecs/prod/api"] {
            assert_eq!(named(other, &[]), None, "{other}");
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
