//! Answers of ECS as they are: what a person wants to see beside what this console understands of them. The SDK's types leave out
//! what they do not know, so the answer is asked for over the wire (AWS JSON 1.1).

use std::sync::Arc;

use serde_json::{Value, json};

use super::signed::{Api, Signed};
use crate::backend::transport::{Line, Question};
use crate::domain::problem::Problem;
use crate::domain::quote::Quote;
use crate::domain::service::ServiceId;

const API: Api = Api {
    host: "ecs",
    signing: "ecs",
    variable: "ECS",
    target: "AmazonEC2ContainerServiceV20141113",
    version: "",
    only_in: None,
};
const SERVICES: Question = Question::new("ecs", "DescribeServices", "read the services");

/// Asks ECS for its own words.
#[derive(Debug)]
pub struct EcsQuotes {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

impl EcsQuotes {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// DescribeServices of one.
    ///
    /// # Errors
    /// Where ECS cannot be asked or refuses.
    pub async fn service(&self, id: &ServiceId) -> Result<Quote, Problem> {
        let input = json!({"cluster": id.cluster, "services": [id.name]});
        let body: Value = self.signed.json(&self.line, &API, SERVICES, &input).await?;
        Ok(Quote {
            asked: "ecs:DescribeServices",
            body,
        })
    }
}
