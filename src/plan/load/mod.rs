//! Reads plans: the default one, and people's own files that replace or extend it. Every mistake has its place.

mod build;
mod id;
mod row;
mod schema;
#[cfg(test)]
mod tests;

use std::path::Path;

use toml::de::DeTable;

use super::expect::Expectations;
use super::model::Plan;
use crate::config::mistake::{Mistake, Mistakes, place, suggest, toml_words, unreadable};
use crate::config::reader::Judge;
use crate::config::{Config, file};
use crate::domain::problem::Problem;
use crate::domain::text::inert;
use build::Builder;
use row::Row;

/// The plan that ships with the console.
const DEFAULT: &str = include_str!("../default.toml");

/// The only plan that another can extend.
const BASES: [&str; 1] = ["default"];

impl Plan {
    /// The plan that ships with the console: five stages in three weeks.
    pub fn default_plan() -> Self {
        match parse(DEFAULT, Path::new("default.toml")) {
            Ok(plan) => plan,
            // A test reads the embedded file; a build that passed it never comes here.
            Err(problem) => {
                tracing::error!(%problem, "the embedded plan cannot be read");
                Self::default()
            }
        }
    }

    /// A person's own plan.
    ///
    /// # Errors
    /// Where the file cannot be read, is larger than a plan may be, or has a mistake: file, line, what was expected, the nearest name.
    pub fn load(path: &Path) -> Result<Self, Problem> {
        let source = file::text_within(path, file::MOST_OF_A_PLAN).map_err(|why| {
            let mut problem = unreadable(path, &why);
            problem.fix = inert(
                "name another plan file with the key plan, or leave it out for the default plan",
            );
            problem
        })?;
        parse(&source, path)
    }

    /// The plan that a configuration names (else the default one), with what that configuration expects of the platform.
    ///
    /// # Errors
    /// As [`Plan::load`].
    pub fn of(config: &Config) -> Result<Self, Problem> {
        let mut plan = match &config.plan {
            Some(path) => Self::load(path)?,
            None => Self::default_plan(),
        };
        plan.start = plan.start.or(config.plan_start);
        plan.expect = Expectations::of(config);
        Ok(plan)
    }
}

/// Reads a plan's text; `file` is for the words of mistakes.
pub fn parse(source: &str, file: &Path) -> Result<Plan, Problem> {
    let wrong = |list: Vec<Mistake>| {
        Problem::from(Mistakes {
            file: file.to_path_buf(),
            list,
        })
    };
    let document = DeTable::parse(source).map_err(|e| wrong(vec![not_toml(source, &e)]))?;
    let root = document.get_ref();
    let mut judge = Judge::new(source);
    judge.check(root, &schema::ROOT, "");
    if !judge.mistakes.is_empty() {
        return Err(wrong(judge.told()));
    }
    let top = Row::top(root);
    let base = match top.text("extends") {
        None => Plan::default(),
        Some("default") => Plan::default_plan(),
        Some(other) => {
            let hint = suggest(other, BASES.into_iter())
                .map(|n| format!("; did you mean \"{n}\"?"))
                .unwrap_or_default();
            judge.note(
                top.span("extends"),
                format!("there is no plan \"{}\" to extend{hint}", inert(other)),
                "extends = \"default\", or no extends for a plan of its own",
            );
            return Err(wrong(judge.told()));
        }
    };
    let mut builder = Builder::new(base, judge);
    builder.apply(&top);
    builder.finish().map_err(wrong)
}

fn not_toml(source: &str, error: &toml::de::Error) -> Mistake {
    let (line, column) = place(source, error.span().map_or(0, |s| s.start));
    Mistake {
        line,
        column,
        what: format!("not TOML: {}", toml_words(error)),
        expected: "TOML: [[criteria]], then key = value lines (https://toml.io)".into(),
    }
}
