//! An instance as its cluster tells of it.

use serde::Deserialize;

use crate::backend::aws::convert::text;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Member {
    #[serde(rename = "DBInstanceIdentifier")]
    id: String,
    #[serde(rename = "IsClusterWriter")]
    writer: Option<String>,
    #[serde(rename = "DBClusterParameterGroupStatus")]
    parameters: Option<String>,
}

/// Members, and whether each writes.
pub(super) fn told(all: &[Member]) -> Vec<(String, bool)> {
    let is_on = |t: &str| t.trim().eq_ignore_ascii_case("true");
    let writes = |m: &Member| m.writer.as_deref().is_some_and(is_on);
    all.iter().map(|m| (text(Some(&m.id)), writes(m))).collect()
}

/// Those for which the cluster's parameters hold already.
pub(super) fn held(all: &[Member]) -> Vec<String> {
    let holds = |m: &&Member| m.parameters.as_deref().map(str::trim) == Some("in-sync");
    all.iter()
        .filter(holds)
        .map(|m| text(Some(&m.id)))
        .collect()
}
