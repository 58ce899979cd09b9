//! Requests and their answers.

use serde_json::{Value, json};

use super::super::rds::{Databases, Now};
use super::{Backups, Job, PLAN, RESOURCES, creator, merge, page, vault, vault_arn};
use crate::server::ACCESS_KEY;
use crate::web::{Reply, Request};
use crate::wire;
use crate::world::{World, names};

pub(super) fn refused(status: u16, code: &str, why: &str) -> Reply {
    let body = json!({"Code": code, "Message": why, "message": why, "Type": "Client"});
    Reply::json(status, &body).with("x-amzn-errortype", code)
}

pub(super) fn lost(what: &str) -> Reply {
    refused(
        400,
        "ResourceNotFoundException",
        &format!("{what} cannot be found."),
    )
}

pub(super) fn ok(value: &Value) -> Reply {
    Reply::json(200, value)
}

/// Seconds since 1970 of a time in the query.
pub(super) fn moment(request: &Request, name: &str) -> Option<f64> {
    let at = request.param(name)?.parse::<jiff::Timestamp>().ok()?;
    Some(at.as_microsecond() as f64 / 1e6)
}

/// Whether a job or a recovery point passes the query's filters.
fn passes(request: &Request, job: &Job, created: f64) -> bool {
    let same = |name: &str, is: &str| request.param(name).is_none_or(|wanted| wanted == is);
    same("resourceArn", &job.resource.arn())
        && same("resourceType", job.resource.kind)
        && same("state", job.state())
        && same("backupVaultName", vault(job.region()))
        && same(
            "sourceRecoveryPointArn",
            job.source.as_deref().unwrap_or_default(),
        )
        && moment(request, "createdAfter").is_none_or(|at| created >= at)
        && moment(request, "createdBefore").is_none_or(|at| created <= at)
}

impl Backups {
    /// Answers a request.
    pub fn handle(&mut self, request: &Request, world: &World, rds: &mut Databases) -> Reply {
        match wire::credential(&request.headers).as_deref() {
            Some(ACCESS_KEY) => {}
            _ => {
                let why = "The security token included in the request is invalid.";
                return refused(403, "UnrecognizedClientException", why);
            }
        }
        let region = request.region();
        let known = self.told && [names::REGION, names::SECOND_REGION].contains(&region.as_str());
        let steps = request.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let now = Now::of(world);
        match (request.method.as_str(), steps.as_slice()) {
            ("GET", ["backup-vaults"]) => {
                let vaults = known.then(|| self.show_vault(&region)).into_iter();
                ok(&page(request, "BackupVaultList", vaults.collect()))
            }
            ("GET", ["backup-vaults", name, rest @ ..]) => {
                if !known || *name != vault(&region) {
                    return lost(&format!("Backup vault {name}"));
                }
                self.in_vault(request, &region, rest, rds)
            }
            ("GET", ["resources"]) => {
                let all = if known { RESOURCES } else { &[] };
                let shown = all
                    .iter()
                    .filter_map(|r| self.show_resource(r.name, &region));
                ok(&page(request, "Results", shown.collect()))
            }
            ("GET", ["resources", arn, "recovery-points"]) => {
                let of = self.points(&region).into_iter();
                let of = of.filter(|j| known && j.resource.arn() == *arn);
                let shown = of.map(|j| {
                    let mut point = self.show_point(j, rds);
                    merge(&mut point, json!({"BackupSizeBytes": self.bytes(j, rds)}));
                    point
                });
                ok(&page(request, "RecoveryPoints", shown.collect()))
            }
            ("GET", ["backup-jobs"]) => ok(&self.list(request, &region, false, rds)),
            ("GET", ["copy-jobs"]) => ok(&self.list(request, &region, true, rds)),
            ("GET", [kind @ ("backup-jobs" | "copy-jobs"), id]) => {
                let job = self.jobs.iter().find(|j| j.id.eq_ignore_ascii_case(id));
                match job {
                    Some(job) if *kind == "copy-jobs" => {
                        ok(&json!({"CopyJob": self.show_job(job, rds)}))
                    }
                    Some(job) => ok(&self.show_job(job, rds)),
                    None => lost(&format!("Job {id}")),
                }
            }
            ("GET", ["restore-jobs"]) => ok(&self.show_restores(request, &region)),
            ("GET", ["restore-jobs", id]) => match self.restore_of(id) {
                Some(shown) => ok(&shown),
                None => lost(&format!("Restore job {id}")),
            },
            ("PUT", ["restore-jobs"]) => self.restore(&request.json(), &region, now, rds),
            ("PUT", ["restore-jobs", id, "validations"]) => self.validate(id, &request.json()),
            ("GET", ["backup", "plans"]) => {
                let home = known && region == names::REGION;
                let shown = home.then(|| self.show_plan()).into_iter();
                ok(&page(request, "BackupPlansList", shown.collect()))
            }
            ("GET", ["backup", "plans", id]) if *id == PLAN && known => ok(&self.show_rules()),
            ("PUT", ["backup-jobs"]) => self.start(&request.json(), &region, now, rds),
            ("PUT", ["copy-jobs"]) => self.start_copy(&request.json(), &region, now, rds),
            _ => {
                let why = format!(
                    "The sandbox does not offer {} {}.",
                    request.method, request.path
                );
                refused(400, "InvalidRequestException", &why)
            }
        }
    }

    fn show_vault(&self, region: &str) -> Value {
        json!({
            "BackupVaultName": vault(region), "BackupVaultArn": vault_arn(region), "VaultType": "BACKUP_VAULT",
            "VaultState": "AVAILABLE", "CreationDate": self.planned - 300.0 * super::DAY_S, "Locked": false,
            "EncryptionKeyArn": format!("arn:aws:kms:{region}:{}:alias/laser-prod-backup", names::ACCOUNT),
            "NumberOfRecoveryPoints": self.points(region).len(),
        })
    }

    fn in_vault(&self, request: &Request, region: &str, rest: &[&str], rds: &Databases) -> Reply {
        match rest {
            [] => ok(&self.show_vault(region)),
            ["recovery-points"] => {
                let points = self.points(region).into_iter();
                let points = points.filter(|j| passes(request, j, self.taken(j)));
                let shown = points.map(|j| self.show_point(j, rds)).collect();
                ok(&page(request, "RecoveryPoints", shown))
            }
            ["recovery-points", arn] => {
                let points = self.points(region).into_iter();
                match points.into_iter().find(|j| j.point == *arn) {
                    Some(job) => ok(&self.show_point(job, rds)),
                    None => lost(&format!("Recovery point {arn}")),
                }
            }
            _ => lost("The resource"),
        }
    }

    fn show_resource(&self, name: &str, region: &str) -> Option<Value> {
        let mut points = self.points(region).into_iter();
        let last = points.find(|j| j.resource.name == name && j.ended.is_some())?;
        Some(json!({
            "ResourceArn": last.resource.arn(), "ResourceType": last.resource.kind, "ResourceName": name,
            "LastBackupTime": self.taken(last), "LastBackupVaultArn": vault_arn(region),
            "LastRecoveryPointArn": last.point,
        }))
    }

    fn list(&self, request: &Request, region: &str, copies: bool, rds: &Databases) -> Value {
        // Copy jobs are listed where they copy from.
        let home = region == names::REGION;
        let jobs = self.jobs.iter().rev();
        let jobs = jobs.filter(|j| home && j.source.is_some() == copies);
        let jobs = jobs.filter(|j| passes(request, j, j.began));
        let shown = jobs.map(|j| self.show_job(j, rds)).collect();
        page(
            request,
            if copies { "CopyJobs" } else { "BackupJobs" },
            shown,
        )
    }

    fn show_plan(&self) -> Value {
        let mut plan = creator();
        let last = self.jobs.iter().rev().find(|j| j.planned).map(|j| j.began);
        merge(
            &mut plan,
            json!({
                "VersionId": "MzQ1", "CreationDate": self.planned - 300.0 * super::DAY_S, "LastExecutionDate": last,
            }),
        );
        plan
    }

    fn show_rules(&self) -> Value {
        let rule = json!({
            "RuleName": "daily-and-copied", "RuleId": super::uuid("rule"), "TargetBackupVaultName": vault(names::REGION),
            "ScheduleExpression": "cron(0 5 * * ? *)", "StartWindowMinutes": 60, "CompletionWindowMinutes": 180,
            "Lifecycle": {"DeleteAfterDays": 14},
            "CopyActions": [{
                "DestinationBackupVaultArn": vault_arn(names::SECOND_REGION), "Lifecycle": {"DeleteAfterDays": 14},
            }],
        });
        let mut plan = self.show_plan();
        merge(
            &mut plan,
            json!({"BackupPlan": {"BackupPlanName": "laser-prod-daily", "Rules": [rule]}}),
        );
        plan
    }

    fn start(&mut self, body: &Value, region: &str, now: Now, rds: &mut Databases) -> Reply {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let home = region == names::REGION;
        if !self.told || !home || text("BackupVaultName") != vault(region) {
            return lost(&format!("Backup vault {}", text("BackupVaultName")));
        }
        let wanted = text("ResourceArn");
        let Some(resource) = RESOURCES.iter().find(|r| r.arn() == wanted) else {
            return lost(&format!("Resource {wanted}"));
        };
        self.asked += 1;
        // The same token is the same job.
        let seed = match text("IdempotencyToken") {
            "" => format!("asked{}", self.asked),
            token => format!("token{token}"),
        };
        let id = super::uuid(&format!("{}{seed}", resource.name)).to_ascii_uppercase();
        if !self.jobs.iter().any(|j| j.id == id) {
            self.begin(resource, &seed, now.stamp, false, now, rds);
        }
        match self.jobs.iter().find(|j| j.id == id) {
            Some(job) => ok(&json!({
                "BackupJobId": job.id, "RecoveryPointArn": job.point, "CreationDate": job.began, "IsParent": false,
            })),
            None => lost(&format!("Resource {wanted}")),
        }
    }

    fn start_copy(&mut self, body: &Value, region: &str, now: Now, rds: &mut Databases) -> Reply {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let home = region == names::REGION && text("SourceBackupVaultName") == vault(region);
        if !home || text("DestinationBackupVaultArn") != vault_arn(names::SECOND_REGION) {
            return lost("The backup vault");
        }
        let wanted = text("RecoveryPointArn");
        let of = self
            .jobs
            .iter()
            .find(|j| j.source.is_none() && j.point == wanted);
        let Some(of) = of
            .filter(|j| j.ended.is_some() && j.failed.is_none())
            .cloned()
        else {
            return lost(&format!("Recovery point {wanted}"));
        };
        match self.copy(&of, now, rds) {
            Some(job) => ok(&json!({
                "CopyJobId": job.id, "CreationDate": job.began, "IsParent": false,
            })),
            None => refused(
                400,
                "InvalidRequestException",
                "The recovery point cannot be copied.",
            ),
        }
    }
}
