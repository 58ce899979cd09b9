//! Who set a count that took the place of ours: automatic scaling keeps a list of what it did.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::goal::{Goal, SOMEBODY};
use super::hands::Hands;
use crate::domain::scaling::ScalingActivity;

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
    let asked = hands.look.backend.estate.autoscaling.activities_of(service);
    let Ok(Ok((all, is_cut))) = tokio::time::timeout(PATIENCE, asked).await else {
        return why;
    };
    match judge(&all, is_cut, count, Timestamp::now()) {
        Who::Scaling(cause) => format!("{what} by automatic scaling: {cause}"),
        Who::Another => {
            format!("{what} by somebody else: automatic scaling tells of no such activity")
        }
        Who::Untold => why,
    }
}

/// Who set a count, as far as automatic scaling tells.
#[derive(Debug, PartialEq, Eq)]
enum Who<'a> {
    /// It did, and this is why.
    Scaling(&'a str),
    /// It has done something else since, or nothing at all.
    Another,
    /// It may have done it.
    Untold,
}

/// Judges by what was done to a service, newest first. That it was not automatic scaling is said only where nothing can be missing:
/// `is_cut` says that not all of it was read. By which clock it was lately need not be right.
fn judge(all: &[ScalingActivity], is_cut: bool, count: u32, now: Timestamp) -> Who<'_> {
    let Some(newest) = all.first() else {
        return if is_cut { Who::Untold } else { Who::Another };
    };
    let lately = |at: Timestamp| now.duration_since(at) < LATELY;
    match newest.wanted {
        Some(n) if n == count && newest.started_at.is_some_and(lately) => {
            Who::Scaling(&newest.cause)
        }
        Some(n) if n != count && newest.started_at.is_some() && !is_cut => Who::Another,
        _ => Who::Untold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn who(all: &[ScalingActivity], is_cut: bool, count: u32) -> Who<'_> {
        judge(all, is_cut, count, now())
    }

    #[test]
    fn automatic_scaling_is_named_where_its_newest_activity_set_that_count() {
        let activity = |ago: i64, wanted: Option<u32>| ScalingActivity {
            id: ago.to_string(),
            resource: "service/prod/auth".into(),
            description: String::new(),
            cause: format!("alarm {ago}"),
            status: "Successful".into(),
            wanted,
            started_at: Some(now() - SignedDuration::from_secs(ago)),
            ended_at: None,
        };
        let all = [activity(9, Some(3)), activity(60, Some(2))];
        assert_eq!(who(&all, false, 3), Who::Scaling("alarm 9"));
        assert_eq!(who(&all, true, 3), Who::Scaling("alarm 9"));
        assert_eq!(who(&all, false, 2), Who::Another, "set since");
        assert_eq!(who(&[], false, 2), Who::Another, "it does nothing here");
        // What was not read may be it.
        assert_eq!(who(&all, true, 2), Who::Untold);
        assert_eq!(who(&[], true, 2), Who::Untold);
        // It was long ago, or this machine's clock is fast.
        let old = [activity(400, Some(3))];
        assert_eq!(who(&old, false, 3), Who::Untold);
        let wordless = [activity(9, None)];
        assert_eq!(who(&wordless, false, 3), Who::Untold);
    }
}
