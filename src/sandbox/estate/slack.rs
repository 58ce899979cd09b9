//! Slack's Web API, as far as a console needs it: `auth.test`, `chat.postMessage`, `conversations.list`. Slack answers 200 with
//! `ok: false` where others answer an HTTP error.

use serde_json::{Value, json};

use crate::sandbox::web::{Reply, Request, is_known};

/// What was posted.
#[derive(Debug, Default)]
pub struct Slack {
    posted: Vec<(String, String, f64)>,
}

const CHANNELS: [(&str, &str); 2] = [("C0OPS00001", "ops"), ("C0LIVE0001", "go-live")];

impl Slack {
    /// Answers a request.
    pub fn handle(&mut self, request: &Request, now: f64) -> Reply {
        let steps = request.steps();
        let method = match steps.as_slice() {
            [api, method] if api == "api" => method.as_str(),
            _ => return Reply::json(404, &json!({"ok": false, "error": "unknown_method"})),
        };
        if !is_known(request) {
            return Reply::json(200, &json!({"ok": false, "error": "invalid_auth"}));
        }
        let value = match method {
            "api.test" => json!({"ok": true}),
            "auth.test" => json!({
                "ok": true, "url": "https://laser.slack.com/", "team": "Laser", "user": "flightdeck",
                "team_id": "T0LASER001", "user_id": "U0DECK0001", "bot_id": "B0DECK0001", "is_enterprise_install": false,
            }),
            "conversations.list" => {
                let channels: Vec<Value> = CHANNELS
                    .iter()
                    .map(|(id, name)| json!({"id": id, "name": name, "is_channel": true, "is_member": true, "is_archived": false}))
                    .collect();
                json!({"ok": true, "channels": channels, "response_metadata": {"next_cursor": ""}})
            }
            "chat.postMessage" => self.post(request, now),
            _ => json!({"ok": false, "error": "unknown_method"}),
        };
        Reply::json(200, &value)
    }

    fn post(&mut self, request: &Request, now: f64) -> Value {
        let form = crate::sandbox::wire::pairs(&request.body);
        let body = request.json();
        let field = |name: &str| {
            let from_form = form.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
            body.get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or(from_form)
        };
        let (Some(channel), Some(text)) = (field("channel"), field("text")) else {
            return json!({"ok": false, "error": "no_text"});
        };
        let wanted = channel.trim_start_matches('#');
        let Some((id, _)) = CHANNELS
            .iter()
            .find(|(id, name)| *id == wanted || *name == wanted)
        else {
            return json!({"ok": false, "error": "channel_not_found"});
        };
        let ts = format!("{now:.6}");
        self.posted.push((channel, text.clone(), now));
        json!({"ok": true, "channel": id, "ts": ts, "message": {"type": "message", "text": text, "ts": ts, "bot_id": "B0DECK0001"}})
    }
}
