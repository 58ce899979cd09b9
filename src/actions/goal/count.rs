//! How far a service is whose count was set.

use std::time::Duration;

use super::Step;
use crate::domain::service::Service;

/// How the words end for a count that is not ours any more, as long as nobody is known who set it.
pub const SOMEBODY: &str = " by somebody else (or by automatic scaling)";

/// Part of the patience after which a count is believed that is neither ours nor the one of before: that one ECS may show late, a third
/// one somebody has set.
const THIRD: u32 = 4;

/// Judges a service whose count was set from `before`, where that is known. `elapsed`: since the call.
pub(super) fn judge(
    service: &Service,
    desired: u32,
    before: Option<u32>,
    elapsed: Duration,
    patience: Duration,
) -> Step {
    let now = service.counts;
    // The old tasks that CodeDeploy keeps beside the new ones, and the new ones that wait for the traffic, count for nothing.
    let own = service.answering();
    let is_third = before.is_some_and(|before| before != now.desired);
    if now.desired == desired && own.running == desired && own.pending == 0 {
        return Step::Reached(format!("{desired} of {desired} running"));
    }
    if now.desired == desired {
        let note = match own.running > desired {
            true => "stopping tasks",
            false => "starting tasks",
        };
        return Step::Going {
            done: Some((own.running, desired)),
            note: note.to_owned(),
        };
    }
    let patience = match is_third {
        true => patience / THIRD,
        false => patience,
    };
    if elapsed > patience {
        return Step::Lost(format!(
            "the desired count was set to {}{SOMEBODY}",
            now.desired
        ));
    }
    Step::Going {
        done: Some((own.running, desired)),
        note: match is_third {
            true => format!(
                "{} wanted now, by somebody else or by automatic scaling",
                now.desired
            ),
            false => format!("ECS says {} wanted as yet", now.desired),
        },
    }
}
