//! What stands before the load balancers: web ACLs, their rules, Shield.

use jiff::Timestamp;
use serde_json::json;

use super::words::count;
use super::{Cell, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::wall::{WallRule, WebAcl};

pub(super) const VIEW: View = View {
    id: "walls",
    title: "Web ACLs",
    doc: "AWS WAF: web ACLs, their rules and rate limits, and what stands behind them",
    group: Group::Safety,
    lines: &["waf"],
    needs: &["walls"],
    make: Make::Facts(make),
};

const RULES: &[Head] = &[
    Head::left("web acl", 18).grow(1),
    Head::left("rule", 30).grow(3),
    Head::left("kind", 10),
    Head::left("does", 18),
    Head::right("limit", 14),
    Head::left("guards", 18).grow(1).drop(1),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.walls;
    let none =
        "AWS WAF is not used in this region; what stands before it (Cloudflare) may do its work.";
    let mut section = Section::of(part, now, "web_acl_rules", "Rules of web ACLs", RULES, none);
    if let Some(walls) = &part.value {
        for acl in &walls.acls {
            for rule in &acl.rules {
                let thing = json!({
                    "web_acl": acl.name, "allows": acl.allows, "guards": acl.guards, "rule": rule,
                });
                section.row(
                    format!("{}/{}", acl.name, rule.name),
                    cells(acl, rule),
                    &thing,
                );
            }
            if acl.guards.is_empty() {
                section.note(format!("{} guards no load balancer", acl.name), Tone::Warn);
            }
        }
        if walls.unread > 0 {
            let words = format!("{} more were not read", count(walls.unread, "web ACL"));
            section.note(words, Tone::Unknown);
        }
        let shield = match walls.shield_advanced {
            Some(true) => "Shield Advanced is on",
            Some(false) => "Shield Advanced is off; Shield Standard always is on",
            None => "whether Shield Advanced is on could not be asked",
        };
        section.note(shield, Tone::Muted);
    }
    vec![section]
}

fn cells(acl: &WebAcl, rule: &WallRule) -> Vec<Cell> {
    let limit = rule
        .limit
        .map(|n| format!("{n} in {}s", rule.window_s.unwrap_or(300)));
    let counts = rule.action == "count";
    vec![
        Cell::plain(&acl.name),
        Cell::name(&rule.name),
        Cell::plain(&rule.kind),
        Cell::new(&rule.action, Tone::fine(!counts)),
        Cell::plain(limit.unwrap_or_default()),
        Cell::plain(acl.guards.join(", ")),
    ]
}
