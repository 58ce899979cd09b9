//! CloudWatch's alarm mute rules: while one is active, alarms change their states and tell nobody.

use std::sync::Arc;

use aws_sdk_cloudwatch::types as sdk;

use super::convert::{text, time};
use super::pages::Pages;
use super::sound::told;
use super::{Aws, Question};
use crate::backend::transport::Line;
use crate::domain::mute::MuteRule;
use crate::domain::problem::Problem;

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
        for summary in &listed {
            // `arn:aws:cloudwatch:REGION:ACCOUNT:alarm-mute-rule:NAME`.
            let arn = summary.alarm_mute_rule_arn().unwrap_or_default();
            let name = arn.rsplit(":alarm-mute-rule:").next().unwrap_or(arn);
            let rule = self
                .aws
                .read(&self.line, RULE, |c| {
                    c.cloudwatch
                        .get_alarm_mute_rule()
                        .alarm_mute_rule_name(name)
                        .send()
                })
                .await?;
            let targets = rule.mute_targets.and_then(|t| t.alarm_names);
            let targets = told(&self.line, RULE, "MuteTargets", targets)?;
            rules.push(MuteRule {
                name: text(Some(name)),
                alarms: targets.iter().map(|n| text(Some(n))).collect(),
                expires_at: time(rule.expire_date.as_ref()),
            });
        }
        Ok(rules)
    }
}
