//! What the credentials that the console works with may do, by the policies of the user or role that they are of.

use jiff::Timestamp;
use serde::Serialize;

use super::access::{Access, CALLS, Grant, Principal, PrincipalKind};
use super::facts::Facts;
use super::part::{Freshness, Part};

/// A call that changes something, and whether it is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Right {
    /// `ecs:UpdateService`.
    pub action: &'static str,
    /// What the console needs it for.
    pub purpose: &'static str,
    /// Whether it is allowed; `None`: it hangs on a policy or a boundary that could not be read.
    pub allowed: Option<bool>,
    /// How far, where it is not everything: on which resources, under a condition, partly denied; or on which boundary it hangs.
    pub limits: Option<String>,
}

/// What our own credentials may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rights {
    /// Who we are, as the vendor says.
    pub arn: Option<String>,
    /// The user or role whose policies count.
    pub principal: Option<String>,
    /// Each call that the console may make to change something. None where they are not known.
    pub calls: Vec<Right>,
    /// Why they are not known.
    pub unknown: Option<String>,
}

impl Rights {
    /// As far as the account's policies were read.
    pub fn of(facts: &Facts, now: Timestamp) -> Self {
        let Some(identity) = facts.identity.fresh(now) else {
            return Self {
                unknown: Some(why(&facts.identity, "who we are", now)),
                ..Self::default()
            };
        };
        let mut rights = Self {
            arn: Some(identity.arn.clone()),
            ..Self::default()
        };
        if identity.arn.ends_with(":root") {
            rights.principal = Some("root".into());
            rights.calls = calls(|_| (Some(true), None));
            return rights;
        }
        let Some(access) = facts.estate.access.fresh(now) else {
            rights.unknown = Some(why(&facts.estate.access, "the account's policies", now));
            return rights;
        };
        let Some(principal) = ours(access, &identity.arn) else {
            rights.unknown = Some(match access.cut {
                true => "more users and roles than are read, and ours is not among these".into(),
                false => "our user or role is not among the account's".into(),
            });
            return rights;
        };
        rights.principal = Some(principal.name.clone());
        rights.calls = calls(|action| {
            let of = |all: &[Grant]| all.iter().find(|g| g.action == action).cloned();
            match (of(&principal.calls), of(&principal.perhaps_calls)) {
                (Some(grant), _) => (Some(true), limits(&grant)),
                (None, Some(_)) => (None, Some(principal.doubt())),
                (None, None) if principal.unread.is_empty() => (Some(false), None),
                (None, None) => (None, None),
            }
        });
        rights
    }

    /// In a sentence.
    pub fn words(&self) -> String {
        if let Some(why) = &self.unknown {
            return format!("what your own credentials may do is not known: {why}");
        }
        let of = |allowed: Option<bool>, bounded: Option<bool>| -> Vec<String> {
            let those = self.calls.iter().filter(|r| {
                r.allowed == allowed && bounded.is_none_or(|b| b == r.limits.is_some())
            });
            those
                .map(|r| match &r.limits {
                    Some(limits) => format!("{} ({limits})", r.purpose),
                    None => r.purpose.to_owned(),
                })
                .collect()
        };
        let (may, not) = (of(Some(true), None), of(Some(false), None));
        let (unclear, bounded) = (of(None, Some(false)), of(None, Some(true)));
        let mut parts = Vec::new();
        for (lead, all) in [
            ("may", may),
            ("may not", not),
            ("policies not read may let you", unclear),
            ("perhaps may", bounded),
        ] {
            if !all.is_empty() {
                parts.push(format!("{lead} {}", all.join(", ")));
            }
        }
        let who = self.principal.as_deref().unwrap_or("?");
        format!("you are {who}: {}", parts.join("; "))
    }
}

/// The user or role that an ARN of a caller is of: a session's name comes after its role's.
pub fn ours<'a>(access: &'a Access, arn: &str) -> Option<&'a Principal> {
    let rest = arn.splitn(6, ':').nth(5)?;
    let mut all = access.principals.iter();
    match rest.strip_prefix("assumed-role/") {
        Some(session) => {
            let role = session.split('/').next()?;
            all.find(|p| p.kind == PrincipalKind::Role && p.name == role)
        }
        None => all.find(|p| p.arn == arn),
    }
}

fn calls(of: impl Fn(&str) -> (Option<bool>, Option<String>)) -> Vec<Right> {
    let one = |(action, purpose): &(&'static str, &'static str)| {
        let (allowed, limits) = of(action);
        Right {
            action,
            purpose,
            allowed,
            limits,
        }
    };
    CALLS.iter().map(one).collect()
}

fn limits(grant: &Grant) -> Option<String> {
    let how = &grant.how;
    let mut all = Vec::new();
    all.extend(how.on.as_ref().map(|on| format!("on {}", on.join(", "))));
    all.extend(how.conditional.then(|| "if a condition holds".to_owned()));
    all.extend(how.partly_denied.then(|| "partly denied".to_owned()));
    (!all.is_empty()).then(|| all.join(", "))
}

fn why<T>(part: &Part<T>, what: &str, now: Timestamp) -> String {
    match (part.freshness(now), &part.error) {
        (_, Some(problem)) => format!("{what}: {}", problem.why),
        (Freshness::Never, None) => format!("{what}: asking ..."),
        (_, None) => format!("{what}: the last answer is old"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::policy::read;
    use crate::domain::problem::{Problem, ProblemKind};
    use crate::domain::reach::Bound;
    use crate::domain::service::Identity;

    fn facts(arn: &str, policy: &str) -> Facts {
        let now = Timestamp::UNIX_EPOCH;
        let mut role = Principal {
            kind: PrincipalKind::Role,
            name: "console".into(),
            arn: "arn:aws:iam::1:role/team/console".into(),
            ..Principal::default()
        };
        role.judge(&read(policy).unwrap(), Bound::Free);
        let access = Access {
            principals: vec![role],
            ..Access::default()
        };
        let identity = Identity {
            account: "1".into(),
            arn: arn.into(),
            region: "eu-west-1".into(),
        };
        let every = Duration::from_secs(600);
        let mut facts = Facts {
            identity: Part::answered(identity, now, "sts:GetCallerIdentity", every),
            ..Facts::default()
        };
        facts.estate.access = Part::answered(Arc::new(access), now, "iam:x", every);
        facts
    }

    const SOME: &str = r#"{"Statement":[
        {"Effect":"Allow","Action":["ecs:Update*","ecs:RegisterTaskDefinition"],"Resource":"*"},
        {"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::1:role/app-*"}]}"#;

    #[test]
    fn a_session_has_the_rights_of_its_role() {
        let arn = "arn:aws:sts::1:assumed-role/console/ana";
        let rights = Rights::of(&facts(arn, SOME), Timestamp::UNIX_EPOCH);
        let words = rights.words();
        assert_eq!(
            words,
            "you are console: may deploy, roll back, scale and restart, register revisions, \
             pass roles to tasks (on arn:aws:iam::1:role/app-*); may not keep a revision's tags, \
             stop deployments"
        );
        assert_eq!(rights.calls.len(), CALLS.len());
        let of = |action: &str| rights.calls.iter().find(|r| r.action == action).unwrap();
        assert_eq!(of("ecs:StopServiceDeployment").allowed, Some(false));
    }

    #[test]
    fn what_cannot_be_read_is_no_right_and_no_lack_of_it() {
        let now = Timestamp::UNIX_EPOCH;
        let stranger = Rights::of(&facts("arn:aws:iam::1:user/eve", SOME), now);
        assert!(stranger.calls.is_empty());
        assert!(
            stranger.words().contains("not known"),
            "{}",
            stranger.words()
        );
        let mut half = facts("arn:aws:sts::1:assumed-role/console/ana", SOME);
        let mut access = Access::clone(half.estate.access.value.as_ref().unwrap());
        access.principals[0].unread.push("secret".into());
        half.estate.access.value = Some(Arc::new(access));
        let rights = Rights::of(&half, now);
        assert!(rights.calls.iter().any(|r| r.allowed.is_none()));
        assert!(rights.calls.iter().all(|r| r.allowed != Some(false)));
        let denied = Problem::new(ProblemKind::Denied, "iam", "w", "not authorized", "f");
        half.estate.access.error = Some(denied);
        let rights = Rights::of(&half, now);
        assert!(
            rights
                .unknown
                .as_deref()
                .unwrap()
                .contains("not authorized")
        );
        let root = Rights::of(&facts("arn:aws:iam::1:root", SOME), now);
        assert!(root.calls.iter().all(|r| r.allowed == Some(true)));
    }
    #[test]
    fn what_a_boundary_perhaps_forbids_is_neither_allowed_nor_not() {
        let mut facts = facts("arn:aws:sts::1:assumed-role/console/ana", SOME);
        let mut access = Access::clone(facts.estate.access.value.as_ref().unwrap());
        let mut role = Principal {
            calls: Vec::new(),
            bounded_by: Some("arn:aws:iam::1:policy/edge".into()),
            ..access.principals[0].clone()
        };
        role.judge(&read(SOME).unwrap(), Bound::Unread);
        access.principals = vec![role];
        facts.estate.access.value = Some(Arc::new(access));
        let rights = Rights::of(&facts, Timestamp::UNIX_EPOCH);
        let of = |action: &str| rights.calls.iter().find(|r| r.action == action).unwrap();
        assert_eq!(of("ecs:UpdateService").allowed, None);
        // Denied is denied, whatever the boundary says.
        assert_eq!(of("ecs:StopServiceDeployment").allowed, Some(false));
        let words = rights.words();
        assert!(words.contains("perhaps may deploy"), "{words}");
        assert!(words.contains("policy/edge"), "{words}");
    }
}
