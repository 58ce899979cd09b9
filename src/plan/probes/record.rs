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
        ChainVerdict::Lagging { rows, anchored, .. } => {
            return Err(Judgement::unknown(format!(
                "the head file knows row {anchored} of {rows}: whether rows after the last were cut cannot be told until the next action anchors it"
            )));
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

#[cfg(test)]
mod tests {
    use super::super::testing::{judged, part};
    use super::*;
    use crate::domain::facts::Facts;
    use crate::plan::checklist::CriterionState;

    #[test]
    fn only_a_chain_whose_newest_row_is_anchored_is_proved() {
        let says = |chain| {
            let facts = Facts {
                chain: part(chain),
                ..Facts::default()
            };
            judged("audit.chain", &facts)
        };
        let head = "ab".repeat(32);
        let (rows, seq) = (7, 7);
        let intact = says(ChainVerdict::Intact {
            rows,
            head: head.clone(),
        });
        assert_eq!(intact.state, CriterionState::Proved);
        let lagging = says(ChainVerdict::Lagging {
            rows,
            head,
            anchored: 6,
        });
        assert_eq!(lagging.state, CriterionState::Unknown);
        assert!(
            lagging.reason.contains("knows row 6 of 7"),
            "{}",
            lagging.reason
        );
        let why = "it was changed".to_owned();
        let broken = says(ChainVerdict::Broken { seq, why });
        assert_eq!(broken.state, CriterionState::Failing);
    }
}
