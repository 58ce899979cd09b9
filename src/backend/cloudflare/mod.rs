//! Cloudflare's API, version 4 (<https://developers.cloudflare.com/api>), and its GraphQL Analytics API: zones, DNS records, settings,
//! rules, traffic. Every answer but GraphQL's is an envelope; a refusal inside a good status is a refusal.

mod shapes;
mod traffic;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use self::shapes::{Envelope, Info, RulesetHead, RulesetWhole, Said};
use super::token::Token;
use super::transport::rest::{Rest, going_round, unending};
use super::transport::{Courier, Line, Question, Vendor};
use super::wanted::Wanted;
use crate::config::CloudflareConfig;
use crate::config::credentials::CLOUDFLARE;
use crate::domain::cloudflare::{Firewall, LOOKED_INTO, Record, Zone, ZoneSettings};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::said;
use crate::domain::text::inert;

static VENDOR: Vendor = Vendor {
    provider: &CLOUDFLARE,
    status_page: "https://www.cloudflarestatus.com",
};
const BASE: &str = "https://api.cloudflare.com/client/v4";

const ZONES: Question = Question::new("cloudflare", "GET /zones", "list Cloudflare's zones");
const RECORDS: Question = Question::new(
    "cloudflare",
    "GET /zones/{id}/dns_records",
    "list a zone's DNS records",
);
const SETTING: Question = Question::new(
    "cloudflare",
    "GET /zones/{id}/settings/{setting}",
    "read a zone's settings",
);
const RULESETS: Question = Question::new(
    "cloudflare",
    "GET /zones/{id}/rulesets",
    "list a zone's rulesets",
);
const RULES: Question = Question::new(
    "cloudflare",
    "GET /zones/{id}/rulesets/{id}",
    "read a zone's rules",
);

/// Settings that are shown, one question each: Cloudflare has withdrawn the list of all of them from its clients.
const SETTINGS: [&str; 8] = [
    "ssl",
    "min_tls_version",
    "tls_1_3",
    "always_use_https",
    "http3",
    "cache_level",
    "security_level",
    "development_mode",
];

/// Phases whose rules are read (Cloudflare, "Phases list").
const PHASES: [&str; 4] = [
    "ddos_l7",
    "http_request_firewall_custom",
    "http_request_firewall_managed",
    "http_ratelimit",
];

/// Pages of a list read at most: of zones 2,500, of a zone's records 5,000.
const PAGES: u64 = 50;
/// Rulesets of a page, which is as many as Cloudflare puts on one.
const RULESETS_EACH: &str = "50";

/// The Cloudflare client.
#[derive(Debug)]
pub struct Cloudflare {
    rest: Rest,
    zones: Vec<String>,
    wanted: Wanted,
}

impl Cloudflare {
    /// As configured.
    pub fn new(
        config: &CloudflareConfig,
        wanted: Wanted,
        courier: Arc<Courier>,
        line: Arc<Line>,
    ) -> Self {
        let base = config.endpoint.as_deref().unwrap_or(BASE);
        let token = Token::new(&CLOUDFLARE, config.token.clone());
        Self {
            rest: Rest::new(&VENDOR, base, token, courier, line),
            zones: config.zones.clone(),
            wanted,
        }
    }

    /// Zones, sorted by domain. One that the configuration names and Cloudflare does not tell of is among them as not seen.
    ///
    /// # Errors
    /// Where Cloudflare cannot be asked or refuses.
    pub async fn zones(&self) -> Result<Vec<Zone>, Problem> {
        let found: Vec<shapes::Zone> = self.pages(ZONES, "/zones", "50").await?;
        let mut zones: Vec<Zone> = found
            .into_iter()
            .map(shapes::Zone::read)
            .filter(|z| self.zones.is_empty() || self.zones.contains(&z.name))
            .collect();
        let missing = self.zones.iter();
        let missing = missing.filter(|name| !zones.iter().any(|z| &z.name == *name));
        let missing: Vec<Zone> = missing.map(|name| Zone::unseen(name)).collect();
        zones.extend(missing);
        zones.order_by(|a, b| a.name.cmp(&b.name));
        self.choose(&mut zones);
        Ok(zones)
    }

    /// DNS records of every zone.
    ///
    /// # Errors
    /// Where Cloudflare cannot be asked or refuses.
    pub async fn records(&self) -> Result<Vec<Record>, Problem> {
        let mut records = Vec::new();
        for zone in self.zones_read().await? {
            let path = format!("/zones/{}/dns_records", segment(&zone.id));
            let found: Vec<shapes::Record> = self.pages(RECORDS, &path, "100").await?;
            records.extend(found.into_iter().map(|r| r.read(&zone.name)));
        }
        records.order_by(|a: &Record, b| {
            (&a.zone, &a.name, &a.kind).cmp(&(&b.zone, &b.name, &b.kind))
        });
        Ok(records)
    }

    /// Settings of every active zone.
    ///
    /// # Errors
    /// Where Cloudflare cannot be asked or refuses.
    pub async fn settings(&self) -> Result<Vec<ZoneSettings>, Problem> {
        let mut all = Vec::new();
        for zone in self.active().await? {
            let mut values = Vec::new();
            for name in SETTINGS {
                let path = format!("/zones/{}/settings/{name}", segment(&zone.id));
                let found: shapes::Setting = self.get(SETTING, &path, &[]).await?.0;
                values.push((name.to_owned(), found.read()));
            }
            all.push(ZoneSettings {
                zone: zone.name,
                values,
            });
        }
        Ok(all)
    }

    /// Rules of every active zone: its own in each phase, and which managed rulesets it can see.
    ///
    /// # Errors
    /// Where Cloudflare cannot be asked or refuses.
    pub async fn firewall(&self) -> Result<Vec<Firewall>, Problem> {
        let mut all = Vec::new();
        for zone in self.active().await? {
            let path = format!("/zones/{}/rulesets", segment(&zone.id));
            let heads = self.rulesets(&path).await?;
            let mut firewall = Firewall {
                zone: zone.name,
                rules: Vec::new(),
                managed: Vec::new(),
            };
            for head in heads.iter().filter(|h| PHASES.contains(&h.phase.as_str())) {
                if head.kind == "managed" {
                    firewall
                        .managed
                        .push((head.phase.clone(), inert(&head.name)));
                    continue;
                }
                let path = format!("{path}/{}", segment(&head.id));
                let whole: RulesetWhole = self.get(RULES, &path, &[]).await?.0;
                firewall.rules.extend(whole.read(&head.phase));
            }
            all.push(firewall);
        }
        Ok(all)
    }

    async fn zones_read(&self) -> Result<Vec<Zone>, Problem> {
        let mut zones = self.zones().await?;
        zones.retain(|z| z.looked_into);
        Ok(zones)
    }

    /// Marks the zones that are looked into: those of hosts that are probed first, then those that traffic passes through.
    fn choose(&self, zones: &mut [Zone]) {
        let probed = |z: &Zone| self.wanted.hosts().any(|host| z.holds(host));
        let mut order: Vec<&mut Zone> = zones.iter_mut().filter(|z| z.is_seen()).collect();
        order.order_by_key(|z| (!probed(z), !z.carries()));
        for zone in order.into_iter().take(LOOKED_INTO) {
            zone.looked_into = true;
        }
    }

    /// What rulesets a zone has, page by page.
    async fn rulesets(&self, path: &str) -> Result<Vec<RulesetHead>, Problem> {
        let mut found = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..PAGES {
            let mut query = vec![("per_page", RULESETS_EACH)];
            if let Some(cursor) = seen.last() {
                query.push(("cursor", cursor));
            }
            let (page, info): (Vec<RulesetHead>, Option<Info>) =
                self.get(RULESETS, path, &query).await?;
            found.extend(page);
            let Some(next) = info.and_then(Info::next) else {
                return Ok(found);
            };
            if seen.contains(&next) {
                return Err(self.rest.refused(going_round(RULESETS)));
            }
            seen.push(next);
            if found.len() >= RULESETS.rows {
                break;
            }
        }
        Err(self.rest.refused(unending(RULESETS, found.len())))
    }

    async fn active(&self) -> Result<Vec<Zone>, Problem> {
        let mut zones = self.zones_read().await?;
        zones.retain(|z| z.status == "active");
        Ok(zones)
    }

    /// A list that is numbered by pages, to its end. One that has none is not read: what stands on no page that was read is not missing.
    async fn pages<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        size: &str,
    ) -> Result<Vec<T>, Problem> {
        let mut found = Vec::new();
        for n in 1..=PAGES {
            let n_text = n.to_string();
            let query = [("per_page", size), ("page", n_text.as_str())];
            let (page, info): (Vec<T>, Option<Info>) = self.get(question, path, &query).await?;
            let empty = page.is_empty();
            found.extend(page);
            if empty || info.is_none_or(|i| i.total_pages.unwrap_or(1) <= n) {
                return Ok(found);
            }
            if found.len() >= question.rows {
                break;
            }
        }
        Err(self.rest.refused(unending(question, found.len())))
    }

    async fn get<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(T, Option<Info>), Problem> {
        let answer: Envelope<T> = self.rest.get(question, path, query).await?.value;
        match (answer.success, answer.result) {
            (true, Some(result)) => Ok((result, answer.result_info)),
            _ => Err(self.refused(question, &answer.errors)),
        }
    }

    /// A refusal inside a good status.
    fn refused(&self, question: Question, said: &[Said]) -> Problem {
        let what = format!(
            "Cannot {} (cloudflare:{})",
            question.what, question.operation
        );
        let words: Vec<String> = said.iter().map(ToString::to_string).collect();
        let why = match said::words(&words.join("; ")).as_str() {
            "" => "Cloudflare answered without a result".to_owned(),
            words => format!("Cloudflare refused: {words}"),
        };
        let kind = if said.iter().any(Said::is_about_the_token) {
            ProblemKind::BadCredentials
        } else {
            ProblemKind::Invalid
        };
        let fix = format!(
            "Check [cloudflare] in flightdeck.toml and what the token may see. {}",
            CLOUDFLARE.how_to_renew()
        );
        self.rest
            .refused(Problem::new(kind, "cloudflare", what, why, fix))
    }
}

/// A step of a path, made of an id that came from outside: nothing in it may lead elsewhere.
fn segment(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).collect()
}
