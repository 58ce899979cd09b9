//! AWS Secrets Manager (API version 2017-10-17): names, ages, rotation. No call that returns a value is made.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::Question;
use super::convert::{seconds, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use crate::backend::transport::Line;
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;

const API: Api = Api {
    host: "secretsmanager",
    signing: "secretsmanager",
    variable: "SECRETS_MANAGER",
    target: "secretsmanager",
    version: "",
    only_in: None,
};
const LIST: Question = Question::new("secretsmanager", "ListSecrets", "list the secrets");

/// The Secrets Manager client.
#[derive(Debug)]
pub struct SecretsManager {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Listed {
    secret_list: Vec<Entry>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    description: Option<String>,
    created_date: Option<f64>,
    last_changed_date: Option<f64>,
    last_rotated_date: Option<f64>,
    next_rotation_date: Option<f64>,
    rotation_enabled: Option<bool>,
    rotation_rules: Option<Rules>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Rules {
    automatically_after_days: Option<i64>,
}

impl SecretsManager {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// All secrets, by name (ListSecrets, paged).
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn secrets(&self) -> Result<Vec<Secret>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let input = match pages.token() {
                Some(token) => json!({"MaxResults": 100, "NextToken": token}),
                None => json!({"MaxResults": 100}),
            };
            let page: Listed = self.signed.json(&self.line, &API, LIST, &input).await?;
            all.extend(page.secret_list.into_iter().map(secret));
            if !pages.turn(page.next_token)? {
                break;
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

fn secret(e: Entry) -> Secret {
    Secret {
        name: text(Some(&e.name)),
        arn: text(Some(&e.arn)),
        description: text(e.description.as_deref()),
        created_at: seconds(e.created_date),
        changed_at: seconds(e.last_changed_date),
        rotated_at: seconds(e.last_rotated_date),
        next_rotation_at: seconds(e.next_rotation_date),
        rotates: e.rotation_enabled.unwrap_or(false),
        rotation_days: e
            .rotation_rules
            .and_then(|r| r.automatically_after_days)
            .filter(|days| *days > 0),
    }
}
