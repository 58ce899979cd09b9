//! Cloudflare: zones, DNS records, TLS and cache settings, firewall rules, and the traffic that its edge counted.

use jiff::Timestamp;
use serde::Serialize;

/// Zones that are looked into at most: records, settings, rules and traffic of each are questions of their own.
pub const LOOKED_INTO: usize = 10;

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Zone {
    /// Id.
    pub id: String,
    /// Its domain.
    pub name: String,
    /// `active`, `pending`, `initializing`, `moved`.
    pub status: String,
    /// Paused: Cloudflare answers for its names, and traffic passes it by.
    pub paused: bool,
    /// Name of the plan.
    pub plan: String,
    /// The name servers that its registrar must name.
    pub name_servers: Vec<String>,
    /// Seconds until development mode ends; 0 or less: it is off.
    pub development_s: i64,
    /// Active since (UTC).
    pub activated_at: Option<Timestamp>,
    /// Whether its records, settings, rules and traffic are read: of more than [`LOOKED_INTO`] zones they are not.
    pub looked_into: bool,
}

impl Zone {
    /// A zone that the configuration names and the token does not see.
    pub fn unseen(name: &str) -> Self {
        Self {
            id: String::new(),
            name: name.to_owned(),
            status: "not found".to_owned(),
            paused: false,
            plan: String::new(),
            name_servers: Vec::new(),
            development_s: 0,
            activated_at: None,
            looked_into: false,
        }
    }

    /// Whether a name is its domain or below it.
    pub fn holds(&self, host: &str) -> bool {
        let below = host.strip_suffix(&self.name);
        below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Whether Cloudflare knows it.
    pub fn is_seen(&self) -> bool {
        !self.id.is_empty()
    }

    /// Whether traffic passes through Cloudflare.
    pub fn carries(&self) -> bool {
        self.status == "active" && !self.paused
    }
}

/// A DNS record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Id.
    pub id: String,
    /// Its zone's domain.
    pub zone: String,
    /// `A`, `CNAME` ...
    pub kind: String,
    /// Name.
    pub name: String,
    /// What it says.
    pub content: String,
    /// Seconds; `None`: left to Cloudflare.
    pub ttl_s: Option<u64>,
    /// Whether traffic goes through Cloudflare.
    pub proxied: bool,
    /// Whether it could.
    pub proxiable: bool,
    /// For mail.
    pub priority: Option<u64>,
    /// What people wrote of it.
    pub comment: String,
    /// Last changed (UTC).
    pub modified_at: Option<Timestamp>,
}

/// What a zone is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneSettings {
    /// The zone's domain.
    pub zone: String,
    /// Setting and value, in the order asked: `ssl`, `strict`.
    pub values: Vec<(String, String)>,
}

impl ZoneSettings {
    /// The value of a setting.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A phase of the edge in which rules of the zone run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Firewall {
    /// The zone's domain.
    pub zone: String,
    /// Rules of every phase that was asked about.
    pub rules: Vec<Rule>,
    /// Managed rulesets that the zone can see, by phase and name.
    pub managed: Vec<(String, String)>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Id.
    pub id: String,
    /// `http_ratelimit`, `http_request_firewall_custom` ...
    pub phase: String,
    /// What it is for.
    pub about: String,
    /// `block`, `managed_challenge`, `execute` ...
    pub action: String,
    /// What it applies to.
    pub expression: String,
    /// Whether it runs.
    pub enabled: bool,
    /// Requests allowed, and in how many seconds.
    pub limit: Option<(u64, u64)>,
    /// How sensitive an override makes a managed ruleset: `eoff` switches it off.
    pub sensitivity: Option<String>,
    /// Action that an override gives to a whole managed ruleset: `log` writes down and lets pass.
    pub override_action: Option<String>,
    /// Whether an override switches a whole managed ruleset off.
    pub switched_off: bool,
    /// Its rules and categories that have overrides of their own: `rule 1a2b: log`, `category generic: eoff`.
    pub overridden: Vec<String>,
}

impl Rule {
    /// Whether it keeps anybody away from what it applies to: `log` and its kin write down and let pass.
    pub fn stops(&self) -> bool {
        let acts = ["block", "challenge", "js_challenge", "managed_challenge"];
        self.enabled && acts.contains(&self.action.as_str())
    }

    /// How an override undoes a whole managed ruleset, where one does.
    pub fn undone(&self) -> Option<&'static str> {
        if self.switched_off || self.sensitivity.as_deref() == Some("eoff") {
            return Some("switches it off");
        }
        (self.override_action.as_deref() == Some("log")).then_some("only logs")
    }

    /// Its rules and categories that overrides of their own switch off.
    pub fn parts_off(&self) -> impl Iterator<Item = &str> {
        let all = self.overridden.iter().map(String::as_str);
        all.filter(|part| part.ends_with("off"))
    }
}

/// Traffic of a zone over the last day, hour by hour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// The zone's domain.
    pub zone: String,
    /// Oldest first.
    pub hours: Vec<Hour>,
}

/// An hour of traffic.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hour {
    /// When it began (UTC).
    pub at: Timestamp,
    /// Requests.
    pub requests: u64,
    /// Those answered from the cache.
    pub cached: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Bytes sent from the cache.
    pub cached_bytes: u64,
    /// Requests that were found hostile.
    pub threats: u64,
    /// Answers by class: 1xx to 5xx.
    pub classes: [u64; 5],
}

impl Traffic {
    /// The whole of it as one hour would be told.
    pub fn total(&self) -> Hour {
        let mut sum = Hour {
            at: self.hours.first().map(|h| h.at).unwrap_or_default(),
            ..Hour::default()
        };
        for hour in &self.hours {
            sum.requests += hour.requests;
            sum.cached += hour.cached;
            sum.bytes += hour.bytes;
            sum.cached_bytes += hour.cached_bytes;
            sum.threats += hour.threats;
            for (all, one) in sum.classes.iter_mut().zip(hour.classes) {
                *all += one;
            }
        }
        sum
    }
}

impl Hour {
    /// Share of the requests that the cache answered, 0..=1; `None` without requests.
    pub fn cache_ratio(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.cached as f64 / self.requests as f64)
    }

    /// Share of the answers that were failures of a server, 0..=1.
    pub fn failing(&self) -> Option<f64> {
        let [.., failed] = self.classes;
        (self.requests > 0).then(|| failed as f64 / self.requests as f64)
    }
}

impl Record {
    /// Whether it is an address.
    pub fn is_address(&self) -> bool {
        matches!(self.kind.as_str(), "A" | "AAAA" | "CNAME")
    }

    /// The addresses that a name leads to: its own, else those of the wildcard nearest above it (RFC 4592).
    pub fn addresses<'a>(all: &'a [Self], host: &str) -> Vec<&'a Self> {
        let of = |name: &str| all.iter().filter(|r| r.name == name).collect::<Vec<_>>();
        let mut found = of(host);
        let mut rest = host;
        while found.is_empty()
            && let Some((_, above)) = rest.split_once('.')
        {
            found = of(&format!("*.{above}"));
            if found.is_empty() && all.iter().any(|r| r.name == above) {
                break;
            }
            rest = above;
        }
        found.retain(|r| r.is_address());
        found
    }

    /// Whether it leads to an origin past Cloudflare, to which other records of its zone lead through it: whoever finds the name
    /// finds the origin, and no protection in front of it.
    pub fn leads_past(&self, all: &[Self]) -> bool {
        let same = |r: &&Self| r.zone == self.zone && r.proxied && r.content == self.content;
        self.is_address() && !self.proxied && all.iter().find(same).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, content: &str, proxied: bool) -> Record {
        Record {
            id: name.into(),
            zone: "z.example".into(),
            kind: "A".into(),
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

    #[test]
    fn only_a_name_of_a_hidden_origin_leads_past() {
        let all = [
            record("api.z.example", "192.0.2.1", true),
            record("origin.z.example", "192.0.2.1", false),
            record("mail.z.example", "192.0.2.9", false),
        ];
        let past: Vec<bool> = all.iter().map(|r| r.leads_past(&all)).collect();
        assert_eq!(past, [false, true, false]);
    }

    #[test]
    fn a_name_without_records_of_its_own_leads_where_the_nearest_wildcard_does() {
        let mut mail = record("mail.z.example", "mx", false);
        mail.kind = "TXT".into();
        let all = [
            record("*.z.example", "192.0.2.1", true),
            record("api.z.example", "192.0.2.2", true),
            mail,
        ];
        let leads = |host: &str| {
            let found = Record::addresses(&all, host);
            let found = found.iter().map(|r| r.content.as_str());
            found.collect::<Vec<_>>()
        };
        assert_eq!(leads("api.z.example"), ["192.0.2.2"]);
        assert_eq!(leads("shop.z.example"), ["192.0.2.1"]);
        assert_eq!(leads("a.shop.z.example"), ["192.0.2.1"]);
        assert!(leads("mail.z.example").is_empty(), "it is there");
        assert!(leads("v2.api.z.example").is_empty(), "what is above it is");
        assert!(leads("z.example").is_empty());
        assert!(leads("other.example").is_empty());
    }

    #[test]
    fn a_zone_holds_what_is_below_it_and_not_what_ends_alike() {
        let zone = Zone::unseen("laser.example");
        assert!(zone.holds("laser.example"));
        assert!(zone.holds("api.laser.example"));
        assert!(!zone.holds("notlaser.example"));
        assert!(!Zone::unseen("api.laser.example").holds("laser.example"));
    }

    #[test]
    fn a_day_without_requests_has_no_ratio() {
        let traffic = Traffic {
            zone: "z".into(),
            hours: Vec::new(),
        };
        assert_eq!(traffic.total().cache_ratio(), None);
        let hour = Hour {
            requests: 8,
            cached: 6,
            classes: [0, 7, 0, 0, 1],
            ..Hour::default()
        };
        assert_eq!(
            (hour.cache_ratio(), hour.failing()),
            (Some(0.75), Some(0.125))
        );
    }
}
