//! Slack's Web API: `auth.test`, `conversations.list`. Methods that read take their arguments from the query or a form, never from a
//! JSON body. Slack answers 200 with `ok: false` where others answer an HTTP error
//! (Slack, "Using the Slack Web API").

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::token::Token;
use super::transport::rest::Rest;
use super::transport::{Courier, Line, Question, Vendor};
use crate::config::SlackConfig;
use crate::config::credentials::SLACK;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::said;
use crate::domain::slack::{Channel, Workspace};
use crate::domain::text::inert;

static VENDOR: Vendor = Vendor {
    provider: &SLACK,
    status_page: "https://slack-status.com",
};
const BASE: &str = "https://slack.com/api";
const WHO: Question = Question::new("slack", "auth.test", "ask Slack who we are");
const CHANNELS: Question = Question::new("slack", "conversations.list", "list the channels");

/// The channels that are listed, and what the token needs for the second kind beside what it needs for the first. Where it lacks that, Slack
/// refuses the question as a whole ("Using the Conversations API").
const BOTH: &str = "public_channel,private_channel";
const PUBLIC: &str = "public_channel";
const FOR_PRIVATE: &str = "groups:read";

/// Pages of channels read at most.
const PAGES: usize = 10;

/// The Slack client.
#[derive(Debug)]
pub struct Slack {
    rest: Rest,
    channel: Option<String>,
}

/// An answer of Slack's: its members stand beside `ok`.
#[derive(Debug, Deserialize)]
struct Answer<T> {
    ok: bool,
    error: Option<String>,
    /// The scope that `missing_scope` is about.
    needed: Option<String>,
    #[serde(flatten)]
    told: Option<T>,
}

#[derive(Debug, Deserialize)]
struct Who {
    team: String,
    user: String,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Listed {
    channels: Vec<Entry>,
    response_metadata: Option<More>,
}

#[derive(Debug, Deserialize)]
struct More {
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    name: String,
    #[serde(default)]
    is_member: bool,
}

impl Slack {
    /// As configured.
    pub fn new(config: &SlackConfig, courier: Arc<Courier>, line: Arc<Line>) -> Self {
        let base = config.endpoint.as_deref().unwrap_or(BASE);
        let token = Token::new(&SLACK, config.token.clone());
        Self {
            rest: Rest::new(&VENDOR, base, token, courier, line),
            channel: config.channel.clone(),
        }
    }

    /// Who the token is and which channels it sees.
    ///
    /// # Errors
    /// Where Slack cannot be asked or refuses.
    pub async fn workspace(&self) -> Result<Workspace, Problem> {
        let who: Who = self.call(WHO, &[]).await?;
        let mut channels = Vec::new();
        let mut cursors = vec![String::new()];
        let mut cut = false;
        let mut lacks = None;
        while let Some(cursor) = cursors.last() {
            let mut form = vec![
                ("limit", "200"),
                ("exclude_archived", "true"),
                ("types", if lacks.is_none() { BOTH } else { PUBLIC }),
            ];
            if !cursor.is_empty() {
                form.push(("cursor", cursor));
            }
            let page: Listed = match self.ask(CHANNELS, &form).await? {
                Ok(page) => page,
                Err(refusal) if lacks.is_none() && cursor.is_empty() && refusal.is_private() => {
                    lacks = Some(FOR_PRIVATE.to_owned());
                    continue;
                }
                Err(refusal) => return Err(self.refused(CHANNELS, &refusal)),
            };
            channels.extend(page.channels.into_iter().map(|c| Channel {
                id: inert(&c.id),
                name: inert(&c.name),
                is_member: c.is_member,
            }));
            let next = page.response_metadata.and_then(|m| m.next_cursor);
            let Some(next) = next.filter(|c| !c.is_empty()) else {
                break;
            };
            // A page that was there already is no other page: whoever offers it would go on for ever.
            cut = cursors.len() >= PAGES
                || channels.len() >= CHANNELS.rows
                || cursors.contains(&next);
            if cut {
                break;
            }
            cursors.push(next);
        }
        channels.order_by(|a, b| a.name.cmp(&b.name));
        channels.dedup();
        Ok(Workspace {
            team: inert(&who.team),
            user: inert(&who.user),
            url: inert(&who.url),
            channels,
            cut,
            lacks,
            alerts_to: self.channel.clone(),
        })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        question: Question,
        form: &[(&str, &str)],
    ) -> Result<T, Problem> {
        let answer = self.ask(question, form).await?;
        answer.map_err(|refusal| self.refused(question, &refusal))
    }

    /// An answer, or what Slack says against it.
    async fn ask<T: DeserializeOwned>(
        &self,
        question: Question,
        form: &[(&str, &str)],
    ) -> Result<Result<T, Refusal>, Problem> {
        let path = format!("/{}", question.operation);
        let answer: Answer<T> = self.rest.form(question, &path, form).await?.value;
        Ok(match (answer.ok, answer.told) {
            (true, Some(told)) => Ok(told),
            (_, _) => Err(Refusal {
                code: answer
                    .error
                    .unwrap_or_else(|| "an answer of another shape".to_owned()),
                needed: answer.needed,
            }),
        })
    }

    fn refused(&self, question: Question, refusal: &Refusal) -> Problem {
        self.rest.refused(refused(question, refusal))
    }
}

/// What Slack says against a question.
#[derive(Debug)]
struct Refusal {
    code: String,
    needed: Option<String>,
}

impl Refusal {
    /// Whether it is private channels alone that the token may not list.
    fn is_private(&self) -> bool {
        let needed = self.needed.as_deref().unwrap_or(FOR_PRIVATE);
        self.code == "missing_scope" && needed.contains(FOR_PRIVATE)
    }
}

/// Slack's own words for a refusal ("Errors" of each method), as a problem.
fn refused(question: Question, refusal: &Refusal) -> Problem {
    let code = refusal.code.as_str();
    let what = format!("Cannot {} (slack:{})", question.what, question.operation);
    let (kind, why) = match code {
        "not_authed" | "invalid_auth" | "account_inactive" | "token_revoked" => (
            ProblemKind::BadCredentials,
            "Slack does not accept the token",
        ),
        "token_expired" => (ProblemKind::Expired, "the Slack token has expired"),
        "missing_scope" | "not_allowed_token_type" | "no_permission" => {
            (ProblemKind::Denied, "the Slack token may not do it")
        }
        "ratelimited" => (ProblemKind::Throttled, "Slack asks us to slow down"),
        "internal_error" | "fatal_error" | "service_unavailable" => {
            (ProblemKind::Vendor, "Slack failed")
        }
        _ => (ProblemKind::Invalid, "Slack refused the request"),
    };
    let needed = refusal.needed.as_deref().filter(|n| !n.is_empty());
    match needed.filter(|_| code == "missing_scope") {
        Some(scope) => Problem::new(
            kind,
            "slack",
            what,
            format!("{why}: it lacks {} ({code})", said::words(scope)),
            format!(
                "Add that scope to the app, install it anew, and: {}",
                SLACK.how_to_renew()
            ),
        ),
        None => Problem::new(
            kind,
            "slack",
            what,
            format!("{why} ({code})"),
            SLACK.how_to_renew(),
        ),
    }
}
