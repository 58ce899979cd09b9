//! Calls to AWS services without their SDK crates: the official signer and credentials, our own transport, a few serde structs a
//! service. The SDK crates of a dozen more services would double the first build; what is read of each here is a page or two.
//!
//! | protocol | services | specification |
//! |---|---|---|
//! | AWS JSON | Secrets Manager ... | Smithy `aws.protocols#awsJson1_1` |
//! | AWS Query and EC2 Query | RDS ... | Smithy `aws.protocols#awsQuery`, `#ec2Query` |
//! | REST | S3 ... | Smithy `aws.protocols#restXml`, `#restJson1` |

mod answer;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use reqwest::{Method, Request, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Aws, Clients, Question};
use crate::backend::transport::{Courier, Deadline, Evidence, Heard, Line, word};
use crate::domain::problem::Problem;
pub use answer::read_xml;
use answer::xml;

/// Credentials are renewed this long before they expire.
const EARLY: Duration = Duration::from_secs(300);

/// How one service is addressed.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// First label of its host: `secretsmanager`.
    pub host: &'static str,
    /// Signing name in the credential scope.
    pub signing: &'static str,
    /// What stands in `AWS_ENDPOINT_URL_...`: the service's id in capitals, with underscores.
    pub variable: &'static str,
    /// Start of `X-Amz-Target`, for AWS JSON.
    pub target: &'static str,
    /// `Version`, for Query.
    pub version: &'static str,
    /// The one region of a service that has only one.
    pub only_in: Option<&'static str>,
}

/// What signs, of one moment's configuration.
#[derive(Debug)]
pub struct Keys {
    provider: Option<SharedCredentialsProvider>,
    endpoint: Option<String>,
    /// Endpoints of single services in the environment do not count: the sandbox alone is asked.
    sealed: bool,
    held: Mutex<Option<Credentials>>,
}

impl Keys {
    /// Of an SDK configuration.
    pub fn new(sdk: &SdkConfig, endpoint: Option<String>, sealed: bool) -> Self {
        Self {
            provider: sdk.credentials_provider(),
            endpoint,
            sealed,
            held: Mutex::new(None),
        }
    }

    async fn credentials(&self) -> Result<Credentials, Evidence> {
        let held = self.held.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let soon = SystemTime::now() + EARLY;
        if let Some(c) = held.filter(|c| c.expiry().is_none_or(|at| at > soon)) {
            return Ok(c);
        }
        let none =
            aws_credential_types::provider::error::CredentialsError::not_loaded("no provider");
        let Some(provider) = &self.provider else {
            return Err(Evidence::no_credentials(&none));
        };
        let fresh = provider.provide_credentials().await;
        let fresh = fresh.map_err(|e| Evidence::no_credentials(&e))?;
        *self.held.lock().unwrap_or_else(|e| e.into_inner()) = Some(fresh.clone());
        Ok(fresh)
    }

    /// Where a service is asked; `account`: the first label of its host, where it has one for each account.
    fn base(&self, api: &Api, region: &str, account: Option<&str>) -> String {
        let variable = format!("AWS_ENDPOINT_URL_{}", api.variable);
        let own = (!self.sealed)
            .then(|| std::env::var(variable).ok())
            .flatten()
            .filter(|url| !url.is_empty());
        if let Some(url) = own.as_ref().or(self.endpoint.as_ref()) {
            return url.trim_end_matches('/').to_owned();
        }
        // One endpoint a partition, whatever the region (AWS General Reference, "IAM endpoints and quotas").
        match (api.host, region) {
            ("iam", "us-gov-west-1") => return "https://iam.us-gov.amazonaws.com".into(),
            ("iam", r) if !r.starts_with("cn-") => return "https://iam.amazonaws.com".into(),
            _ => {}
        }
        let suffix = match region {
            r if r.starts_with("cn-") => "amazonaws.com.cn",
            _ => "amazonaws.com",
        };
        let before = account.map(|a| format!("{a}.")).unwrap_or_default();
        format!("https://{before}{}.{region}.{suffix}", api.host)
    }
}

/// The account, asked by signed calls.
#[derive(Debug)]
pub struct Signed {
    aws: Arc<Aws>,
    courier: Arc<Courier>,
}

/// A request before it is signed.
#[derive(Debug)]
struct Draft {
    method: Method,
    /// The account that stands before the host.
    account: Option<String>,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Signed {
    /// On an account.
    pub fn new(aws: Arc<Aws>, courier: Arc<Courier>) -> Self {
        Self { aws, courier }
    }

    /// How often credentials were loaded: what was told before may be another account's.
    pub(super) fn made(&self) -> u32 {
        self.aws.made()
    }

    /// Asks an AWS JSON service.
    ///
    /// # Errors
    /// As every read of AWS: credentials, refusals, no answer, an answer that is not `T`.
    pub async fn json<T: DeserializeOwned>(
        &self,
        line: &Line,
        api: &Api,
        question: Question,
        input: &Value,
    ) -> Result<T, Problem> {
        let target = format!("{}.{}", api.target, question.operation);
        let draft = Draft {
            method: Method::POST,
            account: None,
            path: "/".into(),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".into()),
                ("x-amz-target", target),
            ],
            body: input.to_string().into(),
        };
        self.told(line, api, question, None, draft, Heard::json)
            .await
    }

    /// Asks an AWS Query service (or EC2's dialect of it). `T` is what stands inside the result element; lists are structs that
    /// hold their items.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub async fn query<T: DeserializeOwned>(
        &self,
        line: &Line,
        api: &Api,
        question: Question,
        params: &[(&str, &str)],
    ) -> Result<T, Problem> {
        self.query_in(line, api, question, None, params).await
    }

    /// The same in another region.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub async fn query_in<T: DeserializeOwned>(
        &self,
        line: &Line,
        api: &Api,
        question: Question,
        region: Option<&str>,
        params: &[(&str, &str)],
    ) -> Result<T, Problem> {
        let form = form(
            &[("Action", question.operation), ("Version", api.version)],
            params,
        );
        let draft = Draft {
            method: Method::POST,
            account: None,
            path: "/".into(),
            headers: vec![(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8".into(),
            )],
            body: form.into(),
        };
        let read = |heard: &Heard| xml(heard, question.operation);
        self.told(line, api, question, region, draft, read).await
    }

    /// Gets a path of a REST service: `/backup-vaults`, with its query; the raw answer.
    ///
    /// # Errors
    /// As [`Self::json`], but for what the body holds: see [`Heard::json`] and [`read_xml`].
    pub async fn get(
        &self,
        line: &Line,
        api: &Api,
        question: Question,
        region: Option<&str>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Heard, Problem> {
        let query = form(&[], query);
        let draft = Draft {
            method: Method::GET,
            account: None,
            path: if query.is_empty() {
                path.to_owned()
            } else {
                format!("{path}?{query}")
            },
            headers: Vec::new(),
            body: Bytes::new(),
        };
        self.told(
            line,
            api,
            question,
            region,
            draft,
            |heard| Ok(heard.clone()),
        )
        .await
    }

    /// Gets a path of a service that has a host for each account (S3 Control), in the region in use; the raw answer.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_of_account(
        &self,
        line: &Line,
        api: &Api,
        question: Question,
        account: &str,
        path: &str,
    ) -> Result<Heard, Problem> {
        let draft = Draft {
            method: Method::GET,
            account: Some(account.to_owned()),
            path: path.to_owned(),
            headers: vec![("x-amz-account-id", account.to_owned())],
            body: Bytes::new(),
        };
        let read = |heard: &Heard| Ok(heard.clone());
        self.told(line, api, question, None, draft, read).await
    }

    /// Words an answer of [`Self::get`] that could not be read.
    pub async fn unreadable(&self, line: &Line, question: Question, seen: Evidence) -> Problem {
        let problem = match self.aws.clients().await {
            Ok(clients) => word(&question.at(clients.whereabouts().clone()), &seen),
            Err(problem) => problem,
        };
        line.failed(&problem);
        problem
    }

    /// The region in use.
    ///
    /// # Errors
    /// Where none is known.
    pub async fn region(&self) -> Result<String, Problem> {
        Ok(self.aws.clients().await?.region.clone())
    }

    /// Whether AWS itself is asked, and not an emulator.
    pub async fn is_aws(&self) -> bool {
        let clients = self.aws.clients().await;
        clients.map_or(true, |c| !c.whereabouts().endpoint.contains("://"))
    }

    async fn told<T>(
        &self,
        line: &Line,
        api: &Api,
        question: Question,
        region: Option<&str>,
        draft: Draft,
        read: impl FnOnce(&Heard) -> Result<T, Evidence>,
    ) -> Result<T, Problem> {
        let clients = self.aws.clients().await.inspect_err(|p| line.failed(p))?;
        let region = region.or(api.only_in).unwrap_or(&clients.region).to_owned();
        let asked = question.at(clients.whereabouts().clone());
        let attempt = || async {
            let request = request(&clients, api, &region, &draft).await?;
            self.courier.carry(request, question.rows).await
        };
        let answer = line
            .ask(&asked, Deadline::short(self.aws.timeout()), attempt)
            .await;
        self.aws.renew_after(answer.as_ref().err()).await;
        read(&answer?).map_err(|e| {
            let problem = word(&asked, &e);
            line.failed(&problem);
            problem
        })
    }
}

/// Signs a draft (Signature Version 4), at this moment.
async fn request(
    clients: &Clients,
    api: &Api,
    region: &str,
    draft: &Draft,
) -> Result<Request, Evidence> {
    let wrong = |why: String| Evidence {
        chain: why,
        ..Evidence::default()
    };
    let credentials = clients.keys.credentials().await?;
    let identity = credentials.into();
    let base = clients.keys.base(api, region, draft.account.as_deref());
    let text = format!("{base}{}", draft.path);
    let url: Url = text
        .parse()
        .map_err(|_| wrong(format!("the URL {text} cannot be read")))?;
    let mut settings = SigningSettings::default();
    if api.signing == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(api.signing)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(|e| wrong(e.to_string()))?
        .into();
    let headers = draft.headers.iter().map(|(k, v)| (*k, v.as_str()));
    let signable = SignableRequest::new(
        draft.method.as_str(),
        url.as_str(),
        headers,
        SignableBody::Bytes(&draft.body),
    )
    .map_err(|e| wrong(e.to_string()))?;
    let (instructions, _) = sign(signable, &params)
        .map_err(|e| wrong(e.to_string()))?
        .into_parts();
    let (signed, _) = instructions.into_parts();
    let mut request = Request::new(draft.method.clone(), url);
    let own = request.headers_mut();
    let drafted = draft.headers.iter().map(|(k, v)| (*k, v.as_str()));
    for (name, value) in drafted.chain(signed.iter().map(|h| (h.name(), h.value()))) {
        let name = http::HeaderName::try_from(name).map_err(|e| wrong(e.to_string()))?;
        let value = http::HeaderValue::from_str(value).map_err(|e| wrong(e.to_string()))?;
        own.insert(name, value);
    }
    if draft.method != Method::GET {
        *request.body_mut() = Some(draft.body.clone().into());
    }
    Ok(request)
}

fn form(first: &[(&str, &str)], more: &[(&str, &str)]) -> String {
    // The signer wants `%20` where forms usually have a plus sign.
    let pairs = first.iter().chain(more);
    let encoded: Vec<String> = pairs
        .map(|(k, v)| format!("{}={}", escape(k), escape(v)))
        .collect();
    encoded.join("&")
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3): a value of a query, a step of a path.
pub fn escape(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded_as_the_signer_wants_them() {
        assert_eq!(
            form(&[("Action", "A")], &[("x.1", "a b+ü")]),
            "Action=A&x.1=a%20b%2B%C3%BC"
        );
    }

    #[test]
    fn a_service_may_have_a_host_for_each_account_and_an_emulator_has_none() {
        const CONTROL: Api = Api {
            host: "s3-control",
            signing: "s3",
            variable: "S3_CONTROL_OF_NO_ENVIRONMENT",
            target: "",
            version: "",
            only_in: None,
        };
        let base = |endpoint: Option<&str>, region: &str| {
            let sdk = SdkConfig::builder().build();
            let keys = Keys::new(&sdk, endpoint.map(str::to_owned), false);
            keys.base(&CONTROL, region, Some("123456789012"))
        };
        assert_eq!(
            base(None, "eu-west-1"),
            "https://123456789012.s3-control.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            base(None, "cn-north-1"),
            "https://123456789012.s3-control.cn-north-1.amazonaws.com.cn"
        );
        let own = Some("http://127.0.0.1:4566/");
        assert_eq!(base(own, "eu-west-1"), "http://127.0.0.1:4566");
    }
}
