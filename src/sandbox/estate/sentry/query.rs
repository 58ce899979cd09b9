//! Search of issues: the words that a console and the vendor's tools use ("Issue Properties" of the search documentation).

use super::issues::Issue;
use super::shapes::short_id;

/// Whether an issue matches every term.
pub fn matches(query: &str, issue: &Issue) -> bool {
    query
        .split_whitespace()
        .all(|term| match term.strip_prefix('!') {
            Some(not) => !one(not, issue),
            None => one(term, issue),
        })
}

fn one(term: &str, issue: &Issue) -> bool {
    let Some((key, value)) = term.split_once(':') else {
        let text = format!(
            "{}: {} {} {}",
            issue.plan.kind,
            issue.plan.value,
            issue.plan.culprit,
            short_id(issue)
        )
        .to_lowercase();
        return text.contains(&term.trim_matches('"').to_lowercase());
    };
    let value = value.trim_matches('"');
    match key {
        "is" => match value {
            "archived" | "ignored" => issue.status == "ignored",
            "assigned" => issue.assigned.is_some(),
            "unassigned" => issue.assigned.is_none(),
            "new" | "regressed" | "ongoing" | "escalating" => issue.substatus == Some(value),
            state => issue.status == state,
        },
        "release" => issue.last_release.as_deref() == Some(value),
        "firstRelease" => issue.first_release.as_deref() == Some(value),
        "level" => issue.plan.level == value,
        "assigned" => issue.assigned.as_deref() == Some(value),
        "environment" => value == "production",
        "issue" => short_id(issue) == value,
        _ => false,
    }
}
