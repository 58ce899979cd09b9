//! Where something stands on a page.

/// Where a row stands: what a fault is about, and a person is led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the view.
    pub view: &'static str,
    /// Name of its section.
    pub section: &'static str,
    /// Id of the row.
    pub row: String,
}
