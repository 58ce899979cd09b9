//! The newest picture, and a way to say what is looked at.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::plan::Checklist;

/// One immutable picture of everything.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What is known.
    pub facts: Facts,
    /// What the plan makes of it.
    pub checklist: Arc<Checklist>,
    /// Set while every question that is wanted was answered or has failed: the interests for which that is so.
    pub settled: Option<Arc<Vec<Interest>>>,
}

/// A face's door to the watch. Reading never waits.
#[derive(Clone, Debug)]
pub struct Handle {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    interests: watch::Sender<Arc<Vec<Interest>>>,
    refresh: mpsc::Sender<()>,
}

/// The watch's own end of a [`Handle`].
#[derive(Debug)]
pub struct Desk {
    /// Where new pictures are put.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// What faces look at.
    pub interests: watch::Receiver<Arc<Vec<Interest>>>,
    /// A person asks for everything now.
    pub refresh: mpsc::Receiver<()>,
}

impl Handle {
    /// A connected pair that begins with the given picture.
    pub fn pair(first: Snapshot) -> (Self, Desk) {
        let (snap_tx, snap_rx) = watch::channel(Arc::new(first));
        let (int_tx, int_rx) = watch::channel(Arc::new(Vec::new()));
        let (ref_tx, ref_rx) = mpsc::channel(1);
        (
            Self {
                snapshots: snap_rx,
                interests: int_tx,
                refresh: ref_tx,
            },
            Desk {
                snapshots: snap_tx,
                interests: int_rx,
                refresh: ref_rx,
            },
        )
    }

    /// The newest picture.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Waits until there is a newer picture than the last one seen through this handle; `false` once the watch has ended.
    pub async fn changed(&mut self) -> bool {
        self.snapshots.changed().await.is_ok()
    }

    /// Says what is on screen now; replaces what was said before.
    pub fn look_at(&self, interests: Vec<Interest>) {
        self.interests.send_if_modified(|now| {
            let changed = **now != interests;
            if changed {
                *now = Arc::new(interests);
            }
            changed
        });
    }

    /// Whether a picture holds all that can be known now of what somebody looks at.
    pub fn is_settled(&self, picture: &Snapshot) -> bool {
        picture.settled.as_ref() == Some(&*self.interests.borrow())
    }

    /// Asks for everything now. A second request while one is waiting is the same request.
    pub fn refresh(&self) {
        let _ = self.refresh.try_send(());
    }
}
