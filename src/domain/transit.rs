//! Whether stores refuse what comes to them in the clear.

use serde::Serialize;
use serde_json::Value;

use super::policy::texts;
use super::told::Told;

/// Whether a database refuses connections without TLS: what its parameter group says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DbTransit {
    /// The instance, or the cluster.
    pub id: String,
    /// The parameter group; empty where none was told.
    pub group: String,
    /// The parameter that decides it: `rds.force_ssl`.
    pub parameter: &'static str,
    /// Whether it does. Not set: its engine has no such parameter.
    pub forced: Told<bool>,
}

/// The parameter by which an engine of RDS refuses connections without TLS; `None` where it has none.
pub fn parameter(engine: &str) -> Option<&'static str> {
    let is = |name: &str| engine.contains(name);
    if is("postgres") || is("sqlserver") {
        Some("rds.force_ssl")
    } else if is("mysql") || is("mariadb") {
        Some("require_secure_transport")
    } else {
        None
    }
}

/// Whether a bucket's policy refuses requests without TLS: all of them, by whomever, of all that it holds. `None` where it cannot be
/// read.
pub fn refuses_plain(policy: &str, bucket: &str) -> Option<bool> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let statements = match policy.get("Statement")? {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    Some(statements.into_iter().any(|s| refuses(s, bucket)))
}

fn refuses(statement: &Value, bucket: &str) -> bool {
    let of = |name: &str| statement.get(name).map(texts).unwrap_or_default();
    let everybody = match statement.get("Principal") {
        Some(Value::Object(kinds)) => kinds
            .get("AWS")
            .is_some_and(|who| texts(who).iter().any(|w| w == "*")),
        Some(who) => texts(who).iter().any(|w| w == "*"),
        None => false,
    };
    let everything = of("Action")
        .iter()
        .any(|a| a == "*" || a.eq_ignore_ascii_case("s3:*"));
    // The objects are what matters; the bucket itself is listed.
    let all_of_it = of("Resource").iter().any(|r| {
        let named = r.rsplit(":::").next().unwrap_or(r);
        named == "*"
            || named
                .strip_prefix(bucket)
                .is_some_and(|rest| rest == "/*" || rest == "*")
    });
    statement.get("Effect").and_then(Value::as_str) == Some("Deny")
        && everybody
        && everything
        && all_of_it
        && statement.get("Condition").is_some_and(is_plain)
}

/// Whether a condition holds for each request without TLS: nothing else may be asked of it.
fn is_plain(condition: &Value) -> bool {
    let Some([(operator, keys)]) = condition
        .as_object()
        .map(|all| all.iter().collect::<Vec<_>>())
        .and_then(|all| <[_; 1]>::try_from(all).ok())
    else {
        return false;
    };
    let Some([(key, value)]) = keys
        .as_object()
        .map(|all| all.iter().collect::<Vec<_>>())
        .and_then(|all| <[_; 1]>::try_from(all).ok())
    else {
        return false;
    };
    let off = match value {
        Value::Bool(on) => !on,
        // Several values are alternatives.
        text => texts(text).iter().any(|t| t.eq_ignore_ascii_case("false")),
    };
    ["Bool", "BoolIfExists"].contains(&operator.as_str())
        && key.eq_ignore_ascii_case("aws:SecureTransport")
        && off
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(change: impl FnOnce(&mut Value)) -> Option<bool> {
        let mut deny = json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        });
        change(&mut deny);
        refuses_plain(&json!({"Statement": [deny]}).to_string(), "shop")
    }

    #[test]
    fn only_a_policy_that_denies_all_of_it_to_all_refuses_the_clear() {
        assert_eq!(policy(|_| {}), Some(true));
        assert_eq!(
            policy(|d| d["Principal"] = json!({"AWS": ["*"]})),
            Some(true)
        );
        assert_eq!(
            policy(|d| d["Condition"] = json!({"Bool": {"aws:securetransport": [false]}})),
            Some(false),
            "a list of booleans is none of a policy's"
        );
        assert_eq!(
            policy(|d| d["Condition"] = json!({"Bool": {"AWS:SecureTransport": false}})),
            Some(true)
        );
        let narrower: [fn(&mut Value); 7] = [
            |d| d["Effect"] = "Allow".into(),
            |d| d["Principal"] = json!({"AWS": "arn:aws:iam::1:root"}),
            |d| d["Action"] = "s3:PutObject".into(),
            |d| d["Resource"] = "arn:aws:s3:::shop/public/*".into(),
            |d| d["Resource"] = "arn:aws:s3:::shopping/*".into(),
            |d| d["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}}),
            |d| d["Condition"]["IpAddress"] = json!({"aws:SourceIp": "192.0.2.0/24"}),
        ];
        for change in narrower {
            assert_eq!(policy(change), Some(false));
        }
        assert_eq!(refuses_plain("{", "shop"), None);
    }

    #[test]
    fn each_engine_has_its_own_parameter() {
        assert_eq!(parameter("aurora-postgresql"), Some("rds.force_ssl"));
        assert_eq!(parameter("mariadb"), Some("require_secure_transport"));
        assert_eq!(parameter("oracle-ee"), None);
    }
}
