//! Actions: one file each, all with the same life: preview, confirm, journal, execute, follow, verify, record. The files know
//! what to read and which calls to make; the driver ([`life`]) owns everything else, so no action can skip a station.
//!
//! The vendors' control planes are the engine: an action tells ECS what is wanted and then reads how it goes. What a lost reply
//! means, operation by operation (Amazon ECS API reference; none of these takes an idempotency token):
//!
//! | operation | kind | what is done |
//! |---|---|---|
//! | `RegisterTaskDefinition` | unsafe to repeat: each call makes a revision | sent once; after a lost reply the family is searched for a revision newer than all known before that is the copy we asked for, and that one is used; else the run fails, with nothing changed in production |
//! | `UpdateService` (revision, strategy, count) | read, then act | the service is read right before: if it moved since the preview nothing is sent; after a lost reply it is read until the effect shows; if it does not, the outcome is unknown |
//! | `UpdateService` (force new deployment) | unsafe to repeat: each call begins a deployment | as above; the effect is a deployment that was not there before |
//! | `StopServiceDeployment` | read, then act | repeating it is refused by ECS once the deployment stops; after a lost reply the deployment is read |
//! | sign-off, waiver, withdrawal | once a run | the store takes one word a run |
//!
//! A console that dies half-way leaves its run in the journal. Whoever re-attaches reads; it never sends a mutation again.

mod alarms;
mod back;
mod board;
mod caller;
mod coming;
mod deploy;
mod diff;
mod draft;
mod engine;
mod expected;
mod follow;
mod goal;
mod hands;
mod image;
mod judged;
mod kind;
mod life;
mod look;
mod older;
mod others;
mod purpose;
mod registry;
mod restart;
mod resume;
mod rollback;
mod scale;
mod scaler;
mod seat;
mod shares;
mod sign_off;
mod spare;
mod stop;
mod there;
mod timing;
mod verify;
mod who;
mod words;

pub use engine::Engine;
pub use judged::Judged;
pub use timing::Timing;
