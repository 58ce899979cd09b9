//! PutAlarmMuteRule, GetAlarmMuteRule, ListAlarmMuteRules and DeleteAlarmMuteRule. Rules of one time alone: those that come again are
//! not offered.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo};

use super::alarms::{AlarmStore, MuteRule};
use super::errors::{bad_value, invalid, missing};
use super::page;
use crate::wire::{ApiError, Node, list, map};

/// Alarms that a rule names at most, and the shortest and longest time that it mutes them, seconds.
const TARGETS: usize = 100;
const SHORTEST_S: f64 = 60.0;
const LONGEST_S: f64 = 15.0 * 86_400.0;

/// Takes a PutAlarmMuteRule.
pub(super) fn put(input: &Node, alarms: &mut AlarmStore, now: f64) -> Result<Node, ApiError> {
    let name = input.get("Name").as_text().ok_or_else(|| missing("Name"))?;
    let schedule = input.get("Rule").get("Schedule");
    let part = |name: &str| schedule.get(name).as_text().ok_or_else(|| missing(name));
    let (expression, duration) = (part("Expression")?, part("Duration")?);
    let zone = schedule.get("Timezone").as_text().unwrap_or("UTC");
    let zone = TimeZone::get(zone).map_err(|_| bad_value(format!("{zone} is no time zone.")))?;
    let at = expression.strip_prefix("at(");
    let at = at.and_then(|rest| rest.strip_suffix(')')).ok_or_else(|| {
        invalid(format!(
            "{expression} is no schedule that is offered here: at(yyyy-MM-ddThh:mm)"
        ))
    })?;
    let at: DateTime = at
        .parse()
        .map_err(|_| invalid(format!("{at} is no date with a time.")))?;
    let from = at
        .to_zoned(zone)
        .map_err(|_| invalid(format!("{at} is beyond the calendar.")))?;
    let span: Span = duration
        .parse()
        .map_err(|_| invalid(format!("{duration} is no ISO 8601 duration.")))?;
    let seconds = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_or(0.0, |d| d.as_secs_f64());
    if !(SHORTEST_S..=LONGEST_S).contains(&seconds) {
        return Err(invalid("Duration must be between PT1M and P15D."));
    }
    let names = input.get("MuteTargets").get("AlarmNames").as_strs();
    if names.len() > TARGETS {
        return Err(invalid(format!("A rule mutes at most {TARGETS} alarms.")));
    }
    if let Some(unknown) = names.iter().find(|n| alarms.get(n).is_none()) {
        return Err(invalid(format!("There is no alarm {unknown}.")));
    }
    let from = from.timestamp().as_second() as f64;
    let description = input.get("Description").as_str().unwrap_or_default();
    alarms.mutes.put(MuteRule {
        name: name.to_owned(),
        description: description.to_owned(),
        expression: expression.to_owned(),
        duration: duration.to_owned(),
        alarms: names.into_iter().map(str::to_owned).collect(),
        from,
        until: from + seconds,
        updated_at: now,
    });
    Ok(Node::Null)
}

/// Takes a DeleteAlarmMuteRule; one that does not exist is passed over.
pub(super) fn delete(input: &Node, alarms: &mut AlarmStore) -> Result<Node, ApiError> {
    alarms.mutes.delete(named(input)?);
    Ok(Node::Null)
}

fn named(input: &Node) -> Result<&str, ApiError> {
    let name = input.get("AlarmMuteRuleName").as_text();
    name.ok_or_else(|| missing("AlarmMuteRuleName"))
}

/// Answers GetAlarmMuteRule.
pub(super) fn get(input: &Node, alarms: &AlarmStore, now: f64) -> Result<Node, ApiError> {
    let name = named(input)?;
    let rule = alarms.mutes.get(name).ok_or_else(|| {
        let message = format!("There is no alarm mute rule {name}.");
        ApiError::new("ResourceNotFoundException", message).with_status(404)
    })?;
    let schedule = map([
        ("Expression", Node::from(&rule.expression)),
        ("Duration", Node::from(&rule.duration)),
    ]);
    Ok(summary(rule, alarms, now)
        .with("Name", &rule.name)
        .with("Description", &rule.description)
        .with("Rule", map([("Schedule", schedule)]))
        .with("MuteTargets", map([("AlarmNames", list(&rule.alarms))])))
}

/// Answers ListAlarmMuteRules.
pub(super) fn all(input: &Node, alarms: &AlarmStore, now: f64) -> Result<Node, ApiError> {
    let statuses = input.get("Statuses").as_strs();
    let of = input.get("AlarmName").as_text();
    let size = page::limit(input, "MaxRecords", 50, 100)?;
    let found: Vec<&MuteRule> = alarms
        .mutes
        .all()
        .filter(|r| statuses.is_empty() || statuses.contains(&r.status(now)))
        .filter(|r| of.is_none_or(|name| r.alarms.iter().any(|a| a == name)))
        .collect();
    let (page, next) = page::cut(found, page::place(input)?, size);
    let rows = page.into_iter().map(|r| summary(r, alarms, now));
    Ok(map([
        ("AlarmMuteRuleSummaries", Node::List(rows.collect())),
        ("NextToken", next.into()),
    ]))
}

fn summary(rule: &MuteRule, alarms: &AlarmStore, now: f64) -> Node {
    map([
        ("AlarmMuteRuleArn", Node::from(alarms.mutes.arn(rule))),
        ("Status", rule.status(now).into()),
        ("MuteType", "ONE_TIME".into()),
        ("LastUpdatedTimestamp", Node::Time(rule.updated_at)),
    ])
}
