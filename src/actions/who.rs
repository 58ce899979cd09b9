//! Who acts: the user of the operating system, which a variable cannot fake, and the caller that AWS sees.

use std::os::unix::fs::MetadataExt;

use crate::domain::text::inert;

/// `ana`, `root (sudo by ana)`, or `uid 1000` where the user database has no name.
pub fn os_user() -> String {
    let uid = std::fs::metadata("/proc/self")
        .map(|m| m.uid())
        .ok()
        .or_else(|| std::env::var("UID").ok()?.parse().ok());
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = match uid {
        Some(uid) => name_of(uid, &passwd).unwrap_or_else(|| format!("uid {uid}")),
        None => std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned()),
    };
    let sudo = std::env::var("SUDO_USER")
        .ok()
        .filter(|by| uid == Some(0) && !by.is_empty());
    match sudo {
        Some(by) => inert(&format!("{name} (sudo by {by})")),
        None => inert(&name),
    }
}

fn name_of(uid: u32, passwd: &str) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let id: u32 = fields.nth(1)?.parse().ok()?;
        (id == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_user_database() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\nbroken\n";
        assert_eq!(name_of(1000, passwd).as_deref(), Some("ana"));
        assert_eq!(name_of(7, passwd), None);
    }
}
