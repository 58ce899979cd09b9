//! Load balancers of a second region (Elastic Load Balancing v2, Query API 2015-12-01): which targets they lead to, and how those
//! fare.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::Question;
use super::convert::{reason, some_text, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::Required;
use crate::backend::transport::Line;
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::target::{Target, TargetGroup, TargetsAbroad};

const API: Api = Api {
    host: "elasticloadbalancing",
    signing: "elasticloadbalancing",
    variable: "ELASTIC_LOAD_BALANCING_V2",
    target: "",
    version: "2015-12-01",
    only_in: None,
};
const GROUPS: Question = Question::new(
    "elb-abroad",
    "DescribeTargetGroups",
    "read the second region's target groups",
);
const HEALTH: Question = Question::new(
    "elb-abroad",
    "DescribeTargetHealth",
    "read the health of the second region's targets",
);
/// Groups whose targets are read: each costs a call.
const DETAILED: usize = 40;
/// Groups asked about at once.
const ABREAST: usize = 3;

/// The client.
#[derive(Debug)]
pub struct Balancers {
    signed: Arc<Signed>,
    line: Arc<Line>,
    region: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupPage {
    target_groups: Required<Members<Group>>,
    next_marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Members<T> {
    #[serde(rename = "member")]
    all: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Group {
    target_group_arn: String,
    target_group_name: String,
    protocol: Option<String>,
    health_check_path: Option<String>,
    load_balancer_arns: Members<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthPage {
    target_health_descriptions: Required<Members<Described>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Described {
    target: Option<Place>,
    target_health: Option<Health>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Place {
    id: String,
    port: Option<u16>,
    availability_zone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Health {
    state: Option<String>,
    reason: Option<String>,
}

impl Balancers {
    /// In a region; `None`: nobody named one, and nothing is asked.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>, region: Option<String>) -> Self {
        Self {
            signed,
            line,
            region,
        }
    }

    /// Target groups that a load balancer there uses, by name, with their targets.
    ///
    /// # Errors
    /// Where AWS cannot be asked there or refuses.
    pub async fn targets(&self) -> Result<TargetsAbroad, Problem> {
        let Some(region) = &self.region else {
            return Ok(TargetsAbroad::default());
        };
        let mut groups = self.groups(region).await?;
        groups.retain(|g| !g.load_balancers.is_empty());
        groups.order_by(|a, b| (&a.name, &a.arn).cmp(&(&b.name, &b.arn)));
        let unread = groups.len().saturating_sub(DETAILED);
        groups.truncate(DETAILED);
        let groups = stream::iter(groups)
            .map(|group| self.detailed(region, group))
            .buffered(ABREAST)
            .try_collect()
            .await?;
        Ok(TargetsAbroad {
            region: region.clone(),
            groups,
            unread,
        })
    }

    async fn groups(&self, region: &str) -> Result<Vec<TargetGroup>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let marker = pages.token();
            let mut params = vec![("PageSize", "400")];
            params.extend(marker.iter().map(|m| ("Marker", m.as_str())));
            let page: GroupPage = self
                .signed
                .query_in(&self.line, &API, GROUPS, Some(region), &params)
                .await?;
            all.extend(page.target_groups.0.all.iter().map(group));
            if !pages.turn(all.len(), page.next_marker)? {
                break;
            }
        }
        Ok(all)
    }

    async fn detailed(&self, region: &str, mut group: TargetGroup) -> Result<TargetGroup, Problem> {
        let params = [("TargetGroupArn", group.arn.as_str())];
        let page: HealthPage = self
            .signed
            .query_in(&self.line, &API, HEALTH, Some(region), &params)
            .await?;
        let mut targets: Vec<Target> = page
            .target_health_descriptions
            .0
            .all
            .iter()
            .filter_map(target)
            .collect();
        targets.order_by(|a, b| (&a.zone, &a.id, a.port).cmp(&(&b.zone, &b.id, b.port)));
        group.targets = targets;
        Ok(group)
    }
}

fn group(g: &Group) -> TargetGroup {
    TargetGroup {
        arn: text(Some(&g.target_group_arn)),
        name: text(Some(&g.target_group_name)),
        load_balancers: g
            .load_balancer_arns
            .all
            .iter()
            .map(|a| text(Some(a)))
            .collect(),
        protocol: some_text(g.protocol.as_deref()),
        health_check_path: some_text(g.health_check_path.as_deref()),
        targets: Vec::new(),
    }
}

fn target(d: &Described) -> Option<Target> {
    let place = d.target.as_ref()?;
    let health = d.target_health.as_ref();
    Some(Target {
        id: text(Some(&place.id)),
        port: place.port.unwrap_or(0),
        zone: text(place.availability_zone.as_deref()),
        state: text(health.and_then(|h| h.state.as_deref())),
        reason: reason(health.and_then(|h| h.reason.as_deref())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_their_states_are_read() {
        let body = "<R><TargetHealthDescriptions><member><Target><Id>10.8.0.4</Id><Port>8080</Port><AvailabilityZone>eu-west-1a</AvailabilityZone></Target><TargetHealth><State>unhealthy</State><Reason>Target.Timeout</Reason></TargetHealth></member></TargetHealthDescriptions></R>";
        let read: HealthPage = quick_xml::de::from_str(body).unwrap();
        let got = target(&read.target_health_descriptions.0.all[0]).unwrap();
        assert_eq!(
            (got.port, got.zone.as_str(), got.state.as_str()),
            (8080, "eu-west-1a", "unhealthy")
        );
        let none: GroupPage = quick_xml::de::from_str("<R><TargetGroups/></R>").unwrap();
        assert!(none.target_groups.0.all.is_empty());
    }
}
