//! What an answer must hold to be believed. AWS sends the list that it was asked for even where nothing is on it, and its counts are
//! counts: an answer without is none, and must read neither as "there is nothing" nor as zero.

use std::collections::HashSet;

use serde::Deserialize;

use super::Question;
use crate::backend::transport::Line;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// A member that is always sent. It has no default, so no structure around it can have one either: where the member is missing,
/// reading fails, and says its name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Required<T>(pub(super) T);

/// The same of an SDK's answer, whose every member may be missing.
///
/// # Errors
/// `Malformed`, naming the member; the line is no longer well.
pub(super) fn told<T>(
    line: &Line,
    question: Question,
    member: &str,
    value: Option<T>,
) -> Result<T, Problem> {
    value.ok_or_else(|| {
        let why =
            format!("the answer leaves out `{member}`, which AWS sends even where there is none");
        unsound(line, question, why)
    })
}

/// ECS answers for each that was asked about, with what it is or with a failure: one that it does not name is one that is not seen.
/// `asked`: names or ARNs; `told`: the same of what came.
///
/// # Errors
/// `Malformed` where it does not name one of them; the line is no longer well.
pub(super) fn all_told<'a>(
    line: &Line,
    question: Question,
    asked: &[String],
    told: impl Iterator<Item = Option<&'a str>>,
) -> Result<(), Problem> {
    // Of an ARN the last part is the name, or all that there is of an id.
    let last = |name: &'a str| name.rsplit('/').next().unwrap_or(name);
    let told: HashSet<&str> = told.flatten().map(last).collect();
    let of = |name: &String| name.rsplit('/').next().is_some_and(|n| told.contains(n));
    let missing: Vec<&String> = asked.iter().filter(|name| !of(name)).collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let why = format!(
        "asked about {}, answered for {} (not for {}): JSON of another shape",
        asked.len(),
        asked.len() - missing.len(),
        inert(first)
    );
    Err(unsound(line, question, why))
}

/// Whether an answer is about what was asked: ids and ARNs are alike where their last parts are. AWS answers for nothing else; a proxy
/// or an emulator that mixes answers up would have something else acted on than what was looked at.
///
/// # Errors
/// `Malformed`, naming both; the line is no longer well.
pub(super) fn about(
    line: &Line,
    question: Question,
    asked: &str,
    answered: Option<&str>,
) -> Result<(), Problem> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    match answered {
        Some(answered) if last(answered) == last(asked) => Ok(()),
        other => {
            let other = inert(other.unwrap_or("nothing that it names"));
            let why = format!("asked about {}, answered for {other}", inert(asked));
            Err(unsound(line, question, why))
        }
    }
}

/// A number that counts something and is none: the member, and what stands there.
#[derive(Debug, PartialEq)]
pub(super) struct NoCount {
    member: &'static str,
    of: String,
    value: f64,
}

/// A count that the vendor sends signed. `of`: what it counts for; outside text must be inert.
///
/// # Errors
/// Where it is negative, or more than there may be of anything.
pub(super) fn count<T: TryFrom<i64>>(
    member: &'static str,
    of: &str,
    value: impl Into<i64>,
) -> Result<T, NoCount> {
    let value = value.into();
    T::try_from(value).map_err(|_| NoCount {
        member,
        of: of.to_owned(),
        value: value as f64,
    })
}

/// An amount of something, which need not be whole.
///
/// # Errors
/// Where it is no number, or negative.
pub(super) fn amount(member: &'static str, of: &str, value: f64) -> Result<f64, NoCount> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(value),
        false => Err(NoCount {
            member,
            of: of.to_owned(),
            value,
        }),
    }
}

/// Hundredths of a whole.
///
/// # Errors
/// Where it is no number, or none from 0 to 100.
pub(super) fn percent(member: &'static str, of: &str, value: f64) -> Result<f64, NoCount> {
    match (0.0..=100.0).contains(&value) {
        true => Ok(value),
        false => Err(NoCount {
            member,
            of: of.to_owned(),
            value,
        }),
    }
}

/// What was counted, or why the answer cannot be believed.
///
/// # Errors
/// `Malformed`, naming the member; the line is no longer well.
pub(super) fn counted<T>(
    line: &Line,
    question: Question,
    read: Result<T, NoCount>,
) -> Result<T, Problem> {
    read.map_err(|NoCount { member, of, value }| {
        let why = format!("`{member}` of {of} is {value}, which cannot be");
        unsound(line, question, why)
    })
}

/// An answer that cannot be believed, and why; the line is no longer well.
pub(super) fn unsound(line: &Line, question: Question, why: String) -> Problem {
    let Question {
        system,
        operation,
        what,
        ..
    } = question;
    let problem = Problem::new(
        ProblemKind::Malformed,
        system,
        format!("Cannot {what} ({system}:{operation})"),
        why,
        "See what answers at the endpoint: a proxy or an emulator may leave things out or make them up.",
    );
    line.failed(&problem);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    const Q: Question = Question::new("ecs", "DescribeServices", "read the services");

    fn line() -> Line {
        Line::new("ecs", true, true)
    }

    #[test]
    fn what_is_left_out_is_told_by_name_and_what_is_empty_is_empty() {
        let line = line();
        assert_eq!(told(&line, Q, "serviceArns", Some(vec![0; 0])), Ok(vec![]));
        let p = told::<Vec<u8>>(&line, Q, "serviceArns", None).unwrap_err();
        assert_eq!(p.kind, ProblemKind::Malformed);
        assert!(p.what.contains("ecs:DescribeServices"), "{p}");
        assert!(p.why.contains("`serviceArns`"), "{p}");
        let asked = [
            "arn:aws:ecs:home:1:service/prod/api".to_owned(),
            "worker".to_owned(),
        ];
        let whole = ["api", "arn:aws:ecs:home:1:service/prod/worker"];
        assert!(all_told(&line, Q, &asked, whole.into_iter().map(Some)).is_ok());
        // One told of twice is no answer for the other, and neither is one without a name.
        for other in [Some("api"), None] {
            assert!(all_told(&line, Q, &asked, [Some("api"), other].into_iter()).is_err());
        }
        let short = all_told(&line, Q, &asked, [Some("api")].into_iter()).unwrap_err();
        assert!(
            short.why.contains("asked about 2, answered for 1"),
            "{short}"
        );
    }

    #[test]
    fn an_answer_about_something_else_is_none() {
        let line = line();
        let own = "arn:aws:ecs:home:1:cluster/dev";
        assert!(about(&line, Q, "dev", Some(own)).is_ok());
        assert!(about(&line, Q, own, Some("dev")).is_ok());
        let other = about(&line, Q, "dev", Some("arn:aws:ecs:home:1:cluster/prod")).unwrap_err();
        assert_eq!(other.kind, ProblemKind::Malformed);
        assert!(
            other.why.starts_with("asked about dev, answered for arn:"),
            "{other}"
        );
        assert!(about(&line, Q, "dev", None).is_err());
    }

    #[test]
    fn a_member_that_is_always_sent_makes_reading_fail_where_it_is_missing() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Page {
            secret_list: Required<Vec<u8>>,
        }
        let read = |text: &str| serde_json::from_str::<Page>(text);
        assert!(
            read(r#"{"SecretList": []}"#)
                .unwrap()
                .secret_list
                .0
                .is_empty()
        );
        let why = read("{}").unwrap_err().to_string();
        assert!(why.contains("missing field `SecretList`"), "{why}");
        assert!(read(r#"{"SecretList": null}"#).is_err());
    }

    #[test]
    fn a_count_below_zero_is_none_and_is_told_by_name() {
        assert_eq!(count::<u32>("runningCount", "api", 3), Ok(3));
        assert!(count::<u32>("runningCount", "api", i64::MAX).is_err());
        let p = counted(&line(), Q, count::<u32>("runningCount", "api", -3)).unwrap_err();
        assert!(p.why.contains("`runningCount` of api is -3,"), "{p}");
        assert_eq!(percent("PercentageComplete", "web", 100.0), Ok(100.0));
        assert_eq!(amount("Total", "web", 0.5), Ok(0.5));
        for odd in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(amount("Total", "web", odd).is_err(), "{odd}");
        }
        for odd in [-1.0, 101.0, 1e300, f64::NAN, f64::INFINITY] {
            assert!(percent("PercentageComplete", "web", odd).is_err(), "{odd}");
        }
    }
}
