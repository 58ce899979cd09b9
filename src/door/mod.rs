//! What a face sees of the rooms behind it: one picture of everything, a handle to say what it looks at, and a way to ask for
//! actions. A face needs no more than this, so it is built without the clients of vendors and cannot reach for one.

mod acts;
mod handle;

pub use acts::Acts;
pub use handle::{Desk, Handle, Snapshot};
