//! Writes values that passed the [`reader`] into a [`Config`]; what only the whole can tell wrong is noted here.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::faces::{self, Face};
use super::reader::{self, Judge};
use super::{Config, DnsTarget, HttpsTarget, NeededVariables, ProtectedTarget};
use crate::domain::smtp::MailTls;

/// Writes checked values into a [`Config`].
pub struct Scribe<'s> {
    /// Where mistakes are noted.
    pub judge: Judge<'s>,
    /// Folder of the file: relative paths start here.
    pub folder: PathBuf,
    /// Reads the PEM file that `extra_roots` names.
    pub roots: &'s dyn Fn(&Path) -> Result<String, String>,
}

impl Scribe<'_> {
    /// Lays a table over what is set already.
    pub fn apply(&mut self, config: &mut Config, t: &DeTable<'_>) {
        let path = |name: &str| value(t, name).and_then(reader::text).map(|p| self.path(p));
        set(
            &mut config.production,
            value(t, "production").and_then(reader::switch),
        );
        set(
            &mut config.read_only,
            value(t, "read_only").and_then(reader::switch),
        );
        some(&mut config.store, path("store"));
        some(&mut config.plan, path("plan"));
        some(
            &mut config.plan_start,
            value(t, "plan_start").and_then(reader::date),
        );
        if let Some(aws) = table(t, "aws") {
            self.aws(config, aws);
        }
        if let Some(probes) = table(t, "probes") {
            self.probes(config, probes);
        }
        if let Some(backups) = table(t, "backups") {
            let rpo = value(backups, "rpo").and_then(reader::text);
            set(&mut config.backups.rpo, rpo.and_then(reader::duration));
            let rto = value(backups, "rto").and_then(reader::text);
            some(&mut config.backups.rto, rto.and_then(reader::duration));
            some(
                &mut config.backups.second_region,
                owned(backups, "second_region"),
            );
            let may_delete = value(backups, "may_delete").and_then(reader::texts);
            set(&mut config.backups.may_delete, may_delete);
        }
        if let Some(cost) = table(t, "cost") {
            some(
                &mut config.cost.monthly_budget,
                value(cost, "monthly_budget").and_then(reader::number),
            );
            let asks = value(cost, "asks_a_day").and_then(reader::whole);
            some(
                &mut config.cost.asks_a_day,
                asks.and_then(|n| u32::try_from(n).ok()),
            );
        }
        if let Some(github) = table(t, "github") {
            self.github(config, github);
        }
        if let Some(sentry) = table(t, "sentry") {
            let to = &mut config.sentry;
            set(
                &mut to.projects,
                value(sentry, "projects").and_then(reader::texts),
            );
            some(&mut to.environment, owned(sentry, "environment"));
            some(&mut to.endpoint, owned(sentry, "endpoint"));
            if let Some(organization) = owned(sentry, "organization") {
                if !is_step(&organization) {
                    let at = sentry.get("organization").map(|v| v.span());
                    let what = "organization in [sentry] is no slug";
                    self.judge
                        .note(at.unwrap_or_default(), what, "its slug, such as \"acme\"");
                }
                config.sentry.organization = Some(organization);
            }
        }
        if let Some(slack) = table(t, "slack") {
            some(&mut config.slack.channel, owned(slack, "channel"));
            some(&mut config.slack.endpoint, owned(slack, "endpoint"));
        }
        if let Some(smtp) = table(t, "smtp") {
            self.smtp(config, smtp);
        }
        if let Some(postgres) = table(t, "postgres") {
            some(&mut config.postgres.url, owned(postgres, "url"));
        }
        if let Some(redis) = table(t, "redis") {
            some(&mut config.redis.url, owned(redis, "url"));
        }
        if let Some(vercel) = table(t, "vercel") {
            some(&mut config.vercel.team, owned(vercel, "team"));
            some(&mut config.vercel.endpoint, owned(vercel, "endpoint"));
            let projects = value(vercel, "projects").and_then(reader::texts);
            set(&mut config.vercel.projects, projects);
        }
        if let Some(cloudflare) = table(t, "cloudflare") {
            let zones = value(cloudflare, "zones").and_then(reader::texts);
            set(&mut config.cloudflare.zones, zones);
            let endpoint = owned(cloudflare, "endpoint");
            some(&mut config.cloudflare.endpoint, endpoint);
        }
        if let Some(slo) = table(t, "slo") {
            let number = |name| value(slo, name).and_then(reader::number);
            set(&mut config.slo.availability, number("availability"));
            set(&mut config.slo.response_ms, number("response_ms"));
            set(&mut config.slo.error_rate, number("error_rate"));
            let days = value(slo, "window_days").and_then(reader::whole);
            set(
                &mut config.slo.window_days,
                days.and_then(|n| u32::try_from(n).ok()),
            );
            set(
                &mut config.slo.load_balancers,
                value(slo, "load_balancers").and_then(reader::texts),
            );
        }
        if let Some(ui) = table(t, "ui") {
            for face in [&faces::THEME, &faces::KEYMAP] {
                self.face(ui, face);
            }
            some(&mut config.ui.theme, owned(ui, "theme"));
            some(&mut config.ui.keymap, owned(ui, "keymap"));
            set(
                &mut config.ui.no_color,
                value(ui, "no_color").and_then(reader::switch),
            );
        }
    }

    /// A theme or keymap that is none would be found out when the console opens: at 3 a.m.
    fn face(&mut self, ui: &DeTable<'_>, face: &Face) {
        if let Some(name) = owned(ui, face.key)
            && !face.is_known(&name)
        {
            let at = ui.get(face.key).map(toml::Spanned::span);
            let what = format!("{} in [ui]", face.unknown(&name));
            self.judge
                .note(at.unwrap_or_default(), what, face.expected());
        }
    }

    fn github(&mut self, config: &mut Config, t: &DeTable<'_>) {
        some(&mut config.github.endpoint, owned(t, "endpoint"));
        if let Some(repository) = owned(t, "repository") {
            let parts: Vec<&str> = repository.split('/').collect();
            if parts.len() != 2 || !parts.into_iter().all(is_step) {
                let at = t.get("repository").map(|v| v.span()).unwrap_or_default();
                let what = "repository in [github] is no repository";
                self.judge
                    .note(at, what, "owner/name, such as \"acme/shop\"");
            }
            config.github.repository = Some(repository);
        }
    }

    fn smtp(&mut self, config: &mut Config, t: &DeTable<'_>) {
        some(&mut config.smtp.host, owned(t, "host"));
        let port = value(t, "port").and_then(reader::whole);
        some(
            &mut config.smtp.port,
            port.and_then(|n| u16::try_from(n).ok()),
        );
        if let Some(word) = owned(t, "tls") {
            match MailTls::ALL.into_iter().find(|m| m.word() == word) {
                Some(tls) => config.smtp.tls = tls,
                None => {
                    let at = t.get("tls").map(|v| v.span()).unwrap_or_default();
                    let words = MailTls::ALL.map(|m| format!("\"{}\"", m.word()));
                    let what = "tls in [smtp] is no way to protect it";
                    self.judge.note(at, what, words.join(" or "));
                }
            }
        }
    }

    fn aws(&mut self, config: &mut Config, t: &DeTable<'_>) {
        some(&mut config.aws.profile, owned(t, "profile"));
        some(&mut config.aws.region, owned(t, "region"));
        some(&mut config.aws.endpoint, owned(t, "endpoint"));
        some(&mut config.aws.second_region, owned(t, "second_region"));
        set(
            &mut config.aws.clusters,
            value(t, "clusters").and_then(reader::texts),
        );
        let timeout = value(t, "timeout").and_then(reader::text);
        some(&mut config.aws.timeout, timeout.and_then(reader::duration));
        if let Some(account) = owned(t, "expected_account") {
            if account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit()) {
                let at = t
                    .get("expected_account")
                    .map(|v| v.span())
                    .unwrap_or_default();
                self.judge.note(
                    at,
                    "expected_account in [aws] is no account id",
                    "twelve digits in quotes, such as \"123456789012\"",
                );
            }
            config.aws.expected_account = Some(account);
        }
    }

    fn probes(&mut self, config: &mut Config, t: &DeTable<'_>) {
        let socket = |name| value(t, name).and_then(reader::text)?.parse().ok();
        some(&mut config.probes.dns_server, socket("dns_server"));
        some(&mut config.probes.connect_to, socket("connect_to"));
        if let Some(pem) = owned(t, "extra_roots") {
            match (self.roots)(&self.path(&pem)) {
                Ok(pem) => config.probes.extra_roots_pem = Some(pem),
                Err(why) => {
                    let at = t.get("extra_roots").map(|v| v.span()).unwrap_or_default();
                    let why = crate::domain::text::inert(&why);
                    self.judge.note(
                        at,
                        format!("extra_roots in [probes]: {why}"),
                        "a PEM file of certificate authorities",
                    );
                }
            }
        }
        if let Some(rows) = rows(t, "https") {
            config.probes.https = rows
                .into_iter()
                .filter_map(|(row, at)| {
                    let url = self.required(row, "url", "[[probes.https]]", at)?;
                    let status = value(row, "expect_status").and_then(reader::whole);
                    Some(HttpsTarget {
                        url,
                        expect_status: status.and_then(|n| u16::try_from(n).ok()).unwrap_or(200),
                        verifies: owned(row, "verifies"),
                    })
                })
                .collect();
        }
        if let Some(rows) = rows(t, "protected") {
            config.probes.protected = rows
                .into_iter()
                .filter_map(|(row, at)| {
                    let burst = value(row, "burst").and_then(reader::whole);
                    Some(ProtectedTarget {
                        url: self.required(row, "url", "[[probes.protected]]", at)?,
                        burst: burst.and_then(|n| u32::try_from(n).ok()),
                    })
                })
                .collect();
        }
        if let Some(rows) = rows(t, "variables") {
            config.probes.variables = rows
                .into_iter()
                .filter_map(|(row, at)| {
                    let names = value(row, "names").and_then(reader::texts);
                    if names.is_none() {
                        self.required(row, "names", "[[probes.variables]]", at);
                    }
                    Some(NeededVariables {
                        service: owned(row, "service"),
                        project: owned(row, "project"),
                        container: owned(row, "container"),
                        names: names?,
                    })
                })
                .collect();
        }
        if let Some(rows) = rows(t, "dns") {
            config.probes.dns = rows
                .into_iter()
                .filter_map(|(row, at)| {
                    Some(DnsTarget {
                        name: self.required(row, "name", "[[probes.dns]]", at)?,
                        expected: value(row, "expected")
                            .and_then(reader::texts)
                            .unwrap_or_default(),
                    })
                })
                .collect();
        }
    }

    fn required(
        &mut self,
        t: &DeTable<'_>,
        name: &str,
        section: &str,
        at: usize,
    ) -> Option<String> {
        let found = owned(t, name);
        if !t.contains_key(name) {
            let expected = format!("{name} = \"...\" in each {section}");
            self.judge
                .note(at..at, format!("{section} has no {name}"), expected);
        }
        found
    }

    /// A path as the file means it: `~/` is the home directory, relative ones start at the file's folder.
    fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), directories::BaseDirs::new()) {
            (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
            _ => self.folder.join(text),
        }
    }
}

fn owned(t: &DeTable<'_>, name: &str) -> Option<String> {
    value(t, name).and_then(reader::text).map(str::to_owned)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn some<T>(place: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *place = value;
    }
}

/// A value by name.
pub fn value<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a DeValue<'i>> {
    table.get(name).map(toml::Spanned::get_ref)
}

/// Whether a name can be a step of a vendor's path as it is, and leads nowhere else.
fn is_step(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.trim_matches('.').is_empty() && name.chars().all(fits)
}

/// A table by name.
pub fn table<'a, 'i>(of: &'a DeTable<'i>, name: &str) -> Option<&'a DeTable<'i>> {
    match value(of, name)? {
        DeValue::Table(t) => Some(t),
        _ => None,
    }
}

fn rows<'a, 'i>(of: &'a DeTable<'i>, name: &str) -> Option<Vec<(&'a DeTable<'i>, usize)>> {
    match value(of, name)? {
        DeValue::Array(rows) => Some(
            rows.iter()
                .filter_map(|row| match row.get_ref() {
                    DeValue::Table(t) => Some((t, row.span().start)),
                    _ => None,
                })
                .collect(),
        ),
        _ => None,
    }
}
