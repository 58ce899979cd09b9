//! Whose things are asked for. What a team owns is told only where every question names the team (Vercel, "Accessing resources owned by a
//! team"); a token whose scope is a team is refused without.

use super::shapes::Team;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// Teams named in a sentence.
const NAMED: usize = 8;

/// How the configuration asks for no team: what a token sees by itself is its account's own, or its default team's.
const OWN: &str = "own";

/// Whose things are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A team's, by its id.
    Team(String),
    /// A team's, by its slug.
    Slug(String),
    /// What the token sees where no team is named: its account's own, or its default team's.
    Own,
}

impl Scope {
    /// As the configuration names it: ids begin with `team_`. A team whose slug is the word for none has its id.
    pub fn named(team: &str) -> Self {
        match team {
            OWN => Self::Own,
            id if id.starts_with("team_") => Self::Team(id.to_owned()),
            slug => Self::Slug(slug.to_owned()),
        }
    }

    /// Where the configuration names none, the team that the token sees; where it sees none, its own account.
    ///
    /// # Errors
    /// Where it sees several: which is meant is for a person to say.
    pub fn found(teams: &[Team]) -> Result<Self, Problem> {
        match teams {
            [] => Ok(Self::Own),
            [one] => Ok(Self::Team(inert(&one.id))),
            several => Err(undecided(several)),
        }
    }

    /// The parameter of every question.
    pub fn parameter(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Team(id) => Some(("teamId", id)),
            Self::Slug(slug) => Some(("slug", slug)),
            Self::Own => None,
        }
    }

    /// A refusal that naming the team may end says so.
    pub fn explained(&self, problem: Problem) -> Problem {
        if *self != Self::Own || problem.kind != ProblemKind::Denied {
            return problem;
        }
        Problem {
            fix: format!(
                "Set team in [vercel] of flightdeck.toml, for a team's projects are told to whoever names the team. {}",
                problem.fix
            ),
            ..problem
        }
    }
}

fn undecided(teams: &[Team]) -> Problem {
    let mut slugs: Vec<String> = teams.iter().take(NAMED).map(|t| inert(&t.slug)).collect();
    slugs.sort();
    let more = match teams.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Problem::new(
        ProblemKind::Config,
        "vercel",
        "Cannot tell which team's projects are meant (vercel:GET /v2/teams)",
        format!(
            "the token sees {} teams: {}{more}",
            teams.len(),
            slugs.join(", ")
        ),
        format!(
            "Set team in [vercel] of flightdeck.toml to one of them, or to \"{OWN}\" for what the token sees without one."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(n: usize) -> Team {
        Team {
            id: format!("team_{n}"),
            slug: format!("t{n}"),
        }
    }

    #[test]
    fn one_team_is_meant_and_of_several_none() {
        assert_eq!(Scope::found(&[]).unwrap().parameter(), None);
        let one = Scope::found(&[team(1)]).unwrap();
        assert_eq!(one.parameter(), Some(("teamId", "team_1")));
        let several = Scope::found(&[team(2), team(1)]).unwrap_err();
        assert!(several.why.ends_with("2 teams: t1, t2"), "{several:?}");
        assert!(several.fix.contains("[vercel]"));
        assert!(several.fix.contains("\"own\""), "{several:?}");
        let slug = Scope::named("laser");
        assert_eq!(slug.parameter(), Some(("slug", "laser")));
        let id = Scope::named("team_own");
        assert_eq!(id.parameter(), Some(("teamId", "team_own")));
        assert_eq!(Scope::named("own").parameter(), None);
    }
}
