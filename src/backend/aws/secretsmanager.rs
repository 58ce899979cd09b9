//! AWS Secrets Manager (API version 2017-10-17): names, ages, rotation. No call that returns a value is made.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::json;

use super::Question;
use super::convert::{reason, seconds, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::Required;
use crate::backend::transport::Line;
use crate::domain::guest::{Guest, guests};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;
use crate::domain::told::Told;

const API: Api = Api {
    host: "secretsmanager",
    signing: "secretsmanager",
    variable: "SECRETS_MANAGER",
    target: "secretsmanager",
    version: "",
    only_in: None,
};
const LIST: Question = Question::new("secretsmanager", "ListSecrets", "list the secrets");
const POLICY: Question = Question::new(
    "secretsmanager",
    "GetResourcePolicy",
    "read whom a secret's policy lets in",
);

/// Secrets whose policies are read: a call each.
const POLICIES: usize = 100;
/// Policies that are asked for at once.
const ABREAST: usize = 3;

/// The Secrets Manager client.
#[derive(Debug)]
pub struct SecretsManager {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    secret_list: Required<Vec<Entry>>,
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

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Policy {
    resource_policy: Option<String>,
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
            all.extend(page.secret_list.0.into_iter().map(secret));
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        all.order_by(|a, b| a.name.cmp(&b.name));
        self.let_in(&mut all).await;
        Ok(all)
    }

    /// Reads whom each lets in. Who may not read the first policy is not asked for the others.
    async fn let_in(&self, all: &mut [Secret]) {
        let Some((first, others)) = all.split_first_mut() else {
            return;
        };
        first.guests = match self.guests(&first.arn).await {
            Ok(guests) => guests,
            Err(problem) => {
                for secret in std::iter::once(first).chain(others) {
                    secret.guests = Told::Unknown(problem.why.clone());
                }
                return;
            }
        };
        let (near, far) = others.split_at_mut(others.len().min(POLICIES - 1));
        for secret in far {
            let why = format!("only the first {POLICIES} policies are read");
            secret.guests = Told::Unknown(why);
        }
        let questions: Vec<_> = near
            .iter_mut()
            .map(|secret| async move {
                let told = self.guests(&secret.arn).await;
                secret.guests = told.unwrap_or_else(|p| Told::Unknown(p.why));
            })
            .collect();
        stream::iter(questions)
            .buffer_unordered(ABREAST)
            .collect::<Vec<()>>()
            .await;
    }

    async fn guests(&self, arn: &str) -> Result<Told<Vec<Guest>>, Problem> {
        let input = json!({"SecretId": arn});
        let page: Policy = self.signed.json(&self.line, &API, POLICY, &input).await?;
        let Some(policy) = page.resource_policy else {
            return Ok(Told::Unset);
        };
        let unread = || Told::Unknown("its policy cannot be read".into());
        Ok(guests(&policy).map_or_else(unread, Told::Set))
    }
}

fn secret(e: Entry) -> Secret {
    Secret {
        name: text(Some(&e.name)),
        arn: text(Some(&e.arn)),
        description: reason(e.description.as_deref()),
        created_at: seconds(e.created_date),
        changed_at: seconds(e.last_changed_date),
        rotated_at: seconds(e.last_rotated_date),
        next_rotation_at: seconds(e.next_rotation_date),
        rotates: e.rotation_enabled.unwrap_or(false),
        rotation_days: e
            .rotation_rules
            .and_then(|r| r.automatically_after_days)
            .filter(|days| *days > 0),
        guests: Told::default(),
    }
}
