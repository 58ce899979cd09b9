//! Who set a count that took the place of ours: automatic scaling keeps a list of what it did.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::goal::{Goal, SOMEBODY};
use super::hands::Hands;
use crate::domain::scaling::ScalingActivity;
use crate::domain::service::ServiceId;

/// How long it is waited for: the end of the action is known without it.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long ago automatic scaling may have done it: a count that ended ours was not set long before.
const LATELY: SignedDuration = SignedDuration::from_mins(5);

/// What is told of a goal that was lost, with who set another count where that was automatic scaling. It is asked once, at the end.
pub async fn told(hands: &Hands<'_>, goal: &Goal, why: String) -> String {
    let (Goal::Count { service, .. }, Some(what)) = (goal, why.strip_suffix(SOMEBODY)) else {
        return why;
    };
    let Some(count) = what.rsplit(' ').next().and_then(|n| n.parse().ok()) else {
        return why;
    };
    let asked = hands.look.backend.estate.autoscaling.activities();
    let Ok(Ok(all)) = tokio::time::timeout(PATIENCE, asked).await else {
        return why;
    };
    match cause(&all, service, count, Timestamp::now()) {
        Some(cause) => format!("{what} by automatic scaling: {cause}"),
        None => format!("{what} by somebody else: automatic scaling tells of no such activity"),
    }
}

/// Why automatic scaling set a service to so many tasks lately; nothing where it did not.
fn cause<'a>(
    all: &'a [ScalingActivity],
    service: &ServiceId,
    count: u32,
    now: Timestamp,
) -> Option<&'a str> {
    let resource = format!("service/{service}");
    let newest = all.iter().find(|a| {
        let lately = |at: Timestamp| now.duration_since(at) < LATELY;
        a.resource == resource && a.started_at.is_some_and(lately)
    })?;
    (newest.wanted == Some(count)).then_some(newest.cause.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_scaling_is_named_where_its_newest_activity_set_that_count() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let activity = |ago: i64, name: &str, wanted: u32| ScalingActivity {
            id: ago.to_string(),
            resource: format!("service/prod/{name}"),
            description: String::new(),
            cause: format!("alarm {ago}"),
            status: "Successful".into(),
            wanted: Some(wanted),
            started_at: Some(now - SignedDuration::from_secs(ago)),
            ended_at: None,
        };
        let service = ServiceId {
            cluster: "prod".into(),
            name: "auth".into(),
        };
        let all = [
            activity(5, "api", 2),
            activity(9, "auth", 3),
            activity(60, "auth", 2),
        ];
        let cause =
            |all: &[ScalingActivity], count| cause(all, &service, count, now).map(str::to_owned);
        assert_eq!(cause(&all, 3).as_deref(), Some("alarm 9"));
        assert_eq!(cause(&all, 2), None, "somebody has set it since");
        assert_eq!(cause(&[activity(900, "auth", 3)], 3), None, "long ago");
    }
}
