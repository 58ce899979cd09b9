//! Which criterion a person means: its id in the plan in use.

use crate::config::Config;
use crate::config::mistake::suggest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::plan::Plan;

/// Checks that the plan has it: a word on a criterion that is none would never be seen again.
pub fn known(id: &str, config: &Config) -> Result<String, Problem> {
    let plan = Plan::of(config)?;
    let ids: Vec<&str> = plan.criteria().map(|c| c.id.as_str()).collect();
    if ids.contains(&id) {
        return Ok(id.to_owned());
    }
    let hint = suggest(id, ids.iter().copied())
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default();
    Err(Problem::new(
        ProblemKind::Argument,
        "plan",
        format!("unknown criterion \"{id}\"{hint}"),
        "the plan has no criterion of that id",
        "flightdeck checklist shows them",
    ))
}
