//! AWS Security Token Service (API version 2011-06-15): who we are.

use std::sync::Arc;

use super::convert::text;
use super::{Aws, Question};
use crate::backend::transport::Line;
use crate::domain::problem::Problem;
use crate::domain::service::Identity;

const WHO: Question = Question::new("sts", "GetCallerIdentity", "tell which account this is");

/// The STS client.
#[derive(Debug)]
pub struct Sts {
    aws: Arc<Aws>,
    line: Arc<Line>,
}

impl Sts {
    /// On an account.
    pub fn new(aws: Arc<Aws>) -> Self {
        let line = aws.lines().sts.clone();
        Self { aws, line }
    }

    /// How often credentials were loaded: after each time it is not known who we are. Asks nobody.
    pub fn loads(&self) -> u32 {
        self.aws.made()
    }

    /// Where the clients ask: endpoint and region, without asking or waiting for anybody. `None`: that is not known, or not yet.
    pub fn place(&self) -> Option<String> {
        self.aws.place()
    }

    /// Who we are to AWS, and in which region (GetCallerIdentity).
    pub async fn identity(&self) -> Result<Identity, Problem> {
        Ok(self.identity_and_load().await?.0)
    }

    /// The same, with the load of the credentials that it was asked with: of those that are loaded next it says nothing.
    ///
    /// # Errors
    /// As of the question.
    pub async fn identity_and_load(&self) -> Result<(Identity, u32), Problem> {
        let (mut region, mut load) = (String::new(), 0);
        let asked = self.aws.read(&self.line, WHO, |c| {
            region.clone_from(&c.region);
            load = c.load;
            c.sts.get_caller_identity().send()
        });
        let who = asked.await?;
        let identity = Identity {
            account: text(who.account()),
            arn: text(who.arn()),
            region,
        };
        Ok((identity, load))
    }

    /// The load of the credentials in use, which are loaded where they are not yet.
    ///
    /// # Errors
    /// `Config` where no region is known, or the environment names an endpoint that is none.
    pub async fn load(&self) -> Result<u32, Problem> {
        Ok(self.aws.clients().await?.load)
    }
}
