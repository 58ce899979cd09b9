//! Environment variables of task definitions: set where they are needed, and no secret among the plain ones.

use super::judgement::{Findings, Verdict};
use super::look::Look;
use super::{Probe, words};
use crate::domain::service::Service;

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
        if plain.is_empty() {
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

/// Names that a service needs, by the plan and by the configuration; `None`: nobody said.
fn needed<'a>(look: &Look<'a>, service: &Service) -> Option<Vec<&'a str>> {
    let mut names: Vec<&str> = look.words("required").collect();
    let rows = look.expect.variables.iter();
    let mut rows = rows.filter(|v| v.is_of_service(&service.id)).peekable();
    let told = !names.is_empty() || rows.peek().is_some();
    names.extend(rows.flat_map(|v| v.names.iter().map(String::as_str)));
    told.then_some(names)
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
        let set: Vec<&str> = d
            .containers
            .iter()
            .flat_map(|c| c.environment.iter().chain(&c.secrets))
            .map(|(name, _)| name.as_str())
            .collect();
        let Some(needed) = needed(look, row.service) else {
            match set.is_empty() {
                true => found.bad(name, row.said("no environment variable at all")),
                false => found.unknown(name, UNNAMED),
            }
            continue;
        };
        let (has, missing): (Vec<&str>, Vec<&str>) =
            needed.into_iter().partition(|w| set.contains(w));
        if missing.is_empty() {
            found.good(name, &row.said(&format!("{} of {0} set", has.len())));
        } else {
            found.bad(name, row.said(&format!("missing {}", missing.join(", "))));
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use super::looks_secret;
    use crate::config::NeededVariables;
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
