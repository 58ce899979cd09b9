//! CloudWatch's alarm mute rules: while one is active, alarms change their states and tell nobody.

use std::sync::Arc;

use aws_sdk_cloudwatch::types as sdk;
use futures_util::{StreamExt, stream};

use super::convert::{text, time};
use super::pages::Pages;
use super::sound::told;
use super::{Aws, Question};
use crate::backend::transport::Line;
use crate::domain::mute::MuteRule;
use crate::domain::problem::{Problem, ProblemKind};

const RULES: Question = Question::new(
    "cloudwatch",
    "ListAlarmMuteRules",
    "list the rules that mute alarms",
);
const RULE: Question = Question::new(
    "cloudwatch",
    "GetAlarmMuteRule",
    "read a rule that mutes alarms",
);

/// Rules that are read at a time.
const ABREAST: usize = 3;

/// Asks for them on a line of their own: whoever may read alarms need not be allowed to read these.
#[derive(Debug)]
pub struct AlarmMutes {
    aws: Arc<Aws>,
    line: Arc<Line>,
}

impl AlarmMutes {
    /// On an account.
    pub fn new(aws: Arc<Aws>, line: Arc<Line>) -> Self {
        Self { aws, line }
    }

    /// The rules that are active now, with the alarms that they mute: a list tells of each its name alone, and mostly there is none.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn active(&self) -> Result<Vec<MuteRule>, Problem> {
        let mut listed = Vec::new();
        let mut pages = Pages::default();
        loop {
            let page = self
                .aws
                .read(&self.line, RULES, |c| {
                    c.cloudwatch
                        .list_alarm_mute_rules()
                        .statuses(sdk::AlarmMuteRuleStatus::Active)
                        .max_records(100)
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            let rules = page.alarm_mute_rule_summaries;
            listed.extend(told(&self.line, RULES, "AlarmMuteRuleSummaries", rules)?);
            if !pages.turn(listed.len(), page.next_token)? {
                break;
            }
        }
        let mut rules = Vec::new();
        let asked = listed.iter().map(|summary| {
            // `arn:aws:cloudwatch:REGION:ACCOUNT:alarm-mute-rule:NAME`.
            let arn = summary.alarm_mute_rule_arn().unwrap_or_default();
            let name = arn.rsplit(":alarm-mute-rule:").next().unwrap_or(arn);
            self.rule(name.to_owned())
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = stream::iter(asked).buffered(ABREAST);
        while let Some(rule) = answers.next().await {
            rules.extend(rule?);
        }
        Ok(rules)
    }

    /// One rule; `None` where it was taken away since it was listed: it mutes nothing any more.
    async fn rule(&self, name: String) -> Result<Option<MuteRule>, Problem> {
        let answer = self
            .aws
            .read(&self.line, RULE, |c| {
                c.cloudwatch
                    .get_alarm_mute_rule()
                    .alarm_mute_rule_name(&name)
                    .send()
            })
            .await;
        let rule = match answer {
            Err(p) if p.kind == ProblemKind::NotFound => return Ok(None),
            answer => answer?,
        };
        // A rule need not have targets (CloudWatch API reference, "PutAlarmMuteRule", `MuteTargets`), and mutes nothing without.
        let targets = match rule.mute_targets {
            Some(targets) => told(&self.line, RULE, "AlarmNames", targets.alarm_names)?,
            None => Vec::new(),
        };
        Ok(Some(MuteRule {
            name: text(Some(&name)),
            alarms: targets.iter().map(|n| text(Some(n))).collect(),
            expires_at: time(rule.expire_date.as_ref()),
        }))
    }
}
