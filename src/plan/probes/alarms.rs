//! CloudWatch alarms: there, able to tell, leading somewhere, and seen to work.

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, span, within};
use super::{Probe, number};
use crate::domain::alarm::{Alarm, AlarmState};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "alarms.present",
        question: "are there alarms, and do they have data?",
        params: &[number("min", "1")],
        judge: present,
    },
    Probe {
        name: "alarms.actions",
        question: "does every alarm tell somebody?",
        params: &[],
        judge: actions,
    },
    Probe {
        name: "alarms.drill",
        question: "did an alarm go off and tell somebody?",
        params: &[number("days", "30")],
        judge: drill,
    },
];

/// Alarms that are there to tell people, with when and by whom that was answered.
struct Watching<'a> {
    rows: Vec<&'a Alarm>,
    at: Timestamp,
    source: &'a str,
}

/// Every alarm but those that services scale by, which are the vendor's own.
fn alarms<'a>(look: &Look<'a>) -> Result<Watching<'a>, Judgement> {
    let seen = look.fresh(&look.facts.alarms, "the alarms")?;
    let all = seen.value.iter().map(std::sync::Arc::as_ref);
    let rows: Vec<&'a Alarm> = all.filter(|a| !a.is_for_scaling()).collect();
    if rows.is_empty() {
        return Err(Judgement::single(
            false,
            look.question(seen.source),
            "no alarm".into(),
            seen.at,
        ));
    }
    Ok(Watching {
        rows,
        at: seen.at,
        source: seen.source,
    })
}

fn present(look: &Look<'_>) -> Verdict {
    let seen = alarms(look)?;
    let least = look.number("min");
    if (seen.rows.len() as f64) < least {
        return Ok(Judgement::single(
            false,
            look.question(seen.source),
            format!("{} alarms, wanted {least}", seen.rows.len()),
            seen.at,
        ));
    }
    let mut found = Findings::new("alarm", look.question(seen.source), seen.at);
    for a in seen.rows {
        // An alarm without data watches nothing; one that fires does its work.
        found.check(
            a.state != AlarmState::InsufficientData,
            &a.name,
            a.state.word(),
        );
    }
    Ok(found.verdict())
}

fn actions(look: &Look<'_>) -> Verdict {
    let seen = alarms(look)?;
    let mut found = Findings::new("alarm", look.question(seen.source), seen.at);
    for a in seen.rows {
        match (a.telling().count(), a.actions_enabled) {
            (0, _) if a.actions.is_empty() => found.bad(&a.name, "no action"),
            (0, _) => found.bad(&a.name, "its actions tell nobody"),
            (_, false) => found.bad(&a.name, "its actions are switched off"),
            (n, true) => found.good(&a.name, &format!("({n})")),
        }
    }
    Ok(found.verdict())
}

fn drill(look: &Look<'_>) -> Verdict {
    let days = look.number("days");
    alarms(look)?;
    for part in look.facts.alarm_history.values() {
        let Ok(seen) = look.fresh(part, "the alarm's history") else {
            continue;
        };
        let mut events = seen.value.iter();
        let carried_out = events.find(|e| e.told_somebody() && within(e.at, look.now, days));
        if let Some(e) = carried_out {
            let age =
                std::time::Duration::try_from(look.now.duration_since(e.at)).unwrap_or_default();
            return Ok(Judgement::single(
                true,
                look.question(seen.source),
                format!("{} {} ago: {}", e.alarm, span(age), e.summary),
                seen.at,
            ));
        }
    }
    // Histories are read for some alarms only: not finding a drill is no proof that there was none.
    Err(Judgement::unknown(format!(
        "no alarm told anybody within {days} days in the histories read: hold a drill (set an alarm to ALARM)"
    )))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::alarm::{AlarmEvent, AlarmRule, Severity};
    use crate::domain::facts::Facts;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{judged, now, part};

    const TOPIC: &str = "arn:aws:sns:home:1:oncall";
    const SCALES: &str =
        "arn:aws:autoscaling:home:1:scalingPolicy:a:resource/ecs/service/prod/api:policyName/cpu";

    fn alarm(name: &str, actions: &[&str], state: AlarmState) -> Arc<Alarm> {
        Arc::new(Alarm {
            name: name.into(),
            arn: format!("arn:aws:cloudwatch:home:1:alarm:{name}"),
            description: String::new(),
            state,
            severity: Severity::Warning,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule: AlarmRule::Composite { rule: "x".into() },
            actions_enabled: true,
            actions: actions.iter().map(|a| (*a).to_owned()).collect(),
        })
    }

    fn facts(alarms: Vec<Arc<Alarm>>) -> Facts {
        Facts {
            alarms: part(Arc::new(alarms)),
            ..Facts::default()
        }
    }

    #[test]
    fn what_scales_a_service_tells_nobody_and_what_the_vendor_made_for_it_is_left_out() {
        let told = alarm("api-5xx", &[TOPIC], AlarmState::Ok);
        let scales = alarm(
            "TargetTracking-api-AlarmLow",
            &[SCALES],
            AlarmState::InsufficientData,
        );
        let silent = alarm("api-cpu", &[SCALES], AlarmState::Ok);
        let actions = |all| judged("alarms.actions", &facts(all));
        assert_eq!(actions(vec![told.clone()]).state, Proved);
        assert_eq!(actions(vec![told.clone(), scales.clone()]).state, Proved);
        let got = actions(vec![told.clone(), silent]);
        assert_eq!(
            (got.state, got.reason.as_str()),
            (Failing, "api-cpu: its actions tell nobody")
        );
        let present = |all| judged("alarms.present", &facts(all)).state;
        assert_eq!(present(vec![told, scales.clone()]), Proved);
        assert_eq!(present(vec![scales]), Failing, "no alarm is left");
    }

    #[test]
    fn a_drill_is_one_only_where_somebody_was_told() {
        let drilled = |action: &str| {
            let mut facts = facts(vec![alarm("api-5xx", &[TOPIC], AlarmState::Ok)]);
            let event = AlarmEvent {
                alarm: "api-5xx".into(),
                at: now(),
                kind: "Action".into(),
                summary: format!("Successfully executed action {action}"),
            };
            facts
                .alarm_history
                .insert("api-5xx".into(), part(Arc::new(vec![event])));
            judged("alarms.drill", &facts).state
        };
        assert_eq!(drilled(TOPIC), Proved);
        assert_eq!(drilled(SCALES), Unknown);
    }
}
