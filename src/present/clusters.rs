//! Clusters of ECS: what runs in each, where its tasks may be placed, and the services of each with how they stand.

use jiff::Timestamp;
use serde_json::json;

use super::words::count;
use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::service::{Cluster, Service};

pub(super) const VIEW: View = View {
    id: "clusters",
    title: "Clusters",
    doc: "ECS clusters: state, services, tasks that run and that are to come, capacity providers",
    group: Group::Delivery,
    lines: &["ecs"],
    needs: &["services"],
    make: Make::Facts(make),
};

const CLUSTERS: &[Head] = &[
    Head::left("cluster", 16).grow(2),
    Head::left("state", 12),
    Head::right("services", 8),
    Head::right("running", 8),
    Head::right("pending", 8),
    Head::right("hosts", 6).drop(2),
    Head::left("capacity", 16).grow(2).drop(1),
];

const SERVICES: &[Head] = &[
    Head::left("cluster", 16).grow(1),
    Head::left("service", 16).grow(1),
    Head::right("running", 8),
    Head::right("wanted", 7),
    Head::left("revision", 14).grow(1).drop(1),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.clusters;
    let empty = "No clusters: ECS has none in this account and region.";
    let mut clusters = Section::of(part, now, "clusters", "Clusters", CLUSTERS, empty);
    for c in part.rows() {
        clusters.row(&c.arn, row(c), c);
    }
    let idle = part
        .rows()
        .iter()
        .filter(|c| c.active_services == 0 && c.running_tasks == 0)
        .count();
    if idle > 0 {
        clusters.note(
            format!("{} in which nothing runs", count(idle, "cluster")),
            Tone::Muted,
        );
    }
    let empty = "No services: `flightdeck services` says what was asked.";
    let part = &facts.services;
    let mut services = Section::of(
        part,
        now,
        "services",
        "Services by cluster",
        SERVICES,
        empty,
    );
    for s in facts.service_rows() {
        services.row(s.id.to_string(), cells(s), &told(s));
    }
    vec![clusters, services]
}

fn row(c: &Cluster) -> Vec<Cell> {
    let tone = match c.status.as_str() {
        "ACTIVE" => Tone::Ok,
        "PROVISIONING" => Tone::Info,
        _ => Tone::Bad,
    };
    let capacity = match c.capacity_providers.is_empty() {
        true => Cell::muted("none"),
        false => Cell::plain(c.capacity_providers.join(", ")),
    };
    vec![
        Cell::name(&c.name),
        Cell::new(&c.status, tone),
        Cell::plain(c.active_services.to_string()),
        Cell::plain(c.running_tasks.to_string()),
        Cell::plain(c.pending_tasks.to_string()),
        Cell::muted(c.container_instances.to_string()),
        capacity,
    ]
}

fn cells(s: &Service) -> Vec<Cell> {
    vec![
        Cell::muted(&s.id.cluster),
        Cell::name(&s.id.name),
        // That too few run is told of by the services' own page.
        Cell::plain(s.answering().running.to_string()),
        Cell::plain(s.answering().desired.to_string()),
        // The number tells, and comes before a name that may have no room.
        Cell::muted(format!(":{} {}", s.revision.number, s.revision.family)),
    ]
}

fn told(s: &Service) -> serde_json::Value {
    json!({
        "cluster": s.id.cluster, "name": s.id.name, "status": s.status, "running": s.counts.running,
        "serving": s.answering().running,
        "desired": s.counts.desired, "pending": s.counts.pending, "revision": s.revision.to_string(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::part::Part;

    /// A family's name is cut where there is no room; which revision it is never is.
    #[test]
    fn the_number_of_a_revision_comes_before_its_family() {
        let service = service();
        assert_eq!(cells(&service)[4].text, ":7 shop-api");
    }

    pub(in crate::present) fn service() -> Service {
        use crate::domain::service::*;
        Service {
            id: ServiceId {
                cluster: "shop".into(),
                name: "api".into(),
            },
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: TaskCounts::default(),
            revision: Revision {
                arn: String::new(),
                family: "shop-api".into(),
                number: 7,
            },
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker::default(),
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![],
            rollouts: vec![],
            revisions: vec![],
            scaling: None,
            events: vec![],
            created_at: None,
        }
    }

    #[test]
    fn a_cluster_that_goes_away_is_bad_and_one_without_providers_says_so() {
        let now = Timestamp::UNIX_EPOCH;
        let cluster = |name: &str, status: &str, providers: &[&str]| Cluster {
            arn: format!("arn:{name}"),
            name: name.into(),
            status: status.into(),
            active_services: u32::from(!providers.is_empty()),
            running_tasks: 3,
            pending_tasks: 0,
            container_instances: 0,
            capacity_providers: providers.iter().map(|p| (*p).to_owned()).collect(),
        };
        let all = vec![
            cluster("shop", "ACTIVE", &["FARGATE", "FARGATE_SPOT"]),
            cluster("old", "DEPROVISIONING", &[]),
        ];
        let facts = Facts {
            clusters: Part::answered(all, now, "ecs:DescribeClusters", Duration::from_secs(30)),
            ..Facts::default()
        };
        let sections = make(&facts, now);
        let text = |n: usize| {
            let cells = sections[0].rows[n].cells.iter();
            cells.map(|c| c.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text(0), "shop ACTIVE 1 3 0 0 FARGATE, FARGATE_SPOT");
        assert_eq!(text(1), "old DEPROVISIONING 0 3 0 0 none");
        assert_eq!(sections[0].rows[1].worst(), Tone::Bad);
        assert_eq!(
            sections[0].rows[0].thing["capacity_providers"][1],
            "FARGATE_SPOT"
        );
    }
}
