//! Capacity and cost: enough is left, and not too much is spent.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Probe, number};
use crate::domain::capacity::headrooms;
use crate::domain::cost::Cost;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "capacity.headroom",
        question: "is enough left of every component at its busiest?",
        params: &[number("min", "30")],
        judge: headroom,
    },
    Probe {
        name: "cost.within-budget",
        question: "will this month stay within its budget?",
        params: &[],
        judge: budget,
    },
];

fn headroom(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.series, "the series")?;
    let least = look.number("min");
    let mut found = Findings::new("component", look.question(seen.source), seen.at);
    for h in headrooms(look.facts) {
        let Some(left) = h.left else { continue };
        // Bounds that were read long ago say nothing of now.
        if h.resource == "tasks" && look.facts.estate.scaling.fresh(look.now).is_none() {
            continue;
        }
        let name = format!("{} {}", h.component, h.resource);
        found.check(left >= least, &name, &format!("{left:.0} % left"));
    }
    Ok(found.verdict())
}

fn budget(look: &Look<'_>) -> Verdict {
    look.configured("cost")?;
    let seen = look.fresh(&look.facts.estate.cost, "the bill")?;
    let cost: &Cost = seen.value;
    let Some(budget) = cost.budget else {
        return Err(Judgement::unknown(
            "no budget: set monthly_budget in [cost] of flightdeck.toml",
        ));
    };
    let c = &cost.currency;
    let settled = |ok: bool, answer: String| {
        // The evidence is as old as the bill, not as the look at the shelf.
        Ok(Judgement::single(
            ok,
            look.question(seen.source),
            answer,
            cost.asked_at,
        ))
    };
    match cost.month_end {
        // What is spent already needs no forecast.
        _ if cost.month > budget => settled(
            false,
            format!("{:.2} {c} spent of {budget:.2} {c}", cost.month),
        ),
        Some(end) => settled(
            end <= budget,
            format!(
                "{:.2} {c} spent, {end:.2} {c} expected of {budget:.2} {c}",
                cost.month
            ),
        ),
        None => Err(Judgement::unknown(format!(
            "{:.2} {c} spent of {budget:.2} {c}, and no forecast yet",
            cost.month
        ))),
    }
}
