//! The credential report: one row a user, comma-separated.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::story::Principal;
use crate::world::names;

const HEAD: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
    password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
    access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
    access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
    cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// Seconds in a day.
const DAY_S: f64 = 86_400.0;

/// The report as GetCredentialReport carries it.
pub(super) fn base64(users: &[Principal], begun: f64) -> String {
    let at = |days: f64| {
        let stamp = Timestamp::from_second((begun - days * DAY_S) as i64);
        stamp
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .strftime("%Y-%m-%dT%H:%M:%S+00:00")
    };
    let mut report = HEAD.to_owned();
    if !users.is_empty() {
        report.push_str(&format!(
            "\n<root_account>,arn:aws:iam::{}:root,{},not_supported,no_information,not_supported,not_supported,true,\
             false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
            names::ACCOUNT,
            at(900.0),
        ));
    }
    for user in users {
        let (password, mfa) = (user.password, user.mfa);
        let used = if password {
            at(0.4).to_string()
        } else {
            "N/A".into()
        };
        let changed = if password {
            at(60.0).to_string()
        } else {
            "N/A".into()
        };
        let key = match user.key_days {
            Some(days) => format!("true,{},{},us-east-1,ecs", at(days), at(0.2)),
            None => "false,N/A,N/A,N/A,N/A".into(),
        };
        report.push_str(&format!(
            "\n{},{},{},{password},{used},{changed},N/A,{mfa},{key},false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
            user.name,
            super::arn("user", user.path, user.name),
            at(user.age_days),
        ));
    }
    STANDARD.encode(report)
}
