//! Partitions of AWS: closed parts with credentials, host names and services of their own (AWS SDKs, `partitions.json` and the rules of
//! each service's endpoints).

/// A partition, as far as calls without an SDK client need it.
#[derive(Debug)]
pub(super) struct Partition {
    /// What its regions' names begin with.
    prefix: &'static str,
    /// What its hosts' names end with.
    suffix: &'static str,
    /// What those end with that speak IPv6 as well.
    dual: &'static str,
    /// The region that IAM's calls are signed for.
    pub(super) iam: &'static str,
    /// That of Cost Explorer, where there is one.
    ce: Option<&'static str>,
    /// That of Shield, where there is one.
    shield: Option<&'static str>,
    /// Services whose plain host is what stands in for one that is validated after FIPS 140.
    plain_fips: &'static [&'static str],
}

/// What a region of no other partition belongs to.
const COMMERCIAL: Partition = Partition {
    prefix: "",
    suffix: "amazonaws.com",
    dual: "api.aws",
    iam: "us-east-1",
    ce: Some("us-east-1"),
    shield: Some("us-east-1"),
    plain_fips: &[],
};

const OTHERS: &[Partition] = &[
    Partition {
        prefix: "cn-",
        suffix: "amazonaws.com.cn",
        dual: "api.amazonwebservices.com.cn",
        iam: "cn-north-1",
        ce: Some("cn-northwest-1"),
        shield: None,
        plain_fips: &[],
    },
    Partition {
        prefix: "us-gov-",
        suffix: "amazonaws.com",
        dual: "api.aws",
        iam: "us-gov-west-1",
        ce: None,
        shield: None,
        plain_fips: &[
            "application-autoscaling",
            "appconfig",
            "cloudformation",
            "ec2",
            "elasticache",
            "elasticloadbalancing",
            "iam",
            "monitoring",
            "rds",
            "sns",
            "sts",
        ],
    },
    Partition {
        prefix: "eusc-",
        suffix: "amazonaws.eu",
        dual: "api.amazonwebservices.eu",
        iam: "eusc-de-east-1",
        ce: Some("eusc-de-east-1"),
        shield: None,
        plain_fips: &[],
    },
];

/// Which kinds of hosts are asked (`AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`, and the profile's settings).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    /// Validated after FIPS 140.
    pub(super) fips: bool,
    /// With IPv6.
    pub(super) dual: bool,
}

/// The partition of a region.
pub(super) fn of(region: &str) -> &'static Partition {
    let mut others = OTHERS.iter();
    let other = others.find(|p| region.starts_with(p.prefix));
    other.unwrap_or(&COMMERCIAL)
}

/// Whether a host is one of AWS's own, by its name.
pub(super) fn has_host(host: &str) -> bool {
    let is_under = |suffix: &str| {
        let before = host.strip_suffix(suffix);
        before.is_some_and(|before| before.ends_with('.'))
    };
    let mut all = OTHERS.iter().chain([&COMMERCIAL]);
    all.any(|p| is_under(p.suffix) || is_under(p.dual))
}

impl Partition {
    /// The one region of a service that has only one; `None`: the partition does not have it.
    pub(super) fn only_region(&self, host: &str) -> Option<&'static str> {
        match host {
            "ce" => self.ce,
            "shield" => self.shield,
            _ => Some(self.iam),
        }
    }

    /// The host of a service in a region.
    pub(super) fn host(&self, service: &str, region: &str, kind: Kind) -> String {
        let fips = match kind.fips && !self.plain_fips.contains(&service) {
            true => "-fips",
            false => "",
        };
        // One a partition, whatever the region.
        if service == "iam" {
            return match (self.iam, kind.dual) {
                ("us-east-1", true) => format!("iam{fips}.global.api.aws"),
                ("us-east-1", false) => format!("iam{fips}.amazonaws.com"),
                ("us-gov-west-1", false) => "iam.us-gov.amazonaws.com".into(),
                (home, true) => format!("iam{fips}.{home}.{}", self.dual),
                (home, false) => format!("iam{fips}.{home}.{}", self.suffix),
            };
        }
        // ECR's name is another one wherever it is not the plain one that is asked.
        let service = match service {
            "api.ecr" if kind.fips || kind.dual => "ecr",
            other => other,
        };
        let in_s3 = service.starts_with("s3");
        match (kind.dual, in_s3) {
            (true, true) => format!("{service}{fips}.dualstack.{region}.{}", self.suffix),
            (true, false) => format!("{service}{fips}.{region}.{}", self.dual),
            (false, _) => format!("{service}{fips}.{region}.{}", self.suffix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As botocore resolves them.
    #[test]
    fn hosts_are_those_of_their_partition_and_kind() {
        let plain = Kind::default();
        let fips = Kind {
            fips: true,
            dual: false,
        };
        let dual = Kind {
            fips: false,
            dual: true,
        };
        let both = Kind {
            fips: true,
            dual: true,
        };
        for (service, region, kind, host) in [
            ("rds", "eu-west-1", plain, "rds.eu-west-1.amazonaws.com"),
            ("rds", "us-east-1", fips, "rds-fips.us-east-1.amazonaws.com"),
            (
                "rds",
                "us-gov-west-1",
                fips,
                "rds.us-gov-west-1.amazonaws.com",
            ),
            (
                "pi",
                "us-gov-west-1",
                fips,
                "pi-fips.us-gov-west-1.amazonaws.com",
            ),
            ("rds", "eu-west-1", dual, "rds.eu-west-1.api.aws"),
            ("rds", "us-east-1", both, "rds-fips.us-east-1.api.aws"),
            (
                "rds",
                "cn-north-1",
                plain,
                "rds.cn-north-1.amazonaws.com.cn",
            ),
            (
                "rds",
                "eusc-de-east-1",
                plain,
                "rds.eusc-de-east-1.amazonaws.eu",
            ),
            (
                "api.ecr",
                "eu-west-1",
                plain,
                "api.ecr.eu-west-1.amazonaws.com",
            ),
            (
                "api.ecr",
                "us-east-1",
                fips,
                "ecr-fips.us-east-1.amazonaws.com",
            ),
            ("api.ecr", "eu-west-1", dual, "ecr.eu-west-1.api.aws"),
            (
                "s3",
                "eu-west-1",
                dual,
                "s3.dualstack.eu-west-1.amazonaws.com",
            ),
            (
                "s3",
                "us-east-1",
                both,
                "s3-fips.dualstack.us-east-1.amazonaws.com",
            ),
            ("iam", "us-east-1", plain, "iam.amazonaws.com"),
            ("iam", "us-east-1", fips, "iam-fips.amazonaws.com"),
            ("iam", "us-east-1", dual, "iam.global.api.aws"),
            (
                "iam",
                "cn-north-1",
                plain,
                "iam.cn-north-1.amazonaws.com.cn",
            ),
            ("iam", "us-gov-west-1", fips, "iam.us-gov.amazonaws.com"),
            (
                "iam",
                "eusc-de-east-1",
                plain,
                "iam.eusc-de-east-1.amazonaws.eu",
            ),
            (
                "ce",
                "cn-northwest-1",
                plain,
                "ce.cn-northwest-1.amazonaws.com.cn",
            ),
        ] {
            assert_eq!(of(region).host(service, region, kind), host, "{kind:?}");
        }
    }

    #[test]
    fn a_service_of_one_region_is_asked_in_its_partition_or_not_at_all() {
        let home = |host: &str, region: &str| of(region).only_region(host);
        assert_eq!(home("ce", "eu-west-1"), Some("us-east-1"));
        assert_eq!(home("ce", "cn-north-1"), Some("cn-northwest-1"));
        assert_eq!(home("ce", "us-gov-east-1"), None);
        assert_eq!(home("shield", "ap-south-1"), Some("us-east-1"));
        assert_eq!(home("shield", "cn-north-1"), None);
        assert_eq!(home("iam", "us-gov-east-1"), Some("us-gov-west-1"));
    }
}
