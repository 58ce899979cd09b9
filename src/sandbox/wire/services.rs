//! The services that are played, one row each: how requests name them, and how replies are dressed.

/// A service of the vendor that the platform plays through the vendor's RPC protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Elastic Container Service.
    Ecs,
    /// Elastic Load Balancing, version 2.
    Elbv2,
    /// Security Token Service.
    Sts,
    /// CloudWatch metrics and alarms.
    CloudWatch,
    /// CloudWatch Logs.
    Logs,
    /// Secrets Manager.
    SecretsManager,
    /// Relational Database Service.
    Rds,
    /// Performance Insights.
    PerformanceInsights,
    /// CloudFormation.
    CloudFormation,
    /// Simple Notification Service.
    Sns,
    /// Elastic Container Registry.
    Ecr,
    /// EC2, as far as it is the network.
    Ec2,
    /// Application Auto Scaling.
    AutoScaling,
    /// Cost Explorer.
    CostExplorer,
    /// WAF, version 2.
    Waf,
    /// Shield.
    Shield,
    /// Identity and Access Management.
    Iam,
    /// ElastiCache.
    ElastiCache,
}

/// What is known of a service.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub service: Service,
    /// Its name in faults.
    pub name: &'static str,
    /// Signing name in the credential scope.
    pub signing: &'static str,
    /// Prefix of `X-Amz-Target`; empty where it speaks no JSON.
    pub target: &'static str,
    /// `Version` of its Query protocol; empty where it speaks none.
    pub version: &'static str,
    /// Namespace of its XML.
    pub namespace: &'static str,
    /// Lists whose items are not called `member` in XML, with what they are called (`locationName` in its model).
    pub items: &'static [(&'static str, &'static str)],
}

const fn json(
    service: Service,
    name: &'static str,
    signing: &'static str,
    target: &'static str,
) -> Row {
    Row {
        service,
        name,
        signing,
        target,
        version: "",
        namespace: "https://sandbox.invalid/no-query-protocol/",
        items: &[],
    }
}

const fn query(
    service: Service,
    name: &'static str,
    signing: &'static str,
    version: &'static str,
    namespace: &'static str,
) -> Row {
    Row {
        service,
        name,
        signing,
        target: "",
        version,
        namespace,
        items: &[],
    }
}

/// The registry.
pub const SERVICES: &[Row] = &[
    json(
        Service::Ecs,
        "ecs",
        "ecs",
        "AmazonEC2ContainerServiceV20141113",
    ),
    json(Service::Logs, "logs", "logs", "Logs_20140328"),
    Row {
        service: Service::CloudWatch,
        name: "cloudwatch",
        signing: "monitoring",
        target: "GraniteServiceVersion20100801",
        version: "2010-08-01",
        namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
        items: &[],
    },
    query(
        Service::Elbv2,
        "elbv2",
        "elasticloadbalancing",
        "2015-12-01",
        "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    ),
    query(
        Service::Sts,
        "sts",
        "sts",
        "2011-06-15",
        "https://sts.amazonaws.com/doc/2011-06-15/",
    ),
    json(
        Service::SecretsManager,
        "secretsmanager",
        "secretsmanager",
        "secretsmanager",
    ),
    query(
        Service::CloudFormation,
        "cloudformation",
        "cloudformation",
        "2010-05-15",
        "http://cloudformation.amazonaws.com/doc/2010-05-15/",
    ),
    query(
        Service::Sns,
        "sns",
        "sns",
        "2010-03-31",
        "http://sns.amazonaws.com/doc/2010-03-31/",
    ),
    json(
        Service::Ecr,
        "ecr",
        "ecr",
        "AmazonEC2ContainerRegistry_V20150921",
    ),
    Row {
        items: RDS_ITEMS,
        ..query(
            Service::Rds,
            "rds",
            "rds",
            "2014-10-31",
            "http://rds.amazonaws.com/doc/2014-10-31/",
        )
    },
    json(
        Service::PerformanceInsights,
        "pi",
        "pi",
        "PerformanceInsightsv20180227",
    ),
    query(
        Service::Ec2,
        "ec2",
        "ec2",
        "2016-11-15",
        "http://ec2.amazonaws.com/doc/2016-11-15/",
    ),
    json(
        Service::AutoScaling,
        "autoscaling",
        "application-autoscaling",
        "AnyScaleFrontendService",
    ),
    json(
        Service::CostExplorer,
        "costexplorer",
        "ce",
        "AWSInsightsIndexService",
    ),
    query(
        Service::Iam,
        "iam",
        "iam",
        "2010-05-08",
        "https://iam.amazonaws.com/doc/2010-05-08/",
    ),
    json(Service::Waf, "waf", "wafv2", "AWSWAF_20190729"),
    json(Service::Shield, "shield", "shield", "AWSShield_20160616"),
    Row {
        items: ELASTICACHE_ITEMS,
        ..query(
            Service::ElastiCache,
            "elasticache",
            "elasticache",
            "2015-02-02",
            "http://elasticache.amazonaws.com/doc/2015-02-02/",
        )
    },
];

const ELASTICACHE_ITEMS: &[(&str, &str)] = &[
    ("CacheClusters", "CacheCluster"),
    ("CacheNodes", "CacheNode"),
    ("Events", "Event"),
    ("MemberClusters", "ClusterId"),
    ("NodeGroupMembers", "NodeGroupMember"),
    ("NodeGroups", "NodeGroup"),
    ("NodeSnapshots", "NodeSnapshot"),
    ("ReplicationGroups", "ReplicationGroup"),
    ("ServerlessCacheSnapshots", "ServerlessCacheSnapshot"),
    ("Snapshots", "Snapshot"),
];

const RDS_ITEMS: &[(&str, &str)] = &[
    ("AvailabilityZones", "AvailabilityZone"),
    ("DBClusterMembers", "DBClusterMember"),
    ("DBClusterSnapshots", "DBClusterSnapshot"),
    ("DBClusters", "DBCluster"),
    ("DBInstanceAutomatedBackups", "DBInstanceAutomatedBackup"),
    (
        "DBInstanceAutomatedBackupsReplications",
        "DBInstanceAutomatedBackupsReplication",
    ),
    ("DBInstances", "DBInstance"),
    ("DBParameterGroups", "DBParameterGroup"),
    ("DBSnapshots", "DBSnapshot"),
    ("EventCategories", "EventCategory"),
    ("Events", "Event"),
    ("Parameters", "Parameter"),
    (
        "PendingMaintenanceActionDetails",
        "PendingMaintenanceAction",
    ),
    (
        "PendingMaintenanceActions",
        "ResourcePendingMaintenanceActions",
    ),
    (
        "ReadReplicaDBInstanceIdentifiers",
        "ReadReplicaDBInstanceIdentifier",
    ),
    ("StatusInfos", "DBInstanceStatusInfo"),
    ("Subnets", "Subnet"),
    ("TagList", "Tag"),
    ("VpcSecurityGroups", "VpcSecurityGroupMembership"),
];

impl Service {
    /// Its row.
    pub fn row(self) -> &'static Row {
        // Every service has one: a test of this file goes through them all.
        SERVICES
            .iter()
            .find(|r| r.service == self)
            .unwrap_or(&SERVICES[0])
    }

    /// Whether it speaks forms and XML alone, whose errors have other codes.
    pub fn is_query(self) -> bool {
        self.row().target.is_empty()
    }

    /// The service that a request names, by one of its names.
    pub(super) fn by(is: impl Fn(&Row) -> bool) -> Option<Self> {
        SERVICES.iter().find(|r| is(r)).map(|r| r.service)
    }
}
