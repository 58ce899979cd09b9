//! How jobs come and go: the plan's at its hour, those that are asked for, and the copy that follows each backup.

use super::super::rds::{Databases, Kind, Now};
use super::{Backups, DAY_S, Job, KEPT_DAYS, PLAN_AT_S, RESOURCES, Resource, uuid};
use crate::world::{World, names};

/// Story seconds that a backup takes, and its copy.
const BACKUP_S: f64 = 90.0;
const COPY_S: f64 = 120.0;

impl Backups {
    /// Lets time go on.
    pub fn step(&mut self, world: &World, rds: &mut Databases) {
        let now = Now::of(world);
        if !self.told {
            return;
        }
        for at in openings(self.planned, now.stamp) {
            for resource in RESOURCES {
                self.begin(resource, &format!("{at}"), at, true, now, rds);
            }
        }
        (self.planned, self.story) = (now.stamp, now.story);
        let mut finished = Vec::new();
        for job in self.jobs.iter_mut().filter(|j| j.ended.is_none()) {
            let (began, takes) = job.making;
            let snapshot = rds.snapshots.iter().find(|s| s.arn() == job.point);
            let whole = snapshot.is_none_or(super::super::rds::Snapshot::is_available);
            if now.story - began >= takes && whole {
                job.ended = Some(now.stamp);
                finished.push(job.clone());
            }
        }
        for job in finished.iter().filter(|j| j.source.is_none() && j.planned) {
            self.copy(job, now, rds);
        }
        self.step_restores(now, rds);
        let kept = |at: f64| now.stamp - at <= KEPT_DAYS * DAY_S;
        self.jobs.retain(|j| kept(j.began));
        let lost = |s: &super::super::rds::Snapshot| s.kind == Kind::Backup && !kept(s.made);
        rds.snapshots.retain(|s| !lost(s));
    }

    /// Begins a backup; its job's id.
    pub(super) fn begin(
        &mut self,
        resource: &Resource,
        seed: &str,
        at: f64,
        planned: bool,
        now: Now,
        rds: &mut Databases,
    ) -> Option<&Job> {
        let id = uuid(&format!("{}{seed}", resource.name)).to_ascii_uppercase();
        let point = match resource.kind {
            "RDS" => {
                let then = Now { stamp: at, ..now };
                rds.take_for_backup(resource.name, &id.to_ascii_lowercase(), then)?
            }
            _ => format!(
                "arn:aws:backup:{}:{}:recovery-point:{}",
                names::REGION,
                names::ACCOUNT,
                id.to_ascii_lowercase()
            ),
        };
        self.jobs.push(Job {
            id,
            resource: *resource,
            point,
            source: None,
            began: at,
            ended: None,
            making: (now.story, BACKUP_S),
            failed: None,
            planned,
        });
        self.jobs.last()
    }

    /// Begins the copy of a backup to the second region; its job.
    pub(super) fn copy(&mut self, of: &Job, now: Now, rds: &mut Databases) -> Option<&Job> {
        self.asked += 1;
        let id = uuid(&format!("copy{}{}", of.point, self.asked));
        let region = names::SECOND_REGION;
        let point = match of.resource.kind {
            "RDS" => {
                let name = format!("awsbackup:copyjob-{id}");
                let copy = rds.copy(&of.point, name, region, Kind::Backup, now);
                copy.ok()?.arn()
            }
            _ => format!(
                "arn:aws:backup:{region}:{}:recovery-point:{id}",
                names::ACCOUNT
            ),
        };
        self.jobs.push(Job {
            id: id.to_ascii_uppercase(),
            resource: of.resource,
            point,
            source: Some(of.point.clone()),
            began: now.stamp,
            ended: None,
            making: (now.story, COPY_S),
            failed: None,
            planned: of.planned,
        });
        self.jobs.last()
    }

    /// Tells two weeks of the plan, one failed job among them.
    pub(super) fn remember(&mut self, now: Now, rds: &mut Databases) {
        let days = openings(now.stamp - KEPT_DAYS * DAY_S, now.stamp);
        let failing = days.len().checked_sub(4);
        for (n, at) in days.iter().enumerate() {
            for resource in RESOURCES {
                let seed = format!("{at}");
                if self.begin(resource, &seed, *at, true, now, rds).is_none() {
                    continue;
                }
                if Some(n) == failing && resource.kind == "S3" {
                    if let Some(job) = self.jobs.last_mut() {
                        job.failed =
                            Some("The backup job could not read some objects: Access Denied");
                        job.ended = Some(at + 900.0);
                    }
                    continue;
                }
                self.finish_last(rds, at + 720.0, now);
                let Some(job) = self.jobs.last().filter(|j| j.ended.is_some()).cloned() else {
                    continue;
                };
                // What ended a moment ago is being copied now.
                let copied = Now {
                    stamp: (at + 780.0).min(now.stamp),
                    ..now
                };
                if self.copy(&job, copied, rds).is_some() {
                    self.finish_last(rds, at + 2_400.0, now);
                }
            }
        }
    }

    /// Ends the newest job at a moment of the past.
    fn finish_last(&mut self, rds: &mut Databases, at: f64, now: Now) {
        let Some(job) = self.jobs.last_mut().filter(|_| at < now.stamp) else {
            return;
        };
        job.ended = Some(at);
        if let Some(s) = rds.snapshots.iter_mut().find(|s| s.arn() == job.point) {
            s.percent = 100;
        }
    }
}

/// Moments between two at which the plan begins.
fn openings(from: f64, until: f64) -> Vec<f64> {
    let first = ((from - PLAN_AT_S) / DAY_S).floor() as i64 + 1;
    let last = ((until - PLAN_AT_S) / DAY_S).floor() as i64;
    (first..=last)
        .map(|day| day as f64 * DAY_S + PLAN_AT_S)
        .collect()
}
