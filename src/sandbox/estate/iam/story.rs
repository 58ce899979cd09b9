//! Who is in the account: people in groups, a pipeline's user, roles of services, of people and of AWS itself.

use super::{arn, encoded};
use crate::wire::{Node, list, map};
use crate::world::{World, names};

/// Seconds in a day.
const DAY_S: f64 = 86_400.0;

/// A user, a group or a role.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    /// Documents that stand at it: name and text.
    pub(super) inline: &'static [(&'static str, &'static str)],
    /// Names of managed policies.
    managed: &'static [&'static str],
    groups: &'static [&'static str],
    /// Who takes a role.
    trust: &'static str,
    pub(super) age_days: f64,
    pub(super) password: bool,
    pub(super) mfa: bool,
    /// Days since its access key was made, if it has one.
    pub(super) key_days: Option<f64>,
}

const NOBODY: Principal = Principal {
    name: "",
    path: "/",
    inline: &[],
    managed: &[],
    groups: &[],
    trust: "",
    age_days: 400.0,
    password: false,
    mfa: false,
    key_days: None,
};

const ECS_TASKS: &str = "{\"Service\":\"ecs-tasks.amazonaws.com\"}";

pub(super) const USERS: &[Principal] = &[
    Principal {
        name: "ana.maria",
        groups: &["administrators"],
        password: true,
        mfa: true,
        ..NOBODY
    },
    Principal {
        name: "ben.ito",
        groups: &["developers"],
        password: true,
        mfa: true,
        age_days: 120.0,
        ..NOBODY
    },
    // Its key is older than it ought to be: a finding.
    Principal {
        name: "ci-deployer",
        managed: &["laser-deploy"],
        key_days: Some(212.0),
        ..NOBODY
    },
    Principal {
        name: "oncall",
        groups: &["operators"],
        password: true,
        // A finding: a password without a second factor.
        mfa: false,
        age_days: 90.0,
        ..NOBODY
    },
    // Whose credentials the console has here.
    Principal {
        name: "flightdeck-demo",
        managed: &["ReadOnlyAccess", "laser-deploy"],
        age_days: 30.0,
        key_days: Some(30.0),
        ..NOBODY
    },
];

pub(super) const GROUPS: &[Principal] = &[
    Principal {
        name: "administrators",
        managed: &["AdministratorAccess"],
        ..NOBODY
    },
    Principal {
        name: "developers",
        managed: &["ReadOnlyAccess"],
        ..NOBODY
    },
    Principal {
        name: "operators",
        managed: &["ReadOnlyAccess", "laser-deploy", "laser-restore"],
        ..NOBODY
    },
];

pub(super) const ROLES: &[Principal] = &[
    Principal {
        name: "AWSServiceRoleForRDS",
        path: "/aws-service-role/rds.amazonaws.com/",
        managed: &["AmazonRDSServiceRolePolicy"],
        trust: "{\"Service\":\"rds.amazonaws.com\"}",
        ..NOBODY
    },
    Principal {
        name: "laser-backup",
        managed: &["laser-backup-keeper"],
        trust: "{\"Service\":\"backup.amazonaws.com\"}",
        ..NOBODY
    },
    Principal {
        name: "laser-prod-api",
        inline: &[
            (
                "secrets",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:us-east-1:123456789012:secret:laser-prod/*"}]}"#,
            ),
            (
                "uploads",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject*","s3:PutObject","s3:DeleteObject*"],"Resource":"arn:aws:s3:::laser-prod-uploads/*"}]}"#,
            ),
        ],
        trust: ECS_TASKS,
        ..NOBODY
    },
    Principal {
        name: "laser-prod-execution",
        managed: &["AmazonECSTaskExecutionRolePolicy"],
        trust: ECS_TASKS,
        ..NOBODY
    },
    // May change databases, but for deleting what they were saved to: a Deny outweighs.
    Principal {
        name: "laser-prod-migrations",
        inline: &[(
            "databases",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"rds:*","Resource":"*"},{"Effect":"Deny","Action":["rds:DeleteDB*"],"Resource":"*"}]}"#,
        )],
        trust: ECS_TASKS,
        ..NOBODY
    },
];

/// A managed policy.
#[derive(Debug)]
pub(super) struct Managed {
    name: &'static str,
    pub(super) of_aws: bool,
    path: &'static str,
    document: &'static str,
}

const fn local(name: &'static str, document: &'static str) -> Managed {
    Managed {
        name,
        of_aws: false,
        path: "/",
        document,
    }
}

const fn of_aws(name: &'static str, path: &'static str, document: &'static str) -> Managed {
    Managed {
        name,
        of_aws: true,
        path,
        document,
    }
}

pub(super) const MANAGED: &[Managed] = &[
    of_aws(
        "AdministratorAccess",
        "/",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    of_aws(
        "ReadOnlyAccess",
        "/",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudwatch:Get*","ecs:Describe*","ecs:List*","logs:Get*","rds:Describe*","s3:Get*","s3:List*"],"Resource":"*"}]}"#,
    ),
    of_aws(
        "AmazonRDSServiceRolePolicy",
        "/aws-service-role/",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["rds:CrossRegionCommunication","rds:DeleteDBSnapshot"],"Resource":"*"}]}"#,
    ),
    of_aws(
        "AmazonECSTaskExecutionRolePolicy",
        "/service-role/",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    ),
    local(
        "laser-deploy",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecs:UpdateService","ecs:StopServiceDeployment","ecs:RegisterTaskDefinition","ecs:TagResource","ecs:Describe*"],"Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/laser-*"}]}"#,
    ),
    local(
        "laser-restore",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["rds:Restore*","backup:StartRestoreJob"],"Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}"#,
    ),
    local(
        "laser-backup-keeper",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["backup:*","rds:CreateDBSnapshot","rds:CopyDBSnapshot","rds:DeleteDBSnapshot"],"Resource":"*"}]}"#,
    ),
];

impl Managed {
    fn arn(&self) -> String {
        if self.of_aws {
            format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
        } else {
            arn("policy", self.path, self.name)
        }
    }

    fn uses(&self) -> i64 {
        let all = USERS.iter().chain(GROUPS).chain(ROLES);
        let uses = all.filter(|p| p.managed.contains(&self.name)).count();
        i64::try_from(uses).unwrap_or(0)
    }

    pub(super) fn show(&self, world: &World) -> Node {
        let at = Node::Time(world.begun() - 380.0 * DAY_S);
        let version = map([
            ("Document", Node::from(encoded(self.document))),
            ("VersionId", "v1".into()),
            ("IsDefaultVersion", true.into()),
            ("CreateDate", at.clone()),
        ]);
        map([
            ("PolicyName", Node::from(self.name)),
            ("PolicyId", id("ANPA", self.name).into()),
            ("Arn", self.arn().into()),
            ("Path", self.path.into()),
            ("DefaultVersionId", "v1".into()),
            ("AttachmentCount", Node::Int(self.uses())),
            ("IsAttachable", true.into()),
            ("CreateDate", at.clone()),
            ("UpdateDate", at),
            ("PolicyVersionList", list([version])),
        ])
    }
}

/// An id as the vendor makes them: what it is of, and capitals.
fn id(prefix: &str, name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    let padded = format!("{letters}{}", "LASERLASERLASERLASER");
    format!(
        "{prefix}{}",
        padded.get(..17).unwrap_or("LASERLASERLASERLA")
    )
}

impl Principal {
    fn attached(&self) -> Node {
        let find = |name: &&str| MANAGED.iter().find(|m| m.name == *name);
        list(self.managed.iter().filter_map(find).map(|m| {
            map([
                ("PolicyName", Node::from(m.name)),
                ("PolicyArn", m.arn().into()),
            ])
        }))
    }

    fn made(&self, world: &World) -> Node {
        Node::Time(world.begun() - self.age_days * DAY_S)
    }

    pub(super) fn user(&self, world: &World) -> Node {
        map([
            ("Path", Node::from(self.path)),
            ("UserName", self.name.into()),
            ("UserId", id("AIDA", self.name).into()),
            ("Arn", arn("user", self.path, self.name).into()),
            ("CreateDate", self.made(world)),
            ("GroupList", list(self.groups.iter().copied())),
            ("AttachedManagedPolicies", self.attached()),
        ])
    }

    pub(super) fn group(&self, world: &World) -> Node {
        map([
            ("Path", Node::from(self.path)),
            ("GroupName", self.name.into()),
            ("GroupId", id("AGPA", self.name).into()),
            ("Arn", arn("group", self.path, self.name).into()),
            ("CreateDate", self.made(world)),
            ("GroupPolicyList", Node::List(Vec::new())),
            ("AttachedManagedPolicies", self.attached()),
        ])
    }

    pub(super) fn role(&self, world: &World, inline: Vec<Node>) -> Node {
        let trust = format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{},\"Action\":\"sts:AssumeRole\"}}]}}",
            self.trust
        );
        let used = map([
            ("LastUsedDate", Node::Time(world.begun() - 1_800.0)),
            ("Region", names::REGION.into()),
        ]);
        map([
            ("Path", Node::from(self.path)),
            ("RoleName", self.name.into()),
            ("RoleId", id("AROA", self.name).into()),
            ("Arn", arn("role", self.path, self.name).into()),
            ("CreateDate", self.made(world)),
            ("AssumeRolePolicyDocument", encoded(&trust).into()),
            ("InstanceProfileList", Node::List(Vec::new())),
            ("RolePolicyList", Node::List(inline)),
            ("AttachedManagedPolicies", self.attached()),
            ("RoleLastUsed", used),
        ])
    }
}
