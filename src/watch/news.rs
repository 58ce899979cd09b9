//! What the actions of this store have to say that the picture does not know yet.

use jiff::{SignedDuration, Timestamp};

use crate::domain::action::Run;
use crate::domain::service::ServiceId;

/// How long ago an action that nobody saw going on may have ended, for its service to be asked about anew.
const JUST: SignedDuration = SignedDuration::from_secs(60);

/// Services of actions that have just ended, or have been told which deployment is theirs.
pub fn news_of(before: &[Run], now: &[Run], at: Timestamp) -> Vec<ServiceId> {
    let is_young = |r: &Run| {
        let ended = r.finished_at;
        ended.is_some_and(|ended| at.duration_since(ended) < JUST)
    };
    let is_news = |r: &&Run| {
        let known = before.iter().find(|b| b.id == r.id);
        let ended = !r.goes_on() && known.map_or_else(|| is_young(r), Run::goes_on);
        let own = known.and_then(|b| b.deployment.as_ref());
        ended || (r.goes_on() && r.deployment.is_some() && r.deployment.as_ref() != own)
    };
    let told = now.iter().filter(is_news);
    told.filter_map(|r| r.intent.service().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_of_an_action_that_ended_or_was_told_its_deployment_is_asked_about_at_once() {
        use crate::domain::action::{Intent, Phase};
        use crate::domain::audit::Outcome;
        let run = |id: &str, name: &str, outcome| Run {
            id: id.into(),
            intent: Intent::Restart {
                service: ServiceId {
                    cluster: "prod".into(),
                    name: name.into(),
                },
            },
            title: String::new(),
            phase: Phase::Follow,
            progress: None,
            lines: Vec::new(),
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            outcome,
            stopped_in: None,
            recorded: false,
            who: String::new(),
            reattached: false,
            brings: None,
            scaled_from: None,
            deployment: None,
            silent: None,
        };
        // One that is put aside has no end in the journal.
        let over = Some(Outcome::Unknown);
        let before = [
            run("1", "api", None),
            run("2", "web", None),
            run("3", "old", over),
        ];
        let mut now = [
            run("1", "api", over),
            run("2", "web", None),
            run("3", "old", over),
        ];
        let news = |before: &[Run], now: &[Run]| -> Vec<String> {
            let of = news_of(before, now, Timestamp::UNIX_EPOCH).into_iter();
            of.map(|s| s.name).collect()
        };
        assert_eq!(news(&before, &now), ["api"]);
        // Which deployment is its own has just been told, and is told once.
        now[1].deployment = Some("arn:own".into());
        assert_eq!(news(&before, &now), ["api", "web"]);
        assert!(news(&now, &now).is_empty());
        // A command of another process may be over before anybody sees it go on.
        let ended = |seconds: i64| {
            let mut short = run("4", "auth", Some(Outcome::Succeeded));
            short.finished_at = Timestamp::from_second(-seconds).ok();
            short
        };
        assert_eq!(news(&now, &[ended(20)]), ["auth"]);
        assert!(news(&now, &[ended(600)]).is_empty(), "that was long ago");
    }
}
