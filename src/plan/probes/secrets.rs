//! Environment variables of task definitions: set where they are needed, and no secret among the plain ones.

use super::judgement::{Findings, Verdict};
use super::look::Look;
use super::{Probe, words};
use crate::domain::service::{ContainerSpec, Service, TaskDefinition};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "ecs.secrets-referenced",
        question: "does every variable that looks secret come from a secret store, not from plain text?",
        params: &[],
        judge: referenced,
    },
    Probe {
        name: "ecs.environment",
        question: "does every service have its environment variables?",
        params: &[words("required", "")],
        judge: environment,
    },
];

/// Words in a variable's name that mark its value as a secret.
const SECRET: [&str; 9] = [
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "TOKEN",
    "APIKEY",
    "PRIVATEKEY",
    "ACCESSKEY",
    "CREDENTIAL",
    "SIGNINGKEY",
];

/// Ends of a name that say that the value is about a secret without being one.
const ABOUT: [&str; 8] = [
    "_ARN", "_NAME", "_FILE", "_PATH", "_ID", "_TTL", "_URL", "_EXPIRY",
];

/// Whether a plain variable looks like a secret: by its name, or by a password inside a URL. An empty value is none.
fn looks_secret(name: &str, value: &str) -> bool {
    if value.is_empty() {
        return false;
    }
    let upper = name.to_uppercase();
    let squeezed: String = upper.chars().filter(|c| c.is_alphanumeric()).collect();
    let named = SECRET.iter().any(|w| squeezed.contains(w))
        && !ABOUT.iter().any(|end| upper.ends_with(end))
        && !value.starts_with("arn:");
    named || has_password(value)
}

/// `scheme://user:password@host`.
fn has_password(value: &str) -> bool {
    value
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .and_then(|authority| authority.rsplit_once('@'))
        .and_then(|(user, _)| user.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty())
}

fn referenced(look: &Look<'_>) -> Verdict {
    let definitions = look.definitions()?;
    let question = look.question(definitions.source);
    let mut found = Findings::new("service", question, definitions.at);
    for row in definitions.rows {
        let name = &look.name(&row.service.id);
        let Some(d) = row.definition else {
            found.unknown(name, row.unread());
            continue;
        };
        let plain: Vec<&str> = d
            .containers
            .iter()
            .flat_map(|c| &c.environment)
            .filter(|(name, value)| looks_secret(name, value))
            .map(|(name, _)| name.as_str())
            .collect();
        let files = files(d);
        if let (true, Some(file)) = (plain.is_empty(), files.first()) {
            let why = format!("what its environment takes from {file} is not read");
            found.unknown(name, row.said(&why));
        } else if plain.is_empty() {
            let n: usize = d.containers.iter().map(|c| c.secrets.len()).sum();
            found.good(name, &row.said(&format!("{n} by reference")));
        } else {
            found.bad(
                name,
                row.said(&format!("plain text in {}", plain.join(", "))),
            );
        }
    }
    Ok(found.verdict())
}

/// What to do where nobody said which names are needed: that some are set says nothing.
pub(super) const UNNAMED: &str =
    "no names are required: name them in [[probes.variables]] of flightdeck.toml";

/// Files of S3 that environments of its containers come from.
fn files(definition: &TaskDefinition) -> Vec<&str> {
    let all = definition
        .containers
        .iter()
        .flat_map(|c| &c.environment_files);
    all.map(|f| f.strip_prefix("arn:aws:s3:::").unwrap_or(f))
        .collect()
}

/// A name that a service needs, and the container that needs it, where somebody said which.
type Needed<'a> = (&'a str, Option<&'a str>);

/// Names that a service needs, by the plan and by the configuration; `None`: nobody said.
fn needed<'a>(look: &Look<'a>, service: &Service) -> Option<Vec<Needed<'a>>> {
    let mut names: Vec<Needed<'_>> = look.words("required").map(|name| (name, None)).collect();
    let rows = look.expect.variables.iter();
    let mut rows = rows.filter(|v| v.is_of_service(&service.id)).peekable();
    let told = !names.is_empty() || rows.peek().is_some();
    names.extend(rows.flat_map(|v| {
        let container = v.container.as_deref();
        v.names.iter().map(move |name| (name.as_str(), container))
    }));
    told.then_some(names)
}

/// Whether a container has a variable: an empty value is none.
fn has(container: &ContainerSpec, name: &str) -> bool {
    let plain = container.environment.iter();
    let mut plain = plain.filter(|(_, value)| !value.is_empty());
    plain.any(|(n, _)| n == name) || container.secrets.iter().any(|(n, _)| n == name)
}

/// What of the needed names a service has.
enum Has {
    All,
    /// Missing, in words.
    Not(String),
    /// Nobody knows, and why.
    Perhaps(String),
}

/// Each name is needed in the container that the configuration names, or else in every container that the task stops with: what a
/// sidecar alone has, the application lacks.
fn has_all(definition: &TaskDefinition, needed: &[Needed<'_>]) -> Has {
    let lacks = |c: &ContainerSpec| -> Vec<String> {
        let wanted = needed
            .iter()
            .filter(|(name, place)| place.is_none_or(|place| place == c.name) && !has(c, name));
        wanted.map(|(name, _)| (*name).to_owned()).collect()
    };
    let named: Vec<&str> = needed.iter().filter_map(|(_, place)| *place).collect();
    let all = || definition.containers.iter();
    if let Some(gone) = named.iter().find(|n| !all().any(|c| c.name == **n)) {
        return Has::Not(format!("has no container {gone}, which needs some"));
    }
    let anywhere = needed.iter().any(|(_, place)| place.is_none());
    let looked_at = all().filter(|c| (anywhere && c.essential) || named.contains(&c.name.as_str()));
    let mut looked_at: Vec<&ContainerSpec> = looked_at.collect();
    if looked_at.is_empty() && anywhere {
        looked_at = all().collect();
    }
    let (whole, part): (Vec<_>, Vec<_>) = looked_at
        .into_iter()
        .map(|c| (c, lacks(c)))
        .partition(|(_, missing)| missing.is_empty());
    // That of the container that lacks the fewest: it is the likeliest one.
    let Some((least, missing)) = part.iter().min_by_key(|(_, missing)| missing.len()) else {
        return Has::All;
    };
    let missing = missing.join(", ");
    if let Some(file) = files(definition).first() {
        return Has::Perhaps(format!(
            "{missing} not set by name; what {file} sets is not read"
        ));
    }
    match whole.first() {
        Some((whole, _)) if !named.contains(&least.name.as_str()) => Has::Perhaps(format!(
            "all set in {}, and in {} not {missing}: say which container needs them (container in [[probes.variables]])",
            whole.name, least.name
        )),
        _ if definition.containers.len() > 1 => {
            Has::Not(format!("missing {missing} in {}", least.name))
        }
        _ => Has::Not(format!("missing {missing}")),
    }
}

fn environment(look: &Look<'_>) -> Verdict {
    let definitions = look.definitions()?;
    let question = look.question(definitions.source);
    let mut found = Findings::new("service", question, definitions.at);
    for row in definitions.rows {
        let name = &look.name(&row.service.id);
        let Some(d) = row.definition else {
            found.unknown(name, row.unread());
            continue;
        };
        let Some(needed) = needed(look, row.service) else {
            let plain = d.containers.iter().flat_map(|c| &c.environment);
            let any = plain.clone().any(|(_, value)| !value.is_empty())
                || d.containers.iter().any(|c| !c.secrets.is_empty())
                || !files(d).is_empty();
            match any {
                false => found.bad(name, row.said("no environment variable at all")),
                true => found.unknown(name, UNNAMED),
            }
            continue;
        };
        match has_all(d, &needed) {
            Has::All => found.good(name, &row.said(&format!("{} of {0} set", needed.len()))),
            Has::Not(why) => found.bad(name, row.said(&why)),
            Has::Perhaps(why) => found.unknown(name, row.said(&why)),
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use super::looks_secret;
    use crate::config::NeededVariables;
    use crate::domain::facts::Facts;
    use crate::domain::service::ContainerSpec;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;
    use crate::plan::probes::testing::{now, running};
    use crate::plan::probes::{Call, judge};

    #[test]
    fn variables_are_proved_where_somebody_said_which_are_needed() {
        let facts = running(vec![ContainerSpec {
            environment: vec![("NODE_ENV".into(), "production".into())],
            secrets: vec![("DATABASE_URL".into(), "arn".into())],
            ..ContainerSpec::default()
        }]);
        let row = |service: Option<&str>, names: &[&str]| NeededVariables {
            service: service.map(str::to_owned),
            project: None,
            container: None,
            names: names.iter().map(|n| (*n).to_owned()).collect(),
        };
        let judged = |call: &str, rows: Vec<NeededVariables>| {
            let expect = Expectations {
                variables: rows,
                ..Expectations::default()
            };
            judge(&Call::parse(call).unwrap(), &facts, &expect, now())
        };
        let call = "ecs.environment";
        let unnamed = judged(call, Vec::new());
        assert_eq!(unnamed.state, Unknown);
        assert!(
            unnamed.reason.contains("[[probes.variables]]"),
            "{}",
            unnamed.reason
        );
        let state = |rows| judged(call, rows).state;
        assert_eq!(
            state(vec![row(None, &["DATABASE_URL", "NODE_ENV"])]),
            Proved
        );
        assert_eq!(state(vec![row(Some("prod/api"), &["JWT_SECRET"])]), Failing);
        assert_eq!(state(vec![row(Some("worker"), &["NODE_ENV"])]), Unknown);
        assert_eq!(state(vec![row(Some("api"), &[])]), Proved, "none is needed");
        let by_plan = "ecs.environment required=NODE_ENV";
        assert_eq!(judged(by_plan, Vec::new()).state, Proved);
    }

    fn container(name: &str, environment: &[(&str, &str)]) -> ContainerSpec {
        let set = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        ContainerSpec {
            name: name.into(),
            essential: true,
            environment: environment.iter().map(set).collect(),
            ..ContainerSpec::default()
        }
    }

    fn asked(facts: &Facts, container: Option<&str>) -> crate::plan::probes::Judgement {
        let row = NeededVariables {
            container: container.map(str::to_owned),
            names: vec!["A".into(), "B".into()],
            ..NeededVariables::default()
        };
        let expect = Expectations {
            variables: vec![row],
            ..Expectations::default()
        };
        judge(
            &Call::parse("ecs.environment").unwrap(),
            facts,
            &expect,
            now(),
        )
    }

    #[test]
    fn an_empty_value_is_none_and_what_a_sidecar_has_the_application_lacks() {
        let both = [("A", "1"), ("B", "2")];
        let app = |environment: &[(&str, &str)]| container("app", environment);
        let judged = |all: Vec<ContainerSpec>, place| {
            let judged = asked(&running(all), place);
            (judged.state, judged.reason)
        };
        assert_eq!(judged(vec![app(&both)], None).0, Proved);
        let empty = judged(vec![app(&[("A", "1"), ("B", "")])], None);
        assert_eq!(empty, (Failing, "api: missing B".into()));
        let split = vec![app(&[("A", "1")]), container("proxy", &[("B", "2")])];
        assert_eq!(judged(split, None).0, Failing, "neither has both");
        let beside = || vec![app(&both), container("proxy", &[])];
        let untold = judged(beside(), None);
        assert_eq!(untold.0, Unknown);
        assert!(untold.1.contains("all set in app"), "{}", untold.1);
        assert_eq!(judged(beside(), Some("app")).0, Proved);
        let proxy = judged(beside(), Some("proxy"));
        assert_eq!(proxy, (Failing, "api: missing A, B in proxy".into()));
        let gone = judged(beside(), Some("web"));
        assert_eq!(gone.0, Failing);
        let helper = ContainerSpec {
            essential: false,
            ..container("helper", &[])
        };
        assert_eq!(judged(vec![app(&both), helper], None).0, Proved);
    }

    #[test]
    fn what_a_file_sets_is_not_known() {
        let filed = ContainerSpec {
            environment_files: vec!["arn:aws:s3:::shop/prod.env".into()],
            ..container("app", &[("A", "1")])
        };
        let facts = running(vec![filed]);
        let got = asked(&facts, None);
        assert_eq!(got.state, Unknown);
        let why = "api: B not set by name; what shop/prod.env sets is not read";
        assert_eq!(got.reason, why);
        let call = Call::parse("ecs.secrets-referenced").unwrap();
        let got = judge(&call, &facts, &Expectations::default(), now());
        assert_eq!(got.state, Unknown, "it may hold secrets");
    }

    #[test]
    fn names_and_urls_give_secrets_away_but_references_do_not() {
        assert!(looks_secret("JWT_SECRET", "hunter2"));
        assert!(looks_secret("STRIPE_API_KEY", "sk_live"));
        assert!(looks_secret(
            "DATABASE_URL",
            "postgres://app:pw@db:5432/laser"
        ));
        assert!(!looks_secret("DATABASE_URL", "postgres://db:5432/laser"));
        assert!(!looks_secret("DB_SECRET_ARN", "arn:aws:secretsmanager:x"));
        assert!(!looks_secret("TOKEN_TTL", "3600"));
        assert!(!looks_secret("LOG_LEVEL", "info"));
        assert!(!looks_secret("API_TOKEN", ""));
    }
}
