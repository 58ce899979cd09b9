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

/// Words in the names of metrics that are sent when something goes wrong, and not as zero while nothing does (Elastic Load Balancing,
/// "CloudWatch metrics for your Application Load Balancer": reported where there is a nonzero value; filters of logs send nothing where
/// nothing matches, either).
const OF_FAULTS: &[&str] = &[
    "4xx",
    "5xx",
    "abort",
    "deadlock",
    "denied",
    "drop",
    "error",
    "exceed",
    "exception",
    "fail",
    "fault",
    "invalid",
    "panic",
    "reject",
    "throttl",
    "timeout",
];

/// Whether an alarm that has no data may have none because all is well: by the names of what it watches.
fn waits_for_a_fault(alarm: &Alarm) -> bool {
    alarm.metrics().any(|m| {
        let name = m.name.to_lowercase();
        OF_FAULTS.iter().any(|word| name.contains(word))
    })
}

/// Every alarm but those that services scale by, which are the vendor's own.
fn alarms<'a>(look: &Look<'a>) -> Result<Watching<'a>, Judgement> {
    let seen = look.fresh(&look.facts.alarms, "the alarms")?;
    let all = seen.value.iter().map(std::sync::Arc::as_ref);
    let rows: Vec<&'a Alarm> = all.filter(|a| !look.facts.only_scales(a)).collect();
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
        match a.state {
            AlarmState::InsufficientData if waits_for_a_fault(a) => found.unknown(
                &a.name,
                "NO DATA: what it watches is sent when something fails, and nothing may have",
            ),
            state => found.check(state != AlarmState::InsufficientData, &a.name, state.word()),
        }
    }
    let mut verdict = found.verdict();
    say_untold(look, &mut verdict);
    Ok(verdict)
}

/// Says what is not among the alarms that were judged.
fn say_untold(look: &Look<'_>, verdict: &mut Judgement) {
    let last = verdict.evidence.last_mut();
    if let Some(last) = last.filter(|_| look.facts.log_alarms_untold) {
        last.answer.push_str("; log alarms are not told here");
    }
}

fn actions(look: &Look<'_>) -> Verdict {
    let seen = alarms(look)?;
    let mut found = Findings::new("alarm", look.question(seen.source), seen.at);
    for a in seen.rows {
        match (a.telling().count(), look.facts.silenced(a, look.now)) {
            (0, _) if a.actions.is_empty() => found.bad(&a.name, "no action"),
            (0, _) => found.bad(&a.name, "its actions tell nobody"),
            (_, Some(why)) => found.bad(&a.name, format!("its actions are {why}")),
            (n, None) => found.good(&a.name, &format!("({n})")),
        }
    }
    let mut verdict = found.verdict();
    if let (Some(why), Some(last)) = (look.facts.mutes_unread(), verdict.evidence.last_mut()) {
        let more = format!("; whether rules mute some is not known: {why}");
        last.answer.push_str(&more);
    }
    say_untold(look, &mut verdict);
    Ok(verdict)
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
    use crate::domain::metric::{MetricId, MetricQuery, Stat};
    use crate::domain::mute::MuteRule;
    use crate::domain::part::Part;
    use crate::domain::problem::{Problem, ProblemKind};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{judged, now, part, running};

    const TOPIC: &str = "arn:aws:sns:home:1:oncall";
    const REBOOTS: &str = "arn:aws:automate:home:ec2:reboot";
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
            other_actions: Vec::new(),
            held_back: None,
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
        let silent = alarm("api-cpu", &[REBOOTS], AlarmState::Ok);
        // Those of step scaling have free names.
        let step = alarm("cpu-low", &[SCALES], AlarmState::Alarm);
        let scales = [scales, step];
        let actions = |all| judged("alarms.actions", &facts(all));
        assert_eq!(actions(vec![told.clone()]).state, Proved);
        let with = |all: &[Arc<Alarm>]| [&[told.clone()][..], all].concat();
        assert_eq!(actions(with(&scales)).state, Proved);
        let got = actions(vec![told.clone(), silent]);
        assert_eq!(
            (got.state, got.reason.as_str()),
            (Failing, "api-cpu: its actions tell nobody")
        );
        let present = |all| judged("alarms.present", &facts(all)).state;
        assert_eq!(present(with(&scales)), Proved);
        let mut untold = facts(vec![told.clone()]);
        untold.log_alarms_untold = true;
        let said = judged("alarms.present", &untold).evidence;
        assert!(said[0].answer.contains("log alarms are not told"));
        assert_eq!(present(scales.to_vec()), Failing, "no alarm is left");
    }

    fn watching(name: &str, metric: &str, state: AlarmState) -> Arc<Alarm> {
        let query = MetricQuery {
            metric: MetricId::new("N", metric, &[]),
            stat: Stat::Sum,
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
        let alarm = alarm(name, &[TOPIC], state);
        Arc::new(Alarm {
            rule,
            ..Arc::unwrap_or_clone(alarm)
        })
    }

    /// A load balancer sends no count of errors while there are none.
    #[test]
    fn an_alarm_on_a_count_of_faults_may_have_no_data_because_all_is_well() {
        let silent = AlarmState::InsufficientData;
        let faults = watching("lb-5xx", "HTTPCode_ELB_5XX_Count", silent);
        let present = |all| judged("alarms.present", &facts(all));
        let got = present(vec![faults.clone()]);
        assert_eq!(got.state, Unknown);
        assert!(got.reason.contains("lb-5xx: NO DATA"), "{}", got.reason);
        let age = watching("export", "NightlyExportAge", silent);
        assert_eq!(present(vec![faults, age]).state, Failing);
        let well = watching("lb-5xx", "HTTPCode_ELB_5XX_Count", AlarmState::Ok);
        assert_eq!(present(vec![well]).state, Proved);
    }

    #[test]
    fn an_alarm_whose_actions_are_muted_or_held_back_tells_nobody() {
        let told = alarm("api-5xx", &[TOPIC], AlarmState::Alarm);
        let mut facts = facts(vec![told.clone()]);
        let rule = MuteRule {
            name: "night".into(),
            alarms: vec!["api-5xx".into()],
            expires_at: None,
        };
        facts.estate.alarm_mutes = part(Arc::new(vec![rule]));
        let got = judged("alarms.actions", &facts);
        let why = "api-5xx: its actions are muted by the rule night";
        assert_eq!((got.state, got.reason.as_str()), (Failing, why));
        facts.estate.alarm_mutes = Part::default();
        assert_eq!(judged("alarms.actions", &facts).state, Proved);
        // Nobody may read the rules: that is said.
        facts.estate.alarm_mutes.error = Some(Problem::new(
            ProblemKind::Denied,
            "alarm-mutes",
            "x",
            "not allowed",
            "y",
        ));
        let got = judged("alarms.actions", &facts);
        assert_eq!(got.state, Proved);
        let said = &got.evidence[0].answer;
        assert!(
            said.contains("mute some is not known: not allowed"),
            "{said}"
        );
        let held = Alarm {
            held_back: Some("by maintenance".into()),
            ..Arc::unwrap_or_clone(told)
        };
        facts.alarms = part(Arc::new(vec![Arc::new(held)]));
        assert_eq!(judged("alarms.actions", &facts).state, Failing);
    }

    #[test]
    fn an_alarm_that_a_deployment_watches_counts_though_it_scales_too() {
        let low = watching("cpu-low", "CPUUtilization", AlarmState::Alarm);
        let mut low = Arc::unwrap_or_clone(low);
        low.actions = vec![SCALES.into()];
        if let AlarmRule::Metric { comparison, .. } = &mut low.rule {
            *comparison = "<".into();
        }
        let low = Arc::new(low);
        let mut facts = running(Vec::new());
        facts.alarms = part(Arc::new(vec![low.clone()]));
        assert_eq!(facts.firing_here().count(), 0);
        assert!(facts.only_scales(&low));
        let mut services = facts.service_rows().to_vec();
        Arc::make_mut(&mut services[0]).deployment.alarms = vec!["cpu-low".into()];
        facts.services = part(Arc::new(services));
        assert_eq!(facts.firing_here().count(), 1);
        assert!(!facts.only_scales(&low));
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
