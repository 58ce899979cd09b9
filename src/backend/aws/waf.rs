//! AWS WAF (API version 2019-07-29) and Shield (2016-06-02), both AWS JSON: the web ACLs of the region with what stands behind them,
//! and whether Shield Advanced is subscribed to.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Question;
use super::convert::{tail, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::Required;
use crate::backend::transport::Line;
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::wall::{WallRule, Walls, WebAcl};

const API: Api = Api {
    host: "wafv2",
    signing: "wafv2",
    variable: "WAFV2",
    target: "AWSWAF_20190729",
    version: "",
    only_in: None,
};
const SHIELD: Api = Api {
    host: "shield",
    signing: "shield",
    variable: "SHIELD",
    target: "AWSShield_20160616",
    version: "",
    only_in: Some("us-east-1"),
};
const LIST: Question = Question::new("waf", "ListWebACLs", "list the web ACLs");
const GET: Question = Question::new("waf", "GetWebACL", "read a web ACL");
const BEHIND: Question = Question::new(
    "waf",
    "ListResourcesForWebACL",
    "list what stands behind a web ACL",
);
const STATE: Question = Question::new(
    "waf",
    "GetSubscriptionState",
    "ask whether Shield Advanced is on",
);

/// Web ACLs read at most, two calls each: as many as a region has unless AWS is asked for more (AWS WAF quotas).
const MOST: usize = 100;

/// The WAF client.
#[derive(Debug)]
pub struct Waf {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(rename = "WebACLs")]
    acls: Required<Vec<Summary>>,
    next_marker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Summary {
    name: String,
    id: String,
    #[serde(rename = "ARN")]
    arn: String,
}

#[derive(Debug, Deserialize)]
struct Got {
    #[serde(rename = "WebACL")]
    acl: Required<Acl>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Acl {
    default_action: Map<String, Value>,
    rules: Vec<Rule>,
    /// Groups that Firewall Manager puts before and after the rules.
    pre_process_firewall_manager_rule_groups: Vec<Rule>,
    post_process_firewall_manager_rule_groups: Vec<Rule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Rule {
    name: String,
    priority: i64,
    #[serde(alias = "FirewallManagerStatement")]
    statement: Map<String, Value>,
    action: Option<Map<String, Value>>,
    override_action: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Behind {
    resource_arns: Required<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct State {
    subscription_state: String,
}

impl Waf {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// The web ACLs of the region.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses. Shield may be refused by itself: then it is not known.
    pub async fn walls(&self) -> Result<Walls, Problem> {
        // First, so that a refusal of this alone does not stand for the whole line.
        let state = self
            .signed
            .json(&self.line, &SHIELD, STATE, &json!({}))
            .await;
        let shield_advanced = state
            .ok()
            .and_then(|s: State| match s.subscription_state.as_str() {
                "ACTIVE" => Some(true),
                "INACTIVE" => Some(false),
                _ => None,
            });
        let mut listed = Vec::new();
        let mut pages = Pages::default();
        // One more than are read tells that there are more.
        while listed.len() <= MOST {
            let input = match pages.token() {
                Some(marker) => json!({"Scope": "REGIONAL", "Limit": 100, "NextMarker": marker}),
                None => json!({"Scope": "REGIONAL", "Limit": 100}),
            };
            let page: Listed = self.signed.json(&self.line, &API, LIST, &input).await?;
            // The marker may come with a page that is the last one.
            let next = page.next_marker.filter(|_| !page.acls.0.is_empty());
            listed.extend(page.acls.0);
            if !pages.turn(listed.len(), next)? {
                break;
            }
        }
        let mut acls = Vec::new();
        for summary in listed.iter().take(MOST) {
            acls.push(self.acl(summary).await?);
        }
        acls.order_by(|a, b| a.name.cmp(&b.name));
        Ok(Walls {
            unread: listed.len().saturating_sub(MOST),
            acls,
            shield_advanced,
        })
    }

    async fn acl(&self, summary: &Summary) -> Result<WebAcl, Problem> {
        let input = json!({"Name": summary.name, "Id": summary.id, "Scope": "REGIONAL"});
        let got: Got = self.signed.json(&self.line, &API, GET, &input).await?;
        let input = json!({"WebACLArn": summary.arn, "ResourceType": "APPLICATION_LOAD_BALANCER"});
        let behind: Behind = self.signed.json(&self.line, &API, BEHIND, &input).await?;
        let acl = got.acl.0;
        // Each list has its own order, and is gone through after the one before it.
        let mut rules = Vec::new();
        for mut some in [
            acl.pre_process_firewall_manager_rule_groups,
            acl.rules,
            acl.post_process_firewall_manager_rule_groups,
        ] {
            some.order_by_key(|r| r.priority);
            rules.extend(some);
        }
        Ok(WebAcl {
            name: text(Some(&summary.name)),
            allows: acl.default_action.contains_key("Allow"),
            rules: rules.iter().map(rule).collect(),
            guards: behind
                .resource_arns
                .0
                .iter()
                .map(|arn| text(Some(balancer(arn))))
                .collect(),
        })
    }
}

/// The name of a load balancer, of `...:loadbalancer/app/name/id`.
fn balancer(arn: &str) -> &str {
    let named = arn.split_once(":loadbalancer/");
    let mut steps = named.map_or("", |(_, rest)| rest).split('/');
    steps.nth(1).unwrap_or_else(|| tail(arn))
}

fn rule(r: &Rule) -> WallRule {
    let (word, statement) = r
        .statement
        .iter()
        .next()
        .map_or(("", &Value::Null), |(k, v)| (k.as_str(), v));
    let kind = match word {
        "RateBasedStatement" => "rate".into(),
        "ManagedRuleGroupStatement" => "managed".into(),
        other => text(Some(other.trim_end_matches("Statement"))),
    };
    let action = r.action.as_ref().or(r.override_action.as_ref());
    let action = action.and_then(|a| a.keys().next()).map(String::as_str);
    WallRule {
        name: text(Some(&r.name)),
        kind,
        action: match action {
            None | Some("None") => "as the group says".into(),
            Some(word) => text(Some(word)).to_lowercase(),
        },
        limit: statement.get("Limit").and_then(Value::as_u64),
        window_s: statement
            .get("Limit")
            .map(|_| {
                statement
                    .get("EvaluationWindowSec")
                    .and_then(Value::as_u64)
                    .unwrap_or(300)
            })
            .and_then(|s| u32::try_from(s).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_say_what_they_do() {
        let read = |v: Value| rule(&serde_json::from_value(v).unwrap());
        let rate = read(json!({
            "Name": "slow", "Priority": 0, "Action": {"Block": {}},
            "Statement": {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP"}},
        }));
        assert_eq!(
            (rate.kind.as_str(), rate.limit, rate.window_s),
            ("rate", Some(100), Some(300))
        );
        assert!(rate.limits());
        let counted = read(json!({
            "Name": "slow", "Action": {"Count": {}}, "Statement": {"RateBasedStatement": {"Limit": 100}},
        }));
        assert!(!counted.limits(), "counting holds nobody back");
        let managed = read(json!({
            "Name": "common", "OverrideAction": {"None": {}}, "Statement": {"ManagedRuleGroupStatement": {"Name": "x"}},
        }));
        assert_eq!(
            (managed.kind.as_str(), managed.action.as_str()),
            ("managed", "as the group says")
        );
        let central = read(json!({
            "Name": "FMManagedRule", "Priority": 0, "OverrideAction": {"Count": {}},
            "FirewallManagerStatement": {"ManagedRuleGroupStatement": {"Name": "x"}},
        }));
        assert_eq!(
            (central.kind.as_str(), central.action.as_str()),
            ("managed", "count")
        );
        assert_eq!(
            balancer(
                "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/50dc6c495c0c9188"
            ),
            "web"
        );
    }
}
