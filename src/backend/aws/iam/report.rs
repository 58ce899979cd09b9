//! The credential report: comma-separated values, a row a user, made by AWS at most every four hours (IAM User Guide, "Generate
//! credential reports for your AWS account").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::backend::aws::convert::{stamp, text};
use crate::domain::access::Credentials;

/// Rows read at most.
const ROWS: usize = 5_000;

/// Reads a report as GetCredentialReport gives it (base64).
pub(super) fn read(content: &str) -> Result<Vec<Credentials>, String> {
    let plain: String = content.split_whitespace().collect();
    let bytes = STANDARD.decode(plain).map_err(|e| e.to_string())?;
    let report = String::from_utf8_lossy(&bytes);
    let mut lines = report.lines();
    let heads: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let place = |name: &str| heads.iter().position(|h| *h == name);
    let Some(user) = place("user") else {
        return Err("the credential report has no users".into());
    };
    // Names of users hold no comma (CreateUser, "UserName").
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |name: &str| place(name).and_then(|at| cells.get(at)).copied();
        let holds = |name: &str| cell(name) == Some("true");
        let at = |name: &str| cell(name).and_then(|c| stamp(Some(c)));
        let keys = ["access_key_1", "access_key_2"];
        let used = [
            "password_last_used",
            "access_key_1_last_used_date",
            "access_key_2_last_used_date",
        ];
        Credentials {
            user: text(cells.get(user).copied()),
            // The account's own password cannot be told of: `not_supported`.
            password: holds("password_enabled")
                || cell("password_enabled") == Some("not_supported"),
            mfa: holds("mfa_active"),
            keys: keys
                .into_iter()
                .filter(|key| holds(&format!("{key}_active")))
                .map(|key| at(&format!("{key}_last_rotated")))
                .collect(),
            last_used: used.into_iter().filter_map(at).max(),
        }
    };
    let rows = lines.filter(|l| !l.trim().is_empty()).take(ROWS);
    Ok(rows.map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_keys_have_their_age_and_others_none() {
        let report = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated\n\
            <root_account>,arn:aws:iam::1:root,2024-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,true,false,N/A,N/A,false,N/A\n\
            ci,arn:aws:iam::1:user/ci,2024-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,true,2024-05-01T10:00:00+00:00,2024-06-01T10:00:00+00:00,true,N/A\n";
        let got = read(&STANDARD.encode(report)).unwrap();
        assert!(got[0].password && got[0].mfa && got[0].keys.is_empty());
        assert!(!got[1].password && !got[1].mfa);
        assert_eq!(got[1].keys.len(), 2);
        assert_eq!(got[1].keys[0], stamp(Some("2024-05-01T10:00:00+00:00")));
        assert_eq!(got[1].keys[1], None);
        assert!(got[1].last_used > got[1].keys[0]);
        assert!(read("!").is_err() && read("").is_err());
    }
}
