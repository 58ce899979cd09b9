//! AWS Backup (REST-JSON, API version 2018-11-15): recovery points in every vault, here and where they are copied to, and the
//! jobs that make them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Question;
use super::convert::{reason, seconds, some_text, text};
use super::pages::Pages;
use super::signed::{Api, Signed, escape};
use super::sound::Required;
use crate::backend::transport::Line;
use crate::domain::backup::{Abroad, Backup, BackupJob, BackupKind, Points, StoreKind};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::restore::Restore;

const API: Api = Api {
    host: "backup",
    signing: "backup",
    variable: "BACKUP",
    target: "",
    version: "",
    only_in: None,
};
const VAULTS: Question = Question::new("backup", "ListBackupVaults", "list the backup vaults");
const POINTS: Question = Question::new(
    "backup",
    "ListRecoveryPointsByBackupVault",
    "list the recovery points",
);
const JOBS: Question = Question::new("backup", "ListBackupJobs", "list the backup jobs");
const COPIES: Question = Question::new("backup", "ListCopyJobs", "list the copies of backups");
const RESTORES: Question =
    Question::new("backup", "ListRestoreJobs", "list the restores of backups");
/// Vaults read at most.
const VAULTS_READ: usize = 25;
/// Days of jobs.
const JOB_DAYS: i64 = 7;
/// Days of restores: a quarter, for a drill is no daily thing.
const RESTORE_DAYS: i64 = 92;

/// The AWS Backup client.
#[derive(Debug)]
pub struct Vaults {
    signed: Arc<Signed>,
    line: Arc<Line>,
    second_region: Option<String>,
}

/// A page of one of its lists.
trait Paged: DeserializeOwned {
    type Row;
    fn split(self) -> (Vec<Self::Row>, Option<String>);
}

macro_rules! pages {
    ($($page:ident = $list:literal of $row:ty;)*) => {$(
        #[derive(Debug, Deserialize)]
        struct $page {
            #[serde(rename = $list)]
            rows: Required<Vec<$row>>,
            #[serde(rename = "NextToken")]
            next: Option<String>,
        }

        impl Paged for $page {
            type Row = $row;
            fn split(self) -> (Vec<$row>, Option<String>) {
                (self.rows.0, self.next)
            }
        }
    )*};
}

pages! {
    VaultPage = "BackupVaultList" of Vault;
    PointPage = "RecoveryPoints" of Point;
    JobPage = "BackupJobs" of Job;
    CopyPage = "CopyJobs" of Job;
    RestorePage = "RestoreJobs" of RestoreJob;
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Vault {
    backup_vault_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Point {
    recovery_point_arn: String,
    resource_arn: Option<String>,
    resource_type: Option<String>,
    resource_name: Option<String>,
    source_backup_vault_arn: Option<String>,
    status: Option<String>,
    creation_date: Option<f64>,
    completion_date: Option<f64>,
    backup_size_in_bytes: Option<u64>,
    is_encrypted: Option<bool>,
    calculated_lifecycle: Option<Lifecycle>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Lifecycle {
    delete_at: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Job {
    backup_job_id: Option<String>,
    copy_job_id: Option<String>,
    resource_arn: Option<String>,
    resource_type: Option<String>,
    resource_name: Option<String>,
    state: Option<String>,
    status_message: Option<String>,
    creation_date: Option<f64>,
    completion_date: Option<f64>,
    percent_done: Option<String>,
    backup_size_in_bytes: Option<u64>,
    destination_backup_vault_arn: Option<String>,
    created_by: Option<Creator>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Creator {
    backup_plan_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RestoreJob {
    restore_job_id: Option<String>,
    recovery_point_arn: Option<String>,
    recovery_point_creation_date: Option<f64>,
    source_resource_arn: Option<String>,
    resource_type: Option<String>,
    status: Option<String>,
    status_message: Option<String>,
    validation_status: Option<String>,
    validation_status_message: Option<String>,
    creation_date: Option<f64>,
    completion_date: Option<f64>,
    created_by: Option<Tester>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tester {
    restore_testing_plan_arn: Option<String>,
}

impl Vaults {
    /// On an account. `second_region` is where copies go, if the configuration says so.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>, second_region: Option<String>) -> Self {
        Self {
            signed,
            line,
            second_region,
        }
    }

    async fn all<P: Paged>(
        &self,
        question: Question,
        region: Option<&str>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<P::Row>, Problem> {
        let mut rows = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let mut query = query.to_vec();
            query.push(("maxResults", "1000"));
            if let Some(token) = &token {
                query.push(("nextToken", token.as_str()));
            }
            let heard = self
                .signed
                .get(&self.line, &API, question, region, path, &query)
                .await?;
            let page: P = match heard.json() {
                Ok(page) => page,
                Err(seen) => return Err(self.signed.unreadable(&self.line, question, seen).await),
            };
            let (more, next) = page.split();
            rows.extend(more);
            if !pages.turn(rows.len(), next)? {
                break;
            }
        }
        Ok(rows)
    }

    /// Recovery points in every vault of this region.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn points(&self) -> Result<Points, Problem> {
        let region = self.signed.region().await?;
        self.points_in(None, &region).await
    }

    /// Recovery points in the second region: the configured one, else the one that copies went to lately.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn abroad(&self) -> Result<Abroad, Problem> {
        let region = match &self.second_region {
            Some(named) => Some(named.clone()),
            None => {
                let copies = self.copies().await?;
                let home = self.signed.region().await?;
                copies
                    .into_iter()
                    .find_map(|j| j.copies_to.filter(|r| *r != home))
            }
        };
        let Some(region) = region else {
            return Ok(Abroad::default());
        };
        let points = self.points_in(Some(&region), &region).await?;
        Ok(Abroad {
            region: Some(region),
            backups: points.backups,
            vaults_unread: points.vaults_unread,
        })
    }

    async fn points_in(&self, asked: Option<&str>, region: &str) -> Result<Points, Problem> {
        let vaults = self
            .all::<VaultPage>(VAULTS, asked, "/backup-vaults/", &[])
            .await?;
        let mut all = Points {
            region: region.to_owned(),
            vaults_unread: vaults.len().saturating_sub(VAULTS_READ),
            ..Points::default()
        };
        for vault in vaults.into_iter().take(VAULTS_READ) {
            let name = escape(&vault.backup_vault_name);
            let path = format!("/backup-vaults/{name}/recovery-points/");
            let points = self.all::<PointPage>(POINTS, asked, &path, &[]).await?;
            let points = points.into_iter().map(|p| from_point(p, region));
            all.backups.extend(points);
        }
        Ok(all)
    }

    /// Backups and copies of the last days, newest first.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn jobs(&self) -> Result<Vec<BackupJob>, Problem> {
        let since = since(JOB_DAYS);
        let query = [("createdAfter", since.as_str())];
        let (backups, copies) = tokio::join!(
            self.all::<JobPage>(JOBS, None, "/backup-jobs/", &query),
            self.copies(),
        );
        let mut all: Vec<BackupJob> = backups?.into_iter().map(from_job).collect();
        all.extend(copies?);
        all.order_by(|a, b| (b.began_at, &a.id).cmp(&(a.began_at, &b.id)));
        Ok(all)
    }

    /// Restores of the last quarter, newest first.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn restores(&self) -> Result<Vec<Restore>, Problem> {
        let since = since(RESTORE_DAYS);
        let query = [("createdAfter", since.as_str())];
        let jobs = self
            .all::<RestorePage>(RESTORES, None, "/restore-jobs/", &query)
            .await?;
        let mut all: Vec<Restore> = jobs.into_iter().map(from_restore).collect();
        all.order_by(|a, b| (b.began_at, &a.id).cmp(&(a.began_at, &b.id)));
        Ok(all)
    }

    async fn copies(&self) -> Result<Vec<BackupJob>, Problem> {
        let since = since(JOB_DAYS);
        let query = [("createdAfter", since.as_str())];
        let copies = self
            .all::<CopyPage>(COPIES, None, "/copy-jobs/", &query)
            .await?;
        Ok(copies.into_iter().map(from_job).collect())
    }
}

fn since(days: i64) -> String {
    let at = Timestamp::now() - SignedDuration::from_hours(24 * days);
    format!("{at:.0}")
}

/// The name of what an ARN is of (`arn:aws:rds:...:db:laser`, `arn:aws:s3:::laser-uploads`, `...:table/x`): what the service itself
/// knows it by, while the name given here may be that of a tag.
fn named(resource_name: Option<&str>, arn: Option<&str>) -> String {
    let tail = arn.and_then(|a| a.splitn(6, ':').nth(5));
    let tail = tail.and_then(|t| t.rsplit([':', '/']).next());
    text(tail.filter(|t| !t.is_empty()).or(resource_name))
}

fn store_kind(resource_type: Option<&str>) -> StoreKind {
    match resource_type {
        Some("RDS") => StoreKind::Database,
        Some("Aurora" | "DocumentDB" | "Neptune") => StoreKind::Cluster,
        Some("S3") => StoreKind::Bucket,
        _ => StoreKind::Other,
    }
}

fn from_point(p: Point, region: &str) -> Backup {
    let status = text(p.status.as_deref());
    let kind = store_kind(p.resource_type.as_deref());
    Backup {
        store: named(p.resource_name.as_deref(), p.resource_arn.as_deref()),
        store_kind: kind,
        kind: BackupKind::Vault,
        id: text(p.recovery_point_arn.rsplit(':').next()),
        arn: text(Some(&p.recovery_point_arn)),
        region: region.to_owned(),
        taken_at: seconds(p.creation_date),
        made_at: seconds(p.completion_date).or(seconds(p.creation_date)),
        complete: status == "COMPLETED" || status == "AVAILABLE",
        status,
        percent: None,
        bytes: p.backup_size_in_bytes.filter(|n| *n > 0),
        encrypted: p.is_encrypted,
        copy_of: some_text(p.source_backup_vault_arn.as_deref()),
        expires_at: seconds(p.calculated_lifecycle.and_then(|l| l.delete_at)),
    }
}

fn from_job(j: Job) -> BackupJob {
    let destination = j.destination_backup_vault_arn.as_deref();
    BackupJob {
        id: text(j.backup_job_id.as_deref().or(j.copy_job_id.as_deref())),
        store: named(j.resource_name.as_deref(), j.resource_arn.as_deref()),
        store_type: text(j.resource_type.as_deref()),
        state: text(j.state.as_deref()),
        message: reason(j.status_message.as_deref()),
        began_at: seconds(j.creation_date),
        ended_at: seconds(j.completion_date),
        percent: j.percent_done.as_deref().and_then(|p| p.parse().ok()),
        bytes: j.backup_size_in_bytes.filter(|n| *n > 0),
        copies_to: destination.map(|arn| text(arn.split(':').nth(3))),
        plan: j
            .created_by
            .and_then(|c| some_text(c.backup_plan_name.as_deref())),
    }
}

/// A restore. What its recovery point is of is told lately alone (`SourceResourceArn`), and the point's own name is no store's.
fn from_restore(j: RestoreJob) -> Restore {
    let of = j.source_resource_arn.as_deref();
    let plan = j.created_by.and_then(|c| c.restore_testing_plan_arn);
    Restore {
        id: text(j.restore_job_id.as_deref()),
        store: Some(named(None, of)).filter(|name| !name.is_empty()),
        store_type: text(j.resource_type.as_deref()),
        point: text(j.recovery_point_arn.as_deref()),
        taken_at: seconds(j.recovery_point_creation_date),
        state: text(j.status.as_deref()),
        message: reason(j.status_message.as_deref()),
        validation: some_text(j.validation_status.as_deref()),
        validation_message: reason(j.validation_status_message.as_deref()),
        began_at: seconds(j.creation_date),
        ended_at: seconds(j.completion_date),
        by_plan: plan.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_is_not_named_after_its_recovery_point() {
        let point = "arn:aws:rds:us-east-1:1:snapshot:awsbackup:job-6b0e2f0a";
        let job = |source: Option<&str>| {
            from_restore(RestoreJob {
                recovery_point_arn: Some(point.into()),
                recovery_point_creation_date: Some(7.0),
                source_resource_arn: source.map(str::to_owned),
                ..RestoreJob::default()
            })
        };
        let told = job(Some("arn:aws:rds:us-east-1:1:db:laser-prod-db"));
        assert_eq!(told.store.as_deref(), Some("laser-prod-db"));
        assert_eq!(told.taken_at, Timestamp::from_second(7).ok());
        let untold = job(None);
        assert_eq!((untold.store, untold.point.as_str()), (None, point));
    }
}
