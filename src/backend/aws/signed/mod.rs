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

use super::partition::{self, Kind};
use super::{Aws, Clients, Question, endpoint};
use crate::backend::transport::{Courier, Deadline, Evidence, Heard, Line, word};
use crate::domain::problem::{Problem, ProblemKind};
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
    /// What stands in `AWS_ENDPOINT_URL_...`: the service's id in capitals, with underscores. In lower case the profile's `services` call
    /// it so.
    pub variable: &'static str,
    /// Start of `X-Amz-Target`, for AWS JSON.
    pub target: &'static str,
    /// `Version`, for Query.
    pub version: &'static str,
    /// The one region of a service that has only one, where it is asked in AWS's commercial partition.
    pub only_in: Option<&'static str>,
}

/// What signs, of one moment's configuration.
#[derive(Debug)]
pub struct Keys {
    provider: Option<SharedCredentialsProvider>,
    /// What environment and profile say of endpoints. Of the sandbox they say nothing: it alone is asked.
    sdk: SdkConfig,
    held: Mutex<Option<Credentials>>,
}

impl Keys {
    /// Of an SDK configuration.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            provider: sdk.credentials_provider(),
            sdk: sdk.clone(),
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
        if let Some(url) = endpoint::of(&self.sdk, api.variable) {
            return url.trim_end_matches('/').to_owned();
        }
        let kind = Kind {
            fips: self.sdk.use_fips().unwrap_or_default(),
            dual: self.sdk.use_dual_stack().unwrap_or_default(),
        };
        let before = account.map(|a| format!("{a}.")).unwrap_or_default();
        let host = partition::of(region).host(api.host, region, kind);
        format!("https://{before}{host}")
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
        let region = match region {
            Some(region) => region.to_owned(),
            None => own_region(api, question, &clients.region).inspect_err(|p| line.failed(p))?,
        };
        let asked = question.at(clients.whereabouts().clone());
        let attempt = || async {
            let request = request(&clients, api, &region, &draft).await?;
            self.courier.carry(request, question.rows).await
        };
        let answer = line
            .ask(&asked, Deadline::short(self.aws.timeout()), attempt)
            .await;
        let refused = answer.as_ref().err();
        let is_here = region == clients.region;
        self.aws
            .renew_after(refused.filter(|p| tells_of_ours(p, is_here)))
            .await;
        read(&answer?).map_err(|e| {
            let problem = word(&asked, &e);
            line.failed(&problem);
            problem
        })
    }
}

/// Whether a failure tells of the credentials themselves: another region may refuse good ones, which are known in their own partition alone
/// and nowhere where the account did not opt in.
fn tells_of_ours(problem: &Problem, is_here: bool) -> bool {
    is_here || problem.kind != ProblemKind::BadCredentials
}

/// The region that a service is asked in where the account is in this one.
fn own_region(api: &Api, question: Question, region: &str) -> Result<String, Problem> {
    if api.only_in.is_none() {
        return Ok(region.to_owned());
    }
    let only = partition::of(region).only_region(api.host);
    only.map(str::to_owned).ok_or_else(|| {
        Problem::new(
            ProblemKind::Unsupported,
            question.system,
            format!("Cannot {}", question.what),
            format!("AWS has no such service in the partition of {region}"),
            "Nothing to do: it is left out there.",
        )
    })
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
            let mut sdk = SdkConfig::builder();
            sdk.set_endpoint_url(endpoint.map(str::to_owned));
            let keys = Keys::new(&sdk.build());
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

    #[test]
    fn what_a_region_abroad_refuses_says_nothing_of_the_credentials() {
        let of = |kind| Problem::new(kind, "cost", "w", "y", "f");
        let bad = of(ProblemKind::BadCredentials);
        assert!(tells_of_ours(&bad, true));
        assert!(!tells_of_ours(&bad, false));
        assert!(tells_of_ours(&of(ProblemKind::Expired), false));
    }

    #[test]
    fn a_service_that_a_partition_lacks_is_not_asked() {
        const CE: Api = Api {
            host: "ce",
            signing: "ce",
            variable: "COST_EXPLORER",
            target: "",
            version: "",
            only_in: Some("us-east-1"),
        };
        let bill = Question::new("cost", "GetCostAndUsage", "read the bill");
        let home = |region: &str| own_region(&CE, bill, region);
        assert_eq!(home("eu-west-1").unwrap(), "us-east-1");
        assert_eq!(home("cn-north-1").unwrap(), "cn-northwest-1");
        let none = home("us-gov-west-1").unwrap_err();
        assert_eq!(none.kind, ProblemKind::Unsupported);
    }

    /// Kinds of hosts hold for every client, whoever signs.
    #[test]
    fn fips_and_dual_stack_hold_for_signed_calls() {
        const RDS: Api = Api {
            host: "rds",
            signing: "rds",
            variable: "RDS",
            target: "",
            version: "",
            only_in: None,
        };
        let sdk = SdkConfig::builder().use_fips(true).build();
        let base = Keys::new(&sdk).base(&RDS, "us-east-1", None);
        assert_eq!(base, "https://rds-fips.us-east-1.amazonaws.com");
        let sdk = SdkConfig::builder().use_dual_stack(true).build();
        let base = Keys::new(&sdk).base(&RDS, "us-east-1", None);
        assert_eq!(base, "https://rds.us-east-1.api.aws");
    }
}
