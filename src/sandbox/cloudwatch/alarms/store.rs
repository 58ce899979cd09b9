//! The alarms of the platform and their states.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::history::{self, Item};
use super::judge::{Verdict, judge};
use super::mutes::MuteRules;
use super::reason::{self, Grounds, Reason};
use super::spec::{AlarmSpec, MetricRule, State, Watch};
use super::watch::Range;
use crate::cloudwatch::store::MetricStore;

/// Rows of history that are kept.
const HISTORY: usize = 4_000;

/// An alarm with its state.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub spec: AlarmSpec,
    pub arn: String,
    pub state: State,
    pub reason: String,
    /// JSON; empty before the first judgement.
    pub reason_data: String,
    /// All in seconds since the epoch.
    pub configured_at: f64,
    pub updated_at: f64,
    pub transitioned_at: f64,
    /// End of the newest range that was judged: each is judged once.
    judged_until: Option<i64>,
}

/// All alarms of an account in a region.
#[derive(Clone, Debug)]
pub struct AlarmStore {
    arn_prefix: String,
    alarms: BTreeMap<String, Alarm>,
    history: VecDeque<Item>,
    pub(in crate::cloudwatch) mutes: MuteRules,
    /// Seconds after a period until its data are there to be judged.
    late_s: i64,
}

impl AlarmStore {
    /// Of this region and account.
    pub fn new(region: &str, account: &str) -> Self {
        Self {
            arn_prefix: format!("arn:aws:cloudwatch:{region}:{account}:alarm:"),
            alarms: BTreeMap::new(),
            history: VecDeque::new(),
            mutes: MuteRules::new(region, account),
            late_s: 0,
        }
    }

    /// The same, judging so many seconds late: the vendor's services report a while after a period is over.
    #[must_use]
    pub fn late_by(self, seconds: i64) -> Self {
        Self {
            late_s: seconds,
            ..self
        }
    }

    /// Defines an alarm, or redefines one, which then keeps its state. A new one has the state INSUFFICIENT_DATA until it is
    /// judged.
    pub fn define(&mut self, spec: AlarmSpec, now: f64) {
        if let Some(known) = self.alarms.get_mut(&spec.name) {
            // The vendor does not change tags with an update.
            let tags = std::mem::take(&mut known.spec.tags);
            known.spec = AlarmSpec { tags, ..spec };
            known.configured_at = now;
            known.judged_until = None;
            let item = history::configured(known, now, "updated");
            self.remember(item);
            return;
        }
        let alarm = Alarm {
            arn: format!("{}{}", self.arn_prefix, spec.name),
            state: State::InsufficientData,
            reason: "Unchecked: Initial alarm creation".into(),
            reason_data: String::new(),
            configured_at: now,
            updated_at: now,
            transitioned_at: now,
            judged_until: None,
            spec,
        };
        let item = history::configured(&alarm, now, "created");
        self.alarms.insert(alarm.spec.name.clone(), alarm);
        self.remember(item);
    }

    /// Makes the alarms that services are to be scaled by, and takes away those of policies that are gone.
    pub fn scale_by(&mut self, wanted: Vec<AlarmSpec>, now: f64) {
        let is_wanted = |name: &String| wanted.iter().any(|s| s.name == *name);
        let known = self
            .alarms
            .keys()
            .filter(|n| n.starts_with("TargetTracking-"));
        let gone: Vec<String> = known.filter(|n| !is_wanted(n)).cloned().collect();
        for name in gone {
            self.delete(&name, now);
        }
        for spec in wanted {
            if !self.alarms.contains_key(&spec.name) {
                self.define(spec, now);
            }
        }
    }

    /// Deletes an alarm; whether there was one.
    pub fn delete(&mut self, name: &str, now: f64) -> bool {
        let Some(alarm) = self.alarms.remove(name) else {
            return false;
        };
        let item = history::configured(&alarm, now, "deleted");
        self.remember(item);
        true
    }

    /// The same alarms, defined at a time and not judged yet: to judge a past by. Those that somebody defined after the world began
    /// have none.
    pub fn unjudged(&self, at: f64, begun: f64) -> Self {
        let mut past = Self {
            alarms: BTreeMap::new(),
            history: VecDeque::new(),
            ..self.clone()
        };
        for alarm in self.alarms.values().filter(|a| a.configured_at <= begun) {
            past.define(alarm.spec.clone(), at);
        }
        past
    }

    /// Judges minute by minute what was recorded of a span of the past, by each alarm's own period.
    pub fn evaluate_past(&mut self, metrics: &MetricStore, from: f64, until: f64) {
        let mut at = (from / 60.0).ceil() as i64 * 60;
        while (at as f64) < until {
            let seen = at - self.late_s;
            self.judge_all(metrics, at, |rule| Range::at(rule, metrics, seen, 1.0));
            at += 60;
        }
    }

    /// Takes over what became of the same alarms in the time before they were judged at all.
    pub fn take_past(&mut self, past: Self) {
        let mut story = past.history;
        for (name, before) in past.alarms {
            let Some(alarm) = self.alarms.get_mut(&name) else {
                continue;
            };
            self.history
                .retain(|i| i.alarm != name || i.kind != "ConfigurationUpdate");
            *alarm = before;
        }
        story.append(&mut self.history);
        while story.len() > HISTORY {
            story.pop_front();
        }
        self.history = story;
    }

    /// Judges every alarm whose newest complete period has not been judged yet; call it as often as you like.
    ///
    /// `window_scale` is the speed of the simulation: above 1, periods shrink by this factor (see `watch::Range::at`). The
    /// timestamps of states stay those of the wall clock.
    pub fn evaluate(&mut self, metrics: &MetricStore, now_epoch_s: i64, window_scale: f64) {
        let seen = now_epoch_s - self.late_s;
        self.judge_all(metrics, now_epoch_s, |rule| {
            Range::at(rule, metrics, seen, window_scale)
        });
    }

    fn judge_all(
        &mut self,
        metrics: &MetricStore,
        now_epoch_s: i64,
        range_of: impl Fn(&MetricRule) -> Range,
    ) {
        let mut changes: Vec<(String, State, Reason)> = Vec::new();
        for (name, alarm) in &mut self.alarms {
            let Watch::Metric(rule) = &alarm.spec.watch else {
                continue;
            };
            let range = range_of(rule);
            if alarm.judged_until == Some(range.until) {
                continue;
            }
            alarm.judged_until = Some(range.until);
            if let Some((state, reason)) =
                verdict(rule, &range, metrics, now_epoch_s as f64, alarm.state)
            {
                changes.push((name.clone(), state, reason));
            }
        }
        for (name, state, reason) in changes {
            self.transition(&name, state, reason, now_epoch_s as f64);
        }
        self.evaluate_composites(now_epoch_s as f64);
    }

    /// Composite alarms may rest on one another; a ring among them ends after as many rounds as there are alarms.
    fn evaluate_composites(&mut self, now: f64) {
        for _ in 0..self.alarms.len() {
            let changes: Vec<(String, State, Reason)> = self
                .alarms
                .iter()
                .filter_map(|(name, alarm)| {
                    let Watch::Composite(rule) = &alarm.spec.watch else {
                        return None;
                    };
                    let child = |name: &str| self.get(name);
                    let holds = rule.holds(&|name: &str| child(name).map(|a| a.state));
                    let state = if holds { State::Alarm } else { State::Ok };
                    if state == alarm.state {
                        return None;
                    }
                    let children = rule.children().into_iter().filter_map(child);
                    let last =
                        children.max_by(|a, b| a.transitioned_at.total_cmp(&b.transitioned_at));
                    Some((name.clone(), state, reason::composite(last, state)))
                })
                .collect();
            if changes.is_empty() {
                break;
            }
            for (name, state, reason) in changes {
                self.transition(&name, state, reason, now);
            }
        }
    }

    fn transition(&mut self, name: &str, state: State, reason: Reason, now: f64) {
        let is_muted = self.mutes.mutes(name, now);
        let Some(alarm) = self.alarms.get_mut(name) else {
            return;
        };
        let (old, old_json) = (alarm.state, history::state_json(alarm));
        alarm.state = state;
        alarm.reason = reason.text;
        alarm.reason_data = match reason.data {
            Value::Null => String::new(),
            data => data.to_string(),
        };
        alarm.updated_at = now;
        if old == state {
            return;
        }
        alarm.transitioned_at = now;
        let mut items = vec![history::changed(alarm, old, &old_json)];
        if alarm.spec.actions_enabled && !is_muted {
            let actions = alarm.spec.actions(state).iter();
            items.extend(actions.map(|a| history::acted(alarm, a)));
        }
        items.into_iter().for_each(|i| self.remember(i));
    }

    /// Sets a state by hand, until the alarm's next period is judged; whether there is such an alarm.
    pub(in crate::cloudwatch) fn set_state(
        &mut self,
        name: &str,
        state: State,
        (text, data): (&str, &str),
        now: f64,
    ) -> bool {
        let known = self.alarms.contains_key(name);
        let data = serde_json::from_str(data).unwrap_or(json!(null));
        let text = text.to_owned();
        self.transition(name, state, Reason { text, data }, now);
        self.evaluate_composites(now);
        known
    }

    /// Switches an alarm's actions.
    pub(in crate::cloudwatch) fn enable_actions(&mut self, name: &str, enabled: bool) {
        if let Some(alarm) = self.alarms.get_mut(name) {
            alarm.spec.actions_enabled = enabled;
        }
    }

    /// The tags of an alarm, to change.
    pub(in crate::cloudwatch) fn tags(&mut self, arn: &str) -> Option<&mut Vec<(String, String)>> {
        let name = arn.strip_prefix(&self.arn_prefix)?;
        self.alarms.get_mut(name).map(|a| &mut a.spec.tags)
    }

    /// All alarms, by name.
    pub(in crate::cloudwatch) fn all(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.values()
    }

    /// The alarm of a name or an ARN.
    pub(in crate::cloudwatch) fn get(&self, name: &str) -> Option<&Alarm> {
        let short = name.strip_prefix(&self.arn_prefix).unwrap_or(name);
        self.alarms.get(short)
    }

    /// The state of an alarm, by name or ARN.
    pub fn state(&self, name: &str) -> Option<State> {
        self.get(name).map(|a| a.state)
    }

    /// Why an alarm has its state, by name or ARN.
    pub fn reason(&self, name: &str) -> Option<&str> {
        self.get(name).map(|a| a.reason.as_str())
    }

    /// Since when an alarm is in ALARM, in seconds since the epoch; `None` where it is not.
    pub fn in_alarm_since(&self, name: &str) -> Option<f64> {
        let alarm = self.get(name).filter(|a| a.state == State::Alarm)?;
        Some(alarm.transitioned_at)
    }

    /// Name, state, since when and why, of every alarm.
    #[cfg(test)]
    pub fn told(&self) -> Vec<(String, State, f64, String)> {
        let row = |a: &Alarm| {
            (
                a.spec.name.clone(),
                a.state,
                a.transitioned_at,
                a.reason.clone(),
            )
        };
        self.alarms.values().map(row).collect()
    }

    /// How many alarms there are.
    pub fn alarm_count(&self) -> usize {
        self.alarms.len()
    }

    /// What became of alarms, oldest first; alarms that are gone included.
    pub(in crate::cloudwatch) fn history(&self) -> impl Iterator<Item = &Item> {
        self.history.iter()
    }

    fn remember(&mut self, item: Item) {
        if self.history.len() >= HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(item);
    }
}

/// The new state of a metric alarm, if it changes.
fn verdict(
    rule: &MetricRule,
    range: &Range,
    metrics: &MetricStore,
    now: f64,
    old: State,
) -> Option<(State, Reason)> {
    let points = range.points(rule, metrics);
    let Verdict::Is {
        state,
        decided,
        missing,
    } = judge(rule, &range.places(&points))
    else {
        return None;
    };
    if state == old {
        return None;
    }
    let grounds = Grounds {
        rule,
        period: range.period,
        from: range.from,
        now,
        recent: &points,
        decided: &decided,
        missing,
    };
    Some((state, reason::metric(&grounds, old, state)))
}
