//! IAM: who may delete backups.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Probe, words};
use crate::domain::access::{Deed, Grant, Principal};

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "iam.backup-access",
    question: "may nobody delete backups but those who are to?",
    params: &[words("except", "")],
    judge: backup_access,
}];

/// Judged by the account's own policies; what an organisation forbids, or a bucket or vault allows by itself, is not in them.
fn backup_access(look: &Look<'_>) -> Verdict {
    look.configured("iam")?;
    let seen = look.fresh(&look.facts.estate.access, "the account's policies")?;
    let access = seen.value;
    let question = format!("{} {}", look.question(seen.source), access.rule());
    let mut found = Findings::new("principal", question.clone(), seen.at);
    let excepted = |p: &Principal| look.words("except").any(|e| e == p.name);
    let mut some = 0;
    for (p, grants) in access.deleters().filter(|(p, _)| !excepted(p)) {
        some += 1;
        let right = access.is_right(p);
        found.check(right, &p.name, &how(p, grants));
    }
    for p in &access.principals {
        let told = p.grants.contains_key(&Deed::DeleteBackups);
        let perhaps = p.perhaps.get(&Deed::DeleteBackups);
        if p.of_service || excepted(p) {
            continue;
        }
        // Who ought to may or may not: that is right either way.
        if let (Some(grants), false) = (perhaps, access.is_right(p)) {
            found.unknown(&p.name, format!("{} {}", how(p, grants), p.doubt()));
        } else if !p.unread.is_empty() && !told {
            let why = format!("its policy {} was not told", p.unread.join(", "));
            found.unknown(&p.name, why);
        }
    }
    if access.cut {
        found.unknown("the account", "it has more principals than are read");
    }
    if access.principals.is_empty() {
        return Err(Judgement::unknown(
            "the account told of no user and no role",
        ));
    }
    let verdict = found.verdict();
    if some == 0 && verdict.reason.starts_with("there is no") {
        return Ok(Judgement::single(
            true,
            question,
            format!(
                "none of {} users and roles may delete backups",
                access.principals.len()
            ),
            seen.at,
        ));
    }
    Ok(verdict)
}

fn how(p: &Principal, grants: &[Grant]) -> String {
    if p.administers {
        return "administers the account".into();
    }
    let all: Vec<String> = grants.iter().map(Grant::words).collect();
    let shown = all.get(..2).unwrap_or(&all).join(", ");
    let more = match all.len().saturating_sub(2) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("may {shown}{more}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::domain::access::Access;
    use crate::domain::facts::Facts;
    use crate::domain::policy::read;
    use crate::domain::reach::Bound;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, judged};

    fn principal(name: &str, action: &str) -> Principal {
        let document = json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}});
        let mut p = Principal {
            name: name.into(),
            ..Principal::default()
        };
        p.judge(&read(&document.to_string()).unwrap(), Bound::Free);
        p
    }

    fn facts(principals: Vec<Principal>, may_delete: &[&str]) -> Facts {
        let mut facts = Facts::default();
        facts.estate.access = testing::part(Arc::new(Access {
            principals,
            may_delete: may_delete.iter().map(|s| (*s).into()).collect(),
            ..Access::default()
        }));
        facts
    }

    #[test]
    fn administrators_and_who_is_there_for_backups_may_and_nobody_else() {
        let good = vec![
            principal("ana", "*"),
            principal("backup-keeper", "backup:*"),
        ];
        let got = judged("iam.backup-access", &facts(good.clone(), &[]));
        assert_eq!(got.state, Proved, "{got:?}");
        assert!(got.evidence[0].question.contains("allowed: administrators"));
        let mut bad = good;
        bad.push(principal("ci", "rds:*"));
        let got = judged("iam.backup-access", &facts(bad.clone(), &[]));
        assert_eq!(got.state, Failing);
        assert!(
            got.reason.starts_with("ci: may rds:DeleteDBSnapshot"),
            "{}",
            got.reason
        );
        let named = ["ana", "backup-*", "ci"];
        assert_eq!(
            judged("iam.backup-access", &facts(bad.clone(), &named)).state,
            Proved
        );
        let got = judged("iam.backup-access", &facts(bad, &["ci"]));
        assert_eq!(got.state, Failing, "a list is the whole list");
    }

    #[test]
    fn nobody_at_all_is_right_and_what_is_not_told_is_not_known() {
        let none = facts(vec![principal("ci", "ecs:*")], &[]);
        let got = judged("iam.backup-access", &none);
        assert_eq!(got.state, Proved);
        assert_eq!(got.reason, "none of 1 users and roles may delete backups");
        let mut p = principal("ci", "ecs:*");
        p.unread.push("Strange".into());
        let got = judged("iam.backup-access", &facts(vec![p], &[]));
        assert_eq!(
            (got.state, got.reason.as_str()),
            (Unknown, "ci: its policy Strange was not told")
        );
        let got = judged("iam.backup-access", &facts(Vec::new(), &[]));
        assert_eq!(got.state, Unknown);
        assert_eq!(
            judged("iam.backup-access", &Facts::default()).state,
            Unknown
        );
    }

    #[test]
    fn who_may_but_for_a_boundary_that_was_not_read_is_not_known() {
        let all = read(r#"{"Statement":{"Effect":"Allow","Action":"rds:*","Resource":"*"}}"#);
        let mut ci = principal("ci", "logs:*");
        ci.bounded_by = Some("arn:edge".into());
        ci.judge(&all.unwrap(), Bound::Unread);
        let got = judged("iam.backup-access", &facts(vec![ci.clone()], &[]));
        assert_eq!(got.state, Unknown, "{got:?}");
        assert!(got.reason.contains("arn:edge"), "{}", got.reason);
        assert_eq!(
            judged("iam.backup-access", &facts(vec![ci], &["ci"])).state,
            Proved
        );
    }

    #[test]
    fn roles_that_services_alone_take_are_left_out() {
        let mut p = principal("AWSServiceRoleForRDS", "rds:*");
        p.of_service = true;
        let got = judged("iam.backup-access", &facts(vec![p], &[]));
        assert_eq!(got.state, Proved, "{got:?}");
    }
}
