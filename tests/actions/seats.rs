//! Consoles of several regions with one journal: a service of the same name is another one in each.

use std::time::Duration;

use flightdeck::domain::action::{Confirm, Intent, Preview};
use flightdeck::store::Store;

use crate::bench::{Bench, api, deploy};
use crate::rollback;

/// A console that asks in another region, with the same file.
async fn in_another_region(bench: &Bench) -> crate::bench::Console {
    let mut config = bench.config();
    config.aws.region = Some("eu-west-1".into());
    bench.console_with(config).await
}

fn said<'a>(preview: &'a Preview, words: &str) -> Option<&'a String> {
    preview.warnings.iter().find(|w| w.contains(words))
}

/// One region is ill, and what was begun there is followed for as long as that takes.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_in_another_region_is_said_and_holds_up_nothing() {
    let bench = Bench::new().await;
    let (here, there) = (bench.console().await, in_another_region(&bench).await);
    let (path, lease) = (bench.path(), Duration::from_secs(60));
    let lasting = Store::open_at(&path, "production", lease);
    let lasting = lasting.await.unwrap();
    let before = here.service(&api()).await.revision.number - 1;
    let plain = here.preview(deploy("1.8.3")).await;
    for intent in [deploy("1.8.3"), rollback(Some(before))] {
        let begun = there.preview(intent).await;
        assert!(begun.refusals.is_empty(), "{:?}", begun.refusals);
        lasting.begin(&begun, "ben").await.unwrap();
    }
    let stop = Intent::Stop {
        service: api(),
        rollback: true,
    };
    for intent in [deploy("1.8.3"), rollback(Some(before)), stop] {
        let verb = intent.verb();
        let preview = here.preview(intent).await;
        let held = preview.refusals.iter().find(|r| r.contains("acting on it"));
        assert_eq!(held, None, "{verb}");
        let told = said(&preview, "a service of the same name is acted on elsewhere");
        let told = told.unwrap_or_else(|| panic!("{verb}: {:?}", preview.warnings));
        assert!(told.contains("eu-west-1): ben on "), "{told}");
        assert!(!told.contains("taken over"), "nobody here does: {told}");
        let who = preview.facts.iter().find(|(n, _)| n == "who else acts");
        assert!(!who.unwrap().1.contains("ben"), "{who:?}");
    }
    // A rollback there is none that a deploy here takes the place of.
    let preview = here.preview(deploy("1.8.3")).await;
    assert_eq!(preview.confirm, plain.confirm);
    assert_eq!(preview.confirm, Confirm::Type("production".into()));
    assert!(preview.facts.iter().all(|(name, _)| name != "under way"));
    here.store.begin(&preview, "ana").await.unwrap();
    assert_eq!(here.store.open_runs().await.unwrap().len(), 3);
    // Who asks there is held up as ever.
    let again = there.preview(deploy("1.8.3")).await;
    let first = again.refusals.first().map_or("", String::as_str);
    assert!(first.contains("acting on it already"), "{again:?}");
}
