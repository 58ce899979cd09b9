//! Small turns from the SDKs' types to ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::said;
use crate::domain::text::inert;

/// An SDK time as a timestamp; `None` where the vendor gave none or one beyond the calendar.
pub fn time(at: Option<&DateTime>) -> Option<Timestamp> {
    let at = at?;
    Timestamp::new(at.secs(), at.subsec_nanos().try_into().ok()?).ok()
}

/// A timestamp as the SDKs take it.
pub fn sdk_time(at: Timestamp) -> DateTime {
    DateTime::from_secs_and_nanos(at.as_second(), at.subsec_nanosecond().max(0) as u32)
}

/// Milliseconds since the epoch as a timestamp.
pub fn millis(at: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(at?).ok()
}

/// Seconds since the epoch, with a fraction, as AWS JSON sends times.
pub fn seconds(at: Option<f64>) -> Option<Timestamp> {
    let at = at.filter(|s| s.is_finite())?;
    Timestamp::from_millisecond((at * 1_000.0).round() as i64).ok()
}

/// A time as XML and REST-JSON write it: RFC 3339.
pub fn stamp(at: Option<&str>) -> Option<Timestamp> {
    at?.trim().parse().ok()
}

/// Outside text, inert; empty where there is none.
pub fn text(outside: Option<&str>) -> String {
    outside.map(inert).unwrap_or_default()
}

/// Outside text, inert, where there is some.
pub fn some_text(outside: Option<&str>) -> Option<String> {
    outside.filter(|t| !t.is_empty()).map(inert)
}

/// Free words of people or programs: a reason, a message, a description, a title. See [`said`].
pub fn reason(outside: Option<&str>) -> String {
    said::of(outside)
}

/// The same, where an empty one is none.
pub fn some_reason(outside: Option<&str>) -> Option<String> {
    outside.filter(|t| !t.is_empty()).map(said::words)
}

/// A count that the vendor sends signed.
pub fn count(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// A member that may be null where the vendor's model has a structure: as if it were not there.
///
/// # Errors
/// What the member's own reader finds wrong.
pub fn nullable<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The last part of an ARN or path.
pub fn tail(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_words_lose_their_secrets_and_are_cut_and_names_stay() {
        let said = r#"task failed: {"name":"DB_PASSWORD","value":"hunter2"} PGPASSWORD=x"#;
        let shown =
            r#"task failed: {"name":"DB_PASSWORD","value":"[redacted]"} PGPASSWORD=[redacted]"#;
        assert_eq!(reason(Some(said)), shown);
        assert_eq!(some_reason(Some(said)).as_deref(), Some(shown));
        assert_eq!((reason(None), some_reason(Some(""))), (String::new(), None));
        let long = "a ".repeat(500_000);
        assert!(reason(Some(&long)).len() < 5_000);
        let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:prod/api-AbCdEf";
        assert_eq!(text(Some(arn)), arn);
    }

    #[test]
    fn times_survive_the_way_there_and_back() {
        let t = Timestamp::new(1_700_000_000, 123_000_000).unwrap();
        assert_eq!(time(Some(&sdk_time(t))), Some(t));
        assert_eq!(millis(Some(1_500)), Timestamp::new(1, 500_000_000).ok());
        assert_eq!(time(Some(&DateTime::from_secs(i64::MAX))), None);
    }
}
