//! Cloudflare: the zones of our hosts are active, traffic goes through them, is cached, limited and protected.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, all};
use super::{Probe, number, words};
use crate::domain::cloudflare::{Hour, Rule, Zone};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "cloudflare.zone-active",
        question: "is the zone of every host active and not paused?",
        params: &[words("zones", "")],
        judge: zone_active,
    },
    Probe {
        name: "cloudflare.proxied",
        question: "does the traffic of every host go through Cloudflare?",
        params: &[words("names", "")],
        judge: proxied,
    },
    Probe {
        name: "cloudflare.records",
        question: "does the zone hold an address for every host?",
        params: &[words("names", "")],
        judge: records,
    },
    Probe {
        name: "cloudflare.cache-ratio",
        question: "is enough of a day's traffic answered from the cache?",
        params: &[number("min", "60")],
        judge: cache_ratio,
    },
    Probe {
        name: "cloudflare.ddos",
        question: "does every zone stand behind the protection against floods, and does no name lead past it?",
        params: &[],
        judge: ddos,
    },
    Probe {
        name: "cloudflare.rate-limits",
        question: "is a rate limit at work?",
        params: &[words("paths", "")],
        judge: rate_limits,
    },
];

/// Hosts that are probed from here: what users go to.
fn hosts(look: &Look<'_>) -> BTreeSet<String> {
    let urls = look.facts.https.keys().filter_map(|url| {
        let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let host = host.split(['/', ':', '?']).next()?;
        Some(host.to_owned())
    });
    let names = look.facts.dns.keys().cloned();
    urls.chain(names).collect()
}

fn holds(zone: &str, host: &str) -> bool {
    host == zone
        || host
            .strip_suffix(zone)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// Zones that matter: those of the hosts that are probed; all, where none is.
fn zones<'a>(look: &Look<'a>) -> Result<(Vec<&'a Zone>, &'a str, Timestamp), Judgement> {
    look.configured("cloudflare")?;
    let seen = look.fresh(&look.facts.estate.cloudflare_zones, "Cloudflare's zones")?;
    let hosts = hosts(look);
    let ours = |z: &&Zone| hosts.iter().any(|h| holds(&z.name, h));
    let mut zones: Vec<&Zone> = seen.value.iter().filter(ours).collect();
    if hosts.is_empty() {
        zones = seen.value.iter().collect();
    }
    if zones.is_empty() {
        let answer = "no zone at Cloudflare holds any of the hosts".to_owned();
        let question = look.question(seen.source);
        return Err(Judgement::single(false, question, answer, seen.at));
    }
    Ok((zones, seen.source, seen.at))
}

fn zone_active(look: &Look<'_>) -> Verdict {
    let named: Vec<&str> = look.words("zones").collect();
    let (mut ours, source, at) = zones(look)?;
    let mut found = Findings::new("zone", look.question(source), at);
    if !named.is_empty() {
        let known = look.fresh(&look.facts.estate.cloudflare_zones, "Cloudflare's zones")?;
        ours = known
            .value
            .iter()
            .filter(|z| named.contains(&z.name.as_str()))
            .collect();
        for missing in named.iter().filter(|n| !ours.iter().any(|z| z.name == **n)) {
            found.bad(*missing, "is not at Cloudflare");
        }
    }
    for zone in ours {
        let words = if zone.paused { "paused" } else { &zone.status };
        found.check(zone.carries(), &zone.name, words);
    }
    Ok(found.verdict())
}

/// The hosts that a probe is about: `names` below each zone, or those that are probed.
fn wanted(look: &Look<'_>, zones: &[&Zone]) -> Vec<String> {
    let named: Vec<&str> = look.words("names").collect();
    let below = |zone: &&Zone| {
        named
            .iter()
            .map(|n| format!("{n}.{}", zone.name))
            .collect::<Vec<_>>()
    };
    if named.is_empty() {
        let ours = hosts(look).into_iter();
        ours.filter(|h| zones.iter().any(|z| holds(&z.name, h)))
            .collect()
    } else {
        zones.iter().flat_map(below).collect()
    }
}

fn proxied(look: &Look<'_>) -> Verdict {
    let (zones, ..) = zones(look)?;
    let seen = look.fresh(
        &look.facts.estate.cloudflare_records,
        "Cloudflare's records",
    )?;
    let mut found = Findings::new("host", look.question(seen.source), seen.at);
    for host in wanted(look, &zones) {
        let addresses = seen.value.iter();
        let addresses: Vec<_> = addresses
            .filter(|r| r.name == host && r.is_address())
            .collect();
        let carried = zones.iter().any(|z| z.carries() && holds(&z.name, &host));
        if addresses.is_empty() {
            found.bad(&host, "has no address in its zone");
        } else if !carried {
            found.bad(&host, "its zone passes no traffic");
        } else if addresses.iter().all(|r| r.proxied) {
            found.good(&host, "");
        } else {
            found.bad(&host, "goes past Cloudflare");
        }
    }
    Ok(found.verdict())
}

fn records(look: &Look<'_>) -> Verdict {
    let (zones, ..) = zones(look)?;
    let seen = look.fresh(
        &look.facts.estate.cloudflare_records,
        "Cloudflare's records",
    )?;
    let mut found = Findings::new("host", look.question(seen.source), seen.at);
    for host in wanted(look, &zones) {
        let records = seen
            .value
            .iter()
            .filter(|r| r.name == host && r.is_address());
        let leads: Vec<String> = records
            .map(|r| format!("{} {}", r.kind, r.content))
            .collect();
        match leads.is_empty() {
            true => found.bad(&host, "has no address in its zone"),
            false => found.good(&host, &format!("({})", leads.join(", "))),
        }
    }
    Ok(found.verdict())
}

fn cache_ratio(look: &Look<'_>) -> Verdict {
    let (zones, ..) = zones(look)?;
    let seen = look.fresh(
        &look.facts.estate.cloudflare_traffic,
        "Cloudflare's traffic",
    )?;
    let least = look.number("min");
    let mut found = Findings::new("zone", look.question(seen.source), seen.at);
    for zone in zones {
        let known = seen.value.iter().find(|t| t.zone == zone.name);
        let total = known.map(crate::domain::cloudflare::Traffic::total);
        match total.as_ref().and_then(Hour::cache_ratio) {
            None => found.unknown(&zone.name, "no request in the last day"),
            Some(ratio) => {
                let percent = ratio * 100.0;
                let words = format!("{percent:.1} % from the cache, wanted {least} %");
                found.check(percent >= least, &zone.name, &words);
            }
        }
    }
    Ok(found.verdict())
}

/// Cloudflare protects what goes through it, always (Cloudflare, "HTTP DDoS Attack Protection managed ruleset"); what can undo that is a
/// pause, an override that switches it off, and a name that leads to the origin itself.
fn ddos(look: &Look<'_>) -> Verdict {
    let (zones, source, at) = zones(look)?;
    let rules = look.fresh(&look.facts.estate.cloudflare_firewall, "Cloudflare's rules")?;
    let records = look.fresh(
        &look.facts.estate.cloudflare_records,
        "Cloudflare's records",
    )?;
    let mut carried = Findings::new("zone", look.question(source), at);
    let mut guarded = Findings::new("zone", look.question(rules.source), rules.at);
    let mut past = Findings::new("zone", look.question(records.source), records.at);
    for zone in zones {
        let name = &zone.name;
        carried.check(
            zone.carries(),
            name,
            if zone.carries() {
                "is active"
            } else {
                "passes no traffic"
            },
        );
        match rules.value.iter().find(|f| &f.zone == name) {
            None => guarded.unknown(name, "its rules were not read"),
            Some(firewall) => {
                let rules = firewall.rules.iter();
                let floods = || rules.clone().filter(|r| r.phase == "ddos_l7" && r.enabled);
                let undone = floods().find_map(Rule::undone);
                let some: Vec<&str> = floods()
                    .flat_map(|r| &r.overridden)
                    .map(String::as_str)
                    .collect();
                let off: Vec<&str> = floods().flat_map(Rule::parts_off).collect();
                let managed = firewall.managed.iter().any(|(phase, _)| phase == "ddos_l7");
                match (managed, undone) {
                    (false, _) => guarded.bad(name, "has no protection against floods"),
                    (true, Some(how)) => guarded.bad(
                        name,
                        format!("an override of the protection against floods {how}"),
                    ),
                    (true, None) if !off.is_empty() => {
                        guarded.bad(
                            name,
                            format!("parts of it are switched off: {}", off.join("; ")),
                        );
                    }
                    // What a single rule is there for, nobody tells.
                    (true, None) if !some.is_empty() => guarded.unknown(
                        name,
                        format!("parts of it have overrides: {}", some.join("; ")),
                    ),
                    (true, None) => guarded.good(name, "protection against floods is on"),
                }
            }
        }
        let bare = records
            .value
            .iter()
            .filter(|r| &r.zone == name && r.leads_past(records.value));
        let bare: Vec<&str> = bare.map(|r| r.name.as_str()).collect();
        match bare.is_empty() {
            true => past.good(name, "no name leads past it"),
            false => past.bad(bare.join(", "), "leads past Cloudflare to the origin"),
        }
    }
    let judged = vec![carried.verdict(), guarded.verdict(), past.verdict()];
    all(judged).ok_or_else(|| Judgement::unknown("no zone to look at"))
}

fn rate_limits(look: &Look<'_>) -> Verdict {
    let (zones, ..) = zones(look)?;
    let seen = look.fresh(&look.facts.estate.cloudflare_firewall, "Cloudflare's rules")?;
    let paths: Vec<&str> = look.words("paths").collect();
    let mut found = Findings::new("zone", look.question(seen.source), seen.at);
    for zone in zones {
        let name = &zone.name;
        let Some(firewall) = seen.value.iter().find(|f| &f.zone == name) else {
            found.unknown(name, "its rules were not read");
            continue;
        };
        let limits = firewall.rules.iter();
        let on: Vec<_> = limits.filter(|r| r.limit.is_some() && r.enabled).collect();
        let limits: Vec<_> = on.iter().filter(|r| r.stops()).collect();
        let logged = on.len() > limits.len();
        let open = paths
            .iter()
            .filter(|p| !limits.iter().any(|r| r.expression.contains(**p)));
        let open: Vec<&str> = open.copied().collect();
        let but = if logged { ", others only log" } else { "" };
        if limits.is_empty() && logged {
            found.bad(name, "its rate limits only log, and stop nobody");
        } else if limits.is_empty() {
            found.bad(name, "no rate limit is on");
        } else if !open.is_empty() {
            let open = open.join(", ");
            found.bad(name, format!("no rate limit stops anybody on {open}{but}"));
        } else {
            let told = limits
                .iter()
                .filter_map(|r| r.limit.map(|(n, s)| format!("{n} in {s} s")));
            found.good(name, &format!("({})", told.collect::<Vec<_>>().join(", ")));
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::cloudflare::Firewall;
    use crate::domain::facts::Facts;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, judged};

    const ZONE: &str = "laser.example";

    fn rule(phase: &str, action: &str) -> Rule {
        Rule {
            id: "r".into(),
            phase: phase.into(),
            about: String::new(),
            action: action.into(),
            expression: "http.request.uri.path eq \"/login\"".into(),
            enabled: true,
            limit: (phase == "http_ratelimit").then_some((5, 10)),
            sensitivity: None,
            override_action: None,
            switched_off: false,
            overridden: Vec::new(),
        }
    }

    fn guarded(call: &str, rules: Vec<Rule>) -> Judgement {
        let mut zone = Zone::unseen(ZONE);
        zone.id = "z1".into();
        zone.status = "active".into();
        let mut facts = Facts::default();
        facts.estate.cloudflare_zones = testing::part(Arc::new(vec![zone]));
        facts.estate.cloudflare_records = testing::part(Arc::default());
        facts.estate.cloudflare_firewall = testing::part(Arc::new(vec![Firewall {
            zone: ZONE.into(),
            rules,
            managed: vec![("ddos_l7".into(), "DDoS L7".into())],
        }]));
        judged(call, &facts)
    }

    #[test]
    fn a_rate_limit_that_only_logs_limits_nobody() {
        let limit = |action| rule("http_ratelimit", action);
        let call = "cloudflare.rate-limits";
        for action in ["block", "challenge", "js_challenge", "managed_challenge"] {
            assert_eq!(guarded(call, vec![limit(action)]).state, Proved, "{action}");
        }
        let logs = guarded(call, vec![limit("log")]);
        assert_eq!(logs.state, Failing, "{logs:?}");
        assert!(logs.reason.contains("only log"), "{}", logs.reason);
        let mut other = limit("block");
        other.expression = "true".into();
        let paths = guarded(
            "cloudflare.rate-limits paths=/login",
            vec![other, limit("log")],
        );
        assert_eq!(paths.state, Failing, "{paths:?}");
        assert!(paths.reason.contains("/login, others only log"));
        let none = guarded(call, Vec::new());
        assert!(none.reason.contains("no rate limit is on"), "{none:?}");
    }

    #[test]
    fn an_override_that_only_logs_floods_protects_from_none() {
        let call = "cloudflare.ddos";
        let floods = || rule("ddos_l7", "execute");
        assert_eq!(guarded(call, Vec::new()).state, Proved);
        assert_eq!(guarded(call, vec![floods()]).state, Proved);
        let mut logs = floods();
        logs.override_action = Some("log".into());
        let got = guarded(call, vec![logs.clone()]);
        assert_eq!(got.state, Failing, "{got:?}");
        assert!(got.reason.contains("only logs"), "{}", got.reason);
        logs.enabled = false;
        assert_eq!(guarded(call, vec![logs]).state, Proved);
        let mut off = floods();
        off.sensitivity = Some("eoff".into());
        assert_eq!(guarded(call, vec![off]).state, Failing);
        let mut part = floods();
        part.overridden = vec!["rule 1a2b: log".into()];
        let got = guarded(call, vec![part]);
        assert_eq!(got.state, Unknown, "{got:?}");
        assert!(got.reason.contains("rule 1a2b: log"), "{}", got.reason);
        for part_off in [
            "rule 1a2b: off",
            "category generic: eoff",
            "rule 1: log, off",
        ] {
            let mut part = floods();
            part.overridden = vec!["rule 3c: log".into(), part_off.into()];
            let got = guarded(call, vec![part]);
            assert_eq!(got.state, Failing, "{got:?}");
            assert!(got.reason.contains(part_off), "{}", got.reason);
        }
        let mut whole = floods();
        whole.switched_off = true;
        assert_eq!(guarded(call, vec![whole]).state, Failing);
        let mut strict = floods();
        strict.override_action = Some("block".into());
        assert_eq!(guarded(call, vec![strict]).state, Proved);
    }

    #[test]
    fn a_zone_holds_what_is_below_it_and_not_what_ends_alike() {
        assert!(holds("laser.example", "laser.example"));
        assert!(holds("laser.example", "api.laser.example"));
        assert!(!holds("laser.example", "notlaser.example"));
        assert!(!holds("api.laser.example", "laser.example"));
    }
}
