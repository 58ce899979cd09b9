//! Cloudflare: the zones of our hosts are active, traffic goes through them, is cached, limited and protected.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, all};
use super::{Param, Probe, number, words};
use crate::domain::cloudflare::{Hour, LOOKED_INTO, Record, Rule, Zone};

/// Hosts that are meant to stand elsewhere.
const EXCEPT: Param = words("except", "");

/// Of a host that no zone holds.
const HOMELESS: &str = "is in no zone that Cloudflare tells of";

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "cloudflare.zone-active",
        question: "is the zone of every host active and not paused?",
        params: &[words("zones", ""), EXCEPT],
        judge: zone_active,
    },
    Probe {
        name: "cloudflare.proxied",
        question: "does the traffic of every host go through Cloudflare?",
        params: &[words("names", ""), EXCEPT],
        judge: proxied,
    },
    Probe {
        name: "cloudflare.records",
        question: "does the zone hold an address for every host?",
        params: &[words("names", ""), EXCEPT],
        judge: records,
    },
    Probe {
        name: "cloudflare.cache-ratio",
        question: "is enough of a day's traffic answered from the cache?",
        params: &[number("min", "60"), EXCEPT],
        judge: cache_ratio,
    },
    Probe {
        name: "cloudflare.ddos",
        question: "does every host stand behind the protection against floods, and does no name lead past it?",
        params: &[EXCEPT],
        judge: ddos,
    },
    Probe {
        name: "cloudflare.rate-limits",
        question: "is a rate limit at work?",
        params: &[words("paths", ""), EXCEPT],
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
    let except: Vec<&str> = look.words("except").collect();
    let all = urls.chain(names).map(|name| plain(&name));
    all.filter(|host| !except.contains(&host.as_str()))
        .collect()
}

/// A name as Cloudflare writes it.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Why nothing is known of what a zone holds.
fn unread() -> String {
    format!("its zone is not read: there are more than {LOOKED_INTO}")
}

/// Zones that matter: those of the hosts that are probed; all, where none is.
fn zones<'a>(look: &Look<'a>) -> Result<(Vec<&'a Zone>, &'a str, Timestamp), Judgement> {
    look.configured("cloudflare")?;
    let seen = look.fresh(&look.facts.estate.cloudflare_zones, "Cloudflare's zones")?;
    let hosts = hosts(look);
    let ours = |z: &&Zone| hosts.iter().any(|h| z.holds(h));
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
    if named.is_empty() {
        for host in hosts(look).iter().filter(|h| zone_of(&ours, h).is_none()) {
            found.bad(host, HOMELESS);
        }
    }
    for zone in ours {
        let words = if zone.paused { "paused" } else { &zone.status };
        found.check(zone.carries(), &zone.name, words);
    }
    Ok(found.verdict())
}

/// The zone that a host is in: the innermost.
fn zone_of<'a>(zones: &[&'a Zone], host: &str) -> Option<&'a Zone> {
    let holding = zones.iter().filter(|z| z.holds(host));
    holding.max_by_key(|z| z.name.len()).copied()
}

/// The zone that a host is in and its addresses there; else it is told of why there are none.
fn addresses<'a>(
    found: &mut Findings,
    zones: &[&'a Zone],
    records: &'a [Record],
    host: &str,
) -> Option<(&'a Zone, Vec<&'a Record>)> {
    let Some(zone) = zone_of(zones, host) else {
        found.bad(host, HOMELESS);
        return None;
    };
    if zone.is_seen() && !zone.looked_into {
        found.unknown(host, unread());
        return None;
    }
    let addresses = Record::addresses(records, host);
    if addresses.is_empty() {
        found.bad(host, "has no address in its zone");
        return None;
    }
    Some((zone, addresses))
}

/// Whether all of a host's traffic goes through Cloudflare.
fn through(found: &mut Findings, zones: &[&Zone], records: &[Record], host: &str) {
    let Some((zone, addresses)) = addresses(found, zones, records, host) else {
        return;
    };
    if !zone.carries() {
        found.bad(host, "its zone passes no traffic");
    } else if addresses.iter().all(|r| r.proxied) {
        found.good(host, "");
    } else {
        found.bad(host, "goes past Cloudflare");
    }
}

/// The hosts that a probe is about: `names` below each zone, or all that are probed, those of no zone, too.
fn wanted(look: &Look<'_>, zones: &[&Zone]) -> Vec<String> {
    let named: Vec<&str> = look.words("names").collect();
    let below = |zone: &&Zone| {
        named
            .iter()
            .map(|n| format!("{n}.{}", zone.name))
            .collect::<Vec<_>>()
    };
    if named.is_empty() {
        hosts(look).into_iter().collect()
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
        through(&mut found, &zones, seen.value, &host);
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
        if let Some((_, records)) = addresses(&mut found, &zones, seen.value, &host) {
            let leads = records.iter().map(|r| format!("{} {}", r.kind, r.content));
            let leads: Vec<String> = leads.collect();
            found.good(&host, &format!("({})", leads.join(", ")));
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
            None if zone.is_seen() && !zone.looked_into => found.unknown(&zone.name, unread()),
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

/// Cloudflare protects what goes through it, always (Cloudflare, "HTTP DDoS Attack Protection managed ruleset"), and nothing else: every
/// host has to. What can undo it is a pause, an override that switches it off, and a name that leads to the origin itself.
fn ddos(look: &Look<'_>) -> Verdict {
    let (zones, source, at) = zones(look)?;
    let rules = look.fresh(&look.facts.estate.cloudflare_firewall, "Cloudflare's rules")?;
    let records = look.fresh(
        &look.facts.estate.cloudflare_records,
        "Cloudflare's records",
    )?;
    let mut carried = Findings::new("zone", look.question(source), at);
    let mut guarded = Findings::new("zone", look.question(rules.source), rules.at);
    let mut past = Findings::new("host", look.question(records.source), records.at);
    let hosts = hosts(look);
    for host in &hosts {
        through(&mut past, &zones, records.value, host);
    }
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
        let ours = records.value.iter().filter(|r| &r.zone == name);
        let addresses: Vec<&Record> = ours.filter(|r| r.is_address()).collect();
        // A host that is probed is told of already.
        let bare = addresses.iter().filter(|r| r.leads_past(records.value));
        let bare = bare.map(|r| r.name.as_str());
        let bare: Vec<&str> = bare.filter(|n| !hosts.contains(*n)).collect();
        if !bare.is_empty() {
            past.bad(bare.join(", "), "leads past Cloudflare to the origin");
        } else if zone.is_seen() && !zone.looked_into {
            past.unknown(name, unread());
        } else if addresses.iter().any(|r| r.proxied) {
            past.good(name, "no other name leads past it");
        } else if !addresses.is_empty() && hosts.is_empty() {
            past.bad(
                name,
                "nothing goes through Cloudflare: no record is proxied",
            );
        } else if hosts.is_empty() {
            past.unknown(name, "has no address");
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
    use crate::domain::part::Part;
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

    fn record(name: &str, content: &str, proxied: bool) -> Record {
        Record {
            id: name.into(),
            zone: ZONE.into(),
            kind: "CNAME".into(),
            name: name.into(),
            content: content.into(),
            ttl_s: None,
            proxied,
            proxiable: true,
            priority: None,
            comment: String::new(),
            modified_at: None,
        }
    }

    /// A zone with these records and rules, and hosts that are probed.
    fn zone(records: Vec<Record>, rules: Vec<Rule>, hosts: &[&str]) -> Facts {
        let mut zone = Zone::unseen(ZONE);
        zone.id = "z1".into();
        zone.status = "active".into();
        zone.looked_into = true;
        let mut facts = Facts::default();
        facts.estate.cloudflare_zones = testing::part(Arc::new(vec![zone]));
        facts.estate.cloudflare_records = testing::part(Arc::new(records));
        facts.estate.cloudflare_firewall = testing::part(Arc::new(vec![Firewall {
            zone: ZONE.into(),
            rules,
            managed: vec![("ddos_l7".into(), "DDoS L7".into())],
        }]));
        for host in hosts {
            facts.dns.insert((*host).to_owned(), Part::default());
        }
        facts
    }

    fn guarded(call: &str, rules: Vec<Rule>) -> Judgement {
        let api = record("api.laser.example", "alb.example", true);
        judged(call, &zone(vec![api], rules, &["api.laser.example"]))
    }

    #[test]
    fn what_goes_past_cloudflare_is_protected_by_nothing() {
        let call = "cloudflare.ddos";
        let api = |proxied| record("api.laser.example", "alb.example", proxied);
        let app = || record("app.laser.example", "web.example", true);
        let both = &["api.laser.example", "app.laser.example"][..];
        let good = judged(call, &zone(vec![api(true), app()], Vec::new(), both));
        assert_eq!(good.state, Proved, "{good:?}");
        // It has no twin that goes through Cloudflare, and leads to its origin all the same.
        let got = judged(call, &zone(vec![api(false), app()], Vec::new(), both));
        assert_eq!(got.state, Failing, "{got:?}");
        assert!(
            got.reason
                .contains("api.laser.example: goes past Cloudflare"),
            "{}",
            got.reason
        );
        let got = judged(call, &zone(Vec::new(), Vec::new(), both));
        assert_eq!(got.state, Failing, "nothing goes through: {got:?}");
        // Without a host that is probed, too.
        let got = judged(call, &zone(vec![api(false)], Vec::new(), &[]));
        assert_eq!(got.state, Failing, "{got:?}");
        assert!(got.reason.contains("no record is proxied"), "{got:?}");
        let got = judged(call, &zone(Vec::new(), Vec::new(), &[]));
        assert_eq!(got.state, Unknown, "{got:?}");
        let got = judged(call, &zone(vec![app()], Vec::new(), &[]));
        assert_eq!(got.state, Proved, "{got:?}");
        let mut origin = api(false);
        origin.name = "origin.laser.example".into();
        let all = vec![api(true), app(), origin];
        let got = judged(call, &zone(all, Vec::new(), both));
        assert!(got.reason.contains("origin.laser.example: leads past"));
    }

    #[test]
    fn a_host_that_no_zone_holds_is_left_out_only_where_that_is_said() {
        let api = || record("api.laser.example", "alb.example", true);
        let hosts = ["api.laser.example", "shop.other.test"];
        let facts = zone(vec![api()], Vec::new(), &hosts);
        for name in ["records", "proxied", "zone-active", "ddos"] {
            let call = format!("cloudflare.{name}");
            let got = judged(&call, &facts);
            assert_eq!(got.state, Failing, "{call}: {got:?}");
            assert!(
                got.reason.contains("shop.other.test: is in no zone"),
                "{call}: {}",
                got.reason
            );
            let meant = format!("{call} except=shop.other.test");
            assert_eq!(judged(&meant, &facts).state, Proved, "{meant}");
        }
    }

    #[test]
    fn what_a_zone_holds_that_is_not_read_nobody_knows() {
        let mut facts = zone(Vec::new(), Vec::new(), &["api.laser.example"]);
        let zones = facts.estate.cloudflare_zones.value.as_mut().unwrap();
        Arc::make_mut(zones)[0].looked_into = false;
        facts.estate.cloudflare_firewall = testing::part(Arc::default());
        facts.estate.cloudflare_traffic = testing::part(Arc::default());
        for name in ["records", "proxied", "ddos", "rate-limits", "cache-ratio"] {
            let got = judged(&format!("cloudflare.{name}"), &facts);
            assert_eq!(got.state, Unknown, "{name}: {got:?}");
        }
        let got = judged("cloudflare.records", &facts);
        assert!(got.reason.contains("more than 10"), "{}", got.reason);
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
}
