//! The dashboards that the team of the story has made in CloudWatch.

use crate::cloudwatch::DashboardStore;
use crate::world::{World, names};

/// Name, body, and how many days ago somebody last changed it.
const TOLD: [(&str, &str, f64); 4] = [
    (
        "laser-prod-overview",
        include_str!("boards/overview.json"),
        3.0,
    ),
    ("laser-prod-data", include_str!("boards/data.json"), 41.0),
    ("laser-prod-logs", include_str!("boards/logs.json"), 12.0),
    ("laser-business", include_str!("boards/business.json"), 8.0),
];

/// Puts them up.
pub(super) fn pin(store: &mut DashboardStore, world: &World) {
    let Some((balancer, id)) = world.load_balancers.iter().next() else {
        return;
    };
    let balancer = format!("app/{balancer}/{id}");
    for (name, body, days) in TOLD {
        let body = body
            .replace("@BALANCER@", &balancer)
            .replace("@REGION@", names::REGION)
            .replace("@ACCOUNT@", names::ACCOUNT);
        store.put(name, body, world.stamp() - days * 86_400.0);
    }
}
