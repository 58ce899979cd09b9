//! Alarms of one account that are about another environment than the one that is looked at.

use super::alarm::{Alarm, AlarmRule};
use super::environment::Env;
use super::facts::Facts;

impl Facts {
    /// The environment that an alarm is about, where that is another one of the configuration: every dimension of what it watches that
    /// names an environment names that one. `None`: it is about the one that is looked at, or nobody tells.
    pub fn alarm_elsewhere(&self, alarm: &Alarm) -> Option<Env> {
        let here = Env::looked_at(self);
        let env = match &alarm.rule {
            AlarmRule::Metric { query, parts, .. } => {
                let metrics = query.iter().map(|q| &q.metric).chain(parts);
                let values = metrics.flat_map(|m| &m.dimensions).map(|(_, value)| value);
                agreed(values.filter_map(|v| Env::named(v)))
            }
            AlarmRule::Composite { .. } => {
                let known = |name: &str| self.alarm_rows().iter().find(|a| a.name == name);
                let members: Vec<&str> = alarm.made_of().collect();
                let all: Option<Vec<Env>> = members
                    .into_iter()
                    .map(|name| {
                        let member = known(name).filter(|m| !m.is_composite())?;
                        self.alarm_elsewhere(member)
                    })
                    .collect();
                all.and_then(|all| agreed(all.into_iter()))
            }
        }?;
        let configured = |e: Env| self.environments.iter().any(|n| Env::named(n) == Some(e));
        (env != here && configured(env)).then_some(env)
    }
}

/// What all of them are; `None` where there are none, or two that differ.
fn agreed(mut all: impl Iterator<Item = Env>) -> Option<Env> {
    let first = all.next()?;
    all.all(|e| e == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::alarm::{AlarmState, Severity};
    use crate::domain::metric::{MetricId, MetricQuery, Stat};
    use crate::domain::part::Part;

    fn alarm(name: &str, rule: AlarmRule) -> Arc<Alarm> {
        Arc::new(Alarm {
            name: name.into(),
            arn: String::new(),
            description: String::new(),
            state: AlarmState::Alarm,
            severity: Severity::Critical,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule,
            actions_enabled: true,
            actions: Vec::new(),
        })
    }

    fn watching(name: &str, dimensions: &[(&str, &str)]) -> Arc<Alarm> {
        let query = MetricQuery {
            metric: MetricId::new("AWS/ECS", "CPUUtilization", dimensions),
            stat: Stat::Average,
            period_s: 60,
        };
        let rule = AlarmRule::Metric {
            query: Some(query),
            expression: None,
            parts: Vec::new(),
            comparison: ">".into(),
            threshold: Some(1.0),
            datapoints: 1,
            periods: 1,
            period_s: 60,
        };
        alarm(name, rule)
    }

    #[test]
    fn an_alarm_is_elsewhere_where_what_it_watches_names_another_configured_environment() {
        let of = |rule: &str| alarm("all", AlarmRule::Composite { rule: rule.into() });
        let rows = vec![
            watching(
                "prod",
                &[("ClusterName", "laser-prod"), ("ServiceName", "api")],
            ),
            watching("stage", &[("ClusterName", "laser-staging")]),
            watching("none", &[("ClusterName", "laser")]),
            watching("both", &[("A", "laser-prod"), ("B", "laser-staging")]),
            of("ALARM(\"prod\")"),
            of("ALARM(\"prod\") OR ALARM(\"none\")"),
            of("ALARM(\"prod\") OR ALARM(\"gone\")"),
        ];
        let mut facts = Facts {
            environment: "staging".into(),
            environments: vec!["production".into(), "staging".into()],
            ..Facts::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        facts.alarms = Part::answered(Arc::new(rows.clone()), now, "x:y", Duration::from_secs(15));
        let told = |facts: &Facts| -> Vec<Option<Env>> {
            rows.iter().map(|a| facts.alarm_elsewhere(a)).collect()
        };
        let production = Some(Env::Production);
        assert_eq!(
            told(&facts),
            [production, None, None, None, production, None, None]
        );
        facts.environments = vec!["staging".into()];
        assert_eq!(told(&facts), [None; 7], "nobody else looks after it");
    }
}
