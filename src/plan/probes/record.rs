//! The console's own record.

use super::Probe;
use super::judgement::{Judgement, Verdict};
use super::look::Look;
use crate::domain::audit::{AuditRow, ChainVerdict};
use crate::domain::caller::{ACCOUNT, ENDPOINT, REGION};

/// Hosts of endpoints that are this machine's own: no cloud is there.
const EMULATORS: [&str; 3] = ["//127.", "//localhost", "//[::1]"];

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "audit.chain",
    question: "does every row of the audit trail follow from the one before?",
    params: &[],
    judge: chain,
}];

/// Why a row of the audit trail proves nothing of what is looked at; `None`: it does. As a person's word does, it counts as far as the
/// chain holds it; and one that was written of another account, another region or an emulator tells of a service that has the same name.
pub(super) fn doubt_of(look: &Look<'_>, row: &AuditRow) -> Option<String> {
    let held = match look.fresh(&look.facts.chain, "the audit chain") {
        Err(why) => return Some(why.reason),
        Ok(seen) => match seen.value {
            ChainVerdict::Intact { .. } => true,
            ChainVerdict::Lagging { anchored, .. } => row.seq <= *anchored,
            ChainVerdict::Broken { .. } => false,
        },
    };
    if !held {
        return Some("the audit chain does not hold it".to_owned());
    }
    let told = |name: &str| row.parameters.get(name).and_then(|v| v.as_str());
    let Some(identity) = &look.facts.identity.value else {
        return Some("whose account this is is not known".to_owned());
    };
    for (name, is) in [(ACCOUNT, &identity.account), (REGION, &identity.region)] {
        match told(name) {
            Some(was) if was == is => {}
            Some(was) => return Some(format!("its {name} was {was}")),
            None => return Some(format!("its {name} is not told")),
        }
    }
    let here = look.expect.endpoint.as_deref();
    let was = told(ENDPOINT).filter(|was| EMULATORS.iter().any(|host| was.contains(host)));
    was.filter(|was| here.is_none_or(|here| !was.starts_with(here.trim_end_matches('/'))))
        .map(|was| format!("it was done at {was}"))
}

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
