//! Where this console sits: whose credentials it uses, and where it asks with them. The journal may hold runs of other seats beside its own,
//! of another account, region or endpoint: their services are not those that are looked at here, whatever they are called. What makes two
//! seats the same is said by [`Seat`] alone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::caller;
use super::draft::Draft;
use crate::backend::Backend;
use crate::domain::caller::ENDPOINT;
pub use crate::domain::seat::{Seat, differs};
use crate::domain::service::Identity;
use crate::domain::text::inert;

/// Of who calls at this moment, as far as that was told.
pub fn of(backend: &Backend, caller: Option<&Identity>) -> Seat {
    let place = backend.ecs.place();
    let account = caller.map(|c| c.account.clone());
    Seat {
        account: account.filter(|a| !a.is_empty()),
        endpoint: place.as_deref().map(endpoint),
        region: place.and_then(|p| Some(p.rsplit_once(' ')?.1.to_owned())),
    }
}

/// Where the service of a preview in the making is, which may not say yet where AWS is asked.
pub fn of_draft(draft: &Draft, backend: &Backend) -> Seat {
    let told = Seat::of(&draft.inputs);
    Seat {
        endpoint: endpoint_now(backend).or(told.endpoint),
        ..told
    }
}

/// Where AWS is asked, in words, by what the clients say of it: `AWS in us-east-1`, `http://127.0.0.1:4566 us-east-1`.
fn endpoint(place: &str) -> String {
    let words = match place.rsplit_once(' ') {
        Some((aws, _)) if !aws.contains("://") => aws,
        _ => place,
    };
    inert(words)
}

/// Where AWS is asked to change a service now; `None`: nobody was asked yet.
pub fn endpoint_now(backend: &Backend) -> Option<String> {
    backend.ecs.place().as_deref().map(endpoint)
}

/// Makes where AWS is asked an input of a preview: the same user is allowed the same in every region, and at an endpoint that somebody
/// named whatever is signed.
pub fn tell(draft: &mut Draft, backend: &Backend) {
    if let Some(endpoint) = endpoint_now(backend) {
        draft.input(ENDPOINT, endpoint);
    }
}

/// The seat that was told last, so that a look at the journal asks nobody as long as the same credentials are in use.
#[derive(Debug, Default)]
pub struct Known(Mutex<Option<Told>>);

#[derive(Clone, Debug)]
struct Told {
    seat: Seat,
    /// The load of the credentials that were asked with.
    load: u32,
    at: Instant,
}

impl Known {
    /// The seat now, and whether it is another one than was told before. `rest`: how long nobody is asked again whose account it is
    /// after nobody told.
    pub async fn now(&self, backend: &Backend, rest: Duration) -> (Seat, bool) {
        let last = self.slot().clone();
        let holds = |told: &&Told| match told.seat.account {
            Some(_) => told.load == backend.sts.loads(),
            None => told.at.elapsed() < rest,
        };
        if let Some(told) = last.as_ref().filter(holds) {
            return (told.seat.clone(), false);
        }
        let (seat, load) = match caller::seat(backend).await {
            Some(told) => told,
            None => (of(backend, None), 0),
        };
        let is_new = last.is_some_and(|told| told.seat != seat);
        let at = Instant::now();
        *self.slot() = Some(Told {
            seat: seat.clone(),
            load,
            at,
        });
        (seat, is_new)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
