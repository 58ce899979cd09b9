//! Whom a bucket or a secret lets in by a policy of its own ("AWS JSON policy elements: Principal", IAM User Guide). What its own
//! account's policies allow is `access`. A Deny is not weighed: this is whom it lets in at most.

use serde::Serialize;
use serde_json::Value;

use super::policy::texts;
use super::text::inert;

/// The word for everybody.
const EVERYBODY: &str = "*";

/// Somebody who is let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Guest {
    /// As the policy names them: `*`, an account, an ARN, an identity provider.
    pub who: String,
    /// Their account, where the name tells it.
    pub account: Option<String>,
    /// What they may do, in the policy's patterns.
    pub actions: Vec<String>,
    /// Whether a condition has to hold.
    pub conditional: bool,
}

impl Guest {
    /// Whom a grant to a group of an access list lets in ("Access control list (ACL) overview", Amazon S3 User Guide). `None`: nobody
    /// but services of AWS. Whoever opens an account of AWS is one of its signed-in users: that is everybody, too.
    pub fn of_group(uri: &str, permission: &str) -> Option<Self> {
        let signed_in = match uri.trim().rsplit('/').next()? {
            "AllUsers" => "",
            "AuthenticatedUsers" => ", signed in to any account of AWS",
            _ => return None,
        };
        Some(Self {
            who: EVERYBODY.into(),
            account: None,
            actions: vec![inert(&format!("{permission} (access list{signed_in})"))],
            conditional: false,
        })
    }

    /// Whether it is everybody, of AWS or not.
    pub fn is_everybody(&self) -> bool {
        self.who == EVERYBODY
    }

    /// Whether somebody outside an account is let in. `None`: the name does not tell whose it is, or `own` is not known.
    pub fn is_foreign(&self, own: Option<&str>) -> Option<bool> {
        if self.is_everybody() {
            return Some(true);
        }
        Some(self.account.as_deref()? != own?)
    }
}

/// Whom a policy lets in; `None` where it cannot be read. Services of AWS are left out: they come for somebody of the account.
pub fn guests(document: &str) -> Option<Vec<Guest>> {
    let document: Value = serde_json::from_str(document).ok()?;
    let mut all: Vec<Guest> = Vec::new();
    let statements = match document.get("Statement")? {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    for s in &statements {
        match s.get("Effect")?.as_str()? {
            "Allow" => {}
            "Deny" => continue,
            _ => return None,
        }
        let actions = match (s.get("Action"), s.get("NotAction")) {
            (Some(named), _) => inert_all(texts(named)),
            (None, Some(but)) => vec![format!("all but {}", inert_all(texts(but)).join(", "))],
            (None, None) => return None,
        };
        let condition = s.get("Condition").and_then(Value::as_object);
        let conditional = condition.is_some_and(|c| !c.is_empty());
        for who in principals(s) {
            let same = |g: &&mut Guest| g.who == who && g.conditional == conditional;
            match all.iter_mut().find(same) {
                Some(known) => known.actions.extend(actions.iter().cloned()),
                None => all.push(Guest {
                    account: account(&who),
                    who,
                    actions: actions.clone(),
                    conditional,
                }),
            }
        }
    }
    for guest in &mut all {
        guest.actions.sort();
        guest.actions.dedup();
    }
    Some(all)
}

fn inert_all(all: Vec<String>) -> Vec<String> {
    all.iter().map(|t| inert(t)).collect()
}

/// Who is named by a statement. All but somebody is everybody.
fn principals(statement: &Value) -> Vec<String> {
    if statement.get("NotPrincipal").is_some() {
        return vec![EVERYBODY.into()];
    }
    let named = match statement.get("Principal") {
        Some(Value::Object(kinds)) => {
            let people = kinds.iter().filter(|(kind, _)| *kind != "Service");
            people.flat_map(|(_, who)| texts(who)).collect()
        }
        Some(other) => texts(other),
        None => Vec::new(),
    };
    // The identity that CloudFront takes when it reads a bucket is a user of AWS's own.
    let people = named.iter().filter(|w| part(w, 4) != Some("cloudfront"));
    people.map(|w| inert(w)).collect()
}

fn part(arn: &str, nth: usize) -> Option<&str> {
    arn.starts_with("arn:")
        .then(|| arn.split(':').nth(nth))
        .flatten()
}

/// The account of an ARN, or one that is named by its digits alone.
fn account(who: &str) -> Option<String> {
    let digits = part(who, 4).unwrap_or(who);
    let is_account = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
    is_account.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statements: &str) -> Vec<Guest> {
        guests(&format!("{{\"Statement\":{statements}}}")).unwrap()
    }

    #[test]
    fn everybody_has_several_names() {
        for principal in [
            r#""Principal":"*""#,
            r#""Principal":{"AWS":"*"}"#,
            r#""Principal":{"AWS":["*"]}"#,
            r#""NotPrincipal":{"AWS":"123456789012"}"#,
        ] {
            let all = of(&format!(
                r#"{{"Effect":"Allow",{principal},"Action":"s3:GetObject"}}"#
            ));
            assert!(all[0].is_everybody(), "{principal}");
            assert_eq!(all[0].is_foreign(None), Some(true));
        }
    }

    #[test]
    fn the_groups_of_access_lists_are_everybody_but_for_the_vendors_own() {
        let group = |name: &str| {
            let uri = format!("http://acs.amazonaws.com/groups/{name}");
            Guest::of_group(&uri, "READ")
        };
        let all = group("global/AllUsers").unwrap();
        assert!(all.is_everybody());
        assert_eq!(all.actions, ["READ (access list)"]);
        assert!(group("global/AuthenticatedUsers").unwrap().is_everybody());
        assert_eq!(group("s3/LogDelivery"), None);
    }

    #[test]
    fn another_account_is_foreign_and_a_name_that_tells_none_is_not_known() {
        let own = Some("123456789012");
        for (who, foreign) in [
            ("210987654321", Some(true)),
            ("arn:aws:iam::210987654321:root", Some(true)),
            ("arn:aws:sts::123456789012:assumed-role/api/x", Some(false)),
            ("AIDACKCEVSQ6C2EXAMPLE", None),
        ] {
            let all = of(&format!(
                r#"[{{"Effect":"Allow","Principal":{{"AWS":"{who}"}},"Action":["s3:Get*"]}}]"#
            ));
            assert_eq!(all[0].is_foreign(own), foreign, "{who}");
        }
        let all =
            of(r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"NotAction":"s3:Delete*"}"#);
        assert_eq!(all[0].is_foreign(None), None, "nobody knows who we are");
        assert_eq!(all[0].actions, ["all but s3:Delete*"]);
    }

    #[test]
    fn services_and_denials_let_nobody_in_and_conditions_are_noted() {
        let all = of(r#"[
            {"Effect":"Deny","Principal":"*","Action":"s3:*"},
            {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject"},
            {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"},"Action":"s3:GetObject"},
            {"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}},
            {"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}
        ]"#);
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(all[0].conditional);
        assert_eq!(all[0].actions, ["s3:GetObject", "s3:ListBucket"]);
        assert_eq!(guests("no document"), None);
    }
}
