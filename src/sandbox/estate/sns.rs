//! SNS (API version 2010-03-31, Query): topics, who hears of them, and what was published. One topic is heard by nobody yet:
//! its subscription waits for a confirmation.

use crate::wire::{ApiError, Node, map};
use crate::world::{World, names};

/// Topics and subscriptions of a page, as the vendor pages them.
const PAGE: usize = 100;

/// A topic.
#[derive(Debug)]
struct Topic {
    name: String,
    display: String,
    encrypted: bool,
}

/// Somebody who hears of a topic.
#[derive(Debug)]
struct Subscription {
    topic: String,
    id: String,
    protocol: String,
    endpoint: String,
    confirmed: bool,
}

/// Every topic.
#[derive(Debug, Default)]
pub struct Topics {
    topics: Vec<Topic>,
    subscriptions: Vec<Subscription>,
    published: u64,
}

/// Name, display name, whether it is encrypted.
const TOPICS: &[(&str, &str, bool)] = &[
    ("laser-prod-billing", "Laser billing", false),
    ("laser-prod-deploys", "Laser deployments", true),
    ("laser-prod-oncall", "Laser on call", true),
];

/// Topic, protocol, endpoint, whether it is confirmed.
const SUBSCRIPTIONS: &[(&str, &str, &str, bool)] = &[
    ("laser-prod-oncall", "email", "oncall@laser.example", true),
    (
        "laser-prod-oncall",
        "https",
        "https://hooks.laser.example/sns/oncall?token=sandbox-hook-secret",
        true,
    ),
    ("laser-prod-oncall", "sms", "+15550100199", true),
    (
        "laser-prod-deploys",
        "https",
        "https://hooks.laser.example/sns/deploys?token=sandbox-hook-secret",
        true,
    ),
    (
        "laser-prod-billing",
        "email",
        "finance@laser.example",
        false,
    ),
];

impl Topics {
    /// What the story begins with.
    pub fn new(told: bool) -> Self {
        let (topics, subscriptions) = if told {
            (TOPICS, SUBSCRIPTIONS)
        } else {
            (&[][..], &[][..])
        };
        let topic = |(name, display, encrypted): &(&str, &str, bool)| Topic {
            name: (*name).to_owned(),
            display: (*display).to_owned(),
            encrypted: *encrypted,
        };
        let subscription = |(n, s): (usize, &(&str, &str, &str, bool))| Subscription {
            topic: s.0.to_owned(),
            id: format!("5be0c1e{n}-79cb-4b17-9a4d-0f1e2d3c4b5{n}"),
            protocol: s.1.to_owned(),
            endpoint: s.2.to_owned(),
            confirmed: s.3,
        };
        Self {
            topics: topics.iter().map(topic).collect(),
            subscriptions: subscriptions.iter().enumerate().map(subscription).collect(),
            published: 0,
        }
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &mut World,
    ) -> Result<Node, ApiError> {
        match operation {
            "ListTopics" => {
                let topic = |t: &Topic| map([("TopicArn", arn(&t.name).into())]);
                Ok(page(
                    "Topics",
                    self.topics.iter().map(topic).collect(),
                    input,
                ))
            }
            "ListSubscriptions" => {
                let all = self.subscriptions.iter().map(Subscription::show);
                Ok(page("Subscriptions", all.collect(), input))
            }
            "ListSubscriptionsByTopic" => {
                let name = self.find(input)?.name.clone();
                let all = self.subscriptions.iter().filter(|s| s.topic == name);
                Ok(page(
                    "Subscriptions",
                    all.map(Subscription::show).collect(),
                    input,
                ))
            }
            "GetTopicAttributes" => Ok(map([("Attributes", self.attributes(self.find(input)?))])),
            "CreateTopic" => self.create(input),
            "Subscribe" => self.subscribe(input, world),
            "ConfirmSubscription" => self.confirm(input),
            "Unsubscribe" => self.unsubscribe(input),
            "Publish" => self.publish(input),
            other => Err(ApiError::unknown_operation(other)),
        }
    }

    fn find(&self, input: &Node) -> Result<&Topic, ApiError> {
        let wanted = ["TopicArn", "TargetArn"].map(|n| input.get(n).as_text());
        let wanted = wanted.into_iter().flatten().next().unwrap_or_default();
        let found = self.topics.iter().find(|t| arn(&t.name) == wanted);
        found.ok_or_else(|| ApiError::new("NotFound", "Topic does not exist").with_status(404))
    }

    fn attributes(&self, topic: &Topic) -> Node {
        let of = |confirmed| {
            let all = self.subscriptions.iter().filter(|s| s.topic == topic.name);
            all.filter(|s| s.confirmed == confirmed).count().to_string()
        };
        let all = map([
            ("TopicArn", Node::Str(arn(&topic.name))),
            ("Owner", names::ACCOUNT.into()),
            ("DisplayName", (&topic.display).into()),
            ("SubscriptionsConfirmed", of(true).into()),
            ("SubscriptionsPending", of(false).into()),
            ("SubscriptionsDeleted", "0".into()),
        ]);
        if topic.encrypted {
            all.with("KmsMasterKeyId", "alias/laser-prod")
        } else {
            all
        }
    }

    /// Making a topic that exists gives the one that exists.
    fn create(&mut self, input: &Node) -> Result<Node, ApiError> {
        let name = input.get("Name").as_text().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
            return Err(ApiError::new(
                "InvalidParameter",
                "Invalid parameter: Topic Name",
            ));
        }
        if !self.topics.iter().any(|t| t.name == name) {
            let (name, display) = (name.to_owned(), String::new());
            self.topics.push(Topic {
                name,
                display,
                encrypted: false,
            });
        }
        Ok(map([("TopicArn", arn(name).into())]))
    }

    /// Queues and functions of the same account are subscribed at once; whoever else it is has to confirm.
    fn subscribe(&mut self, input: &Node, world: &mut World) -> Result<Node, ApiError> {
        let text = |name: &str| input.get(name).as_text().unwrap_or_default().to_owned();
        let made = Subscription {
            topic: self.find(input)?.name.clone(),
            id: format!(
                "{}-{}-4{}-8{}-{}",
                world.hex(8),
                world.hex(4),
                world.hex(3),
                world.hex(3),
                world.hex(12)
            ),
            protocol: text("Protocol"),
            endpoint: text("Endpoint"),
            confirmed: matches!(text("Protocol").as_str(), "sqs" | "lambda" | "sms"),
        };
        let full = input.get("ReturnSubscriptionArn").as_bool() == Some(true);
        let told = if made.confirmed || full {
            made.arn()
        } else {
            "pending confirmation".to_owned()
        };
        self.subscriptions.push(made);
        Ok(map([("SubscriptionArn", told.into())]))
    }

    /// The token is the subscription's id, as only its owner is told it.
    fn confirm(&mut self, input: &Node) -> Result<Node, ApiError> {
        let topic = self.find(input)?.name.clone();
        let token = input.get("Token").as_text().unwrap_or_default();
        let found = self
            .subscriptions
            .iter_mut()
            .find(|s| s.topic == topic && s.id == token);
        let found =
            found.ok_or_else(|| ApiError::new("InvalidParameter", "Invalid parameter: Token"))?;
        found.confirmed = true;
        Ok(map([("SubscriptionArn", found.arn().into())]))
    }

    fn unsubscribe(&mut self, input: &Node) -> Result<Node, ApiError> {
        let wanted = input.get("SubscriptionArn").as_text().unwrap_or_default();
        self.subscriptions.retain(|s| s.arn() != wanted);
        Ok(Node::Null)
    }

    fn publish(&mut self, input: &Node) -> Result<Node, ApiError> {
        self.find(input)?;
        if input.get("Message").as_text().is_none() {
            return Err(ApiError::new(
                "InvalidParameter",
                "Invalid parameter: Empty message",
            ));
        }
        self.published += 1;
        let id = format!("{:08x}-9a1c-5e0d-b7f3-6d2c4a8e0f11", self.published);
        Ok(map([("MessageId", id.into())]))
    }
}

impl Subscription {
    fn arn(&self) -> String {
        format!("{}:{}", arn(&self.topic), self.id)
    }

    fn show(&self) -> Node {
        let named = if self.confirmed {
            self.arn()
        } else {
            "PendingConfirmation".to_owned()
        };
        map([
            ("SubscriptionArn", Node::Str(named)),
            ("Owner", names::ACCOUNT.into()),
            ("Protocol", (&self.protocol).into()),
            ("Endpoint", (&self.endpoint).into()),
            ("TopicArn", arn(&self.topic).into()),
        ])
    }
}

fn arn(topic: &str) -> String {
    format!("arn:aws:sns:{}:{}:{topic}", names::REGION, names::ACCOUNT)
}

/// A page of a list; the token is where the next one begins.
fn page(name: &str, all: Vec<Node>, input: &Node) -> Node {
    let start: usize = input
        .get("NextToken")
        .as_text()
        .and_then(|t| t.parse().ok())
        .unwrap_or(0);
    let end = start.saturating_add(PAGE);
    let next = (end < all.len()).then(|| end.to_string());
    map([
        (
            name,
            Node::List(all.into_iter().skip(start).take(PAGE).collect()),
        ),
        ("NextToken", next.into()),
    ])
}
