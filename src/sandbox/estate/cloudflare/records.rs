//! DNS records.

use serde_json::{Value, json};

use super::envelope::{Answer, Done, Failed, page};
use super::zones::Zone;
use super::{id, stamp};
use crate::web::Request;
use crate::world::names;

/// Kinds that Cloudflare can put itself in front of.
const PROXIABLE: [&str; 3] = ["A", "AAAA", "CNAME"];
const KINDS: [&str; 10] = [
    "A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT",
];
const DAY_S: f64 = 86_400.0;

/// A record.
#[derive(Clone, Debug)]
pub struct Record {
    id: String,
    zone: &'static str,
    kind: String,
    name: String,
    content: String,
    /// Seconds; 1: left to Cloudflare.
    ttl: u64,
    proxied: bool,
    priority: Option<u64>,
    comment: Option<String>,
    created: f64,
    modified: f64,
}

/// The zone's records when the story begins. One name leads past Cloudflare to the load balancer: a finding.
pub fn story(zone: &Zone, now: f64, dice: &mut fastrand::Rng) -> Vec<Record> {
    if zone.name != "laser.example" {
        return Vec::new();
    }
    let balancer = format!("laser-prod-alb-1.{}.elb.amazonaws.com", names::REGION);
    let bucket = format!("laser-prod-assets.s3.{}.amazonaws.com", names::REGION);
    let mut made = Vec::new();
    let mut add =
        |kind: &str, name: &str, content: &str, proxied: bool, ttl: u64, about: &str, days: f64| {
            made.push(Record {
                id: id(dice),
                zone: zone.id,
                kind: kind.into(),
                name: name.into(),
                content: content.into(),
                ttl,
                proxied,
                priority: (kind == "MX").then_some(10),
                comment: (!about.is_empty()).then(|| about.to_owned()),
                created: now - days.max(120.0) * DAY_S,
                modified: now - days * DAY_S,
            });
        };
    add(
        "A",
        "laser.example",
        "76.76.21.21",
        true,
        1,
        "Redirects to app",
        410.0,
    );
    add(
        "CNAME",
        "app.laser.example",
        "cname.vercel-dns.com",
        true,
        1,
        "laser-web on Vercel",
        410.0,
    );
    add("CNAME", "api.laser.example", &balancer, true, 1, "", 388.0);
    add(
        "CNAME",
        "admin.laser.example",
        &balancer,
        true,
        1,
        "",
        388.0,
    );
    add("CNAME", "cdn.laser.example", &bucket, true, 1, "", 200.0);
    add(
        "CNAME",
        "origin.laser.example",
        &balancer,
        false,
        300,
        "For the load test of March",
        171.0,
    );
    add(
        "A",
        "mail.laser.example",
        "203.0.113.25",
        false,
        3_600,
        "",
        410.0,
    );
    add(
        "MX",
        "laser.example",
        "mail.laser.example",
        false,
        3_600,
        "",
        410.0,
    );
    add(
        "TXT",
        "laser.example",
        "\"v=spf1 mx -all\"",
        false,
        3_600,
        "",
        410.0,
    );
    let dmarc = "\"v=DMARC1; p=reject; rua=mailto:hostmaster@laser.example\"";
    add(
        "TXT",
        "_dmarc.laser.example",
        dmarc,
        false,
        3_600,
        "",
        300.0,
    );
    add(
        "CAA",
        "laser.example",
        "0 issue \"letsencrypt.org\"",
        false,
        3_600,
        "",
        300.0,
    );
    made
}

impl Record {
    fn show(&self, zone: &Zone) -> Value {
        let mut shown = json!({
            "id": self.id, "zone_id": zone.id, "zone_name": zone.name, "name": self.name, "type": self.kind, "content": self.content,
            "proxiable": self.is_proxiable(), "proxied": self.proxied, "ttl": if self.proxied { 1 } else { self.ttl },
            "settings": {}, "meta": {}, "comment": self.comment, "tags": [],
            "created_on": stamp(self.created), "modified_on": stamp(self.modified),
        });
        if let (Some(priority), Some(shown)) = (self.priority, shown.as_object_mut()) {
            shown.insert("priority".into(), priority.into());
        }
        shown
    }

    fn is_proxiable(&self) -> bool {
        PROXIABLE.contains(&self.kind.as_str())
    }

    /// Takes over what a body says; refuses what makes no record.
    fn take(&mut self, body: &Value, zone: &Zone) -> Result<(), Failed> {
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        if let Some(kind) = text("type") {
            self.kind = kind.to_owned();
        }
        if let Some(name) = text("name") {
            let inside = name == zone.name || name.ends_with(&format!(".{}", zone.name));
            self.name = match name {
                "@" => zone.name.to_owned(),
                _ if inside => name.to_owned(),
                _ => format!("{name}.{}", zone.name),
            };
        }
        if let Some(content) = text("content") {
            self.content = content.to_owned();
        }
        if let Some(ttl) = body.get("ttl").and_then(Value::as_f64) {
            self.ttl = ttl as u64;
        }
        if let Some(proxied) = body.get("proxied").and_then(Value::as_bool) {
            self.proxied = proxied;
        }
        if let Some(priority) = body.get("priority").and_then(Value::as_u64) {
            self.priority = Some(priority);
        }
        if let Some(comment) = body.get("comment") {
            self.comment = comment.as_str().map(str::to_owned);
        }
        self.check()
    }

    fn check(&self) -> Result<(), Failed> {
        let is = |kind: &str| self.kind == kind;
        if !KINDS.contains(&self.kind.as_str()) {
            return Err(Failed::new(400, 9_005, "DNS record type is invalid."));
        }
        if is("A") && self.content.parse::<std::net::Ipv4Addr>().is_err() {
            return Err(Failed::new(
                400,
                9_005,
                "Content for A record must be a valid IPv4 address.",
            ));
        }
        if is("AAAA") && self.content.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(Failed::new(
                400,
                9_005,
                "Content for AAAA record must be a valid IPv6 address.",
            ));
        }
        if self.content.is_empty() {
            return Err(Failed::new(400, 9_007, "DNS record content is required."));
        }
        if self.ttl != 1 && !(60..=86_400).contains(&self.ttl) {
            let why = "TTL must be between 60 and 86400 seconds, or 1 for Automatic.";
            return Err(Failed::new(400, 9_021, why));
        }
        if self.proxied && !self.is_proxiable() {
            return Err(Failed::new(
                400,
                9_004,
                "This record type cannot be proxied.",
            ));
        }
        Ok(())
    }
}

/// Refuses a record beside those that its name already has.
fn fits(records: &[Record], wanted: &Record) -> Result<(), Failed> {
    let others = records
        .iter()
        .filter(|r| r.zone == wanted.zone && r.id != wanted.id && r.name == wanted.name);
    for other in others {
        if other.kind == wanted.kind && other.content == wanted.content {
            return Err(Failed::new(
                400,
                81_058,
                "An identical record already exists.",
            ));
        }
        let (theirs, ours) = (other.is_proxiable(), wanted.is_proxiable());
        if theirs && ours && (other.kind == "CNAME" || wanted.kind == "CNAME") {
            let why = "An A, AAAA, or CNAME record with that host already exists.";
            return Err(Failed::new(400, 81_053, why));
        }
    }
    Ok(())
}

fn none() -> Failed {
    Failed::new(404, 81_044, "Record does not exist.")
}

/// `GET /zones/{id}/dns_records`.
pub fn list(records: &[Record], zone: &Zone, request: &Request) -> Answer {
    let param = |key: &str| {
        let exact = [
            key.to_owned(),
            format!("{key}.exact"),
            format!("{key}[exact]"),
        ];
        exact.iter().find_map(|k| request.param(k))
    };
    let is = |key: &str, value: &str| param(key).is_none_or(|wanted| wanted == value);
    let mut found: Vec<&Record> = records
        .iter()
        .filter(|r| {
            r.zone == zone.id
                && is("type", &r.kind)
                && is("name", &r.name)
                && is("content", &r.content)
        })
        .filter(|r| is("proxied", &r.proxied.to_string()))
        .collect();
    found.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    page(
        found.into_iter().map(|r| r.show(zone)).collect(),
        request,
        (1, 100, 5_000_000),
    )
}

/// `GET /zones/{id}/dns_records/{record}`.
pub fn one(records: &[Record], zone: &Zone, id: &str) -> Answer {
    let found = records.iter().find(|r| r.zone == zone.id && r.id == id);
    Ok(Done::one(found.ok_or_else(none)?.show(zone)))
}

/// `POST /zones/{id}/dns_records`.
pub fn create(
    records: &mut Vec<Record>,
    zone: &Zone,
    body: &Value,
    now: f64,
    dice: &mut fastrand::Rng,
) -> Answer {
    let mut made = blank(zone, id(dice), now);
    made.take(body, zone)?;
    fits(records, &made)?;
    let shown = made.show(zone);
    records.push(made);
    Ok(Done::one(shown))
}

fn blank(zone: &Zone, id: String, created: f64) -> Record {
    Record {
        id,
        zone: zone.id,
        kind: String::new(),
        name: String::new(),
        content: String::new(),
        ttl: 1,
        proxied: false,
        priority: None,
        comment: None,
        created,
        modified: created,
    }
}

/// `PATCH` changes members, `PUT` (`whole`) the whole record.
pub fn edit(
    records: &mut [Record],
    zone: &Zone,
    id: &str,
    body: &Value,
    whole: bool,
    now: f64,
) -> Answer {
    let at = records.iter().position(|r| r.zone == zone.id && r.id == id);
    let old = at.and_then(|at| records.get(at)).ok_or_else(none)?;
    let mut new = if whole {
        blank(zone, old.id.clone(), old.created)
    } else {
        old.clone()
    };
    new.take(body, zone)?;
    new.modified = now;
    fits(records, &new)?;
    let shown = new.show(zone);
    if let Some(place) = at.and_then(|at| records.get_mut(at)) {
        *place = new;
    }
    Ok(Done::one(shown))
}

/// `DELETE /zones/{id}/dns_records/{record}`.
pub fn delete(records: &mut Vec<Record>, zone: &Zone, id: &str) -> Answer {
    let at = records.iter().position(|r| r.zone == zone.id && r.id == id);
    let gone = records.remove(at.ok_or_else(none)?);
    Ok(Done::one(json!({"id": gone.id})))
}
