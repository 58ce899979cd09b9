//! AWS Identity and Access Management (API version 2010-05-08, Query): who is in the account and what their policies allow, by
//! GetAccountAuthorizationDetails, and the credential report, if somebody had one made. Nothing is made here for the asking.

mod report;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Question;
use super::convert::{some_text, stamp, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::told;
use crate::backend::transport::Line;
use crate::domain::access::{Access, Credentials, Principal, PrincipalKind};
use crate::domain::order::Ordered;
use crate::domain::passing::{Policies, passings};
use crate::domain::policy::{self, Statement};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::reach::Bound;
use wire::{Attached, Inline, Members, Page, Report};

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

/// Policies of the vendor that allow everything, should their text not come along.
const ALL: &str = ":iam::aws:policy/AdministratorAccess";

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
        loop {
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
            known.add(page);
            if !pages.turn(known.len(), next)? {
                break;
            }
        }
        let (credentials, no_credentials) = match credentials {
            Ok(all) => (Some(all), None),
            Err(why) => (None, Some(why)),
        };
        // Thousands of policies held against each other: answers of others do not wait for that.
        let principals = tokio::task::spawn_blocking(move || known.principals()).await;
        Ok(Access {
            principals: principals.map_err(|e| broke_off(&e))?,
            cut: pages.is_cut(),
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
    match region {
        r if r.starts_with("cn-") => "cn-north-1",
        r if r.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// What the pages told, put together.
#[derive(Debug, Default)]
struct Known {
    users: Vec<wire::User>,
    groups: BTreeMap<String, wire::Group>,
    roles: Vec<wire::Role>,
    managed: BTreeMap<String, Option<Vec<Statement>>>,
}

/// The policies of a principal.
#[derive(Debug, Default)]
struct Held {
    statements: Vec<Statement>,
    names: Vec<String>,
    unread: Vec<String>,
}

/// A principal with the policies that it was judged by.
struct Judged {
    principal: Principal,
    own: Vec<Statement>,
    bound: Boundary,
}

/// What bounds a principal, as far as it was read.
enum Boundary {
    Free,
    Unread,
    By(Vec<Statement>),
}

impl Boundary {
    fn bound(&self) -> Bound<'_> {
        match self {
            Self::Free => Bound::Free,
            Self::Unread => Bound::Unread,
            Self::By(all) => Bound::By(all),
        }
    }
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

    /// `None`: the list was left out, which IAM sends even where nothing is on it. What it would hold is not known then.
    fn hold(
        &self,
        held: &mut Held,
        inline: (&str, Option<&Members<Inline>>),
        attached: Option<&Members<Attached>>,
    ) {
        for (name, is_there) in [
            (inline.0, inline.1.is_some()),
            ("AttachedManagedPolicies", attached.is_some()),
        ] {
            if !is_there {
                held.unread.push(format!("list {name}"));
            }
        }
        for policy in inline.1.iter().flat_map(|m| &m.all) {
            let name = text(Some(&policy.policy_name));
            match document(&policy.policy_document) {
                Some(statements) => held.statements.extend(statements),
                None => held.unread.push(name.clone()),
            }
            held.names.push(name);
        }
        for policy in attached.iter().flat_map(|m| &m.all) {
            let name = text(Some(&policy.policy_name));
            match self.managed(&policy.policy_arn) {
                Some(statements) => held.statements.extend(statements),
                None => held.unread.push(name.clone()),
            }
            held.names.push(name);
        }
    }

    fn managed(&self, arn: &str) -> Option<Vec<Statement>> {
        match self.managed.get(arn) {
            Some(Some(statements)) => Some(statements.clone()),
            _ if arn.ends_with(ALL) => {
                policy::read(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#)
            }
            _ => None,
        }
    }

    fn principals(&self) -> Vec<Principal> {
        let users = self.users.iter().map(|u| self.user(u));
        let roles: Vec<Judged> = self.roles.iter().map(|r| self.role(r)).collect();
        let taken: Vec<Principal> = roles.iter().map(|r| r.principal.clone()).collect();
        let through = |judged: Judged| {
            let policies = Policies {
                own: &judged.own,
                bound: judged.bound.bound(),
            };
            let found = passings(&judged.principal, policies, &taken);
            Principal {
                through: found.told,
                through_more: found.more,
                through_more_open: found.more_open,
                ..judged.principal
            }
        };
        let mut all: Vec<Principal> = users.chain(roles).map(through).collect();
        all.order_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        all
    }

    fn user(&self, user: &wire::User) -> Judged {
        let mut held = Held::default();
        self.hold(
            &mut held,
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
                Some(g) => self.hold(
                    &mut held,
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
        self.judged(principal, held, user.permissions_boundary.as_ref())
    }

    fn role(&self, role: &wire::Role) -> Judged {
        let mut held = Held::default();
        self.hold(
            &mut held,
            ("RolePolicyList", role.role_policy_list.as_ref()),
            role.attached_managed_policies.as_ref(),
        );
        let trust = role.assume_role_policy_document.as_deref();
        let trust = trust.and_then(document).unwrap_or_default();
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
        self.judged(principal, held, role.permissions_boundary.as_ref())
    }

    fn judged(&self, mut p: Principal, held: Held, boundary: Option<&wire::Boundary>) -> Judged {
        let arn = boundary.and_then(|b| some_text(b.permissions_boundary_arn.as_deref()));
        let bound = match (boundary, &arn) {
            (None, _) => Boundary::Free,
            (Some(_), None) => Boundary::Unread,
            // One that cannot be read may take anything away: what it bounds is certain of nothing but denials.
            (Some(_), Some(arn)) => self.managed(arn).map_or(Boundary::Unread, Boundary::By),
        };
        p.policies = held.names;
        p.unread = held.unread;
        p.bounded_by = arn;
        p.judge(&held.statements, bound.bound());
        Judged {
            principal: p,
            own: held.statements,
            bound,
        }
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
