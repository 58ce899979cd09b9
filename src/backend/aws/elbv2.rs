//! Elastic Load Balancing v2 (API version 2015-12-01): target groups and the health of their targets.

use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::convert::{reason, some_text, text};
use super::pages::Pages;
use super::sound::told;
use super::{Aws, Question};
use crate::backend::transport::Line;
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::target::{Target, TargetGroup};

const GROUPS: Question = Question::new("elb", "DescribeTargetGroups", "read the target groups");
const HEALTH: Question = Question::new(
    "elb",
    "DescribeTargetHealth",
    "read the health of the targets",
);

/// The Elastic Load Balancing client.
#[derive(Debug)]
pub struct Elb {
    aws: Arc<Aws>,
    line: Arc<Line>,
}

impl Elb {
    /// On an account.
    pub fn new(aws: Arc<Aws>) -> Self {
        let line = aws.lines().elb.clone();
        Self { aws, line }
    }

    /// All target groups, by name, without their targets (DescribeTargetGroups, paged).
    pub async fn target_groups(&self) -> Result<Vec<TargetGroup>, Problem> {
        let mut groups = Vec::new();
        // Those without a name are none, and take their time all the same.
        let mut rows = 0;
        let mut pages = Pages::default();
        loop {
            let page = self
                .aws
                .read(&self.line, GROUPS, |c| {
                    c.elb
                        .describe_target_groups()
                        .page_size(400)
                        .set_marker(pages.token())
                        .send()
                })
                .await?;
            let told = told(&self.line, GROUPS, "TargetGroups", page.target_groups)?;
            rows += told.len();
            groups.extend(told.iter().filter_map(target_group));
            if !pages.turn(rows, page.next_marker)? {
                break;
            }
        }
        groups.order_by(|a, b| a.name.cmp(&b.name).then_with(|| a.arn.cmp(&b.arn)));
        Ok(groups)
    }

    /// Targets of a group with their health (DescribeTargetHealth).
    pub async fn targets(&self, group_arn: &str) -> Result<Vec<Target>, Problem> {
        let page = self
            .aws
            .read(&self.line, HEALTH, |c| {
                c.elb
                    .describe_target_health()
                    .target_group_arn(group_arn)
                    .send()
            })
            .await?;
        let told = told(
            &self.line,
            HEALTH,
            "TargetHealthDescriptions",
            page.target_health_descriptions,
        )?;
        let mut targets: Vec<Target> = told.iter().filter_map(target).collect();
        targets.order_by(|a, b| {
            let is_well = |t: &Target| t.state == "healthy";
            (&a.zone, &a.id, a.port, is_well(a)).cmp(&(&b.zone, &b.id, b.port, is_well(b)))
        });
        // One that is told twice is one, and as ill as it was called.
        targets.dedup_by(|b, a| (&a.zone, &a.id, a.port) == (&b.zone, &b.id, b.port));
        Ok(targets)
    }
}

fn target_group(g: &sdk::TargetGroup) -> Option<TargetGroup> {
    Some(TargetGroup {
        arn: some_text(g.target_group_arn())?,
        name: text(g.target_group_name()),
        load_balancers: g
            .load_balancer_arns()
            .iter()
            .map(|a| text(Some(a)))
            .collect(),
        protocol: some_text(g.protocol().map(sdk::ProtocolEnum::as_str)),
        health_check_path: some_text(g.health_check_path()),
        targets: Vec::new(),
    })
}

fn target(d: &sdk::TargetHealthDescription) -> Option<Target> {
    let t = d.target()?;
    let health = d.target_health();
    let code = health.and_then(|h| h.reason()).map(|r| r.as_str());
    let words = health.and_then(|h| h.description());
    Some(Target {
        id: text(t.id()),
        port: u16::try_from(t.port().unwrap_or(0)).unwrap_or(0),
        zone: text(t.availability_zone()),
        state: text(
            health
                .and_then(|h| h.state())
                .map(sdk::TargetHealthStateEnum::as_str),
        ),
        reason: match (code, words) {
            (Some(code), Some(words)) => reason(Some(&format!("{code}: {words}"))),
            (one, other) => reason(one.or(other)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unhealthy_target_says_why() {
        let t = sdk::TargetDescription::builder()
            .id("10.0.1.7")
            .port(8080)
            .availability_zone("us-east-1a");
        let h = sdk::TargetHealth::builder()
            .state(sdk::TargetHealthStateEnum::Unhealthy)
            .reason(sdk::TargetHealthReasonEnum::ResponseCodeMismatch)
            .description("Health checks failed with these codes: [503]");
        let d = sdk::TargetHealthDescription::builder()
            .target(t.build())
            .target_health(h.build());
        let got = target(&d.build()).unwrap();
        assert_eq!(
            (got.state.as_str(), got.zone.as_str(), got.port),
            ("unhealthy", "us-east-1a", 8080)
        );
        assert!(
            got.reason
                .starts_with("Target.ResponseCodeMismatch: Health"),
            "{}",
            got.reason
        );
    }
}
