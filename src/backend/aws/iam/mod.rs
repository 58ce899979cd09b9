//! AWS Identity and Access Management (API version 2010-05-08, Query): who is in the account and what their policies allow, by
//! GetAccountAuthorizationDetails, and the credential report, if somebody had one made. Nothing is made here for the asking.

mod judged;
mod report;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Question;
use super::convert::{stamp, text};
use super::pages::Pages;
use super::partition;
use super::signed::{Api, Signed};
use super::sound::told;
use crate::backend::transport::Line;
use crate::domain::access::{Access, Credentials, Principal, PrincipalKind};
use crate::domain::policy::{self, Statement};
use crate::domain::problem::{Problem, ProblemKind};
use judged::{Bench, Edge, Held};
use wire::{Page, Report};

const API: Api = Api {
    host: "iam",
    signing: "iam",
    variable: "IAM",
    target: "",
    version: "2010-05-08",
    only_in: None,
};
const DETAILS: Question = Question::new(
    "iam",
    "GetAccountAuthorizationDetails",
    "read who may do what",
)
.of_many();
const REPORT: Question = Question::new("iam", "GetCredentialReport", "read the credential report");

/// Rows of a page: each holds whole policies, and an answer has seconds to come.
const ROWS: &str = "300";
/// Pages read at most: some 20,000 users, groups, roles and policies.
const PAGES: usize = 70;

/// Where AWS keeps the roles that its own services take ("Service-linked roles").
const OF_SERVICES: &str = "/aws-service-role/";

/// The IAM client.
#[derive(Debug)]
pub struct Iam {
    signed: Arc<Signed>,
    line: Arc<Line>,
    may_delete: Vec<String>,
}

impl Iam {
    /// On an account. `may_delete`: who may delete backups, by the configuration.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>, may_delete: Vec<String>) -> Self {
        Self {
            signed,
            line,
            may_delete,
        }
    }

    /// Users and roles with what they may do, and the credentials of users.
    ///
    /// # Errors
    /// Where the account's policies cannot be read. A credential report that is not there is said in the answer.
    pub async fn access(&self) -> Result<Access, Problem> {
        let region = home(&self.signed.region().await?);
        // First, so that the last answer is a good one where nobody had a report made.
        let credentials = self.credentials(region).await;
        let mut known = Known::default();
        let mut pages = Pages::at_most(PAGES);
        let breaks_off = loop {
            let marker = pages.token();
            let mut params = vec![("MaxItems", ROWS)];
            params.extend(marker.iter().map(|m| ("Marker", m.as_str())));
            let page: Page = self
                .signed
                .query_in(&self.line, &API, DETAILS, Some(region), &params)
                .await?;
            // Which of its four lists a page holds is up to the vendor; one of them it does.
            told(&self.line, DETAILS, "UserDetailList", page.any())?;
            let more = page.is_truncated.as_deref().map(str::trim) == Some("true");
            let next = page.marker.clone().filter(|_| more);
            // It says that it goes on, and not where.
            let breaks_off = more && next.as_deref().unwrap_or_default().is_empty();
            known.add(page);
            if !pages.turn(known.len(), next)? {
                break breaks_off;
            }
        };
        let (credentials, no_credentials) = match credentials {
            Ok(all) => (Some(all), None),
            Err(why) => (None, Some(why)),
        };
        // Thousands of policies held against each other: answers of others do not wait for that.
        let principals = tokio::task::spawn_blocking(move || known.principals()).await;
        Ok(Access {
            principals: principals.map_err(|e| broke_off(&e))?,
            cut: pages.is_cut() || breaks_off,
            credentials,
            no_credentials,
            may_delete: self.may_delete.clone(),
        })
    }

    async fn credentials(&self, region: &str) -> Result<Vec<Credentials>, String> {
        let answer = self
            .signed
            .query_in::<Report>(&self.line, &API, REPORT, Some(region), &[])
            .await;
        match answer {
            Ok(report) => report::read(&report.content.unwrap_or_default()),
            Err(problem) => Err(problem.why),
        }
    }
}

fn broke_off(e: &tokio::task::JoinError) -> Problem {
    Problem::new(
        ProblemKind::Internal,
        "iam",
        "Cannot work out who may do what",
        e.to_string(),
        "It is tried again with the next question.",
    )
}

/// The region that IAM's calls are signed for: one a partition (AWS General Reference, "IAM endpoints and quotas").
fn home(region: &str) -> &'static str {
    partition::of(region).iam
}

/// What the pages told, put together.
#[derive(Debug, Default)]
struct Known {
    users: Vec<wire::User>,
    groups: BTreeMap<String, wire::Group>,
    roles: Vec<wire::Role>,
    managed: BTreeMap<String, Option<Vec<Statement>>>,
}

impl Known {
    fn len(&self) -> usize {
        self.users.len() + self.groups.len() + self.roles.len() + self.managed.len()
    }

    fn add(&mut self, page: Page) {
        self.users
            .extend(page.users.into_iter().flat_map(|m| m.all));
        self.roles
            .extend(page.roles.into_iter().flat_map(|m| m.all));
        let groups = page.groups.into_iter().flat_map(|m| m.all);
        self.groups
            .extend(groups.map(|g| (g.group_name.clone(), g)));
        for policy in page.policies.into_iter().flat_map(|m| m.all) {
            let is_default =
                |v: &&wire::Version| v.is_default_version.as_deref().map(str::trim) == Some("true");
            let version = policy.policy_version_list.all.iter().find(is_default);
            let read = version.and_then(|v| document(v.document.as_deref()?));
            self.managed.insert(policy.arn, read);
        }
    }

    fn principals(&self) -> Vec<Principal> {
        let users = self.users.iter().map(|u| self.user(u));
        let roles = self.roles.iter().map(|r| self.role(r));
        Bench::new(self).principals(users.chain(roles))
    }

    fn user<'k>(&'k self, user: &'k wire::User) -> (Principal, Held<'k>) {
        let mut held = Held::default();
        held.hold(
            // Of users, IAM leaves out the list of inline policies where there are none.
            ("UserPolicyList", Some(&user.user_policy_list)),
            user.attached_managed_policies.as_ref(),
        );
        if user.group_list.is_none() {
            held.unread.push("list GroupList".into());
        }
        let groups = user.group_list.iter().flat_map(|m| &m.all);
        for name in groups.clone() {
            match self.groups.get(name) {
                Some(g) => held.hold(
                    ("GroupPolicyList", g.group_policy_list.as_ref()),
                    g.attached_managed_policies.as_ref(),
                ),
                None => held.unread.push(format!("group {}", text(Some(name)))),
            }
        }
        let principal = Principal {
            kind: PrincipalKind::User,
            name: text(Some(&user.user_name)),
            arn: text(Some(&user.arn)),
            groups: groups.map(|g| text(Some(g))).collect(),
            ..Principal::default()
        };
        (
            principal,
            held.bounded(edge(user.permissions_boundary.as_ref())),
        )
    }

    fn role<'k>(&'k self, role: &'k wire::Role) -> (Principal, Held<'k>) {
        let mut held = Held::default();
        held.hold(
            ("RolePolicyList", role.role_policy_list.as_ref()),
            role.attached_managed_policies.as_ref(),
        );
        let trust = role.assume_role_policy_document.as_deref();
        let trust = trust.and_then(document).unwrap_or_else(|| {
            // Who may take the role is not known then.
            held.unread.push("AssumeRolePolicyDocument".into());
            Vec::new()
        });
        let mut trusted: Vec<String> = trust
            .iter()
            .flat_map(Statement::principals)
            .map(|p| text(Some(p)))
            .collect();
        trusted.sort_unstable();
        trusted.dedup();
        let used = role.role_last_used.as_ref();
        let principal = Principal {
            kind: PrincipalKind::Role,
            name: text(Some(&role.role_name)),
            arn: text(Some(&role.arn)),
            trusted,
            of_service: role
                .path
                .as_deref()
                .is_some_and(|p| p.starts_with(OF_SERVICES)),
            last_used: used.and_then(|u| stamp(u.last_used_date.as_deref())),
            ..Principal::default()
        };
        (
            principal,
            held.bounded(edge(role.permissions_boundary.as_ref())),
        )
    }
}

fn edge(boundary: Option<&wire::Boundary>) -> Edge<'_> {
    let arn = boundary.and_then(|b| b.permissions_boundary_arn.as_deref());
    match (boundary, arn.map(str::trim).filter(|arn| !arn.is_empty())) {
        (None, _) => Edge::Free,
        (Some(_), None) => Edge::Unnamed,
        (Some(_), Some(arn)) => Edge::By(arn),
    }
}

/// A policy's statements; documents come percent-encoded (RFC 3986). `None`: it cannot be read.
fn document(encoded: &str) -> Option<Vec<Statement>> {
    policy::read(&decoded(encoded))
}

fn decoded(encoded: &str) -> String {
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded.trim().bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digit = |b: Option<u8>| char::from(b?).to_digit(16);
        match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = ahead;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Deed;

    const ANSWER: &str = r#"<R>
      <UserDetailList><member><UserName>ana</UserName><Arn>arn:aws:iam::1:user/ana</Arn><GroupList><member>admins</member></GroupList><AttachedManagedPolicies/></member>
        <member><UserName>ci</UserName><Arn>arn:aws:iam::1:user/ci</Arn><GroupList/>
          <UserPolicyList><member><PolicyName>deploy</PolicyName><PolicyDocument>%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22ecs%3AUpdateService%22%2C%22Resource%22%3A%22*%22%7D%7D</PolicyDocument></member></UserPolicyList>
          <AttachedManagedPolicies><member><PolicyName>Strange</PolicyName><PolicyArn>arn:aws:iam::1:policy/Strange</PolicyArn></member></AttachedManagedPolicies></member></UserDetailList>
      <GroupDetailList><member><GroupName>admins</GroupName><GroupPolicyList/><AttachedManagedPolicies><member><PolicyName>AdministratorAccess</PolicyName><PolicyArn>arn:aws:iam::aws:policy/AdministratorAccess</PolicyArn></member></AttachedManagedPolicies></member></GroupDetailList>
      <RoleDetailList><member><RoleName>AWSServiceRoleForRDS</RoleName><Path>/aws-service-role/rds.amazonaws.com/</Path><Arn>arn:r</Arn>
        <AssumeRolePolicyDocument>{"Statement":[{"Effect":"Allow","Principal":{"Service":"rds.amazonaws.com"},"Action":"sts:AssumeRole"}]}</AssumeRolePolicyDocument><RolePolicyList/><AttachedManagedPolicies/></member></RoleDetailList>
      <IsTruncated>false</IsTruncated></R>"#;

    #[test]
    fn groups_give_what_they_have_and_what_cannot_be_read_is_named() {
        let mut known = Known::default();
        known.add(quick_xml::de::from_str(ANSWER).unwrap());
        let all = known.principals();
        let names: Vec<&str> = all.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["ana", "ci", "AWSServiceRoleForRDS"]);
        assert!(all[0].administers && all[0].grants.contains_key(&Deed::DeleteBackups));
        assert_eq!(
            all[1].grants.keys().copied().collect::<Vec<_>>(),
            [Deed::Deploy]
        );
        assert_eq!(all[1].unread, ["Strange"]);
        assert!(all[2].of_service && all[2].is_taken_by("rds.amazonaws.com"));
    }

    #[test]
    fn a_boundary_that_is_not_among_the_answers_leaves_open_what_it_bounds() {
        let edge = "<PermissionsBoundary><PermissionsBoundaryArn>arn:aws:iam::1:policy/Edge</PermissionsBoundaryArn></PermissionsBoundary>";
        let answer = ANSWER.replacen(
            "</AttachedManagedPolicies></member></UserDetailList>",
            &format!("</AttachedManagedPolicies>{edge}</member></UserDetailList>"),
            1,
        );
        let of = |answer: &str| {
            let mut known = Known::default();
            known.add(quick_xml::de::from_str(answer).unwrap());
            known.principals().remove(1)
        };
        let ci = of(&answer);
        assert!(ci.grants.is_empty() && ci.bound_unread, "{ci:?}");
        assert_eq!(
            ci.perhaps.keys().copied().collect::<Vec<_>>(),
            [Deed::Deploy]
        );
        // A boundary that says something of another service alone.
        let text = r#"{"Statement":{"Effect":"Allow","Action":"ecs:*","Resource":"arn:aws:ecs:eu-west-1:1:service/a/*"}}"#;
        let policies = format!(
            "<Policies><member><Arn>arn:aws:iam::1:policy/Edge</Arn><PolicyVersionList><member><Document>{text}</Document><IsDefaultVersion>true</IsDefaultVersion></member></PolicyVersionList></member></Policies><IsTruncated>"
        );
        let ci = of(&answer.replacen("<IsTruncated>", &policies, 1));
        let how = &ci.grants[&Deed::Deploy][0].how;
        assert_eq!(
            how.on.as_deref(),
            Some(&["arn:aws:ecs:eu-west-1:1:service/a/*".to_owned()][..])
        );
    }

    /// An account of so many users and roles, who have a few sets of policies among them.
    fn many(users: usize, roles: usize, policies: &[&str]) -> Known {
        let allow = |what: &str| {
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":{what},"Resource":"*"}}}}"#)
        };
        let attached = || wire::Members {
            all: (0..policies.len())
                .map(|n| wire::Attached {
                    policy_name: format!("p{n}"),
                    policy_arn: format!("arn:p{n}"),
                })
                .collect(),
        };
        let managed = policies.iter().enumerate();
        Known {
            users: (0..users)
                .map(|n| wire::User {
                    user_name: format!("u{n}"),
                    arn: format!("arn:u{n}"),
                    group_list: Some(wire::Members::default()),
                    attached_managed_policies: Some(attached()),
                    ..wire::User::default()
                })
                .collect(),
            roles: (0..roles)
                .map(|n| wire::Role {
                    role_name: format!("r{n:04}"),
                    arn: format!("arn:r{n}"),
                    assume_role_policy_document: Some(
                        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}"#.into(),
                    ),
                    role_policy_list: Some(wire::Members {
                        all: vec![wire::Inline {
                            policy_name: "own".into(),
                            policy_document: allow(r#""rds:*""#),
                        }],
                    }),
                    attached_managed_policies: Some(wire::Members::default()),
                    ..wire::Role::default()
                })
                .collect(),
            managed: managed
                .map(|(n, text)| (format!("arn:p{n}"), document(&allow(text))))
                .collect(),
            ..Known::default()
        }
    }

    #[test]
    fn those_who_have_the_same_policies_are_judged_once_and_keep_no_more_than_is_told() {
        let pass = r#"["iam:PassRole","lambda:*"]"#;
        let known = many(1_000, 1_000, &[pass, r#""ecs:UpdateService""#]);
        let mut bench = Bench::new(&known);
        let users = known.users.iter().map(|u| known.user(u));
        let roles = known.roles.iter().map(|r| known.role(r));
        let all = bench.principals(users.chain(roles));
        assert_eq!((all.len(), bench.judged_by()), (2_000, 2));
        let ana = &all[0];
        assert_eq!((ana.through.len(), ana.through_more), (20, 980));
        assert!(all.iter().all(|p| p.through.capacity() <= 20));
        assert_eq!(ana.policies, ["p0", "p1"]);
        assert!(ana.grants.contains_key(&Deed::Deploy) && ana.unread.is_empty());
        assert!(all[1_500].grants.contains_key(&Deed::DeleteBackups));
    }

    #[test]
    fn where_thousands_may_pass_roles_the_mightiest_few_of_each_are_told() {
        let known = many(4_000, 100, &[r#"["iam:PassRole","lambda:*"]"#]);
        let all = known.principals();
        assert_eq!((all[0].through.len(), all[0].through_more), (5, 95));
        assert!(all.iter().all(|p| p.through.capacity() <= 5));
    }

    #[test]
    fn what_is_more_than_an_account_s_share_of_steps_is_told_as_unread() {
        let known = many(2, 3, &[r#"["iam:PassRole","lambda:*"]"#]);
        let of = |steps: u64| {
            let users = known.users.iter().map(|u| known.user(u));
            let roles = known.roles.iter().map(|r| known.role(r));
            Bench::of(&known, steps).principals(users.chain(roles))
        };
        let all = of(0);
        assert!(all.iter().all(|p| p.grants.is_empty()));
        assert!(all[0].unread[0].starts_with("p0 (which is more"), "{all:?}");
        assert!(all[4].unread[0].starts_with("own (which is more"));
        let some = of(7);
        assert_eq!(
            some[0].unread,
            ["iam:PassRole (which is more than is worked out of one account)"]
        );
        assert!(some[4].unread.is_empty() && !some[4].grants.is_empty());
    }

    #[test]
    fn a_role_s_trust_that_cannot_be_read_is_named() {
        let answer = ANSWER.replacen(r#""Principal":{"#, r#""Principal":5,"Not":{"#, 1);
        let mut known = Known::default();
        known.add(quick_xml::de::from_str(&answer).unwrap());
        assert_eq!(known.principals()[2].unread, ["AssumeRolePolicyDocument"]);
    }

    #[test]
    fn documents_are_decoded_and_what_is_no_escape_stays() {
        assert_eq!(decoded("a%20b%2Bc+%zz%4"), "a b+c+%zz%4");
    }

    #[test]
    fn each_partition_has_one_home() {
        let homes = ["eu-west-1", "cn-northwest-1", "us-gov-east-1"].map(home);
        assert_eq!(homes, ["us-east-1", "cn-north-1", "us-gov-west-1"]);
    }
}
