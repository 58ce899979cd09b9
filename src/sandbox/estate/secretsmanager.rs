//! Secrets Manager (API version 2017-10-17, AWS JSON 1.1): names, ages, rotation. Values are kept and never listed.

use crate::wire::{ApiError, Node, list, map};
use crate::world::{World, names};

const DAY_S: f64 = 86_400.0;

/// A secret.
#[derive(Debug)]
struct Secret {
    name: String,
    id: String,
    about: &'static str,
    created: f64,
    changed: f64,
    rotated: Option<f64>,
    /// Days between rotations; `None`: never rotated.
    every_days: Option<i64>,
    value: String,
    policy: Option<String>,
}

/// Every secret.
#[derive(Debug, Default)]
pub struct Secrets {
    all: Vec<Secret>,
}

struct Plan {
    name: &'static str,
    about: &'static str,
    age_days: f64,
    changed_days: f64,
    every_days: Option<i64>,
}

const fn plan(
    name: &'static str,
    about: &'static str,
    age_days: f64,
    changed_days: f64,
    every_days: Option<i64>,
) -> Plan {
    Plan {
        name,
        about,
        age_days,
        changed_days,
        every_days,
    }
}

/// One of them is older than it ought to be, and never rotates: a finding.
const PLANS: &[Plan] = &[
    plan(
        "laser-prod/database-url",
        "PostgreSQL of production",
        210.0,
        12.0,
        Some(30),
    ),
    plan(
        "laser-prod/jwt-secret",
        "Signs sessions",
        210.0,
        24.0,
        Some(90),
    ),
    plan(
        "laser-prod/redis-auth",
        "Redis of production",
        210.0,
        41.0,
        Some(90),
    ),
    plan("laser-prod/smtp-password", "Sends mail", 402.0, 402.0, None),
    plan(
        "laser-staging/database-url",
        "PostgreSQL of staging",
        180.0,
        60.0,
        Some(90),
    ),
    plan(
        "laser-staging/jwt-secret",
        "Signs sessions of staging",
        180.0,
        60.0,
        Some(90),
    ),
    plan(
        "laser-dev/database-url",
        "PostgreSQL of development",
        180.0,
        60.0,
        Some(90),
    ),
    plan(
        "laser-dev/jwt-secret",
        "Signs sessions of development",
        180.0,
        60.0,
        Some(90),
    ),
];

impl Secrets {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        let now = world.stamp();
        let secret = |(n, p): (usize, &Plan)| Secret {
            name: p.name.into(),
            id: format!("{:06x}", 0xa1b2c3 + n * 0x01_01_01),
            about: p.about,
            created: now - p.age_days * DAY_S,
            changed: now - p.changed_days * DAY_S,
            rotated: p.every_days.map(|_| now - p.changed_days * DAY_S),
            every_days: p.every_days,
            value: format!("sandbox-{n}"),
            policy: None,
        };
        let plans = if told { PLANS } else { &[] };
        Self {
            all: plans.iter().enumerate().map(secret).collect(),
        }
    }

    /// Rotates what is due.
    pub fn step(&mut self, world: &World) {
        let now = world.stamp();
        for secret in &mut self.all {
            if let (Some(days), Some(at)) = (secret.every_days, secret.rotated)
                && now - at > days as f64 * DAY_S
            {
                secret.rotate(now);
            }
        }
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &World,
    ) -> Result<Node, ApiError> {
        match operation {
            "ListSecrets" => Ok(self.list(input)),
            "DescribeSecret" => Ok(self.find(input)?.show()),
            "GetSecretValue" => {
                let secret = self.find(input)?;
                Ok(secret.named().with("SecretString", &secret.value))
            }
            "RotateSecret" => {
                let now = world.stamp();
                let secret = self.find(input)?;
                if let Some(days) = input
                    .get("RotationRules")
                    .get("AutomaticallyAfterDays")
                    .as_i64()
                {
                    secret.every_days = Some(days);
                }
                secret.rotate(now);
                Ok(secret.named())
            }
            "PutSecretValue" => {
                let now = world.stamp();
                let secret = self.find(input)?;
                secret.value = input
                    .get("SecretString")
                    .as_text()
                    .unwrap_or_default()
                    .to_owned();
                secret.changed = now;
                Ok(secret.named())
            }
            "GetResourcePolicy" => {
                let secret = self.find(input)?;
                let policy = secret.policy.clone();
                Ok(secret.named().with("ResourcePolicy", policy))
            }
            "PutResourcePolicy" => {
                let text = input.get("ResourcePolicy").as_text().unwrap_or_default();
                if serde_json::from_str::<serde_json::Value>(text).is_err() {
                    let why = "This resource policy is not a valid JSON.";
                    return Err(ApiError::new("MalformedPolicyDocumentException", why));
                }
                let secret = self.find(input)?;
                secret.policy = Some(text.to_owned());
                Ok(secret.named())
            }
            "DeleteResourcePolicy" => {
                let secret = self.find(input)?;
                secret.policy = None;
                Ok(secret.named())
            }
            "CreateSecret" => self.create(input, world.stamp()),
            other => Err(ApiError::unknown_operation(other)),
        }
    }

    fn list(&self, input: &Node) -> Node {
        let size = usize::try_from(input.get("MaxResults").as_i64().unwrap_or(100)).unwrap_or(100);
        let start: usize = input
            .get("NextToken")
            .as_text()
            .and_then(|t| t.parse().ok())
            .unwrap_or(0);
        let end = start.saturating_add(size.clamp(1, 100));
        let next = (end < self.all.len()).then(|| end.to_string());
        map([
            (
                "SecretList",
                list(
                    self.all
                        .iter()
                        .skip(start)
                        .take(end - start)
                        .map(Secret::show),
                ),
            ),
            ("NextToken", next.into()),
        ])
    }

    fn find(&mut self, input: &Node) -> Result<&mut Secret, ApiError> {
        let id = input.get("SecretId").as_text().unwrap_or_default();
        let found = self.all.iter_mut().find(|s| s.name == id || s.arn() == id);
        found.ok_or_else(|| {
            ApiError::new(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            )
        })
    }

    fn create(&mut self, input: &Node, now: f64) -> Result<Node, ApiError> {
        let name = input.get("Name").as_text().unwrap_or_default().to_owned();
        if self.all.iter().any(|s| s.name == name) {
            let why = format!("The operation failed because the secret {name} already exists.");
            return Err(ApiError::new("ResourceExistsException", why));
        }
        let secret = Secret {
            id: format!("{:06x}", 0xd00d00 + self.all.len()),
            name,
            about: "",
            created: now,
            changed: now,
            rotated: None,
            every_days: None,
            value: input
                .get("SecretString")
                .as_text()
                .unwrap_or_default()
                .to_owned(),
            policy: None,
        };
        let named = secret.named();
        self.all.push(secret);
        Ok(named)
    }
}

impl Secret {
    fn arn(&self) -> String {
        let (region, account) = (names::REGION, names::ACCOUNT);
        format!(
            "arn:aws:secretsmanager:{region}:{account}:secret:{}-{}",
            self.name, self.id
        )
    }

    fn rotate(&mut self, now: f64) {
        self.rotated = Some(now);
        self.changed = now;
        self.value = format!("{}'", self.value);
    }

    fn named(&self) -> Node {
        map([("ARN", self.arn().into()), ("Name", Node::from(&self.name))])
    }

    fn show(&self) -> Node {
        let rules = self
            .every_days
            .map(|days| map([("AutomaticallyAfterDays", Node::Int(days))]));
        let next = self
            .every_days
            .zip(self.rotated)
            .map(|(days, at)| Node::Time(at + days as f64 * DAY_S));
        self.named()
            .with("Description", self.about)
            .with("CreatedDate", Node::Time(self.created))
            .with("LastChangedDate", Node::Time(self.changed))
            .with("RotationEnabled", self.every_days.is_some())
            .with("RotationRules", rules)
            .with(
                "LastRotatedDate",
                self.rotated.map_or(Node::Null, Node::Time),
            )
            .with("NextRotationDate", next)
    }
}
