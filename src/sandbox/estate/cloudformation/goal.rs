//! What a change wants, and how that differs from what is there.

use serde_json::Value;

use super::stack::{Resource, Stack};
use super::template::{self, Parameters};

/// What a change wants.
pub struct Goal {
    pub body: Value,
    pub parameters: Parameters,
    /// Random hex digits for physical ids.
    pub hex: String,
}

/// How a goal differs from what is there: logical name, and `None` where it goes.
pub fn differences(stack: &Stack, goal: &Goal) -> Vec<(String, Option<Resource>)> {
    let mut all = Vec::new();
    for (n, (logical, about)) in template::resources(&goal.body).enumerate() {
        let kind = about["Type"].as_str().unwrap_or_default();
        let properties = template::properties(about, &goal.parameters, &stack.name);
        let now = stack.resource(logical);
        if now.is_some_and(|r| {
            r.kind == kind && r.properties == properties && r.status != "DELETE_COMPLETE"
        }) {
            continue;
        }
        let hex = goal
            .hex
            .chars()
            .cycle()
            .skip(n % 32)
            .take(32)
            .collect::<String>();
        let fresh = template::physical(&stack.name, logical, kind, &properties, &hex);
        let kept = now
            .filter(|r| !is_replaced(r, kind, &properties))
            .map(|r| r.physical.clone());
        let becomes = Resource {
            logical: logical.clone(),
            physical: kept.unwrap_or(fresh),
            kind: kind.to_owned(),
            properties,
            status: "",
            reason: None,
            updated: 0.0,
            drift: ("NOT_CHECKED", None),
        };
        all.push((logical.clone(), Some(becomes)));
    }
    let gone = stack
        .resources
        .iter()
        .filter(|r| !template::resources(&goal.body).any(|(l, _)| *l == r.logical));
    all.extend(gone.map(|r| (r.logical.clone(), None)));
    all
}

/// Names of properties that differ.
pub fn changed(before: &Value, after: &Value) -> Vec<String> {
    let members = |v: &Value| v.as_object().cloned().unwrap_or_default();
    let (before, after) = (members(before), members(after));
    let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|n| before.get(n) != after.get(n));
    names
}

/// Whether a resource has to be made anew to become this.
pub fn is_replaced(now: &Resource, kind: &str, properties: &Value) -> bool {
    now.kind != kind
        || changed(&now.properties, properties)
            .iter()
            .any(|p| template::recreation(kind, p) == "Always")
}

/// Whether a word stands in any of a value's texts.
pub fn holds(value: &Value, word: &str) -> bool {
    match value {
        Value::String(s) => s.contains(word),
        Value::Array(items) => items.iter().any(|v| holds(v, word)),
        Value::Object(members) => members.values().any(|v| holds(v, word)),
        _ => false,
    }
}
