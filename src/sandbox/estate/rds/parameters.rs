//! Parameter groups: a few parameters of each, among them the one that refuses connections in the clear.

use super::{Databases, missing, page, passes, required};
use crate::wire::{ApiError, Node, map};

/// (name, value, source, type, allowed values, how it is applied).
type Row = (
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const ROWS: &[Row] = &[
    (
        "log_min_duration_statement",
        Some("250"),
        "user",
        "integer",
        "-1-2147483647",
        "dynamic",
    ),
    (
        "max_connections",
        Some("LEAST({DBInstanceClassMemory/9531392},5000)"),
        "system",
        "integer",
        "6-262143",
        "static",
    ),
    (
        "max_wal_senders",
        None,
        "engine-default",
        "integer",
        "5-100",
        "static",
    ),
    (
        "rds.force_ssl",
        Some("1"),
        "user",
        "boolean",
        "0,1",
        "dynamic",
    ),
    (
        "shared_preload_libraries",
        Some("pg_stat_statements"),
        "user",
        "list",
        "auto_explain,pg_cron,pg_stat_statements",
        "static",
    ),
    (
        "ssl_min_protocol_version",
        Some("TLSv1.2"),
        "user",
        "string",
        "TLSv1,TLSv1.1,TLSv1.2",
        "dynamic",
    ),
];

/// What the story changed by hand in the group of production's PostgreSQL: `max_connections`, as the server itself says it.
fn changed(group: &str, name: &str) -> Option<String> {
    let ours = name == "max_connections" && group.starts_with("laser-postgres");
    ours.then(|| crate::pg::MOST_CONNECTIONS.to_string())
}

/// The parameter group of an engine and its major version.
pub fn group(engine: &str, version: &str) -> String {
    let family = version.split('.').next().unwrap_or_default();
    format!("laser-{engine}{family}")
}

impl Databases {
    /// `DescribeDBParameters` and `DescribeDBClusterParameters`.
    pub(super) fn describe_parameters(
        &self,
        input: &Node,
        region: &str,
        of_cluster: bool,
    ) -> Result<Node, ApiError> {
        let asked = match of_cluster {
            true => required(input, "DBClusterParameterGroupName")?,
            false => required(input, "DBParameterGroupName")?,
        };
        let there = match of_cluster {
            true => self.clusters.iter().any(|c| c.group() == asked),
            false => {
                let mut here = self.instances.iter().filter(|i| i.region == region);
                here.any(|i| group(i.engine, &i.version) == asked)
            }
        };
        if !there {
            let words = format!("DBParameterGroup not found: {asked}");
            return Err(missing("DBParameterGroupNotFound", words));
        }
        let source = input.get("Source").as_text();
        let mut shown = Vec::new();
        for (name, value, from, kind, allowed, apply) in ROWS {
            let by_hand = changed(asked, name);
            let (value, from) = match &by_hand {
                Some(value) => (Some(value.as_str()), "user"),
                None => (*value, *from),
            };
            if passes(input, &["parameter-name"], |_| name)? && source.is_none_or(|s| s == from) {
                shown.push(map([
                    ("ParameterName", (*name).into()),
                    ("ParameterValue", value.into()),
                    ("Source", from.into()),
                    ("ApplyType", (*apply).into()),
                    ("DataType", (*kind).into()),
                    ("AllowedValues", (*allowed).into()),
                    ("IsModifiable", true.into()),
                    ("ApplyMethod", "pending-reboot".into()),
                ]));
            }
        }
        page(input, "Parameters", &shown, 20)
    }
}
