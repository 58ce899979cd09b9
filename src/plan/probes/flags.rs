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
        let none = format!("{n} flags, none of them deployed to {}", wanted.join(", "));
        return match all.unread.first() {
            Some(why) => Err(Judgement::unknown(format!("{none}, but {why}"))),
            None => settled(false, none),
        };
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
        _ => {
            let answer = format!(
                "{n} flags; {what} spread over {} minutes, {} at {} %",
                r.minutes, r.state, r.percent
            );
            match all.unread.first() {
                // What was not read may have been changed since.
                Some(why) => Err(Judgement::unknown(format!("{answer}, but {why}"))),
                None => settled(true, answer),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::facts::Facts;
    use crate::domain::flag::{Flag, FlagRollout, Flags};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
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

    #[test]
    fn what_was_not_read_leaves_a_good_answer_open_and_hides_no_bad_one() {
        let with = |minutes: u32, environment: &str, unread: &[&str]| {
            let flag = Flag {
                application: "laser".into(),
                profile: "features".into(),
                key: "dark".into(),
                name: "dark".into(),
                about: String::new(),
                deprecated: false,
                environments: std::collections::BTreeMap::new(),
            };
            let rollout = FlagRollout {
                application: "laser".into(),
                environment: environment.into(),
                profile: "features".into(),
                flags: true,
                number: 1,
                version: "1".into(),
                state: "COMPLETE".into(),
                percent: 100.0,
                minutes,
                bake_minutes: 0,
                started_at: testing::ago(1),
                ended_at: None,
            };
            let mut facts = Facts::default();
            facts.estate.flags = testing::part(Arc::new(Flags {
                flags: vec![flag],
                rollouts: vec![rollout],
                unread: unread.iter().map(|w| (*w).to_owned()).collect(),
                ..Flags::default()
            }));
            judged("appconfig.flags", &facts)
        };
        let cut = ["only the first 20 of 27 environments of laser are read"];
        assert_eq!(with(10, "production", &[]).state, Proved);
        let open = with(10, "production", &cut);
        assert_eq!(open.state, Unknown);
        assert!(open.reason.contains("20 of 27"), "{}", open.reason);
        assert_eq!(with(0, "production", &cut).state, Failing);
        assert_eq!(with(10, "staging", &[]).state, Failing);
        assert_eq!(with(10, "staging", &cut).state, Unknown);
    }
}
