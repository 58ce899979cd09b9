//! What somebody looks at and nothing is known of yet: the picture keeps what was looked at earlier for a while, and not for ever.

use super::picture::Picture;
use super::topic::Topic;
use crate::domain::interest::Interest;
use crate::domain::part::Part;

/// Topics that are looked at and have neither an answer nor a failure in the picture: however lately they were asked, they are asked again.
pub fn blank(p: &Picture) -> Vec<Topic> {
    let facts = &p.facts;
    let mut all = Vec::new();
    for interest in p.interests.iter() {
        let (is_blank, topic) = match interest {
            Interest::Tasks(id) => (lacks(facts.tasks.get(id)), Topic::Tasks(id.clone())),
            Interest::Failure(ask) => (
                lacks(facts.failures.get(&ask.deployment)),
                Topic::Failure(ask.clone()),
            ),
            Interest::Revisions(id) => {
                (lacks(facts.revisions.get(id)), Topic::Revisions(id.clone()))
            }
            Interest::AlarmHistory(name) => (
                lacks(facts.alarm_history.get(name)),
                Topic::AlarmHistory(name.clone()),
            ),
            Interest::Dashboard(name) => (
                lacks(facts.dashboard.get(name)),
                Topic::Dashboard(name.clone()),
            ),
            Interest::Metrics { .. } => (lacks(Some(&facts.charts)), Topic::Charts),
            Interest::Logs(_) => (lacks(Some(&facts.logs)), Topic::Logs),
            Interest::Board(ask) => {
                let logs = ask.logs.iter();
                if logs.map(|l| facts.board_logs.get(&l.widget)).any(lacks) {
                    all.push(Topic::BoardLogs);
                }
                (lacks(Some(&facts.board)), Topic::Board)
            }
            // These parts stay in the picture for good.
            Interest::Dashboards
            | Interest::Deployments(_)
            | Interest::MetricNames
            | Interest::Audit => continue,
        };
        if is_blank {
            all.push(topic);
        }
    }
    all
}

fn lacks<T>(part: Option<&Part<T>>) -> bool {
    part.is_none_or(|p| p.observed_at.is_none() && p.error.is_none())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::super::topics::tasks;
    use super::*;
    use crate::domain::problem::{Problem, ProblemKind};
    use crate::domain::service::ServiceId;

    #[test]
    fn what_the_picture_has_dropped_is_blank_and_what_failed_is_not() {
        let id = |name: &str| ServiceId {
            cluster: "prod".into(),
            name: name.into(),
        };
        let mut p = Picture::new(Arc::default());
        let mut look = |name: &str| {
            p.interests = Arc::new(vec![Interest::Tasks(id(name))]);
            tasks::open(&mut p);
            let before = blank(&p);
            let part = p.facts.tasks.get_mut(&id(name)).unwrap();
            part.take(Ok(Arc::default()), Timestamp::UNIX_EPOCH);
            assert_eq!(blank(&p), []);
            !before.is_empty()
        };
        assert!(look("a"));
        assert!(!look("a"), "it is there still");
        for n in 0..9 {
            assert!(look(&format!("s{n}")));
        }
        assert!(look("a"), "others took its room");
        let part = p.facts.tasks.get_mut(&id("a")).unwrap();
        *part = Part::default();
        assert_eq!(blank(&p), [Topic::Tasks(id("a"))]);
        let refused = Problem::new(ProblemKind::Denied, "", "", "", "");
        let part = p.facts.tasks.get_mut(&id("a")).unwrap();
        part.take(Err(refused), Timestamp::UNIX_EPOCH);
        assert_eq!(blank(&p), [], "its time to be asked again is its own");
    }
}
