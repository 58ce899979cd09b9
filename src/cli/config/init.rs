//! `flightdeck config init`: looks at what the credentials and tokens can see, writes it down, and says what was found and what was
//! not. The steps stand apart, for between two of them other hosts are asked.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::discover;
use super::shown;
use crate::cli::exit::Exit;
use crate::cli::explain::{self, ProblemJson};
use crate::cli::login;
use crate::cli::out::Out;
use crate::cli::paint::Role;
use crate::cli::session::Session;
use crate::cli::table::{Align, Table, cell, painted};
use crate::config::credentials::{self, PROVIDERS, Provider};
use crate::config::discovered::{Discovered, Fate, Told};
use crate::config::git::Origin;
use crate::config::kept::Kept;
use crate::config::{Config, starter};
use crate::domain::interest::Interest;
use crate::domain::problem::Problem;
use crate::domain::text::inert;
use crate::watch::{Scope, Subject};

/// What discovery looks at.
pub const SCOPE: Scope = Scope::Only(&[
    Subject::Identity,
    Subject::Services,
    Subject::Targets,
    Subject::Dashboards,
    Subject::LogGroups,
    Subject::Part("databases"),
    Subject::Part("caches"),
    Subject::Part("flags"),
    Subject::Part("recovery_points_abroad"),
    Subject::Part("snapshots_abroad"),
    Subject::Part("vercel"),
    Subject::Part("vercel_settings"),
    Subject::Part("cloudflare_zones"),
    Subject::Part("cloudflare_records"),
    Subject::Part("slack"),
]);

/// Vendors whose token opens what can then be found. A server's password is asked for once there is a server.
static VENDORS: &[&Provider] = &[
    &credentials::VERCEL,
    &credentials::CLOUDFLARE,
    &credentials::GITHUB,
    &credentials::SENTRY,
    &credentials::SLACK,
];

/// Names in a cell before it says how many more there are.
const NAMED: usize = 4;

/// What is known beside the picture.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Where the working directory was cloned from.
    pub origin: Option<Origin>,
    /// Sentry's organizations, or why they could not be asked for; `None`: there is no token.
    pub organizations: Option<Result<Vec<String>, Problem>>,
}

/// What was found, and why that is not all, if so.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was found.
    pub found: Discovered,
    /// The first thing that AWS refused.
    pub problem: Option<Problem>,
}

/// Asks a person for the tokens of vendors that no place has. Where nobody can answer, nothing is asked.
///
/// # Errors
/// Where a token that was given cannot be kept.
pub fn ask_for_tokens(out: &mut Out) -> Result<(), Problem> {
    login::offer(VENDORS, out)
}

/// Lays the tokens that are there over a configuration, so that their vendors are asked.
pub fn with_tokens(config: &mut Config) {
    let find = |p: &Provider| p.find().ok().flatten().map(|(token, _)| token);
    for (place, provider) in [
        (&mut config.vercel.token, &credentials::VERCEL),
        (&mut config.cloudflare.token, &credentials::CLOUDFLARE),
        (&mut config.github.token, &credentials::GITHUB),
        (&mut config.sentry.token, &credentials::SENTRY),
        (&mut config.slack.token, &credentials::SLACK),
    ] {
        if place.is_none() {
            *place = find(provider);
        }
    }
}

/// Whether there is a token for a vendor.
pub(super) fn token_of(config: &Config, vendor: &str) -> bool {
    let token = match vendor {
        "vercel" => &config.vercel.token,
        "cloudflare" => &config.cloudflare.token,
        "github" => &config.github.token,
        "sentry" => &config.sentry.token,
        "slack" => &config.slack.token,
        _ => &None,
    };
    token.is_some()
}

/// Looks at everything that can be discovered.
///
/// # Errors
/// Where the watch ends before it answers.
pub async fn look(known: &Known, session: &mut Session) -> Result<Look, Problem> {
    // Nobody asks for dashboards unless the plan or somebody who looks at them does.
    let picture = session.look(vec![Interest::Dashboards]).await?;
    let facts = &picture.facts;
    if !session.config.demo {
        let estate = &facts.estate;
        if estate
            .databases
            .value
            .as_ref()
            .is_some_and(|d| !d.instances.is_empty())
        {
            login::offer(&[&credentials::POSTGRES], &mut session.out)?;
        }
        if estate
            .caches
            .value
            .as_ref()
            .is_some_and(|c| !c.groups.is_empty())
        {
            login::offer(&[&credentials::REDIS], &mut session.out)?;
        }
    }
    let problem = [&facts.identity.error, &facts.clusters.error];
    Ok(Look {
        found: discover::of(facts, &session.config, known),
        problem: problem.into_iter().flatten().next().cloned(),
    })
}

/// Asks each host that was found what it answers, so that the file says what is right.
///
/// # Errors
/// Where the watch ends before it answers.
pub async fn ask_hosts(found: &mut Discovered, session: &mut Session) -> Result<(), Problem> {
    let picture = session.look(Vec::new()).await?;
    for host in &mut found.hosts {
        let seen = picture.facts.dns.get(&host.name);
        if let Some(seen) = seen.and_then(|p| p.value.as_ref()) {
            // The name that it leads to stays where addresses change.
            host.resolved = match seen.cnames.last() {
                Some(name) => vec![name.clone()],
                None => seen.addresses.clone(),
            };
        }
        let Some(part) = picture.facts.https.get(&host.url()) else {
            continue;
        };
        host.answered = match (&part.value, &part.error) {
            // The edge's status is not what is right of the host.
            (Some(probe), _) if probe.mitigated.is_some() => {
                Err(probe.unseen().unwrap_or_default())
            }
            (Some(probe), _) if probe.status < 500 => Ok(probe.status),
            (Some(probe), _) => Err(format!("status {}", probe.status)),
            (None, Some(problem)) => Err(problem.why.clone()),
            (None, None) => Err("nobody answered in time".into()),
        };
    }
    Ok(())
}

/// Writes the file and says what is in it.
///
/// # Errors
/// Where the file cannot be written.
pub fn finish(
    file: &Path,
    force: bool,
    mut look: Look,
    demo: bool,
    out: &mut Out,
) -> Result<Exit, Problem> {
    tell_of_hosts(&mut look.found);
    let (found, problem) = (&look.found, &look.problem);
    let kept = match force {
        true => Kept::of(file, Timestamp::now())?,
        false => Kept::default(),
    };
    let text = starter::text(found, &kept);
    starter::write(file, &text, force)?;
    let lost = kept.missing_from(&text);
    let differs = starter::differs(found, &kept);
    if out.is_json() {
        out.object(&json!({"config": {
            "written": file,
            "account": found.account,
            "region": found.region,
            "clusters": found.clusters,
            "found": found.told,
            "copy": kept.copy,
            "lost": lost,
            "not_taken": differs,
            "error": problem.as_ref().map(ProblemJson::from),
        }}))?;
        return Ok(Exit::OK);
    }
    out.line(&format!("wrote {}", shown(file)))?;
    tell_of_kept(&kept, &lost, &differs, out)?;
    out.line("")?;
    out.table(&table(&found.told))?;
    out.line("")?;
    if let Some(problem) = problem {
        let why = explain::line(problem);
        out.painted(Role::Warn, &format!("not everything was found: {why}"))?;
        out.line("fill in [aws] yourself, or leave it to AWS_PROFILE and AWS_REGION")?;
    }
    let missing = login::missing(PROVIDERS);
    if !demo && !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|p| p.name).collect();
        out.line(&format!(
            "tokens: `flightdeck login NAME` for {}",
            names.join(", ")
        ))?;
    }
    out.line(match demo {
        true => "it describes the embedded platform, which is there with --demo only: for an account of yours, the same without --demo",
        false => "flightdeck config check reads it; flightdeck opens the console on it",
    })?;
    Ok(Exit::OK)
}

/// What became of the file that was there.
fn tell_of_kept(
    kept: &Kept,
    lost: &[String],
    differs: &[String],
    out: &mut Out,
) -> Result<(), Problem> {
    let Some(copy) = &kept.copy else {
        return Ok(());
    };
    out.line(&format!(
        "the file that was there is kept as {}",
        shown(copy)
    ))?;
    if let Some(why) = &kept.unread {
        let words = format!("nothing of it is in the new one: {}", inert(why));
        return out.painted(Role::Warn, &words);
    }
    if !kept.is_empty() {
        out.line("what it said is in the new one, before what was found; its comments are in the copy alone")?;
    }
    if !differs.is_empty() {
        let words = format!(
            "something else was found for {}: what you wrote stays",
            inert(&differs.join(", "))
        );
        out.line(&words)?;
    }
    if !lost.is_empty() {
        let words = format!(
            "not in the new one, for it is no key there: {}",
            inert(&lost.join(", "))
        );
        out.painted(Role::Warn, &words)?;
    }
    Ok(())
}

fn tell_of_hosts(found: &mut Discovered) {
    let names = |ok: bool| -> Vec<String> {
        let hosts = found.hosts.iter().filter(|h| h.answered.is_ok() == ok);
        hosts.map(|h| h.name.clone()).collect()
    };
    let (good, ill) = (names(true), names(false));
    if good.is_empty() && ill.is_empty() {
        let why = "neither Vercel nor Cloudflare told of any: add [[probes.https]] and [[probes.dns]] yourself";
        found.misses("hosts", why);
    }
    if !good.is_empty() {
        found.wrote(
            "hosts",
            good,
            "[[probes.https]] and [[probes.dns]], with what each answered",
        );
    }
    if !ill.is_empty() {
        found.tell(
            "hosts",
            ill,
            Fate::Commented,
            "[[probes.https]], behind a #: no answer from here",
        );
    }
}

fn table(told: &[Told]) -> Table {
    let columns = [
        ("SYSTEM", Align::Left),
        ("FOUND", Align::Left),
        ("IN THE FILE, OR WHY NOT", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for row in told {
        let (role, found) = match row.fate {
            Fate::NotFound => (Role::Dim, "-".to_owned()),
            Fate::Commented => (Role::Warn, names(&row.found)),
            Fate::Written | Fate::ByItself => (Role::Ok, names(&row.found)),
        };
        table.row(vec![
            painted(Role::Strong, row.what),
            painted(role, found),
            cell(inert(&row.words)),
        ]);
    }
    table
}

fn names(all: &[String]) -> String {
    let shown = all.get(..NAMED).unwrap_or(all).join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::discovered::Host;

    #[test]
    fn hosts_are_told_apart_by_whether_they_answered() {
        let mut found = Discovered::default();
        tell_of_hosts(&mut found);
        assert_eq!(found.told[0].fate, Fate::NotFound);
        let host = |name: &str, answered| Host {
            name: name.into(),
            answered,
            resolved: vec!["edge.example.net".into()],
        };
        let mut found = Discovered {
            hosts: vec![
                host("a.example", Ok(301)),
                host("b.example", Err("timed out".into())),
            ],
            ..Discovered::default()
        };
        tell_of_hosts(&mut found);
        let fates: Vec<Fate> = found.told.iter().map(|t| t.fate).collect();
        assert_eq!(fates, [Fate::Written, Fate::Commented]);
        let text = starter::text(&found, &Kept::default());
        assert!(
            text.contains(
                "\n[[probes.https]]\nurl = \"https://a.example/\"\nexpect_status = 301\n"
            )
        );
        assert!(text.contains("\n# url = \"https://b.example/\"\n"));
        assert!(text.contains("\n[[probes.dns]]\nname = \"a.example\"\nexpected = [\"edge.example.net\"] # what it answered"));
    }
}
