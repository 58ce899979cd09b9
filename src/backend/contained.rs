//! A question whose answer a library reads that may panic at it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use crate::domain::contained::{self, Panicked};

/// Asks it.
///
/// # Errors
/// Where the library panicked: what it was at is given up.
pub(super) async fn ask<T>(question: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut question = pin!(question);
    poll_fn(|cx| {
        let polled = contained::run(|| question.as_mut().poll(cx));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    })
    .await
}
