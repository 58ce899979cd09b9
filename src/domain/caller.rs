//! As whom and where AWS is asked, by the names that it gives, and under which names an action keeps that.

/// The input of a preview that holds whose account the service is in.
pub const ACCOUNT: &str = "account";
/// The input that holds in which region it is: names mean other services in another one.
pub const REGION: &str = "region";
/// The input that holds where AWS was asked: at which endpoint, and in which region.
pub const ENDPOINT: &str = "endpoint";

/// The user or role behind the ARN of a caller, as an ARN: each session of a role has another name, and new credentials of the same
/// role begin another session.
pub fn principal(arn: &str) -> &str {
    match arn.split_once(":assumed-role/") {
        Some(_) => arn.rsplit_once('/').map_or(arn, |(role, _)| role),
        None => arn,
    }
}

/// The account that an ARN names (`arn:partition:service:region:account:...`); nothing where it names none.
pub fn account_of(arn: &str) -> Option<&str> {
    let account = arn.strip_prefix("arn:")?.split(':').nth(3)?;
    (!account.is_empty()).then_some(account)
}

/// The region that an ARN names; nothing where it names none.
pub fn region_of(arn: &str) -> Option<&str> {
    let region = arn.strip_prefix("arn:")?.split(':').nth(2)?;
    (!region.is_empty()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_session_of_a_role_is_nobody_else() {
        let session =
            |name: &str| format!("arn:aws:sts::123456789012:assumed-role/deployer/{name}");
        let [ana, ben] = ["ana@example.com", "ben"].map(session);
        assert_eq!(principal(&ana), principal(&ben));
        assert_eq!(
            principal(&ana),
            "arn:aws:sts::123456789012:assumed-role/deployer"
        );
        let user = "arn:aws:iam::123456789012:user/teams/ana";
        assert_eq!(principal(user), user);
    }

    #[test]
    fn an_account_is_read_from_an_arn_or_not_at_all() {
        let service = "arn:aws:ecs:us-east-1:123456789012:service/prod/api";
        assert_eq!(account_of(service), Some("123456789012"));
        assert_eq!(region_of(service), Some("us-east-1"));
        assert_eq!(region_of("arn:aws:iam::123456789012:user/ana"), None);
        for none in ["", "arn:aws:s3:::bucket", "api", "arn:aws"] {
            assert_eq!(account_of(none), None, "{none}");
        }
    }
}
