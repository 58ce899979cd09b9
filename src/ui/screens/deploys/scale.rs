//! A scale of ours: from how many tasks to how many, and how far it is.

use ratatui::style::Style;

use super::model::Thing;
use crate::domain::action::{Intent, Run};
use crate::ui::screens::Cx;

/// How many tasks a scale of ours began from: as its call says, or until then as the service tells.
pub(super) fn from(run: &Run, cx: &Cx<'_>) -> Option<u32> {
    let Intent::Scale { service, desired } = &run.intent else {
        return None;
    };
    let told = || {
        let (from, to) = cx.snapshot.facts.service(service)?.scaling_out()?;
        (to == *desired).then_some(from)
    };
    run.scaled_from.or_else(told)
}

/// How many tasks to scale back to after a scale of ours: those of before its call, unless the service wants as many again.
pub(super) fn back(thing: &Thing<'_>, cx: &Cx<'_>) -> Option<u32> {
    let Thing::Run(run) = thing else { return None };
    let before = from(run, cx).filter(|_| run.has_called())?;
    let wanted = cx.snapshot.facts.service(run.intent.service()?)?;
    (wanted.counts.desired != before).then_some(before)
}

/// Whether a row is a scale of ours.
pub(super) fn is_one(thing: &Thing<'_>) -> bool {
    matches!(thing, Thing::Run(run) if matches!(run.intent, Intent::Scale { .. }))
}

/// What a scale of ours changes, and how far it is: from how many tasks, to how many, and what of them runs.
pub(super) fn told(thing: &Thing<'_>, cx: &Cx<'_>) -> Option<Vec<(String, Style)>> {
    let t = cx.theme;
    let Thing::Run(run) = thing else { return None };
    let Intent::Scale { service, desired } = &run.intent else {
        return None;
    };
    let mut spans = vec![("tasks   ".to_owned(), t.muted)];
    let change = match from(run, cx) {
        Some(from) => format!("{from} → {desired} wanted"),
        None => format!("{desired} wanted"),
    };
    spans.push((change, t.strong));
    // Once it is over the service may have been scaled anew.
    let facts = &cx.snapshot.facts;
    let known = facts.service(service).filter(|_| run.outcome.is_none());
    if let Some(s) = known {
        let c = s.counts;
        let style = match facts.is_service_fresh(service, cx.now) {
            true => t.text,
            false => t.stale,
        };
        // Neither what was asked for nor what was there before: somebody else has set it, or automatic scaling did.
        let ours = [Some(*desired), from(run, cx)];
        if run.has_called() && run.scaled_from.is_some() && !ours.contains(&Some(c.desired)) {
            spans.push((format!("   {} wanted now", c.desired), t.warn));
        }
        spans.push((format!("   {} running", c.running), style));
        if c.pending > 0 {
            spans.push((format!("   {} starting", c.pending), style));
        }
        if c.running > *desired {
            spans.push((format!("   {} to stop", c.running - desired), style));
        }
    }
    Some(spans)
}
