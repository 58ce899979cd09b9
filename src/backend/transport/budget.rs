//! How much of all vendors' answers is held at once: thirty systems that each send as much as is read of one would take this
//! machine's memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cap;

/// What every answer may hold without asking (bytes): the usual ones never wait for the large ones.
const FREE: usize = 1 << 20;
/// What all answers beyond that may hold together (bytes): two of the largest that are read.
const ALL: usize = 2 * (cap::MEGABYTES << 20);

/// The room that the bodies of answers share.
#[derive(Debug)]
pub struct Budget {
    room: Arc<Semaphore>,
    all: usize,
    held: AtomicUsize,
    peak: AtomicUsize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(ALL)),
            all: ALL,
            held: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }
    }
}

impl Budget {
    /// A share for one answer, whose length may be told beforehand.
    pub fn share(self: &Arc<Self>, told: Option<u64>) -> Arc<Share> {
        let most = cap::MEGABYTES << 20;
        let told = told.and_then(|n| usize::try_from(n).ok());
        Arc::new(Share {
            budget: self.clone(),
            most: told.unwrap_or(most).min(most).min(self.all),
            bytes: AtomicUsize::new(0),
            room: Mutex::new(None),
        })
    }

    /// The bytes that bodies hold now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    /// The most bytes that bodies held at once so far.
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}

/// What one answer holds: from its first byte until it was turned into types, which is when the last of its owners drops it.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    /// What it may grow to. Room for all of that is asked for at once: two that each wait for the other's last bytes would wait
    /// for ever.
    most: usize,
    bytes: AtomicUsize,
    room: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Share {
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes that came; waits for room where they make the answer a large one.
    pub async fn take(&self, bytes: usize) {
        let all = self.bytes.load(Ordering::SeqCst).saturating_add(bytes);
        if all > FREE && self.slot().is_none() {
            let want = u32::try_from(self.most).unwrap_or(u32::MAX);
            let room = self.budget.room.clone().acquire_many_owned(want).await;
            *self.slot() = room.ok();
        }
        self.bytes.store(all, Ordering::SeqCst);
        let held = self.budget.held.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.budget.peak.fetch_max(held, Ordering::SeqCst);
    }

    /// Gives back what was asked for and is not needed: the answer is complete.
    pub fn settle(&self) {
        let bytes = self.bytes.load(Ordering::SeqCst);
        if let Some(room) = self.slot().as_mut() {
            let surplus = room.num_permits().saturating_sub(bytes);
            drop(room.split(surplus));
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::SeqCst);
        self.budget.held.fetch_sub(bytes, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn large_answers_wait_for_room_and_small_ones_do_not() {
        let budget = Arc::new(Budget::default());
        let (one, two, three) = (budget.share(None), budget.share(None), budget.share(None));
        one.take(FREE + 1).await;
        two.take(FREE + 1).await;
        let small = budget.share(Some(9));
        small.take(9).await;
        let soon = Duration::from_millis(50);
        three.take(FREE).await;
        let more = tokio::time::timeout(soon, three.take(1)).await;
        assert!(more.is_err(), "a third large one was read");
        // Complete, and smaller than it might have been: the rest is free before it is read.
        one.settle();
        two.settle();
        three.take(1).await;
        assert_eq!(budget.peak(), 3 * FREE + 3 + 9);
        drop((one, two, three, small));
        assert_eq!(budget.room.available_permits(), ALL);
        assert_eq!(budget.held(), 0);
    }

    #[tokio::test]
    async fn one_that_tells_its_length_takes_no_more_room_than_that() {
        let budget = Arc::new(Budget::default());
        let shares: Vec<_> = (0..9).map(|_| budget.share(Some(4 << 20))).collect();
        for share in &shares {
            share.take(2 << 20).await;
        }
        assert_eq!(budget.room.available_permits(), ALL - 9 * (4 << 20));
    }
}
