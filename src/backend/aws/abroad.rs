//! CloudWatch of other regions of the account: some things are measured where they go to, and not in the region that is looked at.

use std::future::Future;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;

use super::{Aws, Clients, Question, endpoint, partition};
use crate::backend::transport::{Asked, Evidence, Whereabouts, word};
use crate::domain::problem::{Problem, ProblemKind};

impl Clients {
    fn asked_in(&self, region: &str, question: Question) -> Asked {
        let endpoint = match &self.of_cloudwatch {
            Some(url) => endpoint::worded(url),
            None => format!("AWS in {region}"),
        };
        question.at(Arc::new(Whereabouts {
            endpoint,
            doubt: None,
            abroad: Some(region.to_owned()),
            ..(*self.whereabouts).clone()
        }))
    }
}

impl Aws {
    /// The client for other regions. The SDK has one budget of retries for all clients of a service and region: this one has its own.
    pub(super) fn client_abroad(&self, sdk: &SdkConfig, timeouts: &TimeoutConfig) -> Client {
        let line = &self.lines.cloudwatch_abroad;
        let config = aws_sdk_cloudwatch::config::Builder::from(sdk)
            .timeout_config(timeouts.clone())
            .retry_partition(RetryPartition::new("cloudwatch-abroad"))
            .interceptor(line.tally())
            .interceptor(self.cap.clone())
            .retry_classifier(self.cap.clone())
            .retry_classifier(line.tally());
        Client::from_conf(config.build())
    }

    /// Asks CloudWatch of another region, on a line of its own: what fails there says nothing of the one that is looked at. Nor does it
    /// of the credentials, which are not loaded anew for it: a region that the account did not opt in to refuses good ones.
    pub(crate) async fn read_abroad<T, E, F>(
        &self,
        region: &str,
        question: Question,
        call: impl FnOnce(&Clients) -> F,
    ) -> Result<T, Problem>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let clients = self.clients().await?;
        if let Some(url) = clients.of_cloudwatch.as_deref().filter(|url| is_aws(url)) {
            return Err(of_one_region(question, url, region));
        }
        let asked = clients.asked_in(region, question);
        let line = &self.lines.cloudwatch_abroad;
        line.read(&asked, Box::pin(call(&clients))).await
    }

    /// What is said of another region that nobody waits for any longer.
    pub(crate) async fn silent_abroad(&self, region: &str, question: Question) -> Problem {
        match self.clients().await {
            Ok(clients) => {
                let problem = word(&clients.asked_in(region, question), &Evidence::silence());
                self.lines.cloudwatch_abroad.failed(&problem);
                problem
            }
            Err(problem) => problem,
        }
    }
}

/// Whether an endpoint that was set is one of AWS's own, as that of a VPC is: it answers for its own region alone. An emulator does for
/// all of them.
fn is_aws(url: &str) -> bool {
    let uri: Option<http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host());
    host.is_some_and(|host| partition::has_host(&host.to_lowercase()))
}

/// Nothing is sent: it would be signed for a region that the endpoint is not of, and come back as a fault of the credentials.
fn of_one_region(question: Question, url: &str, region: &str) -> Problem {
    let url = endpoint::worded(url);
    Problem::new(
        ProblemKind::Unsupported,
        question.system,
        format!(
            "Cannot {} ({}:{})",
            question.what, question.system, question.operation
        ),
        format!("{url} is set for CloudWatch, which is of one region: {region} is not asked there"),
        "Nothing to do, unless what is measured there is to be seen: unset AWS_ENDPOINT_URL_CLOUDWATCH (AWS_ENDPOINT_URL, `endpoint_url` of the profile).",
    )
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};

    use super::*;
    use crate::backend::transport::{Cap, Line};
    use crate::config::AwsConfig;

    const DATA: Question = Question::new("cloudwatch", "GetMetricData", "read the metrics");

    fn at(endpoint: &str) -> Aws {
        let line = |name| Arc::new(Line::new(name, false, true));
        let lines = super::super::Lines {
            sts: line("sts"),
            ecs: line("ecs"),
            elb: line("elb"),
            cloudwatch: line("cloudwatch"),
            cloudwatch_abroad: line("cloudwatch-abroad"),
            logs: line("logs"),
        };
        let settings = AwsConfig {
            endpoint: Some(endpoint.into()),
            region: Some("us-east-1".into()),
            fixed_credentials: Some(("key".into(), "secret".into())),
            ..AwsConfig::default()
        };
        Aws::new(settings, lines, Cap::new(Arc::default()))
    }

    async fn asked(aws: &Aws) -> Problem {
        let asked = aws.read_abroad("eu-west-1", DATA, |c| {
            c.cloudwatch_abroad.get_metric_data().send()
        });
        asked.await.unwrap_err()
    }

    /// Home would rest, and be told out of reach, though it answers.
    #[tokio::test]
    async fn a_region_abroad_that_fails_is_no_failure_of_home() {
        let aws = at("http://127.0.0.1:9");
        let problem = asked(&aws).await;
        assert_eq!(problem.kind, ProblemKind::Unreachable, "{problem}");
        let home = aws.lines().cloudwatch.health();
        let abroad = aws.lines().cloudwatch_abroad.health();
        assert!(home.problem.is_none(), "{home:?}");
        assert_eq!(home.calls_per_minute, 0);
        assert!(abroad.problem.is_some() && abroad.calls_per_minute > 0);
        assert_eq!(aws.made(), 1);
        let late = aws.silent_abroad("eu-west-1", DATA).await;
        assert_eq!(late.kind, ProblemKind::Timeout);
    }

    /// A request for another region that is sent to the endpoint of one comes back as a fault of the credentials.
    #[tokio::test]
    async fn an_endpoint_of_one_region_is_not_asked_for_another() {
        let vpc = "https://vpce-1.monitoring.us-east-1.vpce.amazonaws.com";
        let aws = at(vpc);
        let problem = asked(&aws).await;
        assert_eq!(problem.kind, ProblemKind::Unsupported);
        assert!(problem.why.contains(vpc), "{problem}");
        let abroad = aws.lines().cloudwatch_abroad.health();
        assert!(abroad.problem.is_none(), "nobody was asked");
        for emulator in [
            "http://127.0.0.1:4566",
            "http://localstack:4566",
            "https://amazonaws.com.example.org",
        ] {
            assert!(!is_aws(emulator), "{emulator}");
        }
    }

    #[tokio::test]
    async fn where_it_failed_is_named_by_its_region() {
        let aws = at("http://127.0.0.1:9");
        let own = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .build();
        let clients = aws.connect(&own, Whereabouts::default()).unwrap();
        let asked = clients.asked_in("eu-west-1", DATA);
        assert_eq!(asked.whereabouts.endpoint, "AWS in eu-west-1");
        assert_eq!(asked.whereabouts.abroad.as_deref(), Some("eu-west-1"));
    }
}
