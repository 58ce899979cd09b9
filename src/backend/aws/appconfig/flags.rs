//! The format of feature flags (AppConfig user guide, "Understanding the AWS.AppConfig.FeatureFlags type reference").

use std::collections::BTreeMap;

use serde_json::Value;

use crate::backend::aws::convert::{reason, text};
use crate::domain::flag::FlagValue;

/// A flag of a version.
#[derive(Debug)]
pub(super) struct Defined {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) deprecated: bool,
    pub(super) value: FlagValue,
}

/// A version, by key.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) flags: BTreeMap<String, Defined>,
}

impl Content {
    /// Reads a version. What has another shape holds no flags.
    pub(super) fn read(content: &Value) -> Self {
        let (flags, values) = (&content["flags"], &content["values"]);
        let defined = flags.as_object().into_iter().flatten().map(|(key, flag)| {
            let word = |name: &str| text(flag[name].as_str());
            let name = Some(word("name")).filter(|n| !n.is_empty());
            let defined = Defined {
                name: name.unwrap_or_else(|| text(Some(key))),
                about: reason(flag["description"].as_str()),
                deprecated: flag["_deprecation"]["status"].is_string(),
                value: value(&values[key.as_str()]),
            };
            (text(Some(key)), defined)
        });
        Self {
            flags: defined.collect(),
        }
    }
}

/// A flag without a value is off.
fn value(of: &Value) -> FlagValue {
    let is_on = |v: &Value| v["enabled"].as_bool() == Some(true);
    let simple = |on: bool| if on { FlagValue::On } else { FlagValue::Off };
    let Some(variants) = of["_variants"].as_array() else {
        return simple(is_on(of));
    };
    let on: Vec<&Value> = variants.iter().filter(|v| is_on(v)).collect();
    match on.as_slice() {
        [] => FlagValue::Off,
        all if all.len() == variants.len() => FlagValue::On,
        [one] => match one["rule"].as_str() {
            // The last variant has no rule: it is what everybody else gets.
            None | Some("") => FlagValue::Rules,
            Some(rule) => {
                share(rule).map_or(FlagValue::Rules, |percent| FlagValue::Share { percent })
            }
        },
        _ => FlagValue::Rules,
    }
}

/// The percentage of a rule that is a split and nothing else: `(split pct::25 by::$userId)`.
fn share(rule: &str) -> Option<f64> {
    let inside = rule.trim().strip_prefix('(')?.strip_suffix(')')?;
    let words: Vec<&str> = inside.split_whitespace().collect();
    let (head, rest) = words.split_first()?;
    if *head != "split" || inside.contains('(') {
        return None;
    }
    let percent = rest.iter().find_map(|w| w.strip_prefix("pct::"))?;
    percent.parse().ok().filter(|p| (0.0..=100.0).contains(p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_flag_says_off_on_a_share_or_rules() {
        let split = |rule: &str| {
            value(&json!({"_variants": [
                {"name": "some", "enabled": true, "rule": rule}, {"name": "default", "enabled": false},
            ]}))
        };
        assert_eq!(value(&json!({"enabled": true, "limit": 5})), FlagValue::On);
        assert_eq!(value(&json!({"enabled": false})), FlagValue::Off);
        assert_eq!(value(&Value::Null), FlagValue::Off);
        assert_eq!(
            split("(split pct::25 by::$userId)"),
            FlagValue::Share { percent: 25.0 }
        );
        assert_eq!(
            split("(split by::$userId pct::2.5)"),
            FlagValue::Share { percent: 2.5 }
        );
        assert_eq!(
            split("(and (split pct::25 by::$u) (eq $tier \"pro\"))"),
            FlagValue::Rules
        );
        assert_eq!(split("(split pct::900 by::$u)"), FlagValue::Rules);
        let all = json!({"_variants": [{"enabled": true, "rule": "(eq $a 1)"}, {"enabled": true}]});
        assert_eq!(value(&all), FlagValue::On);
    }

    #[test]
    fn what_is_no_flag_document_holds_no_flags() {
        for odd in [
            json!(null),
            json!([1]),
            json!({"flags": 3}),
            json!({"values": {"x": {"enabled": true}}}),
        ] {
            assert!(Content::read(&odd).flags.is_empty(), "{odd}");
        }
        let content = Content::read(&json!({
            "version": "1", "flags": {"a": {"name": "A", "_deprecation": {"status": "planned"}}}, "values": {},
        }));
        let flag = &content.flags["a"];
        assert!(flag.deprecated);
        assert_eq!(flag.value, FlagValue::Off);
    }
}
