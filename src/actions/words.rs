//! Words that several actions share.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::deployment::Deployment;
use crate::domain::progress::Untold;
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, Revision, Service, Strategy, TaskDefinition, Threshold,
    image_name, image_tag,
};
use crate::domain::skew;

/// Length of time: `12s`, `4m`, `3h`, `2d`.
pub fn span(length: Duration) -> String {
    let s = length.as_secs();
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m", s / 60),
        3_600..172_800 => format!("{}h", s / 3_600),
        _ => format!("{}d", s / 86_400),
    }
}

/// How long ago; never negative.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    span(Duration::try_from(now.duration_since(at)).unwrap_or_default())
}

/// How long ago something of the vendor's was, as far as the clocks agree: `4m ago`.
pub fn since(at: Timestamp, now: Timestamp) -> String {
    skew::words(at, now).unwrap_or_else(|| format!("{} ago", ago(at, now)))
}

/// `api:1.8.2` of a full reference.
pub fn short_image(image: &str) -> String {
    format!("{}:{}", image_name(image), image_tag(image))
}

/// The last part of an ARN, as people say it: `role/deployer/ana` gives `ana`.
pub fn person(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

/// A revision with image, age and author: `api:41  api:1.8.2  registered 2d ago by ana`.
pub fn revision(definition: &TaskDefinition, bound: Option<&str>, now: Timestamp) -> String {
    let mut text = definition.revision.to_string();
    if let Some(container) = definition.main_container(bound) {
        text += &format!("  {}", short_image(&container.image));
    }
    if let Some(at) = definition.registered_at {
        text += &format!("  registered {} ago", ago(at, now));
    }
    if let Some(by) = &definition.registered_by {
        text += &format!(" by {}", person(by));
    }
    text
}

/// `rolling, 100 % to 200 % of 6`.
pub fn strategy(strategy: Strategy, config: &DeploymentConfig, desired: u32) -> String {
    let mut text = format!(
        "{}, {} % to {} % of {desired}",
        strategy.word(),
        config.minimum_healthy_percent,
        config.maximum_percent
    );
    // Of a rolling deployment ECS reckons the bake time itself, by the alarms that it watches.
    if let Some(minutes) = config.bake_minutes.filter(|_| strategy.shifts_traffic()) {
        text += &format!(", baked for {minutes} min");
    }
    text
}

/// How a service deploys, to be told from any other way: `rolling, 100 % to 200 %, circuit breaker on with rollback`.
pub fn configuration(config: &DeploymentConfig) -> String {
    let CircuitBreaker {
        enabled,
        rollback,
        threshold,
        resets_on_healthy_task,
    } = config.circuit_breaker;
    let mut text = format!(
        "{}, {} % to {} %, circuit breaker {}",
        config.strategy.word(),
        config.minimum_healthy_percent,
        config.maximum_percent,
        match (enabled, rollback) {
            (false, _) => "off",
            (true, true) => "on with rollback",
            (true, false) => "on",
        }
    );
    if enabled {
        let after = match threshold {
            Threshold::Count(n) => format!("{n} failed tasks"),
            Threshold::BoundedPercent(n) => format!("{n} % failed tasks, 3 to 200"),
            Threshold::UnboundedPercent(n) => format!("{n} % failed tasks"),
            Threshold::Unknown => "unknown".to_owned(),
        };
        let resets = if resets_on_healthy_task {
            "resets"
        } else {
            "does not reset"
        };
        text += &format!(" (trips after {after}; {resets} on a healthy task)");
    }
    if !config.alarms.is_empty() {
        let back = if config.alarms_rollback {
            " with rollback"
        } else {
            ""
        };
        text += &format!(", alarms{back}: {}", config.alarms.join(", "));
    }
    for (what, minutes) in [
        ("bake", config.bake_minutes),
        ("shift", config.shift_minutes),
    ] {
        if let Some(minutes) = minutes {
            text += &format!(", {what} {minutes} min");
        }
    }
    text
}

/// What the breaker will do, and how many failures trip it.
pub fn breaker(breaker: CircuitBreaker, desired: u32) -> String {
    if !breaker.enabled {
        return "off: a bad revision is retried for ever".to_owned();
    }
    let then = if breaker.rollback {
        "rolls back by itself"
    } else {
        "stops, and does not roll back"
    };
    let after = match breaker.threshold.of(desired) {
        Some(1) => "1 failed task".to_owned(),
        Some(n) => format!("{n} failed tasks"),
        None => "a number of failed tasks that is not known here".to_owned(),
    };
    let resets = if breaker.resets_on_healthy_task {
        "; resets on a healthy task"
    } else {
        "; does not reset on a healthy task"
    };
    format!("on: trips after {after}, then {then}{resets}")
}

/// A deployment under way: `api:41 → api:42, rolling out since 1m`.
pub fn deployment(d: &Deployment, now: Timestamp) -> String {
    let from: Vec<String> = d.from.iter().map(|r| r.revision.to_string()).collect();
    let to =
        d.to.as_ref()
            .map_or_else(|| "?".to_owned(), |r| r.revision.to_string());
    let since = match d.untold(now).and_then(Untold::contradiction) {
        Some(why) => format!(" (unknown: {why})"),
        None => (d.started_at.or(d.created_at))
            .map_or_else(String::new, |at| format!(" since {}", ago(at, now))),
    };
    let from = if from.is_empty() {
        String::new()
    } else {
        format!("{} → ", from.join(", "))
    };
    format!("{from}{to}, {}{since}", d.state.word())
}

/// The container that traffic goes to, if the service has a load balancer.
pub fn bound(service: &Service) -> Option<&str> {
    service
        .load_balancers
        .first()
        .map(|lb| lb.container.as_str())
}

/// Whether two revisions are the same: endpoints give ARNs in more than one form.
pub fn same(a: &Revision, b: &Revision) -> bool {
    a.family == b.family && a.number == b.number
}

/// `1 task`, `2 tasks`.
pub fn tasks(n: u32) -> String {
    format!("{n} task{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Threshold;

    #[test]
    fn a_breaker_says_what_trips_it_and_whether_it_forgets() {
        let said = |threshold, resets_on_healthy_task| {
            let on = CircuitBreaker {
                enabled: true,
                rollback: true,
                threshold,
                resets_on_healthy_task,
            };
            breaker(on, 6)
        };
        let usual = said(Threshold::default(), true);
        assert_eq!(
            usual,
            "on: trips after 3 failed tasks, then rolls back by itself; resets on a healthy task"
        );
        let own = said(Threshold::Count(1), false);
        assert!(own.contains("after 1 failed task, then"), "{own}");
        assert!(own.contains("does not reset"), "{own}");
        let unknown = said(Threshold::Unknown, true);
        assert!(unknown.contains("not known here"), "{unknown}");
    }
}
