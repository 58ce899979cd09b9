//! The console's own record.

use super::Probe;
use super::judgement::{Judgement, Verdict};
use super::look::Look;
use crate::domain::audit::ChainVerdict;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "audit.chain",
    question: "does every row of the audit trail follow from the one before?",
    params: &[],
    judge: chain,
}];

fn chain(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.chain, "the audit trail")?;
    let (ok, answer) = match seen.value {
        ChainVerdict::Intact { rows, head } => {
            let head = head.get(..12).unwrap_or(head);
            (true, format!("{rows} rows, head {head}"))
        }
        ChainVerdict::Broken { seq, why } => (false, format!("row {seq}: {why}")),
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer,
        seen.at,
    ))
}
