//! What is configured when the story begins: flags in three environments, one version ahead in staging, under way in production.

use serde_json::{Value, json};

use super::rollout::{Rollout, Strategy};
use super::{Application, Environment, Profile, Version};
use crate::world::World;

/// Type of a profile that holds feature flags.
pub(super) const FLAGS: &str = "AWS.AppConfig.FeatureFlags";

const FLAG_PROFILE: &str = "f1a650a";
const LIMIT_PROFILE: &str = "11417b0";

fn version(about: &str, label: Option<&str>, content: &Value) -> Version {
    Version {
        about: about.to_owned(),
        label: label.map(str::to_owned),
        content_type: "application/json".into(),
        content: content.to_string().into_bytes(),
    }
}

/// Flags in the vendor's format ("Creating feature flags", AppConfig user guide): definitions beside values.
fn flags(values: Value) -> Value {
    json!({
        "version": "1",
        "flags": {
            "new-quote-engine": {
                "name": "New quote engine", "description": "Prices by the machine's path instead of by area",
            },
            "pdf-v2": {"name": "PDF renderer 2"},
            "guest-checkout": {"name": "Guest checkout"},
            "material-presets": {"name": "Material presets", "attributes": {"limit": {"constraints": {"type": "number"}}}},
            "old-upload": {"name": "Old upload", "_deprecation": {"status": "planned"}},
            "maintenance": {"name": "Maintenance page", "description": "Kill switch: shows the maintenance page"},
        },
        "values": values,
    })
}

fn versions() -> Vec<Version> {
    let quarter = |percent: u32| {
        json!({"_variants": [
            {"name": "some", "enabled": true, "rule": format!("(split pct::{percent} by::$userId)")},
            {"name": "default", "enabled": false},
        ]})
    };
    let on = || json!({"enabled": true});
    let off = || json!({"enabled": false});
    let presets = json!({"enabled": true, "limit": 24});
    let at = |quotes: Value, pdf: Value, guests: Value| {
        flags(json!({
            "new-quote-engine": quotes, "pdf-v2": pdf, "guest-checkout": guests,
            "material-presets": presets.clone(), "old-upload": {"enabled": true}, "maintenance": {"enabled": false},
        }))
    };
    vec![
        version("First flags", None, &at(off(), off(), off())),
        version("PDF renderer 2 for all", None, &at(off(), on(), off())),
        version(
            "Quote engine for a tenth",
            None,
            &at(quarter(10), on(), off()),
        ),
        version(
            "Quote engine for a quarter",
            Some("quotes-25"),
            &at(quarter(25), on(), off()),
        ),
        version(
            "Guest checkout",
            Some("guests"),
            &at(quarter(25), on(), on()),
        ),
    ]
}

pub(super) fn applications(world: &World) -> Vec<Application> {
    let all = "AppConfig.AllAtOnce";
    let slowly = "AppConfig.Linear20PercentEvery6Minutes";
    let past = |profile: &str, n: usize, how: &str, about: &str, hours: f64| {
        Strategy::find(how).map(|s| Rollout::past(profile, n, s, about, hours, world))
    };
    let began = |n: usize, about: &str, ago: f64| {
        let since = world.story_time() - ago;
        Strategy::find(slowly).map(|s| Rollout::begin(FLAG_PROFILE, n, s, about, since, world))
    };
    let environment = |id, name, deployments: Vec<Option<Rollout>>| Environment {
        id,
        name,
        deployments: deployments.into_iter().flatten().collect(),
    };
    let production = vec![
        past(FLAG_PROFILE, 1, all, "First flags", 1_400.0),
        past(LIMIT_PROFILE, 1, all, "Limits", 1_390.0),
        past(FLAG_PROFILE, 2, slowly, "PDF renderer 2", 610.0),
        past(FLAG_PROFILE, 3, slowly, "Quote engine, a tenth", 170.0),
        past(FLAG_PROFILE, 4, slowly, "Quote engine, a quarter", 52.0),
        began(5, "Guest checkout", 500.0),
    ];
    let staging = vec![
        past(FLAG_PROFILE, 3, all, "Quote engine, a tenth", 200.0),
        past(LIMIT_PROFILE, 1, all, "Limits", 190.0),
        past(FLAG_PROFILE, 5, all, "Guest checkout", 26.0),
    ];
    let development = vec![past(FLAG_PROFILE, 5, all, "Guest checkout", 49.0)];
    vec![Application {
        id: "1a5e700",
        name: "laser",
        about: "The laser cutting calculator",
        environments: vec![
            environment("ef0d000", "production", production),
            environment("e57a600", "staging", staging),
            environment("ede0000", "development", development),
        ],
        profiles: vec![
            Profile {
                id: FLAG_PROFILE,
                name: "flags",
                kind: FLAGS,
                versions: versions(),
            },
            Profile {
                id: LIMIT_PROFILE,
                name: "limits",
                kind: "AWS.Freeform",
                versions: vec![version(
                    "Limits",
                    None,
                    &json!({"maxUploadMb": 40, "maxParts": 500}),
                )],
            },
        ],
    }]
}

/// What the vendor checks of flags before it keeps a version.
pub(super) fn check(content: &Value) -> Result<(), String> {
    if content.get("version").and_then(Value::as_str) != Some("1") {
        return Err("Invalid feature flag configuration: version must be \"1\"".into());
    }
    let (Some(flags), Some(values)) = (
        content.get("flags").and_then(Value::as_object),
        content.get("values").and_then(Value::as_object),
    ) else {
        return Err("Invalid feature flag configuration: flags and values are required".into());
    };
    for (key, value) in values {
        if !flags.contains_key(key) {
            return Err(format!(
                "Invalid feature flag configuration: no flag is defined for the value {key}"
            ));
        }
        let variants = value.get("_variants").and_then(Value::as_array);
        let said = |v: &Value| v.get("enabled").is_some_and(Value::is_boolean);
        if !said(value) && !variants.is_some_and(|all| !all.is_empty() && all.iter().all(said)) {
            return Err(format!(
                "Invalid feature flag configuration: {key} does not say whether it is enabled"
            ));
        }
    }
    Ok(())
}
