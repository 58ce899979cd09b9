//! A vendor's JSON API over HTTPS with a token: one client a vendor, on its own [`Line`].

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Request, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Courier, Deadline, Evidence, Heard, Line, Question, Vendor, Whereabouts, word};
use crate::backend::token::Token;
use crate::domain::problem::{Problem, ProblemKind};

const JSON: &str = "application/json; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";

/// A vendor's API.
#[derive(Debug)]
pub struct Rest {
    courier: Arc<Courier>,
    line: Arc<Line>,
    token: Token,
    base: String,
    whereabouts: Arc<Whereabouts>,
    deadline: Deadline,
    scheme: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

/// A page of an answer.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What it holds.
    pub value: T,
    /// The answer without its body: links, limits, entity tags.
    pub heard: Heard,
}

impl Rest {
    /// An API at `base` (no slash at its end), opened by a token as `Authorization: Bearer`.
    pub fn new(
        vendor: &'static Vendor,
        base: &str,
        token: Token,
        courier: Arc<Courier>,
        line: Arc<Line>,
    ) -> Self {
        Self {
            courier,
            line,
            token,
            base: base.trim_end_matches('/').to_owned(),
            whereabouts: Arc::new(Whereabouts {
                endpoint: base.trim_end_matches('/').to_owned(),
                vendor: Some(vendor),
                ..Whereabouts::default()
            }),
            deadline: Deadline::short(None),
            scheme: "Bearer",
            headers: &[],
        }
    }

    /// With headers that every request of this vendor carries, such as its API version.
    #[must_use]
    pub fn with_headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// With another deadline for one question, all its attempts included.
    #[must_use]
    pub fn with_deadline(mut self, operation: Duration) -> Self {
        self.deadline = Deadline::short(Some(operation));
        self
    }

    /// Gets a path (`/v9/projects`) or, for links to a next page, a whole URL below the base.
    ///
    /// # Errors
    /// What the vendor refused or nobody answered, in words; an answer that is not `T`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Page<T>, Problem> {
        self.read(question, Method::GET, path, query, None, &[])
            .await
    }

    /// Posts a body that only asks: GraphQL, and APIs whose reads are POSTs. It is repeated like any read.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn ask<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        body: &Value,
    ) -> Result<Page<T>, Problem> {
        self.read(question, Method::POST, path, &[], Some(body), &[])
            .await
    }

    /// Posts a form that only asks. It is repeated like any read.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn form<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        pairs: &[(&str, &str)],
    ) -> Result<Page<T>, Problem> {
        let sent = Some((FORM, encoded(pairs)));
        let heard = self
            .send(question, Method::POST, path, &[], sent, &[])
            .await?;
        let value = self.understand(question, &heard)?;
        Ok(Page {
            value,
            heard: heard.emptied(),
        })
    }

    /// Any read, with headers of its own (`if-none-match`). A 304 comes back as [`Heard`] without a value to read: see
    /// [`Self::hear`].
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn read<T: DeserializeOwned>(
        &self,
        question: Question,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Page<T>, Problem> {
        let heard = self
            .hear(question, method, path, query, body, headers)
            .await?;
        let value = self.understand(question, &heard)?;
        Ok(Page {
            value,
            heard: heard.emptied(),
        })
    }

    /// What an answer that was heard holds.
    ///
    /// # Errors
    /// An answer that is not `T`, in words.
    pub fn understand<T: DeserializeOwned>(
        &self,
        question: Question,
        heard: &Heard,
    ) -> Result<T, Problem> {
        heard.json().map_err(|e| {
            let e = e.said_by(|words| self.token.hide(words));
            let problem = word(&question.at(self.whereabouts.clone()), &e);
            self.line.failed(&problem);
            problem
        })
    }

    /// The raw answer of a read.
    ///
    /// # Errors
    /// As [`Self::get`], but for what the body holds.
    pub async fn hear(
        &self,
        question: Question,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Heard, Problem> {
        let body = body.map(|b| (JSON, b.to_string()));
        self.send(question, method, path, query, body, headers)
            .await
    }

    /// Sends a request, with a body of a kind, as often as a read may be sent.
    async fn send(
        &self,
        question: Question,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<(&'static str, String)>,
        headers: &[(&str, &str)],
    ) -> Result<Heard, Problem> {
        let token = self
            .token
            .get()
            .await
            .inspect_err(|p| self.line.failed(p))?;
        let asked = question.at(self.whereabouts.clone());
        let attempt = || async {
            let mut request = self.request(method.clone(), path, query)?;
            let value = format!("{} {}", self.scheme, token.reveal());
            let mut value = http::HeaderValue::from_str(&value)
                .map_err(|_| not_built("the token holds what no header may hold"))?;
            value.set_sensitive(true);
            let own = request.headers_mut();
            own.insert(http::header::AUTHORIZATION, value);
            for (name, value) in self.headers.iter().chain(headers) {
                let name =
                    http::HeaderName::try_from(*name).map_err(|e| not_built(&e.to_string()))?;
                let value =
                    http::HeaderValue::from_str(value).map_err(|e| not_built(&e.to_string()))?;
                own.insert(name, value);
            }
            if let Some((kind, body)) = &body {
                own.insert(
                    http::header::CONTENT_TYPE,
                    http::HeaderValue::from_static(kind),
                );
                *request.body_mut() = Some(body.clone().into());
            }
            let answer = self.courier.carry(request, question.rows).await;
            answer.map_err(|e| e.said_by(|words| token.hide(words)))
        };
        let answer = self.line.ask(&asked, self.deadline, attempt).await;
        if let Err(problem) = &answer {
            self.judge_token(problem);
        }
        answer
    }

    /// Takes a refusal that came with a good status into account: the line is not well, the token is dead or doubted.
    pub fn refused(&self, problem: Problem) -> Problem {
        let problem = self.token.hidden(problem);
        self.line.failed(&problem);
        self.judge_token(&problem);
        problem
    }

    /// A dead token is looked for anew: a person may have logged in meanwhile. What one may not do another may, and not every vendor tells
    /// a dead token from one that lacks a right; but most of what is denied is a right that this one never had.
    fn judge_token(&self, problem: &Problem) {
        if problem.is_about_credentials() {
            self.token.forget();
        } else if problem.kind == ProblemKind::Denied {
            self.token.doubt();
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Request, Evidence> {
        let whole = match path.strip_prefix(&self.base) {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => path.to_owned(),
            // A link that leads elsewhere would carry the token there.
            _ if path.contains("://") => return Err(not_built("a link leads away from the API")),
            _ => format!("{}{path}", self.base),
        };
        let mut url: Url = whole
            .parse()
            .map_err(|_| not_built("the URL cannot be read"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Request::new(method, url))
    }
}

/// Pairs as a form holds them, which is as a query holds them.
fn encoded(pairs: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("form:", pairs);
    url.ok()
        .and_then(|u| u.query().map(str::to_owned))
        .unwrap_or_default()
}

/// A list that goes on where it should have ended: what was read of it is not all, and looks as if it were.
pub fn unending(question: Question, rows: usize) -> Problem {
    endless(
        question,
        format!("there are more than {rows} rows of it: read no further"),
        "Check the endpoint: no account has that many, or name in flightdeck.toml what is to be read.",
    )
}

/// A list that offers a page that was read: whoever goes on goes round for ever, and what was read of it is not all.
pub fn going_round(question: Question) -> Problem {
    endless(
        question,
        "a page was offered again".to_owned(),
        "Check the endpoint: something between this machine and the vendor repeats its answers.",
    )
}

fn endless(question: Question, why: String, fix: &str) -> Problem {
    Problem::new(
        ProblemKind::Malformed,
        question.system,
        format!(
            "Cannot {} ({}:{})",
            question.what, question.system, question.operation
        ),
        why,
        fix,
    )
}

fn not_built(why: &str) -> Evidence {
    Evidence {
        chain: why.to_owned(),
        ..Evidence::default()
    }
}

/// The address of the next page in a `Link` header (RFC 8288): `<https://...>; rel="next"`. Sentry's links say `results="false"`
/// where the next page would be empty.
pub fn next_link(heard: &Heard) -> Option<String> {
    links(heard.header("link")?).find_map(|link| {
        let (target, params) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = |p: &str| matches!(p.trim(), "rel=\"next\"" | "rel=next");
        let next = params.split(';').any(is_next);
        let empty = params.contains("results=\"false\"");
        (next && !empty).then(|| target.to_owned())
    })
}

/// The cursor of the next page in a `Link` header: Sentry puts it beside the address, which names the host that Sentry is configured
/// with and not the one that was asked (getsentry/sentry, `build_cursor_link`).
pub fn next_cursor(heard: &Heard) -> Option<String> {
    links(heard.header("link")?).find_map(|link| {
        let (_, params) = link.trim().strip_prefix('<')?.split_once('>')?;
        let param = |name: &str| {
            let mut all = params.split(';').filter_map(|p| p.trim().split_once('='));
            let found = all.find(|(key, _)| *key == name);
            found.map(|(_, value)| value.trim_matches('"'))
        };
        let goes_on = param("rel") == Some("next") && param("results") != Some("false");
        let cursor = param("cursor").filter(|c| goes_on && !c.is_empty())?;
        Some(cursor.to_owned())
    })
}

/// The links of a header, one by one. Commas within `<...>` and within quotes are the links' own.
fn links(header: &str) -> impl Iterator<Item = &str> {
    let (mut target, mut quoted) = (false, false);
    header.split(move |c: char| {
        match c {
            '<' if !quoted => target = true,
            '>' if !quoted => target = false,
            '"' if !target => quoted = !quoted,
            _ => {}
        }
        c == ',' && !target && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::tls::trust::Trust;
    use crate::backend::transport::Budget;
    use crate::config::credentials::VERCEL;

    static VENDOR: Vendor = Vendor {
        provider: &VERCEL,
        status_page: "https://status.example",
    };
    const QUESTION: Question = Question::new("vercel", "GET /x", "look");

    /// What comes of a refusal, and whether the token is still held after it.
    async fn refused(status: &str, body: &str) -> (Problem, bool) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let trust = Arc::new(Trust::new(None).unwrap());
        let courier = Arc::new(Courier::new(trust, Arc::new(Budget::default())));
        let token = Token::new(&VERCEL, None);
        token.put("a-token-of-old");
        let line = Arc::new(Line::new("vercel", false, true));
        let rest = Rest::new(&VENDOR, &at, token, courier, line);
        let answer = rest.get::<Value>(QUESTION, "/x", &[]).await;
        (answer.unwrap_err(), rest.token.is_held())
    }

    #[tokio::test]
    async fn a_token_that_is_dead_is_called_so_whatever_the_status() {
        let dead = [
            // Vercel: an expired or revoked token.
            (
                "403 Forbidden",
                r#"{"error":{"code":"forbidden","message":"Not authorized","invalidToken":true}}"#,
            ),
            // Cloudflare.
            (
                "403 Forbidden",
                r#"{"success":false,"errors":[{"code":9109,"message":"Invalid access token"}],"result":null}"#,
            ),
            (
                "400 Bad Request",
                r#"{"success":false,"errors":[{"code":6003,"message":"Invalid request headers"}],"result":null}"#,
            ),
        ];
        for (status, body) in dead {
            let (problem, held) = refused(status, body).await;
            assert_eq!(
                problem.kind,
                ProblemKind::BadCredentials,
                "{body}: {problem:?}"
            );
            assert!(problem.fix.contains("login vercel"), "{}", problem.fix);
            assert!(!held, "{body}");
        }
        let old = r#"{"error":{"code":"forbidden","message":"The token has expired"}}"#;
        let (problem, _) = refused("403 Forbidden", old).await;
        assert_eq!(problem.kind, ProblemKind::Expired);
    }

    #[tokio::test]
    async fn a_token_that_may_not_do_it_stays_in_use() {
        let denied = [
            r#"{"error":{"code":"forbidden","message":"You don't have permission"}}"#,
            r#"{"success":false,"errors":[{"code":9109,"message":"Unauthorized to access requested resource"}]}"#,
            // Said of a dead token as well as of one that lacks a right.
            r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}"#,
        ];
        for body in denied {
            let (problem, held) = refused("403 Forbidden", body).await;
            assert_eq!(problem.kind, ProblemKind::Denied, "{body}: {problem:?}");
            assert!(held, "{body}");
        }
        let (problem, held) = refused("404 Not Found", "{}").await;
        assert_eq!((problem.kind, held), (ProblemKind::NotFound, true));
    }

    #[test]
    fn a_form_keeps_what_it_is_given() {
        assert_eq!(encoded(&[]), "");
        let pairs = [("types", "public,private"), ("cursor", "a=&b+ c")];
        assert_eq!(
            encoded(&pairs),
            "types=public%2Cprivate&cursor=a%3D%26b%2B+c"
        );
    }

    #[test]
    fn the_next_page_is_found_and_an_empty_one_is_none() {
        let heard = |link: &str| Heard {
            status: 200,
            headers: [(http::header::LINK, link.parse().unwrap())]
                .into_iter()
                .collect(),
            body: bytes::Bytes::new(),
            share: None,
        };
        let github = "<https://api.github.com/x?page=3>; rel=\"prev\", <https://api.github.com/x?page=5>; rel=\"next\"";
        assert_eq!(
            next_link(&heard(github)).as_deref(),
            Some("https://api.github.com/x?page=5")
        );
        let sentry = "<https://s.io/x?cursor=1>; rel=\"next\"; results=\"false\"; cursor=\"1\"";
        assert_eq!(next_link(&heard(sentry)), None);
        assert_eq!(next_cursor(&heard(sentry)), None);
        let sentry = "<https://us.sentry.io/x?&cursor=0:0:1>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\", <https://us.sentry.io/x?&cursor=0:100:0>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"";
        assert_eq!(next_cursor(&heard(sentry)).as_deref(), Some("0:100:0"));
        assert_eq!(next_cursor(&heard(github)), None);
        assert_eq!(next_link(&heard("nonsense")), None);
        let commas = "<https://s.io/x?ids=1,2;3&page=1>; rel=\"prev\"; title=\"a, b\", <https://s.io/x?ids=1,2;3&page=3>; rel=\"next\"";
        assert_eq!(
            next_link(&heard(commas)).as_deref(),
            Some("https://s.io/x?ids=1,2;3&page=3")
        );
    }
}
