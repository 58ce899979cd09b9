//! Rules that mute alarms: in their hours an alarm goes on changing its state, and none of its actions is carried out (CloudWatch API
//! reference, "PutAlarmMuteRule").

use jiff::Timestamp;
use serde::Serialize;

use super::alarm::Alarm;
use super::facts::Facts;

/// A rule that is active.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MuteRule {
    /// Its name.
    pub name: String,
    /// Names of the alarms that it mutes.
    pub alarms: Vec<String>,
    /// When the rule itself ends (UTC); its hours may be over before.
    pub expires_at: Option<Timestamp>,
}

impl Facts {
    /// Why none of an alarm's actions is carried out now, in words; `None`: they are, as far as is known ([`Self::mutes_unread`]).
    pub fn silenced(&self, alarm: &Alarm, now: Timestamp) -> Option<String> {
        if !alarm.actions_enabled {
            return Some("switched off".into());
        }
        if let Some(by) = &alarm.held_back {
            return Some(format!("held back {by}"));
        }
        let rules = self.estate.alarm_mutes.fresh(now)?;
        let mut rules = rules.iter();
        let rule = rules.find(|r| r.alarms.contains(&alarm.name))?;
        Some(format!("muted by the rule {}", rule.name))
    }

    /// Why nobody knows whether alarms are muted; `None`: it is known, or was not asked for yet.
    pub fn mutes_unread(&self) -> Option<&str> {
        let error = self.estate.alarm_mutes.error.as_ref();
        error.map(|p| p.why.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::alarm::{AlarmRule, AlarmState, Severity};
    use crate::domain::part::Part;

    #[test]
    fn an_alarm_is_silent_while_it_is_off_held_back_or_muted() {
        let mut alarm = Alarm {
            name: "api-5xx".into(),
            arn: String::new(),
            description: String::new(),
            state: AlarmState::Alarm,
            severity: Severity::Warning,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule: AlarmRule::Composite { rule: "x".into() },
            actions_enabled: true,
            actions: vec!["arn:aws:sns:home:1:oncall".into()],
            other_actions: Vec::new(),
            held_back: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        let rule = MuteRule {
            name: "night".into(),
            alarms: vec!["api-5xx".into()],
            expires_at: None,
        };
        let every = Duration::from_secs(300);
        let mut facts = Facts::default();
        assert_eq!(facts.silenced(&alarm, now), None);
        facts.estate.alarm_mutes = Part::answered(Arc::new(vec![rule]), now, "x:y", every);
        let said = |alarm: &Alarm, at| facts.silenced(alarm, at).unwrap_or_default();
        assert_eq!(said(&alarm, now), "muted by the rule night");
        let later = now.saturating_add(Duration::from_secs(86_400)).unwrap();
        assert_eq!(said(&alarm, later), "", "an old answer proves no silence");
        let mut other = alarm.clone();
        other.name = "api-5xx-2".into();
        assert_eq!(said(&other, now), "");
        alarm.held_back = Some("by maintenance".into());
        assert_eq!(said(&alarm, now), "held back by maintenance");
        alarm.actions_enabled = false;
        assert_eq!(said(&alarm, now), "switched off");
    }
}
