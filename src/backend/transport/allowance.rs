//! How much is read in answer to one question, all its pages together: a list that names a next page for ever must not take this
//! machine's memory either.

use std::cell::Cell;
use std::future::Future;

use tokio::task_local;

/// Megabytes (2^20 bytes) that are read for one question: a picture of an account with thousands of services has fewer.
pub const MEGABYTES: usize = 256;

task_local! {
    static LEFT: Cell<usize>;
}

/// The question has had all that is read for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than is read for one question")]
pub struct Spent;

/// Asks a question that is answered with [`MEGABYTES`] at most.
pub async fn bounded<F: Future>(question: F) -> F::Output {
    within(MEGABYTES << 20, question).await
}

/// Asks a question that is answered with so many bytes at most. Whatever is asked elsewhere than in one has its pages' bounds alone.
pub(super) async fn within<F: Future>(bytes: usize, question: F) -> F::Output {
    LEFT.scope(Cell::new(bytes), question).await
}

/// Takes bytes that came.
///
/// # Errors
/// Where they are more than are left.
pub(super) fn take(bytes: usize) -> Result<(), Spent> {
    let taken = LEFT.try_with(|left| {
        let rest = left.get().checked_sub(bytes).ok_or(Spent)?;
        left.set(rest);
        Ok(())
    });
    taken.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_question_has_its_own_and_outside_of_one_nothing_counts() {
        assert_eq!(take(usize::MAX), Ok(()));
        let question = || {
            within(10, async {
                assert_eq!(take(9), Ok(()));
                assert_eq!((take(2), take(1)), (Err(Spent), Ok(())));
            })
        };
        tokio::join!(question(), question());
    }
}
