//! Production, staging and development: each answers.

use super::judgement::{Judgement, Verdict};
use super::look::{Look, all};
use super::{Param, ParamKind, Probe};
use crate::domain::environment::{Answering, Belongings, Env};
use crate::plan::checklist::{CriterionState, Evidence};

/// What a plan may name; `every` is all that there are.
const NAMES: &[&str] = &["every", "production", "staging", "development"];

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "environments.answer",
    question: "does it answer: services run as many tasks as they want, targets are healthy, URLs answer?",
    params: &[Param {
        name: "name",
        default: "every",
        kind: ParamKind::OneOf(NAMES),
    }],
    judge: answer,
}];

fn answer(look: &Look<'_>) -> Verdict {
    let name = look.call.value("name");
    let wanted = |env: &Env| name == "every" || env.word() == name;
    let asked = Env::ALL.into_iter().filter(wanted);
    let judged: Vec<Judgement> = asked
        .map(|env| Belongings::of(env, look.facts))
        .filter(|what| name != "every" || what.exists())
        .map(|what| match what.exists() {
            true => judge(look, &what),
            false => absent(look, &what).unwrap_or_else(|early| early),
        })
        .collect();
    match all(judged) {
        Some(judgement) => Ok(judgement),
        None => absent(
            look,
            &Belongings::of(Env::looked_at(look.facts), look.facts),
        ),
    }
}

fn judge(look: &Look<'_>, what: &Belongings<'_>) -> Judgement {
    let env = what.env.word();
    let found = Answering::of(what, look.facts, look.now);
    let said = found.said();
    let Some(ok) = found.answers else {
        return Judgement::unknown(format!("{env}: {said}"));
    };
    let at = found.at.unwrap_or(look.facts.taken_at);
    let question = look.question(&found.sources.join(", "));
    Judgement {
        figure: None,
        state: if ok {
            CriterionState::Proved
        } else {
            CriterionState::Failing
        },
        reason: match ok {
            true => format!("{env} answers"),
            false => format!("{env}: {}", found.ill.join("; ")),
        },
        evidence: vec![Evidence {
            question,
            answer: format!("{env} ({}): {said}", what.clusters.join(", ")).replace(" ()", ""),
            at,
            ok,
            probe: "",
        }],
    }
}

/// Nothing is named for it here. That is a failure, unless the configuration keeps it where this picture does not reach.
fn absent(look: &Look<'_>, what: &Belongings<'_>) -> Verdict {
    let env = what.env;
    let elsewhere = look.expect.elsewhere.iter();
    let own = elsewhere.into_iter().find(|n| Env::named(n) == Some(env));
    if let Some(name) = own {
        return Err(Judgement::unknown(format!(
            "{} is looked at by itself: flightdeck --env {name} checklist",
            env.word()
        )));
    }
    let seen = look.fresh(&look.facts.clusters, "the clusters")?;
    let words = format!(
        "no {} environment was found: {}",
        env.word(),
        what.why_none(look.facts)
    );
    let question = look.question(seen.source);
    Ok(Judgement::single(false, question, words, seen.at))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::super::{Call, judge as ask};
    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::plan::expect::Expectations;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000).unwrap()
    }

    fn state(call: &str, facts: &Facts, expect: &Expectations) -> Judgement {
        ask(&Call::parse(call).unwrap(), facts, expect, now())
    }

    #[test]
    fn an_environment_that_is_not_there_fails_unless_it_is_looked_at_by_itself() {
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        let mut expect = Expectations::default();
        let call = "environments.answer name=staging";
        // Nobody was asked yet: that is no proof of absence.
        assert_eq!(state(call, &facts, &expect).state, CriterionState::Unknown);
        facts.clusters = Part::answered(
            Vec::new(),
            now(),
            "ecs:DescribeClusters",
            Duration::from_secs(30),
        );
        let judged = state(call, &facts, &expect);
        assert_eq!(judged.state, CriterionState::Failing);
        assert!(
            judged.reason.contains("no staging environment"),
            "{judged:?}"
        );
        expect.elsewhere = vec!["laser-stg".into()];
        let judged = state(call, &facts, &expect);
        assert_eq!(judged.state, CriterionState::Unknown);
        assert!(judged.reason.contains("--env laser-stg"), "{judged:?}");
    }

    #[test]
    fn only_environments_that_a_plan_may_name_are_names() {
        assert!(Call::parse("environments.answer name=development").is_ok());
        let wrong = Call::parse("environments.answer name=moon").unwrap_err();
        assert!(wrong.expected.contains("staging"), "{}", wrong.expected);
    }
}
