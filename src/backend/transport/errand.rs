//! What a person asked to be done has seats and retries of its own. The watch asks all the time: where a vendor throttles, it spends
//! what there is of both, and an emergency stop must not die of one refused read after that.

use std::cell::Cell;
use std::future::Future;

use tokio::task_local;

/// Retries of all the reads of one errand together: some seven questions may each be asked to their last attempt.
pub const RETRIES: u32 = 14;

task_local! {
    static LEFT: Cell<u32>;
}

/// Runs an errand: what is asked within it waits behind no question of the watch, and spends none of the watch's retries. For what a
/// person waits for and what ends, never for what asks again and again by the clock.
pub async fn errand<F: Future>(work: F) -> F::Output {
    LEFT.scope(Cell::new(RETRIES), work).await
}

/// Whether an errand asks.
pub(super) fn is_one() -> bool {
    left().is_some()
}

/// Retries that the errand has left; `None` where none asks.
pub(super) fn left() -> Option<u32> {
    LEFT.try_with(Cell::get).ok()
}

/// Takes one of the errand's retries, and says whether there was one; `None` where none asks.
pub(super) fn spend() -> Option<bool> {
    let spent = LEFT.try_with(|left| {
        let rest = left.get().checked_sub(1);
        left.set(rest.unwrap_or(0));
        rest.is_some()
    });
    spent.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_errand_has_its_own_and_outside_of_one_there_is_none() {
        assert_eq!((spend(), left(), is_one()), (None, None, false));
        let work = || {
            errand(async {
                assert_eq!((is_one(), left()), (true, Some(RETRIES)));
                (0..RETRIES + 3).filter(|_| spend() == Some(true)).count()
            })
        };
        let all = RETRIES as usize;
        assert_eq!(tokio::join!(work(), work()), (all, all));
    }
}
