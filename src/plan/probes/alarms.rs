//! CloudWatch alarms: there, able to tell, leading somewhere, and seen to work.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, Seen, span, within};
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
        question: "did an alarm go off and carry out its action?",
        params: &[number("days", "30")],
        judge: drill,
    },
];

type Alarms = [std::sync::Arc<Alarm>];

fn alarms<'a>(look: &Look<'a>) -> Result<Seen<'a, Alarms>, Judgement> {
    let seen = look.fresh(&look.facts.alarms, "the alarms")?;
    let rows: &'a Alarms = seen.value.as_slice();
    if rows.is_empty() {
        return Err(Judgement::single(
            false,
            look.question(seen.source),
            "no alarm".into(),
            seen.at,
        ));
    }
    Ok(Seen {
        value: rows,
        at: seen.at,
        source: seen.source,
    })
}

fn present(look: &Look<'_>) -> Verdict {
    let seen = alarms(look)?;
    let least = look.number("min");
    if (seen.value.len() as f64) < least {
        return Ok(Judgement::single(
            false,
            look.question(seen.source),
            format!("{} alarms, wanted {least}", seen.value.len()),
            seen.at,
        ));
    }
    let mut found = Findings::new("alarm", look.question(seen.source), seen.at);
    for a in seen.value {
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
    for a in seen.value {
        match (a.actions.len(), a.actions_enabled) {
            (0, _) => found.bad(&a.name, "no action"),
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
        let carried_out = seen.value.iter().find(|e| {
            e.kind == "Action"
                && within(e.at, look.now, days)
                && e.summary.to_lowercase().starts_with("success")
        });
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
        "no action of an alarm was carried out within {days} days in the histories read: hold a drill (set an alarm to ALARM)"
    )))
}
