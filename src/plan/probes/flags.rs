//! Feature flags: they exist, and spread little by little.

use super::judgement::{Judgement, Verdict};
use super::look::Look;
use super::{Probe, words};

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "appconfig.flags",
    question: "are there feature flags, and does the newest change of them in production spread little by little?",
    params: &[words("environment", "production")],
    judge: flags,
}];

fn flags(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.flags, "the feature flags")?;
    let question = look.question(seen.source);
    let all = seen.value;
    let wanted: Vec<&str> = look.words("environment").collect();
    let settled =
        |ok: bool, answer: String| Ok(Judgement::single(ok, question.clone(), answer, seen.at));
    if let (Some(why), true) = (all.unread.first(), all.flags.is_empty()) {
        return Err(Judgement::unknown(format!(
            "no feature flag there, but {why}"
        )));
    }
    if all.flags.is_empty() {
        return settled(false, "AppConfig holds no feature flag".into());
    }
    let n = all.flags.len();
    let newest = all
        .rollouts
        .iter()
        .filter(|r| r.flags && wanted.contains(&r.environment.as_str()))
        .max_by_key(|r| r.started_at);
    let Some(r) = newest else {
        return settled(
            false,
            format!("{n} flags, none of them deployed to {}", wanted.join(", ")),
        );
    };
    let what = format!("{} version {} in {}", r.profile, r.version, r.environment);
    match r.state.as_str() {
        "ROLLED_BACK" | "ROLLING_BACK" | "REVERTED" => settled(
            false,
            format!("{n} flags; {what} was taken back ({})", r.state),
        ),
        _ if r.minutes == 0 => settled(
            false,
            format!("{n} flags; {what} reached everybody at once"),
        ),
        _ => settled(
            true,
            format!(
                "{n} flags; {what} spread over {} minutes, {} at {} %",
                r.minutes, r.state, r.percent
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::facts::Facts;
    use crate::domain::flag::Flags;
    use crate::plan::checklist::CriterionState::{Failing, Unknown};
    use crate::plan::probes::testing::{self, judged};

    #[test]
    fn no_flag_among_the_applications_that_were_read_is_none_only_where_all_were() {
        let with = |unread: &[&str]| {
            let mut facts = Facts::default();
            facts.estate.flags = testing::part(Arc::new(Flags {
                unread: unread.iter().map(|w| (*w).to_owned()).collect(),
                ..Flags::default()
            }));
            judged("appconfig.flags", &facts)
        };
        assert_eq!(with(&[]).state, Failing);
        let cut = with(&["only the first 20 of 27 applications are read"]);
        assert_eq!(cut.state, Unknown);
        assert!(cut.reason.contains("20 of 27"), "{}", cut.reason);
    }
}
