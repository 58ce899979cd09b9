//! Rights that are taken through somebody else's role: who may pass a role to a service, and have that service start something of
//! theirs with it, may do what the role may (IAM User Guide, "Grant a user permissions to pass a role to an AWS service").

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::access::{DEEDS, Deed, Grant, Principal};
use super::effort::Effort;
use super::policy::Statement;
use super::reach::{Bound, Passage, reach, reach_on};
use crate::domain::order::Ordered;

/// The action that passes a role.
const PASS: &str = "iam:PassRole";

/// A way to have a service run what one wants: the service, and the actions that are all needed for it.
struct Way(&'static str, &'static [&'static str]);

/// Those of the services that this platform is made of, and the common ones beside them (Service Authorization Reference).
const WAYS: &[Way] = &[
    Way("ecs-tasks.amazonaws.com", &["ecs:RunTask"]),
    Way(
        "ecs-tasks.amazonaws.com",
        &["ecs:RegisterTaskDefinition", "ecs:UpdateService"],
    ),
    Way(
        "lambda.amazonaws.com",
        &["lambda:CreateFunction", "lambda:InvokeFunction"],
    ),
    Way("ec2.amazonaws.com", &["ec2:RunInstances"]),
    Way(
        "cloudformation.amazonaws.com",
        &["cloudformation:CreateStack"],
    ),
    Way(
        "codebuild.amazonaws.com",
        &["codebuild:CreateProject", "codebuild:StartBuild"],
    ),
    Way(
        "glue.amazonaws.com",
        &["glue:CreateJob", "glue:StartJobRun"],
    ),
];

/// Roles that are told of one principal: an account has a thousand, and each principal may do with all of them alike.
const TOLD: usize = 20;

/// A role that can be used through a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passing {
    /// The role.
    pub role: String,
    /// Whether that one may do everything.
    pub administers: bool,
    /// By which actions.
    pub by: Vec<&'static str>,
    /// What is gained: deeds that the one who passes it may not do by itself.
    pub gains: Vec<Deed>,
    /// Whether a condition has to hold.
    pub conditional: bool,
    /// Whether it hangs on a boundary, the principal's or the role's, of which that is not known.
    pub unsure: bool,
}

/// What a principal may do by policies: its own, within those of its boundary.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a> {
    /// Its own.
    pub own: &'a [Statement],
    /// What bounds it.
    pub bound: Bound<'a>,
}

/// The roles by which a principal may do more than by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passings {
    /// Those that are told, the mightiest first.
    pub told: Vec<Passing>,
    /// How many there are beyond them.
    pub more: usize,
    /// Whether one of those gives what none of the told ones gives, or is not known to give no more.
    pub more_open: bool,
}

/// The statements that are about passing roles, with that action alone: an account has thousands of roles, and policies of many
/// statements would be gone through for each.
fn of_passing(statements: &[Statement]) -> Vec<Statement> {
    statements.iter().filter_map(|s| s.only(PASS)).collect()
}

impl Policies<'_> {
    /// Whether an action is allowed on anything, and how.
    fn may(self, action: &str) -> Option<Passage> {
        reach(self.own, self.bound, action, &Effort::default()).passage()
    }

    /// The same on a resource.
    fn may_on(self, action: &str, resource: &str) -> Option<Passage> {
        reach_on(self.own, self.bound, action, resource)
    }
}

/// The roles by which a principal may do more than by itself.
pub fn passings(who: &Principal, policies: Policies<'_>, roles: &[Principal]) -> Passings {
    let own = of_passing(policies.own);
    let limits = match policies.bound {
        Bound::By(all) => of_passing(all),
        Bound::Free | Bound::Unread => Vec::new(),
    };
    let bound = match policies.bound {
        Bound::By(_) => Bound::By(&limits),
        free_or_unread => free_or_unread,
    };
    let pass = Policies { own: &own, bound };
    // Most may pass nothing: an account has thousands of roles, and each would be held against each.
    if who.administers || who.of_service || pass.may(PASS).is_none() {
        return Passings::default();
    }
    let ways: Vec<(&Way, Passage)> = WAYS
        .iter()
        .filter_map(|way| {
            let all: Option<Vec<Passage>> = way.1.iter().map(|a| policies.may(a)).collect();
            let all = all?;
            let how = Passage {
                conditional: all.iter().any(|p| p.conditional),
                sure: all.iter().all(|p| p.sure),
            };
            Some((way, how))
        })
        .collect();
    let others = roles.iter().filter(|r| !r.of_service && r.arn != who.arn);
    let passing = |role| passing(who, pass, &ways, role);
    let mut told: Vec<Passing> = others.filter_map(passing).collect();
    // Whoever may delete backups is judged for it: such a one is told before others. Small gains that are sure must not stand before
    // great ones that hang on a boundary.
    let rank = |p: &Passing| {
        let deletes = p.gains.contains(&Deed::DeleteBackups);
        let gains = std::cmp::Reverse(p.gains.len());
        (!p.administers, !deletes, p.unsure, gains)
    };
    told.order_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.role.cmp(&b.role)));
    let mut all = Passings {
        told,
        ..Passings::default()
    };
    all.keep(TOLD);
    all
}

impl Passings {
    /// Tells so many, the first ones, and counts the rest.
    pub fn keep(&mut self, most: usize) {
        let rest = self.told.split_off(self.told.len().min(most));
        let known: BTreeSet<Deed> = self.told.iter().flat_map(|p| &p.gains).copied().collect();
        let is_open = |p: &Passing| p.unsure || p.gains.iter().any(|d| !known.contains(d));
        self.more += rest.len();
        self.more_open |= rest.iter().any(is_open);
        // It held every role that there is.
        self.told.shrink_to_fit();
    }
}

/// What a principal gains by a role, by the ways that are open to it and how each is. `pass`: what it may pass.
fn passing(
    who: &Principal,
    pass: Policies<'_>,
    ways: &[(&Way, Passage)],
    role: &Principal,
) -> Option<Passing> {
    let new = |of: &BTreeMap<Deed, Vec<Grant>>| -> Vec<Deed> {
        let all = DEEDS.into_iter();
        all.filter(|d| of.contains_key(d) && !who.grants.contains_key(d))
            .collect()
    };
    let mut gains = new(&role.grants);
    let known = role.administers || !gains.is_empty();
    if !known {
        gains = new(&role.perhaps);
    }
    if gains.is_empty() && !role.administers {
        return None;
    }
    let open: Vec<_> = ways.iter().filter(|(w, _)| role.is_taken_by(w.0)).collect();
    // The surest way counts, and among those the one with the fewest conditions: what two ways have together, neither has.
    let best = open
        .iter()
        .map(|(_, how)| how)
        .min_by_key(|how| (!how.sure, how.conditional))?;
    let held = pass.may_on(PASS, &role.arn)?;
    let by: BTreeSet<&'static str> = open.iter().flat_map(|(w, _)| w.1).copied().collect();
    Some(Passing {
        role: role.name.clone(),
        administers: role.administers,
        by: by.into_iter().collect(),
        gains,
        conditional: held.conditional || best.conditional,
        unsure: !known || !held.sure || !best.sure,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::access::PrincipalKind;
    use crate::domain::policy::read;

    fn statements(all: &Value) -> Vec<Statement> {
        read(&json!({ "Statement": all }).to_string()).unwrap()
    }

    fn role(name: &str, service: &str, action: &str) -> Principal {
        let mut role = Principal {
            kind: PrincipalKind::Role,
            name: name.into(),
            arn: format!("arn:aws:iam::1:role/{name}"),
            trusted: vec![service.into()],
            ..Principal::default()
        };
        let rights = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        role.judge(&statements(&rights), Bound::Free);
        role
    }

    fn of(own: &Value, bound: Option<&Value>) -> Vec<(String, Vec<&'static str>, bool)> {
        let roles = [
            role(
                "task",
                "ecs-tasks.amazonaws.com",
                "secretsmanager:GetSecretValue",
            ),
            role("function", "lambda.amazonaws.com", "*"),
            role("idle", "ecs-tasks.amazonaws.com", "logs:PutLogEvents"),
        ];
        let own = statements(own);
        let bound = bound.map(statements);
        let mut who = Principal {
            name: "ci".into(),
            ..Principal::default()
        };
        let bound = bound.as_deref().map_or(Bound::Free, Bound::By);
        who.judge(&own, bound);
        let policies = Policies { own: &own, bound };
        let found = passings(&who, policies, &roles).told.into_iter();
        found.map(|p| (p.role, p.by, p.conditional)).collect()
    }

    fn allow(action: Value, resource: &str) -> Value {
        json!({"Effect": "Allow", "Action": action, "Resource": resource})
    }

    #[test]
    fn a_role_is_taken_by_who_may_pass_it_and_start_something_with_it() {
        let run = allow(json!(["ecs:RunTask", "lambda:*"]), "*");
        let pass = |resource: &str| allow(json!("iam:PassRole"), resource);
        let both = of(&json!([run, pass("*")]), None);
        let all = ["lambda:CreateFunction", "lambda:InvokeFunction"];
        assert_eq!(both[0], ("function".into(), all.to_vec(), false));
        assert_eq!(both[1], ("task".into(), vec!["ecs:RunTask"], false));
        // What gains nothing is no way.
        assert_eq!(both.len(), 2);
        let one = of(&json!([run, pass("arn:aws:iam::1:role/ta*")]), None);
        assert_eq!(one.len(), 1);
        // To pass alone, or to run alone, is nothing; nor is half of what Lambda takes.
        assert!(of(&json!([pass("*")]), None).is_empty());
        assert!(of(&json!([run]), None).is_empty());
        let half = allow(json!("lambda:CreateFunction"), "*");
        assert!(of(&json!([half, pass("*")]), None).is_empty());
    }

    #[test]
    fn denials_boundaries_and_conditions_count() {
        let run = allow(json!("ecs:RunTask"), "*");
        let pass = allow(json!("iam:PassRole"), "*");
        let deny =
            json!({"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::1:role/task"});
        assert!(of(&json!([run, pass, deny]), None).is_empty());
        let bound = allow(json!("ecs:*"), "*");
        assert!(of(&json!([run, pass]), Some(&bound)).is_empty());
        let to = json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}});
        let held =
            json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": to});
        assert_eq!(
            of(&json!([run, held]), None),
            [("task".into(), vec!["ecs:RunTask"], true)]
        );
        // Who may read secrets by itself gains nothing by a role that may.
        let reads = allow(json!("secretsmanager:*"), "*");
        assert!(of(&json!([run, pass, reads]), None).is_empty());
    }
    #[test]
    fn what_hangs_on_a_boundary_is_said_to() {
        let all = allow(json!("*"), "*");
        let mut hidden = role("task", "ecs-tasks.amazonaws.com", "logs:*");
        hidden.judge(&statements(&all), Bound::Unread);
        let own = statements(&json!([
            allow(json!("ecs:RunTask"), "*"),
            allow(json!("iam:PassRole"), "*")
        ]));
        let found = |bound, role: &Principal| {
            let policies = Policies { own: &own, bound };
            let found = passings(&Principal::default(), policies, std::slice::from_ref(role)).told;
            found.iter().map(|p| p.unsure).collect::<Vec<_>>()
        };
        assert_eq!(found(Bound::Free, &hidden), [true]);
        let plain = role("task", "ecs-tasks.amazonaws.com", "secretsmanager:*");
        assert_eq!(found(Bound::Free, &plain), [false]);
        assert_eq!(found(Bound::Unread, &plain), [true]);
        let elsewhere = statements(&json!([
            allow(json!("ecs:*"), "*"),
            allow(json!("iam:PassRole"), "arn:aws:iam::1:role/other")
        ]));
        assert!(found(Bound::By(&elsewhere), &plain).is_empty());
    }

    /// Who may run tasks with any role, and the roles of an account.
    fn of_roles(own: &[Statement], roles: &[Principal]) -> Passings {
        let bound = Bound::Free;
        passings(&Principal::default(), Policies { own, bound }, roles)
    }

    fn runs() -> Vec<Statement> {
        let both = json!(["ecs:RunTask", "iam:PassRole"]);
        statements(&json!([allow(both, "*")]))
    }

    #[test]
    fn great_gains_that_are_not_sure_stand_before_small_ones_and_what_is_hidden_is_open() {
        let service = "ecs-tasks.amazonaws.com";
        let small = |n: usize| role(&format!("s{n:02}"), service, "ecs:UpdateService");
        let mut roles: Vec<Principal> = (0..TOLD).map(small).collect();
        let mut root = role("root", service, "logs:*");
        root.judge(&statements(&allow(json!("*"), "*")), Bound::Unread);
        roles.push(root);
        let found = of_roles(&runs(), &roles);
        assert_eq!(
            (found.told[0].role.as_str(), found.told[0].unsure),
            ("root", true)
        );
        assert_eq!(
            (found.more, found.more_open),
            (1, false),
            "one more of the same"
        );
        // A small one that is not sure gives way, and is not said to be no more.
        let mut perhaps = role("perhaps", service, "logs:*");
        let deploys = statements(&allow(json!("ecs:UpdateService"), "*"));
        perhaps.judge(&deploys, Bound::Unread);
        roles[TOLD] = perhaps;
        let found = of_roles(&runs(), &roles);
        assert!(found.told.iter().all(|p| !p.unsure));
        assert_eq!((found.more, found.more_open), (1, true));
        // Nor is one that gives something else.
        roles[TOLD] = role("z", service, "secretsmanager:GetSecretValue");
        assert!(of_roles(&runs(), &roles).more_open);
    }

    #[test]
    fn many_roles_are_held_against_what_is_said_of_passing_alone() {
        let many = |n: usize| (0..20).map(|m| format!("s{n}:Do{m}*")).collect::<Vec<_>>();
        let mut all: Vec<Value> = (0..50).map(|n| allow(json!(many(n)), "*")).collect();
        let mut last = many(50);
        last.extend(["ecs:RunTask".into(), "iam:Pass*".into()]);
        all.push(allow(json!(last), "arn:aws:iam::1:role/s1*"));
        all.push(allow(json!("ecs:RunTask"), "*"));
        let own = statements(&json!(all));
        let service = "ecs-tasks.amazonaws.com";
        let small = |n: usize| role(&format!("s{n}"), service, "ecs:UpdateService");
        let roles: Vec<Principal> = (0..4_000).map(small).collect();
        let begun = std::time::Instant::now();
        let found = of_roles(&own, &roles);
        let took = begun.elapsed();
        assert_eq!(found.told.len() + found.more, 1_111, "s1, s10 ... s1999");
        assert!(took.as_secs() < 5, "{took:?}");
        assert_eq!(of_passing(&own).len(), 1);
    }
}
