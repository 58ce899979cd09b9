//! What a vendor said, as it said it.

use serde_json::Value;

/// An answer of a vendor, whole: kept nowhere, shown beside what this console makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// Who was asked what, in the words of the vendor's API: `ecs:DescribeServices`.
    pub asked: &'static str,
    /// The answer. Its text is the vendor's: whoever shows it makes it inert.
    pub body: Value,
}
