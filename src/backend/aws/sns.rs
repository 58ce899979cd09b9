//! Amazon SNS (API version 2010-03-31): topics and who hears of them. Endpoints that would let others use them are cut.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Deserialize;

use super::Question;
use super::convert::text;
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::Required;
use crate::backend::transport::Line;
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::topic::{Subscription, Topic};

const API: Api = Api {
    host: "sns",
    signing: "sns",
    variable: "SNS",
    target: "",
    version: "2010-03-31",
    only_in: None,
};
const TOPICS: Question = Question::new("sns", "ListTopics", "list the topics");
const SUBSCRIPTIONS: Question = Question::new("sns", "ListSubscriptions", "list the subscriptions");
const ATTRIBUTES: Question = Question::new("sns", "GetTopicAttributes", "read a topic");

/// Topics whose attributes are read.
const DETAILED: usize = 100;
/// Topics that are asked about at once.
const ABREAST: usize = 3;

/// The SNS client.
#[derive(Debug)]
pub struct Sns {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TopicPage {
    topics: Required<TopicList>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TopicList {
    #[serde(rename = "member")]
    all: Vec<TopicEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TopicEntry {
    topic_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SubscriptionPage {
    subscriptions: Required<SubscriptionList>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SubscriptionList {
    #[serde(rename = "member")]
    all: Vec<SubscriptionEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct SubscriptionEntry {
    subscription_arn: String,
    protocol: String,
    endpoint: Option<String>,
    topic_arn: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attributes {
    attributes: Pairs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pairs {
    entry: Vec<Pair>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pair {
    key: String,
    value: Option<String>,
}

impl Sns {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// All topics, by name, with who hears of them.
    ///
    /// # Errors
    /// Where topics or subscriptions cannot be listed.
    pub async fn topics(&self) -> Result<Vec<Topic>, Problem> {
        let arns = self.arns().await?;
        let mut heard = self.subscriptions().await?;
        let topics = arns.into_iter().map(|arn| Topic {
            name: text(Some(arn.rsplit(':').next().unwrap_or_default())),
            display: String::new(),
            key: None,
            subscriptions: heard.remove(&arn).unwrap_or_default(),
            arn: text(Some(&arn)),
        });
        let topics: Vec<Topic> = topics.collect();
        let detailed = stream::iter(topics.into_iter().enumerate()).map(|(n, topic)| async move {
            if n < DETAILED {
                self.detailed(topic).await
            } else {
                topic
            }
        });
        let mut all: Vec<Topic> = detailed.buffer_unordered(ABREAST).collect().await;
        all.order_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn arns(&self) -> Result<Vec<String>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let params: Vec<(&str, &str)> =
                token.iter().map(|t| ("NextToken", t.as_str())).collect();
            let page: TopicPage = self.signed.query(&self.line, &API, TOPICS, &params).await?;
            all.extend(page.topics.0.all.into_iter().map(|t| t.topic_arn));
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        Ok(all)
    }

    async fn subscriptions(&self) -> Result<BTreeMap<String, Vec<Subscription>>, Problem> {
        let mut all: BTreeMap<String, Vec<Subscription>> = BTreeMap::new();
        let mut rows = 0;
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let params: Vec<(&str, &str)> =
                token.iter().map(|t| ("NextToken", t.as_str())).collect();
            let page: SubscriptionPage = self
                .signed
                .query(&self.line, &API, SUBSCRIPTIONS, &params)
                .await?;
            rows += page.subscriptions.0.all.len();
            for entry in page.subscriptions.0.all {
                let row = subscription(&entry);
                all.entry(entry.topic_arn).or_default().push(row);
            }
            if !pages.turn(rows, page.next_token)? {
                break;
            }
        }
        Ok(all)
    }

    /// What a topic's attributes add; a topic whose attributes cannot be read is shown without.
    async fn detailed(&self, mut topic: Topic) -> Topic {
        let params = [("TopicArn", topic.arn.as_str())];
        let answer = self
            .signed
            .query::<Attributes>(&self.line, &API, ATTRIBUTES, &params)
            .await;
        for pair in answer.map(|a| a.attributes.entry).unwrap_or_default() {
            let value = text(pair.value.as_deref());
            match pair.key.as_str() {
                "DisplayName" => topic.display = value,
                "KmsMasterKeyId" if !value.is_empty() => topic.key = Some(value),
                _ => {}
            }
        }
        topic
    }
}

fn subscription(e: &SubscriptionEntry) -> Subscription {
    Subscription {
        protocol: text(Some(&e.protocol)),
        endpoint: text(Some(&cut(&e.protocol, e.endpoint.as_deref().unwrap_or("")))),
        // What is not confirmed has a word where others have an ARN: `PendingConfirmation`, `Deleted`.
        confirmed: e.subscription_arn.starts_with("arn:"),
    }
}

/// An endpoint that says where it goes and no more: the path of a hook is often its secret, a number and a mailbox are a
/// person's.
fn cut(protocol: &str, endpoint: &str) -> String {
    match protocol {
        "http" | "https" => {
            let (scheme, rest) = endpoint.split_once("://").unwrap_or((protocol, endpoint));
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/...")
        }
        "email" | "email-json" => match endpoint.split_once('@') {
            Some((name, host)) => {
                let first: String = name.chars().take(1).collect();
                format!("{first}...@{host}")
            }
            None => "...".into(),
        },
        "sms" => {
            let digits: Vec<char> = endpoint.chars().collect();
            let last: String = digits.iter().rev().take(2).rev().collect();
            format!("...{last}")
        }
        // Queues, functions, streams, applications: an ARN.
        _ => endpoint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_say_where_they_go_and_no_more() {
        let hook = "https://user:pw@hooks.example/services/T0/B0/secret?token=x";
        assert_eq!(cut("https", hook), "https://hooks.example/...");
        assert_eq!(
            cut("email", "ana.maria@laser.example"),
            "a...@laser.example"
        );
        assert_eq!(cut("sms", "+15550100199"), "...99");
        let arn = "arn:aws:sqs:us-east-1:1:q";
        assert_eq!(cut("sqs", arn), arn);
    }

    #[test]
    fn a_map_of_attributes_is_read() {
        let body = "<R><Attributes><entry><key>DisplayName</key><value>On call</value></entry><entry><key>Empty</key><value/></entry></Attributes></R>";
        let read: Attributes = quick_xml::de::from_str(body).unwrap();
        assert_eq!(read.attributes.entry.len(), 2);
        assert_eq!(read.attributes.entry[0].value.as_deref(), Some("On call"));
    }
}
