//! Previews while a rollout goes on: what users have is named before what nobody has proved.

use std::time::Duration;

use flightdeck::domain::action::{DiffMark, Intent, Preview};
use flightdeck::domain::service::Revision;

use crate::bench::{Bench, Console, api, deploy};
use crate::rollback;

fn fact<'a>(preview: &'a Preview, name: &str) -> &'a str {
    let found = preview.facts.iter().find(|(n, _)| n == name);
    found.map_or("", |(_, value)| value.as_str())
}

fn lines(preview: &Preview, mark: DiffMark) -> Vec<&str> {
    let lines = preview.diff.iter().filter(|l| l.mark == mark);
    lines.map(|l| l.text.trim()).collect()
}

/// Begins a deploy, and comes back with the revision that it set.
async fn coming(console: &Console, image: &str) -> Revision {
    let before = console.service(&api()).await.revision;
    console.start(deploy(image)).await.unwrap();
    loop {
        let service = console.service(&api()).await;
        if service.revision != before && service.is_deploying() {
            return service.revision;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn warned<'a>(preview: &'a Preview, words: &str) -> &'a str {
    let found = preview.warnings.iter().find(|w| w.contains(words));
    found.unwrap_or_else(|| panic!("no {words} in {:?}", preview.warnings))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_goes_from_what_serves_and_names_what_is_coming() {
    // No task of what is coming runs before all is looked at.
    let bench = Bench::at(1.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let serves = ana.service(&api()).await.revision;
    let first = coming(&ana, "1.8.3").await;
    let preview = ben.preview(deploy("1.8.1")).await;
    let from = fact(&preview, "from");
    let (now, then) = (from.split(" (serves), ").next(), from.split_once(", "));
    assert!(
        now.unwrap().starts_with(&format!("{serves}  api:1.8.2")),
        "{from}"
    );
    let is_coming = format!(":{}  api:1.8.3 is coming", first.number);
    assert_eq!(then.unwrap().1, is_coming, "{from}");
    let against = format!("told against {serves}, which users have");
    assert_eq!(fact(&preview, "changes"), against);
    // What users lose and get; what nobody has is neither.
    let gone = lines(&preview, DiffMark::Removed);
    assert!(
        gone.len() == 1 && gone[0].ends_with("api:1.8.2"),
        "{gone:?}"
    );
    let come = lines(&preview, DiffMark::Added);
    assert!(
        come.len() == 1 && come[0].ends_with("api:1.8.1"),
        "{come:?}"
    );
    let said = warned(&preview, "is coming and not proved");
    let named = format!("{first} is coming and not proved, users have {serves}");
    assert!(said.contains(&named), "{said}");
    let copy = format!("a copy of {first}, which differs from {serves} in no more than its image");
    assert!(said.contains(&copy), "{said}");
    let mark = format!("(is coming; {serves} serves)");
    for (intent, name) in [
        (rollback(None), "from"),
        (Intent::Restart { service: api() }, "revision"),
    ] {
        let preview = ben.preview(intent).await;
        let told = fact(&preview, name);
        assert!(
            told.starts_with(&first.to_string()) && told.ends_with(&mark),
            "{told}"
        );
    }
    // One that took its place is as unproved, and so is the one that it took it from.
    let second = coming(&ben, "1.8.1").await;
    let carol = bench.console_elsewhere().await;
    let preview = carol.preview(deploy("1.8.4")).await;
    let from = fact(&preview, "from");
    assert!(from.starts_with(&format!("{serves}  ")), "{from}");
    assert!(
        from.contains(&format!("(serves), :{}  ", second.number)),
        "{from}"
    );
}

/// Where nothing is on its way there is nothing to tell apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_goes_from_what_is_set_where_no_rollout_goes_on() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let set = console.service(&api()).await.revision;
    let preview = console.preview(deploy("1.8.3")).await;
    let from = fact(&preview, "from");
    assert!(from.starts_with(&set.to_string()), "{from}");
    assert!(
        !from.contains("serves") && !from.contains("coming"),
        "{from}"
    );
}
