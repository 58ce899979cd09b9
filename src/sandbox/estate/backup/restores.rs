//! Restores: a database comes back as an instance of RDS beside the old one, and whoever looked at it says what came of it.

use serde_json::{Value, json};

use super::super::rds::{Databases, Now};
use super::answers::{lost, moment, ok, refused};
use super::{Backups, Resource, page, uuid, vault_arn};
use crate::web::{Reply, Request};
use crate::wire::map;
use crate::world::names;

/// A restore job.
#[derive(Clone, Debug)]
pub(super) struct Restore {
    id: String,
    resource: Resource,
    point: String,
    /// When the data was as it is in that point: wall-clock time.
    taken: f64,
    /// The instance that it makes.
    makes: String,
    /// Wall-clock times.
    began: f64,
    ended: Option<f64>,
    /// Status and message, once somebody said what came of it.
    validation: Option<(String, String)>,
}

impl Backups {
    /// Ends those whose instance is there.
    pub(super) fn step_restores(&mut self, now: Now, rds: &Databases) {
        for job in self.restores.iter_mut().filter(|j| j.ended.is_none()) {
            if rds.is_available(&job.makes) {
                job.ended = Some(now.stamp);
            }
        }
    }

    /// `ListRestoreJobs`.
    pub(super) fn show_restores(&self, request: &Request, region: &str) -> Value {
        let home = region == names::REGION;
        let jobs = self.restores.iter().rev().filter(|_| home);
        let after = moment(request, "createdAfter");
        let before = moment(request, "createdBefore");
        let jobs = jobs
            .filter(|j| after.is_none_or(|at| j.began >= at))
            .filter(|j| before.is_none_or(|at| j.began <= at))
            .filter(|j| request.param("status").is_none_or(|s| s == j.status()));
        page(request, "RestoreJobs", jobs.map(Restore::show).collect())
    }

    /// `DescribeRestoreJob`.
    pub(super) fn restore_of(&self, id: &str) -> Option<Value> {
        let job = self.restores.iter().find(|j| j.id.eq_ignore_ascii_case(id));
        job.map(Restore::show)
    }

    /// `StartRestoreJob`, of databases alone.
    pub(super) fn restore(
        &mut self,
        body: &Value,
        region: &str,
        now: Now,
        rds: &mut Databases,
    ) -> Reply {
        let wanted = body.get("RecoveryPointArn").and_then(Value::as_str);
        let wanted = wanted.unwrap_or_default();
        let made = self
            .jobs
            .iter()
            .find(|j| j.point == wanted && j.region() == region);
        let Some(made) = made.filter(|j| j.ended.is_some() && j.failed.is_none()) else {
            return lost(&format!("Recovery point {wanted}"));
        };
        if made.resource.kind != "RDS" {
            let why = "The sandbox restores databases alone.";
            return refused(400, "InvalidRequestException", why);
        }
        let metadata = body.get("Metadata");
        let id = metadata.and_then(|m| m.get("DBInstanceIdentifier"));
        let Some(id) = id.and_then(Value::as_str) else {
            let why = "Metadata must name DBInstanceIdentifier.";
            return refused(400, "InvalidParameterValueException", why);
        };
        let input = map([
            ("DBInstanceIdentifier", id.into()),
            ("DBSnapshotIdentifier", wanted.into()),
        ]);
        if let Err(why) = rds.restore_from_snapshot(&input, region, now) {
            return refused(400, "InvalidRequestException", &why.message);
        }
        let taken = self.taken(made);
        self.asked += 1;
        let job = Restore {
            id: uuid(&format!("restore{id}{}", self.asked)).to_ascii_uppercase(),
            resource: made.resource,
            point: wanted.to_owned(),
            taken,
            makes: id.to_owned(),
            began: now.stamp,
            ended: None,
            validation: None,
        };
        let answer = json!({"RestoreJobId": job.id});
        self.restores.push(job);
        ok(&answer)
    }

    /// `PutRestoreValidationResult`.
    pub(super) fn validate(&mut self, id: &str, body: &Value) -> Reply {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let all = self.restores.iter_mut();
        let Some(job) = all.into_iter().find(|j| j.id.eq_ignore_ascii_case(id)) else {
            return lost(&format!("Restore job {id}"));
        };
        if job.ended.is_none() {
            let why = "The restore job is not completed.";
            return refused(400, "InvalidRequestException", why);
        }
        let status = text("ValidationStatus");
        if !["FAILED", "SUCCESSFUL", "TIMED_OUT", "VALIDATING"].contains(&status) {
            let why = "ValidationStatus is none of the known ones.";
            return refused(400, "InvalidParameterValueException", why);
        }
        job.validation = Some((
            status.to_owned(),
            text("ValidationStatusMessage").to_owned(),
        ));
        Reply::empty(204)
    }
}

impl Restore {
    fn status(&self) -> &'static str {
        match self.ended {
            Some(_) => "COMPLETED",
            None => "RUNNING",
        }
    }

    fn show(&self) -> Value {
        let made = format!(
            "arn:aws:rds:{}:{}:db:{}",
            names::REGION,
            names::ACCOUNT,
            self.makes
        );
        let (validation, message) = match &self.validation {
            Some((status, message)) => (Some(status), Some(message)),
            None => (None, None),
        };
        let mut shown = json!({
            "AccountId": names::ACCOUNT,
            "RestoreJobId": self.id,
            "RecoveryPointArn": self.point,
            "RecoveryPointCreationDate": self.taken,
            "SourceResourceArn": self.resource.arn(),
            "BackupVaultArn": vault_arn(names::REGION),
            "CreationDate": self.began,
            "Status": self.status(),
            "PercentDone": if self.ended.is_some() { "100.00%" } else { "0.00%" },
            "IamRoleArn": format!("arn:aws:iam::{}:role/laser-prod-backup", names::ACCOUNT),
            "ResourceType": self.resource.kind,
            "IsParent": false,
        });
        let more = json!({
            "CompletionDate": self.ended,
            "CreatedResourceArn": self.ended.map(|_| made),
            "ValidationStatus": validation,
            "ValidationStatusMessage": message,
        });
        // What is not there yet is left out.
        if let (Value::Object(into), Value::Object(from)) = (&mut shown, more) {
            into.extend(from.into_iter().filter(|(_, v)| !v.is_null()));
        }
        shown
    }
}
