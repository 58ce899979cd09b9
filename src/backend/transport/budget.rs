//! How much of all vendors' answers is held at once: thirty systems that each send as much as is read of one would take this
//! machine's memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cap;

/// What every answer may hold without asking (bytes): the usual ones never wait for the large ones.
const FREE: usize = 1 << 20;
/// What an answer asks for at a time as it grows beyond that (bytes): one that dribbles holds no room that it has no use for yet.
const STEP: usize = 1 << 20;
/// Steps that all answers of one host share: half of what the largest that is read has.
const STEPS: usize = (cap::MEGABYTES << 20) / STEP / 2;

/// The room that the bodies of answers share, host by host: one that dribbles all it can takes nothing of another's.
#[derive(Debug, Default)]
pub struct Budget {
    hosts: Mutex<HashMap<String, Host>>,
    held: AtomicUsize,
    peak: AtomicUsize,
}

/// The room of one host's answers.
///
/// Once all steps are taken, answers that each wait for the other's would wait for ever. One at a time may therefore grow without
/// asking, up to the largest that is read: it comes to its end, and what it held is free.
#[derive(Clone, Debug)]
struct Host {
    steps: Arc<Semaphore>,
    last: Arc<Semaphore>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            steps: Arc::new(Semaphore::new(STEPS)),
            last: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Budget {
    /// A share for one answer of a host (`127.0.0.1:4566`).
    pub fn share(self: &Arc<Self>, host: &str) -> Arc<Share> {
        Arc::new(Share {
            host: self.host(host),
            budget: self.clone(),
            bytes: AtomicUsize::new(0),
            room: Mutex::default(),
        })
    }

    fn host(&self, name: &str) -> Host {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.entry(name.to_owned()).or_default().clone()
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

/// Room that an answer was given beyond what is free.
#[derive(Debug, Default)]
struct Room {
    steps: Option<OwnedSemaphorePermit>,
    /// Given to the one that may grow without asking.
    last: Option<OwnedSemaphorePermit>,
}

impl Room {
    fn holds(&self, bytes: usize) -> bool {
        let steps = self.steps.as_ref().map_or(0, |s| s.num_permits());
        self.last.is_some() || bytes <= FREE + steps * STEP
    }
}

/// What one answer holds: from its first byte until it was turned into types, which is when the last of its owners drops it.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    host: Host,
    bytes: AtomicUsize,
    room: Mutex<Room>,
}

impl Share {
    fn room(&self) -> std::sync::MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lacks(&self, bytes: usize) -> bool {
        !self.room().holds(bytes)
    }

    /// Takes bytes that came; waits for room where they make the answer a large one.
    pub async fn take(&self, bytes: usize) {
        let all = self.bytes.load(Ordering::SeqCst).saturating_add(bytes);
        while self.lacks(all) && self.grow().await {}
        self.bytes.store(all, Ordering::SeqCst);
        let held = self.budget.held.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.budget.peak.fetch_max(held, Ordering::SeqCst);
    }

    /// Waits for one more step, or for being the one that needs none; `false`: neither is given any more.
    async fn grow(&self) -> bool {
        let step = self.host.steps.clone().acquire_owned();
        let last = self.host.last.clone().acquire_owned();
        tokio::select! {
            biased;
            step = step => {
                let Ok(step) = step else { return false };
                let mut room = self.room();
                match room.steps.as_mut() {
                    Some(steps) => steps.merge(step),
                    None => room.steps = Some(step),
                }
            }
            last = last => {
                let Ok(last) = last else { return false };
                self.room().last = Some(last);
            }
        }
        true
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

    const MEGABYTE: usize = 1 << 20;

    async fn waits(share: &Share, bytes: usize) -> bool {
        let soon = Duration::from_millis(50);
        tokio::time::timeout(soon, share.take(bytes)).await.is_err()
    }

    #[tokio::test]
    async fn large_answers_wait_for_room_and_small_ones_do_not() {
        let budget = Arc::new(Budget::default());
        let share = || budget.share("a");
        let (one, two, three) = (share(), share(), share());
        let half = STEPS / 2 * STEP;
        one.take(FREE + half).await;
        two.take(FREE + half).await;
        // All steps are taken. The first that wants more grows to its end; the others wait for it.
        one.take(half - FREE).await;
        assert!(waits(&two, 1).await, "two grew beyond what all may hold");
        assert!(waits(&three, FREE + 1).await, "a third large one was read");
        let small = share();
        small.take(9).await;
        three.take(FREE).await;
        drop(one);
        two.take(half - FREE).await;
        three.take(MEGABYTE).await;
        assert_eq!(budget.peak(), 2 * half + half + 2 * FREE + 9);
        drop((two, three, small));
        assert_eq!(budget.host("a").steps.available_permits(), STEPS);
        assert_eq!(budget.host("a").last.available_permits(), 1);
        assert_eq!(budget.held(), 0);
    }

    #[tokio::test]
    async fn two_that_dribble_leave_room_for_others() {
        let budget = Arc::new(Budget::default());
        let share = || budget.share("a");
        let slow = [share(), share()];
        for share in &slow {
            share.take(FREE + 1).await;
        }
        let other = share();
        assert!(!waits(&other, 2 * MEGABYTE).await);
        // Even where one of them is the one that needs not ask.
        slow[0].take(STEPS * STEP).await;
        assert!(waits(&share(), 2 * MEGABYTE).await, "all is taken");
        drop(other);
        assert!(!waits(&share(), 2 * MEGABYTE).await);
    }

    #[tokio::test]
    async fn a_host_whose_many_answers_dribble_takes_nothing_of_anothers_room() {
        let budget = Arc::new(Budget::default());
        let slow: Vec<_> = (0..4 * STEPS).map(|_| budget.share("slow:443")).collect();
        let mut waiting = 0;
        for share in &slow {
            let soon = Duration::from_millis(1);
            let come = share.take(FREE + 1);
            waiting += usize::from(tokio::time::timeout(soon, come).await.is_err());
        }
        assert_eq!(waiting, 3 * STEPS - 1, "its own wait for each other");
        let other = budget.share("other:443");
        assert!(!waits(&other, STEPS * STEP + FREE).await);
    }
}
