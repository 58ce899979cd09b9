//! Principals judged by their policies: once for all who have the same ones. An account has thousands of users and roles and a few hundred
//! sets of policies among them, each of which may be as long as a book.

use std::collections::HashMap;

use super::Known;
use super::wire::{Attached, Inline, Members};
use crate::backend::aws::convert::text;
use crate::domain::access::{Principal, PrincipalKind, TOO_MUCH};
use crate::domain::effort::Effort;
use crate::domain::order::Ordered;
use crate::domain::passing::{Passings, Policies, passings};
use crate::domain::policy::{self, Statement};
use crate::domain::reach::{Bound, reach};

/// Steps of comparing patterns for a whole answer: some seconds. What is left when they are spent is told as unread.
const STEPS: u64 = 300_000_000;

/// Roles that are told of all principals together: where thousands may pass thousands, of each the mightiest few.
const ROLES_TOLD: usize = 20_000;

/// Policies of the vendor that allow everything, should their text not come along.
const ALL: &str = ":iam::aws:policy/AdministratorAccess";

/// The policies of a principal, by where their text is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Basis<'k> {
    policies: Vec<Text<'k>>,
    edge: Edge<'k>,
}

/// Where a policy's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Text<'k> {
    /// With the principal: the document itself.
    Inline(&'k str),
    /// Among the managed ones, by ARN.
    Managed(&'k str),
}

/// What bounds a principal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Edge<'k> {
    #[default]
    Free,
    /// A boundary that the answer does not name.
    Unnamed,
    /// A managed policy, by ARN.
    By(&'k str),
}

/// The policies of a principal and their names.
#[derive(Debug, Default)]
pub(super) struct Held<'k> {
    pub(super) basis: Basis<'k>,
    names: Vec<String>,
    pub(super) unread: Vec<String>,
}

impl<'k> Held<'k> {
    /// `None`: the list was left out, which IAM sends even where nothing is on it. What it would hold is not known then.
    pub(super) fn hold(
        &mut self,
        inline: (&str, Option<&'k Members<Inline>>),
        attached: Option<&'k Members<Attached>>,
    ) {
        for (name, is_there) in [
            (inline.0, inline.1.is_some()),
            ("AttachedManagedPolicies", attached.is_some()),
        ] {
            if !is_there {
                self.unread.push(format!("list {name}"));
            }
        }
        for policy in inline.1.iter().flat_map(|m| &m.all) {
            self.take(&policy.policy_name, Text::Inline(&policy.policy_document));
        }
        for policy in attached.iter().flat_map(|m| &m.all) {
            self.take(&policy.policy_name, Text::Managed(&policy.policy_arn));
        }
    }

    fn take(&mut self, name: &str, of: Text<'k>) {
        self.names.push(text(Some(name)));
        self.basis.policies.push(of);
    }

    pub(super) fn bounded(mut self, edge: Edge<'k>) -> Self {
        self.basis.edge = edge;
        self
    }
}

/// What all who have the same policies may do.
#[derive(Debug, Default)]
struct Verdict {
    /// Nobody, judged by them.
    judged: Principal,
    /// Which of the policies could not be read.
    unread: Vec<usize>,
    /// Whether roles may be passed at all.
    passes: bool,
    /// Whether there was no step left to work it out.
    spent: bool,
    /// The roles by which one who is none of them may do more, once that was asked.
    through: Option<Passings>,
}

/// The judgement of an account.
#[derive(Debug)]
pub(super) struct Bench<'k> {
    known: &'k Known,
    verdicts: HashMap<Basis<'k>, Verdict>,
    left: u64,
}

impl<'k> Bench<'k> {
    pub(super) fn new(known: &'k Known) -> Self {
        Self::of(known, STEPS)
    }

    /// With so many steps.
    pub(super) fn of(known: &'k Known, left: u64) -> Self {
        Self {
            known,
            verdicts: HashMap::new(),
            left,
        }
    }

    /// How many sets of policies were judged.
    #[cfg(test)]
    pub(super) fn judged_by(&self) -> usize {
        self.verdicts.len()
    }

    /// Users and roles, by name, with what they may do and through whom.
    pub(super) fn principals(
        &mut self,
        of: impl Iterator<Item = (Principal, Held<'k>)>,
    ) -> Vec<Principal> {
        let mut bases: Vec<Basis<'k>> = Vec::new();
        let mut all: Vec<Principal> = Vec::new();
        for (principal, held) in of {
            bases.push(held.basis.clone());
            all.push(self.judged(principal, held));
        }
        // Users come before roles.
        let is_role = |p: &Principal| p.kind == PrincipalKind::Role;
        let first = all.iter().position(is_role).unwrap_or(all.len());
        let roles = all.get(first..).unwrap_or_default();
        let through: Vec<Option<Passings>> = all
            .iter()
            .zip(&bases)
            .map(|(principal, basis)| self.through(principal, basis, roles))
            .collect();
        let passing = through.iter().flatten().filter(|p| !p.told.is_empty());
        let each = (ROLES_TOLD / passing.count().max(1)).max(1);
        for (principal, found) in all.iter_mut().zip(through) {
            match found {
                Some(mut found) => {
                    found.keep(each);
                    principal.through = found.told;
                    principal.through_more = found.more;
                    principal.through_more_open = found.more_open;
                }
                None => principal.unread.push(format!("iam:PassRole {TOO_MUCH}")),
            }
        }
        all.order_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        all
    }

    fn judged(&mut self, mut p: Principal, held: Held<'k>) -> Principal {
        let Held {
            basis,
            names,
            unread,
        } = held;
        p.unread = unread;
        if let Edge::By(arn) = basis.edge {
            p.bounded_by = Some(text(Some(arn)));
        }
        if !self.verdicts.contains_key(&basis) {
            let verdict = self.verdict(&basis);
            self.verdicts.insert(basis.clone(), verdict);
        }
        if let Some(verdict) = self.verdicts.get(&basis) {
            let unread = verdict.unread.iter().filter_map(|n| names.get(*n));
            p.unread.extend(unread.cloned());
            if verdict.spent {
                let all = names.iter().map(|name| format!("{name} {TOO_MUCH}"));
                p.unread.extend(all);
            }
            p.judge_as(&verdict.judged);
        }
        p.policies = names;
        p
    }

    fn verdict(&mut self, basis: &Basis<'k>) -> Verdict {
        let (own, unread) = self.known.own(basis);
        let bound = self.known.bound(basis.edge);
        let weight: u64 = own.iter().map(Statement::weight).sum();
        self.left = self.left.saturating_sub(weight);
        if self.left == 0 {
            return Verdict {
                unread,
                spent: true,
                ..Verdict::default()
            };
        }
        let effort = Effort::at_most(self.left);
        let before = effort.left();
        let mut judged = Principal::default();
        judged.judge_by(&own, bound, &effort);
        let passes = !judged.administers
            && reach(&own, bound, "iam:PassRole", &effort)
                .passage()
                .is_some();
        self.left = self.left.saturating_sub(before - effort.left());
        Verdict {
            judged,
            unread,
            passes,
            ..Verdict::default()
        }
    }

    /// By which roles a principal may do more; nothing where there was no step left to find out.
    fn through(
        &mut self,
        who: &Principal,
        basis: &Basis<'k>,
        roles: &[Principal],
    ) -> Option<Passings> {
        let verdict = self.verdicts.get(basis)?;
        if !verdict.passes || who.of_service {
            return Some(Passings::default());
        }
        // By itself a role gains nothing that it may for certain: only one that may perhaps do something is not told alike.
        let is_alike = who.kind == PrincipalKind::User || who.perhaps.is_empty();
        if let Some(known) = verdict.through.as_ref().filter(|_| is_alike) {
            return Some(known.clone());
        }
        let (own, _) = self.known.own(basis);
        let each = u64::try_from(own.len()).unwrap_or(u64::MAX);
        let all = u64::try_from(roles.len()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(all.saturating_mul(each));
        if self.left == 0 {
            return None;
        }
        let policies = Policies {
            own: &own,
            bound: self.known.bound(basis.edge),
        };
        let found = passings(who, policies, roles);
        if let Some(verdict) = self.verdicts.get_mut(basis).filter(|_| is_alike) {
            verdict.through = Some(found.clone());
        }
        Some(found)
    }
}

impl Known {
    /// All statements of some policies, and which of these could not be read.
    fn own(&self, basis: &Basis<'_>) -> (Vec<Statement>, Vec<usize>) {
        let (mut own, mut unread) = (Vec::new(), Vec::new());
        for (n, text) in basis.policies.iter().enumerate() {
            let read = match text {
                Text::Inline(document) => super::document(document),
                Text::Managed(arn) => self.managed(arn).map(<[Statement]>::to_vec).or_else(|| {
                    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
                    arn.ends_with(ALL).then(|| policy::read(all)).flatten()
                }),
            };
            match read {
                Some(statements) => own.extend(statements),
                None => unread.push(n),
            }
        }
        (own, unread)
    }

    fn managed(&self, arn: &str) -> Option<&[Statement]> {
        self.managed.get(arn)?.as_deref()
    }

    /// One that cannot be read may take anything away: what it bounds is certain of nothing but denials.
    fn bound(&self, edge: Edge<'_>) -> Bound<'_> {
        match edge {
            Edge::Free => Bound::Free,
            Edge::Unnamed => Bound::Unread,
            Edge::By(arn) => self.managed(arn).map_or(Bound::Unread, Bound::By),
        }
    }
}
