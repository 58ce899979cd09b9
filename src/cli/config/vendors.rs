//! What discovery makes of vendors beside AWS: what each token sees, and the hosts that they serve.

use super::discover::{is_plain, why_not};
use super::init::{self, Known};
use crate::config::Config;
use crate::config::discovered::{Discovered, Fate, Host, Value};
use crate::domain::facts::Facts;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};

/// Hosts that are probed at most: each is a request every half minute for as long as the console is open.
const HOSTS: usize = 12;

/// Says of each vendor what its token sees.
pub(super) fn vendors(found: &mut Discovered, facts: &Facts, config: &Config, known: &Known) {
    let estate = &facts.estate;
    let listed = |found: &mut Discovered,
                  what,
                  names: Option<Vec<String>>,
                  why: Option<String>,
                  section,
                  key| {
        match names {
            Some(names) if !names.is_empty() => {
                found.values.push(Value::texts(section, key, &names));
                found.wrote(what, names, format!("[{section}] {key}"));
            }
            _ => found.misses(what, why.unwrap_or_else(|| "the token sees none".into())),
        }
    };
    match init::token_of(config, "vercel") {
        false => found.misses("Vercel", no_token("vercel")),
        true => {
            let names = estate.vercel.value.as_ref();
            // Without it the token's projects are told to nobody, and which team is meant may change with the next one that it joins.
            if let Some(team) = names.and_then(|h| h.team.as_ref()) {
                found.values.push(Value::text("vercel", "team", team));
            }
            let names = names.map(|h| h.projects.iter().map(|p| p.name.clone()).collect());
            listed(
                found,
                "Vercel",
                names,
                lacking(&estate.vercel, "vercel"),
                "vercel",
                "projects",
            );
        }
    }
    match init::token_of(config, "cloudflare") {
        false => found.misses("Cloudflare", no_token("cloudflare")),
        true => {
            let zones = estate.cloudflare_zones.value.as_ref();
            let zones = zones.map(|all| {
                all.iter()
                    .filter(|z| z.is_seen())
                    .map(|z| z.name.clone())
                    .collect()
            });
            listed(
                found,
                "Cloudflare",
                zones,
                lacking(&estate.cloudflare_zones, "cloudflare"),
                "cloudflare",
                "zones",
            );
        }
    }
    github(found, config, known);
    sentry(found, config, known);
    slack(found, facts, config);
}

fn no_token(name: &str) -> String {
    format!("no token: flightdeck login {name}, then config init --force")
}

/// Why a part has no value; of a token that its vendor does not take, what to do.
fn lacking<T>(part: &Part<T>, name: &str) -> Option<String> {
    match &part.error {
        Some(problem) => Some(refused(problem, name)),
        None => why_not(part),
    }
}

fn refused(problem: &Problem, name: &str) -> String {
    match problem.kind {
        ProblemKind::BadCredentials | ProblemKind::Expired => format!(
            "the token is refused: {}; flightdeck login {name} takes another",
            problem.why
        ),
        // What only a person can say: of several teams, which.
        ProblemKind::Config => format!("{}. {}", problem.why, problem.fix),
        _ => problem.why.clone(),
    }
}

fn github(found: &mut Discovered, config: &Config, known: &Known) {
    let Some(origin) = &known.origin else {
        found.misses("GitHub", "the working directory is no clone with an origin");
        return;
    };
    if !origin.is_github() {
        found.misses("GitHub", format!("origin is at {}", origin.host));
        return;
    }
    let repository = &origin.repository;
    found
        .values
        .push(Value::text("github", "repository", repository));
    if let Some(endpoint) = origin.endpoint() {
        found
            .values
            .push(Value::text("github", "endpoint", &endpoint));
    }
    let mut place = "[github] repository".to_owned();
    if !init::token_of(config, "github") {
        place.push_str("; its token is missing: flightdeck login github");
    }
    found.wrote("GitHub", vec![repository.clone()], place);
}

fn sentry(found: &mut Discovered, config: &Config, known: &Known) {
    match &known.organizations {
        None if !init::token_of(config, "sentry") => found.misses("Sentry", no_token("sentry")),
        None => found.misses("Sentry", "nobody answered in time"),
        Some(Err(problem)) => found.misses("Sentry", refused(problem, "sentry")),
        Some(Ok(all)) => one_of(
            found,
            "Sentry",
            all,
            ("sentry", "organization"),
            "organization",
        ),
    }
}

fn slack(found: &mut Discovered, facts: &Facts, config: &Config) {
    let part = &facts.estate.slack;
    match part.value.as_deref() {
        _ if !init::token_of(config, "slack") => found.misses("Slack", no_token("slack")),
        None => found.misses("Slack", lacking(part, "slack").unwrap_or_default()),
        Some(workspace) => {
            let joined = workspace.channels.iter().filter(|c| c.is_member);
            let joined: Vec<String> = joined.map(|c| c.name.clone()).collect();
            one_of(
                found,
                "Slack",
                &joined,
                ("slack", "channel"),
                "channel that the bot is in",
            );
        }
    }
}

/// A key that takes one value: where there are several, the choice is a person's.
fn one_of(
    found: &mut Discovered,
    what: &'static str,
    all: &[String],
    (section, key): (&'static str, &'static str),
    noun: &str,
) {
    match all {
        [] => found.misses(what, format!("the token sees no {noun}")),
        [one] => {
            found.values.push(Value::text(section, key, one));
            found.wrote(what, all.to_vec(), format!("[{section}] {key}"));
        }
        [first, ..] => {
            let choice = format!("one of {}, and the choice is yours", all.join(", "));
            found
                .values
                .push(Value::text(section, key, first).behind(&choice));
            let words = format!("[{section}] {key}, behind a #: several, and the choice is yours");
            found.tell(what, all.to_vec(), Fate::Commented, words);
        }
    }
}

/// Names that are known to be served over HTTPS to everybody: Vercel's production domains, and what Cloudflare stands before.
pub(super) fn hosts(facts: &Facts) -> Vec<Host> {
    let estate = &facts.estate;
    let settings = estate
        .vercel_settings
        .value
        .iter()
        .flat_map(|all| all.iter());
    let domains = settings
        .flat_map(|s| &s.domains)
        .filter(|d| d.verified && d.redirect.is_none() && d.branch.is_none())
        .map(|d| d.name.clone());
    let zones: Vec<&str> = match &estate.cloudflare_zones.value {
        Some(all) => all
            .iter()
            .filter(|z| z.carries())
            .map(|z| z.name.as_str())
            .collect(),
        None => Vec::new(),
    };
    let records = estate
        .cloudflare_records
        .value
        .iter()
        .flat_map(|all| all.iter());
    let proxied = records
        .filter(|r| r.proxied && zones.contains(&r.zone.as_str()))
        .filter(|r| ["A", "AAAA", "CNAME"].contains(&r.kind.as_str()))
        .map(|r| r.name.clone());
    let mut names: Vec<String> = domains.chain(proxied).filter(|n| is_plain(n)).collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(HOSTS);
    let host = |name| Host {
        name,
        answered: Err("not asked yet".into()),
        resolved: Vec::new(),
    };
    names.into_iter().map(host).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::vercel::{Hosting, Project};

    #[test]
    fn a_token_that_its_vendor_refuses_is_said_to_be() {
        let mut config = Config::default();
        config.vercel.token = Some("x".to_owned().into());
        let mut facts = Facts::default();
        let words = |facts: &Facts| {
            let mut found = Discovered::default();
            vendors(&mut found, facts, &config, &Known::default());
            found
                .told
                .into_iter()
                .find(|t| t.what == "Vercel")
                .unwrap()
                .words
        };
        let mut fails = |kind| {
            let why = "HTTP 403";
            facts.estate.vercel.error = Some(Problem::new(kind, "vercel", "w", why, "f"));
            words(&facts)
        };
        let bad = fails(ProblemKind::BadCredentials);
        assert_eq!(
            bad,
            "the token is refused: HTTP 403; flightdeck login vercel takes another"
        );
        assert_eq!(fails(ProblemKind::Config), "HTTP 403. f");
        assert_eq!(
            fails(ProblemKind::Timeout),
            "HTTP 403",
            "it was not told of the token"
        );
    }

    #[test]
    fn the_team_that_a_token_sees_is_written_down() {
        let mut config = Config::default();
        config.vercel.token = Some("x".to_owned().into());
        let project = Project {
            id: "p".into(),
            name: "web".into(),
            framework: None,
            production: None,
            assigns_itself: true,
            last_pointing: None,
        };
        let hosting = Hosting {
            projects: vec![project],
            team: Some("team_1".into()),
            ..Hosting::default()
        };
        let mut facts = Facts::default();
        facts.estate.vercel.value = Some(Arc::new(hosting));
        let mut found = Discovered::default();
        vendors(&mut found, &facts, &config, &Known::default());
        let team = found.values.iter().find(|v| v.key == "team").unwrap();
        assert_eq!((team.section, team.toml.as_str()), ("vercel", "\"team_1\""));
        assert_eq!(team.lacks, None);
    }

    #[test]
    fn where_there_are_several_the_choice_is_left_to_a_person() {
        let mut found = Discovered::default();
        let names = ["ops".to_owned(), "alerts".to_owned()];
        one_of(&mut found, "Slack", &names, ("slack", "channel"), "channel");
        assert!(found.values[0].lacks.is_some());
        assert_eq!(found.told[0].fate, Fate::Commented);
        let mut found = Discovered::default();
        one_of(
            &mut found,
            "Slack",
            &names[..1],
            ("slack", "channel"),
            "channel",
        );
        assert_eq!(found.values[0].lacks, None);
        assert_eq!(found.told[0].fate, Fate::Written);
    }
}
