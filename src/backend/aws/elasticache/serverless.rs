//! Serverless caches: no list of groups or clusters names them. They are always in several zones and encrypted ("ElastiCache
//! Serverless", Amazon ElastiCache User Guide), and show no nodes.

use super::super::convert::{reason, stamp, text};
use super::wire::{Serverless, ServerlessSnapshot};
use super::{CacheGroup, CacheSnapshot, address};

pub(super) fn cache(c: Serverless) -> CacheGroup {
    let engine = text(c.engine.as_deref());
    // `valkey 8.0`, or the number alone.
    let full = text(c.full_engine_version.as_deref());
    let version = full.strip_prefix(&engine).unwrap_or(&full).trim();
    CacheGroup {
        id: text(Some(&c.serverless_cache_name)),
        about: reason(c.description.as_deref()),
        status: text(c.status.as_deref()).to_ascii_lowercase(),
        version: match version {
            "" => text(c.major_engine_version.as_deref()),
            told => told.to_owned(),
        },
        engine,
        node_type: "serverless".to_owned(),
        serverless: true,
        multi_az: true,
        failover: true,
        in_transit: true,
        at_rest: true,
        auth: c.user_group_id.is_some_and(|g| !g.is_empty()),
        retention_days: c.snapshot_retention_limit.unwrap_or(0),
        window: text(c.daily_snapshot_time.as_deref()),
        endpoint: address(c.endpoint.as_ref()),
        nodes: Vec::new(),
    }
}

pub(super) fn snapshot(s: ServerlessSnapshot) -> CacheSnapshot {
    let bytes = s.bytes_used_for_cache.filter(|b| !b.is_empty());
    let source = s.serverless_cache_configuration;
    CacheSnapshot {
        name: text(Some(&s.serverless_cache_snapshot_name)),
        arn: text(s.arn.as_deref()),
        of: text(source.and_then(|c| c.serverless_cache_name).as_deref()),
        status: text(s.status.as_deref()).to_ascii_lowercase(),
        automatic: s.snapshot_type.as_deref() == Some("automated"),
        at: stamp(s.create_time.as_deref()),
        size: bytes.map_or_else(String::new, |b| text(Some(&format!("{b} B")))),
    }
}
