//! What the account spends, after the AWS Cost Explorer API reference. Amounts are unblended, in the bill's currency; days are UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a service costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceCost {
    /// Its name on the bill.
    pub service: String,
    /// This month until now.
    pub month: f64,
    /// As many days of last month.
    pub last_month_so_far: f64,
    /// The last seven whole days, oldest first.
    pub week: Vec<f64>,
}

/// A day's bill.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayCost {
    /// Day.
    pub day: Date,
    /// Amount.
    pub amount: f64,
}

/// Spending that was not to be expected, as Cost Anomaly Detection found it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostAnomaly {
    /// Id.
    pub id: String,
    /// Service, or whatever its monitor looks at.
    pub about: String,
    /// Kind of usage that it came from.
    pub cause: String,
    /// First day.
    pub from: Option<Date>,
    /// Last day; `None`: it goes on.
    pub until: Option<Date>,
    /// Spent beyond what was expected.
    pub impact: f64,
    /// Expected.
    pub expected: f64,
}

/// The bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// `USD`.
    pub currency: String,
    /// When the vendor was asked (UTC): seldom, because each question costs money.
    pub asked_at: Timestamp,
    /// When it will be asked again (UTC).
    pub next_at: Timestamp,
    /// Questions that were paid for this answer.
    pub questions: u32,
    /// What a month may cost; `None`: nobody said.
    pub budget: Option<f64>,
    /// This month until now.
    pub month: f64,
    /// As many days of last month.
    pub last_month_so_far: f64,
    /// Last month.
    pub last_month: f64,
    /// What this month will have cost at its end; `None`: the vendor has too little to tell.
    pub month_end: Option<f64>,
    /// By service, dearest first.
    pub services: Vec<ServiceCost>,
    /// Whole days, oldest first.
    pub days: Vec<DayCost>,
    /// Newest first; `None`: the vendor did not tell.
    pub anomalies: Option<Vec<CostAnomaly>>,
}
