//! Moments of a vendor's that are yet to come by our clock: of what is past, they have no age, and say that one of the clocks is wrong.

use jiff::Timestamp;

use super::deployment::Deployment;
use super::progress::SKEW_S;

/// Seconds that a moment of the past is ahead of now, where that is more than clocks are apart as a rule.
pub fn ahead(at: Timestamp, now: Timestamp) -> Option<i64> {
    let seconds = at.duration_since(now).as_secs();
    (seconds > SKEW_S).then_some(seconds)
}

/// The same in words for where an age would stand: `in 3m`.
pub fn short(at: Timestamp, now: Timestamp) -> Option<String> {
    let text = match ahead(at, now)? {
        s @ ..3_600 => format!("in {}m", s / 60),
        s @ 3_600..172_800 => format!("in {}h", s / 3_600),
        s => format!("in {}d", s / 86_400),
    };
    Some(text)
}

/// The same where there is room to say why: `in 3m by the vendor's clock`.
pub fn words(at: Timestamp, now: Timestamp) -> Option<String> {
    short(at, now).map(|text| format!("{text} by the vendor's clock"))
}

impl Deployment {
    /// What cannot be true of the times of one that has ended, in words.
    pub fn disagreement(&self, now: Timestamp) -> Option<String> {
        if self.state.is_running() {
            return None;
        }
        let began = self.started_at.or(self.created_at);
        let told = [("began", began), ("ended", self.finished_at)];
        let said =
            |(verb, at): (&str, Option<Timestamp>)| Some(format!("it {verb} {}", words(at?, now)?));
        let found = told.into_iter().find_map(said)?;
        Some(format!("{found}: one of the clocks is wrong"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_yet_to_come_has_no_age() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let said = |s: i64| words(now + jiff::SignedDuration::from_secs(s), now);
        assert_eq!(said(-5), None);
        assert_eq!(said(SKEW_S), None, "clocks are a little apart");
        let by = |t: &str| Some(format!("in {t} by the vendor's clock"));
        assert_eq!(said(200), by("3m"));
        assert_eq!(said(7_300), by("2h"));
        assert_eq!(said(200_000), by("2d"));
    }
}
