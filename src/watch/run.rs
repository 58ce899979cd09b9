//! The watch itself: starts what is due, joins what comes back, publishes. It never waits for any one of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use super::agenda::{Agenda, CALMLY_WANTED_APART, HEARTBEAT, Refresh};
use super::answer::{self, Answer, Sources};
use super::blank::blank;
use super::doubt;
use super::lines::{line, rest};
use super::news::news_of;
use super::picture::Picture;
use super::publish::Publisher;
use super::scope::Scope;
use super::slept::Clocks;
use super::timetable::Timetable;
use super::topic::Topic;
use super::topics::{boards, charts, logs, tasks};
use super::wanted::{pace_of, wanted};
use super::{Desk, Snapshot};
use crate::backend::transport::allowance;
use crate::domain::action::Run;
use crate::domain::audit::Sighting;
use crate::domain::problem::ProblemKind;
use crate::plan::{self, Checklist};

/// The running watch.
pub struct Watch {
    scope: Scope,
    picture: Picture,
    table: Timetable,
    sources: Sources,
    desk: Desk,
    runs: watch::Receiver<Arc<Vec<Run>>>,
    runs_ended: bool,
    asking: JoinSet<Answer>,
    topics: HashMap<Id, Topic>,
    publisher: Publisher,
    settled: bool,
    /// Somebody has yet to hear that everything was asked.
    awaited: bool,
    refresh: Refresh,
    agenda: Agenda,
    /// How often credentials were loaded.
    loads: u32,
    clocks: Clocks,
}

impl Watch {
    /// Ready to run.
    pub fn new(
        scope: Scope,
        picture: Picture,
        sources: Sources,
        desk: Desk,
        runs: watch::Receiver<Arc<Vec<Run>>>,
        publisher: Publisher,
    ) -> Self {
        Self {
            scope,
            picture,
            table: Timetable::default(),
            sources,
            desk,
            runs,
            runs_ended: false,
            asking: JoinSet::new(),
            topics: HashMap::new(),
            publisher,
            settled: false,
            awaited: true,
            refresh: Refresh::default(),
            agenda: Agenda::default(),
            loads: 0,
            clocks: Clocks::now(),
        }
    }

    /// Shortest time between two looks at what is wanted.
    fn wanted_apart(&self, now: Instant) -> Duration {
        let waits = self.awaited && !self.settled;
        match waits || !self.publisher.is_calm(now) {
            true => Duration::ZERO,
            false => CALMLY_WANTED_APART,
        }
    }

    /// Runs until nobody holds the other end.
    pub async fn run(mut self) {
        self.look();
        loop {
            self.start_what_is_due();
            if self.publisher.is_due(Instant::now()) {
                self.publish();
            }
            let wake = self.wake();
            tokio::select! {
                Some(ended) = self.asking.join_next_with_id() => self.join(ended),
                changed = self.desk.interests.changed() => match changed {
                    Ok(()) => self.look(),
                    Err(_) => return,
                },
                Some(()) = self.desk.refresh.recv() => self.refresh.wanted = true,
                changed = self.runs.changed(), if !self.runs_ended => match changed {
                    Ok(()) => self.take_runs(),
                    Err(_) => self.runs_ended = true,
                },
                () = tokio::time::sleep_until(wake) => self.publisher.beat(Instant::now(), HEARTBEAT),
            }
        }
    }

    fn start_what_is_due(&mut self) {
        let now = Instant::now();
        let has_slept = self.clocks.parted(Clocks::now());
        if has_slept {
            // What was proved before stands on screen as if it were of now.
            self.publisher.rejudge();
            self.publisher.urge();
            self.publisher.news(now);
        }
        if has_slept || self.refresh.take(now, || gap(&self.picture)) {
            self.publisher.hurry(now);
            self.picture.everything_now = true;
            self.agenda.changed = true;
            self.table.all_now(now);
        }
        self.start(now);
        if self.is_settled(now) && !self.settled && self.awaited && self.heeds_plan() {
            // What was answered since may make the plan want more: nothing is settled before that was asked, too.
            let named = self.picture.needs.named;
            if self.publisher.needs_differ(&mut self.picture, self.scope) {
                self.take_needs(named);
                self.start(now);
            }
            self.put_down_before_the_end(now);
        }
        self.settle(now);
    }

    fn start(&mut self, now: Instant) {
        let loads = self.sources.backend.sts.loads();
        if loads != self.loads {
            // Whose the new credentials are is not known before that is asked.
            if self.loads > 0 {
                self.table.hurry(&Topic::Identity, now);
            }
            self.loads = loads;
        }
        if self.agenda.due(now, self.wanted_apart(now)) <= now {
            let mut wanted = wanted(&self.picture);
            wanted.retain(|w| self.scope.covers(&w.topic));
            wanted.extend(doubt::wanted(&self.picture, self.scope));
            self.table.want(&wanted, now);
            self.agenda.made(now);
        }
        for topic in self.table.due(now, |t| rest(&self.sources.backend, t)) {
            // Nothing else follows where its vendor throttles until the answer says whether it does by now.
            if self.waits(&topic) || self.queues(&topic, now).is_some() {
                continue;
            }
            self.table.began(&topic, now);
            let question = answer::ask(&topic, &self.picture, &self.sources);
            if topic == Topic::Services {
                self.picture.everything_now = false;
            }
            let handle = self.asking.spawn(allowance::bounded(question));
            self.topics.insert(handle.id(), topic);
        }
    }

    /// Whether a topic's provider throttled lately, and another question of its is under way.
    fn waits(&self, topic: &Topic) -> bool {
        let line = |t: &Topic| line(&self.sources.backend, t);
        line(topic).is_some_and(|own| {
            let mut asked = self.topics.values().filter_map(line);
            own.is_strained() && asked.any(|l| std::ptr::eq(l, own))
        })
    }

    /// Until when a first question waits for others at most. Who asks once waits for all of them anyway.
    fn queues(&self, topic: &Topic, now: Instant) -> Option<Instant> {
        match self.picture.asks_once {
            true => None,
            false => {
                let has_time = |t: &Topic| matches!(t, Topic::Estate(_));
                self.table.queues(topic, now, has_time)
            }
        }
    }

    /// Whether everything was asked that is wanted by now.
    fn is_settled(&self, now: Instant) -> bool {
        let rests = |t: &Topic| rest(&self.sources.backend, t).is_some_and(|until| until > now);
        // Series are chosen from names: until then one of them is still to be asked.
        let needs = &self.picture.needs;
        let chosen = !needs.metric_names || needs.named || rests(&Topic::MetricNames);
        chosen && self.table.is_settled(rests)
    }

    /// Tells those who wait for it that everything was asked, with a checklist that knows it. Where all is asked again and again, that
    /// is news once: else each question of an idle console would have the whole plan judged twice.
    fn settle(&mut self, now: Instant) {
        let settled = self.is_settled(now);
        if settled == self.settled {
            return;
        }
        self.settled = settled;
        if self.awaited {
            if settled {
                self.publisher.urge();
            }
            self.publisher.rejudge();
            self.publisher.news(now);
        }
        self.awaited = self.picture.asks_once || (self.awaited && !settled);
    }

    fn wake(&self) -> Instant {
        let now = Instant::now();
        let heartbeat = now + HEARTBEAT;
        let table = self.table.wake(|t| match self.waits(t) {
            // The answer wakes it.
            true => Some(heartbeat),
            false => rest(&self.sources.backend, t).max(self.queues(t, now)),
        });
        let due = self.publisher.due();
        let refresh = self.refresh.due(now, || gap(&self.picture));
        let agenda = self.agenda.due(now, self.wanted_apart(now));
        [Some(heartbeat), table, due, refresh, Some(agenda)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(heartbeat)
    }

    fn join(&mut self, ended: Result<(Id, Answer), tokio::task::JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(e) => e.id(),
        };
        let Some(topic) = self.topics.remove(&id) else {
            return;
        };
        self.agenda.changed = true;
        let joined = match ended {
            Ok((_, answer)) => answer::take(&mut self.picture, answer, Timestamp::now()),
            Err(e) => {
                tracing::error!(?topic, error = %e, "a question broke off");
                answer::Joined {
                    news: false,
                    failure: Some(ProblemKind::Internal),
                }
            }
        };
        if std::mem::take(&mut self.picture.is_anew) {
            return self.begin_anew();
        }
        self.table.ended(&topic, joined.failure, Instant::now());
        if joined.failure.is_none() && topic != Topic::Records {
            self.table.let_in(Instant::now());
        }
        if joined.news {
            if topic == Topic::MetricNames {
                self.publisher.look_again();
            }
            if topic == Topic::Records {
                // Somebody's word or deed: it shows at once.
                self.publisher.rejudge();
                self.publisher.urge();
            }
            if says_states(&topic) {
                self.publisher.feel(&self.picture);
            }
            self.publisher.news(Instant::now());
        }
    }

    /// The account is another one: what is under way was asked of the one before, or of nobody knows which.
    fn begin_anew(&mut self) {
        tracing::warn!(before = ?self.picture.facts.account_before, "the credentials are another account's");
        self.asking.abort_all();
        self.topics.clear();
        self.table = Timetable::default();
        self.settled = false;
        self.publisher.rejudge();
        self.look();
        self.publisher.urge();
    }

    fn look(&mut self) {
        self.publisher.hurry(Instant::now());
        self.agenda.changed = true;
        self.awaited = true;
        self.picture.interests = self.desk.interests.borrow_and_update().clone();
        tasks::open(&mut self.picture);
        charts::open(&mut self.picture);
        boards::open(&mut self.picture);
        logs::open(&mut self.picture);
        for topic in blank(&self.picture) {
            self.table.forget(&topic);
        }
        self.take_runs();
    }

    fn take_runs(&mut self) {
        let runs = self.runs.borrow_and_update().clone();
        self.agenda.changed = true;
        if self.picture.facts.runs != runs {
            self.publisher.hurry(Instant::now());
            let going = |runs: &[Run]| runs.iter().filter(|r| r.goes_on()).count();
            if going(&self.picture.facts.runs) != going(&runs) {
                // An action began or ended: the store and the service have news.
                self.table.hurry(&Topic::Records, Instant::now());
                self.table.hurry(&Topic::BusyServices, Instant::now());
            }
            let news = news_of(&self.picture.facts.runs, &runs, Timestamp::now());
            if !news.is_empty() {
                // What was verified must not stand beside targets of before.
                self.table.hurry(&Topic::TargetHealth, Instant::now());
            }
            for id in news {
                // Else its picture would say for a while that it goes on, or that nobody knows how far it is.
                self.table.hurry(&Topic::Deployments(id), Instant::now());
            }
            self.picture.facts.runs = runs;
        }
        self.publisher.news(Instant::now());
    }

    fn publish(&mut self) {
        let mut snapshot = self
            .publisher
            .make(&mut self.picture, &self.sources.backend);
        snapshot.settled = self.settled.then(|| self.picture.interests.clone());
        self.put_down(&snapshot.checklist, Instant::now());
        let named = self.picture.needs.named;
        if self.heeds_plan() && self.publisher.needs_changed(&mut self.picture, self.scope) {
            self.take_needs(named);
        }
        self.desk.snapshots.send_replace(Arc::new(snapshot));
    }
}

impl Watch {
    /// Whether what the plan wants asked is of use: it is judged, or its measures are shown. Nobody who asks for less waits for it.
    fn heeds_plan(&self) -> bool {
        self.scope.covers(&Topic::Series)
    }

    /// What became proved, or no longer is, goes into the store with its time.
    fn put_down(&mut self, list: &Checklist, now: Instant) {
        let facts = &self.picture.facts;
        let apart_s = match self.picture.asks_once {
            true => Sighting::COMMANDS_APART_S,
            false => Sighting::CONSOLE_APART_S,
        };
        let seen = plan::sightings(list, facts, apart_s, &self.picture.sightings);
        let what = |all: &[Sighting]| -> Vec<(String, bool)> {
            all.iter()
                .map(|s| (s.criterion.clone(), s.proved))
                .collect()
        };
        // Each judging has its own time: that is no news.
        if what(&seen) != what(&self.picture.sightings) {
            if !seen.is_empty() {
                self.table.hurry(&Topic::Records, now);
            }
            self.picture.sightings = seen;
            self.agenda.changed = true;
        }
    }

    /// A face that goes once everything was asked would take what it saw with it.
    fn put_down_before_the_end(&mut self, now: Instant) {
        if self.picture.asks_once && self.sources.store.is_some() {
            let list = self.publisher.judge(&self.picture);
            self.put_down(&list, now);
            self.start(now);
        }
    }

    /// The plan wants other things asked than before.
    fn take_needs(&mut self, named: bool) {
        self.agenda.changed = true;
        tasks::open(&mut self.picture);
        if self.picture.needs.named && !named {
            self.table.hurry(&Topic::Series, Instant::now());
        }
    }
}

/// Time between two passes over everything that people ask for: what a pass costs, the budget has once in that time.
fn gap(picture: &Picture) -> Duration {
    pace_of(picture, true).pass
}

/// Whether an answer can change what [`Picture::pulse`] feels.
fn says_states(topic: &Topic) -> bool {
    matches!(
        topic,
        Topic::Inventory
            | Topic::Services
            | Topic::BusyServices
            | Topic::Deployments(_)
            | Topic::TargetGroups
            | Topic::TargetHealth
            | Topic::Alarms
            | Topic::Series
    )
}

/// The first picture: nothing known, sources named.
pub fn first(picture: &Picture) -> Snapshot {
    Snapshot {
        facts: picture.facts.clone(),
        checklist: Arc::default(),
        settled: None,
    }
}
