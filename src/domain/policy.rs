//! Policies of AWS IAM (IAM User Guide, "Grammar of the IAM JSON policy language", version 2012-10-17), as far as they say who may do
//! what: an explicit Deny outweighs an Allow, and what nothing allows is denied ("Policy evaluation logic"). Conditions are not
//! evaluated, they are noted; what other accounts, organisations and resources add is not in an account's own policies.

use serde::Serialize;
use serde_json::Value;

/// A statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    pub(super) allow: bool,
    actions: Patterns,
    pub(super) resources: Patterns,
    pub(super) conditional: bool,
    principals: Vec<String>,
}

/// Patterns with `*` and `?`, or all but those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Patterns {
    pub(super) all: Vec<String>,
    pub(super) but: bool,
}

/// What stands there is not what the grammar of policies has there: what it was meant to say nobody knows.
struct Unsaid;

impl Patterns {
    /// What a statement says by a name or by its `Not` form; nothing: by neither.
    fn of(statement: &Value, name: &str) -> Result<Option<Self>, Unsaid> {
        let not = format!("Not{name}");
        let (value, but) = match (statement.get(name), statement.get(&not)) {
            (Some(value), None) => (value, false),
            (None, Some(value)) => (value, true),
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err(Unsaid),
        };
        let all = texts_alone(value).filter(|all| !all.is_empty());
        Ok(Some(Self {
            all: all.ok_or(Unsaid)?,
            but,
        }))
    }

    fn has(&self, text: &str) -> bool {
        self.all.iter().any(|p| fits(p, text)) != self.but
    }

    pub(super) fn is_everything(&self) -> bool {
        !self.but && self.all.iter().any(|p| p == "*")
    }
}

/// A text, or an array of them.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// The same where there is nothing else in it.
fn texts_alone(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(_) => Some(texts(value)),
        Value::Array(all) if all.iter().all(Value::is_string) => Some(texts(value)),
        _ => None,
    }
}

/// Whether a text is what a pattern with `*` (any run) and `?` (any one) means, in any case.
pub fn fits(pattern: &str, text: &str) -> bool {
    // Nearly all are ASCII, and many are of another service from their first letter on: an account asks this millions of times.
    let (p, t) = (pattern.as_bytes(), text.as_bytes());
    if let (Some(p), Some(t)) = (p.first(), t.first())
        && p.is_ascii_alphanumeric()
        && t.is_ascii()
        && !p.eq_ignore_ascii_case(t)
    {
        return false;
    }
    let lower = |s: &str| {
        s.chars()
            .map(|c| c.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    let (pattern, text) = (lower(pattern), lower(text));
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(t) => (p, t) = (p + 1, t + 1),
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    (p, t) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

/// The statements of a document; nothing of one that cannot be read.
pub fn read(document: &str) -> Option<Vec<Statement>> {
    let document: Value = serde_json::from_str(document).ok()?;
    let all = match document.get("Statement")? {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    all.iter().map(statement).collect()
}

fn statement(s: &Value) -> Option<Statement> {
    let everything = || Patterns {
        all: vec!["*".into()],
        but: false,
    };
    let allow = match s.get("Effect")?.as_str()? {
        "Allow" => true,
        "Deny" => false,
        _ => return None,
    };
    let principals = match s.get("Principal") {
        Some(Value::Object(kinds)) => {
            let named: Option<Vec<_>> = kinds.values().map(texts_alone).collect();
            named?.concat()
        }
        Some(Value::String(all)) => vec![all.clone()],
        Some(_) => return None,
        None => Vec::new(),
    };
    let conditions = s.get("Condition");
    Some(Statement {
        allow,
        actions: Patterns::of(s, "Action").ok()??,
        // A trust policy names none: it is about the role that it stands at.
        resources: Patterns::of(s, "Resource").ok()?.unwrap_or_else(everything),
        conditional: conditions.map_or(Some(false), is_held)?,
        principals,
    })
}

/// Whether conditions have to hold: by operator and key, one value or a list of them. Nothing where they are no such thing: whether a
/// denial holds always or never is not known then.
fn is_held(conditions: &Value) -> Option<bool> {
    let is_one = |v: &Value| v.is_string() || v.is_boolean() || v.is_number();
    let is_value = |v: &Value| match v {
        Value::Array(all) => all.iter().all(is_one),
        one => is_one(one),
    };
    let operators = conditions.as_object()?;
    let mut keys = operators.values().map(Value::as_object);
    let sound = keys.all(|keys| keys.is_some_and(|keys| keys.values().all(is_value)));
    sound.then_some(!operators.is_empty())
}

impl Statement {
    /// Who is named, in a trust policy.
    pub fn principals(&self) -> &[String] {
        if self.allow { &self.principals } else { &[] }
    }

    /// Patterns to be held against whatever is asked of it.
    pub fn weight(&self) -> u64 {
        let all = self.actions.all.len() + self.resources.all.len();
        u64::try_from(all).unwrap_or(u64::MAX)
    }

    pub(super) fn is_about(&self, action: &str) -> bool {
        self.actions.has(action)
    }

    /// What it says of one action alone, where it is about that: to be held against many resources, whatever else it names.
    pub(super) fn only(&self, action: &str) -> Option<Self> {
        let actions = Patterns {
            all: vec![action.to_owned()],
            but: false,
        };
        self.is_about(action).then(|| Self {
            actions,
            ..self.clone()
        })
    }

    /// Whether it is about every resource, whatever holds.
    pub(super) fn is_total(&self) -> bool {
        self.resources.is_everything() && !self.conditional
    }
}

/// How far an action is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Allowance {
    /// The patterns of resources, where it is not allowed on every one.
    pub on: Option<Vec<String>>,
    /// Whether a condition has to hold.
    pub conditional: bool,
    /// Whether a Deny takes part of it away.
    pub partly_denied: bool,
}

impl Allowance {
    /// How much it is held back; 0: not at all.
    pub(super) fn held(&self) -> u8 {
        u8::from(self.on.is_some()) * 2 + u8::from(self.conditional)
    }
}

/// Whether statements allow an action on a resource, and whether with a condition alone. A Deny with a condition may not hold.
pub fn allows_on<'a>(
    statements: impl IntoIterator<Item = &'a Statement>,
    action: &str,
    resource: &str,
) -> Option<bool> {
    let mut conditional: Option<bool> = None;
    let about = |s: &&Statement| s.is_about(action) && s.resources.has(resource);
    for s in statements.into_iter().filter(about) {
        match (s.allow, s.conditional) {
            (true, held) => conditional = Some(held && conditional.unwrap_or(true)),
            (false, false) => return None,
            (false, true) => {}
        }
    }
    conditional
}

/// Whether statements allow everything on everything, without a condition.
pub fn administers<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> bool {
    let mut administers = false;
    for s in statements {
        let all = !s.actions.but && s.actions.all.iter().any(|a| a == "*" || a == "*:*");
        if all && s.resources.is_everything() && !s.conditional {
            if !s.allow {
                return false;
            }
            administers = true;
        }
    }
    administers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effort::Effort;
    use crate::domain::reach::{Bound, reach};
    use proptest::prelude::*;
    use serde_json::json;

    fn policy(statements: &Value) -> Vec<Statement> {
        read(&json!({"Version": "2012-10-17", "Statement": statements}).to_string()).unwrap()
    }

    fn allowance(statements: &[Statement], action: &str) -> Option<Allowance> {
        reach(statements, Bound::Free, action, &Effort::default()).sure
    }

    fn allow(action: &Value, resource: &Value) -> Value {
        json!({"Effect": "Allow", "Action": action, "Resource": resource})
    }

    #[test]
    fn patterns_fit_as_the_vendor_says() {
        for (pattern, text, right) in [
            ("*", "rds:DeleteDBSnapshot", true),
            ("rds:*", "rds:DeleteDBSnapshot", true),
            ("rds:delete*snapshot", "rds:DeleteDBClusterSnapshot", true),
            ("RDS:DeleteDBSnapshot", "rds:DeleteDBSnapshot", true),
            ("rds:DeleteDB?napshot", "rds:DeleteDBSnapshot", true),
            ("rds:DeleteDBSnapsho", "rds:DeleteDBSnapshot", false),
            ("s3:*", "rds:DeleteDBSnapshot", false),
            ("rds:Describe*", "rds:DeleteDBSnapshot", false),
            ("", "", true),
            ("?", "", false),
            ("**", "", true),
        ] {
            assert_eq!(fits(pattern, text), right, "{pattern} {text}");
        }
    }

    #[test]
    fn an_explicit_deny_outweighs_and_a_narrow_one_is_noted() {
        let all = allow(&json!("rds:*"), &json!("*"));
        let deny = json!({"Effect": "Deny", "Action": ["rds:Delete*"], "Resource": "*"});
        let statements = policy(&json!([all.clone(), deny]));
        assert_eq!(allowance(&statements, "rds:DeleteDBSnapshot"), None);
        assert!(allowance(&statements, "rds:ModifyDBInstance").is_some());
        let narrow = json!({"Effect": "Deny", "Action": "rds:Delete*", "Resource": "arn:x"});
        let found = allowance(&policy(&json!([all, narrow])), "rds:DeleteDBSnapshot").unwrap();
        assert!(found.partly_denied && found.on.is_none());
    }

    #[test]
    fn the_widest_allowance_counts_and_conditions_are_noted() {
        let on = json!({"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:a", "arn:b"]});
        let with = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}});
        let found = allowance(
            &policy(&json!([on.clone(), with])),
            "s3:DeleteObjectVersion",
        );
        let found = found.unwrap();
        assert!(found.conditional && found.on.is_none());
        let more = allow(&json!("s3:Delete*"), &json!("arn:c"));
        let found = allowance(&policy(&json!([on, more])), "s3:DeleteObjectVersion").unwrap();
        assert_eq!(found.on.unwrap(), ["arn:a", "arn:b", "arn:c"]);
    }

    #[test]
    fn all_but_something_is_nearly_all_and_no_administration() {
        let statements = policy(
            &json!({"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}),
        );
        assert!(allowance(&statements, "rds:DeleteDBSnapshot").is_some());
        assert_eq!(allowance(&statements, "iam:PutRolePolicy"), None);
        assert!(!administers(&statements));
        assert!(administers(&policy(&allow(&json!("*"), &json!("*")))));
        assert!(!administers(&policy(&allow(&json!("*"), &json!("arn:a")))));
    }

    #[test]
    fn a_document_that_is_none_allows_nothing() {
        assert_eq!(read("{"), None);
        assert_eq!(read("{}"), None);
        assert_eq!(read("{\"Statement\":[{\"Effect\":\"Perhaps\"}]}"), None);
    }

    #[test]
    fn a_statement_of_other_types_than_the_grammar_s_cannot_be_read() {
        let deny = json!({"Effect": "Deny", "Action": "rds:*", "Resource": "*"});
        let with = |name: &str, value: Value| {
            let mut statement = deny.clone();
            statement[name] = value;
            let allow = allow(&json!("rds:*"), &json!("*"));
            read(&json!({"Statement": [allow, statement]}).to_string())
        };
        for (name, value) in [
            ("Condition", json!("x")),
            ("Condition", json!([])),
            ("Condition", json!(null)),
            ("Condition", json!({"Bool": "aws:SecureTransport"})),
            ("Condition", json!({"Bool": {"aws:SecureTransport": {}}})),
            ("Action", json!({"a": "rds:*"})),
            ("Action", json!([])),
            ("Action", json!(["rds:*", 5])),
            ("Resource", json!(5)),
            ("Resource", json!(["*", ["x"]])),
            ("NotResource", json!("*")),
            ("Principal", json!(["*"])),
            ("Principal", json!({"AWS": {"x": "*"}})),
        ] {
            assert_eq!(with(name, value.clone()), None, "{name} {value}");
        }
        for (name, value) in [
            (
                "Condition",
                json!({"Bool": {"aws:SecureTransport": "true"}}),
            ),
            (
                "Condition",
                json!({"NumericLessThan": {"aws:MultiFactorAuthAge": [60, 61]}}),
            ),
            ("Action", json!(["rds:*", "s3:*"])),
            ("Principal", json!({"AWS": ["*"], "Service": "x"})),
            ("Principal", json!("*")),
        ] {
            assert!(with(name, value.clone()).is_some(), "{name} {value}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_made_of_a_text_fits_it(text in "[a-zA-Z:]{0,12}", at in 0usize..12) {
            let at = at.min(text.len());
            let starred = format!("{}*{}", &text[..at], &text[at..]);
            prop_assert!(fits(&starred, &text));
            prop_assert!(fits(&text, &text));
            let longer = format!("{}x", text);
            prop_assert!(!fits(&text, &longer));
        }
    }
}
