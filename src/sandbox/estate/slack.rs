//! Slack's Web API, as far as a console needs it: `auth.test`, `team.info`, `conversations.list`, `.info` and `.history`,
//! `chat.postMessage`. Slack answers 200 with `ok: false` where others answer an HTTP error.

use serde_json::{Value, json};

use crate::web::{Reply, Request, TOKEN, is_known};

/// What a token may do here, as its app was given it.
const SCOPES: &str =
    "channels:read,groups:read,channels:history,groups:history,chat:write,team:read";

/// The end of a second token, whose app was not given [`PRIVATE`].
const NARROW: &str = "-public";
const PRIVATE: &str = "groups:read,";

/// What was posted.
#[derive(Debug, Default)]
pub struct Slack {
    posted: Vec<(&'static str, String, f64)>,
}

/// A channel.
struct Channel {
    id: &'static str,
    name: &'static str,
    topic: &'static str,
    /// Whether the app was invited.
    member: bool,
    archived: bool,
    private: bool,
}

const fn channel(
    id: &'static str,
    name: &'static str,
    topic: &'static str,
    member: bool,
    archived: bool,
    private: bool,
) -> Channel {
    Channel {
        id,
        name,
        topic,
        member,
        archived,
        private,
    }
}

/// The app was not invited everywhere, and one channel is archived.
const CHANNELS: [Channel; 6] = [
    channel(
        "C0OPS00001",
        "ops",
        "Alerts and deployments of production",
        true,
        false,
        false,
    ),
    channel(
        "C0LIVE0001",
        "go-live",
        "Three weeks to go",
        true,
        false,
        false,
    ),
    channel("C0GEN00001", "general", "", false, false, false),
    channel("C0OLD00001", "ops-old", "Use #ops", false, true, false),
    channel("G0SEC00001", "security", "Findings", true, false, true),
    channel("C0DEV00001", "dev", "", false, false, false),
];

/// Made on this day, seconds since 1970.
const MADE: i64 = 1_690_000_000;

impl Slack {
    /// Answers a request.
    pub fn handle(&mut self, request: &Request, now: f64) -> Reply {
        let steps = request.steps();
        let method = match steps.as_slice() {
            [api, method] if api == "api" => method.as_str(),
            _ => return Reply::json(404, &json!({"ok": false, "error": "unknown_method"})),
        };
        let input = Input::of(request, WRITES.contains(&method));
        if method == "api.test" {
            return Reply::json(200, &json!({"ok": true, "args": {}}));
        }
        if !request.headers.contains_key("authorization") {
            return Reply::json(200, &json!({"ok": false, "error": "not_authed"}));
        }
        let narrow = is_narrow(request);
        if !narrow && !is_known(request) {
            return Reply::json(200, &json!({"ok": false, "error": "invalid_auth"}));
        }
        let scopes = match narrow {
            true => SCOPES.replace(PRIVATE, ""),
            false => SCOPES.to_owned(),
        };
        let lacking = needed(method, &input);
        let lacking = lacking
            .into_iter()
            .find(|s| !scopes.split(',').any(|own| own == *s));
        let value = match method {
            _ if lacking.is_some() => {
                json!({"ok": false, "error": "missing_scope", "needed": lacking, "provided": scopes})
            }
            "auth.test" => json!({
                "ok": true, "url": "https://laser.slack.com/", "team": "Laser", "user": "flightdeck",
                "team_id": "T0LASER001", "user_id": "U0DECK0001", "bot_id": "B0DECK0001", "is_enterprise_install": false,
            }),
            "team.info" => {
                json!({"ok": true, "team": {"id": "T0LASER001", "name": "Laser", "domain": "laser", "email_domain": "laser.example", "icon": {"image_default": true}}})
            }
            "conversations.list" => list(&input),
            "conversations.info" => on_channel(&input, |c| json!({"ok": true, "channel": show(c)})),
            "conversations.history" => on_channel(&input, |c| self.history(c)),
            "chat.postMessage" => self.post(&input, now),
            _ => json!({"ok": false, "error": "unknown_method", "req_method": method}),
        };
        Reply::json(200, &value)
            .with("x-oauth-scopes", scopes)
            .with("x-accepted-oauth-scopes", SCOPES)
    }

    fn post(&mut self, input: &Input, now: f64) -> Value {
        let text = input.text("text").unwrap_or_default();
        if text.is_empty() && input.text("blocks").is_none() && input.text("attachments").is_none()
        {
            return json!({"ok": false, "error": "no_text"});
        }
        on_channel(input, |c| {
            if c.archived {
                return json!({"ok": false, "error": "is_archived"});
            }
            if !c.member {
                return json!({"ok": false, "error": "not_in_channel"});
            }
            // Two messages of one moment still have two stamps: a stamp is a message's name.
            let last = self.posted.last().map_or(0.0, |p| p.2);
            let at = now.max(last + 0.000_1);
            self.posted.push((c.id, text.clone(), at));
            json!({"ok": true, "channel": c.id, "ts": stamp(at), "message": message(&text, at)})
        })
    }

    fn history(&self, channel: &Channel) -> Value {
        if !channel.member {
            return json!({"ok": false, "error": "not_in_channel"});
        }
        let mine = self.posted.iter().rev().filter(|p| p.0 == channel.id);
        let messages: Vec<Value> = mine
            .take(100)
            .map(|(_, text, at)| message(text, *at))
            .collect();
        json!({"ok": true, "messages": messages, "has_more": false, "pin_count": 0, "response_metadata": {"next_cursor": ""}})
    }
}

fn is_narrow(request: &Request) -> bool {
    let sent = request.headers.get("authorization");
    sent.is_some_and(|v| v.as_bytes() == format!("Bearer {TOKEN}{NARROW}").as_bytes())
}

/// The scopes that a question needs, all of them ("Using the Conversations API": one for each type of channel).
fn needed(method: &str, input: &Input) -> Vec<&'static str> {
    match method {
        "conversations.list" => {
            let types = types(input);
            let scopes = types.split(',').filter_map(|kind| match kind.trim() {
                "public_channel" => Some("channels:read"),
                "private_channel" => Some("groups:read"),
                "mpim" => Some("mpim:read"),
                "im" => Some("im:read"),
                _ => None,
            });
            scopes.collect()
        }
        "chat.postMessage" => vec!["chat:write"],
        "team.info" => vec!["team:read"],
        _ => Vec::new(),
    }
}

/// Kinds of channels that are asked for.
fn types(input: &Input) -> String {
    let types = input.text("types");
    types.unwrap_or_else(|| "public_channel".into())
}

/// Methods that take a JSON body. Those that read take none: they do as if nothing had been said.
const WRITES: [&str; 1] = ["chat.postMessage"];

/// Arguments: a form or the query, of methods that write a JSON body, too.
struct Input {
    pairs: Vec<(String, String)>,
    body: Value,
}

impl Input {
    fn of(request: &Request, takes_json: bool) -> Self {
        let sent = request.headers.get("content-type");
        let is_json = sent.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let form = if is_json { &[][..] } else { &request.body };
        let mut pairs = crate::wire::pairs(form);
        pairs.extend(request.query.iter().cloned());
        Self {
            pairs,
            body: if takes_json {
                request.json()
            } else {
                Value::Null
            },
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let pair = || {
            self.pairs
                .iter()
                .find(|(k, _)| k == name)
                .map(|(_, v)| v.clone())
        };
        match self.body.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Null) | None => pair(),
            Some(other) => Some(other.to_string()),
        }
    }

    fn is(&self, name: &str) -> bool {
        self.text(name)
            .as_deref()
            .is_some_and(|v| v == "true" || v == "1")
    }
}

fn on_channel(input: &Input, then: impl FnOnce(&'static Channel) -> Value) -> Value {
    let wanted = input.text("channel").unwrap_or_default();
    let wanted = wanted.trim_start_matches('#');
    match CHANNELS.iter().find(|c| c.id == wanted || c.name == wanted) {
        Some(channel) => then(channel),
        None => json!({"ok": false, "error": "channel_not_found"}),
    }
}

fn list(input: &Input) -> Value {
    let types = types(input);
    let has = |kind: &str| types.split(',').any(|t| t.trim() == kind);
    let wanted = |c: &&&Channel| {
        has(if c.private {
            "private_channel"
        } else {
            "public_channel"
        }) && !(c.archived && input.is("exclude_archived"))
    };
    let all = CHANNELS.iter().collect::<Vec<_>>();
    let all: Vec<_> = all.iter().filter(wanted).collect();
    let size = input
        .text("limit")
        .and_then(|n| n.parse().ok())
        .filter(|n| *n > 0)
        .unwrap_or(100_usize)
        .min(999);
    let cursor = input.text("cursor").filter(|c| !c.is_empty());
    let start = match cursor
        .as_deref()
        .map(|c| c.strip_prefix("from").and_then(|n| n.parse::<usize>().ok()))
    {
        Some(None) => return json!({"ok": false, "error": "invalid_cursor"}),
        Some(Some(start)) => start,
        None => 0,
    };
    let next = if start + size < all.len() {
        format!("from{}", start + size)
    } else {
        String::new()
    };
    let channels: Vec<Value> = all.iter().skip(start).take(size).map(|c| show(c)).collect();
    json!({"ok": true, "channels": channels, "response_metadata": {"next_cursor": next}})
}

fn show(c: &Channel) -> Value {
    json!({
        "id": c.id, "name": c.name, "name_normalized": c.name, "is_channel": !c.private, "is_group": c.private, "is_im": false, "is_mpim": false,
        "is_private": c.private, "is_member": c.member, "is_archived": c.archived, "is_general": c.name == "general", "is_shared": false,
        "is_ext_shared": false, "is_org_shared": false, "created": MADE, "creator": "U0ANA00001", "num_members": 7, "unlinked": 0,
        "topic": {"value": c.topic, "creator": "U0ANA00001", "last_set": MADE}, "purpose": {"value": c.topic, "creator": "U0ANA00001", "last_set": MADE},
        "previous_names": [],
    })
}

fn stamp(at: f64) -> String {
    format!("{at:.6}")
}

fn message(text: &str, at: f64) -> Value {
    json!({"type": "message", "text": text, "ts": stamp(at), "user": "U0DECK0001", "bot_id": "B0DECK0001", "team": "T0LASER001"})
}
