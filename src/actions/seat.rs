//! Where a console sits: whose credentials it uses, and where it asks with them. The journal may hold runs of other seats beside its own,
//! of another account, region or endpoint: their services are not those that are looked at here, whatever they are called.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::caller;
use super::draft::Draft;
use crate::backend::Backend;
use crate::domain::caller::{ACCOUNT, ENDPOINT, REGION};
use crate::domain::service::Identity;
use crate::domain::text::inert;

/// Whose account is asked, and where. What nobody tells is told of neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seat {
    account: Option<String>,
    endpoint: Option<String>,
    region: Option<String>,
}

impl Seat {
    /// Of who calls at this moment, as far as that was told.
    pub fn of(backend: &Backend, caller: Option<&Identity>) -> Self {
        let place = backend.sts.place();
        let account = caller.map(|c| c.account.clone());
        Self {
            account: account.filter(|a| !a.is_empty()),
            endpoint: place.as_deref().map(endpoint),
            region: place.and_then(|p| Some(p.rsplit_once(' ')?.1.to_owned())),
        }
    }

    /// What of it is otherwise than where a run was begun, in words; `None`: nothing, as far as both are told.
    pub fn other(&self, begun: &[(String, String)]) -> Option<String> {
        let names = [
            (ACCOUNT, &self.account),
            (ENDPOINT, &self.endpoint),
            (REGION, &self.region),
        ];
        names
            .into_iter()
            .find_map(|(name, is)| differs(begun, name, is.as_deref()?))
    }

    /// Whether it says that it is where a run was begun: of an account that nobody tells it does not.
    pub fn is_of(&self, begun: &[(String, String)]) -> bool {
        self.account.is_some() && self.other(begun).is_none()
    }
}

/// That an input is otherwise by now, in words; `None`: it is not, or is none of the run's.
pub fn differs(begun: &[(String, String)], name: &str, is: &str) -> Option<String> {
    let was = caller::input(begun, name).filter(|was| *was != is)?;
    Some(format!("{name} was {was}, and is {is} now"))
}

/// Where AWS is asked, in words, by what the clients say of it: `AWS in us-east-1`, `http://127.0.0.1:4566 us-east-1`.
fn endpoint(place: &str) -> String {
    let words = match place.rsplit_once(' ') {
        Some((aws, _)) if !aws.contains("://") => aws,
        _ => place,
    };
    inert(words)
}

/// Where AWS is asked now; `None`: nobody was asked yet.
pub fn endpoint_now(backend: &Backend) -> Option<String> {
    backend.sts.place().as_deref().map(endpoint)
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
            None => (Seat::of(backend, None), 0),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(account: &str, place: &str) -> Seat {
        Seat {
            account: (!account.is_empty()).then(|| account.to_owned()),
            endpoint: Some(endpoint(place)),
            region: place.rsplit_once(' ').map(|(_, r)| r.to_owned()),
        }
    }

    fn inputs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        all.iter().map(owned).collect()
    }

    #[test]
    fn a_run_is_of_a_seat_where_account_region_and_endpoint_are_the_same() {
        let ours = seat("1", "AWS in us-east-1 us-east-1");
        let begun = inputs(&[
            ("region", "us-east-1"),
            ("account", "1"),
            ("revision", "api:1"),
            ("endpoint", "AWS in us-east-1"),
        ]);
        assert!(ours.is_of(&begun));
        for (other, says) in [
            (
                seat("2", "AWS in us-east-1 us-east-1"),
                "account was 1, and is 2 now",
            ),
            (
                seat("1", "AWS in eu-west-1 eu-west-1"),
                "endpoint was AWS in us-east-1, and is AWS in eu-west-1 now",
            ),
            (
                seat("1", "http://127.0.0.1:4566 us-east-1"),
                "endpoint was AWS in us-east-1, and is http://127.0.0.1:4566 us-east-1 now",
            ),
        ] {
            assert_eq!(other.other(&begun).as_deref(), Some(says));
            assert!(!other.is_of(&begun));
        }
        // Written before endpoints were: by its region.
        let old = inputs(&[("region", "eu-west-1"), ("account", "1")]);
        assert_eq!(
            ours.other(&old).as_deref(),
            Some("region was eu-west-1, and is us-east-1 now")
        );
        let untold = seat("", "AWS in us-east-1 us-east-1");
        assert_eq!(untold.other(&begun), None, "nothing is known against it");
        assert!(!untold.is_of(&begun), "and nothing for it");
        assert_eq!(ours.other(&[]), None, "a word is of no account");
    }
}
