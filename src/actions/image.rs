//! Image references, after the distribution specification (`[registry[:port]/]path[:tag][@digest]`).

use crate::domain::image::is_moving_tag;

/// The reference that a person means: a full one, or a tag (`1.8.3`, `:1.8.3`) or digest (`@sha256:...`, `sha256:...`) of the
/// repository in use. The error says what is wrong with it.
pub fn resolve(asked: &str, present: &str) -> Result<String, String> {
    let asked = asked.trim();
    if asked.is_empty() {
        return Err("the image is empty".to_owned());
    }
    let digest = asked.strip_prefix('@').unwrap_or(asked);
    let full = if digest.starts_with("sha256:") {
        format!("{}@{digest}", repository(present))
    } else if let Some(tag) = asked.strip_prefix(':') {
        format!("{}:{tag}", repository(present))
    } else if asked.contains(['/', ':', '@']) {
        asked.to_owned()
    } else {
        format!("{}:{asked}", repository(present))
    };
    check(&full)?;
    Ok(full)
}

/// A reference without tag and digest.
pub fn repository(reference: &str) -> &str {
    let named = reference.split('@').next().unwrap_or(reference);
    match named.rsplit_once(':') {
        // A colon before the last slash belongs to the registry's port.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => named,
    }
}

/// Whether the same reference can mean another image tomorrow.
pub fn is_moving(reference: &str) -> bool {
    let named = repository(reference);
    let rest = reference.get(named.len()..).unwrap_or("");
    !rest.contains("@sha256:") && rest.strip_prefix(':').is_none_or(is_moving_tag)
}

fn check(reference: &str) -> Result<(), String> {
    let (named, digest) = match reference.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (reference, None),
    };
    if let Some(digest) = digest {
        let hex = digest.strip_prefix("sha256:").unwrap_or("");
        if hex.len() != 64
            || !hex
                .chars()
                .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        {
            return Err(format!(
                "{digest} is no digest: sha256: and 64 hexadecimal digits"
            ));
        }
    }
    let path = repository(named);
    if let Some(tag) = named.get(path.len()..).and_then(|t| t.strip_prefix(':')) {
        let first = tag
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let rest = tag
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if !first || !rest || tag.len() > 128 {
            return Err(format!(
                "{tag:?} is no tag: letters, digits, `_`, `.` and `-`, at most 128, none of `.-` first"
            ));
        }
    }
    let mut parts = path.split('/').peekable();
    // The first part is a registry if it looks like a host; hosts may have a port and capitals.
    let host = parts
        .peek()
        .is_some_and(|p| p.contains(['.', ':']) || *p == "localhost");
    if host && let Some(host) = parts.next() {
        let (name, port) = host.split_once(':').unwrap_or((host, "1"));
        let good = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        if !good || port.parse::<u16>().is_err() {
            return Err(format!("{host:?} is no registry"));
        }
    }
    let mut any = false;
    for part in parts {
        any = true;
        let inside = part
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-'));
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if !inside || !ends(part.chars().next()) || !ends(part.chars().next_back()) {
            return Err(format!(
                "{part:?} is no repository name: small letters, digits and `_.-` between them"
            ));
        }
    }
    if !any {
        return Err("the repository's name is missing".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECR: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/api:1.8.2";

    #[test]
    fn tags_and_digests_keep_the_repository() {
        let repo = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/api";
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (asked, expected) in [
            ("1.8.3", format!("{repo}:1.8.3")),
            (":1.8.3", format!("{repo}:1.8.3")),
            ("nginx:1", "nginx:1".to_owned()),
            ("localhost:5000/a/b", "localhost:5000/a/b".to_owned()),
            (digest.as_str(), format!("{repo}@{digest}")),
        ] {
            assert_eq!(resolve(asked, ECR).as_deref(), Ok(expected.as_str()));
        }
    }

    #[test]
    fn what_is_no_reference_is_refused_with_the_reason() {
        for (asked, word) in [
            ("", "empty"),
            ("API:1", "repository"),
            ("a b", "tag"),
            ("x/:1", "repository"),
            ("api@sha256:12", "digest"),
            (":-x", "tag"),
            ("re.gis:try/x:1", "registry"),
            ("api:1\u{1b}[2J", "tag"),
        ] {
            let why = resolve(asked, ECR).unwrap_err();
            assert!(why.contains(word), "{asked}: {why}");
        }
    }

    #[test]
    fn moving_references_are_known() {
        assert!(is_moving("localhost:5000/api"));
        assert!(is_moving("api:latest") && is_moving("api:main"));
        assert!(!is_moving(ECR));
    }
}
