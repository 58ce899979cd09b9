//! Topics and who hears of them, after the Amazon SNS API reference (version 2010-03-31).

use serde::Serialize;

/// Somebody who hears of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// `email`, `https`, `sms`, `lambda`, `sqs` ...
    pub protocol: String,
    /// Where it goes, without what would let others use it.
    pub endpoint: String,
    /// Whether it was confirmed: nothing is sent before.
    pub confirmed: bool,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// Name that messages show.
    pub display: String,
    /// Key that it is encrypted with; `None`: it is not, or nobody could be asked.
    pub key: Option<String>,
    /// Who hears of it.
    pub subscriptions: Vec<Subscription>,
}

impl Topic {
    /// How many hear of it.
    pub fn confirmed(&self) -> usize {
        self.subscriptions.iter().filter(|s| s.confirmed).count()
    }

    /// How many have not confirmed yet.
    pub fn pending(&self) -> usize {
        self.subscriptions.len() - self.confirmed()
    }
}
