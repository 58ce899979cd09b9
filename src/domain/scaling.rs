//! Scaling of services, after the Application Auto Scaling API reference.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::service::Service;

/// A policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScalingPolicy {
    /// Name.
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`.
    pub kind: String,
    /// Metric that it follows, where it follows one.
    pub metric: Option<String>,
    /// Value that the metric is kept at, for target tracking.
    pub target: Option<f64>,
}

/// Bounds of a service, with its policies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScalableTarget {
    /// `service/cluster/name`.
    pub resource: String,
    /// Fewest.
    pub min: u32,
    /// Most.
    pub max: u32,
    /// What is suspended: `in`, `out`, `scheduled`.
    pub suspended: Vec<String>,
    /// Policies.
    pub policies: Vec<ScalingPolicy>,
}

impl ScalableTarget {
    /// Cluster and name of the service, of `service/cluster/name`.
    pub fn service(&self) -> Option<(&str, &str)> {
        self.resource.strip_prefix("service/")?.split_once('/')
    }

    /// Why it cannot scale by itself; `None` where it can.
    pub fn why_not(&self) -> Option<String> {
        let bounds = format!("{} to {}", self.min, self.max);
        if self.policies.is_empty() {
            return Some(format!("bounds {bounds}, but no policy"));
        }
        if self.min >= self.max {
            return Some(format!("bounds {bounds} leave no room"));
        }
        let out = self.suspended.iter().any(|s| s == "out");
        out.then(|| "scaling out is suspended".into())
    }

    /// That its service wants fewer tasks than its bounds allow, which a person set: a policy brings it back at its next alarm, and of
    /// no task there is no measure that would raise one.
    pub fn left_below(&self, wanted: Option<u32>) -> Option<String> {
        let wanted = wanted.filter(|n| *n < self.min)?;
        Some(format!(
            "{wanted} wanted, below its minimum of {}",
            self.min
        ))
    }
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScalingActivity {
    /// Id.
    pub id: String,
    /// `service/cluster/name`.
    pub resource: String,
    /// What, in the vendor's words.
    pub description: String,
    /// Why, in the vendor's words.
    pub cause: String,
    /// `Pending`, `InProgress`, `Successful`, `Overridden`, `Unfulfilled`, `Failed`.
    pub status: String,
    /// Tasks wanted, where the words tell.
    pub wanted: Option<u32>,
    /// Began (UTC).
    pub started_at: Option<Timestamp>,
    /// Ended (UTC).
    pub ended_at: Option<Timestamp>,
}

impl ScalingActivity {
    /// Whether an alarm of a policy did it: not a schedule, and nobody who moved the bounds. Application Auto Scaling names the cause
    /// ("Scaling activities for Application Auto Scaling": `monitor alarm ... in state ALARM triggered policy ...`).
    pub fn is_by_alarm(&self) -> bool {
        self.cause.starts_with("monitor alarm ")
    }
}

/// Whether an activity went up from what was wanted before it; `None` where nobody can tell. `all` holds what was done to every
/// resource. The alarms of target tracking say which way by their names, whatever was wanted: between two activities a person may have
/// set the count, which is none.
pub fn went_up(all: &[ScalingActivity], activity: &ScalingActivity) -> Option<bool> {
    let wanted = activity.wanted?;
    if activity.cause.contains("-AlarmHigh-") {
        return Some(true);
    }
    if activity.cause.contains("-AlarmLow-") {
        return Some(false);
    }
    let mine = all.iter().filter(|a| a.resource == activity.resource);
    let before = mine
        .filter(|a| a.started_at < activity.started_at)
        .max_by_key(|a| a.started_at)
        .and_then(|a| a.wanted);
    before
        .filter(|before| *before != wanted)
        .map(|before| wanted > before)
}

/// A desired count that was raised lately: the tasks that it asks for are on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScaleOut {
    /// Tasks wanted before.
    pub from: u32,
    /// When the raised count was first seen (UTC).
    pub since: Timestamp,
}

/// How long tasks may take to start before their service lacks them.
const STARTING: SignedDuration = SignedDuration::from_mins(5);

impl ScaleOut {
    /// Of a service that was described anew: it begins with a raised count, and ends when the tasks run, when fewer are wanted, or when
    /// it has lasted too long.
    pub fn told(before: &Service, now: &Service, at: Timestamp) -> Option<Self> {
        let (was, is) = (before.counts.desired, now.counts.desired);
        let known = before.scaling.filter(|s| s.from < is);
        let begun = match is > was {
            // One that is raised again while no task comes lasts as long as the first.
            true => Some(Self {
                from: known.map_or(was, |s| s.from),
                since: known
                    .filter(|_| now.answering().running <= before.answering().running)
                    .map_or(at, |s| s.since),
            }),
            false => known,
        };
        let runs = now.answering().running >= is;
        begun.filter(|s| !runs && at.duration_since(s.since) < STARTING)
    }
}

impl Service {
    /// From how many tasks to how many it scales out, while those that ran before all run.
    pub fn scaling_out(&self) -> Option<(u32, u32)> {
        let kept = |s: &ScaleOut| self.answering().running >= s.from;
        let scaling = self.scaling.filter(kept)?;
        Some((scaling.from, self.counts.desired))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_is_what_is_more_than_before() {
        let activity = |at: i64, wanted, cause: &str| ScalingActivity {
            id: at.to_string(),
            resource: "service/a/b".into(),
            description: String::new(),
            cause: cause.into(),
            status: "Successful".into(),
            wanted: Some(wanted),
            started_at: Timestamp::from_second(at).ok(),
            ended_at: None,
        };
        let all = [
            activity(30, 4, ""),
            activity(20, 6, ""),
            activity(10, 2, "monitor alarm TargetTracking-x-AlarmHigh-1"),
        ];
        let up: Vec<_> = all.iter().map(|a| went_up(&all, a)).collect();
        assert_eq!(up, [Some(false), Some(true), Some(true)]);
        // A person set it to 4 in between: the second one takes a task away, although the first had asked for fewer.
        let all = [
            activity(20, 3, "monitor alarm TargetTracking-x-AlarmLow-2"),
            activity(10, 2, "monitor alarm TargetTracking-x-AlarmLow-1"),
            activity(5, 2, ""),
        ];
        let up: Vec<_> = all.iter().map(|a| went_up(&all, a)).collect();
        assert_eq!(up, [Some(false), Some(false), None]);
    }

    #[test]
    fn bounds_without_a_policy_do_not_scale() {
        let mut target = ScalableTarget {
            resource: "service/laser/api".into(),
            min: 2,
            max: 6,
            suspended: Vec::new(),
            policies: Vec::new(),
        };
        assert_eq!(target.service(), Some(("laser", "api")));
        assert!(target.why_not().unwrap().contains("no policy"));
        target.policies.push(ScalingPolicy {
            name: "cpu".into(),
            kind: "TargetTrackingScaling".into(),
            metric: None,
            target: Some(60.0),
        });
        assert_eq!(target.why_not(), None);
        let below = |wanted| target.left_below(wanted);
        assert_eq!(below(Some(0)).unwrap(), "0 wanted, below its minimum of 2");
        assert_eq!((below(Some(2)), below(None)), (None, None));
        target.max = 2;
        assert!(target.why_not().unwrap().contains("no room"));
    }
}
