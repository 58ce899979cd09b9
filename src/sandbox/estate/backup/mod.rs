//! AWS Backup (REST-JSON, API version 2018-11-15): a plan that backs the database and the uploads up daily and copies each to
//! the second region. What it makes of a database is a snapshot of RDS, as it is at the vendor.

mod answers;
mod life;
mod restores;

use serde_json::{Value, json};

use super::rds::{Databases, Now};
use super::s3::story::{UNREPLICATED, uploads_bytes};
use crate::web::Request;
use crate::world::{World, names};

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;
/// Seconds into the day (UTC) at which the plan begins.
const PLAN_AT_S: f64 = 5.0 * 3_600.0;
/// Days that the plan keeps a recovery point.
const KEPT_DAYS: f64 = 14.0;
/// The plan's id.
const PLAN: &str = "3f9a1c7e-5b20-4d8e-9c61-7a2e4b8d0f13";

/// Something that is backed up.
#[derive(Clone, Copy, Debug)]
struct Resource {
    /// `RDS`, `S3`.
    kind: &'static str,
    name: &'static str,
}

const RESOURCES: &[Resource] = &[
    Resource {
        kind: "RDS",
        name: "laser-prod-db",
    },
    Resource {
        kind: "S3",
        name: UNREPLICATED,
    },
];

impl Resource {
    fn arn(&self) -> String {
        match self.kind {
            "RDS" => format!(
                "arn:aws:rds:{}:{}:db:{}",
                names::REGION,
                names::ACCOUNT,
                self.name
            ),
            _ => format!("arn:aws:s3:::{}", self.name),
        }
    }
}

/// A job: a backup, or a copy of one to the second region.
#[derive(Clone, Debug)]
struct Job {
    id: String,
    resource: Resource,
    /// ARN of the recovery point that it makes.
    point: String,
    /// ARN of the recovery point that it copies.
    source: Option<String>,
    /// Wall-clock time of its beginning, and of its end.
    began: f64,
    ended: Option<f64>,
    /// Story time of its beginning, and how long it takes.
    making: (f64, f64),
    /// Why it failed.
    failed: Option<&'static str>,
    /// Whether the plan began it, not a person.
    planned: bool,
}

impl Job {
    fn state(&self) -> &'static str {
        match (self.failed, self.ended) {
            (Some(_), _) => "FAILED",
            (None, Some(_)) => "COMPLETED",
            (None, None) => "RUNNING",
        }
    }

    fn region(&self) -> &'static str {
        if self.source.is_some() {
            names::SECOND_REGION
        } else {
            names::REGION
        }
    }
}

/// What AWS Backup knows.
#[derive(Debug, Default)]
pub struct Backups {
    /// Newest last; copies among them.
    jobs: Vec<Job>,
    /// Wall-clock time up to which the plan was carried out.
    planned: f64,
    /// Story time of the last step.
    story: f64,
    told: bool,
    asked: u32,
    /// Newest last.
    restores: Vec<restores::Restore>,
}

fn vault(region: &str) -> &'static str {
    if region == names::REGION {
        "laser-prod-daily"
    } else {
        "laser-dr"
    }
}

fn vault_arn(region: &str) -> String {
    let (account, vault) = (names::ACCOUNT, vault(region));
    format!("arn:aws:backup:{region}:{account}:backup-vault:{vault}")
}

/// An id in the vendor's form, the same for the same seed.
fn uuid(seed: &str) -> String {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    let mut word = |salt: u64| {
        for byte in seed.bytes().chain(salt.to_le_bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        state ^ (state >> 29)
    };
    let (a, b) = (word(1), word(2));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

impl Backups {
    /// What the story begins with: two weeks of the plan.
    pub fn new(world: &World, told: bool, rds: &mut Databases) -> Self {
        let now = Now::of(world);
        let mut all = Self {
            planned: now.stamp,
            told,
            ..Self::default()
        };
        if told {
            all.remember(now, rds);
        }
        all
    }

    /// A recovery point's job, as the lists show it.
    fn show_job(&self, job: &Job, rds: &Databases) -> Value {
        let (began, ended) = (job.began, job.ended);
        let share = if job.ended.is_some() {
            100.0
        } else {
            self.percent(job)
        };
        let mut shown = json!({
            "AccountId": names::ACCOUNT,
            "ResourceArn": job.resource.arn(),
            "ResourceType": job.resource.kind,
            "ResourceName": job.resource.name,
            "CreationDate": began,
            "CompletionDate": ended,
            "State": job.state(),
            "StatusMessage": job.failed,
            "BackupSizeInBytes": self.bytes(job, rds),
            "IamRoleArn": format!("arn:aws:iam::{}:role/laser-prod-backup", names::ACCOUNT),
            "IsParent": false,
        });
        let more = match &job.source {
            Some(source) => json!({
                "CopyJobId": job.id,
                "SourceBackupVaultArn": vault_arn(names::REGION),
                "SourceRecoveryPointArn": source,
                "DestinationBackupVaultArn": vault_arn(names::SECOND_REGION),
                "DestinationRecoveryPointArn": job.point,
            }),
            None => json!({
                "BackupJobId": job.id,
                "BackupVaultName": vault(names::REGION),
                "BackupVaultArn": vault_arn(names::REGION),
                "RecoveryPointArn": job.failed.is_none().then_some(&job.point),
                "PercentDone": format!("{share:.1}"),
                "IsEncrypted": true,
            }),
        };
        if job.planned {
            merge(&mut shown, json!({"CreatedBy": creator()}));
        }
        merge(&mut shown, more);
        shown
    }

    /// The recovery point of a job, as the lists show it.
    fn show_point(&self, job: &Job, rds: &Databases) -> Value {
        let region = job.region();
        let done = job.ended.is_some();
        let mut shown = json!({
            "RecoveryPointArn": job.point,
            "BackupVaultName": vault(region),
            "BackupVaultArn": vault_arn(region),
            "ResourceArn": job.resource.arn(),
            "ResourceType": job.resource.kind,
            "ResourceName": job.resource.name,
            "IamRoleArn": format!("arn:aws:iam::{}:role/laser-prod-backup", names::ACCOUNT),
            "Status": if done { "COMPLETED" } else { "CREATING" },
            // A copy is as old as what it copies.
            "CreationDate": self.taken(job),
            "InitiationDate": job.began,
            "CompletionDate": job.ended,
            "BackupSizeInBytes": self.bytes(job, rds),
            "Lifecycle": {"DeleteAfterDays": KEPT_DAYS as i64},
            "CalculatedLifecycle": {"DeleteAt": job.began + KEPT_DAYS * DAY_S},
            "EncryptionKeyArn": format!("arn:aws:kms:{region}:{}:alias/laser-prod-backup", names::ACCOUNT),
            "IsEncrypted": true,
            "IsParent": false,
            "VaultType": "BACKUP_VAULT",
        });
        if job.source.is_some() {
            merge(
                &mut shown,
                json!({"SourceBackupVaultArn": vault_arn(names::REGION)}),
            );
        }
        if job.planned {
            merge(&mut shown, json!({"CreatedBy": creator()}));
        }
        shown
    }

    /// When the data was as it is in a job's recovery point.
    fn taken(&self, job: &Job) -> f64 {
        let original = job.source.as_ref().and_then(|source| {
            let made = self.jobs.iter().find(|j| j.point == *source);
            made.map(|j| j.began)
        });
        original.unwrap_or(job.began)
    }

    fn percent(&self, job: &Job) -> f64 {
        let (began, takes) = job.making;
        ((self.story - began) / takes.max(1.0) * 100.0).clamp(0.0, 99.0)
    }

    fn bytes(&self, job: &Job, rds: &Databases) -> i64 {
        let snapshot = rds.snapshots.iter().find(|s| s.arn() == job.point);
        // A bucket's backup holds what the bucket does.
        let whole = |name| {
            if name == UNREPLICATED {
                uploads_bytes()
            } else {
                0
            }
        };
        snapshot.map_or_else(|| whole(job.resource.name), |s| s.bytes)
    }

    /// Jobs whose recovery points lie in a region, newest first.
    fn points(&self, region: &str) -> Vec<&Job> {
        let made = self.jobs.iter().rev();
        made.filter(|j| j.region() == region && j.failed.is_none())
            .collect()
    }
}

fn creator() -> Value {
    let plan = format!(
        "arn:aws:backup:{}:{}:backup-plan:{PLAN}",
        names::REGION,
        names::ACCOUNT
    );
    json!({
        "BackupPlanId": PLAN, "BackupPlanArn": plan, "BackupPlanVersion": "MzQ1", "BackupRuleId": uuid("rule"),
        "BackupPlanName": "laser-prod-daily", "BackupRuleName": "daily-and-copied", "BackupRuleCron": "cron(0 5 * * ? *)",
        "BackupRuleTimezone": "Etc/UTC",
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// A page of a list, as `maxResults` and `nextToken` ask for it.
fn page(request: &Request, called: &str, all: Vec<Value>) -> Value {
    let size = request.param("maxResults").and_then(|n| n.parse().ok());
    let size = size.unwrap_or(1_000).clamp(1, 1_000);
    let start = request.param("nextToken").and_then(|t| t.parse().ok());
    let start: usize = start.unwrap_or(0);
    let end = all.len().min(start.saturating_add(size));
    let next = (end < all.len()).then(|| end.to_string());
    let items: Vec<Value> = all.into_iter().skip(start).take(size).collect();
    let mut reply = json!({called: items});
    if let Some(next) = next {
        merge(&mut reply, json!({"NextToken": next}));
    }
    reply
}
