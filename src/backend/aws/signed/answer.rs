//! Reads what AWS answers in XML: Query, EC2's dialect of it, and whole documents (S3). JSON is read by [`Heard::json`].

use serde::de::DeserializeOwned;

use crate::backend::transport::{Evidence, Heard};

/// What stands inside `<OperationResult>`, or, where there is no such element (EC2), in the whole document.
pub(super) fn xml<T: DeserializeOwned>(heard: &Heard, operation: &str) -> Result<T, Evidence> {
    let text = std::str::from_utf8(&heard.body).map_err(|e| heard.unreadable(&e.to_string()))?;
    let (open, close) = (
        format!("<{operation}Result"),
        format!("</{operation}Result>"),
    );
    let root = root(text);
    let is_answer = match operation {
        "" => !root.eq_ignore_ascii_case("html"),
        _ => text.contains(&open) || root.starts_with(operation),
    };
    if !is_answer {
        // Every field of a list may be missing: any other document would read as an empty one.
        return Err(heard.unreadable(&format!("<{root}> is no answer to that question")));
    }
    let inside = text.find(&open).map(|from| match text.rfind(&close) {
        Some(to) => text.get(from..to + close.len()).unwrap_or(text),
        // `<OperationResult/>`.
        None => "<Result></Result>",
    });
    quick_xml::de::from_str(inside.unwrap_or(text)).map_err(|e| heard.unreadable(&e.to_string()))
}

/// The name of a document's first element.
fn root(text: &str) -> &str {
    let is_name = |c: char| c.is_alphanumeric() || "_:.-".contains(c);
    let mut starts = text.split('<').skip(1);
    let first = starts.find(|s| s.starts_with(|c: char| c.is_alphabetic()));
    first.map_or("", |s| s.split(|c| !is_name(c)).next().unwrap_or_default())
}

/// A whole XML document (S3).
///
/// # Errors
/// Evidence that something else came.
pub fn read_xml<T: DeserializeOwned>(heard: &Heard) -> Result<T, Evidence> {
    xml(heard, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase")]
    struct Instances {
        #[serde(default, rename = "DBInstances")]
        instances: Items,
        marker: Option<String>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Items {
        #[serde(default, rename = "DBInstance")]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Item {
        #[serde(rename = "DBInstanceIdentifier")]
        id: String,
    }

    fn heard(body: &str) -> Heard {
        Heard {
            status: 200,
            headers: http::HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            share: None,
        }
    }

    #[test]
    fn results_are_found_in_their_envelope_and_empty_ones_are_empty() {
        let body = "<DescribeDBInstancesResponse xmlns=\"x\"><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier></DBInstance></DBInstances><Marker>m</Marker></DescribeDBInstancesResult><ResponseMetadata/></DescribeDBInstancesResponse>";
        let read: Instances = xml(&heard(body), "DescribeDBInstances").unwrap();
        assert_eq!(read.instances.items.len(), 1);
        assert_eq!(read.marker.as_deref(), Some("m"));
        let none = "<DescribeDBInstancesResponse><DescribeDBInstancesResult/></DescribeDBInstancesResponse>";
        let read: Instances = xml(&heard(none), "DescribeDBInstances").unwrap();
        assert!(read.instances.items.is_empty());
        assert!(xml::<Instances>(&heard("<html>"), "DescribeDBInstances").is_err());
        // Well-formed, and yet no answer: it would read as an empty list.
        let page = r#"<?xml version="1.0"?><!DOCTYPE html><html><body/></html>"#;
        assert!(xml::<Instances>(&heard(page), "DescribeDBInstances").is_err());
        assert!(xml::<Instances>(&heard("<Other/>"), "DescribeDBInstances").is_err());
        assert!(read_xml::<Instances>(&heard(page)).is_err());
        assert!(read_xml::<Instances>(&heard("<?xml version='1.0'?><Buckets/>")).is_ok());
    }
}
