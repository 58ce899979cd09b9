//! What happens by itself: states move, the daily backups are made at their windows, and old ones are thrown away.

use super::instance::Then;
use super::{DAY_S, Databases, Instance, Kind, Now, Snapshot};
use crate::wire::{Node, map};
use crate::world::network;

/// Story seconds that a daily backup takes.
const BACKUP_S: f64 = 240.0;

/// Something that backs up daily.
struct Daily {
    of: String,
    is_cluster: bool,
    at: f64,
}

impl Instance {
    /// Its automated backup as DescribeDBInstanceAutomatedBackups shows it in a region.
    pub(super) fn show_automated(&self, region: &str, now: Now) -> Node {
        let own = self.region == region;
        let latest = self.restorable_until(now) - if own { 0.0 } else { 300.0 };
        let earliest = (now.stamp - self.retention_days as f64 * DAY_S).max(self.created);
        let window = map([
            ("EarliestTime", Node::Time(earliest.min(latest))),
            ("LatestTime", Node::Time(latest)),
        ]);
        map([
            ("DBInstanceArn", self.arn().into()),
            ("DbiResourceId", Node::from(&self.resource_id)),
            ("Region", Node::from(&self.region)),
            ("DBInstanceIdentifier", Node::from(&self.id)),
            ("RestoreWindow", window),
            ("AllocatedStorage", self.storage_gib.0.into()),
            ("Status", if own { "active" } else { "replicating" }.into()),
            ("Port", self.port().into()),
            (
                "AvailabilityZone",
                format!("{}{}", self.region, self.zones.0).into(),
            ),
            ("VpcId", network::VPC.into()),
            ("InstanceCreateTime", Node::Time(self.created)),
            ("MasterUsername", "laser".into()),
            ("Engine", self.engine.into()),
            ("EngineVersion", Node::from(&self.version)),
            ("LicenseModel", "postgresql-license".into()),
            ("StorageType", Node::from(&self.storage)),
            ("Encrypted", self.encrypted.into()),
            (
                "KmsKeyId",
                self.encrypted.then(|| super::key(region)).into(),
            ),
            ("BackupRetentionPeriod", self.retention_days.into()),
            ("PreferredBackupWindow", Node::from(&self.window)),
            (
                "DBInstanceAutomatedBackupsArn",
                self.backup_arn(region).into(),
            ),
            ("BackupTarget", "region".into()),
        ])
    }
}

/// Moments between two at which a daily window of `hh24:mi-hh24:mi` opens, and seven minutes.
fn openings(window: &str, from: f64, until: f64) -> Vec<f64> {
    let number = |range| window.get(range).and_then(|t: &str| t.parse::<f64>().ok());
    let (Some(hour), Some(minute)) = (number(0..2), number(3..5)) else {
        return Vec::new();
    };
    let into_day = hour * 3_600.0 + minute * 60.0 + 420.0;
    let first = ((from - into_day) / DAY_S).floor() as i64 + 1;
    let last = ((until - into_day) / DAY_S).floor() as i64;
    (first..=last)
        .map(|day| day as f64 * DAY_S + into_day)
        .collect()
}

/// `2026-11-25-03-07`, as names of automated snapshots end.
fn stamped(at: f64) -> String {
    let stamp = jiff::Timestamp::from_second(at as i64).unwrap_or_default();
    stamp.strftime("%Y-%m-%d-%H-%M").to_string()
}

impl Databases {
    pub(super) fn move_instances(&mut self, now: Now) {
        let mut ends: Vec<(String, String, Then)> = Vec::new();
        for i in &mut self.instances {
            while let Some(stage) = i.course.front().cloned() {
                if now.story - i.since < stage.lasts_s {
                    break;
                }
                i.since += stage.lasts_s;
                i.course.pop_front();
                ends.push((i.region.clone(), i.id.clone(), stage.then));
            }
        }
        for (region, id, then) in ends {
            self.bring(&region, &id, then, now);
        }
    }

    /// What the end of a state brings.
    fn bring(&mut self, region: &str, id: &str, then: Then, now: Now) {
        let Some(i) = self
            .instances
            .iter_mut()
            .find(|i| i.region == region && i.id == id)
        else {
            return;
        };
        let words = match then {
            Then::Nothing => return,
            Then::Apply => {
                i.apply_pending();
                (
                    "configuration change",
                    "Finished applying modification to DB instance",
                )
            }
            Then::SwapZones => {
                std::mem::swap(&mut i.zones.0, &mut i.zones.1);
                ("failover", "Multi-AZ instance failover completed")
            }
            Then::Restarted => ("availability", "DB instance restarted"),
            Then::Born => {
                i.created = now.stamp;
                ("creation", "DB instance created")
            }
            Then::Promoted => {
                i.replica_of = None;
                i.retention_days = i.retention_days.max(1);
                (
                    "availability",
                    "Promotion of the read replica has completed.",
                )
            }
            Then::Gone => ("deletion", "DB instance deleted"),
        };
        let is_first = then == Then::Born && i.is_backed_up();
        self.happened(region, "db-instance", id, words, now.stamp);
        if is_first {
            self.take_daily(id, false, now.stamp, now);
        }
        if then == Then::Gone {
            self.instances.retain(|i| i.region != region || i.id != id);
            let gone = |s: &Snapshot| {
                s.region == region && s.of == id && !s.is_cluster && s.kind == Kind::Automated
            };
            self.snapshots.retain(|s| !gone(s));
        }
    }

    pub(super) fn move_snapshots(&mut self, now: Now) {
        let mut made: Vec<(String, String, &'static str, bool, Kind)> = Vec::new();
        for s in self.snapshots.iter_mut().filter(|s| !s.is_available()) {
            s.step(now);
            if s.is_available() {
                let about = (s.region.clone(), s.of.clone());
                let kind = if s.is_cluster {
                    "db-cluster"
                } else {
                    "db-instance"
                };
                made.push((about.0, about.1, kind, s.source.is_some(), s.kind));
            }
        }
        for (region, of, source, is_copy, kind) in made {
            let words = match (is_copy, kind) {
                (true, _) => ("notification", "Finished copy of DB snapshot"),
                (false, Kind::Automated) => ("backup", "Finished DB Instance backup"),
                (false, _) => ("backup", "Manual snapshot created"),
            };
            self.happened(&region, source, &of, words, now.stamp);
        }
    }

    pub(super) fn make_daily(&mut self, now: Now) {
        for daily in self.due(self.backed_up, now.stamp) {
            self.take_daily(&daily.of, daily.is_cluster, daily.at, now);
        }
        self.backed_up = now.stamp;
    }

    /// The daily backups between two moments.
    fn due(&self, from: f64, until: f64) -> Vec<Daily> {
        let instances = self.instances.iter().filter(|i| i.is_backed_up());
        let mut due: Vec<Daily> = instances
            .filter(|i| i.status() != "creating")
            .flat_map(|i| {
                openings(&i.window, from, until)
                    .into_iter()
                    .map(|at| Daily {
                        of: i.id.clone(),
                        is_cluster: false,
                        at,
                    })
            })
            .collect();
        due.extend(self.clusters.iter().flat_map(|c| {
            openings(c.window, from, until).into_iter().map(|at| Daily {
                of: c.id.clone(),
                is_cluster: true,
                at,
            })
        }));
        due.sort_by(|a, b| a.at.total_cmp(&b.at));
        due
    }

    /// Tells the daily backups of the past, as they were made in their time.
    pub(super) fn remember_daily(&mut self, now: Now) {
        let longest = 15.0 * DAY_S;
        for daily in self.due(now.stamp - longest, now.stamp) {
            self.take_daily(&daily.of, daily.is_cluster, daily.at, now);
            let finished = now.stamp - daily.at > BACKUP_S;
            if let Some(s) = self.snapshots.last_mut().filter(|_| finished) {
                s.percent = 100;
                let (region, of) = (s.region.clone(), s.of.clone());
                let source = if daily.is_cluster {
                    "db-cluster"
                } else {
                    "db-instance"
                };
                let words = ("backup", "Finished DB Instance backup");
                self.happened(&region, source, &of, words, daily.at + BACKUP_S);
            }
        }
        self.forget(now);
    }

    fn take_daily(&mut self, of: &str, is_cluster: bool, at: f64, now: Now) {
        let id = format!("rds:{of}-{}", stamped(at));
        let taken = Now {
            stamp: at,
            story: now.story,
        };
        let source = if is_cluster {
            "db-cluster"
        } else {
            "db-instance"
        };
        if let Some(region) = self.take(id, of, is_cluster, Kind::Automated, taken, BACKUP_S) {
            let words = ("backup", "Backing up DB instance");
            self.happened(&region, source, of, words, at);
        }
    }

    /// Throws away the automated backups that are older than they are kept.
    pub(super) fn forget(&mut self, now: Now) {
        let kept: Vec<(String, bool, i64)> = self
            .instances
            .iter()
            .map(|i| (i.id.clone(), false, i.retention_days))
            .chain(
                self.clusters
                    .iter()
                    .map(|c| (c.id.clone(), true, c.retention_days)),
            )
            .collect();
        self.snapshots.retain(|s| {
            let days = kept
                .iter()
                .find(|(id, cluster, _)| *id == s.of && *cluster == s.is_cluster);
            let days = days.map_or(0, |(_, _, days)| *days) as f64;
            s.kind != Kind::Automated || now.stamp - s.made <= days * DAY_S + 1_800.0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_once_a_day() {
        let day = 20_000.0 * DAY_S;
        let got = openings("03:00-03:30", day, day + 2.0 * DAY_S);
        assert_eq!(got, [day + 11_220.0, day + DAY_S + 11_220.0]);
        assert!(openings("03:00-03:30", got[0], got[0] + 10.0).is_empty());
        assert!(openings("soon", day, day + 9.0 * DAY_S).is_empty());
        assert_eq!(stamped(got[0]), "2024-10-04-03-07");
    }
}
