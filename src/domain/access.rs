//! Who may do what in an account: users and roles of AWS IAM (API version 2010-05-08) with what their policies allow of a few deeds
//! that matter, and the credentials of users (IAM User Guide, "Generate credential reports").

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::effort::Effort;
use super::passing::Passing;
use super::policy::{Allowance, Statement, administers, fits};
use super::reach::{ALL_BUT, Bound, reach, reach_where};

/// A deed that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Delete a backup for good.
    DeleteBackups,
    /// Restore from one.
    Restore,
    /// Change, restart or delete a database.
    ChangeDatabase,
    /// Read a secret's value.
    ReadSecrets,
    /// Set a service to another revision.
    Deploy,
    /// Give rights, and so take any.
    GrantRights,
}

/// Every deed, in the order shown.
pub const DEEDS: [Deed; 6] = [
    Deed::DeleteBackups,
    Deed::Restore,
    Deed::ChangeDatabase,
    Deed::ReadSecrets,
    Deed::Deploy,
    Deed::GrantRights,
];

impl Deed {
    /// In a few words.
    pub fn word(self) -> &'static str {
        match self {
            Self::DeleteBackups => "delete backups",
            Self::Restore => "restore",
            Self::ChangeDatabase => "change databases",
            Self::ReadSecrets => "read secrets",
            Self::Deploy => "deploy",
            Self::GrantRights => "grant rights",
        }
    }

    /// The actions, any of which is the deed (Service Authorization Reference).
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::DeleteBackups => &[
                "rds:DeleteDBSnapshot",
                "rds:DeleteDBClusterSnapshot",
                "rds:DeleteDBInstanceAutomatedBackup",
                "rds:DeleteDBClusterAutomatedBackup",
                // Daily backups go with their database unless somebody says otherwise.
                "rds:DeleteDBInstance",
                "rds:DeleteDBCluster",
                "elasticache:DeleteSnapshot",
                "backup:DeleteRecoveryPoint",
                // A life that ends today.
                "backup:UpdateRecoveryPointLifecycle",
                DELETE_VERSION,
            ],
            Self::Restore => &[
                "rds:RestoreDBInstanceFromDBSnapshot",
                "rds:RestoreDBInstanceToPointInTime",
                "rds:RestoreDBClusterFromSnapshot",
                "rds:RestoreDBClusterToPointInTime",
                "backup:StartRestoreJob",
            ],
            Self::ChangeDatabase => &[
                "rds:ModifyDBInstance",
                "rds:ModifyDBCluster",
                "rds:RebootDBInstance",
                "rds:DeleteDBInstance",
                "rds:DeleteDBCluster",
            ],
            Self::ReadSecrets => &["secretsmanager:GetSecretValue", "ssm:GetParameter"],
            Self::Deploy => &["ecs:UpdateService"],
            Self::GrantRights => &[
                "iam:AttachRolePolicy",
                "iam:PutRolePolicy",
                "iam:AttachUserPolicy",
                "iam:PutUserPolicy",
                "iam:CreatePolicyVersion",
            ],
        }
    }
}

/// The calls by which the console itself changes something, and what it needs each for.
pub const CALLS: [(&str, &str); 5] = [
    ("ecs:UpdateService", "deploy, roll back, scale and restart"),
    ("ecs:RegisterTaskDefinition", "register revisions"),
    // A revision with tags is registered by nobody else (Amazon ECS, "Grant permission to tag resources on creation").
    ("ecs:TagResource", "keep a revision's tags"),
    ("iam:PassRole", "pass roles to tasks"),
    ("ecs:StopServiceDeployment", "stop deployments"),
];

/// Deletes a version of an object: an application's own files, too.
const DELETE_VERSION: &str = "s3:DeleteObjectVersion";

/// What a principal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A user.
    #[default]
    User,
    /// A role.
    Role,
}

/// How a deed is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// By which action.
    pub action: &'static str,
    /// How far.
    #[serde(flatten)]
    pub how: Allowance,
}

impl Grant {
    /// In words.
    pub fn words(&self) -> String {
        let mut words = self.action.to_owned();
        if self.how.conditional {
            words.push_str(" with conditions");
        }
        if let Some(on) = &self.how.on {
            words = format!("{words} on {}", on.join(", "));
        }
        if self.how.partly_denied {
            words.push_str(", partly denied");
        }
        words
    }
}

/// A user or a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Principal {
    /// What it is.
    pub kind: PrincipalKind,
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Who may take a role: services, accounts, users, as its trust policy names them.
    pub trusted: Vec<String>,
    /// Whether it is one of AWS's own (a service-linked role), which its service alone can take and nobody can widen.
    pub of_service: bool,
    /// When a role was used last (UTC).
    pub last_used: Option<Timestamp>,
    /// Groups of a user.
    pub groups: Vec<String>,
    /// Names of the policies that count.
    pub policies: Vec<String>,
    /// Policies that count and could not be read.
    pub unread: Vec<String>,
    /// The policy that bounds it.
    pub bounded_by: Option<String>,
    /// Whether that one could not be read: nothing that it bounds is certain then.
    pub bound_unread: bool,
    /// Whether it may do everything.
    pub administers: bool,
    /// Whether it may, unless its boundary, which could not be read, forbids it.
    #[serde(skip)]
    pub perhaps_administers: bool,
    /// How each deed is allowed that is.
    pub grants: BTreeMap<Deed, Vec<Grant>>,
    /// Deeds that its own policies allow, and its boundary perhaps.
    pub perhaps: BTreeMap<Deed, Vec<Grant>>,
    /// Which of the console's own calls it may make, and how far.
    #[serde(skip)]
    pub calls: Vec<Grant>,
    /// Those of them that its own policies allow, and its boundary perhaps.
    #[serde(skip)]
    pub perhaps_calls: Vec<Grant>,
    /// Roles by which it may do more than by itself, the mightiest first.
    pub through: Vec<Passing>,
    /// How many such roles there are beyond those told.
    pub through_more: usize,
    /// Whether one of those gives what none of the told ones gives, or is not known to give no more.
    pub through_more_open: bool,
}

/// What stands behind a policy's name among the unread ones where it was read, and there were no steps left to work out what it says.
pub const TOO_MUCH: &str = "(which is more than is worked out of one account)";

impl Principal {
    /// Whether what it may was not worked out in full, since working out an account has a bound.
    pub fn is_too_much(&self) -> bool {
        self.unread.iter().any(|policy| policy.ends_with(TOO_MUCH))
    }

    /// The policies that are there and could not be read.
    pub fn unreadable(&self) -> impl Iterator<Item = &str> {
        let all = self.unread.iter().map(String::as_str);
        all.filter(|policy| !policy.ends_with(TOO_MUCH))
    }

    /// Works out what its own statements, within those of its boundary, allow.
    pub fn judge(&mut self, own: &[Statement], bound: Bound<'_>) {
        self.judge_by(own, bound, &Effort::default());
    }

    /// The same of another who has the same policies and the same boundary.
    pub fn judge_as(&mut self, other: &Self) {
        self.bound_unread = other.bound_unread;
        self.administers = other.administers;
        self.perhaps_administers = other.perhaps_administers;
        self.calls.clone_from(&other.calls);
        self.perhaps_calls.clone_from(&other.perhaps_calls);
        self.grants.clone_from(&other.grants);
        self.perhaps.clone_from(&other.perhaps);
    }

    /// The same with so many steps.
    pub fn judge_by(&mut self, own: &[Statement], bound: Bound<'_>, effort: &Effort) {
        self.bound_unread = matches!(bound, Bound::Unread);
        self.administers = administers(own)
            && match bound {
                Bound::Free => true,
                Bound::Unread => false,
                Bound::By(all) => administers(all),
            };
        self.perhaps_administers = self.bound_unread && administers(own);
        for (action, _) in CALLS {
            let found = reach(own, bound, action, effort);
            let grant = |how| Grant { action, how };
            self.calls.extend(found.sure.clone().map(grant));
            let perhaps = found.perhaps.filter(|_| found.sure.is_none());
            self.perhaps_calls.extend(perhaps.map(grant));
        }
        for deed in DEEDS {
            let (mut sure, mut perhaps) = (Vec::new(), Vec::new());
            for action in deed.actions().iter().copied() {
                let found = reach_where(own, bound, action, effort, |how| counts(action, how));
                let grant = |how| Grant { action, how };
                sure.extend(found.sure.map(grant));
                perhaps.extend(found.perhaps.map(grant));
            }
            // Who may do it by one of its actions may do it.
            if !sure.is_empty() {
                self.grants.insert(deed, sure);
            } else if !perhaps.is_empty() {
                self.perhaps.insert(deed, perhaps);
            }
        }
    }

    /// Why what its own policies allow is not certain.
    pub fn doubt(&self) -> String {
        let boundary = self.bounded_by.as_deref().unwrap_or("?");
        match self.bound_unread {
            true => format!("if its boundary {boundary} lets it, which could not be read"),
            false => format!("if its boundary {boundary} lets it there"),
        }
    }

    /// Whether a service takes it by itself.
    pub fn is_taken_by(&self, service: &str) -> bool {
        self.trusted.iter().any(|t| t == service)
    }

    /// Whether its name says that backups are its business.
    fn is_for_backups(&self) -> bool {
        self.name.to_ascii_lowercase().contains("backup")
            || self.is_taken_by("backup.amazonaws.com")
    }
}

/// A role that may delete versions in buckets that hold no backups deletes none.
fn counts(action: &str, how: &Allowance) -> bool {
    let backups = |pattern: &String| {
        // What is left of all the rest holds backups, too.
        if pattern.starts_with(ALL_BUT) {
            return true;
        }
        let rest = pattern.strip_prefix("arn:aws:s3:::").unwrap_or(pattern);
        rest.starts_with(['*', '?']) || pattern.to_ascii_lowercase().contains("backup")
    };
    let on = how.on.as_ref();
    action != DELETE_VERSION || on.is_none_or(|all| all.iter().any(backups))
}

/// A user's credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Credentials {
    /// The user; `<root_account>` is the account itself.
    pub user: String,
    /// Whether a password opens the console.
    pub password: bool,
    /// Whether a second factor is asked for.
    pub mfa: bool,
    /// When each active access key was made or last replaced (UTC).
    pub keys: Vec<Option<Timestamp>>,
    /// When a key or the password was used last (UTC).
    pub last_used: Option<Timestamp>,
}

/// Everything that an account tells of who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Users and roles, by name.
    pub principals: Vec<Principal>,
    /// Whether there are more than were read.
    pub cut: bool,
    /// Credentials of users, where a report of them is at hand.
    pub credentials: Option<Vec<Credentials>>,
    /// Why there is none.
    pub no_credentials: Option<String>,
    /// Names, with `*` and `?`, of those who may delete backups by the configuration; empty: nobody said.
    pub may_delete: Vec<String>,
}

impl Access {
    /// Those who may delete backups, but for AWS's own.
    pub fn deleters(&self) -> impl Iterator<Item = (&Principal, &[Grant])> {
        self.principals.iter().filter_map(|p| {
            let grants = p.grants.get(&Deed::DeleteBackups)?;
            (!p.of_service).then_some((p, grants.as_slice()))
        })
    }

    /// Whether that is right: the configuration names it; or, where it names nobody, it administers the account or is there
    /// for backups, by its name or because AWS Backup takes it.
    pub fn is_right(&self, p: &Principal) -> bool {
        if self.may_delete.is_empty() {
            p.administers || p.is_for_backups()
        } else {
            self.may_delete.iter().any(|name| fits(name, &p.name))
        }
    }

    /// By which rule that is judged, in words.
    pub fn rule(&self) -> String {
        if self.may_delete.is_empty() {
            "allowed: administrators, and those whose name says backup or whom AWS Backup takes (may_delete in [backups] names others)".to_owned()
        } else {
            format!("allowed by [backups]: {}", self.may_delete.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::read;
    use serde_json::json;

    fn principal(name: &str, statements: serde_json::Value) -> Principal {
        let mut p = Principal {
            name: name.into(),
            ..Principal::default()
        };
        p.judge(
            &read(&json!({"Statement": statements}).to_string()).unwrap(),
            Bound::Free,
        );
        p
    }

    #[test]
    fn versions_of_an_application_s_own_files_are_no_backups() {
        let on = |resource: &str| {
            let p = principal(
                "app",
                json!({"Effect": "Allow", "Action": "s3:*", "Resource": resource}),
            );
            p.grants.contains_key(&Deed::DeleteBackups)
        };
        assert!(!on("arn:aws:s3:::laser-uploads/*"));
        assert!(on("arn:aws:s3:::laser-backups/*"));
        assert!(on("arn:aws:s3:::*"));
        assert!(on("*"));
    }

    #[test]
    fn every_way_to_lose_a_backup_counts() {
        let may = |action: &str| {
            let p = principal(
                "x",
                json!({"Effect": "Allow", "Action": action, "Resource": "*"}),
            );
            p.grants.contains_key(&Deed::DeleteBackups)
        };
        for action in [
            "rds:DeleteDBInstanceAutomatedBackup",
            "rds:DeleteDBClusterAutomatedBackup",
            "rds:DeleteDBInstance",
            "rds:DeleteDBCluster",
            "elasticache:DeleteSnapshot",
            "backup:UpdateRecoveryPointLifecycle",
            "backup:Update*",
        ] {
            assert!(may(action), "{action}");
        }
        assert!(!may("rds:RebootDBInstance") && !may("backup:StartBackupJob"));
    }

    #[test]
    fn a_boundary_takes_away_what_it_does_not_allow() {
        let own = read(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#).unwrap();
        let bound =
            read(r#"{"Statement":{"Effect":"Allow","Action":"ecs:*","Resource":"*"}}"#).unwrap();
        let mut p = Principal::default();
        p.judge(&own, Bound::By(&bound));
        assert!(!p.administers);
        assert_eq!(p.grants.keys().copied().collect::<Vec<_>>(), [Deed::Deploy]);
    }

    #[test]
    fn a_boundary_that_was_not_read_leaves_open_what_would_be_allowed_and_nothing_else() {
        let own =
            read(r#"{"Statement":{"Effect":"Allow","Action":"ecs:*","Resource":"*"}}"#).unwrap();
        let mut p = Principal {
            bounded_by: Some("arn:b".into()),
            ..Principal::default()
        };
        p.judge(&own, Bound::Unread);
        assert!(p.grants.is_empty() && p.calls.is_empty());
        assert_eq!(
            p.perhaps.keys().copied().collect::<Vec<_>>(),
            [Deed::Deploy]
        );
        assert!(p.doubt().contains("arn:b") && p.doubt().contains("could not be read"));
        let all = read(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#).unwrap();
        let mut p = Principal::default();
        p.judge(&all, Bound::Unread);
        assert!(!p.administers && p.perhaps_administers);
    }

    #[test]
    fn all_but_some_buckets_holds_backups() {
        let p = principal(
            "app",
            json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::uploads/*"}),
        );
        assert!(p.grants.contains_key(&Deed::DeleteBackups));
    }

    #[test]
    fn who_may_is_right_by_the_list_or_by_the_rule() {
        let rights = json!({"Effect": "Allow", "Action": "rds:*", "Resource": "*"});
        let admin = principal(
            "ana",
            json!({"Effect": "Allow", "Action": "*", "Resource": "*"}),
        );
        let (keeper, other) = (
            principal("backup-keeper", rights.clone()),
            principal("ci", rights),
        );
        let mut access = Access {
            principals: vec![admin, keeper, other],
            ..Access::default()
        };
        let right =
            |a: &Access| -> Vec<bool> { a.deleters().map(|(p, _)| a.is_right(p)).collect() };
        assert_eq!(right(&access), [true, true, false]);
        access.may_delete = vec!["c?".into()];
        assert_eq!(right(&access), [false, false, true]);
    }
}
