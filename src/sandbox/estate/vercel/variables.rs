//! Environment variables. A list never shows a value in clear: it is encrypted, or, for a sensitive one, empty.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::projects::Project;
use super::{Answer, Refusal, TEAM, Vercel, bad_request, millis};
use crate::web::Request;

/// Where a variable can be set.
const TARGETS: [&str; 3] = ["production", "preview", "development"];
const KINDS: [&str; 4] = ["encrypted", "plain", "sensitive", "system"];

/// A variable.
#[derive(Clone, Debug)]
pub struct Variable {
    pub id: String,
    pub key: String,
    pub value: String,
    pub kind: &'static str,
    pub targets: Vec<&'static str>,
    pub comment: String,
    /// Wall-clock times, seconds since 1970.
    pub created: f64,
    pub updated: f64,
}

impl Variable {
    fn show(&self, decrypt: bool) -> Value {
        let value = match self.kind {
            "sensitive" => String::new(),
            "encrypted" if !decrypt => hex::encode(Sha256::digest(&self.value)),
            _ => self.value.clone(),
        };
        json!({
            "id": self.id, "key": self.key, "value": value, "type": self.kind, "target": self.targets, "comment": self.comment,
            "configurationId": null, "createdAt": millis(self.created), "updatedAt": millis(self.updated),
            "createdBy": "Kq3vR8mT2xW7nB5cZ9dH4fLs", "updatedBy": null, "decrypted": decrypt && self.kind != "sensitive",
            "securityIssues": [],
        })
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.key == other.key && self.targets.iter().any(|t| other.targets.contains(t))
    }
}

/// A variable of the team, as the projects see it that it is linked to.
#[derive(Clone, Debug)]
pub struct Shared {
    pub variable: Variable,
    /// Ids of the projects.
    pub projects: Vec<String>,
}

impl Shared {
    fn show(&self) -> Value {
        let mut shown = self.variable.show(false);
        let created = jiff::Timestamp::from_millisecond(millis(self.variable.created));
        if let Some(shown) = shown.as_object_mut() {
            shown.remove("configurationId");
            shown.insert("ownerId".into(), TEAM.0.into());
            shown.insert("projectId".into(), json!(self.projects));
            shown.insert(
                "created".into(),
                created.unwrap_or_default().to_string().into(),
            );
            shown.insert("applyToAllCustomEnvironments".into(), false.into());
        }
        shown
    }
}

impl Vercel {
    /// `GET /v1/env`: what the team shares, of one project or of all.
    pub(super) fn list_shared(&self, request: &Request) -> Value {
        let of = request.param("projectId");
        let linked = |s: &&Shared| of.is_none_or(|id| s.projects.iter().any(|p| p == id));
        let shown = self.shared.iter().filter(linked).map(Shared::show);
        super::pages::whole("data", shown.collect())
    }
}

fn targets(value: &Value) -> Result<Vec<&'static str>, Refusal> {
    let wanted: Vec<&str> = match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if wanted.is_empty() {
        return Err(bad_request("`target` is required"));
    }
    let known = |w: &&str| TARGETS.iter().copied().find(|t| t == w);
    let found: Option<Vec<_>> = wanted.iter().map(known).collect();
    found.ok_or_else(|| bad_request("`target` should be production, preview or development"))
}

impl Project {
    pub(super) fn list_variables(&self, request: &Request) -> Answer {
        let decrypt = request.param("decrypt") == Some("true");
        let shown: Vec<Value> = self.variables.iter().map(|v| v.show(decrypt)).collect();
        Ok((200, super::pages::whole("envs", shown)))
    }

    /// `POST /v10/projects/{id}/env`: one, or a list of them.
    pub(super) fn set_variables(&mut self, body: &Value, now: f64) -> Answer {
        let many = body.as_array();
        let wanted = many.map_or_else(|| vec![body], |list| list.iter().collect());
        let mut created = Vec::new();
        for wish in wanted {
            let made = self.variable(wish, now)?;
            if self.variables.iter().any(|v| v.overlaps(&made)) {
                let why = format!(
                    "A variable with the name `{}` already exists for the target {}",
                    made.key,
                    made.targets.join(",")
                );
                return Err(Refusal(400, "ENV_CONFLICT", why));
            }
            created.push(made.show(false));
            self.variables.push(made);
        }
        let created = match many {
            Some(_) => Value::Array(created),
            None => created.into_iter().next().unwrap_or_default(),
        };
        Ok((201, json!({"created": created, "failed": []})))
    }

    fn variable(&mut self, wish: &Value, now: f64) -> Result<Variable, Refusal> {
        let text = |key: &str| wish.get(key).and_then(Value::as_str);
        let key = text("key").filter(|k| !k.is_empty());
        let key = key.ok_or_else(|| bad_request("`key` is required"))?;
        let value = text("value").ok_or_else(|| bad_request("`value` is required"))?;
        let kind = text("type").unwrap_or("encrypted");
        let kind = KINDS.iter().copied().find(|k| *k == kind);
        self.made += 1;
        Ok(Variable {
            id: format!(
                "{}{:04}",
                self.id.get(4..16).unwrap_or("variable"),
                self.made
            ),
            key: key.to_owned(),
            value: value.to_owned(),
            kind: kind
                .ok_or_else(|| bad_request("`type` should be encrypted, plain or sensitive"))?,
            targets: targets(wish.get("target").unwrap_or(&Value::Null))?,
            comment: text("comment").unwrap_or_default().to_owned(),
            created: now,
            updated: now,
        })
    }

    /// `PATCH /v9/projects/{id}/env/{variable}`.
    pub(super) fn edit_variable(&mut self, id: &str, body: &Value, now: f64) -> Answer {
        let wanted = body.get("target").map(targets).transpose()?;
        let found = self.variables.iter_mut().find(|v| v.id == id);
        let variable = found.ok_or_else(no_variable)?;
        if let Some(value) = body.get("value").and_then(Value::as_str) {
            variable.value = value.to_owned();
        }
        if let Some(targets) = wanted {
            variable.targets = targets;
        }
        variable.updated = now;
        Ok((200, variable.show(false)))
    }

    pub(super) fn remove_variable(&mut self, id: &str) -> Answer {
        let at = self.variables.iter().position(|v| v.id == id);
        let gone = self.variables.remove(at.ok_or_else(no_variable)?);
        Ok((200, gone.show(false)))
    }
}

fn no_variable() -> Refusal {
    Refusal(
        404,
        "ENV_NOT_FOUND",
        "The environment variable was not found".into(),
    )
}
