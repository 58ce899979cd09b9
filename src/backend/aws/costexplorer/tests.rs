use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::backend::aws::{Aws, Lines};
use crate::backend::tls::trust::Trust;
use crate::backend::transport::{Budget, Cap, Courier};
use crate::config::AwsConfig;

/// An endpoint whose callers belong to one account after the other, each with a bill of its own.
#[derive(Debug, Default)]
struct Accounts {
    /// Nobody's where it is 0: whose it is cannot be told.
    account: AtomicU32,
    bills: AtomicU32,
}

impl Accounts {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = self.answer(stream).await;
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut asked = Vec::new();
        let mut chunk = [0; 4_096];
        let said = loop {
            let n = stream.read(&mut chunk).await?;
            asked.extend_from_slice(&chunk[..n]);
            let text = String::from_utf8_lossy(&asked).to_lowercase();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.split("content-length: ").nth(1);
            let length = length.and_then(|l| l.split("\r\n").next()?.parse().ok());
            if n == 0 || body.len() >= length.unwrap_or(0) {
                break text.clone();
            }
        };
        let account = self.account.load(Ordering::SeqCst);
        let body = match said.contains("getcalleridentity") {
            true if account == 0 => "<ill/>".to_owned(),
            true => format!(
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account>\
                 </GetCallerIdentityResult></GetCallerIdentityResponse>"
            ),
            false => {
                self.bills.fetch_add(1, Ordering::SeqCst);
                let today = Timestamp::now().to_string();
                let amount = json!({"Amount": account.to_string(), "Unit": "USD"});
                json!({
                    "Total": amount, "Anomalies": [],
                    "ResultsByTime": [{
                        "TimePeriod": {"Start": &today[..10]},
                        "Groups": [{"Keys": ["ECS"], "Metrics": {"UnblendedCost": amount}}],
                    }],
                })
                .to_string()
            }
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await
    }
}

/// What one account owes must not stand under the name of another.
#[tokio::test]
async fn a_bill_is_told_to_nobody_but_the_account_whose_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let accounts = Arc::new(Accounts::default());
    accounts.account.store(11, Ordering::SeqCst);
    tokio::spawn(accounts.clone().serve(listener));
    let line = |name| Arc::new(Line::new(name, true, true));
    let lines = Lines {
        sts: line("sts"),
        ecs: line("ecs"),
        elb: line("elb"),
        cloudwatch: line("cloudwatch"),
        cloudwatch_abroad: line("cloudwatch-abroad"),
        logs: line("logs"),
    };
    let settings = AwsConfig {
        endpoint: Some(endpoint),
        region: Some("us-east-1".into()),
        fixed_credentials: Some(("key".into(), "secret".into())),
        ..AwsConfig::default()
    };
    let budget = Arc::new(Budget::default());
    let aws = Arc::new(Aws::new(settings, lines, Cap::new(budget.clone())));
    let courier = Courier::new(Arc::new(Trust::new(None).unwrap()), budget);
    let signed = Arc::new(Signed::new(aws.clone(), Arc::new(courier)));
    let config = CostConfig {
        cache: CostCache::Nowhere,
        ..CostConfig::default()
    };
    let costs = CostExplorer::new(&config, signed, line("cost"));
    let bill = async || costs.cost().await.unwrap().month;
    let paid = || accounts.bills.load(Ordering::SeqCst);
    assert_eq!(bill().await, 11.0);
    let once = paid();
    // Credentials were loaded anew, and are the same account's: its bill is not paid for again.
    aws.made.fetch_add(1, Ordering::Relaxed);
    assert_eq!((bill().await, paid()), (11.0, once));
    // Whose it would be is not told, once: nothing is shown, and nothing is paid for twice.
    aws.made.fetch_add(1, Ordering::Relaxed);
    accounts.account.store(0, Ordering::SeqCst);
    assert!(costs.cost().await.is_err());
    accounts.account.store(11, Ordering::SeqCst);
    assert_eq!(
        (bill().await, paid()),
        (11.0, once),
        "it is asked again at once"
    );
    accounts.account.store(22, Ordering::SeqCst);
    assert_eq!((bill().await, paid()), (11.0, once), "nobody told");
    aws.made.fetch_add(1, Ordering::Relaxed);
    assert_eq!((bill().await, paid()), (22.0, 2 * once));
}
