//! What the list of actions and deployments can be sorted by.

use super::model::{Item, Thing};
use super::view;
use crate::domain::facts::Facts;
use crate::ui::natural::Measure;
use crate::ui::screens::Cx;
use crate::ui::sorting::Value;

/// Titles of columns, after its own order: what moves, then the newest.
pub(super) const SORTS: &[&str] = &["", "state", "service", "took", "began", "by"];

/// What a row tells under a title.
pub(super) fn value(item: &Item, by: &str, cx: &Cx<'_>) -> Value {
    let Some(thing) = Thing::of(item, &cx.snapshot.facts) else {
        return Value::None;
    };
    match by {
        "state" => {
            let row = view::row(&thing, usize::MAX, cx);
            row.cells
                .first()
                .map_or(Value::None, |(text, _)| Value::state(text))
        }
        "service" => thing
            .service()
            .map_or(Value::None, |id| Value::word(&id.to_string())),
        "took" => match took(&thing, cx) {
            Some(s) => Value::Figure(Measure::Seconds, s as f64),
            None => Value::None,
        },
        "began" => Value::at(match &thing {
            Thing::Run(r) => Some(r.started_at),
            Thing::Deployment(d) => d.began(cx.now),
        }),
        "by" => match &thing {
            Thing::Run(r) => Value::word(&r.who),
            Thing::Deployment(d) => Value::word(&view::by(d, cx)),
        },
        _ => Value::None,
    }
}

/// How long it took, or takes by now, seconds.
fn took(thing: &Thing<'_>, cx: &Cx<'_>) -> Option<i64> {
    match thing {
        Thing::Run(r) => {
            let until = r.finished_at.or(r.outcome.is_none().then_some(cx.now))?;
            Some(until.duration_since(r.started_at).as_secs())
        }
        Thing::Deployment(d) => d.took(cx.now),
    }
}

/// What a row is called where two are alike.
pub(super) fn name(item: &Item, facts: &Facts) -> String {
    let service = Thing::of(item, facts).and_then(|t| t.service());
    let (Item::Run(id) | Item::Deployment(id)) = item;
    format!(
        "{} {id}",
        service.map_or_else(String::new, ToString::to_string)
    )
}
